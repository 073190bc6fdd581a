//! Versions of the language model that were trained here.
//!
//! They lie side by side in `language/` below the data folder: `model-0001.bin`, `model-0002.bin` and so on, with a
//! report each. `adopted` names those that were put to use, one a line, the newest last: only a person adopts one, and
//! taking the last line away is the way back.
//!
//! `decisions` says who adopted one or went back, and when: it is written first, so that nothing changes without a name. The
//! commands that decide run beside the desk, which may hold the database; whichever process uses the models next brings what is
//! new there into the audit log, and `decisions.noted` counts the lines that it has.

use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Most lines of the list of adopted versions, and of decisions that are not in the audit log yet, that are read.
const LINES: usize = 1_000;

/// What somebody decided about the version in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What.
    pub did: Did,
    /// The version that is in use after it; none for the one from before any was adopted.
    pub version: Option<u32>,
    /// The name of whoever decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Ways to change which version is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// One was put to use.
    Adopt,
    /// The one before came back.
    Rollback,
}

impl Did {
    /// Its name in the audit log.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Adopt => "language.adopt",
            Self::Rollback => "language.rollback",
        }
    }
}

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

fn write_history(data: &Path, history: &[u32]) -> io::Result<()> {
    let lines: Vec<String> = history.iter().map(u32::to_string).collect();
    replace(&folder(data).join("adopted"), &lines.join("\n"))
}

/// Written beside and renamed, so that a crash leaves the old text or the new one.
fn replace(place: &Path, text: &str) -> io::Result<()> {
    let beside = place.with_extension("new");
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&beside, text)?;
    fs::rename(&beside, place)
}

/// Writes down what somebody is about to do, on a line of its own: after one that a crash tore there is no end of a line.
pub fn sign(data: &Path, decision: &Decision) -> io::Result<()> {
    fs::create_dir_all(folder(data))?;
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(folder(data).join("decisions"))?;
    let mut line = Vec::new();
    if is_torn(&mut file)? {
        line.push(b'\n');
    }
    serde_json::to_writer(&mut line, decision)?;
    line.push(b'\n');
    file.write_all(&line)?;
    file.sync_all()
}

/// Whether something stands in the file that does not end with its line.
fn is_torn(file: &mut fs::File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// The decisions that are not in the audit log yet, oldest first, and how many lines they stand on: what a crash tore is left
/// out, and not waited for.
pub fn unnoted(data: &Path) -> io::Result<(usize, Vec<Decision>)> {
    // Bytes, since a line may be torn within a letter.
    let text = bytes_of(&folder(data).join("decisions"))?;
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.skip(noted(data)?).take(LINES);
    let mut count = 0;
    let read = lines.inspect(|_| count += 1);
    let read = read.filter_map(|line| serde_json::from_slice(line).ok());
    let decisions = read.collect();
    Ok((count, decisions))
}

/// As many more lines of them are in the audit log.
pub fn note(data: &Path, more: usize) -> io::Result<()> {
    let all = noted(data)?.saturating_add(more);
    replace(&folder(data).join("decisions.noted"), &all.to_string())
}

fn noted(data: &Path) -> io::Result<usize> {
    let text = text_of(&folder(data).join("decisions.noted"))?;
    match text.trim() {
        "" => Ok(0),
        number => number.parse().map_err(io::Error::other),
    }
}

/// A file's text; an empty one where there is none.
fn text_of(place: &Path) -> io::Result<String> {
    String::from_utf8(bytes_of(place)?).map_err(io::Error::other)
}

fn bytes_of(place: &Path) -> io::Result<Vec<u8>> {
    match fs::read(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_handed_over_once_and_a_torn_line_holds_none_up() {
        let data = tempfile::tempdir().unwrap();
        let data = data.path();
        assert_eq!(unnoted(data).unwrap(), (0, Vec::new()));
        let decided = |did, version, by: &str| Decision {
            did,
            version,
            by: by.to_owned(),
            at: Timestamp::from_micros(1_000_000),
        };
        let (first, second) = (
            decided(Did::Adopt, Some(3), "Rosario"),
            decided(Did::Rollback, None, "Zoë \"Z\" Bell"),
        );
        sign(data, &first).unwrap();
        assert_eq!(unnoted(data).unwrap(), (1, vec![first]));
        note(data, 1).unwrap();
        assert_eq!(unnoted(data).unwrap(), (0, Vec::new()));
        let place = folder(data).join("decisions");
        let tear = |line: &[u8]| {
            let mut text = fs::read(&place).unwrap();
            text.extend_from_slice(line);
            fs::write(&place, text).unwrap();
        };
        // Within a letter, before its line was over; whoever decides next begins a line of their own.
        tear(b"{\"did\":\"adopt\",\"by\":\"Zo\xC3");
        sign(data, &second).unwrap();
        assert_eq!(unnoted(data).unwrap(), (2, vec![second.clone()]));
        note(data, 2).unwrap();
        assert_eq!(unnoted(data).unwrap().0, 0);
        // The same where what was torn counts as noted by then.
        tear(b"{\"did\":");
        assert_eq!(unnoted(data).unwrap(), (1, Vec::new()));
        note(data, 1).unwrap();
        sign(data, &second).unwrap();
        assert_eq!(unnoted(data).unwrap(), (1, vec![second]));
        note(data, 1).unwrap();
        fs::write(folder(data).join("decisions.noted"), "many").unwrap();
        assert!(unnoted(data).is_err(), "nothing is told twice by guessing");
    }

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
