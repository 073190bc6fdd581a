//! From scores to probabilities, and from probabilities to decisions, by language.

use crate::language::Language;
use crate::verdict::Category;

use super::math::{sigmoid, softmax};
use super::weigh::{Weigher, solved};

/// Languages, and one more for texts whose language is unknown.
const PLACES: usize = Language::ALL.len() + 1;
/// Numbers of one curve.
pub(crate) const NUMBERS: usize = 10;
/// What a message can be about.
pub(crate) const SUBJECTS: usize = Category::ALL.len();
/// What speaks about subjects: the linear models, the nearest examples, the words one by one.
pub(crate) const VOICES: usize = 3;

/// How scores are read in one language.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Curve {
    /// Slope and offset from what all signs weigh together to the log-odds of an emergency.
    pub emergency: (f32, f32),
    /// The same from the score of one window, for the words of others.
    pub window: (f32, f32),
    /// The same for the score of a concern.
    pub concern: (f32, f32),
    /// Probability of an emergency from which the model raises one by itself.
    pub raise: f32,
    /// Probability below which even the words of a rule are only a concern.
    pub keep: f32,
    /// Probability of a concern from which the model raises one by itself.
    pub raise_concern: f32,
    /// Probability below which the words of a rule, taken back by their context, are nothing.
    pub keep_concern: f32,
}

impl Default for Curve {
    fn default() -> Self {
        Self {
            emergency: (1.0, 0.0),
            window: (1.0, 0.0),
            concern: (1.0, 0.0),
            raise: 0.5,
            keep: 0.1,
            raise_concern: 0.5,
            keep_concern: 0.1,
        }
    }
}

impl Curve {
    /// Probability of an emergency for what all signs weigh together.
    pub fn emergency(&self, weighed: f32) -> f32 {
        sigmoid(self.emergency.0 * weighed + self.emergency.1)
    }

    /// Probability of an emergency for the score of one window.
    pub fn window(&self, score: f32) -> f32 {
        sigmoid(self.window.0 * score + self.window.1)
    }

    /// Probability of a concern or more for a score.
    pub fn concern(&self, score: f32) -> f32 {
        sigmoid(self.concern.0 * score + self.concern.1)
    }

    pub(super) fn numbers(&self) -> [f32; NUMBERS] {
        [
            self.emergency.0,
            self.emergency.1,
            self.window.0,
            self.window.1,
            self.concern.0,
            self.concern.1,
            self.raise,
            self.keep,
            self.raise_concern,
            self.keep_concern,
        ]
    }

    pub(super) fn from_numbers(n: [f32; NUMBERS]) -> Self {
        Self {
            emergency: (n[0], n[1]),
            window: (n[2], n[3]),
            concern: (n[4], n[5]),
            raise: n[6],
            keep: n[7],
            raise_concern: n[8],
            keep_concern: n[9],
        }
    }
}

/// How the scores of what a message is about are read: what each voice counts, and each subject moved a little, so that
/// their shares are those of the part `dev`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Subjects {
    pub slopes: [f32; VOICES],
    pub offsets: [f32; SUBJECTS],
}

impl Default for Subjects {
    fn default() -> Self {
        Self {
            slopes: [1.0, 0.0, 0.0],
            offsets: [0.0; SUBJECTS],
        }
    }
}

impl Subjects {
    /// The share of each.
    pub fn shares(&self, voices: &[[f32; SUBJECTS]; VOICES], shares: &mut [f32]) {
        let mut moved = self.offsets;
        for (scores, slope) in voices.iter().zip(&self.slopes) {
            for (to, score) in moved.iter_mut().zip(scores) {
                *to += slope * score;
            }
        }
        softmax(&moved, shares);
    }

    /// What makes the most of what was true, held near what changes nothing.
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    pub fn fit(seen: &[([[f32; SUBJECTS]; VOICES], usize)]) -> Self {
        const ROUNDS: usize = 200;
        const HOLD: f32 = 2.0;
        let mut subjects = Self::default();
        let all = seen.len() as f32;
        for _ in 0..ROUNDS {
            let mut offsets = subjects.offsets.map(|offset| HOLD * offset);
            let mut slopes = subjects.slopes.map(f64::from);
            let mut bends = [[0.0; VOICES]; VOICES];
            for (at, row) in bends.iter_mut().enumerate() {
                row[at] = 1.0;
            }
            for (voices, truth) in seen {
                let mut shares = [0.0; SUBJECTS];
                subjects.shares(voices, &mut shares);
                let means = voices.map(|scores| mean(&shares, |at| scores[at]));
                for (at, one) in voices.iter().enumerate() {
                    slopes[at] += means[at] - f64::from(one[*truth]);
                    for (also, other) in voices.iter().enumerate() {
                        let both = mean(&shares, |at| one[at] * other[at]);
                        bends[at][also] += both - means[at] * means[also];
                    }
                }
                shares[*truth] -= 1.0;
                for (sum, share) in offsets.iter_mut().zip(&shares) {
                    *sum += share;
                }
            }
            for (offset, sum) in subjects.offsets.iter_mut().zip(&offsets) {
                *offset -= 5.0 * sum / all;
            }
            for (slope, step) in subjects.slopes.iter_mut().zip(solved(bends, slopes)) {
                #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more")]
                let step = step as f32;
                *slope = (*slope - step).clamp(0.0, 10.0);
            }
        }
        subjects
    }
}

/// The mean of what each subject has, by their shares.
fn mean(shares: &[f32; SUBJECTS], of: impl Fn(usize) -> f32) -> f64 {
    let each = shares.iter().enumerate();
    each.map(|(at, &share)| f64::from(share * of(at))).sum()
}

/// The curves of all languages, and what they have in common.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Calibration {
    pub curves: [Curve; PLACES],
    /// What all signs weigh together for an emergency, and for anything that a person must look at today.
    pub weigher: Weigher,
    pub concerns: Weigher,
    pub subjects: Subjects,
}

impl Calibration {
    /// The curve for a language.
    pub fn of(&self, language: Option<Language>) -> &Curve {
        &self.curves[place(language)]
    }

    pub(super) fn of_mut(&mut self, language: Option<Language>) -> &mut Curve {
        &mut self.curves[place(language)]
    }
}

fn place(language: Option<Language>) -> usize {
    language.map_or(PLACES - 1, |l| l as usize)
}

/// Slope and offset that make `sigmoid` of the scores match what was true (Platt 1999), with the answers
/// drawn in a little from 0 and 1, and held near `prior` where there is little to go by.
#[expect(clippy::many_single_char_names, reason = "the letters of the paper")]
pub(super) fn platt(scored: &[(f32, bool)], prior: (f32, f32), hold: f64) -> (f32, f32) {
    use super::math::exp;
    let (mut a, mut b) = (f64::from(prior.0), f64::from(prior.1));
    for _ in 0..60 {
        let (mut ga, mut gb) = (
            hold * (a - f64::from(prior.0)),
            hold * (b - f64::from(prior.1)),
        );
        let (mut haa, mut hab, mut hbb) = (hold + 1e-6, 0.0, hold + 1e-6);
        for &(score, truth) in scored {
            let x = f64::from(score);
            let p = 1.0 / (1.0 + exp(-(a * x + b)));
            let goal = if truth { 0.99 } else { 0.01 };
            let (d, w) = (p - goal, (p * (1.0 - p)).max(1e-6));
            ga += d * x;
            gb += d;
            haa += w * x * x;
            hab += w * x;
            hbb += w;
        }
        let det = haa * hbb - hab * hab;
        if det.abs() < 1e-12 {
            break;
        }
        let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
        let step = (1.0 / (da.abs() + db.abs())).min(1.0);
        a -= step * da;
        b -= step * db;
        if da.abs() + db.abs() < 1e-7 {
            break;
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    let curve = (a.clamp(0.05, 20.0) as f32, b.clamp(-20.0, 20.0) as f32);
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_follow_what_was_true() {
        let scored: Vec<(f32, bool)> = (0..200_u8)
            .map(|n| (f32::from(n % 40) / 10.0 - 2.0, n % 40 + n / 40 > 24))
            .collect();
        let (a, b) = platt(&scored, (1.0, 0.0), 0.1);
        let mean: f32 = scored.iter().map(|(s, _)| sigmoid(a * s + b)).sum::<f32>() / 200.0;
        let truth: f32 = scored.iter().map(|s| f32::from(u8::from(s.1))).sum::<f32>() / 200.0;
        assert!((mean - truth).abs() < 0.02, "{mean} {truth}");
    }
}
