//! How far a role reaches: which queues' requests, which patients, which fields. Every page is tried by every role with a
//! request of its own, one of another queue, one of another organisation and one of a hidden patient.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod asked;
mod fields;
mod lists;

use asked::asked;
use axum::body::Body;
use axum::http::Method;
use bedside_db::{DbError, args, statements};
use bedside_desk::context::{Ctx, Permission, Permissions, Source};
use bedside_desk::error::DeskError;
use bedside_desk::field_group::FieldGroup;
use bedside_desk::ids::{PatientId, QueueId, TicketId};
use bedside_desk::orgs::{self, Change, CustomField};
use bedside_desk::patients::{self, ContactPatch, NewPatient, PointKind};
use bedside_desk::records::{Label, Labels};
use bedside_desk::router::{Access, Route, routes};
use bedside_desk::staff::{self, NewToken, Queues};
use bedside_desk::tickets::{self, NewTicket, Patch, Urgency, View};
use bedside_desk::timeline::Envelope;
use bedside_desk::{audit_log, config, recertification, search, startup};
use bedside_language::Channel;
use common::{Answer, Browser, Desk, Role, both_engines, csrf_token};
use futures_util::FutureExt;
use serde_json::json;
use std::collections::BTreeSet;

statements! {
    /// Tokens as a newer release would have them.
    LATER = "UPDATE api_tokens SET scopes = scopes || ' later:scope'";
}

/// A form that every page of a ticket or a patient takes, so that what refuses it is who asks.
const FORM: &str = "version=1&until=1h&on=true&other=1&how=link&subject=x&name=x&body=x&kind=note&role=agent\
    &verdict=justified&reason=past&urgency=standard&status=open&locale=en&message=01890000-0000-7000-8000-000000000000\
    &contact=01890000-0000-7000-8000-000000000000";

fn queue(desk: &Desk, code: &str) -> QueueId {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    clinic
        .queues
        .iter()
        .find(|queue| queue.code == code)
        .unwrap()
        .id
}

/// A request that came as a mail, in the billing queue.
async fn mailed(desk: &Desk, from: &str) -> TicketId {
    let requester = patients::requester_by_email(&desk.app, desk.organisation, from, None, None);
    let mut mail = NewTicket::new(
        requester.await.unwrap(),
        Channel::Email,
        "Bill again",
        "My bill?",
    );
    mail.envelope = Some(Envelope {
        from: from.to_owned(),
        to: vec!["desk@clinic.example".to_owned()],
        ..Envelope::default()
    });
    let ticket = tickets::create(&desk.app, &desk.system(), mail)
        .await
        .unwrap();
    move_to(desk, ticket.id, "billing").await;
    ticket.id
}

async fn move_to(desk: &Desk, ticket: TicketId, code: &str) {
    let ctx = desk.system();
    let version = tickets::view(&desk.app, &ctx, ticket)
        .await
        .unwrap()
        .ticket
        .version;
    let patch = Patch {
        queue: Some(queue(desk, code)),
        ..Patch::default()
    };
    tickets::change(&desk.app, &ctx, ticket, version, patch)
        .await
        .unwrap();
}

async fn send(browser: &Browser, token: &str, route: &Route, way: &str) -> Answer {
    if route.method == Method::GET {
        return browser.get(way).await;
    }
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-csrf-token", token),
    ];
    let answer = browser
        .request(route.method.clone(), way, &headers, Body::from(FORM))
        .await;
    if answer.status != 415 {
        return answer;
    }
    let headers = [
        ("content-type", "multipart/form-data; boundary=XX"),
        ("x-csrf-token", token),
    ];
    let form = "--XX\r\ncontent-disposition: form-data; name=\"body\"\r\n\r\nx\r\n--XX--\r\n";
    browser
        .request(route.method.clone(), way, &headers, Body::from(form))
        .await
}

/// What a page must answer to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It is there and theirs to see.
    Shown,
    /// It is kept from them.
    Kept,
    /// There is no such thing.
    Nowhere,
}

/// A patient with something in every group of fields: who, their request, and a mail of theirs.
async fn with_every_field(desk: &Desk) -> (PatientId, TicketId, TicketId) {
    let (app, ctx) = (&desk.app, desk.system());
    let field = |code: &str, group| CustomField {
        code: code.to_owned(),
        names: bedside_desk::names::Names([("en".to_owned(), code.to_owned())].into()),
        kind: "text".to_owned(),
        choices: Vec::new(),
        group,
        position: 1,
        version: 0,
    };
    for (code, group) in [
        ("plain", None),
        ("allergy", Some(FieldGroup::Clinical)),
        ("payer", Some(FieldGroup::Billing)),
    ] {
        orgs::change(app, &ctx, Change::PutField(field(code, group)))
            .await
            .unwrap();
    }
    let patient = NewPatient {
        name: "Rosa Alvarez".to_owned(),
        birth_date: Some("1961-02-03".to_owned()),
        mrn: Some("ZQ-77".to_owned()),
        locale: None,
        secure_link: false,
    };
    let points = vec![
        (PointKind::Email, "rosa.quill@patient.example".to_owned()),
        (PointKind::Phone, "+1 312 555 0147".to_owned()),
    ];
    let patient = patients::create_patient(app, &ctx, patient, points)
        .await
        .unwrap();
    let ticket = desk
        .ticket("rosa.quill@patient.example", "Bill", "My bill?")
        .await;
    let nameless = desk
        .ticket("nobody.quill@patient.example", "Other", "Other.")
        .await;
    for one in [ticket, nameless] {
        move_to(desk, one, "billing").await;
    }
    let version = tickets::view(app, &ctx, ticket)
        .await
        .unwrap()
        .ticket
        .version;
    let fields = json!({ "plain": "Tuesdays", "allergy": "Penicillin", "payer": "Goldshield" });
    let patch = Patch {
        fields: fields.as_object().unwrap().clone(),
        ..Patch::default()
    };
    tickets::change(app, &ctx, ticket, version, patch)
        .await
        .unwrap();
    search::catch_up(app, desk.organisation).await.unwrap();
    let mail = mailed(desk, "rosa.quill@patient.example").await;
    (patient, ticket, mail)
}

both_engines! {
    async fn attack_14_every_role_meets_every_request_on_every_page_as_its_reach_says(desk: Desk) {
        let clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
        let new = config::organisation::new_organisation(&clinic, "neighbour", &desk.app.ids, desk.app.now());
        let neighbour = orgs::create(&desk.app, new).await.unwrap();
        let (theirs, ours) = (Ctx::system(neighbour, "test", Source::Job), desk.system());
        let their_round = recertification::open(&desk.app, &theirs).await.unwrap().to_string();
        let round = recertification::open(&desk.app, &ours).await.unwrap().to_string();
        let elsewhere = asked(&desk, &theirs, &their_round, "rosa@patient.example", Labels::NONE).await;
        let vip = Labels::NONE.with(Label::Vip);
        let (mut shown, mut kept, mut tried) = (0, 0, BTreeSet::new());
        for role in Role::ALL {
            let reach = desk.role(*role).reach();
            let own = match role {
                Role::Billing => "billing",
                _ => "front_desk",
            };
            let name = role.code();
            let mine = asked(&desk, &ours, &round, &format!("{name}.own@patient.example"), Labels::NONE).await;
            let hidden = asked(&desk, &ours, &round, &format!("{name}.vip@patient.example"), vip).await;
            let other = asked(&desk, &ours, &round, &format!("{name}.other@patient.example"), Labels::NONE).await;
            move_to(&desk, mine.ticket, own).await;
            move_to(&desk, hidden.ticket, own).await;
            move_to(&desk, other.ticket, "clinical").await;
            let browser = desk.browser(*role).await;
            let token = csrf_token(&browser.get("/account").await.expect(200).text());
            for route in routes() {
                let Some(comes_in) = route.access.takes(reach.permissions) else { continue };
                let has = |name: &str| route.path.contains(name);
                let of_ticket = has("{ticket}") || has("{file}");
                let of_person = of_ticket || has("{patient}") || has("{request}");
                // A copy of the record is tried where one is made (tests/privacy.rs).
                if !(of_person || has("{round}")) || has("{copy}") || route.path.starts_with("/restricted/") {
                    continue;
                }
                // Whoever watches over privacy sees who saw whom and what was given out, whatever the labels are.
                let watches = route.access == Access::Staff(Permission::PrivacyReview);
                let sees = !of_person || watches || reach.permissions.has(Permission::PatientsVip);
                // What changes things where it may is tried by the tests of what it does.
                let cases = [
                    (&other, if of_ticket && !reach.queues.has(queue(&desk, "clinical")) { Told::Kept } else { Told::Shown }),
                    (&hidden, if sees { Told::Shown } else { Told::Kept }),
                    (&elsewhere, Told::Nowhere),
                    (&mine, Told::Shown),
                ];
                for (thing, told) in cases {
                    let told = if comes_in { told } else { Told::Kept };
                    if told == Told::Shown && route.method != Method::GET {
                        continue;
                    }
                    let way = thing.path(route.path);
                    let answer = send(&browser, &token, &route, &way).await;
                    let right = match told {
                        // Nothing was erased that a certificate could tell of.
                        Told::Shown => matches!(answer.status, 200 | 303) || (answer.status == 404 && route.path.ends_with("/certificate")),
                        Told::Kept => answer.status == 403,
                        // It reads like what is there for nobody at all.
                        Told::Nowhere => {
                            let nothing = send(&browser, &token, &route, &thing.nowhere(route.path)).await;
                            matches!(answer.status, 403 | 404) && answer.status == nothing.status
                        }
                    };
                    assert!(right, "{role:?} {} {way}: {} where it should be {told:?}", route.method, answer.status);
                    tried.insert(route.path);
                    if told == Told::Shown { shown += 1 } else { kept += 1 }
                    if told != Told::Shown {
                        assert!(!answer.text().contains("When do you open"), "{role:?} {way}");
                        assert!(!answer.text().contains("Alvarez"), "{role:?} {way}");
                    }
                }
            }
        }
        assert!(shown > 60 && kept > 500, "{shown} shown, {kept} kept");
        for kind in ["/tickets/{ticket}", "/patients/{patient}", "/attachments/{file}", "/privacy/{request}", "/privacy/access/{round}"] {
            assert!(tried.contains(kind), "{kind}");
        }
    }

    async fn attack_14_lists_searches_and_counts_hold_the_requests_of_ones_own_queues_alone(desk: Desk) {
        let (bill, symptom) = (
            desk.ticket("bill@patient.example", "Marzipan bill", "Why is the marzipan so dear?").await,
            desk.ticket("ache@patient.example", "Vermilion ache", "The vermilion ache is back.").await,
        );
        move_to(&desk, bill, "billing").await;
        move_to(&desk, symptom, "clinical").await;
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let billing = desk.browser(Role::Billing).await;
        let says = |page: &str| (page.contains("Marzipan"), page.contains("ermilion") || page.contains("ache@"));
        for way in ["/inbox", "/inbox/queue/billing"] {
            assert_eq!(says(&billing.get(way).await.expect(200).text()), (true, false), "{way}");
        }
        billing.get("/inbox/queue/clinical").await.expect(403);
        let page = billing.get("/inbox").await.text();
        assert!(page.contains("/inbox/queue/billing") && !page.contains("/inbox/queue/clinical"));
        assert!(desk.browser(Role::Agent).await.get("/inbox").await.text().contains("/inbox/queue/clinical"));
        for (words, found) in [("marzipan", true), ("vermilion", false), ("queue:clinical", false), ("queue:billing", true), ("status:new", true), ("from:ache@patient.example", false)] {
            let page = billing.submit("/search", "/search", &[("q", words)]).await.expect(200).text();
            let list = page.split("id=\"ticket-list\"").nth(1).unwrap();
            assert_eq!(says(list), (found, false), "{words}");
        }
        let number = tickets::view(&desk.app, &desk.system(), symptom).await.unwrap().ticket.number;
        let page = billing.submit("/search", "/search", &[("q", &number.to_string())]).await.expect(200).text();
        assert!(!says(page.split("id=\"ticket-list\"").nth(1).unwrap()).1);
        let refused = billing.request(Method::GET, &format!("/tickets/{number}"), &[("accept", "text/html")], Body::empty()).await.expect(403).text();
        assert!(refused.contains("This request is with another team") && !says(&refused).1, "{refused}");

        // A page of a long list is full of one's own, however many of others lie between.
        for number in 0..60 {
            let one = desk.ticket(&format!("p{number}@patient.example"), "Long", "Long.").await;
            move_to(&desk, one, if number % 20 == 0 { "billing" } else { "records" }).await;
        }
        let ctx = desk.ctx(Role::Billing);
        let mut seen = BTreeSet::new();
        let mut page = tickets::list(&desk.app, &ctx, &View::Active, None, 3).await.unwrap();
        assert_eq!(page.rows.len(), 3);
        let mut back = None;
        loop {
            assert!(page.rows.iter().all(|row| row.ticket.queue == queue(&desk, "billing")));
            seen.extend(page.rows.iter().map(|row| row.ticket.id));
            let Some(next) = page.next else { break };
            page = tickets::list(&desk.app, &ctx, &View::Active, Some(next), 3).await.unwrap();
            back = page.previous;
        }
        assert_eq!(seen.len(), 4);
        let before = tickets::list_before(&desk.app, &ctx, &View::Active, back.unwrap(), 3).await.unwrap();
        assert_eq!(before.rows.len(), 3);
        assert!(before.rows.iter().all(|row| seen.contains(&row.ticket.id)) && before.previous.is_none());

        let danger = desk.ticket("danger@patient.example", "Danger", "Please help.").await;
        for (ticket, patch) in [
            (danger, Patch { urgency: Some(Urgency::Emergency), ..Patch::default() }),
            (bill, Patch { assignee: Some(Some(desk.id_of(Role::Billing))), ..Patch::default() }),
        ] {
            let version = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.version;
            tickets::change(&desk.app, &desk.system(), ticket, version, patch).await.unwrap();
        }
        // What is counted beside every page: one's own, each queue's, and the crises of whoever reaches their queue.
        for (role, mine, clinical, crises) in [(Role::Billing, "1", None, false), (Role::Agent, "", Some("1"), true)] {
            let page = desk.browser(role).await.get("/inbox").await.expect(200).text();
            let count = |mark: &str| page.split(mark).nth(1).map(|rest| rest.split(['>', '<']).nth(1).unwrap());
            let of_queue = |code: &str| count(&format!("id=\"count-{}\"", queue(&desk, code)));
            assert_eq!(count("href=\"/inbox/mine\"").and(count(">Mine</span> <span class=\"count\"")), Some(mine), "{role:?}");
            assert_eq!((of_queue("billing"), of_queue("clinical")), (Some("4"), clinical), "{role:?}");
            assert_eq!(of_queue("crisis"), clinical, "{role:?}");
            assert_eq!(page.contains("href=\"/inbox/crisis\""), crises, "{role:?}");
        }
    }

    async fn attack_14_a_command_on_another_queues_request_changes_nothing_and_is_noted(desk: Desk) {
        let ticket = desk.ticket("rosa@patient.example", "Ache", "My ache is back.").await;
        move_to(&desk, ticket, "clinical").await;
        let ctx = desk.ctx(Role::Partner);
        let before = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.version;
        let done = tickets::change(&desk.app, &ctx, ticket, before, Patch { queue: Some(queue(&desk, "front_desk")), ..Patch::default() }).await;
        assert!(matches!(done, Err(DeskError::OtherQueue { .. })), "{done:?}");
        let after = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket;
        assert_eq!((after.version, after.queue), (before, queue(&desk, "clinical")));
        let log = audit_log::list(&desk.app, &desk.system(), None, 5).await.unwrap();
        let clinical = queue(&desk, "clinical").to_string();
        assert!(log.iter().any(|one| one.action == "queue.refused" && one.object_id == clinical && one.outcome == "denied"), "{log:?}");
    }

    async fn a_request_is_given_to_nobody_who_would_not_see_it(desk: Desk) {
        let (ctx, app) = (desk.system(), &desk.app);
        let ticket = desk.ticket("rosa@patient.example", "Bill", "My bill?").await;
        move_to(&desk, ticket, "billing").await;
        let version = async || tickets::view(app, &ctx, ticket).await.unwrap().ticket.version;
        let to = |role, queue| Patch { assignee: Some(Some(desk.id_of(role))), queue, ..Patch::default() };
        let refused = tickets::change(app, &ctx, ticket, version().await, to(Role::Partner, None)).await;
        assert!(matches!(refused, Err(DeskError::Invalid { field: "assignee_id", code: "other_queue", .. })), "{refused:?}");
        tickets::change(app, &ctx, ticket, version().await, to(Role::Billing, None)).await.unwrap();
        // With the queue it goes to whoever looks there.
        move_to(&desk, ticket, "records").await;
        assert_eq!(tickets::view(app, &ctx, ticket).await.unwrap().ticket.assignee, None);
        tickets::change(app, &ctx, ticket, version().await, to(Role::Agent, None)).await.unwrap();
        move_to(&desk, ticket, "billing").await;
        assert_eq!(tickets::view(app, &ctx, ticket).await.unwrap().ticket.assignee, Some(desk.id_of(Role::Agent)));
        // Whoever can't have it isn't offered.
        let page = desk.browser(Role::Agent).await.get(&format!("/tickets/{ticket}")).await.expect(200).text();
        assert!(page.contains("Bea Billing") && !page.contains("Pip Partner"));
    }

    async fn attack_51_fields_that_a_role_may_not_see_stand_on_no_page_of_it(desk: Desk) {
        let (app, ctx) = (&desk.app, desk.system());
        let (patient, ticket, mail) = with_every_field(&desk).await;
        let mut role = desk.role(Role::Billing).as_ref().clone();
        let groups = [
            (Permission::FieldsContact, &["quill@patient", "5550147", "555 0147"][..]),
            (Permission::FieldsIdentifiers, &["1961", "ZQ-77"]),
            (Permission::FieldsClinical, &["Penicillin", "allergy"]),
            (Permission::FieldsBilling, &["Goldshield", "payer"]),
        ];
        let browser = desk.browser(Role::Billing).await;
        let base = Permissions::of(&[Permission::TicketsRead, Permission::TicketsWrite, Permission::PatientsRead, Permission::PatientsWrite]);
        for (may, _) in groups {
            role.permissions = base.with(may);
            orgs::change(app, &ctx, Change::PutRole(role.clone())).await.unwrap();
            role = desk.role(Role::Billing).as_ref().clone();
            let mut told = String::new();
            for way in [
                format!("/tickets/{ticket}"),
                format!("/tickets/{ticket}/verify"),
                format!("/patients/{patient}"),
                format!("/patients/{patient}/edit"),
                "/patients".to_owned(),
                "/inbox".to_owned(),
                format!("/api/v1/tickets/{ticket}"),
                format!("/api/v1/tickets/{mail}"),
                format!("/api/v1/tickets/{mail}/messages"),
                format!("/api/v1/patients/{patient}"),
                "/api/v1/patients".to_owned(),
                "/api/v1/contacts".to_owned(),
                "/api/v1/tickets".to_owned(),
            ] {
                told += &browser.get(&way).await.expect(200).text();
            }
            told += &browser.submit("/search", "/search", &[("q", "bill")]).await.expect(200).text();
            // Nor is it found out value by value.
            let form = browser.get("/patients").await.expect(200).text();
            let token = csrf_token(&form);
            for (wanted, field, needed) in [
                (json!({ "mrn": "ZQ-77" }), "mrn", Permission::FieldsIdentifiers),
                (json!({ "name": "Rosa Alvarez", "birth_date": "1961-02-03" }), "birth_date", Permission::FieldsIdentifiers),
                (json!({ "email": "rosa.quill@patient.example" }), "email", Permission::FieldsContact),
                (json!({ "phone": "+1 312 555 0147" }), "phone", Permission::FieldsContact),
            ] {
                let headers = [("content-type", "application/json"), ("x-csrf-token", token.as_str())];
                let answer = browser.request(Method::POST, "/api/v1/patients/search", &headers, Body::from(wanted.to_string())).await;
                assert_eq!(answer.status, if needed == may { 200 } else { 403 }, "{wanted} with {may:?}");
                assert_eq!(answer.text().contains(&patient.to_string()), needed == may, "{wanted}");
                assert_eq!(form.contains(&format!("name=\"{field}\"")), needed == may, "{field} with {may:?}");
                let fields: Vec<_> = wanted.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
                browser.submit("/patients", "/patients", &fields).await.expect(if needed == may { 200 } else { 403 });
            }
            assert!(told.contains("Rosa Alvarez") && told.contains("Tuesdays"));
            for (group, words) in groups {
                for word in words {
                    let (is, may) = (told.contains(word), group == may);
                    // A number stands as it was kept, in one of its two forms.
                    assert!(is == may || (may && word.starts_with("555")), "{group:?} with {:?}: {word}", role.permissions.codes());
                }
            }
        }
        // What isn't seen isn't changed, and stays when the rest is.
        role.permissions = base;
        orgs::change(app, &ctx, Change::PutRole(role)).await.unwrap();
        let billing = desk.ctx(Role::Billing);
        let seen = patients::patient(app, &billing, patient).await.unwrap();
        assert!(seen.unidentified && seen.birth_date.is_none());
        let new = NewPatient { name: "Rosa A. Alvarez".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: true };
        let with = NewPatient { mrn: Some("ZQ-78".to_owned()), ..new.clone() };
        assert!(matches!(patients::change_patient(app, &billing, patient, seen.version, with).await, Err(DeskError::Forbidden)));
        patients::change_patient(app, &billing, patient, seen.version, new).await.unwrap();
        let kept = patients::patient(app, &ctx, patient).await.unwrap();
        assert_eq!((kept.name.as_str(), kept.birth_date.as_deref(), kept.mrn.as_deref()), ("Rosa A. Alvarez", Some("1961-02-03"), Some("ZQ-77")));
        let contact = &kept.contacts[0];
        let patch = ContactPatch { add: vec![(PointKind::Email, "other@patient.example".to_owned())], ..ContactPatch::default() };
        assert!(matches!(patients::change_contact(app, &billing, contact.id, contact.version, patch).await, Err(DeskError::Forbidden)));
        let version = tickets::view(app, &billing, ticket).await.unwrap().ticket.version;
        let fields = json!({ "allergy": "none" }).as_object().unwrap().clone();
        let patch = Patch { fields, ..Patch::default() };
        assert!(matches!(tickets::change(app, &billing, ticket, version, patch).await, Err(DeskError::Forbidden)));
        let fields = json!({ "plain": "Fridays" }).as_object().unwrap().clone();
        tickets::change(app, &billing, ticket, version, Patch { fields, ..Patch::default() }).await.unwrap();
        let view = tickets::view(app, &ctx, ticket).await.unwrap();
        assert_eq!((&view.fields["allergy"], &view.fields["plain"]), (&json!("Penicillin"), &json!("Fridays")));
    }

    async fn nobody_hands_on_more_queues_than_they_have(desk: Desk) {
        let (app, setup) = (&desk.app, desk.system());
        let some = |codes: &[&str]| Queues::Only(codes.iter().map(|code| queue(&desk, code)).collect());
        let mut lead = desk.role(Role::Billing).as_ref().clone();
        lead.permissions = lead.permissions.with(Permission::StaffManage).with(Permission::SettingsRead).with(Permission::SettingsWrite);
        orgs::change(app, &setup, Change::PutRole(lead)).await.unwrap();
        let ctx = desk.ctx(Role::Billing);
        let mut role = desk.role(Role::Partner).as_ref().clone();
        (role.code, role.version, role.permissions) = ("clerk".to_owned(), 0, Permissions::of(&[Permission::TicketsRead]));
        for (queues, may) in [(Queues::All, false), (some(&["billing", "records"]), false), (some(&["billing"]), true)] {
            role.queues = queues.clone();
            let done = orgs::change(app, &ctx, Change::PutRole(role.clone())).await;
            assert_eq!(done.is_ok(), may, "{queues:?}: {done:?}");
            let token = NewToken { name: "t".to_owned(), scopes: Permissions::of(&[Permission::TicketsRead]), queues, expires_at: None };
            let made = staff::create_token(app, &ctx, token).await;
            assert_eq!(made.is_ok(), may, "{made:?}");
        }
        // Nor do they change who has more.
        let mut other = desk.role(Role::Partner).as_ref().clone();
        other.idle_minutes = 45;
        assert!(matches!(orgs::change(app, &ctx, Change::PutRole(other)).await, Err(DeskError::Forbidden)));
        let mut admin = desk.role(Role::Administrator).as_ref().clone();
        admin.queues = some(&["billing"]);
        assert!(matches!(orgs::change(app, &setup, Change::PutRole(admin)).await, Err(DeskError::Invalid { .. })));
    }

    async fn a_scope_of_another_release_opens_nothing_and_shuts_nothing(desk: Desk) {
        let client = desk.client("tickets:read").await;
        let later = desk.app.db.write(|tx| {
            async move {
                tx.execute(LATER, args![]).await?;
                Ok::<_, DbError>(())
            }
            .boxed()
        });
        later.await.unwrap();
        client.get("/api/v1/tickets").await.expect(200);
        client.get("/api/v1/patients").await.expect(403);
        let admin = desk.ctx(Role::Administrator);
        let token = staff::list_tokens(&desk.app, &admin).await.unwrap()[0].id;
        staff::revoke_token(&desk.app, &admin, token).await.unwrap();
        client.get("/api/v1/tickets").await.expect(401);
    }

    async fn an_administrator_narrows_a_role_and_a_token_down_on_their_pages(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let page = "/settings/roles/partner";
        let html = admin.get(page).await.expect(200).text();
        assert!(html.contains("name=\"queue_front_desk\" type=\"checkbox\" value=\"on\" checked"), "{html}");
        let role = desk.role(Role::Partner);
        let version = role.version.to_string();
        let fields = [
            ("version", version.as_str()), ("name_en", "Partner"), ("name_es", "Socio"), ("scope_tickets_read", "on"),
            ("queue_records", "on"), ("queue_billing", "on"), ("second_factor", "none"), ("idle_minutes", "30"), ("session_minutes", "720"),
        ];
        admin.submit(page, page, &fields).await.expect(303);
        let expected = Queues::Only([queue(&desk, "records"), queue(&desk, "billing")].into());
        assert_eq!(desk.role(Role::Partner).queues, expected);
        let none: Vec<_> = fields.into_iter().filter(|(name, _)| !name.starts_with("queue_")).collect();
        let again = admin.submit(page, page, &none).await.expect(422).text();
        assert!(again.contains("Tick all queues, or at least one."));
        let version = desk.role(Role::Partner).version.to_string();
        let mut all: Vec<_> = none.into_iter().filter(|(name, _)| *name != "version").collect();
        all.extend([("version", version.as_str()), ("all_queues", "on")]);
        admin.submit(page, page, &all).await.expect(303);
        assert_eq!(desk.role(Role::Partner).queues, Queues::All);

        let fields = [("name", "Chat"), ("days", "10"), ("scope_tickets_read", "on"), ("queue_records", "on")];
        admin.submit("/settings/tokens/new", "/settings/tokens/new", &fields).await.expect(200);
        let made = staff::list_tokens(&desk.app, &desk.system()).await.unwrap();
        assert_eq!(made.last().unwrap().queues, Queues::Only([queue(&desk, "records")].into()));
        let shown = admin.get(&format!("/settings/tokens/{}", made.last().unwrap().id)).await.expect(200).text();
        assert!(shown.contains("Reaches the requests of") && shown.contains("Records"), "{shown}");
    }
}
