//! Texts that people read, held against what asks for them.

use super::{none, repository, sources};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
    let source = include_str!("../../src/observe.rs");
    let kept: Vec<&str> = source
        .lines()
        .filter(|line| line.contains("pub const"))
        .collect();
    let kept = figures(&kept.join("\n"));
    assert!(kept.len() > 8, "the figures were not found");
    assert_eq!(figures(&page), kept);
}
