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

/// The thread ends when this is dropped.
pub(super) struct Keeper(Option<SyncSender<()>>);

impl Keeper {
    pub(super) fn start(connection: Connection, writer: Writer, readers: Readers) -> Self {
        let (alive, ended) = sync_channel::<()>(0);
        std::thread::Builder::new()
            .name("db-keeper".to_owned())
            .spawn(move || {
                let (mut seen, mut rest) = (0, 0);
                while matches!(ended.recv_timeout(ROUND), Err(RecvTimeoutError::Timeout)) {
                    readers.round();
                    let changes = writer.changes();
                    if changes == seen {
                        rest += 1;
                        if rest == RESTED {
                            writer.rest();
                        }
                        continue;
                    }
                    rest = 0;
                    match fold(&connection) {
                        Ok((pages, folded)) => {
                            // What a reader of old pages kept from being folded is for the next round.
                            if folded == pages {
                                seen = changes;
                            }
                            if pages > LONG {
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

/// Folds what can be folded now: pages of the log, and how many of them are in the file.
fn fold(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok((row.get(1)?, row.get(2)?))
    })
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.take();
    }
}
