//! What the tests of the API stand on: a second organisation, things with ids, and a body for every endpoint.

use crate::common::Role;
use crate::common::{Answer, Client, Desk, multipart};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::{Ctx, Permissions, Source};
use bedside_desk::ids::{ContactId, OrganisationId, PatientId};
use bedside_desk::router::{Access, Route, routes, session_cookie};
use bedside_desk::staff::{self, NewStaff, NewToken};
use bedside_desk::{audit_log, config, orgs, startup, tickets};
use bedside_web::{Locale, csrf};
use serde_json::{Value, json};

/// Every scope there is.
pub const ALL: &str = "tickets:read tickets:write patients:read patients:write settings:read settings:write \
    staff:manage audit:read privacy:manage fields:contact fields:identifiers fields:clinical fields:billing";

/// The API's part of the route table. What needs a conversation in which somebody was verified is shown by
/// `tests/identity/representatives.rs`, and what needs a published notice by `tests/consents.rs`.
pub fn table() -> Vec<Route> {
    let elsewhere = |route: &Route| {
        let needs = ["/representatives", "/acknowledgements"];
        route.method == Method::POST && needs.iter().any(|need| route.path.contains(need))
    };
    routes()
        .into_iter()
        .filter(|route| !elsewhere(route))
        .filter(|route| matches!(route.access, Access::Api(_) | Access::AnyApi))
        .collect()
}

/// Another organisation on the same desk, with a client that may do everything there.
pub async fn neighbour(desk: &Desk) -> (OrganisationId, Client) {
    let clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
    let new =
        config::organisation::new_organisation(&clinic, "neighbour", &desk.app.ids, desk.app.now());
    let organisation = orgs::create(&desk.app, new).await.unwrap();
    let ctx = Ctx::system(organisation, "test", Source::Job);
    let token = NewToken {
        name: "test".to_owned(),
        scopes: Permissions::parse(ALL).unwrap(),
        queues: staff::Queues::All,
        expires_at: None,
    };
    let token = staff::create_token(&desk.app, &ctx, token).await.unwrap().1;
    (organisation, Client::new(&desk.app, Some(token)))
}

/// The id of somebody who works in this organisation.
pub async fn colleague_of(desk: &Desk, organisation: OrganisationId) -> String {
    let ctx = Ctx::system(organisation, "test", Source::Job);
    let person = NewStaff {
        email: "nora@elsewhere.example".to_owned(),
        name: "Nora New".to_owned(),
        role: Role::Agent.code().to_owned(),
        locale: Locale::En,
    };
    let id = staff::create(&desk.app, &ctx, person).await.unwrap();
    id.to_string()
}

/// Things with ids, all of one organisation.
#[derive(Debug)]
pub struct Things {
    pub ticket: String,
    pub other: String,
    pub crisis: String,
    pub message: String,
    pub answer: String,
    pub contact: String,
    pub patient: String,
    /// A patient without an address: the first one of theirs is linked by whoever may.
    pub unreached: String,
    pub upload: String,
    pub attachment: String,
    pub queue: String,
    pub privacy_request: String,
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Uploads `bytes` under `name`.
pub async fn upload(client: &Client, key: &[(&str, &str)], name: &str, bytes: &[u8]) -> Answer {
    let (kind, body) = multipart::form(&[], &[("file", name, "text/html", bytes)]);
    let headers = [&[("content-type", kind.as_str())], key].concat();
    client
        .request(
            Method::POST,
            "/api/v1/attachments",
            &headers,
            Body::from(body),
        )
        .await
}

/// A ticket from `address`: its id and its first message's.
pub async fn ticket(client: &Client, address: &str) -> (String, String) {
    opened(client, address, "I need a refill, please.").await
}

/// The same of somebody in danger.
pub async fn cry(client: &Client, address: &str) -> (String, String) {
    opened(
        client,
        address,
        "I took all of my sleeping pills an hour ago. I want to die.",
    )
    .await
}

async fn opened(client: &Client, address: &str, words: &str) -> (String, String) {
    let body = json!({ "requester": { "email": address, "name": "Rosa Alvarez" }, "body": words });
    let made = client
        .post("/api/v1/tickets", &body)
        .await
        .expect(201)
        .json();
    (
        made["id"].as_str().unwrap().to_owned(),
        made["message_id"].as_str().unwrap().to_owned(),
    )
}

/// What a patient asks for their data.
fn privacy_request(patient: &str) -> Value {
    json!({ "patient_id": patient, "kind": "complaint", "received_on": "2026-03-02", "words": "My refill was late." })
}

impl Things {
    /// Fresh ones, made by `client`; `who` keeps their addresses apart.
    pub async fn new(client: &Client, who: &str) -> Self {
        let (one, message) = ticket(client, &format!("{who}@patient.example")).await;
        let (other, _) = ticket(client, &format!("{who}@patient.example")).await;
        let (crisis, _) = cry(client, &format!("{who}@patient.example")).await;
        let upload = id(&upload(client, &[], "scan.txt", b"a scan").await.expect(201));
        let reply = json!({ "body": "Here it is.", "attachments": [upload] });
        let answer = id(&client
            .post(&format!("/api/v1/tickets/{one}/messages"), &reply)
            .await
            .expect(201));
        let shown = client
            .get(&format!("/api/v1/tickets/{one}"))
            .await
            .expect(200)
            .json();
        let words = client
            .get(&format!("/api/v1/tickets/{one}/messages"))
            .await
            .expect(200)
            .json();
        let patient =
            json!({ "name": "Rosa Alvarez", "email": format!("{who}-patient@patient.example") });
        let patient = id(&client.post("/api/v1/patients", &patient).await.expect(201));
        let unreached = json!({ "name": "Ines Prado" });
        let unreached = id(&client
            .post("/api/v1/patients", &unreached)
            .await
            .expect(201));
        let asks = privacy_request(&patient);
        let asks = client.post("/api/v1/privacy-requests", &asks).await;
        Self {
            privacy_request: id(&asks.expect(201)),
            contact: shown["contact_id"].as_str().unwrap().to_owned(),
            queue: shown["queue_id"].as_str().unwrap().to_owned(),
            attachment: words["items"][1]["attachments"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            patient,
            unreached,
            ticket: one,
            other,
            crisis,
            message,
            answer,
            upload,
        }
    }

    /// Has a contact stand for the patient, who has an address: the desk itself says so, because no token may.
    pub async fn link(&self, desk: &Desk, contact: &str) {
        let contact = ContactId::from_uuid(contact.parse().unwrap());
        let patient = PatientId::from_uuid(self.patient.parse().unwrap());
        tickets::link_contact(&desk.app, &desk.system(), contact, Some(patient))
            .await
            .unwrap();
    }

    /// A route's path with these ids in it.
    pub fn path(&self, route: &str) -> String {
        let id = if route.ends_with("/not-a-crisis") {
            &self.crisis
        } else if route.contains("/patients/") {
            &self.patient
        } else if route.contains("/contacts/") {
            &self.contact
        } else if route.contains("/attachments/") {
            &self.attachment
        } else if route.contains("/privacy-requests/") {
            &self.privacy_request
        } else if route.contains("/queues/") {
            &self.queue
        } else {
            &self.ticket
        };
        route
            .replace("{id}", id)
            .replace("{message_id}", &self.answer)
    }

    /// A body that an endpoint takes; every `POST` and `PATCH` of the table has one here.
    pub fn body(&self, method: &Method, route: &str) -> Value {
        let short = route.strip_prefix("/api/v1/").unwrap();
        match (method.as_str(), short) {
            ("POST", "tickets") => json!({ "contact_id": self.contact, "body": "One more thing." }),
            ("PATCH", "tickets/{id}") => json!({ "urgency": "urgent" }),
            ("POST", "tickets/{id}/not-a-crisis") => {
                json!({ "reason": "past", "urgency": "standard" })
            }
            ("POST", "tickets/{id}/questions") => {
                json!({ "questions": "other", "answers": [{ "question": "awake", "answer": "yes" }] })
            }
            ("POST", "tickets/{id}/disposition") => json!({ "disposition": "seen_today" }),
            ("POST", "patients/{id}/consents") => {
                json!({ "purpose": "research", "decision": "given", "source": "portal", "text": "You may." })
            }
            ("POST", "tickets/{id}/messages") => json!({ "body": "It is on its way." }),
            ("POST", "tickets/{id}/notes") => json!({ "body": "Called the pharmacy." }),
            ("POST", "tickets/{id}/said") => json!({ "body": "It still itches." }),
            ("POST", "tickets/{id}/merge") => json!({ "into": self.other }),
            ("POST", "tickets/{id}/split") => {
                json!({ "messages": [self.message], "subject": "Another matter" })
            }
            ("POST", "tickets/{id}/links") => json!({ "ticket_id": self.other }),
            ("POST", "patients" | "contacts") => json!({ "name": "Luis Ruiz" }),
            ("POST", "patients/search") => json!({ "mrn": "A-1" }),
            ("PATCH", "patients/{id}" | "contacts/{id}") => json!({ "language": "es" }),
            ("PATCH", "patients/{id}/labels") => json!({ "labels": [] }),
            ("POST", "contacts/{id}/patient") => json!({ "patient_id": self.unreached }),
            ("POST", "privacy-requests") => privacy_request(&self.patient),
            ("POST", "search") => json!({ "q": "refill" }),
            (
                "POST",
                "tickets/{id}/follow"
                | "tickets/{id}/person-links/revoke"
                | "tickets/{id}/messages/{message_id}/undo",
            ) => Value::Null,
            (method, route) => panic!("{method} {route} needs a body here"),
        }
    }
}

/// Whether a route is meant for people alone.
pub fn is_for_people(route: &str) -> bool {
    route.ends_with("/follow") || route.ends_with("/not-a-crisis")
}

/// Whoever calls: a bearer token, or a person for what only people do.
pub enum Caller {
    Token(Client),
    Person(Person),
}

/// Somebody signed in whose page calls the API.
pub struct Person {
    client: Client,
    cookie: String,
    page: String,
}

impl Person {
    /// The person with `role`.
    pub async fn new(desk: &Desk, role: Role) -> Self {
        let session = staff::admit(&desk.app, desk.organisation, desk.id_of(role), "test", "")
            .await
            .unwrap();
        let known = staff::session_unused(&desk.app, &session.token)
            .await
            .unwrap();
        Self {
            client: desk.stranger(),
            cookie: format!("{}={}", session_cookie(&desk.app).name(), session.token),
            page: csrf::token(
                known.unwrap().id.uuid().as_bytes(),
                [7; 8],
                &desk.app.keyring.web_mac(),
            ),
        }
    }

    /// Sends a request with the cookie, from `site`, with the page's token or without.
    pub async fn send(
        &self,
        method: &Method,
        path: &str,
        (site, page): (&str, bool),
        more: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut headers = vec![("cookie", self.cookie.as_str()), ("sec-fetch-site", site)];
        if page {
            headers.push(("x-csrf-token", &self.page));
        }
        headers.extend(more);
        self.client
            .request(method.clone(), path, &headers, body)
            .await
    }
}

impl Caller {
    /// A caller that `route` is meant for, with every scope.
    pub async fn for_route(desk: &Desk, client: Client, route: &str) -> Self {
        if is_for_people(route) {
            Self::Person(Person::new(desk, Role::Administrator).await)
        } else if route.ends_with("/disposition") {
            // A clinician's to say, and a token is none.
            Self::Person(Person::new(desk, Role::Nurse).await)
        } else {
            Self::Token(client)
        }
    }

    /// Sends a request with `body` as JSON.
    pub async fn send(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.request(method, path, headers, text).await
    }

    /// Sends a request with this text as JSON; with an empty one nothing.
    pub async fn request(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        text: String,
    ) -> Answer {
        let mut all = headers.to_vec();
        if !text.is_empty() {
            all.push(("content-type", "application/json"));
        }
        match self {
            Self::Token(client) => {
                client
                    .request(method.clone(), path, &all, Body::from(text))
                    .await
            }
            Self::Person(person) => {
                let own = ("same-origin", true);
                person.send(method, path, own, &all, Body::from(text)).await
            }
        }
    }
}

/// (action, outcome) of everything in the organisation's audit log that is no read, newest first.
pub async fn audited(desk: &Desk) -> Vec<(String, String)> {
    let entries = audit_log::list(&desk.app, &desk.system(), None, 1000)
        .await
        .unwrap();
    let read = ["read", "list", "search"];
    entries
        .into_iter()
        .filter(|entry| !read.iter().any(|end| entry.action.ends_with(end)))
        .map(|entry| (entry.action, entry.outcome))
        .collect()
}
