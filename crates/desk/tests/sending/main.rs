//! Mail goes out: once, threaded, in the patient's language, and never a note in it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod coming_back;
mod ratings;
mod trouble;

use crate::common::Role;
use bedside_codecs::mail::threading::ReplyToken;
use bedside_codecs::mail::{Limits, parse};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{MessageId, OutboundMailId, TicketId};
use bedside_desk::intake::email;
use bedside_desk::jobs;
use bedside_desk::links::{self, Look, Words};
use bedside_desk::mailboxes;
use bedside_desk::outbound::{self, TroubledMail};
use bedside_desk::surveys;
use bedside_desk::tickets::{self, NewTicket, Reply, Status};
use bedside_desk::timeline::{Envelope, MessageState};
use bedside_desk::{orgs, patients};
use bedside_language::Channel;
use bedside_testkit::mail::{Dovecot, Postfix, Route};
use bedside_testkit::wait_until_async;
use common::sink::{Sent, Sink, at, sink};
use common::wire::{ANA, HELP, Wire, plain};
use common::{Desk, both_engines};
use futures_util::FutureExt;
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
    let reply = Reply::new(body);
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
        assert!(text.contains("They are ready, come by at <ten>.") && text.contains("Ana Agent"));
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
        let head = sent[0].head();
        assert!(head.contains("Auto-Submitted: auto-replied") && sent[0].from.starts_with("<help@clinic.example>"), "{}", sent[0].from);
        // The same when a request turns out to be about danger later.
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), calm).await.unwrap();
        let words = tickets::Inbound::new(view.ticket.contact, Channel::Email, "I want to kill myself");
        tickets::inbound(&desk.app, &desk.system(), calm, words).await.unwrap();
        drain(&desk).await;
        assert!(sink.take()[0].text().contains("988"));
    }

    async fn where_to_call_is_mailed_to_whoever_writes_and_not_to_whoever_calls(desk: Desk) {
        let sink = sink(&desk).await;
        let agent = desk.browser(Role::Agent).await;
        let to_her = |sent: Vec<Sent>| sent.into_iter().filter(|mail| mail.to == ["<rosa@patients.test>"]).count();
        // Ticked or not, no mail says of what they called.
        for (channel, ticked) in [("phone", "true"), ("phone", "false"), ("video", "true"), ("email", "true")] {
            let fields = [("channel", channel), ("name", "Rosa"), ("email", "rosa@patients.test"), ("subject", "Call"), ("body", "I am going to kill myself tonight"), ("acknowledge", ticked)];
            agent.submit("/tickets/new", "/tickets/new", &fields).await.expect(303);
            drain(&desk).await;
            assert_eq!(to_her(sink.take()), 0, "{channel} {ticked}");
        }
        by_mail(&desk, "Rosa", "Help", "I am going to kill myself tonight").await;
        drain(&desk).await;
        assert_eq!(to_her(sink.take()), 1);
    }

    async fn a_mail_that_was_left_behind_is_answered_where_a_person_wrote_it(desk: Desk) {
        let sink = Sink::start().await;
        let mailbox = mailboxes::create(&desk.app, &desk.ctx(Role::Administrator), at(sink.port)).await.unwrap();
        let ours = format!("X-Bedside-Origin: {}\r\n", desk.app.config.mail_domain());
        for (number, (head, from, count)) in [
            ("", ANA, 1),
            ("Auto-Submitted: auto-replied\r\n", ANA, 0),
            ("List-Id: <news.elsewhere.test>\r\nPrecedence: list\r\n", ANA, 0),
            (ours.as_str(), ANA, 0),
            ("", HELP, 0),
        ].into_iter().enumerate() {
            desk.clock.advance(7 * 3600);
            let raw = plain(&format!("left{number}"), head, "").replace("Refill of my inhaler", "I want to kill myself tonight").replace(ANA, from);
            let source = email::Source { left_behind: Some(email::LeftBehind::TooLarge(99_000_000)), ..email::Source::new(email::Via::Imap) };
            email::receive(&desk.app, desk.organisation, Some(mailbox), source, raw.as_bytes()).await.unwrap();
            email::processor::drain(&desk.app).await.unwrap();
            drain(&desk).await;
            let to_them = format!("<{from}>");
            let sent = sink.take().into_iter().filter(|mail| mail.to == [to_them.as_str()]).count();
            assert_eq!(sent, count, "{head} {from}");
        }
    }

    async fn where_to_call_is_said_whatever_a_mail_server_could_not_show(desk: Desk) {
        const CRY: &str = "I am going to kill myself tonight";
        let sink = Sink::start().await;
        let mut mailbox = at(sink.port);
        mailbox.settings.authserv_id = Some("mx.clinic.example".to_owned());
        mailboxes::create(&desk.app, &desk.ctx(Role::Administrator), mailbox).await.unwrap();
        let wire = Wire::beside(&desk).await;
        let failed = "Authentication-Results: mx.clinic.example; dmarc=fail\r\n";
        let elsewhere = "X-Bedside-Origin: desk.elsewhere.test\r\n";
        for (number, (head, words, count)) in [
            (failed, "When are you open?", 0),
            (elsewhere, "When are you open on Monday?", 0),
            (failed, CRY, 1),
            (elsewhere, CRY, 1),
            // A machine that sends on what somebody wrote is told nothing.
            ("Auto-Submitted: auto-generated\r\n", CRY, 0),
            ("List-Id: <news.elsewhere.test>\r\nPrecedence: list\r\n", CRY, 0),
        ].into_iter().enumerate() {
            // Whoever was told is not told again for six hours.
            desk.clock.advance(7 * 3600);
            wire.takes(plain(&format!("m{number}"), head, words)).await;
            drain(&desk).await;
            let sent = sink.take();
            assert_eq!(sent.len(), count, "{head}: {words}");
            assert!(sent.iter().all(|mail| mail.text().contains("988") && mail.to == [format!("<{ANA}>")]), "{head}");
        }
    }

    async fn where_to_call_is_said_in_the_language_of_the_words(desk: Desk) {
        let sink = sink(&desk).await;
        for (words, tag, dir, said) in [
            ("Je veux mourir, je vais me tuer ce soir", "fr", "ltr", "N'attendez pas"),
            ("أريد أن أموت، سأقتل نفسي الليلة", "ar", "rtl", "988"),
            ("Ich will sterben, ich bringe mich heute Nacht um", "de", "ltr", "Bitte warten Sie nicht"),
            ("我想死，今晚就要自杀", "zh-Hans", "ltr", "请不要等我们回复"),
        ] {
            by_mail(&desk, "Rosa", "", words).await;
            drain(&desk).await;
            let sent = sink.take();
            let [sent] = sent.as_slice() else { panic!("one warning for {words}") };
            let mail = parse(&sent.raw, &Limits::default()).unwrap();
            let html = mail.html.unwrap();
            assert!(html.contains(&format!("<html lang=\"{tag}\" dir=\"{dir}\">")), "{html}");
            assert!(sent.text().contains(said) && sent.text().contains("911"), "{}", sent.text());
            desk.clock.advance(6 * 3600);
        }
        // A cry that comes later on a request in English is answered in its own language too.
        let calm = by_mail(&desk, "Rosa", "Hours", "When are you open on Monday?").await;
        drain(&desk).await;
        sink.take();
        let contact = tickets::view(&desk.app, &desk.ctx(Role::Agent), calm).await.unwrap().ticket.contact;
        let words = tickets::Inbound::new(contact, Channel::Email, "Хочу умереть, я убью себя сегодня ночью");
        tickets::inbound(&desk.app, &desk.system(), calm, words).await.unwrap();
        drain(&desk).await;
        assert!(sink.take()[0].text().contains("не ждите нашего ответа"));
        // So is the next one, long after somebody dealt with the first and left it an emergency.
        let nurse = desk.ctx(Role::Nurse);
        let version = tickets::view(&desk.app, &nurse, calm).await.unwrap().ticket.version;
        let done = tickets::Patch { status: Some(Status::Resolved), ..tickets::Patch::default() };
        tickets::change(&desk.app, &nurse, calm, version, done).await.unwrap();
        drain(&desk).await;
        desk.clock.advance(6 * 3600);
        sink.take();
        let words = tickets::Inbound::new(contact, Channel::Email, "I want to kill myself tonight");
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
        // A pair of asterisks is formatting, and plain text leaves it out; what is no pair stays.
        assert!(sent[1].text().contains("{{77}} ${77} <%= 7*7 %>"), "{}", sent[1].text());
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
        assert_eq!((thread.messages.len(), thread.goes_on), (2, true));
        assert_eq!(thread.messages[1].author.as_deref(), Some("Ana Agent"));
        assert_eq!(thread.status_text, "We are waiting for your answer");
        let opened = links::say(&desk.app, &opening.visit, |_| {
            let words = Words { channel: Channel::Portal, body: "Thank you".to_owned(), said: None, attachments: Vec::new(), also: None };
            async move { Ok(words) }.boxed()
        }).await;
        assert_eq!(opened.unwrap(), None);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        assert_eq!((view.ticket.status, view.messages.len()), (Status::Open, 3));
        assert_eq!(view.messages[2].channel, "portal");

        // Asking again mails a fresh one to the person's own address, not more often than every ten minutes.
        for _ in 0..5 {
            links::ask_new(&desk.app, &link).await.unwrap();
        }
        assert!(matches!(links::ask_new(&desk.app, "no such link").await, Err(DeskError::Gone)));
        drain(&desk).await;
        let fresh = sink.take();
        assert_eq!((fresh.len(), fresh[0].to[0].as_str()), (1, "<rosa@patients.test>"));
        let fresh = token(&fresh[0].text(), "/t/");
        assert!(fresh != link && links::open(&desk.app, &fresh, None).await.unwrap().cookie.is_some());

        // What a stranger could work out opens nothing.
        for guess in [ticket.to_string(), view.ticket.contact.to_string(), "1".to_owned(), "x".repeat(5000)] {
            assert!(matches!(links::look(&desk.app, &guess, None).await, Err(DeskError::Gone)));
        }
        assert!(matches!(surveys::rate(&desk.app, &link, 5, None, None).await, Err(DeskError::Gone)), "another purpose");

        let revoked = links::revoke_ticket(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        assert_eq!(revoked, 2);
        assert!(matches!(links::open(&desk.app, &link, Some(&cookie)).await, Err(DeskError::Gone)));
        desk.clock.advance(600);
        assert!(matches!(links::ask_new(&desk.app, &link).await, Err(DeskError::Gone)));
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
        assert!(matches!(links::ask_new(&desk.app, &link).await, Err(DeskError::Gone)));
        drain(&desk).await;
        assert_eq!(sink.take().len(), 0);
    }
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

both_engines! {
    async fn an_answer_reaches_a_real_mailbox(desk: Desk) {
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
}
