//! What follows for a ticket when danger, or a reason to worry, is found in words that come to it.

use super::model::{Status, Ticket, Urgency};
use super::turn::set_status;
use crate::error::DeskError;
use crate::orgs::{Clinic, model::purpose};
use crate::sla::Clocks;
use crate::triage;
use crate::work::Work;
use bedside_db::Timestamp;
use bedside_language::Level;
use serde_json::{Map, Value, json};

/// How a ticket answers to what was found in words that came to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ring {
    /// Somebody is in danger.
    Danger,
    /// There is a reason to worry.
    Worry,
    /// Somebody was in danger when words of an archive were written.
    Past,
    /// Not at all.
    Nothing,
}

impl Ring {
    /// By what was found, whether the words are out of an archive, and whether a machine sent them: that is worth an alarm, and
    /// no worry.
    pub(super) const fn of(level: Level, is_old: bool, automatic: bool) -> Self {
        match level {
            Level::Emergency if is_old => Self::Past,
            Level::Emergency => Self::Danger,
            Level::Concern if !(is_old || automatic) => Self::Worry,
            _ => Self::Nothing,
        }
    }
}

/// A ticket in which someone turns out to be in danger goes to the top.
pub(super) fn raise(
    clinic: &Clinic,
    ticket: &mut Ticket,
    at: Timestamp,
    why: &triage::Why,
    changed: &mut Map<String, Value>,
) -> Result<(), DeskError> {
    Level::Emergency.code().clone_into(&mut ticket.safety);
    ticket.triage = why.try_into()?;
    if ticket.urgency != Urgency::Emergency {
        ticket.urgency = Urgency::Emergency;
        // Its clocks begin anew and owe nothing to what it waited for.
        ticket.paused_at = None;
        let urgency = Urgency::Emergency.code();
        ticket.clocks = Clocks::at_opening(clinic, &ticket.category, urgency, at);
        changed.insert("urgency".to_owned(), json!(Urgency::Emergency.code()));
    }
    if let Some(queue) = clinic
        .queue_for(purpose::CRISIS)
        .filter(|queue| queue.id != ticket.queue)
    {
        ticket.queue = queue.id;
        changed.insert("queue_id".to_owned(), json!(queue.id));
    }
    Ok(())
}

/// A ticket about which there is a reason to worry is looked at today, and says why beside what it said before.
pub(super) fn worried(
    work: &Work<'_>,
    clinic: &Clinic,
    ticket: &mut Ticket,
    why: triage::Why,
    changed: &mut Map<String, Value>,
) -> Result<(), DeskError> {
    if ticket.safety == Level::None.code() {
        Level::Concern.code().clone_into(&mut ticket.safety);
    }
    ticket.triage = (&why.and(ticket.triage.read())).try_into()?;
    if matches!(ticket.urgency, Urgency::Standard | Urgency::Low) {
        // What it rested until now belongs to the targets that it had.
        ticket.end_pause(clinic, work.now);
        ticket.urgency = Urgency::Urgent;
        let (category, urgency) = (ticket.category.as_str(), ticket.urgency.code());
        // Counted from these words on; what was promised for earlier stands.
        ticket.clocks = ticket.clocks.no_later_than(Clocks {
            next_response: Clocks::next_response_due(clinic, category, urgency, work.now),
            ..Clocks::at_opening(clinic, category, urgency, work.now)
        });
        changed.insert("urgency".to_owned(), json!(urgency));
    }
    Ok(())
}

/// A ticket to which words of long ago came, by which somebody was in danger then. Nobody is rung up for what is over, and it is
/// never passed over: it is open, and looked at today.
pub(super) fn past(
    work: &Work<'_>,
    clinic: &Clinic,
    ticket: &mut Ticket,
    why: triage::Why,
    changed: &mut Map<String, Value>,
) -> Result<(), DeskError> {
    if ticket.status != Status::New && ticket.status != Status::Open {
        set_status(clinic, ticket, Status::Open, work.now);
        changed.insert("status".to_owned(), json!(Status::Open.code()));
    }
    if ticket.snoozed_until.take().is_some() {
        changed.insert("snoozed_until".to_owned(), Value::Null);
    }
    worried(work, clinic, ticket, why, changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_danger_is_passed_over_and_none_of_an_archive_rings() {
        for (level, is_old, automatic, ring) in [
            (Level::Emergency, false, false, Ring::Danger),
            (Level::Emergency, false, true, Ring::Danger),
            (Level::Emergency, true, false, Ring::Past),
            (Level::Emergency, true, true, Ring::Past),
            (Level::Concern, false, false, Ring::Worry),
            (Level::Concern, false, true, Ring::Nothing),
            (Level::Concern, true, false, Ring::Nothing),
            (Level::None, false, false, Ring::Nothing),
        ] {
            assert_eq!(Ring::of(level, is_old, automatic), ring, "{level:?}");
        }
    }
}
