//! Patients, contacts, settings, search, the log, oneself.

use crate::common::Role;
use crate::common::both_engines;
use crate::fixtures::{ALL, Things, audited};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::search;
use serde_json::json;

both_engines! {
    async fn a_patient_is_added_found_and_changed(desk: Desk) {
        let client = desk.client("patients:read patients:write fields:contact fields:identifiers").await;
        let new = json!({
            "name": "Ana Ruiz", "birth_date": "1979-04-02", "mrn": "A-10442", "email": "ana@patient.example", "language": "es",
        });
        let made = client.post("/api/v1/patients", &new).await.expect(201);
        let path = made.header("location").unwrap().to_owned();
        let shown = client.get(&path).await.expect(200);
        assert_eq!((shown.json()["name"].as_str(), shown.header("etag")), (Some("Ana Ruiz"), Some("\"v1\"")));
        for wanted in [
            json!({ "mrn": "a 10442" }),
            json!({ "email": "ANA@patient.example" }),
            json!({ "name": " ANA  ruiz", "birth_date": "1979-04-02" }),
        ] {
            let found = client.post("/api/v1/patients/search", &wanted).await.expect(200).json();
            assert_eq!(found["items"][0]["id"], shown.json()["id"], "{wanted}");
        }
        client.post("/api/v1/patients/search", &json!({ "name": "Ana Ruiz" })).await.expect(422);
        // Whoever doesn't see birth date and record number empties neither.
        let narrow = desk.client("patients:read patients:write").await;
        let seen = narrow.get(&path).await.expect(200).json();
        assert_eq!((&seen["mrn"], &seen["birth_date"], &seen["unidentified"]), (&json!(null), &json!(null), &json!(true)));
        narrow.patch(&path, "\"v1\"", &json!({ "mrn": null })).await.expect(403);
        client.patch(&path, "\"v1\"", &json!({ "mrn": null, "secure_link": true })).await.expect(200);
        let changed = client.get(&path).await.json();
        assert_eq!((&changed["mrn"], &changed["birth_date"], &changed["language"]), (&json!(null), &json!("1979-04-02"), &json!("es")));
        let stale = client.patch(&path, "\"v1\"", &json!({ "name": "Eve" })).await.expect(412).json();
        assert_eq!(stale["changed"], json!(["patient"]));
        let blind = desk.client("patients:write").await;
        blind.patch(&path, "\"v2\"", &json!({ "name": "Eve" })).await.expect(403);
        let log = audited(&desk).await;
        assert!(log.iter().any(|(action, _)| action == "patient.create"));
        assert!(log.iter().any(|(action, _)| action == "patient.change"));
    }

    async fn attack_12_an_address_that_is_taken_is_neither_moved_nor_explained(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let before = client.get(&format!("/api/v1/contacts/{}", things.contact)).await.expect(200).json();
        let refused = client.post("/api/v1/patients", &json!({ "name": "Eve", "email": "rosa@patient.example" })).await;
        assert_eq!(refused.status, 409);
        assert_eq!(refused.json()["code"], "address_taken");
        assert!(!refused.text().contains("Rosa"), "{}", refused.text());
        assert_eq!(client.get(&format!("/api/v1/contacts/{}", things.contact)).await.json(), before);
        let nobody = client.post("/api/v1/patients/search", &json!({ "name": "Eve", "birth_date": "2000-01-01" })).await;
        assert_eq!(nobody.json()["items"], json!([]));
    }

    async fn a_contact_stands_for_a_patient(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let path = format!("/api/v1/contacts/{}", things.contact);
        client.post(&format!("{path}/patient"), &json!({})).await.expect(422);
        client.post(&format!("{path}/patient"), &json!({ "patient_id": things.unreached })).await.expect(204);
        assert_eq!(client.get(&path).await.expect(200).json()["patient_id"], json!(things.unreached));
        // What they wrote before is about the patient now.
        let earlier = client.get(&format!("/api/v1/tickets/{}", things.other)).await.expect(200);
        assert_eq!(earlier.json()["patient_id"], json!(things.unreached));
        let body = json!({ "patient_id": things.unreached, "body": "A call: she needs a refill.", "channel": "phone" });
        let id = client.post("/api/v1/tickets", &body).await.expect(201).json()["id"].as_str().unwrap().to_owned();
        let shown = client.get(&format!("/api/v1/tickets/{id}")).await.json();
        assert_eq!((&shown["patient"]["id"], &shown["channel"]), (&json!(things.unreached), &json!("phone")));
        let reader = desk.client("tickets:read").await;
        let named = reader.get(&format!("/api/v1/tickets/{id}")).await.expect(200).json();
        assert!(named["patient"].is_null());
        // Who it is, and nothing of what the contact's own endpoint refuses.
        let contact = &client.get(&path).await.json();
        let named = reader.get(&format!("/api/v1/tickets/{}", things.other)).await.expect(200).json();
        assert_eq!(named["contact"], json!({ "id": contact["id"], "name": contact["name"] }));
        let whole = client.get(&format!("/api/v1/tickets/{}", things.other)).await.expect(200).json();
        assert_eq!((&whole["contact"]["id"], &whole["contact"]["addresses"]), (&contact["id"], &contact["addresses"]));
        client.post(&format!("{path}/patient"), &json!({ "patient_id": null })).await.expect(204);
        assert!(client.get(&path).await.json()["patient_id"].is_null());
        assert!(client.get(&format!("/api/v1/tickets/{}", things.other)).await.json()["patient_id"].is_null());
    }

    async fn a_contact_is_added_listed_and_changed(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let new = json!({ "name": "Luis Ruiz", "addresses": [
            { "kind": "email", "value": "luis@patient.example" }, { "kind": "phone", "value": "+1 312 555 0147" },
        ] });
        let made = client.post("/api/v1/contacts", &new).await.expect(201);
        let path = made.header("location").unwrap().to_owned();
        let shown = client.get(&path).await.expect(200);
        assert_eq!((shown.header("etag"), shown.json()["addresses"].as_array().unwrap().len()), (Some("\"v1\""), 2));
        let taken = client.post("/api/v1/contacts", &json!({ "addresses": [{ "kind": "email", "value": "ROSA@patient.example" }] })).await;
        assert_eq!(taken.expect(409).json()["code"], "address_taken");
        client.post("/api/v1/contacts", &json!({})).await.expect(422);
        client.post("/api/v1/contacts", &json!({ "addresses": [{ "kind": "email", "value": "nobody" }] })).await.expect(422);
        let change = json!({
            "language": "es", "name": null, "secure_link": true,
            "add_addresses": [{ "kind": "email", "value": "luis@work.example" }],
            "remove_addresses": [{ "kind": "phone", "value": "(312) 555-0147" }],
        });
        desk.clock.advance(1);
        client.patch(&path, "\"v1\"", &change).await.expect(200);
        let changed = client.get(&path).await.json();
        assert_eq!((&changed["name"], &changed["language"], &changed["secure_link"]), (&json!(null), &json!("es"), &json!(true)));
        let values: Vec<&str> = changed["addresses"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
        assert_eq!(values, ["luis@patient.example", "luis@work.example"]);
        client.patch(&path, "\"v1\"", &json!({ "language": "en" })).await.expect(412);
        // Somebody else's address is neither taken over nor taken away (attack 12).
        let theirs = json!([{ "kind": "email", "value": "rosa@patient.example" }]);
        let refused = client.patch(&path, "\"v2\"", &json!({ "add_addresses": theirs })).await.expect(409);
        assert!(!refused.text().to_lowercase().contains("alvarez"));
        client.patch(&path, "\"v2\"", &json!({ "remove_addresses": theirs })).await.expect(422);
        assert_eq!(client.get(&format!("/api/v1/contacts/{}", things.contact)).await.json()["addresses"][0]["value"], "rosa@patient.example");
        let luis = shown.json()["id"].as_str().unwrap().to_owned();
        things.link(&desk, &luis).await;
        // Lists go on where they ended.
        for (list, count) in [("/api/v1/contacts".to_owned(), 4), (format!("/api/v1/contacts?patient={}", things.patient), 2), ("/api/v1/patients".to_owned(), 2)] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let mark = if list.contains('?') { '&' } else { '?' };
                let page = client.get(&format!("{list}{mark}limit=1{cursor}")).await.expect(200).json();
                seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let all = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!((seen.len(), all), (count, count), "{list}");
        }
        let log = audited(&desk).await;
        for action in ["contact.create", "contact.change"] {
            assert!(log.iter().any(|(one, _)| one == action), "{action}");
        }
    }

    async fn a_birth_date_is_one_that_somebody_alive_can_have(desk: Desk) {
        let client = desk.client("patients:read patients:write fields:contact fields:identifiers").await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let today = clinic.time_zone.to_datetime(desk.app.now().to_jiff()).date();
        let (tomorrow, today) = (today.tomorrow().unwrap().to_string(), today.to_string());
        for date in ["2979-04-02", "0001-04-02", "1879-12-31", "18791231", tomorrow.as_str()] {
            let refused = client.post("/api/v1/patients", &json!({ "name": "Ana Ruiz", "birth_date": date })).await.expect(422).json();
            assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["code"]), (&json!("birth_date"), &json!("out_of_range")), "{refused}");
        }
        for date in ["1880-01-01", today.as_str()] {
            client.post("/api/v1/patients", &json!({ "name": "Ana Ruiz", "birth_date": date })).await.expect(201);
        }
        let path = client.post("/api/v1/patients", &json!({ "name": "Ana Ruiz" })).await.expect(201).header("location").unwrap().to_owned();
        client.patch(&path, "\"v1\"", &json!({ "birth_date": "2979-04-02" })).await.expect(422);
        let nurse = desk.browser(Role::Nurse).await;
        let fields = [("name", "Rosa Alvarez"), ("birth_date", "2979-04-02")];
        let page = nurse.submit("/patients/new", "/patients/new", &fields).await.expect(422).text();
        assert!(page.contains("after today or before 1880") && page.contains("2979-04-02"), "{page}");
    }

    async fn a_token_is_known_however_its_scheme_is_written_and_told_what_is_for_people(desk: Desk) {
        let token = desk.token(ALL).await;
        let stranger = desk.stranger();
        for (scheme, status) in [("Bearer", 200), ("bearer", 200), ("BEARER ", 200), ("Basic", 401), ("Bearerx", 401)] {
            let given = format!("{scheme} {token}");
            let headers = [("authorization", given.as_str())];
            stranger.request(Method::GET, "/api/v1/me", &headers, Body::empty()).await.expect(status);
        }
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let refused = client.post(&format!("/api/v1/tickets/{}/follow", things.ticket), &json!({})).await.expect(403);
        assert!(refused.json()["detail"].as_str().unwrap().starts_with("Only people follow tickets."), "{}", refused.text());
        let odd = client.post("/api/v1/tickets", &json!([])).await.expect(422);
        assert!(odd.text().contains("Expected an object.") && !odd.text().contains("struct"), "{}", odd.text());
        for way in ["/api/v1/audit?actor=%00", "/api/v1/audit?object=a%00b"] {
            assert_eq!(desk.client("audit:read").await.get(way).await.expect(422).json()["code"], "invalid");
        }
        let admin = desk.browser(Role::Administrator).await;
        admin.get("/audit?actor=%00").await.expect(422);
        let form = [("name", "a\0b"), ("email", "nul@clinic.example"), ("role", "agent"), ("locale", "en")];
        admin.submit("/settings/staff/new", "/settings/staff/new", &form).await.expect(422);
    }

    async fn settings_are_read(desk: Desk) {
        let client = desk.client("settings:read").await;
        let queues = client.get("/api/v1/queues").await.expect(200).json();
        assert!(queues["items"].as_array().unwrap().iter().any(|queue| queue["purpose"] == "crisis"));
        // What a change of a ticket may name.
        let staff = client.get("/api/v1/staff").await.expect(200);
        let nurse = desk.id_of(Role::Nurse).to_string();
        let of = |id: &str| staff.json()["items"].as_array().unwrap().iter().find(|one| one["id"] == id).cloned();
        assert_eq!(of(&nurse).unwrap()["takes_tickets"], true);
        assert_eq!(of(&desk.id_of(Role::Compliance).to_string()).unwrap()["takes_tickets"], false);
        assert!(!staff.text().contains("@clinic.example"), "{}", staff.text());
        for list in ["sub-statuses", "fields"] {
            assert!(client.get(&format!("/api/v1/{list}")).await.expect(200).json()["items"].is_array());
            desk.client("tickets:write").await.get(&format!("/api/v1/{list}")).await.expect(403);
        }
        let categories = client.get("/api/v1/categories").await.expect(200).json();
        assert!(categories["items"].as_array().unwrap().iter().any(|category| category["code"] == "billing"));
    }

    async fn tickets_are_found_by_their_words(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let found = client.post("/api/v1/search", &json!({ "q": "refill" })).await.expect(200).json();
        let ids: Vec<&str> = found["items"].as_array().unwrap().iter().map(|hit| hit["ticket"]["id"].as_str().unwrap()).collect();
        assert!(ids.contains(&things.ticket.as_str()) && ids.contains(&things.other.as_str()), "{found}");
        client.post("/api/v1/search", &json!({ "q": "refill", "limit": 51 })).await.expect(422);
        client.post("/api/v1/search", &json!({ "q": "x".repeat(300) })).await.expect(422);
        client.post("/api/v1/search", &json!({ "q": "refill", "cursor": "x" })).await.expect(400);
    }

    async fn the_log_is_read_by_those_who_may(desk: Desk) {
        Things::new(&desk.client(ALL).await, "rosa").await;
        let client = desk.client("audit:read").await;
        let page = client.get("/api/v1/audit?limit=3").await.expect(200).json();
        assert_eq!(page["items"][0]["action"], "audit.read");
        let next = page["next"].as_str().unwrap();
        let older = client.get(&format!("/api/v1/audit?limit=3&cursor={next}")).await.expect(200).json();
        assert_eq!(older["items"].as_array().unwrap().len(), 3);
        assert_ne!(older["items"][0]["id"], page["items"][2]["id"]);
    }

    async fn one_sees_oneself(desk: Desk) {
        let token = desk.client("tickets:read audit:read").await.get("/api/v1/me").await.expect(200).json();
        assert_eq!((&token["kind"], &token["scopes"]), (&json!("token"), &json!(["tickets:read", "audit:read"])));
        let person = desk.browser(Role::Nurse).await.get("/api/v1/me").await.expect(200).json();
        assert_eq!((&person["kind"], &person["role"]), (&json!("staff"), &json!("nurse")));
    }
}
