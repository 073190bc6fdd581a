//! Words are added to a ticket: the patient's, the staff's, and notes.

use super::change::{happened, locked, move_to, not_merged, noted, save, told_with_words};
use super::create::{Also, Landed, first_delivery};
use super::look::{Words, look};
use super::model::{Status, StoredTicket, Ticket, Written};
use super::nurse;
use super::place::keep_reachable;
use super::ring::{Ring, past, raise, worried};
use super::said::is_told;
use super::sent::{sent, still_without_notice, with_notice};
use super::turn::{resume, set_status};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Permission};
use crate::error::DeskError;
use crate::feedback;
use crate::identity;
use crate::ids::{ContactId, InboundMailId, MessageId, TicketId};
use crate::orgs::Clinic;
use crate::outbound;
use crate::records::{self, Class, Sealing, restricted};
use crate::sla::Clocks;
use crate::timeline::{
    self, Author, Envelope, MessageKind, MessageState, NewAttachment, NewMessage,
};
use crate::triage::{self, Found};
use bedside_db::Timestamp;
use bedside_language::{Channel, Level};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// An answer to the patient's side.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The words, Markdown.
    pub body: String,
    /// Files, already written as blobs with the ticket's key.
    pub attachments: Vec<NewAttachment>,
    /// What the words hold; what the category usually does where that is open, else what anybody may know, when absent.
    pub class: Option<Class>,
    /// What the ticket is after it; open → waiting on the patient when absent.
    pub status: Option<Status>,
    /// The version the caller saw, when they want to hear of changes first.
    pub version: Option<i64>,
}

impl Reply {
    /// These words and nothing else.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            attachments: Vec::new(),
            class: None,
            status: None,
            version: None,
        }
    }
}

pub(super) fn author(ctx: &Ctx) -> Author {
    match &ctx.actor {
        Actor::Staff { id, .. } => Author::Staff(id.uuid()),
        Actor::Token { id, .. } => Author::Token(id.uuid()),
        Actor::Contact { id } => Author::Contact(id.uuid()),
        Actor::Patient(patient) => Author::Contact(patient.contact.uuid()),
        Actor::Visitor | Actor::System(_) => Author::System,
    }
}

pub(super) fn words(body: &str) -> Result<(), DeskError> {
    if body.trim().is_empty() {
        return Err(DeskError::invalid(
            "body",
            "required",
            "Write something first.",
        ));
    }
    Ok(())
}

/// Answers. The mail waits for the clinic's undo window, then goes out; without a mail address the answer stays at the
/// desk. [`DeskError::Conflict`] when whoever asks has not shown enough, or may not hear, what the words hold
/// ([`crate::records::let_out`]).
pub async fn reply(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    reply: Reply,
) -> Result<MessageId, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    words(&reply.body)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let (sealing, ticket) = {
        let mut conn = app.read().await?;
        let stored = super::store::one(&mut conn, ctx.organisation, id)
            .await?
            .ok_or(DeskError::NotFound)?;
        let may = records::admit(&mut conn, ctx, stored.ticket.about, app.now()).await;
        restricted::noted(app, ctx, may).await?;
        let sealing = records::sealing(app, &mut conn, ctx.organisation, stored.ticket.key).await?;
        (sealing, stored.ticket)
    };
    let (locale, contact) = (ticket.locale, ticket.contact);
    let asked = identity::asked_to_say(app, ctx, &ticket, reply.class).await?;
    let (body, noticed) = with_notice(app, ctx, &ticket, reply.body).await?;
    let html = bedside_codecs::mail::html::markdown_to_html(&body);
    let sealed = Arc::new(timeline::seal(
        app,
        &sealing,
        NewMessage {
            kind: MessageKind::Outbound,
            channel: Channel::Email.code(),
            author: author(ctx),
            written_by: None,
            recipient: Some(contact),
            body,
            html: Some(html),
            envelope: None,
            locale: locale.tag(),
            automatic: false,
            state: MessageState::Queued,
            attachments: reply.attachments,
            inbound_mail: None,
            written: None,
            found: Found::default(),
        },
    )?);
    let (version, status) = (reply.version, reply.status);
    let done = app.command(ctx, move |work| {
        async move {
            let mut stored = locked(work, id, version).await?;
            not_merged(&stored.ticket)?;
            let leave = identity::may_say(work, &stored.ticket, asked).await?;
            if !noticed {
                still_without_notice(work, &stored).await?;
            }
            let changed = answered(work, &clinic, &mut stored, status)?;
            nurse::settled(work, &stored.ticket).await?;
            sealed.store(work, id).await?;
            save(work, &mut stored).await?;
            told_with_words(work, &stored, &changed);
            let entry = sent(work, &stored.ticket, sealed.id, leave).await?;
            work.audit(entry);
            if !outbound::send_reply(work, &stored.ticket, sealed.id, leave).await? {
                timeline::set_state(work, id, sealed.id, MessageState::Stored).await?;
            }
            if stored.ticket.status == Status::Resolved {
                outbound::ask_rating(work, &stored.ticket).await?;
            }
            Ok(sealed.id)
        }
        .boxed()
    });
    noted(app, ctx, id, done.await).await
}

/// What an answer changes on the ticket.
fn answered(
    work: &crate::work::Work<'_>,
    clinic: &Clinic,
    stored: &mut StoredTicket,
    status: Option<Status>,
) -> Result<Map<String, Value>, DeskError> {
    let ticket = &mut stored.ticket;
    let mut changed = Map::new();
    counted(ticket, work.now, "staff");
    ticket.first_responded_at = ticket.first_responded_at.or(Some(work.now));
    ticket.clocks.first_response = None;
    ticket.clocks.next_response = None;
    ticket.waiting_since = None;
    if ticket.assignee.is_none()
        && let Some(staff) = work.ctx.actor.staff()
    {
        ticket.assignee = Some(staff);
        changed.insert("assignee_id".to_owned(), json!(staff));
    }
    let next = status.unwrap_or(Status::WaitingOnPatient);
    if next != ticket.status {
        let category = ticket.category.clone();
        move_to(work, clinic, ticket, &category, next)?;
        changed.insert("status".to_owned(), json!(next.code()));
    }
    Ok(changed)
}

fn counted(ticket: &mut Ticket, now: Timestamp, by: &str) {
    ticket.message_count += 1;
    if now >= ticket.last_message_at {
        ticket.last_message_at = now;
        by.clone_into(&mut ticket.last_message_by);
    }
}

/// A note that was kept.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// Its id.
    pub id: MessageId,
    /// Whether it reads as if somebody may be in danger.
    pub danger: bool,
}

/// Adds an internal note. Nothing that sends can read it. It is looked through: a cry that somebody wrote down here and not as
/// what they said rings nowhere, so the page says so and offers to [make it theirs](super::make_theirs).
pub async fn note(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    body: String,
    attachments: Vec<NewAttachment>,
) -> Result<Noted, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    words(&body)?;
    let found = triage::in_a_note(app, &body, ctx.locale).await?;
    let danger = found.level == Level::Emergency;
    let sealed = Arc::new(sealed_note(app, ctx, id, (body, found), attachments).await?);
    let kept = app.command(ctx, move |work| {
        async move {
            let mut stored = locked(work, id, None).await?;
            not_merged(&stored.ticket)?;
            stored.ticket.message_count += 1;
            sealed.store(work, id).await?;
            save(work, &mut stored).await?;
            work.audit(NewEntry::new("note.add", "ticket", id).purpose("treatment"));
            Ok(sealed.id)
        }
        .boxed()
    });
    let id = kept.await?;
    Ok(Noted { id, danger })
}

/// A note of the actor's, and what was found in it, sealed with the ticket's key.
pub(super) async fn sealed_note(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    (body, found): (String, Found),
    attachments: Vec<NewAttachment>,
) -> Result<timeline::Sealed, DeskError> {
    let sealing = {
        let mut conn = app.read().await?;
        let stored = super::store::one(&mut conn, ctx.organisation, id)
            .await?
            .ok_or(DeskError::NotFound)?;
        records::sealing(app, &mut conn, ctx.organisation, stored.ticket.key).await?
    };
    let html = bedside_codecs::mail::html::markdown_to_html(&body);
    timeline::seal(
        app,
        &sealing,
        NewMessage {
            kind: MessageKind::Note,
            channel: "note",
            author: author(ctx),
            written_by: None,
            recipient: None,
            body,
            html: Some(html),
            envelope: None,
            locale: ctx.locale.tag(),
            automatic: false,
            state: MessageState::Stored,
            attachments,
            inbound_mail: None,
            written: None,
            found,
        },
    )
}

/// Words of the patient's side for a ticket that exists.
pub struct Inbound {
    /// Who wrote; must be the ticket's contact, which the caller has shown.
    pub contact: ContactId,
    /// How it came.
    pub channel: Channel,
    /// The words as plain text.
    pub body: String,
    /// The words that are looked through in place of the body, where that holds the desk's own or leaves some out.
    pub said: Option<String>,
    /// The words as clean HTML.
    pub html: Option<String>,
    /// Addresses of a mail.
    pub envelope: Option<Envelope>,
    /// The names that came with the words, to be looked through with them.
    pub called: Vec<String>,
    /// Files, already written as blobs with the ticket's key.
    pub attachments: Vec<NewAttachment>,
    /// The raw mail it came from.
    pub inbound_mail: Option<InboundMailId>,
    /// (channel, provider's id) by which a second delivery is known.
    pub external: Option<(&'static str, String)>,
    /// Whether a machine wrote it: it stands on the timeline and changes nothing else.
    pub automatic: bool,
    /// Who wrote down what the contact said; none for what they wrote themselves.
    pub written_by: Option<Uuid>,
    /// When it was written. History changes nothing else either, unless somebody was in danger then: a person looks at it.
    pub written: Written,
    /// What else belongs to the same transaction.
    pub also: Option<Also>,
}

impl Inbound {
    /// These words and nothing else.
    pub fn new(contact: ContactId, channel: Channel, body: impl Into<String>) -> Self {
        Self {
            contact,
            channel,
            body: body.into(),
            said: None,
            html: None,
            envelope: None,
            called: Vec::new(),
            attachments: Vec::new(),
            inbound_mail: None,
            external: None,
            automatic: false,
            written_by: None,
            written: Written::Now,
            also: None,
        }
    }
}

/// The code of a conflict: the ticket takes no more words, and did when its caller asked.
pub const CLOSED_MEANWHILE: &str = "closed_meanwhile";

/// Adds the patient's words. They reopen a resolved ticket, start the clock of the next answer, end a snooze, and
/// pass the safety look like a first message does. [`DeskError::Conflict`] with [`CLOSED_MEANWHILE`] where the ticket was
/// closed or merged in that moment: the caller looks for their place once more.
pub async fn inbound(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    mut new: Inbound,
) -> Result<Landed, DeskError> {
    new.body = timeline::line_ends(new.body);
    new.said = new.said.map(timeline::line_ends);
    let clinic = app.directory.of(ctx.organisation)?;
    let (sealing, asked) = asked(app, ctx, id, new.contact).await?;
    let words = Words {
        channel: new.channel,
        subject: "",
        body: &new.body,
        said: new.said.as_deref(),
        called: &new.called,
        files: &new.attachments,
        hint: Some(asked.locale),
        written: new.written,
        automatic: new.automatic,
        known: Some((new.contact, asked.patient)),
    };
    let placed = look(app, ctx.organisation, &clinic, &words).await?;
    let is_now = !(new.automatic || new.written.is_history());
    let felt = felt(app, new.said.as_deref().unwrap_or(&new.body), is_now).await?;
    let (channel, is_old, written) = (new.channel, new.written.is_history(), new.written.at());
    let ring = Ring::of(placed.found.level, is_old, new.automatic);
    let sealed = Arc::new(timeline::seal(
        app,
        &sealing,
        NewMessage {
            kind: MessageKind::Inbound,
            channel: new.channel.code(),
            author: Author::Contact(new.contact.uuid()),
            written_by: new.written_by,
            recipient: None,
            body: new.body,
            html: new.html,
            envelope: new.envelope,
            locale: placed.locale.tag(),
            automatic: new.automatic,
            state: MessageState::Received,
            attachments: new.attachments,
            inbound_mail: new.inbound_mail,
            written,
            found: placed.found,
        },
    )?);
    let (external, automatic, also) = (new.external, new.automatic, new.also);
    let (contact, dictated) = (new.contact, new.written_by.is_some());
    let aloud = is_told(channel, new.written_by);
    let (why, language) = (placed.why, placed.language);
    app.command(ctx, move |work| {
        async move {
            let mut stored = locked(work, id, None).await?;
            still_takes(&stored.ticket, contact, automatic)?;
            first_delivery(work, external.as_ref(), id, sealed.id).await?;
            sealed.store(work, id).await?;
            let mut changed = Map::new();
            let at = written.unwrap_or(work.now);
            if let Some(felt) = &felt
                && feedback::is_feedback(channel, &stored.ticket.category)
            {
                feedback::note(work, id, sealed.id.uuid(), felt, at).await?;
            }
            counted(&mut stored.ticket, at, "contact");
            if !(automatic || is_old) || ring == Ring::Danger {
                changed = wrote_again(&clinic, &mut stored.ticket, (at, work.now));
            }
            match ring {
                Ring::Danger => {
                    raise(&clinic, &mut stored.ticket, at, &why, &mut changed)?;
                    keep_reachable(work, &mut stored.ticket, None, &mut changed).await?;
                    if !(automatic || aloud) {
                        let first = changed.contains_key("urgency");
                        outbound::warn(work, &stored.ticket, language, first).await?;
                    }
                }
                Ring::Worry => worried(work, &clinic, &mut stored.ticket, why, &mut changed)?,
                Ring::Past => past(work, &clinic, &mut stored.ticket, why, &mut changed)?,
                Ring::Nothing => {}
            }
            save(work, &mut stored).await?;
            told_with_words(work, &stored, &changed);
            let action = if dictated {
                "message.said"
            } else {
                "message.receive"
            };
            work.audit(NewEntry::new(action, "ticket", id).purpose("treatment"));
            if let Some(also) = also {
                also(work, id, sealed.id).await?;
            }
            Ok(Landed {
                id,
                number: stored.ticket.number,
                message: sealed.id,
            })
        }
        .boxed()
    })
    .await
}

/// How somebody felt who wrote these words just now.
async fn felt(app: &App, said: &str, is_now: bool) -> Result<Option<feedback::Felt>, DeskError> {
    if !is_now {
        return Ok(None);
    }
    feedback::look(app, "", said).await.map(Some)
}

/// The caller followed merges and asked whether the ticket takes more words; where that changed in between, its next try
/// finds their place. What a machine wrote opens nothing and may stand on a closed one.
fn still_takes(ticket: &Ticket, contact: ContactId, automatic: bool) -> Result<(), DeskError> {
    let goes_on = automatic || ticket.takes_words_of(contact);
    if ticket.merged_into.is_some() || !goes_on {
        return Err(DeskError::Conflict {
            code: CLOSED_MEANWHILE,
            text: "This request was closed a moment ago.",
        });
    }
    Ok(())
}

/// The ticket to which `contact` writes on, and what seals their words.
async fn asked(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    contact: ContactId,
) -> Result<(Sealing, Ticket), DeskError> {
    let mut conn = app.read().await?;
    let stored = super::store::one(&mut conn, ctx.organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    if stored.ticket.contact != contact {
        return Err(DeskError::Forbidden);
    }
    let sealing = records::sealing(app, &mut conn, ctx.organisation, stored.ticket.key).await?;
    Ok((sealing, stored.ticket))
}

/// What the patient's next words change, which came `at` a time and are seen `now`.
fn wrote_again(
    clinic: &Clinic,
    ticket: &mut Ticket,
    (at, now): (Timestamp, Timestamp),
) -> Map<String, Value> {
    let mut changed = Map::new();
    // What was written before the newest answer and is seen after it is news all the same.
    "contact".clone_into(&mut ticket.last_message_by);
    if ticket.status != Status::New && ticket.status != Status::Open {
        set_status(clinic, ticket, Status::Open, now);
        changed.insert("status".to_owned(), json!(Status::Open.code()));
    }
    if ticket.snoozed_until.take().is_some() {
        changed.insert("snoozed_until".to_owned(), Value::Null);
    }
    if ticket.waiting_since.is_none() {
        ticket.waiting_since = Some(at);
        if ticket.first_responded_at.is_some() {
            let urgency = ticket.urgency.code();
            ticket.clocks.next_response =
                Clocks::next_response_due(clinic, &ticket.category, urgency, at);
        }
    }
    changed
}

/// Takes an answer back while its undo window is open. Only its author can. Whoever waited for it waits again.
pub async fn undo(app: &App, ctx: &Ctx, id: TicketId, message: MessageId) -> Result<(), DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let may = restricted::admit_ticket(&mut app.read().await?, ctx, id, app.now()).await;
    restricted::noted(app, ctx, may).await?;
    let written_by = timeline::message_for_sending(app, ctx.organisation, id, message)
        .await?
        .author_id;
    if written_by.is_none() || written_by != ctx.actor.uuid() {
        return Err(DeskError::Forbidden);
    }
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            outbound::cancel(work, message).await?;
            timeline::set_state(work, id, message, MessageState::Cancelled).await?;
            let mut stored = locked(work, id, None).await?;
            let mut changed = Map::new();
            if stored.ticket.status != Status::Open {
                changed.insert("status".to_owned(), json!(Status::Open.code()));
            }
            let turns = timeline::turns(work, id).await?;
            resume(&clinic, &mut stored.ticket, turns);
            save(work, &mut stored).await?;
            // Lists that are open hear of it whatever changed: the answer is owed again.
            happened(work, &stored, &changed, true);
            let names: Vec<&String> = changed.keys().collect();
            let detail = json!({ "message": message, "changed": names });
            work.audit(NewEntry::new("message.undo", "ticket", id).detail(&detail));
            Ok(())
        }
        .boxed()
    })
    .await
}
