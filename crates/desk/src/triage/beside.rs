//! What comes beside the words of a message and is looked through as well: names, and what its files say.
//!
//! Each is looked at by itself, so that neither makes the words less dangerous, nor says what the request is about: it may
//! raise a message, and nothing else.

use bedside_language::{Channel, Engine, Field, Language, Message, Verdict};
use std::borrow::Cow;

/// Bytes of the words that names are read with: a name is judged as a line of a text, no louder.
const CONTEXT: usize = 2_000;
/// Bytes of all names.
const NAMES: usize = 16 * 1024;

/// What comes beside the words.
#[derive(Clone, Debug, Default)]
pub struct Beside<'a> {
    /// Names that somebody gave themselves.
    pub names: Vec<&'a str>,
    /// Names of files. One is looked at where it speaks of whoever gave it, and not where it says what lies in the file.
    pub files: Vec<&'a str>,
    /// What the files say, each by itself.
    pub texts: Vec<Cow<'a, str>>,
    /// What could be made out of a mail that could not be read. Between the lines of a structure the model finds what nobody
    /// said; the words of a rule are somebody's.
    pub pieces: Vec<Cow<'a, str>>,
}

impl Beside<'_> {
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
        let files = self.files.iter().copied();
        let files = files.filter(|name| engine.speaks_of_oneself(&words_of(name)));
        let names: Vec<&str> = self.names.iter().copied().chain(files).collect();
        let names = lines(&names);
        let mut found: Vec<Verdict> = self.texts.iter().map(|text| look(text)).collect();
        let pieces = self.pieces.iter().map(|text| look(text));
        found.extend(pieces.filter(|verdict| speaks_behind(verdict, 0)));
        if !names.is_empty() {
            let start = &body[..body.floor_char_boundary(CONTEXT.min(body.len()))];
            let verdict = look(&format!("{start}\n\n{names}"));
            if speaks_behind(&verdict, start.len()) {
                found.push(verdict);
            }
        }
        found
    }
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

/// The words of a name: programs join those of a file's name by signs.
fn words_of(name: &str) -> String {
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
    fn names_become_lines() {
        assert_eq!(
            lines(&["a_b-c.tar.gz", "1.2", "x@y.z", "Rosa Alvarez", "notes"]),
            "a b c tar.\nRosa Alvarez.\nnotes.\n"
        );
        assert!(lines(&["word ".repeat(40).as_str(); 1_000]).len() <= NAMES);
    }
}
