//! Gives new entries their place in the Merkle log, and signs what the log has become.

use super::store;
use crate::app::App;
use crate::error::DeskError;
use bedside_audit::{Checkpoint, Frontier, Origin, SignedCheckpoint};
use futures_util::FutureExt;
use std::io::Write;
use std::time::Duration;

/// Entries that one command seals at most, so that sealing never holds up other commands for long.
const GROUP: i64 = 200;
/// How often new entries are sealed.
const ROUND: Duration = Duration::from_secs(1);

/// Seals the log of one database.
pub struct Sealer {
    app: App,
}

impl Sealer {
    /// A sealer for the desk's log.
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    /// Seals everything that waits and signs one checkpoint over it. Says how many entries were sealed.
    pub async fn round(&self) -> Result<u64, DeskError> {
        let mut sealed = 0;
        loop {
            let app = self.app.clone();
            let (count, note) = self
                .app
                .db
                .write(move |tx| async move { group(tx, &app).await }.boxed())
                .await?;
            if let Some(note) = note {
                self.keep(&note)?;
            }
            sealed += count;
            if count < GROUP.unsigned_abs() {
                return Ok(sealed);
            }
        }
    }

    /// Appends a signed checkpoint to the file that is shipped elsewhere.
    fn keep(&self, note: &SignedCheckpoint) -> Result<(), DeskError> {
        let Some(path) = self.app.config.checkpoint_file() else {
            return Ok(());
        };
        let written = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(format!("{note}\n").as_bytes()));
        written.map_err(|error| DeskError::Unavailable(format!("the checkpoint file: {error}")))
    }
}

async fn group(
    tx: &mut bedside_db::Tx,
    app: &App,
) -> Result<(u64, Option<SignedCheckpoint>), DeskError> {
    let mut frontier = match store::frontier(tx).await? {
        Some(bytes) => {
            Frontier::from_bytes(&bytes).map_err(|error| DeskError::Internal(error.to_string()))?
        }
        None => Frontier::new(),
    };
    let open = store::open(tx, GROUP).await?;
    if open.is_empty() {
        return Ok((0, None));
    }
    for (sequence, entry) in &open {
        let hash = entry.leaf_hash();
        let leaf = i64::try_from(frontier.size()).unwrap_or(i64::MAX);
        if !store::seal(tx, *sequence, leaf, &hash).await? {
            // Another node seals at this moment; it will have done these.
            return Err(DeskError::Unavailable(
                "another node is sealing the audit log".to_owned(),
            ));
        }
        frontier.append(hash);
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
    Ok((open.len() as u64, Some(note)))
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
