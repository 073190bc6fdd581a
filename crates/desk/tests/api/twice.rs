//! Requests that are sent twice run once: every `POST` of the table.

use crate::common::Role;
use crate::common::{Desk, both_engines};
use crate::fixtures::{ALL, Caller, Person, Things, audited, table, upload};
use axum::http::Method;
use bedside_desk::{events, search};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// Reads that are a `POST` only to keep the question out of the address.
const READS: [&str; 2] = ["/api/v1/search", "/api/v1/patients/search"];

fn posts() -> Vec<&'static str> {
    let posts = table()
        .into_iter()
        .filter(|route| route.method == Method::POST)
        .map(|route| route.path);
    posts
        .filter(|path| !READS.contains(path) && *path != "/api/v1/attachments")
        .collect()
}

/// What was done so far: what the log says, and the number of the newest event.
async fn done(desk: &Desk) -> (usize, i64) {
    (
        audited(desk).await.len(),
        events::latest(&desk.app, desk.organisation).await.unwrap(),
    )
}

fn more(body: &Value) -> Value {
    let mut body = if body.is_null() {
        json!({})
    } else {
        body.clone()
    };
    body["more"] = json!(1);
    body
}

both_engines! {
    async fn the_second_delivery_gets_the_first_answer(desk: Desk) {
        for (number, path) in posts().into_iter().enumerate() {
            let client = desk.client(ALL).await;
            let things = Things::new(&client, &format!("rosa{number}")).await;
            let caller = Caller::for_route(&desk, client, path).await;
            let (way, body) = (things.path(path), things.body(&Method::POST, path));
            let one = format!("the-same-key-{number}");
            let key = [("idempotency-key", one.as_str())];
            let first = caller.send(&Method::POST, &way, &key, &body).await;
            assert!((200..300).contains(&first.status), "{path}: {}", first.text());
            let before = done(&desk).await;
            let second = caller.send(&Method::POST, &way, &key, &body).await;
            assert_eq!((second.status, second.text()), (first.status, first.text()), "{path}");
            assert_eq!(done(&desk).await, before, "{path} ran twice");
            // A body that the endpoint would take, so that it is the key that refuses it.
            let other = if body.is_null() { "{}".to_owned() } else { format!(" {body}") };
            let answer = caller.request(&Method::POST, &way, &key, other).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (422, Some("idempotency_key_reused")), "{path}");
            assert_eq!(done(&desk).await, before, "{path} ran twice");
            let refused = caller.send(&Method::POST, &way, &[("idempotency-key", "")], &more(&body)).await;
            assert_eq!(refused.status, 422, "{path}");
        }
    }

    async fn deliveries_at_the_same_time_have_one_effect(desk: Desk) {
        for (number, path) in posts().into_iter().enumerate() {
            let client = desk.client(ALL).await;
            let things = Things::new(&client, &format!("rosa{number}")).await;
            let caller = Caller::for_route(&desk, client, path).await;
            let (way, body) = (things.path(path), things.body(&Method::POST, path));
            let before = done(&desk).await;
            let one = format!("at-once-{number}");
            let key = [("idempotency-key", one.as_str())];
            let answers = join_all((0..6).map(|_| caller.send(&Method::POST, &way, &key, &body))).await;
            for answer in &answers {
                assert_eq!((answer.status, answer.text()), (answers[0].status, answers[0].text()), "{path}");
            }
            assert!((200..300).contains(&answers[0].status), "{path}: {}", answers[0].text());
            let after = done(&desk).await;
            caller.send(&Method::POST, &way, &key, &body).await;
            assert_eq!(done(&desk).await, after, "{path}");
            assert!(after.0 > before.0, "{path} did nothing");
            let sent = audited(&desk).await;
            let newest = &sent[..after.0 - before.0];
            let mut kinds: Vec<_> = newest.iter().map(|(action, _)| action).collect();
            kinds.sort_unstable();
            let all = kinds.len();
            kinds.dedup();
            assert_eq!(kinds.len(), all, "{path} is in the log more than once: {newest:?}");
        }
    }

    async fn keys_of_different_tokens_never_meet(desk: Desk) {
        let (one, other) = (desk.client(ALL).await, desk.client(ALL).await);
        let body = json!({ "requester": { "email": "rosa@patient.example" }, "body": "A refill, please." });
        let key = [("idempotency-key", "1")];
        let first = one.json(Method::POST, "/api/v1/tickets", &key, &body).await.expect(201).json();
        let second = other.json(Method::POST, "/api/v1/tickets", &key, &body).await.expect(201).json();
        assert_ne!(first["id"], second["id"]);
    }

    async fn a_request_that_failed_leaves_its_key_free(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let way = format!("/api/v1/tickets/{}/links", things.ticket);
        let key = [("idempotency-key", "again")];
        let nobody = json!({ "ticket_id": things.contact });
        client.json(Method::POST, &way, &key, &nobody).await.expect(404);
        client.json(Method::POST, &way, &key, &json!({ "ticket_id": things.other })).await.expect(204);
    }

    async fn a_cry_in_what_is_asked_by_law_is_heard_once(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let open = async || client.get("/api/v1/tickets?limit=100").await.expect(200).json()["items"].as_array().unwrap().len();
        let before = open().await;
        let words = "I am going to kill myself tonight";
        let body = json!({ "patient_id": things.patient, "kind": "complaint", "received_on": "2026-03-02", "words": words });
        let key = [("idempotency-key", "cry")];
        let way = "/api/v1/privacy-requests";
        let wrong = json!({ "patient_id": things.patient, "kind": "complaint", "received_on": "a day", "words": words });
        client.json(Method::POST, way, &key, &wrong).await.expect(422);
        assert_eq!(open().await, before + 1);
        let first = client.json(Method::POST, way, &key, &body).await.expect(201).json();
        let second = client.json(Method::POST, way, &key, &body).await.expect(201).json();
        assert_eq!((&first["id"], open().await), (&second["id"], before + 1));
        client.get(&format!("{way}/{}", first["id"].as_str().unwrap())).await.expect(200);
    }

    async fn a_file_is_kept_once(desk: Desk) {
        let client = desk.client(ALL).await;
        let key = [("idempotency-key", "file")];
        let first = upload(&client, &key, "scan.pdf", b"%PDF-1.7 one").await.expect(201);
        let before = done(&desk).await;
        let second = upload(&client, &key, "scan.pdf", b"%PDF-1.7 one").await.expect(201);
        assert_eq!(first.text(), second.text());
        assert_eq!(done(&desk).await, before);
        upload(&client, &key, "scan.pdf", b"%PDF-1.7 two").await.expect(422);
    }
    async fn a_file_that_is_brought_many_times_at_once_is_kept_once(desk: Desk) {
        let client = desk.client(ALL).await;
        let key = [("idempotency-key", "at-once")];
        let contents: [&[u8]; 2] = [b"%PDF-1.7 one", b"%PDF-1.7 two"];
        let before = done(&desk).await;
        let sent = (0..8).map(|number| upload(&client, &key, "scan.pdf", contents[number % 2]));
        let answers = join_all(sent).await;
        // Whichever of the two came first: it has the key, and the other one is another request.
        let first = answers.iter().position(|answer| answer.status == 201).unwrap();
        for (number, answer) in answers.iter().enumerate() {
            if number % 2 == first % 2 {
                assert_eq!((answer.status, answer.text()), (201, answers[first].text()));
            } else {
                assert_eq!((answer.status, &answer.json()["code"]), (422, &json!("idempotency_key_reused")));
            }
        }
        assert_eq!(done(&desk).await.0, before.0 + 1, "kept more than once");
        // And it is the one that was answered.
        let id = &answers[first].json()["id"];
        let ticket = json!({ "requester": { "email": "rosa@patient.example" }, "body": "My scan.", "attachments": [id] });
        let made = client.post("/api/v1/tickets", &ticket).await.expect(201).json();
        let words = client.get(&format!("/api/v1/tickets/{}/messages", made["id"].as_str().unwrap())).await.json();
        let file = words["items"][0]["attachments"][0]["id"].as_str().unwrap().to_owned();
        let bytes = client.get(&format!("/api/v1/attachments/{file}")).await.expect(200).body;
        assert_eq!(bytes, contents[first % 2]);
    }

    async fn what_only_looks_looks_anew_and_leaves_its_key_free(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let key = [("idempotency-key", "look")];
        let note = format!("/api/v1/tickets/{}/notes", things.ticket);
        for (path, asked, found, place, new) in [
            ("/api/v1/search", json!({ "q": "metformin" }), "/items/0/ticket/id", note.as_str(), json!({ "body": "Takes metformin." })),
            ("/api/v1/patients/search", json!({ "mrn": "B-2" }), "/items/0/id", "/api/v1/patients", json!({ "name": "Luis Ruiz", "mrn": "B-2" })),
        ] {
            let before = done(&desk).await;
            let look = async |asked: &Value| {
                search::catch_up(&desk.app, desk.organisation).await.unwrap();
                let answer = client.json(Method::POST, path, &key, asked).await.expect(200).json();
                answer.pointer(found).is_some()
            };
            assert!(!look(&asked).await && !look(&asked).await, "{path}");
            assert_eq!(done(&desk).await, before, "{path} changed something");
            let refused = client.json(Method::POST, path, &[("idempotency-key", "")], &asked).await.expect(422);
            assert_eq!(refused.json()["errors"][0]["field"], "Idempotency-Key", "{path}");
            // An answer from before would tell of nobody. None is kept: it would be a patient's words, readable.
            client.post(place, &new).await.expect(201);
            assert!(look(&asked).await, "{path}");
        }
        // The key stands for nothing yet, so a request that does something takes it.
        let new = json!({ "contact_id": things.contact, "body": "One more thing." });
        let first = client.json(Method::POST, "/api/v1/tickets", &key, &new).await.expect(201).text();
        let again = client.json(Method::POST, "/api/v1/tickets", &key, &new).await.expect(201).text();
        assert_eq!(first, again);
        client.json(Method::POST, "/api/v1/search", &key, &json!({ "q": "metformin" })).await.expect(200);
    }

    async fn somebody_signed_in_has_keys_of_their_own(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let way = format!("/api/v1/tickets/{}/notes", things.ticket);
        let key = [("idempotency-key", "note")];
        let note = json!({ "body": "Called the pharmacy." });
        let mut made = Vec::new();
        let nurse = Caller::Person(Person::new(&desk, Role::Nurse).await);
        let agent = Caller::Person(Person::new(&desk, Role::Agent).await);
        for caller in [&nurse, &agent, &Caller::Token(client)] {
            let first = caller.send(&Method::POST, &way, &key, &note).await.expect(201).text();
            let before = done(&desk).await;
            let again = caller.send(&Method::POST, &way, &key, &note).await.expect(201).text();
            assert_eq!(first, again);
            let other = json!({ "body": "Called the family." });
            let refused = caller.send(&Method::POST, &way, &key, &other).await.expect(422).json();
            assert_eq!(refused["code"], "idempotency_key_reused");
            assert_eq!(done(&desk).await, before);
            made.push(first);
        }
        made.dedup();
        assert_eq!(made.len(), 3, "keys of different people met");
    }
}
