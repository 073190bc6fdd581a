//! Every role by session on every way of the API: with things of its own queue, of another one, of another organisation, and
//! of a hidden patient. Generated from the route table, like `tests/reach` for the pages.

use crate::attacks::{ALTERNATIVES, id_fields};
use crate::common::{Client, Desk, Role, both_engines};
use crate::fixtures::{ALL, Person, Things, colleague_of, neighbour, table};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::Permission;
use bedside_desk::ids::{QueueId, TicketId};
use bedside_desk::router::{Access, Route};
use bedside_desk::tickets::{self, Patch};
use bedside_desk::{api, events};
use serde_json::json;

/// Words that stand in what is kept.
const CANARIES: [&str; 4] = ["Rosa Alvarez", "@patient.example", "refill", "Here it is"];

/// What a way must answer to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It is there and theirs to see.
    Shown,
    /// It is kept from them.
    Kept,
    /// There is no such thing.
    Nowhere,
}

fn queue(desk: &Desk, code: &str) -> QueueId {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let found = clinic.queues.iter().find(|queue| queue.code == code);
    found.unwrap().id
}

/// Fresh things whose request waits in this queue.
async fn placed(desk: &Desk, client: &Client, who: &str, code: &str) -> Things {
    let (app, ctx) = (&desk.app, desk.system());
    let things = Things::new(client, who).await;
    let ticket: TicketId = things.ticket.parse().unwrap();
    let seen = tickets::view(app, &ctx, ticket).await.unwrap();
    let patch = Patch {
        queue: Some(queue(desk, code)),
        ..Patch::default()
    };
    tickets::change(app, &ctx, ticket, seen.ticket.version, patch)
        .await
        .unwrap();
    things
}

/// The same of a patient whom few may see.
async fn hidden(desk: &Desk, client: &Client, who: &str, code: &str) -> Things {
    let things = placed(desk, client, who, code).await;
    things.link(desk, &things.contact).await;
    let patient = format!("/api/v1/patients/{}", things.patient);
    let seen = client.get(&patient).await.expect(200);
    let tag = seen.header("etag").unwrap().to_owned();
    let (way, labels) = (format!("{patient}/labels"), json!({ "labels": ["vip"] }));
    client.patch(&way, &tag, &labels).await.expect(200);
    things
}

/// A request as the page of somebody signed in sends it.
async fn send(person: &Person, route: &Route, things: &Things) -> crate::common::Answer {
    let body = match route.method {
        Method::POST | Method::PATCH if route.path != "/api/v1/attachments" => {
            things.body(&route.method, route.path)
        }
        _ => serde_json::Value::Null,
    };
    let mut headers = Vec::new();
    if !body.is_null() {
        headers.push(("content-type", "application/json"));
    }
    if route.method == Method::PATCH {
        headers.push(("if-match", "\"v1\""));
    }
    let sent = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    let (way, own) = (things.path(route.path), ("same-origin", true));
    person.send(&route.method, &way, own, &headers, sent).await
}

both_engines! {
    async fn attack_14_every_role_meets_everything_of_the_api_as_its_reach_says(desk: Desk) {
        let boss = desk.client(&format!("{ALL} patients:vip")).await;
        let (_, theirs) = neighbour(&desk).await;
        let foreign = Things::new(&theirs, "their-rosa").await;
        let (front, bill, clinical) = (
            placed(&desk, &boss, "front", "front_desk").await,
            placed(&desk, &boss, "bill", "billing").await,
            placed(&desk, &boss, "clinical", "clinical").await,
        );
        let (kept_front, kept_bill) = (
            hidden(&desk, &boss, "kept-front", "front_desk").await,
            hidden(&desk, &boss, "kept-bill", "billing").await,
        );
        let (mut shown, mut kept, mut nowhere) = (0, 0, 0);
        for role in Role::ALL {
            let reach = desk.role(*role).reach();
            let person = Person::new(&desk, *role).await;
            let (mine, vip) = match role {
                Role::Billing => (&bill, &kept_bill),
                _ => (&front, &kept_front),
            };
            let when = |open: bool| if open { Told::Shown } else { Told::Kept };
            let other = when(reach.queues.has(queue(&desk, "clinical")));
            let sees = when(reach.permissions.has(Permission::PatientsVip));
            for route in table() {
                let may = match route.access {
                    Access::Api(needed) => reach.permissions.has(needed),
                    _ => true,
                };
                let of = |kind: &str| route.path.starts_with(&format!("/api/v1/{kind}/{{"));
                let mut cases = vec![(mine, Told::Shown)];
                if route.path.contains('{') {
                    cases.push((&foreign, Told::Nowhere));
                }
                if of("tickets") || of("attachments") {
                    cases.push((&clinical, other));
                }
                if route.path.contains('{') && !of("queues") {
                    cases.push((vip, sees));
                }
                for (things, told) in cases {
                    let told = if may { told } else { Told::Kept };
                    // What changes things where it may is tried by the tests of what it does.
                    if told == Told::Shown && route.method != Method::GET {
                        continue;
                    }
                    let answer = send(&person, &route, things).await;
                    let name = format!("{role:?} {} {}: {}", route.method, things.path(route.path), answer.status);
                    match told {
                        Told::Shown => {
                            assert_eq!(answer.status, 200, "{name}");
                            shown += 1;
                            continue;
                        }
                        Told::Kept => {
                            assert_eq!(answer.status, 403, "{name}");
                            kept += 1;
                        }
                        Told::Nowhere => {
                            // Somebody may not even try what is a clinician's alone.
                            let right = answer.status == 404 || (answer.status == 403 && route.method != Method::GET);
                            assert!(right, "{name}");
                            nowhere += 1;
                        }
                    }
                    for canary in CANARIES {
                        assert!(!answer.text().contains(canary), "{name} says {canary}");
                    }
                }
            }
        }
        assert!(shown > 100 && kept > 250 && nowhere > 100, "{shown} shown, {kept} kept, {nowhere} nowhere");
    }

    async fn attack_11_no_role_reaches_another_organisation_by_an_id_it_sends(desk: Desk) {
        let boss = desk.client(ALL).await;
        let (organisation, theirs) = neighbour(&desk).await;
        let foreign = Things::new(&theirs, "their-rosa").await;
        let colleague = colleague_of(&desk, organisation).await;
        let (front, bill) = (placed(&desk, &boss, "front", "front_desk").await, placed(&desk, &boss, "bill", "billing").await);
        let document = api::document();
        let ids = [
            &foreign.ticket, &foreign.message, &foreign.contact, &foreign.patient, &foreign.queue, &foreign.upload, &colleague,
        ];
        let before = events::latest(&desk.app, organisation).await.unwrap();
        let (mut asked, mut refused) = (0, 0);
        for role in Role::ALL {
            let may = desk.role(*role).permissions;
            let person = Person::new(&desk, *role).await;
            let own = if *role == Role::Billing { &bill } else { &front };
            for route in table() {
                if matches!(route.access, Access::Api(needed) if !may.has(needed)) {
                    continue;
                }
                let (way, method) = (own.path(route.path), route.method.as_str().to_ascii_lowercase());
                let operation = &document["paths"][route.path][&method];
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                for (field, list) in id_fields(&document, body) {
                    let mut sent = own.body(&route.method, route.path);
                    if ALTERNATIVES.contains(&field.as_str()) && route.path == "/api/v1/tickets" {
                        for other in ALTERNATIVES {
                            sent.as_object_mut().unwrap().remove(other);
                        }
                    }
                    let tag = boss.get(&way).await.header("etag").unwrap_or("\"v1\"").to_owned();
                    let headers = [("content-type", "application/json"), ("if-match", tag.as_str())];
                    for id in ids {
                        sent[&field] = if list { json!([id]) } else { json!(id) };
                        let body = Body::from(sent.to_string());
                        let answer = person.send(&route.method, &way, ("same-origin", true), &headers, body).await;
                        // Whoever may not do it at all is not told whether it is there.
                        assert!(matches!(answer.status, 403 | 404 | 409 | 422), "{role:?} {method} {way} {field}: {}", answer.text());
                        refused += 1;
                    }
                }
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    if parameter["in"] != "query" || parameter["schema"]["format"] != "uuid" {
                        continue;
                    }
                    for id in ids {
                        let way = format!("{way}?{}={id}", parameter["name"].as_str().unwrap());
                        let answer = person.send(&Method::GET, &way, ("same-origin", true), &[], Body::empty()).await;
                        assert!(answer.status == 403 || answer.json()["items"] == json!([]), "{role:?} {way}: {}", answer.text());
                        asked += 1;
                    }
                }
            }
        }
        assert!(refused > 300 && asked > 100, "{refused} refused, {asked} asked");
        assert_eq!(events::latest(&desk.app, organisation).await.unwrap(), before, "something happened there");
    }
}
