//! Any text as what a caller said: what is said in one of two texts is said in both together.
#![no_main]

#[path = "../clinic.rs"]
mod clinic;

use bedside_language::pretexts::{LOOKED_AT, Part, Pretexts};
use std::sync::LazyLock;

static PRETEXTS: LazyLock<Pretexts> = LazyLock::new(|| Pretexts::load(&clinic::files()).unwrap());

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let said = PRETEXTS.said(&text);
    let again = PRETEXTS.said("Please don't tell anybody.");
    for part in Part::ALL {
        assert_eq!(said.and(again).has(part), said.has(part) || again.has(part));
    }
    // Words after an empty line are a sentence of their own.
    let longer = format!("Hello.\n\n{text}");
    if longer.len() <= LOOKED_AT {
        let longer = PRETEXTS.said(&longer);
        assert!(Part::ALL.into_iter().all(|part| longer.has(part) || !said.has(part)));
    }
});
