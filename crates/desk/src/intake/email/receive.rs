//! The durable first step: a raw mail is sealed and stored before anything is acknowledged or parsed.

use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Source as WayIn};
use crate::error::DeskError;
use crate::ids::{InboundMailId, MailboxId, OrganisationId};
use crate::mailboxes;
use crate::observe::{self, name};
use crate::records::{Sealing, blobs};
use bedside_db::{Notice, Timestamp};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

/// Largest raw mail that is kept in its row; a larger one becomes a blob.
const INLINE: usize = 256 * 1024;

const UID_KNOWN: &str = "uid_known";

/// The way a mail came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Straight to the desk, by SMTP or LMTP.
    Receiver,
    /// Read from a mailbox.
    Imap,
    /// From a mailbox file.
    Import,
}

/// Why a mail was left where it is: it can't be had, and a person must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftBehind {
    /// It is larger than the desk takes; the bytes the mail server says it has.
    TooLarge(u32),
    /// The mail server could not hand it over.
    Unreadable,
}

/// What is known about a mail from outside of it; kept sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// The way it came.
    pub via: Via,
    /// Return path: empty for a bounce, none when unknown.
    #[serde(default)]
    pub mail_from: Option<String>,
    /// Recipients that the receiver accepted.
    #[serde(default)]
    pub rcpts: Vec<String>,
    /// UIDVALIDITY and UID in the mailbox.
    #[serde(default)]
    pub uid: Option<(u32, u32)>,
    /// When it came to the mailbox.
    #[serde(default)]
    pub arrived: Option<Timestamp>,
    /// When its mailbox was last read to the end before, and this mail was not there yet.
    #[serde(default)]
    pub looked: Option<Timestamp>,
    /// Set when there is no raw mail; its header alone may be there, or its beginning.
    #[serde(default)]
    pub left_behind: Option<LeftBehind>,
}

impl Source {
    /// Nothing but the way.
    pub const fn new(via: Via) -> Self {
        Self {
            via,
            mail_from: None,
            rcpts: Vec::new(),
            uid: None,
            arrived: None,
            looked: None,
            left_behind: None,
        }
    }
}

/// Stores a raw mail durably, for the processor to read. Only after this returned may anything be acknowledged.
///
/// With a [`Source::uid`], the mailbox's cursor moves in the same transaction; a UID that was stored before gives `None`
/// and adds nothing.
pub async fn receive(
    app: &App,
    organisation: OrganisationId,
    mailbox: Option<MailboxId>,
    source: Source,
    raw: &[u8],
) -> Result<Option<InboundMailId>, DeskError> {
    let id: InboundMailId = app.id();
    let sealing = Sealing::fresh(app);
    let envelope = sealing.text(
        "inbound_mails",
        "envelope",
        id,
        &serde_json::to_string(&source)?,
    );
    let (inline, blob) = if source.left_behind.is_some() && raw.is_empty() {
        (None, None)
    } else if raw.len() <= INLINE {
        (Some(sealing.bytes("inbound_mails", "raw", id, raw)), None)
    } else {
        (
            None,
            Some(blobs::write(app, organisation, &sealing, raw).await?),
        )
    };
    let size = i64::try_from(raw.len()).unwrap_or(i64::MAX);
    let uid = source.uid;
    let ctx = Ctx::system(organisation, "intake", WayIn::Mail);
    app.command(&ctx, move |work| {
        async move {
            if let (Some(mailbox), Some((validity, uid))) = (mailbox, uid)
                && !mailboxes::advance(work, organisation, mailbox, (validity.into(), uid.into()))
                    .await?
            {
                return Err(DeskError::Conflict {
                    code: UID_KNOWN,
                    text: "This mail is here already.",
                });
            }
            sealing.store(work).await?;
            if let Some(blob) = blob {
                blobs::take(work, blob).await?;
            }
            let row = store::NewRow {
                id,
                mailbox,
                key: sealing.id,
                envelope: &envelope,
                raw: inline.as_deref(),
                blob,
                size,
                at: work.now,
            };
            store::insert(work, organisation, &row).await?;
            work.audit(NewEntry::new("mail.receive", "inbound_mail", id).purpose("treatment"));
            work.notify(Notice {
                organisation: organisation.uuid(),
                sequence: 0,
            });
            Ok(id)
        }
        .boxed()
    })
    .await
    .map(|id| {
        observe::mail(name::MAILS_RECEIVED);
        Some(id)
    })
    .or_else(|error| match error {
        DeskError::Conflict {
            code: UID_KNOWN, ..
        } => Ok(None),
        error => Err(error),
    })
}
