//! What happens to a request, through the services, on both engines.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use bedside_desk::audit_log;
use bedside_desk::context::Role;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{ContactId, TicketId};
use bedside_desk::orgs::model::purpose;
use bedside_desk::patients::{self, NewPatient};
use bedside_desk::search;
use bedside_desk::tickets::{self, Inbound, Patch, Reply, Status, View};
use common::{Desk, both_engines};

fn words_of_the_patient(contact: ContactId) -> Inbound {
    Inbound {
        external: Some(("email", "same-id@example.org".to_owned())),
        ..Inbound::new(
            contact,
            bedside_language::Channel::Email,
            "Sorry, Friday does not work either.",
        )
    }
}

async fn found(desk: &Desk, text: &str) -> Vec<TicketId> {
    let agent = desk.ctx(Role::Agent);
    let results = search::find(&desk.app, &agent, text, None, 25)
        .await
        .unwrap();
    let mut ids: Vec<_> = results.rows.iter().map(|hit| hit.row.ticket.id).collect();
    ids.sort_unstable();
    ids
}

/// What every page of a search tells, in order.
async fn paged(desk: &Desk, text: &str, limit: usize) -> Vec<TicketId> {
    let agent = desk.ctx(Role::Agent);
    let (mut ids, mut place) = (Vec::new(), None);
    loop {
        let page = search::find(&desk.app, &agent, text, place, limit)
            .await
            .unwrap();
        assert!(page.rows.len() <= limit);
        ids.extend(page.rows.iter().map(|hit| hit.row.ticket.id));
        place = page.next;
        if place.is_none() {
            return ids;
        }
    }
}

both_engines! {
    async fn requests_follow_whom_a_contact_stands_for(desk: Desk) {
        let earlier = desk.ticket("mother@example.org", "A bill", "What is this charge on my bill?").await;
        let agent = desk.ctx(Role::Agent);
        let seen = async |id| tickets::view(&desk.app, &agent, id).await.unwrap();
        let contact = seen(earlier).await.contact.id;
        let child = async |name: &str| {
            let new = NewPatient { name: name.to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
            patients::create_patient(&desk.app, &agent, new, Vec::new()).await.unwrap()
        };
        let (first, second) = (child("Ada Example").await, child("Ben Example").await);
        let stands_for = async |patient| tickets::link_contact(&desk.app, &agent, contact, patient).await;
        let whose = async |id| seen(id).await.patient.map(|patient| patient.id);

        let before = seen(earlier).await.ticket;
        desk.clock.advance(60);
        stands_for(Some(first)).await.unwrap();
        assert_eq!(whose(earlier).await, Some(first));
        // Whoever had the page open hears of it, and is not taken for having seen it.
        let after = seen(earlier).await;
        assert_eq!((after.ticket.version, after.ticket.updated_at), (before.version + 1, desk.app.now()));
        let told = &after.events.last().unwrap().data;
        assert_eq!((&told["version"], &told["changed"]), (&after.ticket.version.into(), &serde_json::json!(["patient_id"])));
        match tickets::change(&desk.app, &agent, earlier, before.version, Patch::default()).await {
            Err(DeskError::Stale { changed, .. }) => assert_eq!(changed, ["patient_id"]),
            other => panic!("{other:?}"),
        }
        let listed = tickets::list(&desk.app, &agent, &View::Patient(first), None, 10).await.unwrap();
        assert_eq!(listed.rows.len(), 1);
        stands_for(Some(second)).await.unwrap();
        let later = desk.ticket("mother@example.org", "Another bill", "And this charge?").await;
        assert_eq!((whose(earlier).await, whose(later).await), (Some(first), Some(second)), "one child, then the next");
        stands_for(None).await.unwrap();
        assert_eq!((whose(earlier).await, whose(later).await), (Some(first), None));
        assert_eq!(seen(later).await.events.last().unwrap().data["to"], serde_json::json!({ "patient_id": null }));
        let nobody = tickets::link_contact(&desk.app, &agent, contact, Some(desk.app.id())).await;
        assert!(matches!(nobody, Err(DeskError::NotFound)));
        let forbidden = tickets::link_contact(&desk.app, &desk.ctx(Role::Compliance), contact, None).await;
        assert!(matches!(forbidden, Err(DeskError::Forbidden)));
        desk.audit_is_whole().await;
    }

    async fn a_request_is_answered(desk: Desk) {
        let id = desk.ticket("maria@example.org", "A bill", "What is the charge of 40 dollars on my bill?").await;
        let agent = desk.ctx(Role::Agent);
        let seen = tickets::view(&desk.app, &agent, id).await.unwrap();
        assert_eq!(seen.ticket.status, Status::New);
        assert_eq!(seen.ticket.category, "billing");
        assert_eq!(seen.contact.email(), Some("maria@example.org"));
        assert!(seen.ticket.clocks.first_response.is_some());
        tickets::note(&desk.app, &agent, id, "Ask the **billing** team".to_owned(), Vec::new()).await.unwrap();
        tickets::reply(&desk.app, &agent, id, Reply::new("It is the lab's fee.")).await.unwrap();
        let seen = tickets::view(&desk.app, &agent, id).await.unwrap();
        let kinds: Vec<_> = seen.messages.iter().map(|message| message.kind.code()).collect();
        assert_eq!(kinds, ["inbound", "note", "outbound"]);
        assert_eq!(seen.ticket.status, Status::WaitingOnPatient);
        assert_eq!(seen.ticket.assignee, agent.actor.staff());
        assert_eq!(seen.ticket.clocks.first_response, None);
        assert_eq!(seen.ticket.message_count, 3);
        assert!(seen.messages[1].html.as_deref().unwrap().contains("<strong>billing</strong>"));
        desk.audit_is_whole().await;
    }

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

    async fn the_patient_reopens_a_resolved_request(desk: Desk) {
        let id = desk.ticket("again@example.org", "Appointment", "Can I move my visit to Friday?").await;
        let agent = desk.ctx(Role::Agent);
        let resolved = Reply { status: Some(Status::Resolved), ..Reply::new("Moved to Friday at 9.") };
        tickets::reply(&desk.app, &agent, id, resolved).await.unwrap();
        let ticket = tickets::view(&desk.app, &agent, id).await.unwrap().ticket;
        assert!(ticket.resolved_at.is_some() && ticket.clocks.resolution.is_none());
        let ctx = desk.system();
        tickets::inbound(&desk.app, &ctx, id, words_of_the_patient(ticket.contact)).await.unwrap();
        let twice = tickets::inbound(&desk.app, &ctx, id, words_of_the_patient(ticket.contact)).await;
        assert!(matches!(twice, Err(DeskError::Conflict { code: "duplicate", .. })));
        let after = tickets::view(&desk.app, &agent, id).await.unwrap();
        assert_eq!(after.ticket.status, Status::Open);
        assert!(after.ticket.clocks.next_response.is_some() && after.ticket.clocks.resolution.is_some());
        assert_eq!(after.messages.len(), 3);
        let stranger = desk.requester("other@example.org").await.contact;
        let refused = tickets::inbound(&desk.app, &ctx, id, words_of_the_patient(stranger)).await;
        assert!(matches!(refused, Err(DeskError::Forbidden)));
    }

    async fn a_merge_keeps_every_word_and_a_stranger_stays_out(desk: Desk) {
        let first = desk.ticket("merge@example.org", "Bill", "First words").await;
        let second = desk.ticket("merge@example.org", "Bill again", "Second words").await;
        let foreign = desk.ticket("else@example.org", "Bill", "Foreign words").await;
        let agent = desk.ctx(Role::Agent);
        let refused = tickets::merge(&desk.app, &agent, foreign, first).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "other_person", .. })));
        tickets::merge(&desk.app, &agent, second, first).await.unwrap();
        let kept = tickets::view(&desk.app, &agent, first).await.unwrap();
        let words: Vec<_> = kept.messages.iter().map(|message| message.body.as_str()).collect();
        assert_eq!(words, ["First words", "Second words"]);
        assert!(kept.links.iter().any(|link| link.kind == "merged_from" && link.ticket == second));
        let gone = tickets::view(&desk.app, &agent, second).await.unwrap().ticket;
        assert_eq!((gone.status, gone.merged_into), (Status::Closed, Some(first)));
        let late = tickets::reply(&desk.app, &agent, second, Reply::new("too late")).await;
        assert!(matches!(late, Err(DeskError::Conflict { code: "merged", .. })));
        search::catch_up(&desk.app, agent.organisation).await.unwrap();
        assert_eq!(found(&desk, "second words").await, [first], "search follows a merge");
    }

    async fn a_split_takes_its_messages_along(desk: Desk) {
        let id = desk.ticket("split@example.org", "Two things", "A bill, and a refill.").await;
        let agent = desk.ctx(Role::Agent);
        let note = tickets::note(&desk.app, &agent, id, "The refill part".to_owned(), Vec::new()).await.unwrap();
        let new = tickets::split(&desk.app, &agent, id, vec![note], "Refill".to_owned()).await.unwrap();
        let old = tickets::view(&desk.app, &agent, id).await.unwrap();
        let new = tickets::view(&desk.app, &agent, new).await.unwrap();
        assert_eq!((old.messages.len(), new.messages.len()), (1, 1));
        assert_eq!(new.messages[0].body, "The refill part");
        assert_eq!(new.links[0].kind, "split_from");
        let rest = tickets::split(&desk.app, &agent, id, vec![old.messages[0].id], "All".to_owned()).await;
        assert!(matches!(rest, Err(DeskError::Conflict { code: "nothing_left", .. })));
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

    async fn an_answer_taken_back_is_still_owed(desk: Desk) {
        let nurse = desk.ctx(Role::Nurse);
        let id = desk.ticket("undo@example.org", "Refill", "Please refill my metformin.").await;
        let before = tickets::view(&desk.app, &nurse, id).await.unwrap().ticket;
        desk.clock.advance(60);
        for status in [None, Some(Status::Resolved), Some(Status::WaitingOnThirdParty)] {
            let sent = tickets::reply(&desk.app, &nurse, id, Reply { status, ..Reply::new("Not quite.") }).await.unwrap();
            tickets::undo(&desk.app, &nurse, id, sent).await.unwrap();
            let after = tickets::view(&desk.app, &nurse, id).await.unwrap().ticket;
            assert_eq!(after.status, Status::Open, "{status:?}");
            assert_eq!((after.clocks, after.waiting_since), (before.clocks, before.waiting_since), "{status:?}");
            assert_eq!(after.first_responded_at, None);
        }
        // A second answer taken back leaves the first one standing, and the question that came between them open.
        tickets::reply(&desk.app, &nurse, id, Reply::new("It is sent.")).await.unwrap();
        desk.clock.advance(60);
        let contact = before.contact;
        tickets::inbound(&desk.app, &desk.system(), id, words_of_the_patient(contact)).await.unwrap();
        let asked = tickets::view(&desk.app, &nurse, id).await.unwrap().ticket;
        desk.clock.advance(60);
        let sent = tickets::reply(&desk.app, &nurse, id, Reply::new("Again.")).await.unwrap();
        tickets::undo(&desk.app, &nurse, id, sent).await.unwrap();
        let after = tickets::view(&desk.app, &nurse, id).await.unwrap().ticket;
        assert_eq!((after.clocks.next_response, after.waiting_since), (asked.clocks.next_response, asked.waiting_since));
        assert!(after.clocks.next_response.is_some() && after.first_responded_at.is_some());
    }

    async fn a_merge_takes_over_what_is_owed(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let first = desk.ticket("merge@example.org", "Bill", "First words").await;
        let done = Reply { status: Some(Status::Resolved), ..Reply::new("Done.") };
        tickets::reply(&desk.app, &agent, first, done).await.unwrap();
        let second = desk.ticket("merge@example.org", "Bill again", "A question that nobody answered").await;
        let owed = tickets::view(&desk.app, &agent, second).await.unwrap().ticket;
        let mark = Patch { add_tags: vec!["insurance".to_owned()], ..Patch::default() };
        tickets::change(&desk.app, &agent, second, 1, mark).await.unwrap();
        tickets::follow(&desk.app, &desk.ctx(Role::Nurse), second, true).await.unwrap();
        tickets::merge(&desk.app, &agent, second, first).await.unwrap();
        let kept = tickets::view(&desk.app, &agent, first).await.unwrap();
        assert!(kept.ticket.status.is_active() && kept.ticket.resolved_at.is_none(), "the question would be lost");
        assert_eq!((kept.ticket.waiting_since, kept.ticket.clocks), (owed.waiting_since, owed.clocks));
        assert_eq!(kept.tags[0].text, "insurance");
        // A worry goes with its words, and so does how soon somebody must look.
        let worry = desk.ticket("merge@example.org", "Low", "Since yesterday one leg is swollen and sore.").await;
        let urgent = Patch { urgency: Some(tickets::Urgency::Urgent), ..Patch::default() };
        tickets::change(&desk.app, &agent, first, kept.ticket.version, Patch { urgency: Some(tickets::Urgency::Low), ..Patch::default() }).await.unwrap();
        let seen = tickets::view(&desk.app, &agent, worry).await.unwrap().ticket;
        tickets::change(&desk.app, &agent, worry, seen.version, urgent).await.unwrap();
        tickets::merge(&desk.app, &agent, worry, first).await.unwrap();
        let with_worry = tickets::view(&desk.app, &agent, first).await.unwrap().ticket;
        assert_eq!((with_worry.urgency, with_worry.safety), (tickets::Urgency::Urgent, seen.safety));
        assert_eq!(kept.followers, [desk.id_of(Role::Nurse)]);
        // The one that went is a signpost: nothing can be added to it or changed.
        let gone = tickets::view(&desk.app, &agent, second).await.unwrap().ticket;
        let note = tickets::note(&desk.app, &agent, second, "x".to_owned(), Vec::new()).await;
        assert!(matches!(note, Err(DeskError::Conflict { code: "merged", .. })));
        let open = Patch { status: Some(Status::Open), ..Patch::default() };
        let changed = tickets::change(&desk.app, &agent, second, gone.version, open).await;
        assert!(matches!(changed, Err(DeskError::Conflict { code: "merged", .. })));
        // An answer that was on its way can still be taken back after a merge.
        let third = desk.ticket("merge@example.org", "More", "And another thing").await;
        let sent = tickets::reply(&desk.app, &agent, third, Reply::new("Hm.")).await.unwrap();
        tickets::merge(&desk.app, &agent, third, first).await.unwrap();
        tickets::undo(&desk.app, &agent, first, sent).await.unwrap();
        desk.audit_is_whole().await;
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
        let crisis = Patch { urgency: Some(tickets::Urgency::Emergency), ..Patch::default() };
        tickets::change(&desk.app, &nurse, id, 2, crisis).await.unwrap();
        let view = tickets::view(&desk.app, &nurse, id).await.unwrap();
        assert_eq!(view.ticket.snoozed_until, None);
        let changed = &view.events.last().unwrap().data["changed"];
        assert_eq!(changed, &serde_json::json!(["queue_id", "snoozed_until", "urgency"]));
        let calm = tickets::Calm { reason: tickets::CalmReason::Past, words: None, urgency: tickets::Urgency::Standard };
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
        assert_eq!(queue(urgency(tickets::Urgency::Emergency)).await, crisis);
        assert_eq!(queue(about("prescription")).await, crisis);
        // Somebody who names a queue means it.
        assert_eq!(queue(Patch { queue: Some(billing), ..about("billing") }).await, billing);
        let none = tickets::Calm { reason: tickets::CalmReason::Past, words: None, urgency: tickets::Urgency::Standard };
        tickets::not_a_crisis(&desk.app, &agent, id, None, none).await.unwrap();
        assert_eq!(queue(about("billing")).await, billing);
        let both = Patch { urgency: Some(tickets::Urgency::Emergency), ..about("billing") };
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

    async fn notes_and_answers_at_the_same_time_all_arrive(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("many@example.org", "Hours", "When do you open?").await;
        let notes = (0..6).map(|n| tickets::note(&desk.app, &agent, id, format!("note {n}"), Vec::new()));
        for done in futures_util::future::join_all(notes).await {
            done.unwrap();
        }
        assert_eq!(tickets::view(&desk.app, &agent, id).await.unwrap().ticket.message_count, 7);
    }

    async fn an_answer_that_can_not_be_mailed_does_not_wait_to_be(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let by = patients::requester_by_phone(&desk.app, desk.organisation, "+1 312 555 0147", Some("Rosa"), None);
        let new = tickets::NewTicket::new(by.await.unwrap(), bedside_language::Channel::Phone, "A call", "She asks for the hours.");
        let id = tickets::create(&desk.app, &agent, new).await.unwrap().id;
        let sent = tickets::reply(&desk.app, &agent, id, Reply::new("Nine to five.")).await.unwrap();
        let view = tickets::view(&desk.app, &agent, id).await.unwrap();
        let message = view.messages.iter().find(|message| message.id == sent).unwrap();
        assert_eq!(message.state.code(), "stored");
    }

    async fn a_split_of_what_is_put_aside_is_not(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("aside@example.org", "Two things", "A bill, and a refill.").await;
        let snooze = Patch { snooze: Some(Some(desk.app.now().plus_seconds(30 * 86400))), ..Patch::default() };
        tickets::change(&desk.app, &agent, id, 1, snooze).await.unwrap();
        let note = tickets::note(&desk.app, &agent, id, "The refill part".to_owned(), Vec::new()).await.unwrap();
        let new = tickets::split(&desk.app, &agent, id, vec![note], "Refill".to_owned()).await.unwrap();
        let page = tickets::list(&desk.app, &agent, &View::Active, None, 10).await.unwrap();
        assert_eq!(page.rows[0].ticket.id, new, "what waits for its answer comes before what was put aside");
        assert_eq!(page.rows[0].ticket.snoozed_until, None);
    }

    async fn filters_alone_find_what_has_ended_too(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let mut all = Vec::new();
        for number in 0..5 {
            let from = format!("filters{number}@example.org");
            let id = desk.ticket(&from, "A bill", "What is this charge on my bill?").await;
            if number % 2 == 0 {
                let done = Patch { status: Some(Status::Resolved), ..Patch::default() };
                tickets::change(&desk.app, &agent, id, 1, done).await.unwrap();
            }
            all.push(id);
        }
        let (ended, active) = ([all[0], all[2], all[4]], [all[1], all[3]]);
        for limit in [1, 2, 3, 50] {
            let told = paged(&desk, "category:billing", limit).await;
            assert_eq!((told.len(), &told[..2]), (5, &active[..]), "what is still to be done comes first");
            let mut rest = told[2..].to_vec();
            rest.sort_unstable();
            assert_eq!(rest, ended);
            assert_eq!(paged(&desk, "category:billing status:new", limit).await, active);
            assert_eq!(paged(&desk, "category:billing status:resolved", limit).await.len(), 3);
        }
    }

    async fn an_index_of_another_database_is_built_anew(desk: Desk) {
        let organisation = desk.organisation;
        let id = desk.ticket("index@example.org", "Walrus", "The first words").await;
        // What a restored backup finds: an index that has seen more than there is.
        desk.app.search.apply(organisation.uuid(), Vec::new(), 1_000).await.unwrap();
        assert!(search::lag(&desk.app, organisation).await.unwrap() > 0);
        search::catch_up(&desk.app, organisation).await.unwrap();
        assert_eq!(found(&desk, "walrus ").await, [id]);
        assert_eq!(search::lag(&desk.app, organisation).await.unwrap(), 0);
    }

    async fn the_index_stays_right_after_edits_merges_splits_and_erasure(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let organisation = agent.organisation;
        let first = desk.ticket("index@example.org", "Walrus", "The first words").await;
        let second = desk.ticket("index@example.org", "Narwhal", "The second words").await;
        let note = tickets::note(&desk.app, &agent, first, "About the pelican".to_owned(), Vec::new()).await.unwrap();
        // Moved before the index has seen it.
        let third = tickets::split(&desk.app, &agent, first, vec![note], "Albatross".to_owned()).await.unwrap();
        search::catch_up(&desk.app, organisation).await.unwrap();
        assert_eq!(found(&desk, "pelican ").await, [third]);
        assert_eq!(found(&desk, "albatross ").await, [third]);
        assert_eq!(found(&desk, "walrus ").await, [first]);
        // A new subject takes the place of the old one.
        let version = tickets::view(&desk.app, &agent, first).await.unwrap().ticket.version;
        let subject = Patch { subject: Some("Seal".to_owned()), ..Patch::default() };
        tickets::change(&desk.app, &agent, first, version, subject).await.unwrap();
        search::catch_up(&desk.app, organisation).await.unwrap();
        assert_eq!((found(&desk, "walrus ").await, found(&desk, "seal ").await), (vec![], vec![first]));
        // After a merge the older message stands for the subject of the ticket that stays, and the other's subject is gone.
        tickets::merge(&desk.app, &agent, first, second).await.unwrap();
        search::catch_up(&desk.app, organisation).await.unwrap();
        assert_eq!((found(&desk, "seal ").await, found(&desk, "narwhal ").await), (vec![], vec![second]));
        assert_eq!(found(&desk, "first words ").await, [second]);
        // A tag of two words is searched for between quotation marks.
        let version = tickets::view(&desk.app, &agent, second).await.unwrap().ticket.version;
        let tag = Patch { add_tags: vec!["Billing Dispute".to_owned()], ..Patch::default() };
        tickets::change(&desk.app, &agent, second, version, tag).await.unwrap();
        assert_eq!(found(&desk, "tag:\"billing dispute\"").await, [second]);
        assert_eq!(found(&desk, "first tag:\"billing dispute\"").await, [second]);
        assert_eq!(found(&desk, "tag:billing").await, []);
    }

    async fn lists_go_on_where_they_ended(desk: Desk) {
        let mut expected: Vec<TicketId> = Vec::new();
        for number in 0..23 {
            expected.push(desk.ticket(&format!("p{number}@example.org"), "Hours", "When do you open?").await);
        }
        let agent = desk.ctx(Role::Agent);
        let (mut at, mut seen) = (None, Vec::new());
        loop {
            let page = tickets::list(&desk.app, &agent, &View::Active, at, 5).await.unwrap();
            seen.extend(page.rows.iter().map(|row| row.ticket.id));
            at = page.next;
            if at.is_none() {
                break;
            }
        }
        seen.sort_unstable();
        expected.sort_unstable();
        assert_eq!(seen, expected);
    }

    async fn a_name_finds_every_request_of_its_owner_newest_first(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let mut rosas = Vec::new();
        for number in 0..70 {
            let (name, address) = match number % 7 {
                0 => ("Rosa Alvarez", "rosa@patients.test"),
                // The name in the words is nobody's name.
                1 => ("Ben Example", "ben@patients.test"),
                _ => ("Cleo Example", "cleo@patients.test"),
            };
            let requester = patients::requester_by_email(&desk.app, desk.organisation, address, Some(name), None).await.unwrap();
            let new = tickets::NewTicket::new(requester, bedside_language::Channel::Email, "Hours", "Like Rosa Alvarez I ask: when are you open?");
            let id = tickets::create(&desk.app, &desk.system(), new).await.unwrap().id;
            if number % 7 == 0 {
                rosas.insert(0, id);
            }
            if number % 2 == 0 {
                let patch = Patch { status: Some(Status::Resolved), ..Patch::default() };
                tickets::change(&desk.app, &agent, id, 1, patch).await.unwrap();
            }
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let all = async |text: &str| paged(&desk, text, 4).await;
        for text in ["from:rosa", "from:\"rosa alvarez\"", "from:alvar", "from:ROSA"] {
            assert_eq!(all(text).await, rosas, "{text}");
        }
        let resolved = all("from:rosa status:resolved").await;
        assert_eq!(resolved, rosas.iter().rev().step_by(2).rev().copied().collect::<Vec<_>>());
        assert_eq!(all("from:nobody").await, []);

        let contact = tickets::view(&desk.app, &agent, rosas[0]).await.unwrap().contact;
        let patch = patients::ContactPatch { name: Some(Some("Rosalind Numbat".to_owned())), ..patients::ContactPatch::default() };
        patients::change_contact(&desk.app, &agent, contact.id, contact.version, patch).await.unwrap();
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        assert_eq!(all("from:numbat").await, rosas);
        assert_eq!(all("from:alvarez").await, []);
    }

    async fn the_best_match_comes_first_and_paging_tells_every_request_once(desk: Desk) {
        let mut by_places = std::collections::BTreeMap::new();
        for places in [3, 5, 1, 4, 2] {
            let words = "walrus ".repeat(places) + &"pebble ".repeat(6 - places);
            by_places.insert(places, desk.ticket("order@example.org", "A question", &words).await);
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let best_first: Vec<_> = by_places.values().rev().copied().collect();
        let agent = desk.ctx(Role::Agent);
        let results = search::find(&desk.app, &agent, "walrus", None, 25).await.unwrap();
        let told: Vec<_> = results.rows.iter().map(|hit| hit.row.ticket.id).collect();
        assert_eq!(told, best_first, "the oldest but one has the most places");
        let client = desk.client("tickets:read").await;
        let (mut told, mut asked) = (Vec::<TicketId>::new(), serde_json::json!({ "q": "walrus", "limit": 1 }));
        loop {
            let page = client.post("/api/v1/search", &asked).await.expect(200).json();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 1 && told.len() <= best_first.len(), "{page}");
            told.extend(items.iter().map(|hit| hit["ticket"]["id"].as_str().unwrap().parse::<TicketId>().unwrap()));
            match page["next"].as_str() {
                Some(next) => asked["cursor"] = next.into(),
                None => break,
            }
        }
        assert_eq!(told, best_first);
    }

    /// Requests whose matching words are spread over many pages, and one that is written to while somebody turns them.
    async fn a_request_of_many_messages_is_found_once(desk: Desk) {
        let mut requests = Vec::new();
        for number in 0..13 {
            requests.push(desk.ticket(&format!("p{number}@example.org"), "Walrus", "walrus").await);
        }
        let system = desk.system();
        let writes = async |id: TicketId| {
            let contact = tickets::view(&desk.app, &system, id).await.unwrap().ticket.contact;
            let words = Inbound::new(contact, bedside_language::Channel::Email, "And the walrus?");
            tickets::inbound(&desk.app, &system, id, words).await.unwrap();
        };
        // 13 requests of 1 to 40 messages, woven into each other: 260 documents and more, several windows and looks.
        for round in 0..40 {
            for (number, id) in requests.iter().enumerate() {
                if round % (number + 1) == 0 {
                    writes(*id).await;
                }
            }
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let mut all = requests.clone();
        all.sort_unstable();
        for limit in [1, 2, 3, 5, 50] {
            let mut told = paged(&desk, "walrus", limit).await;
            told.sort_unstable();
            assert_eq!(told, all, "{limit} a page");
        }
        let agent = desk.ctx(Role::Agent);
        let first = search::find(&desk.app, &agent, "walrus", None, 2).await.unwrap();
        let untold = *requests.iter().find(|id| first.rows.iter().all(|hit| hit.row.ticket.id != **id)).unwrap();
        writes(untold).await;
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let (mut told, mut place) = (first.rows, first.next);
        while let Some(at) = place {
            let page = search::find(&desk.app, &agent, "walrus", Some(at), 2).await.unwrap();
            told.extend(page.rows);
            place = page.next;
        }
        let mut ids: Vec<_> = told.iter().map(|hit| hit.row.ticket.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, all, "new words hide nobody from the pages that follow");
    }

    async fn search_finds_words_beginnings_and_filters(desk: Desk) {
        let id = desk.ticket("zora@example.org", "Prescripción", "Necesito mi receta de Zyrtecol, por favor.").await;
        let other = desk.ticket("abe@example.org", "Invoice", "The invoice for the allergy shots is wrong.").await;
        let agent = desk.ctx(Role::Agent);
        tickets::note(&desk.app, &agent, other, "Zyrtecol was never given".to_owned(), Vec::new()).await.unwrap();
        search::catch_up(&desk.app, agent.organisation).await.unwrap();
        assert_eq!(search::lag(&desk.app, agent.organisation).await.unwrap(), 0);
        assert_eq!(found(&desk, "zyrtecol").await, [id, other]);
        assert_eq!(found(&desk, "zyrte").await, [id, other], "the beginning of the last word");
        assert_eq!(found(&desk, "invoices ").await, [other], "another form of the word");
        assert_eq!(found(&desk, "PRESCRIPCION").await, [id], "without its accent, from the subject");
        assert_eq!(found(&desk, "recetas ").await, [id], "a Spanish plural");
        assert_eq!(found(&desk, "zyrtecol from:abe@example.org").await, [other]);
        assert_eq!(found(&desk, "zyrtecol status:resolved").await, []);
        assert_eq!(found(&desk, "status:new").await, [id, other]);
        assert_eq!(found(&desk, "zyrtecol elephants").await, []);
        assert_eq!(found(&desk, "abe@example.org").await, [other], "an address by itself");
        let number = tickets::view(&desk.app, &agent, id).await.unwrap().ticket.number;
        for typed in [format!("{number}"), format!("#{number}"), format!(" {number} ")] {
            let page = search::find(&desk.app, &agent, &typed, None, 25).await.unwrap();
            assert_eq!(page.rows.first().map(|hit| hit.row.ticket.id), Some(id), "{typed}");
            assert_eq!(page.rows.iter().filter(|hit| hit.row.ticket.id == id).count(), 1);
        }
        assert_eq!(found(&desk, "#99999999").await, []);
        let results = search::find(&desk.app, &agent, "zyrtecol", None, 25).await.unwrap();
        let hit = results.rows.iter().find(|hit| hit.row.ticket.id == id).unwrap();
        assert_eq!(&hit.snippet[hit.ranges[0].clone()], "Zyrtecol");
        assert!(search::find(&desk.app, &agent, "colour:red", None, 25).await.is_err());
        let officer = desk.ctx(Role::Compliance);
        let refused = search::find(&desk.app, &officer, "zyrtecol", None, 25).await;
        assert!(matches!(refused, Err(DeskError::Forbidden)));
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
        let token = bedside_desk::context::Actor::Token { id: desk.app.id(), scopes: bedside_desk::context::Permissions::ALL };
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

    async fn a_merge_is_no_way_round_a_clinician(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let seen = async |id| tickets::view(&desk.app, &agent, id).await.unwrap();
        let refill = desk.ticket("rosa@example.org", "Refill", "Please refill my metformin.").await;
        let bill = desk.ticket("rosa@example.org", "My bill", "What is this charge on my bill?").await;
        let before = seen(refill).await.ticket;
        assert_eq!((before.category.as_str(), seen(bill).await.ticket.category.as_str()), ("prescription", "billing"));
        tickets::merge(&desk.app, &agent, refill, bill).await.unwrap();
        let kept = seen(bill).await;
        assert_eq!((kept.ticket.category.as_str(), kept.ticket.queue), ("prescription", before.queue));
        let told = kept.events.iter().find(|event| event.kind == "ticket.changed").unwrap();
        assert_eq!(told.data["to"]["category"], "prescription");
        let done = |status| Patch { status: Some(status), ..Patch::default() };
        for status in [Status::Resolved, Status::Closed] {
            let ended = tickets::change(&desk.app, &agent, bill, kept.ticket.version, done(status)).await;
            assert!(matches!(ended, Err(DeskError::ClinicalOnly)));
        }
        tickets::change(&desk.app, &desk.ctx(Role::Nurse), bill, kept.ticket.version, done(Status::Resolved)).await.unwrap();
        // What a clinician has ended makes nothing clinical that is not.
        let other = desk.ticket("rosa@example.org", "My bill", "What is this charge on my bill?").await;
        tickets::merge(&desk.app, &agent, bill, other).await.unwrap();
        assert_eq!(seen(other).await.ticket.category, "billing");
        desk.audit_is_whole().await;
    }

    async fn the_log_proves_its_entries(desk: Desk) {
        desk.ticket("log@example.org", "Bill", "Words").await;
        let sealer = audit_log::Sealer::new(desk.app.clone());
        assert!(sealer.round().await.unwrap() > 0);
        assert_eq!(sealer.round().await.unwrap(), 0, "nothing is sealed twice");
        let officer = desk.ctx(Role::Compliance);
        let entries = audit_log::list(&desk.app, &officer, None, 100).await.unwrap();
        let created = entries.iter().find(|entry| entry.action == "ticket.create").unwrap();
        let proof = audit_log::prove(&desk.app, created.sequence).await.unwrap();
        let signed = bedside_audit::SignedCheckpoint::parse(&proof.checkpoint).unwrap();
        let checkpoint = signed.verify(&desk.app.keyring.audit_key().verifying_key()).unwrap();
        proof.path.verify(&bedside_audit::leaf_hash(&proof.canonical), &checkpoint.root).unwrap();
        desk.audit_is_whole().await;
    }
}
