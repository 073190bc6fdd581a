//! What a clinic has of its own: finer statuses, fields, categories with their queues, and tickets that nobody else counts.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use bedside_desk::context::{Ctx, Source};
use bedside_desk::error::DeskError;
use bedside_desk::ids::TicketId;
use bedside_desk::names::Names;
use bedside_desk::orgs::{self, Change, CustomField, SubStatus};
use bedside_desk::patients;
use bedside_desk::tickets::{self, NewTicket, Patch, Status, View};
use bedside_language::Channel;
use common::{Desk, both_engines};
use serde_json::{Map, Value, json};

fn names(name: &str) -> Names {
    Names([("en".to_owned(), name.to_owned())].into())
}

async fn set(desk: &Desk, change: Change) {
    orgs::change(&desk.app, &desk.ctx(Role::Administrator), change)
        .await
        .unwrap();
}

async fn change(desk: &Desk, id: TicketId, patch: Patch) -> Result<i64, DeskError> {
    let agent = desk.ctx(Role::Agent);
    let version = tickets::view(&desk.app, &agent, id)
        .await
        .unwrap()
        .ticket
        .version;
    tickets::change(&desk.app, &agent, id, version, patch).await
}

fn fields(code: &str, value: Value) -> Patch {
    Patch {
        fields: Map::from_iter([(code.to_owned(), value)]),
        ..Patch::default()
    }
}

/// One field of every kind, named like it.
async fn own_fields(desk: &Desk) {
    for (position, kind) in (1..).zip(["text", "number", "date", "choice", "yes_no"]) {
        let field = CustomField {
            code: kind.to_owned(),
            names: names(kind),
            kind: kind.to_owned(),
            choices: vec!["by phone".to_owned(), "in person".to_owned()],
            group: None,
            position,
            version: 0,
        };
        set(desk, Change::PutField(field)).await;
    }
}

/// A finer name for `status`.
async fn finer(desk: &Desk, status: Status, name: &str) -> SubStatus {
    let sub = SubStatus {
        id: desk.app.id(),
        status: status.code().to_owned(),
        names: names(name),
        version: 0,
    };
    set(desk, Change::PutSubStatus(sub.clone())).await;
    sub
}

both_engines! {
    async fn what_is_as_it_was_makes_no_version(desk: Desk) {
        own_fields(&desk).await;
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("same@example.org", "Refill", "Please refill my metformin.").await;
        let patch = |value: Value| Patch { subject: Some(" Refill ".to_owned()), ..fields("text", value) };
        let change = async |version, patch| tickets::change(&desk.app, &agent, id, version, patch).await.unwrap();
        assert_eq!(change(1, patch(Value::Null)).await, 1);
        assert_eq!(change(1, patch(json!("Main Street"))).await, 2);
        assert_eq!(change(2, patch(json!("Main Street"))).await, 2);
        let view = tickets::view(&desk.app, &agent, id).await.unwrap();
        assert_eq!(view.events.last().unwrap().data["changed"], json!(["fields"]));
        assert_eq!(change(2, patch(Value::Null)).await, 3);
    }

    async fn a_field_takes_values_of_its_kind_and_no_others(desk: Desk) {
        own_fields(&desk).await;
        let id = desk.ticket("field@example.org", "Form", "Which form do I need?").await;
        let fine = [
            ("text", json!("a word")), ("text", json!("x".repeat(2000))), ("number", json!(-3.5)), ("number", json!(12)),
            ("date", json!("2028-02-29")), ("choice", json!("by phone")), ("yes_no", json!(true)),
        ];
        for (code, value) in fine {
            change(&desk, id, fields(code, value.clone())).await.unwrap();
            let kept = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().fields;
            assert_eq!(kept[code], value);
        }
        let wrong = [
            ("text", json!(1)), ("text", json!("x".repeat(2001))), ("number", json!("12")), ("number", json!(true)),
            ("date", json!("2027-02-29")), ("date", json!("tomorrow")), ("date", json!(20_280_229)),
            ("choice", json!("by pigeon")), ("choice", json!(0)), ("yes_no", json!("yes")), ("yes_no", json!(1)),
            ("text", json!(["a word"])), ("choice", json!({ "by": "phone" })),
        ];
        let before = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        for (code, value) in wrong {
            let refused = change(&desk, id, fields(code, value.clone())).await;
            assert!(matches!(refused, Err(DeskError::Invalid { field: "fields", code: "invalid", .. })), "{code} {value}: {refused:?}");
        }
        let unknown = change(&desk, id, fields("colour", json!("red"))).await;
        assert!(matches!(unknown, Err(DeskError::Invalid { code: "unknown_field", .. })), "{unknown:?}");
        let after = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        assert_eq!((after.fields, after.ticket.version), (before.fields, before.ticket.version));
    }

    async fn the_api_sets_fields_and_empties_them(desk: Desk) {
        own_fields(&desk).await;
        let id = desk.ticket("field@example.org", "Form", "Which form do I need?").await;
        let client = desk.client("tickets:read tickets:write").await;
        let path = format!("/api/v1/tickets/{id}");
        let set = json!({ "fields": { "number": 7, "date": "2026-03-09", "choice": "in person", "yes_no": false } });
        client.patch(&path, "\"v1\"", &set).await.expect(200);
        assert_eq!(client.get(&path).await.expect(200).json()["fields"], set["fields"]);
        // The rest stays as it is.
        client.patch(&path, "\"v2\"", &json!({ "fields": { "number": null, "text": "Form B" } })).await.expect(200);
        let kept = client.get(&path).await.expect(200).json()["fields"].clone();
        assert_eq!(kept, json!({ "text": "Form B", "date": "2026-03-09", "choice": "in person", "yes_no": false }));
        for (wrong, code) in [(json!({ "date": "soon" }), "invalid"), (json!({ "colour": "red" }), "unknown_field")] {
            let problem = client.patch(&path, "\"v3\"", &json!({ "fields": wrong })).await.expect(422).json();
            assert_eq!(problem["errors"][0]["code"], code, "{problem}");
        }
        client.patch(&path, "\"v3\"", &json!({ "fields": "red" })).await.expect(422);
        assert_eq!(client.get(&path).await.json()["version"], 3);
    }

    async fn what_the_clinic_lets_choose_from_is_nobodys_cry(desk: Desk) {
        let cry = "I want to die, I took all my pills";
        let field = CustomField {
            code: "mood".to_owned(),
            names: names("mood"),
            kind: "choice".to_owned(),
            choices: vec![cry.to_owned()],
            group: None,
            position: 1,
            version: 0,
        };
        set(&desk, Change::PutField(field)).await;
        let id = desk.ticket("field@example.org", "Hours", "When are you open?").await;
        let view = async || tickets::view(&desk.app, &desk.ctx(Role::Nurse), id).await.unwrap();
        let client = desk.client("tickets:read tickets:write").await;
        let (path, mood) = (format!("/api/v1/tickets/{id}"), |text: &str| json!({ "fields": { "mood": text } }));
        client.patch(&path, "\"v1\"", &mood(cry)).await.expect(200);
        assert_eq!((view().await.messages.len(), view().await.ticket.safety.as_str()), (1, "none"));
        // What is none of the choices may be theirs.
        client.patch(&path, "\"v2\"", &mood("I am going to kill myself tonight")).await.expect(422);
        assert_eq!((view().await.messages.len(), view().await.ticket.rank()), (2, 0));
    }

    async fn a_cry_that_another_system_writes_into_a_field_is_heard(desk: Desk) {
        own_fields(&desk).await;
        let id = desk.ticket("field@example.org", "Hours", "When are you open?").await;
        let view = async || tickets::view(&desk.app, &desk.ctx(Role::Nurse), id).await.unwrap();
        let cry = "I want to die, I took all my pills";
        // What the staff type is theirs.
        change(&desk, id, fields("text", json!(cry))).await.unwrap();
        assert_eq!((view().await.messages.len(), view().await.ticket.safety.as_str()), (1, "none"));
        let client = desk.client("tickets:read tickets:write").await;
        let path = format!("/api/v1/tickets/{id}");
        let field = |text: &str| json!({ "fields": { "text": text } });
        client.patch(&path, "\"v2\"", &field("Likes tea")).await.expect(200);
        assert_eq!(view().await.messages.len(), 1);
        // The version is the ticket's with the words in it.
        let heard = client.patch(&path, "\"v3\"", &field(cry)).await.expect(200);
        assert_eq!((heard.header("etag"), view().await.ticket.version), (Some("\"v5\""), 5));
        let seen = view().await;
        assert_eq!((seen.messages.len(), seen.ticket.rank(), seen.fields["text"].as_str()), (2, 0, Some(cry)));
        assert_eq!((seen.messages[1].body.as_str(), seen.messages[1].channel.as_str()), (cry, "api"));
        // The same words stand there once, and others also where the change is refused.
        client.patch(&path, "\"v1\"", &field(cry)).await.expect(412);
        assert_eq!(view().await.messages.len(), 2);
        client.patch(&path, "\"v1\"", &field("I am going to kill myself tonight")).await.expect(412);
        client.patch(&path, "\"v6\"", &json!({ "fields": { "colour": "I want to die, I have taken all my pills" } })).await.expect(422);
        assert_eq!((view().await.messages.len(), view().await.ticket.version), (4, 7));
        // A request that takes no more words gets another one beside it.
        let nurse = desk.ctx(Role::Nurse);
        for status in [Status::Resolved, Status::Closed] {
            let version = view().await.ticket.version;
            tickets::change(&desk.app, &nurse, id, version, Patch { status: Some(status), ..Patch::default() }).await.unwrap();
        }
        client.patch(&path, "\"v1\"", &field("I took all my pills and want to die now")).await.expect(412);
        let beside = view().await.links[0].ticket;
        let beside = tickets::view(&desk.app, &desk.ctx(Role::Nurse), beside).await.unwrap();
        assert_eq!((beside.ticket.rank(), beside.contact.email()), (0, Some("field@example.org")));
        desk.audit_is_whole().await;
    }

    async fn a_finer_status_belongs_to_one_status(desk: Desk) {
        let lab = finer(&desk, Status::WaitingOnThirdParty, "Waits for the lab").await;
        let call = finer(&desk, Status::Open, "To be called").await;
        let id = desk.ticket("finer@example.org", "Results", "Is my result there?").await;
        let to = |status, sub: Option<&SubStatus>| Patch { status, sub_status: Some(sub.map(|sub| sub.id)), ..Patch::default() };
        for patch in [to(None, Some(&lab)), to(Some(Status::Open), Some(&lab)), to(Some(Status::WaitingOnThirdParty), Some(&call))] {
            let refused = change(&desk, id, patch).await;
            assert!(matches!(refused, Err(DeskError::Invalid { field: "sub_status_id", code: "other_status", .. })), "{refused:?}");
        }
        let nobodys = Patch { sub_status: Some(Some(desk.app.id())), ..Patch::default() };
        let refused = change(&desk, id, nobodys).await;
        assert!(matches!(refused, Err(DeskError::Invalid { code: "unknown_sub_status", .. })), "{refused:?}");

        let client = desk.client("tickets:read tickets:write").await;
        let path = format!("/api/v1/tickets/{id}");
        let both = json!({ "status": "waiting_on_third_party", "sub_status_id": lab.id });
        client.patch(&path, "\"v1\"", &both).await.expect(200);
        assert_eq!(client.get(&path).await.json()["sub_status_id"], json!(lab.id));
        let problem = client.patch(&path, "\"v2\"", &json!({ "sub_status_id": call.id })).await.expect(422).json();
        assert_eq!(problem["errors"][0]["code"], "other_status", "{problem}");
        client.patch(&path, "\"v2\"", &json!({ "sub_status_id": null })).await.expect(200);
        assert_eq!(client.get(&path).await.json()["sub_status_id"], Value::Null);
        // Another status ends it.
        client.patch(&path, "\"v3\"", &json!({ "sub_status_id": lab.id })).await.expect(200);
        client.patch(&path, "\"v4\"", &json!({ "status": "open" })).await.expect(200);
        assert_eq!(client.get(&path).await.json()["sub_status_id"], Value::Null);
    }

    async fn another_category_moves_the_request_to_its_queue(desk: Desk) {
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let queue_of = |code: &str| clinic.category(code).unwrap().queue_id;
        let id = desk.ticket("moves@example.org", "A bill", "What is this charge on my bill?").await;
        let ticket = async || tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().ticket;
        assert_eq!(ticket().await.queue, queue_of("billing"));
        let to = |code: &str| Patch { category: Some(code.to_owned()), ..Patch::default() };
        change(&desk, id, to("prescription")).await.unwrap();
        assert_ne!(queue_of("prescription"), queue_of("billing"));
        assert_eq!(ticket().await.queue, queue_of("prescription"));
        let rows = tickets::list(&desk.app, &desk.ctx(Role::Agent), &View::Queue(queue_of("prescription")), None, 10).await.unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.ticket.id).collect::<Vec<_>>(), [id]);
        let rows = tickets::list(&desk.app, &desk.ctx(Role::Agent), &View::Queue(queue_of("billing")), None, 10).await.unwrap().rows;
        assert!(rows.is_empty());
        // A queue that is named too wins.
        change(&desk, id, Patch { queue: Some(queue_of("records")), ..to("insurance") }).await.unwrap();
        let moved = ticket().await;
        assert_eq!((moved.category.as_str(), moved.queue), ("insurance", queue_of("records")));
        let refused = change(&desk, id, to("astrology")).await;
        assert!(matches!(refused, Err(DeskError::Invalid { code: "unknown_category", .. })), "{refused:?}");
    }

    async fn every_organisation_counts_its_tickets_for_itself(desk: Desk) {
        let mut other = common::clinic(&desk.app);
        "neighbour".clone_into(&mut other.slug);
        let other = Ctx::system(orgs::create(&desk.app, other).await.unwrap(), "test", Source::Job);
        let ours = desk.system();
        let write = async |ctx: &Ctx| {
            let by = patients::requester_by_email(&desk.app, ctx.organisation, "rosa@example.org", None, None).await.unwrap();
            let mut new = NewTicket::new(by, Channel::Email, "Hours", "When are you open?");
            new.category = Some("general".to_owned());
            tickets::create(&desk.app, ctx, new).await.unwrap().number
        };
        let numbers = [write(&ours).await, write(&ours).await, write(&other).await, write(&ours).await, write(&other).await];
        assert_eq!(numbers, [1001, 1002, 1001, 1003, 1002]);
        let counted = async |ctx: &Ctx| {
            let clinic = desk.app.directory.of(ctx.organisation).unwrap();
            let general = clinic.category("general").unwrap().queue_id;
            tickets::counts(&desk.app, ctx, &[View::Queue(general), View::Crisis], 100).await.unwrap()
        };
        assert_eq!((counted(&ours).await, counted(&other).await), (vec![3, 0], vec![2, 0]));
        write(&other).await;
        assert_eq!((counted(&ours).await, counted(&other).await), (vec![3, 0], vec![3, 0]));
    }
}
