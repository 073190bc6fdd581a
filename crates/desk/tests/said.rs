//! What somebody says while a colleague listens is looked at like what they write.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::audit_log;
use bedside_desk::ids::TicketId;
use bedside_desk::jobs;
use bedside_desk::orgs::model::purpose;
use bedside_desk::tickets::{self, Calm, CalmReason, Patch, Status, TicketView, Urgency};
use bedside_desk::timeline::{MAX_BODY, MessageKind};
use common::sink::sink;
use common::{Browser, Desk, Role, both_engines};
use serde_json::json;

const CRY: &str = "I took all of my sleeping pills an hour ago. I want to die.";
const CALM: &str = "She says that the bill came, and asks when it is due.";
const BANNER: &str = "class=\"crisis\"";

async fn seen(desk: &Desk, id: TicketId) -> TicketView {
    tickets::view(&desk.app, &desk.system(), id).await.unwrap()
}

/// A call that the agent writes down as a new request; its page.
async fn call(desk: &Desk, agent: &Browser, who: (&str, &str)) -> (TicketId, String) {
    let fields = [
        ("channel", "phone"),
        who,
        ("name", "Rosa Alvarez"),
        ("body", "She asks about her bill of March."),
    ];
    let answer = agent.submit("/tickets/new", "/tickets/new", &fields).await;
    let page = answer.expect(303).header("location").unwrap().to_owned();
    let id = tickets::resolve(
        &desk.app,
        &desk.system(),
        page.trim_start_matches("/tickets/"),
    )
    .await
    .unwrap();
    (id, page)
}

/// Sends the composer of a request's page.
async fn compose(agent: &Browser, page: &str, kind: &str, body: &str) -> common::Answer {
    let token = common::csrf_token(&agent.get(page).await.expect(200).text());
    let fields = [
        ("csrf_token", token.as_str()),
        ("kind", kind),
        ("body", body),
    ];
    agent
        .post_files(&format!("{page}/messages"), &fields, &[])
        .await
}

async fn change(desk: &Desk, id: TicketId, patch: Patch) {
    let version = seen(desk, id).await.ticket.version;
    tickets::change(&desk.app, &desk.system(), id, version, patch)
        .await
        .unwrap();
}

async fn to(desk: &Desk, id: TicketId, status: Status) {
    let patch = Patch {
        status: Some(status),
        ..Patch::default()
    };
    change(desk, id, patch).await;
}

both_engines! {
    async fn a_cry_that_is_said_on_the_telephone_goes_to_the_top(desk: Desk) {
        let sink = sink(&desk).await;
        let agent = desk.browser(Role::Agent).await;
        let (id, page) = call(&desk, &agent, ("phone", "+1 312 555 0193")).await;
        let shown = agent.get(&page).await.expect(200).text();
        assert!(shown.contains("value=\"said\" data-key=\"s\"") && shown.contains("They said"), "{shown}");
        assert!(shown.contains("Written down by Ana Agent") && !shown.contains(BANNER), "{shown}");

        compose(&agent, &page, "said", CRY).await.expect(303);
        let view = seen(&desk, id).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        assert_eq!((view.ticket.rank(), view.ticket.urgency), (0, Urgency::Emergency));
        assert_eq!(view.ticket.safety, "emergency");
        assert_eq!(view.ticket.queue, clinic.queue_for(purpose::CRISIS).unwrap().id);
        let told = view.messages.last().unwrap();
        assert_eq!((told.kind, told.channel.as_str(), told.body.as_str()), (MessageKind::Inbound, "phone", CRY));
        // The words are theirs, so that what they say next is heard in their light; who wrote them down is kept beside.
        assert_eq!((told.author_kind.as_str(), told.author_id), ("contact", Some(view.ticket.contact.uuid())));
        assert_eq!(told.written_by, Some(desk.id_of(Role::Agent).uuid()));
        assert!(told.found.as_ref().is_some_and(|found| found.danger > 0));
        let shown = agent.get(&page).await.expect(200).text();
        assert!(shown.contains(BANNER) && shown.contains("pills"), "{shown}");
        assert_eq!(shown.matches("Written down by Ana Agent").count(), 2, "{shown}");
        jobs::drain(&desk.app).await.unwrap();
        assert!(sink.take().is_empty(), "nothing is acknowledged");
        let log = audit_log::list(&desk.app, &desk.system(), None, 50).await.unwrap();
        assert!(log.iter().any(|entry| entry.action == "message.said" && entry.object_id == id.to_string()));
        assert!(!log.iter().any(|entry| entry.detail.contains("pills")));
        desk.audit_is_whole().await;
    }

    async fn a_note_that_tells_of_danger_is_offered_as_their_words(desk: Desk) {
        const OFFER: &str = "Make it their words";
        let agent = desk.browser(Role::Agent).await;
        let (id, page) = call(&desk, &agent, ("phone", "+1 312 555 0193")).await;
        compose(&agent, &page, "note", CALM).await.expect(303);
        assert!(!agent.get(&page).await.expect(200).text().contains(OFFER));
        compose(&agent, &page, "note", CRY).await.expect(303);
        let shown = agent.get(&page).await.expect(200).text();
        assert!(shown.contains("/theirs\"") && shown.contains("a note tells nobody"), "{shown}");
        assert_eq!(shown.matches("/theirs\"").count(), 1, "the other note tells of nothing");
        let view = seen(&desk, id).await;
        let (first, note) = (view.messages[0].id, view.messages.last().unwrap());
        assert_eq!((view.ticket.safety.as_str(), note.kind), ("none", MessageKind::Note));
        assert_eq!(note.found.as_ref().map(|found| found.danger), Some(0), "it adds to nothing");
        for (message, count) in [(first, 3), (note.id, 4), (note.id, 4)] {
            agent.submit(&page, &format!("{page}/messages/{message}/theirs"), &[]).await.expect(303);
            assert_eq!(seen(&desk, id).await.messages.len(), count);
        }
        let view = seen(&desk, id).await;
        let said = view.messages.last().unwrap();
        assert_eq!((view.ticket.rank(), view.ticket.safety.as_str()), (0, "emergency"));
        assert_eq!((said.kind, said.body.as_str(), said.written_by), (MessageKind::Inbound, CRY, Some(desk.id_of(Role::Agent).uuid())));
        // Nor is it offered again when a person said that nobody is in danger.
        let calm = Calm { reason: CalmReason::Past, words: None, urgency: Urgency::Low };
        tickets::not_a_crisis(&desk.app, &desk.ctx(Role::Nurse), id, None, calm).await.unwrap();
        assert!(!agent.get(&page).await.expect(200).text().contains("/theirs\""));
        desk.audit_is_whole().await;
    }

    async fn a_note_of_another_system_says_that_it_tells_of_danger(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let (id, page) = call(&desk, &agent, ("phone", "+1 312 555 0193")).await;
        let client = desk.client("tickets:read tickets:write").await;
        let way = format!("/api/v1/tickets/{id}/notes");
        let calm = client.post(&way, &json!({ "body": CALM })).await.expect(201).json();
        let cry = client.post(&way, &json!({ "body": CRY })).await.expect(201);
        assert_eq!((&calm["danger"], &cry.json()["danger"]), (&json!(false), &json!(true)));
        client.get(cry.header("location").unwrap()).await.expect(200);
        assert_eq!(seen(&desk, id).await.ticket.safety, "none", "a note raises nothing");
        let shown = agent.get(&page).await.expect(200).text();
        assert_eq!(shown.matches("/theirs\"").count(), 1, "{shown}");
    }

    async fn where_to_call_is_read_out_and_nothing_is_mailed(desk: Desk) {
        let sink = sink(&desk).await;
        let agent = desk.browser(Role::Agent).await;
        let (_, page) = call(&desk, &agent, ("email", "rosa@patient.example")).await;
        jobs::drain(&desk.app).await.unwrap();
        sink.take();
        compose(&agent, &page, "said", CALM).await.expect(303);
        jobs::drain(&desk.app).await.unwrap();
        assert!(sink.take().is_empty());
        compose(&agent, &page, "said", CRY).await.expect(303);
        jobs::drain(&desk.app).await.unwrap();
        let mails = sink.take();
        assert!(mails.iter().all(|mail| mail.to != ["<rosa@patient.example>"]), "somebody else may read it");
        let shown = agent.get(&page).await.expect(200).text();
        assert!(shown.contains("Read this out to them now") && shown.contains("lang=\"en\" dir=\"ltr\""), "{shown}");
        // In the caller's language first, whether the pages speak it or not.
        for (words, tag, dir) in [("Quiero suicidarme, no quiero vivir más", "es", "ltr"), ("أريد أن أموت، سأقتل نفسي الليلة", "ar", "rtl")] {
            let locale = if tag == "es" { "es" } else { "" };
            let fields = [("channel", "video"), ("name", "Eva"), ("email", "eva@patient.example"), ("locale", locale), ("body", words), ("acknowledge", "true")];
            let opened = agent.submit("/tickets/new", "/tickets/new", &fields).await.expect(303);
            let shown = agent.get(opened.header("location").unwrap()).await.expect(200).text();
            let theirs = shown.find(&format!("<div class=\"stack-s\" lang=\"{tag}\" dir=\"{dir}\">"));
            let own = shown.find("<div class=\"stack-s\" lang=\"en\" dir=\"ltr\">");
            assert!(theirs.is_some() && theirs < own, "{tag}: {shown}");
        }
        jobs::drain(&desk.app).await.unwrap();
        assert!(sink.take().iter().all(|mail| mail.to != ["<eva@patient.example>"]), "ticked or not");
        // Whoever writes themselves has read where to call.
        let id = desk.ticket("luis@patient.example", "Help", CRY).await;
        let written = format!("/tickets/{}", seen(&desk, id).await.ticket.number);
        let shown = agent.get(&written).await.expect(200).text();
        assert!(shown.contains(BANNER) && !shown.contains("Read this out"), "{shown}");
    }

    async fn what_is_said_counts_as_if_it_was_written(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let id = desk.ticket("rosa@patient.example", "My bill", "I have a question about my bill of March.").await;
        let page = format!("/tickets/{}", seen(&desk, id).await.ticket.number);
        compose(&agent, &page, "reply", "It is due in May.").await.expect(303);
        desk.clock.advance(600);
        to(&desk, id, Status::Resolved).await;
        compose(&agent, &page, "said", CALM).await.expect(303);
        let view = seen(&desk, id).await;
        assert_eq!((view.ticket.status, view.ticket.last_message_by.as_str()), (Status::Open, "contact"));
        assert_eq!(view.ticket.waiting_since, Some(desk.app.now()), "the next answer is owed");
        assert!(view.ticket.clocks.next_response.is_some());
        // Told beside a mail it came by telephone: it is no mail, which would show whose the address is.
        assert_eq!(view.messages.last().unwrap().channel, "phone");

        // It ends a snooze.
        let later = desk.app.now().plus_seconds(24 * 3600);
        change(&desk, id, Patch { snooze: Some(Some(later)), ..Patch::default() }).await;
        compose(&agent, &page, "said", CALM).await.expect(303);
        assert_eq!(seen(&desk, id).await.ticket.snoozed_until, None);

        // And it stands in whose light the same person writes next, wherever they do.
        compose(&agent, &page, "said", CRY).await.expect(303);
        let next = desk.ticket("rosa@patient.example", "Thanks", "Please ignore my last message.").await;
        assert_ne!(seen(&desk, next).await.ticket.safety, "none");
        let other = desk.ticket("luis@patient.example", "Thanks", "Please ignore my last message.").await;
        assert_eq!(seen(&desk, other).await.ticket.safety, "none");
    }

    async fn what_can_not_be_written_down_is_refused_and_kept_on_the_page(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let (id, page) = call(&desk, &agent, ("phone", "+1 312 555 0193")).await;
        let count = async || seen(&desk, id).await.messages.len();
        let empty = compose(&agent, &page, "said", "  \n ").await.expect(422).text();
        assert!(empty.contains("Write something first."), "{empty}");
        let long = compose(&agent, &page, "said", &"a ".repeat(MAX_BODY / 2 + 1)).await.expect(422).text();
        assert!(long.contains("too long"), "too long");
        assert_eq!(count().await, 1);

        to(&desk, id, Status::Closed).await;
        let closed = agent.get(&page).await.expect(200).text();
        assert!(!closed.contains("value=\"said\""), "a closed request takes no words: {closed}");
        let refused = compose(&agent, &page, "said", CALM).await.expect(409).text();
        assert!(refused.contains("Open a new one for what they say now") && refused.contains(CALM), "{refused}");
        assert!(refused.contains("value=\"said\" data-key=\"s\" checked"), "the words stand where they were typed: {refused}");

        let (first, _) = call(&desk, &agent, ("phone", "+1 312 555 0193")).await;
        let (second, gone) = call(&desk, &agent, ("phone", "+1 312 555 0193")).await;
        tickets::merge(&desk.app, &desk.system(), second, first).await.unwrap();
        compose(&agent, &gone, "said", CALM).await.expect(409);
        assert!(seen(&desk, second).await.messages.is_empty());
        assert_eq!(count().await, 1);
    }

    async fn another_system_may_write_it_down_where_it_may_write(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let (id, page) = call(&desk, &agent, ("phone", "+1 312 555 0193")).await;
        let way = format!("/api/v1/tickets/{id}/said");
        let words = json!({ "body": "The rash is gone." });
        desk.client("tickets:read").await.post(&way, &words).await.expect(403);
        desk.stranger().post(&way, &words).await.expect(401);
        let client = desk.client("tickets:read tickets:write fields:contact").await;
        let made = client.post(&way, &words).await.expect(201).json();
        let message = format!("/api/v1/tickets/{id}/messages/{}", made["id"].as_str().unwrap());
        let kept = client.get(&message).await.expect(200).json();
        assert_eq!((kept["kind"].as_str(), kept["author_kind"].as_str(), kept["channel"].as_str()), (Some("inbound"), Some("contact"), Some("phone")));
        assert!(kept["written_down_by"].is_string(), "{kept}");
        assert!(agent.get(&page).await.expect(200).text().contains("Written down by another system"));
        for (body, status) in [(json!({ "body": " " }), 422), (json!({}), 422), (json!({ "body": "x", "to": "y" }), 422)] {
            client.post(&way, &body).await.expect(status);
        }
        client.post(&way, &json!({ "body": "a ".repeat(MAX_BODY / 2 + 1) })).await.expect(413);
        client.post(&format!("/api/v1/tickets/{}/said", TicketId::from_uuid(uuid::Uuid::nil())), &words).await.expect(404);
        to(&desk, id, Status::Closed).await;
        assert_eq!(client.post(&way, &words).await.expect(409).json()["code"], "closed");
    }

    async fn a_draft_of_what_they_say_is_no_answer_to_them(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let (_, page) = call(&desk, &agent, ("email", "rosa@patient.example")).await;
        for (kind, other) in [("said", "reply"), ("note", "said"), ("reply", "said")] {
            let fields = [("kind", kind), ("body", "Half a sentence")];
            agent.submit(&page, &format!("{page}/draft"), &fields).await.expect(204);
            let shown = agent.get(&page).await.expect(200).text();
            let checked = |kind: &str| shown.split(&format!("name=\"kind\" value=\"{kind}\"")).nth(1).unwrap().split('>').next().unwrap().contains("checked");
            assert!(checked(kind) && !checked(other) && shown.contains("Half a sentence"), "{kind}");
        }
    }
}
