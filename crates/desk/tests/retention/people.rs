//! People of whom nothing else is here: whoever never had a request, and patients without anything.

use super::common::{Desk, Role, both_engines};
use super::kinds::{close, switch_all_on};
use super::{DAY, done_since, is_gone, patient, runs};
use bedside_db::{Statement, Timestamp, args, statements};
use bedside_desk::context::Permissions;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{ContactId, PatientId};
use bedside_desk::intake::email;
use bedside_desk::patients::{self, NewContact, PointKind};
use bedside_desk::privacy::erasure::{self, HoldReason};
use bedside_desk::privacy::retention::{self, Period, Record};
use futures_util::FutureExt;
use serde_json::json;

statements! {
    /// Has everybody be here since an instant.
    CAME = "UPDATE contacts SET created_at = $2 WHERE organisation_id = $1";
    /// Has whoever stands for somebody do so since an instant.
    LINKED = "UPDATE contacts SET linked_at = $2 WHERE organisation_id = $1 AND linked_at IS NOT NULL";
    /// Has every way to somebody be here since an instant.
    REACHED = "UPDATE contact_points SET created_at = $2, last_acknowledged_at = NULL WHERE organisation_id = $1";
    /// Has every patient be here since an instant.
    KNOWN = "UPDATE patients SET created_at = $2 WHERE organisation_id = $1";
    /// Has one contact's ways be here since an instant.
    REACHED_ONE = "UPDATE contact_points SET created_at = $3 WHERE organisation_id = $1 AND contact_id = $2";
    /// Contacts, ways to them, and patients.
    LEFT = "SELECT (SELECT COUNT(*) FROM contacts WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM contact_points WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM patients WHERE organisation_id = $1)";
}

async fn left(desk: &Desk) -> (i64, i64, i64) {
    let mut conn = desk.app.read_newest().await.unwrap();
    let read = |row: &bedside_db::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    conn.query_one(LEFT, args![desk.organisation], read)
        .await
        .unwrap()
}

async fn since(desk: &Desk, statement: Statement, at: Timestamp) {
    let organisation = desk.organisation;
    let changed = desk.app.db.write::<_, DeskError, _>(move |tx| {
        async move { Ok(tx.execute(statement, args![organisation, at]).await?) }.boxed()
    });
    changed.await.unwrap();
}

/// Everybody, and every way to them, is here since an instant.
async fn all_since(desk: &Desk, at: Timestamp) {
    for statement in [CAME, LINKED, REACHED, KNOWN] {
        since(desk, statement, at).await;
    }
}

async fn reached_since(desk: &Desk, contact: ContactId, at: Timestamp) {
    let organisation = desk.organisation;
    let changed = desk.app.db.write::<_, DeskError, _>(move |tx| {
        async move {
            let args = args![organisation, contact, at];
            Ok(tx.execute(REACHED_ONE, args).await?)
        }
        .boxed()
    });
    assert_eq!(changed.await.unwrap(), 1);
}

async fn contact(desk: &Desk, name: &str) -> ContactId {
    let new = NewContact {
        name: Some(name.to_owned()),
        locale: None,
        secure_link: false,
        patient: None,
        points: vec![(PointKind::Email, format!("{name}@else.example"))],
        who: None,
        ground: None,
    };
    patients::create_contact(&desk.app, &desk.system(), new)
        .await
        .unwrap()
}

async fn is_here(desk: &Desk, patient: PatientId) -> bool {
    match patients::patient(&desk.app, &desk.system(), patient).await {
        Ok(_) => true,
        Err(DeskError::NotFound) => false,
        Err(error) => panic!("{error:?}"),
    }
}

async fn today(desk: &Desk, record: Record) -> (u64, u64, u64) {
    let boss = desk.ctx(Role::Compliance);
    let (_, found) = retention::look(&desk.app, &boss, record, Period::offered(record))
        .await
        .unwrap();
    (found.today, found.held, found.young)
}

both_engines! {
    async fn whoever_never_had_a_request_goes_unless_something_of_them_is_here(desk: Desk) {
        patient(&desk, "Known", Some("1950-01-01"), "known@patient.example").await;
        desk.ticket("writer@patient.example", "Hello", "Words.").await;
        let stop = "From: <refuses@else.example>\r\nTo: help@clinic.example\r\nSubject: \r\nMessage-ID: <stop@else.example>\r\n\
            Date: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\nSTOP\r\n";
        contact(&desk, "refuses").await;
        email::receive(&desk.app, desk.organisation, None, email::Source::new(email::Via::Receiver), stop.as_bytes()).await.unwrap();
        email::processor::drain(&desk.app).await.unwrap();
        contact(&desk, "added").await;
        let moved = contact(&desk, "moved").await;
        all_since(&desk, desk.app.now().plus_seconds(-2000 * DAY)).await;
        // A new way to somebody is a sign that they matter still.
        reached_since(&desk, moved, desk.app.now().plus_seconds(-10 * DAY)).await;
        let (contacts, points, known) = left(&desk).await;
        switch_all_on(&desk, &[Record::Contacts]).await;
        assert_eq!(today(&desk, Record::Contacts).await, (1, 0, 0));
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(runs(&desk).await, [(1, 0, 0, true)]);
        assert_eq!(left(&desk).await, (contacts - 1, points - 1, known));
        let (told, _) = retention::runs(&desk.app, &desk.ctx(Role::Compliance), None).await.unwrap();
        assert_eq!(told[0].told.destroyed["contacts"], 1);
        // Later the other one goes as well; whoever said no, wrote, or is a patient stays.
        reached_since(&desk, moved, desk.app.now().plus_seconds(-2000 * DAY)).await;
        desk.clock.advance(DAY);
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(runs(&desk).await[0], (1, 0, 0, true));
        assert_eq!(left(&desk).await, (contacts - 2, points - 2, known));
        desk.audit_is_whole().await;
    }

    async fn a_patient_without_anything_goes_with_their_people(desk: Desk) {
        let bare = patient(&desk, "Bare", Some("1950-01-01"), "bare@patient.example").await;
        let young = patient(&desk, "Young", Some("2015-06-01"), "young@patient.example").await;
        let unknown = patient(&desk, "Unknown", None, "unknown@patient.example").await;
        let wrote = patient(&desk, "Wrote", Some("1950-01-01"), "wrote@patient.example").await;
        let asked = patient(&desk, "Asked", Some("1950-01-01"), "asked@patient.example").await;
        let held = patient(&desk, "Held", Some("1950-01-01"), "held@patient.example").await;
        let moved = patient(&desk, "Moved", Some("1950-01-01"), "moved@patient.example").await;
        let ticket = desk.ticket("wrote@patient.example", "Hello", "Words.").await;
        done_since(&desk, ticket, desk.app.now().plus_seconds(-4000 * DAY)).await;
        let client = desk.client(&Permissions::ALL.codes()).await;
        let body = json!({ "patient_id": asked.to_string(), "kind": "copy", "received_on": "2026-03-01" });
        let made = client.post("/api/v1/privacy-requests", &body).await.expect(201).json();
        close(&desk, made["id"].as_str().unwrap()).await;
        let boss = desk.ctx(Role::Compliance);
        let litigation = erasure::place(&desk.app, &boss, held, HoldReason::Litigation, "", None).await.unwrap();
        all_since(&desk, desk.app.now().plus_seconds(-4000 * DAY)).await;
        let way = patients::patient(&desk.app, &desk.system(), moved).await.unwrap().contacts[0].id;
        reached_since(&desk, way, desk.app.now().plus_seconds(-10 * DAY)).await;
        let (contacts, points, known) = left(&desk).await;

        switch_all_on(&desk, &[Record::Requests, Record::Patients]).await;
        assert_eq!(today(&desk, Record::Patients).await, (1, 0, 2));
        retention::daily(&desk.app).await.unwrap();
        let (told, _) = retention::runs(&desk.app, &boss, None).await.unwrap();
        let run = told.iter().find(|run| run.told.record == Record::Patients).unwrap();
        assert_eq!((run.told.records, run.told.held, run.told.young), (1, 0, 2));
        assert_eq!((run.told.destroyed["patients"], run.told.destroyed["contacts"]), (1, 1));
        assert!(retention::is_proven(&desk.app, run).unwrap());
        assert_eq!(left(&desk).await.2, known - 1);
        assert_eq!(left(&desk).await.1, points - 1);
        assert!(left(&desk).await.0 <= contacts, "one for whom skeletons stand may have come");
        assert!(!is_here(&desk, bare).await);
        for (whose, what) in [
            (young, "young"), (unknown, "of an age nobody knows"), (wrote, "with a skeleton"), (asked, "asked by law"),
            (held, "held"), (moved, "with a new address"),
        ] {
            assert!(is_here(&desk, whose).await, "{what}");
        }
        assert!(is_gone(&desk, ticket).await);

        // A hold that is over stands for something, until it goes after its own time.
        erasure::release(&desk.app, &boss, held, litigation).await.unwrap();
        desk.clock.advance(DAY);
        retention::daily(&desk.app).await.unwrap();
        assert!(is_here(&desk, held).await);
        desk.audit_is_whole().await;
    }
}
