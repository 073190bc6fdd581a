//! Finding the weights: logistic regression by adaptive gradient descent, one example after the other, in
//! an order drawn from a fixed seed. The same examples give the same weights, bit for bit.

use std::ops::Range;

use super::emergency;
use super::math::{sigmoid, softmax};
use super::{CATEGORY, CONCERN, EMERGENCY, KINDS, Row, URGENCY, WIDTH};

/// How fast and how tightly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub epochs: u32,
    pub rate: f32,
    pub side_rate: f32,
    pub hold: f32,
}

/// A stretch of an example's words with what counts in full there.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub words: Range<usize>,
    /// Makes it comparable with longer and shorter ones.
    pub norm: f32,
    pub sides: Vec<(u32, f32)>,
}

/// An example as numbers.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Rows of its features, with what each counts.
    pub words: Vec<(u32, f32)>,
    pub windows: Vec<Stretch>,
    pub whole: Stretch,
    pub goal: Goal,
}

/// What should come out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    pub emergency: f32,
    pub concern: f32,
    pub kinds: [f32; CATEGORY - KINDS],
    pub categories: [f32; URGENCY - CATEGORY],
    pub urgencies: [f32; WIDTH - URGENCY],
    /// How much the example counts for danger.
    pub weight: f32,
}

/// Where nothing speaks, nothing is wrong: the examples hold far more dangers than a clinic's days, so their
/// share is no guide. The dangers' own starting points are given and stay.
fn bias() -> Row {
    let mut bias = [0.0; WIDTH];
    bias[KINDS..CATEGORY].fill(-8.0);
    bias[CONCERN] = -3.5;
    bias
}

/// Weights while they are being found.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    pub rows: Vec<Row>,
    squares: Vec<Row>,
    pub bias: Row,
    bias_squares: Row,
}

impl Weights {
    pub fn new(rows: usize) -> Self {
        Self {
            rows: vec![[0.0; WIDTH]; rows],
            squares: vec![[0.03; WIDTH]; rows],
            bias: bias(),
            bias_squares: [1e-2; WIDTH],
        }
    }

    /// Takes over the rows with these numbers, in this order.
    pub fn keep(&self, numbers: &[u32]) -> Self {
        let pick = |rows: &[Row]| numbers.iter().map(|&n| rows[n as usize]).collect();
        Self {
            rows: pick(&self.rows),
            squares: pick(&self.squares),
            bias: self.bias,
            bias_squares: self.bias_squares,
        }
    }

    fn scores(&self, words: &[(u32, f32)], at: &Stretch, range: Range<usize>, scores: &mut Row) {
        scores[range.clone()].fill(0.0);
        for &(word, value) in &words[at.words.clone()] {
            let row = &self.rows[word as usize];
            for (score, weight) in scores[range.clone()].iter_mut().zip(&row[range.clone()]) {
                *score += value * weight;
            }
        }
        let norm = at.norm;
        for (score, bias) in scores[range.clone()]
            .iter_mut()
            .zip(&self.bias[range.clone()])
        {
            *score = *score * norm + bias;
        }
        for &(side, value) in &at.sides {
            let row = &self.rows[side as usize];
            for (score, weight) in scores[range.clone()].iter_mut().zip(&row[range.clone()]) {
                *score += value * weight;
            }
        }
    }

    fn learn(
        &mut self,
        words: &[(u32, f32)],
        at: &Stretch,
        range: &Range<usize>,
        wrong: &Row,
        pace: &Pace,
    ) {
        let update = |row: &mut Row, squares: &mut Row, scale: f32, rate: f32, hold: f32| {
            let cells = row[range.clone()]
                .iter_mut()
                .zip(&mut squares[range.clone()])
                .zip(&wrong[range.clone()]);
            for ((weight, square), wrong) in cells {
                let slope = wrong * scale + hold * *weight;
                *square += slope * slope;
                *weight -= rate * slope / square.sqrt();
            }
        };
        for &(word, value) in &words[at.words.clone()] {
            let word = word as usize;
            let scale = at.norm * value;
            update(
                &mut self.rows[word],
                &mut self.squares[word],
                scale,
                pace.rate,
                pace.hold,
            );
        }
        for &(side, value) in &at.sides {
            let side = side as usize;
            update(
                &mut self.rows[side],
                &mut self.squares[side],
                value,
                pace.side_rate,
                pace.hold * 0.1,
            );
        }
        if range.start >= CATEGORY {
            update(
                &mut self.bias,
                &mut self.bias_squares,
                1.0,
                pace.side_rate,
                0.0,
            );
        }
    }

    /// The window that speaks loudest, with its score. For an emergency every kind speaks.
    fn loudest<'a>(&self, item: &'a Item, output: usize, scores: &mut Row) -> (&'a Stretch, f32) {
        let mut best = (&item.windows[0], f32::MIN);
        let range = if output == EMERGENCY {
            EMERGENCY..CATEGORY
        } else {
            output..output + 1
        };
        for window in &item.windows {
            self.scores(&item.words, window, range.clone(), scores);
            let score = if output == EMERGENCY {
                emergency(scores)
            } else {
                scores[output]
            };
            if score > best.1 {
                best = (window, score);
            }
        }
        best
    }

    fn example(&mut self, item: &Item, pace: &Pace) {
        let mut scores = [0.0; WIDTH];
        let mut wrong = [0.0; WIDTH];
        let goal = &item.goal;
        if !item.windows.is_empty() {
            let (window, score) = self.loudest(item, EMERGENCY, &mut scores);
            self.scores(&item.words, window, EMERGENCY..CATEGORY, &mut scores);
            let p = sigmoid(score);
            wrong[EMERGENCY] = (p - goal.emergency) * goal.weight;
            softmax(&scores[KINDS..CATEGORY], &mut wrong[KINDS..CATEGORY]);
            for (share, kind) in wrong[KINDS..CATEGORY].iter_mut().zip(&goal.kinds) {
                *share = (*share * p - kind * goal.emergency) * goal.weight;
            }
            self.learn(
                &item.words,
                window,
                &(EMERGENCY..EMERGENCY + 1),
                &wrong,
                pace,
            );
            self.learn(&item.words, window, &(KINDS..CATEGORY), &wrong, pace);
            let (window, score) = self.loudest(item, CONCERN, &mut scores);
            wrong[CONCERN] = (sigmoid(score) - goal.concern) * goal.weight;
            self.learn(&item.words, window, &(CONCERN..CONCERN + 1), &wrong, pace);
        }
        self.scores(&item.words, &item.whole, CATEGORY..WIDTH, &mut scores);
        softmax(&scores[CATEGORY..URGENCY], &mut wrong[CATEGORY..URGENCY]);
        softmax(&scores[URGENCY..], &mut wrong[URGENCY..]);
        let goals = item.goal.categories.iter().chain(&item.goal.urgencies);
        for (share, goal) in wrong[CATEGORY..].iter_mut().zip(goals) {
            *share -= goal;
        }
        self.learn(&item.words, &item.whole, &(CATEGORY..WIDTH), &wrong, pace);
    }

    /// Goes through the examples as often as the pace says.
    pub fn fit(&mut self, items: &[Item], pace: &Pace, seed: u64) {
        let mut order: Vec<usize> = (0..items.len()).collect();
        let mut draw = seed;
        for epoch in 0..pace.epochs {
            for at in (1..order.len()).rev() {
                draw = draw
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let other = usize::try_from(draw >> 33).unwrap_or(0) % (at + 1);
                order.swap(at, other);
            }
            #[expect(clippy::cast_precision_loss, reason = "a few dozen rounds")]
            let slower = 1.0 - 0.8 * epoch as f32 / pace.epochs as f32;
            let now = Pace {
                rate: pace.rate * slower,
                side_rate: pace.side_rate * slower,
                ..*pace
            };
            for &number in &order {
                self.example(&items[number], &now);
            }
        }
    }
}
