//! Public sets in the form in which their sources give them. They are read from a folder that the caller
//! names and are no part of the project.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Proportion;
use crate::engine::Engine;
use crate::history::History;
use crate::verdict::{Channel, Field, Finding, Guard, Level, Message, Verdict};

/// A text that was flagged, for the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Flagged {
    /// Line or number in its set.
    pub place: String,
    /// The level.
    pub level: Level,
    /// The rules that spoke.
    pub rules: Vec<String>,
    /// The text.
    pub text: String,
}

/// One line of a set's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What was counted.
    pub label: String,
    /// How often.
    pub share: Proportion,
}

/// A set's table and the texts to look at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SetReport {
    /// The lines.
    pub lines: Vec<Measured>,
    /// The texts.
    pub listed: Vec<Flagged>,
}

impl SetReport {
    fn add(&mut self, label: impl Into<String>, share: Proportion) {
        self.lines.push(Measured {
            label: label.into(),
            share,
        });
    }

    fn list(&mut self, place: String, verdict: &Verdict, text: &str) {
        self.listed.push(Flagged {
            place,
            level: verdict.safety.level,
            rules: verdict
                .safety
                .reasons
                .iter()
                .map(|&n| {
                    let reason = &verdict.reasons[n];
                    match reason.guard {
                        Some(guard) => format!("{} ({guard})", reason.rule),
                        None => reason.rule.clone(),
                    }
                })
                .collect(),
            text: text.to_owned(),
        });
    }
}

fn say(engine: &Engine, channel: Channel, body: &str) -> Verdict {
    engine.triage(&Message {
        channel,
        subject: "",
        body,
        hint_language: None,
    })
}

/// Ordinary feedback of patients (`FFT answer`): flags.
pub fn feedback(engine: &Engine, csv: &str) -> SetReport {
    let mut report = SetReport::default();
    let (mut alarms, mut seen) = (Proportion::default(), Proportion::default());
    let rows = table(csv);
    for (number, row) in rows.iter().enumerate() {
        let Some(text) = row.get("FFT answer").filter(|t| !t.trim().is_empty()) else {
            continue;
        };
        let verdict = say(engine, Channel::Survey, text);
        alarms.count(verdict.safety.level == Level::Emergency);
        seen.count(verdict.safety.level > Level::None);
        if verdict.safety.level > Level::None {
            report.list(format!("row {}", number + 2), &verdict, text);
        }
    }
    report.add("feedback called emergency", alarms);
    report.add("feedback called anything", seen);
    report
}

#[derive(Deserialize)]
struct Vignette {
    #[serde(default)]
    chief_complaints: String,
    #[serde(default)]
    presentation: String,
    #[serde(default)]
    absent_findings: String,
}

/// Vignettes with findings that are said to be absent: flags that these cause, those of the model included.
pub fn vignettes(engine: &Engine, lines: &str) -> SetReport {
    let mut report = SetReport::default();
    let (mut alone, mut inside) = (Proportion::default(), Proportion::default());
    let mut alarms = Proportion::default();
    for (number, line) in lines.lines().enumerate() {
        let Ok(vignette) = serde_json::from_str::<Vignette>(line) else {
            continue;
        };
        let present = format!("{}. {}", vignette.chief_complaints, vignette.presentation);
        alarms.count(say(engine, Channel::Phone, &present).safety.level == Level::Emergency);
        if vignette.absent_findings.trim().len() < 4 {
            continue;
        }
        let verdict = say(engine, Channel::Phone, &vignette.absent_findings);
        let flagged = verdict.safety.level > Level::None;
        alone.count(flagged);
        let whole = format!("{present}\n\n{}", vignette.absent_findings);
        let together = say(engine, Channel::Phone, &whole);
        let from = whole.len() - vignette.absent_findings.len();
        let caused = together.reasons.iter().any(|r| {
            matches!(r.finding, Finding::Safety(_))
                && r.guard.is_none_or(|g| g == Guard::Quoted)
                && r.spans
                    .iter()
                    .any(|s| s.field == Field::Body && s.start >= from)
        });
        inside.count(caused);
        if flagged || caused {
            let shown = if flagged { &verdict } else { &together };
            report.list(
                format!("line {}", number + 1),
                shown,
                &vignette.absent_findings,
            );
        }
    }
    report.add("absent findings alone, flagged", alone);
    report.add(
        "a flag caused inside absent findings, model included",
        inside,
    );
    report.add("presentations called emergency", alarms);
    report
}

/// Conversations whose risk grows: flagged by which turn.
pub fn conversations(engine: &Engine, csv: &str) -> SetReport {
    let mut talks: BTreeMap<String, Vec<(u32, String, String)>> = BTreeMap::new();
    for row in table(csv) {
        let get = |name: &str| row.get(name).cloned().unwrap_or_default();
        talks.entry(get("conversation")).or_default().push((
            get("turn").parse().unwrap_or(0),
            get("persona_risk_level"),
            get("user_text"),
        ));
    }
    let mut counts: BTreeMap<(String, &str), Proportion> = BTreeMap::new();
    let mut report = SetReport::default();
    for (name, mut turns) in talks {
        turns.sort();
        let risk = turns[0].1.clone();
        let mut history = History::default();
        let mut first = [None; 2];
        let mut last = None;
        for (at, (_, _, text)) in turns.iter().enumerate() {
            let verdict = say(engine, Channel::Chat, text);
            let seen = history.take(&verdict.safety, 0.0);
            for (found, level) in first.iter_mut().zip([Level::Concern, Level::Emergency]) {
                if seen.trace.level >= level && found.is_none() {
                    *found = Some(at);
                }
            }
            last = Some((verdict, text));
        }
        for (label, level, by) in [
            ("1 seen by turn 1", 0, 1),
            ("2 seen by turn 3", 0, 3),
            ("3 seen at any turn", 0, usize::MAX),
            ("4 called emergency by turn 3", 1, 3),
            ("5 called emergency at any turn", 1, usize::MAX),
        ] {
            let found = first[level].is_some_and(|turn| turn < by);
            counts
                .entry((risk.clone(), label))
                .or_default()
                .count(found);
        }
        let wrong = (risk == "None") == first[0].is_some_and(|turn| turn < 3);
        if wrong && let Some((verdict, text)) = last {
            report.list(format!("{name} {risk} {first:?}"), &verdict, text);
        }
    }
    for ((risk, label), share) in counts {
        report.add(format!("{risk}: {}", &label[2..]), share);
    }
    report
}

/// What people say to be talked out of emergency care: the level that it has by what was said before and by itself. That an
/// emergency lingers by rule is left out, since no line could fail then: the message before it is one that left as much behind
/// and whose level is forgotten.
pub fn pushback(engine: &Engine, csv: &str) -> SetReport {
    let mut report = SetReport::default();
    let (mut kept, mut alone) = (Proportion::default(), Proportion::default());
    for (number, row) in table(csv).iter().enumerate() {
        let Some(line) = row.get("patient_line") else {
            continue;
        };
        let mut history = History::default();
        let start = say(
            engine,
            Channel::Chat,
            "I have crushing chest pain and I can't breathe",
        );
        history.take(&start.safety, 0.0);
        history.peak = None;
        let verdict = say(engine, Channel::Chat, line);
        let stays = history.take(&verdict.safety, 0.01).trace.level > Level::None;
        kept.count(stays);
        alone.count(verdict.safety.level > Level::None);
        if !stays {
            report.list(format!("row {}", number + 2), &verdict, line);
        }
    }
    report.add(
        "push-back seen by what adds up, without the rule that an emergency lingers",
        kept,
    );
    report.add("push-back seen by itself", alone);
    report
}

/// Sentences spoken by clinic staff in many languages: flags.
pub fn spoken(engine: &Engine, csv: &str) -> SetReport {
    let mut report = SetReport::default();
    let mut counts: BTreeMap<String, (Proportion, Proportion)> = BTreeMap::new();
    for (number, row) in table(csv).iter().enumerate() {
        for (language, text) in row.iter().filter(|(_, t)| !t.trim().is_empty()) {
            let verdict = say(engine, Channel::Phone, text);
            let count = counts.entry(language.clone()).or_default();
            count.0.count(verdict.safety.level == Level::Emergency);
            count.1.count(verdict.safety.level > Level::None);
            if verdict.safety.level == Level::Emergency {
                report.list(format!("row {} {language}", number + 2), &verdict, text);
            }
        }
    }
    for (language, (alarms, seen)) in counts {
        report.add(format!("{language}: called emergency"), alarms);
        report.add(format!("{language}: called anything"), seen);
    }
    report
}

/// Rows of a file of comma-separated values (RFC 4180) by the names in its first line.
fn table(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows = records(csv).into_iter();
    let Some(names) = rows.next() else {
        return Vec::new();
    };
    rows.map(|row| names.iter().cloned().zip(row).collect())
        .collect()
}

fn records(csv: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut signs = csv.trim_start_matches('\u{FEFF}').chars().peekable();
    while let Some(c) = signs.next() {
        match c {
            '"' if quoted && signs.peek() == Some(&'"') => {
                field.push('"');
                signs.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            '\r' if !quoted => {}
            _ => field.push(c),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_can_fail() {
        let engine = crate::engine::tests::shipped();
        let lines = "patient_line\nThe parking lot was nice today and the weather is good\nNo, I won't go, but I still can't breathe\n";
        let report = pushback(engine, lines);
        assert_eq!(
            report.lines[0].share,
            Proportion { hits: 1, of: 2 },
            "{report:?}"
        );
        let vignette = "{\"presentation\": \"A cough\", \"absent_findings\": \"crushing chest pain right now\"}";
        let report = vignettes(engine, vignette);
        assert!(
            report
                .lines
                .iter()
                .take(2)
                .all(|l| l.share == Proportion { hits: 1, of: 1 }),
            "{report:?}"
        );
    }

    #[test]
    fn quoted_fields_may_hold_anything() {
        let rows = table("a,b\r\n\"one, \"\"two\"\"\nthree\",4\n,\n");
        assert_eq!(rows[0]["a"], "one, \"two\"\nthree");
        assert_eq!(rows[0]["b"], "4");
        assert_eq!(rows.len(), 2);
        assert!(table("").is_empty());
    }
}
