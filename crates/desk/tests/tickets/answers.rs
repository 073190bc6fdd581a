//! A request is answered, and the answer is taken back.

use super::words_of_the_patient;
use crate::common::Role;
use crate::common::both_engines;
use bedside_desk::error::DeskError;
use bedside_desk::patients::NewPatient;
use bedside_desk::tickets::{Patch, Reply, Status, View};
use bedside_desk::{audit_log, patients, tickets};

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
        assert_eq!(seen(later).await.events.last().unwrap().data["to"], serde_json::json!({ "patient_id": false }));
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
