use super::model::{Channel, Decision, Mark, Purpose, Question, Why, Without, Word, decide};
use crate::ids::{ConsentId, ContactId, PatientId};
use bedside_db::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::HashMap;
use uuid::Uuid;

const WAYS: [Option<Channel>; 3] = [None, Some(Channel::Email), Some(Channel::Post)];
const PURPOSES: [Purpose; 2] = [Purpose::Surveys, Purpose::Sharing];

fn patient(number: u128) -> PatientId {
    PatientId::from_uuid(Uuid::from_u128(number))
}

fn contact(number: u128) -> ContactId {
    ContactId::from_uuid(Uuid::from_u128(number))
}

fn word(decision: Decision, at: i64) -> Word {
    Word {
        id: ConsentId::from_uuid(Uuid::from_u128(at.unsigned_abs().into())),
        at: Timestamp::from_micros(at),
        purpose: Some(Purpose::Surveys),
        channel: Some(Channel::Email),
        decision,
        patient: Some(patient(1)),
        contact: Some(contact(1)),
        point: Some([1; 16]),
        party: None,
    }
}

fn question() -> Question {
    Question {
        purpose: Purpose::Surveys,
        channel: Some(Channel::Email),
        patient: Some(patient(1)),
        contact: Some(contact(1)),
        point: Some([1; 16]),
        party: None,
        now: Timestamp::from_micros(100),
    }
}

fn may(words: &[Word], question: &Question) -> bool {
    decide(words, question, Some(Without::Asks)).may()
}

#[test]
fn the_latest_word_wins_and_silence_is_the_rules() {
    let (yes, no) = (word(Decision::Given, 1), word(Decision::Withdrawn, 2));
    assert!(may(&[yes], &question()) && !may(&[no, yes], &question()));
    assert!(may(&[no, word(Decision::Given, 3)], &question()));
    assert_eq!(
        decide(&[], &question(), Some(Without::Asks)),
        Why::NeverGiven
    );
    assert_eq!(decide(&[], &question(), Some(Without::May)), Why::NotNeeded);
    assert_eq!(decide(&[yes], &question(), None), Why::NoSuchWay);
    // A yes of later says nothing of today; a no counts whatever the clock of the node says that heard it.
    assert!(!may(&[word(Decision::Given, 101)], &question()));
    assert!(!may(&[yes, word(Decision::Withdrawn, 101)], &question()));
}

#[test]
fn a_no_to_all_covers_every_purpose_of_the_channel_and_no_other_channel() {
    let all = Word {
        purpose: None,
        ..word(Decision::Withdrawn, 2)
    };
    for purpose in Purpose::ALL {
        let asked = Question {
            purpose: *purpose,
            ..question()
        };
        let yes = Word {
            purpose: Some(*purpose),
            ..word(Decision::Given, 1)
        };
        assert!(may(&[yes], &asked) && !may(&[yes, all], &asked));
    }
    let post = Question {
        channel: Some(Channel::Post),
        ..question()
    };
    assert_eq!(decide(&[all], &post, Some(Without::May)), Why::NotNeeded);
    let every = Word {
        channel: None,
        ..all
    };
    assert!(!decide(&[every], &post, Some(Without::May)).may());
}

#[test]
fn what_changed_hands_carries_nothing_over() {
    let words = [word(Decision::Given, 1)];
    for changed in [
        Question {
            contact: Some(contact(2)),
            ..question()
        },
        Question {
            patient: Some(patient(2)),
            ..question()
        },
        Question {
            patient: None,
            ..question()
        },
        Question {
            point: Some([2; 16]),
            ..question()
        },
    ] {
        assert!(!may(&words, &changed), "{changed:?}");
    }
    let no = [word(Decision::Withdrawn, 1)];
    let reached = |question| decide(&no, &question, Some(Without::May)).may();
    // A no is the person's, at whichever address; of the next one who has the address it is none.
    assert!(!reached(Question {
        point: Some([2; 16]),
        ..question()
    }));
    for patient in [None, Some(patient(2))] {
        assert!(!reached(Question {
            patient,
            ..question()
        }));
    }
    assert!(reached(Question {
        contact: Some(contact(2)),
        ..question()
    }));
    // Somebody who stood for nobody when they said no says no still.
    let stranger = Word {
        patient: None,
        ..no[0]
    };
    assert!(!decide(&[stranger], &question(), Some(Without::May)).may());
}

#[test]
fn a_yes_to_one_third_party_is_none_to_another() {
    let shared = Word {
        purpose: Some(Purpose::Sharing),
        channel: None,
        contact: None,
        point: None,
        party: Some([7; 16]),
        ..word(Decision::Given, 1)
    };
    let asked = Question {
        purpose: Purpose::Sharing,
        channel: None,
        contact: None,
        point: None,
        party: Some([7; 16]),
        ..question()
    };
    let other = Question {
        party: Some([8; 16]),
        ..asked
    };
    assert!(may(&[shared], &asked) && !may(&[shared], &other));
    let no = Word {
        party: None,
        ..word(Decision::Withdrawn, 2)
    };
    let no = Word {
        purpose: Some(Purpose::Sharing),
        channel: None,
        contact: None,
        ..no
    };
    assert!(!may(&[shared, no], &asked));
}

/// What one cell of the small world of the property test is.
type Cell = (
    Purpose,
    Option<Channel>,
    Option<PatientId>,
    Option<ContactId>,
    Option<Mark>,
    Option<Mark>,
);

fn some_patient() -> impl Strategy<Value = Option<PatientId>> {
    option::of((1_u128..3).prop_map(patient))
}

fn some_contact() -> impl Strategy<Value = Option<ContactId>> {
    option::of((1_u128..3).prop_map(contact))
}

fn some_mark() -> impl Strategy<Value = Option<Mark>> {
    option::of((1_u8..3).prop_map(|byte| [byte; 16]))
}

fn any_word() -> impl Strategy<Value = Word> {
    let what = (
        option::of(select(&PURPOSES[..])),
        select(&WAYS[..]),
        select(Decision::ALL),
        0_i64..6,
    );
    let who = (some_patient(), some_contact(), some_mark(), some_mark());
    (what, who).prop_map(
        |((purpose, channel, decision, at), (patient, contact, point, party))| Word {
            id: ConsentId::from_uuid(Uuid::nil()),
            at: Timestamp::from_micros(at),
            // Nobody says yes to everything.
            purpose: purpose.or((decision == Decision::Given).then_some(Purpose::Surveys)),
            channel,
            decision,
            patient,
            contact,
            point,
            party,
        },
    )
}

/// Every cell that there is.
fn world() -> Vec<Cell> {
    let patients = [None, Some(patient(1)), Some(patient(2))];
    let contacts = [None, Some(contact(1)), Some(contact(2))];
    let marks = [None, Some([1; 16]), Some([2; 16])];
    let mut cells = Vec::new();
    for purpose in PURPOSES {
        for channel in WAYS {
            for patient in patients {
                for contact in contacts {
                    for point in marks {
                        for party in marks {
                            cells.push((purpose, channel, patient, contact, point, party));
                        }
                    }
                }
            }
        }
    }
    cells
}

/// The rules once more, said the other way round: what a word is kept from.
fn is_untouched(word: &Word, cell: &Cell) -> bool {
    let (purpose, channel, patient, contact, point, party) = *cell;
    let yes = word.decision == Decision::Given;
    if word.purpose.is_some() && word.purpose != Some(purpose) {
        return true;
    }
    if word.channel != channel && (yes || word.channel.is_some()) {
        return true;
    }
    let of_contact = channel.is_some() && word.contact.is_some();
    if word.patient.is_some() && word.patient != patient && (yes || !of_contact) {
        return true;
    }
    if of_contact {
        if word.contact != contact {
            return true;
        }
    } else if word.patient.is_none() {
        return true;
    }
    if yes && channel == Some(Channel::Email) && (point.is_none() || word.point != point) {
        return true;
    }
    (yes || word.party.is_some()) && word.party != party
}

proptest! {
    #[test]
    fn what_stands_is_what_a_slow_replay_says(words in vec(any_word(), 0..8)) {
        let mut words = words;
        for (number, word) in words.iter_mut().enumerate() {
            word.id = ConsentId::from_uuid(Uuid::from_u128(number as u128 + 1));
        }
        let mut in_order = words.clone();
        in_order.sort_by_key(|word| (word.at, word.id));
        let (cells, mut replayed) = (world(), HashMap::new());
        for word in &in_order {
            for cell in cells.iter().filter(|cell| !is_untouched(word, cell)) {
                replayed.insert(*cell, word.decision == Decision::Given);
            }
        }
        for cell in &cells {
            let (purpose, channel, patient, contact, point, party) = *cell;
            let now = Timestamp::from_micros(10);
            let question = Question { purpose, channel, patient, contact, point, party, now };
            for (without, silent) in [(Without::May, true), (Without::Asks, false)] {
                let expected = replayed.get(cell).copied().unwrap_or(silent);
                prop_assert_eq!(decide(&words, &question, Some(without)).may(), expected);
            }
        }
    }
}
