//! `cargo xtask fuzz`: random input, led by coverage, for the parsers of what strangers send.

use crate::cache::{checkout, folder};
use crate::commands::{cargo, command, output, run};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// What the compiler is told so that libFuzzer sees which way an input went. Nothing here needs a nightly toolchain.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// What to fuzz, and for how long.
#[derive(Args)]
pub struct Options {
    /// The targets; all of them when none is named
    targets: Vec<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Builds the targets and runs them one after the other; a finding ends it.
pub fn run_all(options: &Options) -> Result<ExitCode> {
    let all = targets()?;
    let chosen = if options.targets.is_empty() {
        &all
    } else {
        &options.targets
    };
    if let Some(unknown) = chosen.iter().find(|target| !all.contains(target)) {
        bail!("there is no target {unknown}; there are {}", all.join(", "));
    }
    let built = build()?;
    for target in chosen {
        let mut fuzz = built.on_seeds(target)?;
        fuzz.arg(format!("-max_total_time={}", options.seconds))
            .args(["-rss_limit_mb=1024", "-print_final_stats=1"]);
        run(fuzz)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the targets and gives each its seeds and what earlier runs found worth keeping, and nothing new. The commands
/// that do it.
pub fn replays() -> Result<Vec<Command>> {
    let built = build()?;
    let replay = |target: &String| {
        let mut fuzz = built.on_seeds(target)?;
        fuzz.arg("-runs=0");
        Ok(fuzz)
    };
    targets()?.iter().map(replay).collect()
}

/// The built targets.
struct Built {
    folder: PathBuf,
    programs: PathBuf,
}

fn build() -> Result<Built> {
    let version = output("rustc", &["-vV"]).context("rustc can't be asked for its version")?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc names no host")?;
    let folder = folder()?.join("fuzz");
    // With a target named, build scripts and macros are built without coverage.
    let mut build = cargo(&[
        "build",
        "--locked",
        "--release",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target",
        host,
    ]);
    build
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_TARGET_DIR", &folder);
    run(build)?;
    let programs = folder.join(host).join("release");
    Ok(Built { folder, programs })
}

impl Built {
    /// The target with its seeds, and a place for what it finds.
    fn on_seeds(&self, target: &str) -> Result<Command> {
        let corpus = self.folder.join("corpus").join(target);
        let findings = self.folder.join("findings").join(target);
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&findings)?;
        let mut fuzz: Command = command(&self.programs.join(target).to_string_lossy(), &[]);
        fuzz.arg(&corpus)
            .arg(checkout().join("fuzz/seeds").join(target))
            .arg(format!("-artifact_prefix={}/", findings.display()))
            .args(["-max_len=65536", "-timeout=10"]);
        Ok(fuzz)
    }
}

/// The names of the targets, as their manifest has them.
fn targets() -> Result<Vec<String>> {
    let folder = checkout().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}
