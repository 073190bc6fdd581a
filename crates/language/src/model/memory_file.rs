//! The memory as it stands in the file: examples and what makes them comparable, hashes of terms, what each term says,
//! and which examples hold it, as the steps between their numbers.

use bytes::Bytes;

use super::SUBJECTS;
use super::file::{Cursor, ModelError, sound};
use super::keys::Keys;
use super::memory::{Line, Memory};

/// Most terms and most examples of a memory.
const MAX_TERMS: usize = 1_000_000;
const MAX_LINES: usize = 1_000_000;
/// Most steps, of all terms together.
const MAX_STEPS: usize = 100_000_000;
/// Bytes of an example, of what makes it comparable, of a term and of a step.
const LINE: usize = 3;
const NORM: usize = size_of::<f32>();
const TERM: usize = 3 * size_of::<u32>() + SUBJECTS;
const STEP: usize = size_of::<u16>();
/// A step that reaches no example and goes on with the next one.
const FAR: u16 = u16::MAX;

/// A term as it is written down.
pub(super) struct Learnt<'a> {
    pub hash: u32,
    /// See [`Term`].
    pub rarity: f32,
    pub step: f32,
    pub says: [i8; SUBJECTS],
    /// The examples that hold it, in their order.
    pub held: &'a [u32],
}

/// A word, or a pair of words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term<'a> {
    /// What it counts: the more, the fewer examples hold it.
    pub rarity: f32,
    /// What one step of the whole numbers is worth.
    pub step: f32,
    /// What naive Bayes says of it for every subject, as whole numbers.
    pub says: &'a [u8],
    /// The examples that hold it; none if nearly all do.
    pub held: Held<'a>,
}

/// The numbers of examples, from the smallest on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    steps: &'a [[u8; STEP]],
    /// The number that the steps so far reach.
    reached: usize,
}

impl Held<'_> {
    /// How many there are, or a few more.
    pub fn count(&self) -> usize {
        self.steps.len()
    }

    /// Hands over the numbers until `take` refuses one, which then is the next one.
    pub fn each(&mut self, mut take: impl FnMut(usize) -> bool) {
        while let Some((step, rest)) = self.steps.split_first() {
            let step = u16::from_le_bytes(*step);
            let next = self.reached + usize::from(step);
            if step != FAR && !take(next) {
                return;
            }
            (self.reached, self.steps) = (next, rest);
        }
    }
}

/// Where the parts of a memory stand in the bytes.
#[derive(Debug, Clone)]
pub(super) struct Places {
    keys: Keys,
    lines: Bytes,
    norms: Bytes,
    terms: Bytes,
    steps: Bytes,
}

impl Places {
    /// What there is to know of a term.
    pub fn term(&self, hash: u32) -> Option<Term<'_>> {
        let number = self.keys.number(hash)?;
        let terms = self.terms.as_chunks::<TERM>().0;
        let [to, rarity, step] = numbers(&terms[number]);
        let from = number
            .checked_sub(1)
            .map_or(0, |before| ends(&terms[before]));
        Some(Term {
            rarity: f32::from_le_bytes(rarity),
            step: f32::from_le_bytes(step),
            says: &terms[number][TERM - SUBJECTS..],
            held: Held {
                steps: &self.steps.as_chunks().0[from..u32::from_le_bytes(to) as usize],
                reached: 0,
            },
        })
    }

    /// What an example is about.
    pub fn line(&self, number: usize) -> Line {
        let [first, second, emergency] = self.lines.as_chunks::<LINE>().0[number];
        Line {
            subjects: [first, second],
            emergency: emergency == 1,
        }
    }

    /// What makes each example comparable with longer and shorter ones, in blocks of so many.
    pub fn norms(&self, block: usize) -> impl Iterator<Item = &[[u8; NORM]]> {
        self.norms.as_chunks().0.chunks(block)
    }

    /// Bytes it takes besides the file.
    pub fn bytes(&self) -> usize {
        self.keys.bytes()
    }
}

/// Where the steps of a term end, what it counts, and what a step of its whole numbers is worth.
fn numbers(term: &[u8; TERM]) -> [[u8; 4]; 3] {
    [0, 4, 8].map(|at| {
        let mut number = [0; 4];
        number.copy_from_slice(&term[at..at + 4]);
        number
    })
}

fn ends(term: &[u8; TERM]) -> usize {
    u32::from_le_bytes(numbers(term)[0]) as usize
}

impl Memory {
    /// As it stands in a file; the terms come in the order of their hashes.
    pub(super) fn bytes_of(lines: &[(Line, f32)], terms: &[Learnt<'_>]) -> Vec<u8> {
        let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
        let mut steps: Vec<u16> = Vec::new();
        let mut out = Vec::new();
        out.extend_from_slice(&length(lines.len()));
        for (line, _) in lines {
            out.extend_from_slice(&line.subjects);
            out.push(u8::from(line.emergency));
        }
        for (_, norm) in lines {
            out.extend_from_slice(&norm.to_le_bytes());
        }
        out.extend_from_slice(&length(terms.len()));
        for term in terms {
            out.extend_from_slice(&term.hash.to_le_bytes());
        }
        for term in terms {
            let mut before = 0;
            for &line in term.held {
                let mut left = line - before;
                while left >= u32::from(FAR) {
                    steps.push(FAR);
                    left -= u32::from(FAR);
                }
                steps.extend(u16::try_from(left));
                before = line;
            }
            out.extend_from_slice(&length(steps.len()));
            out.extend_from_slice(&term.rarity.to_le_bytes());
            out.extend_from_slice(&term.step.to_le_bytes());
            out.extend(term.says.iter().map(|w| w.cast_unsigned()));
        }
        out.extend_from_slice(&length(steps.len()));
        out.extend(steps.iter().flat_map(|step| step.to_le_bytes()));
        out
    }

    /// Takes it from the file. What it leads to is looked at here, and nowhere else.
    pub(super) fn read(from: &mut Cursor) -> Result<Self, ModelError> {
        let start = from.clone();
        let count = from.count(MAX_LINES)?;
        let (lines, norms) = (from.part(count, LINE)?, from.part(count, NORM)?);
        let known = |[first, second, emergency]: &[u8; LINE]| {
            usize::from(*first.max(second)) < SUBJECTS && *emergency <= 1
        };
        if !lines.as_chunks().0.iter().all(known) {
            return Err(ModelError::Damaged);
        }
        for norm in norms.as_chunks().0 {
            sound(f32::from_le_bytes(*norm))?;
        }
        let terms_count = from.count(MAX_TERMS)?;
        let keys = Keys::read(from, terms_count)?;
        let terms = from.part(terms_count, TERM)?;
        let steps_count = from.count(MAX_STEPS)?;
        let places = Places {
            keys,
            lines,
            norms,
            terms,
            steps: from.part(steps_count, STEP)?,
        };
        places.check(count as u64)?;
        Ok(Self {
            bytes: start.until(from),
            places,
        })
    }
}

impl Places {
    /// Whether the terms' steps follow each other and lead to none but the examples that there are.
    fn check(&self, lines: u64) -> Result<(), ModelError> {
        let all = self.steps.as_chunks::<STEP>().0;
        let mut from = 0;
        for term in self.terms.as_chunks::<TERM>().0 {
            let [to, rarity, step] = numbers(term);
            sound(f32::from_le_bytes(rarity))?;
            sound(f32::from_le_bytes(step))?;
            let to = u32::from_le_bytes(to) as usize;
            let steps = all.get(from..to).ok_or(ModelError::Damaged)?;
            let reached = steps.iter().map(|s| u64::from(u16::from_le_bytes(*s)));
            if reached.sum::<u64>() >= lines && !steps.is_empty() {
                return Err(ModelError::Damaged);
            }
            from = to;
        }
        if from == all.len() {
            Ok(())
        } else {
            Err(ModelError::Damaged)
        }
    }
}
