//! The embedded engine: one writer with group commit, a pool of readers, and a keeper of the write-ahead log.
//!
//! One process works on a folder. Others may look at it meanwhile ([`Sqlite::open_to_read`]), to copy or to verify.

mod keeper;
pub(crate) mod planner;
mod readers;
mod writer;

use crate::{DbError, Lane, Notice, Statement, Tx};
use futures_util::future::BoxFuture;
use readers::{Reader, Readers};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, oneshot};
use writer::{Command, Writer};

/// Name of the main database file in the data folder.
pub const FILE: &str = "bedside.db";

/// A handle on the embedded engine; cheap to clone.
#[derive(Clone)]
pub struct Sqlite(Arc<Inner>);

struct Inner {
    path: PathBuf,
    readers: Readers,
    /// None where another process writes, or nobody does.
    work: Option<Work>,
}

/// What only the one process has that works on the folder.
struct Work {
    writer: Writer,
    _keeper: keeper::Keeper,
    _lock: File,
}

impl Sqlite {
    pub(crate) fn open(folder: &Path, notices: broadcast::Sender<Notice>) -> Result<Self, DbError> {
        let lock = lock(folder)?;
        let path = folder.join(FILE);
        let connection = connect(&path, 32 * 1024)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // The keeper folds the log into the file, so that no commit has to.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
        let readers = Readers::new(true);
        let writer = Writer::start(connection, notices, readers.clone());
        let keeper = keeper::Keeper::start(connect(&path, 256)?, writer.clone(), readers.clone());
        Ok(Self(Arc::new(Inner {
            path,
            readers,
            work: Some(Work {
                writer,
                _keeper: keeper,
                _lock: lock,
            }),
        })))
    }

    /// Opens a database file to look at it, whoever may be writing it.
    pub(crate) fn open_to_read(file: &Path) -> Result<Self, DbError> {
        let readers = Readers::new(false);
        readers.put(Reader::new(reading(file)?));
        Ok(Self(Arc::new(Inner {
            path: file.to_owned(),
            readers,
            work: None,
        })))
    }

    /// The writer, or who has it.
    fn writer(&self) -> Result<&Writer, DbError> {
        match &self.0.work {
            Some(work) => Ok(&work.writer),
            None => Err(DbError::InUse(self.folder().to_owned())),
        }
    }

    /// Whether nothing can be written through this handle.
    pub(crate) fn only_reads(&self) -> bool {
        self.0.work.is_none()
    }

    /// How many commands wait for the writer.
    pub(crate) fn waiting(&self) -> i64 {
        self.writer().map_or(0, Writer::waiting)
    }

    pub(crate) fn reader(&self) -> Result<Handle, DbError> {
        self.0.readers.take(&self.0.path, false)
    }

    pub(crate) fn newest_reader(&self) -> Result<Handle, DbError> {
        self.0.readers.take(&self.0.path, true)
    }

    pub(crate) async fn write<T, E, F>(&self, lane: Lane, command: F) -> Result<T, E>
    where
        F: for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.writer()?
            .hand_in(Command::new(lane, command, answer))?;
        answered.await.map_err(|_| DbError::Closed)?
    }

    pub(crate) fn check(&self, statement: &Statement) -> Result<(), DbError> {
        let handle = self.reader()?;
        let prepared = handle.prepare(statement.question)?;
        if prepared.parameter_count() == statement.parameters {
            return Ok(());
        }
        Err(DbError::Arguments {
            statement: statement.name,
            given: prepared.parameter_count(),
            wanted: statement.parameters,
        })
    }

    /// How the planner would run `statement`, a line a step.
    pub(crate) fn plan(&self, statement: &Statement) -> Result<Vec<String>, DbError> {
        let handle = self.reader()?;
        let mut explained =
            handle.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.question))?;
        let steps = explained.query_map(
            rusqlite::params_from_iter(std::iter::repeat_n(0, statement.parameters)),
            |row| row.get(3),
        )?;
        Ok(steps.collect::<Result<_, _>>()?)
    }

    pub(crate) fn ping(&self) -> Result<(), DbError> {
        self.reader()?
            .prepare_cached("SELECT 1")?
            .query_row([], |_| Ok(()))?;
        match &self.0.work {
            Some(work) if work.writer.is_closed() => Err(DbError::Closed),
            _ => Ok(()),
        }
    }

    pub(crate) async fn copy_to(
        &self,
        to: PathBuf,
        mut progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<(), DbError> {
        let from = reading(&self.0.path)?;
        let place = to.clone();
        let copied = tokio::task::spawn_blocking(move || {
            let mut copy = Connection::open_with_flags(
                &to,
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            )?;
            // An open read transaction pins one snapshot, so that writers never make the copy start again.
            from.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
            let backup = rusqlite::backup::Backup::new(&from, &mut copy)?;
            loop {
                use rusqlite::backup::StepResult;
                let step = backup.step(1024)?;
                let state = backup.progress();
                let all = u64::try_from(state.pagecount).unwrap_or(0);
                progress(
                    all.saturating_sub(u64::try_from(state.remaining).unwrap_or(0)),
                    all,
                );
                match step {
                    StepResult::Done => break,
                    StepResult::More => {}
                    _ => std::thread::sleep(Duration::from_millis(5)),
                }
            }
            drop(backup);
            copy.pragma_update(None, "journal_mode", "delete")?;
            drop(copy);
            File::open(&to)
                .and_then(|file| file.sync_all())
                .map_err(DbError::file(&to))
        });
        let copied = copied.await.unwrap_or(Err(DbError::Closed));
        if copied.is_err() {
            // Half a copy is of no use, and takes the room that is missing.
            let _ = std::fs::remove_file(place);
        }
        copied
    }

    pub(crate) async fn damage(&self) -> Result<Option<String>, DbError> {
        let connection = reading(&self.0.path)?;
        let looking = tokio::task::spawn_blocking(move || {
            let said: String =
                connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            Ok(Some(said).filter(|said| said != "ok"))
        });
        looking.await.map_err(|_| DbError::Closed)?
    }

    /// Closes the readers that wait, so that the next ones see the schema and the planner's statistics as they are now.
    pub(crate) fn forget_readers(&self) {
        self.0.readers.close();
    }

    pub(crate) async fn close(&self) {
        if let Ok(writer) = self.writer() {
            writer.close().await;
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path.parent().unwrap_or(Path::new("."))
    }
}

/// Holds the folder for this process, and makes it where there is none; the system lets go of it when the process ends, however it ends.
pub(crate) fn lock(folder: &Path) -> Result<File, DbError> {
    // What is in it is for its owner alone.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(DbError::file(folder))?;
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(DbError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(DbError::InUse(folder.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(DbError::file(&path)(error)),
    }
}

/// Opens `path` with `cache` KiB of page cache, and makes the file where there is none.
pub(crate) fn connect(path: &Path, cache: i64) -> Result<Connection, DbError> {
    open(path, cache, OpenFlags::SQLITE_OPEN_CREATE)
}

fn open(path: &Path, cache: i64, more: OpenFlags) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(512);
    // The same plan whatever is bound; otherwise many statements are compiled anew each time they are run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

pub(crate) fn reading(path: &Path) -> Result<Connection, DbError> {
    // Even a reader of a write-ahead log needs to write: it marks there how far it reads.
    let connection = open(path, 8 * 1024, OpenFlags::empty())?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A connection of the embedded engine. A reader's goes back to the others when dropped.
pub struct Handle {
    reader: Option<Reader>,
    home: Option<Readers>,
}

impl Handle {
    fn owned(connection: Connection) -> Self {
        Self {
            reader: Some(Reader::new(connection)),
            home: None,
        }
    }
}

impl std::ops::Deref for Handle {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        let reader = self.reader.as_ref();
        &reader
            .expect("a handle holds its connection until it is dropped")
            .connection
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let (Some(reader), Some(home)) = (self.reader.take(), self.home.take()) {
            home.put(reader);
        }
    }
}
