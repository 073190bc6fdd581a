//! A text as words in sentences, folded for comparing, every word knowing where it stands.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::fold::{is_han, is_invisible};

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    /// Bytes in the text as written.
    pub raw: Range<usize>,
    /// Bytes in [`Text::folded`].
    pub folded: Range<usize>,
    /// Number of its sentence.
    pub sentence: usize,
    /// Number of its clause: commas and the like end one.
    pub clause: usize,
    /// Part of an address, or holds a digit: no word to read aloud.
    pub odd: bool,
}

/// A text, taken apart.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    pub raw: &'a str,
    /// The folded words, each between single spaces; a bar between sentences.
    pub folded: String,
    pub words: Vec<Word>,
    /// For each sentence, its words. None is empty.
    pub sentences: Vec<Range<usize>>,
}

/// How far ahead a line break or a full stop looks for what follows.
const AHEAD: usize = 40;

/// Full stops after these end no sentence.
const SHORT_FORMS: &[&str] = &[
    "dr", "dra", "drs", "mr", "mrs", "ms", "st", "sr", "sra", "srta", "prof", "no", "num", "av",
    "tel", "ext", "vs", "ud", "uds", "apt", "approx", "aprox", "dept", "eg", "ie", "etc", "e", "g",
    "i", "a", "p", "m", "hr", "hrs", "min", "mg", "ml",
];

impl<'a> Text<'a> {
    /// Takes at most `limit` bytes of `raw` apart. Lines that begin with `>` are somebody else's words and left out.
    pub fn new(raw: &'a str, limit: usize) -> Self {
        let raw = &raw[..raw.floor_char_boundary(limit)];
        let mut reader = Reader {
            text: Text {
                raw,
                folded: String::with_capacity(raw.len() + 16),
                words: Vec::new(),
                sentences: Vec::new(),
            },
            word: None,
            sentence_start: 0,
            clause: 0,
            address: false,
            quoted: raw.starts_with('>'),
        };
        reader.text.folded.push(' ');
        reader.read();
        reader.text
    }

    /// The folded letters of a word.
    pub fn folded_word(&self, word: &Word) -> &str {
        &self.folded[word.folded.clone()]
    }

    /// Bytes of the text as written from the first to the last of these words.
    pub fn span(&self, words: &Range<usize>) -> Range<usize> {
        match (
            self.words.get(words.start),
            self.words.get(words.end.wrapping_sub(1)),
        ) {
            (Some(first), Some(last)) => first.raw.start..last.raw.end,
            _ => 0..0,
        }
    }

    /// Bytes of a sentence with the mark that ends it.
    pub fn sentence_span(&self, sentence: usize) -> Range<usize> {
        let span = self.span(&self.sentences[sentence]);
        let end: usize = self.raw[span.end..]
            .chars()
            .take(3)
            .take_while(|&c| ends_sentence(c) || matches!(c, '"' | '”' | ')'))
            .map(char::len_utf8)
            .sum();
        let start: usize = self.raw[..span.start]
            .chars()
            .rev()
            .take(2)
            .take_while(|c| matches!(c, '¿' | '¡' | '"' | '“' | '('))
            .map(char::len_utf8)
            .sum();
        span.start - start..span.end + end
    }
}

struct Reader<'a> {
    text: Text<'a>,
    /// Where the word that is being read began: in the raw and in the folded text.
    word: Option<(usize, usize)>,
    sentence_start: usize,
    clause: usize,
    /// Within something like `name@example.org`.
    address: bool,
    quoted: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        let raw = self.text.raw;
        let mut before_space = true;
        for (at, c) in raw.char_indices() {
            if before_space && !c.is_whitespace() {
                self.address = is_address(&raw[at..]);
            }
            before_space = c.is_whitespace();
            if c == '\n' {
                self.end_word(at);
                if breaks_line(&raw[at..]) {
                    self.end_sentence();
                }
                self.quoted = raw[at + 1..].starts_with('>');
                continue;
            }
            if self.quoted || is_invisible(c) {
                continue;
            }
            // Chinese puts no space between words, so each of its signs stands for itself.
            let is_sign = is_han(c);
            if is_sign {
                self.end_word(at);
            }
            if is_word_char(c) {
                if self.word.is_none() {
                    self.word = Some((at, self.text.folded.len()));
                }
                fold_into(c, &mut self.text.folded);
                if is_sign {
                    self.end_word(at + c.len_utf8());
                }
            } else if is_apostrophe(c)
                && self.word.is_some()
                && next_is_word(&raw[at + c.len_utf8()..])
            {
                // "don't" is one word, written dont.
            } else {
                self.end_word(at);
                if ends_sentence(c) && self.is_end(c, at) {
                    self.end_sentence();
                } else if matches!(
                    c,
                    ',' | ';' | ':' | '(' | ')' | '–' | '—' | '、' | '，' | '،'
                ) {
                    self.clause += 1;
                }
            }
        }
        self.end_word(raw.len());
        self.end_sentence();
    }

    fn end_word(&mut self, at: usize) {
        let Some((raw_start, folded_start)) = self.word.take() else {
            return;
        };
        let folded = folded_start..self.text.folded.len();
        if folded.is_empty() {
            return;
        }
        let odd =
            self.address || self.text.folded[folded.clone()].contains(|c: char| c.is_numeric());
        let sentence = self.text.sentences.len();
        self.text.folded.push(' ');
        self.text.words.push(Word {
            raw: raw_start..at,
            folded,
            sentence,
            clause: self.clause,
            odd,
        });
    }

    fn end_sentence(&mut self) {
        self.clause += 1;
        let words = self.sentence_start..self.text.words.len();
        if words.is_empty() {
            return;
        }
        self.sentence_start = words.end;
        self.text.sentences.push(words);
        self.text.folded.push_str("| ");
    }

    /// Whether the mark at `at` ends a sentence, and not an abbreviation or a number.
    fn is_end(&self, c: char, at: usize) -> bool {
        let after = &self.text.raw[at + c.len_utf8()..];
        if c != '.' && c != '…' {
            return true;
        }
        match after.chars().next() {
            None => return true,
            Some(next)
                if next.is_whitespace()
                    || matches!(next, '"' | '”' | ')' | '»')
                    || ends_sentence(next) => {}
            Some(_) => return false,
        }
        let last = self
            .text
            .words
            .last()
            .map_or("", |word| self.text.folded_word(word));
        let next = after.chars().take(AHEAD).find(|c| !c.is_whitespace());
        let goes_on = next.is_some_and(char::is_lowercase);
        let short_form = c == '.' && SHORT_FORMS.contains(&last) && !is_day_half(&self.text, last);
        !goes_on && !short_form
    }
}

/// "at 3 p.m." may end a sentence; a capital after it says so.
fn is_day_half(text: &Text<'_>, last: &str) -> bool {
    let before = text
        .words
        .iter()
        .rev()
        .nth(1)
        .map(|word| text.folded_word(word));
    last == "m" && matches!(before, Some("a" | "p"))
}

/// A line break ends a sentence, unless the next line plainly goes on.
fn breaks_line(from: &str) -> bool {
    let mut next = from.chars().skip(1).take(AHEAD);
    let Some(first) = next.find(|c| *c == '\n' || !c.is_whitespace()) else {
        return true;
    };
    !first.is_lowercase()
}

fn is_address(from: &str) -> bool {
    let chunk = || from.chars().take(AHEAD).take_while(|c| !c.is_whitespace());
    let dots = chunk().filter(|&c| c == '.').count();
    let mut chars = chunk();
    chars.any(|c| c == '@') || (dots > 0 && chunk().any(|c| c == '/')) || from.starts_with("www.")
}

fn next_is_word(from: &str) -> bool {
    from.chars().next().is_some_and(is_word_char)
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ' | '`' | '´')
}

fn ends_sentence(c: char) -> bool {
    matches!(
        c,
        '.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟' | '।' | '‼'
    )
}

/// Small letters; Latin ones without their accents.
fn fold_into(c: char, into: &mut String) {
    if c.is_ascii() {
        into.push(c.to_ascii_lowercase());
    } else if c < '\u{250}'
        || ('\u{1e00}'..'\u{1f00}').contains(&c)
        || ('\u{300}'..'\u{370}').contains(&c)
    {
        into.extend(c.to_lowercase().nfd().filter(|c| !is_combining_mark(*c)));
    } else {
        into.extend(c.to_lowercase());
    }
}

/// A phrase of a data file, folded like a text: words between single spaces, `None` when there is no word.
pub(crate) fn fold(phrase: &str) -> Option<String> {
    let text = Text::new(phrase, 4096);
    let words: Vec<&str> = text
        .words
        .iter()
        .map(|word| text.folded_word(word))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// One word, folded.
pub(crate) fn fold_word(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for c in word.chars().filter(|&c| is_word_char(c)) {
        fold_into(c, &mut folded);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(raw: &str) -> Vec<String> {
        let text = Text::new(raw, 1 << 15);
        (0..text.sentences.len())
            .map(|n| raw[text.sentence_span(n)].to_owned())
            .collect()
    }

    #[test]
    fn sentences_end_where_a_reader_would_end_them() {
        assert_eq!(
            sentences("Dr. Ruiz is in at 3 p.m. today. Is that OK? It costs $4.50."),
            [
                "Dr. Ruiz is in at 3 p.m. today.",
                "Is that OK?",
                "It costs $4.50."
            ]
        );
        assert_eq!(
            sentences("We open at 9 a.m. Please call."),
            ["We open at 9 a.m.", "Please call."]
        );
        assert_eq!(
            sentences("Hello Ana,\n\nyour bill\nis paid"),
            ["Hello Ana", "your bill\nis paid"]
        );
        assert_eq!(
            sentences("¿Le va bien? ¡Gracias!"),
            ["¿Le va bien?", "¡Gracias!"]
        );
    }

    #[test]
    fn quoted_lines_and_invisible_letters_are_left_out() {
        let text = Text::new("> calm down\nI w\u{200b}i\u{2066}l\u{180e}l call.", 1 << 15);
        assert_eq!(text.folded, " i will call | ");
    }

    #[test]
    fn words_are_folded_and_keep_their_place() {
        let raw = "Señora Peña, don’t worry";
        let text = Text::new(raw, 1 << 15);
        assert_eq!(text.folded, " senora pena dont worry | ");
        assert_eq!(&raw[text.words[1].raw.clone()], "Peña");
        assert_eq!(&raw[text.words[2].raw.clone()], "don’t");
        assert_ne!(text.words[1].clause, text.words[2].clause);
    }

    #[test]
    fn signs_of_chinese_are_words_of_their_own() {
        let raw = "我很難過，OK嗎？한국 사람";
        let text = Text::new(raw, 1 << 15);
        assert_eq!(text.folded, " 我 很 難 過 ok 嗎 | 한국 사람 | ");
        assert_eq!(&raw[text.span(&(1..4))], "很難過");
        assert_eq!(fold("很難過").as_deref(), Some("很 難 過"));
    }

    #[test]
    fn addresses_and_numbers_are_no_words_to_read() {
        let text = Text::new(
            "Write to desk@clinic.example by 5pm or see www.clinic.example/pay now",
            1 << 15,
        );
        let read: Vec<_> = text
            .words
            .iter()
            .filter(|w| !w.odd)
            .map(|w| text.folded_word(w))
            .collect();
        assert_eq!(read, ["write", "to", "by", "or", "see", "now"]);
    }
}
