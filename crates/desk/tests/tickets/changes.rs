//! What may become of a request, and who may do it.

use super::words_of_the_patient;
use crate::common::Role;
use crate::common::both_engines;
use bedside_desk::error::DeskError;
use bedside_desk::orgs::model::purpose;
use bedside_desk::tickets::{Calm, CalmReason, Inbound, Patch, Reply, Status, Urgency, View};
use bedside_desk::{audit_log, events, tickets};

both_engines! {
    async fn a_stale_edit_is_refused_with_what_changed(desk: Desk) {
        let id = desk.ticket("stale@example.org", "Refill", "Please refill my metformin.").await;
        let (one, other) = (desk.ctx(Role::Nurse), desk.ctx(Role::Supervisor));
        let version = tickets::view(&desk.app, &one, id).await.unwrap().ticket.version;
        let tag = Patch { add_tags: vec![" Refill ".to_owned()], ..Patch::default() };
        let next = tickets::change(&desk.app, &other, id, version, tag).await.unwrap();
        assert_eq!(next, version + 1);
        let close = Patch { status: Some(Status::Closed), ..Patch::default() };
        match tickets::change(&desk.app, &one, id, version, close.clone()).await {
            Err(DeskError::Stale { version: now, changed }) => {
                assert_eq!(now, next);
                assert_eq!(changed, ["tags"]);
            }
            other => panic!("{other:?}"),
        }
        tickets::change(&desk.app, &one, id, next, close).await.unwrap();
        let seen = tickets::view(&desk.app, &one, id).await.unwrap();
        let tags: Vec<String> = seen.tags.into_iter().map(|tag| tag.text).collect();
        assert_eq!((seen.ticket.status, tags), (Status::Closed, vec!["refill".to_owned()]));
    }

    async fn a_stale_edit_hears_of_words_too(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("stale@example.org", "Refill", "Please refill my metformin.").await;
        let seen = async || tickets::view(&desk.app, &agent, id).await.unwrap().ticket;
        let refused = async |version| match tickets::change(&desk.app, &agent, id, version, Patch::default()).await {
            Err(DeskError::Stale { changed, .. }) => changed,
            other => panic!("{other:?}"),
        };
        tickets::note(&desk.app, &agent, id, "Ask the pharmacy.".to_owned(), Vec::new()).await.unwrap();
        assert_eq!(refused(1).await, ["messages"]);
        let tag = Patch { add_tags: vec!["refill".to_owned()], ..Patch::default() };
        tickets::change(&desk.app, &agent, id, 2, tag).await.unwrap();
        assert_eq!(refused(2).await, ["tags"]);
        let version = seen().await.version;
        tickets::reply(&desk.app, &agent, id, Reply::new("It is ready.")).await.unwrap();
        assert_eq!(refused(version).await, ["assignee_id", "messages", "status"]);
        let version = seen().await.version;
        let words = words_of_the_patient(seen().await.contact);
        tickets::inbound(&desk.app, &desk.system(), id, words).await.unwrap();
        assert_eq!(refused(version).await, ["messages", "status"]);
        assert_eq!(refused(1).await, ["assignee_id", "messages", "status", "tags"]);
    }

    async fn words_that_change_nothing_else_tell_of_themselves_alone(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("twice@example.org", "Refill", "Please refill my metformin.").await;
        let organisation = desk.organisation;
        let open = || Reply { status: Some(Status::Open), ..Reply::new("It is ready.") };
        tickets::reply(&desk.app, &agent, id, open()).await.unwrap();
        let seen = tickets::view(&desk.app, &agent, id).await.unwrap().ticket;
        let told_since = async |from| {
            let events = events::after(&desk.app, organisation, from, 50).await.unwrap();
            events.into_iter().map(|event| event.kind).collect::<Vec<_>>()
        };
        let noted = async || {
            let log = audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
            let of_it = log.iter().filter(|entry| entry.action == "ticket.change" || entry.action == "message.send");
            of_it.count()
        };
        let (from, before) = (events::latest(&desk.app, organisation).await.unwrap(), noted().await);
        let again = tickets::reply(&desk.app, &agent, id, open()).await.unwrap();
        assert_eq!(told_since(from).await, ["message.added"]);
        assert_eq!(noted().await, before + 1);
        let stale = tickets::change(&desk.app, &agent, id, seen.version, Patch::default()).await;
        assert!(matches!(stale, Err(DeskError::Stale { changed, .. }) if changed == ["messages"]));
        // What is owed again is told to lists that are open, though no field says so.
        let from = events::latest(&desk.app, organisation).await.unwrap();
        tickets::undo(&desk.app, &agent, id, again).await.unwrap();
        assert!(told_since(from).await.contains(&"ticket.changed".to_owned()));
    }

    async fn a_crisis_stands_on_top_and_is_not_snoozed(desk: Desk) {
        desk.ticket("calm@example.org", "Hours", "When do you open?").await;
        let words = "I have crushing chest pain and can't breathe";
        let crisis = desk.ticket("help@example.org", "Please", words).await;
        let agent = desk.ctx(Role::Agent);
        let page = tickets::list(&desk.app, &agent, &View::Active, None, 10).await.unwrap();
        assert_eq!(page.rows[0].ticket.id, crisis);
        let snooze = Patch { snooze: Some(Some(desk.app.now().plus_seconds(3600))), ..Patch::default() };
        let refused = tickets::change(&desk.app, &agent, crisis, 1, snooze).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "crisis", .. })));
    }

    async fn a_change_is_held_against_the_clinic_and_the_state(desk: Desk) {
        let nurse = desk.ctx(Role::Nurse);
        let id = desk.ticket("rules@example.org", "Refill", "Please refill my metformin.").await;
        // Nothing to change is no error, and no new version.
        assert_eq!(tickets::change(&desk.app, &nurse, id, 1, Patch::default()).await.unwrap(), 1);
        let same = Patch { status: Some(Status::New), remove_tags: vec!["never".to_owned()], ..Patch::default() };
        assert_eq!(tickets::change(&desk.app, &nurse, id, 1, same).await.unwrap(), 1);
        let many = Patch { add_tags: (0..31).map(|n| format!("tag {n}")).collect(), ..Patch::default() };
        assert!(matches!(tickets::change(&desk.app, &nurse, id, 1, many).await, Err(DeskError::Invalid { code: "too_many", .. })));
        let snooze = |seconds| Patch { snooze: Some(Some(desk.app.now().plus_seconds(seconds))), ..Patch::default() };
        assert!(matches!(tickets::change(&desk.app, &nurse, id, 1, snooze(400 * 86400)).await, Err(DeskError::Invalid { code: "too_far", .. })));
        tickets::change(&desk.app, &nurse, id, 1, snooze(86400)).await.unwrap();
        // A crisis ends a snooze, and whoever looks at the change sees it.
        let crisis = Patch { urgency: Some(Urgency::Emergency), ..Patch::default() };
        tickets::change(&desk.app, &nurse, id, 2, crisis).await.unwrap();
        let view = tickets::view(&desk.app, &nurse, id).await.unwrap();
        assert_eq!(view.ticket.snoozed_until, None);
        let changed = &view.events.last().unwrap().data["changed"];
        assert_eq!(changed, &serde_json::json!(["queue_id", "snoozed_until", "urgency"]));
        let calm = Calm { reason: CalmReason::Past, words: None, urgency: Urgency::Standard };
        tickets::not_a_crisis(&desk.app, &nurse, id, Some(3), calm).await.unwrap();
        let closed = Patch { status: Some(Status::Closed), ..Patch::default() };
        tickets::change(&desk.app, &nurse, id, 4, closed).await.unwrap();
        assert!(matches!(tickets::change(&desk.app, &nurse, id, 5, snooze(60)).await, Err(DeskError::Conflict { code: "ended", .. })));
    }

    async fn an_emergency_stands_in_the_crisis_queue_whatever_it_is_about(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let crisis = clinic.queue_for(purpose::CRISIS).unwrap().id;
        let id = desk.ticket("rules@example.org", "Refill", "Please refill my metformin.").await;
        let queue = async |patch: Patch| {
            let version = tickets::view(&desk.app, &agent, id).await.unwrap().ticket.version;
            tickets::change(&desk.app, &agent, id, version, patch).await.unwrap();
            tickets::view(&desk.app, &agent, id).await.unwrap().ticket.queue
        };
        let urgency = |urgency| Patch { urgency: Some(urgency), ..Patch::default() };
        let about = |code: &str| Patch { category: Some(code.to_owned()), ..Patch::default() };
        let billing = clinic.category("billing").unwrap().queue_id;
        assert_eq!(queue(about("billing")).await, billing);
        assert_eq!(queue(urgency(Urgency::Emergency)).await, crisis);
        assert_eq!(queue(about("prescription")).await, crisis);
        // Somebody who names a queue means it.
        assert_eq!(queue(Patch { queue: Some(billing), ..about("billing") }).await, billing);
        let none = Calm { reason: CalmReason::Past, words: None, urgency: Urgency::Standard };
        tickets::not_a_crisis(&desk.app, &agent, id, None, none).await.unwrap();
        assert_eq!(queue(about("billing")).await, billing);
        let both = Patch { urgency: Some(Urgency::Emergency), ..about("billing") };
        assert_eq!(queue(both).await, crisis);
    }

    async fn danger_that_shows_later_stays_written_down(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("later@example.org", "Hours", "When do you open?").await;
        let contact = tickets::view(&desk.app, &agent, id).await.unwrap().ticket.contact;
        let words = Inbound { body: "I have crushing chest pain and can't breathe".to_owned(), ..words_of_the_patient(contact) };
        tickets::inbound(&desk.app, &desk.system(), id, words).await.unwrap();
        let ticket = tickets::view(&desk.app, &agent, id).await.unwrap().ticket;
        assert_eq!((ticket.safety.as_str(), ticket.rank()), ("emergency", 0));
        let why = ticket.triage.read();
        assert!(why.danger.is_some() && !why.reasons.is_empty());
    }

    /// Whoever has seen nothing of a ticket can't be stale: such commands wait for each other instead of failing.
    async fn what_nobody_looked_at_is_changed_by_many_at_once(desk: Desk) {
        let one = desk.ticket("rosa@example.org", "A bill", "What is this bill?").await;
        let other = desk.ticket("rosa@example.org", "Another", "And what is this one?").await;
        let agent = desk.ctx(Role::Agent);
        let contact = tickets::view(&desk.app, &agent, one).await.unwrap().ticket.contact;
        let words = (0..24).map(|number| {
            let mut words = words_of_the_patient(contact);
            words.external = Some(("email", format!("{number}@example.org")));
            let (app, ctx) = (desk.app.clone(), desk.system());
            tokio::spawn(async move { tickets::inbound(&app, &ctx, one, words).await })
        });
        // Both orders at once: neither may wait for the other for ever.
        let links = (0..24).map(|number| {
            let (from, to) = if number % 2 == 0 { (one, other) } else { (other, one) };
            let (app, ctx) = (desk.app.clone(), desk.system());
            tokio::spawn(async move { tickets::link(&app, &ctx, from, to).await })
        });
        let (words, links): (Vec<_>, Vec<_>) = (words.collect(), links.collect());
        for written in words {
            written.await.unwrap().unwrap();
        }
        for linked in links {
            linked.await.unwrap().unwrap();
        }
        let seen = tickets::view(&desk.app, &agent, one).await.unwrap();
        assert_eq!(seen.ticket.message_count, 25);
        assert_eq!(seen.messages.len(), 25);
        desk.audit_is_whole().await;
    }

    async fn an_emergency_is_a_clinicians_to_end_whatever_it_is_about(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let bill = desk.ticket("luis@example.org", "My bill", "What is this charge on my bill?").await;
        let raised = Patch { urgency: Some(Urgency::Emergency), ..Patch::default() };
        tickets::change(&desk.app, &agent, bill, 1, raised).await.unwrap();
        let seen = tickets::view(&desk.app, &agent, bill).await.unwrap().ticket;
        assert_eq!(seen.category, "billing");
        let end = Patch { status: Some(Status::Resolved), ..Patch::default() };
        let ended = tickets::change(&desk.app, &agent, bill, seen.version, end.clone()).await;
        assert!(matches!(ended, Err(DeskError::ClinicalOnly)), "{ended:?}");
        let calm = Calm { reason: CalmReason::ALL[0], words: Some("It is about a bill.".to_owned()), urgency: Urgency::Standard };
        let version = tickets::not_a_crisis(&desk.app, &agent, bill, Some(seen.version), calm).await.unwrap();
        tickets::change(&desk.app, &agent, bill, version, end).await.unwrap();
    }

    async fn only_a_clinician_ends_a_clinical_request(desk: Desk) {
        let nurse = desk.ctx(Role::Nurse);
        let seen = async |id| tickets::view(&desk.app, &nurse, id).await.unwrap();
        let refill = desk.ticket("rosa@example.org", "Refill", "Please refill my metformin.").await;
        let bill = desk.ticket("luis@example.org", "My bill", "What is this charge on my bill?").await;
        assert_eq!(seen(refill).await.ticket.category, "prescription");
        assert_eq!(seen(bill).await.ticket.category, "billing");
        let to = |status, category: Option<&str>| Patch { status: Some(status), category: category.map(str::to_owned), ..Patch::default() };
        let answer = |status| Reply { status: Some(status), ..Reply::new("Done.") };
        let ends = [Status::Resolved, Status::Closed];
        let (mut refused, mut tries) = (0, 0);
        let token = bedside_desk::context::Actor::Token { id: desk.app.id(), reach: std::sync::Arc::new(desk.system().reach()) };
        let token = bedside_desk::context::Ctx { actor: token, ..desk.ctx(Role::Agent) };
        for ctx in [desk.ctx(Role::Agent), desk.ctx(Role::Supervisor), desk.ctx(Role::Administrator), token.clone()] {
            for status in ends {
                // Naming another category in the same stroke is no way round, nor is giving it to a clinician.
                for (id, patch) in [(refill, to(status, None)), (refill, to(status, Some("billing"))), (bill, to(status, Some("symptom"))),
                    (refill, Patch { assignee: Some(nurse.actor.staff()), ..to(status, None) })] {
                    tries += 1;
                    refused += i32::from(matches!(tickets::change(&desk.app, &ctx, id, 1, patch).await, Err(DeskError::ClinicalOnly)));
                }
                tries += 1;
                refused += i32::from(matches!(tickets::reply(&desk.app, &ctx, refill, answer(status)).await, Err(DeskError::ClinicalOnly)));
            }
        }
        assert_eq!((refused, tries), (40, 40));
        for id in [refill, bill] {
            let after = seen(id).await;
            assert_eq!((after.ticket.version, after.ticket.status, after.messages.len()), (1, Status::New, 1), "nothing is left of it");
        }
        let log = audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
        let denied = log.iter().filter(|entry| entry.action == "ticket.change" && entry.outcome == "denied");
        assert_eq!(denied.count(), 40);

        // All else is open to everybody: an answer, and another category in a stroke of its own, which the log tells.
        let agent = desk.ctx(Role::Agent);
        tickets::reply(&desk.app, &agent, refill, Reply::new("A nurse looks at it.")).await.unwrap();
        tickets::change(&desk.app, &agent, bill, 1, to(Status::Closed, None)).await.unwrap();
        let other = desk.ticket("rosa@example.org", "Refill", "Please refill my metformin.").await;
        let moved = Patch { category: Some("general".to_owned()), ..Patch::default() };
        tickets::change(&desk.app, &agent, other, 1, moved).await.unwrap();
        tickets::change(&desk.app, &token, other, 2, to(Status::Resolved, None)).await.unwrap();
        // What a clinician has ended stays so when somebody adds a word.
        tickets::reply(&desk.app, &nurse, refill, answer(Status::Resolved)).await.unwrap();
        tickets::reply(&desk.app, &agent, refill, answer(Status::Resolved)).await.unwrap();
        assert_eq!(seen(refill).await.ticket.status, Status::Resolved);
        // The desk itself may, and a merge ends nothing.
        let version = seen(refill).await.ticket.version;
        tickets::change(&desk.app, &desk.system(), refill, version, to(Status::Closed, None)).await.unwrap();
        let again = desk.ticket("rosa@example.org", "Refill", "Please refill my metformin, it is urgent.").await;
        tickets::merge(&desk.app, &agent, again, refill).await.unwrap();
        assert_eq!(seen(again).await.ticket.merged_into, Some(refill));
        desk.audit_is_whole().await;
    }
}
