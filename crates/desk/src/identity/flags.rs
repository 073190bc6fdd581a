//! Signs of somebody who plays a part, shown with their reason to whoever answers. They raise what is asked for; they
//! accuse nobody, and refuse nothing by themselves.

use super::by_hand::ByHand;
use crate::codes::codes;
use bedside_language::pretexts::{Part, Pretexts, Said};

codes! {
    /// One sign.
    Flag {
        /// It must be now, and nobody may know.
        UrgentAndSecret = "urgent_and_secret",
        /// Another address or number, and records to go out, in one conversation.
        AddressAndRecords = "address_and_records",
        /// Several patients were shown by one contact within a day.
        ManyPatients = "many_patients",
        /// A code failed, and then the phone is broken or the number another.
        BrokenPhone = "broken_phone",
        /// The contact was locked out within the last days.
        EarlierLock = "earlier_lock",
    }
}

/// Patients that one contact may be, or speak for, within a day before it is a sign.
pub const MANY: i64 = 3;

/// What is known of the past, beside the words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Patients that this contact was verified as within a day.
    pub patients: i64,
    /// Whether a code failed in this conversation within a day.
    pub code_failed: bool,
    /// Whether this contact or conversation was locked within 30 days.
    pub locked: bool,
    /// Signs that somebody of the staff noticed here within a day.
    pub by_hand: Vec<ByHand>,
}

/// The signs in what the patient's side wrote here (`words`, one a message), by the clinic's own words for them
/// (`clinic/language/pretexts.toml`), in what went before, and what somebody of the staff noticed.
pub fn noticed<'a>(
    pretexts: &Pretexts,
    words: impl Iterator<Item = &'a str>,
    past: &Past,
) -> Vec<Flag> {
    let all = words.map(|text| pretexts.said(text));
    let said = all.fold(Said::default(), Said::and);
    let new_address = said.has(Part::NewAddress);
    let rules = [
        (
            Flag::UrgentAndSecret,
            said.has(Part::Urgent) && said.has(Part::Secret),
        ),
        (
            Flag::AddressAndRecords,
            new_address && said.has(Part::Records),
        ),
        (Flag::ManyPatients, past.patients >= MANY),
        (
            Flag::BrokenPhone,
            past.code_failed && (new_address || said.has(Part::Broken)),
        ),
        (Flag::EarlierLock, past.locked),
    ];
    let seen = |flag: Flag| past.by_hand.iter().any(|one| one.flag == flag);
    let there = rules
        .into_iter()
        .filter(|(flag, holds)| *holds || seen(*flag));
    there.map(|(flag, _)| flag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::startup::built_in_clinic;

    fn flags(words: &[&str], past: &Past) -> Vec<Flag> {
        let pretexts = Pretexts::load(&built_in_clinic()).unwrap();
        noticed(&pretexts, words.iter().copied(), past)
    }

    #[test]
    fn each_sign_needs_all_of_its_parts() {
        let none = Past::default();
        let failed = Past {
            code_failed: true,
            ..Past::default()
        };
        let (none, failed) = (&none, &failed);
        for (words, past, expected) in [
            (&["This is urgent."][..], none, &[][..]),
            (&["Please keep it secret"], none, &[]),
            (
                &["It is URGENT.", "Don’t tell my wife"],
                none,
                &[Flag::UrgentAndSecret],
            ),
            (
                &["Es urgente y no se lo diga a nadie"],
                none,
                &[Flag::UrgentAndSecret],
            ),
            // A word within another one is none.
            (&["The secretary said it is urgent"], none, &[]),
            (&["I have a new number"], none, &[]),
            (
                &["I have a new number", "please send my records there"],
                none,
                &[Flag::AddressAndRecords],
            ),
            (&["My phone is broken"], none, &[]),
            (&["My phone is broken"], failed, &[Flag::BrokenPhone]),
            (&["I've got a new number"], failed, &[Flag::BrokenPhone]),
            (&["Thank you"], failed, &[]),
        ] {
            assert_eq!(flags(words, past), expected, "{words:?}");
        }
        let many = |patients| Past {
            patients,
            ..Past::default()
        };
        assert_eq!(flags(&[], &many(MANY - 1)), []);
        assert_eq!(flags(&[], &many(MANY)), [Flag::ManyPatients]);
        let locked = Past {
            locked: true,
            ..Past::default()
        };
        assert_eq!(flags(&[], &locked), [Flag::EarlierLock]);
    }
}
