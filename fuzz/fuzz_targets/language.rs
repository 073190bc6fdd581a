//! Any text as a message, any bytes as a model: an answer, never a panic, and every place inside the text.
#![no_main]

#[path = "../clinic.rs"]
mod clinic;

use bedside_language::{Channel, Engine, Field, Message, Model};
use std::sync::LazyLock;

/// The clinic's own files and model.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let model = std::fs::read(format!("{}/language/model.bin", clinic::ROOT)).unwrap();
    Engine::load(&clinic::files(), Some(model.into())).unwrap()
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Model::read(&bytes.to_vec().into());
    let text = String::from_utf8_lossy(bytes);
    let (subject, body) = text.split_once('\n').unwrap_or(("", &text));
    let verdict = ENGINE.triage(&Message {
        channel: Channel::Email,
        subject,
        body,
        hint_language: None,
    });
    for span in verdict.reasons.iter().flat_map(|reason| &reason.spans) {
        let field = if span.field == Field::Subject { subject } else { body };
        assert!(field.get(span.start..span.end).is_some());
    }
});
