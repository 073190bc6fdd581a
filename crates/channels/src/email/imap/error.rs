use async_imap::error::Error;
use tokio::time::error::Elapsed;

use crate::email::{TlsError, scrub::scrub};

/// Why a mailbox can't be read. The texts are for people and hold no address.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// No connection.
    #[error("the mail server can't be reached ({0})")]
    Unreachable(String),
    /// The server is where none may be ([`Reach`](crate::email::Reach)).
    #[error("the mail server is on this machine or on its network link alone")]
    NotAllowed,
    /// The connection broke.
    #[error("the connection to the mail server broke ({0})")]
    Broken(String),
    /// The server took too long.
    #[error("the mail server did not answer in time")]
    TimedOut,
    /// TLS could not be agreed on.
    #[error("no secure connection to the mail server ({0})")]
    Tls(String),
    /// TLS could not be set up on our side.
    #[error(transparent)]
    TlsSetup(#[from] TlsError),
    /// STARTTLS was asked for and the server has none.
    #[error("the mail server offers no STARTTLS; use implicit TLS or ask its provider")]
    NoStartTls,
    /// The server refused the user or the password.
    #[error("the mail server refused the user name or the password ({0})")]
    Login(String),
    /// The folder does not exist or can't be opened.
    #[error("the mailbox can't be opened: does the folder exist?")]
    NoMailbox,
    /// The server has no lasting UIDs, so that messages can't be told apart.
    #[error("the mail server has no lasting message numbers (UIDs) and can't be used")]
    NoUids,
    /// The server refused a command. The connection goes on.
    #[error("the mail server refused ({0})")]
    Refused(String),
    /// The server said something that can't be understood.
    #[error("the mail server's answer can't be understood")]
    Protocol,
    /// The answer that carried this message can't be understood; others may.
    #[error("message {uid} can't be read from the mail server")]
    Unreadable {
        /// Its UID.
        uid: u32,
    },
    /// An earlier error closed the connection.
    #[error("the connection to the mail server is closed")]
    Closed,
}

impl From<Error> for ImapError {
    fn from(error: Error) -> Self {
        match error {
            Error::No(text) | Error::Bad(text) => Self::Refused(scrub(words(&text))),
            // A server that says BYE, reported in the same way as an answer that is no answer.
            Error::Io(error) if error.to_string().starts_with("status: ") => {
                Self::Broken("the server said goodbye".into())
            }
            // The library reports an answer it can't parse as an error of this kind, with the
            // answer in the text.
            Error::Io(error) if error.kind() == std::io::ErrorKind::Other => Self::Protocol,
            Error::Io(error) => Self::Broken(error.kind().to_string()),
            Error::ConnectionLost => Self::Broken("connection lost".into()),
            _ => Self::Protocol,
        }
    }
}

impl From<Elapsed> for ImapError {
    fn from(_: Elapsed) -> Self {
        Self::TimedOut
    }
}

/// The server's own words in the library's error text, `code: …, info: Some("words")`.
fn words(text: &str) -> &str {
    let words = text
        .split_once("info: Some(\"")
        .map_or(text, |(_, words)| words);
    words.strip_suffix("\")").unwrap_or(words)
}
