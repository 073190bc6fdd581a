//! The desk's own receiver on a port, and a mail server that hands mail in.

use super::Desk;
use crate::common::Role;
use bedside_channels::email::receiver::{Protocol, ReceiverSettings, serve};
use bedside_desk::intake::email::processor;
use bedside_desk::intake::email::room::Room;
use bedside_desk::mailboxes::{self, MailboxSettings, NewMailbox};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The address that mail comes to.
pub const HELP: &str = "help@clinic.example";
/// Whoever writes.
pub const ANA: &str = "ana@patients.test";

/// A receiver that listens until it is dropped.
pub struct Wire<'a> {
    desk: &'a Desk,
    address: SocketAddr,
    _listening: DropGuard,
}

impl<'a> Wire<'a> {
    /// Listens for the desk, whose mailbox is [`HELP`].
    pub async fn new(desk: &'a Desk) -> Self {
        let mailbox = NewMailbox {
            address: HELP.to_owned(),
            settings: MailboxSettings::default(),
        };
        mailboxes::create(&desk.app, &desk.ctx(Role::Administrator), mailbox)
            .await
            .expect("a mailbox");
        Self::beside(desk).await
    }

    /// Listens for a desk that has its mailboxes already.
    pub async fn beside(desk: &'a Desk) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut settings = ReceiverSettings::new(Protocol::Smtp, "desk.example");
        settings.max_size = desk.app.config.max_mail_bytes;
        let shutdown = CancellationToken::new();
        let room = Arc::new(Room::new(desk.app.clone()));
        tokio::spawn(serve(listener, settings, room, shutdown.clone()));
        Self {
            desk,
            address,
            _listening: shutdown.drop_guard(),
        }
    }

    /// A conversation with the receiver, past its greeting.
    pub async fn connect(&self) -> Talk {
        let stream = TcpStream::connect(self.address).await.expect("a receiver");
        let mut talk = Talk(BufReader::new(stream));
        assert!(talk.reply().await.starts_with("220"));
        assert!(talk.say("EHLO mx.patients.test").await.starts_with("250"));
        talk
    }

    /// Hands a mail of [`ANA`]'s in; what the receiver says of it.
    pub async fn hand_in(&self, raw: impl AsRef<[u8]>) -> String {
        self.connect().await.mail(raw.as_ref()).await
    }

    /// Hands a mail in that must be taken, and has it worked on.
    pub async fn takes(&self, raw: impl AsRef<[u8]>) {
        let said = self.hand_in(raw).await;
        assert!(said.starts_with("250"), "{said}");
        self.work().await;
    }

    /// Works on what came in.
    pub async fn work(&self) -> usize {
        processor::drain(&self.desk.app)
            .await
            .expect("a desk at work")
    }
}

/// One SMTP conversation.
pub struct Talk(BufReader<TcpStream>);

impl Talk {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.0
            .get_mut()
            .write_all(bytes)
            .await
            .expect("the receiver reads");
    }

    /// One whole reply; empty at the end of the conversation.
    pub async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            if self.0.read_line(&mut reply).await.expect("text") == 0
                || reply.as_bytes().get(start + 3) != Some(&b'-')
            {
                return reply;
            }
        }
    }

    pub async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// One mail; the first refusal, or what is said at its end.
    pub async fn mail(&mut self, raw: &[u8]) -> String {
        for line in [
            format!("MAIL FROM:<{ANA}>"),
            format!("RCPT TO:<{HELP}>"),
            "DATA".to_owned(),
        ] {
            let said = self.say(&line).await;
            if !said.starts_with(['2', '3']) {
                return said;
            }
        }
        let mut stuffed = Vec::with_capacity(raw.len() + 64);
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            if line.starts_with(b".") {
                stuffed.push(b'.');
            }
            stuffed.extend_from_slice(line);
        }
        if !stuffed.ends_with(b"\r\n") {
            stuffed.extend_from_slice(b"\r\n");
        }
        stuffed.extend_from_slice(b".\r\n");
        self.send(&stuffed).await;
        self.reply().await
    }
}

/// A plain mail of [`ANA`]'s.
pub fn plain(id: &str, headers: &str, body: &str) -> String {
    format!(
        "From: Ana Lopez <{ANA}>\r\nTo: {HELP}\r\nSubject: Refill of my inhaler\r\nMessage-ID: <{id}@patients.test>\r\n\
         Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n{headers}\r\n{body}\r\n"
    )
}
