//! The audit log: entries that can only be added, and the proof that it stayed so.
//!
//! Entries are the leaves of a Merkle tree as in RFC 6962 §2.1 and RFC 9162 §2.1 (SHA-256). Every so
//! often the tree's root is signed with Ed25519 as a [`Checkpoint`], in the form of C2SP's
//! `tlog-checkpoint`. Whoever keeps one checkpoint can tell later whether any entry up to it was
//! changed, removed, added or moved; copies kept elsewhere also catch a log that was cut short
//! together with its checkpoints.
//!
//! What one stores: the entries by number, each with its [`Entry::leaf_hash`]; the [`Frontier`],
//! which lets the log grow with O(log n) hashes in memory; and the signed checkpoints.
//! [`Verifier`] reads all of it again and gives the first [`Finding`]. [`prove`] shows for one entry
//! that a checkpoint covers it.
//!
//! # Checking one entry by hand
//!
//! Given are the entry's canonical bytes (`entry.bin`), its number, the proof's hashes and a signed
//! checkpoint. With `sha256sum` and `xxd`:
//!
//! 1. The leaf: `(printf '\000'; cat entry.bin) | sha256sum`.
//! 2. For each step of the proof, from the first on, join the hash so far (`H`) with the step's hash
//!    (`P`). [`InclusionProof::steps`] says on which side `P` stands:
//!    - left: `(printf '\001'; echo P H | xxd -r -p) | sha256sum`
//!    - right: `(printf '\001'; echo H P | xxd -r -p) | sha256sum`
//! 3. The last hash is the checkpoint's third line: `echo H | xxd -r -p | base64`.
//! 4. The checkpoint's signature: the line behind `—` names the signer and holds, in base64, four
//!    bytes of key id and 64 bytes of Ed25519 signature over all lines above the empty one, the last
//!    line's end included.
//!
//! The side can be found by hand too. Start with `f` = the entry's number (from 0) and `s` = the
//! checkpoint's size − 1. At each step `P` is left if `f` is odd or `f = s`, otherwise right; if it
//! was left and `f` is even, halve both (rounding down) until `f` is odd or 0; then halve both once.
//!
//! This crate is pure: no clock, no storage, no randomness.

mod checkpoint;
mod entry;
mod keys;
mod proof;
mod tree;
mod verifier;

pub use checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint};
pub use entry::{Entry, EntryError, MAX_DETAIL_LEN, MAX_FIELD_LEN};
pub use keys::{SigningKey, VerifyingKey};
pub use proof::{
    ConsistencyProof, InclusionProof, ProofError, Side, Step, prove, prove_consistency,
};
pub use tree::{Frontier, FrontierError, Hash, empty_root, leaf_hash};
pub use verifier::{Finding, Verified, Verifier};

#[cfg(test)]
mod tests;
