//! Mail goes out: once, threaded, in the patient's language, and never a note in it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_codecs::mail::threading::ReplyToken;
use bedside_codecs::mail::{Limits, parse};
use bedside_desk::context::Role;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{MessageId, OutboundMailId, TicketId};
use bedside_desk::jobs;
use bedside_desk::links::{self, Look};
use bedside_desk::mailboxes;
use bedside_desk::outbound::{self, Kind, State, TroubledMail};
use bedside_desk::surveys;
use bedside_desk::tickets::{self, NewTicket, Patch, Reply, Status};
use bedside_desk::timeline::{Envelope, MessageState};
use bedside_desk::{orgs, patients};
use bedside_language::Channel;
use bedside_testkit::mail::{Dovecot, Postfix, Route};
use bedside_testkit::wait_until_async;
use common::sink::{Answer, Sink, at, sink};
use common::{Desk, both_engines};
use std::time::Duration;

async fn by_mail(desk: &Desk, name: &str, subject: &str, body: &str) -> TicketId {
    let requester = patients::requester_by_email(
        &desk.app,
        desk.organisation,
        "rosa@patients.test",
        Some(name),
        None,
    )
    .await
    .unwrap();
    let mut new = NewTicket::new(requester, Channel::Email, subject, body);
    let message_id = format!("{}@patients.test", desk.app.id::<()>());
    new.envelope = Some(Envelope {
        from: "rosa@patients.test".to_owned(),
        message_id,
        ..Envelope::default()
    });
    tickets::create(&desk.app, &desk.system(), new)
        .await
        .unwrap()
        .id
}

/// A question that was acknowledged, and the mail server that took the acknowledgement.
async fn asked(desk: &Desk) -> (Sink, TicketId) {
    let sink = sink(desk).await;
    let ticket = by_mail(desk, "Rosa", "Hours", "When are you open?").await;
    drain(desk).await;
    sink.take();
    (sink, ticket)
}

async fn answer(desk: &Desk, ticket: TicketId, body: &str) -> MessageId {
    let reply = Reply {
        body: body.to_owned(),
        attachments: Vec::new(),
        status: None,
        version: None,
    };
    tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, reply)
        .await
        .unwrap()
}

async fn state_of(desk: &Desk, ticket: TicketId, message: MessageId) -> MessageState {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket)
        .await
        .unwrap();
    view.messages
        .iter()
        .find(|one| one.id == message)
        .unwrap()
        .state
}

async fn drain(desk: &Desk) {
    jobs::drain(&desk.app).await.unwrap();
}

/// Sends what waits for the end of its undo window.
async fn send(desk: &Desk) {
    drain(desk).await;
    desk.clock.advance(10);
    drain(desk).await;
}

async fn troubled(desk: &Desk) -> Vec<TroubledMail> {
    outbound::troubled(&desk.app, &desk.ctx(Role::Administrator), None)
        .await
        .unwrap()
        .mails
}

/// The mail that went out last, by the Message-ID that it was sent with.
fn newest(desk: &Desk, sink: &Sink) -> OutboundMailId {
    let sent = sink.take().last().unwrap().mail().message_id.unwrap();
    outbound::named(&desk.app, desk.organisation, &format!("<{sent}>"))
        .unwrap()
        .unwrap()
}

async fn waiting_jobs(desk: &Desk) -> i64 {
    bedside_db::jobs::counts(&mut desk.app.read().await.unwrap())
        .await
        .unwrap()
        .0
}

/// The token behind `marker` in a mail.
fn token(text: &str, marker: &str) -> String {
    let (_, rest) = text
        .split_once(marker)
        .unwrap_or_else(|| panic!("no {marker} in {text}"));
    rest.chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

both_engines! {
    async fn an_answer_goes_out_threaded_and_signed(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa Alvarez", "Re: My pills", "When can I pick them up?").await;
        drain(&desk).await;
        let asked = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        let asked_id = asked.messages[0].envelope.as_ref().unwrap().message_id.clone();
        assert_eq!(sink.take().len(), 1);

        let message = answer(&desk, ticket, "They are **ready**, come by at <ten>.").await;
        drain(&desk).await;
        assert_eq!(sink.sent().len(), 0, "the undo window is open");
        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Queued);
        desk.clock.advance(10);
        drain(&desk).await;

        let sent = sink.take();
        let [sent] = sent.as_slice() else { panic!("one mail") };
        let mail = sent.mail();
        assert!(sent.from.starts_with("<help@clinic.example>"));
        assert_eq!(sent.to, ["<rosa@patients.test>"]);
        assert_eq!(mail.subject, "Re: My pills");
        assert_eq!(mail.in_reply_to, std::slice::from_ref(&asked_id));
        assert_eq!(mail.references.last(), Some(&asked_id));
        let text = mail.text.clone().unwrap();
        assert!(text.starts_with("-- please write above this line --"), "{text}");
        assert!(text.contains("They are **ready**, come by at <ten>.") && text.contains("Ana Agent"));
        let html = mail.html.clone().unwrap();
        assert!(html.contains("<strong>ready</strong>") && html.contains("&lt;ten&gt;"), "{html}");
        let head = sent.head();
        assert!(!head.contains("Auto-Submitted") && head.contains("X-Bedside-Origin"));

        let reply_to = head.lines().find_map(|line| line.strip_prefix("Reply-To:")).map(str::to_owned);
        let reply_to = reply_to.unwrap_or_default() + head.split("Reply-To:").nth(1).unwrap();
        let address = reply_to.split('<').nth(1).unwrap().split('>').next().unwrap().to_owned();
        let vault = desk.app.keyring.of(desk.organisation).unwrap();
        let contact = asked.ticket.contact.bytes();
        let found = ReplyToken::find(&address).unwrap().verify(&contact, &|parts| vault.threading.sign(parts));
        assert_eq!(found, Some(ticket.bytes()));

        assert_eq!(state_of(&desk, ticket, message).await, MessageState::Accepted);
        assert_eq!((waiting_jobs(&desk).await, troubled(&desk).await.len()), (0, 0));
        desk.audit_is_whole().await;
    }

    async fn an_acknowledgement_says_nothing_of_the_request(desk: Desk) {
        let sink = sink(&desk).await;
        for _ in 0..3 {
            by_mail(&desk, "Rosa Alvarez", "Xylophone", "My zebrafish medication ran out").await;
        }
        drain(&desk).await;
        let sent = sink.take();
        let [sent] = sent.as_slice() else { panic!("one acknowledgement in 24 hours") };
        let raw = String::from_utf8_lossy(&sent.raw).to_lowercase();
        assert!(!raw.contains("xylophone") && !raw.contains("zebrafish"));
        assert!(sent.head().contains("Auto-Submitted: auto-replied") && sent.from.starts_with("<>"));
        assert!(sent.text().contains("911") && !sent.text().contains("{{"));
    }

    async fn somebody_in_danger_hears_where_to_call_at_once(desk: Desk) {
        let sink = sink(&desk).await;
        let calm = by_mail(&desk, "Rosa Alvarez", "Hours", "When are you open on Monday?").await;
        drain(&desk).await;
        assert_eq!(sink.take().len(), 1);
        by_mail(&desk, "Rosa Alvarez", "Ayuda", "Quiero suicidarme, no quiero vivir más").await;
        drain(&desk).await;
        let sent = sink.take();
        assert_eq!(sent.len(), 1, "although the address had its acknowledgement today");
        assert!(sent[0].text().contains("988") && sent[0].text().contains("peligro"), "{}", sent[0].text());
        // The same when a request turns out to be about danger later.
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), calm).await.unwrap();
        let words = tickets::Inbound {
            contact: view.ticket.contact,
            channel: Channel::Email,
            body: "I want to kill myself".to_owned(),
            html: None,
            envelope: None,
            attachments: Vec::new(),
            inbound_mail: None,
            external: None,
            written: None,
            automatic: false,
            also: None,
        };
        tickets::inbound(&desk.app, &desk.system(), calm, words).await.unwrap();
        drain(&desk).await;
        assert!(sink.take()[0].text().contains("988"));
    }

    /// Whoever writes of danger in somebody else's name can't fill their mailbox with alarm; every such request is at the
    /// top of the lists all the same.
    async fn attack_03_a_warning_comes_once_in_six_hours(desk: Desk) {
        let sink = sink(&desk).await;
        for _ in 0..50 {
            let ticket = by_mail(&desk, "Rosa", "Help", "I want to kill myself").await;
            let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
            assert_eq!(view.ticket.urgency, tickets::Urgency::Emergency);
        }
        drain(&desk).await;
        assert_eq!(sink.take().len(), 1);
        desk.clock.advance(6 * 3600);
        by_mail(&desk, "Rosa", "Help", "I want to kill myself").await;
        drain(&desk).await;
        assert!(sink.take()[0].text().contains("988"));
    }

    /// Neither a colleague nor an administrator takes an answer back, and nobody the words that say whom to call.
    async fn attack_15_an_answer_is_taken_back_by_its_author_and_a_warning_by_nobody(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Help", "I want to kill myself").await;
        let message = answer(&desk, ticket, "I call you now").await;
        for peer in [Role::Nurse, Role::Supervisor, Role::Administrator] {
            let undone = tickets::undo(&desk.app, &desk.ctx(peer), ticket, message).await;
            assert!(matches!(undone, Err(DeskError::Forbidden)), "{peer:?}: {undone:?}");
        }
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        for other in view.messages.iter().filter(|one| one.id != message) {
            let undone = tickets::undo(&desk.app, &desk.ctx(Role::Agent), ticket, other.id).await;
            assert!(undone.is_err(), "{other:?}");
        }
        tickets::undo(&desk.app, &desk.ctx(Role::Agent), ticket, message).await.unwrap();
        send(&desk).await;
        let sent = sink.take();
        let [warning] = sent.as_slice() else { panic!("{} mails", sent.len()) };
        assert!(warning.text().contains("988"), "{}", warning.text());
    }

    async fn an_answer_can_be_taken_back_while_its_window_is_open(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        let message = answer(&desk, ticket, "Never").await;
        tickets::undo(&desk.app, &desk.ctx(Role::Agent), ticket, message).await.unwrap();
        send(&desk).await;
        assert_eq!((sink.take().len(), waiting_jobs(&desk).await), (0, 0));
        let late = answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        let undone = tickets::undo(&desk.app, &desk.ctx(Role::Agent), ticket, late).await;
        assert!(matches!(undone, Err(DeskError::Conflict { code: "sent", .. })));
        assert_eq!(sink.take().len(), 1);
    }

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
        assert!(inbox.contains("Answer did not arrive"), "{inbox}");
        // It is over once somebody writes.
        answer(&desk, ticket, "Again").await;
        let inbox = desk.browser(Role::Nurse).await.get("/inbox").await.expect(200).text();
        assert!(!inbox.contains("Answer did not arrive"));
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
        assert_eq!(sent[0].raw, sent[1].raw, "the same mail, so that receivers know it");
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
        assert_eq!((sent.len(), sent[0].raw == sent[1].raw), (2, true));
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

    async fn nothing_a_patient_writes_becomes_a_header_or_a_template(desk: Desk) {
        let sink = sink(&desk).await;
        let evil = "{{7*7}} ${7*7} <%= 7*7 %>\r\nBcc: evil@attack.test\r\n\r\nInjected";
        let ticket = by_mail(&desk, &format!("Rosa {evil}"), evil, evil).await;
        answer(&desk, ticket, evil).await;
        send(&desk).await;
        let sent = sink.take();
        assert_eq!(sent.len(), 2);
        for one in &sent {
            assert_eq!(one.to, ["<rosa@patients.test>"]);
            assert!(!one.head().lines().any(|line| line.to_lowercase().starts_with("bcc")), "{}", one.head());
            assert!(!one.text().contains("49"));
        }
        assert!(sent[1].text().contains("{{7*7}} ${7*7} <%= 7*7 %>"));
        assert!(sent[1].mail().subject.contains("{{7*7}}"));
    }

    async fn a_note_is_in_no_mail_and_in_no_thread(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        // Notes before, between, inside the undo window and after, with and without an answer beside them.
        for round in 0..8 {
            for place in 0..3 {
                if round & (1 << place) != 0 {
                    let note = format!("canarynote {round} {place}");
                    tickets::note(&desk.app, &desk.ctx(Role::Nurse), ticket, note, Vec::new()).await.unwrap();
                }
                if place == 1 {
                    answer(&desk, ticket, "At nine").await;
                }
                drain(&desk).await;
            }
            desk.clock.advance(3600);
            drain(&desk).await;
        }
        secure_links(&desk).await;
        answer(&desk, ticket, "At ten").await;
        send(&desk).await;
        let sent = sink.take();
        assert_eq!(sent.len(), 10);
        assert!(sent.iter().all(|one| !one.mail().text.unwrap().contains("canarynote")
            && !String::from_utf8_lossy(&one.raw).contains("canarynote")));
        let link = token(&sent[9].text(), "/t/");
        let opening = links::open(&desk.app, &link, None).await.unwrap();
        let thread = links::thread_view(&desk.app, &opening.visit).await.unwrap();
        assert_eq!(thread.messages.len(), 10);
        assert!(!serde_json::to_string(&thread).unwrap().contains("canarynote"));
    }

    async fn a_secure_link_is_for_one_browser_and_ends(desk: Desk) {
        let sink = sink(&desk).await;
        secure_links(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Xylophone", "My zebrafish pills").await;
        drain(&desk).await;
        sink.take();
        answer(&desk, ticket, "Take the quokka pills").await;
        send(&desk).await;
        let mail = sink.take().remove(0);
        let raw = String::from_utf8_lossy(&mail.raw).to_lowercase();
        assert!(!raw.contains("quokka") && !raw.contains("zebrafish") && !raw.contains("xylophone"));
        let link = token(&mail.text(), "/t/");
        assert_eq!(link.len(), 32);

        // A scanner looks at it and binds nothing.
        for _ in 0..2 {
            assert!(matches!(links::look(&desk.app, &link, None).await.unwrap(), Look::Unopened(_)));
        }
        let opening = links::open(&desk.app, &link, None).await.unwrap();
        let cookie = opening.cookie.unwrap();
        assert!(matches!(links::look(&desk.app, &link, Some(&cookie)).await.unwrap(), Look::Mine(_)));
        assert!(matches!(links::look(&desk.app, &link, Some("another")).await.unwrap(), Look::Elsewhere));
        let other = links::open(&desk.app, &link, None).await;
        assert!(matches!(other, Err(DeskError::Conflict { code: "opened_elsewhere", .. })));

        let thread = links::thread_view(&desk.app, &opening.visit).await.unwrap();
        assert_eq!((thread.messages.len(), thread.can_reply), (2, true));
        assert_eq!(thread.messages[1].author.as_deref(), Some("Ana Agent"));
        assert_eq!(thread.status_text, "We are waiting for your answer");
        links::thread_reply(&desk.app, &opening.visit, "Thank you".to_owned(), Vec::new()).await.unwrap();
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        assert_eq!((view.ticket.status, view.messages.len()), (Status::Open, 3));
        assert_eq!(view.messages[2].channel, "portal");

        // Asking again mails a fresh one to the person's own address, not more often than every ten minutes.
        for _ in 0..5 {
            links::ask_new(&desk.app, &link).await.unwrap();
        }
        links::ask_new(&desk.app, "no such link").await.unwrap();
        drain(&desk).await;
        let fresh = sink.take();
        assert_eq!((fresh.len(), fresh[0].to[0].as_str()), (1, "<rosa@patients.test>"));
        let fresh = token(&fresh[0].text(), "/t/");
        assert!(fresh != link && links::open(&desk.app, &fresh, None).await.unwrap().cookie.is_some());

        // What a stranger could work out opens nothing.
        for guess in [ticket.to_string(), view.ticket.contact.to_string(), "1".to_owned(), "x".repeat(5000)] {
            assert!(matches!(links::look(&desk.app, &guess, None).await, Err(DeskError::Gone)));
        }
        assert!(matches!(surveys::rate(&desk.app, &link, 5, None).await, Err(DeskError::Gone)), "another purpose");

        let system = desk.system();
        let revoked = desk.app.command(&system, move |work| Box::pin(links::revoke_ticket(work, ticket))).await.unwrap();
        assert_eq!(revoked, 2);
        assert!(matches!(links::open(&desk.app, &link, Some(&cookie)).await, Err(DeskError::Gone)));
        desk.clock.advance(600);
        links::ask_new(&desk.app, &link).await.unwrap();
        drain(&desk).await;
        assert_eq!(sink.take().len(), 0, "a revoked link asks for nothing");
    }

    async fn a_link_works_for_thirty_days(desk: Desk) {
        let sink = sink(&desk).await;
        secure_links(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        answer(&desk, ticket, "At nine").await;
        send(&desk).await;
        let link = token(&sink.take()[1].text(), "/t/");
        desk.clock.advance(30 * 24 * 3600 - 1);
        links::look(&desk.app, &link, None).await.unwrap();
        desk.clock.advance(2);
        assert!(matches!(links::look(&desk.app, &link, None).await, Err(DeskError::Gone)));
        links::ask_new(&desk.app, &link).await.unwrap();
        drain(&desk).await;
        links::look(&desk.app, &token(&sink.take()[0].text(), "/t/"), None).await.unwrap();
        desk.clock.advance(31 * 24 * 3600);
        links::forget(&desk.app).await.unwrap();
        links::ask_new(&desk.app, &link).await.unwrap();
        drain(&desk).await;
        assert_eq!(sink.take().len(), 0);
    }

    async fn one_click_rates_and_a_second_one_corrects(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        resolve(&desk, ticket).await;
        send(&desk).await;
        let mail = sink.take().remove(0);
        assert!(mail.head().contains("Auto-Submitted: auto-generated"));
        let text = mail.text();
        let link = token(&text, "/r/");
        for score in 1..=5 {
            assert!(text.contains(&format!("/r/{link}?score={score}")));
        }
        let day = surveys::day_of(desk.app.now());
        let supervisor = desk.ctx(Role::Supervisor);
        let counted = async || surveys::summary(&desk.app, &supervisor, day, day + 1).await.unwrap().all;
        assert_eq!(counted().await.csat(), None);
        surveys::rate(&desk.app, &link, 5, Some("Canary kindness".to_owned())).await.unwrap();
        let first = counted().await;
        assert_eq!((first.answers, first.positive, first.score_sum, first.csat()), (1, 1, 5, Some(100.0)));
        desk.clock.advance(24 * 3600);
        surveys::rate(&desk.app, &link, 2, None).await.unwrap();
        let second = counted().await;
        assert_eq!((second.answers, second.positive, second.score_sum, second.csat()), (1, 0, 2, Some(0.0)));
        let rating = surveys::of_ticket(&desk.app, &supervisor, ticket).await.unwrap().unwrap();
        assert_eq!((rating.score, rating.comment.as_deref()), (2, Some("Canary kindness")));
        let (leader, stranger) = (desk.browser(Role::Supervisor).await, desk.browser(Role::Compliance).await);
        for path in ["/ratings", "/ratings?days=7&low=1", "/ratings?days=365"] {
            let page = leader.get(path).await.expect(200).text();
            assert!(page.contains("Canary kindness") && page.contains("Not good") && page.contains("/tickets/"), "{page}");
        }
        leader.get("/ratings?before=x").await.expect(422);
        stranger.get("/ratings").await.expect(403);
        let seen = leader.get(&format!("/tickets/{ticket}")).await.expect(200).text();
        assert!(seen.contains("Canary kindness"), "{seen}");
        for wrong in [0, 6, -1, i64::MAX] {
            assert!(matches!(surveys::rate(&desk.app, &link, wrong, None).await, Err(DeskError::Invalid { .. })));
        }
        desk.clock.advance(30 * 24 * 3600);
        assert!(matches!(surveys::rate(&desk.app, &link, 5, None).await, Err(DeskError::Gone)));
        let compliance = surveys::summary(&desk.app, &desk.ctx(Role::Compliance), day, day).await;
        assert!(matches!(compliance, Err(DeskError::Forbidden)));
        desk.audit_is_whole().await;
    }

    async fn how_it_went_is_asked_once_in_a_day_and_never_again_once_it_was_said(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        let asked = async |hours: i64| {
            desk.clock.advance(hours * 3600);
            reopen(&desk, ticket).await;
            resolve(&desk, ticket).await;
            send(&desk).await;
            assert_eq!(waiting_jobs(&desk).await, 0);
            sink.take()
        };
        assert_eq!(asked(0).await.len(), 1);
        assert_eq!(asked(1).await.len(), 0, "asked an hour ago");
        let second = asked(24).await;
        assert_eq!(second.len(), 1, "a day later");
        surveys::rate(&desk.app, &token(&second[0].text(), "/r/"), 5, None).await.unwrap();
        assert_eq!(asked(48).await.len(), 0, "said already");
        assert!(troubled(&desk).await.is_empty());
    }

    async fn nobody_is_asked_about_a_request_that_is_open_again(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        let reply = Reply {
            body: "At nine".to_owned(),
            attachments: Vec::new(),
            status: Some(Status::Resolved),
            version: None,
        };
        let agent = desk.ctx(Role::Agent);
        let message = tickets::reply(&desk.app, &agent, ticket, reply).await.unwrap();
        tickets::undo(&desk.app, &agent, ticket, message).await.unwrap();
        send(&desk).await;
        assert_eq!((sink.take().len(), waiting_jobs(&desk).await), (0, 0));
    }

    async fn ratings_are_counted_for_who_had_the_request(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        let nurse = desk.ctx(Role::Nurse);
        let version = tickets::view(&desk.app, &nurse, ticket).await.unwrap().ticket.version;
        let mine = Patch { assignee: Some(nurse.actor.staff()), ..Patch::default() };
        tickets::change(&desk.app, &nurse, ticket, version, mine).await.unwrap();
        drain(&desk).await;
        sink.take();
        resolve(&desk, ticket).await;
        send(&desk).await;
        let link = token(&sink.take()[0].text(), "/r/");
        surveys::rate(&desk.app, &link, 1, None).await.unwrap();
        surveys::rate(&desk.app, &link, 4, None).await.unwrap();
        let day = surveys::day_of(desk.app.now());
        let people = async |role| surveys::summary(&desk.app, &desk.ctx(role), day, day).await.unwrap().people;
        let counted = people(Role::Supervisor).await;
        assert_eq!(counted.len(), 1);
        assert_eq!((Some(counted[0].0), counted[0].1.answers, counted[0].1.score_sum), (nurse.actor.staff(), 1, 4));
        assert_eq!(people(Role::Nurse).await, counted);
        assert_eq!(people(Role::Agent).await, vec![], "figures of others are for those who lead");
    }

    async fn nobody_is_asked_after_a_crisis(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Help", "I want to kill myself").await;
        drain(&desk).await;
        sink.take();
        resolve(&desk, ticket).await;
        send(&desk).await;
        assert_eq!(sink.take().len(), 0);
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

    async fn what_was_queued_goes_to_an_address_that_is_nobodys_by_now(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        drain(&desk).await;
        sink.take();
        answer(&desk, ticket, "At nine").await;
        let nurse = desk.ctx(Role::Nurse);
        let contact = tickets::view(&desk.app, &nurse, ticket).await.unwrap().contact;
        let patch = patients::ContactPatch {
            add: vec![(patients::PointKind::Email, "rosa@new.test".to_owned())],
            remove: vec![(patients::PointKind::Email, "rosa@patients.test".to_owned())],
            ..patients::ContactPatch::default()
        };
        patients::change_contact(&desk.app, &nurse, contact.id, contact.version, patch).await.unwrap();
        send(&desk).await;
        let sent = sink.take();
        assert_eq!((sent.len(), waiting_jobs(&desk).await), (1, 0));
        assert_eq!(sent[0].to, ["<rosa@patients.test>"]);
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

async fn resolve(desk: &Desk, ticket: TicketId) {
    set_status(desk, ticket, Status::Resolved).await;
}

async fn reopen(desk: &Desk, ticket: TicketId) {
    set_status(desk, ticket, Status::Open).await;
}

async fn set_status(desk: &Desk, ticket: TicketId, status: Status) {
    let agent = desk.ctx(Role::Agent);
    let version = tickets::view(&desk.app, &agent, ticket)
        .await
        .unwrap()
        .ticket
        .version;
    let patch = Patch {
        status: Some(status),
        ..Patch::default()
    };
    tickets::change(&desk.app, &agent, ticket, version, patch)
        .await
        .unwrap();
}

async fn secure_links(desk: &Desk) {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let mut settings = clinic.settings.clone();
    settings.secure_link = true;
    let change = orgs::Change::General {
        name: clinic.name.clone(),
        time_zone: "America/New_York".to_owned(),
        locale: clinic.locale,
        settings: Box::new(settings),
        version: clinic.version,
    };
    orgs::change(&desk.app, &desk.ctx(Role::Administrator), change)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_reaches_a_real_mailbox() {
    let desk = Desk::new(common::Engine::Sqlite).await;
    let dovecot = Dovecot::start().unwrap();
    let postfix = Postfix::start(&[Route::Lmtp("patients.test", dovecot.lmtp_port)]).unwrap();
    mailboxes::create(
        &desk.app,
        &desk.ctx(Role::Administrator),
        at(postfix.smtp_port),
    )
    .await
    .unwrap();
    let ticket = by_mail(
        &desk,
        "Rosa Álvarez",
        "Mis pastillas",
        "¿Cuándo puedo recoger mis pastillas?",
    )
    .await;
    let message = answer(&desk, ticket, "Están listas: venga mañana.").await;
    send(&desk).await;
    assert_eq!(
        state_of(&desk, ticket, message).await,
        MessageState::Accepted
    );
    let arrived = || async { dovecot.inbox("rosa").unwrap().len() == 2 };
    wait_until_async(arrived, Duration::from_secs(30))
        .await
        .unwrap_or_else(|_| panic!("{}", postfix.log()));
    let mails: Vec<_> = dovecot.inbox("rosa").unwrap();
    let mails: Vec<_> = mails
        .iter()
        .map(|raw| parse(raw, &Limits::default()).unwrap())
        .collect();
    let reply = mails
        .iter()
        .find(|mail| mail.subject == "Re: Mis pastillas")
        .unwrap();
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket)
        .await
        .unwrap();
    let asked = view.messages[0]
        .envelope
        .as_ref()
        .unwrap()
        .message_id
        .clone();
    assert_eq!(reply.in_reply_to, std::slice::from_ref(&asked));
    assert_eq!(reply.references.last(), Some(&asked));
    assert_eq!(
        mails[0].references.first(),
        mails[1].references.first(),
        "one thread"
    );
    assert!(
        reply
            .text
            .as_ref()
            .unwrap()
            .contains("Están listas: venga mañana.")
    );
    let reply_to = reply.reply_to.first().unwrap().address.clone();
    assert!(
        reply_to.starts_with("help+") && reply_to.ends_with("@clinic.example"),
        "{reply_to}"
    );
}
