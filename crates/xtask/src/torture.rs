//! `cargo xtask torture`: the kill -9 test, for longer than a test run can wait.

use crate::commands::{cargo, run_and_read};
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;

/// How long to go on.
#[derive(Args)]
pub struct Options {
    /// How often the program is ended
    #[arg(long, default_value_t = 1000)]
    cycles: u32,
}

/// Runs the test of `crates/desk/tests/crash.rs` with more cycles.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut test = cargo(&[
        "test",
        "--package",
        "bedside-desk",
        "--test",
        "crash",
        "--",
        "--nocapture",
    ]);
    test.env("BEDSIDE_CRASH_CYCLES", options.cycles.to_string());
    let ended = run_and_read(test)?;
    Ok(if ended.fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
