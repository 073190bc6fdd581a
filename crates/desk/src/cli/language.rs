//! `bedside language`

use super::eval::{clinic_examples, folder_examples, line_of};
use super::{Failure, Global, finish, say};
use crate::corrections;
use crate::knowledge::{Source, engine};
use crate::names;
use crate::startup;
use crate::triage::models::{self, Decision, Did};
use bedside_db::{Clock, SystemClock};
use bedside_language::eval::{Report, run};
use bedside_language::examples::{Example, Part};
use bedside_language::{Engine, Model, train};
use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Trains, compares, adopts and takes back versions of the language model.
#[derive(Debug, Args)]
pub(super) struct Language {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make a new version from examples, with a report of before and after
    Train {
        /// Folder with examples (LANG/*.txt), besides those of the clinic's files; may be given several times
        #[arg(long = "examples", value_name = "FOLDER")]
        examples: Vec<PathBuf>,
        /// Write the model to this file instead of making a version
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show the versions, which one is in use, and the report of one
    Report {
        /// Which one
        #[arg(value_name = "VERSION")]
        number: Option<u32>,
    },
    /// Put a version to use, from the next start or reload on
    Adopt {
        /// Which one
        #[arg(value_name = "VERSION")]
        number: u32,
        /// Your name, which stands in the audit log beside the version
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Go back to the version that was in use before
    Rollback {
        /// Your name, which stands in the audit log beside the version
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Write what colleagues corrected as examples to train on. They hold patients' words: keep them as you keep the data
    Corrections {
        /// Folder to write to (LANG/corrections.txt), for `train --examples`
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
}

impl Language {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        if let Task::Corrections { out } = &self.task {
            return write_corrections(global, out).await;
        }
        let config = global.config()?;
        let data = config.data.clone();
        match self.task {
            Task::Train { examples, out } => {
                let files = startup::clinic_files(&config)?;
                let mut all = clinic_examples(&files)?;
                for folder in &examples {
                    all.extend(folder_examples(folder)?);
                }
                let before = engine(&config, &Source::read(&config)?)?;
                make(before, &data, &all, out.as_deref())?;
            }
            Task::Report { number } => report(&data, number)?,
            Task::Corrections { .. } => {}
            Task::Adopt {
                number: version,
                by,
            } => {
                let bytes = std::fs::read(models::file(&data, version))
                    .map_err(|_| Failure::usage(format!("There is no version {version}.")))?;
                Model::read(&bytes.into()).map_err(|error| {
                    Failure::usage(format!("Version {version} can't be used: {error}."))
                })?;
                sign(&data, Did::Adopt, Some(version), &by)?;
                models::adopt(&data, version)?;
                say(format!(
                    "Version {version} is in use from the next start or reload on."
                ));
            }
            Task::Rollback { by } => {
                let history = models::history(&data)?;
                let Some((_, before)) = history.split_last() else {
                    return Err(Failure::usage(
                        "The model that ships with the program is in use.",
                    ));
                };
                sign(&data, Did::Rollback, before.last().copied(), &by)?;
                match models::roll_back(&data)? {
                    Some(version) => say(format!(
                        "Version {version} is in use from the next start or reload on."
                    )),
                    None => say(
                        "The model that ships with the program is in use from the next start or reload on.",
                    ),
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes down who decides, before anything changes.
fn sign(data: &Path, did: Did, version: Option<u32>, by: &str) -> Result<(), Failure> {
    let by = names::checked(by).map_err(|_| {
        Failure::usage("Say who you are: --by takes a name of 1 to 100 characters, on one line.")
    })?;
    let decision = Decision {
        did,
        version,
        by: by.to_owned(),
        at: SystemClock.now(),
    };
    Ok(models::sign(data, &decision)?)
}

async fn write_corrections(global: &Global, out: &Path) -> Result<ExitCode, Failure> {
    let app = global.open().await?;
    let ctx = global.ctx(&app)?;
    let (examples, left_out) = corrections::export(&app, &ctx).await?;
    let mut languages = BTreeMap::<_, Vec<&Example>>::new();
    for example in &examples {
        languages
            .entry(example.language.tag())
            .or_default()
            .push(example);
    }
    for (language, examples) in &languages {
        let mut text = "# part: train\n".to_owned();
        for example in examples {
            let _ = writeln!(text, "{}", example.to_line());
        }
        let folder = out.join(language);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let file = folder.join("corrections.txt");
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        // Made anew, so that it is nobody else's to read, whatever was there before.
        let mut made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        made.write_all(text.as_bytes())?;
    }
    say(format!(
        "{} corrections are in {}; {left_out} are left out.",
        examples.len(),
        out.display()
    ));
    finish(&app).await
}

fn make(before: Engine, data: &Path, all: &[Example], out: Option<&Path>) -> Result<(), Failure> {
    let version = models::versions(data).last().copied().unwrap_or(0) + 1;
    // A file of its own is no version of this desk: it is what ships.
    let number = if out.is_some() { 0 } else { version };
    let model =
        train::train(&before, all, number).map_err(|error| Failure::usage(format!("{error}.")))?;
    let bytes = model.write();
    let held_out: Vec<Example> = all
        .iter()
        .filter(|e| e.part != Part::Train)
        .cloned()
        .collect();
    let old = run(&before, &held_out);
    let after = before.with_model(Some(model));
    let text = compare(&old, &run(&after, &held_out));
    say(text.trim_end());
    if let Some(file) = out {
        std::fs::write(file, &bytes)?;
        return Ok(());
    }
    std::fs::create_dir_all(models::folder(data))?;
    std::fs::write(models::report_file(data, version), &text)?;
    std::fs::write(models::file(data, version), &bytes)?;
    say(format!(
        "\nVersion {version} is made and not in use. Read the report; then `bedside language adopt {version} --by NAME`."
    ));
    Ok(())
}

/// Before and after, on the examples that the model was not made from.
fn compare(before: &[Report], after: &[Report]) -> String {
    let mut text = String::new();
    for (old, new) in before.iter().zip(after) {
        let name = new.language.map_or("all", bedside_language::Language::tag);
        let _ = writeln!(text, "\nLanguage: {name}");
        for (label, share) in new.lines() {
            let was = old.lines().into_iter().find(|(l, _)| *l == label);
            let was = was.map_or_else(String::new, |(_, s)| {
                format!("  before {:>5.1} %", s.value() * 100.0)
            });
            let _ = writeln!(text, "{}{was}", line_of(&label, share));
        }
    }
    text
}

fn report(data: &Path, version: Option<u32>) -> Result<(), Failure> {
    if let Some(version) = version {
        let text = std::fs::read_to_string(models::report_file(data, version))
            .map_err(|_| Failure::usage(format!("There is no report of version {version}.")))?;
        say(text.trim_end());
        return Ok(());
    }
    let in_use = models::history(data)?.last().copied();
    for version in models::versions(data) {
        let mark = if in_use == Some(version) {
            " (in use)"
        } else {
            ""
        };
        say(format!("Version {version}{mark}"));
    }
    if in_use.is_none() {
        say("The model that ships with the program is in use.");
    }
    Ok(())
}
