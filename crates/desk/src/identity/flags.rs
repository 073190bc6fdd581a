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
        /// Others failed in other conversations as the person who was tried in this one.
        SeveralAsk = "several_ask",
        /// One contact tried to be known as several people, and failed as one of them.
        TriedSeveral = "tried_several",
        /// One contact failed in several conversations.
        TriedOften = "tried_often",
        /// Another address came to the patient a few days ago, and now a record, a bill or a payment is asked for.
        NewAddressBefore = "new_address_before",
        /// Somebody of the staff noticed a sign in another conversation of this contact.
        NoticedElsewhere = "noticed_elsewhere",
        /// They hang up, or call again and again, when they are to be verified.
        HungUp = "hung_up",
        /// They ask to be called at a number that is not on file.
        CallElsewhere = "call_elsewhere",
    }
}

impl Flag {
    /// Those that people can notice; the others the desk knows by itself.
    pub const NOTICED: [Self; 7] = [
        Self::UrgentAndSecret,
        Self::AddressAndRecords,
        Self::ManyPatients,
        Self::BrokenPhone,
        Self::EarlierLock,
        Self::HungUp,
        Self::CallElsewhere,
    ];
}

/// Patients that one contact may be, or speak for, within a day before it is a sign.
pub const MANY: i64 = 3;
/// People as whom one contact may try to be known within days, where something failed.
pub const MANY_TRIED: usize = 3;
/// Conversations in which one contact may fail within days.
pub const MANY_FAILED: usize = 3;
/// Others who may fail as one person within days.
pub const MANY_OTHERS: i64 = 2;
/// Tries of others as one person that may fail within days.
pub const MANY_OTHERS_FAILED: i64 = 3;

/// What several conversations tell together, within days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Across {
    /// Other contacts who failed elsewhere as somebody who was tried here.
    pub others: i64,
    /// In how many tries.
    pub others_failed: i64,
    /// As how many people this contact tried to be known.
    pub people: usize,
    /// In how many conversations this contact failed.
    pub failed_in: usize,
    /// Whether another address came to the patient.
    pub new_address: bool,
    /// Whether somebody of the staff noticed a sign elsewhere with this contact within a day.
    pub noticed: bool,
}

/// What is known of the past, beside the words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Patients that this contact was verified as within a day.
    pub patients: i64,
    /// Whether a code failed in this conversation, or in another one of this contact, within a day.
    pub code_failed: bool,
    /// Whether this contact or conversation was locked within 30 days.
    pub locked: bool,
    /// Whether the request is by its category about a record, a bill or a payment.
    pub asks_record: bool,
    /// What other conversations tell.
    pub across: Across,
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
    let asks_record = past.asks_record || said.has(Part::Records);
    let across = &past.across;
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
        (
            Flag::SeveralAsk,
            across.others >= MANY_OTHERS || across.others_failed >= MANY_OTHERS_FAILED,
        ),
        (
            Flag::TriedSeveral,
            across.failed_in > 0 && across.people >= MANY_TRIED,
        ),
        (Flag::TriedOften, across.failed_in >= MANY_FAILED),
        (Flag::NewAddressBefore, across.new_address && asks_record),
        (Flag::NoticedElsewhere, across.noticed),
        (Flag::HungUp, false),
        (Flag::CallElsewhere, false),
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

    /// What others did elsewhere: how many they were, and in how many tries.
    fn others(others: i64, others_failed: i64) -> Across {
        Across {
            others,
            others_failed,
            ..Across::default()
        }
    }

    /// What this contact did: as how many people, and in how many conversations they failed.
    fn own(people: usize, failed_in: usize) -> Across {
        Across {
            people,
            failed_in,
            ..Across::default()
        }
    }

    #[test]
    fn other_conversations_are_a_sign_from_their_limits_on() {
        let noticed = Across {
            noticed: true,
            ..Across::default()
        };
        let alone = Across {
            new_address: true,
            ..Across::default()
        };
        for (across, expected) in [
            (Across::default(), &[][..]),
            (others(MANY_OTHERS - 1, MANY_OTHERS_FAILED - 1), &[]),
            (others(MANY_OTHERS, 0), &[Flag::SeveralAsk]),
            (others(1, MANY_OTHERS_FAILED), &[Flag::SeveralAsk]),
            (own(MANY_TRIED - 1, 1), &[]),
            // Somebody who speaks for many and is right each time.
            (own(MANY_TRIED + 4, 0), &[]),
            (own(MANY_TRIED, 1), &[Flag::TriedSeveral]),
            (own(1, MANY_FAILED - 1), &[]),
            (own(1, MANY_FAILED), &[Flag::TriedOften]),
            (noticed, &[Flag::NoticedElsewhere]),
            (alone, &[]),
        ] {
            let told = format!("{across:?}");
            let past = Past {
                across,
                ..Past::default()
            };
            assert_eq!(flags(&["Thank you"], &past), expected, "{told}");
        }
    }

    #[test]
    fn a_new_address_is_a_sign_where_a_record_or_money_is_asked_for() {
        let past = |new_address, asks_record| Past {
            asks_record,
            across: Across {
                new_address,
                ..Across::default()
            },
            ..Past::default()
        };
        let words = "Please send my records.";
        assert_eq!(flags(&[words], &past(false, true)), []);
        assert_eq!(flags(&["Thank you"], &past(true, false)), []);
        let sign = [Flag::NewAddressBefore];
        assert_eq!(flags(&[words], &past(true, false)), sign);
        assert_eq!(flags(&["Thank you"], &past(true, true)), sign);
    }

    #[test]
    fn people_notice_what_people_can_hear() {
        let desk_alone = [
            Flag::SeveralAsk,
            Flag::TriedSeveral,
            Flag::TriedOften,
            Flag::NewAddressBefore,
            Flag::NoticedElsewhere,
        ];
        for flag in Flag::ALL {
            let known = desk_alone.contains(flag);
            assert!(known != Flag::NOTICED.contains(flag), "{flag:?}");
        }
    }
}
