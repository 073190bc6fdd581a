//! The clinic's own language files, for the targets that need them.

use bedside_language::ClinicFiles;

/// Where the clinic's files lie.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../clinic");

/// The text files below `language/`, by their path below `clinic/`.
pub fn files() -> ClinicFiles {
    let mut files = ClinicFiles::new();
    for folder in ["language", "language/markers", "language/coach"] {
        for entry in std::fs::read_dir(format!("{ROOT}/{folder}")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "toml" || kind == "txt") {
                let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}
