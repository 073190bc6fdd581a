//! Each kind of broken mail through the receiver: a typed answer on the wire or a ticket for a person, and the next mail
//! goes on as if nothing had been.

use crate::common::Role;
use crate::common::sink::{Answer, at, sink};
use crate::common::wire::{ANA, HELP, Wire, plain};
use crate::common::{Desk, both_engines};
use crate::{all_tickets, newest, queue};
use bedside_desk::context::Permissions;
use bedside_desk::outbound::{self, State};
use bedside_desk::tickets::{self, Reply, Status, TicketView};
use bedside_desk::timeline::MessageState;
use bedside_desk::{jobs, mailboxes};
use bedside_testkit::ports;
use std::fmt::Write as _;

/// The mail after the bad one.
async fn goes_on(desk: &Desk, wire: &Wire<'_>) {
    wire.takes(plain("good", "", "A good mail after all."))
        .await;
    let view = newest(desk).await;
    assert_eq!(view.messages[0].body.trim(), "A good mail after all.");
    assert_ne!(queue(desk, &view), "needs_look");
}

/// A person has the raw file.
async fn is_parked(desk: &Desk, raw: &[u8]) -> TicketView {
    let view = newest(desk).await;
    assert_eq!(queue(desk, &view), "needs_look");
    let [file] = view.messages[0].attachments.as_slice() else {
        panic!("the raw file");
    };
    assert_eq!(
        (file.name.as_str(), file.media_type.as_str()),
        ("mail.eml", "message/rfc822")
    );
    let agent = desk.browser(Role::Agent).await;
    let got = agent
        .get(&format!("/attachments/{}", file.id))
        .await
        .expect(200);
    assert_eq!(got.body, raw, "as it came");
    view
}

both_engines! {
    async fn bad_input_broken_mime(desk: Desk) {
        let wire = Wire::new(&desk).await;
        // What can still be read is read.
        for (number, (header, body, words)) in [
            ("Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nFirst words\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo@@@", "First words"),
            ("Content-Type: multipart/mixed\r\n", "No boundary here", "No boundary here"),
            ("Content-Type: multipart/alternative; boundary=\"never\"\r\n", "No part here", "No part here"),
            ("Content-Type: text/plain; charset=\"\r\n", "An open quote", "An open quote"),
            ("Content-Type: ;;;==\"\r\nContent-Transfer-Encoding: nonsense\r\n", "Odd fields", "Odd fields"),
            ("Content-Transfer-Encoding: base64\r\n", "SGVsbG8gdGhlcmU", "Hello there"),
            ("Content-Transfer-Encoding: quoted-printable\r\n", "Half an escape =4", "Half an escape"),
            ("MIME-Version: 99\r\nno colon in this line\r\n", "A line without a colon", "A line without a colon"),
        ].into_iter().enumerate() {
            wire.takes(plain(&format!("broken{number}"), header, body)).await;
            let view = newest(&desk).await;
            assert!(view.messages[0].body.contains(words), "{header}: {}", view.messages[0].body);
        }
        // What can't is parked as it came.
        let raw = b"\x7fELF\x02\x01\x01 this is a program\r\n";
        wire.takes(raw).await;
        is_parked(&desk, raw).await;
        goes_on(&desk, &wire).await;
    }

    async fn bad_input_a_mail_of_50_mib(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let limit = desk.app.config.max_mail_bytes;
        assert_eq!(limit, 50 * 1024 * 1024);
        let mut talk = wire.connect().await;
        // Announced: refused before a byte of it is sent.
        let said = talk.say(&format!("MAIL FROM:<{ANA}> SIZE={}", limit + 1)).await;
        assert!(said.starts_with("552 5.3.4"), "{said}");
        // Not announced: read to its end and refused, and the conversation goes on.
        let head = plain("huge", "", "");
        let line = format!("{}\r\n", "a".repeat(998));
        let huge = head.clone() + &line.repeat((limit - head.len()) / 1000 + 1);
        assert!(huge.len() > limit);
        let said = talk.mail(huge.as_bytes()).await;
        assert!(said.starts_with("552 5.3.4"), "{said}");
        assert_eq!(wire.work().await, 0);
        // Just within the limit it is taken; what is too long for the page is a file.
        let said = talk.mail(&huge.as_bytes()[..limit - 1002]).await;
        assert!(said.starts_with("250"), "{said}");
        drop(huge);
        wire.work().await;
        let view = newest(&desk).await;
        assert_eq!(view.subject, "Refill of my inhaler");
        let [file] = view.messages[0].attachments.as_slice() else { panic!("one file") };
        assert!(file.name == "message.txt" && file.size > 50_000_000, "{file:?}");
        goes_on(&desk, &wire).await;
    }

    async fn bad_input_wrong_charset(desk: Desk) {
        let wire = Wire::new(&desk).await;
        for (number, (charset, bytes, words)) in [
            ("iso-8859-1", &b"caf\xe9 \x80"[..], "café €"),
            ("utf-8", b"caf\xe9 ma\xf1ana", "café mañana"),
            ("no-such-charset", "café mañana".as_bytes(), "café mañana"),
            ("us-ascii", "café mañana".as_bytes(), "café mañana"),
            ("utf-16", "café mañana".as_bytes(), "café mañana"),
            ("utf-7", b"+AGMAYQBmAOk- x", "café x"),
            ("iso-2022-jp", b"\x1b$B$3$s$K$A$O\x1b(B", "こんにちは"),
            ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("gb18030", b"\xc4\xe3\xba\xc3", "你好"),
        ].into_iter().enumerate() {
            let head = plain(&format!("charset{number}"), &format!("Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n"), "");
            wire.takes([head.trim_end().as_bytes(), b"\r\n\r\n", bytes, b"\r\n"].concat()).await;
            let view = newest(&desk).await;
            assert!(view.messages[0].body.contains(words), "{charset}: {:?}", view.messages[0].body);
            assert_eq!(view.subject, "Refill of my inhaler");
        }
        goes_on(&desk, &wire).await;
    }

    async fn bad_input_nul_bytes(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let raw = plain("nul", "X-Nul: a\0b\r\n", "Hello\0there").replace("Refill", "Re\0fill");
        wire.takes(raw).await;
        let view = newest(&desk).await;
        assert!(!view.subject.contains('\0') && view.subject.contains("of my inhaler"), "{:?}", view.subject);
        let body = &view.messages[0].body;
        assert!(!body.contains('\0') && body.contains("Hello") && body.contains("there"), "{body:?}");
        let nothing = vec![0; 4096];
        wire.takes(&nothing).await;
        is_parked(&desk, &[&nothing[..], b"\r\n"].concat()).await;
        goes_on(&desk, &wire).await;
    }

    async fn bad_input_a_header_of_10_mb(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let raw = plain("header", &format!("X-Long: {}\r\n", "x".repeat(10_000_000)), "Hello");
        wire.takes(&raw).await;
        let view = is_parked(&desk, raw.as_bytes()).await;
        assert!(view.messages[0].body.contains("its header is too large"), "{}", view.messages[0].body);
        goes_on(&desk, &wire).await;
    }

    async fn attack_21_bad_input_zip_bombs(desk: Desk) {
        let wire = Wire::new(&desk).await;
        // Nothing here unpacks an archive: it goes in and comes out byte for byte, and no browser opens it.
        let zip = [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &[0x78; 10_000][..]].concat();
        let gzip = [&b"\x1f\x8b\x08\0\0\0\0\0\0\xff"[..], &[0xec; 10_000][..]].concat();
        let files = [("bomb.zip", zip), ("bomb.gz", gzip), ("42.pdf.zip", b"PK\x05\x06".repeat(9))];
        let mut body = String::new();
        for (name, bytes) in &files {
            let coded = data_encoding::BASE64.encode(bytes);
            write!(body,
                "--b\r\nContent-Type: application/x-anything; name={name}\r\nContent-Encoding: gzip\r\n\
                 Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{coded}\r\n"
            ).unwrap();
        }
        wire.takes(plain("zip", "Content-Type: multipart/mixed; boundary=b\r\n", &format!("--b\r\n\r\nMy results\r\n{body}--b--"))).await;
        let view = newest(&desk).await;
        let kept = &view.messages[0].attachments;
        assert_eq!(kept.len(), files.len());
        let agent = desk.browser(Role::Agent).await;
        for (file, (name, bytes)) in kept.iter().zip(&files) {
            assert_eq!(file.name, *name);
            let got = agent.get(&format!("/attachments/{}", file.id)).await.expect(200);
            assert!(got.body == *bytes);
            assert_eq!(got.headers["content-type"], "application/octet-stream");
            assert!(got.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
            assert!(got.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
            assert_eq!(got.headers["x-content-type-options"], "nosniff");
            assert!(!got.headers.contains_key("content-encoding"));
        }
        assert_eq!((kept[0].media_type.as_str(), kept[1].media_type.as_str()), ("application/zip", "application/gzip"));
        goes_on(&desk, &wire).await;
    }

    async fn bad_input_absurd_dates(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let now = desk.app.now();
        for (number, date) in [
            "Mon, 1 Jan 0001 00:00:00 +0000",
            "Tue, 31 Feb 2026 25:61:61 +9999",
            "Fri, 1 Jan 99999 00:00:00 +0000",
            "Thu, 1 Jan 1970 00:00:00 +0000",
            "-9223372036854775808",
            "yesterday",
            "",
        ].into_iter().enumerate() {
            let raw = plain(&format!("date{number}"), "", "When?").replace("Mon, 2 Mar 2026 09:00:00 +0000", date);
            wire.takes(raw).await;
            let view = newest(&desk).await;
            // When it came is what the desk's own clock says.
            assert_eq!((view.ticket.created_at, view.messages[0].created_at), (now, now), "{date}");
        }
        goes_on(&desk, &wire).await;
    }

    async fn bad_input_wrong_utf8(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let odd: [&[u8]; 5] = [b"\xff\xfe\xfd", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"];
        for (number, bytes) in odd.into_iter().enumerate() {
            let id = format!("<utf{number}@patients.test>");
            let head = format!("To: {HELP}\r\nMessage-ID: {id}\r\nContent-Type: text/plain; charset=utf-8\r\n");
            let raw = [
                b"From: Ana", bytes, b" <ana@patients.test>\r\nSubject: Hello ", bytes, b" inhaler\r\n", head.as_bytes(),
                b"\r\nSome words ", bytes, b" more words\r\n",
            ];
            wire.takes(raw.concat()).await;
            let view = newest(&desk).await;
            assert!(view.subject.starts_with("Hello ") && view.subject.ends_with(" inhaler"), "{:?}", view.subject);
            let body = &view.messages[0].body;
            assert!(body.contains("Some words ") && body.contains(" more words"), "{body:?}");
        }
        goes_on(&desk, &wire).await;
    }

    async fn bad_input_a_dead_mail_server(desk: Desk) {
        let admin = desk.ctx(Role::Administrator);
        let dead = ports::free().unwrap();
        let mailbox = mailboxes::create(&desk.app, &admin, at(dead)).await.unwrap();
        let wire = Wire::beside(&desk).await;
        wire.takes(plain("one", "", "When are you open?")).await;
        let ticket = newest(&desk).await.ticket.id;
        let reply = Reply::new("At nine");
        let message = tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, reply).await.unwrap();
        // Mail goes on coming in, and what waits to go out is seen: on the message, and with its reason.
        let client = desk.client(&Permissions::ALL.codes()).await;
        let state = async || {
            let shown = client.get(&format!("/api/v1/tickets/{ticket}/messages")).await.expect(200).json();
            let all = shown["items"].as_array().unwrap().clone();
            all.iter().find(|one| one["id"] == serde_json::json!(message)).unwrap()["state"].as_str().unwrap().to_owned()
        };
        let began = desk.app.now();
        for hours in [0, 1, 12, 71] {
            desk.clock.advance(began.plus_seconds(hours * 3600 + 60).seconds_since(desk.app.now()));
            jobs::drain(&desk.app).await.unwrap();
            assert_eq!(state().await, "queued", "after {hours} h");
            let troubled = outbound::troubled(&desk.app, &admin, None).await.unwrap();
            assert!(!troubled.mails.is_empty());
            for mail in troubled.mails {
                assert_eq!((mail.state, mail.code.as_str()), (State::Queued, "connection"));
            }
            goes_on(&desk, &wire).await;
        }
        desk.clock.advance(2 * 3600);
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(state().await, MessageState::Failed.code());
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        assert_eq!((view.ticket.status, view.ticket.last_message_by.as_str()), (Status::Open, tickets::UNDELIVERED));
        let page = desk.browser(Role::Agent).await.get(&format!("/tickets/{}", view.ticket.number)).await.expect(200).text();
        assert!(page.contains("Not sent"), "{page}");
        // The server comes back: nothing that was given up goes out by itself, a person sends it again.
        mailboxes::set_enabled(&desk.app, &admin, mailbox, 1, false).await.unwrap();
        let mut living = at(0);
        "second@clinic.example".clone_into(&mut living.address);
        let sink = crate::common::sink::Sink::start().await;
        living.settings.smtp.as_mut().unwrap().port = sink.port;
        sink.answer(Answer::Accept);
        mailboxes::create(&desk.app, &admin, living).await.unwrap();
        let failed = outbound::troubled(&desk.app, &admin, None).await.unwrap();
        let failed = failed.mails.iter().find(|mail| mail.ticket == ticket && mail.state == State::Failed && mail.kind == outbound::Kind::Reply).unwrap();
        outbound::try_again(&desk.app, &admin, failed.id).await.unwrap();
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(state().await, "accepted");
    }
}

both_engines! {
    /// Broken mail after broken mail: the good ones in between are all there.
    async fn bad_input_never_stops_the_next_mail(desk: Desk) {
        let _sink = sink(&desk).await;
        let wire = Wire::beside(&desk).await;
        for number in 0..20 {
            let noise: Vec<u8> = (0..2000_u32).map(|at| u8::try_from((at * 7919 + number * 104_729) % 251).unwrap()).collect();
            assert!(wire.hand_in(&noise).await.starts_with("250"));
            assert!(wire.hand_in(plain(&format!("between{number}"), "", &format!("Good {number}"))).await.starts_with("250"));
        }
        while wire.work().await > 0 {}
        let all = all_tickets(&desk).await;
        let good = all.iter().filter(|view| view.messages[0].body.starts_with("Good ")).count();
        let parked = all.iter().filter(|view| queue(&desk, view) == "needs_look").count();
        assert_eq!((good, parked, all.len()), (20, 20, 40));
    }
}
