//! Mail that comes straight to the desk, by SMTP or LMTP.

use super::receive::{Source, Via, receive};
use crate::app::App;
use crate::config::Config;
use crate::error::DeskError;
use crate::mailboxes;
use bedside_channels::email::receiver::{
    Envelope, Mailroom, Protocol, RcptVerdict, ReceiverSettings, Verdict, serve,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Bytes that all messages under way hold together.
const MEMORY: usize = 128 * 1024 * 1024;

/// Takes mail for the mailboxes of all organisations.
pub struct Room(App);

impl Room {
    /// The desk's mailroom.
    pub const fn new(app: App) -> Self {
        Self(app)
    }

    async fn store(&self, envelope: &Envelope, raw: &[u8]) -> Result<bool, DeskError> {
        let mut wanted = BTreeSet::new();
        for rcpt in &envelope.rcpts {
            wanted.extend(mailboxes::by_recipient(&self.0, rcpt).await?);
        }
        for (organisation, mailbox) in &wanted {
            let source = Source {
                mail_from: Some(envelope.mail_from.clone()),
                rcpts: envelope.rcpts.clone(),
                ..Source::new(Via::Receiver)
            };
            receive(&self.0, *organisation, Some(*mailbox), source, raw).await?;
        }
        Ok(!wanted.is_empty())
    }
}

impl Mailroom for Room {
    async fn accepts(&self, rcpt: &str) -> RcptVerdict {
        match mailboxes::by_recipient(&self.0, rcpt).await {
            Ok(Some(_)) => RcptVerdict::Accepted,
            Ok(None) => RcptVerdict::Unknown,
            Err(error) => {
                tracing::warn!(%error, "a recipient could not be looked up");
                RcptVerdict::TryLater
            }
        }
    }

    async fn deliver(&self, envelope: Envelope, raw: Vec<u8>) -> Verdict {
        match self.store(&envelope, &raw).await {
            Ok(true) => Verdict::Stored,
            Ok(false) => Verdict::TryLater("The mailbox is not available now.".to_owned()),
            Err(error) => {
                tracing::error!(%error, "a mail could not be stored");
                Verdict::TryLater("The mail can't be stored now.".to_owned())
            }
        }
    }
}

/// The sockets that mail is received on.
#[derive(Debug, Default)]
pub struct Listeners(Vec<(Protocol, TcpListener)>);

impl Listeners {
    /// Takes the ports that the configuration names; the error says which one can't be had.
    pub async fn bind(config: &Config) -> Result<Self, (SocketAddr, std::io::Error)> {
        let mut taken = Vec::new();
        for (protocol, address) in [
            (Protocol::Smtp, config.smtp_listen),
            (Protocol::Lmtp, config.lmtp_listen),
        ] {
            if let Some(address) = address {
                taken.push((
                    protocol,
                    TcpListener::bind(address)
                        .await
                        .map_err(|error| (address, error))?,
                ));
            }
        }
        Ok(Self(taken))
    }

    /// Where mail is received, with the ports that the system chose.
    pub fn addresses(&self) -> Vec<(Protocol, SocketAddr)> {
        self.0
            .iter()
            .filter_map(|(protocol, listener)| Some((*protocol, listener.local_addr().ok()?)))
            .collect()
    }

    /// Receives until `shutdown`, then ends the conversations under way and returns.
    pub async fn run(self, app: App, shutdown: CancellationToken) {
        let room = Arc::new(Room::new(app.clone()));
        let serving = self.0.into_iter().map(|(protocol, listener)| {
            let mut settings = ReceiverSettings::new(protocol, app.config.mail_domain());
            settings.max_size = app.config.max_mail_bytes;
            settings.max_memory = MEMORY.max(2 * app.config.max_mail_bytes);
            serve(listener, settings, Arc::clone(&room), shutdown.clone())
        });
        futures_util::future::join_all(serving).await;
    }
}
