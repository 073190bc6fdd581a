//! What is composed reads back as what was meant, and as nothing else.

use bedside_codecs::mail::{
    AutoKind, Limits,
    address::Address,
    compose::{Automatic, ComposeError, Outgoing, OutgoingFile, Party, compose},
    parse,
};
use proptest::prelude::*;

fn party(name: &str, address: &str) -> Party {
    Party {
        name: (!name.is_empty()).then(|| name.to_owned()),
        address: Address::parse(address).expect("a valid address"),
    }
}

fn plain() -> Outgoing {
    Outgoing {
        from: party("Clínica Río", "desk@clinic.example"),
        reply_to: Some(party("", "reply+abc.def@clinic.example")),
        to: vec![party("Ana, \"la\" Gil", "ana@example.org")],
        cc: vec![],
        subject: "Su cita de mañana".into(),
        message_id: "t.m.c@clinic.example".into(),
        in_reply_to: Some("<1@example.org>".into()),
        references: vec!["0@example.org".into(), "1@example.org".into()],
        date: 1_740_992_700_000_000,
        text: "Hola\n\n.\nFrom here\n".into(),
        html: None,
        files: vec![],
        automatic: None,
        unsubscribe: None,
        origin: "desk-1".into(),
    }
}

fn header_names(raw: &[u8]) -> Vec<String> {
    let end = raw
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("a header end");
    String::from_utf8(raw[..end].to_vec())
        .expect("UTF-8")
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_letter_comes_back() {
    let mail = plain();
    let raw = compose(mail.clone()).unwrap();
    assert_eq!(
        raw,
        compose(mail.clone()).unwrap(),
        "the same input gives the same bytes"
    );
    let read = parse(&raw, &Limits::default()).unwrap();
    assert_eq!(
        read.from.as_ref().unwrap().name.as_deref(),
        Some("Clínica Río")
    );
    assert_eq!(read.to[0].name.as_deref(), Some("Ana, \"la\" Gil"));
    assert_eq!(read.reply_to[0].address, "reply+abc.def@clinic.example");
    assert_eq!(read.subject, mail.subject);
    assert_eq!(read.message_id.as_deref(), Some("t.m.c@clinic.example"));
    assert_eq!(
        (read.in_reply_to.as_slice(), read.references.len()),
        (&["1@example.org".to_owned()][..], 2)
    );
    assert_eq!(read.date, Some(mail.date));
    assert_eq!(
        read.text.as_deref().unwrap().trim_end(),
        mail.text.trim_end()
    );
    assert_eq!(read.origin.as_deref(), Some("desk-1"));
    assert_eq!(read.auto_kind(None), AutoKind::Person);
    assert!(raw.split(|b| *b == b'\n').all(|line| line.len() <= 998));
}

#[test]
fn automatic_mail_says_so() {
    for (automatic, kind) in [
        (Automatic::Reply, AutoKind::Reply),
        (Automatic::Notice, AutoKind::Generated),
    ] {
        let raw = compose(Outgoing {
            automatic: Some(automatic),
            ..plain()
        })
        .unwrap();
        assert_eq!(
            parse(&raw, &Limits::default()).unwrap().auto_kind(None),
            kind
        );
    }
}

#[test]
fn html_pictures_and_files() {
    let file = |name: &str, media: &str, id: Option<&str>| OutgoingFile {
        file_name: name.into(),
        media_type: media.into(),
        content_id: id.map(str::to_owned),
        bytes: b"\x89PNG\r\n\x1a\n--=tmcclinicexample_1\r\n".to_vec(),
    };
    let mail = Outgoing {
        html: Some("<p>Hola <img src=\"cid:pic@1\"></p>".into()),
        files: vec![
            file("pic.png", "image/png", Some("pic@1")),
            file("../informe\r\nX: y.txt", "text/plain\r\nX: y", None),
            file("x.html", "text/html", None),
            file("y.png", "image/png", Some("bad id>\r\nX: y")),
        ],
        ..plain()
    };
    let read = parse(&compose(mail.clone()).unwrap(), &Limits::default()).unwrap();
    assert_eq!(
        read.text.as_deref().unwrap().trim_end(),
        mail.text.trim_end()
    );
    assert_eq!(
        read.html.as_deref().map(str::trim_end),
        mail.html.as_deref()
    );
    assert_eq!(read.attachments.len(), 4);
    assert!(
        read.attachments
            .iter()
            .all(|a| a.bytes == mail.files[0].bytes)
    );
    assert_eq!(read.attachments[0].content_id.as_deref(), Some("pic@1"));
    assert_eq!(read.attachments[1].file_name, "informeX_ y.txt");
    assert_eq!(
        read.attachments[1].declared_type,
        "application/octet-stream"
    );
    assert_eq!(read.attachments[3].content_id, None);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    assert_eq!(
        compose(Outgoing {
            to: vec![],
            ..plain()
        }),
        Err(ComposeError::NoRecipient)
    );
    for id in ["", "x", "a@b\r\nX: y", "a@b>", "a b@c", "ñ@c", "a@b@c"] {
        assert_eq!(
            compose(Outgoing {
                message_id: id.into(),
                ..plain()
            }),
            Err(ComposeError::MessageId),
            "{id}"
        );
    }
    let long = (0..90).map(|n| format!("{n}@x")).collect();
    let read = parse(
        &compose(Outgoing {
            references: long,
            date: i64::MIN,
            ..plain()
        })
        .unwrap(),
        &Limits::default(),
    )
    .unwrap();
    assert!(
        read.references.len() <= 21
            && read.references[0] == "0@x"
            && read.references.last().unwrap() == "89@x"
    );
}

fn hostile() -> impl Strategy<Value = String> {
    "(\r\n|\n|\r|\0|Bcc: x@y\\.z|:|<|>|,|\"|\\\\|=\\?utf-8\\?q\\?a\\?=|@| |\t|ñ|[a-z]|\u{2028}|\u{85}|\\PC){0,60}"
}

proptest! {
    #[test]
    fn no_field_makes_another(subject in hostile(), name in hostile(), id in hostile(), reference in hostile(), text in hostile(),
                              html in hostile(), file_name in hostile(), media in hostile(), content_id in hostile(), origin in hostile(), date: i64) {
        let mail = Outgoing {
            from: Party { name: Some(name.clone()), ..plain().from },
            to: vec![Party { name: Some(name), ..plain().to.remove(0) }],
            subject, in_reply_to: Some(id), references: vec![reference, "r@x".into()],
            text, html: Some(html), origin, date,
            files: vec![OutgoingFile { file_name, media_type: media, content_id: Some(content_id), bytes: vec![1, 2, 3] }],
            automatic: Some(Automatic::Reply),
            ..plain()
        };
        let answers = mail.in_reply_to.clone();
        let raw = compose(mail.clone()).unwrap();
        let lone = String::from_utf8_lossy(&raw).replace("\r\n", "");
        prop_assert!(!lone.contains(['\r', '\n', '\0']));
        let names = header_names(&raw);
        let read = parse(&raw, &Limits::default()).unwrap();
        let mut expected = vec!["From", "Subject", "Date", "Message-ID", "To", "Reply-To"];
        if !read.in_reply_to.is_empty() {
            expected.push("In-Reply-To");
            prop_assert!(answers.unwrap().contains(&read.in_reply_to[0]));
        }
        expected.extend(["References", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Bedside-Origin", "MIME-Version", "Content-Type"]);
        prop_assert_eq!(names, expected);
        prop_assert_eq!(read.to.len(), 1);
        prop_assert_eq!(&read.to[0].address, "ana@example.org");
        prop_assert!(!read.several_authors);
        prop_assert_eq!(&read.from.unwrap().address, "desk@clinic.example");
        prop_assert_eq!(read.attachments.len(), 1);
        prop_assert_eq!(&read.attachments[0].bytes, &[1, 2, 3]);
        prop_assert!(raw.split(|b| *b == b'\n').all(|line| line.len() <= 998));
    }

    #[test]
    fn a_link_that_ends_such_mails_is_a_header_or_nothing(rest in hostile()) {
        let link = format!("https://clinic.example/u/{rest}");
        let raw = compose(Outgoing { unsubscribe: Some(link.clone()), ..plain() }).unwrap();
        let names = header_names(&raw);
        let head = String::from_utf8_lossy(&raw).split("\r\n\r\n").next().unwrap().to_owned();
        let plain_names = header_names(&compose(plain()).unwrap());
        if names.len() == plain_names.len() {
            prop_assert_eq!(names, plain_names);
        } else {
            prop_assert_eq!(names.len(), plain_names.len() + 2);
            let list = format!("List-Unsubscribe: <{link}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
            prop_assert!(head.contains(&list));
        }
    }

    #[test]
    fn subjects_and_texts_survive(subject in "[a-zñé界😀 ]{1,80}", text in "([a-zñé界😀.=>-]{0,90}\n){1,8}") {
        let raw = compose(Outgoing { subject: subject.clone(), text: text.clone(), ..plain() }).unwrap();
        let read = parse(&raw, &Limits::default()).unwrap();
        prop_assert_eq!(read.subject, subject.trim());
        prop_assert_eq!(read.text.as_deref().unwrap().trim_end(), text.trim_end());
    }
}
