//! One entry: who did what to which object, why, from where, and how it ended.

use std::borrow::Cow;

use thiserror::Error;

use crate::tree::{Hash, leaf_hash};

/// Longest text field except `detail`, in bytes.
pub const MAX_FIELD_LEN: usize = 256;
/// Longest `detail`, in bytes.
pub const MAX_DETAIL_LEN: usize = 4096;

const FORMAT: u8 = 1;
const FIXED_LEN: usize = 1 + 16 + 8 + 16;
const TEXT_FIELDS: usize = 9;

/// An entry of the audit log. It holds ids and codes, never patient data: it stays when a patient's
/// data is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The entry's id.
    pub id: [u8; 16],
    /// When it happened: microseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The organisation it belongs to.
    pub organisation: [u8; 16],
    /// What kind of actor: `staff`, `patient`, `token`, `system`.
    pub actor_kind: Cow<'static, str>,
    /// The actor's id; empty if there is none.
    pub actor_id: Cow<'static, str>,
    /// What was done, such as `ticket.read`.
    pub action: Cow<'static, str>,
    /// What kind of object it was done to, such as `ticket`.
    pub object_kind: Cow<'static, str>,
    /// The object's id; empty if there is none.
    pub object_id: Cow<'static, str>,
    /// The code of the purpose, such as `treatment`; empty if none applies.
    pub purpose: Cow<'static, str>,
    /// Where it came from: a way in and, where policy allows, a network address.
    pub source: Cow<'static, str>,
    /// How it ended: `ok`, `denied`, `failed`.
    pub outcome: Cow<'static, str>,
    /// Short JSON with what else matters (names of changed fields, counts); empty if nothing does.
    pub detail: Cow<'static, str>,
}

/// Why bytes or fields are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EntryError {
    /// Encoded in a format that this version does not know.
    #[error("the audit entry has the unknown format {0}")]
    UnknownFormat(u8),
    /// The bytes end too early, go on too long, or hold no UTF-8.
    #[error("the audit entry is damaged")]
    Damaged,
    /// A field exceeds [`MAX_FIELD_LEN`], or `detail` [`MAX_DETAIL_LEN`].
    #[error("the field {0} of the audit entry is too long")]
    TooLong(&'static str),
}

impl Entry {
    /// Refuses an entry with a field longer than its limit. Called before an entry is stored.
    pub fn check(&self) -> Result<(), EntryError> {
        for (name, text) in Self::FIELD_NAMES.into_iter().zip(self.texts()) {
            let limit = if name == "detail" {
                MAX_DETAIL_LEN
            } else {
                MAX_FIELD_LEN
            };
            if text.len() > limit {
                return Err(EntryError::TooLong(name));
            }
        }
        Ok(())
    }

    /// The bytes that are hashed: format byte (1), id, time (big-endian i64), organisation, then the
    /// nine texts in the order of the fields, each with its length (big-endian u64) before it.
    /// Different entries never have the same bytes.
    pub fn canonical(&self) -> Vec<u8> {
        let texts = self.texts();
        let length = texts.iter().map(|text| text.len() + 8).sum::<usize>();
        let mut bytes = Vec::with_capacity(FIXED_LEN + length);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&self.at.to_be_bytes());
        bytes.extend_from_slice(&self.organisation);
        for text in texts {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    /// Reads what [`Self::canonical`] wrote.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut rest = bytes;
        let [format] = take(&mut rest)?;
        if format != FORMAT {
            return Err(EntryError::UnknownFormat(format));
        }
        let id = take(&mut rest)?;
        let at = i64::from_be_bytes(take(&mut rest)?);
        let organisation = take(&mut rest)?;
        let mut texts: [Cow<'static, str>; TEXT_FIELDS] = Default::default();
        for text in &mut texts {
            *text = take_text(&mut rest)?;
        }
        if !rest.is_empty() {
            return Err(EntryError::Damaged);
        }
        let [
            actor_kind,
            actor_id,
            action,
            object_kind,
            object_id,
            purpose,
            source,
            outcome,
            detail,
        ] = texts;
        Ok(Self {
            id,
            at,
            organisation,
            actor_kind,
            actor_id,
            action,
            object_kind,
            object_id,
            purpose,
            source,
            outcome,
            detail,
        })
    }

    /// The entry's leaf in the tree.
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.canonical())
    }

    const FIELD_NAMES: [&'static str; TEXT_FIELDS] = [
        "actor_kind",
        "actor_id",
        "action",
        "object_kind",
        "object_id",
        "purpose",
        "source",
        "outcome",
        "detail",
    ];

    fn texts(&self) -> [&str; TEXT_FIELDS] {
        [
            &self.actor_kind,
            &self.actor_id,
            &self.action,
            &self.object_kind,
            &self.object_id,
            &self.purpose,
            &self.source,
            &self.outcome,
            &self.detail,
        ]
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], EntryError> {
    let (head, tail) = rest.split_first_chunk().ok_or(EntryError::Damaged)?;
    *rest = tail;
    Ok(*head)
}

fn take_text(rest: &mut &[u8]) -> Result<Cow<'static, str>, EntryError> {
    let length = usize::try_from(u64::from_be_bytes(take(rest)?));
    let (text, tail) = length
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or(EntryError::Damaged)?;
    *rest = tail;
    let text = std::str::from_utf8(text).map_err(|_| EntryError::Damaged)?;
    Ok(Cow::Owned(text.to_owned()))
}
