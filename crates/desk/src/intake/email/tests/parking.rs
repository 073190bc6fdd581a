//! Mail that can't be read never stops the next one.

use super::{ANA, DESK, Desk, LOSE_A_PIECE, MailboxSettings, OUTBOUND, TICKETS, on_both, plain};
use crate::events::kind;
use crate::ids::InboundMailId;
use crate::intake::email::processor::{self, ATTEMPTS, INTERRUPTIONS};
use crate::intake::email::receive::{LeftBehind, Source, Via, receive};
use crate::intake::email::store;
use crate::tickets::Urgency;
use futures_util::FutureExt;
use proptest::prelude::*;

#[tokio::test]
async fn what_is_no_mail_waits_for_a_person_with_the_raw_file() {
    on_both(async |desk: Desk| {
        let raw = b"\x00\x01\x02 this is no mail at all";
        desk.mail(raw).await;
        desk.mail(plain("good", "", "Hello")).await;
        let all = desk.tickets().await;
        assert_eq!(all.len(), 2);
        let parked = &all[0];
        assert_eq!(desk.queue(parked), "needs_look");
        assert_eq!(desk.states().await[0].0, "parked");
        let file = &parked.messages[0].attachments[0];
        assert_eq!(file.name, "mail.eml");
        assert_eq!(desk.bytes(file).await, raw);
        assert!(
            parked
                .events
                .iter()
                .any(|event| event.kind == kind::MAIL_PARKED)
        );
        assert_eq!(all[1].messages[0].body.trim(), "Hello");
    })
    .await;
}

#[tokio::test]
async fn the_same_unreadable_bytes_are_one_ticket() {
    on_both(async |desk: Desk| {
        let raw = b"\x00\x01\x02 this is no mail at all";
        desk.mail(raw).await;
        desk.mail(raw).await;
        assert_eq!(
            desk.last_state().await,
            ("ignored".to_owned(), Some("duplicate".to_owned()))
        );
        assert_eq!(desk.count(TICKETS).await, 1);
        desk.mail(b"\x00\x01\x02 this is another").await;
        assert_eq!(desk.count(TICKETS).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_mail_without_a_sender_is_parked() {
    on_both(async |desk: Desk| {
        desk.comes("", DESK, "Subject: who\r\n\r\nam I?\r\n").await;
        desk.work().await;
        assert_eq!(
            desk.last_state().await,
            ("parked".to_owned(), Some("no-sender".to_owned()))
        );
        assert_eq!(desk.ticket().await.contact.points.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_fails_again_and_again_is_parked_and_the_rest_goes_on() {
    on_both(async |desk: Desk| {
        // A mail in several pieces, one of which is lost.
        desk.comes(
            ANA,
            DESK,
            plain("big", "", &"words of a long letter\r\n".repeat(40_000)),
        )
        .await;
        desk.execute(LOSE_A_PIECE).await;
        desk.comes(ANA, DESK, plain("good", "", "Hello")).await;
        desk.work().await;
        assert_eq!(desk.ticket().await.messages[0].body.trim(), "Hello");
        for attempt in 2..=ATTEMPTS {
            assert_eq!(desk.work().await, 0, "not before its time");
            desk.clock.advance(60);
            assert_eq!(desk.work().await, 1);
            assert_eq!(desk.states().await[0].2, attempt);
        }
        desk.clock.advance(60);
        desk.work().await;
        assert_eq!(desk.states().await[0].0, "parked");
        assert_eq!(desk.count(TICKETS).await, 2);
        desk.clock.advance(3600);
        assert_eq!(desk.work().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_was_left_in_the_mailbox_is_told() {
    on_both(async |desk: Desk| {
        let comes = async |uid, left, header: &str| {
            let source = Source {
                uid: Some((uid, 1)),
                arrived: Some(desk.app.now().plus_seconds(-3600)),
                left_behind: Some(left),
                ..Source::new(Via::Imap)
            };
            let (app, mailbox) = (&desk.app, Some(desk.mailbox));
            receive(app, desk.organisation, mailbox, source, header.as_bytes())
                .await
                .unwrap();
            desk.work().await;
        };
        let header = plain("scan", "", "").replace("Refill of my inhaler", "My scan");
        let danger = header.replace("My scan", "I want to kill myself tonight");
        // A server that numbers its mail anew shows all of them again.
        for validity in [1, 10] {
            comes(validity, LeftBehind::TooLarge(99_000_000), &header).await;
            comes(validity + 1, LeftBehind::Unreadable, "").await;
            comes(validity + 2, LeftBehind::TooLarge(99_000_000), &danger).await;
        }
        let all = desk.tickets().await;
        assert_eq!(all.len(), 3);
        let words = |at: usize| all[at].messages[0].body.as_str();
        for known in ["99000000", DESK, "Sep 21, 2026", "header is attached"] {
            assert!(words(0).contains(known), "{}", words(0));
        }
        assert_eq!(all[0].subject, "My scan");
        assert_eq!(all[0].contact.email(), Some(ANA));
        let file = &all[0].messages[0].attachments[0];
        assert_eq!(
            (file.name.as_str(), file.media_type.as_str()),
            ("header.txt", "text/plain")
        );
        assert_eq!(desk.bytes(file).await, header.as_bytes());
        assert!(
            words(1).contains(DESK) && words(1).contains("Sep 21, 2026"),
            "{}",
            words(1)
        );
        assert!(all[1].messages[0].attachments.is_empty());
        assert!(all[..2].iter().all(|view| desk.queue(view) == "needs_look"));
        // What its subject says is heard all the same.
        assert_eq!(all[2].ticket.urgency, Urgency::Emergency);
        // Whoever may be in danger hears where to call, and nobody else hears anything.
        assert_eq!(desk.count(OUTBOUND).await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_a_mail_that_was_left_behind_says_at_its_beginning_is_heard() {
    on_both(async |desk: Desk| {
        let head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
        let picture = "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\
            Content-Disposition: attachment; filename=a.png\r\n\r\niVBORw0KGgo";
        let comes = async |uid: u32, text: &str| {
            let body = format!("--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n{picture}");
            let raw = plain(&format!("left{uid}"), head, &body);
            let source = Source {
                uid: Some((1, uid)),
                arrived: Some(desk.app.now()),
                left_behind: Some(LeftBehind::TooLarge(99_000_000)),
                ..Source::new(Via::Imap)
            };
            let (app, mailbox) = (&desk.app, Some(desk.mailbox));
            receive(app, desk.organisation, mailbox, source, raw.as_bytes())
                .await
                .unwrap();
            desk.work().await;
            let mut all = desk.tickets().await;
            assert_eq!(desk.last_state().await.0, "parked");
            all.pop().unwrap()
        };
        let calm = comes(1, "Here are the photos of my form.").await;
        assert_eq!(
            (calm.ticket.safety.as_str(), desk.queue(&calm).as_str()),
            ("none", "needs_look")
        );
        let cry = comes(2, "Here are photos. I want to kill myself tonight.").await;
        assert_eq!(cry.ticket.urgency, Urgency::Emergency);
        let message = &cry.messages[0];
        assert!(
            message.body.contains("kill myself tonight"),
            "{}",
            message.body
        );
        // It is shown where it stands, below the desk's own words.
        let reasons = &message.found.as_ref().unwrap().reasons;
        let mut places = reasons.iter().flat_map(|reason| &reason.places);
        assert!(
            places.any(|place| message.body[place.clone()].contains("kill")),
            "{reasons:?}"
        );
        // The file is the header alone, so that nothing of a cut picture lies about.
        let header = desk.bytes(&message.attachments[0]).await;
        assert!(header.ends_with(b"\r\n\r\n") && !header.windows(4).any(|four| four == b"iVBO"));
        assert_eq!(desk.count(OUTBOUND).await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_a_parked_mail_says_is_heard() {
    on_both(async |desk: Desk| {
        let cry = "I am going to kill myself tonight";
        let part = "--b\r\nContent-Type: image/png\r\n\
            Content-Disposition: attachment; filename=a.png\r\n\r\nx\r\n";
        let parts = part.repeat(101);
        let head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
        let body = format!("--b\r\n\r\n{cry}\r\n{parts}--b--\r\n");
        let many = plain("many", head, &body);
        for (raw, reason) in [
            (format!("Subject: who\r\n\r\n{cry}\r\n"), "no-sender"),
            (format!("Subject: {cry}\r\n\r\nam I?\r\n"), "no-sender"),
            (many, "parts"),
        ] {
            desk.comes("", DESK, raw).await;
            desk.work().await;
            assert_eq!(
                desk.last_state().await,
                ("parked".to_owned(), Some(reason.to_owned()))
            );
            let parked = desk.tickets().await.pop().unwrap();
            // Between the lines of a mail's structure the words are a worry at least.
            assert_ne!(parked.ticket.safety, "none", "{reason}");
            if reason == "no-sender" {
                assert_eq!(parked.ticket.urgency, Urgency::Emergency);
            }
        }
        // What ends the process each time is read as the text that it is.
        desk.comes(ANA, DESK, plain("worse", "", cry)).await;
        for _ in 0..INTERRUPTIONS {
            assert_eq!(killed_at_work(&desk).await.len(), 1);
            processor::free_all(&desk.app).await.unwrap();
        }
        desk.work().await;
        assert_eq!(
            desk.last_state().await,
            ("parked".to_owned(), Some("attempts".to_owned()))
        );
        let parked = desk.tickets().await.pop().unwrap();
        assert_ne!(parked.ticket.safety, "none");
    })
    .await;
}

#[tokio::test]
async fn fifty_mebibytes_are_taken_and_more_are_parked() {
    on_both(async |desk: Desk| {
        let limit = desk.app.config.max_mail_bytes;
        let head = "MIME-Version: 1.0\r\nContent-Type: application/pdf; name=x.pdf\r\n\
                Content-Disposition: attachment; filename=x.pdf\r\n";
        let frame = plain("huge", head, "").len();
        desk.mail(plain("huge", head, &"x".repeat(limit - frame)))
            .await;
        assert_eq!(desk.last_state().await.0, "done");
        desk.mail(plain("over", head, &"x".repeat(limit))).await;
        assert_eq!(
            desk.last_state().await,
            ("parked".to_owned(), Some("too-large".to_owned()))
        );
        desk.mail(plain("good", "", "Hello")).await;
        assert_eq!(desk.last_state().await.0, "done");
    })
    .await;
}

/// A process takes up what it can and is never heard of again.
async fn killed_at_work(desk: &Desk) -> Vec<InboundMailId> {
    let now = desk.app.now();
    let claimed = desk
        .app
        .db
        .write(move |tx| {
            async move { store::claim(tx, now, now.plus_seconds(300), 10).await }.boxed()
        })
        .await;
    claimed.unwrap().iter().map(|mail| mail.id).collect()
}

#[tokio::test]
async fn what_a_killed_process_was_working_on_is_taken_up_again() {
    on_both(async |desk: Desk| {
        desk.comes(ANA, DESK, plain("1", "", "Hello")).await;
        assert_eq!(killed_at_work(&desk).await.len(), 1);
        assert_eq!(desk.work().await, 0, "somebody works on it");
        assert_eq!(processor::free_all(&desk.app).await.unwrap(), 1);
        assert_eq!(desk.work().await, 1);
        assert_eq!(desk.count(TICKETS).await, 1);
        // The same without being told: the lease runs out.
        desk.comes(ANA, DESK, plain("2", "", "Hello again")).await;
        assert_eq!(killed_at_work(&desk).await.len(), 1);
        desk.clock.advance(301);
        assert_eq!(desk.work().await, 1);
        assert_eq!(desk.count(TICKETS).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_kill_uses_up_no_attempt() {
    on_both(async |desk: Desk| {
        desk.comes(ANA, DESK, plain("1", "", "Hello")).await;
        for _ in 1..INTERRUPTIONS {
            assert_eq!(killed_at_work(&desk).await.len(), 1);
            processor::free_all(&desk.app).await.unwrap();
        }
        assert_eq!(desk.work().await, 1);
        let (state, _, attempts) = desk.states().await.remove(0);
        assert_eq!((state.as_str(), attempts), ("done", 0));
        assert_eq!(desk.ticket().await.subject, "Refill of my inhaler");
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_ends_the_process_each_time_is_parked_and_holds_up_nobody() {
    on_both(async |desk: Desk| {
        let killed = async || {
            let mails = killed_at_work(&desk).await;
            processor::free_all(&desk.app).await.unwrap();
            mails
        };
        desk.comes(ANA, DESK, plain("bad", "", "Hello")).await;
        let bad = killed().await;
        assert_eq!(killed().await, bad);
        desk.comes(ANA, DESK, plain("good", "", "Hello")).await;
        let good = killed().await;
        assert!(good.len() == 1 && good != bad);
        // It was cut off less often, so it is done before the other one gets another chance.
        assert_eq!(killed().await, good);
        assert_eq!(desk.work().await, 2);

        desk.comes(ANA, DESK, plain("worse", "", "Hello")).await;
        for _ in 0..INTERRUPTIONS {
            assert_eq!(desk.last_state().await.0, "received");
            assert_eq!(killed().await.len(), 1);
        }
        assert_eq!(desk.work().await, 1);
        assert_eq!(
            desk.last_state().await,
            ("parked".to_owned(), Some("attempts".to_owned()))
        );
        let parked = desk.tickets().await.pop().unwrap();
        assert_eq!(desk.queue(&parked), "needs_look");
        assert_eq!(parked.messages[0].attachments.len(), 1);
    })
    .await;
}

/// Pieces that broken mail is made of.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        Just(b"From: ".to_vec()),
        Just(b"From: a@b.test\r\n".to_vec()),
        Just(b"Subject: =?utf-8?B?".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=b\r\n".to_vec()),
        Just(b"Content-Type: message/rfc822\r\n\r\n".to_vec()),
        Just(b"Content-Type: text/html; charset=\xff\r\n\r\n<table><td>".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\r\n".to_vec()),
        Just(b"Auto-Submitted: \0\r\n".to_vec()),
        Just(b"References: <<<>>>\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"--b\r\n".to_vec()),
        Just(b"--b--\r\n".to_vec()),
        Just(b"\r\n.\r\n".to_vec()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

#[test]
fn a_chain_of_garbage_never_stops_the_next_good_mail() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let desk = runtime.block_on(Desk::new(false, MailboxSettings::default()));
    let number = std::cell::Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let chains = proptest::collection::vec(garbage(), 1..12);
    runner
        .run(&chains, |chain| {
            runtime.block_on(async {
                number.set(number.get() + 1);
                for raw in &chain {
                    desk.comes("", DESK, raw).await;
                }
                desk.comes(
                    ANA,
                    DESK,
                    plain(&format!("good{}", number.get()), "", "Hello"),
                )
                .await;
                desk.work().await;
                let states = desk.states().await;
                prop_assert_eq!(&states.last().unwrap().0, "done");
                prop_assert!(
                    states.iter().all(|(state, ..)| state != "received"),
                    "{:?}",
                    states
                );
                Ok(())
            })
        })
        .unwrap();
}
