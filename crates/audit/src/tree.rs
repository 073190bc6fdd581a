//! The Merkle tree of RFC 9162 §2.1 and its right edge, with which it grows.

use aws_lc_rs::digest;
use thiserror::Error;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

// RFC 9162 §2.1.1: leaves and nodes are told apart, so that no node passes for an entry.
const LEAF_PREFIX: u8 = 0;
const NODE_PREFIX: u8 = 1;

const FRONTIER_FORMAT: u8 = 1;
const FRONTIER_HEADER_LEN: usize = 9;

/// The hash of an entry's bytes as a leaf: SHA-256 over 0x00 and the bytes.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[LEAF_PREFIX], entry])
}

/// The hash of two subtrees: SHA-256 over 0x01, left and right.
pub(crate) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [NODE_PREFIX; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    sha256(&[&bytes])
}

/// The root of a tree without entries: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    sha256(&[])
}

pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let digest = context.finish();
    let bytes = digest.as_ref().first_chunk();
    *bytes.expect("SHA-256 gives 32 bytes")
}

/// The roots of the complete subtrees along the tree's right edge, biggest first: all it takes to add
/// entries and to know the root (a "compact range"). At most 64 hashes, one for each bit of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    edge: Vec<Hash>,
}

/// Why stored bytes are no frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrontierError {
    /// Written in a format this version does not know.
    #[error("the stored edge of the audit tree has an unknown format")]
    UnknownFormat,
    /// The number of hashes does not fit the size.
    #[error("the stored edge of the audit tree has the wrong length for its size")]
    WrongLength,
}

impl Frontier {
    /// The frontier of an empty tree.
    pub const fn new() -> Self {
        Self {
            size: 0,
            edge: Vec::new(),
        }
    }

    /// Adds a leaf; its number is the size before.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Every one bit at the low end of the size is a complete subtree that the new leaf completes
        // to one of twice its size.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.edge.iter().rev();
        match subtrees.next() {
            None => empty_root(),
            Some(smallest) => subtrees.fold(*smallest, |right, left| node_hash(left, &right)),
        }
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// For storage: format byte, size (big-endian u64), hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FRONTIER_HEADER_LEN + self.edge.len() * 32);
        bytes.push(FRONTIER_FORMAT);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.extend_from_slice(self.edge.as_flattened());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (format, rest) = bytes.split_first().ok_or(FrontierError::WrongLength)?;
        if *format != FRONTIER_FORMAT {
            return Err(FrontierError::UnknownFormat);
        }
        let (size, hashes) = rest.split_first_chunk().ok_or(FrontierError::WrongLength)?;
        let size = u64::from_be_bytes(*size);
        let (edge, rest) = hashes.as_chunks::<32>();
        if !rest.is_empty() || edge.len() != size.count_ones() as usize {
            return Err(FrontierError::WrongLength);
        }
        Ok(Self {
            size,
            edge: edge.to_vec(),
        })
    }
}
