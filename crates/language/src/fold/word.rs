//! Whole words: disguises undone, Arabic articles taken off.

/// Letters that look the same in Cyrillic (or Greek) and Latin.
const TWINS: [(char, char); 26] = [
    ('а', 'a'),
    ('в', 'b'),
    ('е', 'e'),
    ('к', 'k'),
    ('м', 'm'),
    ('н', 'h'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('т', 't'),
    ('у', 'y'),
    ('х', 'x'),
    ('і', 'i'),
    ('ѕ', 's'),
    ('ј', 'j'),
    ('α', 'a'),
    ('ε', 'e'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'u'),
    ('χ', 'x'),
    ('η', 'n'),
];

/// Letters of no language of the engine that look like Latin ones; hardly anybody writes them but to hide a word.
const STRANGERS: [(char, char); 10] = [
    ('ԁ', 'd'),
    ('һ', 'h'),
    ('ӏ', 'l'),
    ('ԛ', 'q'),
    ('ԝ', 'w'),
    ('ɡ', 'g'),
    ('օ', 'o'),
    ('ս', 'u'),
    ('հ', 'h'),
    ('ո', 'n'),
];

/// The Latin letter that one looks like.
fn latin_twin(c: char) -> Option<char> {
    let mut all = TWINS.iter().chain(&STRANGERS);
    all.find(|t| t.0 == c).map(|t| t.1)
}

/// Arabic "and/with/like/for the", longest first.
const ARTICLES: [&str; 6] = ["وال", "فال", "بال", "كال", "لل", "ال"];
/// What Arabic writes in front of a word without a space, besides the article.
const PREFIXES: [&str; 9] = ["و", "ف", "ب", "ل", "ك", "س", "وب", "ول", "وس"];

/// Mends the word that begins at `start`.
pub(super) fn mend(text: &mut String, start: usize) {
    let word = &text[start..];
    if word.is_ascii() {
        if !needs_mending(word.as_bytes()) {
            return;
        }
    } else if word.chars().any(|c| matches!(c, '\u{621}'..='\u{64A}')) {
        let mut cut = 0;
        while let Some(more) = article(&word[cut..]) {
            cut += more;
        }
        text.replace_range(start..start + cut, "");
        return;
    }
    let mut signs: Vec<char> = word.chars().collect();
    one_script(&mut signs);
    letters_for_digits(&mut signs);
    let mut out = String::with_capacity(word.len());
    for (at, &c) in signs.iter().enumerate() {
        // "helppppp": three and more of a letter are one.
        let run = |from: usize, to: usize| {
            from < signs.len() && to < signs.len() && signs[from..=to].iter().all(|x| *x == c)
        };
        let again = at > 0 && signs[at - 1] == c;
        let long = c.is_alphabetic()
            && (run(at, at + 2) || at >= 1 && run(at - 1, at + 1) || at >= 2 && run(at - 2, at));
        if !(again && long) {
            out.push(c);
        }
    }
    text.replace_range(start.., &out);
}

/// A digit or sign between letters, or a letter three times.
fn needs_mending(word: &[u8]) -> bool {
    word.windows(3).any(|w| {
        w[0] == w[1] && w[1] == w[2]
            || w[0].is_ascii_alphabetic()
                && w[2].is_ascii_alphabetic()
                && !w[1].is_ascii_alphabetic()
    })
}

/// Bytes of the article in front, when at least three letters stay.
fn article(word: &str) -> Option<usize> {
    ARTICLES
        .iter()
        .find(|a| {
            word.strip_prefix(**a)
                .is_some_and(|rest| rest.chars().nth(2).is_some())
        })
        .map(|a| a.len())
}

/// Whether these letters may stand in front of an Arabic word and still leave it the same word.
pub(crate) fn is_prefix(letters: &str) -> bool {
    PREFIXES.contains(&letters)
}

/// A Latin word with Cyrillic twins in it becomes Latin, and the other way round.
fn one_script(word: &mut [char]) {
    let latin = word.iter().filter(|c| c.is_ascii_alphabetic()).count();
    let twins = word
        .iter()
        .filter(|c| !c.is_ascii() && latin_twin(**c).is_some())
        .count();
    // A word that holds a letter of no language is Latin in disguise.
    let strange = word.iter().any(|c| STRANGERS.iter().any(|s| s.0 == *c));
    if latin == 0 && !strange || twins == 0 {
        return;
    }
    let others = word
        .iter()
        .filter(|c| !c.is_ascii() && c.is_alphabetic())
        .count();
    let has_twin = |c: &char| TWINS.iter().any(|t| t.1 == *c);
    let mut letters = word.iter().filter(|c| c.is_ascii_alphabetic());
    let to_latin = others == twins && (strange || latin >= twins.min(2));
    if !to_latin && !letters.all(has_twin) {
        return;
    }
    for c in word {
        let twin = if to_latin {
            latin_twin(*c)
        } else {
            TWINS.iter().find(|t| t.1 == *c).map(|t| t.0)
        };
        *c = twin.unwrap_or(*c);
    }
}

/// "k1ll", "su1c1de": a single digit between two letters is the letter it looks like.
fn letters_for_digits(word: &mut [char]) {
    let before = word.to_vec();
    for at in 1..word.len().saturating_sub(1) {
        if before[at - 1].is_ascii_alphabetic() && before[at + 1].is_ascii_alphabetic() {
            word[at] = match before[at] {
                '0' => 'o',
                '1' => 'i',
                '3' => 'e',
                '4' => 'a',
                '5' => 's',
                '7' => 't',
                other => other,
            };
        }
    }
}
