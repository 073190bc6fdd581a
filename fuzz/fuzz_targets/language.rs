//! Any text as a message, any bytes as a model: an answer, never a panic, and every place inside the text.
#![no_main]

use bedside_language::{Channel, ClinicFiles, Engine, Field, Message, Model};
use std::sync::LazyLock;

/// The clinic's own files and model.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../clinic/language");
    let mut files = ClinicFiles::new();
    for folder in ["language", "language/markers"] {
        for entry in std::fs::read_dir(format!("{root}/../{folder}")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "toml" || kind == "txt") {
                let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let model = std::fs::read(format!("{root}/model.bin")).unwrap();
    Engine::load(&files, Some(model.into())).unwrap()
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
