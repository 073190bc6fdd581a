//! A verified conversation in a queue that somebody does not reach: none of the commands on it is theirs, whatever else
//! they may do.

use super::*;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::Permissions;
use bedside_desk::ids::QueueId;
use bedside_desk::orgs::{self, Change};
use bedside_desk::router::{Access, Route, routes};
use bedside_desk::staff::Queues;
use bedside_desk::{audit_log, identity};
use common::sink::sink;
use common::{both_engines, csrf_token};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOTHING: &str = "01890000-0000-7000-8000-000000000000";

/// What every form of a request holds; each takes what it knows of it.
const FIELDS: &[(&str, &str)] = &[
    ("version", "1"),
    ("until", "1h"),
    ("on", "true"),
    ("how", "link"),
    ("subject", "Another"),
    ("name", NAME),
    ("birth_date", BORN),
    ("factor", "mrn"),
    ("value", MRN),
    ("kind", "note"),
    ("body", "Please call them."),
    ("reason", "past"),
    ("urgency", "standard"),
    ("status", "open"),
    ("message", NOTHING),
    ("choice", "0000000000000000"),
    ("code", "123456"),
    ("task", NOTHING),
    ("yes", "true"),
    ("words", "They asked me to."),
    ("flag", "broken_phone"),
];

/// The forms that are sent once more, otherwise filled in.
const OTHERWISE: &[(&str, &[(&str, &str)])] = &[
    ("/messages", &[("kind", "reply")]),
    ("/messages", &[("kind", "said")]),
    ("/messages", &[("kind", "reply"), ("class", "clinical")]),
    ("/join", &[("how", "merge")]),
    (
        "/verify/address",
        &[("kind", "phone"), ("value", "+1 312 555 0100")],
    ),
    (
        "/verify/address",
        &[
            ("kind", "phone"),
            ("value", "+1 312 555 0100"),
            ("words", ""),
        ],
    ),
    ("/verify/emergency", &[("reason", "danger")]),
    ("/verify/called", &[("yes", "false")]),
    ("/verify/decide", &[("yes", "false")]),
    ("/follow", &[("on", "false")]),
];

/// What the API takes there.
fn body(path: &str, other: TicketId) -> Value {
    match path.rsplit('/').next().unwrap() {
        "messages" | "notes" | "said" => json!({ "body": "Please call them." }),
        "merge" => json!({ "into": other }),
        "links" => json!({ "ticket_id": other }),
        "split" => json!({ "messages": [NOTHING], "subject": "Another" }),
        "not-a-crisis" => json!({ "reason": "past", "urgency": "standard" }),
        "questions" => json!({ "questions": "other" }),
        "disposition" => json!({ "disposition": "seen_today" }),
        "{id}" => json!({ "subject": "Another" }),
        _ => json!({}),
    }
}

fn queue(desk: &Desk, code: &str) -> QueueId {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let mut queues = clinic.queues.iter();
    queues.find(|queue| queue.code == code).unwrap().id
}

async fn move_to(desk: &Desk, ticket: TicketId, code: &str) {
    let ctx = desk.system();
    let seen = tickets::view(&desk.app, &ctx, ticket).await.unwrap();
    let patch = tickets::Patch {
        queue: Some(queue(desk, code)),
        ..tickets::Patch::default()
    };
    let version = seen.ticket.version;
    tickets::change(&desk.app, &ctx, ticket, version, patch)
        .await
        .unwrap();
}

/// Everything that a command could have changed.
async fn state(desk: &Desk, ticket: TicketId, patient: PatientId) -> Value {
    let (app, ctx) = (&desk.app, desk.system());
    let view = tickets::view(app, &ctx, ticket).await.unwrap();
    let standing = identity::standing_of(app, &ctx, &view.ticket)
        .await
        .unwrap();
    let acts = bedside_desk::representatives::list(app, &ctx, patient)
        .await
        .unwrap();
    json!([
        patients::contact(app, &ctx, view.ticket.contact)
            .await
            .unwrap(),
        patients::patient(app, &ctx, patient).await.unwrap(),
        [view.ticket.version, view.ticket.message_count],
        [
            view.messages.len(),
            view.followers.len(),
            view.links.len(),
            acts.len()
        ],
        [
            format!("{:?}", standing.level),
            format!("{:?}", view.ticket.queue)
        ],
    ])
}

/// The newest entry of the log, and the queues that it says were kept from somebody since `before`.
async fn refused_since(desk: &Desk, before: i64) -> (i64, Vec<String>) {
    let log = audit_log::list(&desk.app, &desk.system(), None, 50).await;
    let log = log.unwrap();
    let newest = log.first().unwrap().sequence;
    let refused = log
        .into_iter()
        .filter(|one| one.sequence > before && one.action == "queue.refused");
    (newest, refused.map(|one| one.object_id).collect())
}

/// What is sent to a way: a content type and a body, once or otherwise filled in as well.
fn bodies(route: &Route, other: TicketId) -> Vec<(String, Vec<u8>)> {
    if matches!(route.access, Access::Api(_)) {
        let json = body(route.path, other).to_string();
        return vec![("application/json".to_owned(), json.into_bytes())];
    }
    let other = other.to_string();
    let end = route.path.strip_prefix("/tickets/{ticket}").unwrap();
    let again = OTHERWISE.iter().filter(|(path, _)| *path == end);
    let forms = std::iter::once(&[][..]).chain(again.map(|(_, fields)| *fields));
    forms
        .map(|changed| {
            let mut fields: BTreeMap<&str, &str> = FIELDS.iter().copied().collect();
            fields.insert("other", &other);
            fields.extend(changed.iter().copied());
            if end == "/messages" {
                let fields: Vec<_> = fields.into_iter().collect();
                return common::multipart::form(&fields, &[]);
            }
            let mut form = form_urlencoded::Serializer::new(String::new());
            let form = form.extend_pairs(fields).finish();
            (
                "application/x-www-form-urlencoded".to_owned(),
                form.into_bytes(),
            )
        })
        .collect()
}

/// Sends every command on `ticket`, which is kept from whoever is signed in; gives back how many there were.
async fn all_refused(
    desk: &Desk,
    browser: &Browser,
    (ticket, own): (TicketId, TicketId),
    patient: PatientId,
) -> usize {
    let token = csrf_token(&browser.get("/account").await.expect(200).text());
    let view = tickets::view(&desk.app, &desk.system(), ticket).await;
    let message = view.unwrap().messages[0].id.to_string();
    let kept = queue(desk, "clinical").to_string();
    let mut tried = 0;
    for route in routes() {
        let of_ticket = ["/tickets/{ticket}", "/api/v1/tickets/{id}"];
        if route.method == Method::GET
            || !of_ticket.iter().any(|start| route.path.starts_with(start))
        {
            continue;
        }
        let way = route
            .path
            .replace("{ticket}", &ticket.to_string())
            .replace("{id}", &ticket.to_string());
        let way = way
            .replace("{message}", &message)
            .replace("{message_id}", &message);
        for (media_type, body) in bodies(&route, own) {
            let what = format!(
                "{} {} with {}",
                route.method,
                route.path,
                String::from_utf8_lossy(&body)
            );
            let before = state(desk, ticket, patient).await;
            let (newest, _) = refused_since(desk, i64::MAX).await;
            let headers = [
                ("content-type", media_type.as_str()),
                ("x-csrf-token", &token),
                ("if-match", "\"v1\""),
            ];
            let answer = browser
                .request(route.method.clone(), &way, &headers, Body::from(body))
                .await;
            assert_eq!(answer.status, 403, "{what}: {}", answer.text());
            assert_eq!(answer.json()["code"], "other_queue", "{what}");
            let (_, refused) = refused_since(desk, newest).await;
            assert!(refused.contains(&kept), "{what}: {refused:?}");
            assert_eq!(state(desk, ticket, patient).await, before, "{what}");
            tried += 1;
        }
    }
    tried
}

both_engines! {
    async fn attack_14_no_command_on_another_queues_request_is_theirs_whatever_else_they_may_do(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        let unknown = Talk::with(&desk, "unknown@else.test").await;
        let own = desk.ticket("own@else.test", "A bill", "What is my bill?").await;
        for (ticket, queue) in [(talk.id, "clinical"), (unknown.id, "clinical"), (own, "billing")] {
            move_to(&desk, ticket, queue).await;
        }
        let mut role = desk.role(Role::Billing).as_ref().clone();
        (role.permissions, role.clinical) = (Permissions::ALL, true);
        role.queues = Queues::Only([queue(&desk, "billing")].into());
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        let browser = desk.browser(Role::Billing).await;
        browser.get(&format!("/tickets/{own}")).await.expect(200);
        for ticket in [talk.id, unknown.id] {
            let tried = all_refused(&desk, &browser, (ticket, own), patient).await;
            assert!(tried > 40, "{tried}");
        }
        // Whoever reaches it does what was refused.
        let (_, page) = talk.send("tie", &[]).await;
        assert!(page.contains("Not verified"), "it makes an address the patient's: {page}");
        let view = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap();
        assert_eq!(view.contact.patient_id, Some(patient));
    }
}
