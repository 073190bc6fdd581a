//! From text to words: folded, without stop words, stemmed.

use std::borrow::Cow;
use std::sync::LazyLock;

use foldhash::HashSet;
use rust_stemmers::{Algorithm, Stemmer};

use crate::fold::{Folded, Token};
use crate::language::Language;
use crate::verdict::Field;

/// Characters a word needs to be worth finding. Chinese, Japanese and Korean signs count double.
pub const MIN_WORD: usize = 2;
/// Characters a word may have; longer ones are no words.
pub const MAX_WORD: usize = 40;

/// A word in the two forms that are compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// Lower case, without accents.
    pub folded: String,
    /// The folded word without its ending.
    pub stem: String,
}

/// A word and its place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub folded: &'a str,
    pub start: usize,
    pub end: usize,
    /// A number or identifier, which is never stemmed.
    pub exact: bool,
}

/// The words of a text in order, stop words left out, stemmed by the language's rules (English where the
/// language is unknown). Numbers and identifiers such as `MRN-12345` appear whole (`mrn12345`) and in
/// their parts.
pub fn terms(text: &str, language: Option<Language>) -> Vec<Term> {
    let folded = fold(text);
    let mut found = Vec::new();
    each_word(
        &folded,
        &identifiers(&folded, text),
        |_| true,
        |word| {
            found.push(Term {
                folded: word.folded.to_owned(),
                stem: stem(&word, language).into_owned(),
            });
        },
    );
    found
}

pub(super) fn fold(text: &str) -> Folded {
    let mut folded = Folded::with_capacity(text.len());
    folded.push(Field::Body, text, 0);
    folded
}

/// A number or name put together from several words, such as `MRN-12345`.
pub(super) struct Identifier {
    /// Its words without what stands between them.
    joined: String,
    start: usize,
    end: usize,
}

/// The words that a single sign ties to each other, if digits are among them.
pub(super) fn identifiers(folded: &Folded, text: &str) -> Vec<Identifier> {
    let tied = |pair: &[Token]| {
        let between = &text.as_bytes()[pair[0].source_end as usize..pair[1].source_start as usize];
        matches!(between, [b'-' | b'_' | b'/' | b'.' | b'@' | b'#'])
    };
    let mut found = Vec::new();
    let mut first = 0;
    for last in 0..folded.tokens.len() {
        if folded.tokens.get(last..last + 2).is_some_and(tied) {
            continue;
        }
        let tokens = &folded.tokens[first..=last];
        first = last + 1;
        if tokens.len() < 2 {
            continue;
        }
        let bytes: usize = tokens.iter().map(|t| (t.end - t.start) as usize).sum();
        if bytes > 4 * MAX_WORD {
            continue;
        }
        let joined: String = tokens.iter().map(|t| folded.word(t)).collect();
        if joined.bytes().any(|b| b.is_ascii_digit()) && fits(&joined) {
            let (start, end) = (
                tokens[0].source_start as usize,
                folded.tokens[last].source_end as usize,
            );
            found.push(Identifier { joined, start, end });
        }
    }
    found
}

/// Calls `with` for every word worth finding, identifiers first; of plain words only for those that are `likely`.
pub(super) fn each_word<'a>(
    folded: &'a Folded,
    identifiers: &'a [Identifier],
    likely: impl Fn(&str) -> bool,
    mut with: impl FnMut(Word<'a>),
) {
    for i in identifiers {
        with(Word {
            folded: &i.joined,
            start: i.start,
            end: i.end,
            exact: true,
        });
    }
    for token in &folded.tokens {
        let (start, end) = (token.source_start as usize, token.source_end as usize);
        let word = folded.word(token);
        if !word.is_ascii() && word.chars().any(is_wide) {
            each_pair(word, start, end, &mut with);
        } else if likely(word) && fits(word) && !is_stop_word(word) {
            let exact = word.bytes().any(|b| b.is_ascii_digit());
            with(Word {
                folded: word,
                start,
                end,
                exact,
            });
        }
    }
}

/// Scripts without spaces between words are indexed by pairs of signs.
fn each_pair<'a>(word: &'a str, start: usize, end: usize, with: &mut impl FnMut(Word<'a>)) {
    let mut starts = word.char_indices().map(|(at, _)| at).chain([word.len()]);
    let (mut first, mut second) = (
        starts.next().unwrap_or(0),
        starts.next().unwrap_or(word.len()),
    );
    let Some(mut third) = starts.next() else {
        with(Word {
            folded: word,
            start,
            end,
            exact: true,
        });
        return;
    };
    loop {
        with(Word {
            folded: &word[first..third],
            start,
            end,
            exact: true,
        });
        (first, second) = (second, third);
        let Some(next) = starts.next() else { return };
        third = next;
    }
}

/// Chinese characters and kana.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn fits(word: &str) -> bool {
    (MIN_WORD..=MAX_WORD * 4).contains(&word.len())
        && (MIN_WORD..=MAX_WORD).contains(&word.chars().count())
}

/// Languages whose words are stemmed and whose small words are left out: those of the interface.
pub(super) const STEMMED: [Language; 2] = [Language::En, Language::Es];

/// The stem by the rules of one language (English where it has none); what has digits stays as it is.
pub(super) fn stem<'a>(word: &Word<'a>, language: Option<Language>) -> Cow<'a, str> {
    if word.exact {
        return word.folded.into();
    }
    let algorithm = match language {
        Some(Language::Es) => Algorithm::Spanish,
        _ => Algorithm::English,
    };
    Stemmer::create(algorithm).stem(word.folded)
}

/// The stop words of every language that has some. They are part of the index format and say nothing about patients,
/// therefore built in: changing them needs a new build and a new index.
fn stopwords() -> impl Iterator<Item = &'static str> {
    let files = [
        include_str!("stopwords/en.txt"),
        include_str!("stopwords/es.txt"),
    ];
    files
        .into_iter()
        .flat_map(str::lines)
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
}

/// Stop words of any language.
pub(super) fn is_stop_word(word: &str) -> bool {
    static ALL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| stopwords().collect());
    word.len() <= 12 && ALL.contains(word)
}
