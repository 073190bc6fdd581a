//! Erasure: what was destroyed is found nowhere any more, not in a backup from before either, and what is somebody
//! else's stays.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{Db, SystemClock, args, statements};
use bedside_desk::context::{Ctx, Permissions, Source};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{OrganisationId, PatientId, PrivacyRequestId, TicketId};
use bedside_desk::intake::email;
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::erasure::{self, HoldReason};
use bedside_desk::privacy::requests::{self, Decision, Said, State};
use bedside_desk::{jobs, search, startup, tickets};
use common::canaries::found;
use common::granted::granted;
use common::opened::everything;
use common::{Browser, Client, Desk, Engine, Role, both_engines};
use serde_json::json;
use std::sync::Arc;

statements! {
    /// Whether a key is kept.
    KEY = "SELECT COUNT(*) FROM data_keys WHERE organisation_id = $1 AND id = $2";
}

/// Words that stand nowhere but in the record that is erased.
const CANARIES: &[&str] = &[
    "zebrafinch",
    "oriolebird",
    "kestrelmail",
    "MRN7734190",
    "quailnote",
    "heronreply",
    "ibistag",
];
const ADDRESS: &str = "kestrelmail@patient.example";

struct Record {
    patient: PatientId,
    ticket: TicketId,
    way: String,
}

async fn record(desk: &Desk, client: &Client) -> Record {
    let new = NewPatient {
        name: "Zebrafinch Oriolebird".to_owned(),
        birth_date: Some("1931-07-23".to_owned()),
        mrn: Some("MRN7734190".to_owned()),
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, ADDRESS.to_owned())];
    let patient = patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap();
    let ticket = desk
        .ticket(ADDRESS, "About oriolebird", "I am zebrafinch.")
        .await;
    let way = format!("/api/v1/tickets/{ticket}");
    client
        .post(&format!("{way}/notes"), &json!({ "body": "quailnote" }))
        .await
        .expect(201);
    client
        .post(&format!("{way}/messages"), &json!({ "body": "heronreply" }))
        .await
        .expect(201);
    let version = client
        .get(&way)
        .await
        .expect(200)
        .header("etag")
        .unwrap()
        .to_owned();
    client
        .patch(&way, &version, &json!({ "add_tags": ["ibistag"] }))
        .await
        .expect(200);
    Record {
        patient,
        ticket,
        way,
    }
}

/// Asks once more for the yes and the decision that a hold took back.
async fn granted_anew(desk: &Desk, id: PrivacyRequestId) -> i64 {
    let (second, boss) = (desk.ctx(Role::Compliance), desk.ctx(Role::Administrator));
    let view = requests::request(&desk.app, &boss, id).await.unwrap();
    assert_eq!(
        (view.request.state, view.request.approved),
        (State::Open, None)
    );
    let version = view.request.version;
    requests::approve(&desk.app, &second, id, version)
        .await
        .unwrap();
    let said = Said {
        decision: Decision::Granted,
        reason: String::new(),
        note: String::new(),
        with_notes: false,
    };
    requests::decide(&desk.app, &boss, id, version + 1, said)
        .await
        .unwrap();
    version + 2
}

fn code<T: std::fmt::Debug>(done: Result<T, DeskError>) -> &'static str {
    match done.unwrap_err() {
        DeskError::Conflict { code, .. } | DeskError::Invalid { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// Whether a search finds anything.
async fn finds(client: &Client, words: &str) -> bool {
    let found = client
        .post("/api/v1/search", &json!({ "q": words }))
        .await
        .expect(200)
        .json();
    !found["items"].as_array().unwrap().is_empty()
}

/// How many of the certificate's keys are still there, and how many it names.
async fn keys_left(db: &Db, organisation: OrganisationId, certificate: &str) -> (i64, usize) {
    let told: erasure::Certificate = serde_json::from_str(certificate).unwrap();
    let (mut conn, mut left) = (db.read().await.unwrap(), 0);
    for key in &told.keys {
        let args = args![organisation, *key];
        left += conn
            .query_one(KEY, args, |row| row.get::<i64>(0))
            .await
            .unwrap();
    }
    (left, told.keys.len())
}

/// Nothing of the record is left for anybody.
async fn is_gone(desk: &Desk, client: &Client, record: &Record) {
    client
        .get(&format!("/api/v1/patients/{}", record.patient))
        .await
        .expect(404);
    let wanted = json!({ "mrn": "MRN7734190" });
    let found_ones = client
        .post("/api/v1/patients/search", &wanted)
        .await
        .expect(200)
        .json();
    assert!(found_ones["items"].as_array().unwrap().is_empty());
    let mut shown = vec![
        client.get(&record.way).await.expect(200).text(),
        client
            .get(&format!("{}/messages", record.way))
            .await
            .expect(200)
            .text(),
        client
            .get(&format!("{}/notes", record.way))
            .await
            .expect(200)
            .text(),
    ];
    let admin: Browser = desk.browser(Role::Administrator).await;
    let number = tickets::view(&desk.app, &desk.system(), record.ticket)
        .await
        .unwrap()
        .ticket
        .number;
    for page in [
        &*format!("/tickets/{number}"),
        "/inbox",
        "/inbox/done",
        "/patients",
        "/privacy",
        "/privacy?closed=true",
        "/audit",
    ] {
        shown.push(admin.get(page).await.expect(200).text());
    }
    let shown: Vec<(String, Vec<u8>)> = shown
        .into_iter()
        .map(|text| ("a page".to_owned(), text.into_bytes()))
        .collect();
    let left = found(&shown, CANARIES);
    assert!(left.is_empty(), "{left:?}");
    search::catch_up(&desk.app, desk.organisation)
        .await
        .unwrap();
    for word in ["zebrafinch", "oriolebird", "quailnote", "heronreply"] {
        assert!(!finds(client, word).await, "{word}");
    }
    assert!(
        finds(client, "marzipan").await,
        "what is somebody else's is found"
    );
}

both_engines! {
    async fn what_was_erased_is_found_nowhere_and_what_is_somebody_elses_stays(desk: Desk) {
        let client = desk.client(&Permissions::ALL.codes()).await;
        let record = record(&desk, &client).await;
        let other = desk.ticket("other@patient.example", "Marzipan", "An open request about marzipan.").await;
        jobs::drain(&desk.app).await.ok();
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        assert!(finds(&client, "zebrafinch").await && finds(&client, "quailnote").await);
        let (request, version) = granted(&desk, record.patient).await;
        let boss = desk.ctx(Role::Administrator);

        // A hold stands in the way, until somebody takes it away.
        let hold = erasure::place(&desk.app, &boss, record.patient, HoldReason::Litigation, "The zebrafinch sues.", None).await.unwrap();
        assert_eq!(code(erasure::erase(&desk.app, &boss, request, version).await), "held");
        assert!(erasure::holds(&desk.app, &boss, record.patient).await.unwrap()[0].counts(desk.app.now()));
        assert!(matches!(erasure::release(&desk.app, &desk.ctx(Role::Agent), record.patient, hold).await, Err(DeskError::Forbidden)));
        erasure::release(&desk.app, &boss, record.patient, hold).await.unwrap();
        assert!(matches!(erasure::release(&desk.app, &boss, record.patient, hold).await, Err(DeskError::NotFound)));
        // A yes that was given while the record was held counts no more.
        assert_eq!(code(erasure::erase(&desk.app, &boss, request, version + 1).await), "not_granted");
        let version = granted_anew(&desk, request).await;
        assert_eq!(code(erasure::erase(&desk.app, &desk.ctx(Role::Compliance), request, version).await), "same_person");
        assert!(matches!(erasure::erase(&desk.app, &desk.ctx(Role::Agent), request, version).await, Err(DeskError::Forbidden)));
        assert!(matches!(erasure::erase(&desk.app, &boss, request, version - 1).await, Err(DeskError::Stale { .. })));
        client.get(&format!("/api/v1/patients/{}", record.patient)).await.expect(200);

        erasure::erase(&desk.app, &boss, request, version).await.unwrap();
        jobs::drain(&desk.app).await.unwrap();
        is_gone(&desk, &client, &record).await;
        let shown = client.get(&format!("/api/v1/tickets/{other}")).await.expect(200).text();
        assert!(shown.contains("Marzipan"));
        let view = requests::request(&desk.app, &boss, request).await.unwrap();
        assert_eq!((view.request.state, view.name, view.words, view.note), (State::Closed, None, None, None));
        let (certificate, note) = erasure::certificate(&desk.app, &boss, request).await.unwrap().unwrap();
        let (left, named) = keys_left(&desk.app.db, desk.organisation, &certificate).await;
        assert!(left == 0 && named > 0, "{certificate}");
        assert!(certificate.contains("\"messages\":3") && note.contains("/erasure"), "{certificate}");
        assert_eq!(code(erasure::erase(&desk.app, &boss, request, view.request.version).await.map_err(|error| match error {
            DeskError::NotFound => DeskError::Conflict { code: "gone", text: "" },
            other => other,
        })), "gone");
        desk.audit_is_whole().await;

        // Whoever was erased and writes anew is somebody new.
        let again = desk.ticket(ADDRESS, "Hello", "I am back.").await;
        assert_ne!(again, record.ticket);
        client.get(&format!("/api/v1/tickets/{again}")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_from_before_is_erased_again_when_a_desk_starts_on_it() {
    let desk = Desk::new(Engine::Sqlite).await;
    let client = desk.client(&Permissions::ALL.codes()).await;
    let record = record(&desk, &client).await;
    desk.ticket(
        "other@patient.example",
        "Marzipan",
        "An open request about marzipan.",
    )
    .await;
    let other = NewPatient {
        name: "Marzipan".to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let other = patients::create_patient(&desk.app, &desk.system(), other, Vec::new())
        .await
        .unwrap();
    let (request, version) = granted(&desk, record.patient).await;
    let backup = tempfile::tempdir().unwrap();
    let copy = backup.path().join("copy.db");
    desk.app.db.copy_to(copy.clone(), |_, _| ()).await.unwrap();
    let id = erasure::erase(&desk.app, &desk.ctx(Role::Administrator), request, version)
        .await
        .unwrap();
    jobs::drain(&desk.app).await.unwrap();
    let (mut config, organisation) = (desk.app.config.clone(), desk.organisation);
    // What an operator has: the backup, the key, and the list beside the checkpoints.
    let folder = tempfile::tempdir().unwrap();
    for name in ["keys/root.key", "audit/erased.txt"] {
        let to = folder.path().join(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(desk.folder().join(name), to).unwrap();
    }
    std::fs::copy(&copy, folder.path().join("bedside.db")).unwrap();
    // A line that a power cut left half, and one that names somebody whom nobody erased.
    let list = folder.path().join("audit/erased.txt");
    let line = std::fs::read_to_string(&list).unwrap();
    let forged = line
        .replace(&record.patient.to_string(), &other.to_string())
        .replace(&id.to_string(), &desk.app.id::<()>().to_string());
    assert_ne!(line, forged);
    let spoiled = [
        forged.as_bytes(),
        b"{\"organisation\":\xff",
        line.as_bytes(),
    ]
    .concat();
    std::fs::write(&list, spoiled).unwrap();
    folder.path().clone_into(&mut config.data);
    let (app, _) = startup::open(config, Arc::new(SystemClock)).await.unwrap();
    let ctx = Ctx::system(organisation, "test", Source::Job);
    assert!(matches!(
        patients::patient(&app, &ctx, record.patient).await,
        Err(DeskError::NotFound)
    ));
    patients::patient(&app, &ctx, other)
        .await
        .expect("what nobody signed destroys nothing");
    let view = tickets::view(&app, &ctx, record.ticket).await.unwrap();
    assert!(view.messages.is_empty() && view.subject.is_empty() && view.tags.is_empty());
    let (certificate, _) = erasure::certificate(&app, &ctx, request)
        .await
        .unwrap()
        .unwrap();
    let (left, named) = keys_left(&app.db, organisation, &certificate).await;
    assert!(left == 0 && named > 0, "the keys came back with the backup");
    search::catch_up(&app, organisation).await.unwrap();
    // Started once more, nothing is left to do.
    assert_eq!(erasure::reapply(&app).await.unwrap(), 0);
}

/// Tables that hold something of a patient and that erasure leaves alone, each with the reason.
const LEFT_ALONE: &[(&str, &str)] = &[
    ("api_tokens", "of other systems"),
    ("audit_checkpoints", "sums over the log"),
    (
        "breach_letters",
        "the words of a letter to everybody on a list, with no name in them",
    ),
    (
        "breaches",
        "what happened, sealed with a key of the incident's own; who was on its list is taken out",
    ),
    (
        "audit_entries",
        "ids and codes alone, kept for six years (45 CFR 164.316(b)(2)(i))",
    ),
    (
        "audit_filters",
        "what the staff look for in the log, sealed: an id and no name",
    ),
    ("desk_secrets", "the desk's own keys"),
    ("events", "ids and codes alone"),
    (
        "external_ids",
        "the marks stay, so that a mail that was erased is not taken in again",
    ),
    ("feedback", "codes of what was felt, no words"),
    (
        "file_days",
        "how many files somebody brought, forgotten within a day",
    ),
    ("half_sign_ins", "of the staff"),
    ("idempotency_keys", "ids alone, forgotten within a day"),
    (
        "identity_failures",
        "keyed marks of failed tries, forgotten within days",
    ),
    (
        "identity_flags",
        "codes of signs that the staff noticed, forgotten within days",
    ),
    ("identity_locks", "keyed marks, and when each ends"),
    (
        "identity_peeks",
        "who of the staff looked at which request and when, forgotten within a month",
    ),
    ("identity_subjects", "keyed marks of what was tried"),
    (
        "identity_tries",
        "keyed marks of what was tried and by which contact, forgotten within days",
    ),
    ("mailboxes", "the clinic's own addresses"),
    ("organisations", "the clinic's keys"),
    ("passkey_questions", "of the staff"),
    (
        "portal_codes",
        "keyed marks of an address that was typed, over after minutes and forgotten within a day",
    ),
    ("recovery_codes", "of the staff"),
    ("second_factors", "of the staff"),
    ("sessions", "of the staff"),
    ("sign_in_failures", "of the staff"),
    ("sso_providers", "the clinic's own secret at its provider"),
    ("sso_questions", "of the staff"),
    ("staff_links", "of the staff"),
    ("ticket_followers", "who of the staff follows a skeleton"),
    ("ticket_links", "ids of two skeletons"),
    ("uploads", "files of nobody yet, forgotten within a day"),
];

/// Columns by which a row belongs to a patient, or holds something sealed or keyed of one.
fn tells_of_somebody(line: &str) -> bool {
    let line = line.trim();
    let named = [
        "patient_id ",
        "contact_id ",
        "ticket_id ",
        "message_id ",
        "key_id ",
    ];
    named.iter().any(|name| line.starts_with(name))
        || line
            .split_whitespace()
            .nth(1)
            .is_some_and(|kind| kind.starts_with("BLOB"))
}

/// A table that somebody adds for patients is destroyed with them, or stands above with the reason why not.
#[test]
fn every_table_of_patients_is_destroyed_or_named_with_a_reason() {
    let mut tables = std::collections::BTreeSet::<String>::new();
    for step in startup::MIGRATIONS {
        let lines = step
            .sql
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"));
        let text = lines.collect::<Vec<_>>().join("\n");
        for statement in text.split(';').map(str::trim) {
            if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
                let (name, columns) = rest.split_once('(').unwrap();
                if columns.lines().any(tells_of_somebody) {
                    tables.insert(name.trim().to_owned());
                }
            } else if let Some(name) = statement.strip_prefix("DROP TABLE ") {
                tables.remove(name.trim());
            } else if let Some((old, new)) = statement
                .strip_prefix("ALTER TABLE ")
                .and_then(|rest| rest.split_once(" RENAME TO "))
            {
                if tables.remove(old.trim()) {
                    tables.insert(new.trim().to_owned());
                }
            } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
                let added = rest.split_once(" ADD COLUMN ");
                if let Some((name, _)) = added.filter(|(_, column)| tells_of_somebody(column)) {
                    tables.insert(name.trim().to_owned());
                }
            }
        }
    }
    assert!(tables.len() > 20, "the schema was not read");
    let destroyed = |table: &str| {
        erasure::STATEMENTS.iter().any(|statement| {
            let text = statement.dollar;
            text.starts_with(&format!("DELETE FROM {table} "))
                || text.starts_with(&format!("UPDATE {table} SET "))
        })
    };
    let named = |table: &str| LEFT_ALONE.iter().any(|(name, _)| *name == table);
    let mut forgotten = tables.clone();
    forgotten.retain(|table| !destroyed(table) && !named(table));
    assert!(
        forgotten.is_empty(),
        "erasure knows nothing of {forgotten:?}"
    );
    // The list of exceptions only shrinks.
    let mut stale: Vec<&str> = LEFT_ALONE.iter().map(|(name, _)| *name).collect();
    stale.retain(|name| !tables.contains(*name) || destroyed(name));
    assert!(stale.is_empty(), "no reason is needed for {stale:?}");
}

both_engines! {
    async fn a_mail_of_somebody_who_was_erased_is_not_taken_in_again(desk: Desk) {
        let client = desk.client(&Permissions::ALL.codes()).await;
        let record = record(&desk, &client).await;
        let raw = format!(
            "From: <{ADDRESS}>\r\nTo: help@clinic.example\r\nSubject: More oriolebird\r\nMessage-ID: <once@patient.example>\r\n\
             Date: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\nI am zebrafinch still.\r\n"
        );
        let read = async |via| {
            let source = email::Source::new(via);
            email::receive(&desk.app, desk.organisation, None, source, raw.as_bytes()).await.unwrap();
            email::processor::drain(&desk.app).await.unwrap();
        };
        read(email::Via::Receiver).await;
        let contact = patients::patient(&desk.app, &desk.system(), record.patient).await.unwrap().contacts[0].id;
        let yes = json!({ "purpose": "surveys", "channel": "email", "decision": "withdrawn", "text": "kestrelmail says no", "source": "mail", "address": ADDRESS });
        client.post(&format!("/api/v1/patients/{}/consents", record.patient), &yes).await.expect(201);
        let (request, version) = granted(&desk, record.patient).await;
        erasure::erase(&desk.app, &desk.ctx(Role::Administrator), request, version).await.unwrap();
        assert!(matches!(patients::contact(&desk.app, &desk.system(), contact).await, Err(DeskError::NotFound)));
        let left = found(&everything(&desk).await, CANARIES);
        assert!(left.is_empty(), "{left:?}");
        let active = async || tickets::list(&desk.app, &desk.system(), &tickets::View::Active, None, 100).await.unwrap().rows.len();
        let before = active().await;
        // It still lies in the mailbox, and in a file that somebody imports.
        for via in [email::Via::Receiver, email::Via::Import] {
            read(via).await;
            assert_eq!(active().await, before);
            let back = patients::contact_of_address(&desk.app, desk.organisation, ADDRESS).await.unwrap();
            assert_eq!(back, None);
        }
    }
}
