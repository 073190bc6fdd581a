//! The disk fills up under the real program: it says so on every way in, loses nothing, and goes on by itself.
//!
//! The limit on the size of files (`RLIMIT_FSIZE`) is what a disk without room is to a program: writing fails, and works
//! again when the limit goes. It needs no rights, and can be set from outside while the program runs.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use common::load::{self, MAILBOX, all_there, mail, set_up, ticket};
use common::program::{Http, Lmtp, Program};
use std::collections::BTreeSet;
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
        let answer = http
            .post(
                "/api/v1/tickets",
                &[("idempotency-key", &name)],
                &ticket("rosa@patient.example", &name),
            )
            .unwrap();
        if answer.status != 201 {
            return answer;
        }
        acknowledged.insert(format!("Request {name}"));
    }
    panic!("the disk is never full");
}

fn uploads(http: &mut Http, name: &str) -> common::Answer {
    let file = "A long letter. ".repeat(100_000);
    let body = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"letter.txt\"\r\n\
         content-type: text/plain\r\n\r\n{file}\r\n--edge--\r\n"
    );
    http.send(
        "/api/v1/attachments",
        &[
            ("idempotency-key", name),
            ("content-type", "multipart/form-data; boundary=edge"),
        ],
        &body,
    )
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_on_every_way_in_and_passes_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let token = set_up(data).await;
    tokio::task::block_in_place(|| {
        let program = Program::serve_with(data, without_signal);
        let mut http = program.http(Some(&token));
        let mut acknowledged = BTreeSet::new();
        for round in ["a", "b"] {
            limit(&program, "300000");
            let refused = until_refused(&mut http, round, &mut acknowledged);
            assert_eq!(
                (refused.status, refused.json()["code"].as_str()),
                (503, Some("storage_full")),
                "{}",
                refused.text()
            );
            assert_eq!(refused.headers["content-type"], "application/problem+json");
            assert!(refused.headers.contains_key("retry-after"));
            let upload = uploads(&mut http, &format!("{round}-upload"));
            assert_eq!(upload.json()["code"], "storage_full", "{}", upload.text());

            let from = "rosa@patient.example";
            let mut lmtp = Lmtp::connect(program.lmtp).unwrap();
            // Between two refusals the log may be folded into the file, and there is room for a little more.
            let (name, said) = (0..5_000)
                .find_map(|number| {
                    let name = format!("{round}mail{number}");
                    let said = lmtp.deliver(from, MAILBOX, &mail(from, &name)).err();
                    if said.is_none() {
                        acknowledged.insert(format!("Request {name}"));
                    }
                    Some((name, said?))
                })
                .unwrap();
            assert!(said.to_string().starts_with("452 4.3.1"), "{said}");
            assert_eq!(http.get("/healthz").unwrap().status, 200);
            let ready = http.get("/readyz").unwrap();
            assert_eq!(
                (ready.status, ready.json()["code"].as_str()),
                (503, Some("storage_full")),
                "{}",
                ready.text()
            );

            limit(&program, "unlimited");
            // The same mail server tries again, on the same connection.
            lmtp.reset().unwrap();
            lmtp.deliver(from, MAILBOX, &mail(from, &name)).unwrap();
            acknowledged.insert(format!("Request {name}"));
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
        all_there(&program, &token, &acknowledged);
        // The search index, a file of its own, has caught up as well.
        let found = bedside_testkit::wait_until(
            || {
                let page = http
                    .post("/api/v1/search", &[], &serde_json::json!({ "q": "bmail" }))
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
