//! `bedside import`

use super::{Failure, Global, finish, progress_bar, say, say_json};
use crate::intake::email;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Takes in mail that was kept elsewhere.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take in every mail of an mbox file; what was taken in before is left out
    Mbox {
        /// The file
        file: PathBuf,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

impl Import {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let Action::Mbox { file, json } = self.action;
        let failed = |error: std::io::Error| {
            Failure::usage(format!("{} can't be read: {error}.", file.display()))
        };
        let reader = std::fs::File::open(&file).map_err(failed)?;
        let about = reader.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(Failure::usage(format!(
                "{} is a folder. Give the mailbox file in it.",
                file.display()
            )));
        }
        let app = global.open().await?;
        let ctx = global.ctx(&app)?;
        let bar = progress_bar("Taking mail in");
        bar.set_length(about.len());
        let reader = bar.wrap_read(std::io::BufReader::new(reader));
        let taken = email::import_mbox(&app, &ctx, reader, |_, _| ()).await?;
        bar.finish_and_clear();
        if json {
            say_json(&taken);
        } else {
            say(format!("Mails taken in: {}.", taken.stored));
            if taken.known > 0 {
                say(format!(
                    "Here already, and left as they are: {}.",
                    taken.known
                ));
            }
            if taken.too_large > 0 {
                say(format!(
                    "Larger than the desk takes, and left out: {}.",
                    taken.too_large
                ));
            }
        }
        finish(&app).await
    }
}
