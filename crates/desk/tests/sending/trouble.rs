//! Mail that does not go out, or comes back.

use super::{
    answer, asked, by_mail, drain, newest, secure_links, send, state_of, token, troubled,
    waiting_jobs,
};
use crate::common::Role;
use crate::common::sink::{Answer, Sink, sink};
use crate::common::{Desk, both_engines};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{OutboundMailId, TicketId};
use bedside_desk::jobs;
use bedside_desk::links;
use bedside_desk::outbound::{self, Kind, State};
use bedside_desk::patients;
use bedside_desk::tickets::model::Ticket;
use bedside_desk::tickets::{self, Patch, Status};
use bedside_desk::timeline::MessageState;
use bedside_testkit::wait_until_async;
use std::time::Duration;

/// A report says that this mail came back for good.
async fn comes_back(desk: &Desk, id: OutboundMailId) {
    let system = desk.system();
    let noted = desk.app.command(&system, move |work| {
        Box::pin(async move { outbound::bounced(work, id, "5.1.1").await })
    });
    assert!(noted.await.unwrap().is_some());
}

async fn seen(desk: &Desk, id: TicketId) -> Ticket {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await;
    view.unwrap().ticket
}

/// Rosa's address was not hers: another one takes its place.
async fn moves(desk: &Desk, ticket: TicketId) {
    let nurse = desk.ctx(Role::Nurse);
    let view = tickets::view(&desk.app, &nurse, ticket).await.unwrap();
    let patch = patients::ContactPatch {
        add: vec![(patients::PointKind::Email, "rosa@new.test".to_owned())],
        remove: vec![(patients::PointKind::Email, "rosa@patients.test".to_owned())],
        ..patients::ContactPatch::default()
    };
    let (id, version) = (view.contact.id, view.contact.version);
    patients::change_contact(&desk.app, &nurse, id, version, patch)
        .await
        .unwrap();
}

/// How many mails went to Rosa's first address since the last look.
fn to_rosa(sink: &Sink) -> usize {
    let sent = sink.take();
    sent.iter()
        .filter(|sent| sent.to == ["<rosa@patients.test>"])
        .count()
}

both_engines! {
    async fn a_mail_is_tried_for_72_hours_and_then_left_to_a_person(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        sink.answer(Answer::Later);
        let message = answer(&desk, ticket, "At nine").await;
        desk.clock.advance(10);
        let began = desk.app.now();
        let mut tries = 0;
        while state_of(&desk, ticket, message).await == MessageState::Queued {
            drain(&desk).await;
            tries += 1;
            let due = bedside_db::jobs::next_due(&mut desk.app.read().await.unwrap()).await.unwrap();
            desk.clock.advance(due.map_or(0, |due| due.seconds_since(desk.app.now()) + 1));
            assert!(tries < 500);
        }
        let hours = desk.app.now().seconds_since(began) / 3600;
        assert!((72..=73).contains(&hours), "{hours}");
        assert!(sink.take().len() > 60);
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Failed);
        let trouble = troubled(&desk).await;
        let given_up = trouble.iter().find(|mail| mail.kind == Kind::Reply).unwrap();
        assert_eq!((given_up.state, given_up.code.as_str()), (State::Failed, "gave_up"));

        sink.answer(Answer::Accept);
        drain(&desk).await;
        let news = sink.take();
        assert_eq!(news[0].to, ["<agent@clinic.example>"], "its author hears of it");
        outbound::try_again(&desk.app, &desk.ctx(Role::Administrator), given_up.id).await.unwrap();
        drain(&desk).await;
        assert_eq!((sink.take().len(), troubled(&desk).await.len()), (1, 0));
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Accepted);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        assert_eq!(view.ticket.last_message_by, "staff");
    }

    async fn whoever_has_the_ticket_hears_that_an_answer_did_not_arrive(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Zebrafinch", "Oriolebird", "When are you open?").await;
        drain(&desk).await;
        answer(&desk, ticket, "Quailnote").await;
        let agent = desk.ctx(Role::Agent);
        let before = tickets::view(&desk.app, &agent, ticket).await.unwrap().ticket;
        assert_eq!((before.status, before.clocks.next_response), (Status::WaitingOnPatient, None));
        let patch = Patch { assignee: Some(Some(desk.id_of(Role::Nurse))), ..Patch::default() };
        tickets::change(&desk.app, &agent, ticket, before.version, patch).await.unwrap();
        desk.clock.advance(10);
        drain(&desk).await;
        let id = newest(&desk, &sink);
        let bounce = async || {
            let system = desk.system();
            let noted = desk.app.command(&system, move |work| Box::pin(async move {
                work.audit(bedside_desk::audit_log::NewEntry::new("test", "organisation", work.ctx.organisation));
                outbound::bounced(work, id, "5.1.1").await
            }));
            noted.await.unwrap()
        };
        assert_eq!(bounce().await, Some(ticket));
        // The same report again tells nobody anything new.
        assert_eq!(bounce().await, Some(ticket));
        let after = tickets::view(&desk.app, &agent, ticket).await.unwrap().ticket;
        assert_eq!((after.status, after.last_message_by.as_str()), (Status::Open, tickets::UNDELIVERED));
        assert!(after.clocks.next_response.is_some(), "the patient still waits");
        drain(&desk).await;
        let news = sink.take();
        let [news] = news.as_slice() else { panic!("one mail: {}", news.len()) };
        assert_eq!(news.to, ["<nurse@clinic.example>"]);
        let raw = format!("{} {}", String::from_utf8_lossy(&news.raw), news.text()).to_lowercase();
        for word in ["zebrafinch", "oriolebird", "quailnote", "rosa", "in-reply-to", "references:", "\nreply-to"] {
            assert!(!raw.contains(word), "{word} in {raw}");
        }
        assert!(news.text().contains(&format!("http://desk.example/tickets/{}", after.number)), "{}", news.text());
        assert!(news.head().contains("Auto-Submitted: auto-generated") && news.from.starts_with("<>"));
        let inbox = desk.browser(Role::Nurse).await.get("/inbox").await.expect(200).text();
        assert!(inbox.contains("Our mail did not arrive"), "{inbox}");
        // It is over once somebody writes.
        answer(&desk, ticket, "Again").await;
        let inbox = desk.browser(Role::Nurse).await.get("/inbox").await.expect(200).text();
        assert!(!inbox.contains("Our mail did not arrive"));
        desk.audit_is_whole().await;
    }

    async fn a_colleague_whose_mail_bounces_too_sets_nothing_off(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        sink.answer(Answer::Never);
        answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        drain(&desk).await;
        assert_eq!((sink.take().len(), waiting_jobs(&desk).await), (2, 0), "the answer, and the news of it");
    }

    async fn a_refused_mail_is_seen_with_a_code_and_without_words(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        sink.answer(Answer::Never);
        let message = answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Failed);
        assert_eq!(troubled(&desk).await[0].code, "smtp 550 5.1.1");
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        assert!(view.contact.points[0].bounced_at.is_some());
        let agent = outbound::troubled(&desk.app, &desk.ctx(Role::Agent), None).await;
        assert!(matches!(agent, Err(DeskError::Forbidden)));
    }

    async fn a_person_tries_a_failed_mail_again_or_sees_to_it(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        sink.answer(Answer::Never);
        let message = answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        let (admin, leader) = (desk.browser(Role::Administrator).await, desk.browser(Role::Supervisor).await);
        let path = "/settings/mails";
        assert!(admin.get("/settings").await.text().contains("Please look"));
        let page = leader.get(path).await.expect(200).text();
        assert!(page.contains("The mail server did not take the mail.") && page.contains("550 5.1.1"), "{page}");
        assert!(!page.contains("Rosa") && !page.contains("At nine") && !page.contains("/retry"), "{page}");
        let failed = troubled(&desk).await;
        let id = failed.iter().find(|mail| mail.kind == Kind::Reply).unwrap().id;
        // The news for whoever has the request did not arrive either.
        for news in failed.iter().filter(|mail| mail.id != id) {
            assert_eq!(news.kind, Kind::Undelivered);
            admin.submit(path, &format!("{path}/{}/handled", news.id), &[]).await.expect(303);
        }
        leader.post(&format!("{path}/{id}/retry"), &[("csrf_token", "x")]).await.expect(403);

        admin.submit(path, &format!("{path}/{id}/retry"), &[]).await.expect(303);
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Queued);
        admin.submit(path, &format!("{path}/{id}/handled"), &[]).await.expect(409);
        drain(&desk).await;
        for mail in troubled(&desk).await {
            admin.submit(path, &format!("{path}/{}/handled", mail.id), &[]).await.expect(303);
        }
        assert_eq!(troubled(&desk).await.len(), 0);
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Failed, "it stays what it is");
        assert!(!admin.get("/settings").await.text().contains("Please look"));
        assert!(admin.get(path).await.text().contains("Every mail is on its way"));
        desk.audit_is_whole().await;
    }

    async fn what_waited_when_a_backup_was_made_is_held(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        let message = answer(&desk, ticket, "At nine").await;
        assert_eq!(outbound::hold(&desk.app).await.unwrap(), 1);
        assert_eq!(outbound::hold(&desk.app).await.unwrap(), 0, "once is enough");
        desk.clock.advance(3600);
        drain(&desk).await;
        assert_eq!(sink.take().len(), 0);
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Failed);
        let marked = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap().ticket;
        assert_eq!((marked.status, marked.last_message_by.as_str()), (Status::Open, tickets::UNDELIVERED));
        let admin = desk.browser(Role::Administrator).await;
        let (path, held) = ("/settings/mails", troubled(&desk).await);
        assert!(admin.get(path).await.text().contains("when a backup was made"));
        assert_eq!(held[0].code, "held");
        admin.submit(path, &format!("{path}/{}/retry", held[0].id), &[]).await.expect(303);
        drain(&desk).await;
        assert_eq!(sink.take().len(), 1);
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Accepted);
        desk.audit_is_whole().await;
    }

    async fn what_may_have_arrived_is_sent_once_more_under_the_same_id(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        sink.answer(Answer::HangUp);
        let first = answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        assert_eq!(troubled(&desk).await[0].code, "may_have_arrived");
        sink.answer(Answer::Accept);
        desk.clock.advance(120);
        drain(&desk).await;
        let sent = sink.take();
        assert_eq!(sent.len(), 2);
        let id = |number: usize| sent[number].mail().message_id;
        assert_eq!(id(0), id(1), "the same mail, so that receivers know it");
        assert_eq!(state_of(&desk, ticket, first).await, MessageState::Accepted);

        sink.answer(Answer::HangUp);
        let second = answer(&desk, ticket, "Or at ten").await;
        send(&desk).await;
        desk.clock.advance(120);
        drain(&desk).await;
        desk.clock.advance(7200);
        drain(&desk).await;
        let to_rosa = sink.take().iter().filter(|sent| sent.to == ["<rosa@patients.test>"]).count();
        assert_eq!((to_rosa, waiting_jobs(&desk).await), (2, 0));
        assert_eq!(state_of(&desk, ticket, second).await, MessageState::Failed);
    }

    async fn a_desk_that_dies_while_the_server_answers_sends_once_more(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        sink.answer(Answer::Silence);
        let message = answer(&desk, ticket, "At nine").await;
        desk.clock.advance(10);
        let app = desk.app.clone();
        let dying = tokio::spawn(async move { jobs::drain(&app).await });
        wait_until_async(|| async { sink.sent().len() == 1 }, Duration::from_secs(10)).await.unwrap();
        dying.abort();
        let _ = dying.await;
        drain(&desk).await;
        assert_eq!(sink.sent().len(), 1, "its lease still runs");
        sink.answer(Answer::Accept);
        desk.clock.advance(jobs::LEASE_SECONDS);
        drain(&desk).await;
        let sent = sink.take();
        assert_eq!((sent.len(), sent[0].mail().message_id == sent[1].mail().message_id), (2, true));
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Accepted);
    }

    async fn mail_waits_visibly_until_there_is_a_mailbox(desk: Desk) {
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        let message = answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        desk.clock.advance(100 * 3600);
        drain(&desk).await;
        outbound::resume(&desk.app).await.unwrap();
        let trouble = troubled(&desk).await;
        assert!(trouble.iter().all(|mail| mail.code == "no_mailbox" && mail.state == State::Queued));
        assert_eq!((trouble.len(), waiting_jobs(&desk).await), (2, 0));
        let sink = sink(&desk).await;
        outbound::resume(&desk.app).await.unwrap();
        drain(&desk).await;
        assert_eq!((sink.take().len(), troubled(&desk).await.len()), (2, 0));
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Accepted);
    }

    async fn an_address_gets_twenty_mails_an_hour(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        for _ in 0..25 {
            answer(&desk, ticket, "At nine").await;
        }
        send(&desk).await;
        assert_eq!(sink.take().len(), 20);
        desk.clock.advance(3600);
        drain(&desk).await;
        assert_eq!((sink.take().len(), waiting_jobs(&desk).await), (6, 0));
    }

    async fn a_warning_that_did_not_arrive_is_told_at_the_request(desk: Desk) {
        let sink = sink(&desk).await;
        sink.answer(Answer::Never);
        let ticket = by_mail(&desk, "Rosa", "Help", "I want to kill myself").await;
        let nurse = desk.ctx(Role::Nurse);
        let view = async || tickets::view(&desk.app, &nurse, ticket).await.unwrap().ticket;
        let patch = Patch { assignee: Some(Some(desk.id_of(Role::Nurse))), ..Patch::default() };
        tickets::change(&desk.app, &nurse, ticket, view().await.version, patch).await.unwrap();
        drain(&desk).await;
        let failed = troubled(&desk).await.into_iter().find(|mail| mail.kind == Kind::Emergency).unwrap();
        assert_eq!(view().await.last_message_by, tickets::UNDELIVERED);
        let inbox = desk.browser(Role::Nurse).await.get("/inbox").await.expect(200).text();
        assert!(inbox.contains("Our mail did not arrive"), "{inbox}");
        let told = sink.take();
        assert!(told.iter().any(|mail| mail.to == ["<nurse@clinic.example>"]), "whoever has it hears of it");

        sink.answer(Answer::Accept);
        outbound::try_again(&desk.app, &desk.ctx(Role::Administrator), failed.id).await.unwrap();
        assert_eq!(view().await.last_message_by, "contact");
        drain(&desk).await;
        comes_back(&desk, newest(&desk, &sink)).await;
        assert_eq!(view().await.last_message_by, tickets::UNDELIVERED, "one that comes back is told too");
        answer(&desk, ticket, "We call you now").await;
        assert_eq!(view().await.last_message_by, "staff");
    }

    async fn every_nurse_hears_of_a_warning_that_came_back_where_nobody_has_the_request(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Help", "I want to kill myself").await;
        drain(&desk).await;
        let warning = newest(&desk, &sink);
        let nurse = desk.ctx(Role::Nurse);
        let version = seen(&desk, ticket).await.version;
        let closed = Patch { status: Some(Status::Closed), ..Patch::default() };
        tickets::change(&desk.app, &nurse, ticket, version, closed).await.unwrap();
        drain(&desk).await;
        sink.take();
        comes_back(&desk, warning).await;
        drain(&desk).await;
        let told: Vec<_> = sink.take().into_iter().map(|mail| mail.to).collect();
        assert_eq!(told, [["<nurse@clinic.example>"]]);
        let after = seen(&desk, ticket).await;
        assert_eq!((after.status, after.last_message_by.as_str()), (Status::Closed, tickets::UNDELIVERED));
    }

    async fn a_warning_waits_for_no_full_hour(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        for _ in 0..25 {
            answer(&desk, ticket, "At nine").await;
        }
        send(&desk).await;
        sink.take();
        by_mail(&desk, "Rosa", "Help", "I want to kill myself").await;
        drain(&desk).await;
        let sent = sink.take();
        assert!(sent.len() == 1 && sent[0].text().contains("988"), "{}", sent.len());
    }

    async fn a_link_says_when_it_ends_and_goes_to_no_former_address(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        drain(&desk).await;
        let nurse = desk.ctx(Role::Nurse);
        let contact = tickets::view(&desk.app, &nurse, ticket).await.unwrap().contact;
        let private = patients::ContactPatch { secure_link: Some(true), ..patients::ContactPatch::default() };
        patients::change_contact(&desk.app, &nurse, contact.id, contact.version, private).await.unwrap();
        sink.answer(Answer::Later);
        answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        sink.take();
        desk.clock.advance(2 * 24 * 3600);
        sink.answer(Answer::Accept);
        drain(&desk).await;
        let sent = sink.take().remove(0);
        // The link was made on Monday, March 2, at the first try; the mail is of Wednesday.
        assert!(sent.text().contains("Apr 1, 2026"), "{}", sent.text());
        assert!(sent.head().contains("Date: Wed, 4 Mar 2026") || sent.head().contains("Date: Wed, 04 Mar 2026"), "{}", sent.head());

        let message = answer(&desk, ticket, "At ten").await;
        moves(&desk, ticket).await;
        send(&desk).await;
        assert_eq!((to_rosa(&sink), state_of(&desk, ticket, message).await), (0, MessageState::Failed));
    }

    async fn no_words_go_to_an_address_that_is_no_longer_theirs(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        sink.answer(Answer::Later);
        let tried = answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        assert_eq!(to_rosa(&sink), 1);
        let waits = answer(&desk, ticket, "Or at ten").await;
        moves(&desk, ticket).await;
        sink.answer(Answer::Accept);
        desk.clock.advance(2 * 3600);
        drain(&desk).await;
        assert_eq!(to_rosa(&sink), 0);
        for message in [tried, waits] {
            assert_eq!(state_of(&desk, ticket, message).await, MessageState::Failed);
        }
        assert!(troubled(&desk).await.iter().all(|mail| mail.code == "address"));
        assert_eq!(seen(&desk, ticket).await.last_message_by, tickets::UNDELIVERED);

        let late = answer(&desk, ticket, "Or at noon").await;
        send(&desk).await;
        assert_eq!(state_of(&desk, ticket, late).await, MessageState::Accepted);
        assert_eq!(sink.take().iter().filter(|sent| sent.to == ["<rosa@new.test>"]).count(), 1);
    }

    async fn words_for_one_person_go_to_nobody_who_has_the_address_now(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        let message = answer(&desk, ticket, "At nine").await;
        moves(&desk, ticket).await;
        let other = by_mail(&desk, "Eva", "Bill", "What is this charge?").await;
        assert_ne!(seen(&desk, other).await.contact, seen(&desk, ticket).await.contact);
        drain(&desk).await;
        sink.take();
        send(&desk).await;
        assert_eq!((to_rosa(&sink), state_of(&desk, ticket, message).await), (0, MessageState::Failed));
    }

    async fn a_mail_that_waits_gets_a_new_link_when_its_own_was_ended(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        secure_links(&desk).await;
        sink.answer(Answer::Later);
        answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        let first = token(&sink.take()[0].text(), "/t/");
        links::revoke_ticket(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        sink.answer(Answer::Accept);
        desk.clock.advance(2 * 3600);
        drain(&desk).await;
        let second = token(&sink.take()[0].text(), "/t/");
        assert!(matches!(links::look(&desk.app, &first, None).await, Err(DeskError::Gone)));
        links::look(&desk.app, &second, None).await.unwrap();
    }

    async fn an_answer_that_came_back_is_none_when_messages_part(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        let agent = desk.ctx(Role::Agent);
        let asked_at = seen(&desk, ticket).await.waiting_since;
        desk.clock.advance(60);
        answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        comes_back(&desk, newest(&desk, &sink)).await;
        let note = tickets::note(&desk.app, &agent, ticket, "Call her.".to_owned(), Vec::new()).await.unwrap().id;
        tickets::split(&desk.app, &agent, ticket, vec![note], "A note".to_owned()).await.unwrap();
        let left = seen(&desk, ticket).await;
        assert_eq!((left.status, left.waiting_since), (Status::Open, asked_at), "nobody has answered");
        assert_eq!((left.first_responded_at, left.last_message_by.as_str()), (None, tickets::UNDELIVERED));
        assert!(left.clocks.first_response.is_some());

        // A later answer that is taken back leaves the same.
        let later = answer(&desk, ticket, "At ten").await;
        assert_eq!(seen(&desk, ticket).await.status, Status::WaitingOnPatient);
        tickets::undo(&desk.app, &agent, ticket, later).await.unwrap();
        let again = seen(&desk, ticket).await;
        assert_eq!((again.status, again.waiting_since), (Status::Open, asked_at));
        assert_eq!((again.clocks, again.last_message_by.as_str()), (left.clocks, tickets::UNDELIVERED));
    }

    async fn the_mark_stays_until_every_lost_mail_is_on_its_way(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        sink.answer(Answer::Never);
        for words in ["At nine", "Or at ten"] {
            answer(&desk, ticket, words).await;
        }
        send(&desk).await;
        let lost: Vec<_> = troubled(&desk).await.into_iter().filter(|mail| mail.kind == Kind::Reply).collect();
        assert_eq!((lost.len(), seen(&desk, ticket).await.last_message_by.as_str()), (2, tickets::UNDELIVERED));
        let admin = desk.ctx(Role::Administrator);
        outbound::try_again(&desk.app, &admin, lost[0].id).await.unwrap();
        assert_eq!(seen(&desk, ticket).await.last_message_by, tickets::UNDELIVERED, "the other did not arrive");
        outbound::try_again(&desk.app, &admin, lost[1].id).await.unwrap();
        assert_eq!(seen(&desk, ticket).await.last_message_by, "staff");
    }

    async fn a_bounce_shows_on_its_message(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        drain(&desk).await;
        let message = answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        let id = newest(&desk, &sink);
        let system = desk.system();
        let found = desk.app.command(&system, move |work| Box::pin(async move {
            let found = outbound::bounced(work, id, "5.1.1 Rosa").await?;
            let unknown = OutboundMailId::from_bytes([7; 16]);
            assert_eq!(outbound::bounced(work, unknown, "5.1.1").await?, None);
            Ok(found)
        })).await.unwrap();
        assert_eq!(found, Some(ticket));
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Bounced);
        let trouble = troubled(&desk).await;
        assert_eq!((trouble[0].state, trouble[0].code.as_str()), (State::Bounced, "bounced 5.1.1"));
    }
}
