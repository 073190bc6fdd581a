//! `cargo xtask test`: everything that has to hold before a change goes in.

use crate::commands::{Ended, cargo, command, output, run as run_to_end, run_and_read};
use crate::summary::{self, Count, Outcome};
use crate::{cache, fuzz, machine};
use anyhow::Result;
use clap::Args;
use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Runs every check and test.
#[derive(Args)]
pub struct Options {
    /// Run this step alone; may be given several times
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Say which steps there are, and run none
    #[arg(long)]
    list: bool,
    /// Take the machine as it is: install no Debian packages
    #[arg(long)]
    no_install: bool,
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Machine) -> Result<Done>,
}

/// How a step ended.
struct Done {
    fine: bool,
    count: Option<Count>,
    note: String,
}

/// What the steps run on.
struct Machine {
    path: OsString,
}

const STEPS: &[Step] = &[
    Step {
        name: "format",
        about: "rustfmt",
        run: format,
    },
    Step {
        name: "clippy",
        about: "clippy on every target, no warning left",
        run: clippy,
    },
    Step {
        name: "deny",
        about: "licences, sources and banned crates; known holes where the network allows",
        run: deny,
    },
    Step {
        name: "machete",
        about: "no dependency that nothing uses",
        run: machete,
    },
    Step {
        name: "types",
        about: "the TypeScript of the pages, strictly",
        run: types,
    },
    Step {
        name: "tests",
        about: "unit and integration tests: both databases, real mail servers, kill -9",
        run: tests,
    },
    Step {
        name: "doctests",
        about: "examples in the docs of the code",
        run: doc_tests,
    },
    Step {
        name: "fuzz",
        about: "the fuzz targets, on their seeds alone",
        run: fuzz_targets,
    },
    Step {
        name: "browser",
        about: "the real program in Chromium, with accessibility checks",
        run: browser,
    },
    Step {
        name: "docs",
        about: "the book in docs/",
        run: docs,
    },
];

/// Runs the steps one after the other, all of them even when one fails.
pub fn run(options: &Options) -> Result<ExitCode> {
    if options.list {
        for step in STEPS {
            println!("{:<10} {}", step.name, step.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(unknown) = options
        .only
        .iter()
        .find(|name| STEPS.iter().all(|step| step.name != **name))
    {
        anyhow::bail!("There is no step {unknown}; `cargo xtask test --list` names them.");
    }
    let wanted =
        |step: &&Step| options.only.is_empty() || options.only.iter().any(|name| name == step.name);
    let started = Instant::now();
    if !options.no_install {
        machine::packages()?;
    }
    let machine = Machine {
        path: machine::tools()?,
    };
    let mut outcomes = vec![Outcome {
        name: "machine",
        fine: true,
        count: None,
        took: started.elapsed(),
        note: String::new(),
    }];
    for step in STEPS.iter().filter(wanted) {
        println!("\n== {}: {}", step.name, step.about);
        let started = Instant::now();
        let done = (step.run)(&machine).unwrap_or_else(|error| {
            eprintln!("{error:#}");
            Done {
                fine: false,
                count: None,
                note: format!("{error}"),
            }
        });
        let Done { fine, count, note } = done;
        outcomes.push(Outcome {
            name: step.name,
            fine,
            count,
            took: started.elapsed(),
            note,
        });
    }
    summary::print(&outcomes);
    Ok(if outcomes.iter().all(|outcome| outcome.fine) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Machine {
    fn run(&self, mut command: Command) -> Result<Ended> {
        command.env("PATH", &self.path);
        run_and_read(command)
    }

    /// A step that is fine when its command is.
    fn check(&self, command: Command) -> Result<Done> {
        Ok(Done {
            fine: self.run(command)?.fine,
            count: None,
            note: String::new(),
        })
    }

    /// A step with tests; one that says it is fine and ran none is not.
    fn counted(&self, command: Command, count: fn(&[String]) -> Count) -> Result<Done> {
        let ended = self.run(command)?;
        let count = count(&ended.lines);
        let note = if count.passed == 0 && ended.fine {
            "no test ran"
        } else {
            ""
        };
        Ok(Done {
            fine: ended.fine && count.passed > 0,
            count: Some(count),
            note: note.to_owned(),
        })
    }
}

fn format(machine: &Machine) -> Result<Done> {
    machine.check(cargo(&["fmt", "--all", "--check"]))
}

fn clippy(machine: &Machine) -> Result<Done> {
    machine.check(cargo(&[
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn deny(machine: &Machine) -> Result<Done> {
    let always = machine.run(cargo(&[
        "deny", "--locked", "check", "bans", "licenses", "sources",
    ]))?;
    // The list of known holes is fetched from GitHub, which not every builder reaches.
    let reachable = output(
        "timeout",
        &["20", "git", "ls-remote", "--heads", ADVISORIES],
    )
    .is_some();
    if !reachable {
        let note =
            "known holes were not looked up: the advisory database can't be reached".to_owned();
        return Ok(Done {
            fine: always.fine,
            count: None,
            note,
        });
    }
    let holes = machine.run(cargo(&["deny", "--locked", "check", "advisories"]))?;
    Ok(Done {
        fine: always.fine && holes.fine,
        count: None,
        note: String::new(),
    })
}

/// Where the list of known holes is kept.
const ADVISORIES: &str = "https://github.com/rustsec/advisory-db";

fn machete(machine: &Machine) -> Result<Done> {
    // Called by its own name: under `cargo run` it takes the word `machete` for a folder.
    let mut machete = command("cargo-machete", &["--with-metadata"]);
    machete.env_remove("CARGO");
    machine.check(machete)
}

fn types(machine: &Machine) -> Result<Done> {
    let modules = machine::packages_of("assets")?;
    // Imports are looked for above the sources, so these are copied to where the packages are.
    let beside = tempfile::tempdir_in(modules.parent().unwrap_or(&modules))?;
    let place = beside.path().display().to_string();
    for part in ["assets/src", "assets/tsconfig.json"] {
        run_to_end(command("cp", &["-R", part, &place]))?;
    }
    let tsc = modules.join(".bin/tsc").display().to_string();
    machine.check(command(&tsc, &["--noEmit", "--project", &place]))
}

fn tests(machine: &Machine) -> Result<Done> {
    let command = cargo(&[
        "nextest",
        "run",
        "--locked",
        "--workspace",
        "--no-fail-fast",
        "--status-level=slow",
    ]);
    machine.counted(command, summary::of_nextest)
}

fn doc_tests(machine: &Machine) -> Result<Done> {
    machine.counted(
        cargo(&["test", "--locked", "--workspace", "--doc"]),
        summary::of_doc_tests,
    )
}

/// What the targets are for is random input (`cargo xtask fuzz`); here they must build and stand their seeds.
fn fuzz_targets(machine: &Machine) -> Result<Done> {
    let mut count = Count::default();
    for replay in fuzz::replays()? {
        if machine.run(replay)?.fine {
            count.passed += 1;
        } else {
            count.failed += 1;
        }
    }
    Ok(Done {
        fine: count.failed == 0 && count.passed > 0,
        count: Some(count),
        note: String::new(),
    })
}

fn browser(machine: &Machine) -> Result<Done> {
    let modules = machine::browser_packages()?;
    let mut programs = cargo(&["build", "--locked", "--package", "bedside-desk"]);
    programs.args(["--bin", "bedside", "--example", "patient_rows"]);
    let built = machine.run(programs)?;
    anyhow::ensure!(built.fine, "the program could not be built");
    let mut command = command("node", &["--test", "--test-reporter=tap", "tests/"]);
    command
        .current_dir(cache::checkout().join("e2e"))
        .env("BEDSIDE_E2E_MODULES", modules)
        .env("BEDSIDE_PROGRAM", program("debug")?);
    machine.counted(command, summary::of_node)
}

fn docs(machine: &Machine) -> Result<Done> {
    machine.check(command("mdbook", &["build", "docs"]))
}

/// The built program of a profile.
pub fn program(profile: &str) -> Result<std::path::PathBuf> {
    let metadata = output(
        "cargo",
        &["metadata", "--locked", "--no-deps", "--format-version=1"],
    );
    let metadata = metadata.ok_or_else(|| anyhow::anyhow!("cargo metadata failed"))?;
    let (_, rest) = metadata
        .split_once("\"target_directory\":\"")
        .ok_or_else(|| anyhow::anyhow!("cargo metadata names no target folder"))?;
    let folder = rest.split('"').next().unwrap_or_default();
    Ok(std::path::Path::new(folder).join(profile).join("bedside"))
}
