//! Commands and queries of the timeline.

use super::files;
use super::model::{
    AttachmentView, Envelope, MessageKind, MessageState, MessageView, NewMessage, Turns, line_ends,
};
use super::store::{self, MessageRow};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{
    AttachmentId, ContactId, DataKeyId, MessageId, OrganisationId, StaffId, TicketId,
};
use crate::records::{self, Opened, Sealing, blobs};
use crate::triage::Found;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_vault::BlindKind;
use std::ops::RangeInclusive;
use uuid::Uuid;

/// Longest text of a message, in bytes; what is longer is a file.
pub const MAX_BODY: usize = 1024 * 1024;
/// Messages of a ticket that one page shows; older ones are asked for.
pub const PAGE: i64 = 200;

/// A message ready to be stored: everything sealed.
pub struct Sealed {
    /// Its id.
    pub id: MessageId,
    key: DataKeyId,
    new: NewMessage,
    body: Vec<u8>,
    html: Option<Vec<u8>>,
    envelope: Option<Vec<u8>>,
    found: Option<String>,
    attachments: Vec<(AttachmentId, Vec<u8>, Option<Vec<u8>>)>,
}

/// Seals a message for the ticket it goes to. Done before the command, so that the writer only stores bytes.
pub fn seal(app: &App, sealing: &Sealing, mut new: NewMessage) -> Result<Sealed, DeskError> {
    new.body = line_ends(new.body);
    if new.body.len() > MAX_BODY
        || new
            .html
            .as_ref()
            .is_some_and(|html| html.len() > 4 * MAX_BODY)
    {
        return Err(DeskError::TooLarge { limit: MAX_BODY });
    }
    let id: MessageId = app.id();
    let seal = |column, text: &str| sealing.text("messages", column, id, text);
    let envelope = new
        .envelope
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    let attachments = new
        .attachments
        .iter()
        .map(|file| {
            let file_id = file.id();
            let name = sealing.text("attachments", "name", file_id, &file.name);
            let cid = file.content_id.as_deref();
            (
                file_id,
                name,
                cid.map(|cid| sealing.text("attachments", "content_id", file_id, cid)),
            )
        })
        .collect();
    Ok(Sealed {
        id,
        key: sealing.id,
        body: seal("body", &new.body),
        html: new.html.as_deref().map(|html| seal("html", html)),
        envelope: envelope.map(|json| seal("envelope", &json)),
        found: new.found.stored()?,
        attachments,
        new,
    })
}

impl Sealed {
    /// Ids of the files, in the order in which they were given.
    pub fn attachment_ids(&self) -> Vec<AttachmentId> {
        self.attachments.iter().map(|(id, ..)| *id).collect()
    }

    /// Stores the message in the caller's command, and says so to live pages and the index.
    pub async fn store(&self, work: &mut Work<'_>, ticket: TicketId) -> Result<(), DeskError> {
        let organisation = work.ctx.organisation;
        let new = &self.new;
        let row = store::NewMessageRow {
            ticket,
            id: self.id,
            key: self.key,
            new,
            body: &self.body,
            html: self.html.as_deref(),
            envelope: self.envelope.as_deref(),
            found: self.found.as_deref(),
            at: new.written.unwrap_or(work.now),
        };
        store::insert(work, organisation, &row).await?;
        for (file, (id, name, content_id)) in new.attachments.iter().zip(&self.attachments) {
            blobs::take(work, file.blob).await?;
            let scan = files::wait_for(work, *id).await?;
            let row = store::NewAttachmentRow {
                ticket,
                message: self.id,
                id: *id,
                name,
                content_id: content_id.as_deref(),
                file,
                scan,
            };
            store::insert_attachment(work, organisation, &row).await?;
        }
        let data = serde_json::json!({ "message_kind": new.kind.code(), "channel": new.channel });
        work.event(kind::MESSAGE_ADDED, Some(ticket), Some(self.id), &data);
        Ok(())
    }
}

fn open_message(sealing: &Sealing, row: MessageRow) -> Result<MessageView, DeskError> {
    let open = |column, sealed: &[u8]| sealing.open_text("messages", column, row.id, sealed);
    let envelope = row
        .envelope
        .as_deref()
        .map(|sealed| open("envelope", sealed))
        .transpose()?;
    Ok(MessageView {
        id: row.id,
        kind: row.kind,
        body: open("body", &row.body)?,
        html: row
            .html
            .as_deref()
            .map(|sealed| open("html", sealed))
            .transpose()?,
        envelope: envelope
            .map(|json| serde_json::from_str(&json))
            .transpose()?,
        channel: row.channel,
        author_kind: row.author_kind,
        author_id: row.author_id,
        recipient: row.recipient,
        written_by: row.written_by,
        locale: row.locale,
        automatic: row.automatic,
        state: row.state,
        state_at: row.state_at,
        attachments: Vec::new(),
        found: row.found,
        created_at: row.created_at,
    })
}

/// The newest messages of a ticket (those before `before`, if given), oldest first, at most [`PAGE`].
pub async fn load(
    leave: &Opened,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    before: Option<MessageId>,
) -> Result<Vec<MessageView>, DeskError> {
    load_some(leave, conn, organisation, ticket, None, before, PAGE).await
}

/// The same, of one kind alone if it is named, at most `limit`.
pub async fn load_some(
    leave: &Opened,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    only: Option<MessageKind>,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<MessageView>, DeskError> {
    let last = before.unwrap_or(MessageId::from_uuid(Uuid::max()));
    let rows = store::of_ticket(conn, organisation, ticket, only, last, limit).await?;
    let any_files = rows.iter().any(|row| row.attachment_count > 0);
    let mut keys = std::collections::HashMap::new();
    let mut messages = Vec::with_capacity(rows.len());
    let mut sealing: Option<Sealing> = None;
    for row in rows.into_iter().rev() {
        let key = match sealing.take() {
            Some(same) if same.id == row.key => same,
            _ => leave.sealing(conn, row.key).await?,
        };
        if row.attachment_count > 0 {
            keys.insert(row.id, key.clone());
        }
        messages.push(open_message(&key, row)?.under(leave));
        sealing = Some(key);
    }
    if any_files {
        attach(conn, organisation, ticket, &keys, &mut messages).await?;
    }
    Ok(messages)
}

/// One message or note of a ticket.
pub async fn one(
    leave: &Opened,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    id: MessageId,
) -> Result<MessageView, DeskError> {
    let row = store::one(conn, organisation, ticket, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let sealing = leave.sealing(conn, row.key).await?;
    let mut messages = [open_message(&sealing, row)?.under(leave)];
    attach(
        conn,
        organisation,
        ticket,
        &[(id, sealing)].into(),
        &mut messages,
    )
    .await?;
    let [message] = messages;
    Ok(message)
}

/// Whose turn it is on a ticket, in the caller's command.
pub async fn turns(work: &mut Work<'_>, ticket: TicketId) -> Result<Turns, DeskError> {
    let organisation = work.ctx.organisation;
    store::turns(work, organisation, ticket).await
}

async fn attach(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    keys: &std::collections::HashMap<MessageId, Sealing>,
    messages: &mut [MessageView],
) -> Result<(), DeskError> {
    for row in store::attachments(conn, organisation, ticket).await? {
        let Some(sealing) = keys.get(&row.message) else {
            continue;
        };
        let Some(message) = messages
            .iter_mut()
            .find(|message| message.id == row.message)
        else {
            continue;
        };
        message.attachments.push(open_attachment(sealing, &row)?);
    }
    Ok(())
}

pub(super) fn open_attachment(
    sealing: &Sealing,
    row: &store::AttachmentRow,
) -> Result<AttachmentView, DeskError> {
    let cid = row.content_id.as_deref();
    Ok(AttachmentView {
        id: row.id,
        name: sealing.open_text("attachments", "name", row.id, &row.name)?,
        media_type: row.media_type.clone(),
        size: row.size,
        inline: row.inline,
        scan: row.scan,
        scan_note: row.scan_note.clone(),
        content_id: cid
            .map(|cid| sealing.open_text("attachments", "content_id", row.id, cid))
            .transpose()?,
        blob: row.blob,
    })
}

/// A message in plain for the part that sends it. Notes are refused: they never leave the desk.
pub(crate) async fn message_for_sending(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
    id: MessageId,
) -> Result<MessageView, DeskError> {
    let mut conn = app.read().await?;
    let row = store::one(&mut conn, organisation, ticket, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    if row.kind != MessageKind::Outbound {
        return Err(DeskError::NotFound);
    }
    let sealing = records::sealing(app, &mut conn, organisation, row.key).await?;
    let mut messages = [open_message(&sealing, row)?];
    let keys = [(id, sealing)].into();
    attach(&mut conn, organisation, ticket, &keys, &mut messages).await?;
    let [message] = messages;
    Ok(message)
}

/// An answer of a ticket.
pub(crate) struct Answer {
    /// The words, Markdown.
    pub body: String,
    /// The colleague who wrote it; none when nobody of the staff did.
    pub author: Option<StaffId>,
    /// When it was written.
    pub at: Timestamp,
}

/// The newest answers of a ticket, for the part that knows our own words again.
pub(crate) async fn answers(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<Answer>, DeskError> {
    let mut conn = app.read().await?;
    let (only, last) = (
        Some(MessageKind::Outbound),
        MessageId::from_uuid(Uuid::max()),
    );
    let mut answers = Vec::new();
    for row in store::of_ticket(&mut conn, organisation, ticket, only, last, limit).await? {
        match records::sealing(app, &mut conn, organisation, row.key).await {
            Ok(sealing) => answers.push(Answer {
                body: sealing.open_text("messages", "body", row.id, &row.body)?,
                author: row
                    .author_id
                    .filter(|_| row.author_kind == "staff")
                    .map(StaffId::from_uuid),
                at: row.created_at,
            }),
            Err(DeskError::Gone) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(answers)
}

/// The Message-IDs of the newest mails from the patient's side, oldest first, for the part that sends: an answer names
/// them, so that mail programs show it in its place.
pub(crate) async fn inbound_message_ids(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<String>, DeskError> {
    let mut conn = app.read().await?;
    let mut ids = Vec::new();
    for (id, key, sealed) in
        store::inbound_envelopes(&mut conn, organisation, ticket, limit).await?
    {
        let sealing = records::sealing(app, &mut conn, organisation, key).await?;
        let envelope: Envelope =
            serde_json::from_str(&sealing.open_text("messages", "envelope", id, &sealed)?)?;
        if !envelope.message_id.is_empty() {
            ids.push(envelope.message_id);
        }
    }
    ids.reverse();
    Ok(ids)
}

/// What the search index reads of a message: its number, its language and its words, which are none once they were
/// erased. Nothing when the ticket has no such message.
pub(crate) async fn body_for_index(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    id: MessageId,
) -> Result<Option<(i64, String, Option<String>)>, DeskError> {
    let Some(row) = store::one(conn, organisation, ticket, id).await? else {
        return Ok(None);
    };
    let sealing = match records::sealing(app, conn, organisation, row.key).await {
        Ok(sealing) => sealing,
        Err(DeskError::Gone) => return Ok(Some((row.doc, row.locale, None))),
        Err(error) => return Err(error),
    };
    let body = sealing.open_text("messages", "body", row.id, &row.body)?;
    Ok(Some((row.doc, row.locale, Some(body))))
}

/// A ticket's first message.
pub(crate) async fn first_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Option<MessageId>, DeskError> {
    store::first_of(conn, organisation, ticket).await
}

/// What was found in the last `limit` messages of the patient's side, newest first: nothing where nothing is kept.
pub(crate) async fn newest_inbound(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<(MessageId, Found)>, DeskError> {
    store::newest_inbound(conn, organisation, ticket, limit).await
}

/// Whether anybody but `contact` wrote from the patient's side.
pub(crate) async fn others_wrote(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    contact: ContactId,
) -> Result<bool, DeskError> {
    let found = store::of_others(conn, organisation, ticket, contact).await?;
    Ok(found.is_some())
}

/// The words of a message by its number in the search index, with its ticket. None when it is gone or was erased, or its ticket not
/// `wanted`.
pub(crate) async fn by_doc(
    leave: &Opened,
    conn: &mut Conn,
    organisation: OrganisationId,
    doc: i64,
    wanted: impl FnMut(TicketId) -> bool + Send,
) -> Result<Option<(TicketId, String)>, DeskError> {
    let Some((ticket, row)) = store::by_doc(conn, organisation, doc, wanted).await? else {
        return Ok(None);
    };
    match leave.sealing(conn, row.key).await {
        Ok(sealing) => {
            let body = sealing.open_text("messages", "body", row.id, &row.body)?;
            Ok(Some((ticket, body)))
        }
        Err(DeskError::Gone) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whose message has this number in the search index.
pub(crate) async fn ticket_of_doc(
    conn: &mut Conn,
    organisation: OrganisationId,
    doc: i64,
) -> Result<Option<TicketId>, DeskError> {
    store::ticket_of_doc(conn, organisation, doc).await
}

/// Numbers in the search index of a ticket's messages within `between`, of the newest 1,000 there, newest first.
pub(crate) async fn docs_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    between: &RangeInclusive<i64>,
) -> Result<Vec<i64>, DeskError> {
    store::docs_of(conn, organisation, ticket, between, 1000).await
}

/// Changes where a message is on its way, in the caller's command.
pub async fn set_state(
    work: &mut Work<'_>,
    ticket: TicketId,
    id: MessageId,
    state: MessageState,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    if !store::set_state(work, organisation, ticket, id, state, now).await? {
        return Err(DeskError::NotFound);
    }
    work.event(
        kind::MESSAGE_STATE,
        Some(ticket),
        Some(id),
        &serde_json::json!({ "state": state.code() }),
    );
    Ok(())
}

/// The colleague who wrote a message; none when nobody of the staff did.
pub async fn staff_author(
    work: &mut Work<'_>,
    ticket: TicketId,
    id: MessageId,
) -> Result<Option<StaffId>, DeskError> {
    let organisation = work.ctx.organisation;
    let author = store::author(work, organisation, ticket, id).await?;
    Ok(author
        .filter(|(kind, _)| kind == "staff")
        .and_then(|(_, id)| id)
        .map(StaffId::from_uuid))
}

fn external_blind(
    app: &App,
    organisation: OrganisationId,
    external: &str,
) -> Result<[u8; 16], DeskError> {
    Ok(app
        .keyring
        .of(organisation)?
        .blind
        .index(BlindKind::MessageId, external))
}

/// Notes a provider's id in the caller's command; `false` when it is known already, and nothing may be added then.
pub async fn note_external(
    work: &mut Work<'_>,
    channel: &str,
    external: &str,
    ticket: Option<TicketId>,
    message: Option<MessageId>,
) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    let blind = external_blind(&work.app, organisation, external)?;
    store::note_external(work, organisation, channel, &blind, ticket, message).await
}

/// The message a provider means, if it is known.
pub async fn known_external(
    app: &App,
    organisation: OrganisationId,
    channel: &str,
    external: &str,
) -> Result<Option<(Option<TicketId>, Option<MessageId>)>, DeskError> {
    let blind = external_blind(app, organisation, external)?;
    store::external(&mut app.read().await?, organisation, channel, &blind).await
}

/// Moves all messages of `from` to `to`, in the caller's command.
pub async fn move_all(work: &mut Work<'_>, from: TicketId, to: TicketId) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    // Each ticket's first message stands for its subject in the index, and one of the two is the first no more.
    for ticket in [from, to] {
        if let Some(first) = store::first_of(work, organisation, ticket).await? {
            work.event(
                kind::MESSAGE_MOVED,
                Some(to),
                Some(first),
                &serde_json::json!({}),
            );
        }
    }
    store::move_all(work, organisation, from, to).await
}

/// Moves some messages of `from` to `to`, in the caller's command.
pub async fn move_some(
    work: &mut Work<'_>,
    from: TicketId,
    messages: &[MessageId],
    to: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for id in messages {
        if !store::move_one(work, organisation, from, *id, to).await? {
            return Err(DeskError::NotFound);
        }
        work.event(
            kind::MESSAGE_MOVED,
            Some(to),
            Some(*id),
            &serde_json::json!({}),
        );
    }
    // What is the first message now stands for the subject in the index.
    if let Some(first) = store::first_of(work, organisation, from).await? {
        work.event(
            kind::MESSAGE_MOVED,
            Some(from),
            Some(first),
            &serde_json::json!({}),
        );
    }
    work.audit(
        NewEntry::new("message.move", "ticket", from).detail(&serde_json::json!({
            "to": to, "count": messages.len()
        })),
    );
    Ok(())
}
