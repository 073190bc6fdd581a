use proptest::prelude::*;

use crate::{DataKey, OVERHEAD, OpenError, OrganisationKeys, Place, RetireError, RootKey};

const BODY: Place = Place {
    table: "messages",
    column: "body",
    row: [7; 16],
};

#[test]
fn a_sealed_text_opens_in_its_place_only() {
    let key = DataKey::generate();
    let sealed = key.seal_str(BODY, "I can't sleep");
    assert_eq!(key.open_str(BODY, &sealed).unwrap(), "I can't sleep");
    let mut row = [7; 16];
    row[15] = 8;
    let others = [
        Place { row, ..BODY },
        Place {
            column: "subject",
            ..BODY
        },
        Place {
            table: "notes",
            ..BODY
        },
        // The border between the two names counts too.
        Place {
            table: "message",
            column: "sbody",
            ..BODY
        },
    ];
    for other in others {
        assert_eq!(
            key.open(other, &sealed),
            Err(OpenError::Refused),
            "{other:?}"
        );
    }
}

#[test]
fn long_names_are_bound_as_well() {
    const LONG: &str = "a_table_with_a_name_that_is_longer_than_anything_that_a_sane_person_would_ever_call_a_table_but_that_must_not_break_sealing_all_the_same";
    let key = DataKey::generate();
    let place = Place {
        table: LONG,
        ..BODY
    };
    let sealed = key.seal(place, b"x");
    assert_eq!(key.open(place, &sealed).unwrap(), b"x");
    let shorter = Place {
        table: &LONG[1..],
        ..BODY
    };
    assert_eq!(key.open(shorter, &sealed), Err(OpenError::Refused));
}

#[test]
fn another_key_opens_nothing() {
    let sealed = DataKey::generate().seal(BODY, b"text");
    assert_eq!(
        DataKey::generate().open(BODY, &sealed),
        Err(OpenError::Refused)
    );
}

#[test]
fn the_same_text_never_seals_to_the_same_bytes() {
    let key = DataKey::generate();
    assert_ne!(key.seal(BODY, b"text"), key.seal(BODY, b"text"));
}

#[test]
fn unknown_formats_and_stumps_are_told_apart_from_alteration() {
    let key = DataKey::generate();
    let mut sealed = key.seal(BODY, b"");
    assert_eq!(sealed.len(), OVERHEAD);
    assert_eq!(key.open(BODY, &sealed[1..]), Err(OpenError::TooShort));
    sealed[0] = 9;
    assert_eq!(key.open(BODY, &sealed), Err(OpenError::UnknownFormat(9)));
}

#[test]
fn bytes_that_are_no_text_do_not_open_as_text() {
    let key = DataKey::generate();
    let sealed = key.seal(BODY, &[0xFF, 0xFE]);
    assert_eq!(key.open_str(BODY, &sealed), Err(OpenError::Malformed));
}

#[test]
fn keys_come_back_from_their_wraps() {
    let root = RootKey::generate();
    let keys = OrganisationKeys::generate();
    let data = DataKey::generate();
    let sealed = data.seal(BODY, b"text");

    let bundle = keys.wrap(&root, b"clinic one");
    let wrapped = data.wrap(&keys, b"key 1");
    assert_eq!(wrapped.len(), DataKey::WRAPPED_LEN);

    let keys = OrganisationKeys::unwrap(&root, &bundle, b"clinic one").unwrap();
    let data = DataKey::unwrap(&keys, &wrapped, b"key 1").unwrap();
    assert_eq!(data.open(BODY, &sealed).unwrap(), b"text");
}

#[test]
fn a_wrap_opens_for_its_owner_only() {
    let root = RootKey::generate();
    let keys = OrganisationKeys::generate();
    let bundle = keys.wrap(&root, b"clinic one");
    let refused = |result: Result<OrganisationKeys, _>| result.unwrap_err() == OpenError::Refused;
    assert!(refused(OrganisationKeys::unwrap(
        &root,
        &bundle,
        b"clinic two"
    )));
    assert!(refused(OrganisationKeys::unwrap(
        &RootKey::generate(),
        &bundle,
        b"clinic one"
    )));
    // A bundle is no secret of the installation, though the same key sealed it.
    assert_eq!(
        root.open_secret(b"clinic one", &bundle),
        Err(OpenError::Refused)
    );

    let wrapped = DataKey::generate().wrap(&keys, b"key 1");
    let error = |keys: &OrganisationKeys, wrapped: &[u8], context: &[u8]| {
        DataKey::unwrap(keys, wrapped, context).unwrap_err()
    };
    assert_eq!(error(&keys, &wrapped, b"key 2"), OpenError::Refused);
    assert_eq!(
        error(&OrganisationKeys::generate(), &wrapped, b"key 1"),
        OpenError::Refused
    );
    assert_eq!(error(&keys, &wrapped[..60], b"key 1"), OpenError::TooShort);
    assert_eq!(error(&keys, &wrapped[..3], b"key 1"), OpenError::TooShort);
    let longer = [wrapped.as_slice(), b"x"].concat();
    assert_eq!(error(&keys, &longer, b"key 1"), OpenError::Malformed);
}

#[test]
fn rotation_reads_both_versions_until_the_old_one_is_retired() {
    let root = RootKey::generate();
    let before = OrganisationKeys::generate();
    let data = DataKey::generate();
    let sealed = data.seal(BODY, b"text");
    let old_wrap = data.wrap(&before, b"key 1");
    let index = before
        .blind_index_key()
        .index(crate::BlindKind::Email, "a@b.c");

    // As it goes in practice: the new bundle is stored and read back before it is used.
    let bundle = before.rotate().wrap(&root, b"clinic");
    let after = OrganisationKeys::unwrap(&root, &bundle, b"clinic").unwrap();
    assert_eq!((before.current_version(), after.current_version()), (1, 2));
    assert!(after.versions().eq([1, 2]));
    assert_eq!(
        after
            .blind_index_key()
            .index(crate::BlindKind::Email, "a@b.c"),
        index
    );

    assert!(after.needs_rewrap(&old_wrap).unwrap());
    let new_wrap = after.rewrap(&old_wrap, b"key 1").unwrap();
    assert!(!after.needs_rewrap(&new_wrap).unwrap());
    assert_eq!(DataKey::wrapped_version(&new_wrap).unwrap(), 2);
    for wrap in [&old_wrap, &new_wrap] {
        let data = DataKey::unwrap(&after, wrap, b"key 1").unwrap();
        assert_eq!(data.open(BODY, &sealed).unwrap(), b"text");
    }

    assert_eq!(after.retire(2).unwrap_err(), RetireError::Current(2));
    assert_eq!(after.retire(3).unwrap_err(), RetireError::Unknown(3));
    let retired = after.retire(1).unwrap();
    assert_eq!(
        DataKey::unwrap(&retired, &old_wrap, b"key 1").unwrap_err(),
        OpenError::UnknownKeyVersion(1)
    );
    assert!(DataKey::unwrap(&retired, &new_wrap, b"key 1").is_ok());
}

#[test]
fn a_version_number_can_not_be_swapped() {
    let keys = OrganisationKeys::generate().rotate();
    let mut wrapped = DataKey::generate().wrap(&keys, b"key 1");
    wrapped[3] = 1;
    assert_eq!(
        DataKey::unwrap(&keys, &wrapped, b"key 1").unwrap_err(),
        OpenError::Refused
    );
}

#[test]
fn secrets_of_the_installation_open_under_their_context() {
    let root = RootKey::from_bytes([3; 32]);
    let sealed = root.seal_secret(b"mailbox 1", b"hunter2");
    assert_eq!(
        root.open_secret(b"mailbox 1", &sealed).unwrap().as_slice(),
        b"hunter2"
    );
    assert_eq!(
        root.open_secret(b"mailbox 2", &sealed),
        Err(OpenError::Refused)
    );
}

#[test]
fn debug_shows_no_secret() {
    let root = RootKey::from_bytes([0xAB; 32]);
    let keys = OrganisationKeys::generate();
    let shown = [
        format!("{root:?}"),
        format!("{:?}", DataKey::generate()),
        format!("{keys:?}"),
        format!("{:?}", keys.blind_index_key()),
        format!("{:?}", keys.search_key()),
        format!("{:?}", keys.mac_key("x")),
    ];
    assert_eq!(
        shown,
        [
            "RootKey([redacted])",
            "DataKey([redacted])",
            "OrganisationKeys { versions: [1], .. }",
            "BlindIndexKey([redacted])",
            "SearchKey([redacted])",
            "MacKey([redacted])",
        ]
    );
}

proptest! {
    #[test]
    fn what_is_sealed_opens(plain in prop::collection::vec(any::<u8>(), 0..2000), row: [u8; 16]) {
        let key = DataKey::generate();
        let place = Place { row, ..BODY };
        let sealed = key.seal(place, &plain);
        prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD);
        prop_assert_eq!(key.open(place, &sealed).unwrap(), plain);
    }

    #[test]
    fn no_flipped_bit_goes_unseen(
        plain in prop::collection::vec(any::<u8>(), 0..200),
        at: prop::sample::Index,
        bit in 0..8_u8,
    ) {
        let key = DataKey::generate();
        let mut sealed = key.seal(BODY, &plain);
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(key.open(BODY, &sealed).is_err());
    }

    #[test]
    fn no_flipped_bit_of_a_wrapped_key_goes_unseen(at: prop::sample::Index, bit in 0..8_u8) {
        let (root, keys) = (RootKey::generate(), OrganisationKeys::generate());
        let mut wrapped = DataKey::generate().wrap(&keys, b"key 1");
        let place = at.index(wrapped.len());
        wrapped[place] ^= 1 << bit;
        prop_assert!(DataKey::unwrap(&keys, &wrapped, b"key 1").is_err());
        let mut bundle = keys.wrap(&root, b"clinic");
        let place = at.index(bundle.len());
        bundle[place] ^= 1 << bit;
        prop_assert!(OrganisationKeys::unwrap(&root, &bundle, b"clinic").is_err());
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (root, keys) = (RootKey::generate(), OrganisationKeys::generate());
        prop_assert!(DataKey::generate().open(BODY, &bytes).is_err());
        prop_assert!(DataKey::unwrap(&keys, &bytes, b"").is_err());
        prop_assert!(OrganisationKeys::unwrap(&root, &bytes, b"").is_err());
        // Well sealed, but no bundle.
        let sealed = root.cipher().seal(&crate::cipher::wrap_context("organisation keys", b""), &bytes);
        if let Err(error) = OrganisationKeys::unwrap(&root, &sealed, b"") {
            prop_assert!(matches!(error, OpenError::Malformed | OpenError::UnknownFormat(_)));
        }
    }
}
