//! `cargo xtask torture`: the tests that try to lose something, for longer than a test run can wait.

use crate::commands::{cargo, run_and_read};
use crate::{contract, mutants};
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use std::time::Instant;

/// How long to go on.
#[derive(Args)]
pub struct Options {
    /// How often the program is ended with kill -9 under load
    #[arg(long, default_value_t = 1000)]
    cycles: u32,
    /// How many changes of the audit log are tried on each engine
    #[arg(long, default_value_t = 10_000)]
    tamperings: u32,
    /// How often a desk at work is copied and restored
    #[arg(long, default_value_t = 100)]
    restores: u32,
    /// How often an upgrade is killed on each engine
    #[arg(long, default_value_t = 100)]
    upgrades: u32,
    /// How many requests of each kind the API is tried with, against its own description
    #[arg(long, default_value_t = 100)]
    requests: u32,
    /// Leave out the changes of the rules of who may see and do what
    #[arg(long)]
    no_mutants: bool,
    /// Torture a debug build: slower, and with its assertions on
    #[arg(long)]
    debug: bool,
}

/// A test binary of `crates/desk/tests`, with the variable that says how much of it is wanted.
struct Part {
    test: &'static str,
    only: &'static str,
    variable: &'static str,
    count: u32,
}

/// Runs all parts, one after the other; all of them, also when one fails.
pub fn run(options: &Options) -> Result<ExitCode> {
    let parts = [
        Part {
            test: "crash",
            only: "",
            variable: "BEDSIDE_TEST_CRASH_CYCLES",
            count: options.cycles,
        },
        Part {
            test: "tampering",
            only: "",
            variable: "BEDSIDE_TEST_TAMPERINGS",
            count: options.tamperings,
        },
        Part {
            test: "backup",
            only: "under_load",
            variable: "BEDSIDE_TEST_RESTORES",
            count: options.restores,
        },
        Part {
            test: "schema",
            only: "is_killed",
            variable: "BEDSIDE_TEST_UPGRADES",
            count: options.upgrades,
        },
    ];
    let mut told = Vec::new();
    let mut fine = true;
    for part in parts.iter().filter(|part| part.count > 0) {
        let mut test = cargo(&["test", "--package", "bedside-desk", "--test", part.test]);
        if !options.debug {
            test.arg("--release");
        }
        test.arg("--").arg("--nocapture");
        if !part.only.is_empty() {
            test.arg(part.only);
        }
        test.env(part.variable, part.count.to_string());
        let begun = Instant::now();
        let ended = run_and_read(test)?;
        fine &= ended.fine;
        told.push(format!(
            "{:<10} {:>6} times  {:>6} s  {}",
            part.test,
            part.count,
            begun.elapsed().as_secs(),
            if ended.fine { "nothing lost" } else { "FAILED" }
        ));
    }
    if options.requests > 0 {
        let begun = Instant::now();
        let profile = if options.debug { "debug" } else { "release" };
        let holds = contract::holds(options.requests, profile)?;
        fine &= holds;
        told.push(format!(
            "{:<10} {:>6} times  {:>6} s  {}",
            "contract",
            options.requests,
            begun.elapsed().as_secs(),
            if holds { "as described" } else { "FAILED" }
        ));
    }
    if !options.no_mutants {
        let begun = Instant::now();
        let ended = mutants::of_access()?;
        fine &= ended.fine;
        told.push(format!(
            "{:<10} {:>6} times  {:>6} s  {}",
            "mutants",
            ended.tried,
            begun.elapsed().as_secs(),
            if ended.fine { "all noticed" } else { "FAILED" }
        ));
    }
    println!("\n{}", told.join("\n"));
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
