//! Tokens that reach some queues alone: nothing of the other requests by any way in, live events included.

use crate::common::both_engines;
use crate::fixtures::{ALL, Things, is_for_people, table};
use axum::http::Method;
use bedside_desk::api::{self, Credential};
use bedside_desk::ids::TicketId;
use bedside_desk::staff::{self, Queues};
use bedside_desk::{search, tickets};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;

both_engines! {
    async fn attack_14_a_token_reaches_the_requests_of_its_queues_alone(desk: Desk) {
        let all = desk.client(ALL).await;
        let (near, far) = (Things::new(&all, "near").await, Things::new(&all, "far").await);
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let queue = |code: &str| clinic.queues.iter().find(|queue| queue.code == code).unwrap().id;
        for (things, code) in [(&near, "billing"), (&far, "records")] {
            for id in [&things.ticket, &things.other] {
                let shown = all.get(&format!("/api/v1/tickets/{id}")).await.expect(200);
                let tag = shown.header("etag").unwrap().to_owned();
                all.patch(&format!("/api/v1/tickets/{id}"), &tag, &json!({ "queue_id": queue(code) })).await.expect(200);
            }
        }
        let mine = Queues::Only([queue("billing")].into());
        let token = desk.token_in(ALL, mine.clone()).await;
        let client = crate::common::Client::new(&desk.app, Some(token.clone()));
        let (mut refused, mut opened) = (0, 0);
        for route in table() {
            if !route.path.starts_with("/api/v1/tickets/{id}") && !route.path.starts_with("/api/v1/attachments/{id}") || is_for_people(route.path) {
                continue;
            }
            let body = match route.method {
                Method::POST | Method::PATCH => far.body(&route.method, route.path),
                _ => Value::Null,
            };
            let version: &[(&str, &str)] = if route.method == Method::PATCH { &[("if-match", "\"v1\"")] } else { &[] };
            let text = if body.is_null() { String::new() } else { body.to_string() };
            let headers = [version, &[("content-type", "application/json")]].concat();
            let answer = client.request(route.method.clone(), &far.path(route.path), &headers, text.into()).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("other_queue")), "{} {}: {}", route.method, route.path, answer.text());
            refused += 1;
            if route.method == Method::GET {
                client.get(&near.path(route.path)).await.expect(200);
                opened += 1;
            }
        }
        assert!(refused > 10 && opened > 3, "{refused} refused, {opened} opened");
        // Neither side of two requests may be another queue's.
        for (way, body) in [("merge", json!({ "into": far.ticket })), ("links", json!({ "ticket_id": far.ticket }))] {
            client.post(&format!("/api/v1/tickets/{}/{way}", near.ticket), &body).await.expect(403);
        }
        let ids = |answer: Value| -> Vec<String> {
            let items = answer["items"].as_array().unwrap().clone();
            items.iter().map(|one| one["id"].as_str().or(one["ticket"]["id"].as_str()).unwrap_or_default().to_owned()).collect()
        };
        for way in ["", "?status=open", "?status=new"] {
            let found = ids(client.get(&format!("/api/v1/tickets{way}")).await.expect(200).json());
            assert!(found.iter().all(|id| *id == near.ticket || *id == near.other), "{way} {found:?}");
        }
        assert_eq!(ids(client.get("/api/v1/tickets").await.json()).len(), 2);
        client.get(&format!("/api/v1/tickets?queue={}", queue("records"))).await.expect(403);
        let found = client.post("/api/v1/search", &json!({ "q": "refill" })).await.expect(200).text();
        assert!(found.contains(&near.ticket) && !found.contains(&far.ticket), "{found}");

        // What happens, page by page and as it happens.
        let told = client.get("/api/v1/events?last_event_id=0").await.expect(200).text();
        assert!(told.contains(&near.ticket) && !told.contains(&far.ticket) && !told.contains(&far.crisis));
        let ctx = staff::token_context(&desk.app, &token).await.unwrap();
        let stream = api::follow(desk.app.clone(), ctx, Credential::Token(token.into()), Some(0), Duration::from_secs(30));
        let mut stream = std::pin::pin!(stream.await.unwrap());
        let last: TicketId = near.other.parse().unwrap();
        let version = tickets::view(&desk.app, &desk.system(), last).await.unwrap().ticket.version;
        let patch = tickets::Patch { subject: Some("The last word".to_owned()), ..tickets::Patch::default() };
        tickets::change(&desk.app, &desk.system(), last, version, patch).await.unwrap();
        let end = bedside_desk::events::latest(&desk.app, desk.organisation).await.unwrap();
        loop {
            let event = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.unwrap().unwrap();
            assert!(!event.data.contains(&far.ticket) && !event.data.contains(&far.crisis), "{}", event.data);
            if event.id == end {
                break;
            }
        }
    }

    async fn a_token_that_reaches_few_queues_still_takes_every_request_in(desk: Desk) {
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let billing = clinic.queues.iter().find(|queue| queue.code == "billing").unwrap().id;
        let token = desk.token_in("tickets:read tickets:write", Queues::Only([billing].into())).await;
        let client = crate::common::Client::new(&desk.app, Some(token));
        // Whoever is in danger is heard by every way in, and goes where somebody looks.
        let words = "I took all of my sleeping pills an hour ago. I want to die.";
        let body = json!({ "requester": { "email": "rosa@patient.example" }, "body": words });
        let made = client.post("/api/v1/tickets", &body).await.expect(201).json();
        let id: TicketId = made["id"].as_str().unwrap().parse().unwrap();
        let view = tickets::view(&desk.app, &desk.system(), id).await.unwrap();
        assert_eq!(view.ticket.rank(), 0);
        client.get(&format!("/api/v1/tickets/{id}")).await.expect(403);
    }
}
