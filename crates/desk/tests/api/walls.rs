//! Who gets in, and what stays shut: generated over the route table.

use crate::common::Role;
use crate::common::{Client, both_engines};
use crate::fixtures::{ALL, Caller, Things, audited, neighbour, table};
use axum::http::Method;
use bedside_desk::api;
use bedside_desk::context::{Permission, Permissions};
use bedside_desk::router::Access;
use bedside_desk::staff::{self, NewToken};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Columns of a table, as the schema names them.
fn columns(table: &str) -> Vec<&'static str> {
    let schema = include_str!("../../migrations/0001_ground_floor.sql");
    let (_, rest) = schema
        .split_once(&format!("CREATE TABLE {table} ("))
        .unwrap();
    let (inside, _) = rest.split_once("\n)").unwrap();
    inside
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect()
}

/// Names of all fields that any schema of the API has.
fn fields_of_the_api(document: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, names: &mut BTreeSet<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            names.extend(properties.keys().cloned());
        }
        match value {
            Value::Object(map) => map.values().for_each(|inner| walk(inner, names)),
            Value::Array(list) => list.iter().for_each(|inner| walk(inner, names)),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    walk(&document["components"]["schemas"], &mut names);
    names
}

both_engines! {
    async fn nothing_answers_without_a_token(desk: Desk) {
        let things = Things::new(&desk.client(ALL).await, "rosa").await;
        for caller in [desk.stranger(), Client::new(&desk.app, Some("bsd_made-up".to_owned()))] {
            for route in table() {
                let answer = caller.request(route.method.clone(), &things.path(route.path), &[], axum::body::Body::empty()).await;
                assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
                assert_eq!(answer.json()["code"], "unauthorized");
            }
        }
    }

    async fn attack_14_a_token_without_the_scope_is_refused_and_that_is_noted(desk: Desk) {
        let things = Things::new(&desk.client(ALL).await, "rosa").await;
        for route in table() {
            let Access::Api(needed) = route.access else { continue };
            let others: Vec<Permission> = Permission::ALL.iter().copied().filter(|one| *one != needed).collect();
            let client = desk.client(&Permissions::of(&others).codes()).await;
            let before = audited(&desk).await.len();
            let answer = client.request(route.method.clone(), &things.path(route.path), &[], axum::body::Body::empty()).await;
            assert_eq!(answer.status, 403, "{} {}", route.method, route.path);
            let log = audited(&desk).await;
            assert_eq!(log.len(), before + 1, "{} {}", route.method, route.path);
            assert_eq!(log[0], ("http.request".to_owned(), "denied".to_owned()));
        }
    }

    async fn a_token_that_ended_opens_nothing(desk: Desk) {
        let new = NewToken {
            name: "short".to_owned(),
            scopes: Permissions::parse(ALL).unwrap(),
            queues: staff::Queues::All,
            expires_at: Some(desk.app.now().plus_seconds(60)),
        };
        let (id, token) = staff::create_token(&desk.app, &desk.system(), new).await.unwrap();
        let client = Client::new(&desk.app, Some(token));
        client.get("/api/v1/me").await.expect(200);
        desk.clock.advance(61);
        client.get("/api/v1/me").await.expect(401);
        staff::revoke_token(&desk.app, &desk.system(), id).await.unwrap();
        client.get("/api/v1/me?unexpected=1").await.expect(401);
    }

    async fn ids_of_another_organisation_are_not_found(desk: Desk) {
        let (_, theirs) = neighbour(&desk).await;
        let foreign = Things::new(&theirs, "their-rosa").await;
        for route in table().into_iter().filter(|route| route.path.contains('{')) {
            let caller = Caller::for_route(&desk, desk.client(ALL).await, route.path).await;
            let body = match route.method {
                Method::POST | Method::PATCH => foreign.body(&route.method, route.path),
                _ => Value::Null,
            };
            let headers: &[(&str, &str)] = if route.method == Method::PATCH { &[("if-match", "\"v1\"")] } else { &[] };
            let answer = caller.send(&route.method, &foreign.path(route.path), headers, &body).await;
            assert_eq!(answer.status, 404, "{} {}: {}", route.method, route.path, answer.text());
        }
        let log = theirs.get("/api/v1/audit?limit=100").await.expect(200).text();
        assert!(!log.contains(&desk.id_of(Role::Administrator).to_string()), "a stranger stands in their log");
    }

    async fn attack_13_and_47_ids_of_another_organisation_in_a_body_lead_nowhere(desk: Desk) {
        let (_, theirs) = neighbour(&desk).await;
        let foreign = Things::new(&theirs, "their-rosa").await;
        let ours = desk.client(ALL).await;
        let own = Things::new(&ours, "rosa").await;
        let ticket = format!("/api/v1/tickets/{}", own.ticket);
        let cases = [
            ("/api/v1/tickets".to_owned(), json!({ "contact_id": foreign.contact, "body": "x" }), 404),
            ("/api/v1/tickets".to_owned(), json!({ "patient_id": foreign.patient, "body": "x" }), 404),
            ("/api/v1/tickets".to_owned(), json!({ "contact_id": own.contact, "queue_id": foreign.queue, "body": "x" }), 422),
            ("/api/v1/tickets".to_owned(), json!({ "contact_id": own.contact, "attachments": [foreign.upload], "body": "x" }), 422),
            (format!("{ticket}/messages"), json!({ "attachments": [foreign.upload], "body": "x" }), 422),
            (format!("{ticket}/notes"), json!({ "attachments": [foreign.upload], "body": "x" }), 422),
            (format!("{ticket}/merge"), json!({ "into": foreign.ticket }), 404),
            (format!("{ticket}/links"), json!({ "ticket_id": foreign.ticket }), 404),
            (format!("{ticket}/split"), json!({ "messages": [foreign.message], "subject": "x" }), 404),
            (format!("/api/v1/contacts/{}/patient", own.contact), json!({ "patient_id": foreign.patient }), 404),
        ];
        for (path, body, status) in cases {
            let answer = ours.post(&path, &body).await;
            assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
        }
        let tag = ours.get(&ticket).await.expect(200).header("etag").unwrap().to_owned();
        for body in [json!({ "queue_id": foreign.queue }), json!({ "assignee_id": foreign.contact })] {
            ours.patch(&ticket, &tag, &body).await.expect(422);
        }
        for list in ["queue", "contact", "patient"] {
            let id = match list {
                "queue" => &foreign.queue,
                "contact" => &foreign.contact,
                _ => &foreign.patient,
            };
            let page = ours.get(&format!("/api/v1/tickets?{list}={id}")).await.expect(200).json();
            assert_eq!(page["items"], json!([]), "{list}");
        }
        // Lists of ids are no way around it: the name is not known.
        ours.get(&format!("/api/v1/tickets?contact[]={}", foreign.contact)).await.expect(422);
        let cursor = theirs.get("/api/v1/tickets?limit=1").await.expect(200).json()["next"].as_str().unwrap().to_owned();
        assert_eq!(ours.get(&format!("/api/v1/tickets?limit=1&cursor={cursor}")).await.expect(400).json()["code"], "invalid_cursor");
    }

    async fn attack_16_a_change_reaches_what_may_be_changed_and_nothing_else(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let document = api::document();
        // Every way to change something, with every name that the API has for anything and every column of its table.
        let mut tried = 0;
        for route in table().into_iter().filter(|route| route.method == Method::PATCH) {
            let body = &document["paths"][route.path]["patch"]["requestBody"]["content"]["application/json"]["schema"];
            let schema = document.pointer(&body["$ref"].as_str().unwrap()[1..]).unwrap();
            let allowed: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
            assert!(!allowed.contains("id") && !allowed.contains("organisation_id") && !allowed.contains("version"), "{}", route.path);
            let kind = route.path.split('/').nth(3).unwrap();
            let mut names = fields_of_the_api(&document);
            names.extend(columns(kind).into_iter().map(str::to_owned));
            names.extend(["account_id", "key_id", "created_by"].map(str::to_owned));
            let path = things.path(route.path);
            // What is changed is read one step above, where it has no page of its own.
            let shown = things.path(route.path.strip_suffix("/labels").unwrap_or(route.path));
            let before = client.get(&shown).await.expect(200);
            let tag = before.header("etag").unwrap().to_owned();
            for name in names.difference(&allowed) {
                let answer = client.patch(&path, &tag, &json!({ name: things.other })).await;
                assert_eq!(answer.status, 422, "{name}: {}", answer.text());
                let error = &answer.json()["errors"][0];
                assert_eq!((error["field"].as_str(), error["code"].as_str()), (Some(name.as_str()), Some("unknown_field")), "{}", route.path);
            }
            assert_eq!(client.get(&shown).await.json(), before.json(), "{}", route.path);
            tried += 1;
        }
        assert!(tried >= 4, "{tried}");
        // A new thing can't be given an id that exists.
        for (path, id) in [("/api/v1/patients", &things.patient), ("/api/v1/tickets", &things.ticket)] {
            let answer = client.post(path, &json!({ "id": id, "name": "Eve", "body": "x", "contact_id": things.contact })).await;
            assert_eq!(answer.status, 422, "{}", answer.text());
        }
    }
}
