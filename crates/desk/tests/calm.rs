//! Emergencies that are none, and worries that show later.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::audit_log;
use bedside_desk::error::DeskError;
use bedside_desk::ids::TicketId;
use bedside_desk::orgs::model::purpose;
use bedside_desk::tickets::{self, Calm, CalmReason, Inbound, Patch, Status, TicketView, Urgency};
use bedside_desk::timeline::MessageKind;
use bedside_language::Channel;
use common::{Desk, both_engines, csrf_token};
use serde_json::{Value, json};

const CRY: &str = "I took all of my sleeping pills an hour ago. I want to die.";
const WORRY: &str = "I am not suicidal, I just feel low.";

async fn seen(desk: &Desk, id: TicketId) -> TicketView {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap()
}

fn standard(reason: CalmReason) -> Calm {
    Calm {
        reason,
        words: None,
        urgency: Urgency::Standard,
    }
}

async fn calm(desk: &Desk, id: TicketId) {
    let nurse = desk.ctx(Role::Nurse);
    tickets::not_a_crisis(
        &desk.app,
        &nurse,
        id,
        None,
        standard(CalmReason::OtherMeaning),
    )
    .await
    .unwrap();
}

async fn change(desk: &Desk, id: TicketId, patch: Patch) -> Result<i64, DeskError> {
    let version = seen(desk, id).await.ticket.version;
    tickets::change(&desk.app, &desk.ctx(Role::Agent), id, version, patch).await
}

fn crisis_queue(desk: &Desk) -> bedside_desk::ids::QueueId {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    clinic.queue_for(purpose::CRISIS).unwrap().id
}

/// The patient writes once more.
async fn writes(desk: &Desk, id: TicketId, words: &str) {
    let contact = seen(desk, id).await.ticket.contact;
    let words = Inbound::new(contact, Channel::Email, words);
    tickets::inbound(&desk.app, &desk.system(), id, words)
        .await
        .unwrap();
}

both_engines! {
    async fn a_person_says_why_nobody_is_in_danger(desk: Desk) {
        let nurse = desk.ctx(Role::Nurse);
        let id = desk.ticket("calm@example.org", "", CRY).await;
        change(&desk, id, Patch { category: Some("billing".to_owned()), queue: Some(crisis_queue(&desk)), ..Patch::default() }).await.unwrap();
        // The form that changes everything else does not change this.
        let merely = Patch { urgency: Some(Urgency::Low), ..Patch::default() };
        let refused = change(&desk, id, merely).await;
        assert!(matches!(refused, Err(DeskError::Invalid { field: "urgency", code: "reason_needed", .. })), "{refused:?}");
        let before = seen(&desk, id).await.ticket;
        assert_eq!(before.rank(), 0);

        let own = "A line of a song, \u{201c}dying for you\u{201d}";
        let said = Calm { reason: CalmReason::Other, words: Some(own.to_owned()), urgency: Urgency::Standard };
        let stale = tickets::not_a_crisis(&desk.app, &nurse, id, Some(before.version - 1), said.clone()).await;
        assert!(matches!(stale, Err(DeskError::Stale { .. })), "{stale:?}");
        let version = tickets::not_a_crisis(&desk.app, &nurse, id, Some(before.version), said).await.unwrap();
        let after = seen(&desk, id).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        assert_eq!((after.ticket.version, after.ticket.urgency), (version, Urgency::Standard));
        assert_eq!(after.ticket.queue, clinic.category("billing").unwrap().queue_id);
        assert!(after.ticket.clocks.resolution > before.clocks.resolution, "its time is that of its new urgency");
        assert_eq!(after.ticket.safety, "emergency", "what was found stays written down");

        // Who said it, when and why stand in the timeline; the own words in a note and nowhere else.
        let event = after.events.last().unwrap();
        assert_eq!(event.data["to"]["not_a_crisis"], "other");
        assert_eq!(event.data["changed"], json!(["not_a_crisis", "queue_id", "urgency"]));
        assert_eq!((event.actor_id, event.at), (Some(desk.id_of(Role::Nurse).uuid()), desk.app.now()));
        assert!(!event.data.to_string().contains("song"));
        let note = after.messages.last().unwrap();
        assert_eq!((note.kind, note.body.as_str()), (MessageKind::Note, own));
        assert_eq!(after.ticket.message_count, 2);
        let log = audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
        let entry = log.iter().find(|entry| entry.action == "ticket.not_a_crisis").unwrap();
        assert_eq!(entry.detail, r#"{"reason":"other"}"#);
        desk.audit_is_whole().await;

        let twice = tickets::not_a_crisis(&desk.app, &nurse, id, None, standard(CalmReason::Past)).await;
        assert!(matches!(twice, Err(DeskError::Conflict { code: "no_crisis", .. })), "{twice:?}");
    }

    async fn what_is_none_leaves_the_crisis_queue_and_comes_back_when_it_is_raised(desk: Desk) {
        let (clinic, crisis) = (desk.app.directory.of(desk.organisation).unwrap(), crisis_queue(&desk));
        // Where the category has no other queue a person looks what it is.
        let id = desk.ticket("calm.too@example.org", "", CRY).await;
        change(&desk, id, Patch { category: Some("crisis".to_owned()), ..Patch::default() }).await.unwrap();
        calm(&desk, id).await;
        assert_eq!(seen(&desk, id).await.ticket.queue, clinic.queue_for(purpose::NEEDS_LOOK).unwrap().id);
        change(&desk, id, Patch { urgency: Some(Urgency::Emergency), ..Patch::default() }).await.unwrap();
        let back = seen(&desk, id).await.ticket;
        assert_eq!((back.rank(), back.queue), (0, crisis));

        // A queue where somebody put it before stands.
        let records = clinic.category("records").unwrap().queue_id;
        let moved = desk.ticket("moved@example.org", "", CRY).await;
        change(&desk, moved, Patch { queue: Some(records), ..Patch::default() }).await.unwrap();
        calm(&desk, moved).await;
        assert_eq!(seen(&desk, moved).await.ticket.queue, records);
        // So does one that is named when it is raised again.
        let named = Patch { urgency: Some(Urgency::Emergency), queue: Some(records), ..Patch::default() };
        change(&desk, moved, named).await.unwrap();
        assert_eq!(seen(&desk, moved).await.ticket.queue, records);
    }

    async fn the_next_cry_is_one_again(desk: Desk) {
        let id = desk.ticket("again@example.org", "", CRY).await;
        calm(&desk, id).await;
        writes(&desk, id, "I want to kill myself").await;
        let ticket = seen(&desk, id).await.ticket;
        assert_eq!((ticket.rank(), ticket.queue), (0, crisis_queue(&desk)));
    }

    async fn the_page_asks_for_the_reason(desk: Desk) {
        let id = desk.ticket("page@example.org", "", CRY).await;
        let ticket = seen(&desk, id).await.ticket;
        let (path, version) = (format!("/tickets/{}", ticket.number), ticket.version.to_string());
        let agent = desk.browser(Role::Agent).await;
        let page = agent.get(&path).await.expect(200).text();
        assert!(page.contains("<summary>") && page.contains("Not a crisis"), "{page}");
        let lower = [("version", version.as_str()), ("urgency", "low"), ("status", "new")];
        let refused = agent.submit(&path, &path, &lower).await.expect(422).text();
        assert!(refused.contains("panel calm\" open") && refused.contains("href=\"#calm-reason\""), "{refused}");

        let to = format!("{path}/not-a-crisis");
        let none = [("version", version.as_str()), ("reason", ""), ("words", "<b>kept</b>"), ("urgency", "low")];
        let refused = agent.submit(&path, &to, &none).await.expect(422).text();
        assert!(refused.contains("&#60;b&#62;kept") || refused.contains("&lt;b&gt;kept"), "{refused}");
        let other = [("version", version.as_str()), ("reason", "other"), ("words", " "), ("urgency", "low")];
        let refused = agent.submit(&path, &to, &other).await.expect(422).text();
        assert!(refused.contains("href=\"#calm-words\""), "{refused}");
        let fine = [("version", version.as_str()), ("reason", "safe_already"), ("words", ""), ("urgency", "urgent")];
        let _ = agent.submit(&path, &to, &fine).await.expect(303);
        let page = agent.get(&path).await.expect(200).text();
        assert!(page.contains("said that nobody is in danger: It is about somebody else, who is safe already"), "{page}");
        assert!(!page.contains("panel calm"));
        assert_eq!(seen(&desk, id).await.ticket.urgency, Urgency::Urgent);
        let twice = agent.submit(&path, &to, &[("version", "2"), ("reason", "past"), ("urgency", "low")]).await.expect(409).text();
        assert!(twice.contains("no emergency any more") || twice.contains("merged"), "{twice}");
    }

    async fn no_program_takes_an_emergency_back(desk: Desk) {
        let id = desk.ticket("api@example.org", "", CRY).await;
        let client = desk.client("tickets:read tickets:write").await;
        let path = format!("/api/v1/tickets/{id}");
        let refused = client.patch(&path, "\"v1\"", &json!({ "urgency": "low" })).await.expect(422).json();
        assert_eq!(refused["errors"][0]["code"], "reason_needed");
        let to = format!("{path}/not-a-crisis");
        let fine = json!({ "reason": "past", "urgency": "low" });
        let refused = client.post(&to, &fine).await.expect(403).json();
        assert_eq!(refused["code"], "forbidden");
        assert!(refused["detail"].as_str().unwrap().starts_with("Only people say that nobody is in danger."), "{refused}");
        // Nor does a worry end by one, nor does the desk itself end anything.
        let worry = desk.ticket("low@example.org", "", WORRY).await;
        client.post(&format!("/api/v1/tickets/{worry}/not-a-crisis"), &fine).await.expect(403);
        let itself = tickets::not_a_crisis(&desk.app, &desk.system(), id, None, standard(CalmReason::Past)).await;
        assert!(matches!(itself, Err(DeskError::Forbidden)), "{itself:?}");
        let stays = seen(&desk, id).await.ticket;
        assert_eq!((stays.rank(), stays.version, stays.queue), (0, 1, crisis_queue(&desk)));
        assert_eq!(seen(&desk, worry).await.ticket.version, 1);
    }

    async fn a_person_says_it_over_the_api(desk: Desk) {
        let id = desk.ticket("api@example.org", "", CRY).await;
        let client = desk.browser(Role::Nurse).await;
        let token = csrf_token(&client.get("/account").await.expect(200).text());
        let send = async |path: &str, body: &Value| {
            let headers = [("content-type", "application/json"), ("x-csrf-token", token.as_str())];
            client.request(Method::POST, path, &headers, Body::from(body.to_string())).await
        };
        let path = format!("/api/v1/tickets/{id}");
        let to = format!("{path}/not-a-crisis");
        for wrong in [
            json!({ "reason": "other", "urgency": "low" }),
            json!({ "reason": "past", "urgency": "emergency" }),
            json!({ "reason": "bored", "urgency": "low" }),
            json!({ "reason": "past", "urgency": "low", "words": "x".repeat(501) }),
        ] {
            send(&to, &wrong).await.expect(422);
        }
        let fine = json!({ "reason": "past", "urgency": "low" });
        let done = send(&to, &fine).await.expect(200);
        assert_eq!((done.json()["version"].as_i64(), done.header("etag")), (Some(2), Some("\"v2\"")));
        assert_eq!(send(&to, &fine).await.expect(409).json()["code"], "no_crisis");
        assert_eq!(seen(&desk, id).await.ticket.urgency, Urgency::Low);
    }

    async fn a_worry_that_shows_later_makes_it_urgent(desk: Desk) {
        let id = desk.ticket("worse@example.org", "My bill", "What is this charge on my bill?").await;
        let quiet = seen(&desk, id).await.ticket;
        assert_eq!((quiet.urgency, quiet.safety.as_str()), (Urgency::Standard, "none"));
        change(&desk, id, Patch { status: Some(Status::WaitingOnPatient), ..Patch::default() }).await.unwrap();
        desk.clock.advance(7 * 24 * 3600);
        writes(&desk, id, WORRY).await;
        let worse = seen(&desk, id).await;
        let ticket = &worse.ticket;
        assert_eq!((ticket.urgency, ticket.safety.as_str(), ticket.status), (Urgency::Urgent, "concern", Status::Open));
        assert_eq!((ticket.queue, ticket.rank()), (quiet.queue, 1), "its queue goes on with it");
        let why = ticket.triage.read();
        assert!(why.danger.is_some() && !why.reasons.is_empty(), "{why:?}");
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let urgent = bedside_desk::sla::Clocks::at_opening(&clinic, &ticket.category, "urgent", desk.app.now());
        assert!(ticket.clocks.resolution <= urgent.resolution);
        assert!(worse.events.last().unwrap().data["changed"].as_array().unwrap().contains(&json!("urgency")));

        // A second worry changes nothing that is there; danger raises it as ever.
        writes(&desk, id, WORRY).await;
        assert_eq!(seen(&desk, id).await.ticket.urgency, Urgency::Urgent);
        writes(&desk, id, CRY).await;
        let cry = seen(&desk, id).await.ticket;
        assert_eq!((cry.rank(), cry.safety.as_str(), cry.queue), (0, "emergency", crisis_queue(&desk)));
    }

    async fn a_worry_calms_no_emergency_and_machines_worry_nobody(desk: Desk) {
        let id = desk.ticket("cries@example.org", "", CRY).await;
        let before = seen(&desk, id).await.ticket;
        writes(&desk, id, WORRY).await;
        let after = seen(&desk, id).await.ticket;
        assert_eq!((after.rank(), after.safety.as_str()), (0, "emergency"));
        assert_eq!(after.triage.read().danger, before.triage.read().danger);

        let other = desk.ticket("away@example.org", "My bill", "What is this charge on my bill?").await;
        let contact = seen(&desk, other).await.ticket.contact;
        let machine = Inbound { automatic: true, ..Inbound::new(contact, Channel::Email, WORRY) };
        tickets::inbound(&desk.app, &desk.system(), other, machine).await.unwrap();
        assert_eq!(seen(&desk, other).await.ticket.urgency, Urgency::Standard);
    }

    async fn a_crisis_is_told_on_every_page_to_whoever_answers_it(desk: Desk) {
        let partial = [("hx-request", "true")];
        for role in [Role::Nurse, Role::Supervisor, Role::Administrator] {
            let page = desk.browser(role).await.get("/patients").await.expect(200).text();
            assert!(page.contains("<bd-crisis") && page.contains("<bd-live") && !page.contains("role=\"alert\""), "{page}");
        }
        desk.ticket("told@example.org", "", CRY).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let crisis = clinic.queue_for("crisis").unwrap().id;
        for role in [Role::Nurse, Role::Supervisor, Role::Administrator] {
            let browser = desk.browser(role).await;
            for path in ["/patients", "/inbox", "/inbox/done"] {
                let page = browser.get(path).await.expect(200).text();
                assert_eq!(page.matches("Someone may be in danger").count(), 1, "{role:?} {path}");
                assert_eq!(page.matches("<bd-live").count(), 1, "one stream a page");
            }
            let there = browser.get("/inbox/crisis").await.expect(200).text();
            assert!(!there.contains("<bd-crisis"), "{there}");
            let part = browser.request(Method::GET, "/crisis-banner", &partial, Body::empty()).await;
            let part = part.expect(200).text();
            assert!(part.contains("role=\"alert\"") && part.contains("/inbox/crisis") && !part.contains("<html"), "{part}");
            // The count beside the queue moves with the banner and with the list.
            let list = browser.request(Method::GET, "/inbox/crisis", &partial, Body::empty()).await;
            let count = format!("<span class=\"count count-alert\" id=\"count-{crisis}\"");
            assert!(there.contains(&format!("{count}>1</span>")) && !there.contains("hx-swap-oob"), "{there}");
            for part in [part, list.expect(200).text()] {
                assert!(part.contains(&format!("{count} hx-swap-oob=\"true\">1</span>")), "{part}");
            }
            let _ = browser.get("/crisis-banner").await.expect(303);
        }
        let agent = desk.browser(Role::Agent).await;
        assert!(!agent.get("/patients").await.expect(200).text().contains("in danger"));
        assert!(agent.get("/inbox").await.expect(200).text().contains("Someone may be in danger"));
    }
}
