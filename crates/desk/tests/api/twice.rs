//! Requests that are sent twice run once: every `POST` of the table.

use crate::common::{Desk, both_engines};
use crate::fixtures::{ALL, Caller, Things, audited, table, upload};
use axum::http::Method;
use bedside_desk::events;
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

fn other(body: &Value) -> Value {
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
            let key = [("idempotency-key", "the-same-key")];
            let first = caller.send(&Method::POST, &way, &key, &body).await;
            assert!((200..300).contains(&first.status), "{path}: {}", first.text());
            let before = done(&desk).await;
            let second = caller.send(&Method::POST, &way, &key, &body).await;
            assert_eq!((second.status, second.text()), (first.status, first.text()), "{path}");
            assert_eq!(done(&desk).await, before, "{path} ran twice");
            if !body.is_null() {
                // A body that the endpoint would take, so that it is the key that refuses it.
                let mut changed = body.clone();
                let field = changed.as_object().unwrap().keys().next().unwrap().clone();
                changed[&field] = match &changed[&field] {
                    Value::String(text) if field == "body" || field == "subject" || field == "name" => json!(format!("{text} And more.")),
                    same => same.clone(),
                };
                let text = format!(" {changed}");
                let headers = [("idempotency-key", "the-same-key"), ("content-type", "application/json")];
                let Caller::Token(client) = &caller else { continue };
                let answer = client.request(Method::POST, &way, &headers, axum::body::Body::from(text)).await;
                assert_eq!((answer.status, answer.json()["code"].as_str()), (422, Some("idempotency_key_reused")), "{path}");
            }
            let refused = caller.send(&Method::POST, &way, &[("idempotency-key", "")], &other(&body)).await;
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
            let key = [("idempotency-key", "at-once")];
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
}
