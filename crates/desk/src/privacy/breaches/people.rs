//! Whom an incident touched: what the audit log says, frozen as a list, with what people add and take off.

use super::model::{Act, Breach, MAX_LINE, Query, Told, limited, said};
use super::service::{held, is_lost, keep, person, sealing};
use super::store::{self, Person};
use crate::app::App;
use crate::audit_log::{self, NewEntry, Shown};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{
    ApiTokenId, BreachId, BreachPersonId, MessageId, OrganisationId, PatientId, StaffId, TicketId,
};
use crate::patients::{self, Wanted};
use crate::privacy::erasure;
use crate::privacy::seen::Deed;
use crate::privacy::whom::whom;
use crate::records::{self, Purpose};
use crate::tickets;
use crate::timeline::{self, MessageState};
use bedside_db::Timestamp;
use futures_util::FutureExt;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Entries of the log that are read at a time.
const STEP: i64 = 500;
/// Entries that one look reads at most.
const MOST_READ: usize = 200_000;
/// Days that one look spans at most.
const MOST_DAYS: i64 = 366;
/// People on one page of the list.
const PAGE: i64 = 50;

/// What the log says of one patient.
#[derive(Clone, Debug, Default)]
struct Touch {
    acts: BTreeMap<Act, i64>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// What a look found, beside the list as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Patients whose data the acts were about.
    pub people: usize,
    /// Of these, not on the list.
    pub new: usize,
    /// On the list from the log, and not found by this look.
    pub not_found: usize,
    /// Acts that name no patient: lists of waiting requests, and what is gone since.
    pub unnamed: usize,
}

/// Somebody on the list, as shown.
pub struct PersonView {
    /// Their place on it.
    pub id: BreachPersonId,
    /// Who; none of somebody who was erased.
    pub patient: Option<(PatientId, String)>,
    /// Whether a person added them.
    pub by_hand: bool,
    /// What was done, how often.
    pub acts: BTreeMap<Act, i64>,
    /// The first and the last time.
    pub between: Option<(Timestamp, Timestamp)>,
    /// Who put them on the list, when, and why where it was by hand.
    pub added: (StaffId, Timestamp, Option<String>),
    /// Who took them off, when and why.
    pub removed: Option<(StaffId, Timestamp, String)>,
    /// How far they are told.
    pub told: Told,
    /// Since when.
    pub told_at: Option<Timestamp>,
    /// The letter that went by mail, and where it is.
    pub letter: Option<(TicketId, MessageId, Option<MessageState>)>,
}

impl PersonView {
    /// Whether their letter did not arrive.
    pub const fn is_lost(&self) -> bool {
        match self.letter {
            Some((_, _, state)) => is_lost(state),
            None => false,
        }
    }
}

fn act(entry: &Shown) -> Option<Act> {
    if entry.outcome != "ok" {
        return None;
    }
    if entry.action == "message.send" {
        return Some(Act::Sent);
    }
    match Deed::of(&entry.action, &entry.outcome) {
        Deed::Exported => Some(Act::Export),
        _ if entry.action == "disclosure.export" => Some(Act::Export),
        Deed::Found => Some(Act::Search),
        // Whoever looks at who has seen somebody sees them too.
        Deed::Opened | Deed::Details | Deed::Requests | Deed::Files | Deed::Reviewed => {
            Some(Act::Read)
        }
        Deed::Wrote | Deed::Changed | Deed::Checked | Deed::Refused => None,
    }
}

fn checked(query: &Query) -> Result<(), DeskError> {
    let known = query.actor.parse::<StaffId>().is_ok() || query.actor.parse::<ApiTokenId>().is_ok();
    if !known {
        return Err(DeskError::invalid(
            "actor",
            "required",
            "Choose whose acts.",
        ));
    }
    if query.acts.is_empty() {
        return Err(DeskError::invalid(
            "acts",
            "required",
            "Choose at least one.",
        ));
    }
    let seconds = query.until.seconds_since(query.from);
    if seconds <= 0 || seconds > MOST_DAYS * 24 * 3600 {
        return Err(DeskError::invalid(
            "until",
            "out_of_range",
            "The end comes after the beginning, at most a year later.",
        ));
    }
    Ok(())
}

/// Reads the log: which patients' data the acts were about, and how many acts name nobody.
async fn compute(
    app: &App,
    organisation: OrganisationId,
    query: &Query,
) -> Result<(HashMap<PatientId, Touch>, usize), DeskError> {
    let mut conn = app.read_newest().await?;
    let (mut touched, mut unnamed): (HashMap<PatientId, Touch>, _) = (HashMap::new(), 0);
    let mut known = HashMap::new();
    let (mut before, mut read) = (None, 0);
    loop {
        let span = (query.from, query.until);
        let actor = Some(query.actor.as_str());
        let (entries, more) =
            audit_log::between(&mut conn, organisation, actor, span, before, STEP).await?;
        read += entries.len();
        if read > MOST_READ {
            return Err(DeskError::invalid(
                "until",
                "too_many",
                "These are too many acts for one look: choose a shorter time.",
            ));
        }
        for entry in &entries {
            let Some(act) = act(entry).filter(|act| query.acts.contains(act)) else {
                continue;
            };
            let about = whom(&mut conn, organisation, entry, &mut known).await?;
            let Some(patient) = about.and_then(|about| about.patient) else {
                unnamed += 1;
                continue;
            };
            let touch = touched.entry(patient).or_default();
            *touch.acts.entry(act).or_default() += 1;
            touch.first = Some(touch.first.map_or(entry.at, |at| at.min(entry.at)));
            touch.last = Some(touch.last.map_or(entry.at, |at| at.max(entry.at)));
        }
        match more {
            Some(place) => before = Some(place),
            None => return Ok((touched, unnamed)),
        }
    }
}

async fn compared(
    app: &App,
    ctx: &Ctx,
    id: BreachId,
    touched: &HashMap<PatientId, Touch>,
    unnamed: usize,
) -> Result<Answer, DeskError> {
    let mut conn = app.read().await?;
    let listed = store::listed(&mut conn, ctx.organisation, id).await?;
    let on: HashSet<PatientId> = listed.iter().map(|(patient, _)| *patient).collect();
    let gone = |(patient, by_hand): &&(PatientId, bool)| !by_hand && !touched.contains_key(patient);
    Ok(Answer {
        people: touched.len(),
        new: touched.keys().filter(|one| !on.contains(one)).count(),
        not_found: listed.iter().filter(gone).count(),
        unnamed,
    })
}

/// Asks the log, and says how its answer differs from the list. Nothing is kept but that it was asked.
///
/// # Errors
/// [`DeskError::Invalid`] for what can't be asked.
pub async fn look(app: &App, ctx: &Ctx, id: BreachId, query: &Query) -> Result<Answer, DeskError> {
    person(ctx)?;
    checked(query)?;
    let found = store::one(&mut app.read().await?, ctx.organisation, id).await?;
    found.ok_or(DeskError::NotFound)?;
    let entry = NewEntry::new("breach.look", "breach", id).detail(&detail(query));
    app.audit(ctx, entry).await?;
    let (touched, unnamed) = compute(app, ctx.organisation, query).await?;
    compared(app, ctx, id, &touched, unnamed).await
}

fn detail(query: &Query) -> serde_json::Value {
    json!({ "actor": query.actor, "from": query.from.micros(), "until": query.until.micros() })
}

/// Asks the log and freezes the answer into the incident: who is new comes onto the list, whoever is on it stays. What the
/// log says of somebody is brought up to date.
///
/// # Errors
/// As [`look`]; [`DeskError::Conflict`] once the incident is closed.
pub async fn take(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    query: Query,
) -> Result<Answer, DeskError> {
    let by = person(ctx)?;
    checked(&query)?;
    let (touched, unnamed) = compute(app, ctx.organisation, &query).await?;
    let answer = compared(app, ctx, id, &touched, unnamed).await?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let mut breach = held(work, id, version).await?;
            breach.may_change()?;
            for (patient, touch) in touched {
                match erasure::hold_patient(work, patient).await {
                    // They were erased since the log was read.
                    Err(DeskError::NotFound) => continue,
                    held => held?,
                }
                let row = Person {
                    id: work.app.id(),
                    patient: Some(patient),
                    by_hand: false,
                    seen: touch.acts,
                    first: touch.first,
                    last: touch.last,
                    added: (by, now),
                    reason: None,
                    removed: None,
                    told: Told::Waiting,
                    told_at: None,
                    letter: None,
                };
                store::put_person(work, organisation, id, &row).await?;
            }
            let mut told = detail(&query);
            told["people"] = json!(answer.people);
            breach.taken = Some((query, by, now));
            keep(work, &breach, "breach.take", &told).await?;
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(answer)
}

/// Whom to add, as somebody typed it.
pub struct Added {
    /// A request's number after a `#`, or the patient's record number, mail address or telephone number.
    pub who: String,
    /// Why.
    pub reason: String,
}

async fn found(app: &App, ctx: &Ctx, who: &str) -> Result<PatientId, DeskError> {
    let who = who.trim();
    let nobody = || {
        DeskError::invalid(
            "added",
            "unknown",
            "This is nobody, or more than one person.",
        )
    };
    limited("added", who, MAX_LINE)?;
    if let Some(number) = who.strip_prefix('#') {
        let number = number.parse().map_err(|_| nobody())?;
        return match tickets::row_numbered(app, ctx.organisation, number).await {
            Err(DeskError::NotFound) => Err(nobody()),
            ticket => ticket?.about.patient.ok_or_else(nobody),
        };
    }
    let wanted = Wanted {
        mrn: Some(who.to_owned()),
        email: Some(who.to_owned()),
        phone: Some(who.to_owned()),
        name_and_birth_date: None,
    };
    match patients::matching(app, ctx.organisation, &wanted).await?[..] {
        [one] => Ok(one),
        _ => Err(nobody()),
    }
}

/// Puts somebody on the list by hand, also who was taken off it.
///
/// # Errors
/// [`DeskError::Invalid`] for nobody, or no reason; [`DeskError::Conflict`] for who is on it, and once it is closed.
pub async fn add(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    added: Added,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    said("reason", &added.reason)?;
    let patient = found(app, ctx, &added.who).await?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let breach = held(work, id, version).await?;
            breach.may_change()?;
            erasure::hold_patient(work, patient).await?;
            let before = store::person_of(work, organisation, id, patient).await?;
            if before.as_ref().is_some_and(|one| one.removed.is_none()) {
                return Err(DeskError::Conflict {
                    code: "listed",
                    text: "They are on the list.",
                });
            }
            let row = before.map_or_else(|| work.app.id(), |one| one.id);
            let words = sealing(work, &breach).await?;
            let words = words.text("breach_people", "reason", row, added.reason.trim());
            if !store::restore(work, organisation, (id, row), &words).await? {
                let new = Person {
                    id: row,
                    patient: Some(patient),
                    by_hand: true,
                    seen: BTreeMap::new(),
                    first: None,
                    last: None,
                    added: (by, now),
                    reason: Some(words),
                    removed: None,
                    told: Told::Waiting,
                    told_at: None,
                    letter: None,
                };
                store::put_person(work, organisation, id, &new).await?;
            }
            let detail = json!({ "patient": patient, "on": true });
            keep(work, &breach, "breach.people", &detail).await
        }
        .boxed()
    })
    .await
}

/// Takes somebody off the list who is not told yet.
///
/// # Errors
/// [`DeskError::Invalid`] without a reason; [`DeskError::NotFound`] for nobody, and who is told already.
pub async fn remove(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    who: BreachPersonId,
    reason: &str,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    said("reason", reason)?;
    let reason = reason.trim().to_owned();
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let breach = held(work, id, version).await?;
            breach.may_change()?;
            let one = store::one_person(work, organisation, id, who).await?;
            let one = one.ok_or(DeskError::NotFound)?;
            let words = sealing(work, &breach).await?;
            let words = words.text("breach_people", "removed", who, &reason);
            if !store::remove(work, organisation, (id, who), (by, now), &words).await? {
                return Err(DeskError::NotFound);
            }
            let detail = json!({ "patient": one.patient, "on": false });
            keep(work, &breach, "breach.people", &detail).await
        }
        .boxed()
    })
    .await
}

/// A page of the list, after a place of it, with names; and where the next page begins.
pub async fn people(
    app: &App,
    ctx: &Ctx,
    breach: &Breach,
    after: Option<BreachPersonId>,
) -> Result<(Vec<PersonView>, Option<BreachPersonId>), DeskError> {
    let (organisation, id) = (ctx.organisation, breach.id);
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    let leave = records::open(app, ctx, may, purpose, "breach.people", "breach", id).await?;
    let mut conn = app.read().await?;
    let after = after.unwrap_or(BreachPersonId::from_bytes([0; 16]));
    let mut rows = store::people(&mut conn, organisation, id, after, PAGE + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|count| count > PAGE);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|row| row.id);
    let key = leave.sealing(&mut conn, breach.key).await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let open = |column, sealed: &[u8]| key.open_text("breach_people", column, row.id, sealed);
        let patient = match row.patient {
            Some(patient) => {
                match patients::name_in(&leave, &mut conn, organisation, patient).await {
                    Ok(name) => Some((patient, name)),
                    Err(DeskError::NotFound | DeskError::Gone) => None,
                    Err(error) => return Err(error),
                }
            }
            None => None,
        };
        let letter = match row.letter {
            Some((ticket, message)) => {
                let state = timeline::state_of(&mut conn, organisation, ticket, message).await?;
                Some((ticket, message, state))
            }
            None => None,
        };
        let reason = row.reason.as_deref().map(|sealed| open("reason", sealed));
        let removed = match row.removed {
            Some((by, at, words)) => {
                let words = words.map(|sealed| open("removed", &sealed)).transpose()?;
                Some((by, at, words.unwrap_or_default()))
            }
            None => None,
        };
        views.push(PersonView {
            id: row.id,
            patient,
            by_hand: row.by_hand,
            acts: row.seen,
            between: row.first.zip(row.last),
            added: (row.added.0, row.added.1, reason.transpose()?),
            removed,
            told: row.told,
            told_at: row.told_at,
            letter,
        });
    }
    Ok((views, next))
}
