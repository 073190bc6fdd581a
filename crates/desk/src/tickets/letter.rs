//! The clinic writes first: a letter that somebody has to get, as a request of theirs that nobody has to work on.

use super::create::{Also, Landed, subject_of};
use super::model::{Status, StoredTicket, Ticket, Urgency};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::TicketId;
use crate::outbound;
use crate::patients::Requester;
use crate::records::{About, Class, Labels, Level, Scope, Shown, let_out};
use crate::sla::Clocks;
use crate::timeline::{self, Author, MessageKind, MessageState, NewMessage};
use crate::triage::{self, Found};
use bedside_language::Channel;
use bedside_web::Locale;
use futures_util::FutureExt;
use std::sync::Arc;

/// A letter to somebody on file.
pub struct Letter {
    /// To whom.
    pub requester: Requester,
    /// What it is about, in words that tell nothing.
    pub subject: String,
    /// Its words, Markdown.
    pub body: String,
    /// Its language.
    pub locale: Locale,
}

/// Puts a letter into a request of its own, which is resolved, and mails a link to it; `also` is written with it. An answer
/// to it opens the request.
///
/// Nobody asked, so there is nothing to be shown before it is said: the clinic writes to whom it has on file. Its words stay
/// behind the link whatever the clinic's settings say of mail.
///
/// # Errors
/// [`DeskError::Conflict`] with `no_address` when there is no address that mail reaches.
#[expect(
    clippy::too_many_lines,
    reason = "the columns of a new ticket, and its one command"
)]
pub(crate) async fn letter(
    app: &App,
    ctx: &Ctx,
    letter: Letter,
    also: Also,
) -> Result<Landed, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let (now, id): (_, TicketId) = (app.now(), app.id());
    let Letter {
        requester,
        subject,
        body,
        locale,
    } = letter;
    let subject = subject_of(&subject, &body);
    let placed = triage::unread(&clinic)?;
    let sealing = requester.sealing.clone();
    let html = bedside_codecs::mail::html::markdown_to_html(&body);
    let first = timeline::seal(
        app,
        &sealing,
        NewMessage {
            kind: MessageKind::Outbound,
            channel: Channel::Email.code(),
            author: Author::System,
            written_by: None,
            recipient: Some(requester.contact),
            body,
            html: Some(html),
            envelope: None,
            locale: locale.tag(),
            automatic: false,
            state: MessageState::Queued,
            attachments: Vec::new(),
            inbound_mail: None,
            written: None,
            found: Found::default(),
        },
    )?;
    let ticket = Ticket {
        id,
        number: 0,
        key: sealing.id,
        contact: requester.contact,
        patient: requester.patient,
        about: About::NOBODY,
        mailbox: None,
        queue: placed.queue_id,
        assignee: None,
        clocks: Clocks::default(),
        category: placed.category,
        urgency: Urgency::from(placed.urgency),
        safety: placed.found.level.code().to_owned(),
        status: Status::Resolved,
        sub_status: None,
        channel: Channel::Email.code().to_owned(),
        locale,
        triage: (&placed.why).try_into()?,
        first_responded_at: Some(now),
        waiting_since: None,
        snoozed_until: None,
        paused_at: None,
        resolved_at: Some(now),
        merged_into: None,
        message_count: 1,
        last_message_at: now,
        last_message_by: "staff".to_owned(),
        created_at: now,
        updated_at: now,
        emptied_at: None,
        labels: Labels::NONE,
        version: 1,
    };
    let stored = StoredTicket {
        subject: sealing.text("tickets", "subject", id, &subject),
        fields: None,
        tagged: false,
        ticket,
    };
    let shared = Arc::new((requester, stored, first));
    app.command(ctx, move |work| {
        async move {
            let (requester, stored, first) = &*shared;
            let organisation = work.ctx.organisation;
            requester.store(work).await?;
            let number = store::next_number(work, organisation).await?;
            let mut stored = stored.clone();
            stored.ticket.number = number;
            store::insert(work, organisation, &stored).await?;
            first.store(work, id).await?;
            let nothing_shown = Shown {
                level: Level::L0,
                both: false,
                raised: false,
                emergency: false,
                scope: Scope::NONE,
            };
            let leave = let_out(nothing_shown, Class::Public)?;
            if !outbound::send_letter(work, &stored.ticket, first.id, leave).await? {
                return Err(DeskError::Conflict {
                    code: "no_address",
                    text: "There is no address that mail reaches.",
                });
            }
            let data = serde_json::json!({ "number": number });
            work.event(kind::TICKET_CREATED, Some(id), Some(first.id), &data);
            work.audit(NewEntry::new("ticket.create", "ticket", id));
            also(work, id, first.id).await?;
            Ok(Landed {
                id,
                number,
                message: first.id,
            })
        }
        .boxed()
    })
    .await
}
