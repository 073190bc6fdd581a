//! The model as bytes: little-endian numbers, a checksum at the end.
//!
//! `BSDLM1`, layout number, version, examples, digest; bias; curves, weighers, subjects; the features' weights; the memory;
//! checksum. All is checked once, when it is read; weights and memory are used where they stand.

use bytes::{Buf, Bytes};
use thiserror::Error;

use super::calibrate::{Calibration, Curve, NUMBERS};
use super::memory::Memory;
use super::rows::Rows;
use super::{About, HIDDEN, Model, WIDE, WIDTH};

const MAGIC: &[u8; 8] = b"BSDLM1\0\0";
/// Changes whenever the outputs or the features change their meaning.
const LAYOUT: u32 = 6;
/// Bytes that all models have besides weights and memory, and some room.
const HEAD: usize = 16_384;

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
        let (rows, memory) = (&self.rows.bytes, &self.memory.bytes);
        let mut out = Vec::with_capacity(HEAD + rows.len() + memory.len());
        out.extend_from_slice(MAGIC);
        for number in [LAYOUT, self.about.version, self.about.examples] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.about.digest.to_le_bytes());
        let curves = self.calibration.curves.iter().flat_map(Curve::numbers);
        let out_rows = self.out.iter().flatten().copied();
        let subjects = &self.calibration.subjects;
        let common = [&self.calibration.weigher, &self.calibration.concerns]
            .into_iter()
            .flat_map(|weigher| weigher.weights.iter().chain([&weigher.base]));
        let common = common.chain(&subjects.slopes).chain(&subjects.offsets);
        let common = common.copied();
        let numbers = self.bias.iter().copied().chain(out_rows);
        for number in numbers.chain(curves).chain(common) {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(rows);
        out.extend_from_slice(memory);
        let sum = checksum(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads what [`Model::write`] wrote, and keeps it. Any bytes are safe to hand over.
    pub fn read(bytes: &Bytes) -> Result<Self, ModelError> {
        let Some((content, sum)) = bytes.split_last_chunk::<8>() else {
            return Err(ModelError::Foreign);
        };
        if content.get(..8) != Some(MAGIC) {
            return Err(ModelError::Foreign);
        }
        let mut from = Cursor::of(bytes.slice(8..content.len()));
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
        let (weigher, concerns, subjects) = (
            &mut calibration.weigher,
            &mut calibration.concerns,
            &mut calibration.subjects,
        );
        let common = weigher.weights.iter_mut().chain([&mut weigher.base]);
        let common = common
            .chain(&mut concerns.weights)
            .chain([&mut concerns.base])
            .chain(&mut subjects.slopes);
        for number in common.chain(&mut subjects.offsets) {
            *number = from.f32()?;
        }
        let (rows, memory) = (Rows::read(&mut from)?, Memory::read(&mut from)?);
        if !from.rest.is_empty() {
            return Err(ModelError::Damaged);
        }
        Ok(Self {
            rows,
            memory,
            bias,
            out: mix,
            calibration,
            about,
        })
    }
}

/// What is still to be read.
#[derive(Clone)]
pub(super) struct Cursor {
    rest: Bytes,
}

impl Cursor {
    pub fn of(rest: Bytes) -> Self {
        Self { rest }
    }

    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let chunk = *self.rest.first_chunk().ok_or(ModelError::Damaged)?;
        self.rest.advance(N);
        Ok(chunk)
    }

    pub fn u32(&mut self) -> Result<u32, ModelError> {
        self.take().map(u32::from_le_bytes)
    }

    pub fn f32(&mut self) -> Result<f32, ModelError> {
        let number = f32::from_le_bytes(self.take()?);
        sound(number).map(|()| number)
    }

    /// How many come, if no more than `most`.
    pub fn count(&mut self, most: usize) -> Result<usize, ModelError> {
        let count = self.u32()? as usize;
        if count > most {
            return Err(ModelError::Damaged);
        }
        Ok(count)
    }

    /// So many pieces of this size, where they stand.
    pub fn part(&mut self, count: usize, size: usize) -> Result<Bytes, ModelError> {
        let length = count.checked_mul(size).ok_or(ModelError::Damaged)?;
        if length > self.rest.len() {
            return Err(ModelError::Damaged);
        }
        Ok(self.rest.split_to(length))
    }

    /// What lies between here and `end`, which came from here.
    pub fn until(mut self, end: &Self) -> Bytes {
        self.rest
            .truncate(self.rest.len().saturating_sub(end.rest.len()));
        self.rest
    }
}

/// Refuses numbers that nobody wrote.
pub(super) fn sound(number: f32) -> Result<(), ModelError> {
    if number.is_finite() && number.abs() < 1e6 {
        Ok(())
    } else {
        Err(ModelError::Damaged)
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

    use super::super::features::Feature;
    use super::super::memory;
    use super::super::rows::Scale;
    use super::*;

    fn small() -> Model {
        let row = |hash, step, weight| {
            let scale = Scale {
                weight,
                hidden: weight,
                rarity: 1.0,
            };
            (hash, scale, [step; WIDE])
        };
        let rows = [row(5, 3, 0.5), row(9, -7, 1.0), row(u32::MAX, 0, 2.0)];
        Model {
            rows: Rows::read(&mut Cursor::of(Rows::written(&rows).into())).unwrap(),
            memory: memory::tests::memory(),
            bias: [0.25; WIDE],
            out: vec![[0.5; HIDDEN]; WIDTH],
            calibration: Calibration::default(),
            about: About {
                version: 7,
                examples: 3,
                digest: 11,
            },
        }
    }

    fn read(bytes: &[u8]) -> Result<Model, ModelError> {
        Model::read(&Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn a_model_survives_the_file() {
        let bytes = small().write();
        let back = read(&bytes).unwrap();
        assert_eq!(back.write(), bytes);
        assert_eq!(back.about(), small().about());
        assert!((back.weight(9, 0) + 7.0).abs() < 1e-6);
        assert!(back.weight(6, 0).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let bytes = small().write();
        assert_eq!(read(b"GIF89a").unwrap_err(), ModelError::Foreign);
        assert_eq!(read(&[]).unwrap_err(), ModelError::Foreign);
        assert_eq!(
            read(&bytes[..bytes.len() - 1]).unwrap_err(),
            ModelError::Damaged
        );
        let mut other = bytes.clone();
        other[8] = 99;
        assert_eq!(read(&other).unwrap_err(), ModelError::OtherRelease);
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_noticed(at in any::<prop::sample::Index>(), change in 1_u8..=255) {
            let mut bytes = small().write();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            prop_assert!(read(&bytes).is_err());
        }

        /// The checksum finds damage and no malice: behind a right one anything may stand. Most of the small model's bytes are
        /// those of the rows and the memory, which are used where they stand.
        #[test]
        fn what_passes_can_be_used(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            hashes in prop::collection::vec(prop_oneof![0_u32..10, any::<u32>()], 0..20),
        ) {
            let mut bytes = small().write();
            let end = bytes.len() - 8;
            let from = end - small().rows.bytes.len() - small().memory.bytes.len();
            for (at, to) in changes {
                bytes[from + at.index(end - from)] = to;
            }
            let sum = checksum(&bytes[..end]);
            bytes[end..].copy_from_slice(&sum.to_le_bytes());
            if let Ok(model) = read(&bytes) {
                let feature = |&hash| Feature { hash, token: 0, value: 1.0 };
                let features: Vec<Feature> = hashes.iter().map(feature).collect();
                model.sum(&features);
                model.memory.recall(&hashes);
                prop_assert_eq!(model.write(), bytes);
            }
        }

        #[test]
        fn any_bytes_are_safe(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut framed = MAGIC.to_vec();
            framed.extend_from_slice(&bytes);
            prop_assert!(read(&bytes).is_err());
            prop_assert!(read(&framed).is_err());
        }
    }
}
