//! Connections, and which of them may be used again.
//!
//! A connection goes back to the pool only after a conversation that ended in order. One that was
//! given up half-way would answer the next message with the last one's reply.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{
        self,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use parking_lot::Mutex;
use tokio::{
    net::TcpStream,
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{Cause, SendError, SmtpSettings};
use crate::email::{Tls, TlsError, scrub::scrub, tls::roots};

/// Servers hang up on idle clients; some do after half a minute.
const LONGEST_IDLE: Duration = Duration::from_secs(20);

pub(super) struct Pool {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
    places: Semaphore,
}

impl Pool {
    pub fn new(settings: &SmtpSettings) -> Result<Self, TlsError> {
        Ok(Self {
            tls: match settings.tls {
                Tls::None => None,
                Tls::Implicit | Tls::StartTls => Some(parameters(settings)?),
            },
            idle: Mutex::default(),
            places: Semaphore::new(settings.connections.max(1) as usize),
            settings: settings.clone(),
        })
    }

    pub async fn send(&self, envelope: &Envelope, raw: &[u8]) -> Result<String, SendError> {
        // The semaphore is never closed, so waiting for it can't fail.
        let _place = self.places.acquire().await.ok();
        if let Some(connection) = self.used_connection() {
            match self.hand_over(connection, envelope, raw).await {
                // The server had hung up in the meantime, so it never saw this message.
                Err(
                    SendError::Connection {
                        may_have_arrived: false,
                        ..
                    }
                    | SendError::Temporary { code: 421, .. },
                ) => {}
                outcome => return outcome,
            }
        }
        let connection = self.connect_telling().await?;
        self.hand_over(connection, envelope, raw).await
    }

    pub async fn check(&self) -> Result<(), SendError> {
        let mut connection = self.connect_telling().await?;
        // Politeness: whatever becomes of it, the settings work.
        let _ = self.patiently(connection.quit()).await;
        Ok(())
    }

    /// Connects, or tells a handshake that failed from a server that is not there.
    async fn connect_telling(&self) -> Result<AsyncSmtpConnection, SendError> {
        match self.connect().await {
            Err(SendError::Connection {
                may_have_arrived,
                cause: Cause::Unreachable,
                text,
            }) if self.settings.tls == Tls::Implicit && self.is_there().await => {
                Err(SendError::Connection {
                    may_have_arrived,
                    cause: Cause::Tls,
                    text,
                })
            }
            outcome => outcome,
        }
    }

    /// Whether somebody takes connections there: then it was the handshake that failed. A server without TLS may hang up
    /// on it in as many ways as there are servers.
    async fn is_there(&self) -> bool {
        let Ok(server) = self.addresses().await else {
            return false;
        };
        let connected = TcpStream::connect(server.as_slice());
        let connected = timeout(self.settings.timeout, connected).await;
        matches!(connected, Ok(Ok(_)))
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, SendError> {
        let settings = &self.settings;
        let looked_up = settings.reach.addresses(&settings.host, settings.port);
        timeout(settings.timeout, looked_up)
            .await
            .map_err(|_| SendError::timed_out(false))?
            .map_err(|error| SendError::Connection {
                may_have_arrived: false,
                cause: match error.kind() {
                    ErrorKind::PermissionDenied => Cause::NotAllowed,
                    _ => Cause::Unreachable,
                },
                text: error.kind().to_string(),
            })
    }

    fn used_connection(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock();
        idle.retain(|(_, since)| since.elapsed() < LONGEST_IDLE);
        idle.pop().map(|(connection, _)| connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let settings = &self.settings;
        let name = ClientId::Domain(settings.hello_name.clone());
        let implicit = self.tls.clone().filter(|_| settings.tls == Tls::Implicit);
        let server = self.addresses().await?;
        let mut connection = self
            .patiently(AsyncSmtpConnection::connect_tokio1(
                server.as_slice(),
                Some(settings.timeout),
                &name,
                implicit,
                None,
            ))
            .await?;
        if let (Tls::StartTls, Some(tls)) = (settings.tls, &self.tls) {
            self.patiently(connection.starttls(tls.clone(), &name))
                .await?;
        }
        if let Some((user, password)) = &settings.login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            self.patiently(connection.auth(DEFAULT_MECHANISMS, &credentials))
                .await?;
        }
        Ok(connection)
    }

    async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        envelope: &Envelope,
        raw: &[u8],
    ) -> Result<String, SendError> {
        let options = mail_options(&connection, envelope, raw)?;
        self.patiently(connection.command(Mail::new(envelope.from().cloned(), options)))
            .await?;
        for rcpt in envelope.to() {
            self.patiently(connection.command(Rcpt::new(rcpt.clone(), Vec::new())))
                .await?;
        }
        self.patiently(connection.command(Data)).await?;
        let response = timeout(self.settings.message_timeout, connection.message(raw))
            .await
            .map_err(|_| SendError::timed_out(true))?
            .map_err(|error| SendError::from_lettre(&error, true))?;
        self.idle.lock().push((connection, Instant::now()));
        let lines: Vec<_> = response.message().collect();
        Ok(scrub(&lines.join(" ")))
    }

    /// A step before the message itself: whatever goes wrong, the server does not have it.
    async fn patiently<T>(
        &self,
        step: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, SendError> {
        timeout(self.settings.timeout, step)
            .await
            .map_err(|_| SendError::timed_out(false))?
            .map_err(|error| SendError::from_lettre(&error, false))
    }
}

/// What the server must be able to do for this message (RFC 6152, RFC 6531).
fn mail_options(
    connection: &AsyncSmtpConnection,
    envelope: &Envelope,
    raw: &[u8],
) -> Result<Vec<MailParameter>, SendError> {
    let able = |extension, text: &str| {
        if connection.server_info().supports_feature(extension) {
            Ok(())
        } else {
            Err(SendError::Permanent {
                code: 554,
                text: text.into(),
            })
        }
    };
    let mut options = Vec::new();
    let ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.from().into_iter().chain(envelope.to()).all(ascii) {
        able(
            Extension::SmtpUtfEight,
            "it takes no international addresses",
        )?;
        options.push(MailParameter::SmtpUtfEight);
    }
    if !raw.is_ascii() {
        able(Extension::EightBitMime, "it takes no 8-bit messages")?;
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

fn parameters(settings: &SmtpSettings) -> Result<TlsParameters, TlsError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.extra_roots {
        for root in roots(file)? {
            let root = Certificate::from_der(root.to_vec()).map_err(|_| TlsError::RootsFile)?;
            builder = builder.add_root_certificate(root);
        }
    }
    builder.build_rustls().map_err(|_| TlsError::Platform)
}
