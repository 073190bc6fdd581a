//! Which ticket a mail lands on.

use super::{
    ANA, BOUNCED_ADDRESSES, DESK, Desk, MailboxSettings, OUTBOUND, TICKETS, on_both, on_both_with,
    plain,
};
use crate::events::kind;
use crate::tickets::{self, Patch, Reply, Status, TicketView};
use crate::timeline::MessageState;
use bedside_db::{args, statements};

statements! {
    HEADER_OF = "SELECT header_id FROM outbound_mails WHERE kind = 'reply'";
    WARNING_OF = "SELECT header_id FROM outbound_mails WHERE kind = 'emergency'";
}

async fn opened(desk: &Desk) -> TicketView {
    desk.mail(plain("first", "", "I need a refill.")).await;
    desk.ticket().await
}

#[tokio::test]
async fn an_answer_joins_through_any_signed_way() {
    on_both(async |desk: Desk| {
        let view = opened(&desk).await;
        tickets::reply(&desk.app, &desk.ctx(), view.ticket.id, Reply::new("Which inhaler?")).await.unwrap();
        let address = desk.reply_address(&view);
        let own = desk.message_id(view.ticket.id);
        let quoted = "On Mon, Sep 21, 2026 at 9:00 AM Clinic <desk@clinic.test> wrote:\r\n> Which inhaler?\r\n";
        let answer = format!("The blue one.\r\n\r\n{quoted}");
        desk.comes(ANA, &address, plain("a1", "", &answer)).await;
        desk.comes(ANA, DESK, plain("a2", &format!("Cc: {address}\r\n"), "By Cc.")).await;
        desk.comes(ANA, DESK, plain("a3", &format!("Delivered-To: {}\r\n", address.to_uppercase()), "By trace.")).await;
        desk.comes(ANA, DESK, plain("a4", &format!("In-Reply-To: <{own}>\r\n"), "By In-Reply-To.")).await;
        desk.comes(ANA, DESK, plain("a5", &format!("References: <x@y.test> <{own}> <z@y.test>\r\n"), "By References."))
            .await;
        desk.work().await;
        let view = desk.ticket().await;
        assert_eq!(view.messages.len(), 7, "{:?}", desk.states().await);
        let answer = view.messages.iter().find(|message| message.body.contains("blue")).unwrap();
        assert_eq!(answer.body.trim(), "The blue one.");
        assert!(answer.envelope.as_ref().unwrap().quoted.contains("Which inhaler?"));
        assert_eq!(desk.count(OUTBOUND).await, 2, "the reply, and only the first mail was acknowledged");
    })
    .await;
}

#[tokio::test]
async fn somebody_else_with_the_address_opens_a_linked_ticket() {
    on_both(async |desk: Desk| {
        let view = opened(&desk).await;
        let address = desk.reply_address(&view);
        let mail = plain("s1", "", "It was forwarded to me.").replace(ANA, "eve@elsewhere.test");
        desk.comes("eve@elsewhere.test", &address, mail).await;
        desk.work().await;
        let all = desk.tickets().await;
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].messages.len(), 1);
        assert_eq!(all[1].links.len(), 1);
        assert_eq!(all[1].links[0].ticket, view.ticket.id);
        assert_eq!(all[1].contact.email(), Some("eve@elsewhere.test"));
    })
    .await;
}

#[tokio::test]
async fn a_closed_ticket_stays_closed_and_a_merged_one_is_followed() {
    on_both(async |desk: Desk| {
        let first = opened(&desk).await;
        desk.mail(plain("second", "", "And my bill?")).await;
        let second = desk.tickets().await.remove(1);
        tickets::merge(&desk.app, &desk.ctx(), second.ticket.id, first.ticket.id)
            .await
            .unwrap();
        desk.comes(
            ANA,
            &desk.reply_address(&second),
            plain("m1", "", "About the bill."),
        )
        .await;
        desk.work().await;
        let kept = desk.ticket().await;
        assert_eq!(kept.messages.len(), 3);
        let patch = Patch {
            status: Some(Status::Closed),
            ..Patch::default()
        };
        tickets::change(
            &desk.app,
            &desk.ctx(),
            kept.ticket.id,
            kept.ticket.version,
            patch,
        )
        .await
        .unwrap();
        desk.comes(
            ANA,
            &desk.reply_address(&first),
            plain("c1", "", "One more thing."),
        )
        .await;
        desk.work().await;
        let new = desk.ticket().await;
        assert_ne!(new.ticket.id, first.ticket.id);
        assert!(new.links.iter().any(|link| link.ticket == first.ticket.id));
    })
    .await;
}

#[tokio::test]
async fn a_sender_who_fails_dmarc_joins_nothing() {
    let settings = MailboxSettings {
        authserv_id: Some("mx.clinic.test".to_owned()),
        ..MailboxSettings::default()
    };
    on_both_with(settings, async |desk: Desk| {
        let view = opened(&desk).await;
        let address = desk.reply_address(&view);
        for (number, (verdict, joins)) in [
            ("dmarc=pass", true),
            ("dmarc=fail", false),
            ("spf=fail", false),
            ("dmarc=none; spf=pass; dkim=none", true),
            ("dmarc=none; dkim=fail", false),
        ]
        .into_iter()
        .enumerate()
        {
            let before = desk.ticket_messages(&view).await;
            let header = format!("Authentication-Results: mx.clinic.test; {verdict}\r\n");
            desk.comes(
                ANA,
                &address,
                plain(&format!("d{number}"), &header, "Change my address, please."),
            )
            .await;
            desk.work().await;
            assert_eq!(
                desk.ticket_messages(&view).await > before,
                joins,
                "{verdict}"
            );
        }
        let doubted = desk.tickets().await;
        assert_eq!(doubted.len(), 4);
        for one in &doubted[1..] {
            assert_eq!(desk.queue(one), "needs_look");
            assert!(
                one.events
                    .iter()
                    .any(|event| event.kind == kind::MAIL_DOUBTED)
            );
        }
        assert_eq!(desk.count(OUTBOUND).await, 1);
        // A header of another server's says nothing.
        let header = "Authentication-Results: mx.elsewhere.test; dmarc=fail\r\n";
        let before = desk.ticket_messages(&view).await;
        desk.comes(ANA, &address, plain("other", header, "Hello again."))
            .await;
        desk.work().await;
        assert_eq!(desk.ticket_messages(&view).await, before + 1);
    })
    .await;
}

/// Whatever a sender writes into their own header, the receiving server's word counts, and no other's.
#[tokio::test]
async fn forged_authentication_results_change_nothing() {
    let settings = MailboxSettings {
        authserv_id: Some("mx.clinic.test".to_owned()),
        ..MailboxSettings::default()
    };
    on_both_with(settings, async |desk: Desk| {
    let view = opened(&desk).await;
    let address = desk.reply_address(&view);
    let field = "Authentication-Results: ";
    let hop = "Received: from evil.test by mx.clinic.test; Mon, 21 Sep 2026 09:00:01 +0000\r\n";
    let fail = format!("{field}mx.clinic.test; spf=fail; dkim=fail; dmarc=fail\r\n");
    let pass = format!("{field}mx.clinic.test; spf=pass; dkim=pass; dmarc=pass\r\n");
    let many = "; dkim=fail reason=\"no such key, and here is a long story about it\"".repeat(400);
    let forgeries = [
        format!("{fail}{hop}{pass}"),
        format!("{fail}{pass}"),
        format!("{hop}{fail}{pass}"),
        format!("{field}mx.elsewhere.test; dmarc=pass\r\n{fail}{hop}"),
        format!("{field}mx.clinic.test.evil.test; dmarc=pass\r\n{fail}{hop}"),
        format!("{field}evil.test (mx.clinic.test); dmarc=pass\r\n{fail}{hop}"),
        format!("{field}evil.test; x=\"mx.clinic.test; dmarc=pass\"\r\n{fail}{hop}{pass}"),
        // The server's own header, into which a sender brought words.
        format!(
            "{field}mx.clinic.test; spf=fail smtp.mailfrom=\"; dmarc=pass\"; dmarc=fail (dmarc=pass)\r\n{hop}"
        ),
        format!("{field}mx.clinic.test 1 (comment; dmarc=pass); dmarc=fail\r\n{hop}{pass}"),
        format!("{field}\"mx.clinic.test\"; dmarc=fail header.from=patients.test\r\n{hop}{pass}"),
        format!("{field}mx.clinic.test{many}; dmarc=fail\r\n{hop}{pass}"),
        format!("AUTHENTICATION-RESULTS: MX.Clinic.Test;\r\n\tdmarc=fail\r\n{hop}{pass}"),
        format!(
            "{field}mx.clinic.test; dkim=fail header.d=patients.test\r\n{field}mx.clinic.test; dkim=pass header.d=evil.test\r\n{hop}"
        ),
    ];
    for (number, header) in forgeries.iter().enumerate() {
        let mail = plain(
            &format!("forged{number}"),
            header,
            "Change my address, please.",
        );
        desk.comes(ANA, &address, mail).await;
        desk.work().await;
        assert_eq!(desk.ticket_messages(&view).await, 1, "{header}");
        let newest = desk.tickets().await.pop().unwrap();
        assert_eq!(desk.queue(&newest), "needs_look", "{header}");
        assert_eq!(newest.links[0].ticket, view.ticket.id, "{header}");
    }
    assert_eq!(desk.count(OUTBOUND).await, 1, "nobody doubtful is answered");
    })
    .await;
}

#[tokio::test]
async fn only_from_makes_a_participant() {
    on_both(async |desk: Desk| {
        let view = opened(&desk).await;
        let address = desk.reply_address(&view);
        let own = desk.message_id(view.ticket.id);
        let no_from =
            format!("Sender: {ANA}\r\nTo: {address}\r\nIn-Reply-To: <{own}>\r\n\r\nIt is me.\r\n");
        desk.comes(ANA, &address, no_from).await;
        let two = plain("two", "", "It is us.").replacen(
            &format!("<{ANA}>"),
            &format!("<{ANA}>, eve@elsewhere.test"),
            1,
        );
        desk.comes(ANA, &address, two).await;
        desk.work().await;
        let all = desk.tickets().await;
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].messages.len(), 1);
        for other in &all[1..] {
            assert_eq!(desk.queue(other), "needs_look");
            assert_eq!(other.links[0].ticket, view.ticket.id);
        }
        assert_eq!(desk.count(OUTBOUND).await, 1);
    })
    .await;
}

impl Desk {
    async fn ticket_messages(&self, view: &TicketView) -> usize {
        tickets::view(&self.app, &self.ctx(), view.ticket.id)
            .await
            .unwrap()
            .messages
            .len()
    }
}

#[tokio::test]
async fn machines_are_kept_and_never_answered() {
    on_both(async |desk: Desk| {
        desk.mail(plain(
            "auto",
            "Auto-Submitted: auto-replied\r\n",
            "I am away until Monday.",
        ))
        .await;
        desk.comes("", DESK, plain("null", "", "Something came back to you."))
            .await;
        desk.comes(
            ANA,
            DESK,
            plain(
                "list",
                "List-Id: <news.test>\r\nPrecedence: bulk\r\n",
                "News.",
            ),
        )
        .await;
        desk.work().await;
        assert_eq!(desk.count(OUTBOUND).await, 0);
        let all = desk.tickets().await;
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|view| view.messages[0].automatic));
        // On a ticket that waits for the patient, a machine's words change nothing else.
        let view = &all[0];
        let reply = Reply {
            status: Some(Status::WaitingOnPatient),
            ..Reply::new("Which one?")
        };
        tickets::reply(&desk.app, &desk.ctx(), view.ticket.id, reply)
            .await
            .unwrap();
        let away = plain("away", "Auto-Submitted: auto-replied\r\n", "I am away.");
        desk.comes(ANA, &desk.reply_address(view), away).await;
        desk.work().await;
        let after = tickets::view(&desk.app, &desk.ctx(), view.ticket.id)
            .await
            .unwrap();
        assert_eq!(after.messages.len(), 3);
        assert_eq!(after.ticket.status, Status::WaitingOnPatient);
    })
    .await;
}

#[tokio::test]
async fn a_mark_of_ours_hides_nothing_and_is_never_thanked() {
    on_both(async |desk: Desk| {
        desk.mail(plain(
            "own",
            "X-Bedside-Origin: desk.clinic.test\r\n",
            "I need help please, chest pain",
        ))
        .await;
        assert_eq!(desk.last_state().await, ("done".to_owned(), None));
        assert!(desk.ticket().await.messages[0].body.contains("chest pain"));
        assert_eq!(desk.count(OUTBOUND).await, 0);
        // Another clinic's desk is a sender like any other, but two desks never thank each other.
        desk.mail(plain(
            "other",
            "X-Bedside-Origin: desk.other.test\r\n",
            "Please see this patient.",
        ))
        .await;
        assert_eq!(
            (desk.count(TICKETS).await, desk.count(OUTBOUND).await),
            (2, 0)
        );
        let ours = plain("self", "", "Test").replace(ANA, DESK);
        desk.mail(ours).await;
        assert_eq!(
            (desk.count(TICKETS).await, desk.count(OUTBOUND).await),
            (3, 0)
        );
    })
    .await;
}

fn report(message_id: &str, action: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.test\r\nTo: {DESK}\r\nSubject: Undelivered\r\nMessage-ID: <{action}.{}@mx.test>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; {ANA}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\nSubject: x\r\n\r\n--b--\r\n",
        message_id.len()
    )
}

#[tokio::test]
async fn a_bounce_is_shown_on_the_message() {
    on_both(async |desk: Desk| {
        let view = opened(&desk).await;
        let reply = Reply::new("Which one?");
        let sent = tickets::reply(&desk.app, &desk.ctx(), view.ticket.id, reply)
            .await
            .unwrap();
        let header: String = {
            let mut conn = desk.app.read().await.unwrap();
            conn.query_one(HEADER_OF, args![], |row| row.get(0))
                .await
                .unwrap()
        };
        let state = async || {
            let view = tickets::view(&desk.app, &desk.ctx(), view.ticket.id)
                .await
                .unwrap();
            view.messages
                .into_iter()
                .find(|message| message.id == sent)
                .unwrap()
                .state
        };
        desk.comes("", DESK, report(&header, "delayed")).await;
        desk.work().await;
        assert_eq!(
            desk.last_state().await,
            ("ignored".to_owned(), Some("delivery_report".to_owned()))
        );
        assert_eq!(state().await, MessageState::Queued);
        desk.comes("", DESK, report(&header, "failed")).await;
        desk.work().await;
        assert_eq!(
            desk.last_state().await,
            ("done".to_owned(), Some("bounce".to_owned()))
        );
        assert_eq!(state().await, MessageState::Bounced);
        assert_eq!(desk.count(BOUNCED_ADDRESSES).await, 1);
        assert_eq!(desk.count(TICKETS).await, 1);
        // A report about something that nobody here signed is for a person.
        let mut forged = header.clone();
        forged.replace_range(0..1, if header.starts_with('a') { "b" } else { "a" });
        desk.comes("", DESK, report(&forged, "failed")).await;
        desk.work().await;
        assert_eq!(desk.count(TICKETS).await, 2);
    })
    .await;
}

#[tokio::test]
async fn what_comes_back_about_a_warning_is_told_and_opens_no_request() {
    on_both(async |desk: Desk| {
        desk.mail(plain("cry", "", "I want to kill myself tonight."))
            .await;
        let id = desk.ticket().await.ticket.id;
        let view = async || tickets::view(&desk.app, &desk.ctx(), id).await.unwrap();
        let warning: String = {
            let mut conn = desk.app.read().await.unwrap();
            conn.query_one(WARNING_OF, args![], |row| row.get(0))
                .await
                .unwrap()
        };
        let away = |name: &str| {
            let header = format!("In-Reply-To: <{warning}>\r\nAuto-Submitted: auto-replied\r\n");
            plain(name, &header, "I am away until Monday.")
        };
        desk.comes("", DESK, away("away1")).await;
        desk.work().await;
        assert_eq!(view().await.messages.len(), 2);
        assert_ne!(view().await.ticket.last_message_by, tickets::UNDELIVERED);
        desk.comes("", DESK, report(&warning, "failed")).await;
        desk.work().await;
        assert_eq!(
            desk.last_state().await,
            ("done".to_owned(), Some("bounce".to_owned()))
        );
        assert_eq!(view().await.ticket.last_message_by, tickets::UNDELIVERED);
        assert_eq!(desk.count(BOUNCED_ADDRESSES).await, 1);

        // Nor later, when the request is closed: only what a person writes opens a new one.
        let patch = Patch {
            status: Some(Status::Closed),
            ..Patch::default()
        };
        let version = view().await.ticket.version;
        tickets::change(&desk.app, &desk.ctx(), id, version, patch)
            .await
            .unwrap();
        desk.comes("", DESK, away("away2")).await;
        let marks = [
            (ANA, "Auto-Submitted: auto-generated\r\n"),
            ("", "Auto-Submitted: auto-generated\r\n"),
            ("", ""),
        ];
        for (number, (path, mark)) in marks.into_iter().enumerate() {
            let header = format!("In-Reply-To: <{warning}>\r\n{mark}");
            let away = plain(&format!("other{number}"), &header, "Out of office.");
            desk.comes(path, DESK, away).await;
        }
        desk.comes("", DESK, report(&warning, "failed")).await;
        desk.work().await;
        let closed = view().await;
        assert_eq!(
            (closed.ticket.status, closed.messages.len()),
            (Status::Closed, 6)
        );
        assert_eq!(
            (desk.count(TICKETS).await, desk.count(OUTBOUND).await),
            (1, 1),
            "nothing is opened, and no machine is answered"
        );
        // Whoever asks for no automatic answer is a person all the same.
        let header = format!("In-Reply-To: <{warning}>\r\nX-Auto-Response-Suppress: All\r\n");
        desk.mail(plain("person", &header, "One more thing.")).await;
        assert_eq!(desk.count(TICKETS).await, 2);
    })
    .await;
}
