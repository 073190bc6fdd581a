//! Mail for whoever signs in: the code, and news about their being signed in. Nothing of a patient stands in it.

use super::codes;
use super::store;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PortalCodeId};
use crate::patients::{self, Reach, sign_in};
use crate::work::{Job, Work};
use bedside_db::Timestamp;
use bedside_web::Locale;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A one-time code.
    Code(PortalCodeId),
    /// Somebody came in with a browser and system that they had not come in with lately.
    NewDevice,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was shown that may be a copy, and stopped.
    PasskeyStopped,
    /// Something waits to be read on their pages.
    Message,
}

impl News {
    /// The Fluent key of its words; the subject's ends with `-subject`.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Code(_) => "my-mail-code",
            Self::NewDevice => "my-mail-device",
            Self::PasskeyAdded => "my-mail-passkey-added",
            Self::PasskeyRemoved => "my-mail-passkey-removed",
            Self::PasskeyStopped => "my-mail-passkey-stopped",
            Self::Message => "my-mail-message",
        }
    }

    /// The key of what it ends with.
    pub const fn after_key(self) -> &'static str {
        match self {
            Self::Code(_) => "my-mail-code-after",
            Self::Message => "my-mail-message-after",
            Self::NewDevice | Self::PasskeyAdded | Self::PasskeyRemoved | Self::PasskeyStopped => {
                "my-mail-not-you"
            }
        }
    }

    /// Hours for which it is tried: later it is no news.
    const fn hours(self) -> i64 {
        match self {
            Self::Message => 72,
            _ => 24,
        }
    }
}

/// The job that mails it. It carries ids and never a code or an address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PortalMail {
    /// A number of its own, for the mail's Message-ID.
    pub id: Uuid,
    /// Who hears of it; nobody where nobody has the address that a code was asked for.
    pub contact: Option<ContactId>,
    /// What happened.
    pub news: News,
    /// Language tag.
    pub locale: String,
    /// When.
    pub at: Timestamp,
}

impl Job for PortalMail {
    const KIND: &'static str = "portal.mail";
}

/// Queues it, in the caller's command.
pub(super) async fn tell(
    work: &mut Work<'_>,
    contact: Option<ContactId>,
    news: News,
    locale: Locale,
) -> Result<(), DeskError> {
    let now = work.now;
    let mail = PortalMail {
        id: work.app.id::<()>().uuid(),
        contact,
        news,
        locale: locale.tag().to_owned(),
        at: now,
    };
    work.enqueue(&mail, None, now).await
}

/// Queues, in the caller's command, the news that something waits for a contact on their pages: in their own language, else
/// the clinic's. Nothing says what it is.
pub(crate) async fn message_waits(
    work: &mut Work<'_>,
    contact: ContactId,
) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let own = match patients::open_contact(&app, work, organisation, contact).await {
        Err(DeskError::NotFound | DeskError::Gone) => return Ok(()),
        found => found?.locale,
    };
    let clinics = app.directory.of(organisation)?.locale;
    let locale = own.and_then(|tag| tag.parse().ok()).unwrap_or(clinics);
    tell(work, Some(contact), News::Message, locale).await
}

/// What such a mail needs.
pub(crate) struct Letter {
    /// Where it goes.
    pub to: Vec<String>,
    /// The code in it.
    pub code: Option<String>,
    /// When it is no use any more.
    pub until: Timestamp,
}

/// Reads it when it is to be sent; none where there is nothing to send: the address is nobody's, the code is used, or the
/// contact is gone.
pub(crate) async fn letter(
    app: &App,
    organisation: OrganisationId,
    mail: &PortalMail,
) -> Result<Option<Letter>, DeskError> {
    let Some(contact) = mail.contact else {
        return Ok(None);
    };
    let mut conn = app.read().await?;
    if let News::Code(id) = mail.news {
        let Some((point, until)) = store::open_code(&mut conn, organisation, id).await? else {
            return Ok(None);
        };
        let door = sign_in::door(&mut conn, organisation, &point).await?;
        let Some(door) = door.filter(|door| door.contact == contact && !door.barred) else {
            return Ok(None);
        };
        let address = sign_in::address(app, &mut conn, organisation, &door).await?;
        return Ok(Some(Letter {
            to: vec![address],
            code: Some(codes::digits(app, organisation, id)?),
            until,
        }));
    }
    let found = patients::open_contact(app, &mut conn, organisation, contact).await;
    let contact = match found {
        Err(DeskError::NotFound | DeskError::Gone) => return Ok(None),
        found => found?,
    };
    // What a patient chose may stand with another of their contacts.
    let chosen = patients::mail_to(app, &mut conn, organisation, &contact).await?;
    let mails = contact.points.into_iter();
    let mails = mails.filter(|one| one.kind == "email" && one.reach != Reach::Barred);
    let mut to: Vec<String> = mails.map(|one| one.value).collect();
    if to.is_empty() {
        to.extend(chosen);
    }
    Ok(Some(Letter {
        to,
        code: None,
        until: mail.at.plus_seconds(mail.news.hours() * 3600),
    }))
}
