//! Words of an invented patient, looked for in whatever is kept of them.

use super::Desk;
use bedside_db::{DbError, args, statements};
use bedside_testkit::pg;
use futures_util::FutureExt;
use std::path::{Path, PathBuf};
use std::process::Command;

statements! {
    /// A word that is not sealed, so that a look which finds nothing shows something.
    CONTROL = "CREATE TABLE control AS SELECT 'ostrichcontrol' AS word";
    /// Brings the pages of all tables to their files.
    FLUSH = "CHECKPOINT";
    /// Where the server keeps its files, and the folder of this database.
    PLACE = "SELECT current_setting('data_directory'), oid::text FROM pg_database WHERE datname = current_database()";
}

/// Every file below `folder`, as bytes.
pub fn files(folder: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if let Ok(bytes) = std::fs::read(&path) {
            out.push((path.display().to_string(), bytes));
        }
    }
}

/// A word in hexadecimal, as a dump writes bytes, and in base64 at any offset; as it may have been written.
fn forms(word: &str) -> Vec<String> {
    let lower = word.to_lowercase();
    let (first, rest) = lower.split_at(1);
    let capitalised = first.to_uppercase() + rest;
    let mut forms = Vec::new();
    for spelling in [lower.clone(), capitalised, word.to_uppercase()] {
        forms.push(data_encoding::HEXLOWER.encode(spelling.as_bytes()));
        for before in 0..3 {
            let shifted = format!("{}{spelling}", "x".repeat(before));
            let coded = data_encoding::BASE64.encode(shifted.as_bytes());
            // The first and last groups depend on what stands beside the word.
            forms.push(coded[4..coded.len() - 4].to_owned());
        }
    }
    forms
}

/// Those of `words` that stand in the bytes, in any case or form.
pub fn held<'a>(bytes: &[u8], words: &[&'a str]) -> Vec<&'a str> {
    let text = String::from_utf8_lossy(bytes);
    let lower = text.to_lowercase();
    let holds = |word: &str| {
        lower.contains(&word.to_lowercase())
            || forms(word).iter().any(|form| text.contains(form.as_str()))
    };
    words.iter().copied().filter(|word| holds(word)).collect()
}

/// Which of `words` stand in which of the things that are kept.
pub fn found(kept: &[(String, Vec<u8>)], words: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for (name, bytes) in kept {
        all.extend(
            held(bytes, words)
                .iter()
                .map(|word| format!("{word} in {name}")),
        );
    }
    all
}

/// Everything that a PostgreSQL database would tell whoever copied it.
pub fn dump(url: &str) -> (String, Vec<u8>) {
    let dump = pg::binaries().unwrap().join("pg_dump");
    let dump = Command::new(dump)
        .args(["--inserts", url])
        .output()
        .unwrap();
    assert!(dump.status.success() && dump.stdout.len() > 10_000);
    ("the dump".to_owned(), dump.stdout)
}

/// Files of the server behind `desk`, its write-ahead log included, that hold one of `words`. The log is that of all its
/// databases.
pub async fn files_of_postgres(desk: &Desk, words: &[&str]) -> Vec<String> {
    for statement in [CONTROL, FLUSH] {
        desk.app
            .db
            .write::<_, DbError, _>(move |tx| {
                async move { tx.execute(statement, args![]).await }.boxed()
            })
            .await
            .unwrap();
    }
    let mut conn = desk.app.read().await.unwrap();
    let place = conn.query_one(PLACE, args![], |row| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?))
    });
    let (data, database) = place.await.unwrap();
    let data = PathBuf::from(data);
    let places = [data.join("base").join(database), data.join("pg_wal")];
    let search = |words: &[&str], places: &[PathBuf]| -> Vec<String> {
        let mut grep = Command::new("grep");
        grep.args(["-rlaiFs"]);
        for word in words {
            grep.args(["-e", word]);
        }
        let output = grep.args(places).output().unwrap();
        let names = String::from_utf8(output.stdout).unwrap();
        names.lines().map(str::to_owned).collect()
    };
    for place in &places {
        let seen = search(&["ostrichcontrol"], std::slice::from_ref(place));
        assert!(
            !seen.is_empty(),
            "nothing can be seen in {}",
            place.display()
        );
    }
    search(words, &places)
}

#[test]
fn a_word_is_found_in_any_form() {
    let words = ["zebrafinch"];
    for before in ["", "a", "ab", "abc "] {
        for word in ["Zebrafinch here", "zebrafinch here", "ZEBRAFINCH HERE"] {
            let text = format!("{before}{word}");
            assert_eq!(held(text.as_bytes(), &words), words);
            let coded = data_encoding::BASE64.encode(text.as_bytes());
            assert_eq!(held(coded.as_bytes(), &words), words, "{text}");
            let coded = data_encoding::HEXLOWER.encode(text.as_bytes());
            assert_eq!(held(coded.as_bytes(), &words), words, "{text}");
        }
    }
    assert!(held(b"zebra finch", &words).is_empty());
}
