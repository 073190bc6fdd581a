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
