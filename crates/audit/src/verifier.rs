//! Reads a whole log again and finds the first place where it is not what was signed.

use std::collections::VecDeque;

use thiserror::Error;

use crate::{
    checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint},
    keys::VerifyingKey,
    tree::{Frontier, Hash, leaf_hash},
};

/// The first thing wrong with a log, told as far as it can be. Entries are numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Finding {
    /// The entry's content does not fit the hash stored with it.
    #[error("entry {index} was changed after it was written")]
    Changed {
        /// The entry's number.
        index: u64,
    },
    /// Numbers are missing.
    #[error("entries {first} to {last} were removed")]
    Removed {
        /// First missing number.
        first: u64,
        /// Last missing number.
        last: u64,
    },
    /// An entry stands where another belongs.
    #[error("entry {index} stands where entry {expected} belongs")]
    Reordered {
        /// The number found.
        index: u64,
        /// The number that belongs there.
        expected: u64,
    },
    /// The log ends before a checkpoint's size.
    #[error("the log was cut: a checkpoint was signed over {signed} entries and {found} are left")]
    TailCut {
        /// Entries covered by the checkpoint.
        signed: u64,
        /// Entries found.
        found: u64,
    },
    /// Entries and their stored hashes agree, but not with what was signed.
    #[error(
        "between entry {from} and entry {to}, an entry was changed, removed, added or moved: the \
         signed checkpoint over {size} entries has another root"
    )]
    CheckpointMismatch {
        /// First entry not covered by an earlier, matching checkpoint.
        from: u64,
        /// Last entry covered by this one.
        to: u64,
        /// Entries covered by the checkpoint.
        size: u64,
    },
    /// A checkpoint's text is damaged.
    #[error("checkpoint {position} is damaged: {error}")]
    DamagedCheckpoint {
        /// Its place among the checkpoints given, from 0.
        position: u64,
        /// What is wrong with it.
        error: CheckpointError,
    },
    /// A checkpoint is not signed by the log's key.
    #[error("checkpoint {position} is not signed by this log's key")]
    BadSignature {
        /// Its place among the checkpoints given, from 0.
        position: u64,
    },
    /// A checkpoint belongs to another log.
    #[error("checkpoint {position} belongs to another log")]
    OtherLog {
        /// Its place among the checkpoints given, from 0.
        position: u64,
    },
    /// What the log keeps to go on from is not what its entries give.
    #[error(
        "the stored edge of the tree over {size} entries is not the one that its entries give: the log \
         can't be continued from it"
    )]
    WrongEdge {
        /// Entries covered by the checkpoint that it is stored with.
        size: u64,
    },
    /// Checkpoints came in the wrong order, or later than the entries they cover.
    #[error("checkpoint {position} is out of order")]
    CheckpointOrder {
        /// Its place among the checkpoints given, from 0.
        position: u64,
    },
}

/// What a sound log amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Entries read.
    pub entries: u64,
    /// Entries covered by a signed checkpoint. Those after them are not proven yet.
    pub sealed: u64,
    /// Checkpoints that match.
    pub checkpoints: u64,
    /// Root over all entries read.
    pub root: Hash,
    /// When the last checkpoint was signed (microseconds since 1970-01-01 UTC), if there is one.
    pub sealed_at: Option<i64>,
}

/// Checks a log as it is read, with O(log n) memory for the entries.
///
/// Give checkpoints in order of size, each before the entry numbered with its size, and entries in
/// order; then [`Self::finish`]. Copies of checkpoints kept elsewhere are given among the others.
/// After the first finding there is nothing more to learn from the same verifier.
#[derive(Debug)]
pub struct Verifier {
    origin: Origin,
    key: VerifyingKey,
    frontier: Frontier,
    /// Checkpoints ahead, each with the hash of the edge stored beside it.
    waiting: VecDeque<(Checkpoint, Option<Hash>)>,
    given: u64,
    largest: u64,
    matched: u64,
    sealed: u64,
    sealed_at: Option<i64>,
}

impl Verifier {
    /// For the log of this name, signed by this key.
    pub const fn new(origin: Origin, key: VerifyingKey) -> Self {
        Self {
            origin,
            key,
            frontier: Frontier::new(),
            waiting: VecDeque::new(),
            given: 0,
            largest: 0,
            matched: 0,
            sealed: 0,
            sealed_at: None,
        }
    }

    /// The next checkpoint, in its text form: a copy from elsewhere.
    pub fn checkpoint(&mut self, text: &str) -> Result<(), Finding> {
        self.expect(text, None)
    }

    /// The next checkpoint of the log itself. `edge` is the [`leaf_hash`] of the [`Frontier`] stored beside it, from which
    /// the log goes on; a hash, because there may be millions of them.
    pub fn own_checkpoint(&mut self, text: &str, edge: Hash) -> Result<(), Finding> {
        self.expect(text, Some(edge))
    }

    fn expect(&mut self, text: &str, edge: Option<Hash>) -> Result<(), Finding> {
        let position = self.given;
        self.given += 1;
        let signed = SignedCheckpoint::parse(text)
            .map_err(|error| Finding::DamagedCheckpoint { position, error })?;
        let checkpoint = signed
            .verify(&self.key)
            .map_err(|_| Finding::BadSignature { position })?;
        if checkpoint.origin != self.origin {
            return Err(Finding::OtherLog { position });
        }
        if checkpoint.size < self.largest || checkpoint.size < self.frontier.size() {
            return Err(Finding::CheckpointOrder { position });
        }
        self.largest = checkpoint.size;
        self.waiting.push_back((checkpoint.clone(), edge));
        self.compare()
    }

    /// The next entry: its stored number, its stored leaf hash, and its canonical bytes.
    pub fn entry(&mut self, index: u64, stored: &Hash, canonical: &[u8]) -> Result<(), Finding> {
        let expected = self.frontier.size();
        if index > expected {
            return Err(Finding::Removed {
                first: expected,
                last: index - 1,
            });
        }
        if index < expected {
            return Err(Finding::Reordered { index, expected });
        }
        let leaf = leaf_hash(canonical);
        if leaf != *stored {
            return Err(Finding::Changed { index });
        }
        self.frontier.append(leaf);
        self.compare()
    }

    /// After the last entry.
    pub fn finish(self) -> Result<Verified, Finding> {
        if let Some((checkpoint, _)) = self.waiting.front() {
            return Err(Finding::TailCut {
                signed: checkpoint.size,
                found: self.frontier.size(),
            });
        }
        Ok(Verified {
            entries: self.frontier.size(),
            sealed: self.sealed,
            checkpoints: self.matched,
            root: self.frontier.root(),
            sealed_at: self.sealed_at,
        })
    }

    /// Holds the tree against each checkpoint of exactly its size.
    fn compare(&mut self) -> Result<(), Finding> {
        let size = self.frontier.size();
        while let Some((checkpoint, edge)) =
            self.waiting.pop_front_if(|(next, _)| next.size == size)
        {
            if checkpoint.root != self.frontier.root() {
                return Err(Finding::CheckpointMismatch {
                    // A second checkpoint over the same entries leaves no earlier one to count from.
                    from: if self.sealed == size { 0 } else { self.sealed },
                    to: size.saturating_sub(1),
                    size,
                });
            }
            if edge.is_some_and(|edge| edge != leaf_hash(&self.frontier.to_bytes())) {
                return Err(Finding::WrongEdge { size });
            }
            self.matched += 1;
            self.sealed = size;
            self.sealed_at = Some(checkpoint.at);
        }
        Ok(())
    }
}
