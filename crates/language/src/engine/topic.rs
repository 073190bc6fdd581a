//! What a message is about and how soon a person must look.

use crate::clinic::Effect;
use crate::model::{CATEGORY, Row, SUBJECTS, URGENCY, WIDTH, softmax};
use crate::verdict::{Category, Level, Safety, Scored, Urgency};

use super::danger::Read;
use super::read::{Look, Spoken};

/// Weight below which a category is a guess, without a model.
const FAINT: f32 = 2.0;
/// Share of the evidence below which the category is contested.
const CONTESTED: f32 = 0.5;
/// Share from which something is named as well.
const ALSO: f32 = 0.12;
/// Weight of words about urgency that decides, without a model.
const PRESSING: f32 = 2.0;
/// Share from which a message is urgent.
const URGENT: f32 = 0.18;

/// Probability from which an emergency says what a message is about.
const LIKELIER: f32 = 0.6;

/// Probability of a danger from which a message is urgent that is called none. Set on the part `dev`: half of its emergencies that are
/// called none lie above it.
const LIKELY: f32 = 0.15;

/// What came out.
pub(super) struct Topic {
    pub category: Scored<Category>,
    pub alternatives: Vec<Scored<Category>>,
    pub confidence: f32,
    pub unsure: bool,
    pub urgency: Urgency,
}

pub(super) fn decide(look: &Look<'_>, model: Option<Read<'_>>, safety: &Safety) -> Topic {
    let mut topic = match model {
        Some(read) if look.folded.spoken() > 0 => by_model(read),
        _ => by_words(look),
    };
    // An emergency is a symptom or a crisis; which of the two, its own words say best. An alarm that is likelier false than true
    // changes nothing: whoever finds that nobody is in danger passes on what the message is about.
    let danger = match (safety.level, safety.kind) {
        (Level::Emergency, _) if is_danger(topic.category.value) => Some(topic.category.value),
        (Level::Emergency, Some(kind)) if safety.confidence >= LIKELIER => {
            Some(if kind.is_crisis() {
                Category::Crisis
            } else {
                Category::Symptom
            })
        }
        _ => None,
    };
    if let Some(value) = danger.filter(|d| *d != topic.category.value) {
        // The words decide what else it is about; what it is first is no longer open.
        let known = topic.alternatives.iter().find(|s| s.value == value);
        let score = known.map_or(0.0, |s| s.score);
        topic.alternatives.retain(|s| s.value != value);
        topic.alternatives.insert(0, topic.category);
        topic.alternatives.truncate(3);
        topic.category = Scored { value, score };
    }
    if danger.is_some() {
        topic.confidence = 1.0;
        topic.unsure = false;
    }
    topic.urgency = match safety.level {
        Level::Emergency => Urgency::Emergency,
        Level::Concern => Urgency::Urgent,
        Level::None if topic.category.value == Category::Crisis || safety.risk >= LIKELY => {
            Urgency::Urgent
        }
        Level::None => topic.urgency,
    };
    topic
}

fn is_danger(category: Category) -> bool {
    matches!(category, Category::Symptom | Category::Crisis)
}

fn by_model((model, features, sums, recalled): Read<'_>) -> Topic {
    let judged = model.judge(features, sums, features.whole());
    let mut shares: Row = [0.0; WIDTH];
    let subjects = &model.calibration.subjects;
    let mut scores = [0.0; SUBJECTS];
    scores.copy_from_slice(&judged.scores[CATEGORY..URGENCY]);
    subjects.shares(
        &[scores, recalled.near, recalled.words],
        &mut shares[CATEGORY..URGENCY],
    );
    softmax(&judged.scores[URGENCY..], &mut shares[URGENCY..]);
    let scores = Category::ALL.iter().map(|&value| Scored {
        value,
        score: shares[CATEGORY + value as usize],
    });
    let mut ranked: Vec<Scored<Category>> = scores.collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let category = ranked.remove(0);
    ranked.retain(|s| s.score >= ALSO);
    ranked.truncate(3);
    let share = |urgency: Urgency| shares[URGENCY + urgency as usize];
    let urgency = if share(Urgency::Urgent) + share(Urgency::Emergency) >= URGENT {
        Urgency::Urgent
    } else if share(Urgency::Low) > share(Urgency::Standard) {
        Urgency::Low
    } else {
        Urgency::Standard
    };
    Topic {
        category,
        confidence: category.score,
        // Two subjects that share the evidence are named both; three are a guess.
        unsure: category.score < CONTESTED
            && category.score + ranked.first().map_or(0.0, |s| s.score) < 0.8,
        alternatives: ranked,
        urgency,
    }
}

/// Said again counts a little more, said in the subject counts more.
pub(super) fn weighed(spoken: &Spoken<'_>, weight: f32) -> f32 {
    let again = match spoken.hits.len() {
        0 | 1 => 1.0,
        2 => 1.25,
        _ => 1.5,
    };
    weight * again * if spoken.in_subject { 1.4 } else { 1.0 }
}

/// The lexicon alone.
fn by_words(look: &Look<'_>) -> Topic {
    let mut scores = [0.0_f32; Category::ALL.len()];
    let (mut urgent, mut low) = (0.0_f32, 0.0_f32);
    for spoken in &look.spoken {
        match spoken.rule.effect {
            Effect::Category(category, weight) => {
                scores[category as usize] += weighed(spoken, weight);
            }
            Effect::Urgency(Urgency::Low, weight) => low += weighed(spoken, weight),
            Effect::Urgency(Urgency::Urgent | Urgency::Emergency, weight) => {
                urgent += weighed(spoken, weight);
            }
            Effect::Urgency(..) | Effect::Danger(..) | Effect::Concept(..) => {}
        }
    }
    let mut ranked: Vec<Scored<Category>> = Category::ALL
        .iter()
        .map(|&value| Scored {
            value,
            score: scores[value as usize],
        })
        .filter(|s| s.score > 0.0)
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let total: f32 = ranked.iter().map(|s| s.score).sum();
    let nothing = Scored {
        value: Category::General,
        score: 0.0,
    };
    let category = ranked.first().copied().unwrap_or(nothing);
    // One unit of doubt, so that a single faint word is no certainty.
    let confidence = category.score / (total + 1.0);
    let alternatives = ranked.into_iter().skip(1).take(3).collect();
    let urgency = if urgent >= PRESSING && urgent > low {
        Urgency::Urgent
    } else if category.value == Category::Feedback || low >= PRESSING && low > urgent {
        Urgency::Low
    } else {
        Urgency::Standard
    };
    Topic {
        category,
        alternatives,
        confidence,
        unsure: category.score < FAINT || confidence < CONTESTED,
        urgency,
    }
}
