//! Finding the weights: logistic regression by adaptive gradient descent, one example after the other, in
//! an order drawn from a fixed seed. The same examples give the same weights, bit for bit.

use std::ops::Range;

use super::emergency;
use super::math::{sigmoid, softmax};
use super::{CATEGORY, CONCERN, EMERGENCY, KINDS, OWN, Row, URGENCY, WIDTH, bent, mixed};

/// What a feature weighs in one model: for every output, and for every hidden number.
const WIDE: usize = WIDTH + OWN;
type Wide = [f32; WIDE];

/// How fast and how tightly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub epochs: u32,
    pub rate: f32,
    pub side_rate: f32,
    pub hidden_rate: f32,
    pub hold: f32,
    /// Share of the words, and of what counts in full, that an example does without, another each time: what is
    /// learnt must not hang on one word.
    pub without: f32,
    pub without_side: f32,
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
    /// The word of the text that each belongs to.
    pub tokens: Vec<u32>,
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

/// Width of the range in which the hidden weights begin.
const SPREAD: f32 = 0.3;

/// Weights while they are being found.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    pub rows: Vec<Wide>,
    squares: Vec<Wide>,
    pub bias: Wide,
    bias_squares: Wide,
    pub out: Vec<[f32; OWN]>,
    out_squares: Vec<[f32; OWN]>,
}

/// What a stretch says: the sums, and what comes out of them.
struct Heard {
    sums: Wide,
    scores: Row,
}

/// Numbers that look drawn, the same every time.
struct Draw(u64);

impl Draw {
    fn bits(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    fn next(&mut self) -> f32 {
        (self.bits() >> 7) as f32 / 16_777_216.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.bits()).unwrap_or(0) % end
    }
}

impl Weights {
    pub fn new(rows: usize, seed: u64) -> Self {
        let mut draw = Draw(seed);
        let mut wide = [0.0; WIDE];
        wide[..WIDTH].copy_from_slice(&bias());
        let rows: Vec<Wide> = (0..rows)
            .map(|_| {
                let mut row = [0.0; WIDE];
                row[WIDTH..].fill_with(|| (draw.next() - 0.5) * SPREAD);
                row
            })
            .collect();
        let mut out = vec![[0.0; OWN]; WIDTH];
        for row in &mut out {
            row.fill_with(|| (draw.next() - 0.5) * SPREAD);
        }
        Self {
            squares: vec![[0.03; WIDE]; rows.len()],
            rows,
            bias: wide,
            bias_squares: [1e-2; WIDE],
            out_squares: vec![[0.1; OWN]; WIDTH],
            out,
        }
    }

    fn hear(&self, words: &[(u32, f32)], at: &Stretch) -> Heard {
        let mut sums = [0.0; WIDE];
        for &(word, value) in &words[at.words.clone()] {
            if value != 0.0 {
                let row = &self.rows[word as usize];
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += value * weight;
                }
            }
        }
        for (sum, bias) in sums.iter_mut().zip(&self.bias) {
            *sum = *sum * at.norm + bias;
        }
        for &(side, value) in &at.sides {
            let row = &self.rows[side as usize];
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
        let scores = mixed(&sums, &self.out);
        Heard { sums, scores }
    }

    fn learn(
        &mut self,
        words: &[(u32, f32)],
        at: &Stretch,
        heard: &Heard,
        range: Range<usize>,
        wrong: &Row,
        pace: &Pace,
    ) {
        let mut back = [0.0; WIDE];
        back[range.clone()].copy_from_slice(&wrong[range.clone()]);
        for (hidden, &sum) in heard.sums[WIDTH..].iter().enumerate() {
            let (value, slope) = bent(sum);
            let mut through = 0.0;
            for output in range.clone() {
                let (weight, square) = (
                    &mut self.out[output][hidden],
                    &mut self.out_squares[output][hidden],
                );
                through += wrong[output] * *weight;
                let steep = wrong[output] * value;
                *square += steep * steep;
                *weight -= pace.hidden_rate * steep / square.sqrt();
            }
            back[WIDTH + hidden] = through * slope;
        }
        let update = |row: &mut Wide, squares: &mut Wide, scale: f32, rate: f32, hold: f32| {
            let mut part = |range: Range<usize>, rate: f32| {
                let cells = row[range.clone()]
                    .iter_mut()
                    .zip(&mut squares[range.clone()])
                    .zip(&back[range]);
                for ((weight, square), back) in cells {
                    let slope = back * scale + hold * *weight;
                    *square += slope * slope;
                    *weight -= rate * slope / square.sqrt();
                }
            };
            part(range.clone(), rate);
            part(WIDTH..WIDE, rate * pace.hidden_rate);
        };
        for &(word, value) in &words[at.words.clone()] {
            if value != 0.0 {
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

    fn example(&mut self, item: &Item, pace: &Pace, draw: &mut Draw) {
        let mut words = item.words.clone();
        let keep = 1.0 / (1.0 - pace.without);
        let mut last = (u32::MAX, true);
        for ((_, value), token) in words.iter_mut().zip(&item.tokens) {
            if *token != last.0 {
                last = (*token, draw.next() >= pace.without);
            }
            *value = if last.1 { *value * keep } else { 0.0 };
        }
        let thin = |at: &Stretch, draw: &mut Draw| {
            let mut at = at.clone();
            at.sides.retain(|_| draw.next() >= pace.without_side);
            at
        };
        let goal = &item.goal;
        let mut wrong = [0.0; WIDTH];
        let windows: Vec<Stretch> = item.windows.iter().map(|w| thin(w, draw)).collect();
        if !windows.is_empty() {
            let heard: Vec<Heard> = windows.iter().map(|w| self.hear(&words, w)).collect();
            let loudest = |score: &dyn Fn(&Row) -> f32| {
                let mut best = (0, f32::MIN);
                for (at, heard) in heard.iter().enumerate() {
                    let score = score(&heard.scores);
                    if score > best.1 {
                        best = (at, score);
                    }
                }
                best
            };
            let (at, score) = loudest(&emergency);
            let (also, other) = loudest(&|scores: &Row| scores[CONCERN]);
            let p = sigmoid(score);
            wrong[EMERGENCY] = (p - goal.emergency) * goal.weight;
            softmax(
                &heard[at].scores[KINDS..CATEGORY],
                &mut wrong[KINDS..CATEGORY],
            );
            for (share, kind) in wrong[KINDS..CATEGORY].iter_mut().zip(&goal.kinds) {
                *share = (*share * p - kind * goal.emergency) * goal.weight;
            }
            wrong[CONCERN] = 0.0;
            self.learn(
                &words,
                &windows[at],
                &heard[at],
                EMERGENCY..CATEGORY,
                &wrong,
                pace,
            );
            wrong[CONCERN] = (sigmoid(other) - goal.concern) * goal.weight;
            self.learn(
                &words,
                &windows[also],
                &heard[also],
                CONCERN..CONCERN + 1,
                &wrong,
                pace,
            );
        }
        let whole = thin(&item.whole, draw);
        let heard = self.hear(&words, &whole);
        softmax(
            &heard.scores[CATEGORY..URGENCY],
            &mut wrong[CATEGORY..URGENCY],
        );
        softmax(&heard.scores[URGENCY..], &mut wrong[URGENCY..]);
        let goals = item.goal.categories.iter().chain(&item.goal.urgencies);
        for (share, goal) in wrong[CATEGORY..].iter_mut().zip(goals) {
            *share -= goal;
        }
        self.learn(&words, &whole, &heard, CATEGORY..WIDTH, &wrong, pace);
    }

    /// Goes through the examples as often as the pace says.
    pub fn fit(&mut self, items: &[Item], pace: &Pace, seed: u64) {
        let mut order: Vec<usize> = (0..items.len()).collect();
        let mut draw = Draw(seed);
        for epoch in 0..pace.epochs {
            for at in (1..order.len()).rev() {
                order.swap(at, draw.below(at + 1));
            }
            #[expect(clippy::cast_precision_loss, reason = "a few dozen rounds")]
            let slower = 1.0 - 0.9 * epoch as f32 / pace.epochs as f32;
            let now = Pace {
                rate: pace.rate * slower,
                side_rate: pace.side_rate * slower,
                ..*pace
            };
            for &number in &order {
                self.example(&items[number], &now, &mut draw);
            }
        }
    }
}
