//! Reading mailboxes of a real Dovecot.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use bedside_channels::email::{
    Reach, Secret, Tls,
    imap::{Body, Cursor, ImapError, ImapSettings, ImapTimeouts, Mailbox, Waiting, check},
};
use bedside_testkit::{
    mail::{Dovecot, PASSWORD},
    ports,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    time::{Instant, timeout},
};

fn settings(dovecot: &Dovecot) -> ImapSettings {
    ImapSettings {
        host: "127.0.0.1".into(),
        port: dovecot.imap_port,
        tls: Tls::None,
        user: "desk".into(),
        password: Secret::new(PASSWORD),
        mailbox: "INBOX".into(),
        extra_roots: None,
        timeouts: ImapTimeouts::default(),
        reach: Reach::Anywhere,
    }
}

fn mail(subject: &str, size: usize) -> Vec<u8> {
    format!("Subject: {subject}\r\n\r\n.{}\r\n", "a".repeat(size)).into_bytes()
}

async fn read(mailbox: &mut Mailbox, waiting: &Waiting) -> Vec<String> {
    let mut subjects = Vec::new();
    for message in &waiting.messages {
        let Body::Raw(raw) = mailbox.fetch(message, 1 << 20).await.expect("a body") else {
            panic!("a small message is read whole");
        };
        let text = String::from_utf8(raw).expect("text");
        let subject = text
            .split("Subject: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        subjects.push(subject.expect("a subject").to_owned());
    }
    subjects
}

#[tokio::test]
async fn every_message_is_read_once_and_in_order() {
    let dovecot = Dovecot::start().unwrap();
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let nothing = mailbox.waiting(None, 10).await.unwrap();
    assert!(nothing.messages.is_empty() && !nothing.more && !nothing.validity_changed);
    for number in 0..7 {
        dovecot
            .deliver("desk", &mail(&number.to_string(), 10))
            .unwrap();
    }
    let (mut cursor, mut subjects) = (None, Vec::new());
    loop {
        let waiting = mailbox.waiting(cursor, 3).await.unwrap();
        assert!(waiting.messages.len() <= 3);
        subjects.extend(read(&mut mailbox, &waiting).await);
        cursor = Some(waiting.end);
        if !waiting.more {
            break;
        }
    }
    assert_eq!(subjects, ["0", "1", "2", "3", "4", "5", "6"]);

    // Another process goes on from the stored cursor, whatever was read or flagged since.
    mailbox.close().await;
    dovecot.deliver("desk", &mail("7", 10)).unwrap();
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let waiting = mailbox.waiting(cursor, 10).await.unwrap();
    assert_eq!(read(&mut mailbox, &waiting).await, ["7"]);
    let done = mailbox.waiting(Some(waiting.end), 10).await.unwrap();
    assert!(done.messages.is_empty());
    assert!(waiting.messages[0].internal_date.is_some());
}

#[tokio::test]
async fn a_renumbered_mailbox_is_listed_from_the_start() {
    let dovecot = Dovecot::start().unwrap();
    dovecot.deliver("desk", &mail("one", 10)).unwrap();
    dovecot.deliver("desk", &mail("two", 10)).unwrap();
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let before = mailbox.waiting(None, 10).await.unwrap();
    mailbox.close().await;

    let uid_validity = before.uid_validity + 1;
    dovecot.set_uid_validity("desk", uid_validity).unwrap();
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let after = mailbox.waiting(Some(before.end), 1).await.unwrap();
    assert!(after.validity_changed && after.more);
    assert_eq!(after.uid_validity, uid_validity);
    assert_eq!(read(&mut mailbox, &after).await, ["one"]);
    let rest = mailbox.waiting(Some(after.end), 10).await.unwrap();
    assert!(!rest.validity_changed);
    assert_eq!(read(&mut mailbox, &rest).await, ["two"]);
}

#[tokio::test]
async fn a_message_too_large_stops_no_other() {
    let dovecot = Dovecot::start().unwrap();
    dovecot.deliver("desk", &mail("large", 100_000)).unwrap();
    dovecot.deliver("desk", &mail("small", 10)).unwrap();
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let waiting = mailbox.waiting(None, 10).await.unwrap();
    let [large, small] = waiting.messages[..] else {
        panic!("two messages")
    };
    assert_eq!(
        mailbox.fetch(&large, 50_000).await.unwrap(),
        Body::TooLarge { size: large.size }
    );
    // A server that understates a size gains nothing.
    let understated = bedside_channels::email::imap::WaitingMessage { size: 1, ..large };
    assert_eq!(
        mailbox.fetch(&understated, 50_000).await.unwrap(),
        Body::TooLarge { size: 50_001 }
    );
    // Its header can be had all the same.
    let header = mailbox
        .fetch_header(large.uid, 1000)
        .await
        .unwrap()
        .unwrap();
    let header = String::from_utf8(header).unwrap();
    assert!(
        header.contains("Subject: large\r\n") && header.ends_with("\r\n\r\n"),
        "{header}"
    );
    // And so can its beginning.
    let beginning = mailbox.fetch_beginning(large.uid, 5_000).await.unwrap();
    let beginning = beginning.unwrap();
    assert_eq!(beginning.len(), 5_000);
    assert!(beginning.starts_with(header.as_bytes()));
    assert_eq!(mailbox.fetch_beginning(999, 1000).await.unwrap(), None);
    let cut = mailbox.fetch_header(large.uid, 5).await.unwrap().unwrap();
    assert_eq!(cut, &header.as_bytes()[..5]);
    assert_eq!(mailbox.fetch_header(999, 1000).await.unwrap(), None);
    assert_eq!(seen(&dovecot), 0);
    assert!(
        matches!(mailbox.fetch(&small, small.size).await.unwrap(), Body::Raw(raw)
        if raw.len() == small.size as usize)
    );
}

#[tokio::test]
async fn a_flag_changes_when_asked_and_only_then() {
    let dovecot = Dovecot::start().unwrap();
    for subject in ["one", "two"] {
        dovecot.deliver("desk", &mail(subject, 10)).unwrap();
    }
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let waiting = mailbox.waiting(None, 10).await.unwrap();
    read(&mut mailbox, &waiting).await;
    let [one, _] = waiting.messages[..] else {
        panic!("two messages")
    };
    assert_eq!(seen(&dovecot), 0);
    mailbox.mark_seen(one.uid).await.unwrap();
    assert_eq!(seen(&dovecot), 1);
}

/// How many messages another client sees as read.
fn seen(dovecot: &Dovecot) -> usize {
    dovecot.seen("desk").expect("a readable mailbox")
}

#[tokio::test]
async fn new_mail_is_noticed_at_once() {
    let dovecot = Arc::new(Dovecot::start().unwrap());
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let waiting = mailbox.waiting(None, 10).await.unwrap();

    // Between the listing and the waiting, where it is easily missed.
    dovecot.deliver("desk", &mail("one", 10)).unwrap();
    let start = Instant::now();
    assert!(mailbox.wait_for_mail(Duration::from_mins(1)).await.unwrap());
    let waiting = mailbox.waiting(Some(waiting.end), 10).await.unwrap();
    assert_eq!(read(&mut mailbox, &waiting).await, ["one"]);

    // During the waiting, in a task of its own as the desk does it.
    let idle = tokio::spawn(async move {
        let news = mailbox.wait_for_mail(Duration::from_mins(1)).await;
        (mailbox, news)
    });
    dovecot.deliver("desk", &mail("two", 10)).unwrap();
    let (mut mailbox, news) = timeout(Duration::from_secs(30), idle)
        .await
        .unwrap()
        .unwrap();
    assert!(news.unwrap());
    let waiting = mailbox.waiting(Some(waiting.end), 10).await.unwrap();
    assert_eq!(read(&mut mailbox, &waiting).await, ["two"]);
    assert!(
        start.elapsed() < Duration::from_secs(55),
        "told, not timed out"
    );
    assert!(
        !mailbox
            .wait_for_mail(Duration::from_millis(50))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn each_kind_of_tls_works_and_a_stranger_is_not_trusted() {
    let dovecot = Dovecot::start().unwrap();
    for (tls, port) in [
        (Tls::Implicit, dovecot.imaps_port),
        (Tls::StartTls, dovecot.imap_port),
    ] {
        for host in ["localhost", "127.0.0.1"] {
            let mut settings = ImapSettings {
                tls,
                port,
                host: host.into(),
                ..settings(&dovecot)
            };
            let error = check(&settings).await.unwrap_err();
            assert!(matches!(error, ImapError::Tls(_)), "{error:?}");
            settings.extra_roots = Some(dovecot.certificate.certificate.clone());
            assert_eq!(check(&settings).await.unwrap(), 0, "{tls:?} {host}");
        }
    }
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let dovecot = Dovecot::start().unwrap();
    let right = settings(&dovecot);
    let closed = ImapSettings {
        port: ports::free().unwrap(),
        ..right.clone()
    };
    assert!(matches!(
        check(&closed).await,
        Err(ImapError::Unreachable(_))
    ));
    let password = ImapSettings {
        password: Secret::new("guess"),
        ..right.clone()
    };
    let error = check(&password).await.unwrap_err();
    assert!(matches!(error, ImapError::Login(_)), "{error:?}");
    let text = error.to_string();
    assert!(!text.contains("guess") && !text.contains("info:"), "{text}");
    let folder = ImapSettings {
        mailbox: "Missing".into(),
        ..right.clone()
    };
    assert!(matches!(check(&folder).await, Err(ImapError::NoMailbox)));
    let lmtp = ImapSettings {
        port: dovecot.lmtp_port,
        ..right.clone()
    };
    assert!(check(&lmtp).await.is_err());
    assert!(!format!("{right:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_call_given_up_closes_the_connection() {
    let dovecot = Dovecot::start().unwrap();
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let given_up = timeout(
        Duration::ZERO,
        mailbox.wait_for_mail(Duration::from_mins(1)),
    )
    .await;
    assert!(given_up.is_err());
    assert!(matches!(
        mailbox.waiting(None, 1).await,
        Err(ImapError::Closed)
    ));
}

#[tokio::test]
async fn a_server_that_goes_away_is_noticed() {
    let dovecot = Dovecot::start().unwrap();
    let mut mailbox = Mailbox::connect(&settings(&dovecot)).await.unwrap();
    let cursor = Cursor {
        uid_validity: 1,
        last_uid: 0,
    };
    drop(dovecot);
    assert!(mailbox.waiting(Some(cursor), 1).await.is_err());
    assert!(matches!(
        mailbox.waiting(None, 1).await,
        Err(ImapError::Closed)
    ));
}

/// A server that says what the test tells it to: each answer is sent after one line of the client.
/// `TAG` in it becomes the client's tag.
async fn scripted(answers: &'static [&'static str]) -> ImapSettings {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        stream.write_all(b"* OK hello\r\n").await.expect("a client");
        for answer in answers {
            let mut line = String::new();
            stream.read_line(&mut line).await.expect("a command");
            let tag = line.split(' ').next().unwrap_or_default();
            let answer = answer.replace("TAG", tag);
            stream.write_all(answer.as_bytes()).await.expect("a client");
        }
        // Hang up only when the client has read everything and is about to speak again.
        if !answers.last().is_some_and(|last| last.contains("BYE")) {
            let _ = stream.read_line(&mut String::new()).await;
        }
    });
    ImapSettings {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        user: "desk".into(),
        password: Secret::new(PASSWORD),
        mailbox: "INBOX".into(),
        extra_roots: None,
        timeouts: ImapTimeouts::default(),
        reach: Reach::Anywhere,
    }
}

const SIGNED_IN: &str = "TAG OK in\r\n";
const REFUSED: &str = "TAG NO [UNAVAILABLE] not now, ana@patients.test\r\n";
const NO_IDLE: &str = "* CAPABILITY IMAP4rev1\r\nTAG OK\r\n";
const ONE_MESSAGE: &str = "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\n\
                           TAG OK [READ-WRITE] open\r\n";
const ITS_SIZE: &str = "* 1 FETCH (UID 1 RFC822.SIZE 5)\r\nTAG OK\r\n";

#[tokio::test]
async fn an_unreadable_answer_is_blamed_on_its_message() {
    let settings = scripted(&[
        SIGNED_IN,
        NO_IDLE,
        ONE_MESSAGE,
        ONE_MESSAGE,
        ITS_SIZE,
        "* \0 what\r\n",
    ])
    .await;
    let mut mailbox = Mailbox::connect(&settings).await.unwrap();
    let waiting = mailbox.waiting(None, 10).await.unwrap();
    let error = mailbox.fetch(&waiting.messages[0], 100).await.unwrap_err();
    assert!(
        matches!(error, ImapError::Unreadable { uid: 1 }),
        "{error:?}"
    );
    assert!(matches!(
        mailbox.waiting(None, 1).await,
        Err(ImapError::Closed)
    ));
}

#[tokio::test]
async fn a_server_that_says_goodbye_blames_no_message() {
    let settings = scripted(&[
        SIGNED_IN,
        NO_IDLE,
        ONE_MESSAGE,
        ONE_MESSAGE,
        ITS_SIZE,
        "* BYE\r\n",
    ])
    .await;
    let mut mailbox = Mailbox::connect(&settings).await.unwrap();
    let waiting = mailbox.waiting(None, 10).await.unwrap();
    let error = mailbox.fetch(&waiting.messages[0], 100).await.unwrap_err();
    assert!(matches!(error, ImapError::Broken(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_without_idle_or_lasting_numbers() {
    let settings = scripted(&[SIGNED_IN, NO_IDLE, ONE_MESSAGE]).await;
    let mut mailbox = Mailbox::connect(&settings).await.unwrap();
    assert!(
        mailbox
            .wait_for_mail(Duration::from_millis(10))
            .await
            .unwrap(),
        "go and look"
    );

    let settings = scripted(&[SIGNED_IN, NO_IDLE, "TAG OK\r\n", "TAG OK\r\n"]).await;
    let mut mailbox = Mailbox::connect(&settings).await.unwrap();
    assert!(matches!(
        mailbox.waiting(None, 1).await,
        Err(ImapError::NoUids)
    ));
}

#[tokio::test]
async fn a_refused_listing_is_not_an_empty_one() {
    let settings = scripted(&[
        SIGNED_IN,
        NO_IDLE,
        ONE_MESSAGE,
        ONE_MESSAGE,
        REFUSED,
        ONE_MESSAGE,
        ITS_SIZE,
        REFUSED,
    ])
    .await;
    let mut mailbox = Mailbox::connect(&settings).await.unwrap();
    let error = mailbox.waiting(None, 10).await.unwrap_err();
    assert!(matches!(error, ImapError::Refused(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("ana"));
    let waiting = mailbox.waiting(None, 10).await.unwrap();
    let error = mailbox.fetch(&waiting.messages[0], 100).await.unwrap_err();
    assert!(matches!(error, ImapError::Refused(_)), "{error:?}");
}
