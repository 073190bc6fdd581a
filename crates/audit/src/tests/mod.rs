mod checkpoint;
mod entry;
mod proof;
mod tamper;
mod tree;

use std::borrow::Cow;

use crate::{Checkpoint, Entry, Frontier, Hash, Origin, SigningKey, leaf_hash};

pub(super) fn origin() -> Origin {
    Origin::new("desk.example.org/audit").unwrap()
}

pub(super) fn signer() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

pub(super) fn entry(number: u64) -> Entry {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Entry {
        id,
        at: 1_700_000_000_000_000 + i64::try_from(number).unwrap(),
        organisation: [1; 16],
        actor_kind: "staff".into(),
        actor_id: Cow::Owned(format!("u{}", number % 5)),
        action: "ticket.read".into(),
        object_kind: "ticket".into(),
        object_id: Cow::Owned(format!("t{number}")),
        purpose: "treatment".into(),
        source: "web".into(),
        outcome: "ok".into(),
        detail: r#"{"messages":3}"#.into(),
    }
}

pub(super) fn checkpoint(size: u64, root: Hash) -> Checkpoint {
    Checkpoint {
        origin: origin(),
        size,
        root,
        at: 1_700_000_000_000_000,
    }
}

pub(super) fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

pub(super) fn frontier(leaves: impl IntoIterator<Item = Hash>) -> Frontier {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.append(leaf);
    }
    frontier
}

/// The root by the words of RFC 9162 §2.1.1, to hold the fast ways against.
pub(super) fn defined_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => crate::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            crate::tree::node_hash(&defined_root(left), &defined_root(right))
        }
    }
}
