//! `cargo xtask bench`: how fast and how small the desk is, over real sockets, with authentication, audit, encryption and
//! durable commits on, and the clients on the same machine.

mod access;
mod client;
pub mod desk;
mod figures;
mod large;
mod load;
mod measures;

use crate::commands::{self, cargo};
use anyhow::Result;
use clap::Args;
use desk::Store;
use std::path::PathBuf;
use std::process::ExitCode;

/// Clients at a time.
pub const CLIENTS: u64 = 16;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Tickets in the desk before anything is measured
    #[arg(long, default_value_t = 100_000)]
    tickets: u32,
    /// Messages of each of them
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// Rounds of each measurement
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of each round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Tickets of a second desk, whose list of a queue is held against the first one's; 0 for none
    #[arg(long, default_value_t = 1_000_000)]
    large: u32,
    /// A loaded folder to use again, or to keep; a temporary one otherwise. The second desk is its folder `large`
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Measure the programs as they were built before
    #[arg(long)]
    built: bool,
    /// Measure only what has this in its name; may be given several times
    #[arg(long, value_name = "WORDS")]
    only: Vec<String>,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|words| name.contains(words.as_str()))
    }
}

/// Measures everything and prints it.
pub fn run(options: &Options) -> Result<ExitCode> {
    if !options.built {
        commands::run(cargo(&[
            "build",
            "--locked",
            "--release",
            "--package",
            "bedside-desk",
            "--bin",
            "bedside",
            "--example",
            "access_cost",
        ]))?;
        commands::run(cargo(&[
            "build",
            "--locked",
            "--package",
            "bedside-desk",
            "--example",
            "empty_desk",
        ]))?;
    }
    let program = crate::test::program("release")?;
    let temporary = tempfile::tempdir()?;
    let data = options
        .data
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    let data = std::path::absolute(data)?;
    let store = Store::open(&program, &data, options.tickets, options.messages)?;
    // First, because what follows makes the smaller one grow.
    let beside = if large::is_wanted(options) {
        // A list reads no messages.
        let large = Store::open(&program, &data.join("large"), options.large, 1)?;
        large::measure(&program, &store, &large, options)?
    } else {
        Vec::new()
    };
    let desk = store.start(&program)?;
    let mut figures = measures::measure(&desk, &store.keys, options)?;
    desk.stop()?;
    figures.extend(beside);
    if access::is_wanted(options) {
        figures.extend(access::measure(&program, &store, options)?);
    }
    figures::print(&figures, options);
    Ok(ExitCode::SUCCESS)
}
