//! Chance that is the same at every start: `SplitMix64` (Steele, Lea and Flood, 2014). Never for secrets.

/// A sequence of numbers that its seed decides.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to and without `below`.
    pub(super) fn between(&mut self, from: i64, below: i64) -> i64 {
        let width = u64::try_from(below - from).unwrap_or(1).max(1);
        from + i64::try_from(self.next() % width).unwrap_or(0)
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn percent(&mut self, percent: i64) -> bool {
        self.between(0, 100) < percent
    }

    /// One of `list`; the default of an empty one.
    pub(super) fn pick<'a>(&mut self, list: &'a [String]) -> &'a str {
        let index =
            usize::try_from(self.between(0, i64::try_from(list.len()).unwrap_or(1))).unwrap_or(0);
        list.get(index).map_or("", String::as_str)
    }
}
