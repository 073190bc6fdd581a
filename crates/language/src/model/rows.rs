//! What the features of a model weigh, read where it stands in the file.

use bytes::Bytes;

use super::file::{Cursor, ModelError, sound};
use super::keys::Keys;
use super::{WIDE, WIDTH, Wide};

/// Most features of a model.
pub(super) const MAX_ROWS: usize = 140_000;
/// Bytes of a scale.
const SCALE: usize = 3 * size_of::<f32>();
/// Bytes of a feature's weights.
const ROW: usize = SCALE + WIDE;

/// What every feature weighs.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// As it stands in the file: how many there are, their hashes, their weights.
    pub bytes: Bytes,
    keys: Keys,
    weights: Bytes,
}

/// What a feature weighs: how its whole numbers are read, and the numbers. They stand beside each other, so that a
/// feature fetches two lines of memory and no third one.
#[derive(Debug, Clone, Copy)]
pub(super) struct FeatureRow<'a>(&'a [u8; ROW]);

/// How a feature's weights are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// What one step of its whole numbers is worth.
    pub weight: f32,
    /// The same for the hidden ones.
    pub hidden: f32,
    /// What the feature counts: the more, the fewer texts hold it.
    pub rarity: f32,
}

impl Rows {
    /// As they stand in a file; the hashes come in their order.
    pub fn written(rows: &[(u32, Scale, [i8; WIDE])]) -> Vec<u8> {
        let mut out = Vec::with_capacity(rows.len() * (ROW + 4) + 4);
        out.extend_from_slice(&u32::try_from(rows.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (hash, ..) in rows {
            out.extend_from_slice(&hash.to_le_bytes());
        }
        for (_, scale, steps) in rows {
            for number in [scale.weight, scale.hidden, scale.rarity] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend(steps.iter().map(|w| w.cast_unsigned()));
        }
        out
    }

    /// Takes them from the file.
    pub fn read(from: &mut Cursor) -> Result<Self, ModelError> {
        let start = from.clone();
        let count = from.count(MAX_ROWS)?;
        let keys = Keys::read(from, count)?;
        let weights = from.part(count, ROW)?;
        for row in weights.as_chunks::<ROW>().0 {
            let Scale {
                weight,
                hidden,
                rarity,
            } = FeatureRow(row).scale();
            [weight, hidden, rarity].into_iter().try_for_each(sound)?;
        }
        Ok(Self {
            bytes: start.until(from),
            keys,
            weights,
        })
    }

    /// The number of a feature.
    pub fn number(&self, hash: u32) -> Option<usize> {
        self.keys.number(hash)
    }

    /// What the feature with this number weighs.
    pub fn row(&self, number: usize) -> FeatureRow<'_> {
        FeatureRow(&self.weights.as_chunks().0[number])
    }

    /// Bytes they take, those of the file included.
    pub fn resident_bytes(&self) -> usize {
        self.bytes.len() + self.keys.bytes()
    }
}

impl FeatureRow<'_> {
    pub fn scale(self) -> Scale {
        let [weight, hidden, rarity] = [0, 4, 8].map(|at| {
            let mut number = [0; 4];
            number.copy_from_slice(&self.0[at..at + 4]);
            f32::from_le_bytes(number)
        });
        Scale {
            weight,
            hidden,
            rarity,
        }
    }

    /// The whole number for an output, or for a hidden number behind them.
    pub fn step(self, at: usize) -> i8 {
        self.0[SCALE + at].cast_signed()
    }

    /// Adds the weights to `sums`, `times` as they are.
    pub fn add(self, times: f32, sums: &mut Wide) {
        let scale = self.scale();
        let (straight, hidden) = self.0[SCALE..].split_at(WIDTH);
        let (scores, bends) = sums.split_at_mut(WIDTH);
        let (one, other) = (times * scale.weight, times * scale.hidden);
        for (sum, step) in scores.iter_mut().zip(straight) {
            *sum += one * f32::from(step.cast_signed());
        }
        for (sum, step) in bends.iter_mut().zip(hidden) {
            *sum += other * f32::from(step.cast_signed());
        }
    }
}
