//! `bedside serve`

use super::{Failure, Global, is_set_up, not_set_up};
use crate::{server, startup};
use bedside_db::SystemClock;
use clap::Args;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Runs until it is asked to end (Ctrl-C or SIGTERM).
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
        let config = global.config_with(self.listen, self.public_url)?;
        is_set_up(&config)?;
        let (app, report) = startup::open(config, Arc::new(SystemClock)).await?;
        if let Some(backup) = &report.backup {
            tracing::info!(from = report.from, to = report.to, backup = %backup.display(), "the schema was brought up to date");
        }
        if app.directory.all().is_empty() {
            return Err(not_set_up(&app.config));
        }
        let listener = bind(app.config.listen).await?;
        let url = app.config.public_url.clone();
        let running = server::start(app, listener).await?;
        tracing::info!(address = %running.address(), %url, "the desk is open");
        asked_to_end().await?;
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

/// Returns once somebody asks the process to end.
pub(super) async fn asked_to_end() -> Result<(), Failure> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
