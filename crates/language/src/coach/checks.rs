//! The checks that need words: what is said, and what is missing.

use std::collections::HashSet;
use std::ops::Range;

use super::jargon::{self, overlap};
use super::knowledge::{GAP, Kind, Knowledge, Meaning, Rule};
use super::{Advice, Code, Context, Fix, LOOKED_AT};
use crate::distress::Kind as Distress;
use crate::lexis::{Hit, Text, fold_word};

/// Words of a draft from which something may be called missing. "Yes, Tuesday works." needs no ceremony.
const WHOLE: usize = 15;
/// Letters of a word that are compared, so that "bill" meets "billing" and "appointment" "appointments".
const STEM: usize = 5;
/// Words of the patient below which there is nothing to say back.
const CONCERN: usize = 3;

/// Keys of what may be missing.
pub(super) const KEYS: &[&str] = &[
    "coach-acknowledge",
    "coach-acknowledge-grief",
    "coach-acknowledge-anger",
    "coach-acknowledge-despair",
    "coach-acknowledge-fear",
    "coach-summarise",
    "coach-next-step",
    "coach-time",
    "coach-name",
    "coach-unfinished",
];

pub(super) fn advise(
    text: &Text<'_>,
    knowledge: &Knowledge,
    context: &Context<'_>,
    advice: &mut Vec<Advice>,
) {
    let patient = Text::new(context.patient, LOOKED_AT);
    let hits = knowledge.phrases.find(text);
    rules(text, knowledge, &hits, context.clinical, advice);
    jargon::advise(text, knowledge, &hits, &patient, advice);
    if text.words.len() >= WHOLE {
        missing(text, knowledge, &hits, &patient, context, advice);
    }
}

/// Words to avoid, each place once.
fn rules(
    text: &Text<'_>,
    knowledge: &Knowledge,
    hits: &[Hit],
    clinical: bool,
    advice: &mut Vec<Advice>,
) {
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut found: Vec<(&Rule, usize, &Hit)> = hits
        .iter()
        .filter_map(|hit| match knowledge.meanings[hit.tag] {
            Meaning::Rule(rule) => Some((&knowledge.rules[rule], rule, hit)),
            _ => None,
        })
        .collect();
    found.sort_by_key(|(_, _, hit)| std::cmp::Reverse(hit.words.len()));
    for (rule, number, hit) in found {
        let sentence = text.words[hit.words.start].sentence;
        let unless = hits.iter().any(|other| {
            knowledge.meanings[other.tag] == Meaning::Unless(number)
                && overlap(&other.words, &hit.words)
        });
        let refers = || {
            hits.iter().any(|other| {
                knowledge.meanings[other.tag] == Meaning::Refers
                    && text.words[other.words.start].sentence == sentence
            })
        };
        let quiet = matches!(rule.kind, Kind::Medical(_)) && (clinical || refers());
        if unless || quiet || taken.iter().any(|other| overlap(other, &hit.words)) {
            continue;
        }
        taken.push(hit.words.clone());
        advice.push(rewrite(text, rule, hit, sentence));
    }
}

fn rewrite(text: &Text<'_>, rule: &Rule, hit: &Hit, sentence: usize) -> Advice {
    let span = text.span(&hit.words);
    let (code, key) = match rule.kind {
        Kind::Phrase(key) => (Code::Phrase, key),
        Kind::Boundary(key) => (Code::Boundary, key),
        Kind::Medical(key) => (Code::MedicalAdvice, key),
    };
    let mut replaced = if rule.is_sentence() {
        text.sentence_span(sentence)
    } else {
        span.clone()
    };
    if rule.say.ends_with(',') && text.raw[replaced.end..].starts_with(',') {
        replaced.end += 1;
    }
    let starts = text.sentences[sentence].start == hit.words.start || rule.is_sentence();
    Advice {
        code,
        key,
        values: vec![
            ("words", text.raw[span.clone()].to_owned()),
            ("say", rule.say.clone()),
        ],
        spans: vec![span],
        fixes: vec![Fix {
            span: replaced,
            text: if starts {
                capital(&rule.say)
            } else {
                small(&rule.say)
            },
        }],
    }
}

/// What a whole letter has and this one has not.
fn missing(
    text: &Text<'_>,
    knowledge: &Knowledge,
    hits: &[Hit],
    patient: &Text<'_>,
    context: &Context<'_>,
    advice: &mut Vec<Advice>,
) {
    let has = |meaning: Meaning| {
        hits.iter()
            .any(|hit| knowledge.meanings[hit.tag] == meaning)
    };
    let greeting = hits
        .iter()
        .find(|hit| knowledge.meanings[hit.tag] == Meaning::Greeting && hit.words.start == 0);
    let fixes = &knowledge.fixes;
    let body = body_start(text, greeting.is_some());
    let concern = content(patient, knowledge);
    if concern.len() >= CONCERN {
        if !has(Meaning::Acknowledges) {
            let (key, say) = match context.distress {
                Some(Distress::Grief) => ("coach-acknowledge-grief", &fixes.grief),
                Some(Distress::Anger) => ("coach-acknowledge-anger", &fixes.anger),
                Some(Distress::Despair) => ("coach-acknowledge-despair", &fixes.despair),
                Some(Distress::Fear) => ("coach-acknowledge-fear", &fixes.fear),
                None => ("coach-acknowledge", &fixes.acknowledge),
            };
            advice.push(add(Code::Acknowledge, key, body, format!("{say} ")));
        }
        let said_back = content(text, knowledge).intersection(&concern).count();
        if said_back < if concern.len() < 8 { 1 } else { 2 } {
            advice.push(add(
                Code::Summarise,
                "coach-summarise",
                body,
                format!("{} ", fixes.summary),
            ));
        }
    }
    let end = text.raw.trim_end().len();
    let space = if text.raw[..end].is_empty() { "" } else { " " };
    if !has(Meaning::NextStep) {
        advice.push(add(
            Code::NextStep,
            "coach-next-step",
            end,
            format!("{space}{}", fixes.next_step),
        ));
    } else if !has(Meaning::Time)
        && !text
            .words
            .iter()
            .any(|word| is_clock(text, word.raw.clone()))
    {
        advice.push(add(
            Code::Time,
            "coach-time",
            end,
            format!("{space}{}", fixes.time),
        ));
    }
    if let Some(name) = context.name.map(str::trim).filter(|name| !name.is_empty())
        && !uses_name(text, name)
    {
        advice.push(named(text, knowledge, greeting, name));
    }
}

/// A place for the name: in the greeting that is there, or in a new one.
fn named(text: &Text<'_>, knowledge: &Knowledge, greeting: Option<&Hit>, name: &str) -> Advice {
    let called: String = first_name(name).chars().take(60).collect();
    let fix = match greeting {
        Some(hit) => {
            let at = text.span(&hit.words).end;
            Fix {
                span: at..at,
                text: format!(" {called}"),
            }
        }
        None => Fix {
            span: 0..0,
            text: format!(
                "{}\n\n",
                knowledge.fixes.greeting.replace("{name}", &called)
            ),
        },
    };
    Advice {
        code: Code::Name,
        key: "coach-name",
        values: vec![("name", called)],
        spans: Vec::new(),
        fixes: vec![fix],
    }
}

fn add(code: Code, key: &'static str, at: usize, text: String) -> Advice {
    let fix = Fix { span: at..at, text };
    Advice {
        code,
        key,
        values: vec![("say", fix.text.trim().to_owned())],
        spans: Vec::new(),
        fixes: vec![fix],
    }
}

/// Where the text begins after a greeting on a line of its own.
fn body_start(text: &Text<'_>, greeted: bool) -> usize {
    let first = text
        .words
        .first()
        .map_or(0, |word| text.sentence_span(word.sentence).start);
    let line = text
        .sentences
        .first()
        .filter(|words| greeted && words.len() <= 6)
        .and(text.sentences.get(1));
    line.map_or(first, |_| text.sentence_span(1).start)
}

/// The beginnings of the words that carry the meaning.
fn content(text: &Text<'_>, knowledge: &Knowledge) -> HashSet<String> {
    let words = text
        .words
        .iter()
        .filter(|word| !word.odd)
        .map(|word| text.folded_word(word));
    words
        .filter(|word| word.chars().count() > 3 && !knowledge.small_words.contains(*word))
        .map(|word| word.chars().take(STEM).collect())
        .collect()
}

fn uses_name(text: &Text<'_>, name: &str) -> bool {
    let parts: Vec<String> = name
        .split_whitespace()
        .map(fold_word)
        .filter(|part| !part.is_empty())
        .collect();
    let mut parts = parts.iter().peekable();
    // A name of one letter would be found everywhere; a name without letters nowhere.
    parts.peek().is_none()
        || parts.any(|part| text.words.iter().any(|word| text.folded_word(word) == part))
}

/// "Ruiz, Ana" and "Ana Ruiz" are both called Ana.
fn first_name(name: &str) -> &str {
    let given = name.split_once(',').map_or(name, |(_, given)| given);
    given.split_whitespace().next().unwrap_or(name)
}

/// "3:30", "14h", "5pm".
fn is_clock(text: &Text<'_>, word: Range<usize>) -> bool {
    let written = &text.raw[word.clone()];
    let digits = written.chars().take_while(char::is_ascii_digit).count();
    let after = &written[digits..];
    let minutes = text.raw[word.end..]
        .strip_prefix(':')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    (1..=2).contains(&digits)
        && (minutes || matches!(after.to_ascii_lowercase().as_str(), "am" | "pm" | "h"))
}

/// Gaps that a fix or a template left open.
pub(super) fn unfinished(text: &Text<'_>, advice: &mut Vec<Advice>) {
    let raw = text.raw;
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (at, c) in raw.char_indices() {
        if spans.last().is_some_and(|last| at < last.end) {
            continue;
        }
        let gap = match c {
            // Three dots in the middle of a sentence trail off; this mark with a space before it is a gap.
            GAP => raw[..at]
                .ends_with([' ', '\n', '('])
                .then_some(c.len_utf8()),
            '_' => raw[at..]
                .starts_with("___")
                .then(|| raw[at..].bytes().take_while(|&b| b == b'_').count()),
            '[' => bracket(&raw[at..]),
            _ => None,
        };
        if let Some(length) = gap
            && spans.len() < 20
        {
            spans.push(at..at + length);
        }
    }
    if !spans.is_empty() {
        advice.push(Advice {
            code: Code::Unfinished,
            key: "coach-unfinished",
            values: Vec::new(),
            spans,
            fixes: Vec::new(),
        });
    }
}

/// Bytes of "[name]": up to four plain words in brackets.
fn bracket(from: &str) -> Option<usize> {
    let inside = from[1..]
        .chars()
        .take(40)
        .take_while(|&c| c.is_alphabetic() || c == ' ')
        .map(char::len_utf8)
        .sum::<usize>();
    (inside > 0 && from[1 + inside..].starts_with(']') && !from[2 + inside..].starts_with('('))
        .then_some(inside + 2)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Small at the beginning, except for "I" and what begins like it.
fn small(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first)
            if !(first == 'I'
                && chars
                    .clone()
                    .next()
                    .is_none_or(|next| !next.is_alphabetic())) =>
        {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
