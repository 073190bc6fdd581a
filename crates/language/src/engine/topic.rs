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

/// How many times likelier a symptom must be than a crisis, or the other way round, where the kind of the danger says otherwise: the
/// words that name the danger know more of which it is than all that stands around them.
const AGAINST_KIND: f32 = 7.0;
/// Share below which a crisis that nobody is heard to be in is a guess; what comes next is likelier.
const GUESSED: f32 = 0.4;

/// What came out.
pub(super) struct Topic {
    pub category: Scored<Category>,
    pub alternatives: Vec<Scored<Category>>,
    pub confidence: f32,
    pub unsure: bool,
    pub urgency: Urgency,
    /// A crisis is what it is most likely about, be that a guess.
    crisis: bool,
}

pub(super) fn decide(look: &Look<'_>, model: Option<Read<'_>>, safety: &Safety) -> Topic {
    let mut topic = match model {
        Some(read) if look.folded.spoken() > 0 => by_model(read, safety),
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
        Level::None if topic.crisis || safety.risk >= LIKELY => Urgency::Urgent,
        Level::None => topic.urgency,
    };
    topic
}

fn is_danger(category: Category) -> bool {
    matches!(category, Category::Symptom | Category::Crisis)
}

fn by_model((model, features, sums, recalled): Read<'_>, safety: &Safety) -> Topic {
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
    let crisis = ranked[0].value == Category::Crisis;
    prefer(&mut ranked, safety);
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
        crisis,
    }
}

/// Puts what a message is about in front where its danger, or that there is none, says so.
fn prefer(ranked: &mut [Scored<Category>], safety: &Safety) {
    let first = ranked[0];
    let wanted = match (safety.level, safety.kind) {
        (Level::Emergency, Some(kind)) if is_danger(first.value) => {
            let told = if kind.is_crisis() {
                Category::Crisis
            } else {
                Category::Symptom
            };
            ranked
                .iter()
                .position(|s| s.value == told && s.score * AGAINST_KIND >= first.score)
        }
        (Level::None, _) if first.value == Category::Crisis && first.score < GUESSED => Some(1),
        _ => None,
    };
    if let Some(at) = wanted {
        ranked[..=at].rotate_right(1);
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
        crisis: category.value == Category::Crisis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::SafetyKind;

    fn first(shares: &[(Category, f32)], level: Level, kind: Option<SafetyKind>) -> Category {
        let mut ranked: Vec<Scored<Category>> = shares
            .iter()
            .map(|&(value, score)| Scored { value, score })
            .collect();
        let safety = Safety {
            level,
            kind,
            confidence: 0.9,
            risk: 0.1,
            reasons: Vec::new(),
        };
        prefer(&mut ranked, &safety);
        assert_eq!(ranked.len(), shares.len());
        assert!(ranked[1..].is_sorted_by(|a, b| a.score >= b.score));
        ranked[0].value
    }

    #[test]
    fn the_kind_of_a_danger_says_whether_it_is_a_crisis_unless_all_else_speaks_against_it() {
        use Category::{Billing, Crisis, Symptom};
        let near = [(Symptom, 0.7), (Billing, 0.15), (Crisis, 0.12)];
        let (abuse, stroke) = (Some(SafetyKind::Abuse), Some(SafetyKind::Stroke));
        assert_eq!(first(&near, Level::Emergency, abuse), Crisis);
        assert_eq!(first(&near, Level::Emergency, stroke), Symptom);
        assert_eq!(first(&near, Level::Concern, abuse), Symptom);
        let far = [(Symptom, 0.9), (Crisis, 0.1)];
        assert_eq!(first(&far, Level::Emergency, abuse), Symptom);
        // What is about something else stays so: whether an alarm is sure enough is asked elsewhere.
        let other = [(Billing, 0.5), (Crisis, 0.4)];
        assert_eq!(first(&other, Level::Emergency, abuse), Billing);
    }

    #[test]
    fn a_crisis_that_nobody_is_heard_to_be_in_is_more_than_a_guess() {
        use Category::{Billing, Crisis};
        let guess = [(Crisis, 0.39), (Billing, 0.38)];
        assert_eq!(first(&guess, Level::None, None), Billing);
        assert_eq!(first(&guess, Level::Concern, None), Crisis);
        let sure = [(Crisis, 0.4), (Billing, 0.39)];
        assert_eq!(first(&sure, Level::None, None), Crisis);
    }
}
