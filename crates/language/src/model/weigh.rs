//! What speaks for an emergency in several ways, weighed into one number: the loudest window, the whole message,
//! its subject, its length, the memory, the rules. The weights are found on the part `dev`, by logistic regression.

use super::math::exp;

/// Signs that are weighed.
pub(super) const SIGNS: usize = 13;
/// How tightly the weights are held near 0.
const HOLD: f64 = 1.0;
/// Steps of Newton's method; it stands still long before.
const STEPS: usize = 30;

/// What speaks for an emergency and against it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Signs {
    /// Score of the loudest window for an emergency.
    pub window: f32,
    /// Score of the loudest window for a concern.
    pub concern: f32,
    /// The scores of the whole message.
    pub whole: f32,
    pub whole_concern: f32,
    /// Log-odds of its being about a symptom or a crisis.
    pub about: f32,
    /// Log-odds of the urgencies: an emergency, urgent or more.
    pub urgency: f32,
    pub pressing: f32,
    /// 1 where the context takes a rule's emergency back. That one stands is not weighed: it never speaks against.
    pub taken_back: f32,
    /// 1 in a survey.
    pub survey: f32,
    /// The logarithm of the number of words. Few words count as some more, so that a short cry is not held against itself.
    pub length: f32,
    /// Log-odds of a crisis and of thanks as the subject.
    pub crisis: f32,
    pub feedback: f32,
    /// Log-odds of an emergency among the nearest examples.
    pub near: f32,
}

impl Signs {
    fn numbers(&self) -> [f32; SIGNS] {
        [
            self.window,
            self.concern,
            self.whole,
            self.whole_concern,
            self.about,
            self.urgency,
            self.pressing,
            self.taken_back,
            self.survey,
            self.length,
            self.crisis,
            self.feedback,
            self.near,
        ]
    }
}

/// What each sign weighs, and where the scale begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weigher {
    pub weights: [f32; SIGNS],
    pub base: f32,
}

impl Default for Weigher {
    /// The loudest window alone.
    fn default() -> Self {
        let mut weights = [0.0; SIGNS];
        weights[0] = 1.0;
        Self { weights, base: 0.0 }
    }
}

impl Weigher {
    /// The log-odds of an emergency.
    pub fn log_odds(&self, signs: &Signs) -> f32 {
        let numbers = signs.numbers();
        let weighed = numbers.iter().zip(&self.weights).map(|(n, w)| n * w);
        weighed.sum::<f32>() + self.base
    }

    /// The weights that make the most of what was true.
    pub fn fit(seen: &[(Signs, bool)]) -> Self {
        const ALL: usize = SIGNS + 1;
        let rows: Vec<([f64; ALL], f64)> = seen
            .iter()
            .map(|(signs, truth)| {
                let mut row = [1.0; ALL];
                for (to, from) in row.iter_mut().zip(signs.numbers()) {
                    *to = f64::from(from);
                }
                (row, f64::from(u8::from(*truth)))
            })
            .collect();
        let mut weights = [0.0_f64; ALL];
        for _ in 0..STEPS {
            let mut slope = [0.0; ALL];
            let mut bend = [[0.0; ALL]; ALL];
            for at in 0..SIGNS {
                slope[at] = HOLD * weights[at];
                bend[at][at] = HOLD;
            }
            bend[SIGNS][SIGNS] = 1e-6;
            for (row, truth) in &rows {
                let sum: f64 = row.iter().zip(&weights).map(|(x, w)| x * w).sum();
                let p = 1.0 / (1.0 + exp(-sum));
                let spread = (p * (1.0 - p)).max(1e-6);
                for (at, x) in row.iter().enumerate() {
                    slope[at] += (p - truth) * x;
                    for (cell, y) in bend[at].iter_mut().zip(row) {
                        *cell += spread * x * y;
                    }
                }
            }
            let step = solved(bend, slope);
            for (weight, step) in weights.iter_mut().zip(step) {
                *weight -= step;
            }
        }
        let mut weigher = Self::default();
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more")]
        for (to, from) in weigher.weights.iter_mut().zip(weights) {
            *to = from as f32;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more")]
        let base = weights[SIGNS] as f32;
        Self { base, ..weigher }
    }
}

/// `x` in `a * x = b`, for an `a` that is symmetric and positive, by elimination.
pub(super) fn solved<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for at in 0..N {
        let (pivot, right) = (a[at], b[at]);
        for below in at + 1..N {
            let times = a[below][at] / pivot[at];
            for (cell, above) in a[below].iter_mut().zip(&pivot) {
                *cell -= times * above;
            }
            b[below] -= times * right;
        }
    }
    let mut x = [0.0; N];
    for at in (0..N).rev() {
        let known: f64 = (at + 1..N).map(|n| a[at][n] * x[n]).sum();
        x[at] = (b[at] - known) / a[at][at];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equation_is_solved() {
        let x = solved(
            [[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]],
            [7.5, 7.6, 6.9],
        );
        for (x, wanted) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - wanted).abs() < 1e-9, "{x} {wanted}");
        }
    }

    #[test]
    fn what_speaks_for_it_gets_weight_and_what_says_nothing_gets_none() {
        let seen: Vec<(Signs, bool)> = (0..400_u16)
            .map(|n| {
                let window = f32::from(n % 20) - 10.0;
                let signs = Signs {
                    window,
                    length: f32::from(n / 20 % 5),
                    taken_back: f32::from(u8::from(n % 3 == 0)),
                    ..Signs::default()
                };
                (signs, window - 4.0 * signs.taken_back > 0.0)
            })
            .collect();
        let weigher = Weigher::fit(&seen);
        assert!(weigher.weights[0] > 0.5, "{weigher:?}");
        assert!(weigher.weights[7] < -1.0, "{weigher:?}");
        assert!(weigher.weights[9].abs() < 0.2, "{weigher:?}");
        let wrong = seen
            .iter()
            .filter(|(signs, truth)| (weigher.log_odds(signs) > 0.0) != *truth);
        assert!(wrong.count() < 20);
    }
}
