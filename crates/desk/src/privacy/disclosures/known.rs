//! What left the desk without anybody's recording it, as the audit log tells it. To whom an answer went, and who that was to
//! the patient on that day, stands in its entry; what is known today decides for entries from before they said so.

use crate::app::App;
use crate::audit_log::Shown;
use crate::error::DeskError;
use crate::ids::{AuditEntryId, ContactId, OrganisationId, PatientId};
use crate::patients;
use crate::privacy::seen::{Deed, Visit, visits};
use crate::records::Opened;
use crate::records::whose::Thing;
use crate::representatives::Side;
use bedside_db::{Conn, Timestamp};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How the desk knows of something that left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Another system read it with its key.
    Partner,
    /// It was part of an export.
    Export,
    /// A copy of the record was taken out by the staff.
    Copy,
    /// An answer went to somebody who does not stand for the patient.
    Answer,
}

/// Who got something, as far as the desk knows them still.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// Their name; may be empty.
    pub name: String,
    /// Where it went; may be empty.
    pub address: String,
}

/// Something that left the desk.
#[derive(Clone, Debug)]
pub struct Given {
    /// How the desk knows of it.
    pub how: Known,
    /// Who gave it, when, and what requests it was about.
    pub visit: Visit,
    /// Who got an answer; none for what went otherwise, and of somebody whom the desk knows no more.
    pub to: Option<Recipient>,
}

/// What an entry about an answer says beside its place.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    message: Option<String>,
    contact: Option<ContactId>,
    patient: Option<PatientId>,
    to: Option<String>,
}

impl Said {
    fn of(entry: &Shown) -> Self {
        serde_json::from_str(&entry.detail).unwrap_or_default()
    }
}

/// What the log is read with.
pub(super) struct Log<'a> {
    /// Its entries about what is the patient's, newest first.
    pub entries: &'a [Shown],
    pub patient: PatientId,
    pub things: &'a HashMap<String, Thing>,
    /// Requests that others brought, as things stand today.
    pub others: &'a HashMap<String, ContactId>,
    pub since: Timestamp,
    pub zone: &'a TimeZone,
}

impl Log<'_> {
    /// What left the desk, newest first; answers with whoever got them, a line for each of them and day.
    pub(super) fn known(&self) -> Vec<(Known, Option<ContactId>, Visit)> {
        let undone = undone(self.entries);
        let counts = |entry: &&Shown| {
            entry.at >= self.since && entry.outcome == "ok" && !undone.contains(&entry.id)
        };
        let counting: Vec<&Shown> = self.entries.iter().filter(counts).collect();
        let mut known = Vec::new();
        for how in [Known::Partner, Known::Export, Known::Copy] {
            let of = counting.iter().filter(|entry| is_known(entry, how));
            let of: Vec<Shown> = of.map(|entry| (*entry).clone()).collect();
            let lines = visits(&of, self.things, self.zone).into_iter();
            known.extend(lines.map(|visit| (how, None, visit)));
        }
        let mut answers: BTreeMap<ContactId, Vec<Shown>> = BTreeMap::new();
        for entry in counting {
            if let Some(to) = self.stranger(entry) {
                answers.entry(to).or_default().push(entry.clone());
            }
        }
        for (to, of) in answers {
            let lines = by_day(visits(&of, self.things, self.zone)).into_iter();
            known.extend(lines.map(|visit| (Known::Answer, Some(to), visit)));
        }
        known.sort_by_key(|(_, _, visit)| std::cmp::Reverse(visit.until));
        known
    }

    /// Who got an answer that went to somebody else than the patient and whoever acted for them.
    fn stranger(&self, entry: &Shown) -> Option<ContactId> {
        if entry.action != "message.send" {
            return None;
        }
        let said = Said::of(entry);
        match said.to {
            Some(to) if said.patient == Some(self.patient) => {
                said.contact.filter(|_| to == Side::Other.code())
            }
            _ => self.others.get(&entry.object_id).copied(),
        }
    }
}

fn is_known(entry: &Shown, how: Known) -> bool {
    let deed = Deed::of(&entry.action, &entry.outcome);
    let looks = matches!(
        deed,
        Deed::Details | Deed::Requests | Deed::Files | Deed::Found
    );
    match how {
        Known::Partner => entry.actor_kind == "token" && looks,
        Known::Export => entry.action == "correction.export",
        // What patients fetch themselves needs no accounting (45 CFR 164.528(a)(1)(ii)).
        Known::Copy => entry.action == "privacy.download" && entry.actor_kind != "contact",
        Known::Answer => false,
    }
}

/// Entries of answers that were taken back. Which one it was stands in the entry about it; one from before it did took back the
/// newest of the same person in that request.
fn undone(entries: &[Shown]) -> HashSet<AuditEntryId> {
    let (mut undone, mut by_message) = (HashSet::new(), HashMap::new());
    let mut unnamed: HashMap<(&str, &str), Vec<AuditEntryId>> = HashMap::new();
    let is_one = |entry: &&Shown| {
        entry.outcome == "ok" && matches!(&*entry.action, "message.send" | "message.undo")
    };
    for entry in entries.iter().rev().filter(is_one) {
        let place = (entry.object_id.as_str(), entry.actor_id.as_str());
        let message = Said::of(entry).message;
        if entry.action == "message.undo" {
            let named = message.and_then(|message| by_message.remove(&message));
            let newest = || unnamed.get_mut(&place).and_then(Vec::pop);
            undone.extend(named.or_else(newest));
        } else if let Some(message) = message {
            by_message.insert(message, entry.id);
        } else {
            unnamed.entry(place).or_default().push(entry.id);
        }
    }
    undone
}

/// One line a day, whoever of the staff wrote.
fn by_day(visits: Vec<Visit>) -> Vec<Visit> {
    let mut days: Vec<Visit> = Vec::new();
    for visit in visits {
        let Some(line) = days.iter_mut().find(|line| line.day == visit.day) else {
            days.push(visit);
            continue;
        };
        line.from = line.from.min(visit.from);
        line.until = line.until.max(visit.until);
        line.deeds.extend(visit.deeds);
        line.requests.extend(visit.requests);
        line.purposes.extend(visit.purposes);
        line.sources.extend(visit.sources);
        line.entries += visit.entries;
    }
    days
}

/// Names whoever got answers. The law wants their names and addresses in what the patient gets (45 CFR 164.528(b)(2)(ii)):
/// there nothing is hidden; with `leave`, an address is what whoever reads it may see.
pub(super) async fn named(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    known: Vec<(Known, Option<ContactId>, Visit)>,
    leave: Option<&Opened>,
) -> Result<Vec<Given>, DeskError> {
    let mut names: HashMap<ContactId, Option<Recipient>> = HashMap::new();
    let mut given = Vec::new();
    for (how, contact, visit) in known {
        let to = match contact {
            None => None,
            Some(contact) => {
                if let Some(known) = names.get(&contact) {
                    known.clone()
                } else {
                    let found = recipient(app, conn, organisation, contact, leave).await?;
                    names.insert(contact, found.clone());
                    found
                }
            }
        };
        given.push(Given { how, visit, to });
    }
    Ok(given)
}

async fn recipient(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    leave: Option<&Opened>,
) -> Result<Option<Recipient>, DeskError> {
    let found = match patients::open_contact(app, conn, organisation, contact).await {
        Err(DeskError::NotFound | DeskError::Gone) => return Ok(None),
        found => found?,
    };
    let found = match leave {
        Some(leave) => found.under(leave),
        None => found,
    };
    let address = found.email().or_else(|| found.phone()).unwrap_or_default();
    let to = Recipient {
        address: address.to_owned(),
        name: found.name.unwrap_or_default(),
    };
    Ok(Some(to).filter(|to| *to != Recipient::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StaffId;

    const TICKET: &str = "a-request";

    fn id<T>(byte: u8) -> bedside_db::Id<T> {
        bedside_db::Id::from_bytes([byte; 16])
    }

    /// An entry about the request by a colleague, at its place.
    fn entry(place: u8, action: &str, by: u8, detail: &str) -> Shown {
        let by: StaffId = id(by);
        Shown {
            sequence: i64::from(place),
            leaf: None,
            id: id(place),
            at: Timestamp::from_micros(i64::from(place)),
            actor_kind: "staff".to_owned(),
            actor_id: by.to_string(),
            action: action.to_owned(),
            object_kind: "ticket".to_owned(),
            object_id: TICKET.to_owned(),
            purpose: "treatment".to_owned(),
            source: "web".to_owned(),
            outcome: "ok".to_owned(),
            detail: detail.to_owned(),
        }
    }

    /// Who got answers, where a stranger brought the request as things stand today, and how many.
    fn told(mut entries: Vec<Shown>, is_others: bool) -> Vec<(Option<ContactId>, usize)> {
        entries.reverse();
        let others = is_others.then(|| (TICKET.to_owned(), id(9)));
        let log = Log {
            entries: &entries,
            patient: id(1),
            things: &HashMap::from([(TICKET.to_owned(), Thing::Request(7))]),
            others: &others.into_iter().collect(),
            since: Timestamp::from_micros(0),
            zone: &TimeZone::UTC,
        };
        let known = log.known().into_iter();
        known.map(|(_, to, visit)| (to, visit.entries)).collect()
    }

    fn detail(message: u8, patient: u8, to: &str) -> String {
        let (message, patient, contact): (StaffId, PatientId, ContactId) =
            (id(message), id(patient), id(8));
        serde_json::json!({ "message": message, "patient": patient, "contact": contact, "to": to })
            .to_string()
    }

    #[test]
    fn what_an_entry_says_counts_more_than_what_is_known_today() {
        for (to, got) in [
            ("self", vec![]),
            ("acts", vec![]),
            ("other", vec![(Some(id(8)), 1)]),
        ] {
            for is_others in [false, true] {
                let sent = entry(1, "message.send", 1, &detail(1, 1, to));
                assert_eq!(told(vec![sent], is_others), got, "{to} {is_others}");
            }
        }
        // Said of another patient, or nothing said: today decides.
        for detail in [detail(1, 2, "self"), String::new(), "{}".to_owned()] {
            let sent = || entry(1, "message.send", 1, &detail);
            assert_eq!(told(vec![sent()], true), [(Some(id(9)), 1)], "{detail}");
            assert_eq!(told(vec![sent()], false), [], "{detail}");
        }
    }

    #[test]
    fn what_was_taken_back_is_not_told() {
        let sent = |place, message| entry(place, "message.send", 1, &detail(message, 1, "other"));
        let undo = |place, by, detail: &str| entry(place, "message.undo", by, detail);
        let named = detail(1, 1, "");
        let both = vec![sent(1, 1), sent(2, 2), undo(3, 1, &named)];
        assert_eq!(told(both, false), [(Some(id(8)), 1)]);
        // From before messages were named: the newest of the same person.
        let old = |place, by| entry(place, "message.send", by, "{}");
        let nobodys = vec![old(1, 1), undo(2, 2, "{}")];
        assert_eq!(told(nobodys, true), [(Some(id(9)), 1)]);
        let theirs = vec![old(1, 2), old(2, 1), undo(3, 1, "{}")];
        assert_eq!(told(theirs, true), [(Some(id(9)), 1)]);
        assert_eq!(told(vec![old(1, 1), undo(2, 1, "{}")], true), []);
        // What was tried and not done took nothing back.
        let mut failed = undo(3, 1, &named);
        failed.outcome = "denied".to_owned();
        assert_eq!(told(vec![sent(1, 1), failed], false), [(Some(id(8)), 1)]);
    }

    #[test]
    fn two_colleagues_on_one_day_make_one_line_for_whoever_got_it() {
        let sent = |place, by| entry(place, "message.send", by, &detail(place, 1, "other"));
        assert_eq!(
            told(vec![sent(1, 1), sent(2, 2)], false),
            [(Some(id(8)), 2)]
        );
    }
}
