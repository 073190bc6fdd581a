//! Where a ticket waits, and that whoever has it sees it there.

use super::change::Patch;
use super::model::{Ticket, Urgency};
use crate::error::DeskError;
use crate::ids::QueueId;
use crate::orgs::{Clinic, model::purpose};
use crate::staff;
use crate::work::Work;
use serde_json::{Map, Value};

/// A ticket is nobody's who doesn't reach its queue: it would wait where nobody looks.
pub(super) async fn keep_reachable(
    work: &mut Work<'_>,
    clinic: &Clinic,
    ticket: &mut Ticket,
    patch: &Patch,
    changed: &mut Map<String, Value>,
) -> Result<(), DeskError> {
    let (Some(assignee), organisation) = (ticket.assignee, work.ctx.organisation) else {
        return Ok(());
    };
    let role = staff::role_of(work, organisation, assignee).await?;
    let role = role.and_then(|code| clinic.role(&code));
    if role.is_some_and(|role| role.queues.has(ticket.queue)) {
        return Ok(());
    }
    if patch.assignee == Some(Some(assignee)) {
        return Err(DeskError::invalid(
            "assignee_id",
            "other_queue",
            "This person's role doesn't reach that queue.",
        ));
    }
    ticket.assignee = None;
    changed.insert("assignee_id".to_owned(), Value::Null);
    Ok(())
}

/// Where a ticket waits after a change, unless it stays where it is. A queue that is named wins. An emergency goes to the
/// crisis queue and stays where it is whatever it turns out to be about; everything else
/// goes where its category does.
pub(super) fn next_queue(
    clinic: &Clinic,
    ticket: &Ticket,
    was: Urgency,
    named: Option<QueueId>,
    category_queue: Option<QueueId>,
) -> Option<QueueId> {
    if named.is_some() {
        return named;
    }
    match (was, ticket.urgency) {
        (Urgency::Emergency, Urgency::Emergency) => None,
        (_, Urgency::Emergency) => clinic.queue_for(purpose::CRISIS).map(|queue| queue.id),
        _ => category_queue,
    }
}
