//! Handing messages to a mail server (RFC 5321, RFC 6409).

mod connection;

use std::{borrow::Cow, fmt, path::PathBuf, sync::Arc, time::Duration};

use bedside_codecs::mail::address::Address;
use lettre::{address::Envelope, transport::smtp};

use self::connection::Pool;
use super::{Reach, Secret, Tls, TlsError, scrub::scrub};

/// Where and how mail goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// The server's name or address.
    pub host: String,
    /// Its port: 465 for implicit TLS, 587 for STARTTLS.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// The account, when the server wants one.
    pub login: Option<(String, Secret)>,
    /// Our own name in EHLO.
    pub hello_name: String,
    /// A PEM file with more trusted roots than the machine's.
    pub extra_roots: Option<PathBuf>,
    /// How long the server may take to connect, and for each answer.
    pub timeout: Duration,
    /// How long it may take to read a whole message and answer. RFC 5321, section 4.5.3.2.6 asks
    /// for ten minutes, because servers that give up too early send twice.
    pub message_timeout: Duration,
    /// Most connections at a time.
    pub connections: u32,
    /// Where the server may be.
    pub reach: Reach,
}

impl SmtpSettings {
    /// Settings without a login, with a minute's patience and four connections.
    pub fn new(host: impl Into<String>, port: u16, tls: Tls) -> Self {
        Self {
            host: host.into(),
            port,
            tls,
            login: None,
            hello_name: "localhost".into(),
            extra_roots: None,
            timeout: Duration::from_mins(1),
            message_timeout: Duration::from_mins(10),
            connections: 4,
            reach: Reach::Anywhere,
        }
    }
}

/// The server has the message now and answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What it said, for example its queue id; free of addresses.
    pub server_response: String,
}

/// Why a message was not accepted. No text here holds an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server may take it later (4xx).
    #[error("the mail server asks to try again later ({code} {text})")]
    Temporary {
        /// The three-digit reply code.
        code: u16,
        /// The server's words.
        text: String,
    },
    /// The server will never take it as it is (5xx).
    #[error("the mail server refused the message ({code} {text})")]
    Permanent {
        /// The three-digit reply code.
        code: u16,
        /// The server's words.
        text: String,
    },
    /// The server was not reached, or the connection broke.
    #[error("the mail server can't be reached ({text})")]
    Connection {
        /// Whether the server may have the message all the same: the connection broke before its
        /// last answer, and sending again may send twice.
        may_have_arrived: bool,
        /// What kind of trouble it was.
        cause: Cause,
        /// What happened.
        text: String,
    },
    /// An address is not one, or there is no recipient; nothing was sent.
    #[error("an address of this message is not valid")]
    Address,
}

/// Why there is no connection, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nobody is there, or the connection broke.
    Unreachable,
    /// No answer came in time.
    TimedOut,
    /// TLS could not be agreed on, or the certificate is not trusted.
    Tls,
    /// STARTTLS was asked for and the server has none.
    NoStartTls,
    /// The server is where none may be ([`Reach`]).
    NotAllowed,
}

impl Cause {
    fn of(error: &smtp::Error, text: &str) -> Self {
        use std::io::ErrorKind;
        let kind = std::error::Error::source(error)
            .and_then(|source| source.downcast_ref::<std::io::Error>())
            .map(std::io::Error::kind);
        if error.is_timeout() {
            Self::TimedOut
        } else if error.is_tls()
            // What a handshake fails with: what came is no TLS or no trust, or the server hung up on it.
            || matches!(kind, Some(ErrorKind::InvalidData | ErrorKind::UnexpectedEof))
        {
            Self::Tls
        } else if error.is_client() && text.contains("STARTTLS") {
            Self::NoStartTls
        } else {
            Self::Unreachable
        }
    }
}

/// A pool of connections to one mail server; clones share it.
#[derive(Clone)]
pub struct Sender {
    pool: Arc<Pool>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl Sender {
    /// Prepares the pool; connects to nothing yet.
    pub fn new(settings: &SmtpSettings) -> Result<Self, TlsError> {
        Ok(Self {
            pool: Arc::new(Pool::new(settings)?),
        })
    }

    /// Hands over one message; the server must take every recipient or none.
    ///
    /// `from` is the return path, `None` for messages that must never bounce (RFC 3834, section
    /// 3.3). Bare `<CR>` and `<LF>` in `raw` become line ends, because servers differ in what they
    /// make of them.
    pub async fn send(
        &self,
        from: Option<&str>,
        rcpts: &[&str],
        raw: &[u8],
    ) -> Result<Accepted, SendError> {
        let from = from.map(deliverable).transpose()?;
        let rcpts = rcpts
            .iter()
            .map(|rcpt| deliverable(rcpt))
            .collect::<Result<_, _>>()?;
        let envelope = Envelope::new(from, rcpts).map_err(|_| SendError::Address)?;
        let sent = self.pool.send(&envelope, &with_line_ends(raw)).await;
        if let Err(SendError::Connection { cause, .. }) = &sent {
            tracing::warn!(?cause, "a mail server can't be used");
        }
        Ok(Accepted {
            server_response: sent?,
        })
    }

    /// Connects, signs in and says nothing more: whether the settings work.
    pub async fn check(&self) -> Result<(), SendError> {
        self.pool.check().await
    }
}

/// An address as the envelope takes it. What an address is says [`Address`] alone: a second opinion here would leave
/// people whose request was taken without an answer.
fn deliverable(text: &str) -> Result<lettre::Address, SendError> {
    let address = Address::parse(text).map_err(|_| SendError::Address)?;
    Ok(lettre::Address::new_dangerous(
        address.local(),
        address.domain(),
    ))
}

impl SendError {
    fn from_lettre(error: &smtp::Error, may_have_arrived: bool) -> Self {
        let text = scrub(&match std::error::Error::source(error) {
            Some(source) => source.to_string(),
            None => error.to_string(),
        });
        match error.status() {
            Some(code) if error.is_permanent() => Self::Permanent {
                code: code.into(),
                text,
            },
            Some(code) => Self::Temporary {
                code: code.into(),
                text,
            },
            None => Self::Connection {
                may_have_arrived,
                cause: Cause::of(error, &text),
                text,
            },
        }
    }

    fn timed_out(may_have_arrived: bool) -> Self {
        Self::Connection {
            may_have_arrived,
            cause: Cause::TimedOut,
            text: "it did not answer in time".into(),
        }
    }
}

/// `raw` with `<CR><LF>` at every line end and nowhere a `<CR>` or `<LF>` alone.
fn with_line_ends(raw: &[u8]) -> Cow<'_, [u8]> {
    let alone = |at: usize| match raw[at] {
        b'\n' => at == 0 || raw[at - 1] != b'\r',
        b'\r' => raw.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let breaks = || memchr::memchr2_iter(b'\r', b'\n', raw);
    if !breaks().any(alone) {
        return Cow::Borrowed(raw);
    }
    let mut fixed = Vec::with_capacity(raw.len() + raw.len() / 32);
    let mut start = 0;
    for at in breaks().filter(|&at| alone(at)) {
        fixed.extend_from_slice(&raw[start..at]);
        fixed.extend_from_slice(b"\r\n");
        start = at + 1;
    }
    fixed.extend_from_slice(&raw[start..]);
    Cow::Owned(fixed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_line_end_is_complete() {
        for (raw, fixed) in [
            ("a\nb", "a\r\nb"),
            ("\n\n", "\r\n\r\n"),
            ("a\r.\r\n", "a\r\n.\r\n"),
            ("\r", "\r\n"),
        ] {
            assert_eq!(with_line_ends(raw.as_bytes()), fixed.as_bytes());
        }
        assert!(matches!(with_line_ends(b"fine\r\n"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn nothing_else_changes(raw in "[\r\n.a]{0,30}") {
            let fixed = String::from_utf8(with_line_ends(raw.as_bytes()).into_owned()).unwrap();
            let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(lines(&fixed), lines(&raw));
            prop_assert!(!fixed.replace("\r\n", "").contains(['\r', '\n']));
        }
    }

    #[tokio::test]
    async fn secrets_stay_out_of_debug() {
        let mut settings = SmtpSettings::new("mail.test", 465, Tls::None);
        settings.login = Some(("desk".into(), Secret::new("hunter2")));
        let sender = Sender::new(&settings).unwrap();
        assert!(!format!("{settings:?} {sender:?}").contains("hunter2"));
    }

    #[test]
    fn dots_that_large_providers_once_gave_out_are_written_to() {
        let address = deliverable("taro..yamada.@example.org").unwrap();
        assert_eq!(address.to_string(), "taro..yamada.@example.org");
    }

    proptest! {
        #[test]
        fn what_is_taken_as_an_address_can_be_sent_to(
            text in "[a-z@.<> \r\n\"(),;:é\u{200b}_-]{0,16}@?[a-z@.,;\r\n _-]{0,12}"
        ) {
            let (taken, sent) = (Address::parse(&text), deliverable(&text));
            prop_assert_eq!(taken.is_ok(), sent.is_ok());
            if let (Ok(taken), Ok(sent)) = (taken, sent) {
                let sent = sent.to_string();
                prop_assert_eq!(taken.as_str(), &sent);
                let breaks = |c: char| c.is_whitespace() || c.is_control() || "<>\"(),;:\\".contains(c);
                prop_assert!(!sent.contains(breaks), "{:?}", sent);
            }
        }
    }

    #[tokio::test]
    async fn a_bad_address_sends_nothing() {
        let sender = Sender::new(&SmtpSettings::new("127.0.0.1", 1, Tls::None)).unwrap();
        for bad in [
            "",
            "a",
            "a@b\r\nRCPT TO:<c@d>",
            "a b@c",
            "a@b..c",
            "\"a b\"@c.d",
        ] {
            assert_eq!(
                sender.send(None, &[bad], b"x").await,
                Err(SendError::Address),
                "{bad:?}"
            );
        }
        assert_eq!(sender.send(None, &[], b"x").await, Err(SendError::Address));
    }

    #[tokio::test]
    async fn a_dead_server_surely_has_nothing() {
        let port = bedside_testkit::ports::free().unwrap();
        let sender = Sender::new(&SmtpSettings::new("127.0.0.1", port, Tls::None)).unwrap();
        let error = sender.send(None, &["a@b.test"], b"x").await.unwrap_err();
        assert!(
            matches!(
                error,
                SendError::Connection {
                    may_have_arrived: false,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}
