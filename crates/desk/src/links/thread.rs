//! The thread of a request for the person it belongs to.

use super::model::{PublicFile, PublicMessage, PublicThread, SignedInAs, Visit};
use crate::app::App;
use crate::error::DeskError;
use crate::identity;
use crate::ids::{AttachmentId, ContactId, StaffId, TicketId};
use crate::patients::{self, Requester};
use crate::records::{self, Opened, Sealing};
use crate::tickets::model::Ticket;
use crate::tickets::{self, Also, Inbound, Landed, NewTicket, Status};
use crate::timeline::{self, MessageKind, MessageState, MessageView, NewAttachment};
use crate::{orgs::Clinic, staff};
use bedside_language::Channel;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// How often the place of somebody's words is looked for, when it changes in the moment in which they come.
const TRIES: u32 = 3;

/// The thread as its person may see it: what they wrote, and the clinic's answers once they can't be taken back.
pub async fn thread_view(app: &App, visit: &Visit) -> Result<PublicThread, DeskError> {
    let leave = records::open_own(app, &visit.ctx, "thread.read", "ticket", visit.ticket).await?;
    let organisation = visit.ctx.organisation;
    let ticket = tickets::row_for(app, organisation, visit.ticket).await?;
    let mut messages = Vec::new();
    for message in visible(app, &leave, visit, &ticket).await? {
        let author = match (message.author_kind.as_str(), message.author_id) {
            ("staff", Some(id)) => {
                staff::name_of(app, organisation, StaffId::from_uuid(id)).await?
            }
            _ => None,
        };
        messages.push(public(message, author));
    }
    Ok(PublicThread {
        number: ticket.number,
        subject: own_subject(app, visit, &ticket).await?,
        status: ticket.status,
        status_text: app
            .i18n
            .text(visit.ctx.locale, status_key(ticket.status))
            .to_owned(),
        messages,
        goes_on: ticket.takes_words_of(visit.contact),
    })
}

/// One file of the thread; its bytes follow through [`records::blobs`].
pub async fn thread_file(
    app: &App,
    visit: &Visit,
    id: AttachmentId,
) -> Result<PublicFile, DeskError> {
    let leave = records::open_own(app, &visit.ctx, "attachment.read", "attachment", id).await?;
    let ticket = tickets::row_for(app, visit.ctx.organisation, visit.ticket).await?;
    let messages = visible(app, &leave, visit, &ticket).await?;
    let mut files = messages
        .into_iter()
        .flat_map(|message| public(message, None).files);
    files.find(|file| file.id == id).ok_or(DeskError::NotFound)
}

/// Where the next words of a link's person go.
struct Place {
    /// The request behind the link, with merges followed.
    behind: Ticket,
    next: Next,
    /// Seals the files of a reply.
    sealing: Sealing,
}

enum Next {
    /// On in this request: the one behind the link, or the newest that was opened from it.
    In(TicketId),
    /// Into a request of their own.
    Anew(Box<Requester>),
}

async fn place(app: &App, visit: &Visit) -> Result<Place, DeskError> {
    let organisation = visit.ctx.organisation;
    let behind = tickets::row_for(app, organisation, visit.ticket).await?;
    let goes_on = if behind.takes_words_of(visit.contact) {
        Some(behind.clone())
    } else {
        tickets::opened_beside(app, organisation, behind.id, visit.contact).await?
    };
    let (next, sealing) = if let Some(ticket) = goes_on {
        let mut conn = app.read().await?;
        let sealing = records::sealing(app, &mut conn, organisation, ticket.key).await?;
        (Next::In(ticket.id), sealing)
    } else {
        let mut requester =
            patients::requester_of_contact(app, organisation, visit.contact).await?;
        if let Some(whom) = visit.signed_in.filter(|whom| whom.acting) {
            requester = requester
                .for_patient(app, organisation, whom.patient)
                .await?;
        }
        let sealing = requester.sealing.clone();
        (Next::Anew(Box::new(requester)), sealing)
    };
    Ok(Place {
        behind,
        next,
        sealing,
    })
}

/// What a link's person says.
pub struct Words {
    /// How it came.
    pub channel: Channel,
    /// The words as plain text.
    pub body: String,
    /// The words that are looked through in place of the body, where that leaves some out.
    pub said: Option<String>,
    /// Files: blobs under the keys of their place.
    pub attachments: Vec<NewAttachment>,
    /// What else belongs to the same transaction.
    pub also: Option<Also>,
}

/// What it shows that they write signed in: kept with their words.
pub(crate) fn shown_by(contact: ContactId, signed_in: Option<SignedInAs>) -> Option<Also> {
    let whom = signed_in?;
    Some(Box::new(move |work, ticket, _| {
        let as_whom = (whom.patient, whom.level);
        async move { identity::wrote_signed_in(work, (ticket, contact), as_whom).await }.boxed()
    }))
}

/// Takes the person's words to their place: on in the request behind the link, or into one of their own beside it where
/// that takes no more. `words` makes them for the keys of that place, and anew where it was closed in that very moment.
/// Gives back the request where they are now, where that is another one than the link's. Said twice under one
/// [`crate::once::Once`], they stand there once.
pub async fn say<'a>(
    app: &App,
    visit: &Visit,
    words: impl Fn(Sealing) -> BoxFuture<'a, Result<Words, DeskError>> + Send + Sync,
) -> Result<Option<TicketId>, DeskError> {
    let mut tries = 0;
    let (behind, landed) = loop {
        let place = place(app, visit).await?;
        let words = words(place.sealing.clone()).await?;
        let behind = place.behind.id;
        tries += 1;
        match bring(app, visit, place, words).await {
            Err(DeskError::Conflict {
                code: tickets::CLOSED_MEANWHILE,
                ..
            }) if tries < TRIES => {}
            landed => break (behind, landed?),
        }
    };
    // An earlier delivery may have found the request as it no longer is.
    let now = tickets::row_for(app, visit.ctx.organisation, landed.id).await?;
    Ok(Some(landed.id).filter(|_| now.id != behind))
}

/// [`DeskError::Conflict`] with [`tickets::CLOSED_MEANWHILE`] where the place was closed in that moment.
async fn bring(app: &App, visit: &Visit, place: Place, words: Words) -> Result<Landed, DeskError> {
    let Words {
        channel,
        body,
        said,
        attachments,
        also,
    } = words;
    if body.trim().is_empty() && attachments.is_empty() {
        return Err(DeskError::invalid(
            "body",
            "required",
            "Write something first.",
        ));
    }
    match place.next {
        Next::In(id) => {
            let words = Inbound {
                said,
                attachments,
                also,
                ..Inbound::new(visit.contact, channel, body)
            };
            tickets::inbound(app, &visit.ctx, id, words).await
        }
        Next::Anew(requester) => {
            let new = NewTicket {
                locale: Some(visit.ctx.locale),
                said,
                attachments,
                mailbox: place.behind.mailbox,
                related: Some(place.behind.id),
                also,
                ..NewTicket::new(*requester, channel, "", body)
            };
            tickets::create(app, &visit.ctx, new).await
        }
    }
}

/// The subject of what the person wrote. After a merge the request may be somebody else's: then that of the one which
/// they opened, or none.
async fn own_subject(app: &App, visit: &Visit, ticket: &Ticket) -> Result<String, DeskError> {
    let organisation = visit.ctx.organisation;
    if ticket.contact == visit.contact {
        return tickets::subject_for(app, organisation, ticket.id).await;
    }
    if tickets::contact_of(app, organisation, visit.made_for).await? == Some(visit.contact) {
        return tickets::subject_for(app, organisation, visit.made_for).await;
    }
    Ok(String::new())
}

/// The messages the person may see. A merge can have brought words of somebody else who writes for the same patient, and
/// answers to them: those stay out.
async fn visible(
    app: &App,
    leave: &Opened,
    visit: &Visit,
    ticket: &Ticket,
) -> Result<Vec<MessageView>, DeskError> {
    let organisation = visit.ctx.organisation;
    let clinic = app.directory.of(organisation)?;
    let mut conn = app.read().await?;
    let mut messages = timeline::load(leave, &mut conn, organisation, ticket.id, None).await?;
    // Of an answer from before its recipient was kept nobody can say whose it is, unless nobody else wrote here.
    let is_alone =
        !timeline::others_wrote(&mut conn, organisation, ticket.id, visit.contact).await?;
    messages.retain(|message| {
        is_visible(app, &clinic, visit, message)
            && (is_alone || message.kind == MessageKind::Inbound || message.recipient.is_some())
    });
    Ok(messages)
}

fn is_by(visit: &Visit, message: &MessageView) -> bool {
    message.author_id == Some(visit.contact.uuid())
}

fn is_visible(app: &App, clinic: &Clinic, visit: &Visit, message: &MessageView) -> bool {
    match message.kind {
        MessageKind::Note => false,
        MessageKind::Inbound => is_by(visit, message),
        MessageKind::Outbound if message.recipient.is_some_and(|to| to != visit.contact) => false,
        MessageKind::Outbound => match message.state {
            MessageState::Cancelled => false,
            MessageState::Queued => {
                message
                    .created_at
                    .plus_seconds(clinic.settings.undo_seconds)
                    <= app.now()
            }
            _ => true,
        },
    }
}

fn public(message: MessageView, author: Option<String>) -> PublicMessage {
    PublicMessage {
        id: message.id,
        mine: message.kind == MessageKind::Inbound,
        told: message.written_by.is_some(),
        author,
        body: message.body,
        html: message.html,
        at: message.created_at,
        files: message
            .attachments
            .into_iter()
            .map(|file| PublicFile {
                id: file.id,
                name: file.name,
                media_type: file.media_type,
                size: file.size,
                scan: file.scan,
                blob: file.blob,
            })
            .collect(),
    }
}

/// The Fluent key of a status as the patient's side reads it.
pub const fn status_key(status: Status) -> &'static str {
    match status {
        Status::New => "thread-status-new",
        Status::Open => "thread-status-open",
        Status::WaitingOnPatient => "thread-status-waiting-on-patient",
        Status::WaitingOnThirdParty => "thread-status-waiting-on-third-party",
        Status::Resolved => "thread-status-resolved",
        Status::Closed => "thread-status-closed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::{I18n, Locale};

    #[test]
    fn every_status_has_plain_words() {
        for locale in Locale::ALL {
            for status in Status::ALL {
                let text = I18n::global().text(locale, status_key(*status));
                assert!(text.contains(' '), "{} {text}", status.code());
            }
        }
    }
}
