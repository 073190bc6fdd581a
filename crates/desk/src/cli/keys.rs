//! `bedside keys`

use super::{Failure, Global, finish, progress_bar, say};
use crate::records::rotate::{self, NewRoot};
use crate::startup;
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
    },
}

impl Keys {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let Action::Rotate { root } = self.action;
        let app = global.open().await?;
        for clinic in app.directory.all() {
            let bar = progress_bar("Wrapping keys anew");
            let alone = app.db.is_embedded();
            let report =
                rotate::organisation(&app, clinic.id, alone, |done| bar.set_position(done)).await?;
            bar.finish_and_clear();
            say(format!(
                "{}: {} data keys are wrapped by key version {}{}.",
                clinic.name,
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
        if root {
            new_root(&app).await?;
        }
        finish(&app).await
    }
}

async fn new_root(app: &crate::app::App) -> Result<(), Failure> {
    if std::env::var_os("BEDSIDE_PASSPHRASE").is_some() {
        return Err(Failure::usage(
            "A root key from a passphrase can't be replaced here yet. Nothing was changed.",
        ));
    }
    let new = match (
        std::env::var("BEDSIDE_ROOT_KEY"),
        std::env::var("BEDSIDE_NEW_ROOT_KEY"),
    ) {
        (Ok(_), Ok(text)) => NewRoot::Given(
            RootKey::from_base64(&text)
                .map_err(|error| Failure::new(5, format!("BEDSIDE_NEW_ROOT_KEY: {error}.")))?,
        ),
        (Ok(_), Err(_)) => {
            return Err(Failure::usage(
                "The root key comes from the environment: give the new one in BEDSIDE_NEW_ROOT_KEY.",
            ));
        }
        _ => NewRoot::File(app.config.key_file()),
    };
    let given = matches!(new, NewRoot::Given(_));
    rotate::root(app, new).await?;
    if given {
        say(
            "Everything opens with the new root key now. Put it into BEDSIDE_ROOT_KEY before the next start.",
        );
    } else {
        let key = startup::root_key(&app.config)?;
        say(format!(
            "There is a new root key in {} ({}). Keep a copy of it apart from the data; earlier backups still need the \
             earlier key.",
            app.config.key_file().display(),
            key.fingerprint()
        ));
    }
    Ok(())
}
