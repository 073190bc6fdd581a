use std::{fmt::Write as _, process::Command};

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::{defined_root, entry, frontier, leaves};
use crate::{
    ConsistencyProof, InclusionProof, ProofError, Side, empty_root, prove, prove_consistency,
};

const MOST: u64 = 70;

/// PATH of RFC 9162 §2.1.3.1, word for word.
fn defined_path(index: usize, leaves: &[[u8; 32]]) -> Vec<[u8; 32]> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (mut path, sibling) = if index < middle {
        (defined_path(index, left), right)
    } else {
        (defined_path(index - middle, right), left)
    };
    path.push(defined_root(sibling));
    path
}

/// SUBPROOF of RFC 9162 §2.1.4.1, word for word.
fn defined_subproof(old: usize, leaves: &[[u8; 32]], known: bool) -> Vec<[u8; 32]> {
    if old == leaves.len() {
        return if known {
            Vec::new()
        } else {
            vec![defined_root(leaves)]
        };
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (mut path, sibling) = if old <= middle {
        (defined_subproof(old, left, known), right)
    } else {
        (defined_subproof(old - middle, right, false), left)
    };
    path.push(defined_root(sibling));
    path
}

#[test]
fn every_entry_of_every_size_is_proven() {
    let all = leaves(MOST);
    for size in 1..=MOST {
        let tree = &all[..usize::try_from(size).unwrap()];
        let root = defined_root(tree);
        for (index, leaf) in (0..).zip(tree) {
            let proof = prove(all.iter().copied(), index, size).unwrap();
            let at = usize::try_from(index).unwrap();
            assert_eq!(proof.path, defined_path(at, tree));
            assert_eq!(proof.verify(leaf, &root), Ok(()));
            // Neither another entry nor another place nor another size will do.
            let other = &all[(at + 1) % all.len()];
            assert_eq!(proof.verify(other, &root), Err(ProofError::Wrong));
            let moved = InclusionProof {
                index: (index + 1) % size,
                ..proof.clone()
            };
            assert!(size == 1 || moved.verify(leaf, &root).is_err());
            let mut longer = proof.clone();
            longer.path.push(root);
            assert_eq!(longer.verify(leaf, &root), Err(ProofError::Wrong));
            let mut shorter = proof;
            if shorter.path.pop().is_some() {
                assert_eq!(shorter.verify(leaf, &root), Err(ProofError::Wrong));
            }
        }
    }
}

#[test]
fn every_size_is_consistent_with_every_smaller_one() {
    let all = leaves(MOST);
    let roots: Vec<_> = (0..=all.len())
        .map(|size| defined_root(&all[..size]))
        .collect();
    for new in 0..all.len() {
        for old in 0..=new {
            let (m, n) = (old as u64, new as u64);
            let proof = prove_consistency(all.iter().copied(), m, n).unwrap();
            if old > 0 {
                assert_eq!(
                    proof.path,
                    defined_subproof(old, &all[..new], true),
                    "{old} {new}"
                );
            }
            assert_eq!(
                proof.verify(&roots[old], &roots[new]),
                Ok(()),
                "{old} {new}"
            );
            // Another root on either side is refused.
            // From an empty log, every log has grown.
            let other = proof.verify(&roots[old], &roots[new + 1]);
            assert_eq!(other.is_ok(), (old, new) != (0, 0) && old == 0);
            assert_eq!(
                proof.verify(&roots[old + 1], &roots[new]),
                Err(ProofError::Wrong)
            );
            let mut longer = proof;
            longer.path.push(roots[1]);
            assert_eq!(
                longer.verify(&roots[old], &roots[new]),
                Err(ProofError::Wrong)
            );
        }
    }
}

#[test]
fn what_can_not_be_proven_is_refused() {
    let all = leaves(5);
    let prove = |index, size| prove(all.iter().copied(), index, size);
    assert_eq!(prove(5, 5), Err(ProofError::OutOfRange));
    assert_eq!(prove(0, 0), Err(ProofError::OutOfRange));
    assert_eq!(prove(1, 6), Err(ProofError::TooFewLeaves));
    let grown = |old, new| prove_consistency(all.iter().copied(), old, new);
    assert_eq!(grown(4, 3), Err(ProofError::OutOfRange));
    assert_eq!(grown(3, 6), Err(ProofError::TooFewLeaves));
    let backwards = ConsistencyProof {
        old_size: 4,
        new_size: 3,
        path: Vec::new(),
    };
    let root = empty_root();
    assert_eq!(backwards.verify(&root, &root), Err(ProofError::OutOfRange));
    let beyond = InclusionProof {
        index: 1,
        size: 1,
        path: Vec::new(),
    };
    assert_eq!(beyond.verify(&all[1], &all[1]), Err(ProofError::OutOfRange));
}

#[test]
fn the_way_by_hand_leads_to_the_root() {
    let entries: Vec<_> = (0..11).map(entry).collect();
    let frontier = frontier(entries.iter().map(crate::Entry::leaf_hash));
    let hash = |pipe: String| {
        let script = format!("({pipe}) | sha256sum | cut -c1-64");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    // `printf` with octal escapes instead of `xxd`, which not every machine has.
    let bytes = |bytes: &[u8]| {
        let mut octal = String::new();
        for byte in bytes {
            write!(octal, "\\{byte:03o}").unwrap();
        }
        format!("printf '{octal}'")
    };
    let unhex = |hex: &str| HEXLOWER.decode(hex.as_bytes()).unwrap();
    for (index, entry) in (0..).zip(&entries) {
        let proof = prove(entries.iter().map(crate::Entry::leaf_hash), index, 11).unwrap();
        let mut reached = hash(format!("printf '\\000'; {}", bytes(&entry.canonical())));
        // The side as the module's text tells it.
        let (mut f, mut s) = (index, 10_u64);
        for step in proof.steps().unwrap() {
            let side = if f % 2 == 1 || f == s {
                Side::Left
            } else {
                Side::Right
            };
            assert_eq!(step.side, side);
            while side == Side::Left && f % 2 == 0 && f != 0 {
                (f, s) = (f / 2, s / 2);
            }
            (f, s) = (f / 2, s / 2);
            let so_far = unhex(&reached);
            let (left, right) = match side {
                Side::Left => (&step.hash[..], &so_far[..]),
                Side::Right => (&so_far[..], &step.hash[..]),
            };
            reached = hash(format!("printf '\\001'; {}; {}", bytes(left), bytes(right)));
        }
        assert_eq!(reached, HEXLOWER.encode(&frontier.root()));
    }
}

proptest! {
    #[test]
    fn big_logs_are_proven_too(size in 1..3000_u64, index: prop::sample::Index, old: prop::sample::Index) {
        let all = leaves(size);
        let root = defined_root(&all);
        let index = index.index(all.len());
        let proof = prove(all.iter().copied(), index as u64, size).unwrap();
        prop_assert_eq!(proof.verify(&all[index], &root), Ok(()));
        let old = old.index(all.len() + 1);
        let proof = prove_consistency(all.iter().copied(), old as u64, size).unwrap();
        prop_assert_eq!(proof.verify(&defined_root(&all[..old]), &root), Ok(()));
    }

    #[test]
    fn invented_proofs_prove_nothing(
        index: u64,
        size: u64,
        path in prop::collection::vec(any::<[u8; 32]>(), 0..70),
        leaf: [u8; 32],
        root: [u8; 32],
    ) {
        let included = InclusionProof { index, size, path: path.clone() };
        prop_assert!(included.verify(&leaf, &root).is_err());
        let grown = ConsistencyProof { old_size: index, new_size: size, path };
        prop_assert!(grown.verify(&leaf, &root).is_err());
    }
}
