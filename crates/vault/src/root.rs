//! The root key of an installation and the ways it comes in.

use std::{fmt, path::Path};

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::{BASE64, HEXLOWER};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    cipher::{Cipher, KEY_LEN, OpenError, wrap_context},
    derived::expand,
    key_file::{self, Created, KeyFileError},
};

/// Shortest passphrase taken, in bytes.
pub const MIN_PASSPHRASE_LEN: usize = 12;
/// Shortest salt taken for a passphrase, in bytes (RFC 9106 §3.1 recommends 16).
pub const MIN_SALT_LEN: usize = 16;
const MAX_INPUT_LEN: usize = 4096;

// RFC 9106 §4, the second recommended option: 3 passes over 64 MiB in 4 lanes.
const ARGON2_MEMORY_KIB: u32 = 64 * 1024;
const ARGON2_PASSES: u32 = 3;
const ARGON2_LANES: u32 = 4;

/// Why a root key could not be made from what was given. The texts never show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RootKeyError {
    /// Not base64 of exactly 32 bytes.
    #[error("the root key must be 32 bytes in base64 (44 characters)")]
    NotAKey,
    /// The passphrase is too short or absurdly long.
    #[error("the passphrase must have between {MIN_PASSPHRASE_LEN} and {MAX_INPUT_LEN} bytes")]
    Passphrase,
    /// The salt is too short or absurdly long.
    #[error("the salt must have between {MIN_SALT_LEN} and {MAX_INPUT_LEN} bytes")]
    Salt,
}

/// The key above all others. It wraps the organisations' keys and seals the installation's own
/// secrets; it never touches patient data itself. Wiped from memory when dropped.
#[derive(Clone)]
pub struct RootKey(Cipher);

impl RootKey {
    /// A fresh random key.
    pub fn generate() -> Self {
        Self(Cipher::generate())
    }

    /// The key with these bytes, for example from a key management service.
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(Cipher::new(Zeroizing::new(bytes)))
    }

    /// A key in base64 (RFC 4648 §4, with padding), as in an environment variable or a key file.
    /// White space around it is no matter.
    pub fn from_base64(text: &str) -> Result<Self, RootKeyError> {
        let text = text.trim();
        if text.len() != BASE64.encode_len(KEY_LEN) {
            return Err(RootKeyError::NotAKey);
        }
        let decoded = BASE64
            .decode(text.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| RootKeyError::NotAKey)?;
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        if decoded.len() != KEY_LEN {
            return Err(RootKeyError::NotAKey);
        }
        bytes.copy_from_slice(&decoded);
        Ok(Self(Cipher::new(bytes)))
    }

    /// The key for a passphrase: Argon2id v1.3 with 64 MiB, 3 passes, 4 lanes (RFC 9106 §4, second
    /// recommended option), about a quarter of a second. The salt is no secret, belongs to the
    /// installation and must be kept: another salt is another key.
    pub fn from_passphrase(passphrase: &str, salt: &[u8]) -> Result<Self, RootKeyError> {
        if !(MIN_PASSPHRASE_LEN..=MAX_INPUT_LEN).contains(&passphrase.len()) {
            return Err(RootKeyError::Passphrase);
        }
        if !(MIN_SALT_LEN..=MAX_INPUT_LEN).contains(&salt.len()) {
            return Err(RootKeyError::Salt);
        }
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        argon2id()
            .hash_password_into(passphrase.as_bytes(), salt, &mut *bytes)
            .map_err(|_| RootKeyError::Passphrase)?;
        Ok(Self(Cipher::new(bytes)))
    }

    /// Reads the key file, or makes a random key and its file when there is none. Safe against a
    /// crash and against a second process that does the same: both end with the same whole key.
    pub fn load_or_create_file(path: &Path) -> Result<(Self, Created), KeyFileError> {
        match Self::load_file(path) {
            Err(KeyFileError::Missing { .. }) => {}
            loaded => return loaded.map(|key| (key, Created::No)),
        }
        let key = Self::generate();
        match key.write_file(path) {
            Ok(()) => Ok((key, Created::Yes)),
            Err(KeyFileError::Exists { .. }) => Self::load_file(path).map(|key| (key, Created::No)),
            Err(error) => Err(error),
        }
    }

    /// Reads a key file; refuses one that anyone but its owner may touch.
    pub fn load_file(path: &Path) -> Result<Self, KeyFileError> {
        let text = key_file::read(path)?;
        Self::from_base64(&text).map_err(|_| KeyFileError::NotAKey { path: path.into() })
    }

    /// Writes a new key file (mode 0600), whole or not at all, and on disk when this returns.
    /// Never replaces a file: losing a root key loses the data.
    pub fn write_file(&self, path: &Path) -> Result<(), KeyFileError> {
        key_file::create(path, &self.to_base64())
    }

    /// Puts this key in place of an earlier key file in one step, for the end of a rotation: every
    /// bundle must be wrapped by this key, and stored, before.
    pub fn replace_file(&self, path: &Path) -> Result<(), KeyFileError> {
        key_file::replace(path, &self.to_base64())
    }

    /// Sixteen hexadecimal digits that name the key without telling anything about it, to recognise
    /// at start-up that data and key belong together.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&*expand::<8>(self.0.expose(), &[b"root key fingerprint"]))
    }

    /// Seals a secret of the installation (a mailbox password, a signing seed). `context` says which
    /// one it is and must be the same at [`Self::open_secret`].
    pub fn seal_secret(&self, context: &[u8], secret: &[u8]) -> Vec<u8> {
        self.0.seal(&wrap_context("root secret", context), secret)
    }

    /// Opens what [`Self::seal_secret`] sealed under the same context.
    pub fn open_secret(
        &self,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.0
            .open(&wrap_context("root secret", context), sealed)
            .map(Zeroizing::new)
    }

    pub(crate) fn cipher(&self) -> &Cipher {
        &self.0
    }

    fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(self.0.expose()))
    }
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(
        ARGON2_MEMORY_KIB,
        ARGON2_PASSES,
        ARGON2_LANES,
        Some(KEY_LEN),
    );
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        params.expect("the parameters are within RFC 9106"),
    )
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey([redacted])")
    }
}
