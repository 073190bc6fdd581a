//! Messages as they come: good, damaged and hostile.

use bedside_codecs::mail::{Limits, MailError, ParsedMail, Verdict, parse};
use std::time::{Duration, Instant};

fn read(raw: impl AsRef<[u8]>) -> ParsedMail {
    parse(raw.as_ref(), &Limits::default()).expect("a readable message")
}

fn refused(raw: impl AsRef<[u8]>) -> MailError {
    parse(raw.as_ref(), &Limits::default()).expect_err("a refused message")
}

/// Runs on a thread with a stack far too small for recursion over thousands of levels.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(192 * 1024)
        .spawn(test)
        .expect("a thread")
        .join()
        .expect("the test");
}

const LETTER: &str = "Return-Path: <ana@example.org>\r\nDelivered-To: reply+abc@clinic.example\r\n\
    Authentication-Results: mx.clinic.example; dmarc=pass header.from=example.org\r\n\
    Received: from a by b; Mon, 3 Mar 2025 10:05:00 +0100\r\n\
    Message-ID: <1@example.org>\r\nIn-Reply-To: <0@clinic.example>\r\nReferences: <z@clinic.example>\r\n <0@clinic.example>\r\n\
    From: =?utf-8?q?Ana_Mu=C3=B1oz?= <ana@example.org>\r\nSender: Office <office@example.org>\r\n\
    Reply-To: \"Gil, Bo\" <bo@example.org>\r\nTo: Desk <desk@clinic.example>, x@clinic.example\r\n\
    Cc: Team: one@example.org, two@example.org;\r\nSubject: =?iso-8859-1?Q?Cita_ma=F1ana?=\r\n\
    Date: Mon, 3 Mar 2025 10:05:00 +0100\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n\
    --outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n\
    --inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHola =C2=A1buenas!\r\n\
    --inner\r\nContent-Type: text/html\r\n\r\n<p>Hola</p>\r\n--inner--\r\n\
    --outer\r\nContent-Type: application/pdf; name=x\r\nContent-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename*=UTF-8''informe%20m%C3%A9dico.pdf\r\n\r\nJVBERi0xLjcKJQ==\r\n\
    --outer\r\nContent-Type: image/png\r\nContent-ID: <pic@1>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n\
    --outer\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--outer--\r\n";

#[test]
fn ids_that_were_encoded_like_words_are_read() {
    // As Python's `email` writes a long id.
    let mail = read(
        "From: ana@example.org\r\nIn-Reply-To: =?utf-8?q?=3Cagrbrmjmib4utmhfmqters4wl4=2Eagrbrmj3f54grk6wqhge5?=\r\n \
         =?utf-8?q?wuclm=2Ep2diqanyprl3qrdf=40clinic=2Eexample=3E?=\r\n\
         References: <one@example.org> =?utf-8?q?=3Ctwo=40clinic=2Eexample=3E?=\r\n\
         Message-ID: =?utf-8?b?PHRocmVlQGV4YW1wbGUub3JnPg==?=\r\n\r\nHello\r\n",
    );
    let whole =
        "agrbrmjmib4utmhfmqters4wl4.agrbrmj3f54grk6wqhge5wuclm.p2diqanyprl3qrdf@clinic.example";
    assert_eq!(mail.in_reply_to, [whole]);
    assert_eq!(mail.references, ["one@example.org", "two@clinic.example"]);
    assert_eq!(mail.message_id.as_deref(), Some("three@example.org"));
    // What is no encoded word stays as it is, and what decodes to no id is none.
    let odd = read(
        "From: ana@example.org\r\nIn-Reply-To: <a=?b@example.org>\r\nReferences: =?utf-8?q?=0A=3C?=\r\n\r\nHello\r\n",
    );
    assert_eq!(odd.in_reply_to, ["a=?b@example.org"]);
    assert_eq!(odd.references, [""; 0]);
}

#[test]
fn a_letter_with_everything() {
    let mail = read(LETTER);
    assert_eq!(mail.message_id.as_deref(), Some("1@example.org"));
    assert_eq!(mail.in_reply_to, ["0@clinic.example"]);
    assert_eq!(mail.references, ["z@clinic.example", "0@clinic.example"]);
    let from = mail.from.as_ref().unwrap();
    assert_eq!(
        (from.name.as_deref(), from.address.as_str()),
        (Some("Ana Muñoz"), "ana@example.org")
    );
    assert!(!mail.several_authors);
    assert_eq!(mail.sender.as_ref().unwrap().address, "office@example.org");
    assert_eq!(mail.reply_to[0].name.as_deref(), Some("Gil, Bo"));
    assert_eq!(mail.to.len(), 2);
    assert_eq!(
        mail.cc
            .iter()
            .map(|m| m.address.as_str())
            .collect::<Vec<_>>(),
        ["one@example.org", "two@example.org"]
    );
    assert_eq!(mail.delivered_to, ["reply+abc@clinic.example"]);
    assert_eq!(mail.subject, "Cita mañana");
    assert_eq!(mail.date, Some(1_740_992_700_000_000));
    assert_eq!(mail.text.as_deref(), Some("Hola ¡buenas!"));
    assert_eq!(mail.html.as_deref(), Some("<p>Hola</p>"));
    assert_eq!(
        mail.authentication("MX.clinic.example").dmarc,
        Verdict::Pass
    );
    assert_eq!(mail.authentication("other").dmarc, Verdict::Unknown);
    let [pdf, png, ics] = &mail.attachments[..] else {
        panic!("three files")
    };
    assert_eq!(
        (pdf.file_name.as_str(), pdf.sniffed_type, pdf.inline),
        ("informe médico.pdf", Some("application/pdf"), false)
    );
    assert_eq!(pdf.bytes, b"%PDF-1.7\n%");
    assert_eq!(
        (
            png.file_name.as_str(),
            png.content_id.as_deref(),
            png.inline
        ),
        ("file.png", Some("pic@1"), true)
    );
    assert_eq!(
        (ics.file_name.as_str(), ics.declared_type.as_str()),
        ("invitation.ics", "text/calendar")
    );
    let shown = format!("{mail:?}");
    assert!(!shown.contains("Ana") && !shown.contains("Hola") && !shown.contains("ana@"));
}

#[test]
fn texts_are_joined_and_html_stands_in_for_a_missing_text() {
    let mail =
        read("From: a@b.c\n\n\n".replace("\n\n", "\nContent-Type: text/html\n\n") + "<p>one<p>two");
    assert_eq!(
        (mail.text.as_deref(), &*mail.readable_text()),
        (None, "one\n\ntwo")
    );
    let mail = read(
        "From: a@b.c\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>body</p>\n--b\n\n<footer>\n--b--\n",
    );
    assert_eq!(mail.text.as_deref(), Some("body\n<footer>"));
    assert_eq!(
        mail.html.as_deref(),
        Some("<p>body</p>\n<p>&lt;footer&gt;</p>")
    );
    assert_eq!(&*read("From: a@b.c\n").readable_text(), "");
}

#[test]
fn charsets_and_damage_give_text() {
    for (header, body, expected) in [
        (
            "Content-Type: text/plain; charset=iso-8859-15",
            &b"caf\xe9 \xa4"[..],
            "café €",
        ),
        (
            "Content-Type: text/plain; charset=utf-8",
            b"caf\xe9",
            "café",
        ),
        (
            "Content-Type: text/plain; charset=made-up",
            "café".as_bytes(),
            "café",
        ),
        ("X: y", b"nul\0byte\r\nnext", "nulbyte\nnext"),
        (
            "Content-Type: text/plain; charset=gb2312",
            b"\xc4\xe3\xba\xc3",
            "你好",
        ),
        (
            "Content-Transfer-Encoding: base64",
            b"SGVsbG8gd29ybGQ*",
            "Hello world",
        ),
        (
            "Content-Transfer-Encoding: made-up",
            b"as it is",
            "as it is",
        ),
        (
            "Content-Type: multipart/mixed",
            b"no boundary",
            "no boundary",
        ),
        (
            "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64",
            b"aABpAA==",
            "hi",
        ),
    ] {
        let mut raw = format!("From: a@b.c\n{header}\n\n").into_bytes();
        raw.extend_from_slice(body);
        assert_eq!(read(&raw).text.as_deref(), Some(expected), "{header}");
    }
    let raw = b"From: Mu\xf1oz <a@b.c>\nSubject: ma\xf1ana\0x\n\n";
    let mail = read(raw);
    assert_eq!(
        (mail.from.unwrap().name.as_deref(), mail.subject.as_str()),
        (Some("Muñoz"), "mañana x")
    );
}

#[test]
fn header_tricks() {
    let mail = read(
        "From: a@b.c\nFrom: evil@b.c\nDate: Mon, 31 Feb 2025 10:00:00 +0000\nX-bedside-origin: desk-1\n\nx",
    );
    assert!(mail.several_authors && mail.is_own());
    assert_eq!(mail.from.as_ref().unwrap().address, "a@b.c");
    assert_eq!(mail.date, None);
    assert!(read("From: a@b.c, d@e.f\n\nx").several_authors);
    for date in [
        "Thu, 1 Jan 1970 00:00:00 +0000",
        "Mon, 1 Jan 9999 00:00:00 +0000",
        "soon",
        "99 99 9999 99:99",
        "",
    ] {
        assert_eq!(
            read(format!("From: a@b.c\nDate: {date}\n\n")).date,
            None,
            "{date}"
        );
    }
    let many = (0..500)
        .map(|n| format!(" <{n}@x>\r\n"))
        .collect::<Vec<_>>()
        .concat();
    let mail = read(format!("From: a@b.c\r\nReferences:{many}\r\nx"));
    assert_eq!(
        (
            mail.references.len(),
            &*mail.references[0],
            &*mail.references[99]
        ),
        (100, "0@x", "499@x")
    );
    let mail = read(format!(
        "From: {} <a@b.c>\nSubject: {}\n\n",
        "n".repeat(900),
        "s ".repeat(3000)
    ));
    assert_eq!(mail.from.unwrap().name.unwrap().len(), 200);
    assert!(mail.subject.len() <= 998);
    let mail = read(
        "From: a@b.c\nContent-Type: application/x; name=\"=?utf-8?B?w7HDsS5wZGY=?=\"\nContent-Disposition: attachment\n\nx",
    );
    assert_eq!(mail.attachments[0].file_name, "ññ.pdf");
    assert_eq!(
        read("From x Mon Jan 1\nFrom: a@b.c\n\nhi").text.as_deref(),
        Some("hi")
    );
}

#[test]
fn what_is_no_mail_is_refused_with_a_plain_sentence() {
    assert_eq!(refused(""), MailError::Empty);
    assert_eq!(refused("\r\n "), MailError::Empty);
    assert_eq!(refused("hello world"), MailError::NotMail);
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n\0\0\0"), MailError::NotMail);
    let small = Limits {
        raw: 10,
        ..Limits::default()
    };
    assert_eq!(
        parse(b"From: a@b.c\n\n", &small),
        Err(MailError::TooLarge {
            size: 13,
            limit: 10
        })
    );
    for error in [
        MailError::Empty,
        MailError::NotMail,
        MailError::TooDeep { limit: 1 },
    ] {
        assert!(error.public().ends_with('.'));
    }
}

#[test]
fn ten_thousand_levels_are_refused_at_once() {
    on_small_stack(|| {
        let mut multipart = String::from("From: a@b.c\r\n");
        let mut messages = String::from("From: a@b.c\r\n");
        for level in 0..10_000 {
            multipart.extend([
                "Content-Type: multipart/mixed; boundary=b",
                &level.to_string(),
                "\r\n\r\n--b",
                &level.to_string(),
                "\r\n",
            ]);
            messages += "Content-Type: message/rfc822\r\n\r\n";
        }
        let digest = "From: a@b.c\r\n".to_owned()
            + &"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n".repeat(10_000);
        for raw in [&multipart, &messages] {
            let started = Instant::now();
            assert_eq!(refused(raw), MailError::TooDeep { limit: 32 });
            assert!(
                started.elapsed() < Duration::from_millis(100),
                "{:?}",
                started.elapsed()
            );
        }
        let started = Instant::now();
        assert!(parse(digest.as_bytes(), &Limits::default()).is_err());
        assert!(started.elapsed() < Duration::from_millis(500));
    });
}

#[test]
fn endless_headers_parts_and_files_are_refused_at_once() {
    let started = Instant::now();
    let endless = format!("From: a@b.c\r\nSubject: {}", "x".repeat(10 * 1024 * 1024));
    assert_eq!(
        refused(endless),
        MailError::HeaderTooLarge { limit: 256 * 1024 }
    );
    let many = "From: a@b.c\r\n".to_owned() + &"X-A: b\r\n".repeat(100_000) + "\r\nbody";
    assert_eq!(
        refused(many),
        MailError::HeaderTooLarge { limit: 256 * 1024 }
    );
    let parts = "From: a@b.c\nContent-Type: multipart/mixed; boundary=b\n\n".to_owned()
        + &"--b\n\nx\n".repeat(1_000_000);
    assert_eq!(refused(parts), MailError::TooManyParts { limit: 1000 });
    let files = "From: a@b.c\nContent-Type: multipart/mixed; boundary=b\n\n".to_owned()
        + &"--b\nContent-Type: image/png\n\nx\n".repeat(101);
    assert_eq!(refused(files), MailError::TooManyParts { limit: 100 });
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn hostile_headers_cost_little() {
    for piece in [
        "=?",
        "=?utf-8?q?",
        "=?utf-8?B?QQ==?= ",
        "(",
        "<",
        "\"",
        "a@b.c,",
        "\\",
        ";",
        "x=\"",
        "a*0=b;",
        "<a@b> ",
        "\r\n ",
        ":",
        ",;:",
    ] {
        for name in [
            "Subject",
            "From",
            "Content-Type",
            "References",
            "Received",
            "Authentication-Results",
            "Date",
            "Content-Disposition",
        ] {
            let raw = format!(
                "To: a@b.c\r\n{name}: {}\r\n\r\nx",
                piece.repeat(200_000 / piece.len())
            );
            let started = Instant::now();
            let mail = read(raw);
            let _ = mail.authentication("mx");
            assert!(
                started.elapsed() < Duration::from_secs(3),
                "{name} {piece:?} {:?}",
                started.elapsed()
            );
        }
    }
}

#[test]
fn fifty_mebibytes_are_read() {
    let line = "QUJD".repeat(19) + "\r\n";
    let count = 49 * 1024 * 1024 / line.len();
    let raw = "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf\r\n\
               Content-Transfer-Encoding: base64\r\n\r\n"
        .to_owned()
        + &line.repeat(count)
        + "--b--\r\n";
    assert_eq!(read(raw).attachments[0].bytes.len(), count * 57);
}
