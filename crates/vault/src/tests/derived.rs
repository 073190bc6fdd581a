use std::collections::HashSet;

use crate::{
    BlindIndexKey, BlindKind, MacKey, OrganisationKeys, SearchKey, TokenKind,
    secret::{random_bytes, random_token, token_hash},
};

/// 0, 1, 2 … 31.
fn counted() -> [u8; 32] {
    std::array::from_fn(|at| u8::try_from(at).unwrap())
}

// The expected values were computed apart from this code, from RFC 5869, RFC 2104 and the SipHash
// paper. They are part of what is stored: a change here loses every look-up.
#[test]
fn stored_values_never_change() {
    let index = BlindIndexKey::derive(&counted()).index(BlindKind::Email, "ana@example.org");
    assert_eq!(
        data_encoding::HEXLOWER.encode(&index),
        "6c37cb15c5cabcdacac99dd4d0ff6880"
    );
    let search = SearchKey::derive(&counted());
    assert_eq!(
        search.token(TokenKind::Word, "headache").as_str(),
        "wvfigfr7"
    );
    assert_eq!(
        search.token(TokenKind::Prefix, "headache").as_ref(),
        "didhco7d"
    );
    let mac = MacKey::derive(&counted(), "reply address").sign(&[b"ticket", b"", b"42"]);
    assert_eq!(
        data_encoding::HEXLOWER.encode(&mac),
        "3255b803749a6bbab83dc5d2c2002fb6b78aa619105f4ed23257b190a86633a7"
    );
}

#[test]
fn kinds_of_blind_index_do_not_meet() {
    use BlindKind as K;
    let kinds = [
        K::Email,
        K::Phone,
        K::Mrn,
        K::MemberId,
        K::Name,
        K::BirthDate,
        K::NameAndBirthDate,
        K::Handle,
        K::MessageId,
    ];
    let key = OrganisationKeys::generate().blind_index_key();
    let indexes: HashSet<_> = kinds.iter().map(|&kind| key.index(kind, "same")).collect();
    assert_eq!(indexes.len(), kinds.len());
}

#[test]
fn organisations_do_not_share_indexes_or_tokens() {
    let (one, two) = (OrganisationKeys::generate(), OrganisationKeys::generate());
    let index = |keys: &OrganisationKeys| keys.blind_index_key().index(BlindKind::Name, "ana");
    assert_ne!(index(&one), index(&two));
    let token = |keys: &OrganisationKeys| keys.search_key().token(TokenKind::Word, "ana");
    assert_ne!(token(&one), token(&two));
}

#[test]
fn tokens_are_eight_lower_case_base32_characters_and_rarely_meet() {
    let key = SearchKey::derive(&counted());
    let tokens: HashSet<_> = (0..20_000)
        .map(|number| key.token(TokenKind::Word, &format!("term{number}")))
        .collect();
    assert_eq!(tokens.len(), 20_000);
    for token in &tokens {
        assert_eq!(token.as_str().len(), 8);
        assert!(
            token
                .as_str()
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
        );
    }
}

#[test]
fn a_mac_counts_the_borders_between_parts() {
    let key = OrganisationKeys::generate().mac_key("reply address");
    let tag = key.sign(&[b"ab", b"c"]);
    assert!(key.verify(&[b"ab", b"c"], &tag));
    assert!(key.verify(&[b"ab", b"c"], &tag[..16]));
    for parts in [&[&b"a"[..], b"bc"][..], &[b"abc"], &[b"ab", b"c", b""], &[]] {
        assert!(!key.verify(parts, &tag), "{parts:?}");
    }
    for at in 0..tag.len() {
        let mut altered = tag;
        altered[at] ^= 1;
        assert!(!key.verify(&[b"ab", b"c"], &altered));
    }
    assert!(!key.verify(&[b"ab", b"c"], &tag[..15]));
    assert!(!key.verify(&[b"ab", b"c"], &[]));
    assert!(!key.verify(&[b"ab", b"c"], &[tag.as_slice(), &[0]].concat()));
}

#[test]
fn each_label_is_its_own_mac_key() {
    let keys = OrganisationKeys::generate();
    let tag = keys.mac_key("reply address").sign(&[b"x"]);
    assert!(!keys.mac_key("rating link").verify(&[b"x"], &tag));
    assert!(keys.mac_key("reply address").verify(&[b"x"], &tag));
}

#[test]
fn tokens_for_links_are_long_plain_and_new_each_time() {
    let tokens: HashSet<String> = (0..1000).map(|_| random_token()).collect();
    assert_eq!(tokens.len(), 1000);
    for token in &tokens {
        assert_eq!(token.len(), 32);
        assert!(
            token
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
        );
    }
    assert_ne!(random_bytes::<32>(), random_bytes::<32>());
}

#[test]
fn a_token_hash_is_its_sha_256() {
    // FIPS 180-4 example "abc".
    assert_eq!(
        data_encoding::HEXLOWER.encode(&token_hash("abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}
