//! Makes a fresh Debian or Ubuntu machine able to run everything: installs what is missing, touches nothing else.

use crate::cache;
use crate::commands::{cargo, command, output, run, which};
use anyhow::{Context, Result, bail, ensure};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Oldest Node that bundles the pages and runs the browser tests.
const NODE: u32 = 20;

/// Cargo's companions: program, package, version.
const TOOLS: &[(&str, &str)] = &[
    ("cargo-nextest", "0.9.143"),
    ("cargo-deny", "0.20.2"),
    ("cargo-machete", "0.9.2"),
    ("mdbook", "0.5.4"),
];

/// What changes the code to see whether a test notices.
const MUTANTS: &[(&str, &str)] = &[("cargo-mutants", "27.1.0")];

/// Installs the Debian packages that the tests start programs of, and Node.
pub fn packages() -> Result<()> {
    let mut missing: Vec<&str> = bedside_testkit::DEBIAN_PACKAGES
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    let node = node_version();
    if node.is_none_or(|major| major < NODE) {
        missing.extend(["nodejs", "npm"]);
    } else if which("npm").is_none() {
        missing.push("npm");
    }
    if !missing.is_empty() {
        println!("Installing Debian packages: {}", missing.join(" "));
        apt(&["update", "--quiet"])?;
        apt(&[
            &["install", "--yes", "--quiet", "--no-install-recommends"],
            missing.as_slice(),
        ]
        .concat())?;
    }
    match node_version() {
        Some(major) if major >= NODE => Ok(()),
        found => bail!(
            "Node {NODE} or newer is needed to bundle the pages and to run the browser tests, and {}. This system's \
             packages have no newer one: install it from https://nodejs.org and run this again.",
            found.map_or_else(
                || "none was found".to_owned(),
                |major| format!("Node {major} was found")
            )
        ),
    }
}

/// Installs Python with its environments, for what is written in it.
pub fn python() -> Result<()> {
    let works = output("python3", &["-c", "import ensurepip, venv"]).is_some();
    if works {
        return Ok(());
    }
    apt(&["update", "--quiet"])?;
    apt(&[
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        "python3",
        "python3-venv",
    ])
}

fn is_installed(package: &str) -> bool {
    output(
        "dpkg-query",
        &["--show", "--showformat=${db:Status-Status}", package],
    )
    .as_deref()
        == Some("installed")
}

fn node_version() -> Option<u32> {
    output("node", &["--version"])?
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn apt(args: &[&str]) -> Result<()> {
    ensure!(
        which("apt-get").is_some(),
        "This is no Debian or Ubuntu system, so nothing can be installed by itself. Needed are: {} (named as on Debian), \
         Node {NODE} and npm.",
        bedside_testkit::DEBIAN_PACKAGES.join(", ")
    );
    let root = output("id", &["-u"]).as_deref() == Some("0");
    // Postfix would ask how it is to be set up; the tests start their own.
    let set = "DEBIAN_FRONTEND=noninteractive";
    let words = [&["env", set, "apt-get"], args].concat();
    let apt = if root {
        command(words[0], &words[1..])
    } else {
        command("sudo", &words)
    };
    run(apt).context("the Debian packages could not be installed")
}

/// Cargo's companions for the tests. Returns the search path with them on it.
pub fn tools() -> Result<OsString> {
    provided(TOOLS)
}

/// The same with `cargo mutants`.
pub fn mutants() -> Result<OsString> {
    provided(MUTANTS)
}

/// Where programs are not on the search path, they are built once into the cache.
fn provided(tools: &[(&str, &str)]) -> Result<OsString> {
    let root = cache::folder()?.join("tools");
    let programs = root.join("bin");
    for (program, version) in tools {
        if which(program).is_none() && !programs.join(program).is_file() {
            println!(
                "Building {program} {version} into {}; this happens once.",
                root.display()
            );
            install(program, version, &root)?;
        }
    }
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(env::split_paths(&path).chain([programs]))?)
}

fn install(program: &str, version: &str, root: &Path) -> Result<()> {
    let target = root.join("target");
    let mut install = cargo(&["install", "--locked", "--version", version, program]);
    // They run for a few seconds, so an optimised build would cost more than it saves.
    install
        .arg("--debug")
        .arg("--root")
        .arg(root)
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", "-Cdebuginfo=0");
    run(install)?;
    std::fs::remove_dir_all(&target)
        .with_context(|| format!("{} can't be removed", target.display()))
}

/// The browser tests' packages, installed from the lock file into the cache. Returns their `node_modules`.
pub fn browser_packages() -> Result<PathBuf> {
    packages_of("e2e")
}

/// The packages of the lock file in `of`, what is for development too, installed into the cache. Returns their
/// `node_modules`.
pub fn packages_of(of: &str) -> Result<PathBuf> {
    let source = cache::checkout().join(of);
    let read = |name: &str| {
        std::fs::read(source.join(name)).with_context(|| format!("{of}/{name} can't be read"))
    };
    let files = ["package.json", "package-lock.json"];
    let contents = files
        .iter()
        .map(|name| read(name))
        .collect::<Result<Vec<_>>>()?;
    let folder = cache::folder()?.join(format!("{of}-{}", cache::name_of(&contents)));
    let modules = folder.join("node_modules");
    let whole = folder.join("whole");
    if !whole.is_file() {
        std::fs::create_dir_all(&folder)?;
        for (name, content) in files.iter().zip(&contents) {
            std::fs::write(folder.join(name), content)?;
        }
        let mut npm = command(
            "npm",
            &[
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ],
        );
        npm.current_dir(&folder);
        run(npm).with_context(|| {
            format!("the packages of {of}/package-lock.json could not be installed")
        })?;
        // Written last, so that an interrupted installation is done again.
        std::fs::write(&whole, "")?;
    }
    Ok(modules)
}
