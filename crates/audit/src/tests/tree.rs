use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::{defined_root, frontier, leaves};
use crate::{Frontier, FrontierError, empty_root, leaf_hash};

/// Entries and roots that Certificate Transparency implementations share as known answers.
const ENTRIES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"@ABC",
    b"PQRSTUVW",
    b"`abcdefghijklmno",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn roots_are_those_of_the_standard() {
    let mut frontier = Frontier::new();
    assert_eq!(HEXLOWER.encode(&empty_root()), ROOTS[0]);
    assert_eq!(frontier.root(), empty_root());
    for (entry, root) in ENTRIES.iter().zip(&ROOTS[1..]) {
        frontier.append(leaf_hash(entry));
        assert_eq!(HEXLOWER.encode(&frontier.root()), *root);
    }
}

#[test]
fn the_frontier_grows_like_the_definition_and_survives_storage() {
    let leaves = leaves(300);
    let mut frontier = Frontier::new();
    for (size, leaf) in leaves.iter().enumerate() {
        assert_eq!(frontier.size(), size as u64);
        assert_eq!(frontier.root(), defined_root(&leaves[..size]));
        frontier = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
        frontier.append(*leaf);
    }
    // 300 is 256 + 32 + 8 + 4: four subtrees.
    assert_eq!(frontier.to_bytes().len(), 9 + 4 * 32);
}

#[test]
fn stored_bytes_that_are_no_frontier_are_refused() {
    let bytes = frontier(leaves(5)).to_bytes();
    for end in 0..bytes.len() {
        assert_eq!(
            Frontier::from_bytes(&bytes[..end]),
            Err(FrontierError::WrongLength)
        );
    }
    let mut other = bytes.clone();
    other[0] = 2;
    assert_eq!(
        Frontier::from_bytes(&other),
        Err(FrontierError::UnknownFormat)
    );
    let mut other = bytes;
    other[8] = 7;
    assert_eq!(
        Frontier::from_bytes(&other),
        Err(FrontierError::WrongLength)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(frontier) = Frontier::from_bytes(&bytes) {
            prop_assert_eq!(frontier.to_bytes(), bytes);
        }
    }
}
