//! `cargo xtask eval`: the language engine's figures, from the release build.

use crate::commands::{cargo, run as run_command};
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;

/// The project's own examples; the program doesn't carry them.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../language/examples-data");
/// The project's own conversations.
const TALKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../language/conversations");

/// What to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Folder of public sets to measure on as well
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
    /// List every text of the public sets and conversations that came out wrong
    #[arg(long)]
    list: bool,
}

/// Builds and runs `bedside eval`. Fails only when that can't run: figures are for people to judge.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut args = vec!["run", "--release", "-p", "bedside-desk", "--", "eval"];
    args.extend(["--examples", EXAMPLES, "--conversations", TALKS]);
    if let Some(folder) = &options.data {
        args.extend(["--data", folder.as_str()]);
    }
    if options.list {
        args.push("--list");
    }
    run_command(cargo(&args))?;
    Ok(ExitCode::SUCCESS)
}
