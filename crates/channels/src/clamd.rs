//! Having a file looked at by a virus scanner: a client for the stream command of `clamd`.
//!
//! One connection looks at one file (`INSTREAM`, clamd(8)): the bytes go there in pieces with their length before them, an
//! empty piece ends them, and one line comes back. Nothing is written to a disk on the way, and the scanner never learns a
//! name. Every step has its time, and of the answer no more is read than a line may have.

mod answer;

pub use answer::{Answer, AnswerError, MAX_ANSWER, MAX_NAME, read_answer};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one piece may take to be taken.
const PIECE: Duration = Duration::from_secs(30);
/// How long the look may take once all is there. clamd gives up by itself after two minutes (`MaxScanTime`).
const LOOK: Duration = Duration::from_secs(150);
/// Most bytes of one piece; what is longer is sent in several.
const MAX_PIECE: usize = 256 * 1024;

/// Where a scanner listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scanner {
    /// A socket file of this machine.
    Socket(PathBuf),
    /// A host and its port.
    Host(String, u16),
}

/// What stands in the settings and is no place of a scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must be the path of clamd's socket, such as /run/clamav/clamd.ctl, or its host and port, such as 127.0.0.1:3310"
)]
pub struct NotAScanner;

impl FromStr for Scanner {
    type Err = NotAScanner;

    fn from_str(text: &str) -> Result<Self, NotAScanner> {
        let text = text.trim();
        if text.starts_with('/') {
            return Ok(Self::Socket(PathBuf::from(text)));
        }
        let (host, port) = text.rsplit_once(':').ok_or(NotAScanner)?;
        let port = port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or(NotAScanner)?;
        let inside = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let is_fine = if let Some(address) = inside {
            address.parse::<IpAddr>().is_ok_and(|one| one.is_ipv6())
        } else {
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            (1..=253).contains(&host.len()) && host.chars().all(fine)
        };
        if !is_fine {
            return Err(NotAScanner);
        }
        Ok(Self::Host(
            inside.unwrap_or(host).to_ascii_lowercase(),
            port,
        ))
    }
}

impl fmt::Display for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Host(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Host(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

impl TryFrom<String> for Scanner {
    type Error = NotAScanner;

    fn try_from(text: String) -> Result<Self, NotAScanner> {
        text.parse()
    }
}

impl From<Scanner> for String {
    fn from(scanner: Scanner) -> Self {
        scanner.to_string()
    }
}

impl Scanner {
    /// Whether what is sent there stays on this machine: clamd knows no TLS.
    pub fn is_here(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Host(host, _) => {
                host == "localhost"
                    || host
                        .parse::<IpAddr>()
                        .is_ok_and(|address| address.to_canonical().is_loopback())
            }
        }
    }
}

/// Why a file could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Nobody answers there.
    #[error("the scanner can't be reached: {0}")]
    Unreachable(io::Error),
    /// The connection ended in the middle.
    #[error("the scanner broke off: {0}")]
    BrokeOff(io::Error),
    /// It took too long.
    #[error("the scanner took too long")]
    TooSlow,
    /// It answered, and did not look.
    #[error("the scanner did not look: {0}")]
    Answer(#[from] AnswerError),
}

impl ScanError {
    /// The stable code, fit for a row or a log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::BrokeOff(_) => "broke_off",
            Self::TooSlow => "too_slow",
            Self::Answer(AnswerError::TooLarge) => "too_large",
            Self::Answer(AnswerError::Refused) => "refused",
            Self::Answer(AnswerError::Garbled) => "garbled",
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A look at one file that has begun.
pub struct Look {
    stream: Box<dyn Stream>,
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

impl Look {
    /// Connects and says that a file comes.
    pub async fn begin(scanner: &Scanner) -> Result<Self, ScanError> {
        let connected = async {
            let stream: Box<dyn Stream> = match scanner {
                Scanner::Socket(path) => Box::new(UnixStream::connect(path).await?),
                Scanner::Host(host, port) => {
                    Box::new(TcpStream::connect((host.as_str(), *port)).await?)
                }
            };
            Ok(stream)
        };
        let stream = timeout(CONNECT, connected)
            .await
            .map_err(|_| ScanError::TooSlow)?
            .map_err(ScanError::Unreachable)?;
        let mut look = Self { stream };
        look.write(b"zINSTREAM\0").await?;
        Ok(look)
    }

    /// The next bytes of the file.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), ScanError> {
        for piece in bytes.chunks(MAX_PIECE) {
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            let sent = async {
                self.write(&length.to_be_bytes()).await?;
                self.write(piece).await
            };
            if let Err(error) = sent.await {
                return Err(self.why(error).await);
            }
        }
        Ok(())
    }

    /// Ends the file, and hears what it is.
    pub async fn end(mut self) -> Result<Answer, ScanError> {
        if let Err(error) = self.write(&[0; 4]).await {
            return Err(self.why(error).await);
        }
        self.hear().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ScanError> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout(PIECE, written)
            .await
            .map_err(|_| ScanError::TooSlow)?
            .map_err(ScanError::BrokeOff)
    }

    /// Why it takes no more: a file over its limit is answered in the middle, and the line may still be there.
    async fn why(&mut self, error: ScanError) -> ScanError {
        // One that takes nothing in time says nothing either.
        if !matches!(error, ScanError::BrokeOff(_)) {
            return error;
        }
        match self.hear().await {
            Err(ScanError::Answer(why)) if why != AnswerError::Garbled => ScanError::Answer(why),
            _ => error,
        }
    }

    async fn hear(&mut self) -> Result<Answer, ScanError> {
        let heard = async {
            let mut line = Vec::new();
            let most = u64::try_from(MAX_ANSWER + 1).unwrap_or(u64::MAX);
            (&mut self.stream).take(most).read_to_end(&mut line).await?;
            Ok(line)
        };
        let line = timeout(LOOK, heard)
            .await
            .map_err(|_| ScanError::TooSlow)?
            .map_err(ScanError::BrokeOff)?;
        if line.is_empty() {
            return Err(ScanError::BrokeOff(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(read_answer(&line)?)
    }
}

#[cfg(test)]
mod tests;
