//! `bedside audit`

use super::{Failure, Global, close, progress_bar, say, say_json};
use crate::audit_log::{self, Sealer};
use clap::{Args, Subcommand};
use data_encoding::{BASE64, HEXLOWER};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Shows that the audit log is whole.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read the whole log and hold it against every signed checkpoint
    Verify {
        /// Checkpoints that were kept elsewhere: a copy of audit/checkpoints.txt
        #[arg(long, value_name = "FILE")]
        kept: Option<PathBuf>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Print, in JSON, what proves that one entry is in the log
    Prove {
        /// The entry's sequence number, as the audit page shows it
        sequence: i64,
    },
    /// Print sealed entries, one line of JSON each, as `audit_to_log` writes them to the log
    Entries {
        /// The last place in the log (`leaf`) that is known already
        #[arg(long, value_name = "LEAF", default_value_t = -1)]
        after: i64,
    },
}

impl Audit {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        // A desk at work seals its log every second; one that rests may have entries from before a crash.
        let app = match global.open().await {
            Ok(app) => {
                Sealer::new(app.clone()).round().await?;
                app
            }
            Err(failure) if failure.code == 3 => global.open_to_read().await?,
            Err(failure) => return Err(failure),
        };
        let outcome = match self.action {
            Action::Verify { kept, json } => verify(&app, kept.as_deref(), json).await,
            Action::Prove { sequence } => prove(&app, sequence).await,
            Action::Entries { after } => entries(&app, after).await,
        };
        close(&app).await;
        outcome
    }
}

async fn verify(
    app: &crate::app::App,
    kept: Option<&Path>,
    json: bool,
) -> Result<ExitCode, Failure> {
    let kept = match kept {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("{} can't be read: {error}.", path.display()))
            })?;
            let notes = notes(&text);
            if notes.is_empty() {
                return Err(Failure::usage(format!(
                    "There are no checkpoints in {}.",
                    path.display()
                )));
            }
            notes
        }
        None => Vec::new(),
    };
    let bar = progress_bar("Reading the audit log");
    let outcome = audit_log::verify(app, &kept, |read| bar.set_position(read)).await?;
    bar.finish_and_clear();
    match outcome {
        Ok(verified) => {
            if json {
                say_json(&serde_json::json!({
                    "ok": true,
                    "entries": verified.entries,
                    "sealed": verified.sealed,
                    "checkpoints": verified.checkpoints,
                    "root": HEXLOWER.encode(&verified.root),
                }));
            } else {
                say(format!(
                    "The audit log is whole: {} entries, {} signed checkpoints.\nRoot {}",
                    verified.entries,
                    verified.checkpoints,
                    HEXLOWER.encode(&verified.root)
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(finding) => {
            if json {
                say_json(&serde_json::json!({ "ok": false, "finding": finding.to_string() }));
                return Ok(ExitCode::from(1));
            }
            Err(Failure::new(
                1,
                format!("The audit log is NOT whole: {finding}."),
            ))
        }
    }
}

/// The checkpoints of a file, each a note that ends with its signature line and an empty line.
fn notes(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = String::new();
    for line in text.lines() {
        if line.is_empty() && note.contains("\n\n") {
            notes.push(std::mem::take(&mut note));
            continue;
        }
        if !(line.is_empty() && note.is_empty()) {
            note.push_str(line);
            note.push('\n');
        }
    }
    notes.extend((!note.trim().is_empty()).then_some(note));
    notes
}

async fn prove(app: &crate::app::App, sequence: i64) -> Result<ExitCode, Failure> {
    let proof = audit_log::prove(app, sequence).await?;
    say_json(&serde_json::json!({
        "entry": proof.entry,
        "canonical": BASE64.encode(&proof.canonical),
        "index": proof.path.index,
        "size": proof.path.size,
        "path": proof.path.path.iter().map(|hash| HEXLOWER.encode(hash)).collect::<Vec<_>>(),
        "checkpoint": proof.checkpoint,
        "public_key": HEXLOWER.encode(app.keyring.audit_key().verifying_key().as_bytes()),
    }));
    Ok(ExitCode::SUCCESS)
}

async fn entries(app: &crate::app::App, mut after: i64) -> Result<ExitCode, Failure> {
    loop {
        let some = audit_log::sealed_after(app, after).await?;
        let Some(last) = some.last().and_then(|entry| entry.leaf) else {
            return Ok(ExitCode::SUCCESS);
        };
        after = last;
        for entry in &some {
            say(serde_json::to_string(&audit_log::Line::from(entry)).unwrap_or_default());
        }
    }
}
