//! What a phrase of a clinic's file says: words that follow each other, open ends, gaps, ranges of numbers.

use std::sync::Arc;

use crate::fold::{Writing, fold_phrase, is_hangul, is_wide};

/// Longest phrase in bytes, as written.
const MAX_PHRASE: usize = 160;
/// Most open ends and gaps in one, together.
const MAX_PARTS: usize = 8;
/// A phrase, folded, in its parts: `~` lies between them, or an open end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phrase {
    pub parts: Vec<Part>,
}

/// What stands between two gaps or open ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// Words that follow each other; when `open`, the last one may go on (`bleed*`). When `follows`, the first one is the very
    /// next word behind the part before, whose end is open (`pain* in my chest`).
    Words {
        words: String,
        open: bool,
        follows: bool,
    },
    /// A number between the two, both included.
    Number { low: f32, high: f32 },
}

impl Phrase {
    /// Reads a phrase as people write it. Says what is wrong with it.
    pub(super) fn read(text: &str, writing: &Arc<Writing>) -> Result<Self, String> {
        if text.len() > MAX_PHRASE {
            return Err(format!("a phrase has at most {MAX_PHRASE} bytes"));
        }
        let mut parts = Vec::new();
        let mut gaps = 0;
        for part in text.split('~') {
            let part = part.trim();
            gaps += 1;
            if let Some(range) = part.strip_prefix('#') {
                let Some(range) = number_range(range) else {
                    return Err(format!("\"{part}\" is no range of numbers such as #35-41"));
                };
                parts.push(range);
                continue;
            }
            // Where an asterisk ends a word and others follow, they are a part of their own.
            let mut pieces = part.split_inclusive("* ").peekable();
            let mut follows = false;
            while let Some(piece) = pieces.next() {
                let piece = piece.trim();
                let open = piece.ends_with('*');
                let piece = piece.trim_end_matches('*');
                if piece.contains('*') || open && piece.ends_with(char::is_whitespace) {
                    return Err("* stands at the end of a word".into());
                }
                let words = fold_phrase(piece, writing);
                if words.is_empty() {
                    return Err(format!("no words in \"{text}\""));
                }
                if open && letters(&words) < enough(&words) {
                    return Err(
                        "at least three letters must stand before * (two where they aren't Latin)"
                            .into(),
                    );
                }
                let wide = words.chars().next_back().is_some_and(is_wide);
                if wide && open && pieces.peek().is_some() {
                    return Err("inside a phrase * stands behind no Chinese or Korean sign; a gap (~) says that something may follow".into());
                }
                parts.push(Part::Words {
                    open: open && goes_on(&words),
                    words,
                    follows,
                });
                follows = true;
            }
        }
        if gaps > 4 {
            return Err("a phrase has at most three gaps (~)".into());
        }
        if parts.len() > MAX_PARTS {
            return Err("a phrase has at most seven gaps and open ends".into());
        }
        Ok(Self { parts })
    }
}

/// Signs before an open end.
fn letters(words: &str) -> usize {
    words.chars().filter(|c| !c.is_whitespace()).count()
}

/// How many there must be.
fn enough(words: &str) -> usize {
    match words {
        _ if words.chars().any(is_wide) => 1,
        _ if words.is_ascii() => 3,
        _ => 2,
    }
}

/// Whether an open end says more than the words do. A Hangul word always goes on: its particles are written to it. One of a
/// single syllable ("안") may be the beginning of any other word, so there * says that it goes on.
fn goes_on(words: &str) -> bool {
    let alone = words.chars().nth(1).is_none();
    alone || !words.chars().next_back().is_some_and(is_hangul)
}

fn number_range(text: &str) -> Option<Part> {
    let (low, high) = text.split_once('-')?;
    let (low, high): (f32, f32) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
    (low.is_finite() && high.is_finite() && low <= high).then_some(Part::Number { low, high })
}
