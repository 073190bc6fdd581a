//! Words patients may not know, and how to put the plain ones in their place without breaking the sentence.

use std::collections::HashSet;
use std::ops::Range;

use super::knowledge::{Jargon, Knowledge, Meaning};
use super::{Advice, Code, Fix};
use crate::lexis::{Hit, Text};

/// Terms that are named at once; more would be a wall.
const MOST: usize = 8;

/// Spanish words before a noun, for el, la, los, las.
const DETERMINERS: &[[&str; 4]] = &[
    ["el", "la", "los", "las"],
    ["un", "una", "unos", "unas"],
    ["este", "esta", "estos", "estas"],
    ["ese", "esa", "esos", "esas"],
    ["nuestro", "nuestra", "nuestros", "nuestras"],
    ["su", "su", "sus", "sus"],
    ["al", "a la", "a los", "a las"],
    ["del", "de la", "de los", "de las"],
];

pub(super) fn advise(
    text: &Text<'_>,
    knowledge: &Knowledge,
    hits: &[Hit],
    patient: &Text<'_>,
    advice: &mut Vec<Advice>,
) {
    let known = patients_words(knowledge, patient);
    let mut groups: Vec<(usize, Advice)> = Vec::new();
    for (hit, term) in longest(text, knowledge, hits) {
        if known.contains(&term.entry) || is_explained(text, hit, term) {
            continue;
        }
        let fix = fix(text, hit, term, knowledge.spanish);
        let span = text.span(&hit.words);
        if let Some((_, group)) = groups.iter_mut().find(|(entry, _)| *entry == term.entry) {
            group.spans.push(span);
            group.fixes.push(fix);
        } else if groups.len() < MOST {
            let values = vec![
                ("term", text.raw[span.clone()].to_owned()),
                ("plain", term.plain.clone()),
            ];
            let found = Advice {
                code: Code::Jargon,
                key: "coach-jargon",
                values,
                spans: vec![span],
                fixes: vec![fix],
            };
            groups.push((term.entry, found));
        }
    }
    advice.extend(groups.into_iter().map(|(_, group)| group));
}

/// Where terms overlap, the longest counts.
fn longest<'h, 'k>(
    text: &Text<'_>,
    knowledge: &'k Knowledge,
    hits: &'h [Hit],
) -> Vec<(&'h Hit, &'k Jargon)> {
    let mut found: Vec<(&Hit, &Jargon)> = Vec::new();
    for hit in hits {
        let Meaning::Jargon(form) = knowledge.meanings[hit.tag] else {
            continue;
        };
        let term = (hit, &knowledge.jargon[form]);
        if knowledge.spanish && !ends_alike(text, hit, term.1) {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.0.words.end > hit.words.start => {
                if hit.words.len() > last.0.words.len() {
                    *last = term;
                }
            }
            _ => found.push(term),
        }
    }
    found
}

/// Accents are forgiven, but not the one that makes another word: "inicio" is no "inició".
fn ends_alike(text: &Text<'_>, hit: &Hit, term: &Jargon) -> bool {
    let written = text.raw[text.span(&hit.words)].chars().next_back();
    written.is_some_and(|last| (last == 'ó') == term.accented_end)
}

/// What the patient says too needs no explanation.
fn patients_words(knowledge: &Knowledge, patient: &Text<'_>) -> HashSet<usize> {
    let hits = knowledge.phrases.find(patient);
    let terms = hits
        .iter()
        .filter_map(|hit| match knowledge.meanings[hit.tag] {
            Meaning::Jargon(form) => Some(knowledge.jargon[form].entry),
            _ => None,
        });
    terms.collect()
}

/// Whether the plain words stand in the same sentence already: "hypertension (high blood pressure)".
fn is_explained(text: &Text<'_>, hit: &Hit, term: &Jargon) -> bool {
    let words = &text.sentences[text.words[hit.words.start].sentence];
    let around =
        &text.folded[text.words[words.start].folded.start..text.words[words.end - 1].folded.end];
    !term.explained.is_empty() && around.contains(&term.explained)
}

fn fix(text: &Text<'_>, hit: &Hit, term: &Jargon, spanish: bool) -> Fix {
    let span = text.span(&hit.words);
    let before = hit.words.start.checked_sub(1).map(|at| &text.words[at]);
    let here = &text.words[hit.words.start];
    let before = before.filter(|word| word.clause == here.clause && word.sentence == here.sentence);
    let replaced = before.and_then(|word| {
        let written = &text.raw[word.raw.clone()];
        let joined = if spanish {
            after_spanish(written, &term.plain)
        } else {
            after_english(written, &term.plain)
        }?;
        Some((word.raw.start..span.end, joined))
    });
    let (span, plain) = replaced.unwrap_or_else(|| {
        let plain = if spanish {
            without_article(&term.plain, true)
        } else {
            &term.plain
        };
        (span, plain.to_owned())
    });
    let plain = as_written(&text.raw[span.clone()], plain);
    Fix { span, text: plain }
}

/// "a hypertension pill", "the EOB": the article before fits the plain words; `None` to leave it alone.
fn after_english(before: &str, plain: &str) -> Option<String> {
    let before = before.to_lowercase();
    if !matches!(
        before.as_str(),
        "a" | "an" | "the" | "your" | "our" | "this"
    ) {
        return None;
    }
    let first = plain.split(' ').next().unwrap_or_default();
    if matches!(first, "a" | "an" | "the" | "your" | "how" | "what" | "when") {
        return Some(plain.to_owned());
    }
    if !matches!(before.as_str(), "a" | "an") {
        return None;
    }
    let vowel = plain.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O']);
    Some(format!("{} {plain}", if vowel { "an" } else { "a" }))
}

/// "un edema" becomes "una hinchazón": the word before takes the gender and number of the plain words.
fn after_spanish(before: &str, plain: &str) -> Option<String> {
    let before = before.to_lowercase();
    let row = DETERMINERS
        .iter()
        .find(|row| row.contains(&before.as_str()))?;
    let first = plain.split(' ').next().unwrap_or_default();
    if let Some(form) = DETERMINERS[0].iter().position(|article| *article == first) {
        return Some(format!("{} {}", row[form], without_article(plain, true)));
    }
    if !matches!(first, "lo" | "cuál" | "cómo" | "su" | "sus") {
        return None;
    }
    // "el diagnóstico": "lo que causa esto" takes no article.
    Some(match before.as_str() {
        "al" => format!("a {plain}"),
        "del" => format!("de {plain}"),
        _ => plain.to_owned(),
    })
}

/// Spanish plain words are written with their article, to know how they agree.
pub(super) fn without_article(plain: &str, spanish: bool) -> &str {
    match plain.split_once(' ') {
        Some(("el" | "la" | "los" | "las", rest)) if spanish => rest,
        _ => plain,
    }
}

/// A capital where the words it replaces had one.
fn as_written(old: &str, new: String) -> String {
    let mut letters = old.chars();
    let capital = letters.next().is_some_and(char::is_uppercase)
        && !letters.next().is_some_and(char::is_uppercase);
    if !capital {
        return new;
    }
    let mut chars = new.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Whether two stretches of words touch.
pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
