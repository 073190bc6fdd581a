//! The disk fills up under the real program: it says so on every way in, loses nothing, and goes on by itself.
//!
//! The limit on the size of files (`RLIMIT_FSIZE`) is what a disk without room is to a program: writing fails, and works
//! again when the limit goes. It needs no rights, and can be set from outside while the program runs. On PostgreSQL it is
//! the server's files that can't grow; what else a server may say is said by a trigger.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_testkit::pg::{self, PgServer};
use common::load::{self, MAILBOX, all_there, mail, set_up, ticket};
use common::program::{Http, Lmtp, Program};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The system ends a program that writes beyond the limit, unless it ignores the signal: then the write fails.
fn without_signal(command: &mut Command) {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    *command = shell;
}

fn limit(program: &Program, bytes: &str) {
    let set = Command::new("prlimit")
        .args([
            "--pid",
            &program.id().to_string(),
            &format!("--fsize={bytes}:"),
        ])
        .status()
        .expect("prlimit (of util-linux) runs");
    assert!(set.success());
}

/// Opens tickets until one is refused; gives the refusal.
fn until_refused(
    http: &mut Http,
    prefix: &str,
    acknowledged: &mut BTreeSet<String>,
) -> common::Answer {
    for number in 0..5_000 {
        let name = format!("{prefix}{number}");
        let mut ticket = ticket("rosa@patient.example", &name);
        ticket["body"] = "I need a refill of my tablets, please. ".repeat(200).into();
        let answer = http
            .post("/api/v1/tickets", &[("idempotency-key", &name)], &ticket)
            .unwrap();
        if answer.status != 201 {
            return answer;
        }
        acknowledged.insert(format!("Request {name}"));
    }
    panic!("the disk is never full");
}

/// So long that some of them fill what is left of any room.
fn long_mail(from: &str, name: &str) -> String {
    let lines = "\r\nThank you for your time, and have a good day.".repeat(1_000);
    mail(from, name) + &lines
}

fn uploads(http: &mut Http, name: &str) -> common::Answer {
    let file = "A long letter. ".repeat(100_000);
    let key = [("idempotency-key", name)];
    let file = ("file", "letter.txt", "text/plain", file.as_bytes());
    http.files("/api/v1/attachments", &key, &[], &[file])
        .unwrap()
}

/// One way of not being able to store: what the test calls it (in the subjects too), and the code it must be told by.
struct Trouble {
    name: &'static str,
    code: &'static str,
}

const FULL: [Trouble; 2] = [
    Trouble {
        name: "a",
        code: "storage_full",
    },
    Trouble {
        name: "b",
        code: "storage_full",
    },
];

/// Runs a desk through `troubles`; `begin` brings each about, `end` ends it.
async fn goes_through(
    data: &Path,
    serve: impl FnOnce(&Path) -> Program,
    troubles: &[Trouble],
    begin: impl Fn(&Program, &Trouble),
    end: impl Fn(&Program),
) {
    let token = set_up(data).await;
    tokio::task::block_in_place(|| {
        let program = serve(data);
        let mut acknowledged = BTreeSet::new();
        for trouble in troubles {
            begin(&program, trouble);
            let meanwhile = refused(&program, &token, trouble, &mut acknowledged);
            end(&program);
            goes_on(&program, &token, trouble, meanwhile, &mut acknowledged);
        }
        all_there(&program, &token, &acknowledged);
        // The search index, which has files or tables of its own, has caught up as well.
        let words = format!("{}mail", troubles.last().unwrap().name);
        let mut http = program.http(Some(&token));
        let found = bedside_testkit::wait_until(
            || {
                let page = http
                    .post("/api/v1/search", &[], &serde_json::json!({ "q": words }))
                    .unwrap();
                page.status == 200 && !page.json()["items"].as_array().unwrap().is_empty()
            },
            Duration::from_mins(1),
        );
        assert!(found.is_ok(), "{}", program.log());
        assert!(program.stop().success());
    });
    load::audit_is_whole(data).await;
}

/// Every way in says that nothing can be stored. Gives the mail server's connection and the name of the mail that it keeps.
fn refused(
    program: &Program,
    token: &str,
    trouble: &Trouble,
    acknowledged: &mut BTreeSet<String>,
) -> (Lmtp, String) {
    let Trouble { name: round, code } = trouble;
    let mut http = program.http(Some(token));
    let refused = until_refused(&mut http, round, acknowledged);
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (503, Some(*code)),
        "{round}: {}\n{}",
        refused.text(),
        program.log()
    );
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert!(refused.headers.contains_key("retry-after"));
    // Where something was removed there may be room for some.
    let upload = (0..100)
        .map(|number| uploads(&mut http, &format!("{round}-upload{number}")))
        .find(|upload| upload.status != 201)
        .unwrap();
    assert_eq!(upload.json()["code"], *code, "{}", upload.text());

    let from = "rosa@patient.example";
    let mut lmtp = Lmtp::connect(program.lmtp).unwrap();
    // Between two refusals there may be room for a little more.
    let (name, said) = (0..5_000)
        .find_map(|number| {
            let name = format!("{round}mail{number}");
            let said = lmtp.deliver(from, MAILBOX, &long_mail(from, &name)).err();
            if said.is_none() {
                acknowledged.insert(format!("Request {name}"));
            }
            Some((name, said?))
        })
        .unwrap();
    assert!(said.to_string().starts_with("452 4.3.1"), "{said}");
    // The one before may have waited too long.
    let mut http = program.http(Some(token));
    assert_eq!(http.get("/healthz").unwrap().status, 200);
    // A ticket that is refused just now: what was refused some seconds ago may have room again.
    let again = until_refused(&mut http, &format!("{round}more"), acknowledged);
    assert_eq!(again.json()["code"], *code, "{}", again.text());
    let mut ready = http.get("/readyz").unwrap();
    if *code == "storage_full" {
        assert_eq!(
            (ready.status, ready.json()["code"].as_str()),
            (503, Some(*code)),
            "{}",
            ready.text()
        );
    } else {
        // What was stored a moment ago speaks for the database a few seconds long.
        let not_ready = bedside_testkit::wait_until(
            || {
                ready = http.get("/readyz").unwrap();
                ready.status == 503
            },
            Duration::from_secs(30),
        );
        assert!(not_ready.is_ok(), "{}", ready.text());
        assert_eq!(ready.json()["reasons"][0], "Nothing can be stored now.");
    }
    (lmtp, name)
}

/// Every way in takes what it refused, without a restart.
fn goes_on(
    program: &Program,
    token: &str,
    trouble: &Trouble,
    (mut lmtp, name): (Lmtp, String),
    acknowledged: &mut BTreeSet<String>,
) {
    let round = trouble.name;
    let from = "rosa@patient.example";
    // The same mail server tries again, on the same connection.
    lmtp.reset().unwrap();
    lmtp.deliver(from, MAILBOX, &long_mail(from, &name))
        .unwrap();
    acknowledged.insert(format!("Request {name}"));
    let mut http = program.http(Some(token));
    let upload = uploads(&mut http, &format!("{round}-upload"));
    assert_eq!(upload.status, 201, "{}", upload.text());
    let again = format!("{round}-again");
    http.post(
        "/api/v1/tickets",
        &[("idempotency-key", &again)],
        &ticket(from, &again),
    )
    .unwrap()
    .expect(201);
    acknowledged.insert(format!("Request {again}"));
    let ready = bedside_testkit::wait_until(
        || http.get("/readyz").unwrap().status == 200,
        Duration::from_secs(30),
    );
    assert!(ready.is_ok(), "{}", program.log());
}

mod a_full_disk_is_told_on_every_way_in_and_passes_without_a_restart {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let serve = |data: &Path| Program::serve_with(data, without_signal);
        let begin = |program: &Program, _: &Trouble| limit(program, "300000");
        let end = |program: &Program| limit(program, "unlimited");
        goes_through(folder.path(), serve, &FULL, begin, end).await;
    }

    /// The server's disk. In the first round the last write is cut short, which a server calls a full disk; in the second
    /// there is no room for a single byte more, for which it has no code.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        const PAGE: u64 = 8192;
        let server = PgServer::start_with_small_files().unwrap();
        let folder = tempfile::tempdir().unwrap();
        load::on_database(folder.path(), &server.fresh_database().unwrap());
        let begin = |_: &Program, trouble: &Trouble| {
            let bytes = if trouble.name == "a" {
                150 * PAGE + 100
            } else {
                170 * PAGE
            };
            server.limit_files(Some(bytes)).unwrap();
        };
        let end = |_: &Program| server.limit_files(None).unwrap();
        goes_through(folder.path(), Program::serve, &FULL, begin, end).await;
    }
}

/// A server that says `no_room.code` to whoever writes, while there is one.
const SAYS_NO: &str = "CREATE TABLE no_room (code TEXT NOT NULL);
    CREATE FUNCTION says_no() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE said TEXT;
    BEGIN
        SELECT code INTO said FROM no_room;
        IF said IS NOT NULL THEN RAISE EXCEPTION 'no' USING ERRCODE = said; END IF;
        RETURN COALESCE(NEW, OLD);
    END $$;
    DO $$
    DECLARE name TEXT;
    BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'no_room' LOOP
            EXECUTE format('CREATE TRIGGER says_no BEFORE INSERT OR UPDATE OR DELETE ON %I '
                'FOR EACH ROW EXECUTE FUNCTION says_no()', name);
        END LOOP;
    END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_says_is_told_on_every_way_in() {
    let folder = tempfile::tempdir().unwrap();
    let database = pg::shared().unwrap().fresh_database().unwrap();
    load::on_database(folder.path(), &database);
    let serve = |data: &Path| {
        pg::execute(&database, SAYS_NO).unwrap();
        Program::serve(data)
    };
    let sqlstates = [
        ("full", "53100", "storage_full"),
        ("broken", "58030", "storage_full"),
        ("memory", "53200", "unavailable"),
        ("crowded", "53300", "unavailable"),
        ("starting", "57P03", "unavailable"),
    ];
    let troubles = sqlstates.map(|(name, _, code)| Trouble { name, code });
    let begin = |_: &Program, trouble: &Trouble| {
        let state = sqlstates.iter().find(|state| state.0 == trouble.name);
        let state = state.unwrap().1;
        pg::execute(
            &database,
            &format!("INSERT INTO no_room VALUES ('{state}')"),
        )
        .unwrap();
    };
    let end = |_: &Program| pg::execute(&database, "DELETE FROM no_room").unwrap();
    goes_through(folder.path(), serve, &troubles, begin, end).await;
}
