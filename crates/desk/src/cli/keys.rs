//! `bedside keys`

use super::{Failure, Global, finish, progress_bar, say, say_json};
use crate::app::App;
use crate::records::rotate::{self, NewRoot, Rotated};
use crate::startup::{self, Missing};
use bedside_vault::RootKey;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Looks after the keys.
#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Wrap every data key by a new key; can be stopped at any point and run again
    Rotate {
        /// Make a new root key too. With a key from the environment, give the new one in `BEDSIDE_NEW_ROOT_KEY`.
        #[arg(long)]
        root: bool,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

impl Keys {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let Action::Rotate { root, json } = self.action;
        let app = global.open().await?;
        // Before anything is changed: what is missing for the second step must not stop it half-way.
        let new = if root { Some(new_root(&app)?) } else { None };
        let mut organisations = Vec::new();
        for clinic in app.directory.all() {
            let bar = progress_bar("Wrapping keys anew");
            let alone = app.db.is_embedded();
            let report =
                rotate::organisation(&app, clinic.id, alone, |done| bar.set_position(done)).await?;
            bar.finish_and_clear();
            if !json {
                tell(&clinic.name, report);
            }
            organisations.push(serde_json::json!({
                "slug": clinic.slug,
                "version": report.version,
                "wrapped": report.wrapped,
                "retired": report.retired,
            }));
        }
        let mut fingerprint = None;
        if let Some(new) = new {
            let given = matches!(new, NewRoot::Given(_));
            let name = rotate::root(&app, new).await?;
            if !json {
                tell_root(&app, given, &name);
            }
            fingerprint = Some(name);
        }
        if json {
            say_json(
                &serde_json::json!({ "organisations": organisations, "root_key": fingerprint }),
            );
        }
        finish(&app).await
    }
}

fn tell(clinic: &str, report: Rotated) {
    say(format!(
        "{clinic}: {} data keys are wrapped by key version {}{}.",
        report.wrapped,
        report.version,
        if report.retired {
            ", and earlier versions are gone"
        } else {
            ""
        }
    ));
    if !report.retired {
        say(
            "Earlier versions stay until this is run again, an hour from now or later: by then every node has the new one.",
        );
    }
}

fn tell_root(app: &App, given: bool, fingerprint: &str) {
    if given {
        say(
            "Everything opens with the new root key now. Put it into BEDSIDE_ROOT_KEY before the next start.",
        );
    } else {
        say(format!(
            "There is a new root key in {} ({fingerprint}). Keep a copy of it apart from the data.",
            app.config.key_file().display(),
        ));
    }
    say(
        "Backups from before open with the earlier root key alone. Make a new backup now; once every copy of the earlier key is \
         destroyed, nobody can read them, nor in them what was erased since.",
    );
}

/// Where the new root key comes from.
fn new_root(app: &App) -> Result<NewRoot, Failure> {
    if std::env::var_os("BEDSIDE_PASSPHRASE").is_some() {
        return Err(Failure::usage(
            "A root key from a passphrase can't be replaced here yet. Nothing was changed.",
        ));
    }
    match (
        std::env::var("BEDSIDE_ROOT_KEY"),
        std::env::var("BEDSIDE_NEW_ROOT_KEY"),
    ) {
        (Ok(_), Ok(text)) => {
            let key = RootKey::from_base64(&text)
                .map_err(|error| Failure::new(5, format!("BEDSIDE_NEW_ROOT_KEY: {error}.")))?;
            let current = startup::root_key(&app.config, Missing::Refuse)?;
            if key.fingerprint() == current.fingerprint() {
                return Err(Failure::usage(
                    "BEDSIDE_NEW_ROOT_KEY is the root key that is in use already. Nothing was changed.",
                ));
            }
            Ok(NewRoot::Given(key))
        }
        (Ok(_), Err(_)) => Err(Failure::usage(
            "The root key comes from the environment: give the new one in BEDSIDE_NEW_ROOT_KEY.",
        )),
        _ => Ok(NewRoot::File(app.config.key_file())),
    }
}
