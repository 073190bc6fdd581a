//! Signed statements of the log's size and root, as text that people can keep and send.
//!
//! The form is C2SP's `tlog-checkpoint` with one extension line for the time:
//!
//! ```text
//! desk.example.org/audit
//! 1234
//! <root in base64>
//! time 1700000000000000
//!
//! — desk.example.org/audit <key id and signature in base64>
//! ```

use std::fmt;

use data_encoding::BASE64;
use thiserror::Error;

use crate::{
    keys::{SIGNATURE_LEN, SigningKey, VerifyingKey},
    tree::Hash,
};

const MAX_ORIGIN_LEN: usize = 200;
const MAX_TEXT_LEN: usize = 8 * 1024;
const SIGNATURE_MARK: &str = "— ";
const KEY_ID_LEN: usize = 4;

/// The log's name, on the first line of its checkpoints and in its signer's key id: 1 to 200 bytes
/// without white space, control characters and `+`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Takes a name that keeps to the rule.
    pub fn new(name: &str) -> Result<Self, CheckpointError> {
        let wrong = |c: char| c == '+' || c.is_whitespace() || c.is_control();
        if name.is_empty() || name.len() > MAX_ORIGIN_LEN || name.contains(wrong) {
            return Err(CheckpointError::Origin);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A statement of what the log was at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: Origin,
    /// Number of entries covered.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// When it was signed: microseconds since 1970-01-01 UTC.
    pub at: i64,
}

/// Why a text is no checkpoint, or not one by the expected signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The name breaks the rule of [`Origin`].
    #[error("a log's name has 1 to {MAX_ORIGIN_LEN} bytes, without spaces and plus signs")]
    Origin,
    /// Not in the form of a checkpoint.
    #[error("this is not a checkpoint")]
    Malformed,
    /// No signature by the given key, or one over another text.
    #[error("the checkpoint is not signed by this log's key")]
    BadSignature,
}

impl Checkpoint {
    /// Signs it.
    pub fn sign(self, key: &SigningKey) -> SignedCheckpoint {
        let body = self.body();
        let mut signed = Vec::with_capacity(KEY_ID_LEN + SIGNATURE_LEN);
        signed.extend_from_slice(&key.verifying_key().id(&self.origin));
        signed.extend_from_slice(&key.sign(&body));
        SignedCheckpoint {
            signatures: vec![SignatureLine {
                name: self.origin.0.clone(),
                signed,
            }],
            claim: self,
        }
    }

    /// The signed lines.
    fn body(&self) -> String {
        let Self {
            origin, size, at, ..
        } = self;
        let root = BASE64.encode(&self.root);
        format!("{}\n{size}\n{root}\ntime {at}\n", origin.0)
    }

    fn parse_body(body: &str) -> Option<Self> {
        let mut lines = body.lines();
        let claim = Self {
            origin: Origin::new(lines.next()?).ok()?,
            size: lines.next()?.parse().ok()?,
            root: BASE64
                .decode(lines.next()?.as_bytes())
                .ok()?
                .try_into()
                .ok()?,
            at: lines.next()?.strip_prefix("time ")?.parse().ok()?,
        };
        // One spelling only: no leading zeros or signs, other line ends or further lines.
        (claim.body() == body).then_some(claim)
    }
}

/// A checkpoint's text with its signatures. Nothing in it is to be relied on before [`Self::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    claim: Checkpoint,
    signatures: Vec<SignatureLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    signed: Vec<u8>,
}

impl SignatureLine {
    fn parse(line: &str) -> Option<Self> {
        let (name, signed) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        let signed = BASE64.decode(signed.as_bytes()).ok()?;
        // Others, such as witnesses, may sign in other ways; the key id is common to all.
        (!name.is_empty() && signed.len() > KEY_ID_LEN).then(|| Self {
            name: name.to_owned(),
            signed,
        })
    }
}

impl SignedCheckpoint {
    /// Reads the text form. It may carry further signatures, as by witnesses.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        Self::parse_text(text).ok_or(CheckpointError::Malformed)
    }

    fn parse_text(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT_LEN {
            return None;
        }
        let (body, signatures) = text.split_once("\n\n")?;
        let lines = signatures.strip_suffix('\n')?.split('\n');
        Some(Self {
            claim: Checkpoint::parse_body(&format!("{body}\n"))?,
            signatures: lines.map(SignatureLine::parse).collect::<Option<_>>()?,
        })
    }

    /// The checkpoint, if `key` signed it.
    pub fn verify(&self, key: &VerifyingKey) -> Result<&Checkpoint, CheckpointError> {
        let body = self.claim.body();
        let id = key.id(&self.claim.origin);
        let signed = self.signatures.iter().any(|line| {
            line.name == self.claim.origin.0
                && line
                    .signed
                    .strip_prefix(&id)
                    .is_some_and(|signature| key.is_signed(&body, signature))
        });
        if signed {
            Ok(&self.claim)
        } else {
            Err(CheckpointError::BadSignature)
        }
    }

    /// What it claims, unverified: only to sort checkpoints and to name a bad one.
    pub const fn claim(&self) -> &Checkpoint {
        &self.claim
    }
}

/// The text form.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.claim.body())?;
        self.signatures.iter().try_for_each(|line| {
            let signed = BASE64.encode(&line.signed);
            writeln!(f, "{SIGNATURE_MARK}{} {signed}", line.name)
        })
    }
}
