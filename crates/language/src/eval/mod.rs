//! Measures an engine: on labelled examples, and on public sets that only the caller has.

mod ppv;
pub mod sets;
mod share;

pub use ppv::TrueAlarms;
pub use share::Proportion;

use crate::engine::Engine;
use crate::examples::{Danger, Example};
use crate::language::Language;
use crate::model::train::message;
use crate::verdict::{Category, Level, Urgency, Verdict};

/// What came out, for one language or for all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// `None`: all languages together.
    pub language: Option<Language>,
    /// Labelled emergencies that were called one (sensitivity).
    pub emergencies: Proportion,
    /// Labelled emergencies that a person looks at today: called an emergency or a concern.
    pub emergencies_seen: Proportion,
    /// Labelled concerns that a person looks at today.
    pub concerns_seen: Proportion,
    /// Hard negatives (words of danger, no danger) that were called an emergency.
    pub hard_negatives: Proportion,
    /// Hard negatives that were called anything.
    pub hard_negatives_seen: Proportion,
    /// Ordinary messages that were called an emergency.
    pub ordinary: Proportion,
    /// Ordinary messages that were called anything.
    pub ordinary_seen: Proportion,
    /// Of what was called an emergency, what was labelled one or a concern.
    pub precision: Proportion,
    /// Emergencies whose kind was named as labelled.
    pub kinds: Proportion,
    /// The main thing it is about, as labelled first.
    pub category: Proportion,
    /// The main thing is one of those labelled.
    pub category_any: Proportion,
    /// By category: of the examples labelled so first, those called so.
    pub by_category: Vec<(Category, Proportion)>,
    /// Urgency as labelled.
    pub urgency: Proportion,
    /// Labelled urgent, called urgent or an emergency.
    pub urgent: Proportion,
    /// Labelled an emergency, called standard or low.
    pub emergencies_late: Proportion,
    /// Urgencies: labelled (row) and called (column), in the order of [`Urgency::ALL`].
    pub confusion: [[u32; 4]; 4],
    /// Language as it is.
    pub language_told: Proportion,
    /// Called unsure.
    pub unsure: Proportion,
    /// Positions of the examples that came out wrong, with what is wrong.
    pub wrong: Vec<(usize, Wrong)>,
}

/// How an example came out wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// An emergency was not called one.
    Missed,
    /// A hard negative or an ordinary message was called an emergency.
    Alarm,
    /// Another category.
    Category,
    /// Another urgency.
    Urgency,
}

/// Runs the engine over examples and gives one report for all and one for every language among them.
pub fn run(engine: &Engine, examples: &[Example]) -> Vec<Report> {
    let mut reports = vec![Report::default()];
    for &language in Language::ALL {
        if examples.iter().any(|e| e.language == language) {
            reports.push(Report {
                language: Some(language),
                ..Report::default()
            });
        }
    }
    for (number, example) in examples.iter().enumerate() {
        let verdict = engine.triage(&message(example));
        for report in &mut reports {
            if report.language.is_none_or(|l| l == example.language) {
                report.take(number, example, &verdict);
            }
        }
    }
    reports
}

impl Report {
    fn take(&mut self, number: usize, example: &Example, verdict: &Verdict) {
        let level = verdict.safety.level;
        let (alarm, seen) = (level == Level::Emergency, level > Level::None);
        match example.danger {
            Danger::Emergency(kind) => {
                self.emergencies.count(alarm);
                self.emergencies_seen.count(seen);
                self.kinds.count(verdict.safety.kind == Some(kind));
                let late = matches!(verdict.urgency, Urgency::Standard | Urgency::Low);
                self.emergencies_late.count(late);
                if !alarm {
                    self.wrong.push((number, Wrong::Missed));
                }
            }
            Danger::Concern(_) => self.concerns_seen.count(seen),
            Danger::NotMeant(_) => {
                self.hard_negatives.count(alarm);
                self.hard_negatives_seen.count(seen);
            }
            Danger::None => {
                self.ordinary.count(alarm);
                self.ordinary_seen.count(seen);
            }
        }
        let harmless = matches!(example.danger, Danger::NotMeant(_) | Danger::None);
        if alarm {
            self.precision.count(!harmless);
            if harmless {
                self.wrong.push((number, Wrong::Alarm));
            }
        }
        self.topic(number, example, verdict);
        self.language_told
            .count(verdict.language.language == Some(example.language));
        self.unsure.count(verdict.unsure);
    }

    fn topic(&mut self, number: usize, example: &Example, verdict: &Verdict) {
        let first = example.categories[0];
        let category = verdict.category.value == first;
        self.category.count(category);
        self.category_any
            .count(example.categories.contains(&verdict.category.value));
        if !category {
            self.wrong.push((number, Wrong::Category));
        }
        let known = self.by_category.partition_point(|(c, _)| *c < first);
        if self.by_category.get(known).is_none_or(|(c, _)| *c != first) {
            self.by_category
                .insert(known, (first, Proportion::default()));
        }
        self.by_category[known].1.count(category);
        let urgency = verdict.urgency == example.urgency;
        self.urgency.count(urgency);
        if !urgency {
            self.wrong.push((number, Wrong::Urgency));
        }
        if example.urgency == Urgency::Urgent {
            self.urgent.count(verdict.urgency >= Urgency::Urgent);
        }
        self.confusion[example.urgency as usize][verdict.urgency as usize] += 1;
    }

    /// The share of alarms that would be true among messages of which this share are emergencies and all others ordinary ones.
    pub fn true_alarms(&self, prevalence: f64) -> Option<TrueAlarms> {
        TrueAlarms::at(prevalence, self.emergencies, self.ordinary)
    }

    /// The lines of a table about corrections by staff, which stand where labels stand elsewhere: what they took back is a hard
    /// negative. Alarms that are raised again and ordinary messages that are called an emergency should be none.
    pub fn corrected(&self) -> Vec<(&'static str, Proportion)> {
        let mut lines = vec![
            ("alarms that staff took back, again", self.hard_negatives),
            ("taken back, seen today", self.hard_negatives_seen),
            ("emergencies by staff, called so", self.emergencies),
            ("emergencies by staff, seen today", self.emergencies_seen),
            ("concerns by staff, seen today", self.concerns_seen),
            ("no danger by staff, an emergency", self.ordinary),
            ("category as staff said", self.category),
            ("urgency as staff said", self.urgency),
        ];
        lines.retain(|(_, share)| share.of > 0);
        lines
    }

    /// The lines of a table, with what each share should be at best: 1 or 0.
    pub fn lines(&self) -> Vec<(String, Proportion)> {
        let mut lines: Vec<(String, Proportion)> = [
            ("emergencies called so", self.emergencies),
            ("emergencies seen today", self.emergencies_seen),
            ("emergencies called standard or low", self.emergencies_late),
            ("concerns seen today", self.concerns_seen),
            ("hard negatives called emergency", self.hard_negatives),
            ("hard negatives called anything", self.hard_negatives_seen),
            ("ordinary called emergency", self.ordinary),
            ("ordinary called anything", self.ordinary_seen),
            ("alarms that were danger", self.precision),
            ("kind of danger", self.kinds),
            ("category", self.category),
            ("category, any labelled", self.category_any),
            ("urgency", self.urgency),
            ("urgent called urgent or more", self.urgent),
            ("language", self.language_told),
            ("unsure", self.unsure),
        ]
        .map(|(label, share)| (label.to_owned(), share))
        .into();
        let categories = self.by_category.iter();
        lines.extend(categories.map(|(c, share)| (format!("category {c}"), *share)));
        lines.retain(|(_, share)| share.of > 0);
        lines
    }
}
