use std::borrow::Cow;

use proptest::{collection::vec, prelude::*};

use super::entry;
use crate::{Entry, EntryError, MAX_DETAIL_LEN, MAX_FIELD_LEN, leaf_hash};

type Change = fn(&mut Entry);

const CHANGES: [Change; 12] = [
    |e| e.id[15] ^= 1,
    |e| e.at += 1,
    |e| e.organisation[0] ^= 1,
    |e| e.actor_kind.to_mut().push('x'),
    |e| e.actor_id.to_mut().push('x'),
    |e| e.action.to_mut().push('x'),
    |e| e.object_kind.to_mut().push('x'),
    |e| e.object_id.to_mut().push('x'),
    |e| e.purpose.to_mut().push('x'),
    |e| e.source.to_mut().push('x'),
    |e| e.outcome.to_mut().push('x'),
    |e| e.detail.to_mut().push('x'),
];

#[test]
fn every_field_counts() {
    let original = entry(1);
    for (number, change) in CHANGES.iter().enumerate() {
        let mut changed = original.clone();
        change(&mut changed);
        assert_ne!(changed.leaf_hash(), original.leaf_hash(), "field {number}");
    }
}

#[test]
fn text_can_not_move_from_one_field_to_the_next() {
    let mut moved = entry(1);
    moved.action = "ticket.rea".into();
    moved.object_kind = "dticket".into();
    assert_ne!(moved.canonical(), entry(1).canonical());
}

#[test]
fn the_leaf_is_the_hash_of_the_canonical_bytes() {
    assert_eq!(entry(1).leaf_hash(), leaf_hash(&entry(1).canonical()));
    let bytes = entry(1).canonical();
    assert_eq!(bytes[0], 1);
    assert_eq!(bytes[1..17], entry(1).id);
    assert_eq!(bytes[17..25], entry(1).at.to_be_bytes());
    assert_eq!(bytes[25..41], entry(1).organisation);
    assert_eq!(bytes[41..54], *b"\0\0\0\0\0\0\0\x05staff");
}

#[test]
fn long_fields_are_refused_by_name() {
    let mut long = entry(1);
    long.source = Cow::Owned("x".repeat(MAX_FIELD_LEN));
    long.detail = Cow::Owned("x".repeat(MAX_DETAIL_LEN));
    assert_eq!(long.check(), Ok(()));
    long.detail.to_mut().push('x');
    assert_eq!(long.check(), Err(EntryError::TooLong("detail")));
    long.source.to_mut().push('x');
    assert_eq!(long.check(), Err(EntryError::TooLong("source")));
}

#[test]
fn damaged_bytes_are_refused() {
    let bytes = entry(1).canonical();
    for end in 0..bytes.len() {
        assert_eq!(
            Entry::from_canonical(&bytes[..end]),
            Err(EntryError::Damaged)
        );
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(Entry::from_canonical(&longer), Err(EntryError::Damaged));
    let mut other = bytes;
    other[0] = 2;
    assert_eq!(
        Entry::from_canonical(&other),
        Err(EntryError::UnknownFormat(2))
    );
}

prop_compose! {
    fn any_entry()(
        id: [u8; 16],
        at: i64,
        organisation: [u8; 16],
        texts in vec("\\PC{0,20}", 9),
    ) -> Entry {
        let mut texts = texts.into_iter().map(Cow::Owned);
        let mut next = || texts.next().unwrap();
        Entry {
            id,
            at,
            organisation,
            actor_kind: next(),
            actor_id: next(),
            action: next(),
            object_kind: next(),
            object_id: next(),
            purpose: next(),
            source: next(),
            outcome: next(),
            detail: next(),
        }
    }
}

proptest! {
    // What can be read back whole can't be the same for two entries.
    #[test]
    fn the_encoding_is_injective(entry in any_entry()) {
        prop_assert_eq!(Entry::from_canonical(&entry.canonical()), Ok(entry));
    }

    #[test]
    fn each_entry_has_one_encoding_only(bytes in vec(any::<u8>(), 0..300)) {
        let with_format = [&[1], bytes.as_slice()].concat();
        if let Ok(entry) = Entry::from_canonical(&with_format) {
            prop_assert_eq!(entry.canonical(), with_format);
        }
    }
}
