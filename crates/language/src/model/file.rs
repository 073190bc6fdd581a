//! The model as bytes: little-endian numbers, a checksum at the end.
//!
//! `BSDLM1`, layout number, version, examples, digest, rows; bias; curves, weigher, subjects; hashes; scales;
//! weights; checksum.

use thiserror::Error;

use super::calibrate::{Calibration, Curve, NUMBERS};
use super::{About, FeatureRow, HIDDEN, Model, Scale, WIDE, WIDTH};

const MAGIC: &[u8; 8] = b"BSDLM1\0\0";
/// Changes whenever the outputs or the features change their meaning.
const LAYOUT: u32 = 3;
/// Most features of a model.
pub(super) const MAX_ROWS: usize = 140_000;

/// Bytes that are no model of this release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Not a model file at all.
    #[error("this is no language model")]
    Foreign,
    /// Written by another release.
    #[error("the model was made by another release; train it again")]
    OtherRelease,
    /// Cut off or changed.
    #[error("the model file is damaged")]
    Damaged,
}

impl Model {
    /// The model as bytes. The same model gives the same bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut rows: Vec<(u32, u32)> = self
            .slots
            .iter()
            .copied()
            .filter(|slot| slot.1 != u32::MAX)
            .collect();
        rows.sort_unstable();
        let mut out = Vec::with_capacity(rows.len() * (WIDE + 16) + 16_384);
        out.extend_from_slice(MAGIC);
        for number in [LAYOUT, self.about.version, self.about.examples] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.about.digest.to_le_bytes());
        out.extend_from_slice(&u32::try_from(rows.len()).unwrap_or(0).to_le_bytes());
        let curves = self.calibration.curves.iter().flat_map(Curve::numbers);
        let out_rows = self.out.iter().flatten().copied();
        let (weigher, subjects) = (&self.calibration.weigher, &self.calibration.subjects);
        let common = weigher
            .weights
            .iter()
            .chain([&weigher.base, &subjects.slope]);
        let common = common.chain(&subjects.offsets).copied();
        let numbers = self.bias.iter().copied().chain(out_rows);
        for number in numbers.chain(curves).chain(common) {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for (hash, _) in &rows {
            out.extend_from_slice(&hash.to_le_bytes());
        }
        for (_, row) in &rows {
            let scale = self.rows[*row as usize].scale;
            out.extend_from_slice(&scale.weight.to_le_bytes());
            out.extend_from_slice(&scale.hidden.to_le_bytes());
            out.extend_from_slice(&scale.rarity.to_le_bytes());
        }
        for (_, row) in &rows {
            out.extend(
                self.rows[*row as usize]
                    .steps
                    .iter()
                    .map(|w| w.cast_unsigned()),
            );
        }
        let sum = checksum(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads what [`Model::write`] wrote. Any bytes are safe to hand over.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.get(..8) != Some(MAGIC) {
            return Err(ModelError::Foreign);
        }
        let Some((content, sum)) = bytes.split_last_chunk::<8>() else {
            return Err(ModelError::Damaged);
        };
        let mut from = Cursor {
            rest: content.get(8..).ok_or(ModelError::Damaged)?,
        };
        if from.u32()? != LAYOUT {
            return Err(ModelError::OtherRelease);
        }
        if checksum(content) != u64::from_le_bytes(*sum) {
            return Err(ModelError::Damaged);
        }
        let about = About {
            version: from.u32()?,
            examples: from.u32()?,
            digest: u64::from_le_bytes(from.take()?),
        };
        let count = from.u32()? as usize;
        if count > MAX_ROWS {
            return Err(ModelError::Damaged);
        }
        let mut bias = [0.0; WIDE];
        let mut mix = vec![[0.0; HIDDEN]; WIDTH];
        for number in bias.iter_mut().chain(mix.iter_mut().flatten()) {
            *number = from.f32()?;
        }
        let mut calibration = Calibration::default();
        for curve in &mut calibration.curves {
            let mut numbers = [0.0; NUMBERS];
            for number in &mut numbers {
                *number = from.f32()?;
            }
            *curve = Curve::from_numbers(numbers);
        }
        let (weigher, subjects) = (&mut calibration.weigher, &mut calibration.subjects);
        let common = weigher.weights.iter_mut();
        let common = common.chain([&mut weigher.base, &mut subjects.slope]);
        for number in common.chain(&mut subjects.offsets) {
            *number = from.f32()?;
        }
        let hashes: Vec<u32> = (0..count).map(|_| from.u32()).collect::<Result<_, _>>()?;
        let mut scales = Vec::with_capacity(count);
        for _ in 0..count {
            scales.push(Scale {
                weight: from.f32()?,
                hidden: from.f32()?,
                rarity: from.f32()?,
            });
        }
        let mut rows = Vec::with_capacity(count);
        for scale in scales {
            let steps = from.take::<WIDE>()?.map(u8::cast_signed);
            rows.push(FeatureRow { scale, steps });
        }
        if !from.rest.is_empty() || !hashes.is_sorted_by(|a, b| a < b) {
            return Err(ModelError::Damaged);
        }
        let mut model = Self::of(&hashes, rows, (bias, mix), about);
        model.calibration = calibration;
        Ok(model)
    }

    /// Puts a model together; the hashes are different from each other.
    pub(super) fn of(
        hashes: &[u32],
        rows: Vec<FeatureRow>,
        (bias, out): ([f32; WIDE], Vec<[f32; HIDDEN]>),
        about: About,
    ) -> Self {
        let size = (hashes.len() * 2).next_power_of_two().max(2);
        let mut slots = vec![(0, u32::MAX); size];
        for (row, &hash) in (0_u32..).zip(hashes) {
            let mut at = hash as usize & (size - 1);
            while slots[at].1 != u32::MAX {
                at = (at + 1) & (size - 1);
            }
            slots[at] = (hash, row);
        }
        Self {
            slots,
            rows,
            bias,
            out,
            calibration: Calibration::default(),
            about,
        }
    }
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let (chunk, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(ModelError::Damaged)?;
        self.rest = rest;
        Ok(*chunk)
    }

    fn u32(&mut self) -> Result<u32, ModelError> {
        self.take().map(u32::from_le_bytes)
    }

    fn f32(&mut self) -> Result<f32, ModelError> {
        let number = f32::from_le_bytes(self.take()?);
        if number.is_finite() && number.abs() < 1e6 {
            Ok(number)
        } else {
            Err(ModelError::Damaged)
        }
    }
}

/// FNV-1a over eight bytes at a time; finds damage, not malice.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01B3);
        hash ^= hash >> 29;
    }
    hash
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn small() -> Model {
        let row = |step, weight| FeatureRow {
            scale: Scale {
                weight,
                hidden: weight,
                rarity: 1.0,
            },
            steps: [step; WIDE],
        };
        Model::of(
            &[5, 9, u32::MAX],
            vec![row(3, 0.5), row(-7, 1.0), row(0, 2.0)],
            ([0.25; WIDE], vec![[0.5; HIDDEN]; WIDTH]),
            About {
                version: 7,
                examples: 3,
                digest: 11,
            },
        )
    }

    #[test]
    fn a_model_survives_the_file() {
        let bytes = small().write();
        let back = Model::read(&bytes).unwrap();
        assert_eq!(back.write(), bytes);
        assert_eq!(back.about(), small().about());
        assert!((back.weight(9, 0) + 7.0).abs() < 1e-6);
        assert!(back.weight(6, 0).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let bytes = small().write();
        assert_eq!(Model::read(b"GIF89a").unwrap_err(), ModelError::Foreign);
        assert_eq!(Model::read(&[]).unwrap_err(), ModelError::Foreign);
        assert_eq!(
            Model::read(&bytes[..bytes.len() - 1]).unwrap_err(),
            ModelError::Damaged
        );
        let mut other = bytes.clone();
        other[8] = 99;
        assert_eq!(Model::read(&other).unwrap_err(), ModelError::OtherRelease);
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_noticed(at in 0_usize..1_000, change in 1_u8..=255) {
            let mut bytes = small().write();
            let at = at % bytes.len();
            bytes[at] ^= change;
            prop_assert!(Model::read(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_safe(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut framed = MAGIC.to_vec();
            framed.extend_from_slice(&bytes);
            prop_assert!(Model::read(&bytes).is_err());
            prop_assert!(Model::read(&framed).is_err());
        }
    }
}
