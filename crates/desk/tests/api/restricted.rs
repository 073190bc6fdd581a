//! Patients whose labels the token has no scope for: nothing of theirs by any way in.

use crate::common::both_engines;
use crate::fixtures::{ALL, Caller, Things, table};
use axum::http::Method;
use bedside_desk::ids::PatientId;
use bedside_desk::search;
use serde_json::{Value, json};

/// What only whoever may see the patient reads: names, addresses and words of the fixtures.
const CANARIES: [&str; 5] = [
    "Rosa Alvarez",
    "@patient.example",
    "refill",
    "sleeping pills",
    "Here it is",
];

both_engines! {
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
            if route.path == "/api/v1/events" {
                continue;
            }
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
