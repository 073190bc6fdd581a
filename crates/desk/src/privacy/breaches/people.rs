//! Whom an incident touched: what the audit log says, frozen as a list, with what people add and take off.

use super::model::{Act, Breach, Listed, Person, Query, Told, Whose};
use super::service::{held, is_lost, keep, person};
use super::store;
use crate::app::App;
use crate::audit_log::{self, NewEntry, Shown};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{
    ApiTokenId, BreachId, BreachPersonId, ContactId, MessageId, OrganisationId, PatientId, StaffId,
    TicketId,
};
use crate::patients;
use crate::privacy::seen::Deed;
use crate::privacy::whom::{contact_behind, object_of, whom};
use crate::records::{self, Opened, Purpose, restricted};
use crate::timeline::{self, MessageState};
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Entries of the log that are read at a time.
const STEP: i64 = 500;
/// Entries that one look reads at most.
const MOST_READ: usize = 200_000;
/// Days that one look spans at most.
const MOST_DAYS: i64 = 366;
/// Questions of one incident at most.
const MOST_QUESTIONS: usize = 50;
/// People on one page of the list.
const PAGE: i64 = 50;

/// What the log says of one person.
#[derive(Clone, Debug, Default)]
struct Touch {
    acts: BTreeMap<Act, i64>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Whether the last question found them.
    asked: bool,
}

/// What a look found, beside the list as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// People whose data the acts were about.
    pub people: usize,
    /// Of these, not on the list, nor taken off it.
    pub new: usize,
    /// Of these, taken off the list before: they stay off until somebody puts them back.
    pub taken_off: usize,
    /// On the list from the log, and found by no question any more.
    pub not_found: usize,
    /// Acts that name nobody: lists of waiting requests, and what is gone since.
    pub unnamed: usize,
}

/// Somebody on the list, as shown.
pub struct PersonView {
    /// Their place on it.
    pub id: BreachPersonId,
    /// Which patient; none of somebody who was erased, who is no patient on file, or whose record is kept from the reader.
    pub patient: Option<(PatientId, String)>,
    /// Somebody who is no patient on file: their name, or their address.
    pub contact: Option<String>,
    /// Whether labels keep from the reader who it is.
    pub kept: bool,
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
        Deed::Asked | Deed::Wrote | Deed::Changed | Deed::Checked | Deed::Refused => None,
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

/// Reads the log: whose data the acts were about that any of the questions asks for, each act once however many ask for it;
/// and how many acts of the last question name nobody.
async fn compute(
    app: &App,
    organisation: OrganisationId,
    questions: &[Query],
) -> Result<(HashMap<Whose, Touch>, usize), DeskError> {
    let mut conn = app.read_newest().await?;
    let (mut touched, mut unnamed): (HashMap<Whose, Touch>, _) = (HashMap::new(), 0);
    let (mut known, mut strangers, mut counted) = (HashMap::new(), HashMap::new(), HashSet::new());
    let mut read = 0;
    for (at, query) in questions.iter().enumerate() {
        let asked = at + 1 == questions.len();
        let mut before = None;
        loop {
            let span = (query.from, query.until);
            let actor = Some(query.actor.as_str());
            let (entries, more) =
                audit_log::between(&mut conn, organisation, actor, span, before, STEP).await?;
            read += entries.len();
            if read > MOST_READ {
                return Err(too_many());
            }
            for entry in &entries {
                let Some(act) = act(entry).filter(|act| query.acts.contains(act)) else {
                    continue;
                };
                let about = whom(&mut conn, organisation, entry, &mut known).await?;
                let patient = about.and_then(|about| about.patient).map(Whose::Patient);
                let whose = match (about, patient) {
                    (Some(_), None) => {
                        stranger(&mut conn, organisation, entry, &mut strangers).await?
                    }
                    (_, patient) => patient,
                };
                let Some(whose) = whose else {
                    unnamed += usize::from(asked);
                    continue;
                };
                let touch = touched.entry(whose).or_default();
                touch.asked |= asked;
                if counted.insert(entry.id) {
                    *touch.acts.entry(act).or_default() += 1;
                    touch.first = Some(touch.first.map_or(entry.at, |at| at.min(entry.at)));
                    touch.last = Some(touch.last.map_or(entry.at, |at| at.max(entry.at)));
                }
            }
            match more {
                Some(place) => before = Some(place),
                None => break,
            }
        }
    }
    Ok((touched, unnamed))
}

/// Somebody behind an entry who stands for no patient on file.
async fn stranger(
    conn: &mut Conn,
    organisation: OrganisationId,
    entry: &Shown,
    known: &mut HashMap<String, Option<ContactId>>,
) -> Result<Option<Whose>, DeskError> {
    let (_, id) = object_of(entry);
    if let Some(contact) = known.get(id) {
        return Ok(contact.map(Whose::Contact));
    }
    let contact = contact_behind(conn, organisation, entry).await?;
    known.insert(id.to_owned(), contact);
    Ok(contact.map(Whose::Contact))
}

fn too_many() -> DeskError {
    DeskError::invalid(
        "until",
        "too_many",
        "These are too many acts for one look: choose a shorter time.",
    )
}

/// The questions of an incident with one more, which comes last.
fn with(breach: &Breach, query: &Query) -> Result<Vec<Query>, DeskError> {
    let before = breach.taken.iter().flat_map(|(before, _, _)| before);
    let mut all: Vec<Query> = before.filter(|one| *one != query).cloned().collect();
    if all.len() >= MOST_QUESTIONS {
        return Err(too_many());
    }
    all.push(query.clone());
    Ok(all)
}

fn compared(
    listed: &HashMap<Whose, Listed>,
    touched: &HashMap<Whose, Touch>,
    unnamed: usize,
) -> Answer {
    let mut answer = Answer {
        unnamed,
        ..Answer::default()
    };
    for (whose, _) in touched.iter().filter(|(_, touch)| touch.asked) {
        answer.people += 1;
        match listed.get(whose) {
            None => answer.new += 1,
            Some(one) if one.removed => answer.taken_off += 1,
            Some(_) => {}
        }
    }
    let gone = |(whose, one): &(&Whose, &Listed)| {
        !one.by_hand && !one.removed && !touched.contains_key(whose)
    };
    answer.not_found = listed.iter().filter(gone).count();
    answer
}

/// Asks the log, and says how its answer differs from the list. Nothing is kept but that it was asked.
///
/// # Errors
/// [`DeskError::Invalid`] for what can't be asked.
pub async fn look(app: &App, ctx: &Ctx, id: BreachId, query: &Query) -> Result<Answer, DeskError> {
    person(ctx)?;
    checked(query)?;
    let found = store::one(&mut app.read().await?, ctx.organisation, id).await?;
    let breach = found.ok_or(DeskError::NotFound)?;
    let entry = NewEntry::new("breach.look", "breach", id).detail(&detail(query));
    app.audit(ctx, entry).await?;
    let (touched, unnamed) = compute(app, ctx.organisation, &with(&breach, query)?).await?;
    let listed = store::listed(&mut app.read().await?, ctx.organisation, id).await?;
    Ok(compared(&listed, &touched, unnamed))
}

fn detail(query: &Query) -> serde_json::Value {
    json!({ "actor": query.actor, "from": query.from.micros(), "until": query.until.micros() })
}

/// Asks the log and freezes the answer into the incident: who is new comes onto the list, whoever is on it stays, and whoever
/// was taken off it stays off. What the log says of somebody is brought up to date: all that any question found.
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
    let found = store::one(&mut app.read().await?, ctx.organisation, id).await?;
    let breach = found.ok_or(DeskError::NotFound)?;
    let questions = with(&breach, &query)?;
    let (touched, unnamed) = compute(app, ctx.organisation, &questions).await?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let mut breach = held(work, id, version).await?;
            breach.may_change()?;
            let listed = store::listed(work, organisation, id).await?;
            let answer = compared(&listed, &touched, unnamed);
            for (whose, touch) in touched {
                match whose.hold(work).await {
                    // They were erased since the log was read.
                    Err(DeskError::NotFound) => continue,
                    held => held?,
                }
                if let Some(one) = listed.get(&whose) {
                    let seen = (&touch.acts, touch.first, touch.last);
                    store::update_seen(work, organisation, (id, one.id), seen).await?;
                    continue;
                }
                let row = Person {
                    seen: touch.acts,
                    first: touch.first,
                    last: touch.last,
                    ..Person::new(work.app.id(), whose, (by, now))
                };
                store::insert_person(work, organisation, id, &row).await?;
            }
            let mut told = detail(&query);
            told["people"] = json!(answer.people);
            breach.taken = Some((questions, by, now));
            keep(work, &breach, "breach.take", &told).await?;
            Ok(answer)
        }
        .boxed()
    })
    .await
}

/// Who somebody on a list is, as far as the reader may see it.
enum Name {
    Patient(PatientId, String),
    Contact(ContactId, String),
    Kept,
    Gone,
}

async fn name_of(
    app: &App,
    leave: &Opened,
    conn: &mut Conn,
    ctx: &Ctx,
    whose: Option<Whose>,
) -> Result<Name, DeskError> {
    let organisation = ctx.organisation;
    let about = match whose {
        Some(Whose::Patient(patient)) => {
            restricted::about_patient(conn, organisation, patient).await?
        }
        Some(Whose::Contact(contact)) => {
            restricted::about_contact(conn, organisation, contact).await?
        }
        None => None,
    };
    let (Some(about), Some(whose)) = (about, whose) else {
        return Ok(Name::Gone);
    };
    match records::admit(conn, ctx, about, app.now()).await {
        Err(DeskError::Restricted { .. }) => return Ok(Name::Kept),
        admitted => admitted?,
    }
    let found = match (about.patient, whose) {
        (Some(patient), _) | (None, Whose::Patient(patient)) => {
            let name = patients::name_in(leave, conn, organisation, patient).await;
            name.map(|name| Name::Patient(patient, name))
        }
        (None, Whose::Contact(contact)) => {
            let view = patients::open_contact(app, conn, organisation, contact).await;
            view.map(|view| {
                let address = view.email().or(view.phone()).map(str::to_owned);
                Name::Contact(contact, view.name.or(address).unwrap_or_default())
            })
        }
    };
    match found {
        Err(DeskError::NotFound | DeskError::Gone) => Ok(Name::Gone),
        found => found,
    }
}

/// A page of the list, after a place of it, with names, each of which stands in the log; and where the next page begins.
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
    let (mut views, mut told) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let open = |column, sealed: &[u8]| key.open_text("breach_people", column, row.id, sealed);
        let (patient, contact, kept) = match name_of(app, &leave, &mut conn, ctx, row.whose).await?
        {
            Name::Patient(id, name) => {
                told.push(NewEntry::new("patient.found", "patient", id));
                (Some((id, name)), None, false)
            }
            Name::Contact(id, name) => {
                told.push(NewEntry::new("contact.read", "contact", id));
                (None, Some(name), false)
            }
            Name::Kept => (None, None, true),
            Name::Gone => (None, None, false),
        };
        let letter = match row.letter {
            Some((ticket, message)) => {
                let state = timeline::state_of(&mut conn, organisation, message).await?;
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
            contact,
            kept,
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
    drop(conn);
    let told = told
        .into_iter()
        .map(|entry| entry.purpose(Purpose::Operations.code()))
        .collect::<Vec<_>>();
    if !told.is_empty() {
        app.audit_all(ctx, told).await?;
    }
    Ok((views, next))
}
