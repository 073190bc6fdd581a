//! Requests that wait: put aside for a while, or with the next step owed by somebody outside.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use bedside_db::Timestamp;
use bedside_desk::ids::TicketId;
use bedside_desk::sla::{self, NOTHING_DUE};
use bedside_desk::tickets::{self, Inbound, Patch, Reply, Status, TicketView, View};
use bedside_desk::{audit_log, events, jobs};
use common::{Desk, both_engines};

/// A week, in seconds.
const WEEK: i64 = 7 * 24 * 3600;

/// Words of somebody in danger.
const CRY: &str = "I took all of my sleeping pills an hour ago. I want to die.";

async fn seen(desk: &Desk, id: TicketId) -> TicketView {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap()
}

/// Changes a ticket as an agent who sees it as it is.
async fn change(desk: &Desk, id: TicketId, patch: Patch) {
    let version = seen(desk, id).await.ticket.version;
    tickets::change(&desk.app, &desk.ctx(Role::Agent), id, version, patch)
        .await
        .unwrap();
}

fn snooze(until: Option<Timestamp>) -> Patch {
    Patch {
        snooze: Some(until),
        ..Patch::default()
    }
}

fn status(status: Status) -> Patch {
    Patch {
        status: Some(status),
        ..Patch::default()
    }
}

/// Does what is due.
async fn drain(desk: &Desk) {
    jobs::drain(&desk.app).await.unwrap();
}

/// The patient writes once more.
async fn writes_again(desk: &Desk, id: TicketId) {
    let words = Inbound::new(
        seen(desk, id).await.ticket.contact,
        bedside_language::Channel::Email,
        "Here is the form that you asked for.",
    );
    tickets::inbound(&desk.app, &desk.system(), id, words)
        .await
        .unwrap();
}

/// The target as it was, later by the working time between two instants: so long after its own minutes from the start.
fn after_a_week(desk: &Desk, start: Timestamp, minutes: i64) -> Timestamp {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let (hours, zone) = (&clinic.settings.hours, &clinic.time_zone);
    let week: u16 = hours
        .week
        .iter()
        .flatten()
        .map(|(open, close)| close - open)
        .sum();
    sla::after_working_minutes(hours, zone, start, minutes + i64::from(week))
}

both_engines! {
    async fn a_snooze_ends_by_itself(desk: Desk) {
        let id = desk.ticket("later@example.org", "Form", "I'll send the form next week.").await;
        let sooner = desk.ticket("now@example.org", "Hours", "When are you open on Saturday?").await;
        let until = desk.app.now().plus_seconds(3600);
        change(&desk, id, snooze(Some(until))).await;
        let agent = desk.browser(Role::Agent).await;
        assert!(agent.get("/inbox").await.text().contains("Snoozed"));

        // It sleeps until that very instant, and no list has it as due before.
        desk.clock.advance(3599);
        drain(&desk).await;
        let asleep = seen(&desk, id).await.ticket;
        assert_eq!((asleep.snoozed_until, asleep.due_at()), (Some(until), until));
        desk.clock.advance(1);
        // Before the job has run a page already treats it as awake.
        let page = agent.get(&format!("/tickets/{}", asleep.number)).await;
        assert!(!page.text().contains("Snoozed until") && !agent.get("/inbox").await.text().contains("Snoozed"));

        drain(&desk).await;
        let awake = seen(&desk, id).await;
        assert_eq!((awake.ticket.snoozed_until, awake.ticket.status), (None, Status::Open));
        assert_eq!(awake.ticket.due_at(), awake.ticket.clocks.due());
        let told = awake.events.last().unwrap();
        assert_eq!((told.kind.as_str(), told.actor_kind.as_str()), (events::kind::TICKET_CHANGED, "system"));
        assert_eq!(told.data["changed"], serde_json::json!(["snoozed_until", "status"]));
        let log = audit_log::list(&desk.app, &desk.ctx(Role::Compliance), None, 100).await.unwrap();
        assert!(log.iter().any(|entry| entry.action == "ticket.change" && entry.actor_id == "snooze"));
        let rows = tickets::list(&desk.app, &desk.ctx(Role::Agent), &View::Active, None, 10).await.unwrap().rows;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().any(|row| row.ticket.id == sooner));
        desk.audit_is_whole().await;
    }

    async fn a_snooze_that_was_moved_ends_at_its_last_instant(desk: Desk) {
        let id = desk.ticket("moved@example.org", "Form", "I'll send the form next week.").await;
        let (first, last) = (desk.app.now().plus_seconds(600), desk.app.now().plus_seconds(1200));
        change(&desk, id, snooze(Some(first))).await;
        change(&desk, id, snooze(Some(last))).await;
        desk.clock.advance(600);
        drain(&desk).await;
        assert_eq!(seen(&desk, id).await.ticket.snoozed_until, Some(last), "the first end is none any more");
        desk.clock.advance(600);
        drain(&desk).await;
        assert_eq!(seen(&desk, id).await.ticket.snoozed_until, None);

        // One that was ended by hand, and begun anew to the same instant, is woken once.
        let again = desk.app.now().plus_seconds(600);
        for until in [Some(again), None, Some(again)] {
            change(&desk, id, snooze(until)).await;
        }
        let asleep = seen(&desk, id).await.ticket.version;
        desk.clock.advance(600);
        drain(&desk).await;
        let awake = seen(&desk, id).await.ticket;
        assert_eq!((awake.snoozed_until, awake.version), (None, asleep + 1));
        // A job that finds nothing to do changes nothing.
        let before = seen(&desk, id).await.ticket.version;
        change(&desk, id, snooze(Some(desk.app.now().plus_seconds(600)))).await;
        change(&desk, id, snooze(None)).await;
        desk.clock.advance(600);
        drain(&desk).await;
        assert_eq!(seen(&desk, id).await.ticket.version, before + 2);
    }

    async fn the_clock_stands_still_while_others_owe_the_next_step(desk: Desk) {
        // The first week has a change of the clocks in it.
        desk.clock.advance(WEEK);
        for waiting in [Status::WaitingOnPatient, Status::WaitingOnThirdParty] {
            let id = desk.ticket("slow@example.org", "A bill", "What is this charge on my bill?").await;
            let opened = seen(&desk, id).await.ticket;
            let policy = desk.app.directory.of(desk.organisation).unwrap();
            let minutes = policy.policy(&opened.category, opened.urgency.code()).unwrap().resolution_minutes;
            change(&desk, id, status(waiting)).await;
            assert_eq!(seen(&desk, id).await.ticket.due_at(), NOTHING_DUE, "{waiting:?}");
            desk.clock.advance(WEEK);
            writes_again(&desk, id).await;
            let open = seen(&desk, id).await.ticket;
            assert_eq!(open.status, Status::Open);
            assert_eq!(open.clocks.resolution, Some(after_a_week(&desk, opened.created_at, minutes)), "{waiting:?}");
            assert!(open.clocks.resolution.unwrap() > desk.app.now(), "a week of silence makes nothing overdue");
        }
    }

    async fn the_clock_stands_still_during_a_snooze_and_survives_another_category(desk: Desk) {
        desk.clock.advance(WEEK);
        let id = desk.ticket("asleep@example.org", "A bill", "What is this charge on my bill?").await;
        let opened = seen(&desk, id).await.ticket;
        change(&desk, id, snooze(Some(desk.app.now().plus_seconds(WEEK)))).await;
        // What happens meanwhile does not begin the pause anew, nor end it.
        desk.clock.advance(3600);
        tickets::note(&desk.app, &desk.ctx(Role::Agent), id, "Waits for the lab".to_owned(), Vec::new()).await.unwrap();
        desk.clock.advance(WEEK - 3600);
        drain(&desk).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let minutes = |category| clinic.policy(category, opened.urgency.code()).unwrap().resolution_minutes;
        let expected = |category| Some(after_a_week(&desk, opened.created_at, minutes(category)));
        assert_eq!(seen(&desk, id).await.ticket.clocks.resolution, expected("billing"));
        assert_ne!(minutes("billing"), minutes("complaint"));
        change(&desk, id, Patch { category: Some("complaint".to_owned()), ..Patch::default() }).await;
        assert_eq!(seen(&desk, id).await.ticket.clocks.resolution, expected("complaint"), "the week is still not ours");
    }

    async fn an_emergency_after_a_rest_owes_nothing_to_it(desk: Desk) {
        let id = desk.ticket("worse@example.org", "A bill", "What is this charge on my bill?").await;
        change(&desk, id, status(Status::WaitingOnPatient)).await;
        desk.clock.advance(WEEK);
        change(&desk, id, Patch { urgency: Some(tickets::Urgency::Emergency), ..Patch::default() }).await;
        let ticket = seen(&desk, id).await.ticket;
        assert_eq!((ticket.rank(), ticket.paused_at), (0, None), "the clock of a crisis never stops");
        assert_eq!(ticket.shown_due(), ticket.clocks.due());
    }

    async fn among_crises_what_the_clinic_owes_stands_first(desk: Desk) {
        let mut answered = Vec::new();
        for who in ["one@example.org", "two@example.org"] {
            let id = desk.ticket(who, "", CRY).await;
            let reply = Reply::new("I am calling you now.");
            tickets::reply(&desk.app, &desk.ctx(Role::Nurse), id, reply).await.unwrap();
            answered.push(id);
        }
        desk.clock.advance(3600);
        let unseen = desk.ticket("three@example.org", "", CRY).await;
        let agent = desk.ctx(Role::Agent);
        for view in [View::Crisis, View::Active] {
            let rows = tickets::list(&desk.app, &agent, &view, None, 10).await.unwrap().rows;
            let order: Vec<_> = rows.iter().map(|row| row.ticket.id).collect();
            assert_eq!(order, [unseen, answered[0], answered[1]], "{view:?}");
        }
        // The page still tells when it should be resolved.
        let waits = seen(&desk, answered[0]).await.ticket;
        assert_eq!((waits.due_at(), Some(waits.shown_due())), (NOTHING_DUE, waits.clocks.resolution));
        writes_again(&desk, answered[0]).await;
        let open = seen(&desk, answered[0]).await.ticket;
        assert_eq!(open.due_at(), open.clocks.due());
    }

    async fn what_is_split_off_waits_since_it_was_written(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("asks@example.org", "Two things", "A bill, and a refill.").await;
        let asked = seen(&desk, id).await.ticket;
        let question = seen(&desk, id).await.messages[0].id;
        desk.clock.advance(600);
        tickets::reply(&desk.app, &agent, id, Reply::new("The bill is paid.")).await.unwrap();
        desk.clock.advance(600);
        let new = tickets::split(&desk.app, &agent, id, vec![question], "Refill".to_owned()).await.unwrap();
        let new = seen(&desk, new).await.ticket;
        assert_eq!((new.waiting_since, new.clocks), (asked.waiting_since, asked.clocks), "the patient has waited since");
        assert_eq!((new.last_message_by.as_str(), new.last_message_at), ("contact", asked.last_message_at));
        assert_eq!((new.status, new.first_responded_at), (Status::Open, None));
        // What is left is an answer: nobody waits for another one.
        let old = seen(&desk, id).await.ticket;
        assert_eq!((old.status, old.waiting_since, old.last_message_by.as_str()), (Status::WaitingOnPatient, None, "staff"));
    }

    async fn what_a_split_leaves_owes_what_its_own_words_say(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("asks@example.org", "A bill", "What is this charge?").await;
        tickets::reply(&desk.app, &agent, id, Reply::new("It is the lab's fee.")).await.unwrap();
        let answered = seen(&desk, id).await.ticket;
        desk.clock.advance(600);
        let other = desk.ticket("asks@example.org", "A refill", "Please refill my metformin.").await;
        let asked = seen(&desk, other).await;
        tickets::merge(&desk.app, &agent, other, id).await.unwrap();
        assert_eq!(seen(&desk, id).await.ticket.status, Status::Open);
        let new = tickets::split(&desk.app, &agent, id, vec![asked.messages[0].id], "Refill".to_owned()).await.unwrap();
        let old = seen(&desk, id).await;
        assert_eq!(old.ticket.status, Status::WaitingOnPatient, "it is answered");
        assert_eq!((old.ticket.waiting_since, old.ticket.clocks.first_response), (None, None));
        assert_eq!(old.ticket.clocks.next_response, None);
        assert_eq!((old.ticket.last_message_by.as_str(), old.ticket.last_message_at), ("staff", answered.last_message_at));
        assert_eq!(old.events.last().unwrap().data["changed"], serde_json::json!(["messages", "status"]));
        let new = seen(&desk, new).await.ticket;
        assert_eq!(new.waiting_since, asked.ticket.waiting_since);
        assert!(new.clocks.first_response.is_some());

        // Its answer alone goes: the question that it answered is open again.
        let answer = old.messages.iter().find(|message| message.kind.code() == "outbound").unwrap().id;
        tickets::split(&desk.app, &agent, id, vec![answer], "Sent to the wrong place".to_owned()).await.unwrap();
        let old = seen(&desk, id).await.ticket;
        assert_eq!((old.status, old.first_responded_at), (Status::Open, None));
        assert_eq!(old.waiting_since, Some(old.created_at));
        assert!(old.clocks.first_response.is_some());
    }

    async fn notes_that_are_split_off_wait_for_no_answer(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = desk.ticket("asks@example.org", "A bill", "What is this charge?").await;
        let before = seen(&desk, id).await.ticket;
        let note = tickets::note(&desk.app, &agent, id, "Ask the lab.".to_owned(), Vec::new()).await.unwrap().id;
        let new = tickets::split(&desk.app, &agent, id, vec![note], "The lab".to_owned()).await.unwrap();
        let new = seen(&desk, new).await.ticket;
        assert_eq!((new.waiting_since, new.clocks.first_response, new.clocks.next_response), (None, None, None));
        assert!(new.clocks.resolution.is_some(), "it is somebody's work all the same");
        let left = seen(&desk, id).await.ticket;
        assert_eq!((left.waiting_since, left.clocks), (before.waiting_since, before.clocks));
    }
}
