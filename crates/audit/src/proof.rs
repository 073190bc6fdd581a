//! Proofs that an entry is in the log, and that a log is an earlier one with entries added.

use std::ops::Range;

use thiserror::Error;

use crate::tree::{Frontier, Hash, empty_root, node_hash};

/// Why a proof could not be made or does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// No entry has this number in a log of this size, or the sizes are in the wrong order.
    #[error("there is no such entry in a log of this size")]
    OutOfRange,
    /// The log holds fewer entries than the size says.
    #[error("the log has fewer entries than the proof needs")]
    TooFewLeaves,
    /// It leads to another root.
    #[error("the proof does not lead to the checkpoint's root")]
    Wrong,
}

/// On which side of the hash so far a proof's hash stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The proof's hash comes first.
    Left,
    /// The proof's hash comes second.
    Right,
}

/// One step of an inclusion proof, as a person would do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the hash stands.
    pub side: Side,
    /// The hash to join with.
    pub hash: Hash,
}

/// The hashes that lead from one leaf to the root (RFC 9162 §2.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The entry's number, from 0.
    pub index: u64,
    /// Size of the tree it is proven in.
    pub size: u64,
    /// Sibling hashes from the leaf upwards.
    pub path: Vec<Hash>,
}

/// Proves that the entry with this number is in the tree of the first `size` leaves. Reads the leaves
/// once and keeps O(log n) hashes. Leaves after the last one needed are not read.
pub fn prove(
    leaves: impl IntoIterator<Item = Hash>,
    index: u64,
    size: u64,
) -> Result<InclusionProof, ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let path = subtree_roots(leaves, &inclusion_ranges(index, size))?;
    Ok(InclusionProof { index, size, path })
}

impl InclusionProof {
    /// The steps from the leaf to the root (RFC 9162 §2.1.3.2).
    pub fn steps(&self) -> Result<Vec<Step>, ProofError> {
        if self.index >= self.size {
            return Err(ProofError::OutOfRange);
        }
        let (mut node, mut last) = (self.index, self.size - 1);
        let mut steps = Vec::with_capacity(self.path.len());
        for &hash in &self.path {
            if last == 0 {
                return Err(ProofError::Wrong);
            }
            let side = if node & 1 == 1 || node == last {
                // A node without a right sibling is passed up unchanged until it has a left one.
                let lifted = if node == 0 { 0 } else { node.trailing_zeros() };
                (node, last) = (node >> lifted, last >> lifted);
                Side::Left
            } else {
                Side::Right
            };
            steps.push(Step { side, hash });
            (node, last) = (node >> 1, last >> 1);
        }
        if last == 0 {
            Ok(steps)
        } else {
            Err(ProofError::Wrong)
        }
    }

    /// Checks that `leaf` is in the tree with this root.
    pub fn verify(&self, leaf: &Hash, root: &Hash) -> Result<(), ProofError> {
        let steps = self.steps()?;
        let reached = steps.iter().fold(*leaf, |hash, step| match step.side {
            Side::Left => node_hash(&step.hash, &hash),
            Side::Right => node_hash(&hash, &step.hash),
        });
        if reached == *root {
            Ok(())
        } else {
            Err(ProofError::Wrong)
        }
    }
}

/// The hashes that show a tree to be an earlier one with leaves added (RFC 9162 §2.1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// Size of the earlier tree.
    pub old_size: u64,
    /// Size of the later tree.
    pub new_size: u64,
    /// Subtree hashes in the order of the RFC.
    pub path: Vec<Hash>,
}

/// Proves that the tree of the first `new_size` leaves grew from that of the first `old_size`. From
/// an empty tree every tree has grown, so the proof for `old_size` 0 is empty and says nothing.
pub fn prove_consistency(
    leaves: impl IntoIterator<Item = Hash>,
    old_size: u64,
    new_size: u64,
) -> Result<ConsistencyProof, ProofError> {
    if old_size > new_size {
        return Err(ProofError::OutOfRange);
    }
    let path = subtree_roots(leaves, &consistency_ranges(old_size, new_size))?;
    Ok(ConsistencyProof {
        old_size,
        new_size,
        path,
    })
}

impl ConsistencyProof {
    /// Checks that the tree with `new_root` grew from the one with `old_root` (RFC 9162 §2.1.4.2).
    pub fn verify(&self, old_root: &Hash, new_root: &Hash) -> Result<(), ProofError> {
        let holds = match (self.old_size, self.new_size) {
            (old, new) if old > new => return Err(ProofError::OutOfRange),
            (old, new) if old == new => self.path.is_empty() && old_root == new_root,
            (0, _) => self.path.is_empty() && *old_root == empty_root(),
            _ => self.roots(old_root) == Some((*old_root, *new_root)),
        };
        if holds {
            Ok(())
        } else {
            Err(ProofError::Wrong)
        }
    }

    /// The old and the new root that the path leads to.
    fn roots(&self, old_root: &Hash) -> Option<(Hash, Hash)> {
        let mut path = self.path.iter();
        // An old tree of 2ⁿ leaves is itself the first node, which the RFC leaves out.
        let first = if self.old_size.is_power_of_two() {
            *old_root
        } else {
            *path.next()?
        };
        let lifted = (self.old_size - 1).trailing_ones();
        let (mut node, mut last) = ((self.old_size - 1) >> lifted, (self.new_size - 1) >> lifted);
        let (mut old, mut new) = (first, first);
        for hash in path {
            if last == 0 {
                return None;
            }
            if node & 1 == 1 || node == last {
                old = node_hash(hash, &old);
                new = node_hash(hash, &new);
                let lifted = if node == 0 { 0 } else { node.trailing_zeros() };
                (node, last) = (node >> lifted, last >> lifted);
            } else {
                new = node_hash(&new, hash);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        (last == 0).then_some((old, new))
    }
}

/// Where a tree over `size` > 1 leaves divides: the biggest power of two below the size.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The subtrees beside the way from a leaf to the root, from the leaf upwards.
fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let mut beside = Vec::new();
    let mut tree = 0..size;
    while tree.end - tree.start > 1 {
        let middle = tree.start + split(tree.end - tree.start);
        let (left, right) = (tree.start..middle, middle..tree.end);
        let (towards, away) = if index < middle {
            (left, right)
        } else {
            (right, left)
        };
        beside.push(away);
        tree = towards;
    }
    beside.reverse();
    beside
}

/// The subtrees of a consistency proof in the order of the RFC (SUBPROOF, RFC 9162 §2.1.4.1).
fn consistency_ranges(old_size: u64, new_size: u64) -> Vec<Range<u64>> {
    if old_size == 0 {
        return Vec::new();
    }
    let mut beside = Vec::new();
    let mut tree = 0..new_size;
    while tree.end != old_size {
        let middle = tree.start + split(tree.end - tree.start);
        if old_size <= middle {
            beside.push(middle..tree.end);
            tree.end = middle;
        } else {
            beside.push(tree.start..middle);
            tree.start = middle;
        }
    }
    // The verifier knows the old tree's root, so it is left out where it is a subtree itself.
    if tree.start != 0 {
        beside.push(tree);
    }
    beside.reverse();
    beside
}

/// The roots over disjoint ranges of leaves, in the order of the ranges.
fn subtree_roots(
    leaves: impl IntoIterator<Item = Hash>,
    ranges: &[Range<u64>],
) -> Result<Vec<Hash>, ProofError> {
    let mut by_start: Vec<usize> = (0..ranges.len()).collect();
    by_start.sort_by_key(|&position| ranges[position].start);
    let mut roots = vec![Hash::default(); ranges.len()];
    let mut leaves = (0_u64..).zip(leaves);
    for position in by_start {
        let range = &ranges[position];
        let mut subtree = Frontier::new();
        while subtree.size() < range.end - range.start {
            let (index, leaf) = leaves.next().ok_or(ProofError::TooFewLeaves)?;
            if range.contains(&index) {
                subtree.append(leaf);
            }
        }
        roots[position] = subtree.root();
    }
    Ok(roots)
}
