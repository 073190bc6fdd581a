//! One SQL text for two engines.
//!
//! The desk keeps its rows in an embedded SQLite file or in PostgreSQL and writes each query once.
//! This crate hides the driver behind a small facade:
//!
//! * [`Statement`]: a SQL text with `$1`-style parameters, declared with [`statements!`], so that every text in the
//!   product is listed and a test can prepare it on both engines;
//! * [`Value`] and [`args!`]: what is bound; [`Row`] and [`Column`]: what comes back;
//! * [`Db::read`] gives a [`Conn`] for queries, [`Db::write`] runs one command in one transaction. On SQLite the
//!   commands that wait are committed together ([`sqlite`]), and each is answered only after that commit;
//! * [`Id`], [`Timestamp`], [`Clock`]: identity and time as plain values that come in as arguments.
//!
//! Three things differ by engine and live here alone: the search index ([`search`]), claiming jobs ([`jobs`]) and
//! telling other readers that something happened ([`Notice`]).

mod conn;
mod error;
mod id;
pub mod jobs;
mod migrate;
mod notify;
mod postgres;
mod row;
pub mod search;
pub mod sqlite;
mod statement;
mod time;
mod value;

pub use conn::{Conn, Tx};
pub use error::DbError;
pub use id::{Id, IdSource, Identity};
pub use migrate::{Migration, MigrationReport};
pub use notify::Notice;
pub use postgres::is_unprotected;
pub use row::{Column, Row};
pub use statement::{Statement, count_parameters, for_sqlite};
pub use time::{Clock, FixedClock, SystemClock, Timestamp};
pub use value::{ToValue, Value};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::path::{Path, PathBuf};
use tokio::sync::broadcast;

/// The statements of this crate's own tables (the schema versions and the job queue).
pub fn own_statements() -> impl Iterator<Item = &'static Statement> {
    migrate::ALL.iter().chain(jobs::ALL)
}

/// Where the rows live.
#[derive(Clone, Debug)]
pub enum Target {
    /// An embedded database in this folder (`bedside.db`, `search.db`, `lock`).
    Sqlite(PathBuf),
    /// A PostgreSQL server, as a `postgres://` address.
    Postgres(String),
}

/// Who waits for a command. On SQLite, whose one writer does one after the other, the machinery gives way to people; on
/// PostgreSQL it makes no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer.
    People,
    /// The same, for what only says who looked at what: [`Db::read`] may show it half a second late,
    /// [`Db::read_newest`] shows it at once.
    Notes,
    /// The desk's own work: jobs, sealing the audit log.
    Machinery,
}

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    notices: broadcast::Sender<Notice>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// Makes sure that no other process serves with this data folder, for as long as what this gives is kept. The embedded
/// engine does it by itself.
pub fn hold_folder(folder: &Path) -> Result<std::fs::File, DbError> {
    sqlite::lock(folder)
}

/// A process that begins to work; see [`Db::enter`].
pub struct Entering(Option<postgres::company::Entering>);

impl Entering {
    /// Whether no other process works on this database, so that whatever is held belongs to one that ended.
    pub fn alone(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(postgres::company::Entering::alone)
    }

    /// Lets others in, and is at work until what this gives is dropped.
    pub async fn stay(self) -> Result<AtWork, DbError> {
        Ok(AtWork(match self.0 {
            None => None,
            Some(entering) => Some(entering.stay().await?),
        }))
    }
}

/// A process at work; see [`Db::enter`].
pub struct AtWork(
    #[expect(dead_code, reason = "it is held for as long as it stands")]
    Option<postgres::company::Staying>,
);

impl Db {
    /// Opens the database and makes sure that no other process uses the same folder.
    ///
    /// The schema is left as it is: call [`Db::migrate`] next.
    pub async fn open(target: &Target) -> Result<Self, DbError> {
        let (notices, _) = broadcast::channel(4096);
        let engine = match target {
            Target::Sqlite(folder) => {
                Engine::Sqlite(sqlite::Sqlite::open(folder, notices.clone())?)
            }
            Target::Postgres(url) => {
                Engine::Postgres(postgres::Postgres::open(url, notices.clone()).await?)
            }
        };
        Ok(Self { engine, notices })
    }

    /// Opens one file of the embedded engine to look at it, while another process may be writing it: the database in a
    /// data folder, or a copy of it. Commands are refused with [`DbError::InUse`]; the schema is left as it is.
    pub fn open_to_read(file: &Path) -> Result<Self, DbError> {
        let (notices, _) = broadcast::channel(1);
        let engine = Engine::Sqlite(sqlite::Sqlite::open_to_read(file)?);
        Ok(Self { engine, notices })
    }

    /// Brings the schema to the newest of `migrations` in one transaction, after a copy of the SQLite file.
    pub async fn migrate(
        &self,
        migrations: &'static [Migration],
        now: Timestamp,
    ) -> Result<MigrationReport, DbError> {
        migrate::run(self, migrations, now).await
    }

    /// A connection for queries. On SQLite it sees one unchanging snapshot until it is dropped.
    pub async fn read(&self) -> Result<Conn, DbError> {
        match &self.engine {
            Engine::Sqlite(store) => Ok(Conn::Sqlite(store.reader()?)),
            Engine::Postgres(store) => Ok(Conn::Postgres(store.reader().await?)),
        }
    }

    /// The same, which shows what was noted ([`Lane::Notes`]) at once.
    pub async fn read_newest(&self) -> Result<Conn, DbError> {
        match &self.engine {
            Engine::Sqlite(store) => Ok(Conn::Sqlite(store.newest_reader()?)),
            Engine::Postgres(store) => Ok(Conn::Postgres(store.reader().await?)),
        }
    }

    /// Runs `command` in one transaction and answers after it is durable.
    ///
    /// An `Err` from the command undoes everything it wrote. Nothing that waits for anything but this database may
    /// run inside: on SQLite such a command is refused with [`DbError::Waited`].
    pub async fn write<T, E, F>(&self, command: F) -> Result<T, E>
    where
        F: for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.write_in(Lane::People, command).await
    }

    /// The same in a given lane.
    pub async fn write_in<T, E, F>(&self, lane: Lane, command: F) -> Result<T, E>
    where
        F: for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(store) => store.write(lane, command).await,
            Engine::Postgres(store) => store.write(command).await,
        }
    }

    /// How many commands wait for SQLite's one writer; 0 on PostgreSQL, whose commands wait in the server.
    pub fn writes_waiting(&self) -> i64 {
        match &self.engine {
            Engine::Sqlite(store) => store.waiting(),
            Engine::Postgres(_) => 0,
        }
    }

    /// The version of the schema that is there now, if any.
    pub async fn schema_version(&self) -> Result<Option<i64>, DbError> {
        migrate::version(&mut self.read().await?).await
    }

    /// Notices of committed changes, from this process and (on PostgreSQL) from every other.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Whether this is the embedded engine.
    pub fn is_embedded(&self) -> bool {
        matches!(self.engine, Engine::Sqlite(_))
    }

    /// Says that this process begins to work on what lies here, and learns whether nobody else does.
    ///
    /// Others that want to begin wait until [`Entering::stay`].
    pub async fn enter(&self) -> Result<Entering, DbError> {
        Ok(Entering(match &self.engine {
            // The folder belongs to one process.
            Engine::Sqlite(_) => None,
            Engine::Postgres(store) => Some(store.enter().await?),
        }))
    }

    /// Prepares `statement` without running it, to show that this engine understands it.
    pub async fn check(&self, statement: &Statement) -> Result<(), DbError> {
        match &self.engine {
            Engine::Sqlite(store) => store.check(statement),
            Engine::Postgres(store) => store.check(statement).await,
        }
    }

    /// How the embedded engine would run `statement`, a line a step, so that a test can tell an index from a search
    /// through everything. Empty on PostgreSQL, which decides by what it has measured.
    pub fn plan(&self, statement: &Statement) -> Result<Vec<String>, DbError> {
        match &self.engine {
            Engine::Sqlite(store) => store.plan(statement),
            Engine::Postgres(_) => Ok(Vec::new()),
        }
    }

    /// Answers once the database has answered.
    pub async fn ping(&self) -> Result<(), DbError> {
        match &self.engine {
            Engine::Sqlite(store) => store.ping(),
            Engine::Postgres(store) => store.ping().await,
        }
    }

    /// Writes a row, to find out whether anything can be written: [`DbError::Full`] or [`DbError::Disk`] when
    /// there is no room. Costs what any other small command costs.
    pub async fn try_write(&self) -> Result<(), DbError> {
        self.write(|tx| async move { migrate::touch(tx).await }.boxed())
            .await
    }

    /// Writes a consistent copy of the embedded database to `to`, page by page, while work goes on.
    ///
    /// `progress` hears (pages done, pages in all). On PostgreSQL this is [`DbError::Unsupported`]: use `pg_dump`.
    pub async fn copy_to(
        &self,
        to: PathBuf,
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<(), DbError> {
        match &self.engine {
            Engine::Sqlite(store) => store.copy_to(to, progress).await,
            Engine::Postgres(_) => Err(DbError::Unsupported(
                "a PostgreSQL desk is backed up with pg_dump",
            )),
        }
    }

    /// Looks at every page of the embedded database and says what is damaged, if anything is.
    pub async fn damage(&self) -> Result<Option<String>, DbError> {
        match &self.engine {
            Engine::Sqlite(store) => store.damage().await,
            Engine::Postgres(_) => Err(DbError::Unsupported(
                "a PostgreSQL server looks after its own pages",
            )),
        }
    }

    /// Ends the writer after all commands handed in so far, and folds the write-ahead log into the file.
    pub async fn close(&self) {
        if let Engine::Sqlite(store) = &self.engine {
            store.close().await;
        }
    }
}
