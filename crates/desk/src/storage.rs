//! Whether the desk can store anything, for monitors that ask every second or two.
//!
//! Every command says here how it ended. Who asks hears of a command that failed for lack of space [`REMEMBERED`] seconds
//! long, and else of the newest one that was stored; only where nothing was written lately is something written to find
//! out, at most once in as many seconds however many ask.

use crate::error::DeskError;
use bedside_db::{Db, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How long the outcome of a write stands for the next ones, in seconds.
pub const REMEMBERED: i64 = 5;

/// How long whoever asks waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The newest outcomes of one process.
#[derive(Debug)]
pub struct Storage {
    /// When something was stored, in microseconds.
    stored: AtomicI64,
    /// When something could not be.
    refused: AtomicI64,
    /// Held by the one who finds out.
    asking: tokio::sync::Mutex<()>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            stored: AtomicI64::new(i64::MIN),
            refused: AtomicI64::new(i64::MIN),
            asking: tokio::sync::Mutex::default(),
        }
    }
}

fn is_recent(at: &AtomicI64, now: Timestamp) -> bool {
    let at = Timestamp::from_micros(at.load(Ordering::Relaxed));
    at.micros() != i64::MIN && now.seconds_since(at) < REMEMBERED
}

impl Storage {
    /// Takes note of how a write ended.
    pub(crate) fn saw<T>(&self, outcome: &Result<T, DeskError>, now: Timestamp) {
        match outcome {
            Ok(_) => self.stored.store(now.micros(), Ordering::Relaxed),
            Err(DeskError::Storage(_)) => self.refused.store(now.micros(), Ordering::Relaxed),
            // A command that refuses its caller says nothing about the disk.
            Err(_) => {}
        }
    }

    /// What is known already: whether a write was refused lately, or else one stored.
    fn known(&self, now: Timestamp) -> Option<Result<(), DeskError>> {
        if is_recent(&self.refused, now) {
            let why = "nothing could be stored a moment ago";
            return Some(Err(DeskError::Storage(why.to_owned())));
        }
        is_recent(&self.stored, now).then_some(Ok(()))
    }

    /// [`DeskError::Storage`] while there is no room; other errors when the database does not answer.
    pub async fn check(&self, db: &Db, now: Timestamp) -> Result<(), DeskError> {
        if let Some(known) = self.known(now) {
            return known;
        }
        let find_out = async {
            let _asking = self.asking.lock().await;
            if let Some(known) = self.known(now) {
                return known;
            }
            let outcome = db.try_write().await.map_err(DeskError::from);
            self.saw(&outcome, now);
            outcome
        };
        // Whoever asks must not wait behind everybody else when the database does not answer.
        tokio::time::timeout(PATIENCE, find_out)
            .await
            .unwrap_or_else(|_| Err(DeskError::Unavailable("storing takes too long".to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    fn full() -> Result<(), DeskError> {
        Err(DeskError::Storage("full".to_owned()))
    }

    #[test]
    fn a_refusal_counts_for_a_while_and_more_than_what_was_stored() {
        let storage = Storage::default();
        assert!(storage.known(NOW).is_none(), "nothing is known yet");
        storage.saw(&Ok(()), NOW);
        assert!(matches!(storage.known(NOW.plus_seconds(4)), Some(Ok(()))));
        assert!(storage.known(NOW.plus_seconds(5)).is_none());
        storage.saw(&full(), NOW.plus_seconds(6));
        storage.saw(&Ok(()), NOW.plus_seconds(7));
        let known = storage.known(NOW.plus_seconds(10));
        assert!(matches!(known, Some(Err(DeskError::Storage(_)))));
        let known = storage.known(NOW.plus_seconds(11));
        assert!(matches!(known, Some(Ok(()))), "it passes by itself");
    }

    #[test]
    fn a_command_that_is_refused_says_nothing_about_the_disk() {
        let storage = Storage::default();
        storage.saw::<()>(&Err(DeskError::Forbidden), NOW);
        assert!(storage.known(NOW).is_none());
    }
}
