//! Tickets and their words.

use crate::common::Role;
use crate::common::both_engines;
use crate::common::sink::sink;
use crate::fixtures::{ALL, Person, Things, audited, ticket};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::{jobs, tickets};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const RW: &str = "tickets:read tickets:write";

both_engines! {
    async fn whoever_is_in_danger_hears_where_to_call_though_no_acknowledgement_is_wanted(desk: Desk) {
        let sink = sink(&desk).await;
        let client = desk.client(RW).await;
        for (body, count) in [("When are you open?", 0), ("I am going to kill myself tonight", 1)] {
            let new = json!({ "requester": { "email": "ana@patient.example" }, "body": body, "acknowledge": false });
            client.post("/api/v1/tickets", &new).await.expect(201);
            jobs::drain(&desk.app).await.unwrap();
            let sent = sink.take();
            assert_eq!(sent.len(), count, "{body}");
            assert!(sent.iter().all(|mail| mail.text().contains("988")));
        }
    }

    async fn a_ticket_lives(desk: Desk) {
        let client = desk.client(RW).await;
        let new = json!({
            "requester": { "email": "ana@patient.example", "name": "Ana Ruiz" }, "subject": "Question about my bill",
            "body": "Why was I charged twice?", "category": "billing", "language": "en",
        });
        let made = client.post("/api/v1/tickets", &new).await.expect(201);
        let (id, number) = (made.json()["id"].as_str().unwrap().to_owned(), made.json()["number"].as_i64().unwrap());
        let path = format!("/api/v1/tickets/{id}");
        assert_eq!(made.header("location"), Some(path.as_str()));

        let shown = client.get(&path).await.expect(200);
        assert_eq!(shown.header("etag"), Some("\"v1\""));
        assert_eq!(client.get(&format!("/api/v1/tickets/{number}")).await.expect(200).json(), shown.json());
        let ticket = shown.json();
        assert_eq!((ticket["status"].as_str(), ticket["category"].as_str()), (Some("new"), Some("billing")));
        assert_eq!(ticket["contact"]["name"], "Ana Ruiz");
        assert!(ticket["due_at"].as_str().unwrap().ends_with('Z'));

        let assign = json!({ "assignee_id": desk.id_of(Role::Nurse), "add_tags": ["Double Charge"], "urgency": "urgent" });
        let changed = client.patch(&path, "\"v1\"", &assign).await.expect(200);
        assert_eq!((changed.header("etag"), changed.json()["version"].as_i64()), (Some("\"v2\""), Some(2)));
        let stale = client.patch(&path, "\"v1\"", &json!({ "subject": "Mine" })).await.expect(412).json();
        assert_eq!(stale["changed"], json!(["assignee_id", "status", "tags", "urgency"]));
        assert_eq!(stale["version"], 2);
        client.patch(&path, "\"v2\"", &json!({ "assignee_id": null, "remove_tags": ["double charge"] })).await.expect(200);
        let ticket = client.get(&path).await.json();
        assert_eq!((&ticket["assignee_id"], &ticket["tags"]), (&Value::Null, &json!([])));

        let reply = json!({ "body": "We will **refund** it.", "status": "resolved" });
        let answer = client.post(&format!("{path}/messages"), &reply).await.expect(201).json();
        client.post(&format!("{path}/notes"), &json!({ "body": "Billing knows." })).await.expect(201);
        let words = client.get(&format!("{path}/messages")).await.expect(200).json();
        let kinds: Vec<&str> = words["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["inbound", "outbound", "note"]);
        assert_eq!(words["items"][1]["id"], answer["id"]);
        assert!(words["items"][1]["html"].as_str().unwrap().contains("<strong>refund</strong>"));
        assert_eq!(client.get(&path).await.json()["status"], "resolved");

        let undo = format!("{path}/messages/{}/undo", answer["id"].as_str().unwrap());
        client.post(&undo, &json!({})).await.expect(204);
        assert_eq!(client.get(&path).await.json()["status"], "open");
        assert_eq!(client.get(&format!("{path}/messages")).await.json()["items"][1]["state"], "cancelled");
        let note = words["items"][2]["id"].as_str().unwrap();
        client.post(&format!("{path}/messages/{note}/undo"), &json!({})).await.expect(404);

        let log: Vec<String> = audited(&desk).await.into_iter().map(|(action, _)| action).collect();
        for action in ["ticket.create", "ticket.change", "message.send", "note.add", "message.undo"] {
            assert!(log.iter().any(|one| one == action), "{action} is not in the log");
        }
        desk.audit_is_whole().await;
    }

    async fn a_cry_is_taken_in_whatever_is_wrong_beside_it(desk: Desk) {
        let client = desk.client(RW).await;
        let unknown = desk.app.id::<()>().to_string();
        let wrong = [
            json!({ "requester": null }),
            json!({ "requester": { "email": "Jane Doe", "name": "Jane" } }),
            json!({ "requester": { "email": "ana@patient.example", "name": "x".repeat(201) } }),
            json!({ "requester": null, "contact_id": unknown }),
            json!({ "requester": null, "patient_id": unknown }),
            json!({ "patient_id": unknown }),
            json!({ "category": "no-such" }),
            json!({ "queue_id": unknown }),
            json!({ "language": "xx" }),
            json!({ "attachments": [unknown] }),
        ];
        for (count, part) in wrong.iter().enumerate() {
            let new = |body: String| {
                let mut new = json!({ "requester": { "email": "ana@patient.example" }, "body": body });
                for (key, value) in part.as_object().unwrap() {
                    new[key.as_str()] = value.clone();
                }
                new
            };
            let made = client.post("/api/v1/tickets", &new(format!("I am going to kill myself tonight. {count}"))).await.expect(201).json();
            let shown = client.get(&format!("/api/v1/tickets/{}", made["number"])).await.expect(200).json();
            assert_eq!(shown["urgency"], "emergency", "{part}");
            // An address that is one is theirs, whatever stands beside it.
            let is_known = part.get("requester").is_none_or(|by| by["email"] == "ana@patient.example");
            let id = made["id"].as_str().unwrap().parse().unwrap();
            let view = tickets::view(&desk.app, &desk.system(), id).await.unwrap();
            assert_eq!(view.contact.email(), is_known.then_some("ana@patient.example"), "{part}");
            if part["requester"]["name"] == "Jane" {
                let words = format!("/api/v1/tickets/{}/messages", made["id"].as_str().unwrap());
                let words = client.get(&words).await.expect(200).json();
                assert!(words["items"][0]["body"].as_str().unwrap().contains("Jane Doe"), "{words}");
            }
            let refused = client.post("/api/v1/tickets", &new("Where do I park?".to_owned())).await;
            assert!(matches!(refused.status, 404 | 422), "{part}: {}", refused.status);
        }
        // In the subject, without a word below it; and where an address belongs.
        let cry = "I want to die, I took all my pills";
        for new in [
            json!({ "requester": { "email": "ana@patient.example" }, "subject": cry, "body": " " }),
            json!({ "requester": { "email": cry }, "body": "Why was I charged twice?" }),
        ] {
            let made = client.post("/api/v1/tickets", &new).await.expect(201).json();
            let shown = client.get(&format!("/api/v1/tickets/{}", made["number"])).await.expect(200).json();
            assert_eq!(shown["urgency"], "emergency", "{new}");
        }
        // What was heard there can be read, however much stood before it.
        let long = format!("{}{cry}", "my address is ".repeat(20));
        for who in [json!({ "email": long }), json!({ "email": "ana@patient.example", "name": long })] {
            let new = json!({ "requester": who, "body": "Why was I charged twice?" });
            let made = client.post("/api/v1/tickets", &new).await.expect(201).json();
            let words = format!("/api/v1/tickets/{}/messages", made["id"].as_str().unwrap());
            let words = client.get(&words).await.expect(200).json();
            assert!(words["items"][0]["body"].as_str().unwrap().contains(cry), "{words}");
        }
        desk.audit_is_whole().await;
    }

    async fn a_token_is_no_clinician(desk: Desk) {
        let client = desk.client(RW).await;
        let (id, _) = ticket(&client, "rosa@patient.example").await;
        let path = format!("/api/v1/tickets/{id}");
        assert_eq!(client.get(&path).await.expect(200).json()["category"], "prescription");
        for change in [json!({ "status": "closed" }), json!({ "status": "resolved", "category": "billing" })] {
            let refused = client.patch(&path, "\"v1\"", &change).await.expect(403).json();
            assert_eq!(refused["code"], "clinical_only");
            assert!(refused["detail"].as_str().unwrap().starts_with("Clinicians resolve or close these requests."), "{refused}");
        }
        let words = format!("{path}/messages");
        let answer = |status| json!({ "body": "It is sent.", "status": status });
        let refused = client.post(&words, &answer("resolved")).await.expect(403).json();
        assert_eq!(refused["code"], "clinical_only");
        client.post(&words, &answer("waiting_on_third_party")).await.expect(201);
        let nurse = Person::new(&desk, Role::Nurse).await;
        let more = [("if-match", "\"v2\""), ("content-type", "application/json")];
        let body = Body::from(json!({ "status": "resolved" }).to_string());
        nurse.send(&Method::PATCH, &path, ("same-origin", true), &more, body).await.expect(200);
        assert_eq!(client.get(&path).await.json()["status"], "resolved");
        desk.audit_is_whole().await;
    }

    async fn a_caller_without_an_address_is_taken_down(desk: Desk) {
        let client = desk.client(RW).await;
        for (channel, body, urgency) in [("phone", "What is this charge on my bill?", "standard"), ("chat", "I want to kill myself tonight", "emergency")] {
            let new = json!({ "requester": { "name": "Cal Ler" }, "body": body, "channel": channel });
            let made = client.post("/api/v1/tickets", &new).await.expect(201).json();
            let path = format!("/api/v1/tickets/{}", made["id"].as_str().unwrap());
            let shown = client.get(&path).await.expect(200).json();
            assert_eq!((&shown["urgency"], &shown["channel"]), (&json!(urgency), &json!(channel)));
        }
    }

    async fn reasons_are_in_the_language_that_is_asked_for(desk: Desk) {
        let client = desk.client(RW).await;
        let new = json!({ "requester": { "email": "ana@patient.example" }, "body": "I have crushing chest pain" });
        let made = client.post("/api/v1/tickets", &new).await.expect(201).json();
        let path = format!("/api/v1/tickets/{}", made["number"]);
        let said = async |language: &str| {
            let headers = [("accept-language", language)];
            let shown = client.request(Method::GET, &path, &headers, Body::empty()).await.expect(200).json();
            shown["triage"]["reasons"][0].as_str().unwrap().to_owned()
        };
        assert_eq!(said("es-MX, en;q=0.5").await, "Dolor o presión en el pecho: posible infarto");
        for language in ["en", "fr", "", "*", "\u{1F600}"] {
            assert_eq!(said(language).await, "Chest pain or pressure: possible heart attack", "{language}");
        }
    }

    async fn tickets_are_joined_and_taken_apart(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let path = format!("/api/v1/tickets/{}", things.ticket);
        let split = json!({ "messages": [things.message, things.message], "subject": "Another matter" });
        let made = client.post(&format!("{path}/split"), &split).await.expect(201).json();
        client.post(&format!("{path}/links"), &json!({ "ticket_id": things.other })).await.expect(204);
        let links = client.get(&path).await.expect(200).json()["links"].clone();
        let kinds: Vec<&str> = links.as_array().unwrap().iter().map(|link| link["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"related") && kinds.contains(&"split_into"), "{kinds:?}");
        client.post(&format!("{path}/merge"), &json!({ "into": things.other })).await.expect(204);
        assert_eq!(client.get(&path).await.json()["merged_into"], json!(things.other));
        let again = client.post(&format!("{path}/merge"), &json!({ "into": made["id"] })).await.expect(409).json();
        assert_eq!(again["code"], "merged");
        let (stranger, _) = ticket(&client, "someone@else.example").await;
        let refused = client.post(&format!("/api/v1/tickets/{stranger}/merge"), &json!({ "into": things.other })).await;
        assert_eq!(refused.expect(409).json()["code"], "other_person");

        client.post(&format!("{path}/follow"), &json!({})).await.expect(403);
        let person = Person::new(&desk, Role::Agent).await;
        let follow = format!("/api/v1/tickets/{}/follow", things.other);
        let call = async |method, from| person.send(&method, &follow, from, &[], Body::empty()).await;
        call(Method::POST, ("same-origin", true)).await.expect(204);
        let shown = client.get(&format!("/api/v1/tickets/{}", things.other)).await.json();
        assert_eq!(shown["follower_ids"], json!([desk.id_of(Role::Agent)]));
        for forged in [("cross-site", true), ("same-site", true), ("same-origin", false)] {
            call(Method::DELETE, forged).await.expect(403);
        }
        call(Method::DELETE, ("same-origin", true)).await.expect(204);
        let shown = client.get(&format!("/api/v1/tickets/{}", things.other)).await.json();
        assert_eq!(shown["follower_ids"], json!([]));
    }

    async fn lists_go_on_without_gap_or_repetition(desk: Desk) {
        let client = desk.client(RW).await;
        for number in 0..7 {
            let (id, _) = ticket(&client, &format!("rosa{}@patient.example", number % 2)).await;
            client.patch(&format!("/api/v1/tickets/{id}"), "\"v1\"", &json!({ "add_tags": ["seven"] })).await.expect(200);
        }
        let hours = json!({ "requester": { "email": "luis@patient.example" }, "body": "When are you open?", "category": "general" });
        let made = client.post("/api/v1/tickets", &hours).await.expect(201).json();
        let done = made["id"].as_str().unwrap();
        client.patch(&format!("/api/v1/tickets/{done}"), "\"v1\"", &json!({ "status": "closed" })).await.expect(200);
        let one = client.get("/api/v1/tickets?limit=1").await.expect(200).json()["items"][0].clone();
        let lists = [
            ("view=active".to_owned(), 7),
            (format!("queue={}", one["queue_id"].as_str().unwrap()), 7),
            (String::new(), 7),
            ("status=new".to_owned(), 7),
            ("status=closed".to_owned(), 1),
            ("view=done".to_owned(), 1),
            ("view=active".to_owned(), 7),
        ];
        for (list, count) in lists {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = client.get(&format!("/api/v1/tickets?limit=2&{list}{cursor}")).await.expect(200).json();
                seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["number"].as_i64().unwrap()));
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let all = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!((seen.len(), all), (count, count), "{list}");
        }
        let path = format!("/api/v1/tickets/{done}");
        for number in 0..4 {
            client.post(&format!("{path}/notes"), &json!({ "body": format!("note {number}") })).await.expect(201);
        }
        let newest = client.get(&format!("{path}/messages?limit=3")).await.expect(200).json();
        let next = newest["next"].as_str().unwrap();
        let older = client.get(&format!("{path}/messages?limit=3&cursor={next}")).await.expect(200).json();
        let text = |page: &Value, at: usize| page["items"][at]["body"].as_str().unwrap().to_owned();
        assert_eq!((text(&newest, 0), text(&newest, 2), text(&older, 1)), ("note 1".into(), "note 3".into(), "note 0".into()));
        assert!(older["next"].is_null());
    }

    async fn a_cursor_that_is_not_ours_is_refused(desk: Desk) {
        let client = desk.client(ALL).await;
        for number in 0..3 {
            ticket(&client, &format!("rosa{number}@patient.example")).await;
        }
        let cursor = client.get("/api/v1/tickets?limit=1").await.expect(200).json()["next"].as_str().unwrap().to_owned();
        let mut wrong = vec![cursor[..cursor.len() - 1].to_owned(), cursor[1..].to_owned(), String::from("x"), format!("{cursor}A")];
        let mut runner = TestRunner::deterministic();
        for _ in 0..40 {
            wrong.push("[A-Za-z0-9_-]{1,80}".new_tree(&mut runner).unwrap().current());
        }
        for text in wrong {
            let answer = client.get(&format!("/api/v1/tickets?limit=1&cursor={text}")).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("invalid_cursor")), "{text}");
        }
        for other in ["/api/v1/tickets?view=done&cursor=", "/api/v1/tickets?status=new&cursor=", "/api/v1/audit?cursor="] {
            client.get(&format!("{other}{cursor}")).await.expect(400);
        }
    }

    async fn what_can_not_be_used_is_said_plainly(desk: Desk) {
        let client = desk.client(RW).await;
        let (id, _) = ticket(&client, "rosa@patient.example").await;
        let path = format!("/api/v1/tickets/{id}");
        let json_type = [("content-type", "application/json")];
        client.json(Method::PATCH, &path, &[], &json!({})).await.expect(428);
        for tag in ["*", "W/\"v1\"", "v1", "\"1\""] {
            let answer = client.patch(&path, tag, &json!({})).await.expect(400).json();
            assert_eq!(answer["code"], "if_match", "{tag}");
        }
        let cases: [(&str, &str, u16, &str, Option<&str>); 10] = [
            ("{", "json_syntax", 400, "", None),
            ("[]", "invalid", 422, "", Some("invalid")),
            (r#"{"body":"x","admin":true}"#, "invalid", 422, "admin", Some("unknown_field")),
            (r#"{"requester":{"email":"a@b.example","role":1},"body":"x"}"#, "invalid", 422, "requester.role", Some("unknown_field")),
            (r#"{"requester":{"email":"a@b.example"}}"#, "invalid", 422, "body", Some("required")),
            (r#"{"requester":{"email":"Jane Doe"},"body":"x"}"#, "invalid", 422, "requester.email", Some("invalid")),
            (r#"{"body":"x"}"#, "invalid", 422, "requester", Some("choose_one")),
            (r#"{"requester":{"name":"Cal Ler"},"body":"x"}"#, "invalid", 422, "requester.email", Some("required")),
            (r#"{"requester":{},"body":"x","channel":"sms"}"#, "invalid", 422, "requester.email", Some("required")),
            (r#"{"requester":{"email":"a@b.example"},"body":" "}"#, "invalid", 422, "body", Some("required")),
        ];
        for (text, code, status, field, reason) in cases {
            let answer = client.request(Method::POST, "/api/v1/tickets", &json_type, Body::from(text)).await;
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{text}");
            let problem = answer.json();
            assert_eq!((answer.status, problem["code"].as_str()), (status, Some(code)), "{text}: {problem}");
            if let Some(reason) = reason {
                let error = &problem["errors"][0];
                assert_eq!((error["field"].as_str(), error["code"].as_str()), (Some(field), Some(reason)), "{text}");
            }
            assert!(!problem.to_string().contains("Jane Doe"), "an error repeats what was sent");
        }
        let large = format!("{{\"body\":\"{}\"}}", "x".repeat(3 << 20));
        client.request(Method::POST, "/api/v1/tickets", &json_type, Body::from(large)).await.expect(413);
        client.request(Method::POST, "/api/v1/tickets", &[], Body::from("{}")).await.expect(415);
        let deep = "[".repeat(10_000);
        let answer = client.request(Method::POST, "/api/v1/tickets", &json_type, Body::from(deep)).await;
        assert_eq!(answer.expect(400).json()["code"], "json_too_deep");
        for query in ["limit=0", "limit=101", "limit=x", "colour=red", "view=active&status=new", "assignee=me", "status=lost"] {
            client.get(&format!("/api/v1/tickets?{query}")).await.expect(422);
        }
        for id in ["nothing", "0", "99999999", "00000000-0000-0000-0000-000000000000"] {
            client.get(&format!("/api/v1/tickets/{id}")).await.expect(404);
            client.get(&format!("/api/v1/tickets/{id}/messages")).await.expect(404);
        }
        client.delete(&path).await.expect(405);
    }
}
