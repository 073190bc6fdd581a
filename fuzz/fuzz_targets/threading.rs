//! Any text as a reply address or Message-ID: nothing unsigned is accepted.
#![no_main]

use bedside_codecs::mail::threading::{OwnMessage, ReplyToken};

libfuzzer_sys::fuzz_target!(|text: &str| {
    // No text the fuzzer finds can know this constant: it is the code of a key that nobody has.
    let mac = |parts: &[&[u8]]| {
        let mut out = [0x5a_u8; 32];
        for (at, byte) in parts.concat().iter().enumerate() {
            out[at % 32] = out[at % 32].rotate_left(3) ^ byte.wrapping_mul(31);
        }
        out
    };
    if let Some(token) = ReplyToken::find(text) {
        let found = token.verify(b"participant", &mac);
        let right = ReplyToken::sign(token.claimed_ticket(), b"participant", &mac);
        assert_eq!(found.is_some(), right == token);
    }
    if let Some(own) = OwnMessage::verify(text, "clinic.example", &mac) {
        let id = own.message_id("clinic.example", &mac);
        assert!(text.to_lowercase().contains(&id));
    }
});
