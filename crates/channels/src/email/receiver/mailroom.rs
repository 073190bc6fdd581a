use std::net::IpAddr;

/// What the client said about a message outside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The client's address.
    pub peer: IpAddr,
    /// The name the client gave itself; anybody can claim any.
    pub helo: String,
    /// The return path; empty for bounces.
    pub mail_from: String,
    /// The recipients that were accepted, at least one.
    pub rcpts: Vec<String>,
    /// The message's size in bytes.
    pub size: usize,
}

/// Whether mail for an address is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RcptVerdict {
    /// It is.
    Accepted,
    /// There is no such mailbox here ("550").
    Unknown,
    /// It can't be said now ("450"); the client tries again.
    TryLater,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is on disk and will not be lost ("250").
    Stored,
    /// It can't be stored now, say because the disk is full ("452" and a text for the client).
    TryLater(String),
    /// It will never be stored: a code from 550 to 559 and a text for the client. Any other code
    /// is sent as "554".
    Refused(u16, String),
}

/// Decides about addresses and stores messages.
pub trait Mailroom: Send + Sync + 'static {
    /// Whether mail for `rcpt` is taken.
    fn accepts(&self, rcpt: &str) -> impl Future<Output = RcptVerdict> + Send;

    /// Stores a message durably.
    ///
    /// The same message may come twice when a client missed our answer.
    fn deliver(&self, envelope: Envelope, raw: Vec<u8>) -> impl Future<Output = Verdict> + Send;
}
