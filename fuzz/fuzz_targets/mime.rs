//! Any bytes as a message: parsed or refused, within limits, and its text split without loss.
#![no_main]

use bedside_codecs::mail::{Limits, own_words::OwnWords, parse, quote::Lines};

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
    // Nothing is the desk's own in a stranger's mail, so that no word is put aside.
    let own = OwnWords::default();
    let body = Lines::of(&text).split(&own);
    assert_eq!(body.fresh.len() + body.quoted.len(), text.len());
    for line in body.quoted.lines() {
        assert!(own.hold(line) || body.said.contains(line));
    }
});
