//! Live events: nothing is missed, nothing comes twice, and nobody listens who may not.

use crate::common::Role;
use crate::common::{Desk, both_engines};
use crate::fixtures::{ALL, Things, neighbour, ticket};
use axum::body::Body;
use axum::http::{Method, Request};
use bedside_desk::context::{Ctx, Permissions};
use bedside_desk::router::router;
use bedside_desk::staff::{self, NewToken};
use bedside_desk::{api, events, tickets};
use bedside_testkit::wait_until_async;
use futures_util::StreamExt;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tower::ServiceExt;

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects with the last number, and reads until `count` events came (or the number `last`).
async fn listen(
    desk: &Desk,
    token: &str,
    seen: i64,
    in_header: bool,
    count: usize,
    last: i64,
) -> Vec<i64> {
    let way = if in_header {
        "/api/v1/events".to_owned()
    } else {
        format!("/api/v1/events?last_event_id={seen}")
    };
    let mut request = Request::get(way)
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "text/event-stream");
    if in_header {
        request = request.header("last-event-id", seen.to_string());
    }
    let answer = router(&desk.app)
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let mut body = answer.into_body().into_data_stream();
    let mut text = String::new();
    loop {
        let ids: Vec<i64> = text
            .lines()
            .filter_map(|line| line.strip_prefix("id: ")?.parse().ok())
            .collect();
        if ids.len() >= count || ids.last().is_some_and(|id| *id >= last) {
            return ids.into_iter().take(count).collect();
        }
        let piece = tokio::time::timeout(PATIENCE, body.next())
            .await
            .expect("an event")
            .expect("a stream")
            .unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
}

both_engines! {
    async fn a_client_that_comes_and_goes_misses_nothing(desk: Desk) {
        let token = desk.token("tickets:read patients:read settings:read").await;
        let ticket = desk.ticket("rosa@patient.example", "Refill", "I need a refill.").await;
        let mut runner = TestRunner::deterministic();
        let cuts = proptest::collection::vec(1_usize..9, 60);
        for round in 0..2 {
            let before = events::latest(&desk.app, desk.organisation).await.unwrap();
            let end = before + 60;
            let writers = (0..3).map(|_| {
                let (app, ctx) = (desk.app.clone(), desk.ctx(Role::Agent));
                tokio::spawn(async move {
                    let mut written = 0;
                    while written < 20 {
                        // Two notes at once may meet on the ticket's version; the loser writes again.
                        if tickets::note(&app, &ctx, ticket, "A note.".to_owned(), Vec::new()).await.is_ok() {
                            written += 1;
                        }
                    }
                })
            });
            let writers: Vec<_> = writers.collect();
            let mut heard = Vec::new();
            let mut seen = before;
            for cut in cuts.new_tree(&mut runner).unwrap().current() {
                if seen >= end {
                    break;
                }
                heard.extend(listen(&desk, &token, seen, round == 0, cut, end).await);
                seen = *heard.last().unwrap();
            }
            for writer in writers {
                writer.await.unwrap();
            }
            assert_eq!(events::latest(&desk.app, desk.organisation).await.unwrap(), end);
            assert_eq!(heard, (before + 1..=seen).collect::<Vec<_>>());
        }
    }

    async fn pages_tell_the_same(desk: Desk) {
        let client = desk.client("tickets:read patients:read settings:read tickets:write").await;
        ticket(&client, "rosa@patient.example").await;
        let latest = events::latest(&desk.app, desk.organisation).await.unwrap();
        let page = client.get("/api/v1/events").await.expect(200).json();
        let numbers: Vec<i64> = page["items"].as_array().unwrap().iter().map(|one| one["sequence"].as_i64().unwrap()).collect();
        assert_eq!(numbers, (1..=latest).collect::<Vec<_>>());
        assert_eq!(page["last_event_id"], json!(latest));
        let none = client.get(&format!("/api/v1/events?last_event_id={latest}")).await.expect(200).json();
        assert_eq!((&none["items"], &none["last_event_id"]), (&json!([]), &json!(latest)));
        // A number from before a restore is one that never was here: what comes next is heard all the same.
        let ahead = client.get("/api/v1/events?last_event_id=99999").await.expect(200).json();
        assert_eq!(ahead["last_event_id"], json!(latest));
        ticket(&client, "ana@patient.example").await;
        let next = client.get(&format!("/api/v1/events?last_event_id={}", ahead["last_event_id"])).await.expect(200).json();
        assert_eq!(next["items"][0]["sequence"], json!(latest + 1));
        for wrong in ["-1", "x"] {
            assert!(matches!(client.get(&format!("/api/v1/events?last_event_id={wrong}")).await.status, 400 | 422));
            let header = [("last-event-id", wrong)];
            client.request(Method::GET, "/api/v1/events", &header, Body::empty()).await.expect(400);
        }
    }

    async fn what_happens_to_many_requests_at_once_is_told_of_each(desk: Desk) {
        let mut all = BTreeSet::new();
        for number in 0..35 {
            let id = desk.ticket(&format!("rosa{number}@patient.example"), "Refill", "I need a refill.").await;
            all.insert(id.to_string());
        }
        let heard = desk.client("tickets:read").await.get("/api/v1/events").await.expect(200).json();
        let items = heard["items"].as_array().unwrap().iter();
        let told: BTreeSet<String> = items.filter_map(|one| Some(one["ticket_id"].as_str()?.to_owned())).collect();
        assert_eq!(told, all);
    }

    async fn others_hear_nothing_of_it(desk: Desk) {
        let (_, theirs) = neighbour(&desk).await;
        let before = theirs.get("/api/v1/events").await.expect(200).json();
        let client = desk.client(ALL).await;
        Things::new(&client, "rosa").await;
        assert_eq!(theirs.get("/api/v1/events").await.expect(200).json(), before);
        let reader = desk.client("tickets:read").await.get("/api/v1/events").await.expect(200).text();
        assert!(reader.contains("ticket.created") && !reader.contains("people.changed"));
        assert!(client.get("/api/v1/events").await.text().contains("people.changed"));
        desk.client("patients:read").await.get("/api/v1/events").await.expect(403);
        desk.browser(Role::Compliance).await.get("/api/v1/events").await.expect(403);
    }

    async fn a_stream_ends_with_its_token(desk: Desk) {
        let new = NewToken { name: "live".to_owned(), scopes: Permissions::parse("tickets:read").unwrap(), queues: staff::Queues::All, expires_at: None };
        let (id, token) = staff::create_token(&desk.app, &desk.system(), new).await.unwrap();
        let ctx: Ctx = staff::token_context(&desk.app, &token).await.unwrap();
        let credential = api::Credential::Token(token.into());
        let stream = api::follow(desk.app.clone(), ctx, credential, None, Duration::from_millis(20)).await.unwrap();
        let mut stream = std::pin::pin!(stream);
        desk.ticket("rosa@patient.example", "Refill", "I need a refill.").await;
        assert!(tokio::time::timeout(PATIENCE, stream.next()).await.unwrap().is_some());
        staff::revoke_token(&desk.app, &desk.system(), id).await.unwrap();
        let rest = tokio::time::timeout(PATIENCE, stream.count()).await.expect("the stream ends");
        assert!(rest < 10);
    }

    async fn listening_keeps_no_session_alive(desk: Desk) {
        let browser = desk.browser(Role::Agent).await;
        desk.clock.advance(50 * 60);
        browser.get("/api/v1/events").await.expect(200);
        desk.clock.advance(15 * 60);
        browser.get("/api/v1/events?last_event_id=0").await.expect(401);
        browser.get("/api/v1/me").await.expect(401);

        let session = staff::admit(&desk.app, desk.organisation, desk.id_of(Role::Agent), "test", "").await.unwrap();
        let credential = api::Credential::Session(session.token.into());
        let stream = api::follow(desk.app.clone(), session.ctx, credential, None, Duration::from_millis(20)).await.unwrap();
        desk.clock.advance(61 * 60);
        let ended = tokio::spawn(stream.count());
        wait_until_async(async || ended.is_finished(), PATIENCE).await.unwrap();
    }
}
