//! What comes beside the words of a message and is looked through as well: names, and what its files say.
//!
//! Each is looked at by itself, so that neither makes the words less dangerous, nor says what the request is about: it may
//! raise a message, and nothing else.

use bedside_language::{Channel, Engine, Field, Language, Message, Verdict};

/// Bytes of the words that names are read with: a name is judged as a line of a text, no louder.
const CONTEXT: usize = 2_000;
/// Bytes of all names.
const NAMES: usize = 16 * 1024;

/// What comes beside the words.
#[derive(Clone, Debug, Default)]
pub struct Beside<'a> {
    /// Names that somebody gave: their own, and those of their files.
    pub names: Vec<&'a str>,
    /// What the files say, each by itself.
    pub texts: Vec<&'a str>,
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
        let names = lines(&self.names);
        let mut found: Vec<Verdict> = self.texts.iter().map(|text| look(text)).collect();
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

/// Names as lines of words: programs join the words of a file's name by signs.
fn lines(names: &[&str]) -> String {
    let mut out = String::new();
    for name in names {
        let name = match name.rsplit_once('.') {
            Some((stem, end)) if (1..=5).contains(&end.len()) && !end.contains(' ') => stem,
            _ => name,
        };
        let name = &name[..name.floor_char_boundary(name.len().min(NAMES / 2))];
        let words = name.replace(['_', '-', '+', '.'], " ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
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
    fn names_become_lines() {
        assert_eq!(
            lines(&["a_b-c.tar.gz", "1.2", "x@y.z", "Rosa Alvarez", "notes"]),
            "a b c tar.\nRosa Alvarez.\nnotes.\n"
        );
        assert!(lines(&["word ".repeat(40).as_str(); 1_000]).len() <= NAMES);
    }
}
