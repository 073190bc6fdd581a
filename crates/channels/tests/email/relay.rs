//! Sending through Postfix, to Dovecot and to our own receiver.

use std::{net::Ipv4Addr, time::Duration};

use bedside_channels::email::{
    Secret, Tls,
    receiver::{Protocol, ReceiverSettings, Verdict},
    smtp::{SendError, Sender, SmtpSettings},
};
use bedside_testkit::mail::{Dovecot, Postfix, Route};
use tokio::net::TcpListener;

use crate::support::{Receiver, inbox_of};

const BODY: &str = "Subject: caf\u{e9}\r\nFrom: ana@patients.test\r\n\r\n.\r\n..\r\n.dot\r\n\
                    bare\nand\rtoo\r\nlast";
/// The end of the message above as it must arrive: every line end made whole.
const ARRIVES: &str = "\r\n\r\n.\r\n..\r\n.dot\r\nbare\r\nand\r\ntoo\r\nlast\r\n";

fn settings(protocol: Protocol) -> ReceiverSettings {
    ReceiverSettings::new(protocol, "desk.clinic.test")
}

fn sender(port: u16) -> Sender {
    Sender::new(&SmtpSettings::new("127.0.0.1", port, Tls::None)).expect("no TLS to set up")
}

#[tokio::test]
async fn mail_comes_to_the_desk_by_smtp_and_by_lmtp() {
    let smtp = Receiver::start(settings(Protocol::Smtp)).await;
    let lmtp = Receiver::start(settings(Protocol::Lmtp)).await;
    let postfix = Postfix::start(&[
        Route::Smtp("smtp.test", smtp.address.port()),
        Route::Lmtp("lmtp.test", lmtp.address.port()),
    ])
    .unwrap();
    let sender = sender(postfix.smtp_port);
    let rcpts = ["desk@smtp.test", "desk@lmtp.test", "other@lmtp.test"];
    let accepted = sender
        .send(Some("ana@lmtp.test"), &rcpts, BODY.as_bytes())
        .await
        .unwrap();
    assert!(accepted.server_response.contains("queued"), "{accepted:?}");
    for (receiver, rcpts) in [
        (&smtp, &["desk@smtp.test"][..]),
        (&lmtp, &["desk@lmtp.test", "other@lmtp.test"]),
    ] {
        receiver.desk.until_stored(1).await;
        let (envelope, raw) = receiver.desk.stored().remove(0);
        assert_eq!(envelope.mail_from, "ana@lmtp.test");
        assert_eq!(envelope.rcpts, rcpts);
        let raw = String::from_utf8(raw).unwrap();
        assert!(
            raw.contains("Subject: caf\u{e9}\r\n") && raw.ends_with(ARRIVES),
            "{raw}"
        );
    }
}

#[tokio::test]
async fn a_message_refused_for_now_comes_again_and_once() {
    let receiver = Receiver::start(settings(Protocol::Lmtp)).await;
    receiver.desk.answer(Verdict::TryLater("disk full".into()));
    let postfix = Postfix::start(&[Route::Lmtp("clinic.test", receiver.address.port())]).unwrap();
    let sender = sender(postfix.smtp_port);
    sender
        .send(None, &["desk@clinic.test"], BODY.as_bytes())
        .await
        .unwrap();
    receiver.desk.until_stored(1).await;
    assert_eq!(
        (receiver.desk.asked(), receiver.desk.stored().len()),
        (2, 1)
    );
}

#[tokio::test]
async fn a_message_refused_for_good_bounces_to_its_sender() {
    let receiver = Receiver::start(settings(Protocol::Smtp)).await;
    receiver
        .desk
        .answer(Verdict::Refused(554, "not here".into()));
    let dovecot = Dovecot::start().unwrap();
    let postfix = Postfix::start(&[
        Route::Smtp("clinic.test", receiver.address.port()),
        Route::Lmtp("patients.test", dovecot.lmtp_port),
    ])
    .unwrap();
    sender(postfix.smtp_port)
        .send(
            Some("ana@patients.test"),
            &["desk@clinic.test"],
            BODY.as_bytes(),
        )
        .await
        .unwrap();
    let bounce = inbox_of(&dovecot, "ana", 1).await.remove(0);
    assert!(
        bounce.contains("message/delivery-status") && bounce.contains("not here"),
        "{bounce}"
    );
    assert!(receiver.desk.stored().is_empty());
}

#[tokio::test]
async fn an_answer_reaches_the_patients_mailbox() {
    let dovecot = Dovecot::start().unwrap();
    let postfix = Postfix::start(&[Route::Lmtp("patients.test", dovecot.lmtp_port)]).unwrap();
    let sender = sender(postfix.smtp_port);
    sender.check().await.unwrap();
    for _ in 0..3 {
        sender
            .send(
                Some("desk@patients.test"),
                &["ana@patients.test"],
                BODY.as_bytes(),
            )
            .await
            .unwrap();
    }
    for raw in inbox_of(&dovecot, "ana", 3).await {
        let raw = raw.replace("\r\n", "\n");
        assert!(raw.ends_with(&ARRIVES.replace("\r\n", "\n")), "{raw}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart_and_name_nobody() {
    let postfix = Postfix::start(&[]).unwrap();
    let error = sender(postfix.smtp_port)
        .send(
            Some("desk@clinic.test"),
            &["ana.lopez@elsewhere.test"],
            b"x",
        )
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::Permanent { code: 554, .. }),
        "{error:?}"
    );
    assert!(!error.to_string().contains("lopez") && !format!("{error:?}").contains("lopez"));

    let receiver = Receiver::start(settings(Protocol::Smtp)).await;
    let sender = sender(receiver.address.port());
    receiver.desk.answer(Verdict::TryLater("full".into()));
    let error = sender
        .send(None, &["desk@clinic.test"], b"x")
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::Temporary { code: 452, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_lost_last_answer_may_mean_that_it_arrived() {
    let receiver = Receiver::start(settings(Protocol::Smtp)).await;
    receiver.desk.hold();
    let mut settings = SmtpSettings::new("127.0.0.1", receiver.address.port(), Tls::None);
    settings.message_timeout = Duration::from_millis(200);
    settings.connections = 1;
    let sender = Sender::new(&settings).unwrap();
    let error = sender
        .send(None, &["desk@clinic.test"], b"first")
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Connection {
                may_have_arrived: true,
                ..
            }
        ),
        "{error:?}"
    );
    receiver.desk.until_asked(1).await;
    receiver.desk.release();
    receiver.desk.until_stored(1).await;
    // The late answer to the first message is not taken for the second one's.
    receiver.desk.answer(Verdict::Refused(554, "second".into()));
    let error = sender
        .send(None, &["desk@clinic.test"], b"second")
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::Permanent { code: 554, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_surely_has_nothing() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut settings = SmtpSettings::new("127.0.0.1", port, Tls::None);
    settings.timeout = Duration::from_millis(100);
    let error = Sender::new(&settings)
        .unwrap()
        .send(None, &["a@b.test"], b"x")
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Connection {
                may_have_arrived: false,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let receiver = Receiver::start(ReceiverSettings {
        max_messages: 1,
        ..settings(Protocol::Smtp)
    })
    .await;
    let sender = sender(receiver.address.port());
    for number in 1..=3 {
        sender
            .send(None, &["desk@clinic.test"], b"x")
            .await
            .unwrap();
        assert_eq!(receiver.desk.stored().len(), number);
    }
}

#[tokio::test]
async fn a_login_the_server_does_not_offer_fails_before_anything_is_sent() {
    let receiver = Receiver::start(settings(Protocol::Smtp)).await;
    let mut settings = SmtpSettings::new("127.0.0.1", receiver.address.port(), Tls::None);
    settings.login = Some(("desk".into(), Secret::new("hunter2")));
    let error = Sender::new(&settings).unwrap().check().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert!(
        matches!(
            error,
            SendError::Connection {
                may_have_arrived: false,
                ..
            }
        ),
        "{error:?}"
    );
}
