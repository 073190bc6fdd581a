//! The vault: everything that identifies or describes a patient is sealed here before it is stored.
//!
//! # The keys
//!
//! ```text
//! RootKey            one an installation: file, environment or passphrase
//!   └─ OrganisationKeys   one bundle an organisation: versioned wrapping keys + one index secret
//!        ├─ DataKey            one a person; destroying its wrapped form erases the person
//!        │    └─ sealed columns, bound to their Place
//!        └─ BlindIndexKey, SearchKey, MacKey   derived from the index secret
//! ```
//!
//! Each arrow is AES-256-GCM with a random 96-bit nonce. NIST SP 800-38D §8.3 allows 2³² such
//! messages under one key; a key here seals one person's fields or wraps one organisation's data
//! keys, which stays far below.
//!
//! # Rotation
//!
//! [`OrganisationKeys::rotate`] adds a wrapping key and keeps the earlier ones, so that data keys are
//! wrapped anew in batches ([`OrganisationKeys::rewrap`]) while the desk reads both. The index secret
//! stays, or every look-up and search index would have to be built again from the plain text.
//! A new root key only wraps the bundles again ([`OrganisationKeys::wrap`]).
//!
//! # Invariants
//!
//! - What was sealed for one place, key or purpose opens nowhere else: the associated data names them.
//! - No secret shows in `Debug`; keys are wiped from memory when dropped.
//! - Errors say nothing about the content.
//!
//! This crate knows no HTTP and no SQL, and reads no clock. Its only randomness is the system's.

mod cipher;
mod derived;
mod key_file;
mod keys;
pub mod normalise;
mod root;
pub mod secret;

pub use cipher::{OVERHEAD, OpenError, Place};
pub use derived::{BlindIndexKey, BlindKind, MacKey, SearchKey, SearchToken, TokenKind};
pub use key_file::{Created, KeyFileError};
pub use keys::{DataKey, OrganisationKeys, RetireError};
pub use root::{MIN_PASSPHRASE_LEN, MIN_SALT_LEN, RootKey, RootKeyError};

#[cfg(test)]
mod tests;
