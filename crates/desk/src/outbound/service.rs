//! Queuing mail, in the command that gives rise to it.

use super::model::{Content, GIVE_UP_HOURS, Kind, SendMail};
use super::store::{self, NewRow};
use crate::error::DeskError;
use crate::ids::{ContactId, MessageId, OutboundMailId, TicketId};
use crate::patients::{self, Requester};
use crate::records::{self, Sealing};
use crate::surveys;
use crate::tickets::model::{Ticket, Urgency};
use crate::work::Work;
use bedside_codecs::mail::threading;

/// Tells the requester that the request came in: at most once in 24 hours an address, and never a word of theirs.
pub async fn acknowledge(
    work: &mut Work<'_>,
    ticket: &Ticket,
    requester: &Requester,
) -> Result<(), DeskError> {
    let Some(blind) = requester.email_blind else {
        return Ok(());
    };
    // Someone in danger hears where to call at once, whatever they were sent before.
    let crisis = ticket.urgency == Urgency::Emergency;
    if !patients::take_acknowledgement(work, &blind).await? && !crisis {
        return Ok(());
    }
    let kind = if crisis {
        Kind::Emergency
    } else {
        Kind::Acknowledgement
    };
    queue(work, ticket, None, kind, Some(&requester.sealing), 0).await
}

/// Tells somebody where to call at once, when a ticket that exists turns out to be about danger.
pub async fn warn(work: &mut Work<'_>, ticket: &Ticket) -> Result<(), DeskError> {
    queue(work, ticket, None, Kind::Emergency, None, 0).await
}

/// Mails a fresh link to the thread to `contact`, who asked for it.
pub async fn send_link(
    work: &mut Work<'_>,
    ticket: &Ticket,
    contact: ContactId,
) -> Result<(), DeskError> {
    let mut of_contact = ticket.clone();
    of_contact.contact = contact;
    queue(work, &of_contact, None, Kind::Link, None, 0).await
}

/// Sends an answer once the clinic's undo window is over.
pub async fn send_reply(
    work: &mut Work<'_>,
    ticket: &Ticket,
    message: MessageId,
) -> Result<(), DeskError> {
    let clinic = work.app.directory.of(work.ctx.organisation)?;
    queue(
        work,
        ticket,
        Some(message),
        Kind::Reply,
        None,
        clinic.settings.undo_seconds,
    )
    .await
}

/// Asks how it went, where the clinic wants that. Nobody is asked after a crisis.
pub async fn ask_rating(work: &mut Work<'_>, ticket: &Ticket) -> Result<(), DeskError> {
    let clinic = work.app.directory.of(work.ctx.organisation)?;
    if !clinic.settings.ask_rating || surveys::is_crisis(ticket) {
        return Ok(());
    }
    queue(
        work,
        ticket,
        None,
        Kind::Rating,
        None,
        clinic.settings.undo_seconds,
    )
    .await
}

/// Takes an answer back before its undo window is over.
pub async fn cancel(
    work: &mut Work<'_>,
    ticket: TicketId,
    message: MessageId,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    if store::cancel(work, organisation, ticket, message, now).await? {
        return Ok(());
    }
    Err(DeskError::Conflict {
        code: "sent",
        text: "This answer is already on its way.",
    })
}

/// Follows messages that were split off into a ticket of their own, in the command that does so.
pub async fn messages_moved(
    work: &mut Work<'_>,
    messages: &[MessageId],
    to: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for message in messages {
        store::move_message(work, organisation, *message, to).await?;
    }
    Ok(())
}

async fn queue(
    work: &mut Work<'_>,
    ticket: &Ticket,
    message: Option<MessageId>,
    kind: Kind,
    sealing: Option<&Sealing>,
    wait_seconds: i64,
) -> Result<(), DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let sealing = match sealing {
        Some(sealing) => sealing.clone(),
        None => records::sealing(&app, work, organisation, ticket.key).await?,
    };
    let contact = patients::open_contact(&app, work, organisation, ticket.contact).await?;
    let Some(to) = contact.email().map(str::to_owned) else {
        return Ok(());
    };
    let clinic = app.directory.of(organisation)?;
    let secure_link = clinic.settings.secure_link || contact.secure_link;
    let id: OutboundMailId = app.ids.make(now);
    let content = serde_json::to_string(&Content {
        to,
        to_name: contact.name,
        secure_link,
        link: None,
    })?;
    let vault = app.keyring.of(organisation)?;
    let own = threading::OwnMessage {
        ticket: ticket.id.bytes(),
        message: id.bytes(),
    };
    let header_id = own.message_id(&app.config.mail_domain(), &|parts| {
        vault.threading.sign(parts)
    });
    let row = NewRow {
        id,
        ticket: ticket.id,
        message,
        mailbox: ticket.mailbox,
        kind,
        key: sealing.id,
        content: &sealing.text("outbound_mails", "content", id, &content),
        header_id: &header_id,
        send_after: now.plus_seconds(wait_seconds),
        give_up_at: now.plus_seconds(wait_seconds + GIVE_UP_HOURS * 3600),
        now,
    };
    store::insert(work, organisation, &row).await?;
    work.enqueue(&SendMail { mail: id }, None, row.send_after)
        .await
}
