//! An answer, or a warning, did not reach the patient.

use super::change::{locked, save, told};
use super::model::{Status, Ticket};
use super::place::reaches;
use super::turn::set_status;
use crate::error::DeskError;
use crate::ids::{StaffId, TicketId};
use crate::sla::Clocks;
use crate::work::Work;
use serde_json::{Map, json};

/// Who wrote last, when what was written to the patient did not arrive: see [`Ticket::last_message_by`].
pub const UNDELIVERED: &str = "undelivered";

/// What did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// An answer, and who of the staff wrote it.
    Answer(Option<StaffId>),
    /// The desk's own warning where to call at once.
    Warning,
}

/// Takes note, in the caller's command, that a mail to the patient did not arrive. The patient still waits, so a ticket
/// that waited for them is open again, due like one they wrote to, and marked in every list until somebody writes. Gives
/// back who should hear of it: whoever has the ticket, else the author; nobody where they don't reach its queue.
pub(crate) async fn undelivered(
    work: &mut Work<'_>,
    id: TicketId,
    lost: Lost,
) -> Result<(Ticket, Option<StaffId>), DeskError> {
    let clinic = work.app.directory.of(work.ctx.organisation)?;
    let mut stored = locked(work, id, None).await?;
    let ticket = &mut stored.ticket;
    let author = match lost {
        Lost::Answer(author) => author,
        Lost::Warning => None,
    };
    let told_to = match ticket.assignee.or(author) {
        Some(id) if reaches(work, id, ticket.queue).await? => Some(id),
        _ => None,
    };
    // The patient wrote meanwhile: the ticket is open and its clock runs for that. Who may be in danger and does not know
    // where to call wrote last as a rule, and is marked all the same.
    let marks = lost == Lost::Warning || ticket.last_message_by == "staff";
    if !marks || ticket.last_message_by == UNDELIVERED {
        return Ok((stored.ticket, told_to));
    }
    UNDELIVERED.clone_into(&mut ticket.last_message_by);
    let mut changed = Map::new();
    changed.insert("last_message_by".to_owned(), json!(UNDELIVERED));
    if matches!(ticket.status, Status::WaitingOnPatient | Status::Resolved) {
        set_status(&clinic, ticket, Status::Open, work.now);
        changed.insert("status".to_owned(), json!(Status::Open.code()));
    }
    if ticket.status.is_active() && ticket.waiting_since.is_none() {
        ticket.waiting_since = Some(work.now);
        ticket.clocks.next_response =
            Clocks::next_response_due(&clinic, &ticket.category, ticket.urgency.code(), work.now);
        ticket.snoozed_until = None;
    }
    save(work, &mut stored).await?;
    told(work, &stored, &changed);
    Ok((stored.ticket, told_to))
}

/// What did not arrive is on its way again: the mark goes, and `by` wrote last.
pub(crate) async fn under_way(
    work: &mut Work<'_>,
    id: TicketId,
    by: &'static str,
) -> Result<(), DeskError> {
    let mut stored = locked(work, id, None).await?;
    if stored.ticket.last_message_by != UNDELIVERED {
        return Ok(());
    }
    by.clone_into(&mut stored.ticket.last_message_by);
    save(work, &mut stored).await?;
    let changed = Map::from_iter([("last_message_by".to_owned(), json!(by))]);
    told(work, &stored, &changed);
    Ok(())
}
