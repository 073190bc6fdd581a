//! The program as those who run a desk use it: root keys from outside, mail brought along, and PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{Db, Target};
use bedside_desk::startup::MIGRATIONS;
use bedside_testkit::pg;
use common::load::subjects;
use common::program::{self, INIT, Program, command, ends, json, refuses};
use common::program_on_both_engines;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PASSPHRASE: (&str, &str) = ("BEDSIDE_PASSPHRASE", "correct horse battery staple");

/// `bedside args…` on `data`, with these in its environment.
fn with(data: &Path, env: &[(&str, &str)], args: &[&str]) -> Output {
    let mut command = command(data, args);
    command.envs(env.iter().copied()).stdin(Stdio::null());
    command.output().expect("the program starts")
}

/// A desk that serves with these in its environment, and ends in order.
fn serves(data: &Path, env: &[(&str, &str)]) {
    let program = Program::serve_with(data, |command| {
        command.envs(env.iter().copied());
    });
    assert!(program.stop().success());
}

#[test]
fn a_passphrase_opens_the_desk_with_the_salt_that_was_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let too_short = [("BEDSIDE_PASSPHRASE", "short")];
    refuses(&with(data, &too_short, &INIT), 5);
    let made = json(&with(data, &[PASSPHRASE], &INIT));
    let salt = data.join("keys/root.salt");
    assert_eq!(
        (made["key_file"].as_str(), made["salt_file"].as_str()),
        (None, salt.to_str())
    );
    let kept = fs::read(&salt).unwrap();
    assert!(kept.len() >= 16 && !data.join("keys/root.key").exists());
    serves(data, &[PASSPHRASE]);
    let found = ends(&with(data, &[PASSPHRASE], &["check"]), 0);
    assert!(found.contains("from the passphrase opens all"), "{found}");
    ends(&with(data, &[PASSPHRASE], &["audit", "verify"]), 0);

    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["user", "list"],
        &["migrate"],
    ] {
        let wrong = [("BEDSIDE_PASSPHRASE", "wrong horse battery staple")];
        let said = refuses(&with(data, &wrong, command), 5);
        assert!(
            said.contains("is not the one that this data was sealed with"),
            "{said}"
        );
        assert!(!said.contains("horse"), "{said}");
        refuses(&with(data, &too_short, command), 5);
        let said = refuses(&with(data, &[], command), 5);
        assert!(said.contains("there is no key file at"), "{said}");
    }
    let said = refuses(&with(data, &[PASSPHRASE], &["keys", "rotate", "--root"]), 2);
    assert!(said.contains("can't be replaced here yet"), "{said}");
    ends(&with(data, &[PASSPHRASE], &["keys", "rotate"]), 0);
    assert_eq!(
        fs::read(&salt).unwrap(),
        kept,
        "no start makes another salt"
    );

    // The copy of the desk needs the salt as well, and says so.
    ends(&with(data, &[PASSPHRASE], &["backup", "copy"]), 0);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = data.join("copy");
    let restore = ["restore", copy.to_str().unwrap()];
    let said = refuses(&with(elsewhere.path(), &[PASSPHRASE], &restore), 5);
    assert!(
        said.contains("Put the salt of its passphrase at") && said.contains("root.salt"),
        "{said}"
    );
    fs::create_dir(elsewhere.path().join("keys")).unwrap();
    fs::copy(&salt, elsewhere.path().join("keys/root.salt")).unwrap();
    let restore = [&restore[..], &["--none-erased-since"]].concat();
    ends(&with(elsewhere.path(), &[PASSPHRASE], &restore), 0);
    serves(elsewhere.path(), &[PASSPHRASE]);

    fs::remove_file(&salt).unwrap();
    let said = refuses(&with(data, &[PASSPHRASE], &["user", "list"]), 5);
    assert!(
        said.contains("root.salt") && said.contains("missing"),
        "{said}"
    );
    assert!(
        !salt.exists(),
        "a new salt hides that the right one is missing"
    );
}

#[test]
fn a_root_key_from_the_environment_is_replaced_by_another_one() {
    let key = |byte: u8| data_encoding::BASE64.encode(&[byte; 32]);
    let (old, new) = (key(7), key(9));
    let (old, new) = (
        [("BEDSIDE_ROOT_KEY", old.as_str())],
        [("BEDSIDE_ROOT_KEY", new.as_str())],
    );
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    refuses(&with(data, &[("BEDSIDE_ROOT_KEY", "no key")], &INIT), 5);
    let made = json(&with(data, &old, &INIT));
    assert!(made["key_file"].is_null() && made["salt_file"].is_null());
    assert!(!data.join("keys/root.key").exists());
    serves(data, &old);
    refuses(&with(data, &new, &["user", "list"]), 5);

    let rotate = ["keys", "rotate", "--root"];
    let said = refuses(&with(data, &old, &rotate), 2);
    assert!(said.contains("BEDSIDE_NEW_ROOT_KEY"), "{said}");
    // Certificates of erasure would say that copies from before open with another key.
    let same = [old[0], ("BEDSIDE_NEW_ROOT_KEY", old[0].1)];
    let said = refuses(&with(data, &same, &rotate), 2);
    assert!(said.contains("in use already"), "{said}");
    let broken = [old[0], ("BEDSIDE_NEW_ROOT_KEY", "no key")];
    let said = refuses(&with(data, &broken, &rotate), 5);
    assert!(said.contains("BEDSIDE_NEW_ROOT_KEY"), "{said}");
    ends(&with(data, &old, &["user", "list"]), 0);

    let both = [old[0], ("BEDSIDE_NEW_ROOT_KEY", new[0].1)];
    let said = ends(&with(data, &both, &rotate), 0);
    assert!(
        said.contains("Put it into BEDSIDE_ROOT_KEY before the next start"),
        "{said}"
    );
    assert!(
        !said.contains(new[0].1) && !said.contains(old[0].1),
        "{said}"
    );
    refuses(&with(data, &old, &["serve", "--listen", "127.0.0.1:0"]), 5);
    serves(data, &new);
    let found = ends(&with(data, &new, &["check"]), 0);
    assert!(found.contains("from the environment opens all"), "{found}");
    ends(&with(data, &new, &["audit", "verify"]), 0);
}

/// One mail of a mailbox file.
fn mail(number: u32, words: &str) -> String {
    format!(
        "From rosa{number}@patient.example Mon Mar  2 15:00:00 2026\nFrom: rosa{number}@patient.example\n\
         To: help@clinic.example\nSubject: Brought along {number}\nMessage-ID: <old{number}@patient.example>\n\
         Date: Mon, 2 Mar 2026 15:00:00 +0000\n\n{words}\n\n"
    )
}

fn token(data: &Path) -> String {
    let create = [
        "token",
        "create",
        "test",
        "--scopes",
        "tickets:read tickets:write",
        "--json",
    ];
    let made = json(&program::run(data, &create));
    made["token"].as_str().unwrap().to_owned()
}

program_on_both_engines! {
    fn a_mailbox_file_is_taken_in_once(data: &Path) {
        ends(&program::run(data, &INIT), 0);
        let mails: String = (1..=3)
            .map(|number| mail(number, "When are you open?"))
            .collect();
        fs::write(data.join("old.mbox"), &mails).unwrap();
        let import = ["import", "mbox", "old.mbox", "--json"];
        let taken = json(&program::run(data, &import));
        assert_eq!(
            taken,
            serde_json::json!({ "stored": 3, "known": 0, "too_large": 0 })
        );
        let again = json(&program::run(data, &import));
        assert_eq!(
            again,
            serde_json::json!({ "stored": 0, "known": 3, "too_large": 0 })
        );
        let said = ends(&program::run(data, &import[..3]), 0);
        assert!(
            said.contains("Mails taken in: 0.") && said.contains("left as they are: 3."),
            "{said}"
        );

        // One that is larger than the desk takes is left out, and those after it are not.
        let more = mail(4, "And now?") + &mail(5, &"x".repeat(80_000)) + &mail(6, "And then?");
        fs::write(data.join("more.mbox"), more).unwrap();
        let small = [("BEDSIDE_MAX_MAIL_BYTES", "65536")];
        let said = ends(&with(data, &small, &["import", "mbox", "more.mbox"]), 0);
        assert!(
            said.contains("Mails taken in: 2.") && said.contains("left out: 1."),
            "{said}"
        );

        let key = token(data);
        let program = Program::serve(data);
        let found = subjects(&program, &key);
        let expected = [1, 2, 3, 4, 6].map(|number| (format!("Brought along {number}"), 1));
        assert_eq!(found, expected.into());
        let beside = program::run(data, &import);
        if data.join("bedside.db").exists() {
            let said = refuses(&beside, 3);
            assert!(said.contains("Another Bedside is running"), "{said}");
        } else {
            assert_eq!(json(&beside), again);
        }
        assert!(program.stop().success());
        ends(&program::run(data, &["audit", "verify"]), 0);
    }
}

#[test]
fn what_is_no_mailbox_file_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    refuses(&program::run(data, &["import", "mbox", "nothing.mbox"]), 2);
    ends(&program::run(data, &INIT), 0);
    let said = refuses(&program::run(data, &["import", "mbox", "nothing.mbox"]), 2);
    assert!(said.starts_with("nothing.mbox can't be read"), "{said}");
    let said = refuses(&program::run(data, &["import", "mbox", "keys"]), 2);
    assert!(said.contains("is a folder"), "{said}");
    fs::write(
        data.join("letter.txt"),
        "Dear clinic,\nwhen are you open?\n",
    )
    .unwrap();
    let said = refuses(&program::run(data, &["import", "mbox", "letter.txt"]), 2);
    assert!(said.contains("not a mailbox file"), "{said}");
    let text = ends(&program::run(data, &["import"]), 2);
    assert!(text.contains("mbox"), "{text}");
}

#[test]
fn long_work_shows_a_bar_to_who_looks_and_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    ends(&program::run(data, &INIT), 0);
    let mails: String = (1..=20)
        .map(|number| mail(number, "When are you open?"))
        .collect();
    fs::write(data.join("old.mbox"), mails).unwrap();
    let quiet = ends(&program::run(data, &["import", "mbox", "old.mbox"]), 0);
    assert!(!quiet.contains("Taking mail in"), "{quiet}");
    // `script` runs it at a terminal.
    let line = format!("{} import mbox old.mbox --data .", program::BEDSIDE);
    let seen = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let seen = ends(&seen, 0);
    assert!(
        seen.contains("Taking mail in") && seen.contains("Here already, and left as they are: 20."),
        "{seen}"
    );
}

/// Whether `password` lets the administrator in.
fn lets_in(program: &Program, password: &str) -> bool {
    let mut http = program.http(None);
    let page = http.get("/sign-in").unwrap().expect(200).text();
    let token = common::csrf_token(&page);
    let typed = [
        ("csrf_token", &*token),
        ("email", "alex@clinic.example"),
        ("password", password),
    ];
    http.form("/sign-in", &typed).unwrap().status == 303
}

/// Comes in by a link and chooses a password, as its page asks for.
fn chooses(program: &Program, link: &str, password: &str) {
    let path = &link[link.find("/sign-in/").unwrap()..];
    let mut http = program.http(None);
    let page = http.get(path).unwrap().expect(200).text();
    let fields = [("csrf_token", &*common::csrf_token(&page))];
    let entered = http.form(path, &fields).unwrap().expect(303);
    assert_eq!(entered.header("location"), Some("/set-password"));
    let again = http.form(path, &fields).unwrap();
    assert_eq!(again.status, 410, "a link works once: {}", again.text());
    let cookies = entered.headers.get_all("set-cookie").iter();
    let cookies: Vec<_> = cookies
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .collect();
    let cookie = cookies.join("; ");
    let mut http = program.http_with(&[("cookie", &cookie)]);
    let page = http.get("/set-password").unwrap().expect(200).text();
    let typed = [
        ("csrf_token", &*common::csrf_token(&page)),
        ("password", password),
        ("again", password),
    ];
    http.form("/set-password", &typed).unwrap().expect(303);
}

#[test]
fn a_forgotten_password_is_set_anew_by_a_link_that_works_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let made = json(&program::run(data, &INIT));
    let program = Program::serve(data);
    let (first, second) = ("a garden by the river", "a bridge over the river");
    chooses(&program, made["link"].as_str().unwrap(), first);
    assert!(lets_in(&program, first));
    assert!(program.stop().success());

    let ask = ["user", "password-link", "Alex@Clinic.example"];
    let said = ends(&program::run(data, &ask), 0);
    assert!(
        said.contains("works once, for three days") && said.contains("/sign-in/"),
        "{said}"
    );
    let made = json(&program::run(data, &[&ask[..], &["--json"]].concat()));
    assert!(
        made["id"].is_string() && made["link_expires"].is_string(),
        "{made}"
    );
    let program = Program::serve(data);
    assert!(lets_in(&program, first), "until another one is chosen");
    chooses(&program, made["link"].as_str().unwrap(), second);
    assert!(lets_in(&program, second) && !lets_in(&program, first));
    assert!(program.stop().success());
    let nobody = ["user", "password-link", "nobody@clinic.example"];
    refuses(&program::run(data, &nobody), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_brings_older_data_to_this_release_and_tells_where_the_copy_is() {
    let newest = MIGRATIONS.last().unwrap().version;
    let server = pg::shared().unwrap().fresh_database().unwrap();
    for database in [None, Some(server.as_str())] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let target = match database {
            None => Target::Sqlite(data.to_owned()),
            Some(url) => Target::Postgres(url.to_owned()),
        };
        let db = Db::open(&target).await.unwrap();
        db.migrate(&MIGRATIONS[..4], common::monday())
            .await
            .unwrap();
        db.close().await;
        drop(db);
        tokio::task::block_in_place(|| {
            let env: Vec<_> = database
                .map(|url| ("BEDSIDE_DATABASE", url))
                .into_iter()
                .collect();
            let said = ends(&with(data, &env, &["check"]), 1);
            assert!(said.contains("Run `bedside migrate`"), "{said}");
            let told = json(&with(data, &env, &["migrate", "--json"]));
            assert_eq!((&told["from"], &told["to"]), (&4.into(), &newest.into()));
            let copy = told["backup"].as_str();
            assert_eq!(copy.is_some(), database.is_none());
            assert!(copy.is_none_or(|copy| Path::new(copy).is_file()));
            let said = ends(&with(data, &env, &["migrate"]), 0);
            assert!(
                said.contains(&format!("at schema {newest}, which is the newest")),
                "{said}"
            );
            json(&with(data, &env, &INIT));
        });
    }
}

#[test]
fn a_desk_on_postgresql_is_run_by_the_same_commands() {
    let url = pg::shared().unwrap().fresh_database().unwrap();
    let env = [("BEDSIDE_DATABASE", url.as_str())];
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let run = |args: &[&str]| with(data, &env, args);
    let said = refuses(&run(&["user", "list"]), 2);
    assert!(
        said.contains("There is no desk in this database yet"),
        "{said}"
    );
    let made = json(&run(&INIT));
    assert!(made["link"].is_string());
    assert!(data.join("keys/root.key").exists() && !data.join("bedside.db").exists());
    let said = refuses(&run(&INIT), 2);
    assert!(said.contains("There is a desk here already"), "{said}");
    json(&run(&["user", "list", "--json"]));
    let migrated = json(&run(&["migrate", "--json"]));
    assert_eq!(migrated["from"], migrated["to"]);

    let told = json(&run(&["check", "--json"]));
    let found = told["findings"].as_array().unwrap();
    for (what, state) in [
        ("database", "ok"),
        ("key", "ok"),
        ("clock", "ok"),
        ("mailbox", "missing"),
    ] {
        assert!(
            found
                .iter()
                .any(|one| one["what"] == what && one["state"] == state),
            "{what}: {told}"
        );
    }
    assert!(
        told.to_string().contains("The PostgreSQL server answers."),
        "{told}"
    );

    let whole = json(&run(&["audit", "verify", "--json"]));
    assert_eq!(whole["ok"], true);
    let proof = json(&run(&["audit", "prove", "1"]));
    assert_eq!(proof["entry"]["sequence"], 1);
    let said = ends(&run(&["keys", "rotate"]), 0);
    assert!(
        said.contains("version 2") && said.contains("an hour from now or later"),
        "{said}"
    );
    let key = fs::read(data.join("keys/root.key")).unwrap();
    let rotated = json(&run(&["keys", "rotate", "--root", "--json"]));
    assert!(rotated["root_key"].is_string(), "{rotated}");
    assert_ne!(fs::read(data.join("keys/root.key")).unwrap(), key);
    serves(data, &env);
    assert_eq!(json(&run(&["audit", "verify", "--json"]))["ok"], true);
    fs::write(data.join("keys/root.key"), key).unwrap();
    refuses(&run(&["user", "list"]), 5);

    for (args, tool) in [
        (["backup", "copy"], "pg_dump"),
        (["restore", "copy"], "pg_restore"),
    ] {
        let said = refuses(&run(&args), 2);
        assert!(said.contains("PostgreSQL") && said.contains(tool), "{said}");
    }
    assert!(!data.join("copy").exists());
    // A server that does not answer is one sentence too.
    let nowhere = [("BEDSIDE_DATABASE", "postgres://postgres@127.0.0.1:1/none")];
    let said = refuses(&with(data, &nowhere, &["user", "list"]), 1);
    assert!(said.starts_with("The database can't be used"), "{said}");
}
