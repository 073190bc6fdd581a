//! What the model looks at.

use std::ops::Range;

use crate::context::{CONDITION, FIGURE, NEGATED, PAST, RELATIVE};
use crate::fold::{Folded, is_wide};
use crate::segments::Segment;

/// Half words after which a group of sentences ends.
const GROUP: u32 = 44;
/// Half words below which a sentence joins the next one.
const TINY: u32 = 8;
/// Groups of sentences that are judged together.
const WINDOW: usize = 2;
/// Concepts of one group of sentences that are paired.
const CONCEPTS: usize = 16;
/// Letters of a word that count.
const WORD: usize = 20;

/// A feature and the word it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Feature {
    pub hash: u32,
    pub token: u32,
    /// Words count more than runs of letters.
    pub value: f32,
}

/// A feature that counts in full, whatever the length of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    pub hash: u32,
    pub value: f32,
}

/// A few sentences.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    /// Positions in [`Features::words`].
    pub words: Range<usize>,
    pub tokens: Range<usize>,
    /// Positions in [`Features::said`].
    terms: Range<usize>,
    pub own: bool,
    sides: Vec<Side>,
    /// Concepts that are meant here, without duplicates.
    concepts: Vec<u16>,
}

/// Neighbouring groups of sentences, or the whole message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    from: usize,
    to: usize,
    /// The whole message, with what is known of it besides its words.
    pub whole: bool,
}

impl Window {
    pub fn chunks(self) -> Range<usize> {
        self.from..self.to
    }

    /// The same sentences as a message of their own.
    pub fn alone(self) -> Self {
        Self {
            whole: true,
            ..self
        }
    }
}

/// Everything the model looks at in one message.
#[derive(Debug, Default)]
pub(crate) struct Features {
    pub words: Vec<Feature>,
    pub chunks: Vec<Chunk>,
    /// Hashes of the person's own words and pairs of words, each once, the smallest first.
    pub terms: Vec<u32>,
    /// The same in the order in which they stand, each time.
    said: Vec<u32>,
    /// Of the message as a whole: the channel, what the lexicon said.
    about: Vec<Side>,
}

/// What makes texts of different length comparable, from the sum of the squared values of their features.
pub(crate) fn norm(squares: f32) -> f32 {
    1.0 / squares.max(FLOOR).sqrt()
}

/// Sum of squares below which a text is treated as longer than it is: a word alone is no evidence.
const FLOOR: f32 = 4.0;
/// What a run of letters counts.
const LETTERS: f32 = 0.45;

impl Features {
    /// The features of the words in some ranges, none of which is markup. `marks` are those of
    /// [`context::marks`](crate::context::marks).
    pub fn of(folded: &Folded, marks: &[u8], heard: &[Range<usize>]) -> Self {
        let read: usize = heard.iter().map(Range::len).sum();
        let mut features = Self {
            words: Vec::with_capacity(read * 24),
            ..Self::default()
        };
        for range in heard {
            features.read(folded, marks, range);
        }
        features.terms.clone_from(&features.said);
        features.terms.sort_unstable();
        features.terms.dedup();
        features.context(marks);
        features
    }

    fn read(&mut self, folded: &Folded, marks: &[u8], range: &Range<usize>) {
        let mut chunk: Option<Chunk> = None;
        let mut before: [u32; 3] = [0; 3];
        for at in range.clone() {
            let token = &folded.tokens[at];
            let own = token.segment == Segment::Own;
            let new_sentence = at > range.start && folded.tokens[at - 1].sentence != token.sentence;
            let ends = chunk.as_ref().is_some_and(|c: &Chunk| {
                let length = token.at - folded.tokens[c.tokens.start].at;
                c.own != own || length >= GROUP || new_sentence && length >= TINY
            });
            if ends {
                self.close(chunk.take(), at);
            }
            if chunk.is_none() {
                chunk = Some(Chunk {
                    words: self.words.len()..self.words.len(),
                    tokens: at..at,
                    terms: self.said.len()..self.said.len(),
                    own,
                    sides: Vec::new(),
                    concepts: Vec::new(),
                });
            }
            if new_sentence {
                before = [0; 3];
            }
            let word = folded.word(token);
            let (hash, pair) = self.word(word, at, marks[at], before);
            if own {
                self.said.push(hash);
                self.said.extend(pair);
            }
            before = [hash, before[0], before[1]];
        }
        self.close(chunk, range.end);
    }

    fn close(&mut self, chunk: Option<Chunk>, tokens: usize) {
        if let Some(mut chunk) = chunk {
            chunk.words.end = self.words.len();
            chunk.tokens.end = tokens;
            chunk.terms.end = self.said.len();
            self.chunks.push(chunk);
        }
    }

    fn push(&mut self, hash: u32, token: usize) {
        self.push_value(hash, token, 1.0);
    }

    fn push_value(&mut self, hash: u32, token: usize, value: f32) {
        let token = u32::try_from(token).unwrap_or(u32::MAX);
        self.words.push(Feature { hash, token, value });
    }

    /// The features of one word; gives back its hash, and that of the pair with the word before it.
    fn word(&mut self, word: &str, at: usize, marks: u8, before: [u32; 3]) -> (u32, Option<u32>) {
        let sign = word.chars().next().is_some_and(is_wide);
        let hash = if let Some(size) = magnitude(word) {
            self.push(mix(text(word), 11), at);
            mix(size, 12)
        } else {
            text(word)
        };
        self.push(mix(hash, 1), at);
        for bit in [NEGATED, CONDITION, PAST, RELATIVE, FIGURE] {
            if marks & bit != 0 {
                self.push(mix(hash, 100 + u32::from(bit)), at);
            }
        }
        let [one, two, three] = before;
        if one != 0 {
            let pair = mix(one, 2) ^ hash;
            self.push(mix(pair, 3), at);
            if two != 0 {
                let triple = mix(two, 4) ^ mix(pair, 5);
                self.push(mix(triple, 6), at);
                if sign && three != 0 {
                    self.push(mix(mix(three, 7) ^ mix(triple, 8), 9), at);
                }
            }
        }
        if !sign {
            self.letters(word, at);
        }
        (hash, (one != 0).then(|| mix(mix(one, 2) ^ hash, 3)))
    }

    /// Runs of two to five letters, the word's ends included.
    fn letters(&mut self, word: &str, at: usize) {
        let mut letters = [0_u32; WORD + 2];
        letters[0] = u32::from('^');
        let mut length = 1;
        for c in word.chars().take(WORD) {
            letters[length] = u32::from(c);
            length += 1;
        }
        letters[length] = u32::from('$');
        length += 1;
        if length < 5 {
            return;
        }
        for start in 0..length - 1 {
            let mut hash = 0x9E37_79B9_u32;
            for (n, &letter) in (0..).zip(&letters[start..length.min(start + 5)]) {
                hash = (hash ^ letter).wrapping_mul(0x0100_0193).rotate_left(5);
                // Pairs of plain Latin letters say little and fill the table.
                if n >= 2 || n == 1 && !word.is_ascii() {
                    self.push_value(mix(hash, 20 + n), at, LETTERS);
                }
            }
        }
    }

    /// That something was denied, past or a condition in a group of sentences.
    fn context(&mut self, marks: &[u8]) {
        for chunk in &mut self.chunks {
            let all = marks[chunk.tokens.clone()].iter().fold(0, |a, b| a | b);
            for bit in [NEGATED, CONDITION, PAST, RELATIVE, FIGURE] {
                if all & bit != 0 {
                    chunk.sides.push(Side {
                        hash: mix(200 + u32::from(bit), 30),
                        value: 1.0,
                    });
                }
            }
        }
    }

    /// The concepts at their words, in the order of these. One that is denied, past or a condition is
    /// something else than one that is meant.
    pub fn concepts(&mut self, found: &[(u16, usize)], marks: &[u8]) {
        for &(number, token) in found {
            let mark = marks[token] & (NEGATED | CONDITION | PAST | FIGURE);
            let Some(chunk) = self.chunk(token) else {
                continue;
            };
            if mark == 0 {
                if !chunk.concepts.contains(&number) && chunk.concepts.len() < CONCEPTS {
                    chunk.concepts.push(number);
                }
            } else {
                let hash = mix(u32::from(number), 40 + u32::from(mark));
                if chunk.sides.iter().all(|s| s.hash != hash) {
                    chunk.sides.push(Side { hash, value: 0.7 });
                }
            }
        }
    }

    /// The group of sentences that a word belongs to, unless it was left out.
    fn chunk(&mut self, token: usize) -> Option<&mut Chunk> {
        let at = self.chunks.partition_point(|c| c.tokens.end <= token);
        let chunk = self.chunks.get_mut(at)?;
        chunk.tokens.contains(&token).then_some(chunk)
    }

    /// Says that a rule spoke at a word.
    pub fn rule(&mut self, token: usize, name: &str, value: f32) {
        let hash = mix(text(name), 31);
        if let Some(chunk) = self.chunk(token) {
            match chunk.sides.iter_mut().find(|s| s.hash == hash) {
                Some(side) => side.value = side.value.max(value),
                None => chunk.sides.push(Side { hash, value }),
            }
        }
    }

    /// Says something of the whole message.
    pub fn about(&mut self, name: &str, value: f32) {
        self.about.push(Side {
            hash: mix(text(name), 32),
            value,
        });
    }

    /// Every side feature, for counting.
    pub fn every_side(&self) -> impl Iterator<Item = u32> {
        let windows = self.windows(true).chain([self.whole()]);
        windows.flat_map(|w| self.sides(w)).map(|s| s.hash)
    }

    /// The windows over the person's own words, or over those of others.
    pub fn windows(&self, own: bool) -> impl Iterator<Item = Window> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (at, chunk) in self.chunks.iter().enumerate() {
            if chunk.own != own {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.end == at => run.end += 1,
                _ => runs.push(at..at + 1),
            }
        }
        runs.into_iter().flat_map(|run| {
            let width = WINDOW.min(run.len());
            (run.start..=run.end - width).map(move |from| Window {
                from,
                to: from + width,
                whole: false,
            })
        })
    }

    /// The whole message as one window; quoted words aren't asked what it is about.
    pub fn whole(&self) -> Window {
        let own = |c: &Chunk| c.own;
        let from = self.chunks.iter().position(own).unwrap_or(0);
        let to = self.chunks.iter().rposition(own).map_or(0, |at| at + 1);
        Window {
            from,
            to,
            whole: true,
        }
    }

    /// Hashes of the words and pairs of words in a window, each once, the smallest first.
    pub fn terms_of(&self, window: Window) -> Vec<u32> {
        let chunks = self.chunks[window.chunks()].iter();
        let mut terms: Vec<u32> = chunks
            .flat_map(|chunk| &self.said[chunk.terms.clone()])
            .copied()
            .collect();
        terms.sort_unstable();
        terms.dedup();
        terms
    }

    /// What counts in full in a window.
    pub fn sides(&self, window: Window) -> Vec<Side> {
        let mut all: Vec<Side> = Vec::new();
        for chunk in &self.chunks[window.chunks()] {
            for side in &chunk.sides {
                match all.iter_mut().find(|s| s.hash == side.hash) {
                    Some(known) => known.value = known.value.max(side.value),
                    None => all.push(*side),
                }
            }
        }
        let mut concepts: Vec<u16> = Vec::new();
        for chunk in &self.chunks[window.chunks()] {
            concepts.extend(&chunk.concepts);
        }
        concepts.sort_unstable();
        concepts.dedup();
        for (at, &one) in concepts.iter().enumerate() {
            all.push(Side {
                hash: mix(u32::from(one), 33),
                value: 0.7,
            });
            if window.whole {
                continue;
            }
            for &other in &concepts[at + 1..] {
                all.push(Side {
                    hash: mix(u32::from(one) << 16 | u32::from(other), 34),
                    value: 0.4,
                });
            }
        }
        if window.whole {
            all.extend_from_slice(&self.about);
        }
        all
    }
}

/// A number by its size: 39.5 and 40 are alike, 39 and 390 aren't.
fn magnitude(word: &str) -> Option<u32> {
    if !word.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let end = word
        .bytes()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(word.len());
    let value: u32 = word[..end.min(8)].parse().ok()?;
    let step = match value {
        0..=12 => value,
        13..=99 => 13 + value / 10,
        100..=999 => 30 + value / 50,
        _ => 60 + value.ilog2(),
    };
    Some(step * 2 + u32::from(end < word.len()))
}

fn text(word: &str) -> u32 {
    let mut hash = 0x811C_9DC5_u32;
    for byte in word.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash
}

/// Spreads the bits and keeps kinds of features apart.
fn mix(hash: u32, kind: u32) -> u32 {
    let mut x = hash ^ kind.wrapping_mul(0x9E37_79B9);
    x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}
