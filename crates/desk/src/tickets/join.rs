//! Tickets and each other: merge, split, link, follow; and whose they are.

use super::change::{both_locked, locked, not_merged, save, told};
use super::create::subject_of;
use super::model::{Status, StoredTicket, Ticket};
use super::nurse;
use super::place::keep_reachable;
use super::read::row_admitted;
use super::turn::{owes, set_status, wrote_last};
use super::{labels, store, tags};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::feedback;
use crate::identity;
use crate::ids::{self, ContactId, MessageId, PatientId, QueueId, TicketId};
use crate::links;
use crate::orgs::Clinic;
use crate::orgs::model::purpose;
use crate::outbound;
use crate::patients::{self, Linking, Who};
use crate::privacy::erasure;
use crate::records::{self, Labels};
use crate::representatives;
use crate::sla::Clocks;
use crate::timeline::{self, Turns};
use crate::work::Work;
use bedside_db::Timestamp;
use bedside_language::Level;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Says that a contact stands for a patient, or (with none) that they don't. The requests they sent follow: those of
/// nobody become the patient's, and when the contact no longer stands for anybody, the patient's are nobody's again.
/// Requests of another patient stay theirs: a parent may write for one child first and for the next one later.
///
/// It makes the contact's addresses the patient's. Where the patient has one on file already, that takes what a change of
/// address takes: [`DeskError::Conflict`] with `verification_needed` without a [`patients::Ground`].
pub async fn link_contact(
    app: &App,
    ctx: &Ctx,
    contact: ContactId,
    linking: impl Into<Linking>,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    ids::somebody(ctx.organisation, contact)?;
    let Linking {
        patient,
        who,
        ground,
    } = linking.into();
    if let Some(ground) = &ground {
        // Also where nothing asks for one: what names a conversation names one that is there.
        row_admitted(app, ctx, ground.conversation).await?;
    }
    let mut leave = None;
    if let Some(patient) = patient {
        patients::admit(app, ctx, Some(contact), Some(patient)).await?;
        if patients::brings_another(&mut app.read().await?, ctx, (contact, patient), who).await? {
            leave = Some(identity::ground(app, ctx, (contact, patient), ground).await?);
        }
    }
    app.command(ctx, move |work| {
        async move {
            if let Some(leave) = &leave {
                identity::may_change_address(work, leave).await?;
            }
            let mut said = who;
            if let Some(patient) = patient {
                // Two first addresses at once would both be the first.
                erasure::hold_patient(work, patient).await?;
                let (ctx, whose) = (work.ctx.clone(), (contact, patient));
                let another = patients::brings_another(work, &ctx, whose, who).await?;
                if another && leave.is_none() {
                    return Err(identity::no_ground());
                }
                if said.is_none() {
                    said = Some(patients::unsaid(work, ctx.organisation, whose, another).await?);
                }
            }
            let who = said.unwrap_or(Who::Themself);
            link_in(work, contact, patient, who).await?;
            if let Some(leave) = leave {
                identity::came_on_ground(work, &leave).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// The same in the caller's command. What a contact may do for the patient whom they are taken from ends with it.
pub(crate) async fn link_in(
    work: &mut Work<'_>,
    contact: ContactId,
    patient: Option<PatientId>,
    who: Who,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let clinic = work.app.directory.of(organisation)?;
    let needs_look = clinic.queue_for(purpose::NEEDS_LOOK);
    let waits = needs_look.map_or(QueueId::from_uuid(Uuid::nil()), |queue| queue.id);
    let before = patients::link_contact(work, contact, patient, who).await?;
    if let Some(before) = before.filter(|before| Some(*before) != patient) {
        // Their requests would go to somebody whose record may be erased.
        erasure::keep_whole(work, before).await?;
    }
    let moved = match (before, patient) {
        // What may be somebody else's mail in their name waits there until somebody has looked.
        (_, Some(patient)) => {
            store::adopt(work, organisation, contact, (patient, waits), now).await?
        }
        (Some(before), None) => store::disown(work, organisation, contact, before, now).await?,
        (None, None) => Vec::new(),
    };
    for (ticket, version) in moved {
        let data = json!({
            "version": version, "changed": ["patient_id"], "to": { "patient_id": patient.is_some() }
        });
        work.event(kind::TICKET_CHANGED, Some(ticket), None, &data);
    }
    if before.is_some_and(|before| Some(before) != patient) {
        links::revoke_contact(work, contact).await?;
    }
    if let (Some(before), None) = (before, patient) {
        representatives::end_open(work, contact, before).await?;
    }
    Ok(())
}

/// What a contact writes from now on is about `patient`, whom they act for, and so is the conversation in which that was
/// said. What they asked before is their own.
pub(crate) async fn writes_for(
    work: &mut Work<'_>,
    contact: ContactId,
    patient: PatientId,
    conversation: TicketId,
) -> Result<(), DeskError> {
    patients::link_contact(work, contact, Some(patient), Who::Somebody).await?;
    let mut stored = locked(work, conversation, None).await?;
    if stored.ticket.contact != contact || stored.ticket.patient.is_some() {
        return Ok(());
    }
    stored.ticket.patient = Some(patient);
    save(work, &mut stored).await?;
    let data = json!({
        "version": stored.ticket.version + 1, "changed": ["patient_id"], "to": { "patient_id": true }
    });
    work.event(kind::TICKET_CHANGED, Some(conversation), None, &data);
    Ok(())
}

/// Puts everything of `from` into `into` and closes `from`. What is written to `from` later arrives in `into`.
///
/// Both must be of the same patient or, while one of them is nobody's, of the same requester: anything else would show one
/// person's words to another, or put them into another's record.
pub async fn merge(app: &App, ctx: &Ctx, from: TicketId, into: TicketId) -> Result<(), DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    if from == into {
        return Err(DeskError::invalid(
            "into",
            "same_ticket",
            "A request can't go into itself.",
        ));
    }
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| join(work, clinic, from, into).boxed())
        .await
}

async fn join(
    work: &mut Work<'_>,
    clinic: Arc<Clinic>,
    from: TicketId,
    into: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let (mut gone, mut kept) = both_locked(work, from, into).await?;
    not_merged(&gone.ticket)?;
    not_merged(&kept.ticket)?;
    let patients = gone.ticket.patient.zip(kept.ticket.patient);
    let allowed = patients.map_or(
        gone.ticket.contact == kept.ticket.contact,
        |(one, other)| one == other,
    );
    if !allowed {
        return Err(DeskError::Conflict {
            code: "other_person",
            text: "These requests are from different people. Link them instead.",
        });
    }
    timeline::move_all(work, from, into).await?;
    feedback::move_all(work, from, into).await?;
    nurse::move_all(work, from, into).await?;
    identity::move_signs(work, from, into).await?;
    let app = work.app.clone();
    let theirs = records::sealing(&app, work, organisation, gone.ticket.key).await?;
    let ours = records::sealing(&app, work, organisation, kept.ticket.key).await?;
    for tag in tags::of(work, organisation, from, &theirs).await? {
        tags::add(work, organisation, into, &ours, &tag).await?;
    }
    store::follow_too(work, organisation, from, into).await?;
    for ticket in [&mut kept.ticket, &mut gone.ticket] {
        ticket.end_pause(&clinic, work.now);
    }
    let mut moved = take_over(&clinic, &mut kept.ticket, &gone.ticket, work.now);
    if kept.ticket.patient.is_none() && gone.ticket.patient.is_some() {
        // Words of a patient's record stay in it.
        kept.ticket.patient = gone.ticket.patient;
        moved.insert("patient_id".to_owned(), json!(true));
    }
    keep_reachable(work, &mut kept.ticket, None, &mut moved).await?;
    gone.ticket.merged_into = Some(into);
    gone.ticket.message_count = 0;
    set_status(&clinic, &mut gone.ticket, Status::Closed, work.now);
    save(work, &mut gone).await?;
    save(work, &mut kept).await?;
    let own = (into, kept.ticket.labels);
    labels::pass_on(work, own, gone.ticket.labels).await?;
    store::add_link(work, organisation, from, into, "merged_into").await?;
    let closed = json!(Status::Closed.code());
    told(
        work,
        &gone,
        &Map::from_iter([("status".to_owned(), closed)]),
    );
    if !moved.is_empty() {
        told(work, &kept, &moved);
    }
    let data = json!({
        "number": gone.ticket.number, "version": kept.ticket.version + 1, "changed": ["messages"]
    });
    work.event(kind::TICKET_MERGED, Some(into), None, &data);
    work.audit(NewEntry::new("ticket.merge", "ticket", into).detail(&json!({ "from": from })));
    Ok(())
}

/// What `kept` owes once it has the words of `gone`: whatever either of the two owed, by the earlier of their times. What
/// only a clinician may end stays so: gives back what of the category, and of where it stands, became another.
fn take_over(
    clinic: &Clinic,
    kept: &mut Ticket,
    gone: &Ticket,
    now: Timestamp,
) -> Map<String, Value> {
    let mut moved = Map::new();
    kept.message_count += gone.message_count;
    if gone.last_message_at > kept.last_message_at {
        kept.last_message_at = gone.last_message_at;
        kept.last_message_by.clone_from(&gone.last_message_by);
    }
    let active = gone.status.is_active();
    if active && gone.rank() < kept.rank() {
        kept.queue = gone.queue;
    }
    if active && gone.urgency.is_before(kept.urgency) {
        kept.urgency = gone.urgency;
    }
    let level = |ticket: &Ticket| Level::from_code(&ticket.safety);
    if level(gone) > level(kept) {
        kept.safety.clone_from(&gone.safety);
        kept.triage.clone_from(&gone.triage);
    }
    kept.assignee = kept.assignee.or(gone.assignee);
    if !active {
        return moved;
    }
    if clinic.is_clinical(&gone.category) && !clinic.is_clinical(&kept.category) {
        kept.category.clone_from(&gone.category);
        moved.insert("category".to_owned(), json!(kept.category));
        // An emergency stays in the crisis queue, whatever it is about.
        if kept.rank() != 0 && kept.queue != gone.queue {
            kept.queue = gone.queue;
            moved.insert("queue_id".to_owned(), json!(kept.queue));
        }
    }
    let waits = gone.waiting_since.is_some();
    if !kept.status.is_active() {
        set_status(clinic, kept, gone.status, now);
        kept.clocks = Clocks::default();
    } else if waits && kept.status.is_waiting() {
        set_status(clinic, kept, Status::Open, now);
    }
    if waits || kept.rank() == 0 {
        kept.snoozed_until = None;
    }
    let earlier = |one: Option<Timestamp>, other: Option<Timestamp>| match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    kept.clocks = Clocks {
        first_response: earlier(kept.clocks.first_response, gone.clocks.first_response),
        next_response: earlier(kept.clocks.next_response, gone.clocks.next_response),
        resolution: earlier(kept.clocks.resolution, gone.clocks.resolution),
    };
    kept.waiting_since = earlier(kept.waiting_since, gone.waiting_since);
    moved
}

/// Makes a ticket of its own out of some messages. The new one keeps requester, queue and category; what either of the
/// two owes, and since when, is what its own messages say.
pub async fn split(
    app: &App,
    ctx: &Ctx,
    from: TicketId,
    messages: Vec<MessageId>,
    subject: String,
) -> Result<TicketId, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    if messages.is_empty() {
        return Err(DeskError::invalid(
            "messages",
            "required",
            "Choose at least one message.",
        ));
    }
    let subject = subject_of(&subject, "");
    if subject.is_empty() {
        return Err(DeskError::invalid(
            "subject",
            "required",
            "A subject is needed.",
        ));
    }
    let clinic = app.directory.of(ctx.organisation)?;
    let id: TicketId = app.id();
    app.command(ctx, move |work| {
        async move {
            part(work, &clinic, from, &messages, (id, &subject)).await?;
            Ok(id)
        }
        .boxed()
    })
    .await
}

async fn part(
    work: &mut Work<'_>,
    clinic: &Clinic,
    from: TicketId,
    messages: &[MessageId],
    (id, subject): (TicketId, &str),
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let mut old = locked(work, from, None).await?;
    not_merged(&old.ticket)?;
    let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    if count >= old.ticket.message_count {
        return Err(DeskError::Conflict {
            code: "nothing_left",
            text: "Leave at least one message here.",
        });
    }
    let app = work.app.clone();
    let sealing = records::sealing(&app, work, organisation, old.ticket.key).await?;
    let ticket = Ticket {
        id,
        number: store::next_number(work, organisation).await?,
        message_count: count,
        created_at: work.now,
        last_message_at: work.now,
        last_message_by: "staff".to_owned(),
        status: Status::Open,
        resolved_at: None,
        snoozed_until: None,
        paused_at: None,
        first_responded_at: None,
        waiting_since: None,
        clocks: Clocks::default(),
        version: 1,
        ..old.ticket.clone()
    };
    let mut new = StoredTicket {
        subject: sealing.text("tickets", "subject", id, subject),
        fields: None,
        tagged: false,
        ticket,
    };
    store::insert(work, organisation, &new).await?;
    labels::pass_on(work, (id, Labels::NONE), old.ticket.labels).await?;
    timeline::move_some(work, from, messages, id).await?;
    feedback::move_some(work, from, messages, id).await?;
    nurse::move_some(work, from, messages, id).await?;
    outbound::messages_moved(work, messages, id).await?;
    let taken = timeline::turns(work, id).await?;
    let left = timeline::turns(work, from).await?;
    if old.ticket.is_history() {
        wrote_last(&mut new.ticket, taken);
    } else {
        // Whoever asked has waited since they wrote, not since their words were split off.
        new.ticket.created_at = taken.first_words.unwrap_or(work.now);
        owes(clinic, &mut new.ticket, taken);
    }
    save(work, &mut new).await?;
    old.ticket.message_count -= count;
    let mut changed = vec!["messages"];
    if left_with(clinic, &mut old.ticket, left, work.now) {
        changed.push("status");
    }
    save(work, &mut old).await?;
    store::add_link(work, organisation, id, from, "split_from").await?;
    let number = new.ticket.number;
    let data = json!({ "number": number, "version": old.ticket.version + 1, "changed": changed });
    work.event(kind::TICKET_SPLIT, Some(from), None, &data);
    let data = json!({ "number": number });
    work.event(
        kind::TICKET_CREATED,
        Some(id),
        messages.first().copied(),
        &data,
    );
    work.audit(NewEntry::new("ticket.split", "ticket", from).detail(&json!({ "into": id })));
    Ok(())
}

/// What a ticket owes once some of its messages are gone; whether its status is another one for it.
fn left_with(clinic: &Clinic, ticket: &mut Ticket, turns: Turns, now: Timestamp) -> bool {
    if !ticket.status.is_active() || ticket.is_history() {
        wrote_last(ticket, turns);
        return false;
    }
    let waited = ticket.waiting_since.is_some();
    owes(clinic, ticket, turns);
    let waits = ticket.waiting_since.is_some();
    let next = match ticket.status {
        // The words that made it the clinic's turn are gone, and what is left is answered.
        Status::New | Status::Open if waited && !waits && turns.first_answer.is_some() => {
            Status::WaitingOnPatient
        }
        // The answer is gone, and the question is left.
        Status::WaitingOnPatient if waits => Status::Open,
        same => same,
    };
    let other = next != ticket.status;
    if other {
        set_status(clinic, ticket, next, now);
    }
    other
}

/// Links two tickets that have to do with each other.
pub async fn link(app: &App, ctx: &Ctx, one: TicketId, other: TicketId) -> Result<(), DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    if one == other {
        return Err(DeskError::invalid(
            "other",
            "same_ticket",
            "A request can't be linked to itself.",
        ));
    }
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let (first, second) = both_locked(work, one, other).await?;
            if store::add_link(work, organisation, one, other, "related").await? {
                work.event(
                    kind::TICKET_LINKED,
                    Some(one),
                    None,
                    &json!({ "number": second.ticket.number }),
                );
                work.event(
                    kind::TICKET_LINKED,
                    Some(other),
                    None,
                    &json!({ "number": first.ticket.number }),
                );
            }
            work.audit(
                NewEntry::new("ticket.link", "ticket", one).detail(&json!({ "other": other })),
            );
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Follows a ticket, or stops.
pub async fn follow(app: &App, ctx: &Ctx, id: TicketId, on: bool) -> Result<(), DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let staff = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            locked(work, id, None).await?;
            store::follow(work, organisation, id, staff, on).await?;
            work.audit(NewEntry::new(
                if on {
                    "ticket.follow"
                } else {
                    "ticket.unfollow"
                },
                "ticket",
                id,
            ));
            Ok(())
        }
        .boxed()
    })
    .await
}
