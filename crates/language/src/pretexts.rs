//! Words of somebody who may play a part: in a hurry and in secret, or with another address and after the record.
//!
//! What follows from them is the desk's to say; a word alone is no sign of anything. They are in
//! `clinic/language/pretexts.toml`, for whoever looks after privacy to read and change.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Deserialize;
use toml::Spanned;

use crate::clinic::{ClinicFiles, File, LoadError};
use crate::fold::{Folded, Writing};
use crate::language::Language;
use crate::verdict::Field;

/// Bytes of a text that are looked at.
pub const LOOKED_AT: usize = 32 * 1024;
/// Where the words stand, below the clinic's folder.
const FILE: &str = "language/pretexts.toml";
/// Most phrases in all. Keeps loading and memory bounded.
const MAX_TERMS: usize = 5_000;

/// What somebody says who plays a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// It must be now.
    Urgent,
    /// Nobody may know.
    Secret,
    /// Their address or number is another one now.
    NewAddress,
    /// They want the record.
    Records,
    /// The phone on file can't be asked.
    Broken,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 5] = [
        Self::Urgent,
        Self::Secret,
        Self::NewAddress,
        Self::Records,
        Self::Broken,
    ];

    /// The stable name, such as `new_address`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Secret => "secret",
            Self::NewAddress => "new_address",
            Self::Records => "records",
            Self::Broken => "broken",
        }
    }
}

/// Parts that were said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said(u8);

impl Said {
    /// Whether this part was.
    pub const fn has(self, part: Part) -> bool {
        self.0 & (1 << part as u8) != 0
    }

    /// These and those of `other`.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    words: Vec<RawWords>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWords {
    part: Spanned<String>,
    language: Spanned<String>,
    terms: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

/// Knows the words.
#[derive(Debug)]
pub struct Pretexts {
    automaton: AhoCorasick,
    /// By pattern.
    parts: Vec<Part>,
    writing: Arc<Writing>,
}

impl Pretexts {
    /// Reads `language/pretexts.toml` of a clinic.
    ///
    /// # Errors
    /// File, line and reason of the first entry that can't be used.
    pub fn load(files: &ClinicFiles) -> Result<Self, LoadError> {
        let writing = Arc::new(Writing::read(files)?);
        let file = File::open(files, FILE)?;
        let raw: RawFile = file.toml()?;
        let (mut patterns, mut parts) = (Vec::new(), Vec::new());
        for entry in &raw.words {
            let known = |part: &Part| part.code() == entry.part.get_ref();
            let Some(part) = Part::ALL.into_iter().find(known) else {
                let reason = format!("unknown part \"{}\"", entry.part.get_ref());
                return Err(file.error(entry.part.span(), reason));
            };
            let spoken = |one: &Language| one.tag() == entry.language.get_ref();
            if !Language::ALL.iter().any(spoken) {
                let reason = format!("unknown language \"{}\"", entry.language.get_ref());
                return Err(file.error(entry.language.span(), reason));
            }
            if entry.terms.is_empty() {
                return Err(file.error(entry.part.span(), "an entry needs at least one term"));
            }
            file.words(&entry.reason)?;
            file.review(&entry.review)?;
            for term in &entry.terms {
                let text = file.words(term)?;
                let [words] = &sentences(&text, &writing)[..] else {
                    let reason = format!("\"{text}\" is not some words of one sentence");
                    return Err(file.error(term.span(), reason));
                };
                if patterns.len() >= MAX_TERMS {
                    return Err(file.error(term.span(), "these are too many terms"));
                }
                patterns.push(words.clone());
                parts.push(part);
            }
        }
        if let Some(lacks) = Part::ALL.iter().find(|part| !parts.contains(part)) {
            let reason = format!("there are no words for \"{}\"", lacks.code());
            return Err(LoadError::whole(FILE, reason));
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns)
            .map_err(|_| LoadError::whole(FILE, "these are too many terms"))?;
        Ok(Self {
            automaton,
            parts,
            writing,
        })
    }

    /// What somebody says in this text.
    pub fn said(&self, text: &str) -> Said {
        let text = &text[..text.floor_char_boundary(LOOKED_AT)];
        let mut said = Said::default();
        for sentence in sentences(text, &self.writing) {
            for found in self.automaton.find_overlapping_iter(&sentence) {
                said.0 |= 1 << self.parts[found.pattern().as_usize()] as u8;
            }
        }
        said
    }
}

/// The folded words of each sentence, each word between single spaces.
fn sentences(text: &str, writing: &Arc<Writing>) -> Vec<String> {
    let mut folded = Folded::for_engine(text.len(), writing);
    folded.push(Field::Body, text, 0);
    let (mut all, mut last) = (Vec::<String>::new(), None);
    for token in &folded.tokens {
        if last != Some(token.sentence) {
            all.push(" ".to_owned());
            last = Some(token.sentence);
        }
        if let Some(sentence) = all.last_mut() {
            sentence.push_str(folded.word(token));
            sentence.push(' ');
        }
    }
    all
}
