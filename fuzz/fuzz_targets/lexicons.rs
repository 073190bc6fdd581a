//! Any bytes as one of a clinic's language files: used or refused with its name and a line of it, never a panic; and what can
//! be used answers any text. The first line of the input is the file's name, the rest what stands in it.
#![no_main]

#[path = "../clinic.rs"]
mod clinic;

use bedside_language::clinic::{reviews, text_of};
use bedside_language::coach::{Coach, Context};
use bedside_language::distress::Listener;
use bedside_language::pretexts::Pretexts;
use bedside_language::themes::Themes;
use bedside_language::{Channel, ClinicFiles, Engine, LoadError, Message};
use std::sync::LazyLock;

/// Words that every file of the seeds says something about.
const TEXT: &str = "I am furious, my chest hurts and k*ll * d i e. 胸痛 no tengo miedo (2 mg).";

/// Files that load at once: what a text is read with as it ships, and hardly any rules.
static FILES: LazyLock<ClinicFiles> = LazyLock::new(|| {
    let mut files = clinic::files();
    for (name, text) in &mut files {
        let (kind, language) = name.rsplit_once('/').unwrap().1.split_once('.').unwrap();
        let flag = format!(
            "[[flag]]\nid = \"fuzz.{}\"\nkind = \"other\"\nlevel = \"concern\"\nterms = [\"chest hurts\"]\nreason = \"r\"\nreview = \"2027-05-01\"\n",
            language.trim_end_matches(".toml").to_lowercase().replace('-', "_")
        );
        match kind {
            "redflags" => *text = flag,
            "lexicon" => *text = "entry = []\n".to_owned(),
            "concepts" if language == "toml" => {
                *text = "[[concept]]\nname = \"chest\"\nreason = \"r\"\nreview = \"2027-05-01\"\n".to_owned();
            }
            "concepts" => *text = "section = []\n".to_owned(),
            _ => {}
        }
    }
    files
});

/// Reads what this file belongs to, and asks it about a text.
fn read(name: &str, files: &ClinicFiles) -> Result<(), LoadError> {
    if name.contains("/coach/") {
        let coach = Coach::load(files)?;
        for language in ["en", "es"] {
            let context = Context {
                language,
                name: Some("Rosa"),
                patient: TEXT,
                distress: None,
                clinical: false,
            };
            let _ = coach.advise(TEXT, &context);
        }
    } else if name.contains("/distress.") {
        let _ = Listener::load(files)?.look(TEXT);
    } else if name.contains("/themes.") {
        let _ = Themes::load(files)?.look(TEXT);
    } else if name.contains("/pretexts.") {
        let _ = Pretexts::load(files)?.said(TEXT);
    } else {
        let engine = Engine::load(files, None)?;
        let message = Message {
            channel: Channel::Portal,
            subject: "",
            body: TEXT,
            hint_language: None,
        };
        let verdict = engine.triage(&message);
        for span in verdict.reasons.iter().flat_map(|reason| &reason.spans) {
            assert!(TEXT.get(span.start..span.end).is_some());
        }
        let _ = engine.speaks_of_oneself(TEXT);
    }
    Ok(())
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (name, text) = bytes.split_at(end.unwrap_or(0));
    let name = String::from_utf8_lossy(name);
    let text = match text_of(&name, text.get(1..).unwrap_or_default().to_vec()) {
        Ok(text) => text,
        Err(refused) => {
            assert!(refused.line > 0);
            return;
        }
    };
    // What nobody reads says nothing.
    if !FILES.contains_key(&*name) {
        return;
    }
    let lines = text.split('\n').count();
    let mut files = FILES.clone();
    files.insert(name.clone().into_owned(), text);
    for review in reviews(&files).into_values().flatten() {
        assert!(review.line > 0);
    }
    if let Err(refused) = read(&name, &files) {
        assert!(!refused.reason.is_empty() && refused.reason.len() < 200_000);
        // Where another file is named, this one took something from it that it needs.
        assert!(refused.file != *name || refused.line <= lines, "{refused}");
    }
});
