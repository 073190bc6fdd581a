//! Words of an invented patient, looked for in whatever is kept of them.

use super::{Client, Desk, csrf_token, hidden};
use crate::common::Role;
use bedside_db::{Db, DbError, args, statements};
use bedside_desk::context::Permissions;
use bedside_desk::ids::TicketId;
use bedside_desk::links::{self, Purpose};
use bedside_desk::names::Names;
use bedside_desk::orgs::{self, Change, CustomField};
use bedside_desk::tickets::{self, Calm, CalmReason, Urgency};
use bedside_testkit::pg;
use futures_util::FutureExt;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

statements! {
    /// A word that is not sealed, so that a look which finds nothing shows something.
    CONTROL = "CREATE TABLE control AS SELECT 'ostrichcontrol' AS word";
    /// Brings the pages of all tables to their files.
    FLUSH = "CHECKPOINT";
    /// Where the server keeps its files, and the folder of this database.
    PLACE = "SELECT current_setting('data_directory'), oid::text FROM pg_database WHERE datname = current_database()";
    /// What stands in the job queue.
    JOBS = "SELECT kind, COALESCE(unique_key, ''), payload, COALESCE(last_error, '') FROM jobs";
}

/// What [`everywhere`] puts in; none is a word that the program itself uses.
pub const EVERYWHERE: &[&str] = &[
    "bitternfield",
    "curlewdraft",
    "dunlinname",
    "dunlinmail",
    "fulmarform",
    "1944-11-29",
    "gadwallfile",
    "godwitpaper",
    "hoopoereply",
    "jacanascan",
    "limpkincomment",
    "motmotreason",
];

/// Puts words of a patient where they stand besides messages and names: a clinic's own field, a draft, the public form, the
/// page behind a link, a rating's comment, and why somebody is in no danger. Shows that whoever may reads them there.
pub async fn everywhere(desk: &Desk) {
    let client = desk.client(&Permissions::ALL.codes()).await;
    let admin = desk.ctx(Role::Administrator);
    let field = CustomField {
        code: "pharmacy".to_owned(),
        names: Names([("en".to_owned(), "Pharmacy".to_owned())].into()),
        kind: "text".to_owned(),
        choices: Vec::new(),
        group: None,
        position: 1,
        version: 0,
    };
    orgs::change(&desk.app, &admin, Change::PutField(field))
        .await
        .unwrap();
    let cry = "I took all of my sleeping pills an hour ago. I want to die.";
    let crisis = desk.ticket("kinglet@patient.example", "", cry).await;
    let calm = Calm {
        reason: CalmReason::Other,
        words: Some("Motmotreason".to_owned()),
        urgency: Urgency::Standard,
    };
    tickets::not_a_crisis(&desk.app, &desk.ctx(Role::Nurse), crisis, None, calm)
        .await
        .unwrap();
    let crisis = format!("/api/v1/tickets/{crisis}");

    let address = "kinglet@patient.example";
    let id = desk.ticket(address, "Hours", "When are you open?").await;
    let path = format!("/api/v1/tickets/{id}");
    let version = client.get(&path).await.expect(200);
    let own = json!({ "fields": { "pharmacy": "Bitternfield" } });
    let changed = client.patch(&path, version.header("etag").unwrap(), &own);
    changed.await.expect(200);

    let agent = desk.browser(Role::Agent).await;
    let page = format!("/tickets/{}", number(&client, &path).await);
    let token = csrf_token(&agent.get(&page).await.expect(200).text());
    let draft = [("csrf_token", token.as_str()), ("body", "Curlewdraft")];
    agent
        .post(&format!("{page}/draft"), &draft)
        .await
        .expect(204);

    form(desk).await;
    behind_links(desk, id).await;

    let shown = [
        agent.get(&page).await.expect(200).text(),
        client.get(&path).await.expect(200).text(),
        client.get(&format!("{path}/messages")).await.text(),
        client.get(&format!("{crisis}/notes")).await.text(),
        desk.browser(Role::Supervisor)
            .await
            .get("/ratings")
            .await
            .expect(200)
            .text(),
    ]
    .concat();
    let listed = client.get("/api/v1/tickets").await.expect(200).json();
    let newest = listed["items"].as_array().unwrap().iter();
    let newest = newest.max_by_key(|row| row["number"].as_i64()).unwrap();
    let form = format!("/api/v1/tickets/{}", newest["id"].as_str().unwrap());
    let form = [
        client.get(&form).await.expect(200).text(),
        client.get(&format!("{form}/messages")).await.text(),
    ]
    .concat();
    let shown = shown + &form;
    // What is in the files is sealed apart from their names.
    for word in EVERYWHERE {
        let is_inside = ["godwitpaper", "jacanascan"].contains(word);
        assert!(
            is_inside || !held(shown.as_bytes(), &[word]).is_empty(),
            "{word} is not in: {shown}"
        );
    }
}

async fn number(client: &Client, path: &str) -> i64 {
    let shown = client.get(path).await.expect(200).json();
    shown["number"].as_i64().unwrap()
}

/// The public form; the birth date stands in its words and in a field that it does not have.
async fn form(desk: &Desk) {
    let visitor = desk.visitor();
    let page = visitor.get("/request").await.expect(200).text();
    desk.clock.advance(60);
    let fields = [
        ("pass", hidden(&page, "pass")),
        ("name", "Dunlinname"),
        ("email", "dunlinmail@patient.example"),
        ("message", "Fulmarform, born 1944-11-29."),
        ("birth_date", "1944-11-29"),
    ];
    let file = (
        "files",
        "gadwallfile.txt",
        "text/plain",
        &b"godwitpaper"[..],
    );
    let sent = visitor.post_files("/request", &fields, &[file]).await;
    let thanks = sent.expect(303).header("location").unwrap().to_owned();
    let said = visitor.get(&thanks).await.expect(200).text();
    for text in [thanks, said] {
        assert_eq!(held(text.as_bytes(), EVERYWHERE), Vec::<&str>::new());
    }
}

/// A reply with a file and a rating with a comment, each by its link.
async fn behind_links(desk: &Desk, ticket: TicketId) {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await;
    let contact = view.unwrap().ticket.contact;
    let system = desk.system();
    let link = async |purpose| {
        let made = desk.app.command(&system, move |work| {
            links::make(work, purpose, ticket, contact).boxed()
        });
        made.await.unwrap()
    };
    let visitor = desk.visitor();
    let there = format!("/t/{}", link(Purpose::Thread).await);
    visitor
        .submit(&there, &format!("{there}/open"), &[])
        .await
        .expect(303);
    let page = visitor.get(&there).await.expect(200).text();
    let fields = [
        ("csrf_token", hidden(&page, "csrf_token")),
        ("once", hidden(&page, "once")),
        ("message", "Hoopoereply"),
    ];
    let file = ("files", "scan.txt", "text/plain", &b"jacanascan"[..]);
    let reply = format!("{there}/reply");
    let sent = visitor.post_files(&reply, &fields, &[file]).await;
    sent.expect(303);
    let there = format!("/r/{}", link(Purpose::Rating).await);
    let given = [("score", "4"), ("comment", "Limpkincomment")];
    visitor.submit(&there, &there, &given).await.expect(303);
}

/// The rows of the job queue as text.
pub async fn jobs(db: &Db) -> (String, Vec<u8>) {
    let mut conn = db.read().await.unwrap();
    let rows = conn.query(JOBS, args![], |row| {
        Ok([row.get::<String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?].join(" "))
    });
    let rows = rows.await.unwrap();
    assert!(!rows.is_empty(), "there are jobs to look at");
    ("the job rows".to_owned(), rows.join("\n").into_bytes())
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
