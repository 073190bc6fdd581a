//! Every use of cryptography stands in `docs/security/cryptography.md`, and none is there that should not be.

use super::{every_source, none, repository};
use std::collections::BTreeSet;
use std::fs;

/// Crates that encrypt, hash, sign, verify, compare in constant time, make random numbers or wipe keys, as code names them.
const CRATES: &[&str] = &[
    "aws_lc_rs::",
    "argon2::",
    "foldhash::",
    "openidconnect::",
    "rustls::",
    "rustls_platform_verifier::",
    "siphasher::",
    "subtle::",
    "tokio_rustls::",
    "webauthn_rs::",
    "zeroize::",
];

/// Direct dependencies that would be another implementation of what aws-lc does, or none that lasts.
const OTHERS: &[&str] = &[
    "aes",
    "aes-gcm",
    "blake2",
    "blake3",
    "chacha20poly1305",
    "des",
    "ed25519-dalek",
    "fastrand",
    "getrandom",
    "hkdf",
    "hmac",
    "md-5",
    "md5",
    "native-tls",
    "openssl",
    "p256",
    "pbkdf2",
    "rand",
    "ring",
    "rsa",
    "scrypt",
    "sha-1",
    "sha1",
    "sha2",
    "sha3",
    "sodiumoxide",
    "x25519-dalek",
];

#[test]
fn every_use_of_cryptography_is_in_the_inventory() {
    let page = repository().join("docs/security/cryptography.md");
    let page = fs::read_to_string(page).expect("the inventory");
    let (_, used) = page
        .split_once("\n## Where it is used\n")
        .expect("the list");
    let used = used.split("\n## ").next().unwrap_or_default();
    let listed: BTreeSet<&str> = used.split('`').skip(1).step_by(2).collect();
    let sources = every_source();
    let is_use = |line: &str| CRATES.iter().any(|one| line.contains(one));
    let product = sources.iter().filter(|source| {
        let inside = source.path.contains("/src/") && !source.is_test();
        inside && !source.path.starts_with("testkit/") && !source.path.starts_with("xtask/")
    });
    let found: BTreeSet<String> = product
        .filter(|source| source.code().any(|(_, line)| is_use(line)))
        .map(|source| format!("crates/{}", source.path))
        .collect();
    assert!(found.len() > 20, "the sources were not found: {found:?}");
    let missing: Vec<String> = found
        .iter()
        .filter(|path| !listed.contains(path.as_str()))
        .cloned()
        .collect();
    none(&missing, "docs/security/cryptography.md has no line for");
    let gone: Vec<String> = listed
        .iter()
        .filter(|path| path.starts_with("crates/") && !found.contains(**path))
        .map(|path| (*path).to_owned())
        .collect();
    none(
        &gone,
        "docs/security/cryptography.md has what uses nothing any more",
    );
}

/// How long a comparison by `==` takes tells how much of a tag was right. What is made of a key is compared in constant time,
/// or hashes of both sides are (ASVS 5.0, V11.2.4).
#[test]
fn no_tag_is_compared_letter_by_letter() {
    let makes = [
        ".sign(",
        ".tag(&",
        "choice_code(",
        "hmac::sign",
        "secret::random_token(",
        ".hash ==",
        ".hash !=",
        ".mark ==",
        ".mark !=",
        ".seal ==",
        ".seal !=",
    ];
    let compares = |line: &str| {
        let is = |line: &str| line.contains("==") || line.contains("!=");
        is(line) && makes.iter().any(|one| line.contains(one))
    };
    assert!(compares("if choice_code(app, &point.blind)? == code {"));
    assert!(!compares("let right = choice_code(app, &point.blind)?;"));
    let sources = every_source();
    let product = sources
        .iter()
        .filter(|source| source.path.contains("/src/") && !source.is_test())
        .filter(|source| {
            // What the language engine hashes are words, and no secrets.
            let kept = ["testkit/", "xtask/", "language/"];
            !kept.iter().any(|folder| source.path.starts_with(folder))
        });
    let mut found = Vec::new();
    for source in product {
        let wrong = source.code().filter(|(_, line)| compares(line));
        found.extend(
            wrong.map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim())),
        );
    }
    none(
        &found,
        "a tag is compared by verify_slices_are_equal, ct_eq or the key that made it",
    );
}

#[test]
fn no_other_implementation_comes_in() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).expect("the manifest");
    let table = manifest
        .split("\n[workspace.dependencies]\n")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("the dependencies");
    let wrong: Vec<String> = table
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter(|(name, _)| OTHERS.contains(&name.trim()))
        .map(|(name, _)| name.to_owned())
        .collect();
    none(
        &wrong,
        "cryptography is aws-lc's; see docs/decisions/0003-cryptography.md",
    );
    // Every crate names its dependencies there, so there is no way round this list.
    let own = every_manifest()
        .into_iter()
        .filter(|line| line.contains(" = {") || line.contains(" = \""))
        .filter(|line| {
            OTHERS
                .iter()
                .any(|name| line.split(' ').next() == Some(name))
        });
    none(
        &own.collect::<Vec<_>>(),
        "dependencies come from the workspace",
    );
}

/// Lines of all manifests of the crates.
fn every_manifest() -> Vec<String> {
    let crates = fs::read_dir(repository().join("crates")).expect("the crates");
    let text = crates.map(|one| one.expect("a crate").path().join("Cargo.toml"));
    let text = text.map(|path| fs::read_to_string(path).expect("a manifest"));
    text.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}
