//! Entries of the audit log about one patient, as lines that a person can read: one a day for each who was there.

use crate::audit_log::Shown;
use crate::ids::{ApiTokenId, StaffId};
use crate::records::whose::Thing;
use bedside_db::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeSet, HashMap};

/// Who was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Somebody of the staff.
    Staff(StaffId),
    /// Another system, by its key.
    Partner(ApiTokenId),
    /// The patient, or somebody who writes for them.
    Themselves,
}

impl Who {
    /// Whose entry it is; none for the desk's own machinery, which looks at nothing.
    fn of(entry: &Shown) -> Option<Self> {
        match entry.actor_kind.as_str() {
            "staff" => entry.actor_id.parse().ok().map(Self::Staff),
            "token" => entry.actor_id.parse().ok().map(Self::Partner),
            "contact" | "visitor" => Some(Self::Themselves),
            _ => None,
        }
    }
}

/// What somebody did, as far as it matters to whom it was done. Their order is that of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// A restricted record was opened for a reason.
    Opened,
    /// Name, addresses and what else is on file.
    Details,
    /// Requests with what was written in them.
    Requests,
    /// A file was opened.
    Files,
    /// A search showed name and subject.
    Found,
    /// A file was asked for and not shown yet.
    Asked,
    /// Something was written: an answer, a note, a request.
    Wrote,
    /// Something was put otherwise.
    Changed,
    /// Who somebody is was looked into.
    Checked,
    /// It was looked at who had seen what.
    Reviewed,
    /// Something was copied out of the desk.
    Exported,
    /// It was tried and refused.
    Refused,
}

impl Deed {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::Opened,
        Self::Details,
        Self::Requests,
        Self::Files,
        Self::Found,
        Self::Asked,
        Self::Wrote,
        Self::Changed,
        Self::Checked,
        Self::Reviewed,
        Self::Exported,
        Self::Refused,
    ];

    /// The stable code, also the end of its texts' keys.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Details => "details",
            Self::Requests => "requests",
            Self::Files => "files",
            Self::Found => "found",
            Self::Asked => "asked",
            Self::Wrote => "wrote",
            Self::Changed => "changed",
            Self::Checked => "checked",
            Self::Reviewed => "reviewed",
            Self::Exported => "exported",
            Self::Refused => "refused",
        }
    }

    /// What an action of this code with this outcome was. What this program has no word for changed something.
    pub fn of(action: &str, outcome: &str) -> Self {
        if outcome == "denied" || action == "restricted.refused" {
            return Self::Refused;
        }
        let (part, act) = action.split_once('.').unwrap_or((action, ""));
        match (part, act) {
            ("restricted", "open") => Self::Opened,
            ("restricted" | "disclosure" | "watch", _)
            | ("privacy", "seen" | "search")
            | ("identity", "review") => Self::Reviewed,
            (_, "export") | ("privacy", "download") => Self::Exported,
            ("patient" | "contact" | "identity" | "representative" | "acting", "read" | "list")
            | ("privacy", "own" | "enter" | "standing")
            | ("breach", "printed") => Self::Details,
            (_, "found") => Self::Found,
            ("attachment", "read" | "original") => Self::Files,
            // They may not have it before they say why.
            ("attachment", "ask") => Self::Asked,
            // By the virus scanner.
            ("attachment", "scan" | "infected" | "queue") => Self::Changed,
            (_, "read" | "list") => Self::Requests,
            ("message" | "note" | "link" | "attachment" | "mail", _)
            | ("ticket", "create" | "rate")
            | ("breach", "notify") => Self::Wrote,
            // Signing in, and for whom somebody writes.
            ("identity" | "portal" | "acting" | "passkey", _) => Self::Checked,
            _ => Self::Changed,
        }
    }
}

/// What one person did on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The day, in the clinic's time zone.
    pub day: Date,
    /// Who.
    pub who: Who,
    /// The first moment.
    pub from: Timestamp,
    /// The last moment.
    pub until: Timestamp,
    /// What.
    pub deeds: BTreeSet<Deed>,
    /// Numbers of the requests that it was about.
    pub requests: BTreeSet<i64>,
    /// Codes of why.
    pub purposes: BTreeSet<String>,
    /// Codes of the ways in.
    pub sources: BTreeSet<String>,
    /// How many entries of the log this line stands for.
    pub entries: usize,
}

/// The day of an instant.
pub fn day(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at.to_jiff()).date()
}

/// One line for everything that one person did on one day, the latest first.
pub(crate) fn visits(
    entries: &[Shown],
    things: &HashMap<String, Thing>,
    zone: &TimeZone,
) -> Vec<Visit> {
    let mut visits: Vec<Visit> = Vec::new();
    let mut places: HashMap<(Date, Who), usize> = HashMap::new();
    for entry in entries {
        let Some(who) = Who::of(entry) else { continue };
        let day = day(entry.at, zone);
        let place = *places.entry((day, who)).or_insert(visits.len());
        if place == visits.len() {
            visits.push(Visit {
                day,
                who,
                from: entry.at,
                until: entry.at,
                deeds: BTreeSet::new(),
                requests: BTreeSet::new(),
                purposes: BTreeSet::new(),
                sources: BTreeSet::new(),
                entries: 0,
            });
        }
        let Some(visit) = visits.get_mut(place) else {
            continue;
        };
        visit.from = visit.from.min(entry.at);
        visit.until = visit.until.max(entry.at);
        visit.deeds.insert(Deed::of(&entry.action, &entry.outcome));
        if let Some(Thing::Request(number) | Thing::File(number)) = things.get(&entry.object_id) {
            visit.requests.insert(*number);
        }
        visit.purposes.insert(entry.purpose.clone());
        visit.sources.insert(entry.source.clone());
        visit.entries += 1;
    }
    visits.sort_by_key(|visit| std::cmp::Reverse(visit.until));
    visits
}

/// How many of `entries`, which go on in the log, make whole days: all but those of the oldest day, unless there is no
/// other.
pub fn whole_days(entries: &[Shown], zone: &TimeZone) -> usize {
    let oldest = entries.last().map(|entry| day(entry.at, zone));
    let whole = entries
        .iter()
        .rposition(|entry| Some(day(entry.at, zone)) != oldest);
    whole.map_or(entries.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_told_as_what_it_was() {
        for (action, deed) in [
            ("ticket.read", Deed::Requests),
            ("ticket.list", Deed::Requests),
            ("thread.read", Deed::Requests),
            ("patient.read", Deed::Details),
            ("contact.list", Deed::Details),
            ("identity.read", Deed::Details),
            ("identity.code", Deed::Checked),
            ("portal.open", Deed::Checked),
            ("acting.begin", Deed::Checked),
            ("acting.read", Deed::Details),
            ("privacy.own", Deed::Details),
            ("privacy.enter", Deed::Details),
            ("privacy.standing", Deed::Details),
            ("privacy.end", Deed::Changed),
            ("identity.review", Deed::Reviewed),
            ("attachment.read", Deed::Files),
            ("attachment.original", Deed::Files),
            ("attachment.ask", Deed::Asked),
            ("attachment.scan", Deed::Changed),
            ("attachment.upload", Deed::Wrote),
            ("ticket.found", Deed::Found),
            ("patient.found", Deed::Found),
            ("message.send", Deed::Wrote),
            ("ticket.create", Deed::Wrote),
            ("ticket.merge", Deed::Changed),
            ("restricted.open", Deed::Opened),
            ("restricted.refused", Deed::Refused),
            ("restricted.review", Deed::Reviewed),
            ("privacy.seen", Deed::Reviewed),
            ("disclosure.export", Deed::Reviewed),
            ("watch.look", Deed::Reviewed),
            ("correction.export", Deed::Exported),
            ("breach.notify", Deed::Wrote),
            ("breach.printed", Deed::Details),
            ("of.tomorrow", Deed::Changed),
        ] {
            assert_eq!(Deed::of(action, "ok"), deed, "{action}");
            assert_eq!(Deed::of(action, "denied"), Deed::Refused, "{action}");
        }
    }
}
