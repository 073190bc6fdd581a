//! "Not angry", "no estoy enojado": whether a phrase is taken back by what stands before it.

use std::ops::Range;

use super::{Hit, Text};

/// Words a negation reaches.
const REACH: usize = 3;

/// The words of a text that take back, and those that end their reach.
#[derive(Debug, Default)]
pub(crate) struct Negation {
    /// Negating words, in order.
    cues: Vec<Range<usize>>,
    /// "but", "not only".
    stops: Vec<Range<usize>>,
}

impl Negation {
    /// Sorts the hits that negate and those that stop it, as `is` tells them: `Some(true)` negates, `Some(false)` stops.
    pub fn of(hits: &[Hit], is: impl Fn(usize) -> Option<bool>) -> Self {
        let mut all = Self::default();
        for hit in hits {
            match is(hit.tag) {
                Some(true) => all.cues.push(hit.words.clone()),
                Some(false) => all.stops.push(hit.words.clone()),
                None => {}
            }
        }
        all
    }

    /// Whether these words are taken back.
    pub fn takes_back(&self, text: &Text<'_>, words: &Range<usize>) -> bool {
        let clause = text.words[words.start].clause;
        let near = |cue: &Range<usize>| {
            cue.end <= words.start
                && cue.end + REACH >= words.start
                && text.words[cue.start].clause == clause
                && !self.stopped(cue.start..words.start)
        };
        let from = self
            .cues
            .partition_point(|cue| cue.start + 12 < words.start);
        self.cues[from..]
            .iter()
            .take_while(|cue| cue.start < words.start)
            .any(near)
    }

    /// Whether a stop lies in this stretch.
    fn stopped(&self, between: Range<usize>) -> bool {
        let from = self
            .stops
            .partition_point(|stop| stop.start < between.start);
        self.stops
            .get(from)
            .is_some_and(|stop| stop.end <= between.end)
    }
}
