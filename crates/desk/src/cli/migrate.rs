//! `bedside migrate`

use super::{Failure, Global, close, is_set_up, say, say_json};
use crate::startup;
use bedside_db::SystemClock;
use clap::Args;
use std::process::ExitCode;
use std::sync::Arc;

/// Brings the data to this release, in one step from any older one. `serve` does the same when it starts.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let config = global.config()?;
        is_set_up(&config)?;
        let (app, report) = startup::open(config, Arc::new(SystemClock)).await?;
        close(&app).await;
        if self.json {
            say_json(
                &serde_json::json!({ "from": report.from, "to": report.to, "backup": report.backup }),
            );
        } else if report.from == report.to {
            say(format!(
                "The data is at schema {}, which is the newest.",
                report.to
            ));
        } else {
            say(format!(
                "The data was brought from schema {} to {}.",
                report.from, report.to
            ));
            if let Some(backup) = report.backup {
                say(format!(
                    "A copy of the database from before is in {}.",
                    backup.display()
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
