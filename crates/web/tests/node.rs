//! What the build says on a machine that can't bundle the browser side.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs};

/// The build script as a program; it needs the standard library alone.
fn build_script(folder: &Path) -> Command {
    let program = folder.join("build");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs");
    let built = Command::new(rustc)
        .args(["--edition=2024", "-Cdebuginfo=0", source, "-o"])
        .arg(&program)
        .status();
    assert!(built.unwrap().success());
    Command::new(program)
}

/// Runs it where these programs are all there is.
fn with(folder: &Path, programs: &[(&str, &str)]) -> Output {
    let path = folder.join("path");
    fs::create_dir_all(&path).unwrap();
    for (name, script) in programs {
        let file = path.join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut script = build_script(folder);
    script
        .env_clear()
        .env("PATH", &path)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env("OUT_DIR", folder.join("target/debug/build/bedside-web/out"))
        .env("BEDSIDE_CACHE", folder.join("cache"));
    script.output().unwrap()
}

fn said(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_node_the_build_says_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    let text = said(&with(folder.path(), &[]));
    assert!(text.starts_with("Bedside needs Node 20 or newer"), "{text}");
    assert!(text.contains("apt-get install nodejs npm"), "{text}");
}

#[test]
fn an_old_node_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = said(&with(folder.path(), &[("node", "echo v18.20.4")]));
    assert!(
        text.contains("Node 20 or newer") && text.contains("Found Node v18.20.4."),
        "{text}"
    );
}

#[test]
fn node_without_npm_is_told_and_a_failing_npm_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let text = said(&with(folder.path(), &[("node", "echo v20.11.0")]));
    assert!(
        text.starts_with("Bedside needs Node 20 or newer (with npm)"),
        "{text}"
    );
    let npm = ("npm", "echo the registry can not be reached >&2; exit 7");
    let text = said(&with(folder.path(), &[("node", "echo v20.11.0"), npm]));
    assert!(text.contains("installing the npm packages"), "{text}");
    assert!(text.contains("the registry can not be reached"), "{text}");
}
