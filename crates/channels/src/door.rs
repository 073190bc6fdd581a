//! What stands where people come in: a proxy that somebody else set up. It is looked at as a browser comes, and as a machine
//! would that knows nothing better than what is no longer safe.

use crate::email::{TlsError, tls};
use rustls::pki_types::ServerName;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// TLS 1.1 and 1.2, as they stand on the wire.
const OLD: u16 = 0x0302;
const NOW: u16 = 0x0303;

/// Suites that every server of TLS 1.1 and before has: CBC and RC4.
const SUITES_OF_OLD: &[u16] = &[
    0xc013, 0xc014, 0xc009, 0xc00a, 0x002f, 0x0035, 0x000a, 0x0005,
];
/// Suites of TLS 1.2 without forward secrecy (keys sent by RSA) or without authenticated encryption (CBC, RC4).
const WEAK_SUITES: &[u16] = &[
    0x009c, 0x009d, 0x003c, 0x003d, 0xc023, 0xc024, 0xc027, 0xc028, 0xc013, 0xc014, 0xc009, 0xc00a,
    0x002f, 0x0035, 0x000a, 0x0005,
];
/// Curves and signatures that are named in any case: a server that misses them might refuse for that alone.
const GROUPS: &[u16] = &[0x001d, 0x0017, 0x0018];
const SIGNATURES: &[u16] = &[
    0x0403, 0x0503, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201,
];

/// How long an answer to a beginning of old is waited for: a proxy that drops one says nothing at all, and one that goes on says so
/// at once.
const SILENCE: Duration = Duration::from_secs(2);

/// A record that holds a handshake, and the handshake that says which version was chosen.
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The version that a browser of today gets.
    pub version: String,
    /// The suite that it gets.
    pub suite: String,
    /// Whether TLS 1.1 or an older one is taken.
    pub takes_old: bool,
    /// Whether a suite is taken that has no forward secrecy or no authenticated encryption.
    pub takes_weak: bool,
}

/// Why nothing was seen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answers, from this machine at least.
    #[error("nobody answers")]
    Nobody(#[source] io::Error),
    /// No certificate that this machine trusts for the name, or no version of TLS in common.
    #[error("no secure connection: {0}")]
    NotTrusted(#[source] io::Error),
    /// This machine's trusted certificates can't be read, or the name is none.
    #[error("nothing is known to be trusted")]
    Trust(#[source] TlsError),
    /// It took longer than it may.
    #[error("it took too long")]
    TooSlow,
}

/// Looks at the server of this name, within `time`. Trusted is what the machine trusts, and what is in `extra_roots`.
pub async fn look(
    host: &str,
    port: u16,
    extra_roots: Option<&Path>,
    time: Duration,
) -> Result<Seen, Error> {
    let looked = tokio::time::timeout(time, look_at(host, port, extra_roots)).await;
    looked.map_err(|_| Error::TooSlow)?
}

async fn look_at(host: &str, port: u16, extra_roots: Option<&Path>) -> Result<Seen, Error> {
    let config = tls::client_config(extra_roots).map_err(Error::Trust)?;
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| Error::Trust(TlsError::HostName))?;
    let stream = connect(host, port).await?;
    let stream = TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(Error::NotTrusted)?;
    let (_, session) = stream.get_ref();
    let version = session.protocol_version();
    let suite = session.negotiated_cipher_suite();
    let (version, suite) = (
        version.map(|one| format!("{one:?}")).unwrap_or_default(),
        suite
            .map(|one| format!("{:?}", one.suite()))
            .unwrap_or_default(),
    );
    drop(stream);
    Ok(Seen {
        version,
        suite,
        takes_old: takes(host, port, &hello(host, OLD, SUITES_OF_OLD), SILENCE).await?,
        takes_weak: takes(host, port, &hello(host, NOW, WEAK_SUITES), SILENCE).await?,
    })
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, Error> {
    TcpStream::connect((host, port))
        .await
        .map_err(Error::Nobody)
}

/// Whether the server goes on after this beginning. An alert, a closed connection and `silence` of that length are a no.
async fn takes(host: &str, port: u16, hello: &[u8], silence: Duration) -> Result<bool, Error> {
    let mut stream = connect(host, port).await?;
    // The head of a record and the kind of its first message; an alert is longer than that.
    let mut head = [0; 6];
    let answer = async {
        stream.write_all(hello).await?;
        stream.read_exact(&mut head).await
    };
    let answered = tokio::time::timeout(silence, answer).await;
    let answered = answered.is_ok_and(|answer| answer.is_ok());
    Ok(answered && head[0] == HANDSHAKE && head[5] == SERVER_HELLO)
}

/// The beginning of a conversation as whoever knows `version` at most and these suites alone has it (RFC 5246, 7.4.1.2).
fn hello(host: &str, version: u16, suites: &[u16]) -> Vec<u8> {
    let mut extensions = Vec::new();
    if host.parse::<IpAddr>().is_err() {
        let name = [&[0], &sized(host.as_bytes())[..]].concat();
        extensions.extend(extension(0x0000, &sized(&name)));
    }
    extensions.extend(extension(0x000a, &sized(&numbers(GROUPS))));
    // Points in their plain form alone.
    extensions.extend(extension(0x000b, &[1, 0]));
    if version >= NOW {
        extensions.extend(extension(0x000d, &sized(&numbers(SIGNATURES))));
    }
    extensions.extend(extension(0x0017, &[]));
    extensions.extend(extension(0xff01, &[0]));
    let mut body = version.to_be_bytes().to_vec();
    // Where others put random bytes: nothing is kept secret by what never comes to be a connection.
    body.extend([0x5a; 32]);
    // No session to go on with.
    body.push(0);
    body.extend(sized(&numbers(suites)));
    // No compression.
    body.extend([1, 0]);
    body.extend(sized(&extensions));
    // A ClientHello, whose length has three bytes.
    let message = [&[1, 0], &sized(&body)[..]].concat();
    [&[HANDSHAKE, 3, 1], &sized(&message)[..]].concat()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes(), &sized(body)[..]].concat()
}

fn numbers(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|one| one.to_be_bytes()).collect()
}

/// Behind their number, in two bytes. All that stands here is far shorter than that allows.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests;
