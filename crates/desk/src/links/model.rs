//! Links as values.

use crate::codes::codes;
use crate::context::Ctx;
use crate::downloads::{FileOf, Told};
use crate::ids::{AttachmentId, BlobId, ContactId, MessageId, PatientId, TicketId};
use crate::records::Level;
use crate::tickets::Status;
use crate::timeline::files::Scan;
use bedside_db::Timestamp;
use serde::Serialize;

codes! {
    /// What a link lets its person do.
    Purpose {
        /// Read and write in the thread of one request.
        Thread = "thread",
        /// Say how it went.
        Rating = "rating",
    }
}

impl Purpose {
    /// Days for which such a link works.
    pub const fn days(self) -> i64 {
        match self {
            Self::Thread | Self::Rating => 30,
        }
    }

    /// When a link ends that is made now.
    pub const fn ends(self, now: Timestamp) -> Timestamp {
        now.plus_seconds(self.days() * 24 * 3600)
    }
}

/// Somebody whom a link let in.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The contact at work, in the language of the request.
    pub ctx: Ctx,
    /// The request, with merges followed.
    pub ticket: TicketId,
    /// The request that the link was made for; another one after a merge.
    pub made_for: TicketId,
    /// Whose link it is.
    pub contact: ContactId,
    /// As whom, or for whom, they write who are signed in to their own pages and came by no link.
    pub signed_in: Option<SignedInAs>,
}

/// As whom somebody writes who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct SignedInAs {
    /// Whom it is about.
    pub patient: PatientId,
    /// How sure the desk is of who they are.
    pub level: Level,
    /// Whether they act for that patient, and are somebody else.
    pub acting: bool,
}

/// What a link is for the browser that asks.
#[derive(Clone, Debug)]
pub enum Look {
    /// Nobody opened it yet: show a button, because mail scanners open links too.
    Unopened(Visit),
    /// This browser opened it.
    Mine(Visit),
    /// Another browser opened it: offer a fresh link.
    Elsewhere,
}

/// A link that was opened.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Who and what.
    pub visit: Visit,
    /// The secret to set as a cookie, when this browser has just been bound to the link.
    pub cookie: Option<String>,
}

/// The thread of a request as its person sees it. Internal notes are never part of it.
#[derive(Clone, Debug, Serialize)]
pub struct PublicThread {
    /// The request's number.
    pub number: i64,
    /// Its subject.
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// The same in plain words, in the language of the request.
    pub status_text: String,
    /// What was written, oldest first.
    pub messages: Vec<PublicMessage>,
    /// Whether what is written here goes on in this request; otherwise it opens a new one beside it.
    pub goes_on: bool,
}

/// One message of a thread.
#[derive(Clone, Debug, Serialize)]
pub struct PublicMessage {
    /// Its id.
    pub id: MessageId,
    /// Whether the reader wrote it; the clinic did otherwise.
    pub mine: bool,
    /// Whether the reader told it and somebody wrote it down for them.
    pub told: bool,
    /// Who of the clinic wrote it, where it was a person.
    pub author: Option<String>,
    /// The words as plain text.
    pub body: String,
    /// The words as clean HTML, safe to show.
    pub html: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Its files.
    pub files: Vec<PublicFile>,
}

/// One file of a thread.
#[derive(Clone, Debug, Serialize)]
pub struct PublicFile {
    /// Its id.
    pub id: AttachmentId,
    /// File name.
    pub name: String,
    /// Sniffed media type.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// What the virus scanner said.
    pub scan: Scan,
    /// Its bytes.
    #[serde(skip)]
    pub blob: BlobId,
}

impl<'a> From<&'a PublicFile> for FileOf<'a> {
    fn from(file: &'a PublicFile) -> Self {
        Self {
            blob: file.blob,
            told: Told {
                name: &file.name,
                media_type: &file.media_type,
                size: file.size,
            },
            scan: file.scan,
        }
    }
}
