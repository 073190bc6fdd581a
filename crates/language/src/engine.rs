//! The engine: clinic's files in, verdicts out.

use crate::clinic::{self, ClinicFiles, Effect, LoadError, Rule};
use crate::context;
use crate::fold::Folded;
use crate::language::{Detected, detect_folded};
use crate::matcher::{Found, Hit, Matcher, Role};
use crate::verdict::{
    Category, Field, Finding, Guard, Level, Message, Reason, Safety, SafetyKind, Scored, Truncated,
    Urgency, Verdict,
};

/// Bytes of a message that are looked at. Of a longer one it is the beginning (three quarters) and the
/// end (one quarter), which bounds time and memory; [`Verdict::truncated`] says so.
pub const LOOKED_AT: usize = 64 * 1024;
/// Bytes of the subject that are looked at.
const SUBJECT: usize = 2 * 1024;
/// Words within which the companions (`with`) of a red flag must stand.
const COMPANION_REACH: usize = 60;
/// Words that an exception (`unless`) can have.
const EXCEPTION_REACH: usize = 24;
/// Places shown for one rule.
const MAX_SPANS: usize = 8;
/// Weight below which a category is a guess.
const FAINT: f32 = 2.0;
/// Share of the evidence below which the category is contested.
const CONTESTED: f32 = 0.5;
/// Weight of words about urgency that decides.
const PRESSING: f32 = 2.0;

/// Triage by the clinic's own lexicons. Immutable and cheap to share between threads.
#[derive(Debug)]
pub struct Engine {
    rules: Vec<Rule>,
    matcher: Matcher,
}

/// A rule that spoke.
struct Spoken<'a> {
    rule: &'a Rule,
    hits: Vec<Hit>,
    in_subject: bool,
    guard: Option<Guard>,
}

impl Engine {
    /// Builds an engine from the files under `language/`; other files are ignored.
    pub fn load(files: &ClinicFiles) -> Result<Self, LoadError> {
        let knowledge = clinic::parse(files)?;
        let matcher = Matcher::build(&knowledge).map_err(|e| LoadError {
            file: "language/".to_owned(),
            line: 0,
            reason: format!("the phrases are too many: {e}"),
        })?;
        Ok(Self {
            rules: knowledge.rules,
            matcher,
        })
    }

    /// Looks at a message. Every language's rules run on every text, whatever its language, so that
    /// neither a wrong guess nor a mixed text hides a danger.
    pub fn triage(&self, message: &Message<'_>) -> Verdict {
        let (folded, truncated) = read(message);
        let sample = if message.body.trim().is_empty() {
            message.subject
        } else {
            message.body
        };
        let language = language(&folded, sample, message);
        let found = self.matcher.find(&folded);
        let spoken = self.spoken(&folded, &found);

        let mut safety = Safety {
            level: Level::None,
            kind: None,
            reasons: Vec::new(),
        };
        let mut scores = [0.0_f32; Category::ALL.len()];
        let mut pressure = Pressure::default();
        let mut reasons: Vec<(Strength, Reason)> = Vec::with_capacity(spoken.len());
        for s in &spoken {
            let (finding, strength) = match s.rule.effect {
                Effect::Danger(kind, level) => {
                    let level = lowered(kind, level, s.guard);
                    if level > safety.level {
                        safety.level = level;
                        safety.kind = Some(kind);
                    }
                    (Finding::Safety(kind), Strength::Danger(level))
                }
                Effect::Category(category, weight) => {
                    let weight = weighed(s, weight);
                    scores[category as usize] += weight;
                    (Finding::Category(category), Strength::Weight(weight))
                }
                Effect::Urgency(urgency, weight) => {
                    let weight = weighed(s, weight);
                    pressure.add(urgency, weight);
                    (Finding::Urgency(urgency), Strength::Weight(weight))
                }
            };
            reasons.push((strength, reason(&folded, s, finding)));
        }
        reasons.sort_by(|a, b| {
            b.0.key()
                .total_cmp(&a.0.key())
                .then_with(|| a.1.rule.cmp(&b.1.rule))
        });
        let reasons: Vec<Reason> = reasons.into_iter().map(|(_, r)| r).collect();
        safety.reasons = (0..reasons.len())
            .filter(|&i| matches!(reasons[i].finding, Finding::Safety(_)))
            .collect();

        let choice = choose(&scores, &safety);
        let urgency = pressure.decide(choice.category.value, safety.level);
        Verdict {
            unsure: choice.unsure || language.language.is_none(),
            language,
            safety,
            category: choice.category,
            alternatives: choice.alternatives,
            urgency,
            reasons,
            confidence: choice.confidence,
            truncated,
        }
    }

    /// The rules whose words are there, with the places that count.
    fn spoken<'a>(&'a self, folded: &Folded, found: &Found) -> Vec<Spoken<'a>> {
        let mut spoken = Vec::new();
        for group in found.hits.chunk_by(|a, b| a.rule == b.rule) {
            let rule = &self.rules[group[0].rule as usize];
            let (terms, rest) = group.split_at(group.partition_point(|h| h.role == Role::Term));
            let (with_any, unless) = rest.split_at(rest.partition_point(|h| h.role == Role::With));
            let counts = |hit: &&Hit| {
                (rule.with_any.is_empty() || near(with_any, hit, COMPANION_REACH).next().is_some())
                    && !near(unless, hit, EXCEPTION_REACH)
                        .any(|u| u.first <= hit.last && u.last >= hit.first)
            };
            let mut hits: Vec<Hit> = terms.iter().filter(counts).copied().collect();
            let mut guard = None;
            if matches!(rule.effect, Effect::Danger(..)) {
                // One place that is meant is enough; only then are the others left out.
                let guards: Vec<_> = hits
                    .iter()
                    .map(|h| context::guard(folded, found, h.first, h.last))
                    .collect();
                if guards.iter().any(Option::is_none) {
                    let mut keep = guards.iter().map(Option::is_none);
                    hits.retain(|_| keep.next().unwrap_or(true));
                } else {
                    guard = guards
                        .into_iter()
                        .flatten()
                        .max_by_key(|g| *g == Guard::Quoted);
                }
                // "If I have to wait any longer I'll kill myself" is not taken back by its "if".
                if matches!(rule.effect, Effect::Danger(kind, _) if kind.is_crisis())
                    && guard == Some(Guard::Hypothetical)
                {
                    guard = None;
                }
            }
            if let Some(first) = hits.first() {
                let in_subject = folded.tokens[first.first].field == Field::Subject;
                spoken.push(Spoken {
                    rule,
                    hits,
                    in_subject,
                    guard,
                });
            }
        }
        spoken
    }
}

/// The hits of a sorted list that begin within `reach` words of `hit`.
fn near<'a>(sorted: &'a [Hit], hit: &Hit, reach: usize) -> impl Iterator<Item = &'a Hit> {
    let from = sorted.partition_point(|h| h.first + reach < hit.first);
    let until = hit.last + reach;
    sorted[from..].iter().take_while(move |h| h.first <= until)
}

/// Folds what is looked at of the message.
fn read(message: &Message<'_>) -> (Folded, Option<Truncated>) {
    let (subject, body) = (message.subject, message.body);
    let shown = &subject[..subject.floor_char_boundary(SUBJECT)];
    let room = LOOKED_AT - shown.len();
    let mut folded = Folded::with_capacity(shown.len() + body.len().min(room));
    folded.push(Field::Subject, shown, 0);
    let mut looked_at = shown.len();
    if body.len() <= room {
        folded.push(Field::Body, body, 0);
        looked_at += body.len();
    } else {
        let head = body.floor_char_boundary(room / 4 * 3);
        let tail = body.ceil_char_boundary(body.len() - room / 4);
        folded.push(Field::Body, &body[..head], 0);
        folded.push(Field::Body, &body[tail..], tail);
        looked_at += head + body.len() - tail;
    }
    let total_bytes = subject.len() + body.len();
    let truncated = (looked_at < total_bytes).then_some(Truncated {
        total_bytes,
        looked_at_bytes: looked_at,
    });
    (folded, truncated)
}

fn language(folded: &Folded, sample: &str, message: &Message<'_>) -> Detected {
    let detected = detect_folded(folded, sample);
    match (detected.language, message.hint_language) {
        // "ok", a name, a number: the text can't say, the person's own setting can.
        (None, Some(hint)) if sample.len() < 40 => Detected {
            language: Some(hint),
            confidence: 0.5,
        },
        (Some(found), Some(hint)) if found != hint && detected.confidence < 0.7 => Detected {
            language: Some(hint),
            confidence: 0.5,
        },
        _ => detected,
    }
}

/// Danger from people is never cleared by its context, illness is; a quotation only lowers.
fn lowered(kind: SafetyKind, level: Level, guard: Option<Guard>) -> Level {
    match guard {
        None => level,
        Some(Guard::Quoted) => Level::Concern,
        Some(_) if kind.is_crisis() => Level::Concern,
        Some(_) => Level::None,
    }
}

/// Said again counts a little more, said in the subject counts more.
fn weighed(spoken: &Spoken<'_>, weight: f32) -> f32 {
    let again = match spoken.hits.len() {
        0 | 1 => 1.0,
        2 => 1.25,
        _ => 1.5,
    };
    weight * again * if spoken.in_subject { 1.4 } else { 1.0 }
}

#[derive(Clone, Copy)]
enum Strength {
    Danger(Level),
    Weight(f32),
}

impl Strength {
    /// Dangers stand above every weight.
    fn key(self) -> f32 {
        match self {
            Self::Danger(Level::Emergency) => 3e6,
            Self::Danger(Level::Concern) => 2e6,
            Self::Danger(_) => 1e6,
            Self::Weight(weight) => weight,
        }
    }
}

fn reason(folded: &Folded, spoken: &Spoken<'_>, finding: Finding) -> Reason {
    Reason {
        rule: spoken.rule.id.clone(),
        finding,
        spans: spoken
            .hits
            .iter()
            .take(MAX_SPANS)
            .map(|h| folded.span(h.first, h.last))
            .collect(),
        why: spoken.rule.why.clone(),
        guard: spoken.guard,
    }
}

struct Choice {
    category: Scored<Category>,
    alternatives: Vec<Scored<Category>>,
    confidence: f32,
    unsure: bool,
}

fn choose(scores: &[f32; Category::ALL.len()], safety: &Safety) -> Choice {
    let mut ranked: Vec<Scored<Category>> = Category::ALL
        .iter()
        .map(|&value| Scored {
            value,
            score: scores[value as usize],
        })
        .filter(|s| s.score > 0.0)
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let danger = match (safety.level, safety.kind) {
        (Level::Emergency, Some(kind)) if kind.is_crisis() => Some(Category::Crisis),
        (Level::Emergency, Some(_)) => Some(Category::Symptom),
        _ => None,
    };
    if let Some(value) = danger {
        // The words decide what else it is about; what it is first is no longer open.
        let score = scores[value as usize];
        ranked.retain(|s| s.value != value);
        ranked.truncate(3);
        return Choice {
            category: Scored { value, score },
            alternatives: ranked,
            confidence: 1.0,
            unsure: false,
        };
    }
    let Some(&category) = ranked.first() else {
        let category = Scored {
            value: Category::General,
            score: 0.0,
        };
        return Choice {
            category,
            alternatives: ranked,
            confidence: 0.0,
            unsure: true,
        };
    };
    let total: f32 = ranked.iter().map(|s| s.score).sum();
    // One unit of doubt, so that a single faint word is no certainty.
    let confidence = category.score / (total + 1.0);
    ranked.remove(0);
    ranked.truncate(3);
    Choice {
        category,
        alternatives: ranked,
        confidence,
        unsure: category.score < FAINT || confidence < CONTESTED,
    }
}

/// The words about time, added up.
#[derive(Default)]
struct Pressure {
    urgent: f32,
    low: f32,
}

impl Pressure {
    fn add(&mut self, urgency: Urgency, weight: f32) {
        match urgency {
            Urgency::Urgent | Urgency::Emergency => self.urgent += weight,
            Urgency::Low => self.low += weight,
            Urgency::Standard => {}
        }
    }

    fn decide(&self, category: Category, level: Level) -> Urgency {
        match level {
            Level::Emergency => return Urgency::Emergency,
            Level::Concern => return Urgency::Urgent,
            Level::None => {}
        }
        if category == Category::Crisis || self.urgent >= PRESSING && self.urgent > self.low {
            Urgency::Urgent
        } else if category == Category::Feedback || self.low >= PRESSING && self.low > self.urgent {
            Urgency::Low
        } else {
            Urgency::Standard
        }
    }
}
