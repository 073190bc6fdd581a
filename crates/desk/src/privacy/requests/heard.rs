//! Words with what is asked by law may be a cry for help. Whoever takes such a request in has its words heard here first,
//! whatever else is wrong with it: where anybody may be in danger or is a worry, they go to the staff as a message too.

use super::service::{may_enter, today};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId, TicketId};
use crate::links;
use crate::patients::{self, Requester};
use crate::portal::requests as own;
use crate::representatives;
use crate::tickets::{self, Answer, NewTicket, Unheard, Weighed};
use crate::timeline::{self, MAX_BODY};
use bedside_db::Timestamp;
use bedside_language::{Channel, History, Level};
use bedside_web::i18n::{Texts, time::format_date};
use jiff::{Span, civil::Date};

/// The name of such words among the external ids: the same words about one patient are heard once a day.
const EXTERNAL: &str = "privacy_words";
const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
/// Worries of one person that are heard in an hour. Danger is heard always.
const WORRIES: u32 = 10;
/// Times an hour that one person, or another system, brings worrying words of one patient. By then the requests that stand
/// open say enough; what comes beyond is refused and said to be, never left out in silence. Danger is heard always.
const LETTERS: u32 = 20;

/// Where words went that are a worry or more.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// The request that holds them.
    pub ticket: TicketId,
    /// Whether somebody may be in danger.
    pub danger: bool,
}

/// How these words worry, if they do, in the light of what was written before by `who`, and by all who write for the same
/// patient.
async fn worry(
    app: &App,
    ctx: &Ctx,
    who: (ContactId, Option<PatientId>),
    (channel, words): (Channel, &str),
) -> Result<Option<Weighed>, DeskError> {
    if words.trim().is_empty() {
        return Ok(None);
    }
    let unheard = Unheard {
        channel,
        subject: "",
        body: words,
        called: &[],
        hint: ctx.locale,
        known: Some(who),
    };
    let weighed = tickets::weigh(app, ctx.organisation, &unheard).await?;
    Ok((weighed.level != Level::None).then_some(weighed))
}

/// Hears what somebody wrote on their own pages, where it is a worry.
pub async fn hear_own(app: &App, ctx: &Ctx, words: &str) -> Result<Option<Heard>, DeskError> {
    let me = ctx.signed_in()?;
    let who = (me.contact, me.patient());
    let Some(weighed) = worry(app, ctx, who, (Channel::Portal, words)).await? else {
        return Ok(None);
    };
    let key = ("worry", me.contact.uuid());
    // Worries that add up to danger have rung by then.
    let cries = weighed.is_cry();
    if app.caps.take(key, WORRIES, app.now()).is_err() && !cries {
        return Ok(None);
    }
    let said = Said {
        requester: own::requester(app, ctx).await?,
        channel: Channel::Portal,
        shown: links::shown_by(me.contact, own::as_whom(&me)),
        whose: format!("own {} {:?}", me.contact, me.patient()),
        danger: weighed.level == Level::Emergency,
        dated: None,
    };
    said.open(app, ctx, words).await.map(Some)
}

/// What stands above the words of a letter that came longer ago than words count for those that follow them.
fn dated(app: &App, ctx: &Ctx, received_on: Option<Date>) -> Result<Option<String>, DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let now = app.now();
    let today = today(&clinic, now);
    let earlier = today.checked_sub(Span::new().days(History::DAYS));
    let day = received_on.filter(|day| earlier.is_ok_and(|earlier| *day < earlier));
    Ok(day.and_then(|day| {
        let at = day.to_zoned(clinic.time_zone.clone()).ok()?;
        let at = Timestamp::from(at.timestamp());
        let day = format_date(at.micros(), &clinic.time_zone, clinic.locale);
        let t = Texts::new(clinic.locale);
        Some(t.with("ticket-letter-of", "day", day).into_owned())
    }))
}

/// Hears what the staff, or another system, wrote down of a patient's words, where it is a worry. Whoever may enter what is
/// asked by law needs no leave to write requests for it.
///
/// The words may be of a letter that came on another day, `received_on`: whoever enters it is the first here to look, so they
/// ring as those of today do, and where that day is long past, they say so.
///
/// # Errors
/// [`DeskError::Restricted`] for a patient whose labels keep them from the actor, [`DeskError::NotFound`] for none, and
/// [`DeskError::RateLimited`] beyond twenty times an hour of one actor and one patient, where nobody may be in danger.
pub async fn hear_of(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    (words, received_on): (&str, Option<Date>),
) -> Result<Option<Heard>, DeskError> {
    may_enter(ctx)?;
    // Whoever they come from is asked below: here it is the patient's history that counts.
    let who = (tickets::ANYBODY, Some(patient));
    let Some(weighed) = worry(app, ctx, who, (Channel::Phone, words)).await? else {
        return Ok(None);
    };
    patients::admit(app, ctx, None, Some(patient)).await?;
    let (brought, danger) = (
        ("letter", ctx.actor.uuid(), patient.uuid()),
        weighed.level == Level::Emergency,
    );
    if let Err(too_often) = app.caps.take(brought, LETTERS, app.now())
        && !danger
    {
        return Err(too_often);
    }
    let said = Said {
        requester: themself(app, ctx.organisation, patient).await?,
        channel: Channel::Phone,
        shown: None,
        whose: format!("of {patient}"),
        danger,
        dated: dated(app, ctx, received_on)?,
    };
    said.open(app, ctx, words).await.map(Some)
}

/// The patient, not whoever acts for them: by a contact that is themselves, with a mail address where there is one; else
/// without an address, and theirs all the same.
async fn themself(
    app: &App,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Requester, DeskError> {
    let own = {
        let mut conn = app.read().await?;
        let mut own = Vec::new();
        for contact in patients::contacts_of(&mut conn, organisation, patient).await? {
            if representatives::is_themself(&mut conn, organisation, (contact, patient)).await? {
                own.push(contact);
            }
        }
        own
    };
    let mut first = None;
    for contact in own {
        let found = patients::requester_of_contact(app, organisation, contact).await?;
        if found.email.is_some() {
            return Ok(found);
        }
        first.get_or_insert(found);
    }
    if let Some(first) = first {
        return Ok(first);
    }
    patients::requester_without_address(app)
        .for_patient(app, organisation, patient)
        .await
}

struct Said {
    requester: Requester,
    channel: Channel,
    shown: Option<tickets::Also>,
    whose: String,
    danger: bool,
    /// What stands above the words, of a letter of long ago.
    dated: Option<String>,
}

impl Said {
    /// Opens a request, or finds the one where the words were heard today.
    async fn open(self, app: &App, ctx: &Ctx, words: &str) -> Result<Heard, DeskError> {
        let (organisation, danger) = (ctx.organisation, self.danger);
        let day = app.now().micros() / DAY_MICROS;
        let delivery = format!("{day} {} {words:?}", self.whose);
        if let Some(ticket) = known(app, organisation, &delivery).await? {
            return Ok(Heard { ticket, danger });
        }
        let above = self
            .dated
            .map_or_else(String::new, |dated| format!("{dated}\n\n"));
        let end = words.floor_char_boundary(MAX_BODY - above.len().min(MAX_BODY));
        let body = format!("{above}{}", &words[..end]);
        let mut new = NewTicket::new(self.requester, self.channel, "", body);
        new.said = (end < words.len() || !above.is_empty()).then(|| words.to_owned());
        new.locale = Some(ctx.locale);
        new.answer = Answer::Warning;
        new.external = Some((EXTERNAL, delivery.clone()));
        new.also = self.shown;
        // The form's own number is that of what is asked with these words.
        let ctx = Ctx {
            once: None,
            ..ctx.clone()
        };
        let ticket = match tickets::create_admitted(app, &ctx, new).await {
            Err(DeskError::Conflict {
                code: "duplicate", ..
            }) => known(app, organisation, &delivery)
                .await?
                .ok_or(DeskError::NotFound)?,
            opened => opened?.id,
        };
        Ok(Heard { ticket, danger })
    }
}

async fn known(
    app: &App,
    organisation: OrganisationId,
    delivery: &str,
) -> Result<Option<TicketId>, DeskError> {
    let known = timeline::known_external(app, organisation, EXTERNAL, delivery).await?;
    Ok(known.and_then(|(ticket, _)| ticket))
}
