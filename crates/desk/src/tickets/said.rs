//! What somebody says while a colleague listens: on the telephone, in a call with pictures, at the counter.

use super::change::not_merged;
use super::write::{Inbound, author, inbound, words};
use crate::app::App;
use crate::context::{Actor, Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{MessageId, TicketId};
use crate::records::{self, restricted};
use crate::timeline::{self, MessageKind, NewAttachment};
use bedside_language::Channel;
use uuid::Uuid;

/// The channel of words that are written down in a request that came by `channel`: where people write, they are told beside
/// it, and nearly always on the telephone. They are no mail then, which would show that an address is theirs.
fn spoken_in(channel: &str) -> Channel {
    match Channel::from_code(channel) {
        Some(one @ (Channel::Video | Channel::Sms | Channel::Chat | Channel::Social)) => one,
        _ => Channel::Phone,
    }
}

/// Whether words of this channel are spoken, and somebody at the clinic hears them.
const fn is_spoken(channel: Channel) -> bool {
    matches!(channel, Channel::Phone | Channel::Video)
}

/// Who writes down what opens a request: one of the staff whatever way it came, another system what is spoken.
pub(super) fn writer(ctx: &Ctx, channel: Channel) -> Option<Uuid> {
    match &ctx.actor {
        Actor::Staff { id, .. } => Some(id.uuid()),
        Actor::Token { id, .. } if is_spoken(channel) => Some(id.uuid()),
        _ => None,
    }
}

/// Whether words were told to somebody, who can say at once where to call. Then no mail says it: who fears somebody at home
/// may call because their mail is read.
pub(super) const fn is_told(channel: Channel, written_by: Option<Uuid>) -> bool {
    written_by.is_some() || is_spoken(channel)
}

/// Writes down what the ticket's contact says. The words are theirs: they reopen and ring as a mail of theirs would, and are
/// looked through for danger and for signs of somebody who plays a part. Nothing is mailed: the page shows where to call, to be
/// read out.
///
/// # Errors
/// [`DeskError::Conflict`] with `closed` where the request takes no more words: they belong into a new one.
pub async fn said(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    body: String,
    attachments: Vec<NewAttachment>,
) -> Result<MessageId, DeskError> {
    told(app, ctx, id, (body, attachments), None).await
}

/// The name of a note that became its contact's words among the external ids: it does so once.
const NOTE: &str = "note";

/// Makes what a note tells the words of the ticket's contact, as [`said`] would have kept them: a cry that somebody wrote down in
/// the wrong place. The note stays, with its files.
///
/// # Errors
/// [`DeskError::NotFound`] for what is no note; [`DeskError::Conflict`] with `duplicate` for one that was made theirs before; else
/// as [`said`].
pub async fn make_theirs(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    note: MessageId,
) -> Result<MessageId, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let may = restricted::admit_ticket(&mut app.read().await?, ctx, id, app.now()).await;
    restricted::noted(app, ctx, may).await?;
    let written = super::message(app, ctx, id, note).await?;
    if written.kind != MessageKind::Note {
        return Err(DeskError::NotFound);
    }
    let once = (NOTE, note.to_string());
    told(app, ctx, id, (written.body, Vec::new()), Some(once)).await
}

async fn told(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    (body, attachments): (String, Vec<NewAttachment>),
    external: Option<(&'static str, String)>,
) -> Result<MessageId, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    words(&body)?;
    if body.len() > timeline::MAX_BODY {
        return Err(DeskError::TooLarge {
            limit: timeline::MAX_BODY,
        });
    }
    let ticket = {
        let mut conn = app.read().await?;
        let stored = super::store::one(&mut conn, ctx.organisation, id)
            .await?
            .ok_or(DeskError::NotFound)?;
        let may = records::admit(&mut conn, ctx, stored.ticket.about, app.now()).await;
        restricted::noted(app, ctx, may).await?;
        stored.ticket
    };
    not_merged(&ticket)?;
    let told = Inbound {
        attachments,
        external,
        written_by: author(ctx).id(),
        ..Inbound::new(ticket.contact, spoken_in(&ticket.channel), body)
    };
    match inbound(app, ctx, id, told).await {
        Ok(landed) => Ok(landed.message),
        Err(DeskError::Conflict {
            code: super::CLOSED_MEANWHILE,
            ..
        }) => Err(DeskError::Conflict {
            code: "closed",
            text: "This request is closed. What they say now belongs into a new one.",
        }),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_beside_writing_is_told_on_the_telephone() {
        for (came, told) in [
            ("phone", Channel::Phone),
            ("video", Channel::Video),
            ("sms", Channel::Sms),
            ("chat", Channel::Chat),
            ("social", Channel::Social),
            ("email", Channel::Phone),
            ("web_form", Channel::Phone),
            ("portal", Channel::Phone),
            ("survey", Channel::Phone),
            ("of a later version", Channel::Phone),
        ] {
            assert_eq!(spoken_in(came), told, "{came}");
        }
    }
}
