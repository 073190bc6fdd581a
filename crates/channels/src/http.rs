//! Asking other systems over HTTPS: the providers of single sign-on, and whatever else the desk calls by an address that
//! somebody typed.
//!
//! [`Client::send`] takes one request and gives the whole answer back, within bounds of time and size. It follows no
//! redirect, keeps no cookie and no connection, and sends nothing that the caller did not write. Which machine it talks to
//! is decided when it connects ([`Reach::Public`]): the name is looked up once, every address is judged, and the connection
//! goes to one that was judged. Whoever runs the desk may allow more ([`Allowed`]).

#[cfg(test)]
mod tests;

use crate::email::{TlsError, tls};
use crate::reach::{Reach, look_up};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::http::uri::Scheme;
use hyper::{Request, Response, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{fmt, io};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Most bytes of an answer's head.
const MAX_HEAD: usize = 32 * 1024;
/// Most addresses of one name that are tried.
const MAX_ADDRESSES: usize = 4;

/// How much of it, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For everything together, from looking the name up to the last byte.
    pub time: Duration,
    /// Bytes of the answer's body.
    pub body: usize,
}

/// Why there is no answer. No text of it holds what was sent or what came back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none that can be asked.
    #[error("the address can't be used")]
    Address,
    /// The address is not HTTPS. Plain HTTP is for a system on this machine that was allowed.
    #[error("the address is not https")]
    NotHttps,
    /// The address leads to this machine or into a private network, and was not allowed.
    #[error("the address leads to a network that the desk may not call")]
    NotAllowed,
    /// Nobody knows the name.
    #[error("the name is not known")]
    NoSuchName,
    /// Nobody answers there.
    #[error("no connection")]
    NoConnection(#[source] io::Error),
    /// The other side did not show a certificate that this machine trusts for the name.
    #[error("no secure connection")]
    Tls(#[source] io::Error),
    /// This machine's trusted certificates can't be read.
    #[error("nothing is known to be trusted")]
    Trust(#[source] TlsError),
    /// What comes back is no HTTP, or stopped.
    #[error("no understandable answer")]
    Protocol(#[source] hyper::Error),
    /// The answer is longer than it may be.
    #[error("the answer is too long")]
    TooLong,
    /// It took longer than it may.
    #[error("the answer took too long")]
    TooSlow,
}

/// Whether an address, to which the host of this name (in small letters) leads, may be connected to besides those of the
/// public network.
pub type Allowed = Arc<dyn Fn(&str, IpAddr) -> bool + Send + Sync>;

/// Asks other systems; cheap to clone.
#[derive(Clone)]
pub struct Client {
    /// Made with the first request that needs it, so that a machine without certificates of its own starts all the same.
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
    extra_roots: Option<PathBuf>,
    allowed: Allowed,
    /// Instead of the system's look-up, in tests of a name that leads elsewhere at the next look.
    #[cfg(test)]
    names: Option<tests::Names>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// A client that trusts the machine's certificates and those of `extra_roots`, and may go to `allowed` besides the public
    /// network.
    pub fn new(allowed: Allowed, extra_roots: Option<PathBuf>) -> Self {
        Self {
            tls: Arc::default(),
            extra_roots,
            allowed,
            #[cfg(test)]
            names: None,
        }
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(tls) = self.tls.get() {
            return Ok(Arc::clone(tls));
        }
        let mut tls = (*tls::client_config(self.extra_roots.as_deref())?).clone();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(tls))))
    }

    /// Sends one request to its absolute address. An answer of any status is an answer; redirects are not followed.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        limits: Limits,
    ) -> Result<Response<Vec<u8>>, Error> {
        tokio::time::timeout(limits.time, self.exchange(request, limits.body))
            .await
            .map_err(|_| Error::TooSlow)?
    }

    async fn exchange(
        &self,
        request: Request<Vec<u8>>,
        most: usize,
    ) -> Result<Response<Vec<u8>>, Error> {
        let place = Place::of(request.uri())?;
        let stream = self.connect(&place).await?;
        let request = Place::address(request)?;
        if !place.secure {
            return ask(stream, request, most).await;
        }
        let name = ServerName::try_from(place.host).map_err(|_| Error::Address)?;
        let stream = TlsConnector::from(self.tls().map_err(Error::Trust)?)
            .connect(name, stream)
            .await
            .map_err(Error::Tls)?;
        ask(stream, request, most).await
    }

    /// A connection to an address that was judged.
    async fn connect(&self, place: &Place) -> Result<TcpStream, Error> {
        let allowed = |address| (self.allowed)(&place.host, address);
        let found = self.look_up(place).await;
        let found = found.and_then(|found| Reach::Public.judge(found, allowed));
        let mut found = found.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => Error::NotAllowed,
            _ => Error::NoSuchName,
        })?;
        if !place.secure {
            // What is read on the way would be read by anybody; on this machine there is no way.
            found.retain(|address| address.ip().to_canonical().is_loopback());
            if found.is_empty() {
                return Err(Error::NotHttps);
            }
        }
        let mut last = io::ErrorKind::NotConnected.into();
        for address in found.into_iter().take(MAX_ADDRESSES) {
            match reach(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(Error::NoConnection(last))
    }

    async fn look_up(&self, place: &Place) -> io::Result<Vec<SocketAddr>> {
        #[cfg(test)]
        if let Some(names) = &self.names {
            return Ok(names(&place.host, place.port));
        }
        look_up(&place.host, place.port).await
    }
}

async fn reach(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Where a request goes.
struct Place {
    host: String,
    port: u16,
    secure: bool,
}

impl Place {
    fn of(uri: &Uri) -> Result<Self, Error> {
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(Error::Address),
        };
        let authority = uri.authority().ok_or(Error::Address)?;
        // Whoever stands before an `@` is meant to be read as the host by somebody.
        if authority.as_str().contains('@') {
            return Err(Error::Address);
        }
        let host = authority.host();
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = bare
            .unwrap_or(host)
            .trim_end_matches('.')
            .to_ascii_lowercase();
        if host.is_empty() {
            return Err(Error::Address);
        }
        Ok(Self {
            host,
            port: authority
                .port_u16()
                .unwrap_or(if secure { 443 } else { 80 }),
            secure,
        })
    }

    /// The request as it goes over the wire: the path alone, and whose it is in a header.
    fn address(request: Request<Vec<u8>>) -> Result<Request<Full<Bytes>>, Error> {
        let (mut parts, body) = request.into_parts();
        let authority = parts.uri.authority().ok_or(Error::Address)?.as_str();
        let host = authority.parse().map_err(|_| Error::Address)?;
        parts.headers.insert(header::HOST, host);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse().map_err(|_| Error::Address)?;
        Ok(Request::from_parts(parts, Full::new(Bytes::from(body))))
    }
}

async fn ask<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<Response<Vec<u8>>, Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(Error::Protocol)?;
    let exchange = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(Error::Protocol)?;
        let (parts, body) = answer.into_parts();
        let whole = Limited::new(body, most).collect().await;
        let whole = whole.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return Error::TooLong;
            }
            match error.downcast::<hyper::Error>() {
                Ok(error) => Error::Protocol(*error),
                Err(_) => Error::TooLong,
            }
        })?;
        Ok(Response::from_parts(parts, whole.to_bytes().to_vec()))
    };
    // The connection is driven here and not by a task of its own, so that it ends with the request, also one that is given up.
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // What came before the end counts, also where the other side ends without a word.
        _ = connection => exchange.await,
    }
}
