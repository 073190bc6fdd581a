//! Gives new entries their place in the Merkle log, and signs what the log has become.

use super::{Line, Shown, store};
use crate::app::App;
use crate::error::DeskError;
use bedside_audit::{Checkpoint, Frontier, Origin, SignedCheckpoint};
use bedside_db::Lane;
use futures_util::FutureExt;
use parking_lot::Mutex;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

/// Entries that one command seals at most, so that sealing never holds up other commands for long.
const GROUP: i64 = 200;
/// How long sealing lets commands pass between two groups. A group's commit writes ten times the pages of others (the
/// indexes that come with the seal), and whoever waits behind it should not find the next one in the commit after.
const PAUSE: Duration = Duration::from_millis(10);
/// Entries of one round, more than a busy second brings, behind which sealing goes on without pauses: it has fallen behind.
const BUSY: u64 = 10_000;
/// How often new entries are sealed.
const ROUND: Duration = Duration::from_secs(1);
/// Signed checkpoints that wait for the disk together, in bytes; some 25, and far fewer than [`TAIL`].
const NOTES: usize = 8 * 1024;
/// How much of the end of the checkpoint file is looked at, in bytes; many notes.
const TAIL: u64 = 64 * 1024;

/// Seals the log of one database.
pub struct Sealer {
    app: App,
    /// Signed checkpoints that don't stand in the file yet.
    notes: Mutex<String>,
}

impl Sealer {
    /// A sealer for the desk's log.
    pub const fn new(app: App) -> Self {
        Self {
            app,
            notes: Mutex::new(String::new()),
        }
    }

    /// Seals everything that waits, and signs a checkpoint over each group of it. Says how many entries were sealed.
    pub async fn round(&self) -> Result<u64, DeskError> {
        self.keep().await?;
        let mut sealed = 0;
        loop {
            let groups = self.groups(sealed).await;
            // What was sealed stands in the file, whatever came after it.
            self.keep().await?;
            let (count, more) = groups?;
            sealed += count;
            if !more {
                return Ok(sealed);
            }
        }
    }

    /// Seals some groups whose notes wait for the disk together, after `before` entries of the same round: how many entries,
    /// and whether more may wait.
    async fn groups(&self, before: u64) -> Result<(u64, bool), DeskError> {
        let mut sealed = 0;
        loop {
            if (1..BUSY).contains(&(before + sealed)) {
                tokio::time::sleep(PAUSE).await;
            }
            let app = self.app.clone();
            let (entries, note) = self
                .app
                .db
                .write_in(Lane::Machinery, move |tx| {
                    async move { group(tx, &app).await }.boxed()
                })
                .await?;
            if self.app.config.audit_to_log {
                entries.iter().for_each(tell);
            }
            let count = entries.len() as u64;
            sealed += count;
            let enough = note.is_some_and(|note| self.note(&note) > NOTES);
            let more = count == GROUP.unsigned_abs();
            if !more || enough {
                return Ok((sealed, more));
            }
        }
    }

    /// Lets a checkpoint wait for the disk; says how many bytes wait.
    fn note(&self, note: &SignedCheckpoint) -> usize {
        let mut notes = self.notes.lock();
        notes.push_str(&note.to_string());
        notes.push('\n');
        notes.len()
    }

    /// Appends the signed checkpoints to the file that is shipped elsewhere.
    async fn keep(&self) -> Result<(), DeskError> {
        let notes = self.notes.lock().clone();
        let length = notes.len();
        if let Some(path) = self.app.config.checkpoint_file()
            && length > 0
        {
            tokio::task::spawn_blocking(move || append(&path, &notes))
                .await
                .unwrap_or_else(|ended| Err(std::io::Error::other(ended)))
                .map_err(|error| DeskError::Unavailable(format!("the checkpoint file: {error}")))?;
        }
        self.notes.lock().drain(..length);
        Ok(())
    }
}

/// Appends `notes` and syncs them. A note that a power cut or a full disk left half is taken away first: read as one with
/// the next, it would look like a forgery.
fn append(path: &Path, notes: &str) -> std::io::Result<()> {
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)?;
    // A command beside a desk at work writes to the same file.
    file.lock()?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let end = from + whole(&tail) as u64;
    if end < length {
        file.set_len(end)?;
    }
    file.seek(SeekFrom::Start(end))?;
    file.write_all(notes.as_bytes())?;
    file.sync_data()
}

/// Where the last whole note of `tail` ends: behind an empty line that follows a signature.
fn whole(tail: &[u8]) -> usize {
    let is_signature = |at: usize| {
        let line = tail[..at].iter().rposition(|byte| *byte == b'\n');
        tail[line.map_or(0, |at| at + 1)..].starts_with("\u{2014} ".as_bytes())
    };
    let mut ends = (0..tail.len().saturating_sub(1)).rev();
    ends.find(|&at| tail[at..].starts_with(b"\n\n") && is_signature(at))
        .map_or(0, |at| at + 2)
}

async fn group(
    tx: &mut bedside_db::Tx,
    app: &App,
) -> Result<(Vec<Shown>, Option<SignedCheckpoint>), DeskError> {
    store::take_turn(tx).await?;
    let mut frontier = match store::frontier(tx).await? {
        Some(bytes) => {
            Frontier::from_bytes(&bytes).map_err(|error| DeskError::Internal(error.to_string()))?
        }
        None => Frontier::new(),
    };
    let open = store::open(tx, GROUP).await?;
    if open.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut sealed = Vec::with_capacity(open.len());
    for (sequence, entry) in open {
        let hash = entry.leaf_hash();
        let leaf = i64::try_from(frontier.size()).unwrap_or(i64::MAX);
        if !store::seal(tx, sequence, leaf, &hash).await? {
            // Two nodes seal the very first entries, before there is a turn to take; the other will have done these.
            return Err(DeskError::Unavailable(
                "another node is sealing the audit log".to_owned(),
            ));
        }
        frontier.append(hash);
        sealed.push(Shown::from_entry(sequence, Some(leaf), entry));
    }
    let now = app.now();
    let checkpoint = Checkpoint {
        origin: origin(app)?,
        size: frontier.size(),
        root: frontier.root(),
        at: now.micros(),
    };
    let note = checkpoint.sign(app.keyring.audit_key());
    let size = i64::try_from(frontier.size()).unwrap_or(i64::MAX);
    store::add_checkpoint(tx, size, &note.to_string(), &frontier.to_bytes(), now).await?;
    Ok((sealed, Some(note)))
}

/// Writes a sealed entry as a line of the program's log, for whoever keeps that on another system. A gap in `leaf` is
/// what was lost on the way: `bedside audit entries` prints it again.
fn tell(entry: &Shown) {
    let entry = Line::from(entry);
    tracing::info!(
        target: "bedside::audit",
        leaf = entry.leaf,
        sequence = entry.sequence,
        entry = entry.entry,
        at = entry.at,
        actor_kind = entry.actor_kind,
        actor_id = entry.actor_id,
        action = entry.action,
        object_kind = entry.object_kind,
        object_id = entry.object_id,
        purpose = entry.purpose,
        source = entry.source,
        outcome = entry.outcome,
        detail = entry.detail,
        "audit"
    );
}

/// The log's name in its checkpoints: after its key, so that it stays the same when the desk moves to another address.
pub(super) fn origin(app: &App) -> Result<Origin, DeskError> {
    let key = app.keyring.audit_key().verifying_key();
    let name = data_encoding::HEXLOWER.encode(&key.as_bytes()[..8]);
    Origin::new(&format!("bedside-audit/{name}"))
        .map_err(|error| DeskError::Internal(error.to_string()))
}

/// Seals every second until `stop` resolves, and once more then.
pub async fn run(app: App, mut stop: tokio::sync::watch::Receiver<bool>) {
    let sealer = Sealer::new(app);
    let mut round = tokio::time::interval(ROUND);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let stopping = tokio::select! {
            _ = round.tick() => false,
            _ = stop.changed() => true,
        };
        if let Err(error) = sealer.round().await {
            tracing::warn!(%error, "the audit log could not be sealed in this round");
        }
        if stopping {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_was_left_half_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("checkpoints.txt");
        let note = |number: u32| format!("log\n{number}\nroot\ntime 1\n\n\u{2014} log c2ln\n\n");
        let kept = || std::fs::read_to_string(&file).unwrap();
        append(&file, &note(1)).unwrap();
        append(&file, &note(2)).unwrap();
        let both = note(1) + &note(2);
        assert_eq!(kept(), both);
        let torn = note(3);
        for length in 1..torn.len() {
            if torn.is_char_boundary(length) {
                std::fs::write(&file, both.clone() + &torn[..length]).unwrap();
                append(&file, &note(4)).unwrap();
                assert_eq!(kept(), both.clone() + &note(4), "{length}");
            }
        }
        std::fs::write(&file, &torn[..9]).unwrap();
        append(&file, &note(4)).unwrap();
        assert_eq!(kept(), note(4));
    }
}
