//! Text brought to the one form that lexicons and indexes compare: lower case, no accents, no
//! zero-width characters, words separated by single spaces.
//!
//! Every word remembers where it stood in the text as written, so that a finding can be shown there.

mod chars;
mod disguises;
mod han;
mod hidden;
mod word;
mod writing;

pub(crate) use chars::{is_han, is_hangul, is_invisible, is_wide};
use chars::{is_stripped_mark, push_folded};
pub(crate) use han::Han;
pub(crate) use word::is_prefix;
pub(crate) use writing::Writing;

use std::sync::Arc;

use crate::markup::Markup;
use crate::segments::Segment;
use crate::verdict::{Field, Span};

/// One word of the folded text.
#[expect(
    clippy::struct_excessive_bools,
    reason = "where it stands, each told by itself"
)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// Range in the folded text.
    pub start: u32,
    pub end: u32,
    /// Range in the field's text as written.
    pub source_start: u32,
    pub source_end: u32,
    /// Number of the sentence, counted over all fields.
    pub sentence: u32,
    pub field: Field,
    /// A comma, bracket or dash stands between this word and the one before.
    pub after_comma: bool,
    /// First word of a line.
    pub line_start: bool,
    /// Written together with the word before it, as Chinese characters are.
    pub joined: bool,
    /// Where it stands, in half words from the beginning: a sign such as a Chinese character counts half.
    pub at: u32,
    /// Whose words these are.
    pub segment: Segment,
    /// It stands in markup: rules read it, and it is no word of anybody's.
    pub markup: bool,
}

/// Folded text and its words.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub text: String,
    pub tokens: Vec<Token>,
    sentence: u32,
    at: u32,
    style: Style,
    pub writing: Arc<Writing>,
}

/// For whom the text is folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Style {
    /// The index: words as they are written, the format that stored indexes have.
    #[default]
    Index,
    /// The engine: signs of Chinese, Japanese and Korean one by one, disguises undone.
    Engine,
}

/// What stands between two words.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Gap {
    Space,
    Comma,
    Sentence,
}

impl Folded {
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes + bytes / 8),
            tokens: Vec::with_capacity(bytes / 5),
            ..Self::default()
        }
    }

    /// For the engine; see [`Style::Engine`].
    pub fn for_engine(bytes: usize, writing: &Arc<Writing>) -> Self {
        Self {
            style: Style::Engine,
            writing: Arc::clone(writing),
            ..Self::with_capacity(bytes)
        }
    }

    /// The folded words in order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(|t| self.word(t))
    }

    pub fn word(&self, token: &Token) -> &str {
        &self.text[token.start as usize..token.end as usize]
    }

    /// The number of the word that begins at `start` in the folded text.
    pub fn token_at(&self, start: usize) -> Option<usize> {
        self.tokens
            .binary_search_by(|t| (t.start as usize).cmp(&start))
            .ok()
    }

    /// The number of the word that holds the byte before `end` in the folded text.
    pub fn token_before(&self, end: usize) -> usize {
        self.tokens
            .partition_point(|t| (t.start as usize) < end)
            .saturating_sub(1)
    }

    /// Where the words `first..=last` stand in the message.
    pub fn span(&self, first: usize, last: usize) -> Span {
        Span {
            field: self.tokens[first].field,
            start: self.tokens[first].source_start as usize,
            end: self.tokens[last].source_end as usize,
        }
    }

    /// Appends text that stands at byte `base` of `field`. What was appended before ends its sentence.
    pub fn push(&mut self, field: Field, text: &str, base: usize) {
        self.push_around(field, text, base, Segment::Own, &[]);
    }

    /// [`push`](Self::push) for words that may be someone else's, with `holes` left out, which are in order and count from where
    /// `base` does.
    pub fn push_around(
        &mut self,
        field: Field,
        text: &str,
        base: usize,
        segment: Segment,
        holes: &[Markup],
    ) {
        Run::new(self, field, base, segment).fold(text, holes);
    }

    /// Appends markup, behind all words.
    pub fn push_markup(&mut self, field: Field, text: &str, base: usize, segment: Segment) {
        let mut run = Run::new(self, field, base, segment);
        run.markup = true;
        run.fold(text, &[]);
    }

    /// Number of the words that are no markup; they stand before it.
    pub fn spoken(&self) -> usize {
        self.tokens.partition_point(|token| !token.markup)
    }

    /// Words between two places, signs counting half.
    pub fn distance(&self, from: usize, to: usize) -> usize {
        (self.tokens[to].at.abs_diff(self.tokens[from].at) as usize).div_ceil(2)
    }
}

/// The state of one [`Folded::push`].
#[expect(
    clippy::struct_excessive_bools,
    reason = "what was seen on the way, each told by itself"
)]
struct Run<'a> {
    out: &'a mut Folded,
    field: Field,
    base: usize,
    /// Start of the open word in the folded text and in the source.
    open: Option<(usize, usize)>,
    gap: Gap,
    line_start: bool,
    /// Only spaces and quote marks have been seen on this line.
    line_blank: bool,
    segment: Segment,
    markup: bool,
    /// A sign has just been closed and nothing stands behind it yet.
    after_sign: bool,
}

impl<'a> Run<'a> {
    fn new(out: &'a mut Folded, field: Field, base: usize, segment: Segment) -> Self {
        Self {
            out,
            field,
            base,
            open: None,
            gap: Gap::Sentence,
            line_start: true,
            line_blank: true,
            segment,
            markup: false,
            after_sign: false,
        }
    }

    fn fold(mut self, text: &str, mut holes: &[Markup]) {
        let bytes = text.as_bytes();
        let engine = self.out.style == Style::Engine;
        // What was looked at for a row of single letters.
        let mut looked = 0;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let Some((hole, rest)) = holes.split_first()
                && hole.place.start <= self.base + at
            {
                let gap = if hole.parts {
                    Gap::Sentence
                } else {
                    Gap::Space
                };
                self.separate(at, gap);
                at = at.max(hole.place.end.saturating_sub(self.base));
                holes = rest;
                continue;
            }
            let row =
                engine && at >= looked && byte.is_ascii_alphabetic() && self.begins_word(at, bytes);
            if row && let Some(row) = hidden::pulled_apart(&self.out.writing.disguises, &text[at..])
            {
                looked = at + row.length;
                if !row.words.is_empty() {
                    self.spelled(&row, &text[at..], at);
                    at = looked;
                    continue;
                }
            }
            if byte.is_ascii_alphanumeric() {
                at += self.plain_run(&text[at..], at);
            } else if byte.is_ascii() {
                self.ascii_mark(char::from(byte), at, bytes);
                at += 1;
            } else {
                let Some(c) = text[at..].chars().next() else {
                    break;
                };
                self.other(c, at, bytes);
                at += c.len_utf8();
            }
        }
        self.close_word(text.len());
    }

    /// Takes the plain letters and digits at the beginning of `text` in one go; gives back how many.
    fn plain_run(&mut self, text: &str, at: usize) -> usize {
        let plain = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
        self.open_word(at);
        let start = self.out.text.len();
        self.out.text.push_str(&text[..plain]);
        self.out.text[start..].make_ascii_lowercase();
        plain
    }

    fn begins_word(&self, at: usize, bytes: &[u8]) -> bool {
        self.open.is_none() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
    }

    /// Takes the words of a row of single letters that begins at `at`.
    fn spelled(&mut self, row: &hidden::Row, text: &str, at: usize) {
        for word in &row.words {
            self.open_word(at + word.start);
            let letters = text[word.clone()].bytes().filter(u8::is_ascii_alphabetic);
            self.out
                .text
                .extend(letters.map(|b| char::from(b.to_ascii_lowercase())));
            self.close_word(at + word.end);
        }
    }

    fn ascii_mark(&mut self, c: char, at: usize, bytes: &[u8]) {
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        match c {
            '\0' => {}
            _ if self.out.style == Style::Engine && chars::hides(c) => {}
            '\'' => self.apostrophe(at, next),
            '*' | '#' if let Some(letter) = self.covered(&bytes[at + 1..]) => {
                self.out.text.push(letter);
            }
            '.' | ','
                if self.open.is_some()
                    && bytes[at - 1].is_ascii_digit()
                    && next.is_ascii_digit() =>
            {
                self.out.text.push('.');
            }
            '\n' => {
                self.close_word(at);
                self.mark(if self.line_blank {
                    Gap::Sentence
                } else {
                    Gap::Space
                });
                self.line_start = true;
                self.line_blank = true;
                self.after_sign = false;
            }
            '>' if self.line_blank => {}
            '.' if self.abbreviation() => self.separate(at, Gap::Space),
            '.' | '!' | '?' | ';' => self.separate(at, Gap::Sentence),
            '*' | '-' if self.line_blank => self.separate(at, Gap::Sentence),
            ',' | ':' | '(' | ')' | '"' => self.separate(at, Gap::Comma),
            ' ' | '\t' | '\r' => {
                self.close_word(at);
                self.after_sign = false;
                self.mark(Gap::Space);
            }
            '@' | '$' if self.disguise(at, next, bytes) => {
                self.out.text.push(if c == '@' { 'a' } else { 's' });
            }
            _ => self.separate(at, Gap::Space),
        }
    }

    /// "k*ll": the letter under the sign.
    fn covered(&self, rest: &[u8]) -> Option<char> {
        let (start, _) = self.open?;
        (self.out.style == Style::Engine)
            .then(|| hidden::covered(&self.out.writing.disguises, &self.out.text[start..], rest))
            .flatten()
    }

    /// "Dr. Ortega" is one sentence.
    fn abbreviation(&self) -> bool {
        self.open.is_some_and(|(start, _)| {
            self.out.style == Style::Engine
                && matches!(
                    &self.out.text[start..],
                    "dr" | "dra"
                        | "mr"
                        | "mrs"
                        | "ms"
                        | "sr"
                        | "sra"
                        | "st"
                        | "prof"
                        | "appt"
                        | "approx"
                        | "tel"
                        | "ext"
                )
        })
    }

    /// "p@in": a sign for a letter, in a short word that is no address.
    fn disguise(&self, at: usize, next: u8, bytes: &[u8]) -> bool {
        let Some((_, source)) = self.open else {
            return false;
        };
        let rest = bytes[at + 1..]
            .iter()
            .take(9)
            .take_while(|b| !b.is_ascii_whitespace());
        self.out.style == Style::Engine
            && at - source <= 6
            && next.is_ascii_alphabetic()
            && rest.clone().count() <= 7
            && rest.into_iter().all(|b| !matches!(b, b'.' | b'@'))
    }

    fn other(&mut self, c: char, at: usize, bytes: &[u8]) {
        let engine = self.out.style == Style::Engine;
        match c {
            _ if is_invisible(c) || engine && chars::hides(c) => {}
            _ if engine && let Some(letter) = chars::plain(c) => {
                self.open_word(at);
                self.out.text.push(letter);
            }
            '’' | '‘' | 'ʼ' | '′' | '＇' => {
                let next = bytes.get(at + c.len_utf8()).copied().unwrap_or(b' ');
                self.apostrophe(at, next);
            }
            _ if is_stripped_mark(c) => {}
            _ if engine && is_wide(c) => {
                self.close_word(at);
                let joined = self.after_sign;
                self.open_word(at);
                let simple = self.out.writing.han.simplified(c);
                self.out.text.push(simple);
                self.close_word(at + c.len_utf8());
                if let Some(token) = self.out.tokens.last_mut() {
                    token.joined = joined;
                }
                self.after_sign = true;
            }
            _ if c.is_alphanumeric() => {
                self.open_word(at);
                let before = self.out.text.len();
                push_folded(c, &mut self.out.text);
                // Nothing left of the character: it stays as it is, since a word is never empty.
                if self.out.text.len() == before {
                    self.out.text.push(c);
                }
            }
            // Vowel signs and the like belong to the word around them.
            _ if self.open.is_some() && unicode_normalization::char::is_combining_mark(c) => {
                push_folded_mark(c, &mut self.out.text);
            }
            '…' | '¿' | '¡' | '。' | '！' | '？' | '；' | '؟' | '؛' | '।' | '॥' | '\u{2029}' =>
            {
                self.separate(at, Gap::Sentence);
            }
            '—' | '–' | '，' | '、' | '،' | '“' | '”' | '«' | '»' | '（' | '）' | '：' =>
            {
                self.separate(at, Gap::Comma);
            }
            _ => {
                self.separate(at, Gap::Space);
                if engine && let Some(word) = chars::sign(c) {
                    self.open_word(at);
                    self.out.text.push_str(word);
                    self.close_word(at + c.len_utf8());
                }
            }
        }
    }

    /// Inside a word ("can't") it vanishes; elsewhere it is a quotation mark.
    fn apostrophe(&mut self, at: usize, next: u8) {
        // "j'ai", "l'hôpital": two words.
        let elided = self.open.is_some_and(|(start, _)| {
            self.out.style == Style::Engine
                && matches!(
                    &self.out.text[start..],
                    "j" | "l"
                        | "d"
                        | "m"
                        | "t"
                        | "s"
                        | "c"
                        | "n"
                        | "qu"
                        | "jusqu"
                        | "lorsqu"
                        | "puisqu"
                )
        });
        if elided || self.open.is_none() || !(next.is_ascii_alphanumeric() || next >= 0x80) {
            self.separate(at, Gap::Space);
        }
    }

    fn separate(&mut self, at: usize, gap: Gap) {
        self.close_word(at);
        self.line_blank = false;
        self.after_sign = false;
        self.mark(gap);
    }

    fn mark(&mut self, gap: Gap) {
        if gap > self.gap {
            self.gap = gap;
        }
    }

    fn open_word(&mut self, at: usize) {
        self.line_blank = false;
        if self.open.is_some() {
            return;
        }
        if !self.out.tokens.is_empty() {
            // The mark between the spaces keeps phrases from matching across it.
            self.out.text.push_str(match self.gap {
                Gap::Space => " ",
                Gap::Comma => " , ",
                Gap::Sentence => " . ",
            });
            if self.gap == Gap::Sentence {
                self.out.sentence += 1;
            }
        }
        self.open = Some((self.out.text.len(), at));
    }

    fn close_word(&mut self, at: usize) {
        let Some((start, source)) = self.open.take() else {
            return;
        };
        let mut half_words = 2;
        if self.out.style == Style::Engine {
            word::mend(&mut self.out.text, start);
            if self.out.text[start..].chars().next().is_some_and(is_wide) {
                half_words = 1;
            }
        }
        self.out.at = self.out.at.saturating_add(half_words);
        self.after_sign = false;
        self.out.tokens.push(Token {
            start: narrow(start),
            end: narrow(self.out.text.len()),
            source_start: narrow(self.base + source),
            source_end: narrow(self.base + at),
            sentence: self.out.sentence,
            field: self.field,
            after_comma: self.gap == Gap::Comma,
            line_start: self.line_start,
            joined: false,
            at: self.out.at,
            segment: self.segment,
            markup: self.markup,
        });
        self.gap = Gap::Space;
        self.line_start = false;
    }
}

/// Offsets of texts beyond 4 GiB would not fit; such texts don't reach a desk, and would only be shown
/// in the wrong place.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Appends a mark that belongs to its word, in its one spelling.
fn push_folded_mark(c: char, out: &mut String) {
    out.push(if c == 'ँ' { 'ं' } else { c });
}

/// A lexicon phrase in folded form. Punctuation inside it counts as a space.
pub(crate) fn fold_phrase(phrase: &str, writing: &Arc<Writing>) -> String {
    let mut folded = Folded::for_engine(phrase.len(), writing);
    folded.push(Field::Body, phrase, 0);
    let words: Vec<&str> = folded.words().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
