//! `bedside eval`

use super::{Failure, Global, say, say_json};
use crate::startup;
use bedside_language::eval::{Proportion, Report, parse_examples, run};
use bedside_language::{Engine, Language};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures how well requests are sorted, on labelled examples: those of the clinic's files, or your own.
#[derive(Debug, Args)]
pub(super) struct Eval {
    /// Folder with files of examples (*.toml)
    #[arg(long = "examples", value_name = "FOLDER")]
    examples: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Eval {
    pub(super) fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let files = startup::clinic_files(&global.config()?)?;
        let engine = Engine::load(&files).map_err(|error| {
            Failure::usage(format!(
                "{} line {}: {}.",
                error.file, error.line, error.reason
            ))
        })?;
        let mut texts = Vec::new();
        if let Some(folder) = &self.examples {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.extension().is_some_and(|kind| kind == "toml") {
                    texts.push((path.display().to_string(), std::fs::read_to_string(&path)?));
                }
            }
        } else {
            let own = files
                .iter()
                .filter(|(name, _)| name.starts_with("language/examples/"));
            texts.extend(own.map(|(name, text)| (name.clone(), text.clone())));
        }
        let mut examples = Vec::new();
        for (name, text) in texts {
            let read = parse_examples(&text);
            examples.extend(
                read.map_err(|error| Failure::usage(format!("{name}: {}.", error.message())))?,
            );
        }
        if examples.is_empty() {
            return Err(Failure::usage("There are no examples to measure on."));
        }
        let mut reports = vec![run(&engine, &examples, None)];
        for language in [Language::En, Language::Es] {
            reports.push(run(&engine, &examples, Some(language)));
        }
        if self.json {
            say_json(&reports.iter().map(as_json).collect::<Vec<_>>());
        } else {
            reports.iter().for_each(show);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn lines(report: &Report) -> Vec<(&str, Proportion)> {
    let mut lines = vec![
        ("category", report.category),
        ("urgency", report.urgency),
        ("emergencies found", report.emergencies_found),
        ("false alarms", report.false_alarms),
        ("unsure", report.unsure),
    ];
    lines.extend(
        report
            .rows
            .iter()
            .map(|row| (row.label.as_str(), row.share)),
    );
    lines
}

fn name(report: &Report) -> &'static str {
    report.language.map_or("all", Language::tag)
}

fn show(report: &Report) {
    say(format!("\nLanguage: {}", name(report)));
    for (label, share) in lines(report) {
        let (low, high) = share.interval();
        say(format!(
            "  {label:<24} {:>4} of {:<4}  {:5.1} %  (95 %: {:.1} to {:.1})",
            share.hits,
            share.of,
            share.value() * 100.0,
            low * 100.0,
            high * 100.0
        ));
    }
}

fn as_json(report: &Report) -> serde_json::Value {
    let shares: serde_json::Map<_, _> = lines(report)
        .into_iter()
        .map(|(label, share)| {
            let (low, high) = share.interval();
            let value = serde_json::json!({
                "hits": share.hits, "of": share.of, "share": share.value(), "low": low, "high": high,
            });
            (label.to_owned(), value)
        })
        .collect();
    serde_json::json!({ "language": name(report), "shares": shares })
}
