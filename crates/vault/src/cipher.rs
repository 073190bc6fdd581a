//! AES-256-GCM with one sealed format for every use, and the associated data that binds it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::random_bytes;

/// Length of every symmetric key here, in bytes.
pub(crate) const KEY_LEN: usize = 32;
const TAG_LEN: usize = 16;
const FORMAT: u8 = 1;
const HEADER_LEN: usize = 1 + NONCE_LEN;

/// Bytes that sealing adds to the plain text: format byte, nonce and tag.
pub const OVERHEAD: usize = HEADER_LEN + TAG_LEN;

/// Where a sealed value lives. It is the associated data, so a value moved to another row, column or
/// table does not open.
///
/// The names are part of what is authenticated: renaming a table or column means sealing it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Table name.
    pub table: &'static str,
    /// Column name.
    pub column: &'static str,
    /// The row's id.
    pub row: [u8; 16],
}

impl Place {
    /// Encodes the place injectively (names carry their length) and hands it on.
    /// Usual names stay on the stack, since this runs for every field that is read or written.
    fn with_bytes<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R {
        const INLINE: usize = 128;
        let length = 4 + self.table.len() + self.column.len() + self.row.len();
        let mut inline = [0_u8; INLINE];
        let mut heap;
        let bytes = if length <= INLINE {
            &mut inline[..length]
        } else {
            heap = vec![0_u8; length];
            heap.as_mut_slice()
        };
        let mut rest = &mut *bytes;
        for name in [self.table, self.column] {
            let count = u16::try_from(name.len()).expect("an SQL name is shorter than 64 KiB");
            rest = put(rest, &count.to_be_bytes());
            rest = put(rest, name.as_bytes());
        }
        put(rest, &self.row);
        then(bytes)
    }
}

fn put<'a>(target: &'a mut [u8], part: &[u8]) -> &'a mut [u8] {
    let (head, rest) = target.split_at_mut(part.len());
    head.copy_from_slice(part);
    rest
}

/// Why something sealed did not open. The texts hold nothing of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Shorter than the smallest sealed value.
    #[error("the sealed value is too short")]
    TooShort,
    /// Sealed in a format that this version does not know.
    #[error("the sealed value has the unknown format {0}")]
    UnknownFormat(u8),
    /// Wrapped by a key version that the organisation's bundle does not hold.
    #[error("the key is wrapped by version {0}, which is not in the organisation's keys")]
    UnknownKeyVersion(u32),
    /// Another key, another place, or altered bytes: these can't be told apart.
    #[error("the sealed value was altered, moved, or sealed with another key")]
    Refused,
    /// The bytes opened but do not hold what was expected of them.
    #[error("the sealed value opened but does not hold what belongs there")]
    Malformed,
}

/// A 256-bit key, ready to seal and open.
pub(crate) struct Cipher {
    bytes: Zeroizing<[u8; KEY_LEN]>,
    key: LessSafeKey,
}

impl Cipher {
    pub(crate) fn new(bytes: Zeroizing<[u8; KEY_LEN]>) -> Self {
        let unbound =
            UnboundKey::new(&AES_256_GCM, &*bytes).expect("AES-256 takes every 32-byte key");
        Self {
            bytes,
            key: LessSafeKey::new(unbound),
        }
    }

    pub(crate) fn generate() -> Self {
        Self::new(Zeroizing::new(random_bytes()))
    }

    /// The raw key: only for wrapping it, deriving from it and storing it.
    pub(crate) fn expose(&self) -> &[u8; KEY_LEN] {
        &self.bytes
    }

    /// `format byte | nonce | ciphertext | tag`, in one allocation.
    pub(crate) fn seal(&self, associated: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        self.seal_onto(&mut sealed, associated, plain);
        sealed
    }

    /// Like [`Self::seal`], behind what `sealed` already holds.
    pub(crate) fn seal_onto(&self, sealed: &mut Vec<u8>, associated: &[u8], plain: &[u8]) {
        let nonce: [u8; NONCE_LEN] = random_bytes();
        sealed.reserve_exact(plain.len() + OVERHEAD);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        let body = sealed.len();
        sealed.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated),
                &mut sealed[body..],
            )
            .expect("memory holds less than the 64 GiB that AES-GCM can seal");
        sealed.extend_from_slice(tag.as_ref());
    }

    pub(crate) fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let length = sealed
            .len()
            .checked_sub(OVERHEAD)
            .ok_or(OpenError::TooShort)?;
        let mut plain = vec![0_u8; length];
        self.open_into(associated, sealed, &mut plain)?;
        Ok(plain)
    }

    /// Opens into `plain`, which must be exactly [`OVERHEAD`] shorter than `sealed`.
    pub(crate) fn open_into(
        &self,
        associated: &[u8],
        sealed: &[u8],
        plain: &mut [u8],
    ) -> Result<(), OpenError> {
        let (header, rest) = sealed
            .split_at_checked(HEADER_LEN)
            .ok_or(OpenError::TooShort)?;
        let (body, tag) = rest
            .len()
            .checked_sub(TAG_LEN)
            .map(|end| rest.split_at(end))
            .ok_or(OpenError::TooShort)?;
        if header[0] != FORMAT {
            return Err(OpenError::UnknownFormat(header[0]));
        }
        let nonce =
            Nonce::try_assume_unique_for_key(&header[1..]).expect("the header ends with the nonce");
        self.key
            .open_separate_gather(nonce, Aad::from(associated), body, tag, plain)
            .map_err(|_| OpenError::Refused)
    }

    pub(crate) fn seal_at(&self, place: &Place, plain: &[u8]) -> Vec<u8> {
        place.with_bytes(|associated| self.seal(associated, plain))
    }

    pub(crate) fn open_at(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        place.with_bytes(|associated| self.open(associated, sealed))
    }
}

impl Clone for Cipher {
    fn clone(&self) -> Self {
        Self::new(self.bytes.clone())
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Associated data of a wrapped key: what it is, then whose it is. Labels are fixed and none is the
/// beginning of another up to its zero byte, so that no two uses meet.
pub(crate) fn wrap_context(label: &str, context: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(label.len() + 1 + context.len());
    bytes.extend_from_slice(label.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(context);
    bytes
}
