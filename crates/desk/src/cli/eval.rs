//! `bedside eval`

mod print;

use super::{Failure, Global, say, say_json};
use crate::knowledge::{Source, engine};
use crate::startup;
use bedside_language::clinic::text_of;
use bedside_language::eval::run;
use bedside_language::eval::sets::{self, SetReport};
use bedside_language::examples::{self, Example, Part};
use bedside_language::{Channel, ClinicFiles, Engine, Message};
use clap::{Args, ValueEnum};
pub(super) use print::line_of;
use print::{as_json, corrected_json, set_json, show, show_corrected};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Measures how well requests are sorted, on labelled examples: those of a folder, else those of the clinic's files.
#[derive(Debug, Args)]
pub(super) struct Eval {
    /// Folder with files of examples (LANG/*.txt) [default: those of the clinic's files]
    #[arg(long = "examples", value_name = "FOLDER")]
    examples: Option<PathBuf>,
    /// Which part of the examples
    #[arg(long, value_enum, default_value = "test")]
    part: Which,
    /// Folder of public sets to measure on as well
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Folder of conversations to follow turn by turn as well (*.txt)
    #[arg(long, value_name = "FOLDER")]
    conversations: Option<PathBuf>,
    /// Folder of corrections to measure on as well, as `language corrections` writes them. Before a model is trained on them:
    /// afterwards they say nothing
    #[arg(long, value_name = "FOLDER")]
    corrections: Option<PathBuf>,
    /// How many of a hundred messages are taken to be emergencies, for the share of alarms that are true; may be given several times
    #[arg(long, value_name = "PERCENT", value_parser = prevalence, default_values = ["1", "3", "5"])]
    prevalence: Vec<f64>,
    /// List every text of the public sets and conversations that came out wrong
    #[arg(long)]
    list: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// A part of the examples.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    Train,
    Dev,
    Test,
}

impl Eval {
    pub(super) fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let config = global.config()?;
        let files = startup::clinic_files(&config)?;
        let start = Instant::now();
        let engine = engine(&config, &Source::read(&config)?)?;
        let loaded = start.elapsed();
        let mut all = match &self.examples {
            Some(folder) => folder_examples(folder)?,
            None => clinic_examples(&files)?,
        };
        let part = match self.part {
            Which::Train => Part::Train,
            Which::Dev => Part::Dev,
            Which::Test => Part::Test,
        };
        all.retain(|example| example.part == part);
        if all.is_empty() && self.corrections.is_none() {
            return Err(Failure::usage(
                "There are no examples to measure on. Name their folder with --examples.",
            ));
        }
        let mut reports = run(&engine, &all);
        if all.is_empty() {
            reports.clear();
        }
        let corrected = match &self.corrections {
            Some(folder) => run(&engine, &corrections(folder)?),
            None => Vec::new(),
        };
        let mut sets = match &self.data {
            Some(folder) => measure_sets(&engine, folder)?,
            None => Vec::new(),
        };
        if let Some(folder) = &self.conversations {
            sets.push(("own conversations", folder_conversations(&engine, folder)?));
        }
        if self.json {
            let sets = sets.iter().map(|(name, set)| set_json(name, set));
            let measured = reports.iter().map(|one| as_json(one, &self.prevalence));
            let corrected = corrected.iter().map(corrected_json);
            say_json(&measured.chain(corrected).chain(sets).collect::<Vec<_>>());
            return Ok(ExitCode::SUCCESS);
        }
        for report in &reports {
            show(report, &self.prevalence);
        }
        for report in &corrected {
            show_corrected(report);
        }
        for (name, set) in &sets {
            say(format!("\nSet: {name}"));
            for line in &set.lines {
                say(line_of(&line.label, line.share));
            }
            for text in set.listed.iter().filter(|_| self.list) {
                let rules = text.rules.join(", ");
                say(format!(
                    "    {} {} [{rules}]: {}",
                    text.place, text.level, text.text
                ));
            }
        }
        say(format!(
            "\nSpeed: loaded in {:.0} ms; {}",
            loaded.as_secs_f64() * 1e3,
            speed(&engine, &all)
        ));
        Ok(ExitCode::SUCCESS)
    }
}

/// A prevalence that was stated in percent, as a share.
fn prevalence(percent: &str) -> Result<f64, String> {
    let stated = percent.parse::<f64>().ok();
    stated
        .filter(|stated| *stated > 0.0 && *stated < 100.0)
        .map(|stated| stated / 100.0)
        .ok_or_else(|| "a number above 0 and below 100 is needed".to_owned())
}

/// What colleagues corrected, of every part: nothing was made from it yet.
fn corrections(folder: &Path) -> Result<Vec<Example>, Failure> {
    let all = folder_examples(folder)?;
    if all.is_empty() {
        return Err(Failure::usage(
            "There are no corrections in that folder. `bedside language corrections --out FOLDER` writes them.",
        ));
    }
    Ok(all)
}

/// The examples of the clinic's files.
pub(super) fn clinic_examples(files: &ClinicFiles) -> Result<Vec<Example>, Failure> {
    Ok(examples::of_clinic(files)?)
}

/// The examples of a folder with one folder a language.
pub(super) fn folder_examples(folder: &Path) -> Result<Vec<Example>, Failure> {
    let mut files = ClinicFiles::new();
    for language in std::fs::read_dir(folder)? {
        let language = language?.path();
        if !language.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&language)? {
            let file = file?.path();
            if file.extension().is_some_and(|kind| kind == "txt") {
                let name = file.strip_prefix(folder).unwrap_or(&file).display();
                let name = format!("language/examples/{name}");
                let text = text_of(&name, std::fs::read(&file)?)?;
                files.insert(name, text);
            }
        }
    }
    clinic_examples(&files)
}

/// The conversations of a folder, in the order of its files.
fn folder_conversations(engine: &Engine, folder: &Path) -> Result<SetReport, Failure> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|file| Ok(file?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|kind| kind == "txt"));
    files.sort();
    let mut lines = String::new();
    for file in files {
        lines.push_str(&std::fs::read_to_string(file)?);
        lines.push('\n');
    }
    sets::own_conversations(engine, &lines).map_err(|line| {
        Failure::usage(format!(
            "This line of the conversations is not LEVEL | TURN | words // words: {line}"
        ))
    })
}

/// How a set's file is read.
type Measure = fn(&Engine, &str) -> SetReport;

fn measure_sets(engine: &Engine, folder: &Path) -> Result<Vec<(&'static str, SetReport)>, Failure> {
    let sets: [(&str, &str, Measure); 5] = [
        ("feedback", "feedback/nhs_fft_half.csv", sets::feedback),
        ("vignettes", "vignettes/avey_half.jsonl", sets::vignettes),
        (
            "conversations",
            "conversations/vera_mh_half.csv",
            sets::conversations,
        ),
        (
            "pushback",
            "conversations/pushback_half.csv",
            sets::pushback,
        ),
        (
            "spoken sentences",
            "multilingual/spoken_clinic_sentences.csv",
            sets::spoken,
        ),
    ];
    let mut measured = Vec::new();
    for (name, file, measure) in sets {
        let path = folder.join(file);
        if path.is_file() {
            measured.push((name, measure(engine, &std::fs::read_to_string(path)?)));
        }
    }
    if measured.is_empty() {
        return Err(Failure::usage("None of the public sets is in that folder."));
    }
    Ok(measured)
}

/// Time for a text of one kilobyte, put together from the examples.
fn speed(engine: &Engine, examples: &[Example]) -> String {
    let mut texts = vec![String::new()];
    for example in examples {
        let last = texts.len() - 1;
        texts[last].push_str(&example.body);
        texts[last].push('\n');
        if texts[last].len() >= 1024 {
            texts.push(String::new());
        }
    }
    texts.retain(|text| text.len() >= 1024);
    let mut times: Vec<f64> = texts
        .iter()
        .cycle()
        .take(if texts.is_empty() { 0 } else { 1_000 })
        .map(|text| {
            let body = &text[..text.floor_char_boundary(1024)];
            let start = Instant::now();
            let verdict = engine.triage(&Message {
                channel: Channel::Email,
                subject: "",
                body,
                hint_language: None,
            });
            std::hint::black_box(verdict);
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let model = engine
        .model()
        .map_or(0, bedside_language::Model::resident_bytes);
    match (
        times.get(times.len() / 2),
        times.get(times.len() * 99 / 100),
    ) {
        (Some(median), Some(p99)) => format!(
            "1 KB in {median:.0} µs (median), {p99:.0} µs (p99); the model takes {:.1} MiB",
            f64::from(u32::try_from(model).unwrap_or(u32::MAX)) / f64::from(1 << 20)
        ),
        _ => "too few examples to time".to_owned(),
    }
}
