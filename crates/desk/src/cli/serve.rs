//! `bedside serve`

use super::{Failure, Global, is_set_up, not_set_up};
use crate::{knowledge, server, startup};
use bedside_db::{SystemClock, hold_folder};
use clap::Args;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs until it is asked to end (Ctrl-C or SIGTERM); SIGHUP makes it read the clinic's language files anew.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where HTTP is served [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Address that people and mails use, such as <https://desk.clinic.example>
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl Serve {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        // Before anything that takes long: one that nobody waits for ends the process.
        let mut reading = signal(SignalKind::hangup())?;
        let config = global.config_with(self.listen, self.public_url)?;
        is_set_up(&config)?;
        // With the rows on a server, the folder still holds the key and the checkpoints of one process.
        let _folder = match &config.database {
            Some(_) => Some(hold_folder(&config.data)?),
            None => None,
        };
        let (app, report) = startup::open(config, Arc::new(SystemClock)).await?;
        if let Some(backup) = &report.backup {
            tracing::info!(from = report.from, to = report.to, backup = %backup.display(), "the schema was brought up to date");
        }
        if app.directory.all().is_empty() {
            return Err(not_set_up(&app.config));
        }
        let listener = bind(app.config.listen).await?;
        let url = app.config.public_url.clone();
        // Before anybody can see that the desk is open, and ask it to end.
        let mut ending = Ending::watch()?;
        knowledge::note_decisions(&app).await?;
        if app.shelf.refused().is_some() {
            knowledge::audit(&app).await?;
        }
        let running = server::start(app.clone(), listener).await?;
        tracing::info!(address = %running.address(), %url, "the desk is open");
        loop {
            tokio::select! {
                () = ending.asked() => break,
                _ = reading.recv() => tokio::select! {
                    () = ending.asked() => break,
                    read = knowledge::reload(&app) => {
                        if let Err(error) = read {
                            tracing::error!(%error, "it could not be noted whether the clinic's language files are in use");
                        }
                    }
                },
            }
        }
        tracing::info!("the desk is closing");
        running.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// Listens on `address`.
pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(
            1,
            format!("The desk can't listen on {address} ({error}). Choose another with --listen."),
        )
    })
}

/// What asks the process to end: Ctrl-C, or the service manager.
pub(super) struct Ending {
    interrupted: Signal,
    terminated: Signal,
}

impl Ending {
    /// Takes note of it from now on, instead of ending at once.
    pub(super) fn watch() -> Result<Self, Failure> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt())?,
            terminated: signal(SignalKind::terminate())?,
        })
    }

    /// Returns once somebody has asked.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}
