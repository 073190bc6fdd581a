//! Levels, evidence and the rules of what gives which: no clock, no rows.

use crate::codes::codes;
use crate::field_group::FieldGroup;
use crate::ids::{PatientId, StaffId};
use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::records::{Group, Level};
use crate::records::{Opened, Scope, Shown};

/// Seconds for which anything that was shown to somebody of the staff counts: one rule for all of it.
pub const LASTS: i64 = 3600;
/// Seconds for which it counts that somebody wrote signed in: three days. They are not there while they wait for the answer,
/// as somebody on the telephone is, and what is more than logistics they read behind a link to an address on file or signed
/// in anew.
pub const SIGNED_IN_LASTS: i64 = 3 * DAY;
/// Seconds in which failures are counted together, and for which the third one locks.
pub const DAY: i64 = 24 * 3600;
/// Failures that lock.
pub const FAILURES: i64 = 3;
/// Seconds for which a one-time code works. NIST SP 800-63B-4 allows a day by mail; somebody who is there needs minutes.
pub const CODE_LASTS: i64 = 10 * 60;
/// Digits of a one-time code.
pub const CODE_DIGITS: usize = 6;
/// Codes in one hour for one conversation, and for one patient.
pub const CODES_AN_HOUR: i64 = 3;
/// Days for which an address has to be on file before it confirms anything.
pub const ON_FILE_DAYS: i64 = 30;
/// Longest reason or note, in characters.
pub const MAX_WORDS: usize = 500;

codes! {
    /// What was shown.
    Method {
        /// Name, birth date and one thing more were right.
        Details = "details",
        /// A one-time code came back.
        Code = "code",
        /// The person was reached at the number on file.
        CallBack = "call_back",
        /// A second person of the staff said yes.
        Approval = "approval",
        /// They wrote from the patients' own pages, signed in by an address long on file.
        SignedIn = "signed_in",
        /// The same by an address that is not long on file.
        SignedInNew = "signed_in_new",
        /// Nothing: it was an emergency.
        Emergency = "emergency",
    }
}

codes! {
    /// Why something was opened past the rules.
    Reason {
        /// Somebody may die or be harmed.
        Danger = "danger",
        /// A medicine or treatment can't wait.
        Treatment = "treatment",
        /// A child or an adult in need of protection.
        Protection = "protection",
        /// Something else.
        Other = "other",
        /// A patient's address was changed without the level that asks for.
        AddressChange = "address_change",
        /// A lock was lifted before its time.
        Unlock = "unlock",
    }
}

impl Reason {
    /// What an emergency may be.
    pub const EMERGENCIES: [Self; 4] =
        [Self::Danger, Self::Treatment, Self::Protection, Self::Other];
}

codes! {
    /// What the timeline tells.
    Told {
        /// The details matched.
        Matched = "matched",
        /// They could not be confirmed.
        NotConfirmed = "not_confirmed",
        /// Too many failures.
        Locked = "locked",
        /// A code went out.
        CodeSent = "code_sent",
        /// It came back.
        CodeRight = "code_right",
        /// Something else came back.
        CodeWrong = "code_wrong",
        /// A call-back was asked for.
        CallAsked = "call_asked",
        /// The person was reached.
        Reached = "reached",
        /// The person was not reached.
        NotReached = "not_reached",
        /// A second look was asked for.
        ApprovalAsked = "approval_asked",
        /// The second person said yes.
        Approved = "approved",
        /// The second person said no.
        Declined = "declined",
        /// It was opened in an emergency.
        Emergency = "emergency",
        /// Somebody else looked at what was opened past the rules.
        Reviewed = "reviewed",
        /// A patient's address was changed, with the level for it.
        AddressChanged = "address_changed",
        /// The same without it.
        AddressForced = "address_forced",
        /// Somebody is to act for the patient.
        ActsAsked = "acts_asked",
        /// Somebody acts for the patient from now on.
        ActsNow = "acts_now",
        /// A second person said no to that.
        ActsRefused = "acts_refused",
        /// A supervisor lifted the lock.
        Unlocked = "unlocked",
        /// They wrote signed in.
        SignedIn = "signed_in",
        /// Somebody noticed a sign to be careful.
        Noticed = "noticed",
        /// Somebody looked at what the conversation does not show yet.
        Peeked = "peeked",
    }
}

/// What a try came to. A wrong answer and a patient who is not there are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is right.
    Matches,
    /// It could not be confirmed.
    NotConfirmed,
    /// Nothing can be shown here before then.
    Locked(Timestamp),
    /// There is no code that could be right: none was sent, or it is used up or too old.
    NoCode,
}

/// Something that was shown and counts for this ticket, its contact and the addresses they have.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What.
    pub method: Method,
    /// Of whom; none in an emergency about nobody in particular.
    pub patient: Option<PatientId>,
    /// Who of the staff saw it; nobody, of somebody who wrote signed in.
    pub by: Option<StaffId>,
    /// When.
    pub made_at: Timestamp,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// Where somebody stands in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What was shown.
    pub level: Level,
    /// Who they are, from the first level on.
    pub patient: Option<PatientId>,
    /// Who of the staff saw the last of it; none where nobody did, because they wrote signed in.
    pub by: Option<StaffId>,
    /// Until when all of it counts.
    pub until: Option<Timestamp>,
    /// Until when an emergency opens what the second level does.
    pub emergency: Option<Timestamp>,
    /// Whether they were called back and a second person said yes as well: what a red flag asks for at the third level.
    pub both: bool,
    /// Everybody of the staff whose word it rests on.
    pub makers: Vec<StaffId>,
}

impl Standing {
    /// The level that counts for what may be said.
    pub fn counts_as(&self) -> Level {
        match self.emergency {
            Some(_) => self.level.max(Level::L2),
            None => self.level,
        }
    }

    /// What is left for whoever may not know whom it is about: that there is an emergency.
    #[must_use]
    pub fn of_nobody(self) -> Self {
        Self {
            emergency: self.emergency,
            ..Self::default()
        }
    }

    /// Whether they are at `level` and who they are is known.
    pub fn holds(&self, level: Level) -> Option<PatientId> {
        self.patient.filter(|_| self.level >= level)
    }
}

/// What the evidence amounts to at `now`. The details, or that they wrote signed in, come first: without them nothing else
/// counts, and all of it has to be about the patient of the newest ones.
pub fn standing(evidence: &[Evidence], now: Timestamp) -> Standing {
    let live = || evidence.iter().filter(|one| one.expires_at > now);
    let newest = |wanted: &[Method], patient: Option<PatientId>| {
        live()
            .filter(|one| wanted.contains(&one.method) && one.patient.is_some())
            .filter(|one| patient.is_none() || one.patient == patient)
            .max_by_key(|one| one.made_at)
    };
    let emergency = live()
        .filter(|one| one.method == Method::Emergency)
        .map(|one| one.expires_at)
        .max();
    let first = [Method::Details, Method::SignedIn, Method::SignedInNew];
    let Some(details) = newest(&first, None) else {
        return Standing {
            emergency,
            ..Standing::default()
        };
    };
    let mut parts = vec![details];
    // Being signed in shows both: who they are, and that a code or a key of theirs came back.
    let code = newest(&[Method::Code, Method::SignedIn], details.patient);
    parts.extend(code);
    let third = |method| newest(&[method], details.patient).filter(|_| code.is_some());
    let (called, approved) = (third(Method::CallBack), third(Method::Approval));
    parts.extend(called.into_iter().chain(approved));
    let level = match parts.len() {
        1 => Level::L1,
        2 => Level::L2,
        _ => Level::L3,
    };
    Standing {
        level,
        patient: details.patient,
        by: parts
            .iter()
            .max_by_key(|one| one.made_at)
            .and_then(|one| one.by),
        until: parts.iter().map(|one| one.expires_at).min(),
        emergency,
        both: called.is_some() && approved.is_some(),
        makers: parts.iter().filter_map(|one| one.by).collect(),
    }
}

/// What decides about a conversation: `raised` when there is a red flag, and what whoever asks may hear for the patient.
pub const fn shown(standing: &Standing, raised: bool, scope: Scope) -> Shown {
    Shown {
        level: standing.level,
        both: standing.both,
        raised,
        emergency: standing.emergency.is_some(),
        scope,
    }
}

/// What may be spoken about or given. The level above the third is a call back and a second person. An emergency opens
/// what the second level does whatever else there is, and neither addresses nor records.
pub fn opens(shown: &Shown) -> Vec<Group> {
    let all = Group::ALL.iter().copied();
    all.filter(|group| shown.missing(*group).is_none())
        .collect()
}

/// Whether what was shown is enough for this group.
pub fn reaches(standing: &Standing, group: Group, raised: bool) -> bool {
    shown(standing, raised, Scope::ALL)
        .unproven(group)
        .is_none()
}

/// Why an address confirms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is held back until then.
    Held(Timestamp),
    /// It is not on file for long enough; from then on it is.
    New(Timestamp),
    /// Mail came back from there.
    CameBack,
    /// It is of somebody who acts for the patient in some things only, or no more.
    Acts,
    /// The patient chose to be reached another way only.
    Barred,
}

/// Whether an address on file since `since` may confirm who somebody is.
pub fn usable(
    since: Timestamp,
    held_until: Option<Timestamp>,
    bounced: bool,
    now: Timestamp,
) -> Result<(), Unusable> {
    let old_enough = since.plus_seconds(ON_FILE_DAYS * DAY);
    match held_until {
        Some(until) if until > now => Err(Unusable::Held(until)),
        _ if old_enough >= now => Err(Unusable::New(old_enough)),
        _ if bounced => Err(Unusable::CameBack),
        _ => Ok(()),
    }
}

/// The digits of a code as people say and write it: spaces and dashes are none. None when it can't be one.
pub fn code_digits(typed: &str) -> Option<String> {
    let digits: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    let fine = digits.len() == CODE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    fine.then_some(digits)
}

/// A code out of random bytes: every one is as likely as any other, to less than one in a million million.
pub fn code_of(random: [u8; 8]) -> String {
    let most = 10_u64.pow(u32::try_from(CODE_DIGITS).unwrap_or(6));
    format!("{:0CODE_DIGITS$}", u64::from_be_bytes(random) % most)
}

/// An address as it is before whoever has this leave, and whether only enough of it is left to tell it from another; none
/// where nothing of it is to be seen before whoever is on the line is verified.
pub fn address_under(leave: &Opened, value: &str) -> Option<(String, bool)> {
    if leave.shows(FieldGroup::Contact) {
        Some((value.to_owned(), false))
    } else {
        leave.sight().hints().then(|| (mask(value), true))
    }
}

/// An address of which only enough is left to tell it from another: `m•••@e•••.org`, `••• 47`.
pub fn mask(value: &str) -> String {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    if let Some((local, domain)) = value.rsplit_once('@') {
        let (name, end) = domain.rsplit_once('.').unwrap_or((domain, ""));
        let dot = if end.is_empty() { "" } else { "." };
        return format!("{}•••@{}•••{dot}{end}", first(local), first(name));
    }
    let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
    let end: String = digits[digits.len().saturating_sub(2)..].iter().collect();
    format!("••• {end}")
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
