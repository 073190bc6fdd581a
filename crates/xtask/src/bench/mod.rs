//! `cargo xtask bench`: how fast and how small the desk is, over real sockets, with authentication, audit, encryption and
//! durable commits on, and the clients on the same machine.

mod access;
mod client;
mod crisis;
pub mod desk;
mod figures;
mod large;
mod load;
mod measures;

use crate::commands::{self, cargo};
use anyhow::Result;
use clap::Args;
use desk::{Setup, Store};
use figures::Figure;
use std::path::{Path, PathBuf};
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
    /// How often somebody in danger writes, for the time until every open page shows it; 0 leaves it out
    #[arg(long, default_value_t = 200)]
    crises: u32,
    /// Pages that stand open then
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=500))]
    pages: u64,
    /// Requests a second that count as normal; ten times as many come in meanwhile
    #[arg(long, default_value_t = 5.0)]
    normal: f64,
    /// Tickets in the desk of that measurement
    #[arg(long, default_value_t = 10_000)]
    crisis_tickets: u32,
    /// Measure it on two nodes that share a PostgreSQL server too
    #[arg(long)]
    nodes: bool,
    /// Measure the programs as they were built before
    #[arg(long)]
    built: bool,
    /// Measure the debug build: to try the benchmark itself
    #[arg(long)]
    debug: bool,
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
        let mut build = cargo(&["build", "--locked", "--package", "bedside-desk"]);
        build.args(["--bin", "bedside", "--example", "access_cost"]);
        if !options.debug {
            build.arg("--release");
        }
        commands::run(build)?;
        commands::run(cargo(&[
            "build",
            "--locked",
            "--package",
            "bedside-desk",
            "--example",
            "empty_desk",
        ]))?;
    }
    let profile = if options.debug { "debug" } else { "release" };
    let program = crate::test::program(profile)?;
    let mut figures = Vec::new();
    if !crisis::is_all(options) {
        figures = of_one_desk(&program, options)?;
    }
    if crisis::is_wanted(options) {
        figures.extend(crisis::measure(&program, options)?);
    }
    figures::print(&figures, options);
    Ok(ExitCode::SUCCESS)
}

/// What is measured of a desk that is loaded once, and of the larger one.
fn of_one_desk(program: &Path, options: &Options) -> Result<Vec<Figure>> {
    let temporary = tempfile::tempdir()?;
    let data = options
        .data
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    let data = std::path::absolute(data)?;
    let open = |folder: &Path, tickets, messages| {
        Store::open(program, folder, Setup::default(), tickets, messages)
    };
    let store = open(&data, options.tickets, options.messages)?;
    // First, because what follows makes the smaller one grow.
    let beside = if large::is_wanted(options) {
        // A list reads no messages.
        let large = open(&data.join("large"), options.large, 1)?;
        large::measure(program, &store, &large, options)?
    } else {
        Vec::new()
    };
    let desk = store.start(program)?;
    let mut figures = measures::measure(&desk, &store.keys, options)?;
    desk.stop()?;
    figures.extend(beside);
    if access::is_wanted(options) {
        figures.extend(access::measure(program, &store, options)?);
    }
    Ok(figures)
}
