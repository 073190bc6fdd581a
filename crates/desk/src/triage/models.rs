//! Versions of the language model that were trained here.
//!
//! They lie side by side in `language/` below the data folder: `model-0001.bin`, `model-0002.bin` and so on, with a
//! report each. `adopted` names those that were put to use, one a line, the newest last: only a person adopts one, and
//! taking the last line away is the way back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Most lines of the list of adopted versions that are read.
const LINES: usize = 1_000;

/// The folder of the models.
pub fn folder(data: &Path) -> PathBuf {
    data.join("language")
}

/// The file of a version.
pub fn file(data: &Path, version: u32) -> PathBuf {
    folder(data).join(format!("model-{version:04}.bin"))
}

/// The file of a version's report.
pub fn report_file(data: &Path, version: u32) -> PathBuf {
    folder(data).join(format!("model-{version:04}.txt"))
}

/// The versions that are there, in order.
pub fn versions(data: &Path) -> Vec<u32> {
    let mut found: Vec<u32> = fs::read_dir(folder(data))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let name = name.to_str()?.strip_prefix("model-")?;
            name.strip_suffix(".bin")?.parse().ok()
        })
        .collect();
    found.sort_unstable();
    found
}

/// The versions that were adopted, the newest last. None while nobody adopted one.
///
/// # Errors
/// The list is there and can't be read, or isn't one.
pub fn history(data: &Path) -> io::Result<Vec<u32>> {
    let text = match fs::read_to_string(folder(data).join("adopted")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let lines = text.lines().take(LINES);
    let versions = lines.map(|line| line.trim().parse().map_err(io::Error::other));
    versions.collect()
}

/// Puts a version to use from the next start or reload on.
pub fn adopt(data: &Path, version: u32) -> io::Result<()> {
    let mut history = history(data)?;
    history.push(version);
    write_history(data, &history)
}

/// Goes back to the version before. Gives it back; `None` is the one that ships with the program.
pub fn roll_back(data: &Path) -> io::Result<Option<u32>> {
    let mut history = history(data)?;
    history.pop();
    write_history(data, &history)?;
    Ok(history.last().copied())
}

/// Written beside and renamed, so that a crash leaves the old list or the new one.
fn write_history(data: &Path, history: &[u32]) -> io::Result<()> {
    let lines: Vec<String> = history.iter().map(u32::to_string).collect();
    let place = folder(data).join("adopted");
    let beside = place.with_extension("new");
    fs::create_dir_all(folder(data))?;
    fs::write(&beside, lines.join("\n"))?;
    fs::rename(&beside, &place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adopting_and_going_back() {
        let data = tempfile::tempdir().unwrap();
        let data = data.path();
        assert!(history(data).unwrap().is_empty());
        fs::create_dir_all(folder(data)).unwrap();
        for version in [1_u32, 2] {
            fs::write(file(data, version), [u8::try_from(version).unwrap()]).unwrap();
        }
        assert_eq!(versions(data), [1, 2]);
        adopt(data, 1).unwrap();
        adopt(data, 2).unwrap();
        assert_eq!(history(data).unwrap(), [1, 2]);
        assert_eq!(roll_back(data).unwrap(), Some(1));
        assert_eq!(history(data).unwrap(), [1]);
        assert_eq!(roll_back(data).unwrap(), None);
        assert!(history(data).unwrap().is_empty());
        assert_eq!(roll_back(data).unwrap(), None);
        for odd in [b"1\ntwo".as_slice(), b"\xFF"] {
            fs::write(folder(data).join("adopted"), odd).unwrap();
            assert!(
                history(data).is_err(),
                "no list of versions is no empty one"
            );
        }
    }
}
