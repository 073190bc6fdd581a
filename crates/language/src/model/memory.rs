//! What a model keeps of its examples besides weights: which words and pairs of words stand in which of them.
//!
//! Two learners of another kind live on it, and what the linear models get wrong they often get right: the examples
//! that are most like a message vote, and every word says how much more often it stands in examples of one subject
//! than in the others (naive Bayes). The texts themselves aren't kept; of a word there is a hash,
//! and only where two examples hold it.

use bytes::Bytes;

use super::SUBJECTS;
use super::math::log_ratio;
use super::memory_file::{Held, Places, Term};

/// Examples that vote.
const NEAR: usize = 20;
/// Examples that are looked at for one message, each counted once for every word that it shares. A text of many pages asks
/// its rarest words only; one of a kilobyte never comes near.
const LOOKED_AT: usize = 400_000;
/// Examples whose sums are added up together.
const BLOCK: usize = 4_096;
/// Sums that are compared together with the least of the best.
const AT_ONCE: usize = 16;
/// Votes that come from nowhere, so that a far neighbour decides nothing: each subject has its share, and an emergency its own.
const NOBODY: f32 = 0.1;
const NOBODY_DANGER: f32 = 0.2;
/// Shares below which it makes no difference how few voted.
const FAINT: f32 = 0.005;
const FAINT_DANGER: f32 = 0.02;
/// What the main subject of an example of two has of its vote.
pub(super) const MAIN: f32 = 0.7;

/// An example.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// What it is about, first and then; twice the same where it is one thing.
    pub subjects: [u8; 2],
    pub emergency: bool,
}

/// The examples as the model remembers them.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    /// As it stands in the file.
    pub(super) bytes: Bytes,
    pub(super) places: Places,
}

/// What comes to mind at a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Recalled {
    /// Log-shares of the subjects among the nearest examples, and log-odds of an emergency.
    pub near: [f32; SUBJECTS],
    pub near_danger: f32,
    /// What the words say of the subjects one by one.
    pub words: [f32; SUBJECTS],
}

/// What a term counts, of which so many of all examples hold one.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
pub(super) fn rarity(examples: usize, count: u32) -> f32 {
    log_ratio(examples as f32 + 1.0, count as f32 + 1.0)
}

/// What makes texts of different length comparable, from the sum of the squares of what their terms count.
pub(super) fn norm(squares: f32) -> f32 {
    if squares > 0.0 {
        1.0 / squares.sqrt()
    } else {
        0.0
    }
}

impl Memory {
    /// Bytes it takes, those of the file included.
    pub fn resident_bytes(&self) -> usize {
        self.bytes.len() + self.places.bytes()
    }

    /// What comes to mind at these words and pairs, each of which is given once.
    pub fn recall(&self, terms: &[u32]) -> Recalled {
        let terms = terms.iter();
        let mut known: Vec<Term<'_>> = terms.filter_map(|&t| self.places.term(t)).collect();
        let squares: f32 = known.iter().map(|t| t.rarity * t.rarity).sum();
        let norm = norm(squares);
        let mut words = [0.0; SUBJECTS];
        for term in &known {
            let times = term.rarity * norm * term.step;
            for (sum, step) in words.iter_mut().zip(term.says) {
                *sum += times * f32::from(step.cast_signed());
            }
        }
        // The rarest first: they are what makes texts alike. Equal ones stay in the order of their hashes.
        known.sort_by_key(|term| term.held.count());
        let (near, near_danger) = self.vote(&self.nearest(&known, norm));
        Recalled {
            near,
            near_danger,
            words,
        }
    }

    /// The examples that are most like a message, with how like they are; of equal ones the first. They are gone through a
    /// block at a time, so that the sums stay in the processor's nearest cache.
    fn nearest(&self, known: &[Term<'_>], norm: f32) -> Vec<(f32, usize)> {
        let mut asked: Vec<(Held<'_>, f32)> = Vec::with_capacity(known.len());
        let mut looked_at = 0;
        for term in known {
            looked_at += term.held.count();
            if looked_at > LOOKED_AT {
                break;
            }
            asked.push((term.held, term.rarity * term.rarity * norm));
        }
        let mut best = Best::default();
        let mut sums = [0.0_f32; BLOCK];
        for (norms, first) in self.places.norms(BLOCK).zip((0..).step_by(BLOCK)) {
            let sums = &mut sums[..norms.len()];
            sums.fill(0.0);
            for (held, both) in &mut asked {
                held.each(|line| {
                    let sum = sums.get_mut(line - first);
                    sum.map(|sum| *sum += *both).is_some()
                });
            }
            for (sum, norm) in sums.iter_mut().zip(norms) {
                *sum *= f32::from_le_bytes(*norm);
            }
            best.take(sums, first);
        }
        best.found
    }

    /// What the nearest say: the nearer, the louder.
    fn vote(&self, nearest: &[(f32, usize)]) -> ([f32; SUBJECTS], f32) {
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let mut shares = [NOBODY / SUBJECTS as f32; SUBJECTS];
        let mut danger = NOBODY * NOBODY_DANGER;
        let mut all = NOBODY;
        for &(alike, number) in nearest {
            let line = self.places.line(number);
            let voice = alike * alike;
            let [first, second] = line.subjects.map(usize::from);
            shares[first] += MAIN * voice;
            shares[second] += (1.0 - MAIN) * voice;
            if line.emergency {
                danger += voice;
            }
            all += voice;
        }
        let danger = danger / all;
        (
            shares.map(|share| log_ratio(share / all + FAINT, 1.0)),
            log_ratio(danger + FAINT_DANGER, 1.0 + FAINT_DANGER - danger),
        )
    }
}

/// The best so far, the nearest first.
#[derive(Default)]
struct Best {
    found: Vec<(f32, usize)>,
    /// What the next one must surpass.
    least: f32,
}

impl Best {
    /// Looks at how like some examples are, of which the first has this number.
    fn take(&mut self, alike: &[f32], first: usize) {
        for (some, first) in alike.chunks(AT_ONCE).zip((first..).step_by(AT_ONCE)) {
            let most = some
                .iter()
                .fold(0.0_f32, |most, &one| if one > most { one } else { most });
            if most <= self.least {
                continue;
            }
            for (&alike, number) in some.iter().zip(first..) {
                if alike > self.least {
                    let at = self.found.partition_point(|other| other.0 >= alike);
                    self.found.insert(at, (alike, number));
                    self.found.truncate(NEAR);
                    if self.found.len() == NEAR {
                        self.least = self.found[NEAR - 1].0;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::features::Features;
    use super::super::file::{Cursor, ModelError};
    use super::super::memory_file::Learnt;
    use super::*;
    use crate::examples::{Example, parse};
    use crate::language::Language;

    const LINES: &str = "# part: train
portal | billing | low | - | a
portal | billing | low | - | b
portal | symptom | emergency | cardiac | c
portal | symptom+billing | standard | - | d
";

    /// Four examples of which the words are numbers.
    pub fn memory() -> Memory {
        let examples = parse("a.txt", Language::En, LINES).unwrap();
        let all: Vec<&Example> = examples.iter().collect();
        let words: [&[u32]; 4] = [&[1, 2, 7], &[1, 2, 3], &[4, 5, 7], &[3, 4, 5, 99]];
        let features: Vec<Features> = words
            .iter()
            .map(|terms| {
                let mut features = Features::default();
                features.terms = terms.to_vec();
                features
            })
            .collect();
        read(Memory::written(&all, &features)).unwrap()
    }

    fn read(bytes: Vec<u8>) -> Result<Memory, ModelError> {
        Memory::read(&mut Cursor::of(bytes.into()))
    }

    fn most(scores: &[f32]) -> usize {
        let order = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]);
        (0..scores.len()).max_by(order).unwrap()
    }

    #[test]
    fn the_nearest_examples_and_the_words_say_what_it_is() {
        use crate::verdict::Category::{Billing, Symptom};
        let memory = memory();
        let bill = memory.recall(&[1, 2]);
        assert_eq!(most(&bill.near), Billing as usize, "{bill:?}");
        assert_eq!(most(&bill.words), Billing as usize, "{bill:?}");
        let ill = memory.recall(&[4, 5, 7]);
        assert_eq!(most(&ill.near), Symptom as usize, "{ill:?}");
        assert_eq!(most(&ill.words), Symptom as usize, "{ill:?}");
        assert!(ill.near_danger > bill.near_danger + 1.0, "{ill:?} {bill:?}");
    }

    #[test]
    fn what_shares_no_word_brings_nothing_to_mind() {
        let memory = memory();
        let nothing = memory.recall(&[]);
        // A word that one example alone holds isn't kept.
        assert_eq!(memory.recall(&[99, 1_000]), nothing);
        let empty = read(Memory::written(&[], &[])).unwrap();
        assert_eq!(empty.recall(&[1, 2]), nothing);
        assert!(
            nothing
                .near
                .iter()
                .all(|n| (n - nothing.near[0]).abs() < 1e-6)
        );
        assert!(nothing.words.iter().all(|n| n.abs() < 1e-6));
    }

    #[test]
    fn of_equal_examples_the_first_ones_count_and_blocks_make_no_difference() {
        let count = BLOCK * 20 + 5;
        let held: Vec<u32> = (0..).take(count).collect();
        let norms = (0..count).map(|n| if n == BLOCK + 3 { 1.0 } else { 0.5 });
        let line = Line {
            subjects: [0, 0],
            emergency: false,
        };
        let lines: Vec<(Line, f32)> = norms.map(|norm| (line, norm)).collect();
        let term = |hash, held| Learnt {
            hash,
            rarity: 1.0,
            step: 1.0,
            says: [0; SUBJECTS],
            held,
        };
        // Of the second one the last examples alone, more than a step of two bytes away.
        let few = &held[count - 3..];
        let bytes = Memory::bytes_of(&lines, &[term(1, &held), term(2, few)]);
        let memory = read(bytes).unwrap();
        let last = memory.nearest(&[memory.places.term(2).unwrap()], 1.0);
        let numbers: Vec<usize> = last.iter().map(|(_, number)| *number).collect();
        assert_eq!(numbers, [count - 3, count - 2, count - 1]);
        let found = memory.nearest(&[memory.places.term(1).unwrap()], 1.0);
        let numbers: Vec<usize> = found.iter().map(|(_, number)| *number).collect();
        let first: Vec<usize> = [BLOCK + 3].into_iter().chain(0..NEAR - 1).collect();
        assert_eq!(numbers, first);
    }

    #[test]
    fn a_memory_survives_the_file_and_damage_is_refused() {
        let memory = memory();
        let bytes = memory.bytes.to_vec();
        let back = read(bytes.clone()).unwrap();
        assert_eq!(back.bytes, bytes);
        assert_eq!(back.recall(&[1, 5, 7]), memory.recall(&[1, 5, 7]));
        for end in 0..bytes.len() {
            assert!(read(bytes[..end].to_vec()).is_err(), "{end}");
        }
        let refused = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            read(bytes).is_err()
        };
        // A subject that there is none of, a number that is none, and a step behind the last example.
        assert!(refused(4, u8::MAX));
        assert!(refused(4 + 4 * 3 + 3, 0x7F));
        assert!(refused(bytes.len() - 2, 4));
    }
}
