//! Lists that grow with the code, and files that must not.

use super::{Source, every_source, none, repository, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Names of all functions, tests included.
fn functions(sources: &[Source]) -> BTreeSet<&str> {
    let functions = sources.iter().flat_map(|source| {
        let after = source
            .text
            .lines()
            .filter_map(|line| line.trim_start().split_once("fn "));
        after.map(|(_, rest)| rest.split(['(', '<']).next().unwrap_or_default())
    });
    functions.collect()
}

fn page(name: &str) -> String {
    let path = repository().join("docs/security").join(name);
    fs::read_to_string(path).expect("a page of the documentation")
}

/// What a page puts between backticks.
fn quoted(page: &str) -> BTreeSet<&str> {
    page.split('`').skip(1).step_by(2).collect()
}

/// Each of the 345 requirements has one line, and the tests that hold it are there.
#[test]
fn every_requirement_is_in_the_map() {
    let (sources, map) = (every_source(), page("asvs.md"));
    let tests = functions(&sources);
    let rows = map.lines().filter_map(|line| line.strip_prefix("| V"));
    let ids = rows.map(|row| row.split(' ').next().unwrap_or_default());
    let ids: Vec<&str> = ids.filter(|id| id.matches('.').count() == 2).collect();
    assert_eq!((ids.len(), BTreeSet::from_iter(&ids).len()), (345, 345));
    // A function of a library, and no test.
    let others = ["verify_slices_are_equal"];
    let is_test = |word: &&&str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        word.chars().all(plain) && word.matches('_').count() > 1 && !others.contains(word)
    };
    let named = quoted(&map);
    let named: Vec<&&str> = named.iter().filter(is_test).collect();
    assert!(named.len() > 200, "{}", named.len());
    let gone = named.iter().filter(|name| !tests.contains(**name));
    let gone: Vec<String> = gone.map(|name| format!("there is no {name}")).collect();
    none(&gone, "docs/security/asvs.md is held against the tests");
}

/// A number that does not fit ends its request or job, also in the program that is given out (ASVS 5.0, V1.4.2).
#[test]
fn integers_that_overflow_stop_also_in_a_release() {
    let settings = fs::read_to_string(repository().join("Cargo.toml")).expect("the workspace");
    let (_, release) = settings.split_once("[profile.release]").expect("a profile");
    let release = release.split("\n[").next().unwrap_or_default();
    let mut lines = release.lines().map(str::trim);
    assert!(
        lines.any(|line| line == "overflow-checks = true"),
        "{release}"
    );
}

/// How many rows there are of each state stands at the head of the map, by chapter and in all.
#[test]
fn the_map_is_counted_right() {
    let map = page("asvs.md");
    let states = ["held", "partly", "missing", "accepted", "not applicable"];
    let cells = |row: &str| -> Vec<String> {
        let cells = row.trim_matches('|').splitn(9, '|');
        cells
            .map(|cell| cell.replace('*', "").trim().to_owned())
            .collect()
    };
    let lines = map.lines().filter(|line| line.starts_with('|'));
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    let mut counted: BTreeMap<&str, [usize; 7]> = BTreeMap::new();
    for row in rows.iter().filter(|row| row[0].matches('.').count() == 2) {
        let chapter = row[0].split('.').next().unwrap_or_default();
        let above = row[1].contains("above");
        let state = states.iter().position(|state| *state == row[3]);
        let state = state.unwrap_or_else(|| panic!("{} has no state", row[0]));
        for of in [chapter, "all"] {
            let counts = counted.entry(of).or_default();
            if above {
                counts[6] += 1;
            } else {
                counts[0] += 1;
                counts[1 + state] += 1;
            }
        }
    }
    assert_eq!(counted.len(), 18);
    for (chapter, counts) in counted {
        let names = |row: &&Vec<String>| row.len() > 7 && row[0].split(' ').next() == Some(chapter);
        let row = rows.iter().find(names).expect("a line of the chapter");
        let said: Vec<usize> = row[1..8]
            .iter()
            .filter_map(|cell| cell.parse().ok())
            .collect();
        assert_eq!(said, counts, "{chapter}");
    }
}

/// The list in the documentation names every test of an attack, and no test that is not there.
#[test]
fn every_attack_is_in_the_list() {
    let (sources, list) = (every_source(), page("attacks.md"));
    let (tests, listed) = (functions(&sources), quoted(&list));
    let in_words = ["attack_", "attack_NN_…", "cargo nextest run attack_"];
    let mut found = Vec::new();
    for number in 1..=54 {
        let begins = format!("\n| {number} | ");
        if list.matches(&begins).count() != 1 {
            found.push(format!("number {number} has no line of its own"));
        }
    }
    for test in tests.iter().filter(|test| test.starts_with("attack_")) {
        if !listed.contains(test) {
            found.push(format!("{test} is not named"));
        }
    }
    for name in listed.iter().filter(|name| !in_words.contains(name)) {
        if !tests.contains(name) {
            found.push(format!("there is no {name}"));
        }
    }
    none(&found, "docs/security/attacks.md is held against the tests");
}

#[test]
fn no_file_is_too_long_to_read() {
    let long = every_source()
        .into_iter()
        .map(|source| (source.text.lines().count(), source.path))
        .filter(|(lines, _)| *lines > 600);
    let found: Vec<_> = long
        .map(|(lines, path)| format!("{path} has {lines} lines"))
        .collect();
    none(&found, "a file has at most 600 lines");
}

#[test]
fn every_store_is_listed() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
        .expect("lib.rs");
    let (_, list) = lib
        .split_once("pub fn statements()")
        .expect("the list of statements");
    let mut found = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| !source.is_test() && source.text.contains("statements! {"))
    {
        let module = source
            .path
            .trim_end_matches("/store.rs")
            .trim_end_matches(".rs")
            .replace('/', "::");
        if !list.contains(&format!("{module}::STATEMENTS"))
            && !list.contains(&format!("{module}::ALL"))
        {
            found.push(source.path.clone());
        }
    }
    none(
        &found,
        "its statements are missing in lib.rs, so no test prepares them",
    );
}

/// Every way in that shows a page is looked at by a browser, or `e2e/pages.json` says why not. Each file of browser tests
/// fails when it has not looked at what that list leaves to it.
#[test]
fn every_page_is_looked_at() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/pages.json");
    let list = fs::read_to_string(list).expect("e2e/pages.json");
    let list: serde_json::Value = serde_json::from_str(&list).expect("it is JSON");
    let looked_at = list["looked_at"].as_object().expect("groups of pages");
    let mut listed: Vec<&str> = looked_at
        .values()
        .flat_map(|group| group.as_array().expect("paths"))
        .map(|path| path.as_str().expect("a path"))
        .collect();
    listed.extend(
        list["no_pages"]
            .as_object()
            .expect("reasons")
            .keys()
            .map(String::as_str),
    );
    let routes = bedside_desk::router::routes();
    let shown: BTreeSet<&str> = routes
        .iter()
        .filter(|route| route.method == "GET" && !route.path.starts_with("/api/"))
        .map(|route| route.path)
        .collect();
    let wrong: Vec<String> = shown
        .iter()
        .filter(|path| !listed.contains(path))
        .map(|path| format!("{path} is not listed"))
        .chain(
            listed
                .iter()
                .filter(|path| !shown.contains(*path))
                .map(|path| format!("{path} is no way in")),
        )
        .chain(
            listed
                .iter()
                .enumerate()
                .filter(|(at, path)| listed[..*at].contains(path))
                .map(|(_, path)| format!("{path} is listed twice")),
        )
        .collect();
    none(
        &wrong,
        "e2e/pages.json says which browser test looks at a page, or why none does",
    );
}

/// Days for which an exception stands after somebody looked at it: the longest of the times in `SECURITY.md`.
const LOOKED_AT: i64 = 90;

/// Days that are left of an exception by its reason in `deny.toml`: `looked at DATE` where a hole does not bear on this
/// program, or `known since DATE, SEVERITY`. None where it says neither.
fn days_left(reason: &str, today: jiff::civil::Date) -> Option<i64> {
    let after = |words: &str| {
        let (_, rest) = reason.split_once(words)?;
        let day: jiff::civil::Date = rest.get(..10)?.parse().ok()?;
        Some((day, rest[10..].trim_start_matches([',', ' '])))
    };
    let (day, days) = match (after("looked at "), after("known since ")) {
        (Some((day, _)), None) => (day, LOOKED_AT),
        (None, Some((day, severity))) => {
            let times = [("critical", 2), ("high", 7), ("medium", 30), ("low", 90)];
            let named = times.iter().find(|(name, _)| severity.starts_with(name));
            (day, named?.1)
        }
        _ => return None,
    };
    let since = today.since((jiff::Unit::Day, day)).ok()?;
    Some(days - i64::from(since.get_days()))
}

/// Known holes are refused by `deny.toml` the day they are published; what is excepted runs out (ASVS 5.0, V15.2.1).
#[test]
fn what_is_excepted_of_known_holes_stays_within_the_times_of_the_security_page() {
    let day = |text: &str| -> jiff::civil::Date { text.parse().expect("a day") };
    for (reason, today, left) in [
        ("none here; looked at 2026-11-27", "2026-12-27", Some(60)),
        ("none here; looked at 2026-11-27", "2027-03-01", Some(-4)),
        (
            "known since 2026-11-27, high; a fork",
            "2026-12-05",
            Some(-1),
        ),
        ("known since 2026-11-27, medium", "2026-11-28", Some(29)),
        ("known since 2026-11-27", "2026-11-28", None),
        ("nobody minds", "2026-11-28", None),
    ] {
        assert_eq!(days_left(reason, day(today)), left, "{reason}");
    }
    let file = fs::read_to_string(repository().join("deny.toml")).expect("what may come in");
    let file: toml::Table = file.parse().expect("TOML");
    let excepted = file["advisories"]["ignore"].as_array().expect("a list");
    let today = bedside_db::Clock::now(&bedside_db::SystemClock).to_jiff();
    let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
    let late = excepted.iter().filter(|one| {
        let reason = one.get("reason").and_then(|reason| reason.as_str());
        reason
            .and_then(|reason| days_left(reason, today))
            .is_none_or(|left| left < 0)
    });
    let late: Vec<String> = late.map(ToString::to_string).collect();
    none(
        &late,
        "deny.toml excepts a hole without a day, or for longer than SECURITY.md says",
    );
}

/// What the browser fetches says in which characters it is written (ASVS 5.0, V4.1.1).
#[test]
fn every_asset_says_its_charset() {
    let all = bedside_web::assets::all();
    assert!(all.len() > 10);
    let silent = all
        .iter()
        .filter(|asset| !asset.content_type.ends_with("; charset=utf-8"));
    let silent: Vec<String> = silent
        .map(|asset| format!("{}: {}", asset.name, asset.content_type))
        .collect();
    none(&silent, "text names its charset");
}
