//! What a person types into the search box.

use std::ops::Range;

use jiff::civil::Date;
use thiserror::Error;

use super::index::{PREFIX_LENGTHS, beginning};
use super::words::{STEMMED, Word, each_word, fold, identifiers, stem};
use crate::fold::Folded;
use crate::verdict::Field;

/// Characters a query may have.
pub const MAX_QUERY_CHARS: usize = 200;
/// Words a query may have.
pub const MAX_QUERY_TERMS: usize = 10;
/// Places that are marked in one text.
const MAX_HIGHLIGHTS: usize = 200;

/// A query in the form the index understands. All terms, the prefix and all filters must hold.
/// `Debug` shows what was typed: it belongs in no log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// The finished words.
    pub terms: Vec<QueryTerm>,
    /// The word still being typed.
    pub prefix: Option<Prefix>,
    /// What was said as `key:value`.
    pub filters: Vec<Filter>,
}

impl Query {
    fn stems(&self) -> impl Iterator<Item = &String> {
        self.terms.iter().flat_map(|term| &term.variants)
    }

    /// The letters that what is looked for begins with: stemming changes the end of a word and never its first letter, and
    /// costs more than all the rest.
    fn firsts(&self) -> Vec<char> {
        let prefix = self.prefix.iter().map(|prefix| &prefix.typed);
        self.stems()
            .chain(prefix)
            .filter_map(|word| word.chars().next())
            .collect()
    }
}

/// A word of a query: a document holds it when it holds any of the variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTerm {
    /// The stems by the rules of every language, without duplicates.
    pub variants: Vec<String>,
}

/// The last word, when no space follows it: a whole word or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// As typed, folded.
    pub typed: String,
    /// What to look up among the prefixes of the index; `None` when the word is too short for that. It
    /// is the longest indexed length that fits, so a few documents more may come back than were asked for.
    pub lookup: Option<String>,
    /// The stems of what was typed, should the word be finished.
    pub variants: Vec<String>,
}

/// What a filter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FilterKey {
    /// Status of the ticket.
    Status,
    /// Who wrote: an address, number or name.
    From,
    /// On or after a day.
    After,
    /// Before a day.
    Before,
    /// Queue.
    Queue,
    /// Category.
    Category,
    /// Urgency.
    Urgency,
    /// Person in charge; `me` and `nobody` are left to the reader of the query.
    Assignee,
    /// Tag.
    Tag,
    /// Way in.
    Channel,
    /// Language.
    Language,
}

impl FilterKey {
    const ALL: [(&'static str, Self); 11] = [
        ("status", Self::Status),
        ("from", Self::From),
        ("after", Self::After),
        ("before", Self::Before),
        ("queue", Self::Queue),
        ("category", Self::Category),
        ("urgency", Self::Urgency),
        ("assignee", Self::Assignee),
        ("tag", Self::Tag),
        ("channel", Self::Channel),
        ("language", Self::Language),
    ];

    /// The word in front of the colon.
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, key)| *key == self)
            .map_or("", |(word, _)| word)
    }
}

/// A filter as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// What it is about.
    pub key: FilterKey,
    /// The value as typed, never empty; for days an ISO date.
    pub value: String,
}

/// Why a query can't be understood. The texts may be shown to the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Too many characters.
    #[error("A search may have at most {MAX_QUERY_CHARS} characters.")]
    TooLong,
    /// Too many words.
    #[error("A search may have at most {MAX_QUERY_TERMS} words.")]
    TooManyTerms,
    /// Not a filter we know.
    #[error(
        "There is no filter of that name. Put the words in quotation marks to search for them."
    )]
    UnknownFilter {
        /// The word before the colon.
        key: String,
    },
    /// Nothing behind the colon.
    #[error("Something is missing after \"{}:\".", .key.word())]
    EmptyFilter {
        /// The filter.
        key: FilterKey,
    },
    /// Not a day.
    #[error("A day after \"{}:\" looks like 2026-05-31.", .key.word())]
    BadDate {
        /// The filter.
        key: FilterKey,
    },
}

/// Reads what was typed. Words in quotation marks are searched for as words, even `"note:this"`; right behind a colon
/// they are a filter's value, as in `tag:"two words"`.
pub fn parse_query(typed: &str) -> Result<Query, QueryError> {
    if typed.chars().nth(MAX_QUERY_CHARS).is_some() {
        return Err(QueryError::TooLong);
    }
    let mut query = Query::default();
    let mut words: Vec<(QueryTerm, String)> = Vec::new();
    let mut pieces = pieces(typed).peekable();
    while let Some((piece, quoted)) = pieces.next() {
        if !quoted && let Some((key, value)) = split_filter(piece) {
            // A value of several words stands in quotation marks right behind the colon: tag:"two words".
            let between = pieces.next_if(|(_, quoted)| *quoted && value.is_empty());
            query
                .filters
                .push(filter(key, between.map_or(value, |(text, _)| text))?);
            continue;
        }
        let folded = fold(piece);
        each_word(
            &folded,
            &identifiers(&folded, piece),
            |_| true,
            |word| {
                words.push((
                    QueryTerm {
                        variants: variants(&word),
                    },
                    word.folded.to_owned(),
                ));
            },
        );
    }
    query.prefix = prefix(typed, &mut words);
    if words.len() + usize::from(query.prefix.is_some()) > MAX_QUERY_TERMS {
        return Err(QueryError::TooManyTerms);
    }
    query.terms = words.into_iter().map(|(term, _)| term).collect();
    Ok(query)
}

/// The places of a text that a query's words stand for, in bytes, in order, not overlapping.
pub fn highlight(text: &str, query: &Query) -> Vec<Range<usize>> {
    let text = &text[..text.floor_char_boundary(crate::LOOKED_AT)];
    let firsts = query.firsts();
    places(&fold_pieces(text, &firsts), text, query, &firsts)
}

/// [`highlight`] over the folded text; `firsts` are the query's.
fn places(folded: &Folded, text: &str, query: &Query, firsts: &[char]) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    let prefix = query.prefix.as_ref();
    let likely = |word: &str| word.starts_with(firsts);
    each_word(folded, &identifiers(folded, text), likely, |word| {
        if places.len() >= MAX_HIGHLIGHTS {
            return;
        }
        let typed = prefix.is_some_and(|prefix| word.folded.starts_with(&prefix.typed));
        let wanted = |stem: &String| {
            query.stems().any(|wanted| wanted == stem)
                || prefix.is_some_and(|prefix| prefix.variants.contains(stem))
        };
        if typed || likely(word.folded) && variants(&word).iter().any(wanted) {
            places.push(word.start..word.end);
        }
    });
    places.sort_unstable_by_key(|p| (p.start, p.end));
    places.dedup_by(|next, kept| {
        let overlaps = next.start < kept.end;
        if overlaps {
            kept.end = kept.end.max(next.end);
        }
        overlaps
    });
    places
}

/// Folds only what stands between spaces and may hold a word that begins with one of `firsts`: words never go on behind a
/// space, and most of a text holds none of them.
fn fold_pieces(text: &str, firsts: &[char]) -> Folded {
    let mut wanted = [false; 128];
    for first in firsts.iter().filter(|c| c.is_ascii()) {
        wanted[*first as usize] = true;
    }
    let holds = |piece: &str| {
        let mut bytes = piece.bytes();
        bytes.any(|byte| !byte.is_ascii() || wanted[usize::from(byte.to_ascii_lowercase())])
    };
    let mut folded = Folded::default();
    let mut at = 0;
    for piece in text.split_inclusive([' ', '\n', '\r', '\t']) {
        if holds(piece) {
            folded.push(Field::Body, piece, at);
        }
        at += piece.len();
    }
    folded
}

/// Stretches between spaces, and between quotation marks.
fn pieces(typed: &str) -> impl Iterator<Item = (&str, bool)> {
    typed.split('"').enumerate().flat_map(|(number, stretch)| {
        let quoted = number % 2 == 1;
        stretch
            .split(move |c: char| !quoted && c.is_whitespace())
            .map(move |piece| (piece, quoted))
    })
}

/// `key:value`, where the key is a plain word and the value doesn't look like the rest of an address.
fn split_filter(piece: &str) -> Option<(&str, &str)> {
    let (key, value) = piece.split_once(':')?;
    let plain = key.len() >= 2 && key.bytes().all(|b| b.is_ascii_alphabetic());
    (plain && !value.starts_with('/')).then_some((key, value))
}

fn filter(key: &str, value: &str) -> Result<Filter, QueryError> {
    let key = FilterKey::ALL
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(key))
        .map(|(_, key)| *key)
        .ok_or_else(|| QueryError::UnknownFilter {
            key: key.to_owned(),
        })?;
    if value.trim().is_empty() {
        return Err(QueryError::EmptyFilter { key });
    }
    if matches!(key, FilterKey::After | FilterKey::Before) && value.parse::<Date>().is_err() {
        return Err(QueryError::BadDate { key });
    }
    Ok(Filter {
        key,
        value: value.to_owned(),
    })
}

fn variants(word: &Word<'_>) -> Vec<String> {
    let mut variants: Vec<String> = Vec::with_capacity(STEMMED.len());
    for language in STEMMED {
        let stem = stem(word, Some(language));
        if !variants.iter().any(|v| *v == stem) {
            variants.push(stem.into_owned());
        }
    }
    variants
}

/// Takes the last word out of `words` when it is still being typed. Stop words count here: "the" may
/// become "therapy".
fn prefix(typed: &str, words: &mut Vec<(QueryTerm, String)>) -> Option<Prefix> {
    if !typed.chars().next_back()?.is_alphanumeric() {
        return None;
    }
    let last = typed.rsplit(char::is_whitespace).next()?;
    if last.contains(['"', ':']) {
        return None;
    }
    let folded = fold(last);
    let token = folded.tokens.last()?;
    let typed_word = folded.word(token).to_owned();
    let lookup = PREFIX_LENGTHS
        .iter()
        .rev()
        .find_map(|&length| beginning(&typed_word, length))
        .map(str::to_owned);
    let is_last = words
        .last()
        .is_some_and(|(_, folded)| *folded == typed_word);
    let variants = if is_last {
        words.pop().map(|(term, _)| term.variants)
    } else {
        None
    };
    (lookup.is_some() || variants.is_some()).then(|| Prefix {
        typed: typed_word,
        lookup,
        variants: variants.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_that_hold_nothing_likely_are_left_out_unnoticed(
            text in r"([a-cA-C'.\-_@#0-2,> \n\r\t\x00áÉñ你好世\u{a0}\u{200b}\u{130}\u{212a}*]|abba |cab-1|1\.5 |Ca'b |x你好 ){0,60}",
            typed in r"(abba|cab1|1\.5|cab|bab|你好|é|k|i|ab|ca|b1-2|好|c){1}( (abba|cab1|你好|bac))?[ ]?",
        ) {
            let query = parse_query(&typed).unwrap();
            let whole = places(&fold(&text), &text, &query, &query.firsts());
            prop_assert_eq!(highlight(&text, &query), whole);
        }
    }

    #[test]
    fn words_tied_to_each_other_are_found_among_others() {
        let text = "Nothing here. See MRN-12345, x你好y and the refill.";
        for (typed, place) in [
            ("mrn12345", "MRN-12345"),
            ("你好 ", "x你好y"),
            ("refills ", "refill"),
        ] {
            let at = text.find(place).unwrap();
            let found = highlight(text, &parse_query(typed).unwrap());
            assert_eq!(
                found,
                std::slice::from_ref(&(at..at + place.len())),
                "{typed}"
            );
        }
    }
}
