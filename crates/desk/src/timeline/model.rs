//! Messages as values.

use crate::codes::codes;
use crate::field_group::FieldGroup;
use crate::identity;
use crate::ids::{AttachmentId, BlobId, ContactId, InboundMailId, MessageId};
use crate::records::Opened;
use crate::records::uploads;
use crate::timeline::files::Scan;
use crate::triage::Found;
use bedside_codecs::mail::file_words::FileWords;
use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

codes! {
    /// What kind of entry.
    MessageKind {
        /// From the patient's side.
        Inbound = "inbound",
        /// To the patient's side.
        Outbound = "outbound",
        /// Among the staff; never leaves the desk.
        Note = "note",
    }
}

codes! {
    /// Where a message is on its way.
    MessageState {
        /// Came in.
        Received = "received",
        /// Kept at the desk (a note, or an answer read behind a link).
        Stored = "stored",
        /// Waits to be sent; can be taken back while the undo window is open.
        Queued = "queued",
        /// The next mail server took it.
        Accepted = "accepted",
        /// It came back.
        Bounced = "bounced",
        /// Given up.
        Failed = "failed",
        /// Taken back before it was sent.
        Cancelled = "cancelled",
    }
}

codes! {
    /// Why nobody knows that a mail is from the address it names (RFC 8601).
    Doubt {
        /// There is no server whose word the desk takes.
        Unchecked = "unchecked",
        /// The receiving server found nothing that shows it.
        Unproven = "unproven",
        /// The receiving server found that it may not be.
        Failed = "failed",
    }
}

/// Who wrote a message, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A person of the staff.
    Staff(Uuid),
    /// A contact.
    Contact(Uuid),
    /// Another system.
    Token(Uuid),
    /// The desk itself.
    System,
}

impl Author {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Staff(_) => "staff",
            Self::Contact(_) => "contact",
            Self::Token(_) => "token",
            Self::System => "system",
        }
    }

    pub(crate) const fn id(self) -> Option<Uuid> {
        match self {
            Self::Staff(id) | Self::Contact(id) | Self::Token(id) => Some(id),
            Self::System => None,
        }
    }
}

/// Whose turn it is, as the timeline tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// When the first answer was given that was not taken back.
    pub first_answer: Option<Timestamp>,
    /// When the patient's side wrote first after the last answer; none when they have it.
    pub waiting_since: Option<Timestamp>,
    /// When the patient's side wrote first at all; none when they never did.
    pub first_words: Option<Timestamp>,
    /// The newest words that are no note and were not taken back; none when there are none.
    pub last: Option<LastWords>,
}

/// The newest words between the patient's side and the clinic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastWords {
    /// When they were written.
    pub at: Timestamp,
    /// To whom they go.
    pub kind: MessageKind,
    /// Where they are on their way.
    pub state: MessageState,
}

/// The addresses of a message, kept sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Sender.
    #[serde(default)]
    pub from: String,
    /// Recipients; frozen when the message is sent.
    #[serde(default)]
    pub to: Vec<String>,
    /// Copies.
    #[serde(default)]
    pub cc: Vec<String>,
    /// Subject line of this message.
    #[serde(default)]
    pub subject: String,
    /// The mail's own Message-ID, with angle brackets left out.
    #[serde(default)]
    pub message_id: String,
    /// Earlier part of the conversation that a reply quoted.
    #[serde(default)]
    pub quoted: String,
    /// Whether pictures of another host were taken out of the text.
    #[serde(default)]
    pub had_remote: bool,
    /// Why nobody knows that the sender is who it says; none when it was shown, and for mail from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// A message to be added.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What kind of entry.
    pub kind: MessageKind,
    /// Channel code.
    pub channel: &'static str,
    /// Whose words they are.
    pub author: Author,
    /// Who of the staff, or which other system, wrote down what the author said; none for what they wrote themselves.
    pub written_by: Option<Uuid>,
    /// Whom an answer is for.
    pub recipient: Option<ContactId>,
    /// The words, as plain text (Markdown for the staff's own).
    pub body: String,
    /// The words as clean HTML, where there is more than text.
    pub html: Option<String>,
    /// Addresses.
    pub envelope: Option<Envelope>,
    /// Language tag.
    pub locale: &'static str,
    /// Whether a machine wrote it (out-of-office and the like).
    pub automatic: bool,
    /// Where it is on its way.
    pub state: MessageState,
    /// Its files, already written as blobs with the same key.
    pub attachments: Vec<NewAttachment>,
    /// The raw mail it came from.
    pub inbound_mail: Option<InboundMailId>,
    /// When it was written, for what comes out of an archive; none for what is said now.
    pub written: Option<Timestamp>,
    /// What was found about danger in the patient's words.
    pub found: Found,
}

/// A file to be added.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// Its bytes.
    pub blob: BlobId,
    /// Cleaned file name.
    pub name: String,
    /// Sniffed media type.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Content-ID of an inline image.
    pub content_id: Option<String>,
    /// Whether it is shown inside the text.
    pub inline: bool,
    /// What it says, to be looked through with the words it came with. Never stored.
    pub words: FileWords,
}

impl NewAttachment {
    /// The file's id. It is its blob's, so that a text can name the file before it is stored.
    pub const fn id(&self) -> AttachmentId {
        AttachmentId::from_uuid(self.blob.uuid())
    }
}

impl From<uploads::Placed> for NewAttachment {
    fn from(file: uploads::Placed) -> Self {
        Self {
            blob: file.blob,
            name: file.name,
            media_type: file.media_type,
            size: file.size,
            content_id: None,
            inline: false,
            words: file.words,
        }
    }
}

/// A message, opened.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MessageView {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: MessageId,
    /// What kind of entry.
    pub kind: MessageKind,
    /// Channel code.
    pub channel: String,
    /// `staff`, `contact`, `token` or `system`.
    pub author_kind: String,
    /// The author's id.
    pub author_id: Option<Uuid>,
    /// Who wrote down what the author said; none for what they wrote themselves.
    pub written_by: Option<Uuid>,
    /// Whom an answer is for; none for what came in, for notes, and for answers written before this was kept.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub recipient: Option<ContactId>,
    /// The words as plain text (Markdown for the staff's own).
    pub body: String,
    /// The words as clean HTML, safe to show.
    pub html: Option<String>,
    /// Addresses.
    #[schema(value_type = Option<Object>)]
    pub envelope: Option<Envelope>,
    /// Language tag.
    pub locale: String,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// Where it is on its way.
    pub state: MessageState,
    /// Since when it is there (microseconds since 1970).
    #[schema(value_type = i64)]
    pub state_at: Timestamp,
    /// Its files.
    pub attachments: Vec<AttachmentView>,
    /// What was found about danger; none where nothing was, and for messages from before this was kept.
    #[serde(skip)]
    #[schema(ignore)]
    pub found: Option<Found>,
    /// When it was written (microseconds since 1970).
    #[schema(value_type = i64)]
    pub created_at: Timestamp,
}

impl MessageView {
    /// What somebody sees who has this leave.
    #[must_use]
    pub(crate) fn under(mut self, leave: &Opened) -> Self {
        // What somebody wrote in other requests is hidden as those are.
        if let Some(found) = &mut self.found
            && !leave.sight().shows(FieldGroup::Clinical)
        {
            found.earlier.clear();
        }
        if let Some(envelope) = &mut self.envelope {
            let others = envelope.to.iter_mut().chain(&mut envelope.cc);
            for address in others.chain([&mut envelope.from]) {
                let shown = identity::address_under(leave, address);
                *address = shown.map_or_else(|| "•••".to_owned(), |(shown, _)| shown);
            }
        }
        self
    }
}

/// A file, opened as far as its name.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AttachmentView {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: AttachmentId,
    /// File name.
    pub name: String,
    /// Sniffed media type.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Whether it is shown inside the text.
    pub inline: bool,
    /// What the virus scanner said.
    pub scan: Scan,
    /// The name of what it found, or why it could not look, as a code.
    pub scan_note: Option<String>,
    /// Content-ID of an inline image.
    #[serde(skip)]
    pub content_id: Option<String>,
    /// Its bytes.
    #[serde(skip)]
    #[schema(ignore)]
    pub blob: BlobId,
}

/// Line ends as they are kept, whatever sent them: browsers end a line of a form with two characters.
pub(crate) fn line_ends(words: String) -> String {
    if words.contains('\r') {
        words.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        words
    }
}
