//! Words whose letters are pulled apart ("d i e", "p.a.i.n") or partly covered ("k*ll").

use std::ops::Range;

use super::disguises::Disguises;

/// Letters of the longest word that is read from single letters.
pub(super) const LONGEST: usize = 10;
/// Letters of a row that are read; what follows is another row.
const ROW: usize = 60;

/// The letter under a sign such as `*` that stands behind `before` (the letters of its word so far, folded) and before
/// `rest`, where exactly one known word fits.
pub(super) fn covered(disguises: &Disguises, before: &str, rest: &[u8]) -> Option<char> {
    let cover = |b: u8| matches!(b, b'*' | b'#');
    let behind = rest
        .iter()
        .take(LONGEST)
        .take_while(|b| b.is_ascii_alphabetic() || cover(**b));
    let mut word = before.as_bytes().to_vec();
    word.push(b'*');
    word.extend(behind.map(u8::to_ascii_lowercase));
    let letters = word.iter().filter(|b| b.is_ascii_alphabetic()).count();
    if letters == 0 || !word[0].is_ascii_alphabetic() || letters * 2 < word.len() {
        return None;
    }
    let fits = |known: &&str| {
        known.len() == word.len() && known.bytes().zip(&word).all(|(k, w)| k == *w || cover(*w))
    };
    let mut known = disguises.covered().filter(fits);
    let found = known.next()?;
    known
        .next()
        .is_none()
        .then(|| char::from(found.as_bytes()[before.len()]))
}

/// A row of single letters.
pub(super) struct Row {
    /// Places of its words; none where it makes up none that are known.
    pub words: Vec<Range<usize>>,
    /// Bytes from its first letter to its last.
    pub length: usize,
}

/// The row of single letters that begins `text`, where there is one.
pub(super) fn pulled_apart(disguises: &Disguises, text: &str) -> Option<Row> {
    let bytes = text.as_bytes();
    let letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    let mark = *bytes.get(1)?;
    if !letter(0) || !matches!(mark, b' ' | b'.' | b'-' | b'_' | b'*') || !letter(2) {
        return None;
    }
    // Places of the letters; a wider gap, or a space where other marks stand between, ends a word.
    let (mut letters, mut ends) = (vec![0], Vec::new());
    let mut at = 1;
    while letters.len() < ROW {
        let (next, ended) = if bytes.get(at) == Some(&mark) && letter(at + 1) {
            (at + 1, false)
        } else if mark == b' ' && bytes[at..].starts_with(b"  ") {
            let spaces = bytes[at..]
                .iter()
                .take(8)
                .take_while(|b| **b == b' ')
                .count();
            (at + spaces, true)
        } else if mark != b' ' && bytes.get(at) == Some(&b' ') {
            (at + 1, true)
        } else {
            break;
        };
        // One letter, and no word that goes on.
        if !letter(next)
            || letter(next + 1)
            || bytes
                .get(next + 1)
                .is_some_and(|b| *b >= 0x80 || *b == b'\'')
        {
            break;
        }
        if ended {
            ends.push(letters.len());
        }
        letters.push(next);
        at = next + 1;
    }
    if bytes
        .get(at)
        .is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80)
    {
        return None;
    }
    let fewest = if mark == b' ' { 4 } else { 3 };
    if letters.len() < fewest {
        return None;
    }
    if ends.is_empty() && mark == b' ' {
        let spelled: String = letters
            .iter()
            .map(|&l| char::from(bytes[l].to_ascii_lowercase()))
            .collect();
        let Some(found) = spelled_words(disguises, &spelled) else {
            return Some(Row {
                words: Vec::new(),
                length: at,
            });
        };
        ends = found;
    }
    ends.push(letters.len());
    let mut from = 0;
    let words = ends.into_iter().map(|end| {
        let word = letters[from]..letters[end - 1] + 1;
        from = end;
        word
    });
    Some(Row {
        words: words.collect(),
        length: at,
    })
}

/// Where the words of a row of letters end, the last one's end left out: the fewest words that make it up.
fn spelled_words(disguises: &Disguises, letters: &str) -> Option<Vec<usize>> {
    // By end: how many words, and where the last one begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; letters.len() + 1];
    best[0] = Some((0, 0));
    for end in 1..=letters.len() {
        for from in end.saturating_sub(LONGEST)..end {
            let Some((words, _)) = best[from].filter(|_| disguises.is_spelled(&letters[from..end]))
            else {
                continue;
            };
            if best[end].is_none_or(|(fewest, _)| words + 1 < fewest) {
                best[end] = Some((words + 1, from));
            }
        }
    }
    let mut ends = Vec::new();
    let mut at = letters.len();
    while at > 0 {
        at = best[at]?.1;
        ends.push(at);
    }
    ends.pop();
    ends.reverse();
    Some(ends)
}
