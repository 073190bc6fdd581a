//! The real program is ended with kill -9 under load, over and over: whatever it acknowledged is there afterwards,
//! once, and the audit log is whole.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::SystemClock;
use bedside_desk::config::Config;
use bedside_desk::context::{Ctx, Permissions, Source};
use bedside_desk::intake::email::mailboxes::{self, MailboxSettings, NewMailbox};
use bedside_desk::staff::{self, NewToken};
use bedside_desk::{audit_log, orgs, startup};
use bedside_testkit::wait_until;
use common::program::{Http, Lmtp, Program};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often the program is ended in a usual run; `cargo xtask torture` sets `BEDSIDE_CRASH_CYCLES`.
const CYCLES: usize = 50;
const HTTP_CLIENTS: usize = 3;
const MAILBOX: &str = "care@clinic.example";

/// What one client knows about what it sent.
#[derive(Default)]
struct Sent {
    /// Names of requests and mails that were acknowledged.
    acknowledged: BTreeSet<String>,
    /// Ticket ids by name, as answered.
    ids: BTreeMap<String, String>,
    /// The one that was under way when the program ended; it is sent again, in the same words.
    open: Option<String>,
    next: usize,
}

impl Sent {
    fn name(&mut self, client: usize) -> String {
        self.open
            .get_or_insert_with(|| {
                self.next += 1;
                format!("c{client}n{}", self.next)
            })
            .clone()
    }

    fn acknowledge(&mut self, name: String) {
        assert_eq!(self.open.take().as_ref(), Some(&name));
        self.acknowledged.insert(name);
    }
}

/// The settings that the program has by itself.
fn settings(data: &Path) -> Config {
    Config {
        data: data.to_owned(),
        ..Config::default()
    }
}

/// A desk with a clinic, a mailbox and a token for everything.
async fn set_up(data: &Path) -> String {
    let (app, _) = startup::open(settings(data), Arc::new(SystemClock))
        .await
        .unwrap();
    let organisation = orgs::create(&app, common::clinic(&app)).await.unwrap();
    let ctx = Ctx::system(organisation, "setup", Source::CommandLine);
    let mailbox = NewMailbox {
        address: MAILBOX.to_owned(),
        settings: MailboxSettings::default(),
    };
    mailboxes::create(&app, &ctx, mailbox).await.unwrap();
    let new = NewToken {
        name: "crash".to_owned(),
        scopes: Permissions::ALL,
        expires_at: None,
    };
    let (_, token) = staff::create_token(&app, &ctx, new).await.unwrap();
    app.db.close().await;
    token
}

/// Opens tickets until the program is gone.
fn open_tickets(client: usize, sent: &mut Sent, program: &Program, token: &str, tell: &impl Fn()) {
    let Ok(mut http) = Http::connect(program.http, Some(token)) else {
        return;
    };
    loop {
        let name = sent.name(client);
        let ticket = json!({
            "requester": { "email": format!("{client}.{}@patient.example", sent.next % 7), "name": "Rosa Alvarez" },
            "subject": format!("Request {name}"),
            "body": format!("I need a refill of my tablets, please. {}", "Thank you. ".repeat(40)),
        });
        let Ok(answer) = http.post(
            "/api/v1/tickets",
            &[("idempotency-key", name.as_str())],
            &ticket,
        ) else {
            return;
        };
        if answer.status == 503 {
            continue;
        }
        let answer = answer.expect(201);
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        let before = sent.ids.insert(name.clone(), id.clone());
        assert!(
            before.is_none_or(|before| before == id),
            "{name} became two tickets"
        );
        sent.acknowledge(name);
        tell();
    }
}

/// Hands mails over until the program is gone.
fn hand_mails_over(client: usize, sent: &mut Sent, program: &Program, tell: &impl Fn()) {
    let Ok(mut lmtp) = Lmtp::connect(program.lmtp) else {
        return;
    };
    loop {
        let name = sent.name(client);
        let from = format!("m{client}.{}@patient.example", sent.next % 7);
        let mail = format!(
            "From: Rosa Alvarez <{from}>\r\nTo: <{MAILBOX}>\r\nSubject: Request {name}\r\n\
             Message-ID: <{name}@patient.example>\r\nDate: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\n\
             When is the practice open on Friday?"
        );
        if lmtp.deliver(&from, MAILBOX, &mail).is_err() {
            return;
        }
        sent.acknowledge(name);
        tell();
    }
}

/// One life of the program: load from all sides, and kill -9 after `acknowledgements`.
fn one_life(data: &Path, token: &str, clients: &mut [Sent], acknowledgements: usize) {
    let program = Program::serve(data);
    let kill = program.killer();
    let left = AtomicUsize::new(acknowledgements);
    let tell = || {
        if left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill();
        }
    };
    thread::scope(|scope| {
        for (client, sent) in clients.iter_mut().enumerate() {
            let (program, tell) = (&program, &tell);
            scope.spawn(move || {
                if client < HTTP_CLIENTS {
                    open_tickets(client, sent, program, token, tell);
                } else {
                    hand_mails_over(client, sent, program, tell);
                }
            });
        }
    });
    program.ended();
}

/// Every ticket's subject, with how often it is there.
fn subjects(program: &Program, token: &str) -> BTreeMap<String, usize> {
    let mut http = program.http(Some(token));
    let mut found = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = http
            .get(&format!("/api/v1/tickets?limit=100{cursor}"))
            .unwrap()
            .expect(200)
            .json();
        for row in page["items"].as_array().unwrap() {
            *found
                .entry(row["subject"].as_str().unwrap().to_owned())
                .or_insert(0) += 1;
        }
        let Some(next) = page["next"].as_str() else {
            return found;
        };
        cursor = format!("&cursor={next}");
    }
}

/// The signed notes of a checkpoint file: each ends with its signatures and an empty line.
fn notes(file: &str) -> Vec<String> {
    let mut notes = vec![String::new()];
    for line in file.split_inclusive('\n') {
        let note = notes.last_mut().unwrap();
        if line == "\n" && note.contains("\n\u{2014} ") {
            notes.push(String::new());
        } else {
            note.push_str(line);
        }
    }
    notes.retain(|note| !note.is_empty());
    notes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_there_twice() {
    let cycles =
        std::env::var("BEDSIDE_CRASH_CYCLES").map_or(CYCLES, |cycles| cycles.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let token = set_up(data).await;
    let clients: Mutex<Vec<Sent>> =
        Mutex::new((0..=HTTP_CLIENTS).map(|_| Sent::default()).collect());

    tokio::task::block_in_place(|| {
        let mut clients = clients.lock().unwrap();
        for cycle in 0..cycles {
            one_life(data, &token, &mut clients, 1 + (cycle * 7) % 23);
        }
        let program = Program::serve(data);
        let acknowledged: BTreeSet<String> = clients
            .iter()
            .flat_map(|sent| &sent.acknowledged)
            .map(|name| format!("Request {name}"))
            .collect();
        assert!(
            clients.iter().all(|sent| !sent.acknowledged.is_empty()),
            "a way in took nothing"
        );
        assert!(acknowledged.len() >= cycles, "there was no load");

        // Mails are acknowledged before they are tickets.
        let mut found = BTreeMap::new();
        let all = wait_until(
            || {
                found = subjects(&program, &token);
                acknowledged
                    .iter()
                    .all(|subject| found.contains_key(subject))
            },
            Duration::from_mins(1),
        );
        let lost: Vec<_> = acknowledged
            .iter()
            .filter(|subject| !found.contains_key(*subject))
            .collect();
        assert!(all.is_ok(), "lost: {lost:?}\n{}", program.log());
        let twice: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "there twice: {twice:?}");
        // Besides what was acknowledged, at most what each client had under way at the very end.
        assert!(
            found.len() <= acknowledged.len() + clients.len(),
            "{} for {}",
            found.len(),
            acknowledged.len()
        );
        let mut http = program.http(Some(&token));
        for (name, id) in clients.iter().flat_map(|sent| &sent.ids) {
            let ticket = http
                .get(&format!("/api/v1/tickets/{id}"))
                .unwrap()
                .expect(200)
                .json();
            assert_eq!(ticket["subject"], format!("Request {name}"));
        }
        assert!(program.stop().success());
    });

    let (app, _) = startup::open(settings(data), Arc::new(SystemClock))
        .await
        .unwrap();
    audit_log::Sealer::new(app.clone()).round().await.unwrap();
    let kept = notes(&std::fs::read_to_string(data.join("audit/checkpoints.txt")).unwrap());
    assert!(!kept.is_empty());
    audit_log::verify(&app, &kept, |_| ())
        .await
        .unwrap()
        .expect("a whole audit log");
    app.db.close().await;
}
