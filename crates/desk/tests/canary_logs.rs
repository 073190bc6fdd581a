//! Words of a patient are driven in by every way, wrong ones too, and looked for in what is told about it: the log at
//! its most talkative, the figures, the texts of errors, addresses that browsers are sent to, and the rows of the job queue.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::Permissions;
use bedside_desk::search;
use common::{Answer, both_engines, canaries, csrf_token, log};
use serde_json::json;

/// Each stands for one field; none is a word that the program itself uses.
const CANARIES: &[&str] = &[
    "zebrafinch",
    "oriolebird",
    "kestrelmail",
    "1931-07-23",
    "mrn7734190",
    "5550147789",
    "quailnote",
    "heronreply",
    "ibistag",
    "egretfile",
    "lapwingword",
];

fn none_in(what: &str, text: &str) {
    let text = text.to_lowercase();
    for canary in CANARIES.iter().chain(canaries::EVERYWHERE) {
        if let Some(at) = text.find(canary) {
            let start = text.floor_char_boundary(at.saturating_sub(300));
            panic!(
                "{canary} in {what}: …{}",
                &text[start..text.ceil_char_boundary((at + 100).min(text.len()))]
            );
        }
    }
}

/// A refusal tells nothing of what was sent, neither in its text nor in an address.
fn refused(what: &str, answer: &Answer) {
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {}",
        answer.status
    );
    none_in(what, &answer.text());
    for (name, value) in &answer.headers {
        none_in(
            &format!("{what}, {name}"),
            &String::from_utf8_lossy(value.as_bytes()),
        );
    }
}

both_engines! {
    async fn nobody_is_told_of_a_patient(desk: Desk) {
        log::listen();
        let client = desk.client(&Permissions::ALL.codes()).await;
        let patient = json!({
            "name": "Zebrafinch Oriolebird", "birth_date": "1931-07-23", "mrn": "MRN7734190",
            "email": "kestrelmail@patient.example", "phone": "+1 555 014 7789",
        });
        let made = client.post("/api/v1/patients", &patient).await.expect(201);
        refused("an address that is taken", &client.post("/api/v1/patients", &patient).await);
        let ticket = json!({
            "requester": { "email": "kestrelmail@patient.example", "name": "Zebrafinch Oriolebird" },
            "subject": "About oriolebird", "body": "I am zebrafinch, call 5550147789, record MRN7734190.",
        });
        let key = [("idempotency-key", "once"), ("content-type", "application/json")];
        let send = async |body: String| client.request(Method::POST, "/api/v1/tickets", &key, Body::from(body)).await;
        let id = send(ticket.to_string()).await.expect(201).json()["id"].as_str().unwrap().to_owned();
        send(ticket.to_string()).await.expect(201);
        refused("a key for two requests", &send(format!(" {ticket}")).await);
        let way = format!("/api/v1/tickets/{id}");
        client.post(&format!("{way}/notes"), &json!({ "body": "quailnote" })).await.expect(201);
        client.post(&format!("{way}/messages"), &json!({ "body": "heronreply" })).await.expect(201);
        let version = client.get(&way).await.header("etag").unwrap().to_owned();
        client.patch(&way, &version, &json!({ "add_tags": ["ibistag"], "subject": "lapwingword" })).await.expect(200);
        refused("a stale edit", &client.patch(&way, &version, &json!({ "subject": "lapwingword" })).await);

        // What can't be read, used or found.
        let typed = [("content-type", "application/json")];
        for body in [
            r#"{"body":"zebrafinch"#, r#"{"body":"zebrafinch","contact_id":"oriolebird"}"#, r#"{"body":["zebrafinch"]}"#,
            r#"{"body":"x","requester":{"email":"zebrafinch oriolebird"}}"#, r#"{"body":"x","channel":"zebrafinch"}"#,
            r#"{"body":"x","category":"zebrafinch","requester":{"email":"kestrelmail@patient.example"}}"#,
            "zebrafinch", r#"{"body":"zebrafinch","body":"oriolebird"}"#, r#"{"body":"x","language":"zebrafinch"}"#,
        ] {
            refused(body, &client.request(Method::POST, "/api/v1/tickets", &typed, Body::from(body)).await);
        }
        for body in [json!({ "name": "zebrafinch", "birth_date": "oriolebird" }), json!({ "name": "zebrafinch".repeat(30) }), json!({ "name": "x", "mrn": "--" }), json!({ "name": "x", "email": "zebrafinch" }), json!({ "name": "x", "phone": "zebrafinch" })] {
            refused("a patient", &client.post("/api/v1/patients", &body).await);
        }
        let place = made.header("location").unwrap();
        refused("a patient's change", &client.patch(place, "\"v1\"", &json!({ "birth_date": "zebrafinch" })).await);
        for way in ["/api/v1/tickets?status=zebrafinch", "/api/v1/tickets?cursor=zebrafinch", "/api/v1/tickets?queue=zebrafinch", "/api/v1/tickets/zebrafinch", "/api/v1/patients/zebrafinch", "/zebrafinch", "/api/v1/events?last_event_id=zebrafinch"] {
            refused(way, &client.get(way).await);
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        client.post("/api/v1/search", &json!({ "q": "lapwingword tag:ibistag" })).await.expect(200);
        for q in ["zebrafinch:oriolebird", "status:zebrafinch", "after:zebrafinch", "assignee:zebrafinch", "zebrafinch".repeat(30).as_str()] {
            refused(q, &client.post("/api/v1/search", &json!({ "q": q })).await);
        }
        client.post("/api/v1/patients/search", &json!({ "mrn": "MRN7734190" })).await.expect(200);

        // The same by the staff's pages; forms come back with what was typed, so only addresses and logs are looked at.
        let agent = desk.browser(Role::Agent).await;
        let new = [("name", "Zebrafinch Oriolebird"), ("email", "kestrelmail@patient.example"), ("subject", "lapwingword"), ("body", "heronreply")];
        let opened = agent.submit("/tickets/new", "/tickets/new", &new).await;
        none_in("an address", opened.header("location").unwrap_or_default());
        for (page, action, field) in [("/search", "/search", "q"), ("/patients", "/patients", "name"), ("/patients/new", "/patients/new", "name")] {
            let answer = agent.submit(page, action, &[(field, "zebrafinch")]).await;
            none_in(action, answer.header("location").unwrap_or_default());
        }
        let token = csrf_token(&agent.get("/inbox").await.expect(200).text());
        let file = ("files", "egretfile.txt", "text/plain", b"zebrafinch".as_slice());
        agent.post_files("/tickets/1001/messages", &[("csrf_token", &token), ("kind", "note"), ("body", "quailnote")], &[file]).await.expect(303);
        desk.visitor().submit("/sign-in", "/sign-in", &[("email", "kestrelmail@patient.example"), ("password", "zebrafinch")]).await;

        // And everything else.
        canaries::everywhere(&desk).await;
        desk.stranger().get("/t/zebrafinch").await.expect(410);

        none_in("the figures", &desk.client("settings:read").await.get("/metrics").await.expect(200).text());
        none_in("the events", &client.get("/api/v1/events").await.expect(200).text());
        none_in("the audit log", &client.get("/api/v1/audit?limit=100").await.expect(200).text());
        let (what, rows) = canaries::jobs(&desk.app.db).await;
        none_in(&what, &String::from_utf8_lossy(&rows));
        desk.audit_is_whole().await;
        let log = String::from_utf8_lossy(&log::written()).into_owned();
        assert!(log.len() > 1000 && log.contains("/api/v1/tickets"), "the log was not heard: {}", log.len());
        none_in("the log", &log);
    }
}
