//! Many phrases, looked for in one pass.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::text::{Text, fold};

/// Words that may stand where a phrase has ` ~ `.
const GAP: usize = 4;
/// Most hits that are looked at in one text. An ordinary page has a few dozen.
const MAX_HITS: usize = 4_000;

/// A phrase that was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    /// What the phrase was added with.
    pub tag: usize,
    /// Its words.
    pub words: Range<usize>,
}

/// Phrases that are ready to be found.
#[derive(Debug)]
pub(crate) struct Phrases {
    automaton: AhoCorasick,
    /// For each pattern, the phrases it is a part of.
    uses: Vec<Vec<Use>>,
    known: Vec<Phrase>,
}

#[derive(Debug, Clone, Copy)]
struct Use {
    phrase: usize,
    part: usize,
}

#[derive(Debug)]
struct Phrase {
    tag: usize,
    parts: usize,
    /// Written in capitals, and meant so (PT, not pt).
    capitals: bool,
}

/// Gathers phrases.
#[derive(Debug, Default)]
pub(crate) struct PhrasesBuilder {
    patterns: Vec<String>,
    index: HashMap<String, usize>,
    uses: Vec<Vec<Use>>,
    phrases: Vec<Phrase>,
}

impl PhrasesBuilder {
    /// Adds a phrase as a person writes it: `bleed*` stands for every word that begins so, ` ~ ` for up to four other
    /// words of the same sentence; a phrase in capitals is found in capitals alone. Says what is wrong with it.
    pub fn add(&mut self, written: &str, tag: usize) -> Result<(), String> {
        let mut patterns = Vec::new();
        for part in written.split('~') {
            let part = part.trim();
            let open = part.ends_with('*');
            if part.trim_end_matches('*').contains('*') {
                return Err(
                    "* stands at the end of a phrase or of what stands before a gap (~)".into(),
                );
            }
            let words = fold(part).ok_or_else(|| format!("no words in \"{written}\""))?;
            let enough = if words.is_ascii() { 3 } else { 2 };
            if open && words.chars().count() < enough {
                let reason =
                    "at least three letters must stand before * (two where they aren't Latin)";
                return Err(reason.into());
            }
            patterns.push(format!(" {words}{}", if open { "" } else { " " }));
        }
        if patterns.len() > 3 {
            return Err("a phrase has at most two gaps (~)".into());
        }
        let phrase = self.phrases.len();
        let letters = || written.chars().filter(|c| c.is_alphabetic());
        let capitals = letters().count() > 1 && letters().all(char::is_uppercase);
        self.phrases.push(Phrase {
            tag,
            parts: patterns.len(),
            capitals,
        });
        for (part, pattern) in patterns.into_iter().enumerate() {
            let next = self.patterns.len();
            let at = *self.index.entry(pattern.clone()).or_insert(next);
            if at == next {
                self.patterns.push(pattern);
                self.uses.push(Vec::new());
            }
            self.uses[at].push(Use { phrase, part });
        }
        Ok(())
    }

    /// The phrases, ready.
    pub fn build(self) -> Result<Phrases, String> {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&self.patterns)
            .map_err(|_| "too many phrases".to_owned())?;
        Ok(Phrases {
            automaton,
            uses: self.uses,
            known: self.phrases,
        })
    }
}

impl Phrases {
    /// Every phrase of the text, in the order of their first words.
    pub fn find(&self, text: &Text<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut parts: Vec<(usize, usize, Range<usize>)> = Vec::new();
        for found in self.automaton.find_overlapping_iter(&text.folded) {
            let Some(words) = words_of(text, found.start(), found.end()) else {
                continue;
            };
            for one in &self.uses[found.pattern().as_usize()] {
                let phrase = &self.known[one.phrase];
                if phrase.capitals && !in_capitals(text, &words) {
                    continue;
                }
                if phrase.parts == 1 {
                    hits.push(Hit {
                        tag: phrase.tag,
                        words: words.clone(),
                    });
                } else {
                    parts.push((one.phrase, one.part, words.clone()));
                }
            }
            if hits.len() + parts.len() >= MAX_HITS {
                break;
            }
        }
        parts.sort_by_key(|(phrase, part, words)| (*phrase, *part, words.start));
        self.join(text, &parts, &mut hits);
        hits.sort_by_key(|hit| (hit.words.start, hit.words.end, hit.tag));
        hits.dedup();
        hits
    }

    /// Puts phrases with gaps together from their parts.
    fn join(&self, text: &Text<'_>, parts: &[(usize, usize, Range<usize>)], hits: &mut Vec<Hit>) {
        for (phrase, _, first) in parts.iter().filter(|(_, part, _)| *part == 0) {
            let mut end = first.end;
            let sentence = text.words[first.start].sentence;
            let whole = (1..self.known[*phrase].parts).all(|part| {
                let from = parts
                    .partition_point(|(p, n, words)| (*p, *n, words.start) < (*phrase, part, end));
                match parts.get(from) {
                    Some((p, n, words))
                        if (*p, *n) == (*phrase, part)
                            && words.start <= end + GAP
                            && text.words[words.start].sentence == sentence =>
                    {
                        end = words.end;
                        true
                    }
                    _ => false,
                }
            });
            if whole {
                hits.push(Hit {
                    tag: self.known[*phrase].tag,
                    words: first.start..end,
                });
            }
        }
    }
}

/// The words between two places of the folded text; a pattern begins with the space before its first word.
fn words_of(text: &Text<'_>, start: usize, end: usize) -> Option<Range<usize>> {
    let first = text
        .words
        .partition_point(|word| word.folded.start < start + 1);
    let last = text.words.partition_point(|word| word.folded.start < end);
    (first < last).then_some(first..last)
}

fn in_capitals(text: &Text<'_>, words: &Range<usize>) -> bool {
    let written = &text.raw[text.span(words)];
    !written.contains(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrases: &[&str], text: &str) -> Vec<(usize, String)> {
        let mut builder = PhrasesBuilder::default();
        for (tag, phrase) in phrases.iter().enumerate() {
            builder.add(phrase, tag).unwrap();
        }
        let text = Text::new(text, 1 << 15);
        let hits = builder.build().unwrap().find(&text);
        hits.into_iter()
            .map(|hit| (hit.tag, text.raw[text.span(&hit.words)].to_owned()))
            .collect()
    }

    #[test]
    fn whole_words_open_ends_and_gaps() {
        let hit = |tag, text: &str| (tag, text.to_owned());
        assert_eq!(found(&["art"], "The heart of art."), [hit(0, "art")]);
        assert_eq!(found(&["refer*"], "We referred you."), [hit(0, "referred")]);
        assert_eq!(
            found(
                &["take ~ tablets"],
                "Please take two more tablets. Take care. Tablets"
            ),
            [hit(0, "take two more tablets")]
        );
        assert_eq!(
            found(&["calm down"], "CALM down, please"),
            [hit(0, "CALM down")]
        );
        assert_eq!(found(&["calm down"], "Stay calm. Down there"), []);
        assert_eq!(found(&["PT"], "pt is here; PT is at 9"), [hit(0, "PT")]);
    }

    #[test]
    fn unusable_phrases_are_refused() {
        let mut builder = PhrasesBuilder::default();
        for bad in ["", "  ~ a", "ab*", "a ~ b ~ c ~ d", "!?", "calm* down"] {
            assert!(builder.add(bad, 0).is_err(), "{bad}");
        }
    }
}
