//! Requests go into one another, and come apart.

use super::found;
use crate::common::Role;
use crate::common::both_engines;
use bedside_desk::error::DeskError;
use bedside_desk::tickets::{Patch, Reply, Status, View};
use bedside_desk::{search, tickets};

both_engines! {
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
        let note = tickets::note(&desk.app, &agent, id, "The refill part".to_owned(), Vec::new()).await.unwrap().id;
        let new = tickets::split(&desk.app, &agent, id, vec![note], "Refill".to_owned()).await.unwrap();
        let old = tickets::view(&desk.app, &agent, id).await.unwrap();
        let new = tickets::view(&desk.app, &agent, new).await.unwrap();
        assert_eq!((old.messages.len(), new.messages.len()), (1, 1));
        assert_eq!(new.messages[0].body, "The refill part");
        assert_eq!(new.links[0].kind, "split_from");
        let rest = tickets::split(&desk.app, &agent, id, vec![old.messages[0].id], "All".to_owned()).await;
        assert!(matches!(rest, Err(DeskError::Conflict { code: "nothing_left", .. })));
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
        let worry = desk.ticket("merge@example.org", "Low", "I feel hopeless. I cry every evening and nothing helps.").await;
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

    async fn a_split_of_what_is_put_aside_is_not(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("aside@example.org", "Two things", "A bill, and a refill.").await;
        let snooze = Patch { snooze: Some(Some(desk.app.now().plus_seconds(30 * 86400))), ..Patch::default() };
        tickets::change(&desk.app, &agent, id, 1, snooze).await.unwrap();
        let note = tickets::note(&desk.app, &agent, id, "The refill part".to_owned(), Vec::new()).await.unwrap().id;
        let new = tickets::split(&desk.app, &agent, id, vec![note], "Refill".to_owned()).await.unwrap();
        let page = tickets::list(&desk.app, &agent, &View::Active, None, 10).await.unwrap();
        assert_eq!(page.rows[0].ticket.id, new, "what waits for its answer comes before what was put aside");
        assert_eq!(page.rows[0].ticket.snoozed_until, None);
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
}
