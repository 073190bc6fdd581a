//! What a `postgres://` address says about the protection of its connections, and TLS for them.
//!
//! | `sslmode` | what it means here |
//! |---|---|
//! | `disable` | no encryption |
//! | `prefer` | encrypted where the server can; on this machine alone, where it is meant when nothing is said |
//! | `require` | encrypted, whoever the server is |
//! | `verify-full` | encrypted, and the server's certificate is trusted and made out to the host in the address; meant when nothing is said of another machine |
//!
//! `sslrootcert` names a PEM file with the authorities that `verify-full` trusts; without it the machine's are trusted.

use crate::DbError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::WebPkiServerVerifier,
};
use std::borrow::Cow;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

/// Reads an address. Its own parser knows neither `verify-full` nor `sslrootcert`, so they are taken out first.
pub(super) fn read(url: &str) -> Result<(tokio_postgres::Config, Connector), DbError> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut kept = Vec::new();
    let (mut full, mut roots) = (false, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let read = form_urlencoded::parse(pair.as_bytes()).next();
        match read.as_ref().map(|(name, value)| (&**name, &**value)) {
            Some(("sslmode", "verify-full")) => full = true,
            Some(("sslmode", "verify-ca" | "allow")) => {
                return Err(DbError::Unsupported(
                    "sslmode can be disable, prefer, require or verify-full",
                ));
            }
            Some(("sslrootcert", path)) => roots = Some(path.to_owned()),
            _ => kept.push(pair),
        }
    }
    let rest = if kept.is_empty() {
        Cow::Borrowed(base)
    } else {
        Cow::Owned(format!("{base}?{}", kept.join("&")))
    };
    let mut config: tokio_postgres::Config = rest.parse()?;
    if !is_here(&config) {
        let said = said_of(&kept);
        if said == Some("prefer") {
            return Err(DbError::Unsupported(
                "sslmode=prefer falls back to no encryption, so it is for a database on this machine: use verify-full",
            ));
        }
        full = full || said.is_none();
    }
    if full {
        config.ssl_mode(SslMode::Require);
    } else if roots.is_some() {
        return Err(DbError::Unsupported(
            "sslrootcert is only looked at with sslmode=verify-full",
        ));
    }
    let connector = Connector::new(full, roots.as_deref().map(Path::new))?;
    Ok((config, connector))
}

/// What the rest of an address says of `sslmode`.
fn said_of<'a>(pairs: &[&'a str]) -> Option<&'a str> {
    let mut pairs = pairs.iter();
    pairs.find_map(|pair| pair.strip_prefix("sslmode="))
}

/// Whether the server is on this machine: a socket, or a loopback address alone.
fn is_here(config: &tokio_postgres::Config) -> bool {
    let is_loopback = |host: &str| {
        let address = host.parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
    };
    let names = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => is_loopback(name),
        Host::Unix(_) => true,
    });
    let addresses = config.get_hostaddrs().iter();
    names
        && addresses
            .clone()
            .all(|one| one.to_canonical().is_loopback())
}

/// Whether whoever sits between this machine and the database of `url` could read along: it is on another machine, and its
/// certificate is not looked at.
pub fn is_unprotected(url: &str) -> bool {
    read(url).is_ok_and(|(config, connector)| !is_here(&config) && !connector.verifies)
}

/// Makes TLS connections.
#[derive(Clone)]
pub(super) struct Connector {
    tls: TlsConnector,
    /// Whether the host's name matters.
    verifies: bool,
}

impl Connector {
    fn new(verifies: bool, roots: Option<&Path>) -> Result<Self, DbError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let failed = |error: rustls::Error| DbError::Connection(error.to_string());
        let judge: Arc<dyn ServerCertVerifier> = match (verifies, roots) {
            (false, _) => Arc::new(Anybody(provider.signature_verification_algorithms)),
            (true, None) => Arc::new(
                rustls_platform_verifier::Verifier::new(Arc::clone(&provider)).map_err(failed)?,
            ),
            (true, Some(file)) => trusted(file, &provider)?,
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(judge)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            verifies,
        })
    }
}

fn trusted(
    file: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, DbError> {
    let unusable = DbError::Unsupported("the file in sslrootcert holds no certificate");
    let pem = std::fs::read(file).map_err(DbError::file(file))?;
    let mut roots = RootCertStore::empty();
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    roots.add_parsable_certificates(found.unwrap_or_default());
    if roots.is_empty() {
        return Err(unusable);
    }
    match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()
    {
        Ok(verifier) => Ok(verifier),
        Err(_) => Err(unusable),
    }
}

/// Takes any certificate, for `require`: whoever reads along learns nothing, whoever steps in between does.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type TlsConnect = Handshake;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<Handshake> {
        let name = match ServerName::try_from(host.to_owned()) {
            Ok(name) => name,
            // Only a name to say in the greeting.
            Err(_) if !self.verifies => ServerName::from(std::net::Ipv4Addr::LOCALHOST),
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidInput, error)),
        };
        Ok(Handshake {
            tls: self.tls.clone(),
            name,
        })
    }
}

/// One connection's handshake, to be made.
pub(super) struct Handshake {
    tls: TlsConnector,
    name: ServerName<'static>,
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let stream = self.tls.connect(self.name, stream).await?;
            Ok(Encrypted(Box::new(stream)))
        })
    }
}

/// An encrypted connection.
pub(super) struct Encrypted<S>(Box<tokio_rustls::client::TlsStream<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_its_connections_are_protected() {
        let mode = |url: &str| {
            let (config, connector) = read(url).unwrap();
            (config.get_ssl_mode(), connector.verifies)
        };
        let base = "postgres://desk:p%26w@db.example/desk";
        // Of another machine nothing that could be read along is ever meant.
        assert_eq!(mode(base), (SslMode::Require, true));
        for here in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql"] {
            let url = format!("postgres://desk@{here}/desk");
            assert_eq!(mode(&url), (SslMode::Prefer, false), "{here}");
            assert!(!is_unprotected(&url), "{here}");
        }
        let mixed = "postgres://desk@localhost,db.example/desk";
        assert_eq!(mode(mixed), (SslMode::Require, true));
        let elsewhere = "postgres://desk@localhost/desk?hostaddr=10.1.0.5";
        assert_eq!(mode(elsewhere), (SslMode::Require, true));
        for (query, open) in [
            ("", false),
            ("?sslmode=require", true),
            ("?sslmode=disable", true),
        ] {
            assert_eq!(is_unprotected(&format!("{base}{query}")), open, "{query}");
        }
        assert_eq!(
            mode(&format!("{base}?sslmode=disable")),
            (SslMode::Disable, false)
        );
        assert_eq!(
            mode(&format!("{base}?application_name=desk&sslmode=require")),
            (SslMode::Require, false)
        );
        assert_eq!(
            mode(&format!("{base}?sslmode=verify-full&connect_timeout=5")),
            (SslMode::Require, true)
        );
        let (config, _) = read(&format!("{base}?sslmode=verify-full&connect_timeout=5")).unwrap();
        assert_eq!(config.get_password(), Some(&b"p&w"[..]));
        assert_eq!(
            config.get_connect_timeout(),
            Some(&std::time::Duration::from_secs(5))
        );
    }

    #[test]
    fn what_would_protect_less_than_it_says_is_refused() {
        let wrong = |query: &str| {
            let Err(error) = read(&format!(
                "postgres://desk:secret-word@db.example/desk?{query}"
            )) else {
                panic!("{query} was taken")
            };
            let text = error.to_string();
            assert!(!text.contains("secret-word"), "{text}");
            text
        };
        assert!(wrong("sslmode=verify-ca").contains("verify-full"));
        assert!(wrong("sslmode=prefer").contains("verify-full"));
        assert!(wrong("sslmode=sometimes").contains("sslmode"));
        assert!(wrong("sslmode=require&sslrootcert=/etc/ca.pem").contains("verify-full"));
        assert!(
            wrong("sslmode=verify-full&sslrootcert=/nowhere/ca.pem").contains("/nowhere/ca.pem")
        );
    }
}
