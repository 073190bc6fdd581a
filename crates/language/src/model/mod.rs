//! The statistical half of the engine: what no phrase lists.
//!
//! The mean of a few models over hashed features: words and their pairs and triples, letters of words in runs
//! of two to five, what the rules found, and what stands around ("denied", "past"). Danger is judged on windows
//! of neighbouring sentences, so that one line at the end of a long complaint is heard; what a message is about
//! is judged on the whole. Beside them the model remembers its examples: those that are most like a message vote, and every
//! word speaks for itself. What windows, whole, memory and rules say is weighed into one probability of an emergency.

mod calibrate;
pub(crate) mod features;
mod file;
mod fit;
mod keys;
mod math;
mod members;
pub(crate) mod memory;
mod memory_file;
mod remember;
mod rows;
mod thresholds;
pub mod train;
mod weigh;

use crate::verdict::{Category, SafetyKind, Urgency};

pub(crate) use calibrate::{Calibration, Curve, SUBJECTS, VOICES};
pub use file::ModelError;
use math::together;
pub(crate) use math::{log_ratio, softmax};
pub(crate) use weigh::Signs;

use features::{Feature, Features, Window};
use memory::{Memory, Recalled};
use rows::Rows;

/// Numbers that the model gives for a text.
pub(crate) const WIDTH: usize = URGENCY + Urgency::ALL.len();
/// An emergency now.
pub(crate) const EMERGENCY: usize = 0;
/// Anything that a person must look at today, emergencies included.
pub(crate) const CONCERN: usize = 1;
/// First of the kinds of danger.
pub(crate) const KINDS: usize = 2;
/// First of the categories.
pub(crate) const CATEGORY: usize = KINDS + SafetyKind::ALL.len();
/// First of the urgencies.
pub(crate) const URGENCY: usize = CATEGORY + Category::ALL.len();

/// One number for every output.
pub(crate) type Row = [f32; WIDTH];
/// Models that are found independently of each other and of which the mean is kept.
const MEMBERS: usize = 4;
/// Numbers between the features and the outputs, of each of them.
const OWN: usize = 8;
/// The same of all.
pub(crate) const HIDDEN: usize = MEMBERS * OWN;
/// What a feature weighs: for every output, and for every hidden number.
const WIDE: usize = WIDTH + HIDDEN;
type Wide = [f32; WIDE];
/// Features that are looked up together.
const TOGETHER: usize = 32;

/// A hidden number as it is passed on, and how steep that is there.
fn bent(x: f32) -> (f32, f32) {
    let under = 1.0 / (1.0 + x.abs());
    (x * under, under * under)
}

/// The outputs: what the features say straight, and what the hidden numbers make of them together.
fn mixed<const HIDDEN: usize>(sums: &[f32], out: &[[f32; HIDDEN]]) -> Row {
    let mut scores = [0.0; WIDTH];
    scores.copy_from_slice(&sums[..WIDTH]);
    let mut hidden = [0.0; HIDDEN];
    for (hidden, &sum) in hidden.iter_mut().zip(&sums[WIDTH..]) {
        *hidden = bent(sum).0;
    }
    for (score, row) in scores.iter_mut().zip(out) {
        for (hidden, weight) in hidden.iter().zip(row) {
            *score += hidden * weight;
        }
    }
    scores
}

/// The weights of a group of sentences, added up, with the squares of what its features count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sum {
    row: Wide,
    squares: f32,
}

/// A trained model. Immutable; made by [`train`] and read by [`Model::read`]. Nearly all of it stays where it stands in the bytes
/// it was read from.
#[derive(Debug, Clone)]
pub struct Model {
    rows: Rows,
    bias: Wide,
    out: Vec<[f32; HIDDEN]>,
    pub(crate) calibration: Calibration,
    memory: Memory,
    about: About,
}

/// What a model says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Counted up by one with every training.
    pub version: u32,
    /// Examples it was trained on.
    pub examples: u32,
    /// Fingerprint of the examples, to tell whether two models were made from the same.
    pub digest: u64,
}

/// The log-odds of an emergency: what speaks for any, and what speaks for each kind.
pub(crate) fn emergency(scores: &Row) -> f32 {
    scores[EMERGENCY] + together(&scores[KINDS..CATEGORY])
}

/// What the model says about one window of sentences.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    pub window: Window,
    /// Log-odds before calibration.
    pub scores: Row,
}

impl Model {
    /// What the model says about itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Bytes it takes in memory, those that it was read from included.
    pub fn resident_bytes(&self) -> usize {
        self.rows.resident_bytes() + self.memory.resident_bytes()
    }

    /// What comes to mind of the examples.
    pub(crate) fn recall(&self, features: &Features) -> Recalled {
        self.memory.recall(&features.terms)
    }

    /// What comes to mind at a window by itself.
    pub(crate) fn recall_of(&self, features: &Features, window: Window) -> Recalled {
        self.memory.recall(&features.terms_of(window))
    }

    /// The weight of one feature for one output; 0 when it has none.
    pub(crate) fn weight(&self, hash: u32, output: usize) -> f32 {
        self.rows.number(hash).map_or(0.0, |number| {
            let row = self.rows.row(number);
            row.scale().weight * row.scale().rarity * f32::from(row.step(output))
        })
    }

    /// Sums of every sentence group.
    pub(crate) fn sums(&self, features: &Features) -> Vec<Sum> {
        let chunks = features.chunks.iter();
        chunks
            .map(|chunk| self.sum(&features.words[chunk.words.clone()]))
            .collect()
    }

    /// Adds up what the features weigh. The table is far larger than the processor's caches, so a few features are looked
    /// up at a time, before any of them is added up: their lines of memory come together and not one by one.
    fn sum(&self, features: &[Feature]) -> Sum {
        let mut sum = Sum {
            row: [0.0; WIDE],
            squares: 0.0,
        };
        let mut known = [(0, 0.0); TOGETHER];
        for some in features.chunks(TOGETHER) {
            let mut count = 0;
            for feature in some {
                if let Some(number) = self.rows.number(feature.hash) {
                    known[count] = (number, feature.value);
                    count += 1;
                }
            }
            let known = &mut known[..count];
            let mut touched = 0;
            for (number, value) in known.iter_mut() {
                let row = self.rows.row(*number);
                *value *= row.scale().rarity;
                touched ^= row.step(WIDE - 1);
            }
            std::hint::black_box(touched);
            for &(number, value) in &*known {
                sum.squares += value * value;
                self.rows.row(number).add(value, &mut sum.row);
            }
        }
        sum
    }

    /// The windows that speak loudest for an emergency and for a concern, among the person's own words
    /// or among those of others.
    pub(crate) fn loudest(
        &self,
        features: &Features,
        sums: &[Sum],
        own: bool,
    ) -> (Option<Judged>, Option<Judged>) {
        let mut best: (Option<Judged>, Option<Judged>) = (None, None);
        for window in features.windows(own) {
            let judged = self.judge(features, sums, window);
            let louder = |known: Option<Judged>, output: usize| {
                known.is_none_or(|k| judged.scores[output] > k.scores[output])
            };
            if louder(best.0, EMERGENCY) {
                best.0 = Some(judged);
            }
            if louder(best.1, CONCERN) {
                best.1 = Some(judged);
            }
        }
        best
    }

    /// What one window, or the whole, says.
    pub(crate) fn judge(&self, features: &Features, sums: &[Sum], window: Window) -> Judged {
        let mut sums_here = [0.0; WIDE];
        let mut squares = 0.0;
        for at in window.chunks() {
            squares += sums[at].squares;
            for (score, sum) in sums_here.iter_mut().zip(&sums[at].row) {
                *score += sum;
            }
        }
        let norm = features::norm(squares);
        for (score, bias) in sums_here.iter_mut().zip(&self.bias) {
            *score = *score * norm + bias;
        }
        for side in features.sides(window) {
            if let Some(number) = self.rows.number(side.hash) {
                self.rows.row(number).add(side.value, &mut sums_here);
            }
        }
        let mut scores = mixed(&sums_here, &self.out);
        // What speaks for a concern speaks a little for an emergency too.
        scores[EMERGENCY] = emergency(&scores) + 0.3 * scores[CONCERN];
        Judged { window, scores }
    }
}
