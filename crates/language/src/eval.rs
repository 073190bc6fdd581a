//! Measures an engine on labelled examples.

use serde::Deserialize;

use crate::engine::Engine;
use crate::language::Language;
use crate::verdict::{Category, Channel, Level, Message, Urgency};

/// A labelled example.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The way it came in.
    pub channel: Channel,
    /// The language it is written in.
    pub language: Language,
    /// Subject line.
    #[serde(default)]
    pub subject: String,
    /// The text.
    pub body: String,
    /// What it is about.
    pub category: Category,
    /// How soon a person must look.
    pub urgency: Urgency,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    example: Vec<Example>,
}

/// Reads a file of examples (`[[example]]` tables).
pub fn parse_examples(text: &str) -> Result<Vec<Example>, toml::de::Error> {
    toml::from_str::<ExampleFile>(text).map(|file| file.example)
}

/// A share with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// How many it held for.
    pub hits: u32,
    /// Out of how many.
    pub of: u32,
}

impl Proportion {
    fn count(&mut self, hit: bool) {
        self.of += 1;
        self.hits += u32::from(hit);
    }

    /// The observed share; 0 of nothing is 0.
    pub fn value(self) -> f64 {
        if self.of == 0 {
            0.0
        } else {
            f64::from(self.hits) / f64::from(self.of)
        }
    }

    /// The 95 % interval after Wilson (1927), score method without continuity correction.
    pub fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let z = 1.959_964_f64;
        let n = f64::from(self.of);
        let p = self.value();
        let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        ((middle - half).max(0.0), (middle + half).min(1.0))
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was measured, such as `category billing`.
    pub label: String,
    /// How often it came out right.
    pub share: Proportion,
}

/// What came out, for one language or for all.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// `None`: all languages together.
    pub language: Option<Language>,
    /// Category as labelled.
    pub category: Proportion,
    /// Urgency as labelled.
    pub urgency: Proportion,
    /// Labelled emergencies that were called one (sensitivity).
    pub emergencies_found: Proportion,
    /// Everything else that was called an emergency (false alarms).
    pub false_alarms: Proportion,
    /// Examples called unsure.
    pub unsure: Proportion,
    /// One line for every category: of the examples labelled so, those called so.
    pub rows: Vec<Row>,
    /// Positions of the examples whose category or urgency came out wrong.
    pub wrong: Vec<usize>,
}

/// Runs the engine over the examples of one language, or over all.
pub fn run(engine: &Engine, examples: &[Example], language: Option<Language>) -> Report {
    const NOTHING: Proportion = Proportion { hits: 0, of: 0 };
    let mut report = Report {
        language,
        category: NOTHING,
        urgency: NOTHING,
        emergencies_found: NOTHING,
        false_alarms: NOTHING,
        unsure: NOTHING,
        rows: Vec::new(),
        wrong: Vec::new(),
    };
    let mut by_category = [NOTHING; Category::ALL.len()];
    for (number, example) in examples.iter().enumerate() {
        if language.is_some_and(|l| l != example.language) {
            continue;
        }
        let verdict = engine.triage(&Message {
            channel: example.channel,
            subject: &example.subject,
            body: &example.body,
            hint_language: None,
        });
        let category = verdict.category.value == example.category;
        let urgency = verdict.urgency == example.urgency;
        let alarm = verdict.safety.level == Level::Emergency;
        report.category.count(category);
        by_category[example.category as usize].count(category);
        report.urgency.count(urgency);
        report.unsure.count(verdict.unsure);
        if example.urgency == Urgency::Emergency {
            report.emergencies_found.count(alarm);
        } else {
            report.false_alarms.count(alarm);
        }
        if !(category && urgency) {
            report.wrong.push(number);
        }
    }
    report.rows = Category::ALL
        .iter()
        .filter(|&&c| by_category[c as usize].of > 0)
        .map(|&c| Row {
            label: format!("category {c}"),
            share: by_category[c as usize],
        })
        .collect();
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_matches_published_values() {
        // Newcombe (1998), table I: 81 of 263 and 0 of 20, method 3.
        let (low, high) = Proportion { hits: 81, of: 263 }.interval();
        assert!(
            (low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5,
            "{low} {high}"
        );
        let (low, high) = Proportion { hits: 0, of: 20 }.interval();
        assert!(
            low.abs() < 1e-12 && (high - 0.1611).abs() < 5e-5,
            "{low} {high}"
        );
    }
}
