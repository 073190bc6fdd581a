//! The texts of a clinic's own folder.

use bedside_language::clinic::text_of;
use bedside_language::{ClinicFiles, LoadError};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Most bytes of all texts together.
const MAX_BYTES: u64 = 64 << 20;
/// Most files and folders.
const MAX_ENTRIES: usize = 10_000;
/// Most folders one in another; a link that leads into a folder above it ends here.
const MAX_DEPTH: usize = 8;

/// The texts (`.toml`, `.txt`) below `folder` by path, those that are `wanted` with every folder above them. Hidden ones are
/// left out.
///
/// # Errors
/// The first that can't be read, is no ordinary file, is no UTF-8, or is too much.
pub fn read(folder: &Path, wanted: fn(&str) -> bool) -> Result<ClinicFiles, LoadError> {
    let mut walk = Walk {
        wanted,
        files: ClinicFiles::new(),
        bytes: MAX_BYTES,
        entries: MAX_ENTRIES,
    };
    walk.folder(folder, "", MAX_DEPTH)?;
    Ok(walk.files)
}

struct Walk {
    wanted: fn(&str) -> bool,
    files: ClinicFiles,
    /// How much more may come.
    bytes: u64,
    entries: usize,
}

fn unread(path: &Path, error: &io::Error) -> LoadError {
    let name = path.display().to_string();
    LoadError::whole(name, format!("it can't be read: {error}"))
}

impl Walk {
    /// `above` is the path of `folder` below the clinic's, with a slash at its end.
    fn folder(&mut self, folder: &Path, above: &str, depth: usize) -> Result<(), LoadError> {
        let too_much = |reason: &str| LoadError::whole(above, reason);
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| too_much("there are too many folders in one another"))?;
        for entry in fs::read_dir(folder).map_err(|error| unread(folder, &error))? {
            let entry = entry.map_err(|error| unread(folder, &error))?;
            let own = entry.file_name().to_string_lossy().into_owned();
            let (name, path) = (format!("{above}{own}"), entry.path());
            if own.starts_with('.') || !(self.wanted)(&name) {
                continue;
            }
            self.entries = self
                .entries
                .checked_sub(1)
                .ok_or_else(|| too_much("there are too many files"))?;
            let is_text = path
                .extension()
                .is_some_and(|kind| kind == "toml" || kind == "txt");
            // Where a link leads counts: files that are mounted into a container are links.
            match fs::metadata(&path) {
                Ok(data) if data.is_dir() => self.folder(&path, &format!("{name}/"), depth)?,
                _ if !is_text => {}
                Ok(data) if data.is_file() => self.text(&path, name)?,
                Ok(_) => return Err(LoadError::whole(name, "this is no ordinary file")),
                Err(error) => return Err(unread(&path, &error)),
            }
        }
        Ok(())
    }

    fn text(&mut self, path: &Path, name: String) -> Result<(), LoadError> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| {
            file.take(self.bytes.saturating_add(1))
                .read_to_end(&mut bytes)
        });
        let read = read.map_err(|error| unread(path, &error))?;
        self.bytes = u64::try_from(read)
            .ok()
            .and_then(|read| self.bytes.checked_sub(read))
            .ok_or_else(|| {
                let most = MAX_BYTES >> 20;
                LoadError::whole(
                    &name,
                    format!("all files together have more than {most} MiB"),
                )
            })?;
        let text = text_of(&name, bytes)?;
        self.files.insert(name, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    fn refused(folder: &Path, wanted: fn(&str) -> bool) -> String {
        read(folder, wanted).unwrap_err().to_string()
    }

    #[test]
    fn only_what_is_wanted_is_looked_at() {
        let clinic = tempfile::tempdir().unwrap();
        let at = |name: &str| clinic.path().join(name);
        fs::create_dir_all(at("language/.git")).unwrap();
        fs::write(at("notes.txt"), b"se\xF1al").unwrap();
        fs::write(at("language/.git/a.txt"), b"\xFF").unwrap();
        fs::write(at("language/model.bin"), b"\xFF").unwrap();
        fs::write(at("language/a.toml"), "\u{FEFF}one = 1").unwrap();
        symlink(at("language/a.toml"), at("language/b.toml")).unwrap();
        symlink("nowhere", at("language/c")).unwrap();
        let wanted = |name: &str| name.starts_with("language");
        let files = read(clinic.path(), wanted).unwrap();
        let text = |name: &str| (name.to_owned(), "one = 1".to_owned());
        let expected = ["language/a.toml", "language/b.toml"].map(text);
        assert_eq!(files, expected.into());
        assert!(refused(clinic.path(), |_| true).contains("notes.txt, line 1"));
        symlink("nowhere", at("language/d.toml")).unwrap();
        assert!(refused(clinic.path(), wanted).contains("d.toml: it can't be read"));
    }

    #[test]
    fn what_has_no_end_is_refused() {
        let clinic = tempfile::tempdir().unwrap();
        let at = |name: &str| clinic.path().join(name);
        symlink(clinic.path(), at("loop")).unwrap();
        assert!(refused(clinic.path(), |_| true).contains("too many folders"));
        fs::remove_file(at("loop")).unwrap();
        let made = Command::new("mkfifo").arg(at("pipe.txt")).status().unwrap();
        assert!(made.success());
        assert!(refused(clinic.path(), |_| true).contains("pipe.txt: this is no ordinary file"));
        fs::remove_file(at("pipe.txt")).unwrap();
        symlink("/dev/zero", at("zero.txt")).unwrap();
        assert!(refused(clinic.path(), |_| true).contains("no ordinary file"));
        fs::remove_file(at("zero.txt")).unwrap();
        let large = File::create(at("large.txt")).unwrap();
        large.set_len(MAX_BYTES + 1).unwrap();
        assert!(refused(clinic.path(), |_| true).contains("more than 64 MiB"));
        large.set_len(0).unwrap();
        for number in 0..MAX_ENTRIES {
            File::create(at(&number.to_string())).unwrap();
        }
        assert!(refused(clinic.path(), |_| true).contains("too many files"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_are_read_whole_or_refused_by_name(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let clinic = tempfile::tempdir().unwrap();
            fs::write(clinic.path().join("a.txt"), &bytes).unwrap();
            let text = std::str::from_utf8(&bytes).map(|text| text.trim_start_matches('\u{FEFF}'));
            match (read(clinic.path(), |_| true), text) {
                (Ok(files), Ok(text)) => prop_assert_eq!(&files["a.txt"], text),
                (Err(refused), Err(_)) => prop_assert!(refused.file == "a.txt" && refused.line > 0),
                (found, _) => prop_assert!(false, "{:?}", found),
            }
        }
    }
}
