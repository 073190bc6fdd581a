//! Words, times and codes of how sure the desk is of somebody: no clock, no rows. What the evidence amounts to, and which
//! address may confirm anything, is decided in `bedside_access` and said here of patients, staff and instants.

use crate::codes::codes;
use crate::field_group::FieldGroup;
use crate::ids::{PatientId, StaffId};
use crate::records::Opened;
use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::records::{Group, Level};
pub use bedside_access::{DAY, Method, ON_FILE_DAYS, opens, reaches, shown, standing};

/// Something that was shown and counts for this ticket, its contact and the addresses they have.
pub type Evidence = bedside_access::Evidence<PatientId, StaffId, Timestamp>;

/// Where somebody stands in a conversation.
pub type Standing = bedside_access::Standing<PatientId, StaffId, Timestamp>;

/// Why an address confirms nothing.
pub type Unusable = bedside_access::Unusable<Timestamp>;

/// Seconds for which anything that was shown to somebody of the staff counts: one rule for all of it.
pub const LASTS: i64 = 3600;
/// Seconds for which it counts that somebody wrote signed in: three days. They are not there while they wait for the answer,
/// as somebody on the telephone is, and what is more than logistics they read behind a link to an address on file or signed
/// in anew.
pub const SIGNED_IN_LASTS: i64 = 3 * DAY;
/// Failures that lock.
pub const FAILURES: i64 = 3;
/// Seconds for which a one-time code works. NIST SP 800-63B-4 allows a day by mail; somebody who is there needs minutes.
pub const CODE_LASTS: i64 = 10 * 60;
/// Digits of a one-time code.
pub const CODE_DIGITS: usize = 6;
/// Codes in one hour for one conversation, and for one patient.
pub const CODES_AN_HOUR: i64 = 3;
/// Longest reason or note, in characters.
pub const MAX_WORDS: usize = 500;

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
        /// The same, and nobody could be told by mail: the patient is to be called.
        AddressChangeCall = "address_change_call",
        /// The same, and the patient is to be written to.
        AddressChangeWrite = "address_change_write",
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
        /// Nobody could be told of a changed address by mail: the patient is to be called.
        AddressToCall = "address_to_call",
        /// Nobody could be told of it by mail: the patient is to be written to.
        AddressToWrite = "address_to_write",
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

/// Whether an address on file since `since` may confirm who somebody is.
pub fn usable(
    since: Timestamp,
    held_until: Option<Timestamp>,
    bounced: bool,
    now: Timestamp,
) -> Result<(), Unusable> {
    bedside_access::usable(since, held_until, bounced, now, Timestamp::plus_seconds)
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
