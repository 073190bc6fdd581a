//! The copy of the last language files that could be used: one file, `language/kept` below the data folder. Its first
//! line is the SHA-256 of what follows, so that a copy that was damaged is known as such.

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

/// Written beside and renamed, so that a crash leaves the old copy or the new one.
fn write(place: &Path, source: &Source) -> io::Result<()> {
    let text = serde_json::to_vec(source)?;
    let mut bytes = sum(&text).into_bytes();
    bytes.push(b'\n');
    bytes.extend(text);
    if fs::read(place).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    let folder = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = place.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&beside, place)?;
    File::open(folder)?.sync_all()
}

fn sum(text: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, text).as_ref())
}

/// The copy; `None` when there is none, or it was damaged.
pub fn last(config: &Config) -> Option<Source> {
    let bytes = fs::read(place(&config.data)).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (noted, text) = (&bytes[..end], &bytes[end + 1..]);
    let read = (sum(text).as_bytes() == noted)
        .then(|| serde_json::from_slice(text).ok())
        .flatten();
    if read.is_none() {
        tracing::error!("the copy of the clinic's language files was damaged and is left aside");
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_read_as_it_was_kept_and_a_damaged_one_is_not() {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config {
            data: data.path().to_owned(),
            ..Config::default()
        };
        let mut source = Source {
            files: [("language/a.toml".to_owned(), "señal".to_owned())].into(),
            model: Some(vec![0, 255, 10]),
        };
        keep(&config, &source);
        assert_eq!(
            last(&config),
            None,
            "what ships with the program is not kept"
        );
        config.clinic = Some(data.path().join("clinic"));
        keep(&config, &source);
        assert_eq!(last(&config).as_ref(), Some(&source));
        source.model = None;
        keep(&config, &source);
        assert_eq!(last(&config).as_ref(), Some(&source));
        let place = place(&config.data);
        let whole = fs::read(&place).unwrap();
        for at in [3, whole.len() - 5] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&place, damaged).unwrap();
            assert_eq!(last(&config), None, "byte {at}");
            keep(&config, &source);
            assert_eq!(
                fs::read(&place).unwrap(),
                whole,
                "a damaged one is written anew"
            );
        }
        fs::write(&place, &whole[..40]).unwrap();
        assert_eq!(last(&config), None);
    }
}
