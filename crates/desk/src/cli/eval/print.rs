//! What `bedside eval` says, for people and for programs.

use crate::cli::say;
use bedside_language::Urgency;
use bedside_language::eval::sets::SetReport;
use bedside_language::eval::{Proportion, Report, TrueAlarms};

fn name(report: &Report) -> &'static str {
    report
        .language
        .map_or("all", bedside_language::Language::tag)
}

/// One line of a table: counts, share, and the 95 % interval after Wilson.
pub(in crate::cli) fn line_of(label: &str, share: Proportion) -> String {
    let (low, high) = share.interval();
    format!(
        "  {label:<36} {:>5} of {:<5} {:>5.1} %  (95 %: {:.1} to {:.1})",
        share.hits,
        share.of,
        share.value() * 100.0,
        low * 100.0,
        high * 100.0
    )
}

/// Prints a report, with the alarms that would be true where emergencies are as rare as stated.
pub(super) fn show(report: &Report, prevalences: &[f64]) {
    say(format!("\nLanguage: {}", name(report)));
    for (label, share) in report.lines() {
        say(line_of(&label, share));
    }
    for told in true_alarms(report, prevalences) {
        say(format!(
            "  {:<36} {:>20.1} %  (95 %: {:.1} to {:.1})",
            format!("true alarms, of {} % emergencies", percent(told.prevalence)),
            told.value * 100.0,
            told.low * 100.0,
            told.high * 100.0
        ));
    }
    say("  urgency, labelled (down) and called (across):");
    let codes: Vec<&str> = Urgency::ALL.iter().map(|u| u.code()).collect();
    say(format!("    {:<10} {}", "", codes.join("  ")));
    for (code, row) in codes.iter().zip(&report.confusion) {
        let cells = codes.iter().zip(row);
        let cells: Vec<String> = cells
            .map(|(c, n)| format!("{n:>width$}", width = c.len()))
            .collect();
        say(format!("    {code:<10} {}", cells.join("  ")));
    }
}

fn share_json(share: Proportion) -> serde_json::Value {
    let (low, high) = share.interval();
    serde_json::json!({
        "hits": share.hits, "of": share.of, "share": share.value(), "low": low, "high": high,
    })
}

/// A report for programs.
pub(super) fn as_json(report: &Report, prevalences: &[f64]) -> serde_json::Value {
    let told = true_alarms(report, prevalences).map(|told| {
        serde_json::json!({
            "prevalence": told.prevalence, "share": told.value, "low": told.low, "high": told.high,
        })
    });
    serde_json::json!({
        "language": name(report),
        "shares": shares_json(report.lines()),
        "true_alarms": told.collect::<Vec<_>>(),
        "urgencies": report.confusion,
    })
}

/// Prints what an engine says of what colleagues corrected.
pub(super) fn show_corrected(report: &Report) {
    say(format!("\nCorrections, language: {}", name(report)));
    for (label, share) in report.corrected() {
        say(line_of(label, share));
    }
}

/// The same for programs.
pub(super) fn corrected_json(report: &Report) -> serde_json::Value {
    let lines = report.corrected().into_iter();
    let lines = lines.map(|(label, share)| (label.to_owned(), share));
    serde_json::json!({
        "set": "corrections", "language": name(report), "shares": shares_json(lines.collect()),
    })
}

fn shares_json(lines: Vec<(String, Proportion)>) -> serde_json::Map<String, serde_json::Value> {
    let lines = lines.into_iter();
    lines
        .map(|(label, share)| (label, share_json(share)))
        .collect()
}

fn true_alarms(report: &Report, prevalences: &[f64]) -> impl Iterator<Item = TrueAlarms> {
    let told = prevalences.iter().map(|share| report.true_alarms(*share));
    told.flatten()
}

/// A share as people write it: 0.5, 3.
fn percent(share: f64) -> f64 {
    (share * 1e4).round() / 1e2
}

/// A set for programs.
pub(super) fn set_json(name: &str, set: &SetReport) -> serde_json::Value {
    let lines = set.lines.iter();
    let shares: serde_json::Map<_, _> = lines
        .map(|l| (l.label.clone(), share_json(l.share)))
        .collect();
    serde_json::json!({ "set": name, "shares": shares })
}
