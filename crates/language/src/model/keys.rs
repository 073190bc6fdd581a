//! Finding a hash's number among many, in the bytes of the file.

use bytes::Bytes;

use super::file::{Cursor, ModelError};

/// Hashes that begin alike, on average: few enough that they stand in one or two lines of the processor's cache.
const TOGETHER: usize = 8;
/// Bytes of a hash.
const WIDE: usize = size_of::<u32>();

/// Hashes, the smallest first; the place of each is its number. They are spread evenly, so that where those stand that
/// begin alike is all that is kept besides the file.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    sorted: Bytes,
    /// For each beginning where its hashes start, then where all end.
    starts: Vec<u32>,
    /// What a hash is moved to the right to leave its beginning.
    shift: u32,
}

impl Keys {
    /// Takes so many hashes from the file.
    pub fn read(from: &mut Cursor, count: usize) -> Result<Self, ModelError> {
        let sorted = from.part(count, WIDE)?;
        let beginnings = (count / TOGETHER).next_power_of_two().max(2);
        let shift = u32::BITS - beginnings.ilog2();
        let mut starts = Vec::with_capacity(beginnings + 1);
        let mut before = None;
        for (number, key) in (0..).zip(sorted.as_chunks::<WIDE>().0) {
            let key = u32::from_le_bytes(*key);
            if before.is_some_and(|before| before >= key) {
                return Err(ModelError::Damaged);
            }
            before = Some(key);
            while starts.len() <= (key >> shift) as usize {
                starts.push(number);
            }
        }
        let end = u32::try_from(count).map_err(|_| ModelError::Damaged)?;
        starts.resize(beginnings + 1, end);
        Ok(Self {
            sorted,
            starts,
            shift,
        })
    }

    /// The number of a hash.
    pub fn number(&self, hash: u32) -> Option<usize> {
        let at = (hash >> self.shift) as usize;
        let (from, to) = (self.starts[at] as usize, self.starts[at + 1] as usize);
        let alike = &self.sorted.as_chunks::<WIDE>().0[from..to];
        let found = alike.binary_search_by_key(&hash, |key| u32::from_le_bytes(*key));
        Some(from + found.ok()?)
    }

    /// Bytes it takes besides the file.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.starts[..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    use super::*;

    fn keys(hashes: &[u32]) -> Result<Keys, ModelError> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|h| h.to_le_bytes()).collect();
        Keys::read(&mut Cursor::of(bytes.into()), hashes.len())
    }

    proptest! {
        #[test]
        fn every_hash_is_found_under_its_number_and_no_other_is(
            some in prop::collection::btree_set(any::<u32>(), 0..200),
            near in prop::collection::btree_set(0_u32..300, 0..100),
            other in any::<u32>(),
        ) {
            let all: BTreeSet<u32> = some.into_iter().chain(near).collect();
            let sorted: Vec<u32> = all.iter().copied().collect();
            let keys = keys(&sorted).unwrap();
            for (number, &hash) in sorted.iter().enumerate() {
                prop_assert_eq!(keys.number(hash), Some(number));
            }
            for other in [other, 0, 150, u32::MAX] {
                prop_assert_eq!(keys.number(other).is_some(), all.contains(&other));
            }
        }
    }

    #[test]
    fn hashes_out_of_order_are_damage() {
        assert!(keys(&[1, 2, 3]).is_ok());
        for wrong in [[1, 3, 2], [1, 1, 2], [u32::MAX, 0, 1]] {
            assert_eq!(keys(&wrong).unwrap_err(), ModelError::Damaged);
        }
    }
}
