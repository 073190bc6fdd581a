//! The receiver over real sockets: what it takes, what it refuses, and where its limits are.

use std::time::Duration;

use crate::support::{Client, Receiver};
use bedside_channels::email::receiver::{Protocol, ReceiverSettings, Verdict};
use bedside_testkit::wait_until_async;

fn smtp() -> ReceiverSettings {
    ReceiverSettings::new(Protocol::Smtp, "desk.clinic.test")
}

fn lmtp() -> ReceiverSettings {
    ReceiverSettings::new(Protocol::Lmtp, "desk.clinic.test")
}

const ENVELOPE: &[&str] = &[
    "EHLO client.test",
    "MAIL FROM:<ana@patients.test>",
    "RCPT TO:<desk@clinic.test>",
    "DATA",
];

async fn ready_for_data(client: &mut Client) {
    client.expect("220").await;
    for command in ENVELOPE {
        client.line(command).await;
    }
    client.expect("250").await;
    client.expect("250").await;
    client.expect("250").await;
    client.expect("354").await;
}

#[tokio::test]
async fn one_transmission_is_one_message() {
    let not_an_end = [
        "\n.\n",
        "\r.\r",
        "\n.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\r.\n",
        "\n.\r",
        "\r\n.\0\r\n",
        "\r\n\0.\r\n",
        "\r\n.\r\r\n",
        "\r\r\n.\r\r\n",
        "\r\n .\r\n",
        "\r\n..\r\n",
    ];
    let receiver = Receiver::start(smtp()).await;
    for (sent, end) in not_an_end.iter().enumerate() {
        let mut client = receiver.connect().await;
        ready_for_data(&mut client).await;
        let second = "MAIL FROM:<boss@clinic.test>\r\nRCPT TO:<desk@clinic.test>\r\nDATA\r\n\
                      Subject: smuggled\r\n\r\nsecond\r\n.\r\n";
        client
            .send(format!("Subject: one\r\n\r\nfirst{end}{second}").as_bytes())
            .await;
        client.expect("250 2.0.0").await;
        client.line("QUIT").await;
        client.expect("221").await;
        client.expect_end().await;
        let stored = receiver.desk.stored();
        assert_eq!(stored.len(), sent + 1, "{end:?}");
        let (envelope, raw) = stored.last().unwrap();
        assert_eq!(envelope.mail_from, "ana@patients.test");
        assert!(
            String::from_utf8_lossy(raw).ends_with("smuggled\r\n\r\nsecond\r\n"),
            "{end:?}"
        );
    }
}

#[tokio::test]
async fn commands_may_come_all_at_once_or_byte_by_byte() {
    let receiver = Receiver::start(smtp()).await;
    let session = "EHLO client.test\r\nMAIL FROM:<> SIZE=10 BODY=8BITMIME\r\n\
                   RCPT TO:<desk@clinic.test>\r\nRCPT TO:<other@clinic.test>\r\nDATA\r\n\
                   Subject: caf\u{e9}\r\n\r\n..dot\r\n.\r\nNOOP\r\nQUIT\r\n";
    for piece in [usize::MAX, 1, 7] {
        let mut client = receiver.connect().await;
        for part in session.as_bytes().chunks(piece.min(session.len())) {
            client.send(part).await;
        }
        for code in [
            "220",
            "250",
            "250 2.1.0",
            "250 2.1.5",
            "250 2.1.5",
            "354",
            "250 2.0.0",
        ] {
            client.expect(code).await;
        }
        client.expect("250").await;
        client.expect("221").await;
        client.expect_end().await;
    }
    let stored = receiver.desk.stored();
    assert_eq!(stored.len(), 3);
    for (envelope, raw) in stored {
        assert_eq!(
            String::from_utf8(raw).unwrap(),
            "Subject: caf\u{e9}\r\n\r\n.dot\r\n"
        );
        assert_eq!(envelope.rcpts, ["desk@clinic.test", "other@clinic.test"]);
        assert_eq!(
            (envelope.mail_from.as_str(), envelope.helo.as_str()),
            ("", "client.test")
        );
        assert!(envelope.peer.is_loopback());
    }
}

#[tokio::test]
async fn it_offers_what_it_can_do() {
    let receiver = Receiver::start(smtp()).await;
    let mut client = receiver.connect().await;
    client.expect("220 desk.clinic.test ESMTP").await;
    client.line("EHLO client.test").await;
    let offer = client.expect("250").await;
    for extension in ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 52428800"] {
        assert!(offer.contains(extension), "{offer}");
    }
    for extension in ["CHUNKING", "STARTTLS", "AUTH", "BINARYMIME"] {
        assert!(!offer.contains(extension), "{offer}");
    }
    for (command, code) in [
        ("BDAT 4 LAST", "502"),
        ("AUTH PLAIN", "50"),
        ("STARTTLS", "502"),
        ("VRFY a", "252"),
    ] {
        client.line(command).await;
        client.expect(code).await;
    }
}

#[tokio::test]
async fn the_size_limit_holds_and_the_connection_goes_on() {
    let receiver = Receiver::start(ReceiverSettings {
        max_size: 1_000,
        ..smtp()
    })
    .await;
    let mut client = receiver.connect().await;
    client.expect("220").await;
    client.line("EHLO client.test").await;
    client.expect("250").await;
    client.line("MAIL FROM:<ana@patients.test> SIZE=1001").await;
    client.expect("552 5.3.4").await;
    for (length, code) in [
        (5_000_000, "552 5.3.4"),
        (999, "552 5.3.4"),
        (998, "250 2.0.0"),
    ] {
        for command in &ENVELOPE[1..] {
            client.line(command).await;
            client
                .expect(if *command == "DATA" { "354" } else { "250" })
                .await;
        }
        client.send(&vec![b'a'; length]).await;
        client.send(b"\r\n.\r\n").await;
        client.expect(code).await;
    }
    let sizes: Vec<_> = receiver
        .desk
        .stored()
        .iter()
        .map(|(envelope, raw)| (envelope.size, raw.len()))
        .collect();
    assert_eq!(sizes, [(1_000, 1_000)]);
}

#[tokio::test]
async fn memory_is_shared_and_given_back() {
    let receiver = Receiver::start(ReceiverSettings {
        max_memory: 300_000,
        ..smtp()
    })
    .await;
    let mut first = receiver.connect().await;
    ready_for_data(&mut first).await;
    receiver.desk.hold();
    first.send(&vec![b'a'; 250_000]).await;
    first.send(b"\r\n.\r\n").await;
    receiver.desk.until_asked(1).await;
    let mut second = receiver.connect().await;
    ready_for_data(&mut second).await;
    second.send(&vec![b'b'; 250_000]).await;
    second.send(b"\r\n.\r\n").await;
    second.expect("452 4.3.1").await;
    receiver.desk.release();
    first.expect("250").await;
    for command in &ENVELOPE[1..] {
        second.line(command).await;
        second
            .expect(if *command == "DATA" { "354" } else { "250" })
            .await;
    }
    second.send(&vec![b'b'; 250_000]).await;
    second.send(b"\r\n.\r\n").await;
    second.expect("250").await;
}

#[tokio::test]
async fn ok_is_said_after_the_message_is_stored() {
    let receiver = Receiver::start(smtp()).await;
    let mut client = receiver.connect().await;
    ready_for_data(&mut client).await;
    receiver.desk.hold();
    client.send(b"Subject: x\r\n\r\n.\r\n").await;
    receiver.desk.until_asked(1).await;
    client.expect_silence().await;
    // Even a receiver that goes down first answers for what it is storing.
    receiver.shutdown.cancel();
    receiver.desk.release();
    client.expect("250").await;
    client.expect("421").await;
    client.expect_end().await;
    receiver.ended().await;
}

#[tokio::test]
async fn verdicts_become_replies() {
    let receiver = Receiver::start(smtp()).await;
    let cases = [
        (Verdict::TryLater("disk full".into()), "452 4.3.1 disk full"),
        (Verdict::Refused(550, "no".into()), "550 5.7.1 no"),
        (Verdict::Refused(250, "no".into()), "554 5.7.1 no"),
        (
            Verdict::Refused(554, "for ana@patients.test\r\n250 OK".into()),
            "554 5.7.1 for [removed] 250 OK",
        ),
    ];
    for (verdict, reply) in cases {
        receiver.desk.answer(verdict);
        let mut client = receiver.connect().await;
        ready_for_data(&mut client).await;
        client.send(b"x\r\n.\r\n").await;
        assert_eq!(client.expect("").await.trim_end(), reply);
    }
    assert!(receiver.desk.stored().is_empty());
}

#[tokio::test]
async fn recipients_are_asked_about_and_counted() {
    let receiver = Receiver::start(ReceiverSettings {
        max_rcpts: 2,
        ..smtp()
    })
    .await;
    let mut client = receiver.connect().await;
    client.expect("220").await;
    for (command, code) in [
        ("MAIL FROM:<ana@patients.test>", "503"),
        ("EHLO client.test", "250"),
        ("RCPT TO:<desk@clinic.test>", "503"),
        ("MAIL FROM:<ana@patients.test>", "250"),
        ("MAIL FROM:<ana@patients.test>", "503"),
        ("RCPT TO:<unknown@clinic.test>", "550 5.1.1"),
        ("RCPT TO:<later@clinic.test>", "450"),
        ("RCPT TO:<jos\u{e9}@clinic.test>", "553 5.6.7"),
        ("RCPT TO:<>", "501"),
        ("DATA", "503"),
        ("RCPT TO:<desk@clinic.test>", "250"),
        ("RCPT TO:<postmaster>", "250"),
        ("RCPT TO:<desk@clinic.test>", "452 4.5.3"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("MAIL FROM:<ana@patients.test> SMTPUTF8", "250"),
        ("RCPT TO:<jos\u{e9}@clinic.test>", "250"),
    ] {
        client.line(command).await;
        client.expect(code).await;
    }
}

#[tokio::test]
async fn lmtp_answers_for_each_recipient() {
    let receiver = Receiver::start(lmtp()).await;
    let mut client = receiver.connect().await;
    for (command, code) in [
        ("", "220 desk.clinic.test LMTP"),
        ("EHLO client.test", "500"),
        ("LHLO client.test", "250"),
        ("MAIL FROM:<ana@patients.test>", "250"),
        ("RCPT TO:<one@clinic.test>", "250"),
        ("RCPT TO:<unknown@clinic.test>", "550"),
        ("RCPT TO:<two@clinic.test>", "250"),
        ("DATA", "354"),
        ("x\r\n.", "250"),
        ("", "250"),
        ("QUIT", "221"),
    ] {
        if !command.is_empty() {
            client.line(command).await;
        }
        client.expect(code).await;
    }
    assert_eq!(receiver.desk.stored().len(), 1);
}

#[tokio::test]
async fn lines_are_short_and_end_properly() {
    let receiver = Receiver::start(smtp()).await;
    let mut client = receiver.connect().await;
    client.expect("220").await;
    client.send(b"EHLO client.test\n").await;
    client.expect("500").await;
    client.send(b"NOOP\0\r\n").await;
    client.expect("500").await;
    client.line(&format!("NOOP {}", "a".repeat(100_000))).await;
    client.expect("500 5.5.6").await;
    client.line(&format!("EHLO {}", "a".repeat(2_047))).await;
    client.expect("500 5.5.6").await;
    client.line("NOOP").await;
    client.expect("250").await;
}

#[tokio::test]
async fn too_many_mistakes_end_it() {
    let receiver = Receiver::start(ReceiverSettings {
        max_errors: 3,
        ..smtp()
    })
    .await;
    let mut client = receiver.connect().await;
    client.expect("220").await;
    // What a browser would send to this port.
    client
        .send(b"POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: 9\r\n\r\nMAIL\r\n")
        .await;
    for code in ["500", "500", "500", "421"] {
        client.expect(code).await;
    }
    client.expect_end().await;
}

#[tokio::test]
async fn endless_small_talk_ends() {
    let receiver = Receiver::start(smtp()).await;
    let mut client = receiver.connect().await;
    client.send("NOOP\r\n".repeat(1_000).as_bytes()).await;
    client.expect("220").await;
    for _ in 0..1_000 {
        client.expect("250").await;
    }
    client.expect("421").await;
}

#[tokio::test]
async fn a_slow_client_is_hung_up_on() {
    let mut settings = smtp();
    settings.timeouts.command = Duration::from_millis(100);
    settings.timeouts.data = Duration::from_millis(100);
    settings.timeouts.message = Duration::from_millis(300);
    let receiver = Receiver::start(settings).await;

    let mut silent = receiver.connect().await;
    silent.expect("220").await;
    silent.expect("421 4.4.2").await;
    silent.expect_end().await;

    let mut dripping = receiver.connect().await;
    dripping.expect("220").await;
    dripping.drip_until_reply(b'N', "421 4.4.2").await;

    let mut stuck = receiver.connect().await;
    ready_for_data(&mut stuck).await;
    stuck.send(b"Subject: half a mess").await;
    stuck.expect("421 4.4.2").await;

    let mut dripping = receiver.connect().await;
    ready_for_data(&mut dripping).await;
    dripping.drip_until_reply(b'x', "421 4.4.2").await;
    assert!(receiver.desk.stored().is_empty());
}

#[tokio::test]
async fn connections_are_counted() {
    for settings in [
        ReceiverSettings {
            max_connections: 2,
            ..smtp()
        },
        ReceiverSettings {
            max_connections_per_ip: 2,
            ..smtp()
        },
    ] {
        let receiver = Receiver::start(settings).await;
        let (mut one, mut two) = (receiver.connect().await, receiver.connect().await);
        one.expect("220").await;
        two.expect("220").await;
        let mut three = receiver.connect().await;
        three.expect("421 4.3.2").await;
        three.expect_end().await;
        drop(one);
        wait_until_async(
            async || {
                receiver
                    .connect()
                    .await
                    .reply()
                    .await
                    .is_some_and(|it| it.starts_with("220"))
            },
            Duration::from_secs(10),
        )
        .await
        .unwrap();
        two.line("NOOP").await;
        two.expect("250").await;
    }
}

#[tokio::test]
async fn one_connection_carries_so_many_messages() {
    let receiver = Receiver::start(ReceiverSettings {
        max_messages: 1,
        ..smtp()
    })
    .await;
    let mut client = receiver.connect().await;
    ready_for_data(&mut client).await;
    client.send(b"x\r\n.\r\n").await;
    client.expect("250").await;
    client.line(ENVELOPE[1]).await;
    client.expect("421 4.7.0").await;
    client.expect_end().await;
}

#[tokio::test]
async fn half_a_message_is_none() {
    let receiver = Receiver::start(smtp()).await;
    for half in [
        "Subject: cut off",
        "Subject: x\r\n\r\nend\r\n",
        "x\r\n.",
        "x\r\n.\r",
    ] {
        let mut client = receiver.connect().await;
        ready_for_data(&mut client).await;
        client.send(half.as_bytes()).await;
        client.close_sending().await;
        client.expect_end().await;
    }
    assert!(receiver.desk.stored().is_empty());
    assert_eq!(receiver.desk.asked(), 0);
}

#[tokio::test]
async fn going_down_ends_idle_and_half_done_sessions() {
    let receiver = Receiver::start(smtp()).await;
    let mut idle = receiver.connect().await;
    idle.expect("220").await;
    let mut half = receiver.connect().await;
    ready_for_data(&mut half).await;
    half.send(b"Subject: half").await;
    receiver.shutdown.cancel();
    idle.expect("421 4.3.2").await;
    half.expect("421 4.3.2").await;
    receiver.ended().await;
}
