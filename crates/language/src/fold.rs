//! Text brought to the one form that lexicons and indexes compare: lower case, no accents, no
//! zero-width characters, words separated by single spaces.
//!
//! Every word remembers where it stood in the text as written, so that a finding can be shown there.

use unicode_normalization::char::decompose_compatible;

use crate::verdict::{Field, Span};

/// One word of the folded text.
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
    /// In a line that quotes an earlier message (`>`).
    pub quoted: bool,
}

/// Folded text and its words.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub text: String,
    pub tokens: Vec<Token>,
    sentence: u32,
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
            sentence: 0,
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
        Run::new(self, field, base).fold(text);
    }
}

/// The state of one [`Folded::push`].
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
    quoted: bool,
}

impl<'a> Run<'a> {
    fn new(out: &'a mut Folded, field: Field, base: usize) -> Self {
        Self {
            out,
            field,
            base,
            open: None,
            gap: Gap::Sentence,
            line_start: true,
            line_blank: true,
            quoted: false,
        }
    }

    fn fold(mut self, text: &str) {
        let bytes = text.as_bytes();
        for (at, c) in text.char_indices() {
            if c.is_ascii_alphanumeric() {
                self.open_word(at);
                self.out.text.push(c.to_ascii_lowercase());
            } else if c.is_ascii() {
                self.ascii_mark(c, at, bytes);
            } else {
                self.other(c, at, bytes);
            }
        }
        self.close_word(text.len());
    }

    fn ascii_mark(&mut self, c: char, at: usize, bytes: &[u8]) {
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        match c {
            '\0' => {}
            '\'' => self.apostrophe(at, next),
            '.' | ','
                if self.open.is_some()
                    && bytes[at - 1].is_ascii_digit()
                    && next.is_ascii_digit() =>
            {
                self.out.text.push('.');
            }
            '\n' => {
                self.close_word(at);
                let blank = self.line_blank && !self.quoted;
                self.mark(if blank { Gap::Sentence } else { Gap::Space });
                self.line_start = true;
                self.line_blank = true;
                self.quoted = false;
            }
            '>' if self.line_blank => self.quoted = true,
            '.' | '!' | '?' | ';' => self.separate(at, Gap::Sentence),
            '*' | '-' if self.line_blank => self.separate(at, Gap::Sentence),
            ',' | ':' | '(' | ')' | '"' => self.separate(at, Gap::Comma),
            ' ' | '\t' | '\r' => {
                self.close_word(at);
                self.mark(Gap::Space);
            }
            _ => self.separate(at, Gap::Space),
        }
    }

    fn other(&mut self, c: char, at: usize, bytes: &[u8]) {
        match c {
            // Zero-width characters, soft hyphens and direction marks only hide words.
            '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}'
            | '\u{AD}' => {}
            '’' | '‘' | 'ʼ' | '′' => {
                let next = bytes.get(at + c.len_utf8()).copied().unwrap_or(b' ');
                self.apostrophe(at, next);
            }
            _ if is_stripped_mark(c) => {}
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
                self.out.text.push(c);
            }
            '…' | '¿' | '¡' | '。' | '！' | '？' | '؟' | '।' | '\u{2029}' => {
                self.separate(at, Gap::Sentence);
            }
            '—' | '–' | '，' | '、' | '،' | '“' | '”' | '«' | '»' => {
                self.separate(at, Gap::Comma);
            }
            _ => self.separate(at, Gap::Space),
        }
    }

    /// Inside a word ("can't") it vanishes; elsewhere it is a quotation mark.
    fn apostrophe(&mut self, at: usize, next: u8) {
        if self.open.is_none() || !(next.is_ascii_alphanumeric() || next >= 0x80) {
            self.separate(at, Gap::Space);
        }
    }

    fn separate(&mut self, at: usize, gap: Gap) {
        self.close_word(at);
        self.line_blank = false;
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
        self.out.tokens.push(Token {
            start: narrow(start),
            end: narrow(self.out.text.len()),
            source_start: narrow(self.base + source),
            source_end: narrow(self.base + at),
            sentence: self.out.sentence,
            field: self.field,
            after_comma: self.gap == Gap::Comma,
            line_start: self.line_start,
            quoted: self.quoted,
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

/// Appends the folded form of one character: compatibility decomposition without accents, lower case.
fn push_folded(c: char, out: &mut String) {
    match c {
        'ß' => out.push_str("ss"),
        'æ' | 'Æ' => out.push_str("ae"),
        'œ' | 'Œ' => out.push_str("oe"),
        'ø' | 'Ø' => out.push('o'),
        'đ' | 'Đ' => out.push('d'),
        'ł' | 'Ł' => out.push('l'),
        'ı' => out.push('i'),
        // Hangul syllables and kana with voice marks are letters of their own.
        '\u{3040}'..='\u{30FF}' | '\u{AC00}'..='\u{D7A3}' => out.push(c),
        _ => decompose_compatible(c, |part| {
            if part.is_alphanumeric() && !is_stripped_mark(part) {
                for lower in part.to_lowercase().filter(|l| !is_stripped_mark(*l)) {
                    // What comes out of a decomposition may itself have a plainer form.
                    if lower == c {
                        out.push(c);
                    } else {
                        push_folded(lower, out);
                    }
                }
            }
        }),
    }
}

/// Accents over Latin, Greek and Cyrillic letters and Arabic vowel points. Signs that spell a vowel, as in
/// Devanagari, stay.
fn is_stripped_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{64B}'..='\u{65F}' | '\u{670}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}

/// A lexicon phrase in folded form. Punctuation inside it counts as a space.
pub(crate) fn fold_phrase(phrase: &str) -> String {
    let mut folded = Folded::with_capacity(phrase.len());
    folded.push(Field::Body, phrase, 0);
    let words: Vec<&str> = folded.words().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> Folded {
        let mut out = Folded::default();
        out.push(Field::Body, text, 0);
        out
    }

    #[test]
    fn accents_case_and_apostrophes_vanish() {
        assert_eq!(folded("I CAN’T breathe").text, "i cant breathe");
        assert_eq!(folded("Señor Núñez: ﬁebre").text, "senor nunez , fiebre");
        assert_eq!(folded("che\u{200B}st pa\u{AD}in").text, "chest pain");
        assert_eq!(
            folded("temp 39,5 today.Thanks").text,
            "temp 39.5 today . thanks"
        );
    }

    #[test]
    fn lines_wrap_and_paragraphs_break() {
        assert_eq!(folded("chest\npain").text, "chest pain");
        assert_eq!(folded("chest\n\npain").text, "chest . pain");
        let quoted = folded("hello\n> old words\nnew");
        let flags: Vec<bool> = quoted.tokens.iter().map(|t| t.quoted).collect();
        assert_eq!(flags, [false, true, true, false]);
    }

    #[test]
    fn spans_point_at_the_words_as_written() {
        let text = "Ayer: ¡FIEBRE alta!";
        let f = folded(text);
        let first = f.token_at(f.text.find("fiebre").unwrap()).unwrap();
        let span = f.span(first, first + 1);
        assert_eq!(&text[span.start..span.end], "FIEBRE alta");
    }

    proptest! {
        #[test]
        fn any_text_folds_to_tidy_words(text in "\\PC*|[\\x00-\\x7f’ñ\u{300}\u{200b}한ﷺ]*") {
            let f = folded(&text);
            for token in &f.tokens {
                prop_assert!(!f.word(token).is_empty());
                prop_assert!(!f.word(token).contains(' '));
                prop_assert!(text.get(token.source_start as usize..token.source_end as usize).is_some());
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,80}") {
            let once = fold_phrase(&text);
            prop_assert_eq!(fold_phrase(&once), once);
        }
    }
}
