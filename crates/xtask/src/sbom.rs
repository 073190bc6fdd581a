//! `cargo xtask sbom`: every component of a release, as `CycloneDX` 1.6 (ECMA-424), from the lock files alone.
//!
//! What Cargo.lock holds is in the program or builds and tests it; the two package-lock.json are of the pages and of the
//! browser tests. All come from crates.io and registry.npmjs.org with a checksum, which the list carries on.

use crate::cache;
use crate::commands::output;
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes the list.
#[derive(Args)]
pub struct Options {
    /// File to write to; the terminal when left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The npm lock files, and whether what they name is in a release.
const NPM: [(&str, bool); 2] = [("assets", true), ("e2e", false)];

/// Makes the list.
pub fn run(options: &Options) -> Result<ExitCode> {
    let lock = std::fs::read_to_string(cache::checkout().join("Cargo.lock"))?;
    let metadata = output("cargo", &["metadata", "--locked", "--format-version=1"])
        .context("cargo metadata failed")?;
    let mut components = crates(&serde_json::from_str(&metadata)?, &lock)?;
    for (folder, shipped) in NPM {
        let path = cache::checkout().join(folder).join("package-lock.json");
        let lock = std::fs::read_to_string(&path)
            .with_context(|| format!("{} can't be read", path.display()))?;
        components.extend(npm(&serde_json::from_str(&lock)?, shipped)?);
    }
    let text = serde_json::to_string_pretty(&document(env!("CARGO_PKG_VERSION"), components))?;
    match &options.out {
        Some(file) => std::fs::write(file, text + "\n")
            .with_context(|| format!("{} can't be written", file.display()))?,
        None => println!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The whole list. Nothing in it depends on the time or the machine, so that the same sources give the same list.
fn document(version: &str, components: BTreeMap<String, Value>) -> Value {
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "application", "name": "bedside", "version": version, "bom-ref": "bedside",
            "licenses": [{ "expression": "Apache-2.0" }],
        } },
        "components": components.into_values().collect::<Vec<_>>(),
    })
}

fn component(
    purl: &str,
    name: &str,
    version: &str,
    license: Option<&str>,
    hash: (&str, &str),
    required: bool,
) -> Value {
    let mut one = json!({
        "type": "library", "bom-ref": purl, "purl": purl, "name": name, "version": version,
        "scope": if required { "required" } else { "excluded" },
        "hashes": [{ "alg": hash.0, "content": hash.1 }],
    });
    if let Some(license) = license {
        // Older crates write a slash for "or".
        one["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
    }
    one
}

/// The crates of other people, by package URL. `lock` has their checksums.
fn crates(metadata: &Value, lock: &str) -> Result<BTreeMap<String, Value>> {
    let sums = checksums(lock);
    let mut out = BTreeMap::new();
    for package in metadata["packages"].as_array().context("no packages")? {
        let Some(source) = package["source"].as_str() else {
            continue;
        };
        let (name, version) = (text(package, "name")?, text(package, "version")?);
        ensure!(
            source.starts_with("registry+"),
            "{name} {version} comes from {source}, which is no registry"
        );
        let sum = sums.get(&(name.to_owned(), version.to_owned()));
        let sum = sum.with_context(|| format!("{name} {version} has no checksum"))?;
        let purl = format!("pkg:cargo/{name}@{version}");
        let license = package["license"].as_str();
        let one = component(&purl, name, version, license, ("SHA-256", sum), true);
        out.insert(purl, one);
    }
    Ok(out)
}

fn text<'a>(of: &'a Value, name: &str) -> Result<&'a str> {
    of[name]
        .as_str()
        .with_context(|| format!("a package without {name}"))
}

/// Checksums of a Cargo.lock, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut out = BTreeMap::new();
    for package in lock.split("[[package]]") {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key));
            line.map(|rest| rest.trim_matches([' ', '=', '"']).to_owned())
        };
        if let (Some(name), Some(version), Some(sum)) =
            (value("name "), value("version "), value("checksum "))
        {
            out.insert((name, version), sum);
        }
    }
    out
}

const REGISTRY: &str = "https://registry.npmjs.org/";

/// The packages of a package-lock.json, by package URL.
fn npm(lock: &Value, shipped: bool) -> Result<BTreeMap<String, Value>> {
    let mut out = BTreeMap::new();
    for (path, package) in lock["packages"].as_object().context("no packages")? {
        let Some((_, name)) = path.rsplit_once("node_modules/") else {
            continue;
        };
        let version = text(package, "version")?;
        // The lock files leave the registry's own address out.
        let from = package["resolved"].as_str().unwrap_or(REGISTRY);
        ensure!(
            from.starts_with(REGISTRY),
            "{name} {version} comes from {from}"
        );
        let sum = text(package, "integrity")?;
        let sum = sum
            .strip_prefix("sha512-")
            .with_context(|| format!("{name} {version} has no SHA-512"))?;
        let sum = hex_of(sum).with_context(|| format!("{name} {version} has a broken checksum"))?;
        let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
        let required = shipped && package["dev"].as_bool() != Some(true);
        let license = package["license"].as_str();
        let one = component(&purl, name, version, license, ("SHA-512", &sum), required);
        out.insert(purl, one);
    }
    Ok(out)
}

/// Base64 (RFC 4648, with padding) as hexadecimal digits; none where it is no such text.
fn hex_of(base64: &str) -> Option<String> {
    use std::fmt::Write as _;
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut out) = (0_u32, 0_u32, String::new());
    for letter in base64.trim_end_matches('=').bytes() {
        let six = LETTERS.iter().position(|one| *one == letter)?;
        bits = (bits << 6) | u32::try_from(six).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            let _ = write!(out, "{:02x}", (bits >> count) & 0xff);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"theirs\"\nversion = \"1.2.3\"\n\
        source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"ab12\"\n";

    fn metadata(source: &str) -> Value {
        json!({ "packages": [
            { "name": "own", "version": "0.1.0", "source": null },
            { "name": "theirs", "version": "1.2.3", "license": "MIT/Apache-2.0", "source": source },
        ] })
    }

    #[test]
    fn crates_of_others_stand_in_the_list_with_where_they_come_from() {
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        let found = crates(&metadata(registry), LOCK).unwrap();
        assert_eq!(found.len(), 1);
        let one = &found["pkg:cargo/theirs@1.2.3"];
        assert_eq!(one["hashes"][0]["content"], "ab12");
        assert_eq!(one["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert!(crates(&metadata("git+https://example.org/theirs"), LOCK).is_err());
        assert!(crates(&metadata(registry), "").is_err());
    }

    #[test]
    fn packages_of_the_browser_side_stand_in_the_list() {
        let lock = |resolved: &str| {
            json!({ "packages": {
                "": { "name": "own" },
                "node_modules/@a/b": { "version": "2.0.0", "resolved": resolved, "integrity": "sha512-AP8Q" },
                "node_modules/c": { "version": "1.0.0", "resolved": resolved, "integrity": "sha512-AP8=", "dev": true },
            } })
        };
        let found = npm(&lock("https://registry.npmjs.org/x.tgz"), true).unwrap();
        let one = &found["pkg:npm/%40a/b@2.0.0"];
        assert_eq!(
            (&one["name"], &one["scope"]),
            (&json!("@a/b"), &json!("required"))
        );
        assert_eq!(one["hashes"][0]["content"], "00ff10");
        assert_eq!(found["pkg:npm/c@1.0.0"]["scope"], "excluded");
        assert_eq!(found["pkg:npm/c@1.0.0"]["hashes"][0]["content"], "00ff");
        assert!(npm(&lock("https://evil.example/x.tgz"), true).is_err());
    }

    /// What the schema of `CycloneDX` 1.6 asks of what is written here.
    #[test]
    fn the_list_of_this_checkout_has_the_standards_form() {
        let lock = std::fs::read_to_string(cache::checkout().join("assets/package-lock.json"));
        let components = npm(&serde_json::from_str(&lock.unwrap()).unwrap(), true).unwrap();
        assert!(components.len() > 3);
        let list = document("1.0.0", components);
        assert_eq!(
            (&list["bomFormat"], &list["specVersion"]),
            (&json!("CycloneDX"), &json!("1.6"))
        );
        let mut seen = std::collections::BTreeSet::new();
        for one in list["components"].as_array().unwrap() {
            for name in ["type", "name", "version", "purl", "bom-ref"] {
                assert!(
                    one[name].as_str().is_some_and(|text| !text.is_empty()),
                    "{name}: {one}"
                );
            }
            assert!(seen.insert(one["bom-ref"].as_str().unwrap()), "{one}");
            let sum = one["hashes"][0]["content"].as_str().unwrap();
            let digits = sum
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
            assert!(digits && [64, 128].contains(&sum.len()), "{sum}");
        }
    }
}
