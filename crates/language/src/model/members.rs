//! Several models, found independently of each other, and their mean: what one gets wrong by chance, the others
//! don't.

use std::num::NonZero;

use super::fit::{Item, Pace, Weights};
use super::{HIDDEN, MEMBERS, OWN, WIDE, WIDTH, Wide};

/// The models.
pub(super) struct Members(Vec<Weights>);

/// Their mean. What they are straight is one row; hidden numbers can't be added up and stand side by side.
pub(super) struct Mean {
    pub rows: Vec<Wide>,
    pub bias: Wide,
    pub out: Vec<[f32; HIDDEN]>,
}

impl Members {
    /// Models of so many features, each beginning elsewhere.
    pub fn new(rows: usize) -> Self {
        Self(
            (1..=MEMBERS as u64)
                .map(|n| Weights::new(rows, n))
                .collect(),
        )
    }

    /// Finds the weights of each, in an order of its own. How many work at a time changes nothing.
    pub fn fit(&mut self, items: &[Item], pace: &Pace) {
        let hands = std::thread::available_parallelism().map_or(1, NonZero::get);
        let share = MEMBERS.div_ceil(hands);
        std::thread::scope(|scope| {
            for (some, first) in self.0.chunks_mut(share).zip((0_u64..).step_by(share)) {
                scope.spawn(move || {
                    for (weights, number) in some.iter_mut().zip(first..) {
                        weights.fit(items, pace, number + 2);
                    }
                });
            }
        });
    }

    /// The mean of all.
    pub fn mean(&self) -> Mean {
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let share = 1.0 / MEMBERS as f32;
        let add = |from: &[f32], member: usize, to: &mut Wide| {
            for (to, from) in to.iter_mut().zip(&from[..WIDTH]) {
                *to += from * share;
            }
            let at = WIDTH + member * OWN;
            to[at..at + OWN].copy_from_slice(&from[WIDTH..]);
        };
        let mut mean = Mean {
            rows: vec![[0.0; WIDE]; self.0[0].rows.len()],
            bias: [0.0; WIDE],
            out: vec![[0.0; HIDDEN]; WIDTH],
        };
        for (member, weights) in self.0.iter().enumerate() {
            for (from, to) in weights.rows.iter().zip(&mut mean.rows) {
                add(from, member, to);
            }
            add(&weights.bias, member, &mut mean.bias);
            for (from, to) in weights.out.iter().zip(&mut mean.out) {
                for (from, to) in from.iter().zip(&mut to[member * OWN..]) {
                    *to = from * share;
                }
            }
        }
        mean
    }
}
