//! Who may use whom.

use super::{lines, none, repository, sources};
use std::fs;
use std::path::{Path, PathBuf};

/// Parts through which requests come in. Services know none of them.
const WAYS_IN: &[&str] = &[
    "admin", "api", "cli", "demo", "intake", "pages", "public", "scim",
];

/// Ways in that may use another one: the frame of a page, and the demo that drives the rest.
const BETWEEN_WAYS_IN: &[(&str, &[&str])] = &[
    ("admin", &["pages"]),
    ("api", &[]),
    ("cli", &["demo", "intake"]),
    ("demo", &["cli", "pages", "public"]),
    ("intake", &[]),
    ("pages", &[]),
    ("public", &["pages"]),
    ("scim", &[]),
];

/// Parts at the bottom, and all that they may use.
const FOUNDATIONS: &[(&str, &[&str])] = &[
    ("audit_log", &["app", "context", "error", "ids"]),
    ("events", &["app", "context", "error", "ids", "audit_log"]),
    (
        "records",
        &[
            "app",
            "context",
            "error",
            "ids",
            "codes",
            "field_group",
            "work",
            "audit_log",
            // New keys are told to other nodes.
            "events",
        ],
    ),
    ("sla", &["orgs"]),
    (
        "mailboxes",
        &[
            // Whether a server may do without TLS is said where the desk is set up.
            "config",
            "app",
            "context",
            "error",
            "events",
            "ids",
            "work",
            "audit_log",
            "records",
        ],
    ),
    (
        "orgs",
        &[
            "app",
            "context",
            "error",
            "events",
            "field_group",
            "ids",
            "names",
            "work",
            "audit_log",
            "config",
            // A clinic's roles are held in memory with its other settings.
            "staff",
        ],
    ),
    (
        "passkeys",
        &[
            "app",
            "audit_log",
            "context",
            "error",
            "ids",
            "names",
            // A mark that nobody without the desk's keys can make.
            "records",
            "security_log",
            "work",
        ],
    ),
    (
        "staff",
        &[
            "app",
            "context",
            "error",
            "events",
            "ids",
            "names",
            // What the staff and patients both come in by.
            "passkeys",
            "audit_log",
            "work",
            // A list of breached passwords is named where the desk is set up.
            "config",
            // What an authenticator app shares with the desk is sealed.
            "records",
            "security_log",
        ],
    ),
];

#[test]
fn a_store_is_known_to_its_part_alone() {
    let open = ["pub mod store", "pub(crate) mod store", "pub use store::*"];
    let found = lines(|_, line| open.iter().any(|open| line.contains(open)));
    none(
        &found,
        "a part calls another part's service, never its store",
    );
}

#[test]
fn only_the_database_crate_knows_engines() {
    // The desk asks which engine it runs on where one process or several make the difference.
    let may_ask = ["server.rs", "cli/"];
    let found = lines(|source, line| {
        let may_ask = may_ask.iter().any(|place| source.path.starts_with(place));
        let asks = line.contains("is_embedded()") && !may_ask;
        asks || line.contains("if sqlite") || line.contains("if postgres")
    });
    none(&found, "what differs by engine lives in crates/db");
}

#[test]
fn time_comes_in_as_an_argument() {
    let clocks = [
        "Timestamp::now()",
        "Zoned::now()",
        "SystemTime::now()",
        "Uuid::now_v7()",
        "Uuid::new_v4()",
    ];
    let found = lines(|_, line| clocks.iter().any(|clock| line.contains(clock)));
    none(&found, "ask App::now and App::id");
}

#[test]
fn services_know_no_way_in() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let Some(part) = source.part() else { continue };
        let uses = source.uses();
        let allowed: Vec<&str> = match BETWEEN_WAYS_IN.iter().find(|(way, _)| *way == part) {
            Some((way, others)) => [&[*way], *others].concat(),
            // The job runner gathers every part's work.
            None if source.path == "jobs/mod.rs" => vec!["intake"],
            // The router gathers the ways in, and asks at the door of the patients' pages.
            None if source.path == "router/patient.rs" => vec!["public"],
            None => Vec::new(),
        };
        let wrong = WAYS_IN
            .iter()
            .filter(|way| uses.contains(**way) && !allowed.contains(way));
        found.extend(wrong.map(|way| format!("{} uses {way}", source.path)));
    }
    none(&found, "arrows go one way: ways in call services");
}

#[test]
fn foundations_stand_on_little() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let foundation = FOUNDATIONS
            .iter()
            .find(|(part, _)| Some(*part) == source.part());
        let Some((part, allowed)) = foundation else {
            continue;
        };
        let uses = source.uses();
        let parts = uses.iter().filter(|name| {
            let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
            let is_part: [PathBuf; 2] = [src.join(name), src.join(format!("{name}.rs"))];
            is_part.iter().any(|path| path.exists())
        });
        let wrong = parts.filter(|name| name != part && !allowed.contains(&name.as_str()));
        found.extend(wrong.map(|name| format!("{} uses {name}", source.path)));
    }
    none(&found, "a foundation that uses what stands on it is none");
}

#[test]
fn decisions_know_neither_a_database_nor_the_web() {
    let manifest = repository().join("crates/access/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest");
    let (_, dependencies) = manifest.split_once("[dependencies]\n").expect("a list");
    let (dependencies, _) = dependencies.split_once("\n[").expect("an end");
    let named: Vec<&str> = dependencies
        .lines()
        .filter_map(|line| line.split_once('.').map(|(name, _)| name))
        .collect();
    assert_eq!(named, ["serde", "utoipa"], "codes and their description");
}
