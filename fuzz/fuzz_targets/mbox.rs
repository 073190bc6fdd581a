//! Any bytes as a mailbox file: it ends, and no message is larger than allowed.
#![no_main]

use bedside_codecs::mail::mbox::Mbox;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut count = 0;
    for message in Mbox::new(bytes, 256) {
        count += 1;
        assert!(count <= bytes.len());
        assert!(message.map_or(0, |message| message.len()) <= 256);
    }
});
