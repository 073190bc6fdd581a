//! The rules of the house, held by reading the source.

mod cryptography;
mod forbidden;
mod lists;
mod parts;
mod texts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

struct Source {
    /// Path below the folder that was read: `src/`, or that of all crates.
    path: String,
    text: String,
}

impl Source {
    /// The folder directly below `src/`; none for the files that hold the house together.
    fn part(&self) -> Option<&str> {
        self.path.split_once('/').map(|(part, _)| part)
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    fn is_store(&self) -> bool {
        self.path.ends_with("/store.rs") || self.path.contains("/store/")
    }

    /// Lines with their numbers, without comments and without the tests at the end of a file.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self
            .text
            .lines()
            .zip(1..)
            .take_while(|(line, _)| line.trim() != "#[cfg(test)]");
        lines
            .map(|(line, number)| (number, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The parts of the crate that this file names.
    fn uses(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let code: String = self
            .code()
            .map(|(_, line)| line)
            .collect::<Vec<_>>()
            .join("\n");
        for (at, _) in code.match_indices("crate::") {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            found.extend(first_names(&code[at + "crate::".len()..]));
        }
        found
    }
}

/// The first names of a path or of a group of paths: `a::b` gives a; `{a::{b, c}, d}` gives a and d.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(name(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.retain(|name: &String| !name.is_empty());
    names
}

fn sources() -> Vec<Source> {
    let mut out = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut out,
    );
    assert!(out.len() > 50, "the source was not found");
    out
}

fn collect(folder: &Path, below: &str, out: &mut Vec<Source>) {
    for entry in fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
    {
        let name = entry
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if entry.is_dir() {
            collect(&entry, &path, out);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            out.push(Source {
                path,
                text: fs::read_to_string(&entry).expect("a source file"),
            });
        }
    }
}

/// Lines of code, tests aside, that `is_wrong` says so of.
fn lines(is_wrong: impl Fn(&Source, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let wrong = source.code().filter(|(_, line)| is_wrong(source, line));
        found.extend(
            wrong.map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim())),
        );
    }
    found
}

#[track_caller]
fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file of the crates with its path below `crates/`.
fn every_source() -> Vec<Source> {
    let mut out = Vec::new();
    collect(&repository().join("crates"), "", &mut out);
    assert!(out.len() > 300, "the crates were not found");
    out
}

#[test]
fn groups_of_paths_are_read() {
    assert_eq!(first_names("a::b;"), ["a"]);
    assert_eq!(first_names("{a::{b, c}, d, e::f};"), ["a", "d", "e"]);
}
