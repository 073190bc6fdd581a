//! A built-in SMTP (RFC 5321) and LMTP (RFC 2033) server.
//!
//! It takes mail for the desk and nothing else: it relays nothing, knows no passwords, and leaves
//! every decision to a [`Mailroom`]. "250" is said only after the mailroom has stored the message.
//!
//! Only `<CR><LF>.<CR><LF>` ends a message. Every other mix of line ends and dots is content, so
//! one transmission is one message, whatever a server before us made of it.
//!
//! It speaks in the clear: a mail server in front of it does TLS, with the clinic's certificate.

mod budget;
mod connections;
mod data;
mod mailroom;
mod reply;
mod session;

use std::{net::SocketAddr, sync::Arc, time::Duration};

pub use mailroom::{Envelope, Mailroom, RcptVerdict, Verdict};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{budget::Budget, connections::Connections, session::Session};

/// The language a receiver speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 5321: one answer for a message.
    Smtp,
    /// RFC 2033: one answer for each recipient.
    Lmtp,
}

/// What a receiver offers and where its limits are.
#[derive(Debug, Clone)]
pub struct ReceiverSettings {
    /// SMTP or LMTP.
    pub protocol: Protocol,
    /// The name in the greeting, for example `desk.clinic.example`.
    pub hostname: String,
    /// Largest message in bytes, after dot-unstuffing.
    pub max_size: usize,
    /// Bytes that all messages under way may hold together; above it "452" is answered.
    pub max_memory: usize,
    /// Recipients of one message.
    pub max_rcpts: usize,
    /// Connections at a time, in all.
    pub max_connections: usize,
    /// Connections at a time from one IP address.
    pub max_connections_per_ip: usize,
    /// Messages on one connection; the client may come back with another.
    pub max_messages: usize,
    /// Mistakes (unknown commands, refused recipients) on one connection.
    pub max_errors: usize,
    /// The waiting times.
    pub timeouts: ReceiverTimeouts,
}

/// How long a receiver waits for a client.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverTimeouts {
    /// For one whole command line. RFC 5321, section 4.5.3.2.7 asks for five minutes.
    pub command: Duration,
    /// For the next piece of a message. RFC 5321, section 4.5.3.2.5 asks for three minutes.
    pub data: Duration,
    /// For one whole message, however steadily it drips.
    pub message: Duration,
    /// For the client to take our answer.
    pub reply: Duration,
}

impl Default for ReceiverTimeouts {
    fn default() -> Self {
        Self {
            command: Duration::from_mins(5),
            data: Duration::from_mins(3),
            message: Duration::from_mins(30),
            reply: Duration::from_mins(1),
        }
    }
}

impl ReceiverSettings {
    /// The settings for a clinic's desk: 50 MiB a message, 256 connections.
    pub fn new(protocol: Protocol, hostname: impl Into<String>) -> Self {
        Self {
            protocol,
            hostname: hostname.into(),
            max_size: 50 * 1024 * 1024,
            max_memory: 256 * 1024 * 1024,
            max_rcpts: 100,
            max_connections: 256,
            max_connections_per_ip: 64,
            max_messages: 10_000,
            max_errors: 20,
            timeouts: ReceiverTimeouts::default(),
        }
    }
}

/// What all sessions of a receiver share.
struct Shared<M> {
    settings: ReceiverSettings,
    mailroom: Arc<M>,
    budget: Arc<Budget>,
    shutdown: CancellationToken,
}

/// Serves `listener` until `shutdown`, then ends the sessions and returns when all are over.
///
/// A message that the mailroom is storing at that moment still gets its answer; one that is not
/// complete gets "421", so that its sender tries again later.
pub async fn serve<M: Mailroom>(
    listener: TcpListener,
    settings: ReceiverSettings,
    mailroom: Arc<M>,
    shutdown: CancellationToken,
) {
    let connections = Connections::new(settings.max_connections, settings.max_connections_per_ip);
    let budget = Budget::new(settings.max_memory);
    let shared = Arc::new(Shared {
        settings,
        mailroom,
        budget,
        shutdown: shutdown.clone(),
    });
    let sessions = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match connections.enter(peer.ip()) {
                Some(place) => {
                    let shared = Arc::clone(&shared);
                    sessions.spawn(async move {
                        let _place = place;
                        converse(stream, peer, &shared).await;
                    });
                }
                // The answer fits into an empty socket buffer; a client that is not worth a place
                // is not worth waiting for either.
                None => drop(stream.try_write(reply::TOO_MANY_CONNECTIONS)),
            },
            Err(error) => {
                // Out of file handles, most likely: open connections have to end first.
                tracing::warn!(%error, "the mail receiver can't accept connections");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    sessions.close();
    sessions.wait().await;
}

async fn converse<M: Mailroom>(stream: TcpStream, peer: SocketAddr, shared: &Shared<M>) {
    // Answers are written in one piece, so waiting to fill a packet would only add delay.
    let _ = stream.set_nodelay(true);
    Session::new(stream, peer, shared).run().await;
}
