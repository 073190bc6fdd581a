use data_encoding::{BASE64, HEXLOWER};
use proptest::prelude::*;

use super::{checkpoint, origin, signer};
use crate::{CheckpointError, Origin, SignedCheckpoint, SigningKey, VerifyingKey, leaf_hash};

fn text() -> String {
    checkpoint(12, leaf_hash(b"root"))
        .sign(&signer())
        .to_string()
}

#[test]
fn the_key_pair_is_that_of_rfc_8032() {
    // RFC 8032 §7.1, test 1.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let seed: [u8; 32] = HEXLOWER
        .decode(seed.as_bytes())
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(
        HEXLOWER.encode(SigningKey::from_seed(&seed).verifying_key().as_bytes()),
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    );
}

#[test]
fn the_text_has_the_form_of_a_transparency_log_checkpoint() {
    let text = text();
    let root = BASE64.encode(&leaf_hash(b"root"));
    let head = format!(
        "desk.example.org/audit\n12\n{root}\ntime 1700000000000000\n\n— desk.example.org/audit "
    );
    assert!(text.starts_with(&head), "{text}");
    assert!(text.ends_with("=\n"), "{text}");
    assert_eq!(text.lines().count(), 6);
}

#[test]
fn a_signed_checkpoint_comes_back_from_its_text() {
    let text = text();
    let signed = SignedCheckpoint::parse(&text).unwrap();
    let key = signer().verifying_key();
    assert_eq!(signed.verify(&key), Ok(&checkpoint(12, leaf_hash(b"root"))));
    assert_eq!(signed.claim().size, 12);
    assert_eq!(signed.to_string(), text);
    let stored = VerifyingKey::from_bytes(*key.as_bytes());
    assert!(signed.verify(&stored).is_ok());
}

#[test]
fn another_key_or_another_name_does_not_verify() {
    let signed = SignedCheckpoint::parse(&text()).unwrap();
    let other = SigningKey::from_seed(&[8; 32]).verifying_key();
    assert_eq!(signed.verify(&other), Err(CheckpointError::BadSignature));
    let none = VerifyingKey::from_bytes([0xFF; 32]);
    assert_eq!(signed.verify(&none), Err(CheckpointError::BadSignature));
    let renamed = text().replace("desk.example.org", "desk.example.com");
    let signed = SignedCheckpoint::parse(&renamed).unwrap();
    let key = signer().verifying_key();
    assert_eq!(signed.verify(&key), Err(CheckpointError::BadSignature));
}

#[test]
fn no_altered_byte_verifies() {
    let text = text();
    let key = signer().verifying_key();
    for at in 0..text.len() {
        for flip in [1, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= flip;
            let Ok(altered) = String::from_utf8(bytes) else {
                continue;
            };
            let accepted = SignedCheckpoint::parse(&altered).is_ok_and(|c| c.verify(&key).is_ok());
            assert!(!accepted, "byte {at} with {flip}:\n{altered}");
        }
    }
}

#[test]
fn a_witness_may_add_its_signature() {
    let witness = format!("— witness.example.net {}\n", BASE64.encode(&[9; 76]));
    let cosigned = format!("{}{witness}", text());
    let signed = SignedCheckpoint::parse(&cosigned).unwrap();
    assert!(signed.verify(&signer().verifying_key()).is_ok());
    assert_eq!(signed.to_string(), cosigned);
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let text = text();
    let too_long = format!("{}{}", text, text.lines().last().unwrap().repeat(100));
    for wrong in [
        "",
        "\n\n",
        &text.replace("\n12\n", "\n012\n"),
        &text.replace("\n12\n", "\n+12\n"),
        &text.replace("\n12\n", "\n-12\n"),
        &text.replace("\n12\n", "\n99999999999999999999\n"),
        &text.replace('\n', "\r\n"),
        &text.replace("time ", "time  "),
        &text.replace("\n\n", "\nmore\n\n"),
        text.trim_end(),
        text.split_once("\n\n").unwrap().0,
        &text.replace('—', "-"),
        &too_long,
    ] {
        assert_eq!(
            SignedCheckpoint::parse(wrong),
            Err(CheckpointError::Malformed),
            "{wrong}"
        );
    }
}

#[test]
fn names_of_logs_keep_to_one_word() {
    for wrong in ["", "a b", "a+b", "a\nb", "a\u{0}", &"x".repeat(201)] {
        assert_eq!(Origin::new(wrong), Err(CheckpointError::Origin));
    }
    assert_eq!(Origin::new("desk").unwrap().as_str(), "desk");
}

#[test]
fn the_public_key_reads_as_a_note_key_and_the_secret_one_not_at_all() {
    let key = signer().verifying_key();
    let note_key = key.note_key(&origin());
    let [name, id, typed] = note_key.splitn(3, '+').collect::<Vec<_>>()[..] else {
        panic!("{note_key}");
    };
    assert_eq!(name, "desk.example.org/audit");
    assert_eq!(id, HEXLOWER.encode(&key.id(&origin())));
    assert_eq!(
        BASE64.decode(typed.as_bytes()).unwrap()[1..],
        key.as_bytes()[..]
    );
    assert_eq!(format!("{:?}", signer()), "SigningKey([redacted])");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(\\PC|\n|— | ){0,200}") {
        if let Ok(signed) = SignedCheckpoint::parse(&text) {
            prop_assert_eq!(signed.to_string(), text);
        }
    }

    #[test]
    fn every_checkpoint_survives_its_text(size: u64, root: [u8; 32], at: i64) {
        let mut made = checkpoint(size, root);
        made.at = at;
        let text = made.clone().sign(&signer()).to_string();
        let signed = SignedCheckpoint::parse(&text).unwrap();
        prop_assert_eq!(signed.verify(&signer().verifying_key()), Ok(&made));
    }
}
