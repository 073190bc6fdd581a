//! The one writer. Commands that wait are run one after the other, each under its own savepoint, inside one
//! transaction, and answered only after its commit: many commands share one sync to disk.

use super::Handle;
use crate::{Conn, DbError, Notice, Tx};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, oneshot};

/// Commands that may wait for the writer; one more is refused as busy.
const QUEUE: usize = 8192;
/// Commands of one commit at most.
const GROUP: usize = 128;
/// How long a commit may have to wait because somebody else holds the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long folding the log waits for readers of old pages: commands wait behind it.
const FOLDING: Duration = Duration::from_millis(20);
/// A commit takes in no further command after this long.
const GROUP_TIME: Duration = Duration::from_millis(4);

type Deliver = Box<dyn FnOnce(Result<(), DbError>) + Send>;
/// Run with a transaction, or with none when it could not be opened.
type Run = Box<dyn FnOnce(Option<&mut Tx>) -> (bool, Deliver) + Send>;

/// A command with its type erased: runs, says whether it wants to be kept, and hands back who hears the outcome.
pub(super) struct Command(Run);

impl Command {
    pub(super) fn new<T, E, F>(command: F, answer: oneshot::Sender<Result<T, E>>) -> Self
    where
        F: for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        Self(Box::new(move |tx| {
            let outcome = match tx {
                Some(tx) => catch_unwind(AssertUnwindSafe(|| {
                    command(tx)
                        .now_or_never()
                        .unwrap_or_else(|| Err(DbError::Waited.into()))
                }))
                .unwrap_or_else(|_| Err(DbError::Engine("a command panicked".to_owned()).into())),
                None => Err(DbError::Busy.into()),
            };
            let keep = outcome.is_ok();
            let deliver = move |committed: Result<(), DbError>| {
                let answered = match committed {
                    Ok(()) => outcome,
                    // A command's own error says more than that its neighbours could not be kept.
                    Err(error) => outcome.and(Err(error.into())),
                };
                // Nobody waits any more when the client hung up; the change stands all the same.
                let _ = answer.send(answered);
            };
            (keep, Box::new(deliver) as Deliver)
        }))
    }
}

enum Message {
    Run(Command),
    Checkpoint,
    Close(oneshot::Sender<()>),
}

/// The door to the writer's thread; cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    door: Arc<Mutex<Option<SyncSender<Message>>>>,
    commits: Arc<AtomicU64>,
    /// Commands that were handed in and not begun.
    pending: Arc<AtomicI64>,
}

impl Writer {
    pub(super) fn start(connection: Connection, notices: broadcast::Sender<Notice>) -> Self {
        let (door, waiting) = sync_channel(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&commits);
        std::thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || work(connection, &waiting, &notices, &counter))
            .expect("the system can start a thread");
        Self {
            door: Arc::new(Mutex::new(Some(door))),
            commits,
            pending: Arc::default(),
        }
    }

    pub(super) fn hand_in(&self, command: Command) -> Result<(), DbError> {
        let door = self.door.lock().clone().ok_or(DbError::Closed)?;
        let (Command(run), pending) = (command, Arc::clone(&self.pending));
        let counted = Command(Box::new(move |tx| {
            pending.fetch_sub(1, Ordering::Relaxed);
            run(tx)
        }));
        self.pending.fetch_add(1, Ordering::Relaxed);
        door.try_send(Message::Run(counted)).map_err(|error| {
            self.pending.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => DbError::Busy,
                TrySendError::Disconnected(_) => DbError::Closed,
            }
        })
    }

    /// How many commands wait.
    pub(super) fn waiting(&self) -> i64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Folds what is left of the log into the file between two commits.
    pub(super) fn checkpoint(&self) {
        if let Some(door) = self.door.lock().as_ref() {
            // A full queue means that the next round asks again.
            let _ = door.try_send(Message::Checkpoint);
        }
    }

    /// How many groups were committed since the start.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.door.lock().is_none()
    }

    pub(super) async fn close(&self) {
        let door = self.door.lock().take();
        let (done, closed) = oneshot::channel();
        if let Some(door) = door
            && tokio::task::spawn_blocking(move || door.send(Message::Close(done)))
                .await
                .is_ok()
        {
            let _ = closed.await;
        }
    }
}

fn work(
    connection: Connection,
    waiting: &Receiver<Message>,
    notices: &broadcast::Sender<Notice>,
    commits: &AtomicU64,
) {
    let mut tx = Tx::new(Conn::Sqlite(Handle::owned(connection)));
    let mut next = None;
    loop {
        let message = match next.take() {
            Some(message) => message,
            None => match waiting.recv() {
                Ok(message) => message,
                Err(_) => return,
            },
        };
        match message {
            Message::Run(command) => {
                next = group(&mut tx, command, waiting, notices);
                commits.fetch_add(1, Ordering::Relaxed);
            }
            Message::Checkpoint => checkpoint(&tx, "PRAGMA wal_checkpoint(RESTART)"),
            Message::Close(done) => {
                checkpoint(&tx, "PRAGMA wal_checkpoint(TRUNCATE)");
                drop(tx);
                let _ = done.send(());
                return;
            }
        }
    }
}

/// One transaction for `first` and all that wait behind it. Hands back a message that was no command.
fn group(
    tx: &mut Tx,
    first: Command,
    waiting: &Receiver<Message>,
    notices: &broadcast::Sender<Notice>,
) -> Option<Message> {
    let started = Instant::now();
    let begun = control(tx, "BEGIN IMMEDIATE");
    let mut done: Vec<Deliver> = Vec::new();
    let mut lost = begun.err();
    let mut command = Some(first);
    let mut left = None;
    while let Some(Command(run)) = command.take() {
        done.push(if lost.is_none() {
            one(tx, run, &mut lost)
        } else {
            run(None).1
        });
        if done.len() < GROUP && started.elapsed() < GROUP_TIME && lost.is_none() {
            match waiting.try_recv() {
                Ok(Message::Run(next)) => command = Some(next),
                Ok(other) => left = Some(other),
                Err(_) => {}
            }
        }
    }
    let outcome = match lost {
        Some(error) => Err(error),
        None => control(tx, "COMMIT"),
    };
    if outcome.is_err() && !is_idle(tx) {
        let _ = control(tx, "ROLLBACK");
    }
    let after = std::mem::take(&mut tx.after);
    let told = std::mem::take(&mut tx.notices);
    if outcome.is_ok() {
        for deliver in done {
            deliver(Ok(()));
        }
        for then in after {
            then();
        }
        for notice in told {
            // No listener is fine.
            let _ = notices.send(notice);
        }
    } else if let Err(error) = outcome {
        tracing::error!(error = %error, commands = done.len(), "a group of commands could not be committed");
        for deliver in done {
            deliver(Err(again(&error)));
        }
    }
    left
}

/// Runs one command under a savepoint. `lost` is set when the engine gave up the whole transaction.
fn one(tx: &mut Tx, run: Run, lost: &mut Option<DbError>) -> Deliver {
    if let Err(error) = control(tx, "SAVEPOINT command") {
        *lost = Some(error);
        return run(None).1;
    }
    let (after, told) = (tx.after.len(), tx.notices.len());
    let (keep, deliver) = run(Some(tx));
    if keep {
        if let Err(error) = control(tx, "RELEASE command") {
            *lost = Some(error);
        }
        return deliver;
    }
    tx.after.truncate(after);
    tx.notices.truncate(told);
    if is_idle(tx) {
        // A full disk or a failed read or write ends the transaction as a whole (sqlite.org/lang_transaction.html).
        *lost = Some(DbError::Full);
    } else if let Err(error) =
        control(tx, "ROLLBACK TO command").and_then(|()| control(tx, "RELEASE command"))
    {
        *lost = Some(error);
    }
    deliver
}

fn control(tx: &Tx, sql: &str) -> Result<(), DbError> {
    let Conn::Sqlite(handle) = &**tx else {
        return Err(DbError::Closed);
    };
    handle.prepare_cached(sql)?.execute([])?;
    Ok(())
}

fn is_idle(tx: &Tx) -> bool {
    matches!(&**tx, Conn::Sqlite(handle) if handle.is_autocommit())
}

/// Readers of old pages (a backup, say) keep the log from starting anew; then it grows until they are done.
fn checkpoint(tx: &Tx, sql: &str) {
    let Conn::Sqlite(handle) = &**tx else { return };
    let folded = handle
        .busy_timeout(FOLDING)
        .and_then(|()| handle.query_row(sql, [], |_| Ok(())));
    if let Err(error) = folded.and_then(|()| handle.busy_timeout(PATIENCE)) {
        tracing::warn!(%error, "the write-ahead log could not be folded into the file yet");
    }
}

/// The same error once more, for every command of a group.
fn again(error: &DbError) -> DbError {
    match error {
        DbError::Full => DbError::Full,
        DbError::Disk => DbError::Disk,
        DbError::Busy => DbError::Busy,
        other => DbError::Engine(other.to_string()),
    }
}
