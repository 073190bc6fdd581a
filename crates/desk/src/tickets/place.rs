//! Where a ticket waits, and that whoever has it sees it there.

use super::model::{Ticket, Urgency};
use crate::error::DeskError;
use crate::ids::{QueueId, StaffId};
use crate::orgs::{Clinic, model::purpose};
use crate::staff;
use crate::work::Work;
use serde_json::{Map, Value};

/// A ticket is nobody's who doesn't reach its queue: it would wait where nobody looks. Whoever moves a ticket calls this.
/// `named` is whom the caller asked for: they are refused rather than left out.
pub(super) async fn keep_reachable(
    work: &mut Work<'_>,
    ticket: &mut Ticket,
    named: Option<StaffId>,
    changed: &mut Map<String, Value>,
) -> Result<(), DeskError> {
    let Some(assignee) = ticket.assignee else {
        return Ok(());
    };
    if reaches(work, assignee, ticket.queue).await? {
        return Ok(());
    }
    if named == Some(assignee) {
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

/// Whether requests in `queue` are the business of this person of the staff.
pub(super) async fn reaches(
    work: &mut Work<'_>,
    id: StaffId,
    queue: QueueId,
) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    let role = staff::role_at_work(work, organisation, id).await?;
    Ok(role.is_some_and(|role| role.queues.has(queue)))
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
