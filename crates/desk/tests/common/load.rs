//! A real desk's data, and what is sent to it.

use super::program::{Http, Program};
use bedside_db::SystemClock;
use bedside_desk::config::Config;
use bedside_desk::context::{Ctx, Permissions, Source};
use bedside_desk::mailboxes::{self, MailboxSettings, NewMailbox};
use bedside_desk::staff::{self, NewToken};
use bedside_desk::{audit_log, orgs, startup};
use bedside_testkit::pg;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The address that mail is brought to.
pub const MAILBOX: &str = "care@clinic.example";

/// The settings that the program has by itself or finds in its folder, and mail servers on this machine.
pub fn settings(data: &Path) -> Config {
    let file = std::fs::read_to_string(data.join("bedside.toml")).unwrap_or_default();
    Config {
        data: data.to_owned(),
        local_mail_servers: true,
        ..toml::from_str(&file).unwrap()
    }
}

/// Puts the rows of what will be set up in `data` into a PostgreSQL database of their own.
pub fn on_postgres(data: &Path) {
    on_database(data, &pg::shared().unwrap().fresh_database().unwrap());
}

/// Puts the rows of what will be set up in `data` into this PostgreSQL database.
pub fn on_database(data: &Path, database: &str) {
    let line = format!("database = {database:?}\n");
    std::fs::write(data.join("bedside.toml"), line).unwrap();
}

/// A desk with a clinic, a mailbox and a token for everything; gives the token.
pub async fn set_up(data: &Path) -> String {
    let (app, _) = startup::open(settings(data), Arc::new(SystemClock))
        .await
        .unwrap();
    let organisation = orgs::create(&app, super::clinic(&app)).await.unwrap();
    let ctx = Ctx::system(organisation, "setup", Source::CommandLine);
    let mailbox = NewMailbox {
        address: MAILBOX.to_owned(),
        settings: MailboxSettings::default(),
    };
    mailboxes::create(&app, &ctx, mailbox).await.unwrap();
    let new = NewToken {
        name: "load".to_owned(),
        scopes: Permissions::ALL,
        queues: staff::Queues::All,
        expires_at: None,
    };
    let (_, token) = staff::create_token(&app, &ctx, new).await.unwrap();
    app.db.close().await;
    token
}

/// A request for the API.
pub fn ticket(from: &str, name: &str) -> Value {
    json!({
        "requester": { "email": from, "name": "Rosa Alvarez" },
        "subject": format!("Request {name}"),
        "body": format!("I need a refill of my tablets, please. {}", "Thank you. ".repeat(40)),
    })
}

/// A mail for [`MAILBOX`].
pub fn mail(from: &str, name: &str) -> String {
    format!(
        "From: Rosa Alvarez <{from}>\r\nTo: <{MAILBOX}>\r\nSubject: Request {name}\r\n\
         Message-ID: <{name}@patient.example>\r\nDate: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\n\
         When is the practice open on Friday?"
    )
}

/// Every row of a list of the API, from its first page to its last.
pub fn listed(http: &mut Http, list: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = http.get(&format!("{list}?limit=100{cursor}")).unwrap();
        let page = page.expect(200).json();
        all.extend_from_slice(page["items"].as_array().unwrap());
        let Some(next) = page["next"].as_str() else {
            return all;
        };
        cursor = format!("&cursor={next}");
    }
}

/// Every ticket's subject, with how often it is there.
pub fn subjects(program: &Program, token: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for row in listed(&mut program.http(Some(token)), "/api/v1/tickets") {
        let subject = row["subject"].as_str().unwrap().to_owned();
        *found.entry(subject).or_insert(0) += 1;
    }
    found
}

/// Waits until everything in `wanted` is a ticket, and shows that nothing is there twice. Mails are acknowledged before
/// they are tickets.
pub fn all_there(
    program: &Program,
    token: &str,
    wanted: &BTreeSet<String>,
) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let all = bedside_testkit::wait_until(
        || {
            found = subjects(program, token);
            wanted.iter().all(|subject| found.contains_key(subject))
        },
        std::time::Duration::from_mins(1),
    );
    let lost: Vec<_> = wanted
        .iter()
        .filter(|subject| !found.contains_key(*subject))
        .collect();
    assert!(all.is_ok(), "lost: {lost:?}\n{}", program.log());
    let twice: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "there twice: {twice:?}");
    found
}

/// Shows that the audit log of a desk at rest is whole, also by the checkpoints that it shipped.
pub async fn audit_is_whole(data: &Path) {
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

/// The signed notes of a checkpoint file: each ends with its signatures and an empty line.
pub fn notes(file: &str) -> Vec<String> {
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
