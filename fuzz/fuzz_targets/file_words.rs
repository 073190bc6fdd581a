//! Any bytes as a file of a mail: what it says stays within bounds.
#![no_main]

use bedside_codecs::mail::file_words::{ALL, EACH, file_words};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for declared in ["text/plain", "text/html", "message/rfc822"] {
        let found = file_words(declared, bytes);
        assert!(found.texts.iter().map(String::len).sum::<usize>() <= ALL);
        assert!(found.texts.iter().all(|text| text.len() <= EACH));
        assert!(found.names.len() <= 100);
    }
});
