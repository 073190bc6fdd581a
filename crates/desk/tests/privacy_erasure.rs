//! Erasure: what was destroyed is found nowhere any more, not in a backup from before either, and what is somebody
//! else's stays.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{Db, SystemClock, args, statements};
use bedside_desk::context::{Ctx, Permissions, Source};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{OrganisationId, PatientId, PrivacyRequestId, TicketId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::erasure::{self, HoldReason};
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, Said, State};
use bedside_desk::{jobs, search, startup, tickets};
use common::canaries::found;
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

/// A granted request for erasure, and its version.
async fn granted(desk: &Desk, patient: PatientId) -> (PrivacyRequestId, i64) {
    let new = NewRequest {
        patient,
        kind: Kind::Erasure,
        received_on: jiff::civil::date(2026, 3, 2),
        ticket: None,
        words: "Destroy the zebrafinch.".to_owned(),
    };
    let id = requests::open_request(&desk.app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap();
    requests::approve(&desk.app, &desk.ctx(Role::Compliance), id, 1)
        .await
        .unwrap();
    let said = Said {
        decision: Decision::Granted,
        reason: String::new(),
        note: "The zebrafinch may go.".to_owned(),
        with_notes: false,
    };
    requests::decide(&desk.app, &desk.ctx(Role::Administrator), id, 2, said)
        .await
        .unwrap();
    (id, 3)
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
