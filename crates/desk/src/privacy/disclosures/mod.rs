//! The accounting of disclosures (45 CFR 164.528): what was given to somebody outside, when, to whom and why, as far back
//! as six years. Owns `disclosures`.
//!
//! Whoever gives something out records it; what the desk knows by itself is read from the audit log and stands beside it:
//! other systems that read with a key, exports, and answers that went to somebody who does not stand for the patient. What
//! serves care, payment and the running of the clinic, and what goes to the patient, needs no accounting by law and is
//! never recorded here by the desk; what it knows by itself is told all the same, as such.
//!
//! Invariants: nothing that was recorded is changed or removed; a mistake is struck, with a reason, and stays. What is held
//! back for an authority is told to whoever watches over privacy, and to the patient from the day on which it may be.

mod known;
mod model;
mod part2;
mod store;

use super::erasure;
use super::requests;
use crate::app::App;
use crate::audit_log::{self, NewEntry};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{DisclosureId, PatientId, StaffId};
use crate::patients;
use crate::records::whose::{self, Thing};
use crate::records::{self, About, Opened, Purpose, restricted};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use model::{Row, Struck, oldest};
use serde_json::json;
use std::collections::HashMap;

pub use known::{Given, Known, Recipient};
pub use model::{Basis, Despite, MAX_LINE, MAX_WORDS, Typed, YEARS};
pub use part2::Ground;
pub use store::ALL as STATEMENTS;

/// Disclosures of one patient that an accounting holds at most, the newest.
const MOST: i64 = 2000;
/// Entries of the audit log that one accounting looks through at most, the newest.
const ENTRIES: usize = 20_000;

/// A recorded disclosure.
#[derive(Clone, Debug)]
pub struct Disclosure {
    /// Its id.
    pub id: DisclosureId,
    /// The beginning of its day.
    pub made_at: Timestamp,
    /// To whom.
    pub recipient: String,
    /// Where they are; may be empty.
    pub address: String,
    /// What.
    pub what: String,
    /// What allows it; none for a code of a later version.
    pub basis: Option<Basis>,
    /// What lets it be given out under 42 CFR Part 2; none where that doesn't hold for the record.
    pub part2: Option<Ground>,
    /// Why, in words.
    pub purpose: String,
    /// The number of its request.
    pub ticket: Option<i64>,
    /// Until when the patient is not told.
    pub held_until: Option<Timestamp>,
    /// Why it was given though a restriction stood on the record.
    pub despite: Option<Despite>,
    /// Who recorded it, and when.
    pub recorded: (StaffId, Timestamp),
    /// Who struck it, when and why.
    pub struck: Option<(StaffId, Timestamp, String)>,
}

impl Disclosure {
    /// Whether it is told to the patient at `now`.
    pub fn is_told(&self, now: Timestamp) -> bool {
        self.struck.is_none() && self.held_until.is_none_or(|until| until <= now)
    }
}

/// What was given out of one patient's data.
#[derive(Clone, Debug)]
pub struct Accounting {
    /// Whose.
    pub patient: PatientId,
    /// Their name.
    pub name: String,
    /// The language they read, where that is known.
    pub locale: Option<bedside_web::Locale>,
    /// Whether their record, or something that was given out of it, is under 42 CFR Part 2.
    pub part2: bool,
    /// Since when.
    pub since: Timestamp,
    /// What was recorded, newest first.
    pub recorded: Vec<Disclosure>,
    /// What the desk knows by itself, newest first.
    pub known: Vec<Given>,
    /// Whether there was more than is looked at, so that what is older may be missing.
    pub is_cut: bool,
}

/// Leave to account for a patient's data, for whoever watches over privacy and for nobody else.
async fn leave(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    action: &'static str,
) -> Result<Opened, DeskError> {
    let (may, why) = (Permission::PrivacyReview, Purpose::Operations);
    records::open(app, ctx, may, why, action, "patient", patient).await
}

/// The name of a patient of whom the actor may record a disclosure: whoever watches over privacy, and whoever changes
/// patients and may see this one.
pub async fn may_record(app: &App, ctx: &Ctx, patient: PatientId) -> Result<String, DeskError> {
    let action = "disclosure.form";
    let leave = if ctx.permissions().has(Permission::PrivacyReview) {
        leave(app, ctx, patient, action).await?
    } else {
        ctx.authorize(Permission::PatientsWrite)?;
        let about = {
            let mut conn = app.read().await?;
            restricted::about_patient(&mut conn, ctx.organisation, patient).await?
        };
        let about: About = about.ok_or(DeskError::NotFound)?;
        let entry = NewEntry::new(action, "patient", patient);
        let (may, why) = (Permission::PatientsWrite, Purpose::Operations);
        records::open_about(app, ctx, may, why, about, entry).await?
    };
    let mut conn = app.read().await?;
    patients::name_in(&leave, &mut conn, ctx.organisation, patient).await
}

/// Whether a patient's record is under 42 CFR Part 2, for whoever may record a disclosure of theirs.
pub async fn is_part2(app: &App, ctx: &Ctx, patient: PatientId) -> Result<bool, DeskError> {
    if !ctx.permissions().has(Permission::PrivacyReview) {
        ctx.authorize(Permission::PatientsWrite)?;
    }
    let mut conn = app.read().await?;
    part2::applies(&mut conn, ctx.organisation, patient, None).await
}

/// Records that something was given out. Its request, if it has one, is one of the patient's. While a restriction stands
/// on the record, it says why it is given all the same; what is under 42 CFR Part 2, what lets it be given out.
pub async fn record(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    typed: &Typed,
) -> Result<DisclosureId, DeskError> {
    may_record(app, ctx, patient).await?;
    let staff = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let organisation = ctx.organisation;
    let zone = app.directory.of(organisation)?.time_zone.clone();
    let said = typed.check(app.now(), &zone)?;
    let mut conn = app.read().await?;
    let ticket = match said.ticket {
        None => None,
        Some(number) => {
            let things = whose::things(&mut conn, organisation, patient).await?;
            let its = |thing: &Thing| *thing == Thing::Request(number);
            let id = things.named.iter().find(|(_, thing)| its(thing));
            let id = id.and_then(|(id, _)| id.parse().ok());
            Some(id.ok_or_else(|| {
                DeskError::invalid("ticket", "unknown", "This patient has no such request.")
            })?)
        }
    };
    let ground = if part2::applies(&mut conn, organisation, patient, ticket).await? {
        part2::ground(said.basis, &typed.part2)?
    } else {
        None
    };
    if ground == Some(Ground::Consent) {
        part2::consented(app, &mut conn, ctx, patient, &said.recipient).await?;
    }
    let sealing = patients::sealing_of(app, &mut conn, organisation, patient).await?;
    drop(conn);
    let id: DisclosureId = app.id();
    let sealed = |column, words: &str| sealing.text("disclosures", column, id, words);
    let mut row = Row {
        id,
        patient,
        key: sealing.id,
        ticket,
        basis: said.basis.code().to_owned(),
        part2: ground.map(|one| one.code().to_owned()),
        made_at: said.made_at,
        recipient: sealed("recipient", &said.recipient),
        address: sealed("address", &said.address),
        what: sealed("what", &said.what),
        purpose: sealed("purpose", &said.purpose),
        held_until: said.held_until,
        despite: said.despite.map(|one| one.code().to_owned()),
        staff,
        recorded_at: app.now(),
        struck: None,
    };
    app.command(ctx, move |work| {
        async move {
            erasure::hold_patient(work, patient).await?;
            keep_to(work, &mut row).await?;
            store::insert(work, organisation, &row).await?;
            let mut detail = json!({ "disclosure": id, "basis": row.basis, "part2": row.part2 });
            if let Some(despite) = &row.despite {
                detail["despite"] = json!(despite);
            }
            work.audit(NewEntry::new("disclosure.record", "patient", patient).detail(&detail));
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Refuses what doesn't say why it is given though a restriction stands on the record, which nobody changes until the
/// command ends. Where none stands, nothing is said of one.
async fn keep_to(work: &mut Work<'_>, row: &mut Row) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    if !requests::holds_back(work, organisation, row.patient, now).await? {
        row.despite = None;
    } else if row.despite.is_none() {
        return Err(DeskError::invalid(
            "despite",
            "restricted",
            "A restriction stands on this record: say why it is given all the same.",
        ));
    }
    Ok(())
}

/// Says that a disclosure was recorded by mistake, and why.
pub async fn strike(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    id: DisclosureId,
    why: &str,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PrivacyReview)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let why = why.trim().to_owned();
    if why.is_empty() {
        return Err(DeskError::invalid("why", "required", "Say why."));
    }
    if why.chars().count() > MAX_WORDS {
        return Err(DeskError::invalid("why", "too_long", "This is too long."));
    }
    app.command(ctx, move |work| {
        async move {
            let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
            let row = store::held(work, organisation, id).await?;
            let row = row.filter(|row| row.patient == patient);
            let row = row.ok_or(DeskError::NotFound)?;
            let sealing = records::sealing(&app, work, organisation, row.key).await?;
            let words = sealing.text("disclosures", "struck", id, &why);
            if !store::strike(work, organisation, id, (by, now), &words).await? {
                return Err(DeskError::Conflict {
                    code: "struck",
                    text: "Somebody struck this a moment ago.",
                });
            }
            let detail = json!({ "disclosure": id });
            work.audit(NewEntry::new("disclosure.strike", "patient", patient).detail(&detail));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// What was given out of a patient's data in the last six years, for whoever watches over privacy.
pub async fn accounting(app: &App, ctx: &Ctx, patient: PatientId) -> Result<Accounting, DeskError> {
    let leave = leave(app, ctx, patient, "disclosure.read").await?;
    read(app, ctx, &leave, patient, Some(&leave)).await
}

/// The same to be handed to the patient: without what was struck or is held back.
pub async fn export(app: &App, ctx: &Ctx, patient: PatientId) -> Result<Accounting, DeskError> {
    let leave = leave(app, ctx, patient, "disclosure.export").await?;
    let mut accounting = read(app, ctx, &leave, patient, None).await?;
    let now = app.now();
    accounting.recorded.retain(|one| one.is_told(now));
    Ok(accounting)
}

/// `addresses` says what is seen of the addresses of whoever got answers; with none, all of it.
async fn read(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    patient: PatientId,
    addresses: Option<&Opened>,
) -> Result<Accounting, DeskError> {
    let organisation = ctx.organisation;
    let zone = app.directory.of(organisation)?.time_zone.clone();
    let since = oldest(app.now(), &zone);
    let mut conn = app.read_newest().await?;
    let view = patients::patient_in(app, leave, &mut conn, organisation, patient).await?;
    let things = whose::things(&mut conn, organisation, patient).await?;
    let mut rows = store::of_patient(&mut conn, organisation, patient, since, MOST + 1).await?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let mut is_cut = things.is_cut || rows.len() > most;
    rows.truncate(most);
    let mut recorded = Vec::new();
    for row in rows {
        recorded.push(opened(leave, &mut conn, row, &things.named).await?);
    }
    let others = whose::brought_by_others(&mut conn, organisation, patient).await?;
    let objects = things.named.keys().map(String::as_str);
    let mut entries =
        audit_log::about(&mut conn, organisation, objects, i64::MAX, ENTRIES + 1).await?;
    // What is left out counts where an accounting goes back so far.
    is_cut |= entries
        .get(ENTRIES)
        .is_some_and(|left_out| left_out.at >= since);
    entries.truncate(ENTRIES);
    let log = known::Log {
        entries: &entries,
        patient,
        things: &things.named,
        others: &others,
        since,
        zone: &zone,
    };
    let known = log.known();
    let known = known::named(app, &mut conn, organisation, known, addresses).await?;
    let part2 = part2::applies(&mut conn, organisation, patient, None).await?
        || recorded.iter().any(|one| one.part2.is_some());
    Ok(Accounting {
        patient,
        part2,
        name: view.name,
        locale: view.locale.as_deref().and_then(|tag| tag.parse().ok()),
        since,
        recorded,
        known,
        is_cut,
    })
}

async fn opened(
    leave: &Opened,
    conn: &mut Conn,
    row: Row,
    things: &HashMap<String, Thing>,
) -> Result<Disclosure, DeskError> {
    let id = row.id;
    let sealing = leave.sealing(conn, row.key).await?;
    let open = |column, sealed: &[u8]| sealing.open_text("disclosures", column, id, sealed);
    let struck = match row.struck {
        Some(Struck { at, by, words }) => Some((by, at, open("struck", &words)?)),
        None => None,
    };
    let ticket = row.ticket.map(|ticket| ticket.to_string());
    let ticket = ticket.and_then(|ticket| match things.get(&ticket) {
        Some(Thing::Request(number)) => Some(*number),
        _ => None,
    });
    Ok(Disclosure {
        id,
        made_at: row.made_at,
        recipient: open("recipient", &row.recipient)?,
        address: open("address", &row.address)?,
        what: open("what", &row.what)?,
        basis: Basis::from_code(&row.basis),
        part2: row.part2.as_deref().and_then(Ground::from_code),
        purpose: open("purpose", &row.purpose)?,
        ticket,
        held_until: row.held_until,
        despite: row.despite.as_deref().and_then(Despite::from_code),
        recorded: (row.staff, row.recorded_at),
        struck,
    })
}
