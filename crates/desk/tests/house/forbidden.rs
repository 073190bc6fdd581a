//! What no line of code does.

use super::{collect, lines, none, repository};
use std::fs;

#[test]
fn sql_stands_in_stores_alone() {
    // Ways to run a text that is no registered statement.
    let raw = [
        ".batch(",
        ".execute_batch(",
        "rusqlite::",
        "tokio_postgres::",
    ];
    let words = ["SELECT ", "INSERT INTO", "DELETE FROM", "UPDATE "];
    let found = lines(|source, line| {
        let declares = source.is_store() || source.path == "once.rs";
        let sql = words.iter().any(|word| line.contains(word)) || line.contains("statements! {");
        (sql && !declares) || raw.iter().any(|way| line.contains(way))
    });
    none(&found, "SQL belongs in a part's store.rs");
}

#[test]
fn attack_34_sql_is_never_put_together() {
    let found = lines(|source, line| source.is_store() && line.contains("format!("));
    none(&found, "a SQL text is a constant; values are bound");
}

/// A statement is a constant by its type: `statements!` takes a `const`, and nothing else makes one. What is left to the crate
/// of the engines are these texts, none of which holds a word from outside.
#[test]
fn attack_34_no_engine_is_given_a_text_that_was_put_together() {
    let known = [
        ("postgres.rs", "LISTEN {CHANNEL}"),
        ("search.rs", "tx.batch_execute(&format!("),
        ("sqlite/mod.rs", "EXPLAIN QUERY PLAN {}"),
        ("sqlite/writer.rs", "PRAGMA wal_checkpoint({how})"),
    ];
    let words = [
        "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "PRAGMA ", "EXPLAIN ", "LISTEN ", "CREATE ",
        "ATTACH ", "ALTER ", "DROP ", "execute(", "prepare",
    ];
    let mut sources = Vec::new();
    collect(&repository().join("crates/db/src"), "", &mut sources);
    assert!(sources.len() > 10, "the source was not found");
    let mut found = Vec::new();
    let mut seen = 0;
    for source in sources.iter().filter(|source| !source.is_test()) {
        for (number, line) in source.code() {
            let joins = line.contains("format!(") || line.contains(".push_str(");
            if !joins || !words.iter().any(|word| line.contains(word)) {
                continue;
            }
            let is_known =
                |(path, text): &(&str, &str)| source.path == *path && line.contains(text);
            if known.iter().any(is_known) {
                seen += 1;
            } else {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    none(&found, "a SQL text is a constant; values are bound");
    assert_eq!(seen, known.len(), "an exception that is none any more");
    // Nobody but the macro makes a statement.
    let made = lines(|_, line| line.contains("Statement {") && !line.contains("-> Statement {"));
    none(&made, "statements are declared with `statements!`");
}

/// Whatever the desk asks goes through `channels`, which judges an address when it connects: mail servers by `Reach`, other
/// systems by `http`. The attacks themselves are tried there, and with the settings (`attack_19_…`).
#[test]
fn nothing_but_channels_connects_to_another_machine() {
    let clients = [
        "hyper_util::client",
        "hyper::client",
        "reqwest",
        "ureq",
        "TcpStream::connect",
        "UdpSocket",
        "lookup_host",
    ];
    let found = lines(|_, line| clients.iter().any(|client| line.contains(client)));
    none(&found, "what asks another machine belongs in channels");
}

#[test]
fn attack_25_no_setting_starts_a_program() {
    // How much room is left on the disk, asked of `df` with the folder as an argument of its own.
    let known = ["cli/check.rs"];
    let found = lines(|source, line| {
        let starts = line.contains("process::Command") || line.contains("Command::new(\"");
        starts && !known.contains(&source.path.as_str())
    });
    none(&found, "the desk starts no other program");
}

/// What turns text back into a thing of a kind that the text itself names lets whoever writes the text choose the code that
/// runs. Nothing of that sort is built in; what the desk signed says what it holds and nothing of how to read it.
#[test]
fn attack_23_no_text_says_which_code_reads_it() {
    let lock = fs::read_to_string(repository().join("Cargo.lock")).expect("the lock file");
    let chooses = [
        "typetag",
        "erased-serde",
        "erased_serde",
        "inventory",
        "pickle",
        "serde_traitobject",
        "bincode",
        "libloading",
    ];
    let names: Vec<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .collect();
    assert!(names.len() > 100, "the lock file was not read");
    let found: Vec<String> = names
        .into_iter()
        .filter(|name| chooses.iter().any(|word| name.contains(word)))
        .map(str::to_owned)
        .collect();
    none(&found, "see docs/security/attacks.md, number 23");
}

/// What reads XML can be made to read files, and what draws pages from HTML too: neither is built in.
#[test]
fn attack_45_nothing_reads_xml_or_draws_pages() {
    let lock = fs::read_to_string(repository().join("Cargo.lock")).expect("the lock file");
    let reads = ["xml", "wkhtml", "chrom", "webkit", "printpdf", "typst"];
    let names: Vec<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .collect();
    assert!(names.len() > 100, "the lock file was not read");
    let found: Vec<String> = names
        .into_iter()
        .filter(|name| reads.iter().any(|word| name.contains(word)))
        .map(str::to_owned)
        .collect();
    none(&found, "see docs/security/attacks.md, number 45");
}

/// Nothing that comes in is unpacked: no crate of the program names one that could.
#[test]
fn attack_21_nothing_unpacks_an_archive() {
    let unpacks = [
        "zip",
        "tar",
        "rar",
        "7z",
        "sevenz",
        "flate",
        "miniz",
        "inflate",
        "brotli",
        "bzip",
        "xz",
        "lzma",
        "zstd",
        "compress-tools",
        "async-compression",
    ];
    let mut found = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(repository().join("crates")).expect("the crates") {
        let folder = entry.expect("a crate").path();
        // What builds and tests the program is no part of it.
        if folder.ends_with("xtask") || folder.ends_with("testkit") {
            continue;
        }
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let (_, named) = manifest.split_once("[dependencies]").unwrap_or_default();
        let named = named.split("\n[").next().unwrap_or_default();
        for name in named
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next())
        {
            seen += usize::from(!name.is_empty());
            if unpacks.iter().any(|word| name.contains(word)) {
                found.push(format!("{}: {name}", folder.display()));
            }
        }
    }
    assert!(seen > 50, "the manifests were not read");
    none(&found, "see docs/security/attacks.md, number 21");
}
