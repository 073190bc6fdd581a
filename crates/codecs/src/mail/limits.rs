//! How much of a message is accepted, and what is said when it is too much.

use thiserror::Error;

/// Bounds on one incoming message. Sizes are bytes unless the name says otherwise.
///
/// The defaults hold any message a person would send and keep the cost of a hostile one small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Whole message as received. Default 50 MiB.
    pub raw: usize,
    /// Header section of the message and of each part in it. Default 256 KiB.
    pub headers: usize,
    /// MIME parts, containers and forwarded messages included. Default 1,000.
    pub parts: usize,
    /// MIME parts inside one another. Default 32.
    pub nesting: usize,
    /// Attachments kept; more are refused as too many parts. Default 100.
    pub attachments: usize,
    /// Characters of a subject; the rest is cut. Default 998, the longest line of RFC 5322.
    pub subject_chars: usize,
    /// Characters of a display name; the rest is cut. Default 200.
    pub name_chars: usize,
    /// Addresses kept of each of To, Cc and Reply-To. Default 200.
    pub addresses: usize,
    /// Message-IDs kept of References and In-Reply-To: the first, and the last ones. Default 100.
    pub references: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            raw: 50 * 1024 * 1024,
            headers: 256 * 1024,
            parts: 1_000,
            nesting: 32,
            attachments: 100,
            subject_chars: 998,
            name_chars: 200,
            addresses: 200,
            references: 100,
        }
    }
}

/// Why a message could not be read. It holds numbers only, never anything from the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MailError {
    /// The whole message is larger than [`Limits::raw`].
    #[error("message of {size} bytes exceeds the limit of {limit}")]
    TooLarge {
        /// Bytes received.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A header section is larger than [`Limits::headers`].
    #[error("header section exceeds the limit of {limit} bytes")]
    HeaderTooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// Parts lie inside one another deeper than [`Limits::nesting`].
    #[error("MIME nesting exceeds {limit} levels")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// There are more parts than [`Limits::parts`] or attachments than [`Limits::attachments`].
    #[error("more than {limit} MIME parts or attachments")]
    TooManyParts {
        /// Number allowed.
        limit: usize,
    },
    /// Nothing was received.
    #[error("empty message")]
    Empty,
    /// The bytes do not begin with the header of a message.
    #[error("no mail header found")]
    NotMail,
}

impl MailError {
    /// A sentence that may be shown to anyone.
    pub const fn public(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "This message is too large to be read automatically.",
            Self::HeaderTooLarge { .. } => "The header of this message is too large.",
            Self::TooDeep { .. } => {
                "This message has too many messages or parts inside one another."
            }
            Self::TooManyParts { .. } => "This message has too many parts or attachments.",
            Self::Empty => "This message is empty.",
            Self::NotMail => "This file is not an email message.",
        }
    }
}
