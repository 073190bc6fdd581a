//! Bundles `assets/` with esbuild and embeds the result.
//!
//! The npm packages are installed from the lock file into a folder outside the checkout that is
//! named after the lock's hash, so they are fetched once for each change of the lock.

use std::{
    collections::hash_map::DefaultHasher,
    env, fs,
    hash::{Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::{Command, exit},
};

const NEED_NODE: &str = "Bedside needs Node 20 or newer (with npm) to bundle its pages. \
     Install it, for example with `apt-get install nodejs npm` or from https://nodejs.org, \
     and build again.";

fn main() {
    let here = PathBuf::from(var("CARGO_MANIFEST_DIR"));
    let assets = here.join("../../assets");
    for watched in [
        "package.json",
        "package-lock.json",
        "build.mjs",
        "src",
        "svg",
    ] {
        println!("cargo::rerun-if-changed={}", assets.join(watched).display());
    }
    println!(
        "cargo::rerun-if-changed={}",
        here.join("../../locales").display()
    );
    println!("cargo::rerun-if-env-changed=BEDSIDE_CACHE");

    require_node();
    let out = PathBuf::from(var("OUT_DIR"));
    let modules = install(&assets, &out);
    let table = out.join("assets.rs");
    run(
        Command::new("node")
            .arg(assets.join("build.mjs"))
            .arg(&modules)
            .arg(&out),
        "bundling assets/",
    );
    assert!(
        table.is_file(),
        "assets/build.mjs did not write {}",
        table.display()
    );
}

fn require_node() {
    let version = Command::new("node")
        .arg("--version")
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok());
    let major = version.as_deref().and_then(|text| {
        text.trim()
            .strip_prefix('v')?
            .split('.')
            .next()?
            .parse()
            .ok()
    });
    match major {
        Some(20_u32..) => {}
        Some(_) => fail(&format!(
            "{NEED_NODE} Found Node {}.",
            version.unwrap_or_default().trim()
        )),
        None => fail(NEED_NODE),
    }
}

/// Installs the locked packages once and returns their `node_modules`.
fn install(assets: &Path, out: &Path) -> PathBuf {
    let read = |name: &str| {
        fs::read(assets.join(name))
            .unwrap_or_else(|error| fail(&format!("assets/{name} can't be read: {error}")))
    };
    let (package, lock) = (read("package.json"), read("package-lock.json"));
    let mut hasher = DefaultHasher::new();
    (&package, &lock).hash(&mut hasher);
    let cache = cache_folder(out);
    let folder = cache.join(format!("npm-{:016x}", hasher.finish()));
    let modules = folder.join("node_modules");
    if modules.is_dir() {
        return modules;
    }
    // Install beside and rename, so that a build that is interrupted, or a second one, does no harm.
    let work = cache.join(format!(
        "npm-{:016x}-{}",
        hasher.finish(),
        std::process::id()
    ));
    fs::create_dir_all(&work)
        .unwrap_or_else(|error| fail(&format!("{} can't be made: {error}", work.display())));
    for (name, content) in [("package.json", package), ("package-lock.json", lock)] {
        fs::write(work.join(name), content)
            .unwrap_or_else(|error| fail(&format!("{name} can't be copied: {error}")));
    }
    run(
        Command::new("npm")
            .args([
                "ci",
                "--omit=dev",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ])
            .current_dir(&work),
        "installing the npm packages of assets/package-lock.json",
    );
    if fs::rename(&work, &folder).is_err() && !modules.is_dir() {
        fail(&format!(
            "{} can't be renamed to {}",
            work.display(),
            folder.display()
        ));
    }
    // When another build was first, its folder stays and ours is not needed.
    if work.is_dir() {
        let _ = fs::remove_dir_all(&work);
    }
    modules
}

/// `BEDSIDE_CACHE` when it is set, else cargo's target folder, which builds of all profiles share.
fn cache_folder(out: &Path) -> PathBuf {
    let chosen = env::var_os("BEDSIDE_CACHE")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    let target = out.ancestors().nth(4).unwrap_or(out);
    chosen.unwrap_or_else(|| target.to_path_buf())
}

fn run(command: &mut Command, what: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => fail(&format!(
            "{what} failed:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(_) => fail(NEED_NODE),
    }
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| fail(&format!("cargo did not set {name}")))
}

fn fail(reason: &str) -> ! {
    eprintln!("{reason}");
    exit(1)
}
