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

/// A conversation: what the patient's side writes, turn by turn.
struct Talk {
    name: String,
    /// Its label.
    risk: String,
    /// The turn in which its danger first shows; 0 where it has none, or nobody said.
    shows: usize,
    turns: Vec<String>,
}

/// Turns within which a danger is to be seen that shows by then.
const SOON: usize = 3;

/// Public conversations whose risk grows; see [`own_conversations`] for what is counted.
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
    let talks = talks.into_iter().map(|(name, mut turns)| {
        turns.sort();
        Talk {
            name,
            risk: turns[0].1.to_lowercase(),
            shows: 0,
            turns: turns.into_iter().map(|(_, _, text)| text).collect(),
        }
    });
    follow(engine, talks)
}

/// The project's own conversations, a line each: `level | turn in which the danger first shows | turn // turn // …`.
///
/// A flag is a turn that is at least a concern in the light of those before it ([`History`]): somebody looks today. An alarm is
/// one that is an emergency. Counted is by which turn the first of either comes; what counts as soon is the third turn, or the
/// later one in which the danger first shows. Empty lines and those that begin with `#` are none; the error is the first line
/// that is anything else.
pub fn own_conversations<'a>(engine: &Engine, lines: &'a str) -> Result<SetReport, &'a str> {
    let talks: Vec<Talk> = (1..)
        .zip(lines.lines())
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(number, line)| talk(number, line).ok_or(line))
        .collect::<Result<_, &str>>()?;
    Ok(follow(engine, talks.into_iter()))
}

fn talk(number: usize, line: &str) -> Option<Talk> {
    let mut parts = line.splitn(3, " | ");
    let (risk, shows, turns) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Talk {
        name: format!("line {number}"),
        risk: risk.to_owned(),
        shows: shows.parse().ok()?,
        turns: turns.split(" // ").map(str::to_owned).collect(),
    })
}

fn follow(engine: &Engine, talks: impl Iterator<Item = Talk>) -> SetReport {
    let mut counts: BTreeMap<(String, &str), Proportion> = BTreeMap::new();
    let mut report = SetReport::default();
    for talk in talks {
        let mut history = History::default();
        let (mut flag, mut alarm, mut shown) = (None, None, None);
        for (turn, text) in (1..).zip(&talk.turns) {
            let verdict = say(engine, Channel::Chat, text);
            let seen = history.take(&verdict.safety, 0.0);
            if seen.trace.level == Level::Emergency {
                alarm = alarm.or(Some(turn));
            }
            if seen.trace.level > Level::None && flag.is_none() {
                (flag, shown) = (
                    Some(turn),
                    Some((turn, seen.raised_by_history, verdict, text)),
                );
            }
        }
        let soon = talk.shows.max(SOON);
        let by = |first: Option<usize>, turn: usize| first.is_some_and(|first| first <= turn);
        for (label, found) in [
            ("1 flagged at the first turn", by(flag, 1)),
            ("2 flagged soon", by(flag, soon)),
            ("3 flagged at any turn", flag.is_some()),
            ("4 called emergency soon", by(alarm, soon)),
            ("5 called emergency at any turn", alarm.is_some()),
        ] {
            let key = (talk.risk.clone(), label);
            counts.entry(key).or_default().count(found);
        }
        let harmless = talk.risk == "none";
        match shown {
            Some((turn, raised, verdict, text)) if harmless && by(flag, soon) => {
                let why = if raised { ", by earlier turns" } else { "" };
                let place = format!("{} {} turn {turn}{why}", talk.name, talk.risk);
                report.list(place, &verdict, text);
            }
            _ if !harmless && !by(flag, soon) => {
                let text = talk.turns.join(" // ");
                let verdict = say(engine, Channel::Chat, &text);
                report.list(
                    format!("{} {} missed", talk.name, talk.risk),
                    &verdict,
                    &text,
                );
            }
            _ => {}
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
        let lines = "patient_line\nWhat are your opening hours on Monday?\n\"No, I won't go, but I still can't breathe\"\n";
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
    fn conversations_are_counted_by_their_turns() {
        let engine = crate::engine::tests::shipped();
        let cry = "I want to kill myself tonight";
        let lines = format!(
            "# what: none\nnone | 0 | Hello // Thank you, see you then\nnone | 0 | Hello // {cry}\n\
             high | 4 | Hello // Yes // Tuesday // {cry}\nhigh | 1 | Hello // Yes // Tuesday // {cry}\n"
        );
        let report = own_conversations(engine, &lines).unwrap();
        let counted: Vec<_> = report
            .lines
            .iter()
            .map(|line| (line.label.as_str(), line.share.hits, line.share.of))
            .collect();
        assert_eq!(
            counted,
            [
                ("high: flagged at the first turn", 0, 2),
                ("high: flagged soon", 1, 2),
                ("high: flagged at any turn", 2, 2),
                ("high: called emergency soon", 1, 2),
                ("high: called emergency at any turn", 2, 2),
                ("none: flagged at the first turn", 0, 2),
                ("none: flagged soon", 1, 2),
                ("none: flagged at any turn", 1, 2),
                ("none: called emergency soon", 1, 2),
                ("none: called emergency at any turn", 1, 2),
            ]
        );
        let places: Vec<_> = report.listed.iter().map(|one| one.place.as_str()).collect();
        assert_eq!(places, ["line 3 none turn 2", "line 5 high missed"]);
        for wrong in ["none | 0", "none | soon | Hello"] {
            let lines = format!("# what: none\n\nnone | 0 | Hello\n{wrong}\n");
            assert_eq!(own_conversations(engine, &lines).unwrap_err(), wrong);
        }
        let csv = format!(
            "conversation,turn,persona_risk_level,user_text\na,2,None,{cry}\na,1,None,Hello\n"
        );
        let report = conversations(engine, &csv);
        assert_eq!(report.listed[0].place, "a none turn 2");
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
