//! Whose turn it is on a ticket, and what its clocks say for it. Pure.

use super::model::{Status, Ticket};
use super::undelivered::UNDELIVERED;
use crate::orgs::Clinic;
use crate::sla::Clocks;
use crate::timeline::{MessageKind, MessageState, Turns};
use bedside_db::Timestamp;

/// The clocks that the ticket's category and urgency gave it when it was opened.
pub(super) fn opening_clocks(clinic: &Clinic, ticket: &Ticket) -> Clocks {
    let urgency = ticket.urgency.code();
    Clocks::at_opening(clinic, &ticket.category, urgency, ticket.created_at)
}

/// New targets from the opening time, when what decides them changed. What the ticket rested since the `old` ones were
/// set is not lost.
pub(super) fn reclock(clinic: &Clinic, ticket: &mut Ticket, old: Clocks) {
    let mut fresh = opening_clocks(clinic, ticket);
    if ticket.clocks.first_response.is_some() {
        ticket.clocks.first_response = fresh.first_response;
    }
    if let Some(target) = ticket.clocks.resolution {
        let policy = (ticket.category.as_str(), ticket.urgency.code());
        fresh.rested(clinic, policy, old.resolution.unwrap_or(target), target);
        ticket.clocks.resolution = fresh.resolution;
    }
    if ticket.clocks.next_response.is_some()
        && let Some(since) = ticket.waiting_since
    {
        let urgency = ticket.urgency.code();
        ticket.clocks.next_response =
            Clocks::next_response_due(clinic, &ticket.category, urgency, since);
    }
}

/// Opens a ticket whose answer was taken back: its clocks run as the timeline says that they must.
pub(super) fn resume(clinic: &Clinic, ticket: &mut Ticket, turns: Turns) {
    owes(clinic, ticket, turns);
    ticket.resolved_at = None;
    if ticket.status != Status::Open {
        ticket.status = Status::Open;
        ticket.sub_status = None;
    }
}

/// Sets what is owed on an active ticket, and who wrote last, by what the timeline says.
pub(super) fn owes(clinic: &Clinic, ticket: &mut Ticket, turns: Turns) {
    let (category, urgency) = (ticket.category.as_str(), ticket.urgency.code());
    let from_start = Clocks::at_opening(clinic, category, urgency, ticket.created_at);
    let asked = turns.waiting_since.filter(|_| turns.first_answer.is_some());
    // Notes alone, or an answer that came back, ask for nothing.
    let was_asked = turns.waiting_since.is_some()
        || turns
            .last
            .is_some_and(|last| last.kind == MessageKind::Inbound);
    ticket.clocks = Clocks {
        first_response: from_start
            .first_response
            .filter(|_| was_asked && turns.first_answer.is_none()),
        next_response: asked
            .and_then(|since| Clocks::next_response_due(clinic, category, urgency, since)),
        resolution: ticket.clocks.resolution.or(from_start.resolution),
    };
    ticket.first_responded_at = turns.first_answer;
    ticket.waiting_since = turns.waiting_since;
    wrote_last(ticket, turns);
}

/// Notes who wrote last, where anybody did.
pub(super) fn wrote_last(ticket: &mut Ticket, turns: Turns) {
    let Some(last) = turns.last else {
        return;
    };
    ticket.last_message_at = last.at;
    let by = match (last.kind, last.state) {
        (MessageKind::Inbound, _) => "contact",
        (_, MessageState::Bounced | MessageState::Failed) => UNDELIVERED,
        _ => "staff",
    };
    by.clone_into(&mut ticket.last_message_by);
}

/// Moves a ticket to `status`, with what follows for its clocks.
pub(super) fn set_status(clinic: &Clinic, ticket: &mut Ticket, status: Status, now: Timestamp) {
    let was_active = ticket.status.is_active();
    ticket.status = status;
    ticket.sub_status = None;
    if !status.is_active() {
        ticket.resolved_at = ticket.resolved_at.or(Some(now));
        ticket.clocks = Clocks::default();
        ticket.snoozed_until = None;
        ticket.waiting_since = None;
    } else if !was_active {
        ticket.resolved_at = None;
        let urgency = ticket.urgency.code();
        ticket.clocks = Clocks::at_opening(clinic, &ticket.category, urgency, now);
        if ticket.first_responded_at.is_some() {
            ticket.clocks.next_response =
                Clocks::next_response_due(clinic, &ticket.category, urgency, now);
            ticket.clocks.first_response = None;
        }
    }
}
