//! Ed25519 keys (RFC 8032) that sign checkpoints.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};

use crate::{checkpoint::Origin, tree::sha256};

/// Signature type "Ed25519" of C2SP's `signed-note`.
const NOTE_ED25519: u8 = 1;
pub(crate) const SIGNATURE_LEN: usize = 64;

/// Signs checkpoints.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key with this seed (the 32-byte private key of RFC 8032 §5.1.5). Keep the seed sealed.
    ///
    /// # Panics
    ///
    /// Never: each seed is a key.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        Self(pair.expect("each 32 bytes are an Ed25519 seed"))
    }

    /// The public half.
    ///
    /// # Panics
    ///
    /// Never: Ed25519 public keys have 32 bytes.
    pub fn verifying_key(&self) -> VerifyingKey {
        let bytes = self.0.public_key().as_ref().first_chunk();
        VerifyingKey(*bytes.expect("an Ed25519 public key has 32 bytes"))
    }

    pub(crate) fn sign(&self, text: &str) -> [u8; SIGNATURE_LEN] {
        let signature = self.0.sign(text.as_bytes());
        *signature
            .as_ref()
            .first_chunk()
            .expect("an Ed25519 signature has 64 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

/// Checks checkpoints. Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// The key with these bytes. Bytes that are no point of the curve verify nothing.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Four bytes that name the key on a signature line (C2SP `signed-note`, "Signatures").
    pub fn id(&self, origin: &Origin) -> [u8; 4] {
        let name = origin.as_str().as_bytes();
        let [a, b, c, d, ..] = sha256(&[name, b"\n", &[NOTE_ED25519], &self.0]);
        [a, b, c, d]
    }

    /// The key as other tools for signed notes read it: `name+id+key`.
    pub fn note_key(&self, origin: &Origin) -> String {
        let mut typed = [NOTE_ED25519; 33];
        typed[1..].copy_from_slice(&self.0);
        let id = HEXLOWER.encode(&self.id(origin));
        format!("{}+{id}+{}", origin.as_str(), BASE64.encode(&typed))
    }

    pub(crate) fn is_signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(text.as_bytes(), signature)
            .is_ok()
    }
}
