use std::{
    fmt,
    io::{self, ErrorKind},
    sync::Arc,
};

use async_imap::Client;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{ImapError, ImapSettings, Session};
use crate::email::{Tls, TlsError, scrub::scrub, tls};

/// Plain or encrypted.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Stream for T {}

/// A signed-in session and what its server can do.
pub(super) struct Connection {
    pub session: Session,
    pub has_idle: bool,
}

pub(super) async fn open(settings: &ImapSettings) -> Result<Connection, ImapError> {
    let limit = settings.timeouts.connect;
    let tcp = timeout(limit, reached(settings))
        .await?
        .map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => ImapError::NotAllowed,
            kind => ImapError::Unreachable(kind.to_string()),
        })?;
    let _ = tcp.set_nodelay(true);
    let client = timeout(limit, greeted(tcp, settings)).await??;
    let mut session = timeout(
        limit,
        client.login(&settings.user, settings.password.expose()),
    )
    .await?
    .map_err(|(error, _)| match ImapError::from(error) {
        ImapError::Refused(text) => ImapError::Login(text),
        other => other,
    })?;
    let abilities = timeout(limit, session.capabilities()).await??;
    Ok(Connection {
        has_idle: abilities.has_str("IDLE"),
        session,
    })
}

async fn reached(settings: &ImapSettings) -> io::Result<TcpStream> {
    let addresses = settings
        .reach
        .addresses(&settings.host, settings.port)
        .await?;
    TcpStream::connect(addresses.as_slice()).await
}

/// A client whose server has said hello, with TLS as the settings want it.
async fn greeted(
    tcp: TcpStream,
    settings: &ImapSettings,
) -> Result<Client<Box<dyn Stream>>, ImapError> {
    match settings.tls {
        Tls::None => hello(Box::new(tcp)).await,
        Tls::Implicit => hello(Box::new(secured(tcp, settings).await?)).await,
        Tls::StartTls => {
            let mut plain = Client::new(tcp);
            greeting(&mut plain).await?;
            plain
                .run_command_and_check_ok("STARTTLS", None)
                .await
                .map_err(|error| match ImapError::from(error) {
                    ImapError::Refused(_) => ImapError::NoStartTls,
                    other => other,
                })?;
            // What the server sent in the clear after its answer is dropped with the old client
            // (CVE-2021-33515 and its kin).
            Ok(Client::new(Box::new(
                secured(plain.into_inner(), settings).await?,
            )))
        }
    }
}

async fn hello(stream: Box<dyn Stream>) -> Result<Client<Box<dyn Stream>>, ImapError> {
    let mut client = Client::new(stream);
    greeting(&mut client).await?;
    Ok(client)
}

async fn greeting<S: Stream>(client: &mut Client<S>) -> Result<(), ImapError> {
    match client.read_response().await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(ImapError::Unreachable("no greeting".into())),
        Err(error) => Err(async_imap::error::Error::Io(error).into()),
    }
}

async fn secured(
    tcp: TcpStream,
    settings: &ImapSettings,
) -> Result<TlsStream<TcpStream>, ImapError> {
    let config = tls::client_config(settings.extra_roots.as_deref())?;
    let name = ServerName::try_from(settings.host.clone()).map_err(|_| TlsError::HostName)?;
    TlsConnector::from(Arc::clone(&config))
        .connect(name, tcp)
        .await
        .map_err(|error| ImapError::Tls(scrub(&error.to_string())))
}
