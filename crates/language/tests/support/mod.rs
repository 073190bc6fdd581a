//! The clinic's own files, as the program would hand them over.

use std::sync::LazyLock;

use bedside_language::{Channel, ClinicFiles, Engine, Message, Verdict};

pub fn files() -> ClinicFiles {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic/language");
    let mut files = ClinicFiles::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let name = format!("language/{}", path.file_name().unwrap().to_str().unwrap());
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    files
}

pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load(&files()).unwrap());

pub fn triage(channel: Channel, subject: &str, body: &str) -> Verdict {
    let hint_language = None;
    ENGINE.triage(&Message {
        channel,
        subject,
        body,
        hint_language,
    })
}
