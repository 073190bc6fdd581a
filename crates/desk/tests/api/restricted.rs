//! Patients whose labels the token has no scope for: nothing of theirs by any way in.

use crate::common::{Client, Desk, Role, both_engines};
use crate::fixtures::{ALL, Caller, Things, table};
use axum::http::Method;
use bedside_desk::api::{self, Credential};
use bedside_desk::audit_log::NewEntry;
use bedside_desk::ids::{MessageId, PatientId, TicketId};
use bedside_desk::privacy::{self, NewOpening, Reason};
use bedside_desk::{search, staff};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// What only whoever may see the patient reads: names, addresses and words of the fixtures.
const CANARIES: [&str; 5] = [
    "Rosa Alvarez",
    "@patient.example",
    "refill",
    "sleeping pills",
    "Here it is",
];

/// Every kind of event that there is.
fn kinds() -> Vec<&'static str> {
    let parts = include_str!("../../src/events/mod.rs").lines();
    let parts = parts.filter_map(|line| line.trim().strip_prefix("pub const "));
    parts.filter_map(|line| line.split('"').nth(1)).collect()
}

/// Has everything happen to a request that can, with all that the data of an event say.
async fn everything_happens(desk: &Desk, things: &Things) {
    let ticket: TicketId = things.ticket.parse().unwrap();
    let message: MessageId = things.message.parse().unwrap();
    let data = json!({
        "number": 4711, "score": 1, "what": "code_right", "file": things.attachment, "scan": "clean", "state": "sent",
        "message_kind": "inbound", "channel": "phone", "version": 9, "changed": ["urgency"], "to": { "urgency": "emergency" },
    });
    let system = desk.system();
    let happened = desk.app.command(&system, move |work| {
        async move {
            for kind in kinds() {
                work.event(kind, Some(ticket), Some(message), &data);
            }
            work.audit(NewEntry::new("test.happened", "ticket", ticket));
            Ok(())
        }
        .boxed()
    });
    happened.await.unwrap();
}

/// The kinds of events that were heard of a request, of which `bare` ones say that it is there and nothing else.
fn told_of(things: &Things, events: &[Value], bare: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for event in events {
        let text = event.to_string();
        if bare {
            for id in [&things.message, &things.answer, &things.attachment] {
                assert!(!text.contains(id.as_str()), "{text}");
            }
        }
        let of = event["ticket_id"].as_str().unwrap_or_default();
        let own = [&things.ticket, &things.other, &things.crisis];
        if !own.iter().any(|id| id.as_str() == of) {
            continue;
        }
        found.insert(event["kind"].as_str().unwrap().to_owned());
        if bare {
            let names = ["message_id", "actor_id", "actor_kind", "data"];
            let told = names.map(|name| event[name].clone());
            assert_eq!(
                told,
                [Value::Null, Value::Null, json!("system"), json!({})],
                "{text}"
            );
        }
    }
    found
}

/// What lists show is told, and no more.
const BARE: [&str; 4] = [
    "message.added",
    "ticket.changed",
    "ticket.created",
    "ticket.merged",
];

both_engines! {
    async fn attack_31_the_live_stream_tells_of_a_hidden_patient_what_a_list_shows(desk: Desk) {
        let boss = desk.client(&format!("{ALL} patients:vip")).await;
        let (hers, open) = (Things::new(&boss, "rosa").await, Things::new(&boss, "open").await);
        hers.link(&desk, &hers.contact).await;
        let patient = format!("/api/v1/patients/{}", hers.patient);
        let tag = boss.get(&patient).await.expect(200).header("etag").unwrap().to_owned();
        boss.patch(&format!("{patient}/labels"), &tag, &json!({ "labels": ["vip"] })).await.expect(200);
        everything_happens(&desk, &hers).await;
        everything_happens(&desk, &open).await;
        let all: BTreeSet<String> = kinds().into_iter().map(str::to_owned).collect();
        let bare: BTreeSet<String> = BARE.map(str::to_owned).into();
        assert!(all.len() > 15 && all.is_superset(&bare), "{all:?}");

        // Page by page.
        let token = desk.token(ALL).await;
        let client = Client::new(&desk.app, Some(token.clone()));
        let way = "/api/v1/events?last_event_id=0";
        let page = client.get(way).await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        assert_eq!(told_of(&hers, items, true), bare);
        assert_eq!(told_of(&open, items, false), all);
        let seen = boss.get(way).await.expect(200).json();
        assert_eq!(told_of(&hers, seen["items"].as_array().unwrap(), false), all);

        // As it happens: the same, word for word.
        let ctx = staff::token_context(&desk.app, &token).await.unwrap();
        let stream = api::follow(desk.app.clone(), ctx, Credential::Token(token.into()), Some(0), Duration::from_secs(30));
        let mut stream = std::pin::pin!(stream.await.unwrap());
        for item in items {
            let event = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.unwrap().unwrap();
            let data: Value = serde_json::from_str(&event.data).unwrap();
            assert_eq!((&data, event.event.as_str()), (item, item["kind"].as_str().unwrap()));
        }

        // A colleague hears all of it once they opened the record, and of nobody else's.
        let agent = desk.browser(Role::Agent).await;
        let heard = async || agent.get(way).await.expect(200).json()["items"].as_array().unwrap().clone();
        assert_eq!(told_of(&hers, &heard().await, true), bare);
        let new = NewOpening {
            patient: PatientId::from_uuid(hers.patient.parse().unwrap()),
            reason: Reason::Danger,
            words: "She is on the phone and says that she bleeds.".to_owned(),
        };
        privacy::open_record(&desk.app, &desk.ctx(Role::Agent), new).await.unwrap();
        assert!(told_of(&hers, &heard().await, false).contains("identity.changed"));
        desk.clock.advance(privacy::OPEN_FOR);
        let agent = desk.browser(Role::Agent).await;
        let later = agent.get(way).await.expect(200).json();
        assert_eq!(told_of(&hers, later["items"].as_array().unwrap(), true), bare);
    }

    async fn attack_14_11_and_51_a_hidden_patient_is_hidden_on_every_way_of_the_api(desk: Desk) {
        let all = format!("{ALL} patients:vip");
        let boss = desk.client(&all).await;
        let things = Things::new(&boss, "rosa").await;
        let patient = format!("/api/v1/patients/{}", things.patient);
        things.link(&desk, &things.contact).await;
        let labels = json!({ "labels": ["vip"] });
        let tag = boss.get(&patient).await.expect(200).header("etag").unwrap().to_owned();
        boss.patch(&format!("{patient}/labels"), &tag, &labels).await.expect(200);
        assert_eq!(boss.get(&patient).await.json()["labels"], json!(["vip"]));
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let version = |answer: Value| (answer["version"].clone(), answer["message_count"].clone());
        let ticket = format!("/api/v1/tickets/{}", things.ticket);
        let before = version(boss.get(&ticket).await.json());
        let mut tried = 0;
        for route in table() {
            let by_id = route.path.contains('{') && !route.path.contains("/queues/");
            let caller = Caller::for_route(&desk, desk.client(ALL).await, route.path).await;
            if matches!(caller, Caller::Person(_)) {
                // What people alone do is tried on the pages, by somebody who sees less than an administrator.
                continue;
            }
            let body = match route.method {
                Method::POST | Method::PATCH if route.path != "/api/v1/attachments" => things.body(&route.method, route.path),
                _ => Value::Null,
            };
            let headers: &[(&str, &str)] = if route.method == Method::PATCH { &[("if-match", "\"v1\"")] } else { &[] };
            let answer = caller.send(&route.method, &things.path(route.path), headers, &body).await;
            if by_id || (route.method == Method::POST && route.path == "/api/v1/tickets") {
                assert_eq!(answer.status, 403, "{} {}: {}", route.method, route.path, answer.text());
                assert_eq!(answer.json()["code"], "restricted", "{} {}", route.method, route.path);
                assert!(answer.json().get("open").is_none(), "a token opens nothing for a reason");
                tried += 1;
            }
            for canary in CANARIES {
                assert!(!answer.text().contains(canary), "{} {} says {canary}", route.method, route.path);
            }
        }
        assert!(tried > 15, "{tried}");
        assert_eq!(version(boss.get(&ticket).await.json()), before);

        // Lists say that there is work, and nothing of whose.
        let client = desk.client(ALL).await;
        let list = client.get("/api/v1/tickets").await.expect(200).json();
        let row = &list["items"][0];
        assert_eq!((&row["restricted"], &row["subject"], &row["contact_id"], &row["patient_id"]), (&json!(true), &json!(""), &Value::Null, &Value::Null));
        for way in [format!("patient={}", things.patient), format!("contact={}", things.contact)] {
            let found = client.get(&format!("/api/v1/tickets?{way}")).await.expect(200).json();
            assert_eq!(found["items"], json!([]), "{way}");
        }
        let contacts = client.get("/api/v1/contacts?limit=100").await.expect(200).text();
        assert!(!contacts.contains(&things.contact) && !contacts.contains(&things.patient), "{contacts}");
        for query in ["refill", "from:rosa", "from:rosa@patient.example"] {
            let found = client.post("/api/v1/search", &json!({ "q": query })).await.expect(200).json();
            assert_eq!(found["items"], json!([]), "{query}");
            let found = boss.post("/api/v1/search", &json!({ "q": query })).await.expect(200).json();
            assert_ne!(found["items"], json!([]), "{query}");
        }
        // Nobody without the scope takes the label away, and nobody gives one to a patient of nowhere.
        let tag = boss.get(&patient).await.header("etag").unwrap().to_owned();
        client.patch(&format!("{patient}/labels"), &tag, &json!({ "labels": [] })).await.expect(403);
        boss.patch(&format!("{patient}/labels"), &tag, &json!({ "labels": ["famous"] })).await.expect(422);
        let nowhere = PatientId::from_bytes([7; 16]);
        boss.patch(&format!("/api/v1/patients/{nowhere}/labels"), &tag, &labels).await.expect(404);
        boss.patch(&format!("{patient}/labels"), &tag, &json!({ "labels": [] })).await.expect(200);
        client.get(&patient).await.expect(200);
    }
}
