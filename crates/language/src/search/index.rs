//! What a document is indexed under.

use std::borrow::Cow;
use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashMapExt};

use super::words::{Word, each_word, fold, identifiers, stem};
use crate::language::Language;

/// Most terms of one document. Of a longer one the first words count, the subject's before the body's.
pub const MAX_INDEX_TERMS: usize = 2_000;

/// Lengths, in characters, of the beginnings under which a word is found while it is still being typed.
pub const PREFIX_LENGTHS: [usize; 3] = [3, 4, 6];

/// How a term is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TermKind {
    /// With the stems of a query's words.
    Stem,
    /// With the beginning of a query's last word.
    Prefix,
}

/// One entry of the index. (Kind, text) is unique within a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexTerm {
    /// How it is compared.
    pub kind: TermKind,
    /// The stem or the beginning.
    pub text: String,
    /// Times it stands in the document.
    pub count: u16,
    /// Stands in the subject.
    pub in_subject: bool,
}

/// The index terms of a document, without duplicates, at most [`MAX_INDEX_TERMS`]. Reads the first
/// [`LOOKED_AT`](crate::LOOKED_AT) bytes of each field.
pub fn index_terms(subject: &str, body: &str, language: Option<Language>) -> Vec<IndexTerm> {
    let fields = [subject, body].map(|text| {
        let text = &text[..text.floor_char_boundary(crate::LOOKED_AT)];
        let folded = fold(text);
        let identifiers = identifiers(&folded, text);
        (folded, identifiers)
    });
    let mut index =
        Index::with_capacity(fields.iter().map(|(folded, _)| folded.tokens.len()).sum());
    for ((folded, identifiers), in_subject) in fields.iter().zip([true, false]) {
        each_word(
            folded,
            identifiers,
            |_| true,
            |word| {
                index.add_word(&word, language, in_subject);
            },
        );
    }
    index.terms
}

/// The first `length` characters, if the word has as many.
pub(super) fn beginning(word: &str, length: usize) -> Option<&str> {
    if word.is_ascii() {
        return word.get(..length);
    }
    match word.char_indices().nth(length) {
        Some((end, _)) => Some(&word[..end]),
        None => (word.chars().count() == length).then_some(word),
    }
}

/// Numbers of the terms of one word: its stem and its beginnings.
type Places = [Option<u16>; 1 + PREFIX_LENGTHS.len()];

struct Index<'a> {
    terms: Vec<IndexTerm>,
    places: HashMap<(TermKind, Cow<'a, str>), u16>,
    /// Words seen: most words of a text come again.
    known: HashMap<&'a str, Places>,
}

impl<'a> Index<'a> {
    fn with_capacity(words: usize) -> Self {
        let terms = (words * 2).min(MAX_INDEX_TERMS);
        Self {
            terms: Vec::with_capacity(terms),
            places: HashMap::with_capacity(terms),
            known: HashMap::with_capacity(words.min(MAX_INDEX_TERMS) / 2),
        }
    }

    fn add_word(&mut self, word: &Word<'a>, language: Option<Language>, in_subject: bool) {
        if let Some(places) = self.known.get(word.folded) {
            for &place in places.iter().flatten() {
                let term = &mut self.terms[place as usize];
                term.count = term.count.saturating_add(1);
            }
            return;
        }
        if self.terms.len() >= MAX_INDEX_TERMS {
            return;
        }
        let mut places = Places::default();
        places[0] = self.add(TermKind::Stem, stem(word, language), in_subject);
        for (place, length) in places[1..].iter_mut().zip(PREFIX_LENGTHS) {
            let Some(beginning) = beginning(word.folded, length) else {
                break;
            };
            *place = self.add(TermKind::Prefix, beginning.into(), in_subject);
        }
        self.known.insert(word.folded, places);
    }

    fn add(&mut self, kind: TermKind, text: Cow<'a, str>, in_subject: bool) -> Option<u16> {
        let next = u16::try_from(self.terms.len()).ok()?;
        match self.places.entry((kind, text)) {
            Entry::Occupied(known) => {
                let place = *known.get();
                let term = &mut self.terms[place as usize];
                term.count = term.count.saturating_add(1);
                Some(place)
            }
            Entry::Vacant(free) if self.terms.len() < MAX_INDEX_TERMS => {
                let text = free.key().1.to_string();
                self.terms.push(IndexTerm {
                    kind,
                    text,
                    count: 1,
                    in_subject,
                });
                free.insert(next);
                Some(next)
            }
            Entry::Vacant(_) => None,
        }
    }
}
