//! Ids of another organisation in the fields of forms, by every role in every form of a request or a patient.

use super::asked::{Asked, NOTHING, asked};
use super::{FORM, move_to};
use crate::common::{Browser, Desk, Role, both_engines, csrf_token};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::{Ctx, Source};
use bedside_desk::records::Labels;
use bedside_desk::router::{Access, routes};
use bedside_desk::staff::{self, NewStaff};
use bedside_desk::{audit_log, config, events, orgs, patients, startup, tickets};
use bedside_web::Locale;

/// The form of every page, with these ids in these fields.
fn form(ids: &[(&str, &str)], version: i64) -> String {
    let version = version.to_string();
    let set = [ids, &[("version", version.as_str())]].concat();
    let is_set = |pair: &str| {
        set.iter()
            .any(|(name, _)| pair.split('=').next() == Some(*name))
    };
    let kept = FORM.split('&').filter(|pair| !is_set(pair));
    let kept = kept.map(str::to_owned);
    let put = set.iter().map(|(name, value)| format!("{name}={value}"));
    let all: Vec<String> = kept.chain(put).collect();
    all.join("&")
}

async fn post(browser: &Browser, token: &str, way: &str, form: String) -> u16 {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-csrf-token", token),
    ];
    browser
        .request(Method::POST, way, &headers, Body::from(form))
        .await
        .status
}

/// The place of the newest entry of somebody's log.
async fn newest(desk: &Desk, ctx: &Ctx) -> i64 {
    let log = audit_log::list(&desk.app, ctx, None, 1).await.unwrap();
    log[0].sequence
}

/// Every id of something else that stands in a request of ours and in the record of its patient.
async fn ids_in(desk: &Desk, own: &Asked) -> Vec<String> {
    let (app, ours) = (&desk.app, desk.system());
    let view = tickets::view(app, &ours, own.ticket).await.unwrap();
    let record = patients::patient(app, &ours, own.patient).await.unwrap();
    let ticket = &view.ticket;
    let mut ids = vec![ticket.contact.to_string(), ticket.queue.to_string()];
    ids.extend(ticket.assignee.map(|id| id.to_string()));
    ids.extend(ticket.patient.map(|id| id.to_string()));
    ids.extend(ticket.merged_into.map(|id| id.to_string()));
    ids.extend(view.links.iter().map(|link| link.ticket.to_string()));
    ids.extend(view.followers.iter().map(ToString::to_string));
    for message in &view.messages {
        ids.push(message.id.to_string());
        ids.extend(message.author_id.map(|id| id.to_string()));
        ids.extend(message.recipient.map(|id| id.to_string()));
    }
    ids.extend(record.contacts.iter().map(|one| one.id.to_string()));
    ids
}

both_engines! {
    async fn attack_11_no_field_of_a_form_reaches_another_organisation(desk: Desk) {
        let app = &desk.app;
        let clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
        let new = config::organisation::new_organisation(&clinic, "neighbour", &app.ids, app.now());
        let neighbour = orgs::create(app, new).await.unwrap();
        let (theirs, ours) = (Ctx::system(neighbour, "test", Source::Job), desk.system());
        let there = asked(&desk, &theirs, "", "rosa@patient.example", Labels::NONE).await;
        let person = NewStaff {
            email: "nora@elsewhere.example".to_owned(),
            name: "Nora New".to_owned(),
            role: Role::Agent.code().to_owned(),
            locale: Locale::En,
        };
        let colleague = staff::create(app, &theirs, person).await.unwrap();
        let contact = tickets::view(app, &theirs, there.ticket).await.unwrap().contact.id;
        let foreign = [
            ("contact", contact.to_string()),
            ("message", there.message.clone()),
            ("other", there.ticket.to_string()),
            ("queue", app.directory.of(neighbour).unwrap().queues[0].id.to_string()),
            ("assignee", colleague.to_string()),
            ("patient", there.patient.to_string()),
        ];
        let before = (events::latest(app, neighbour).await.unwrap(), newest(&desk, &theirs).await);
        let (mut tried, mut refused) = (0, 0);
        for role in Role::ALL {
            let may = desk.role(*role).permissions;
            // Whoever may do everything is tried field by field, the others with all of them at once.
            let foreign = foreign.iter().map(|(field, id)| (*field, id.as_str()));
            let together: Vec<Vec<(&str, &str)>> = match role {
                Role::Administrator => foreign.map(|one| vec![one]).collect(),
                _ => vec![foreign.collect()],
            };
            let name = format!("{}@patient.example", role.code());
            let own = asked(&desk, &ours, "", &name, Labels::NONE).await;
            move_to(&desk, own.ticket, if *role == Role::Billing { "billing" } else { "front_desk" }).await;
            let browser = desk.browser(*role).await;
            let token = csrf_token(&browser.get("/account").await.expect(200).text());
            for route in routes() {
                let of_ticket = route.path.contains("{ticket}");
                let wanted = route.method == Method::POST && (of_ticket || route.path.contains("{patient}"));
                let Access::Staff(needed) = route.access else { continue };
                if !wanted || !may.has(needed) || route.path.starts_with("/restricted/") {
                    continue;
                }
                let way = own.path(route.path);
                for ids in &together {
                    let nothing: Vec<_> = ids.iter().map(|(field, _)| (*field, NOTHING)).collect();
                    let mut answered = [0; 2];
                    for (told, ids) in answered.iter_mut().zip([&nothing, ids]) {
                        // An old version would be refused whatever else is in the form.
                        let version = if of_ticket {
                            tickets::view(app, &ours, own.ticket).await.unwrap().ticket.version
                        } else {
                            patients::patient(app, &ours, own.patient).await.unwrap().version
                        };
                        *told = post(&browser, &token, &way, form(ids, version)).await;
                        assert!(*told < 500, "{role:?} {way} {ids:?}: {told}");
                    }
                    // What is elsewhere is taken nowhere where what is nowhere isn't: there the field is not read at all.
                    let [nowhere, elsewhere] = answered;
                    assert!(elsewhere >= 400 || nowhere < 400, "{role:?} {way} {ids:?}: {elsewhere}, and {nowhere} for nothing");
                    if elsewhere == 303 {
                        let stand = ids_in(&desk, &own).await;
                        let foreign = ids.iter().find(|(_, id)| stand.iter().any(|one| one == id));
                        assert!(foreign.is_none(), "{role:?} {way}: {foreign:?} stands in ours");
                    }
                    tried += 1;
                    refused += usize::from(elsewhere >= 400);
                }
            }
        }
        assert!(tried > 300 && refused > 100, "{tried} tried, {refused} refused");
        assert_eq!(events::latest(app, neighbour).await.unwrap(), before.0, "something happened there");
        let log = audit_log::list(app, &theirs, None, 50).await.unwrap();
        let since: Vec<_> = log.iter().filter(|one| one.sequence > before.1 && one.action != "audit.read").map(|one| &one.action).collect();
        assert!(since.is_empty(), "{since:?}");
    }
}
