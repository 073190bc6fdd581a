//! What comes beside the words of a message and is looked through as well: names, and what its files say.
//!
//! Each is looked at by itself, so that neither makes the words less dangerous, nor says what the request is about: it may
//! raise a message, and nothing else.

use bedside_codecs::mail::file_words::{ALL, FileWords};
use bedside_language::{Channel, Engine, Field, Language, Message, Verdict};
use std::borrow::Cow;

/// Texts of files that are looked at one by one; what further ones say is read as one.
const ONE_BY_ONE: usize = 100;

/// Bytes of the words that names are read with: a name is judged as a line of a text, no louder.
const CONTEXT: usize = 2_000;
/// Bytes of all names.
const NAMES: usize = 16 * 1024;

/// What comes beside the words.
#[derive(Clone, Debug, Default)]
pub struct Beside<'a> {
    /// Names that somebody gave themselves.
    pub names: Vec<Cow<'a, str>>,
    /// Names of files. One is looked at where it speaks of whoever gave it, and not where it says what lies in the file.
    pub files: Vec<Cow<'a, str>>,
    /// What the files say, each by itself.
    pub texts: Vec<Cow<'a, str>>,
    /// What could be made out of a mail that could not be read. Between the lines of a structure the model finds what nobody
    /// said; the words of a rule are somebody's.
    pub pieces: Vec<Cow<'a, str>>,
}

impl<'a> Beside<'a> {
    /// The names of files and what they say, as far as files are read.
    pub fn files(files: &[(&'a str, &'a FileWords)]) -> Self {
        let names = files.iter().map(|(name, _)| *name);
        let inside = files.iter().flat_map(|(_, words)| &words.names);
        let names = names.chain(inside.map(String::as_str));
        let mut left = ALL;
        let mut texts = |pieces: bool| {
            let read = files
                .iter()
                .filter(move |(_, words)| words.pieces == pieces);
            let texts = read.flat_map(|(_, words)| &words.texts).map(|text| {
                let text = &text[..text.floor_char_boundary(left.min(text.len()))];
                left -= text.len();
                text
            });
            one_by_one(texts)
        };
        Self {
            names: Vec::new(),
            files: names.map(Cow::Borrowed).collect(),
            texts: texts(false),
            pieces: texts(true),
        }
    }
}

impl Beside<'_> {
    /// The same for another thread.
    pub(super) fn owned(&self) -> Beside<'static> {
        fn own(all: &[Cow<'_, str>]) -> Vec<Cow<'static, str>> {
            let all = all.iter().cloned();
            all.map(|one| Cow::Owned(one.into_owned())).collect()
        }
        Beside {
            names: own(&self.names),
            files: own(&self.files),
            texts: own(&self.texts),
            pieces: own(&self.pieces),
        }
    }

    /// Leaves of what the files say so many bytes, from the beginning. Names have bounds of their own.
    pub(super) fn cut(&mut self, most: usize) {
        let mut left = most;
        for text in self.texts.iter_mut().chain(&mut self.pieces) {
            if text.len() > left {
                let end = text.floor_char_boundary(left);
                text.to_mut().truncate(end);
            }
            left -= text.len();
        }
        self.texts.retain(|text| !text.is_empty());
        self.pieces.retain(|text| !text.is_empty());
    }

    /// How much there is to look at.
    pub(super) fn bytes(&self) -> usize {
        let names = self.names.iter().chain(&self.files).map(|name| name.len());
        let texts = self.texts.iter().chain(&self.pieces);
        let texts: usize = texts.map(|text| text.len()).sum();
        // The names that are looked at have bounds of their own.
        texts + names.sum::<usize>().min(NAMES)
    }

    /// What was found in each of it; of the names only where words of a rule stand in one.
    pub(super) fn looked_at(
        &self,
        engine: &Engine,
        (channel, body, hint): (Channel, &str, Option<Language>),
    ) -> Vec<Verdict> {
        let look = |body: &str| {
            engine.triage(&Message {
                channel,
                subject: "",
                body,
                hint_language: hint,
            })
        };
        let speaks = |name: &&Cow<'_, str>| engine.speaks_of_oneself(&words_of(name));
        let files = self.files.iter().filter(speaks);
        let names: Vec<&str> = self.names.iter().chain(files).map(|name| &**name).collect();
        let names = lines(&names);
        let mut found: Vec<Verdict> = self.texts.iter().map(|text| look(text)).collect();
        let pieces = self.pieces.iter().map(|text| look(text));
        found.extend(pieces.filter(|verdict| speaks_behind(verdict, 0)));
        if !names.is_empty() {
            let start = context(body);
            let verdict = look(&format!("{start}\n\n{names}"));
            if speaks_behind(&verdict, start.len()) {
                found.push(verdict);
            }
        }
        found
    }
}

/// The beginning of words, with which names are read.
pub(super) fn context(body: &str) -> &str {
    &body[..body.floor_char_boundary(CONTEXT.min(body.len()))]
}

fn one_by_one<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Cow<'a, str>> {
    let texts = texts.filter(|text| !text.is_empty());
    let mut texts: Vec<Cow<'a, str>> = texts.map(Cow::Borrowed).collect();
    if texts.len() > ONE_BY_ONE {
        let further = texts.split_off(ONE_BY_ONE);
        texts.push(Cow::Owned(further.join("\n\n")));
    }
    texts
}

/// Whether words of a rule that are meant stand behind `start`.
fn speaks_behind(verdict: &Verdict, start: usize) -> bool {
    let dangers = verdict
        .safety
        .reasons
        .iter()
        .map(|&at| &verdict.reasons[at]);
    let by_rule = dangers.filter(|one| one.guard.is_none() && !one.rule.starts_with("model."));
    let mut spans = by_rule.flat_map(|one| &one.spans);
    spans.any(|span| span.field == Field::Body && span.end > start)
}

/// The words of a file's name: programs join those of a file's name by signs.
pub(crate) fn words_of(name: &str) -> String {
    let name = match name.rsplit_once('.') {
        Some((stem, end)) if (1..=5).contains(&end.len()) && !end.contains(' ') => stem,
        _ => name,
    };
    let name = &name[..name.floor_char_boundary(name.len().min(NAMES / 2))];
    let words = name.replace(['_', '-', '+', '.'], " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names as lines of words.
fn lines(names: &[&str]) -> String {
    let mut out = String::new();
    for name in names {
        let words = words_of(name);
        let is_address = words.contains('@');
        if is_address || !words.chars().any(char::is_alphabetic) {
            continue;
        }
        if out.len() + words.len() + 2 > NAMES {
            break;
        }
        out.push_str(&words);
        // A sentence of its own: the words of two names are none of one.
        out.push_str(".\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_named_after_what_lies_in_it_says_nothing_of_anybody() {
        let engine = Engine::load(&crate::startup::built_in_clinic(), None).unwrap();
        let speaks = |name: &str| engine.speaks_of_oneself(&words_of(name));
        for name in [
            "i_want_to_kill_myself.pdf",
            "I'm dying.txt",
            "took-all-pills.jpg",
            "quiero_morirme.docx",
            "我想死.txt",
        ] {
            assert!(speaks(name), "{name}");
        }
        for name in [
            "Seizure action plan.pdf",
            "chest_pain_referral.pdf",
            "Columbia-suicide-severity-rating-scale.pdf",
            "my seizure plan.pdf",
            "",
        ] {
            assert!(!speaks(name), "{name}");
        }
    }

    #[test]
    fn ten_thousand_files_of_a_word_are_no_ten_thousand_looks() {
        let many = one_by_one(std::iter::repeat_n("word", 10_000));
        assert_eq!(many.len(), ONE_BY_ONE + 1);
        assert!(many[ONE_BY_ONE].starts_with("word\n\nword"));
        assert_eq!(one_by_one(["a", "", "b"].into_iter()), ["a", "b"]);
    }

    #[test]
    fn files_are_read_as_far_as_all_of_them_together_may_say() {
        let long = FileWords {
            texts: vec!["x".repeat(ALL), "more".to_owned()],
            names: vec!["inside.txt".to_owned()],
            pieces: false,
        };
        let pieces = FileWords {
            pieces: true,
            texts: vec!["pieces".to_owned()],
            names: Vec::new(),
        };
        let beside = Beside::files(&[("pieces.eml", &pieces), ("long.txt", &long)]);
        assert_eq!(beside.files, ["pieces.eml", "long.txt", "inside.txt"]);
        assert_eq!(beside.texts.len(), 1);
        assert!(beside.pieces.is_empty(), "sentences come first");
        assert_eq!(beside.bytes(), ALL + 28);
        assert_eq!(beside.owned().bytes(), beside.bytes());
        let short = Beside::files(&[("pieces.eml", &pieces)]);
        assert_eq!(short.pieces, ["pieces"]);
    }

    #[test]
    fn what_files_say_is_cut_from_its_end() {
        let mut beside = Beside {
            names: vec!["Rosa".into()],
            files: vec!["a.txt".into()],
            texts: vec!["one".into(), "我想".into()],
            pieces: vec!["more".into()],
        };
        beside.cut(usize::MAX);
        assert_eq!((beside.texts.len(), beside.pieces.len()), (2, 1));
        beside.cut(7);
        assert_eq!(beside.texts, ["one", "我"]);
        beside.cut(3);
        assert_eq!(beside.texts, ["one"]);
        assert!(beside.pieces.is_empty() && beside.names.len() + beside.files.len() == 2);
    }

    #[test]
    fn names_become_lines() {
        assert_eq!(
            lines(&["a_b-c.tar.gz", "1.2", "x@y.z", "Rosa Alvarez", "notes"]),
            "a b c tar.\nRosa Alvarez.\nnotes.\n"
        );
        assert!(lines(&["word ".repeat(40).as_str(); 1_000]).len() <= NAMES);
    }
}
