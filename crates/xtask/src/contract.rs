//! The API against its own description: schemathesis (MIT) makes requests of it, right ones and wrong ones, one alone and
//! in chains, and holds every answer against what the description says.

use crate::bench::desk::Store;
use crate::cache;
use crate::commands::{cargo, command, run, run_and_read};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The packages, each with its version.
const PACKAGES: &str = include_str!("../schemathesis/packages.txt");
/// What is asked of the answers, and the files it is read from in the folder where the program starts.
const SETTINGS: [(&str, &str); 2] = [
    (
        "schemathesis.toml",
        include_str!("../schemathesis/schemathesis.toml"),
    ),
    ("hooks.py", include_str!("../schemathesis/hooks.py")),
];
/// The same requests each time: what fails can be looked at again.
const SEED: &str = "20261127";

/// Tries every way of the API with `examples` requests of each kind, on a desk with its first token and nothing else in
/// it; says whether all answers were as described.
pub fn holds(examples: u32, profile: &str) -> Result<bool> {
    let build = |kind: &str, name: &str, release: bool| {
        let mut build = cargo(&["build", "--locked", "--package", "bedside-desk", kind, name]);
        if release {
            build.arg("--release");
        }
        run(build)
    };
    build("--bin", "bedside", profile == "release")?;
    build("--example", "empty_desk", false)?;
    let schemathesis = installed()?;
    let folder = tempfile::tempdir()?;
    let store = Store::empty(folder.path())?;
    for (name, text) in SETTINGS {
        let path = folder.path().join(name);
        fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
    }
    let desk = store.start(&crate::test::program(profile)?)?;
    let bearer = store.keys.bearer.trim_end();
    let (_, token) = bearer.rsplit_once(' ').context("no token")?;
    let mut trial = command(
        &schemathesis.to_string_lossy(),
        &[
            "run",
            "--checks",
            "all",
            "--continue-on-failure",
            "--no-color",
        ],
    );
    trial
        .args(["--seed", SEED, "--max-examples", &examples.to_string()])
        .arg(format!("http://{}/openapi.json", desk.http))
        .env("BEDSIDE_TRIED_TOKEN", token)
        .current_dir(folder.path());
    let ended = run_and_read(trial)?;
    desk.stop()?;
    Ok(ended.fine)
}

/// The program, in an environment of its own in the cache.
fn installed() -> Result<PathBuf> {
    let name = cache::name_of(&[PACKAGES.as_bytes().to_vec()]);
    let folder = cache::folder()?.join(format!("schemathesis-{name}"));
    let (program, whole) = (folder.join("bin/schemathesis"), folder.join("whole"));
    if !whole.is_file() {
        crate::machine::python()?;
        environment(&folder)?;
        fs::write(&whole, "").with_context(|| format!("{} can't be written", whole.display()))?;
    }
    Ok(program)
}

fn environment(folder: &Path) -> Result<()> {
    let list = folder.join("packages.txt");
    run(command(
        "python3",
        &["-m", "venv", "--clear", &folder.to_string_lossy()],
    ))?;
    fs::write(&list, PACKAGES).with_context(|| format!("{} can't be written", list.display()))?;
    run(command(
        &folder.join("bin/pip").to_string_lossy(),
        &[
            "install",
            "--quiet",
            "--no-deps",
            "--requirement",
            &list.to_string_lossy(),
        ],
    ))
}
