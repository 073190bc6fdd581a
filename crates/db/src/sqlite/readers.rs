//! Connections for reading, and how long what they see lasts.
//!
//! SQLite throws a connection's pages away when it begins to read after a commit, and the desk notes every look into its
//! log: each page would be read from the file anew. So a connection goes back with its snapshot, and the next reader goes
//! on with it, pages and all, while nothing but notes ([`Lane::Notes`](crate::Lane::Notes)) was committed. The keeper
//! ends such snapshots each round: the log can't be folded past them, and what another program wrote is to be seen.

use super::{Handle, reading};
use crate::DbError;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Connections kept open for reading; more are opened under a burst and closed again.
const KEPT: usize = 8;
/// After so many of the keeper's rounds without work a connection gives its pages back.
pub(super) const RESTED: u32 = 2;

/// The connections that nobody reads with; cheap to clone.
#[derive(Clone)]
pub(super) struct Readers(Arc<Inner>);

struct Inner {
    idle: Mutex<Vec<Reader>>,
    /// Grows with every commit of more than notes.
    state: AtomicU64,
    /// Whether this process does all the writing, and so hears of every commit.
    alone: bool,
    /// Whether the log is being folded, which a snapshot would keep from beginning anew.
    folding: AtomicBool,
}

/// A connection, and the state that its open snapshot shows at least.
pub(super) struct Reader {
    pub connection: Connection,
    snapshot: Option<u64>,
    /// Rounds of the keeper since somebody read with it.
    rest: u32,
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            snapshot: None,
            rest: 0,
        }
    }

    fn begin(&mut self, state: u64) -> rusqlite::Result<()> {
        self.end()?;
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        self.snapshot = Some(state);
        Ok(())
    }

    fn end(&mut self) -> rusqlite::Result<()> {
        if self.snapshot.take().is_some() {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }
}

impl Readers {
    pub(super) fn new(alone: bool) -> Self {
        Self(Arc::new(Inner {
            idle: Mutex::default(),
            state: AtomicU64::new(0),
            alone,
            folding: AtomicBool::new(false),
        }))
    }

    /// A connection to the database at `path` that sees every commit of more than notes; with `newest`, notes too.
    pub(super) fn take(&self, path: &Path, newest: bool) -> Result<Handle, DbError> {
        let idle = self.0.idle.lock().pop();
        // Asked before the snapshot is made, which may then show more than this and never less.
        let state = self.0.state.load(Ordering::SeqCst);
        let lasting = idle.and_then(|mut reader| {
            let lasts = !newest && reader.snapshot == Some(state);
            (lasts || reader.begin(state).is_ok()).then_some(reader)
        });
        let reader = if let Some(reader) = lasting {
            reader
        } else {
            let mut fresh = Reader::new(reading(path)?);
            fresh.begin(state)?;
            fresh
        };
        Ok(Handle {
            reader: Some(reader),
            home: Some(self.clone()),
        })
    }

    /// Takes a connection back.
    pub(super) fn put(&self, mut reader: Reader) {
        // Under the lock, so that whoever ends all snapshots meanwhile finds this one or is seen here.
        let mut idle = self.0.idle.lock();
        let lasts = self.0.alone
            && reader.snapshot == Some(self.0.state.load(Ordering::SeqCst))
            && !self.0.folding.load(Ordering::SeqCst)
            // An error of the disk ends a transaction by itself.
            && !reader.connection.is_autocommit();
        if (lasts || reader.end().is_ok()) && idle.len() < KEPT {
            reader.rest = 0;
            idle.push(reader);
        }
    }

    /// Something was committed that readers have to see. Called before anybody is told so.
    pub(super) fn changed(&self) {
        self.0.state.fetch_add(1, Ordering::SeqCst);
    }

    /// Ends the snapshots that nobody reads, and those that somebody reads with them.
    pub(super) fn end_snapshots(&self) {
        self.changed();
        self.0.idle.lock().retain_mut(|reader| reader.end().is_ok());
    }

    /// The keeper's round: ends the snapshots, and gives back the memory of connections that rest.
    pub(super) fn round(&self) {
        self.end_snapshots();
        for reader in self.0.idle.lock().iter_mut() {
            reader.rest = reader.rest.saturating_add(1);
            if reader.rest == RESTED {
                // Only pages that can be read again.
                let _ = reader.connection.execute_batch("PRAGMA shrink_memory");
            }
        }
    }

    /// Runs `fold` while no snapshot outlives its reader.
    pub(super) fn while_none_lasts(&self, fold: impl FnOnce()) {
        self.0.folding.store(true, Ordering::SeqCst);
        self.end_snapshots();
        fold();
        self.0.folding.store(false, Ordering::SeqCst);
    }

    /// Closes the connections that nobody reads with.
    pub(super) fn close(&self) {
        self.0.idle.lock().clear();
    }
}
