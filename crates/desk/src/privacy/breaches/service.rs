//! Opening an incident, what is known of it, whom it was told to, and its end.

use super::law::{self, Due};
use super::model::{
    Breach, Counted, Counts, Data, DoneDuty, Duty, MAX_AGE_DAYS, MAX_LINE, Part, Place, State,
    Words, limited, said,
};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{BreachId, OrganisationId, StaffId};
use crate::orgs::Clinic;
use crate::privacy::clocks::{self, Running, Timer, Waiting};
use crate::privacy::requests::Law;
use crate::records::{self, Opened, Purpose, Sealing};
use crate::timeline::{self, MessageState};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Incidents on a page of the list.
const SHOWN: i64 = 50;
/// From the first instant to the last.
const ALWAYS: (Timestamp, Timestamp) = (
    Timestamp::from_micros(i64::MIN),
    Timestamp::from_micros(i64::MAX),
);
/// The place before the first of the list of those that are not closed.
const BEFORE_ALL: Place = (ALWAYS.0, BreachId::from_bytes([0; 16]));

/// What is known of an incident, as somebody typed it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// A name for it, at most [`MAX_LINE`] characters.
    pub title: String,
    /// What happened, at most [`super::MAX_WORDS`] characters.
    pub story: String,
    /// When it was discovered, on the clinic's clock.
    pub discovered: DateTime,
    /// What the clinic is in it.
    pub part: Part,
    /// Which kinds of data.
    pub data: Vec<Data>,
}

/// An incident with its words.
pub struct BreachView {
    /// It.
    pub breach: Breach,
    /// Its name.
    pub title: String,
    /// What happened.
    pub story: String,
    /// The words of its assessment.
    pub words: Option<Words>,
    /// How many people are on its list, and how far they are told.
    pub counts: Counts,
    /// Letters that did not arrive.
    pub lost: i64,
    /// Who is to be told until when.
    pub duties: Vec<Due>,
    /// Who was told, as far as that holds for the list as it is.
    pub done: Vec<DoneDuty>,
}

impl BreachView {
    /// The next instant at which something has to be done; none when nothing is left, or the law gives no period.
    pub fn next_due(&self) -> Option<Timestamp> {
        let open = self
            .duties
            .iter()
            .filter(|due| self.done(due.duty).is_none());
        open.filter_map(|due| due.at).min()
    }

    /// That somebody was told.
    pub fn done(&self, duty: Duty) -> Option<&DoneDuty> {
        self.done.iter().find(|done| done.duty == duty)
    }
}

/// Who of the staff does it; incidents are a person's work.
pub(super) fn person(ctx: &Ctx) -> Result<StaffId, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    ctx.actor.staff().ok_or(DeskError::Forbidden)
}

/// The incident, which nobody else changes until the command ends, as the version that the caller saw.
pub(super) async fn held(
    work: &mut Work<'_>,
    id: BreachId,
    version: i64,
) -> Result<Breach, DeskError> {
    let organisation = work.ctx.organisation;
    let found = store::held(work, organisation, id).await?;
    let found = found.ok_or(DeskError::NotFound)?;
    if found.version != version {
        return Err(DeskError::Stale {
            version: found.version,
            changed: vec!["breach".to_owned()],
        });
    }
    Ok(found)
}

pub(super) async fn sealing(work: &mut Work<'_>, breach: &Breach) -> Result<Sealing, DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    records::sealing(&app, work, organisation, breach.key).await
}

/// Writes an incident back with its entry in the log.
pub(super) async fn keep(
    work: &mut Work<'_>,
    breach: &Breach,
    action: &'static str,
    detail: &Value,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if !store::update(work, organisation, breach).await? {
        return Err(DeskError::Stale {
            version: breach.version + 1,
            changed: vec!["breach".to_owned()],
        });
    }
    work.audit(NewEntry::new(action, "breach", breach.id).detail(detail));
    let data = json!({ "breach": breach.id, "state": breach.state.code() });
    work.event(kind::PRIVACY, None, None, &data);
    Ok(())
}

impl Facts {
    /// The instant of discovery, if all of it can be used.
    fn check(&self, clinic: &Clinic, now: Timestamp) -> Result<Timestamp, DeskError> {
        limited("title", &self.title, MAX_LINE)?;
        said("title", &self.title)?;
        said("story", &self.story)?;
        if self.data.is_empty() {
            return Err(DeskError::invalid(
                "data",
                "required",
                "Choose at least one.",
            ));
        }
        let wrong = || DeskError::invalid("discovered", "out_of_range", "This can't be.");
        let at = self.discovered.to_zoned(clinic.time_zone.clone());
        let at = Timestamp::from(at.map_err(|_| wrong())?.timestamp());
        if at > now || now.seconds_since(at) > MAX_AGE_DAYS * 24 * 3600 {
            return Err(wrong());
        }
        Ok(at)
    }
}

/// Opens an incident. Its clocks run from the discovery, whenever it is typed in.
///
/// # Errors
/// [`DeskError::Invalid`] for words that are missing or too long, no kind of data, and a discovery that is to come or more than
/// six years ago.
pub async fn open_breach(app: &App, ctx: &Ctx, facts: Facts) -> Result<BreachId, DeskError> {
    let by = person(ctx)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let discovered_at = facts.check(&clinic, app.now())?;
    let law = Law::from_code(&clinic.settings.privacy_law).unwrap_or(Law::Hipaa);
    let id: BreachId = app.id();
    let sealing = Sealing::fresh(app);
    app.command(ctx, move |work| {
        async move {
            sealing.store(work).await?;
            let breach = Breach {
                id,
                key: sealing.id,
                law,
                part: facts.part,
                state: State::Open,
                discovered_at,
                title: sealing.text("breaches", "title", id, facts.title.trim()),
                story: sealing.text("breaches", "story", id, facts.story.trim()),
                data: facts.data,
                opened: (by, work.now),
                residents: None,
                assessment: None,
                signed: None,
                taken: None,
                sent: None,
                closed: None,
                version: 1,
            };
            let organisation = work.ctx.organisation;
            store::insert(work, organisation, &breach).await?;
            let detail = json!({ "discovered": discovered_at.micros(), "law": law.code() });
            work.audit(NewEntry::new("breach.open", "breach", id).detail(&detail));
            let data = json!({ "breach": id, "state": State::Open.code() });
            work.event(kind::PRIVACY, None, None, &data);
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Puts right what is known of an incident. What two persons judged is what they were shown: whatever the clocks or the
/// assessment rest on sends it back to be assessed.
///
/// # Errors
/// As [`open_breach`]; [`DeskError::Conflict`] once it is closed.
pub async fn change(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    facts: Facts,
) -> Result<(), DeskError> {
    person(ctx)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let discovered_at = facts.check(&clinic, app.now())?;
    app.command(ctx, move |work| {
        async move {
            let mut breach = held(work, id, version).await?;
            breach.may_change()?;
            let key = sealing(work, &breach).await?;
            let story = key.open_text("breaches", "story", id, &breach.story)?;
            let same = breach.discovered_at == discovered_at
                && breach.part == facts.part
                && breach.data == facts.data
                && story == facts.story.trim();
            if !same {
                (breach.state, breach.signed) = (State::Open, None);
            }
            let detail = json!({
                "discovered": discovered_at.micros(), "before": breach.discovered_at.micros(), "again": !same,
            });
            breach.discovered_at = discovered_at;
            breach.part = facts.part;
            breach.title = key.text("breaches", "title", id, facts.title.trim());
            breach.story = key.text("breaches", "story", id, facts.story.trim());
            breach.data = facts.data;
            keep(work, &breach, "breach.change", &detail).await
        }
        .boxed()
    })
    .await
}

/// Letters that came back, were given up or were taken back: whoever should have got them is not told.
pub(super) async fn count_lost(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BreachId,
) -> Result<i64, DeskError> {
    let mut lost = 0;
    for message in store::mailed(conn, organisation, id).await? {
        let state = timeline::state_of(conn, organisation, message).await?;
        lost += i64::from(is_lost(state));
    }
    Ok(lost)
}

/// Whether a letter in this state reached nobody.
pub(super) const fn is_lost(state: Option<MessageState>) -> bool {
    matches!(
        state,
        Some(MessageState::Bounced | MessageState::Failed | MessageState::Cancelled)
    )
}

/// Who was told, as far as that holds for the list as it is.
async fn holding(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: &Breach,
    (counts, lost): (&Counts, i64),
) -> Result<Vec<DoneDuty>, DeskError> {
    let mut told = store::duties(conn, organisation, breach.id).await?;
    told.retain(|one| law::holds(breach.law, one, counts.all(), counts.untold(lost)));
    Ok(told)
}

async fn shown(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    conn: &mut Conn,
    breach: Breach,
) -> Result<BreachView, DeskError> {
    let (id, organisation) = (breach.id, ctx.organisation);
    let key = leave.sealing(conn, breach.key).await?;
    let words = match &breach.assessment {
        Some(one) => {
            let text = key.open_text("breaches", "words", id, &one.words)?;
            Some(serde_json::from_str(&text)?)
        }
        None => None,
    };
    let counts = store::counts(conn, organisation, id).await?;
    let lost = count_lost(conn, organisation, id).await?;
    let zone = app.directory.of(organisation)?.time_zone.clone();
    Ok(BreachView {
        title: key.open_text("breaches", "title", id, &breach.title)?,
        story: key.open_text("breaches", "story", id, &breach.story)?,
        words,
        lost,
        duties: law::duties(&breach, counts.all(), &zone)?,
        done: holding(conn, organisation, &breach, (&counts, lost)).await?,
        counts,
        breach,
    })
}

/// A page of the incidents that are not closed, discovered first, or else of those that are, the last closed first; of those
/// that were discovered in one year of the clinic, where one is given: that is what a year's report to the authority counts
/// (45 CFR 164.408(c)). Gives where the next page begins.
///
/// # Errors
/// [`DeskError::Invalid`] for a year that can't be.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    closed: bool,
    year: Option<i16>,
    after: Option<Place>,
) -> Result<(Vec<BreachView>, Option<Place>), DeskError> {
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    let which = if closed { "closed" } else { "open" };
    let leave = records::open(app, ctx, may, purpose, "breach.list", "view", which).await?;
    let span = match year {
        Some(year) => law::year(year, &app.directory.of(ctx.organisation)?.time_zone)?,
        None => ALWAYS,
    };
    let place = after.unwrap_or(if closed {
        (ALWAYS.1, BreachId::from_bytes([0xff; 16]))
    } else {
        BEFORE_ALL
    });
    let mut conn = app.read().await?;
    let mut found =
        store::list(&mut conn, ctx.organisation, closed, place, span, SHOWN + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > SHOWN);
    if more {
        found.pop();
    }
    let place = |one: &Breach| (one.closed.map_or(one.discovered_at, |(_, at)| at), one.id);
    let next = found.last().filter(|_| more).map(place);
    let mut views = Vec::with_capacity(found.len());
    for breach in found {
        views.push(shown(app, ctx, &leave, &mut conn, breach).await?);
    }
    Ok((views, next))
}

/// One incident.
pub async fn view(app: &App, ctx: &Ctx, id: BreachId) -> Result<BreachView, DeskError> {
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    let leave = records::open(app, ctx, may, purpose, "breach.read", "breach", id).await?;
    let mut conn = app.read().await?;
    let found = store::one(&mut conn, ctx.organisation, id).await?;
    shown(
        app,
        ctx,
        &leave,
        &mut conn,
        found.ok_or(DeskError::NotFound)?,
    )
    .await
}

/// How many are not closed and how many of them have a clock that is over, counted up to `limit`; none for whoever doesn't see
/// to them.
pub async fn count_open(app: &App, ctx: &Ctx, limit: i64) -> Result<Waiting, DeskError> {
    if !ctx.permissions().has(Permission::PrivacyManage) {
        return Ok(Waiting::default());
    }
    let asked = (limit, app.now());
    clocks::incidents(&mut app.read().await?, ctx.organisation, asked).await
}

/// The clocks of all that is still to be told of incidents that are not closed.
pub(in crate::privacy) async fn timers(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Running, DeskError> {
    let zone = app.directory.of(organisation)?.time_zone.clone();
    let mut running = Running::default();
    for id in store::open_ids(conn, organisation).await? {
        match untold(conn, organisation, id, &zone).await {
            Ok(timers) => running.timers.extend(timers),
            Err(error) => {
                let fault = format!("the clocks of breach {id} can't be read: {error}");
                running.fault = Some(DeskError::Internal(fault));
            }
        }
    }
    Ok(running)
}

/// The clocks of what is still to be told of one incident.
async fn untold(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BreachId,
    zone: &TimeZone,
) -> Result<Vec<Timer>, DeskError> {
    let Some(breach) = store::one(conn, organisation, id).await? else {
        return Ok(Vec::new());
    };
    if breach.state == State::Closed {
        return Ok(Vec::new());
    }
    let counts = store::counts(conn, organisation, id).await?;
    let lost = count_lost(conn, organisation, id).await?;
    let done = holding(conn, organisation, &breach, (&counts, lost)).await?;
    let open = law::duties(&breach, counts.all(), zone)?.into_iter();
    let open = open.filter(|due| !done.iter().any(|one| one.duty == due.duty));
    let timers = open.filter_map(|due| {
        let (from, until) = due.reminded(&breach)?;
        Some(Timer {
            work: clocks::Work::Breach(id, due.duty),
            from,
            due: until,
        })
    });
    Ok(timers.collect())
}

/// Keeps how many people of one state there are at most, counted by hand: the desk doesn't know where people live.
///
/// # Errors
/// [`DeskError::Invalid`] for a number that can't be.
pub async fn count_residents(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    residents: i64,
) -> Result<(), DeskError> {
    person(ctx)?;
    if !(0..=1_000_000_000).contains(&residents) {
        return Err(DeskError::invalid(
            "residents",
            "out_of_range",
            "Give a number.",
        ));
    }
    app.command(ctx, move |work| {
        async move {
            let mut breach = held(work, id, version).await?;
            breach.may_change()?;
            let organisation = work.ctx.organisation;
            let counts = store::counts(work, organisation, id).await?;
            breach.residents = Some(Counted {
                most: residents,
                of: counts.all(),
            });
            keep(
                work,
                &breach,
                "breach.change",
                &json!({ "residents": residents }),
            )
            .await
        }
        .boxed()
    })
    .await
}

/// Keeps that somebody was told, on a day between the discovery and today. People are told when everybody on the list is,
/// once two persons have decided; others may hear before that, as the law gives some of them 72 hours.
///
/// # Errors
/// [`DeskError::Conflict`] for a duty that is none here or is done, and with `untold` while somebody on the list is not told;
/// [`DeskError::Invalid`] for another day.
pub async fn done(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    duty: Duty,
    on: Date,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let breach = held(work, id, version).await?;
            breach.may_change()?;
            let counts = store::counts(work, organisation, id).await?;
            let wanted = law::duties(&breach, counts.all(), &clinic.time_zone)?;
            if !wanted.iter().any(|due| due.duty == duty && !due.to_count) {
                return Err(DeskError::Conflict {
                    code: "no_duty",
                    text: "Nobody is to be told of this here.",
                });
            }
            let day = |at: Timestamp| clinic.time_zone.to_datetime(at.to_jiff()).date();
            if on < day(breach.discovered_at) || on > day(now) {
                let text = "The day lies between the discovery and today.";
                return Err(DeskError::invalid("on", "out_of_range", text));
            }
            let people = counts.all();
            let lost = count_lost(work, organisation, id).await?;
            if duty == Duty::People && (!breach.is_breach() || counts.untold(lost) > 0) {
                return Err(UNTOLD);
            }
            let holds = holding(work, organisation, &breach, (&counts, lost)).await?;
            if holds.iter().any(|one| one.duty == duty) {
                return Err(DeskError::Conflict {
                    code: "done",
                    text: "This is done already.",
                });
            }
            let told = DoneDuty {
                duty,
                on,
                by,
                people,
            };
            store::put_duty(work, organisation, id, told, now).await?;
            clocks::settle(work, organisation, id, duty).await?;
            let detail = json!({ "duty": duty.code(), "on": on });
            keep(work, &breach, "breach.done", &detail).await
        }
        .boxed()
    })
    .await
}

const UNTOLD: DeskError = DeskError::Conflict {
    code: "untold",
    text: "Somebody is not told yet.",
};

/// Closes an incident: two persons have said what it is, and whoever is to be told was.
///
/// # Errors
/// [`DeskError::Conflict`] with `undecided` or `untold` before that.
pub async fn close(app: &App, ctx: &Ctx, (id, version): (BreachId, i64)) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let mut breach = held(work, id, version).await?;
            breach.may_change()?;
            if breach.state != State::Decided {
                return Err(DeskError::Conflict {
                    code: "undecided",
                    text: "Two persons have to decide first.",
                });
            }
            let counts = store::counts(work, organisation, id).await?;
            let wanted = law::duties(&breach, counts.all(), &clinic.time_zone)?;
            let lost = count_lost(work, organisation, id).await?;
            let told = holding(work, organisation, &breach, (&counts, lost)).await?;
            let open = |due: &Due| !told.iter().any(|one| one.duty == due.duty);
            if wanted.iter().any(open) {
                return Err(UNTOLD);
            }
            breach.state = State::Closed;
            breach.closed = Some((by, work.now));
            keep(
                work,
                &breach,
                "breach.close",
                &json!({ "people": counts.all() }),
            )
            .await
        }
        .boxed()
    })
    .await
}
