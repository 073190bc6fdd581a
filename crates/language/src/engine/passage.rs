//! Long texts: one cry among many pages, or in the middle of a sentence that never ends.
//!
//! All that is weighed of a message besides its loudest window (what the whole of it is about, its urgency, the examples that it is
//! like) fades with every harmless page around a cry. So of a long text the loudest window is weighed once more, as if nothing else
//! had been written; and of one that is so long that the model doesn't read its middle, the middle is heard in parts for this alone.
//! Where full stops are missing, a window cuts a cry in two or holds more of what stands around it than of the cry: there stretches
//! of a few words that overlap are heard, and what stands around the words of a rule that are meant.

use std::cmp::Ordering;
use std::ops::Range;

use crate::model::features::Features;
use crate::model::{CONCERN, EMERGENCY, Judged, Model, Signs, Sum};
use crate::verdict::{Level, Message};

use super::danger::{Meant, Read, meant, places_meant, signs};
use super::read::Look;

/// Words from which a text is long: longer than the letters of the examples, which the weights were found on.
const LONG: usize = 250;

/// Probability of an emergency from which the loudest window raises one by itself, and a concern: there are many windows, and each
/// has its own chance to sound like one. Of the 56 letters of 120 words and more without danger on `dev` one reaches the first,
/// twelve the second.
const CRY: f32 = 0.9;
const WORRY: f32 = 0.7;

/// Words of one stretch of a sentence that runs on, and those from its beginning to that of the next. A cry of sixteen words stands
/// whole in one of the longer ones, one of eight in a shorter one, with little around it.
const STRETCHES: [(usize, usize); 2] = [(28, 12), (14, 6)];
/// Stretches of a text that are listened to: as many as in four thousand words of one sentence. Of more, those in which something
/// is named come first: beyond a long letter a text without a full stop takes no longer for its stretches.
const HEARD: usize = 1_000;
/// Stretches of a text, those that sound loudest, that are weighed as messages of their own.
const WEIGHED: usize = 6;
/// Words before and behind a rule's words that are heard with them.
const AROUND: [usize; 2] = [1, 6];
/// Places of rules that are heard so.
const PLACES: usize = 24;

/// What the loudest window makes of a text, and the probability of an emergency in it.
#[derive(Clone, Copy)]
pub(super) struct Raised {
    pub level: Level,
    pub probability: f32,
}

impl Raised {
    /// Of a text that isn't long.
    pub const NOTHING: Self = Self {
        level: Level::None,
        probability: 0.0,
    };

    fn cmp(self, other: Self) -> Ordering {
        let levels = self.level.cmp(&other.level);
        levels.then(self.probability.total_cmp(&other.probability))
    }
}

/// The loudest window of a long text.
pub(super) struct Passage {
    pub judged: Judged,
    /// What the model sees of the part that it stands in, where it isn't the part that is read as the message.
    pub features: Option<Features>,
    /// What it raises by itself, or with the rules that are meant.
    pub raised: Raised,
}

/// A window, and what speaks for an emergency in it, read as a message of its own.
struct Alone {
    signs: Signs,
    judged: Judged,
}

impl Alone {
    fn score(&self) -> f32 {
        self.judged.scores[EMERGENCY]
    }

    fn raises(&self, look: &Look<'_>, model: &Model, meant: Meant) -> Raised {
        let curve = model.calibration.of(look.languages.main.language);
        let weighed = model.calibration.weigher.log_odds(&self.signs);
        let probability = curve.emergency(weighed);
        let least = curve.raise.max(look.at_least(&self.signs));
        let level = if probability >= CRY.max(least)
            || meant.raises(probability, curve.keep, &self.signs)
        {
            Level::Emergency
        } else if probability >= WORRY.max(least) {
            Level::Concern
        } else {
            Level::None
        };
        Raised { level, probability }
    }
}

/// The loudest window, if the text is long or runs on. Takes time as the text is long, and memory for one part of it.
pub(super) fn loudest(
    look: &Look<'_>,
    message: &Message<'_>,
    (model, features, sums, _): Read<'_>,
) -> Option<Passage> {
    let each = STRETCHES.iter();
    let stretches: Vec<Range<usize>> = each
        .flat_map(|&(words, step)| look.stretches(words, step))
        .collect();
    let stretches = at_most(HEARD, stretches, |words| look.names_in(words));
    if look.own_words < LONG && stretches.is_empty() {
        return None;
    }
    let mut best: Option<Passage> = None;
    let mut take = |alone: Alone, features: Option<Features>, meant: Meant| {
        let raised = alone.raises(look, model, meant);
        if best
            .as_ref()
            .is_none_or(|best| raised.cmp(best.raised).is_gt())
        {
            best = Some(Passage {
                judged: alone.judged,
                features,
                raised,
            });
        }
    };
    let mut loudest = of(look, model, features, sums).map(|alone| (alone, None));
    for part in look.parts() {
        let (heard, features) = hear(look, message, model, part);
        if let Some(heard) = heard
            && loudest
                .as_ref()
                .is_none_or(|(best, _)| heard.score() > best.score())
        {
            loudest = Some((heard, Some(features)));
        }
    }
    if let Some((alone, features)) = loudest {
        take(alone, features, meant(look));
    }
    for stretch in most_alarming(look, message, model, stretches) {
        let (heard, features) = hear(look, message, model, stretch);
        if let Some(heard) = heard {
            take(heard, Some(features), Meant::No);
        }
    }
    for (place, meant) in places_meant(look).take(PLACES) {
        for words in AROUND {
            let (heard, features) = hear(look, message, model, look.around(&place, words));
            if let Some(heard) = heard {
                take(heard, Some(features), meant);
            }
        }
    }
    best
}

/// All stretches, if they are so many at most. Else as many: those in which something is `named` before others, and where there are
/// too many of either, some of them from the beginning to the end.
fn at_most(
    most: usize,
    stretches: Vec<Range<usize>>,
    named: impl Fn(&Range<usize>) -> bool,
) -> Vec<Range<usize>> {
    if stretches.len() <= most {
        return stretches;
    }
    let (named, others): (Vec<_>, Vec<_>) = stretches.into_iter().partition(named);
    let mut heard = spread(most, named);
    heard.extend(spread(most - heard.len(), others));
    heard
}

/// So many of a list at most, evenly from its beginning to its end.
fn spread<T>(most: usize, all: Vec<T>) -> Vec<T> {
    let count = all.len().max(1);
    let most = most.min(count);
    let all = all.into_iter().enumerate();
    let kept = all.filter(|(at, _)| (at + 1) * most / count > at * most / count);
    kept.map(|(_, one)| one).collect()
}

/// The stretches that score most for an emergency. What comes to mind at each is left out here: there are many.
fn most_alarming(
    look: &Look<'_>,
    message: &Message<'_>,
    model: &Model,
    stretches: Vec<Range<usize>>,
) -> Vec<Range<usize>> {
    let mut scored: Vec<(f32, Range<usize>)> = Vec::new();
    for stretch in stretches {
        let features = look.features_of(message, std::slice::from_ref(&stretch));
        let sums = model.sums(&features);
        if let Some(judged) = model.loudest(&features, &sums, true).0 {
            let score = judged.scores[EMERGENCY];
            let at = scored.partition_point(|(other, _)| *other >= score);
            scored.insert(at, (score, stretch));
            scored.truncate(WEIGHED);
        }
    }
    scored.into_iter().map(|(_, stretch)| stretch).collect()
}

/// Some words as a message of their own.
fn hear(
    look: &Look<'_>,
    message: &Message<'_>,
    model: &Model,
    words: Range<usize>,
) -> (Option<Alone>, Features) {
    let features = look.features_of(message, &[words]);
    let heard = of(look, model, &features, &model.sums(&features));
    (heard, features)
}

fn of(look: &Look<'_>, model: &Model, features: &Features, sums: &[Sum]) -> Option<Alone> {
    let judged = model.loudest(features, sums, true).0?;
    let alone = judged.window.alone();
    let whole = model.judge(features, sums, alone).scores;
    let recalled = model.recall_of(features, alone);
    let chunks = &features.chunks[alone.chunks()];
    let tokens = chunks.first()?.tokens.start..chunks.last()?.tokens.end;
    let loudest = [EMERGENCY, CONCERN].map(|output| judged.scores[output]);
    let words = look.own_words_of(tokens);
    Some(Alone {
        signs: signs(look, loudest, &whole, &recalled, words),
        judged,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(count: usize) -> Vec<Range<usize>> {
        (0..count).map(|at| at * 6..at * 6 + 14).collect()
    }

    #[test]
    fn of_too_many_stretches_those_that_name_something_are_heard_and_some_from_all_over() {
        let all = stretches(3_000);
        let few = all[..1_000].to_vec();
        assert_eq!(at_most(1_000, few.clone(), |_| false), few, "as they were");

        // One in thirty names something.
        let named = |words: &Range<usize>| words.start.is_multiple_of(180);
        let heard = at_most(1_000, all.clone(), named);
        assert_eq!(heard.len(), 1_000);
        assert_eq!(heard.iter().filter(|words| named(words)).count(), 100);
        let others = |from: usize, to: usize| {
            let within = |words: &&Range<usize>| (from..to).contains(&words.start);
            heard[100..].iter().filter(within).count()
        };
        assert_eq!((others(0, 9_000), others(9_000, 18_000)), (450, 450));

        // All of them do.
        let heard = at_most(1_000, all, |_| true);
        assert_eq!(heard.len(), 1_000);
        assert!(
            heard
                .windows(2)
                .all(|two| two[1].start - two[0].start == 18)
        );
        assert!(spread(0, vec![1]).is_empty() && spread(3, Vec::<u8>::new()).is_empty());
    }
}
