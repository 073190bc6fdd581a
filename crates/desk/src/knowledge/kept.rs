//! The copies of the last language files that could be used: `language/kept` below the data folder, and `kept.before`, the
//! one that it took the place of. The first line of a copy is the SHA-256 of what follows, so that one that was damaged is
//! known as such.

use super::Source;
use crate::config::Config;
use crate::triage::models;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

fn place(data: &Path) -> PathBuf {
    models::folder(data).join("kept")
}

/// Keeps a copy of a clinic's own files, unless it is there. What ships with the program needs none. When it can't be
/// written, the older copy stays and the desk works on.
pub fn keep(config: &Config, source: &Source) {
    if config.clinic.is_none() {
        return;
    }
    if let Err(error) = write(&place(&config.data), source) {
        tracing::error!(%error, "no copy of the clinic's language files could be kept");
    }
}

/// The copy that another one took the place of.
fn earlier(place: &Path) -> PathBuf {
    place.with_extension("before")
}

/// Written beside and renamed, so that a crash leaves the old copy or the new one. Of two processes each has its own name
/// for what it writes.
fn write(place: &Path, source: &Source) -> io::Result<()> {
    let text = serde_json::to_vec(source)?;
    let mut bytes = sum(&text).into_bytes();
    bytes.push(b'\n');
    bytes.extend(text);
    let known = fs::read(place);
    if known.as_ref().is_ok_and(|known| *known == bytes) {
        return Ok(());
    }
    let folder = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = place.with_extension(format!("{}.new", std::process::id()));
    let mut file = File::create(&beside)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    if known.is_ok_and(|known| parse(&known).is_some()) {
        fs::rename(place, earlier(place))?;
    }
    fs::rename(&beside, place)?;
    File::open(folder)?.sync_all()
}

fn sum(text: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, text).as_ref())
}

/// The copies that are whole, the newest first.
pub fn copies(config: &Config) -> Vec<Source> {
    let newest = place(&config.data);
    let places = [earlier(&newest), newest].into_iter().rev();
    places.filter_map(|place| copy(&place)).collect()
}

fn copy(place: &Path) -> Option<Source> {
    let problem = match fs::read(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => error.to_string(),
        Ok(bytes) => match parse(&bytes) {
            Some(source) => return Some(source),
            None => "damaged".to_owned(),
        },
    };
    tracing::error!(%problem, copy = %place.display(), "a copy of the clinic's language files is left aside");
    None
}

fn parse(bytes: &[u8]) -> Option<Source> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (noted, text) = (&bytes[..end], &bytes[end + 1..]);
    let is_whole = sum(text).as_bytes() == noted;
    is_whole.then(|| serde_json::from_slice(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_read_as_they_were_kept_and_damaged_ones_are_not() {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config {
            data: data.path().to_owned(),
            ..Config::default()
        };
        let first = Source {
            files: [("language/a.toml".to_owned(), "señal".to_owned())].into(),
            model: Some(vec![0, 255, 10].into()),
        };
        keep(&config, &first);
        assert_eq!(
            copies(&config),
            [],
            "what ships with the program is not kept"
        );
        config.clinic = Some(data.path().join("clinic"));
        for _ in 0..2 {
            keep(&config, &first);
            assert_eq!(copies(&config), std::slice::from_ref(&first));
        }
        let second = Source {
            model: None,
            ..first.clone()
        };
        let both = [second.clone(), first.clone()];
        for _ in 0..2 {
            keep(&config, &second);
            assert_eq!(copies(&config), both, "the one before is kept as well");
        }
        let place = place(&config.data);
        let whole = fs::read(&place).unwrap();
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        for damaged in [flipped(3), flipped(whole.len() - 5), whole[..40].to_vec()] {
            fs::write(&place, damaged).unwrap();
            assert_eq!(copies(&config), std::slice::from_ref(&first));
            keep(&config, &second);
            assert_eq!(
                copies(&config),
                both,
                "a damaged one pushes no good one out"
            );
        }
        let names = fs::read_dir(place.parent().unwrap()).unwrap();
        assert_eq!(names.count(), 2, "nothing else is left there");
    }
}
