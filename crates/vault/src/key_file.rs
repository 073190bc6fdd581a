//! The key file on disk: owner-only, whole or absent, durable before anyone relies on it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::random_token;

const OWNER_ONLY: u32 = 0o600;
const GROUP_AND_OTHERS: u32 = 0o077;
const MAX_FILE_LEN: u64 = 1024;

/// Whether a key file was made or had been there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was made just now: tell the operator to keep a copy of it apart from the data.
    Yes,
    /// It had been there.
    No,
}

/// Why a key file could not be used. Each text is one plain sentence for the operator.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// No file there.
    #[error("there is no key file at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file is there already and is left as it is.
    #[error("{} exists already and is not overwritten", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// Group or others have rights on it.
    #[error("the key file {0} is open to other users (mode {mode:04o}): run chmod 600 {0}", path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold a key.
    #[error("the file {} does not hold a root key (32 bytes in base64)", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// The system refused to read or write it.
    #[error("the key file {} can't be used: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads the file after checking, on the open handle, that only its owner has rights on it.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing { path: path.into() },
        io::ErrorKind::InvalidData => KeyFileError::NotAKey { path: path.into() },
        _ => io_error(path, source),
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_file() || metadata.len() > MAX_FILE_LEN {
        return Err(KeyFileError::NotAKey { path: path.into() });
    }
    if mode & GROUP_AND_OTHERS != 0 {
        return Err(KeyFileError::TooOpen {
            path: path.into(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE_LEN)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

/// Makes the file; refuses when one is there. The link appears only once the content is on disk, so
/// neither a crash nor a second process ever sees half a key.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), KeyFileError> {
    publish(path, text, |temporary| {
        fs::hard_link(temporary, path)?;
        fs::remove_file(temporary)
    })
}

/// Replaces the file in one step.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), KeyFileError> {
    publish(path, text, |temporary| fs::rename(temporary, path))
}

fn publish(
    path: &Path,
    text: &str,
    put_in_place: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), KeyFileError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let temporary = folder.join(format!(".root-key-{}", random_token()));
    let result = write_durably(&temporary, text)
        .and_then(|()| put_in_place(&temporary))
        .and_then(|()| File::open(folder)?.sync_all());
    result.map_err(|source| {
        // Best effort: what failed is told below, and a left-over is unreadable to others anyway.
        let _ = fs::remove_file(&temporary);
        if source.kind() == io::ErrorKind::AlreadyExists {
            KeyFileError::Exists { path: path.into() }
        } else {
            io_error(path, source)
        }
    })
}

fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn io_error(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        path: path.into(),
        source,
    }
}
