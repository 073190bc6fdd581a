//! The index of the embedded engine: a file that can be thrown away at any time, because the events tell it all again.

use super::Change;
use crate::{Clock, DbError, sqlite};
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, OptionalExtension};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// Name of the index's file in the data folder.
pub const FILE: &str = "search.db";
/// How the name of a damaged index begins that was put aside.
const BROKEN: &str = "search.db.broken-";

const SCHEMA: &str = "
CREATE VIRTUAL TABLE IF NOT EXISTS tokens USING fts5(
    words, content='', contentless_delete=1, detail=none, tokenize='ascii');
CREATE TABLE IF NOT EXISTS positions (organisation_id BLOB PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
";

/// The open file. A damaged one is put aside, and an empty one takes its place.
pub(super) struct Files {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    /// Written while one file takes the place of another: SQLite deletes the log of the file that it closes last by its
    /// name, so nothing of the old file may be open by then.
    open: RwLock<Open>,
}

#[derive(Default)]
struct Open {
    /// Counts the files that stood here.
    file: u64,
    /// None when the newest file could not be made yet.
    writer: Mutex<Option<Connection>>,
    readers: Mutex<Vec<Connection>>,
}

/// What becomes of the file that stands there.
#[derive(Clone, Copy)]
enum Old<'a> {
    /// Somebody may want to see what is wrong with it.
    Damaged(&'a str),
    /// It tells of another database.
    Useless,
}

impl Files {
    pub(super) fn open(path: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, DbError> {
        let files = Self {
            path,
            clock,
            open: RwLock::default(),
        };
        if let Err(DbError::Damaged(why)) = files.once(|_| Ok(())) {
            files.replace(0, Old::Damaged(&why))?;
        }
        files.once(|_| Ok(()))?;
        Ok(files)
    }

    /// Asks the index.
    pub(super) fn read<T>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let open = self.open.read();
        let idle = open.readers.lock().pop();
        let reader = idle.map_or_else(|| sqlite::connect(&self.path, 2 * 1024), Ok);
        let outcome = reader.and_then(|reader| {
            let answer = ask(&reader)?;
            open.readers.lock().push(reader);
            Ok(answer)
        });
        let file = open.file;
        drop(open);
        self.mended(file, outcome)
    }

    /// Changes the index, or reads what the writer alone must know.
    fn write<T>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let file = self.open.read().file;
        self.mended(file, self.once(change))
    }

    fn once<T>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let open = self.open.read();
        let mut writer = open.writer.lock();
        let connection = match writer.take() {
            Some(connection) => connection,
            None => begin(&self.path)?,
        };
        change(writer.insert(connection))
    }

    /// Puts the file aside that turned out to be damaged. Whoever asked tries again.
    fn mended<T>(&self, file: u64, outcome: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(DbError::Damaged(why)) = &outcome {
            self.replace(file, Old::Damaged(why))?;
            return Err(DbError::Busy);
        }
        outcome
    }

    /// Makes room for an empty file, unless somebody did so since the one numbered `file` was looked at.
    fn replace(&self, file: u64, old: Old<'_>) -> Result<(), DbError> {
        let mut open = self.open.write();
        if open.file != file {
            return Ok(());
        }
        *open = Open {
            file: file + 1,
            ..Open::default()
        };
        match old {
            Old::Damaged(why) => {
                for earlier in broken(&self.path) {
                    remove(&earlier)?;
                }
                let aside = self
                    .path
                    .with_file_name(format!("{BROKEN}{}", self.clock.now().micros()));
                tracing::error!(
                    why,
                    aside = %aside.display(),
                    "the search index was damaged: it is put aside and built anew"
                );
                if self.path.exists() {
                    std::fs::rename(&self.path, &aside).map_err(DbError::file(&aside))?;
                }
            }
            Old::Useless => remove(&self.path)?,
        }
        for part in ["-wal", "-shm"] {
            let mut name = self.path.as_os_str().to_owned();
            name.push(part);
            remove(Path::new(&name))?;
        }
        Ok(())
    }

    /// Begins with an empty index, as for a database that was never indexed.
    pub(super) fn begin_anew(&self) -> Result<(), DbError> {
        let file = self.open.read().file;
        self.replace(file, Old::Useless)
    }

    pub(super) fn position(&self, organisation: Uuid) -> Result<i64, DbError> {
        self.write(|writer| {
            let found = writer
                .prepare_cached("SELECT sequence FROM positions WHERE organisation_id = ?1")?
                .query_row([organisation.as_bytes()], |row| row.get(0))
                .optional()?;
            Ok(found.unwrap_or(0))
        })
    }

    pub(super) fn apply(
        &self,
        organisation: Uuid,
        changes: &[Change],
        sequence: i64,
    ) -> Result<(), DbError> {
        self.write(|writer| {
            let tx = writer.transaction()?;
            for change in changes {
                match change {
                    Change::Put { doc, tokens } => {
                        tx.prepare_cached(
                            "INSERT OR REPLACE INTO tokens (rowid, words) VALUES (?1, ?2)",
                        )?
                        .execute(rusqlite::params![doc, tokens.join(" ")])?;
                    }
                    Change::Forget { doc } => {
                        tx.prepare_cached("DELETE FROM tokens WHERE rowid = ?1")?
                            .execute([doc])?;
                    }
                }
            }
            tx.prepare_cached(
                "INSERT INTO positions (organisation_id, sequence) VALUES (?1, ?2) \
                 ON CONFLICT (organisation_id) DO UPDATE SET sequence = excluded.sequence",
            )?
            .execute(rusqlite::params![organisation.as_bytes(), sequence])?;
            Ok(tx.commit()?)
        })
    }
}

/// Opens the file for writing, and makes it where there is none.
fn begin(path: &Path) -> Result<Connection, DbError> {
    let writer = sqlite::connect(path, 2 * 1024)?;
    writer.pragma_update(None, "journal_mode", "wal")?;
    writer.pragma_update(None, "synchronous", "normal")?;
    writer.execute_batch(SCHEMA)?;
    Ok(writer)
}

fn remove(path: &Path) -> Result<(), DbError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DbError::file(path)(error))
        }
        _ => Ok(()),
    }
}

/// The damaged indexes that were put aside beside the one at `path`.
pub fn broken(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().and_then(|folder| folder.read_dir().ok());
    let files = folder.into_iter().flatten().flatten();
    files
        .map(|file| file.path())
        .filter(|file| {
            let name = file.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(BROKEN))
        })
        .collect()
}

/// Whether the file at `path` can be read as an index, beside whoever works with it. [`DbError::Damaged`] when not.
pub fn look(path: &Path) -> Result<(), DbError> {
    let reader = sqlite::reading(path)?;
    reader.query_row("SELECT COUNT(*) FROM positions", [], |_| Ok(()))?;
    reader.query_row("SELECT COUNT(*) FROM tokens_config", [], |_| Ok(()))?;
    reader
        .query_row(
            "SELECT rowid FROM tokens WHERE tokens MATCH 'a' LIMIT 1",
            [],
            |_| Ok(()),
        )
        .optional()?;
    Ok(())
}
