//! Attacks that others fell to, tried on the API. Numbers are those of the list that the threat model names.

use crate::common::Role;
use crate::common::{Client, both_engines, csrf_token};
use crate::fixtures::{ALL, Things, colleague_of, neighbour, table, ticket, upload};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::Permissions;
use bedside_desk::router::{Access, routes};
use bedside_desk::staff::{self, NewToken};
use bedside_desk::{api, events, search};
use bedside_vault::secret;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Texts that break out of SQL, paths, templates and shells where those are glued together.
const HOSTILE: &[&str] = &[
    "' OR '1'='1",
    "1; DROP TABLE tickets--",
    "id) UNION SELECT token_hash FROM sessions--",
    "(CASE WHEN (1=1) THEN id ELSE due_at END)",
    "due_at DESC, (SELECT pg_sleep(5))",
    "\" OR \"\"=\"",
    "%27%20OR%201=1",
    "1 AND randomblob(1000000000)",
    "../../../../etc/passwd",
    "$(id)",
    "`id`",
    "{{7*7}}",
    "${7*7}",
    "<%= 7*7 %>",
    "\u{0}",
    "\u{202e}txt.exe",
    "🦀",
];

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let _ = write!(out, "%{byte:02X}");
    }
    out
}

/// The property names of a schema that hold ids, with whether they hold a list of them.
pub fn id_fields(document: &Value, schema: &Value) -> Vec<(String, bool)> {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => schema,
    };
    let is_id = |one: &Value| one["format"] == "uuid";
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .filter_map(|(name, one)| {
            let list = is_id(&one["items"]);
            (is_id(one) || list).then(|| (name.clone(), list))
        })
        .collect()
}

/// Fields of which only one may be sent: the others go when this one is put in.
pub const ALTERNATIVES: [&str; 2] = ["contact_id", "patient_id"];

#[test]
fn attack_05_and_52_secrets_can_not_be_guessed() {
    let tokens: BTreeSet<String> = (0..10_000).map(|_| secret::random_token()).collect();
    assert_eq!(tokens.len(), 10_000);
    const { assert!(secret::TOKEN_BITS >= 128) };
    // Every place takes every letter about equally often: 10,000 in 32 cells, mean 312, deviation 17.
    for place in 0..32 {
        let mut counts = BTreeMap::new();
        for token in &tokens {
            *counts.entry(token.as_bytes()[place]).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 32, "place {place}");
        assert!(
            counts.values().all(|count| (190..440).contains(count)),
            "place {place}: {counts:?}"
        );
    }
    // What is stored lets nobody in.
    let token = tokens.first().unwrap();
    assert_ne!(
        data_encoding::HEXLOWER.encode(&secret::token_hash(token)),
        *token
    );
}

both_engines! {
    async fn attack_06_an_attachment_is_not_found_by_counting(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let (_, theirs) = neighbour(&desk).await;
        let real: uuid::Uuid = things.attachment.parse().unwrap();
        // The owner's id is right there, and still nothing: neighbours of it are no files.
        for step in 1..=300_u128 {
            for near in [real.as_u128().wrapping_add(step), real.as_u128().wrapping_sub(step)] {
                let id = uuid::Uuid::from_u128(near);
                client.get(&format!("/api/v1/attachments/{id}")).await.expect(404);
            }
        }
        // What others made tokens of, a digest of number and size: by somebody from outside for every number, and by
        // somebody inside, whose every look is noted, for some.
        let forged = |number: u32| {
            let digest = secret::token_hash(&format!("{number}{}", b"a scan".len()));
            uuid::Uuid::from_slice(&digest[..16]).unwrap()
        };
        let (stranger, visitor) = (desk.stranger(), desk.visitor());
        for number in 1..=100_000 {
            let id = forged(number);
            let shut = if number % 2 == 0 {
                stranger.get(&format!("/api/v1/attachments/{id}")).await
            } else {
                visitor.get(&format!("/attachments/{id}")).await
            };
            assert_eq!(shut.status, 401, "{id}");
            if number % 100 == 0 {
                client.get(&format!("/api/v1/attachments/{id}")).await.expect(404);
            }
        }
        for name in ["1", "0", "-1", "5d41402abc4b2a76b9719d911017c592", "..", "%2e%2e%2f"] {
            client.get(&format!("/api/v1/attachments/{name}")).await.expect(404);
        }
        theirs.get(&format!("/api/v1/attachments/{}", things.attachment)).await.expect(404);
    }

    async fn attack_07_every_way_to_a_file_asks_who_is_there(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let ways: Vec<_> = routes()
            .into_iter()
            .filter(|route| route.path.contains("attachment") || route.path.contains("file"))
            .collect();
        assert!(ways.len() >= 4, "the ways to files were not found");
        for route in ways {
            let way = route.path
                .replace("{token}", &"a".repeat(32))
                .replace("{ticket}", &things.ticket)
                .replace("{id}", &things.attachment)
                .replace("{file}", &things.attachment)
                .replace("{name}", &things.attachment);
            let answer = desk.stranger().request(route.method.clone(), &way, &[], Body::empty()).await;
            let shut = if route.access == Access::Public { 404..=410 } else { 401..=401 };
            assert!(shut.contains(&answer.status), "{} {way}: {}", route.method, answer.status);
        }
    }

    async fn attack_08_a_file_name_is_only_a_name(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let names = [
            ".ht\u{200b}access", "invoice\u{202e}fdp.exe", "con. ", "cafe\u{301}.pdf", "../../etc/passwd",
            "..\\..\\boot.ini", "a\u{0}b.html", "/absolute.svg", "x.html;.png", "é\r\nX-Evil: 1",
        ];
        for name in names {
            let file = b"<svg onload=alert(1)>";
            let mut sent = upload(&client, &[], name, file).await;
            // A line end or a NUL can break the form: then nothing of it is kept, and it comes once more as browsers write it.
            if name.contains(['\r', '\n', '\u{0}']) && sent.status != 201 {
                assert!((400..=422).contains(&sent.status), "{name:?}: {} {}", sent.status, sent.text());
                let spelled = name.replace('\r', "%0D").replace('\n', "%0A").replace('\u{0}', "%00");
                sent = upload(&client, &[], &spelled, file).await;
            }
            let kept = sent.expect(201).json();
            let note = json!({ "body": "x", "attachments": [kept["id"]] });
            let made = client.post(&format!("/api/v1/tickets/{}/notes", things.ticket), &note).await.expect(201);
            let shown = client.get(made.header("location").unwrap()).await.expect(200).json();
            let file = &shown["attachments"][0];
            let stored = file["name"].as_str().unwrap();
            assert!(!stored.contains(['/', '\\', '\u{200b}', '\u{202e}', '\u{0}', '\r', '\n']), "{stored:?}");
            assert!(!stored.is_empty() && !stored.starts_with('.') && !stored.ends_with(['.', ' ']), "{stored:?}");
            // Letters in their one form, so that two names that look the same are the same.
            assert!(!stored.contains('\u{301}') && (!name.starts_with("cafe") || stored == "caf\u{e9}.pdf"), "{stored:?}");
            let answer = client.get(&format!("/api/v1/attachments/{}", file["id"].as_str().unwrap())).await.expect(200);
            assert!(answer.header("content-disposition").unwrap().starts_with("attachment;"));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(answer.header("content-security-policy").unwrap().starts_with("sandbox"));
            assert!(answer.header("x-evil").is_none());
            assert_ne!(answer.header("content-type"), Some("text/html"));
        }
    }

    async fn attack_09_what_is_elsewhere_reads_like_what_is_nowhere(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let (other, message) = ticket(&client, "luis@patient.example").await;
        let (_, theirs) = neighbour(&desk).await;
        let foreign = Things::new(&theirs, "their-rosa").await;
        let nowhere = "00000000-0000-7000-8000-000000000000";
        let pairs = [
            (format!("/api/v1/tickets/{}/messages/{message}", things.ticket), format!("/api/v1/tickets/{}/messages/{nowhere}", things.ticket)),
            (format!("/api/v1/tickets/{}", foreign.ticket), format!("/api/v1/tickets/{nowhere}")),
            (format!("/api/v1/tickets/{}/messages", foreign.ticket), format!("/api/v1/tickets/{nowhere}/messages")),
            (format!("/api/v1/patients/{}", foreign.patient), format!("/api/v1/patients/{nowhere}")),
            (format!("/api/v1/contacts/{}", foreign.contact), format!("/api/v1/contacts/{nowhere}")),
            (format!("/api/v1/attachments/{}", foreign.attachment), format!("/api/v1/attachments/{nowhere}")),
            (format!("/api/v1/queues/{}", foreign.queue), format!("/api/v1/queues/{nowhere}")),
        ];
        assert_ne!(other, things.ticket);
        for (hit, miss) in pairs {
            let (hit, miss) = (client.get(&hit).await.expect(404), client.get(&miss).await.expect(404));
            assert_eq!(hit.text(), miss.text());
            let named = |answer: &crate::common::Answer| {
                let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
                names.sort_unstable();
                names
            };
            assert_eq!(named(&hit), named(&miss));
        }
    }

    async fn attack_11_28_35_no_id_in_a_body_reaches_another_organisation(desk: Desk) {
        let (organisation, theirs) = neighbour(&desk).await;
        let foreign = Things::new(&theirs, "their-rosa").await;
        let ours = desk.client(ALL).await;
        let own = Things::new(&ours, "rosa").await;
        let document = api::document();
        let colleague = colleague_of(&desk, organisation).await;
        let ids = [
            &foreign.ticket, &foreign.message, &foreign.contact, &foreign.patient, &foreign.unreached, &foreign.queue, &foreign.upload,
            &foreign.attachment, &colleague,
        ];
        let before = events::latest(&desk.app, organisation).await.unwrap();
        let log = theirs.get("/api/v1/audit?limit=1").await.json()["items"][0]["id"].clone();
        let mut tried = 0;
        for route in table() {
            let method = route.method.as_str().to_ascii_lowercase();
            let body = &document["paths"][route.path][&method]["requestBody"]["content"]["application/json"]["schema"];
            for (field, list) in id_fields(&document, body) {
                for id in ids {
                    let way = own.path(route.path);
                    let mut sent = own.body(&route.method, route.path);
                    if ALTERNATIVES.contains(&field.as_str()) && route.path == "/api/v1/tickets" {
                        for other in ALTERNATIVES {
                            sent.as_object_mut().unwrap().remove(other);
                        }
                    }
                    sent[&field] = if list { json!([id]) } else { json!(id) };
                    let tag = ours.get(&way).await.header("etag").unwrap_or("\"v1\"").to_owned();
                    let answer = ours.json(route.method.clone(), &way, &[("if-match", &tag)], &sent).await;
                    assert!(matches!(answer.status, 404 | 422), "{} {} {field}: {}", route.method, route.path, answer.text());
                    tried += 1;
                }
            }
            for parameter in document["paths"][route.path][&method]["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] != "query" || parameter["schema"]["format"] != "uuid" {
                    continue;
                }
                for id in ids {
                    let way = format!("{}?{}={id}", own.path(route.path), parameter["name"].as_str().unwrap());
                    assert_eq!(ours.get(&way).await.expect(200).json()["items"], json!([]), "{way}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 100, "{tried}");
        assert_eq!(events::latest(&desk.app, organisation).await.unwrap(), before, "something happened there");
        let entries = theirs.get("/api/v1/audit?limit=2").await.json();
        assert_eq!(entries["items"][1]["action"], "audit.read");
        assert_eq!(entries["items"][1]["id"], log.clone(), "somebody was there");
    }

    /// Addresses to which no answer could be sent, or that say more to a mail server than an address: at every door.
    async fn attack_22_no_door_takes_an_address_that_can_not_be_written_to(desk: Desk) {
        let client = desk.client(ALL).await;
        let agent = desk.browser(Role::Agent).await;
        let admin = desk.browser(Role::Administrator).await;
        let host = format!("a@{}.example", "h".repeat(300));
        for bad in [
            "a@x.example\r\nBcc: z@y.x", "a@x.example\nRCPT TO:<z@y.x>", "a@b..c", "\"a b\"@c.d", host.as_str(), "olga@gmail,com",
            "olga@gmail..com", "olga smith@gmail.com", "a@g.com;b@g.com", "n@x..example", "a@b\0c.d", "nobody", "@", "a@",
        ] {
            let ticket = json!({ "requester": { "email": bad }, "body": "Hello" });
            let refused = client.post("/api/v1/tickets", &ticket).await.expect(422).json();
            assert_eq!(refused["errors"][0]["field"], "requester.email", "{bad:?} {refused}");
            let contact = json!({ "addresses": [{ "kind": "email", "value": bad }] });
            client.post("/api/v1/contacts", &contact).await.expect(422);
            let patient = json!({ "name": "Ana", "email": bad });
            client.post("/api/v1/patients", &patient).await.expect(422);
            let written = [("email", bad), ("body", "Hello"), ("channel", "email")];
            let page = agent.submit("/tickets/new", "/tickets/new", &written).await.expect(422).text();
            // A form with a NUL in it is refused as a whole: no keyboard makes one.
            let named = |page: &str| bad.contains('\0') || page.contains("Please check this email address");
            assert!(named(&page), "{bad:?}");
            let patient = [("name", "Ana"), ("email", bad)];
            let page = agent.submit("/patients/new", "/patients/new", &patient).await.expect(422).text();
            assert!(named(&page), "{bad:?}");
            let person = [("email", bad), ("name", "Bob"), ("role", "agent"), ("locale", "en")];
            let _ = admin.submit("/settings/staff/new", "/settings/staff/new", &person).await.expect(422);
        }
        for bad in ["+1 312 555 0147\r\nX", "+1 312\0 555 0147"] {
            let contact = json!({ "addresses": [{ "kind": "phone", "value": bad }] });
            client.post("/api/v1/contacts", &contact).await.expect(422);
        }
        assert_eq!(client.get("/api/v1/contacts").await.expect(200).json()["items"], json!([]));
        // What is taken is kept as it can be written to, and found however it is typed.
        let odd = json!({ "requester": { "email": " <O'Neil+x@Example.ORG> " }, "body": "Hello" });
        client.post("/api/v1/tickets", &odd).await.expect(201);
        client.post("/api/v1/tickets", &json!({ "requester": { "email": "o'neil+X@example.org" }, "body": "Hi" })).await.expect(201);
        let contacts = client.get("/api/v1/contacts").await.expect(200).json();
        let values: Vec<_> = contacts["items"].as_array().unwrap().iter().map(|one| &one["addresses"][0]["value"]).collect();
        assert_eq!(values, [&json!("O'Neil+x@example.org")]);
    }

    async fn attack_23_what_the_desk_signed_can_not_be_changed(desk: Desk) {
        let client = desk.client(ALL).await;
        Things::new(&client, "rosa").await;
        let cursor = client.get("/api/v1/tickets?limit=1").await.json()["next"].as_str().unwrap().to_owned();
        for place in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let answer = client.get(&format!("/api/v1/tickets?limit=1&cursor={changed}")).await.expect(400);
            assert_eq!(answer.json()["code"], "invalid_cursor");
        }
    }

    async fn attack_27_headers_make_nobody_somebody(desk: Desk) {
        let admin = desk.id_of(Role::Administrator).to_string();
        for name in [
            "x-remote-user", "remote-user", "x-forwarded-user", "x-forwarded-email", "x-auth-request-user",
            "x-webauth-user", "x-user-id", "x-organisation-id", "x-forwarded-for", "x-real-ip",
        ] {
            for value in ["administrator@clinic.example", admin.as_str(), "127.0.0.1"] {
                for way in ["/api/v1/me", "/api/v1/tickets", "/metrics"] {
                    desk.stranger().request(Method::GET, way, &[(name, value)], Body::empty()).await.expect(401);
                }
            }
        }
        // Nor does anything make one organisation's token another's.
        let client = desk.client(ALL).await;
        let (organisation, _) = neighbour(&desk).await;
        let other = organisation.to_string();
        let headers = [("x-organisation-id", other.as_str()), ("x-tenant", "neighbour"), ("host", "neighbour.example")];
        let me = client.request(Method::GET, "/api/v1/me", &headers, Body::empty()).await.expect(200).json();
        assert_eq!(me["organisation"]["id"], json!(desk.organisation));
    }

    async fn attack_29_there_is_no_way_to_set_the_desk_up_again(desk: Desk) {
        let browser = desk.visitor();
        for way in ["/setup", "/install", "/init", "/getting_started", "/admin/setup", "/api/v1/setup", "/register", "/signup"] {
            for method in [Method::GET, Method::POST] {
                browser.request(method, way, &[], Body::empty()).await.expect(404);
            }
        }
    }

    async fn attack_31_a_stream_tells_no_more_than_the_endpoints(desk: Desk) {
        // Each scope alone: what it may not read by asking, it does not hear of either.
        let client = desk.client(ALL).await;
        Things::new(&client, "rosa").await;
        let kinds = async |scopes: &str| -> BTreeSet<String> {
            let page = desk.client(scopes).await.get("/api/v1/events").await.expect(200).json();
            page["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
        };
        let reader = kinds("tickets:read").await;
        assert!(reader.iter().all(|kind| ["ticket", "message", "mail"].iter().any(|part| kind.starts_with(part))), "{reader:?}");
        assert!(kinds("tickets:read patients:read").await.contains("people.changed"));
        for scope in Permissions::ALL.codes().split(' ').filter(|scope| *scope != "tickets:read") {
            desk.client(scope).await.get("/api/v1/events").await.expect(403);
        }
    }

    async fn attack_34_37_38_no_name_or_value_becomes_part_of_a_query(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let everything = client.get("/api/v1/tickets").await.expect(200).json();
        for text in HOSTILE {
            let value = encoded(text);
            for list in ["/api/v1/tickets", "/api/v1/patients", "/api/v1/contacts", "/api/v1/audit", "/api/v1/events"] {
                for way in [format!("{list}?{value}=1"), format!("{list}?sort={value}"), format!("{list}?order_by={value}"), format!("{list}?limit={value}")] {
                    let answer = client.get(&way).await;
                    assert_eq!(answer.status, 422, "{way}: {}", answer.text());
                }
            }
            for key in ["status", "queue", "contact", "patient", "assignee", "view"] {
                client.get(&format!("/api/v1/tickets?{key}={value}")).await.expect(422);
            }
            for way in [format!("/api/v1/tickets/{value}"), format!("/api/v1/patients/{value}"), format!("/api/v1/attachments/{value}")] {
                client.get(&way).await.expect(404);
            }
            let body = json!({ *text: 1, "body": "x" });
            client.post(&format!("/api/v1/tickets/{}/notes", things.ticket), &body).await.expect(422);
            for q in [(*text).to_owned(), format!("status:{text}"), format!("from:{text}"), format!("tag:\"{text}\""), format!("queue:{text}"), format!("{text}:1")] {
                let answer = client.post("/api/v1/search", &json!({ "q": q })).await;
                assert!(matches!(answer.status, 200 | 422), "{q}: {}", answer.text());
                if answer.status == 200 {
                    assert_eq!(answer.json()["items"], json!([]), "{q}");
                }
            }
            for wanted in [json!({ "mrn": text }), json!({ "email": text }), json!({ "phone": text }), json!({ "name": text, "birth_date": "1970-01-01" })] {
                assert_eq!(client.post("/api/v1/patients/search", &wanted).await.expect(200).json()["items"], json!([]));
            }
        }
        assert_eq!(client.get("/api/v1/tickets").await.expect(200).json(), everything);
    }

    async fn attack_40_a_new_thing_takes_no_id(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let document = api::document();
        for route in table().into_iter().filter(|route| route.method == Method::POST) {
            if route.path == "/api/v1/attachments" {
                continue;
            }
            let mut body = things.body(&route.method, route.path);
            if body.is_null() || !document["paths"][route.path]["post"]["requestBody"]["content"]["application/json"].is_object() {
                continue;
            }
            for name in ["id", "number", "organisation_id", "created_at", "version"] {
                let mut sent = body.take();
                sent[name] = json!(things.patient);
                let refused = client.post(&things.path(route.path), &sent).await.expect(422).json();
                assert_eq!(refused["errors"][0]["code"], "unknown_field", "{} {name}", route.path);
                sent.as_object_mut().unwrap().remove(name);
                body = sent;
            }
        }
    }

    async fn attack_41_nothing_revives_a_session_that_ended(desk: Desk) {
        let browser = desk.browser(Role::Agent).await;
        browser.get("/api/v1/me").await.expect(200);
        desk.clock.advance(59 * 60);
        // What pages ask by themselves does not count as use.
        browser.get("/api/v1/events").await.expect(200);
        desk.clock.advance(60);
        for flag in ["", "?skip_timeout_reset=1", "?keepalive=true", "?refresh=1", "?ajax=1", "?last_event_id=0"] {
            for way in ["/api/v1/me", "/api/v1/tickets", "/api/v1/events"] {
                browser.get(&format!("{way}{flag}")).await.expect(401);
            }
            assert_eq!(browser.get(&format!("/inbox{flag}")).await.status, 401);
        }
        let stream = [("accept", "text/event-stream")];
        browser.request(Method::GET, "/api/v1/events", &stream, Body::empty()).await.expect(401);
        // And none outlives twelve hours, however busy.
        let busy = desk.browser(Role::Agent).await;
        for _ in 0..24 {
            desk.clock.advance(29 * 60);
            busy.get("/api/v1/me").await.expect(200);
        }
        desk.clock.advance(29 * 60);
        busy.get("/api/v1/me").await.expect(401);
    }

    async fn attack_42_every_kind_of_key_opens_its_own_door_alone(desk: Desk) {
        let client = desk.client(ALL).await;
        Things::new(&client, "rosa").await;
        let session = staff::admit(&desk.app, desk.organisation, desk.id_of(Role::Administrator), "test", "").await.unwrap();
        let link = staff::make_link(&desk.app, &desk.system(), desk.id_of(Role::Administrator), false, desk.app.now().plus_seconds(60)).await.unwrap();
        let new = NewToken { name: "t".to_owned(), scopes: Permissions::parse(ALL).unwrap(), queues: staff::Queues::All, expires_at: None };
        let (_, token) = staff::create_token(&desk.app, &desk.system(), new).await.unwrap();
        // A session or a link is no bearer token, and a token is no session.
        for other in [session.token.clone(), link.clone(), format!("bsd_{}", session.token), format!("bsd_{link}")] {
            Client::new(&desk.app, Some(other)).get("/api/v1/me").await.expect(401);
        }
        for other in [&token, &link] {
            let cookie = format!("bedside={other}");
            desk.stranger().request(Method::GET, "/api/v1/me", &[("cookie", &cookie)], Body::empty()).await.expect(401);
        }
        // A token opens no page, whatever its scopes.
        let holder = Client::new(&desk.app, Some(token));
        for way in ["/inbox", "/settings", "/settings/tokens", "/audit"] {
            holder.get(way).await.expect(401);
        }
    }

    async fn attack_51_lists_and_searches_show_what_can_be_opened(desk: Desk) {
        let (organisation, theirs) = neighbour(&desk).await;
        let (ours, mut all) = (desk.client(ALL).await, Vec::new());
        for number in 0..6 {
            all.push(ticket(&ours, &format!("rosa{number}@patient.example")).await.0);
            all.push(ticket(&theirs, &format!("rosa{number}@patient.example")).await.0);
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        search::catch_up(&desk.app, organisation).await.unwrap();
        for client in [&ours, &theirs] {
            let mut one_by_one = BTreeSet::new();
            for id in &all {
                if client.get(&format!("/api/v1/tickets/{id}")).await.status == 200 {
                    one_by_one.insert(id.clone());
                }
            }
            assert_eq!(one_by_one.len(), 6);
            let ids = |page: &Value, at: &str| -> BTreeSet<String> {
                let items = page["items"].as_array().unwrap().iter();
                items.filter_map(|one| Some(one.pointer(at)?.as_str()?.to_owned())).collect()
            };
            let listed = client.get("/api/v1/tickets?limit=100").await.expect(200).json();
            assert_eq!(ids(&listed, "/id"), one_by_one);
            let found = client.post("/api/v1/search", &json!({ "q": "refill" })).await.expect(200).json();
            assert_eq!(ids(&found, "/ticket/id"), one_by_one);
            let filtered = client.post("/api/v1/search", &json!({ "q": "status:new" })).await.expect(200).json();
            assert_eq!(ids(&filtered, "/ticket/id"), one_by_one);
            let heard = client.get("/api/v1/events").await.expect(200).json();
            assert_eq!(ids(&heard, "/ticket_id"), one_by_one);
            let contacts = client.get("/api/v1/contacts?limit=100").await.expect(200).json();
            let of_tickets: BTreeSet<String> = ids(&listed, "/contact_id");
            assert_eq!(ids(&contacts, "/id"), of_tickets);
        }
        let reader = desk.client("tickets:read").await;
        reader.get("/api/v1/contacts").await.expect(403);
    }

    async fn attack_18_the_pages_token_is_bound_to_its_session(desk: Desk) {
        let (one, other) = (desk.browser(Role::Agent).await, desk.browser(Role::Nurse).await);
        desk.ticket("rosa@patient.example", "Refill", "I need a refill.").await;
        let (first, second) = (one.get("/tickets/1001").await.expect(200), one.get("/tickets/1001").await.expect(200));
        // New on every page, so that a style that guesses it letter by letter starts anew each time.
        let (first, second) = (csrf_token(&first.text()), csrf_token(&second.text()));
        assert_ne!(first, second);
        let policy = one.get("/tickets/1001").await.header("content-security-policy").unwrap().to_owned();
        for part in ["default-src 'none'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'"] {
            assert!(policy.contains(part), "{policy}");
        }
        other.post("/tickets/1001/follow", &[("csrf_token", &first), ("on", "true")]).await.expect(403);
        one.post("/tickets/1001/follow", &[("csrf_token", &second), ("on", "true")]).await.expect(303);
    }
}
