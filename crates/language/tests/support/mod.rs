//! The clinic's own files, as the program would hand them over.

use std::path::Path;
use std::sync::LazyLock;

use bedside_language::{ClinicFiles, Engine};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic/language");

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples-data");

/// The text files, those in folders and the examples included.
pub fn files() -> ClinicFiles {
    fn add(folder: &Path, name: &str, files: &mut ClinicFiles) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                add(&path, &name, files);
            } else if path.extension().is_some_and(|e| e == "toml" || e == "txt") {
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut files = ClinicFiles::new();
    add(Path::new(ROOT), "language", &mut files);
    add(Path::new(EXAMPLES), "language/examples", &mut files);
    files
}

pub fn model() -> Vec<u8> {
    std::fs::read(Path::new(ROOT).join("model.bin")).unwrap()
}

pub static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::load(&files(), Some(model().into())).unwrap());
