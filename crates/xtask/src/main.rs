//! The project's own tasks.
//!
//! `cargo xtask test` installs what the machine lacks and runs everything that has to hold before a change goes in.

mod bench;
mod cache;
mod commands;
mod contract;
mod eval;
mod fuzz;
mod machine;
mod mutants;
mod sbom;
mod summary;
mod test;
mod torture;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tasks of this project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    #[command(flatten)]
    Known(Known),
}

#[derive(Subcommand)]
enum Known {
    /// Install what is missing and run every check and test
    Test(test::Options),
    /// Measure speed and memory of the release build
    Bench(bench::Options),
    /// Measure the language engine on the examples of the part "test" and on public sets
    Eval(eval::Options),
    /// Feed random input, led by coverage, to the parsers of what strangers send
    Fuzz(fuzz::Options),
    /// List every component of a release (`CycloneDX`)
    Sbom(sbom::Options),
    /// Try to lose something, for hours: kill -9 under load, tampering, restores, killed upgrades; the API against its own
    /// description; the rules of access against changes of them
    Torture(torture::Options),
}

fn main() -> ExitCode {
    let Task::Known(task) = Task::parse();
    let outcome = match task {
        Known::Test(options) => test::run(&options),
        Known::Bench(options) => bench::run(&options),
        Known::Eval(options) => eval::run(&options),
        Known::Fuzz(options) => fuzz::run_all(&options),
        Known::Sbom(options) => sbom::run(&options),
        Known::Torture(options) => torture::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}
