//! Keys of an organisation and of a person, and how the upper wraps the lower.

use std::{collections::BTreeMap, fmt};

use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    cipher::{Cipher, KEY_LEN, OVERHEAD, OpenError, Place, wrap_context},
    derived::{BlindIndexKey, MacKey, SearchKey},
    root::RootKey,
    secret::random_bytes,
};

const BUNDLE_LABEL: &str = "organisation keys";
const DATA_KEY_LABEL: &str = "data key";
const BUNDLE_FORMAT: u8 = 1;
const VERSION_LEN: usize = 4;
const ENTRY_LEN: usize = VERSION_LEN + KEY_LEN;

/// An organisation's keys: wrapping keys by version, of which the newest wraps and all unwrap, and
/// the secret from which look-up and search keys derive and which never changes.
///
/// Sealed by the root key at rest ([`Self::wrap`]); keep the open bundle in an `Arc`.
#[derive(Clone)]
pub struct OrganisationKeys {
    wrapping: BTreeMap<u32, Cipher>,
    index_secret: Zeroizing<[u8; KEY_LEN]>,
}

/// Why a wrapping key can't be retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RetireError {
    /// It is the one that wraps now.
    #[error("key version {0} is the current one; rotate first")]
    Current(u32),
    /// The bundle does not hold it.
    #[error("there is no key version {0}")]
    Unknown(u32),
}

impl OrganisationKeys {
    /// Fresh keys for a new organisation, at wrapping version 1.
    pub fn generate() -> Self {
        Self {
            wrapping: BTreeMap::from([(1, Cipher::generate())]),
            index_secret: Zeroizing::new(random_bytes()),
        }
    }

    /// Seals the bundle under the root key. `context` is the organisation's id; a bundle moved to
    /// another organisation does not open.
    pub fn wrap(&self, root: &RootKey, context: &[u8]) -> Vec<u8> {
        let length = 1 + KEY_LEN + self.wrapping.len() * ENTRY_LEN;
        let mut plain = Zeroizing::new(Vec::with_capacity(length));
        plain.push(BUNDLE_FORMAT);
        plain.extend_from_slice(&*self.index_secret);
        for (version, key) in &self.wrapping {
            plain.extend_from_slice(&version.to_be_bytes());
            plain.extend_from_slice(key.expose());
        }
        root.cipher()
            .seal(&wrap_context(BUNDLE_LABEL, context), &plain)
    }

    /// Opens a bundle sealed by [`Self::wrap`] under the same root key and context.
    pub fn unwrap(root: &RootKey, wrapped: &[u8], context: &[u8]) -> Result<Self, OpenError> {
        let plain = root
            .cipher()
            .open(&wrap_context(BUNDLE_LABEL, context), wrapped)
            .map(Zeroizing::new)?;
        let (&format, rest) = plain.split_first().ok_or(OpenError::Malformed)?;
        if format != BUNDLE_FORMAT {
            return Err(OpenError::UnknownFormat(format));
        }
        let (index_secret, rest) = rest.split_first_chunk().ok_or(OpenError::Malformed)?;
        let (entries, []) = rest.as_chunks::<ENTRY_LEN>() else {
            return Err(OpenError::Malformed);
        };
        if entries.is_empty() {
            return Err(OpenError::Malformed);
        }
        let wrapping = entries.iter().map(|entry| {
            let (version, key) = entry.split_at(VERSION_LEN);
            let mut bytes = Zeroizing::new([0; KEY_LEN]);
            bytes.copy_from_slice(key);
            let version = version
                .iter()
                .fold(0, |sum, &byte| sum << 8 | u32::from(byte));
            (version, Cipher::new(bytes))
        });
        Ok(Self {
            wrapping: wrapping.collect(),
            index_secret: Zeroizing::new(*index_secret),
        })
    }

    /// The bundle with one more wrapping key, which wraps from now on; the earlier ones still unwrap.
    /// Store its wrapped form before using it.
    #[must_use = "the new bundle must be stored and used"]
    pub fn rotate(&self) -> Self {
        let mut rotated = self.clone();
        let next = self.current_version() + 1;
        rotated.wrapping.insert(next, Cipher::generate());
        rotated
    }

    /// The bundle without an earlier wrapping key. Only once nothing is wrapped by it any more: what
    /// still is can never be read again.
    pub fn retire(&self, version: u32) -> Result<Self, RetireError> {
        if version == self.current_version() {
            return Err(RetireError::Current(version));
        }
        let mut retired = self.clone();
        match retired.wrapping.remove(&version) {
            Some(_) => Ok(retired),
            None => Err(RetireError::Unknown(version)),
        }
    }

    /// The version that wraps now.
    pub fn current_version(&self) -> u32 {
        self.current().0
    }

    /// All versions held, oldest first.
    pub fn versions(&self) -> impl Iterator<Item = u32> {
        self.wrapping.keys().copied()
    }

    /// Whether a wrapped data key should be wrapped anew: its version is not the current one.
    pub fn needs_rewrap(&self, wrapped: &[u8]) -> Result<bool, OpenError> {
        Ok(DataKey::wrapped_version(wrapped)? != self.current_version())
    }

    /// A wrapped data key, wrapped anew by the current version; what it sealed stays as it is.
    pub fn rewrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Vec<u8>, OpenError> {
        DataKey::unwrap(self, wrapped, context).map(|key| key.wrap(self, context))
    }

    /// The key for exact look-ups. Deriving takes a few microseconds: keep it.
    pub fn blind_index_key(&self) -> BlindIndexKey {
        BlindIndexKey::derive(&self.index_secret)
    }

    /// The key for search tokens. Deriving takes a few microseconds: keep it.
    pub fn search_key(&self) -> SearchKey {
        SearchKey::derive(&self.index_secret)
    }

    /// A key to sign one kind of thing, such as reply addresses; each label is its own key.
    pub fn mac_key(&self, label: &str) -> MacKey {
        MacKey::derive(&self.index_secret, label)
    }

    fn current(&self) -> (u32, &Cipher) {
        let newest = self.wrapping.last_key_value();
        newest
            .map(|(version, key)| (*version, key))
            .expect("a bundle is made with a key, and its current key can't be retired")
    }
}

impl fmt::Debug for OrganisationKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrganisationKeys")
            .field("versions", &self.wrapping.keys())
            .finish_non_exhaustive()
    }
}

/// The key of one person. All that is sealed about the person is sealed by it, so destroying its
/// wrapped form erases them, in backups too.
#[derive(Clone)]
pub struct DataKey(Cipher);

impl DataKey {
    /// Length of a wrapped data key, in bytes.
    pub const WRAPPED_LEN: usize = VERSION_LEN + KEY_LEN + OVERHEAD;

    /// A fresh random key.
    pub fn generate() -> Self {
        Self(Cipher::generate())
    }

    /// Seals the key under the organisation's current wrapping key, whose version (big-endian u32)
    /// comes first. `context` is the key's id.
    pub fn wrap(&self, keys: &OrganisationKeys, context: &[u8]) -> Vec<u8> {
        let (version, wrapping) = keys.current();
        let mut wrapped = Vec::with_capacity(Self::WRAPPED_LEN);
        wrapped.extend_from_slice(&version.to_be_bytes());
        let associated = wrap_context(DATA_KEY_LABEL, context);
        wrapping.seal_onto(&mut wrapped, &associated, self.0.expose());
        wrapped
    }

    /// Opens a key sealed by [`Self::wrap`] for the same organisation and context.
    pub fn unwrap(
        keys: &OrganisationKeys,
        wrapped: &[u8],
        context: &[u8],
    ) -> Result<Self, OpenError> {
        let version = Self::wrapped_version(wrapped)?;
        let wrapping = keys
            .wrapping
            .get(&version)
            .ok_or(OpenError::UnknownKeyVersion(version))?;
        let sealed = &wrapped[VERSION_LEN..];
        match sealed.len() {
            length if length < KEY_LEN + OVERHEAD => return Err(OpenError::TooShort),
            length if length > KEY_LEN + OVERHEAD => return Err(OpenError::Malformed),
            _ => {}
        }
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        wrapping.open_into(&wrap_context(DATA_KEY_LABEL, context), sealed, &mut *bytes)?;
        Ok(Self(Cipher::new(bytes)))
    }

    /// Which wrapping key version wrapped it.
    pub fn wrapped_version(wrapped: &[u8]) -> Result<u32, OpenError> {
        let version = wrapped.first_chunk().ok_or(OpenError::TooShort)?;
        Ok(u32::from_be_bytes(*version))
    }

    /// Seals a value for its place. Costs one allocation; adds [`OVERHEAD`] bytes.
    pub fn seal(&self, place: Place, plain: &[u8]) -> Vec<u8> {
        self.0.seal_at(&place, plain)
    }

    /// Opens a value sealed for the same place.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.0.open_at(&place, sealed)
    }

    /// Seals a text for its place.
    pub fn seal_str(&self, place: Place, plain: &str) -> Vec<u8> {
        self.seal(place, plain.as_bytes())
    }

    /// Opens a text sealed for the same place; [`OpenError::Malformed`] when it is not UTF-8.
    pub fn open_str(&self, place: Place, sealed: &[u8]) -> Result<String, OpenError> {
        String::from_utf8(self.open(place, sealed)?).map_err(|error| {
            error.into_bytes().zeroize();
            OpenError::Malformed
        })
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([redacted])")
    }
}
