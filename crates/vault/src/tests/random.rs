use std::collections::HashSet;
use std::thread;

use crate::secret::{TOKEN_BITS, random_bytes, random_token};

/// Everything that nobody may guess has 128 bits and more.
const _: () = assert!(TOKEN_BITS >= 128);

#[test]
fn many_threads_at_once_get_numbers_of_their_own() {
    let asked = |count: usize| -> Vec<[u8; 16]> { (0..count).map(|_| random_bytes()).collect() };
    let threads: Vec<_> = (0..64)
        .map(|_| thread::spawn(move || asked(4_000)))
        .collect();
    let all: Vec<[u8; 16]> = threads
        .into_iter()
        .flat_map(|one| one.join().unwrap())
        .collect();
    assert_eq!(all.len(), 256_000);
    let different: HashSet<&[u8; 16]> = all.iter().collect();
    assert_eq!(different.len(), all.len());
    // Each bit is set about half of the time: 256,000 throws stay within ten standard deviations.
    for bit in 0..128 {
        let set = all
            .iter()
            .filter(|one| one[bit / 8] >> (bit % 8) & 1 == 1)
            .count();
        assert!(set.abs_diff(128_000) < 2_530, "bit {bit}: {set}");
    }
    assert_eq!(random_token().len() * 5, TOKEN_BITS);
}
