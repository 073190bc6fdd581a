//! With real mail servers.

use super::{ANA, DESK, Desk, MailboxSettings, TICKETS, plain};
use crate::config::Config;
use crate::intake::email::{room::Listeners, run};
use crate::mailboxes::{NewMailbox, Protection, Server, change, list};
use bedside_channels::email::Tls;
use bedside_channels::email::smtp::{Sender, SmtpSettings};
use bedside_testkit::mail::{Dovecot, PASSWORD, Postfix, Route};
use bedside_testkit::wait_until_async;
use std::time::Duration;
use tokio::sync::watch;

const SOON: Duration = Duration::from_secs(20);

/// Two tests of each: with the embedded database and with PostgreSQL.
macro_rules! on_each {
    ($($name:ident)+) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(false).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$name(true).await;
            }
        }
    )+};
}
on_each! { mail_in_a_mailbox_becomes_tickets_once a_new_mailbox_has_a_past what_is_too_large_is_told_with_its_header a_wrong_password_is_shown_and_then_mended a_mail_server_hands_mail_to_the_desk }

fn imap(port: u16) -> MailboxSettings {
    let server = Server {
        host: "127.0.0.1".to_owned(),
        port,
        protection: Protection::None,
        user: Some("desk".to_owned()),
        password: Some(PASSWORD.to_owned()),
    };
    MailboxSettings {
        imap: Some(server),
        ..MailboxSettings::default()
    }
}

async fn mail_in_a_mailbox_becomes_tickets_once(postgres: bool) {
    let dovecot = Dovecot::start().unwrap();
    dovecot
        .deliver(
            "desk",
            plain("before", "", "I wrote before anyone looked.").as_bytes(),
        )
        .unwrap();
    let desk = Desk::new(postgres, imap(dovecot.imap_port)).await;
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(run(
        desk.app.clone(),
        Listeners::default(),
        stopping.clone(),
    ));
    wait_until_async(async || desk.count(TICKETS).await == 1, SOON)
        .await
        .unwrap();
    // The reader waits in IDLE now; the next mail must be a ticket within two seconds.
    wait_until_async(
        async || {
            list(&desk.app, &desk.ctx()).await.unwrap()[0]
                .checked_at
                .is_some()
        },
        SOON,
    )
    .await
    .unwrap();
    dovecot
        .deliver(
            "desk",
            plain("poison", "", "x")
                .replace("From:", "\0\0From\0")
                .as_bytes(),
        )
        .unwrap();
    dovecot
        .deliver(
            "desk",
            plain("next", "", "I write while it waits.").as_bytes(),
        )
        .unwrap();
    wait_until_async(
        async || desk.count(TICKETS).await == 3,
        Duration::from_secs(2),
    )
    .await
    .unwrap();
    wait_until_async(async || dovecot.seen("desk").unwrap() == 3, SOON)
        .await
        .unwrap();
    // Numbered anew, everything is listed again and known.
    dovecot.set_uid_validity("desk", 4242).unwrap();
    dovecot
        .deliver("desk", plain("last", "", "And once more.").as_bytes())
        .unwrap();
    wait_until_async(
        async || desk.states().await.len() >= 7 && desk.waiting().await == 0,
        SOON,
    )
    .await
    .unwrap();
    assert_eq!(
        desk.count(TICKETS).await,
        4,
        "what could not be read included"
    );
    stop.send(true).unwrap();
    running.await.unwrap();
}

impl Desk {
    async fn waiting(&self) -> usize {
        self.states()
            .await
            .iter()
            .filter(|(state, ..)| state == "received")
            .count()
    }
}

async fn a_new_mailbox_has_a_past(postgres: bool) {
    let dovecot = Dovecot::start().unwrap();
    let desk = Desk::new(postgres, imap(dovecot.imap_port)).await;
    let comes = |id: &str, days: i64, body: &str| {
        let at = desk.app.now().plus_seconds(-days * 24 * 3600);
        dovecot
            .deliver_at("desk", plain(id, "", body).as_bytes(), at.micros())
            .unwrap();
        at
    };
    comes("past", 10, "I want to kill myself tonight.");
    comes("recent", 2, "I wrote on the weekend.");
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(run(desk.app.clone(), Listeners::default(), stopping));
    let looked = async || {
        let checked = list(&desk.app, &desk.ctx()).await.unwrap()[0].checked_at;
        checked.is_some() && desk.waiting().await == 0
    };
    wait_until_async(looked, SOON).await.unwrap();
    assert!(desk.ticket().await.messages[0].body.contains("weekend"));
    wait_until_async(async || dovecot.seen("desk").unwrap() == 1, SOON)
        .await
        .unwrap();
    // Later on all that comes is taken, and one that was moved here keeps its date.
    let at = comes(
        "moved",
        20,
        "I had crushing chest pain and could not breathe.",
    );
    let count = async |count| {
        wait_until_async(async || desk.count(TICKETS).await == count, SOON)
            .await
            .unwrap();
    };
    count(2).await;
    let moved = desk.tickets().await.pop().unwrap();
    assert_eq!(moved.ticket.created_at, at);
    assert_eq!(moved.ticket.clocks, crate::sla::Clocks::default());
    assert_ne!(moved.ticket.rank(), 0);
    // Numbered anew, it has no past once more, and nothing new is lost.
    dovecot.set_uid_validity("desk", 4242).unwrap();
    comes("new", 0, "And now something else.");
    count(3).await;
    wait_until_async(async || desk.waiting().await == 0, SOON)
        .await
        .unwrap();
    assert_eq!(desk.count(TICKETS).await, 3);
    wait_until_async(async || dovecot.seen("desk").unwrap() == 3, SOON)
        .await
        .unwrap();
    stop.send(true).unwrap();
    running.await.unwrap();
}

async fn what_is_too_large_is_told_with_its_header(postgres: bool) {
    let dovecot = Dovecot::start().unwrap();
    let adjust = |config: &mut Config| {
        config.max_mail_bytes = 20_000;
    };
    let desk = Desk::with(postgres, imap(dovecot.imap_port), adjust).await;
    let large = plain("scan", "", &"words of a long letter\r\n".repeat(2_000));
    dovecot.deliver("desk", large.as_bytes()).unwrap();
    dovecot
        .deliver("desk", plain("next", "", "Hello").as_bytes())
        .unwrap();
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(run(desk.app.clone(), Listeners::default(), stopping));
    wait_until_async(async || desk.count(TICKETS).await == 2, SOON)
        .await
        .unwrap();
    let all = desk.tickets().await;
    let left = all
        .iter()
        .find(|view| view.messages[0].body.contains("words of a long letter"))
        .unwrap();
    assert_eq!(left.subject, "Refill of my inhaler");
    assert_eq!(left.contact.email(), Some(ANA));
    assert!(left.messages[0].body.contains(DESK));
    assert!(left.messages[0].body.contains("words of a long letter"));
    let header = desk.bytes(&left.messages[0].attachments[0]).await;
    let header = String::from_utf8(header).unwrap();
    assert!(
        header.contains("Message-ID: <scan@patients.test>"),
        "{header}"
    );
    assert!(!header.contains("long letter"));
    wait_until_async(async || dovecot.seen("desk").unwrap() == 1, SOON)
        .await
        .unwrap();
    stop.send(true).unwrap();
    running.await.unwrap();
}

async fn a_wrong_password_is_shown_and_then_mended(postgres: bool) {
    let dovecot = Dovecot::start().unwrap();
    let mut settings = imap(dovecot.imap_port);
    if let Some(server) = &mut settings.imap {
        server.password = Some("wrong".to_owned());
    }
    let desk = Desk::new(postgres, settings).await;
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(run(desk.app.clone(), Listeners::default(), stopping));
    let error = async || {
        list(&desk.app, &desk.ctx()).await.unwrap()[0]
            .last_error
            .clone()
    };
    wait_until_async(async || error().await.as_deref() == Some("login"), SOON)
        .await
        .unwrap();
    let new = NewMailbox {
        address: DESK.to_owned(),
        settings: imap(dovecot.imap_port),
    };
    change(&desk.app, &desk.ctx(), desk.mailbox, 1, new)
        .await
        .unwrap();
    dovecot
        .deliver("desk", plain("1", "", "Hello").as_bytes())
        .unwrap();
    wait_until_async(async || desk.count(TICKETS).await == 1, SOON)
        .await
        .unwrap();
    wait_until_async(async || error().await.is_none(), SOON)
        .await
        .unwrap();
    stop.send(true).unwrap();
    running.await.unwrap();
}

async fn a_mail_server_hands_mail_to_the_desk(postgres: bool) {
    let desk = Desk::new(postgres, MailboxSettings::default()).await;
    let any_port = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let config = Config {
        lmtp_listen: any_port,
        ..desk.app.config.clone()
    };
    let listeners = Listeners::bind(&config).await.unwrap();
    let port = listeners.addresses()[0].1.port();
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(run(desk.app.clone(), listeners, stopping));
    let postfix = Postfix::start(&[Route::Lmtp("clinic.test", port)]).unwrap();
    let mut settings = SmtpSettings::new("127.0.0.1", postfix.smtp_port, Tls::None);
    settings.hello_name = "patients.test".to_owned();
    let sender = Sender::new(&settings).unwrap();
    sender
        .send(
            Some(ANA),
            &[DESK],
            plain("1", "", "Hello from far away.").as_bytes(),
        )
        .await
        .unwrap();
    wait_until_async(async || desk.count(TICKETS).await == 1, SOON)
        .await
        .unwrap_or_else(|_| panic!("{}", postfix.log()));
    let view = desk.ticket().await;
    let address = desk.reply_address(&view);
    sender
        .send(
            Some(ANA),
            &[&address],
            plain("2", "", "And again.").as_bytes(),
        )
        .await
        .unwrap();
    wait_until_async(async || desk.ticket().await.messages.len() == 2, SOON)
        .await
        .unwrap_or_else(|_| panic!("{}", postfix.log()));
    stop.send(true).unwrap();
    running.await.unwrap();
}
