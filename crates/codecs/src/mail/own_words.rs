//! Knows a desk's own words again, however a mail program wraps and marks them.

use super::quote::is_marker;
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;

/// Words in a row that show that a text is the desk's; fewer may be anybody's.
const RUN: usize = 6;
/// A word that the desk never wrote.
const STRANGE: u32 = u32::MAX;

/// What a desk wrote, as words without their marks. A line is the desk's own when it is one of its lines, or when each of
/// its words stands in a row of six that the desk wrote, rows that go on over line ends included.
#[derive(Debug, Default)]
pub struct OwnWords {
    numbers: HashMap<String, u32>,
    runs: HashSet<[u32; RUN]>,
    lines: HashSet<Vec<u32>>,
    /// Words that stand next to each other in one text.
    pairs: HashSet<(u32, u32)>,
    /// The first words of the texts.
    firsts: HashSet<u32>,
    /// The last words of the texts.
    lasts: HashSet<u32>,
}

impl OwnWords {
    /// Adds a text of the desk's.
    pub fn add(&mut self, text: &str) {
        let mut all = Vec::new();
        for line in text.lines() {
            let line: Vec<u32> = words(line)
                .into_iter()
                .map(|word| {
                    let next = u32::try_from(self.numbers.len()).unwrap_or(STRANGE);
                    *self.numbers.entry(word).or_insert(next)
                })
                .collect();
            all.extend_from_slice(&line);
            self.lines.insert(line);
        }
        self.runs.extend(
            all.windows(RUN)
                .filter_map(|run| <[u32; RUN]>::try_from(run).ok()),
        );
        self.pairs
            .extend(all.windows(2).map(|pair| (pair[0], pair[1])));
        self.firsts.extend(all.first());
        self.lasts.extend(all.last());
    }

    /// Whether nothing in a text is anybody else's.
    pub fn hold(&self, text: &str) -> bool {
        let lines: Vec<&str> = text.lines().collect();
        !self.judge(&lines).contains(&Some(false))
    }

    /// For each of `lines`, which stand below one another, whether it is the desk's own; none for a line without words.
    pub(super) fn judge(&self, lines: &[&str]) -> Vec<Option<bool>> {
        let mut all = Vec::new();
        let ends: Vec<usize> = lines
            .iter()
            .map(|line| {
                all.extend(words(line).iter().map(|word| self.number(word)));
                all.len()
            })
            .collect();
        let mut known = vec![false; all.len()];
        for (at, run) in all.windows(RUN).enumerate() {
            if self.runs.contains(run) {
                known[at..at + RUN].fill(true);
            }
        }
        let mut start = 0;
        lines
            .iter()
            .zip(ends)
            .map(|(line, end)| {
                let range = start..end;
                start = end;
                if range.is_empty() {
                    // A face or a heart is nothing that the desk would write.
                    let says = |c: char| !c.is_ascii() && !c.is_whitespace();
                    return line.contains(says).then_some(false);
                }
                let is_whole = || self.lines.contains(&all[range.clone()]);
                Some(
                    known[range.clone()].iter().all(|known| *known)
                        || is_whole()
                        || is_marker(line),
                )
            })
            .collect()
    }

    /// For each of `lines`, which are the desk's own and stand below one another, whether it is what somebody left of a
    /// text by taking lines out of its middle; with `from_start`, out of its beginning too. A text that only ends early is
    /// no such thing: programs cut long mails off.
    pub(super) fn left_over(&self, lines: &[&str], from_start: bool) -> Vec<bool> {
        let edges: Vec<(u32, u32)> = lines
            .iter()
            .filter_map(|line| {
                let words = words(line);
                Some((self.number(words.first()?), self.number(words.last()?)))
            })
            .collect();
        let mut left = vec![false; lines.len()];
        if edges.len() != lines.len() || lines.is_empty() {
            return left;
        }
        let (mut start, mut is_cut) = (0, from_start && !self.firsts.contains(&edges[0].0));
        for at in 1..edges.len() {
            let joint = (edges[at - 1].1, edges[at].0);
            if self.pairs.contains(&joint) {
                continue;
            }
            // An answer stands inside of the text around it.
            if self.lasts.contains(&joint.0) || self.firsts.contains(&joint.1) {
                left[start..at].fill(is_cut);
                (start, is_cut) = (at, false);
            } else {
                is_cut = true;
            }
        }
        left[start..].fill(is_cut);
        left
    }

    fn number(&self, word: &str) -> u32 {
        self.numbers.get(word).copied().unwrap_or(STRANGE)
    }
}

/// The words of a line. Web addresses are left out: programs write them out beside the words that lead there.
fn words(line: &str) -> Vec<String> {
    let folded: String = line.nfkc().flat_map(char::to_lowercase).collect();
    let mut rest = folded.as_str();
    let mut found = Vec::new();
    let mut take = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric());
        found.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
    };
    while let Some(at) = rest.find("://") {
        let before = rest[..at].trim_end_matches(|c: char| c.is_ascii_alphanumeric());
        take(before);
        let after = &rest[at + 3..];
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '"');
        rest = &after[after.find(ends).unwrap_or(after.len())..];
    }
    take(rest);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "Hello,\n\nthank you for writing to the Clinic. If you are thinking of hurting yourself, call or \
                        text 988, day or night.\n\nAny fever?\nSee https://clinic.test/t/abc for more.\n";

    fn own() -> OwnWords {
        let mut own = OwnWords::default();
        own.add(OURS);
        own
    }

    #[test]
    fn what_was_wrapped_anew_is_known_again() {
        for width in 12..90 {
            let mut wrapped = String::from("> ");
            let mut room = width;
            for word in OURS.split_whitespace() {
                if room < word.len() {
                    wrapped.push_str("\n> ");
                    room = width;
                }
                wrapped.push_str(word);
                wrapped.push(' ');
                room = room.saturating_sub(word.len() + 1);
            }
            assert!(own().hold(&wrapped), "{width}: {wrapped}");
        }
    }

    #[test]
    fn marks_and_web_addresses_say_nothing() {
        for line in [
            "> *Hello,*",
            "> > any FEVER?",
            "See <https://clinic.test/t/abc> for more.",
            "https://elsewhere.test/x",
            "> -- please write above this line --",
            "",
        ] {
            assert!(own().hold(line), "{line}");
        }
    }

    #[test]
    fn what_is_left_of_a_text_is_told_from_the_whole_of_it() {
        let mut own = own();
        own.add("Which of these do you have?\n- chest pain\n- none\nPlease write back.");
        let left = |text: &str, from_start| {
            let lines: Vec<&str> = text.lines().collect();
            own.left_over(&lines, from_start)
        };
        for whole in [
            "Which of these do you have?\n- chest pain\n- none\nPlease write back.",
            "Which of\nthese do you have? - chest\npain - none",
            "Hello,\nWhich of these do you have?\n- chest pain\n- none\nPlease write back.\nAny fever?",
        ] {
            assert!(!left(whole, true).contains(&true), "{whole}");
        }
        let cut = "Which of these do you have?\n- chest pain\nPlease write back.";
        assert_eq!(left(cut, false), [true; 3]);
        assert_eq!(
            left(&format!("Hello,\n{cut}"), false),
            [false, true, true, true]
        );
        assert_eq!(
            (left("chest pain", true), left("chest pain", false)),
            (vec![true], vec![false])
        );
        assert_eq!(left("", true), [false; 0]);
    }

    #[test]
    fn one_word_more_makes_it_somebody_elses() {
        for line in [
            "Any fever? Yes",
            "fever",
            "hurting yourself",
            "If you are thinking of hurting yourself, call or text 988, day or night. I am",
            "988",
            "\u{1f622}",
        ] {
            assert!(!own().hold(line), "{line}");
        }
        assert!(!OwnWords::default().hold("x"));
    }
}
