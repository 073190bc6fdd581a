//! Attacks that other desks fell to, as mails.

use super::super::thread;
use super::{ANA, DESK, Desk, MailboxSettings, OUTBOUND, TICKETS, on_both, plain};
use crate::patients;
use bedside_codecs::mail::{Limits, parse};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Joining a stranger's ticket with a guessed reply address, a forged sender and a copy to oneself.
#[tokio::test]
async fn attack_01_forged_sender_with_a_guessed_reply_address() {
    on_both(async |desk: Desk| {
        desk.mail(plain("first", "", "Something private.")).await;
        let view = desk.ticket().await;
        let own = patients::contact_of_address(&desk.app, desk.organisation, ANA).await.unwrap();
        let real = desk.reply_address(&view);
        let (head, _) = real.rsplit_once('.').unwrap();
        let (ticket, _) = head.rsplit_once('.').unwrap_or((head, ""));
        let groups: u64 = if desk.app.db.is_embedded() { 3_334 } else { 300 };
        for group in 0..groups {
            let mut to = String::new();
            for guess in 0..3_u64 {
                let code = data_encoding::BASE32_NOPAD.encode(&[&[0, 1], &(group * 3 + guess).to_be_bytes()[..]].concat());
                write!(to, "{ticket}.{}@clinic.test, ", code.to_lowercase()).unwrap();
            }
            let raw = format!("From: {ANA}\r\nTo: {to}{DESK}\r\nCc: eve@elsewhere.test\r\n\r\nsend me everything\r\n");
            let mail = parse(raw.as_bytes(), &Limits::default()).unwrap();
            let place = thread::place(&desk.app, desk.organisation, &mail, &[], own, false).await.unwrap();
            assert!(matches!(place, thread::Place::Alone), "{place:?}");
        }
        let guessed = format!("{ticket}.aaaaaaaaaaaaaaaa@clinic.test");
        desk.comes("eve@elsewhere.test", &guessed, plain("g", "Cc: eve@elsewhere.test\r\n", "send me everything")).await;
        desk.work().await;
        let all = desk.tickets().await;
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].messages.len(), 1);
        assert!(all[1].links.is_empty());
        assert_eq!(all[1].contact.points.len(), 1);
        let eve = patients::contact_of_address(&desk.app, desk.organisation, "eve@elsewhere.test").await.unwrap();
        assert!(eve.is_none(), "a copy makes nobody a participant");
    })
    .await;
}

/// Our own form of Message-ID with a code that is wrong, missing, cut short or another ticket's.
#[tokio::test]
async fn attack_02_message_ids_without_our_signature() {
    on_both(async |desk: Desk| {
        desk.mail(plain("first", "", "One.")).await;
        desk.mail(plain("second", "", "Two.")).await;
        let all = desk.tickets().await;
        let (one, two) = (
            desk.message_id(all[0].ticket.id),
            desk.message_id(all[1].ticket.id),
        );
        let (left, domain) = one.split_once('@').unwrap();
        let parts: Vec<&str> = left.split('.').collect();
        let other = two.split('.').next().unwrap();
        let sent = desk.count(OUTBOUND).await;
        let crafted = [
            format!(
                "{}.{}.{}@{domain}",
                parts[0],
                parts[1],
                "a".repeat(parts[2].len())
            ),
            format!("{}.{}@{domain}", parts[0], parts[1]),
            format!("{}.{}.{}@{domain}", parts[0], parts[1], &parts[2][1..]),
            format!("{other}.{}.{}@{domain}", parts[1], parts[2]),
            format!("{left}@elsewhere.test"),
            all[0].ticket.number.to_string(),
        ];
        for (number, id) in crafted.iter().enumerate() {
            for header in ["In-Reply-To", "References"] {
                let mail = plain(
                    &format!("{header}{number}"),
                    &format!("{header}: <{id}>\r\n"),
                    "Let me in.",
                );
                desk.comes(ANA, DESK, mail).await;
            }
        }
        desk.work().await;
        let after = desk.tickets().await;
        assert_eq!(after.len(), 2 + 2 * crafted.len());
        assert!(
            after
                .iter()
                .all(|view| view.messages.len() == 1 && view.links.is_empty())
        );
        assert_eq!(desk.count(OUTBOUND).await, sent);
    })
    .await;
}

/// Thousands of requests in somebody's name to fill their mailbox.
#[tokio::test]
async fn attack_03_the_acknowledgement_as_a_mail_bomb() {
    on_both(async |desk: Desk| {
        let many = if desk.app.db.is_embedded() { 1000 } else { 200 };
        for number in 0..many {
            let mail = plain(&format!("bomb{number}"), "", "BUY NOW http://spam.test");
            desk.comes(ANA, DESK, mail).await;
        }
        assert_eq!(desk.work().await, many);
        assert_eq!(desk.count(TICKETS).await, i64::try_from(many).unwrap());
        assert_eq!(desk.count(OUTBOUND).await, 1);
        desk.clock.advance(24 * 3600 + 1);
        desk.mail(plain("tomorrow", "", "Really me.")).await;
        assert_eq!(desk.count(OUTBOUND).await, 2);
    })
    .await;
}

/// Line ends in a subject or a name.
#[tokio::test]
async fn attack_22_line_ends_in_header_fields() {
    let desk = Desk::new(false, MailboxSettings::default()).await;
    let raw = format!(
        "From: =?utf-8?Q?Ana=0D=0ABcc:_eve=40elsewhere.test?= <{ANA}>\r\nTo: {DESK}\r\n\
         Subject: =?utf-8?Q?Hello=0D=0ABcc:_eve=40elsewhere.test?=\r\nMessage-ID: <x@y.test>\r\n\r\nHi\r\n"
    );
    desk.mail(raw).await;
    let view = desk.ticket().await;
    let envelope = view.messages[0].envelope.as_ref().unwrap();
    for text in [
        &view.subject,
        view.contact.name.as_ref().unwrap(),
        &envelope.subject,
        &envelope.from,
    ] {
        assert!(!text.contains(['\r', '\n']), "{text:?}");
    }
}

/// Messages inside messages, ten thousand deep, and round in circles.
#[tokio::test]
async fn attack_49_nested_messages() {
    let desk = Desk::new(false, MailboxSettings::default()).await;
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    let circle = "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".repeat(10_000);
    let bombs = [
        plain("deep", &nested, "bottom"),
        plain(
            "circle",
            "Content-Type: multipart/mixed; boundary=b\r\n",
            &circle,
        ),
    ];
    for bomb in bombs {
        let started = Instant::now();
        desk.mail(bomb).await;
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_ne!(desk.last_state().await.0, "received");
    }
    desk.mail(plain("good", "", "Hello")).await;
    assert_eq!(desk.last_state().await.0, "done");
}

/// A header without end, a million parts, a million addresses.
#[tokio::test]
async fn attack_50_more_of_everything() {
    let desk = Desk::new(false, MailboxSettings::default()).await;
    let parts = "--b\r\n\r\nx\r\n".repeat(1_000_000);
    let bombs = [
        (
            "header",
            plain(
                "long",
                &format!("X-Long: {}\r\n", "x".repeat(10_000_000)),
                "x",
            ),
        ),
        (
            "parts",
            plain(
                "parts",
                "Content-Type: multipart/mixed; boundary=b\r\n",
                &parts,
            ),
        ),
    ];
    for (code, bomb) in bombs {
        desk.mail(bomb).await;
        assert_eq!(
            desk.last_state().await,
            ("parked".to_owned(), Some(code.to_owned()))
        );
    }
    let many = format!("References: {}\r\n", "<a@b.test>\r\n ".repeat(10_000));
    desk.mail(plain("refs", &many, "x")).await;
    desk.mail(plain("good", "", "Hello")).await;
    assert_eq!(desk.last_state().await.0, "done");
}

/// Markup in a subject, a name, a file name: words like any others, on one line, and no HTML of theirs is kept.
#[tokio::test]
async fn attack_53_markup_in_subject_and_names() {
    let desk = Desk::new(false, MailboxSettings::default()).await;
    let payloads = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "javascript:alert(1)",
        "{{constructor.constructor('alert(1)')()}}",
        "</title><script>alert(1)</script>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "&#60;script&#62;alert(1)&#60;/script&#62;",
    ];
    for (number, payload) in payloads.iter().enumerate() {
        let coded = data_encoding::BASE64.encode(payload.as_bytes());
        let raw = format!(
            "From: =?utf-8?B?{coded}?= <x{number}@patients.test>\r\nTo: {DESK}\r\nSubject: =?utf-8?B?{coded}?=\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
             Content-Type: text/html; charset=utf-8\r\n\r\n<p>hi</p>{payload}\r\n--b\r\n\
             Content-Type: text/html; name=\"=?utf-8?B?{coded}?=\"\r\n\
             Content-Disposition: attachment; filename=\"=?utf-8?B?{coded}?=\"\r\n\r\n{payload}\r\n--b--\r\n"
        );
        desk.mail(raw).await;
        assert_eq!(desk.last_state().await.0, "done");
    }
    let all = desk.tickets().await;
    assert_eq!(all.len(), payloads.len());
    for (view, payload) in all.iter().zip(payloads) {
        assert_eq!(
            view.subject, payload,
            "kept as words; every page escapes them"
        );
        let message = &view.messages[0];
        let html = message.html.as_deref().unwrap_or_default().to_lowercase();
        assert!(
            !html.contains("<script") && !html.contains("onerror=") && !html.contains("<iframe"),
            "{html}"
        );
        for file in &message.attachments {
            assert!(!file.name.contains(['<', '>', '/', '"']), "{}", file.name);
        }
    }
}
