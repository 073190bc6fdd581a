//! The one writer. Commands that wait are run one after the other, each under its own savepoint, inside one
//! transaction, and answered only after its commit: many commands share one sync to disk. Somebody waits for an answer
//! to some commands; the others ([`Lane::Machinery`]) give way to them without ever standing still.

use super::Handle;
use super::readers::Readers;
use crate::{Conn, DbError, Lane, Notice, Tx};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, oneshot};

/// Commands that may wait for the writer; one more is refused as busy.
const QUEUE: i64 = 8192;
/// Messages that may lie before the door: the commands, and what is no command.
const DOOR: usize = 8192 + 64;
/// Commands of one commit at most.
const GROUP: usize = 128;
/// Commands of the desk's own machinery that a commit takes in when people keep it busy.
const MACHINERY: usize = 4;
/// How long a commit may have to wait because somebody else holds the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long folding the log waits for readers of old pages: commands wait behind it.
const FOLDING: Duration = Duration::from_millis(20);
/// The same at the end, when nobody waits for the writer.
const CLOSING: Duration = Duration::from_secs(1);
/// A commit takes in no further command after this long.
const GROUP_TIME: Duration = Duration::from_millis(4);

type Deliver = Box<dyn FnOnce(Result<(), DbError>) + Send>;
/// Run with a transaction, or with none when it could not be opened.
type Run = Box<dyn FnOnce(Option<&mut Tx>) -> (bool, Deliver) + Send>;

/// A command with its type erased: runs, says whether it wants to be kept, and hands back who hears the outcome.
pub(super) struct Command {
    lane: Lane,
    run: Run,
}

impl Command {
    pub(super) fn new<T, E, F>(
        lane: Lane,
        command: F,
        answer: oneshot::Sender<Result<T, E>>,
    ) -> Self
    where
        F: for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let run: Run = Box::new(move |tx| {
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
        });
        Self { lane, run }
    }
}

enum Message {
    Run(Command),
    Checkpoint,
    Rest,
    Close(oneshot::Sender<()>),
}

/// The door to the writer's thread; cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    door: Arc<Mutex<Option<SyncSender<Message>>>>,
    changes: Arc<AtomicU64>,
    /// Commands that were handed in and not begun.
    pending: Arc<AtomicI64>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        notices: broadcast::Sender<Notice>,
        readers: Readers,
    ) -> Self {
        let (door, waiting) = sync_channel(DOOR);
        let changes = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&changes);
        std::thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || work(connection, waiting, &notices, &counter, &readers))
            .expect("the system can start a thread");
        Self {
            door: Arc::new(Mutex::new(Some(door))),
            changes,
            pending: Arc::default(),
        }
    }

    pub(super) fn hand_in(&self, command: Command) -> Result<(), DbError> {
        let door = self.door.lock().clone().ok_or(DbError::Closed)?;
        let (Command { lane, run }, pending) = (command, Arc::clone(&self.pending));
        let counted: Run = Box::new(move |tx| {
            pending.fetch_sub(1, Ordering::Relaxed);
            run(tx)
        });
        if self.pending.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            self.pending.fetch_sub(1, Ordering::Relaxed);
            return Err(DbError::Busy);
        }
        let message = Message::Run(Command { lane, run: counted });
        door.try_send(message).map_err(|error| {
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

    /// Gives back the pages that nothing is done with.
    pub(super) fn rest(&self) {
        if let Some(door) = self.door.lock().as_ref() {
            let _ = door.try_send(Message::Rest);
        }
    }

    /// How many rows were changed since the start: commands that only ask whether there is work change none.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
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

/// What was handed in and not begun.
struct Waiting {
    door: Receiver<Message>,
    people: VecDeque<Command>,
    machinery: VecDeque<Command>,
    checkpoint: bool,
    rest: bool,
    close: Option<oneshot::Sender<()>>,
}

impl Waiting {
    fn behind(door: Receiver<Message>) -> Self {
        Self {
            door,
            people: VecDeque::new(),
            machinery: VecDeque::new(),
            checkpoint: false,
            rest: false,
            close: None,
        }
    }

    fn put(&mut self, message: Message) {
        match message {
            Message::Run(command) => match command.lane {
                Lane::People | Lane::Notes => self.people.push_back(command),
                Lane::Machinery => self.machinery.push_back(command),
            },
            Message::Checkpoint => self.checkpoint = true,
            Message::Rest => self.rest = true,
            Message::Close(done) => self.close = Some(done),
        }
    }

    fn take_in(&mut self) {
        while let Ok(message) = self.door.try_recv() {
            self.put(message);
        }
    }

    /// All commands that wait.
    fn empty(&mut self) -> impl Iterator<Item = Command> + '_ {
        self.take_in();
        self.people.drain(..).chain(self.machinery.drain(..))
    }

    fn has_commands(&self) -> bool {
        !(self.people.is_empty() && self.machinery.is_empty())
    }

    /// Waits until there is something to do; `false` when nothing will ever come again.
    fn wait(&mut self) -> bool {
        self.take_in();
        let is_told = self.checkpoint || self.rest || self.close.is_some();
        if !self.has_commands() && !is_told {
            match self.door.recv() {
                Ok(message) => self.put(message),
                Err(_) => return false,
            }
        }
        true
    }
}

fn work(
    connection: Connection,
    door: Receiver<Message>,
    notices: &broadcast::Sender<Notice>,
    changes: &AtomicU64,
    readers: &Readers,
) {
    let mut tx = Tx::new(Conn::Sqlite(Handle::owned(connection)));
    let mut waiting = Waiting::behind(door);
    while waiting.wait() {
        if std::mem::take(&mut waiting.checkpoint) {
            readers.while_none_lasts(|| checkpoint(&tx, "RESTART", FOLDING));
        }
        if std::mem::take(&mut waiting.rest) {
            shrink(&tx);
        }
        if waiting.has_commands() {
            group(&mut tx, &mut waiting, notices, readers);
            changes.store(changed_so_far(&tx), Ordering::Relaxed);
        } else if let Some(done) = waiting.close.take() {
            readers.while_none_lasts(|| checkpoint(&tx, "TRUNCATE", CLOSING));
            drop(tx);
            let _ = done.send(());
            return;
        }
    }
}

/// The commands of one transaction, in the order in which they are run: those of people first, then the machinery's, as
/// many as fit, and a few even when more people wait.
struct Group<'a> {
    waiting: &'a mut Waiting,
    started: Instant,
    taken: usize,
    of_machinery: usize,
}

impl Group<'_> {
    fn next(&mut self) -> Option<Command> {
        self.waiting.take_in();
        let room = self.taken < GROUP && self.started.elapsed() < GROUP_TIME;
        let more_people = !self.waiting.people.is_empty();
        let command = if room && more_people && self.of_machinery == 0 {
            self.waiting.people.pop_front()
        } else if self.of_machinery < MACHINERY || room && !more_people {
            self.of_machinery += 1;
            self.waiting.machinery.pop_front()
        } else {
            None
        };
        self.taken += 1;
        command
    }
}

/// One transaction for what waits.
fn group(
    tx: &mut Tx,
    waiting: &mut Waiting,
    notices: &broadcast::Sender<Notice>,
    readers: &Readers,
) {
    if let Err(error) = control(tx, "BEGIN IMMEDIATE") {
        // Somebody else holds the file. Whoever waits has waited as long; one after the other would wait for all.
        let refused = waiting.empty().map(|command| (command.run)(None).1);
        let refused = refused.collect();
        return refuse(refused, &error);
    }
    let mut lost = None;
    let mut changed = false;
    let mut done: Vec<Deliver> = Vec::new();
    let mut commands = Group {
        waiting,
        started: Instant::now(),
        taken: 0,
        of_machinery: 0,
    };
    while let Some(Command { lane, run }) = commands.next() {
        changed |= lane != Lane::Notes;
        done.push(one(tx, run, &mut lost));
        if lost.is_some() {
            break;
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
        if changed {
            readers.changed();
        }
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
        refuse(done, &error);
    }
}

fn refuse(commands: Vec<Deliver>, error: &DbError) {
    tracing::error!(%error, commands = commands.len(), "a group of commands could not be committed");
    for deliver in commands {
        deliver(Err(again(error)));
    }
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

fn changed_so_far(tx: &Tx) -> u64 {
    match &**tx {
        Conn::Sqlite(handle) => handle.total_changes(),
        Conn::Postgres(_) => 0,
    }
}

fn is_idle(tx: &Tx) -> bool {
    matches!(&**tx, Conn::Sqlite(handle) if handle.is_autocommit())
}

/// Readers of old pages (a backup, say) keep the log from starting anew; then it grows until they are done.
fn checkpoint(tx: &Tx, how: &str, patience: Duration) {
    let Conn::Sqlite(handle) = &**tx else { return };
    let sql = format!("PRAGMA wal_checkpoint({how})");
    let folded = handle
        .busy_timeout(patience)
        .and_then(|()| handle.query_row(&sql, [], |row| row.get::<_, bool>(0)));
    let restored = handle.busy_timeout(PATIENCE);
    match folded.and_then(|busy| restored.map(|()| busy)) {
        Ok(false) => {}
        Ok(true) => tracing::debug!("readers keep the write-ahead log from starting anew"),
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log could not be folded into the file yet");
        }
    }
}

fn shrink(tx: &Tx) {
    let Conn::Sqlite(handle) = &**tx else { return };
    if let Err(error) = handle.execute_batch("PRAGMA shrink_memory") {
        tracing::debug!(%error, "the writer's pages could not be given back");
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
