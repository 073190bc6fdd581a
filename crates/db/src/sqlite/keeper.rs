//! Keeps the write-ahead log short without holding up a commit: a thread of its own folds it into the file while the
//! writer goes on, and asks the writer for the last few pages only when the log has grown long.

use super::readers::{RESTED, Readers};
use super::writer::Writer;
use rusqlite::Connection;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// How often the log is looked at.
const ROUND: Duration = Duration::from_millis(500);
/// A log with more pages than this (128 MiB) is folded in by the writer itself, so that it starts from its beginning.
const LONG: i64 = 32 * 1024;
/// Rows that a quiet round changes at most: the jobs of a desk that nobody works with.
const LITTLE: u64 = 500;
/// After so many quiet rounds the writer gives its pages back again.
const OFTEN: u32 = 20;

/// The thread ends when this is dropped.
pub(super) struct Keeper(Option<SyncSender<()>>);

impl Keeper {
    pub(super) fn start(connection: Connection, writer: Writer, readers: Readers) -> Self {
        let (alive, ended) = sync_channel::<()>(0);
        std::thread::Builder::new()
            .name("db-keeper".to_owned())
            .spawn(move || {
                let (mut seen, mut folded, mut quiet) = (0, 0, 0);
                while matches!(ended.recv_timeout(ROUND), Err(RecvTimeoutError::Timeout)) {
                    readers.round();
                    let changes = writer.changes();
                    quiet = if changes - seen < LITTLE { quiet + 1 } else { 0 };
                    seen = changes;
                    if quiet % OFTEN == RESTED {
                        writer.rest();
                    }
                    if changes == folded {
                        continue;
                    }
                    match fold(&connection) {
                        Ok(log) => {
                            // What a reader of old pages kept from being folded is for the next round.
                            if log.is_folded() {
                                folded = changes;
                            }
                            if log.pages > LONG {
                                writer.checkpoint();
                            }
                        }
                        Err(error) => tracing::warn!(%error, "the write-ahead log could not be folded into the file"),
                    }
                }
            })
            .expect("the system can start a thread");
        Self(Some(alive))
    }
}

/// The write-ahead log, in pages.
struct Log {
    pages: i64,
    /// How many of them are in the file.
    folded: i64,
}

impl Log {
    const fn is_folded(&self) -> bool {
        self.pages == self.folded
    }
}

/// Folds what can be folded now.
fn fold(connection: &Connection) -> rusqlite::Result<Log> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok(Log {
            pages: row.get(1)?,
            folded: row.get(2)?,
        })
    })
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.take();
    }
}
