//! Somebody is added, confirmed by a second person, or acts for the patient no more.

use super::link::Known;
use super::model::{Authority, Ended, Given, MAX_WORDS, Relationship, State, check, holds_at_once};
use super::store::{self, Stored};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission, Source};
use crate::error::DeskError;
use crate::events::kind;
use crate::identity::{self, Told};
use crate::ids::{AttachmentId, ContactId, OrganisationId, PatientId, RepresentativeId, TicketId};
use crate::jobs::{Done, Handler};
use crate::patients::{self, PointKind, Requester};
use crate::records::{self, Group, Scope, restricted};
use crate::staff::{self, What};
use crate::work::{Job, Work};
use crate::{tickets, timeline};
use bedside_db::Timestamp;
use futures_util::FutureExt;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Who is to act for a patient.
#[derive(Clone, Debug)]
pub enum Who {
    /// Whoever asks in the conversation.
    Requester,
    /// A contact that is there.
    Contact(ContactId),
    /// Somebody with this address, known or new.
    Address {
        /// What kind.
        kind: PointKind,
        /// The address.
        value: String,
        /// Their name, for somebody new.
        name: Option<String>,
    },
}

/// Somebody who is to act for a patient.
#[derive(Clone, Debug)]
pub struct NewRepresentative {
    /// The conversation in which the third level was shown.
    pub conversation: TicketId,
    /// Who.
    pub who: Who,
    /// What they are to the patient.
    pub relationship: Relationship,
    /// What it rests on.
    pub authority: Authority,
    /// For what.
    pub scope: Scope,
    /// Whether a young person agreed that their parent hears of care.
    pub young_agreed: bool,
    /// First day; today when absent.
    pub starts: Option<Date>,
    /// Last day.
    pub ends: Option<Date>,
    /// The document in words, at most 500 characters.
    pub document: Option<String>,
    /// The document as a file of the conversation.
    pub file: Option<AttachmentId>,
    /// Whether the actor checked the document: whose it is, that it is whole, and that it says this.
    pub checked: bool,
}

/// Words of which something is left; refused when they are too long.
fn words(field: &'static str, text: Option<&str>) -> Result<Option<String>, DeskError> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > MAX_WORDS) {
        return Err(DeskError::invalid(
            field,
            "too_long",
            "Use at most 500 characters.",
        ));
    }
    Ok(text.map(str::to_owned))
}

/// The contact behind `who`, new ones not stored yet. One whose own record is kept from the actor reads as taken: whose an
/// address is says nothing here.
async fn requester(
    app: &App,
    ctx: &Ctx,
    who: &Who,
    asks: ContactId,
) -> Result<Requester, DeskError> {
    let organisation = ctx.organisation;
    let found = match who {
        Who::Requester => return patients::requester_of_contact(app, organisation, asks).await,
        Who::Contact(id) => {
            patients::admit(app, ctx, Some(*id), None).await?;
            return patients::requester_of_contact(app, organisation, *id).await;
        }
        Who::Address { kind, value, name } => {
            let name = name.as_deref();
            match kind {
                PointKind::Email => {
                    patients::requester_by_email(app, organisation, value, name, None).await?
                }
                PointKind::Phone => {
                    patients::requester_by_phone(app, organisation, value, name, None).await?
                }
            }
        }
    };
    if !found.is_new() {
        match patients::admit(app, ctx, Some(found.contact), None).await {
            Err(DeskError::Restricted { .. }) => {
                return Err(DeskError::Conflict {
                    code: "address_taken",
                    text: "This address belongs to someone already. Link that contact instead.",
                });
            }
            admitted => admitted?,
        }
    }
    Ok(found)
}

/// The days as instants: from the beginning of the first to the end of the last, at the clinic.
fn times(
    app: &App,
    organisation: OrganisationId,
    (starts, ends): (Option<Date>, Option<Date>),
    now: Timestamp,
) -> Result<(Timestamp, Option<Timestamp>), DeskError> {
    let zone = app.directory.of(organisation)?.time_zone.clone();
    let today = zone.to_datetime(now.to_jiff()).date();
    let begins = |field, day: Date| -> Result<Timestamp, DeskError> {
        let there = day.to_zoned(zone.clone());
        let wrong = |_| DeskError::invalid(field, "out_of_range", "There is no such day.");
        Ok(there.map_err(wrong)?.timestamp().into())
    };
    let starts = match starts.filter(|day| *day != today) {
        Some(day) => begins("starts", day)?,
        None => now,
    };
    let after = |day: Date| {
        let wrong = |_| DeskError::invalid("ends", "out_of_range", "There is no such day.");
        begins("ends", day.checked_add(1.days()).map_err(wrong)?)
    };
    Ok((starts, ends.map(after).transpose()?))
}

/// Adds somebody who acts for a patient. It holds at once where the patient's word or a checked document says so;
/// otherwise a second person decides.
///
/// # Errors
/// [`DeskError::Conflict`] with `verification_needed` or `both_needed` without the third level in that conversation, with
/// `outside_scope` where whoever asks acts for the patient and may not change such things, and with `acts_already` while
/// there is an open word about the same person.
#[expect(
    clippy::too_many_lines,
    reason = "one command: what is looked up before it and asked again inside it stand side by side"
)]
pub async fn add(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    new: NewRepresentative,
) -> Result<RepresentativeId, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    ctx.authorize(Permission::PatientsRead)?;
    ctx.authorize(Permission::PatientsWrite)?;
    let (organisation, now) = (ctx.organisation, app.now());
    patients::admit(app, ctx, None, Some(patient)).await?;
    let ticket = tickets::row_admitted(app, ctx, new.conversation).await?;
    let document = words("document", new.document.as_deref())?;
    if let Some(file) = new.file {
        let (_, of) = timeline::attachment(app, ctx, file).await?;
        if of != ticket.id {
            return Err(DeskError::NotFound);
        }
    }
    let (sealing, known) = {
        let mut conn = app.read().await?;
        let sealing = patients::sealing_of(app, &mut conn, organisation, patient).await?;
        let authority = std::iter::once(new.authority);
        let known = Known::of(app, &mut conn, organisation, patient, authority).await?;
        (sealing, known)
    };
    let (starts_at, ends_at) = times(app, organisation, (new.starts, new.ends), now)?;
    let has_document = document.is_some() || new.file.is_some();
    check(
        new.relationship,
        (new.authority, has_document),
        new.scope,
        (starts_at, ends_at),
        (known.born(), now),
    )?;
    let who = requester(app, ctx, &new.who, ticket.contact).await?;
    let raised = identity::raised(app, ctx, &ticket).await?;
    let clinic = app.directory.of(organisation)?;
    let id: RepresentativeId = app.id();
    let at_once = holds_at_once(new.authority, new.checked && has_document);
    // The patient's word, from the mouth of whoever it is for.
    let own_word = who.contact == ticket.contact && new.authority == Authority::Permission;
    let by = ctx.actor.staff();
    let mut row = Stored {
        id,
        patient,
        contact: who.contact,
        key: sealing.id,
        relationship: new.relationship,
        given: Given {
            authority: new.authority,
            scope: new.scope,
            young_agreed: new.young_agreed,
            starts_at,
            ends_at,
            state: if at_once {
                State::Confirmed
            } else {
                State::Asked
            },
        },
        document: document.map(|text| sealing.text("representatives", "document", id, &text)),
        file: new.file,
        ticket: ticket.id,
        asked_by: by,
        asked_at: now,
        decided_by: by.filter(|_| at_once),
        decided_at: at_once.then_some(now),
        ended_by: None,
        ended_at: None,
        ended_why: None,
        ended_words: None,
    };
    let done = app.command(ctx, move |work| {
        async move {
            let (app, ctx, now) = (work.app.clone(), work.ctx.clone(), work.now);
            let ticket = tickets::held(work, ticket.id).await?;
            identity::at_the_third(work, &ticket, patient, raised).await?;
            if row.contact != ticket.contact {
                let whose = (ticket.contact, patient);
                let scope = super::scope_of(&app, work, organisation, whose, now).await?;
                identity::within(scope, Group::Contact)?;
            }
            // Again inside: a label may have come meanwhile.
            let about = restricted::about_patient(work, organisation, patient).await?;
            records::admit(work, &ctx, about.ok_or(DeskError::NotFound)?, now).await?;
            who.store(work).await?;
            let whose = (row.contact, patient);
            let last = store::newest(work, organisation, whose).await?;
            // After a no, or an end, nobody talks themselves in again past a second person.
            let at_once = at_once && !(own_word && last.is_some());
            if !at_once {
                row.given.state = State::Asked;
                (row.decided_by, row.decided_at) = (None, None);
            }
            if let Some(last) = last {
                let authority = std::iter::once(last.given.authority);
                let of_last = Known::of(&app, work, organisation, patient, authority).await?;
                if last.given.is_open(&of_last.at(&clinic), now) {
                    return Err(acts_already());
                }
            }
            store::end_open(work, organisation, whose, (None, now), Ended::Over).await?;
            store::insert(work, organisation, &row).await?;
            if at_once {
                take_up(work, &row, &known).await?;
                identity::told(work, ticket.id, Told::ActsNow);
            } else {
                if let Some(by) = by {
                    staff::tell_all(work, Permission::IdentityApprove, by, What::PastRules).await?;
                }
                identity::told(work, ticket.id, Told::ActsAsked);
            }
            happened(work, "representative.add", &row, row.given.state);
            Ok(id)
        }
        .boxed()
    });
    restricted::noted(app, ctx, done.await.map_err(twice)).await
}

fn acts_already() -> DeskError {
    DeskError::Conflict {
        code: "acts_already",
        text: "They act for this patient already. End that first.",
    }
}

/// Two commands at once: the index lets one of them through.
fn twice(error: DeskError) -> DeskError {
    match error {
        DeskError::Internal(text) if text.contains("representatives") => acts_already(),
        other => other,
    }
}

/// Says in the log and to open pages what became of it.
fn happened(work: &mut Work<'_>, action: &'static str, row: &Stored, state: State) {
    let scope: Vec<&str> = row.given.scope.list().map(Group::code).collect();
    let detail = json!({
        "representative": row.id,
        "contact": row.contact,
        "relationship": row.relationship,
        "authority": row.given.authority,
        "scope": scope,
        "state": state,
    });
    let entry = NewEntry::new(action, "patient", row.patient);
    work.audit(entry.purpose("treatment").detail(&detail));
    work.event(kind::PEOPLE_CHANGED, None, None, &json!({}));
}

/// It holds from now on: whoever writes for nobody yet writes for this patient, and the end is known. What they asked for
/// themselves before stays theirs.
async fn take_up(work: &mut Work<'_>, row: &Stored, known: &Known) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let clinic = work.app.directory.of(organisation)?;
    let stands_for = restricted::about_contact(work, organisation, row.contact).await?;
    if stands_for.is_none_or(|about| about.patient.is_none()) {
        tickets::writes_for(work, row.contact, row.patient, row.ticket).await?;
    }
    if let Some(until) = row.given.until(&known.at(&clinic)) {
        let over = Over {
            patient: row.patient,
            representative: row.id,
        };
        work.enqueue(&over, Some(&row.id.to_string()), until)
            .await?;
    }
    Ok(())
}

/// Takes the contact's addresses off the patient's file. Whatever they had shown until now opens nothing more.
async fn let_go(work: &mut Work<'_>, row: &Stored) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let stands_for = restricted::about_contact(work, organisation, row.contact).await?;
    if stands_for.is_some_and(|about| about.patient == Some(row.patient)) {
        tickets::link_in(work, row.contact, None, patients::Who::Somebody).await?;
    }
    identity::end_shown(work, row.contact).await
}

/// Says the second yes, or no, to somebody who is to act for a patient. [`DeskError::Conflict`] with `own_word` for
/// whoever added them or verified who asked; a yes needs the third level in that conversation once more.
pub async fn decide(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    id: RepresentativeId,
    yes: bool,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::IdentityApprove)?;
    ctx.authorize(Permission::PatientsRead)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let organisation = ctx.organisation;
    patients::admit(app, ctx, None, Some(patient)).await?;
    let (asked_in, known) = {
        let mut conn = app.read().await?;
        let row = store::one(&mut conn, organisation, (patient, id))
            .await?
            .ok_or(DeskError::NotFound)?;
        let authority = std::iter::once(row.given.authority);
        let known = Known::of(app, &mut conn, organisation, patient, authority).await?;
        (row.ticket, known)
    };
    let ticket = tickets::row_admitted(app, ctx, asked_in).await?;
    let raised = identity::raised(app, ctx, &ticket).await?;
    let done = app
        .command(ctx, move |work| {
            async move {
                let now = work.now;
                let ticket = tickets::held(work, ticket.id).await?;
                let row = store::one(work, organisation, (patient, id))
                    .await?
                    .filter(|row| row.given.state == State::Asked)
                    .ok_or(DeskError::NotFound)?;
                let own = DeskError::Conflict {
                    code: "own_word",
                    text: "Somebody else has to say the second yes.",
                };
                if row.asked_by == Some(by) {
                    return Err(own);
                }
                let (state, what, action) = if yes {
                    let makers = identity::at_the_third(work, &ticket, patient, raised).await?;
                    if makers.contains(&by) {
                        return Err(own);
                    }
                    store::confirm(work, organisation, id, (by, now)).await?;
                    take_up(work, &row, &known).await?;
                    (State::Confirmed, Told::ActsNow, "representative.confirm")
                } else {
                    let over = (id, State::Refused);
                    store::end(
                        work,
                        organisation,
                        over,
                        (Some(by), now),
                        (Ended::Refused, None),
                    )
                    .await?;
                    identity::end_shown(work, row.contact).await?;
                    (State::Refused, Told::ActsRefused, "representative.refuse")
                };
                identity::told(work, ticket.id, what);
                happened(work, action, &row, state);
                Ok(())
            }
            .boxed()
        })
        .await;
    if matches!(
        &done,
        Err(DeskError::Conflict {
            code: "own_word",
            ..
        })
    ) {
        let entry = NewEntry::new("representative.confirm", "patient", patient);
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    }
    done
}

/// Ends what somebody may do for a patient, also before it is confirmed: taking away needs no verification. Their
/// addresses are on file no more.
pub async fn end(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    id: RepresentativeId,
    (why, text): (Ended, Option<&str>),
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    let organisation = ctx.organisation;
    patients::admit(app, ctx, None, Some(patient)).await?;
    let sealing = {
        let mut conn = app.read().await?;
        let row = store::one(&mut conn, organisation, (patient, id)).await?;
        let key = row.ok_or(DeskError::NotFound)?.key;
        records::sealing(app, &mut conn, organisation, key).await?
    };
    if !Ended::REASONS.contains(&why) {
        return Err(DeskError::invalid("why", "required", "Choose a reason."));
    }
    let text = words("words", text)?;
    let sealed = text.map(|text| sealing.text("representatives", "ended_words", id, &text));
    app.command(ctx, move |work| {
        async move {
            let by = (work.ctx.actor.staff(), work.now);
            let row = store::one(work, organisation, (patient, id))
                .await?
                .ok_or(DeskError::NotFound)?;
            let state = (id, State::Ended);
            if !store::end(work, organisation, state, by, (why, sealed.as_ref())).await? {
                return Err(DeskError::Conflict {
                    code: "over_already",
                    text: "This is over already.",
                });
            }
            let_go(work, &row).await?;
            happened(work, "representative.end", &row, State::Ended);
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Ends one word whose time is over.
#[derive(Serialize, Deserialize)]
struct Over {
    patient: PatientId,
    representative: RepresentativeId,
}

impl Job for Over {
    const KIND: &'static str = "representatives.over";
}

/// What the job runner does for those who act for patients.
pub fn handlers() -> Vec<Handler> {
    vec![Handler {
        kind: Over::KIND,
        run: |app, organisation, payload| {
            async move { over(&app, organisation, &payload).await }.boxed()
        },
        // Whoever looks reads the end itself; the addresses stay on file until somebody ends the word by hand.
        given_up: |_, _, _| async { Ok(()) }.boxed(),
    }]
}

/// Ends it if its time is over by now; a birth date or a setting may have moved the end since.
async fn over(app: &App, organisation: OrganisationId, payload: &str) -> Result<Done, DeskError> {
    let Over {
        patient,
        representative: id,
    } = serde_json::from_str(payload)?;
    let (clinic, now) = (app.directory.of(organisation)?, app.now());
    let (row, known) = {
        let mut conn = app.read().await?;
        let Some(row) = store::one(&mut conn, organisation, (patient, id)).await? else {
            return Ok(Done::Finished);
        };
        let authority = std::iter::once(row.given.authority);
        let known = Known::of(app, &mut conn, organisation, patient, authority).await?;
        (row, known)
    };
    match row.given.until(&known.at(&clinic)) {
        _ if row.given.state != State::Confirmed => return Ok(Done::Finished),
        None => return Ok(Done::Finished),
        Some(until) if until > now => return Ok(Done::Again(until)),
        Some(_) => {}
    }
    let ctx = Ctx::system(organisation, "representatives", Source::Job);
    app.command(&ctx, move |work| {
        async move {
            let over = (id, State::Ended);
            let by = (None, work.now);
            store::end(work, organisation, over, by, (Ended::Over, None)).await?;
            let_go(work, &row).await?;
            happened(work, "representative.end", &row, State::Ended);
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(Done::Finished)
}
