//! The rules of the house, held by reading the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Parts through which requests come in. Services know none of them.
const WAYS_IN: &[&str] = &["admin", "api", "cli", "demo", "intake", "pages", "public"];

/// Ways in that may use another one: the frame of a page, and the demo that drives the rest.
const BETWEEN_WAYS_IN: &[(&str, &[&str])] = &[
    ("admin", &["pages"]),
    ("api", &[]),
    ("cli", &["demo", "intake"]),
    ("demo", &["cli", "pages", "public"]),
    ("intake", &[]),
    ("pages", &[]),
    ("public", &["pages"]),
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
            "ids",
            "names",
            "work",
            "audit_log",
            "config",
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
            "audit_log",
            "work",
        ],
    ),
];

struct Source {
    /// Path below `src/`.
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

/// Addresses come from the settings of the mail servers alone, which `channels` connects to: there is nothing that a
/// client could send somewhere else.
#[test]
fn attack_19_20_nothing_asks_an_address_that_a_client_names() {
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
    none(
        &found,
        "the desk asks no address but those of its mail servers",
    );
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

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The list in the documentation names every test of an attack, and no test that is not there.
#[test]
fn every_attack_is_in_the_list() {
    let mut sources = Vec::new();
    for folder in fs::read_dir(repository().join("crates")).expect("the crates") {
        let folder = folder.expect("a crate").path();
        for part in ["src", "tests"].map(|part| folder.join(part)) {
            if part.exists() {
                collect(&part, "", &mut sources);
            }
        }
    }
    let functions = sources.iter().flat_map(|source| {
        let after = source
            .text
            .lines()
            .filter_map(|line| line.trim_start().split_once("fn "));
        after.map(|(_, rest)| rest.split(['(', '<']).next().unwrap_or_default())
    });
    let tests: BTreeSet<&str> = functions.collect();
    let list = fs::read_to_string(repository().join("docs/security/attacks.md")).expect("the list");
    let listed: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
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

/// Code and templates of the crates, and the browser's scripts.
fn everything_read() -> [Vec<String>; 2] {
    fn texts(folder: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                texts(&path, out);
            } else if path
                .extension()
                .is_some_and(|kind| ["rs", "html", "ts"].iter().any(|known| kind == *known))
            {
                out.push(fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    let (mut crates, mut scripts) = (Vec::new(), Vec::new());
    for folder in fs::read_dir(repository().join("crates")).expect("the crates") {
        texts(&folder.expect("a crate").path().join("src"), &mut crates);
    }
    texts(&repository().join("assets/src"), &mut scripts);
    [crates, scripts]
}

/// Keys of the texts that people read, from the English files.
fn text_keys() -> Vec<String> {
    let folder = fs::read_dir(repository().join("locales/en")).expect("the texts");
    let files = folder.map(|file| fs::read_to_string(file.expect("a file").path()).expect("texts"));
    let keys = files.flat_map(|text| {
        let keys = text
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        let keys = keys
            .filter_map(|line| line.split_once(" ="))
            .map(|(key, _)| key.to_owned());
        keys.collect::<Vec<_>>()
    });
    keys.collect()
}

/// What names texts: whole keys, and how patterns of keys begin and end.
#[derive(Default)]
struct Asked<'t> {
    whole: BTreeSet<&'t str>,
    begins: BTreeSet<&'t str>,
    ends: BTreeSet<&'t str>,
    /// What scripts say in quotes: they ask for texts without their prefix.
    scripts: BTreeSet<&'t str>,
}

impl<'t> Asked<'t> {
    fn read([texts, scripts]: &'t [Vec<String>; 2]) -> Self {
        let mut asked = Self::default();
        for text in texts {
            let mut before = "";
            for piece in text.split('"') {
                asked.whole.insert(piece);
                if let Some((beginning, _)) = piece.split_once("-{") {
                    asked.begins.insert(beginning);
                }
                if let Some((_, end)) = piece.rsplit_once("}-") {
                    asked.ends.insert(end);
                }
                if std::mem::replace(&mut before, piece)
                    .trim_end()
                    .ends_with("words(t,")
                {
                    asked.begins.insert(piece);
                }
            }
        }
        asked
            .scripts
            .extend(scripts.iter().flat_map(|text| text.split('"')));
        asked
    }

    /// Whether something names this text: its key, or a pattern's beginning or end.
    fn has(&self, key: &str) -> bool {
        let patterned = |at: usize| {
            let (base, end) = (&key[..at], &key[at + 1..]);
            self.begins.contains(base) || (self.ends.contains(end) && self.whole.contains(base))
        };
        self.whole.contains(key)
            || key
                .strip_prefix("js-")
                .is_some_and(|rest| self.scripts.contains(rest))
            || key.match_indices('-').any(|(at, _)| patterned(at))
    }
}

#[test]
fn every_text_is_asked_for_somewhere() {
    let (keys, everything) = (text_keys(), everything_read());
    assert!(keys.len() > 500, "the keys were not found");
    let asked = Asked::read(&everything);
    let unused: Vec<_> = keys.into_iter().filter(|key| !asked.has(key)).collect();
    none(&unused, "texts in locales/ that nothing shows");
}

#[test]
fn a_text_that_nothing_names_is_found() {
    let code = "t(\"one-two\") format!(\"three-{x}\") format!(\"{k}-four\") \"five\" words(t, \"seven\", x)";
    let script = "text(late ? \"six\" : other)";
    let texts = [vec![code.to_owned()], vec![script.to_owned()]];
    let asked = Asked::read(&texts);
    for key in ["one-two", "three-x-y", "five-four", "js-six", "seven-x"] {
        assert!(asked.has(key), "{key}");
    }
    for key in ["one", "three", "one-four", "six-x", "js-five", "nine"] {
        assert!(!asked.has(key), "{key}");
    }
}

/// What the log says was done has words on its page.
#[test]
fn every_action_of_the_log_has_words() {
    let calls = [
        "NewEntry::new(",
        "records::open(",
        "open_own(",
        "leave(app",
        "about(",
        "said(work,",
        "put(app,",
    ];
    let mut found = Vec::new();
    let mut known = 0;
    for source in sources().iter().filter(|source| !source.is_test()) {
        let code: Vec<_> = source.code().map(|(_, line)| line).collect();
        let code = code.join("\n");
        for call in calls {
            for (at, _) in code.match_indices(call) {
                let near: String = code[at..].chars().take(300).collect();
                let quoted = near.split('"').skip(1).step_by(2);
                let mut actions = quoted.filter(|text| {
                    text.split_once('.').is_some_and(|(one, two)| {
                        [one, two].iter().all(|part| {
                            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase())
                        })
                    })
                });
                let Some(action) = actions.next() else {
                    continue;
                };
                if bedside_desk::admin::ACTIONS.contains(&action) {
                    known += 1;
                } else {
                    found.push(format!("{}: {action}", source.path));
                }
            }
        }
    }
    assert!(known > 50, "only {known} calls were found");
    none(
        &found,
        "actions without words (admin/audit_words.rs, locales/)",
    );
}

/// Whoever watches a desk finds every figure explained, and no alert on a figure that is not there.
#[test]
fn every_figure_is_explained() {
    let page = fs::read_to_string(repository().join("docs/operations.md")).expect("the page");
    let figures = |text: &str| -> BTreeSet<String> {
        let begins = text.match_indices("bedside_");
        let names = begins.map(|(at, _)| {
            let name = text[at..].chars();
            name.take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect()
        });
        names.collect()
    };
    let source = include_str!("../src/observe.rs");
    let kept: Vec<&str> = source
        .lines()
        .filter(|line| line.contains("pub const"))
        .collect();
    let kept = figures(&kept.join("\n"));
    assert!(kept.len() > 8, "the figures were not found");
    assert_eq!(figures(&page), kept);
}

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
fn no_file_is_too_long_to_read() {
    let long = sources().into_iter().filter(|source| !source.is_test());
    let long = long
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

#[test]
fn groups_of_paths_are_read() {
    assert_eq!(first_names("a::b;"), ["a"]);
    assert_eq!(first_names("{a::{b, c}, d, e::f};"), ["a", "d", "e"]);
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
