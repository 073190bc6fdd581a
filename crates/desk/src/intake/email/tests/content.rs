//! What a mail's content becomes.

use super::{ANA, DESK, Desk, OUTBOUND, TICKETS, on_both, plain};
use crate::context::{Actor, Ctx};
use crate::intake::email::import_mbox;
use crate::intake::email::receive::{Source, Via, receive};
use crate::tickets::{self, Calm, CalmReason, Patch, Status, Urgency};
use crate::timeline::MessageKind;
use bedside_db::Timestamp;
use std::fmt::Write;

#[tokio::test]
async fn a_mail_becomes_a_ticket() {
    on_both(async |desk: Desk| {
        desk.mail(plain("1", "", "I need a refill of my inhaler, please."))
            .await;
        let view = desk.ticket().await;
        assert_eq!(view.subject, "Refill of my inhaler");
        assert_eq!(view.contact.name.as_deref(), Some("Ana Lopez"));
        assert_eq!(view.contact.email(), Some(ANA));
        assert_eq!(view.ticket.mailbox, Some(desk.mailbox));
        let [message] = &view.messages[..] else {
            panic!("one message")
        };
        assert_eq!(message.kind, MessageKind::Inbound);
        assert_eq!(
            message.body.trim(),
            "I need a refill of my inhaler, please."
        );
        assert!(!message.automatic);
        let envelope = message.envelope.as_ref().unwrap();
        assert_eq!(
            (envelope.from.as_str(), &envelope.to[..]),
            (ANA, &[DESK.to_owned()][..])
        );
        assert_eq!(envelope.message_id, "1@patients.test");
        assert_eq!(desk.last_state().await, ("done".to_owned(), None));
        assert_eq!(desk.count(OUTBOUND).await, 1, "one acknowledgement");
    })
    .await;
}

#[tokio::test]
async fn the_same_mail_twice_is_one_ticket_and_another_one_is_another() {
    on_both(async |desk: Desk| {
        desk.mail(plain("1", "", "Hello")).await;
        desk.mail(plain(
            "1",
            "Received: from a.test by b.test; Mon, 21 Sep 2026 09:00:01 +0000\r\n",
            "Hello",
        ))
        .await;
        assert_eq!(
            desk.last_state().await,
            ("ignored".to_owned(), Some("duplicate".to_owned()))
        );
        assert_eq!(desk.count(TICKETS).await, 1);
        // A program that gives every mail the same Message-ID loses none of them.
        desk.mail(plain("1", "", "Something else")).await;
        assert_eq!(desk.count(TICKETS).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_uid_that_was_stored_is_not_stored_again() {
    on_both(async |desk: Desk| {
        let source = |uid| Source {
            uid: Some(uid),
            ..Source::new(Via::Imap)
        };
        let raw = plain("1", "", "Hello");
        let store = async |uid| {
            receive(
                &desk.app,
                desk.organisation,
                Some(desk.mailbox),
                source(uid),
                raw.as_bytes(),
            )
            .await
            .unwrap()
        };
        assert!(store((7, 1)).await.is_some());
        assert!(store((7, 1)).await.is_none());
        assert!(store((7, 5)).await.is_some());
        assert!(store((7, 4)).await.is_none());
        assert!(store((8, 1)).await.is_some(), "numbered anew");
        desk.work().await;
        assert_eq!(
            desk.count(TICKETS).await,
            1,
            "the content is known all the same"
        );
    })
    .await;
}

#[tokio::test]
async fn pictures_and_files_come_with_the_html() {
    on_both(async |desk: Desk| {
        let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        let raw = format!(
            "From: {ANA}\r\nTo: {DESK}\r\nSubject: Rash\r\nMessage-ID: <p@patients.test>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
             <p onclick=x()>My rash: <img src=\"cid:pic@1\"><script>alert(1)</script>\
             <img src=\"https://spy.test/p.png\"></p>\r\n--b\r\nContent-Type: application/octet-stream; name=rash.png\r\n\
             Content-ID: <pic@1>\r\nContent-Disposition: inline; filename=rash.png\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{png}\r\n--b--\r\n"
        );
        desk.mail(raw).await;
        let view = desk.ticket().await;
        let [message] = &view.messages[..] else { panic!("one message") };
        let [file] = &message.attachments[..] else { panic!("one file: {:?}", message.attachments) };
        assert_eq!((file.name.as_str(), file.media_type.as_str(), file.inline), ("rash.png", "image/png", true));
        assert!(desk.bytes(file).await.starts_with(b"\x89PNG"));
        let html = message.html.as_deref().unwrap();
        assert!(html.contains(&format!("/attachments/{}", file.id)), "{html}");
        assert!(!html.contains("script") && !html.contains("onclick") && !html.contains("spy.test"), "{html}");
        assert!(message.body.contains("My rash"));
    })
    .await;
}

#[tokio::test]
async fn danger_is_seen_in_what_was_forwarded_too() {
    on_both(async |desk: Desk| {
    let body = "Please read what my sister wrote.\r\n\r\n-----Original Message-----\r\nFrom: Eva <eva@x.test>\r\n\
                Sent: Monday\r\nTo: Ana\r\nSubject: help\r\n\r\nI want to kill myself tonight. I have the pills here.";
    desk.mail(plain("1", "", body)).await;
    let view = desk.ticket().await;
    assert!(view.messages[0].body.contains("the pills here"));
    assert_eq!(view.ticket.urgency, Urgency::Emergency);
    })
    .await;
}

#[tokio::test]
async fn spanish_is_answered_in_spanish() {
    on_both(async |desk: Desk| {
        desk.mail(plain(
        "1",
        "",
        "Buenos días, necesito una receta nueva para mi inhalador. Muchas gracias por su ayuda.",
    ))
    .await;
        assert_eq!(desk.ticket().await.ticket.locale, bedside_web::Locale::Es);
    })
    .await;
}

#[tokio::test]
async fn odd_bytes_are_read_as_far_as_they_go() {
    on_both(async |desk: Desk| {
        let head = format!("From: {ANA}\r\nTo: {DESK}\r\n");
        let odd: [&[u8]; 6] = [
            b"Subject: nul\x00s\r\n\r\nOne\x00Two\r\n",
            b"Subject: charset\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nca\xe9 \xff\xfe\r\n",
            b"Subject: charset\r\nContent-Type: text/plain; charset=x-none-such\r\n\r\ncaf\xe9\r\n",
            b"Subject: date\r\nDate: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\nabsurd date\r\n",
            b"Subject: =?utf-8?B?4pyTIG9kZA?=\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!\r\n",
            b"Subject: multi\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\nno parts\r\n",
        ];
        for (number, tail) in odd.iter().enumerate() {
            let mut raw = format!("Message-ID: <odd{number}@patients.test>\r\n{head}").into_bytes();
            raw.extend_from_slice(tail);
            desk.mail(raw).await;
            assert_eq!(desk.last_state().await.0, "done", "{number}");
        }
        for view in desk.tickets().await {
            assert!(!view.subject.contains('\0') && !view.messages[0].body.contains('\0'));
        }
        assert_eq!(desk.count(TICKETS).await, 6);
    })
    .await;
}

#[tokio::test]
async fn a_long_letter_comes_as_a_file_too() {
    on_both(async |desk: Desk| {
        let mut body = String::new();
        for line in 0..60_000 {
            write!(body, "{line} and then it hurt again\r\n").unwrap();
        }
        desk.mail(plain("1", "", &body)).await;
        let view = desk.ticket().await;
        let file = &view.messages[0].attachments[0];
        assert_eq!(file.name, "message.txt");
        let whole = String::from_utf8(desk.bytes(file).await).unwrap();
        assert!(whole.trim_end().ends_with("59999 and then it hurt again"));
        assert!(view.messages[0].body.len() <= crate::timeline::MAX_BODY);
    })
    .await;
}

#[tokio::test]
async fn an_attachment_that_unpacks_to_gigabytes_is_kept_packed() {
    on_both(async |desk: Desk| {
    // The head of a zip file whose one entry claims 4 GiB.
    let zip = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\x10\0\0\0\xff\xff\xff\xff\x01\0\0\0aaaaaaaaaaaaaaaaa";
    let coded = data_encoding::BASE64.encode(zip);
    let head = "MIME-Version: 1.0\r\nContent-Type: application/zip; name=\"../../x.zip\"\r\n\
                Content-Disposition: attachment; filename=\"../../x.zip\"\r\nContent-Transfer-Encoding: base64\r\n";
    desk.mail(plain("1", head, &coded)).await;
    let view = desk.ticket().await;
    let file = &view.messages[0].attachments[0];
    assert_eq!(desk.bytes(file).await, zip);
    assert!(
        !file.name.contains('/') && !file.name.contains(".."),
        "{}",
        file.name
    );
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_file_is_imported_once_and_silently() {
    on_both(async |desk: Desk| {
        let mut mbox = String::new();
        for number in 0..5 {
            let mail = plain(&format!("m{number}"), "", "Old words").replace("\r\n", "\n");
            write!(
                mbox,
                "From ana@patients.test Mon Sep 21 09:00:00 2026\n{mail}\n"
            )
            .unwrap();
        }
        let file = mbox.into_bytes();
        let size = file.len() as u64;
        let mut seen = (0, 0);
        let import = async |seen: &mut (u64, u64)| {
            let reader = std::io::Cursor::new(file.clone());
            import_mbox(&desk.app, &desk.ctx(), reader, |bytes, mails| {
                *seen = (bytes, mails);
            })
            .await
            .unwrap()
        };
        assert_eq!(import(&mut seen).await.stored, 5);
        assert_eq!(seen, (size, 5));
        assert_eq!(desk.count(TICKETS).await, 5);
        let again = import(&mut seen).await;
        assert_eq!((again.stored, again.known), (0, 5));
        assert_eq!(desk.count(TICKETS).await, 5);
        assert_eq!(desk.count(OUTBOUND).await, 0);
        let not_mbox = std::io::Cursor::new(b"%PDF-1.7".to_vec());
        assert!(
            import_mbox(&desk.app, &desk.ctx(), not_mbox, |_, _| {})
                .await
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn imported_mail_keeps_its_own_date_and_raises_no_late_alarm() {
    on_both(async |desk: Desk| {
        let now = desk.app.now();
        let danger = "I have crushing chest pain and can't breathe";
        let mut mbox = String::new();
        for (id, date, words) in [
            (
                "yesterday",
                "Sun, 20 Sep 2026 09:00:00 +0000",
                "I need a refill.",
            ),
            ("old", "Tue, 04 Mar 2014 09:00:00 +0100", "I need a refill."),
            ("old-danger", "Tue, 04 Mar 2014 10:00:00 +0100", danger),
            ("danger", "Mon, 21 Sep 2026 12:00:00 +0000", danger),
            (
                "future",
                "Fri, 01 Jan 2100 09:00:00 +0000",
                "I need a refill.",
            ),
            (
                "before-mail",
                "Thu, 01 Jan 1970 00:00:01 +0000",
                "I need a refill.",
            ),
            ("no-date", "soon", "I need a refill."),
        ] {
            let mail = plain(id, "", words)
                .replace("\r\n", "\n")
                .replace("Mon, 21 Sep 2026 09:00:00 +0000", date)
                .replace("Refill of my inhaler", id);
            write!(
                mbox,
                "From ana@patients.test Mon Sep 21 09:00:00 2026\n{mail}\n"
            )
            .unwrap();
        }
        let reader = std::io::Cursor::new(mbox.into_bytes());
        import_mbox(&desk.app, &desk.ctx(), reader, |_, _| {})
            .await
            .unwrap();
        let views = desk.tickets().await;
        assert_eq!(views.len(), 7);
        let named = |id: &str| views.iter().find(|view| view.subject == id).unwrap();
        let at = |text: &str| Timestamp::from(text.parse::<jiff::Timestamp>().unwrap());
        for (id, written) in [
            ("yesterday", at("2026-09-20T09:00:00Z")),
            ("old", at("2014-03-04T08:00:00Z")),
            ("danger", at("2026-09-21T12:00:00Z")),
            ("future", now),
            ("before-mail", now),
            ("no-date", now),
        ] {
            let view = named(id);
            assert_eq!(view.ticket.created_at, written, "{id}");
            assert_eq!(view.ticket.last_message_at, written, "{id}");
            assert_eq!(view.messages[0].created_at, written, "{id}");
            let is_old = id == "old";
            assert_eq!(
                view.ticket.clocks == crate::sla::Clocks::default(),
                is_old,
                "{id}"
            );
            assert_eq!(view.ticket.waiting_since.is_none(), is_old, "{id}");
        }
        // Whoever was in danger long ago does not stand above those who are now, and a person sees it all the same.
        assert_eq!(named("danger").ticket.rank(), 0);
        let then = named("old-danger");
        assert_eq!(
            (then.ticket.rank(), then.ticket.clocks.due()),
            (1, crate::sla::NOTHING_DUE)
        );
        assert_eq!(desk.queue(then), "needs_look");
        assert_eq!(desk.count(OUTBOUND).await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_outage_makes_no_history_of_what_nobody_could_see() {
    on_both(async |desk: Desk| {
        let cry = "I want to kill myself tonight. I have the pills here.";
        let ago = |hours: i64| desk.app.now().plus_seconds(-hours * 3600);
        let came = async |uid, looked: i64, rcpts: Vec<String>, raw: String| {
            let source = Source {
                uid: Some((7, uid)),
                arrived: Some(ago(73)),
                looked: Some(ago(looked)),
                rcpts,
                ..Source::new(Via::Imap)
            };
            let (organisation, mailbox) = (desk.organisation, Some(desk.mailbox));
            receive(&desk.app, organisation, mailbox, source, raw.as_bytes())
                .await
                .unwrap();
            desk.work().await;
        };
        // The password ran out four days ago.
        came(1, 96, Vec::new(), plain("first", "", cry)).await;
        let view = desk.ticket().await;
        let found = (
            view.ticket.rank(),
            view.ticket.created_at,
            view.ticket.waiting_since,
        );
        assert_eq!(found, (0, ago(73), Some(ago(73))));
        assert!(view.ticket.clocks.due() < desk.app.now(), "overdue");
        assert_eq!(desk.count(OUTBOUND).await, 1, "they hear where to call");

        let (ctx, id) = (desk.ctx(), view.ticket.id);
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let nurse = Ctx {
            actor: Actor::Staff {
                id: desk.app.id(),
                role: clinic.role("nurse").unwrap().clone(),
                name: "Nora".into(),
            },
            ..desk.ctx()
        };
        let settled = async || {
            let calm = Calm {
                reason: CalmReason::Past,
                words: None,
                urgency: Urgency::Standard,
            };
            let version = tickets::not_a_crisis(&desk.app, &nurse, id, None, calm)
                .await
                .unwrap();
            let patch = Patch {
                status: Some(Status::Resolved),
                ..Patch::default()
            };
            tickets::change(&desk.app, &ctx, id, version, patch)
                .await
                .unwrap();
        };
        settled().await;
        let to = vec![desk.reply_address(&view)];
        came(2, 96, to.clone(), plain("second", "", "Please call me.")).await;
        let again = desk.ticket().await.ticket;
        assert_eq!(
            (again.status, again.waiting_since),
            (Status::Open, Some(ago(73)))
        );
        assert_eq!(
            (again.rank() > 0, again.last_message_by.as_str()),
            (true, "contact")
        );
        let answers = to.clone();
        came(3, 96, to, plain("third", "", cry)).await;
        assert_eq!(desk.ticket().await.ticket.rank(), 0);

        // Somebody moved an answer here since the last look: it was waited for, and its request is open again.
        settled().await;
        came(4, 0, answers, plain("rescued", "", "Please call me back.")).await;
        let rescued = desk.ticket().await.ticket;
        assert_eq!(
            (rescued.status, rescued.waiting_since),
            (Status::Open, Some(ago(73)))
        );

        // Somebody moved a request here since the last look.
        let sent = desk.count(OUTBOUND).await;
        came(5, 0, Vec::new(), plain("moved", "", cry)).await;
        let mut all = desk.tickets().await.into_iter();
        let moved = all.find(|other| other.ticket.id != id).unwrap().ticket;
        assert_eq!((moved.rank(), moved.created_at), (1, ago(73)));
        assert_eq!(
            (moved.clocks, moved.waiting_since),
            (crate::sla::Clocks::default(), None)
        );
        assert_eq!(desk.count(OUTBOUND).await, sent);
    })
    .await;
}

#[tokio::test]
async fn nothing_readable_lies_in_the_database() {
    on_both(async |desk: Desk| {
        desk.comes(
            ANA,
            DESK,
            plain("canary-id", "", "canary words about my rash"),
        )
        .await;
        let folder = desk.app.config.data.clone();
        let clean = |when: &str| {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if !path.is_file() {
                    continue;
                }
                let bytes = std::fs::read(&path).unwrap();
                for canary in ["canary", "inhaler", "Lopez", "patients.test"] {
                    let found = memory_find(&bytes, canary.as_bytes());
                    assert!(!found, "{canary} in {} {when}", path.display());
                }
            }
        };
        clean("while it waits");
        desk.work().await;
        clean("when it is a ticket");
    })
    .await;
}

fn memory_find(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
