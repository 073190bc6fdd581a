//! Any bytes as a message: parsed or refused, within limits, and its text split without loss.
#![no_main]

use bedside_codecs::mail::{Limits, parse, quote::split_quote};

libfuzzer_sys::fuzz_target!(|raw: &[u8]| {
    let limits = Limits {
        headers: 16 * 1024,
        parts: 50,
        nesting: 8,
        attachments: 10,
        ..Limits::default()
    };
    let Ok(mail) = parse(raw, &limits) else {
        return;
    };
    assert!(mail.attachments.len() <= 10 && mail.references.len() <= 100);
    assert!(!mail.subject.contains(|c: char| c.is_control()));
    assert!(
        mail.attachments
            .iter()
            .all(|file| !file.file_name.is_empty() && !file.file_name.contains(['/', '\\', '\0']))
    );
    let _ = (
        mail.auto_kind(None),
        mail.auto_kind(Some("")),
        mail.authentication("mx.example"),
    );
    let text = mail.readable_text();
    let body = split_quote(&text);
    assert_eq!(body.fresh.len() + body.quoted.len(), text.len());
});
