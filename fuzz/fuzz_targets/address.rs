//! Any text as an address: what is accepted can end neither a header nor an SMTP command.
#![no_main]

use bedside_codecs::mail::{address::Address, clean_file_name};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(address) = Address::parse(text) {
        assert!(address.as_str().len() <= 254);
        assert!(!address.as_str().contains(|c: char| c.is_control()
            || c.is_whitespace()
            || "<>,;:\"()[]\\".contains(c)));
        assert_eq!(Address::parse(address.as_str()).as_ref(), Ok(&address));
    }
    let name = clean_file_name(text);
    assert_eq!(clean_file_name(&name), name);
});
