//! SQL of the timeline.

use super::files::Scan;
use super::model::{LastWords, MessageKind, MessageState, NewAttachment, NewMessage, Turns};
use crate::error::DeskError;
use crate::ids::{
    AttachmentId, BlobId, ContactId, DataKeyId, MessageId, OrganisationId, PatientId, TicketId,
};
use crate::triage::{Found, Left};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};
use std::ops::RangeInclusive;
use uuid::Uuid;

statements! {
    /// Adds a message.
    INSERT = "INSERT INTO messages (organisation_id, ticket_id, id, key_id, kind, channel, author_kind, author_id, body, html, \
        envelope, locale, automatic, state, state_at, attachment_count, inbound_mail_id, recipient_id, found, danger, created_at, \
        written_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $15, $21)";
    /// Adds a file.
    INSERT_ATTACHMENT = "INSERT INTO attachments (organisation_id, ticket_id, message_id, id, name, media_type, size, \
        content_id, inline_image, blob_id, scan) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// A ticket's newest messages.
    OF_TICKET = "SELECT id, key_id, kind, channel, author_kind, author_id, body, html, envelope, locale, automatic, state, \
        state_at, attachment_count, created_at, doc, recipient_id, found, danger, written_by FROM messages WHERE organisation_id = $1 AND ticket_id = $2 \
        AND id < $3 ORDER BY id DESC LIMIT $4";
    /// A ticket's newest messages of one kind.
    OF_KIND = "SELECT id, key_id, kind, channel, author_kind, author_id, body, html, envelope, locale, automatic, state, \
        state_at, attachment_count, created_at, doc, recipient_id, found, danger, written_by FROM messages WHERE organisation_id = $1 AND ticket_id = $2 \
        AND id < $3 AND kind = $5 ORDER BY id DESC LIMIT $4";
    /// One message.
    ONE = "SELECT id, key_id, kind, channel, author_kind, author_id, body, html, envelope, locale, automatic, state, \
        state_at, attachment_count, created_at, doc, recipient_id, found, danger, written_by FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Addresses of the newest messages from the patient's side that came by mail.
    INBOUND_ENVELOPES = "SELECT id, key_id, envelope FROM messages WHERE organisation_id = $1 AND ticket_id = $2 \
        AND kind = 'inbound' AND envelope IS NOT NULL ORDER BY id DESC LIMIT $3";
    /// The words of a message by its number in the search index.
    BY_DOC = "SELECT ticket_id, id, key_id, body FROM messages WHERE organisation_id = $1 AND doc = $2";
    /// Whose message has this number in the search index.
    TICKET_OF_DOC = "SELECT ticket_id FROM messages WHERE organisation_id = $1 AND doc = $2";
    /// Numbers in the search index of a ticket's messages between two, newest first.
    DOCS_OF = "SELECT doc FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND doc BETWEEN $3 AND $4 \
        ORDER BY id DESC LIMIT $5";
    /// A message of the patient's side that is not one contact's.
    OF_OTHERS = "SELECT id FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND kind = 'inbound' \
        AND (author_id IS NULL OR author_id <> $3) LIMIT 1";
    /// What was found in what the patient's side wrote last, newest first.
    NEWEST_INBOUND = "SELECT id, found FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND kind = 'inbound' \
        ORDER BY id DESC LIMIT $3";
    /// A ticket's first message.
    FIRST = "SELECT id FROM messages WHERE organisation_id = $1 AND ticket_id = $2 ORDER BY id LIMIT 1";
    /// A ticket's files.
    ATTACHMENTS = "SELECT message_id, id, name, media_type, size, inline_image, content_id, blob_id, scan, scan_note FROM attachments \
        WHERE organisation_id = $1 AND ticket_id = $2 ORDER BY message_id, id";
    /// One file.
    ATTACHMENT = "SELECT a.message_id, a.id, a.name, a.media_type, a.size, a.inline_image, a.content_id, a.blob_id, \
        a.scan, a.scan_note, a.ticket_id, m.key_id FROM attachments a JOIN messages m ON m.organisation_id = a.organisation_id \
        AND m.ticket_id = a.ticket_id AND m.id = a.message_id WHERE a.organisation_id = $1 AND a.id = $2";
    /// When the first answer was given that was not taken back and did not come back.
    FIRST_ANSWER = "SELECT MIN(created_at) FROM messages WHERE organisation_id = $1 AND ticket_id = $2 \
        AND kind = 'outbound' AND automatic = 0 AND state NOT IN ('cancelled', 'bounced', 'failed')";
    /// Since when the patient's side waits: its first words after the last such answer.
    WAITING_SINCE = "SELECT MIN(m.created_at) FROM messages m WHERE m.organisation_id = $1 AND m.ticket_id = $2 \
        AND m.kind = 'inbound' AND m.automatic = 0 AND NOT EXISTS (SELECT 1 FROM messages o \
        WHERE o.organisation_id = m.organisation_id AND o.ticket_id = m.ticket_id AND o.kind = 'outbound' \
        AND o.automatic = 0 AND o.state NOT IN ('cancelled', 'bounced', 'failed') AND o.id > m.id)";
    /// When the patient's side wrote first.
    FIRST_WORDS = "SELECT MIN(created_at) FROM messages WHERE organisation_id = $1 AND ticket_id = $2 \
        AND kind = 'inbound' AND automatic = 0";
    /// The newest words that are no note and were not taken back.
    LAST_WORDS = "SELECT created_at, kind, state FROM messages WHERE organisation_id = $1 AND ticket_id = $2 \
        AND kind <> 'note' AND state <> 'cancelled' ORDER BY created_at DESC, id DESC LIMIT 1";
    /// What the messages of a contact, and of those who write for the same patient, left behind between two times: emergencies
    /// first, then the newest.
    LEFT = "SELECT t.number, m.created_at, m.found, m.danger FROM messages m \
        JOIN tickets t ON t.organisation_id = m.organisation_id AND t.id = m.ticket_id \
        WHERE m.organisation_id = $1 AND m.danger > 0 AND m.created_at >= $4 AND m.created_at <= $5 \
        AND m.author_id IN (SELECT c.id FROM contacts c WHERE c.organisation_id = $1 AND c.id = $2 \
        UNION ALL SELECT o.id FROM contacts o WHERE o.organisation_id = $1 AND o.patient_id = $3) \
        ORDER BY CASE WHEN m.found LIKE '{\"level\":\"emergency\"%' THEN 0 ELSE 1 END, m.created_at DESC, m.id DESC LIMIT $6";
    /// What the messages of a ticket left behind counts no more: below zero it is out of every sum, and can be taken up again.
    FORGET = "UPDATE messages SET danger = -danger WHERE organisation_id = $1 AND ticket_id = $2 AND danger > 0";
    /// It counts again.
    REMEMBER = "UPDATE messages SET danger = -danger WHERE organisation_id = $1 AND ticket_id = $2 AND danger < 0";
    /// Changes where a message is on its way.
    SET_STATE = "UPDATE messages SET state = $4, state_at = $5 WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Where a message is on its way.
    STATE_OF = "SELECT state FROM messages WHERE organisation_id = $1 AND id = $2";
    /// Whose words a message holds.
    AUTHOR = "SELECT author_kind, author_id FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Notes what a provider calls a message; nothing when it is known.
    NOTE_EXTERNAL = "INSERT INTO external_ids (organisation_id, channel, external_blind, ticket_id, message_id) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    /// Which message a provider means.
    EXTERNAL = "SELECT ticket_id, message_id FROM external_ids WHERE organisation_id = $1 AND channel = $2 AND external_blind = $3";
    /// Moves all messages of a ticket to another.
    MOVE_ALL = "UPDATE messages SET ticket_id = $3 WHERE organisation_id = $1 AND ticket_id = $2";
    /// Moves all files of a ticket to another.
    MOVE_ALL_ATTACHMENTS = "UPDATE attachments SET ticket_id = $3 WHERE organisation_id = $1 AND ticket_id = $2";
    /// Moves one message to another ticket.
    MOVE_ONE = "UPDATE messages SET ticket_id = $4 WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Moves one message's files to another ticket.
    MOVE_ONE_ATTACHMENTS = "UPDATE attachments SET ticket_id = $4 WHERE organisation_id = $1 AND ticket_id = $2 AND message_id = $3";
}

/// A message as stored.
pub(super) struct MessageRow {
    pub id: MessageId,
    pub key: DataKeyId,
    pub kind: MessageKind,
    pub channel: String,
    pub author_kind: String,
    pub author_id: Option<Uuid>,
    pub body: Vec<u8>,
    pub html: Option<Vec<u8>>,
    pub envelope: Option<Vec<u8>>,
    pub locale: String,
    pub automatic: bool,
    pub state: MessageState,
    pub state_at: Timestamp,
    pub attachment_count: i64,
    pub created_at: Timestamp,
    pub doc: i64,
    pub recipient: Option<ContactId>,
    pub found: Option<Found>,
    pub written_by: Option<Uuid>,
}

fn message(row: &Row<'_>) -> Result<MessageRow, DbError> {
    let danger: i64 = row.get(18)?;
    Ok(MessageRow {
        id: row.get(0)?,
        key: row.get(1)?,
        kind: row.coded(2, MessageKind::from_code)?,
        channel: row.get(3)?,
        author_kind: row.get(4)?,
        author_id: row.get(5)?,
        body: row.get(6)?,
        html: row.get(7)?,
        envelope: row.get(8)?,
        locale: row.get(9)?,
        automatic: row.get(10)?,
        state: row.coded(11, MessageState::from_code)?,
        state_at: row.get(12)?,
        attachment_count: row.get(13)?,
        created_at: row.get(14)?,
        doc: row.get(15)?,
        recipient: row.get(16)?,
        found: found(row, 17)?.map(|found| Found {
            danger: danger.max(0),
            ..found
        }),
        written_by: row.get(19)?,
    })
}

/// What is kept of what was found.
fn found(row: &Row<'_>, column: usize) -> Result<Option<Found>, DbError> {
    let stored: Option<String> = row.get(column)?;
    Ok(stored.and_then(|stored| Found::read(&stored)))
}

/// A message to be inserted: its open columns from `new`, the sealed ones beside it.
pub(super) struct NewMessageRow<'a> {
    pub ticket: TicketId,
    pub id: MessageId,
    pub key: DataKeyId,
    pub new: &'a NewMessage,
    pub body: &'a [u8],
    pub html: Option<&'a [u8]>,
    pub envelope: Option<&'a [u8]>,
    /// What was found in it, as JSON.
    pub found: Option<&'a str>,
    pub at: Timestamp,
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &NewMessageRow<'_>,
) -> Result<(), DeskError> {
    let new = row.new;
    conn.execute(
        INSERT,
        args![
            organisation,
            row.ticket,
            row.id,
            row.key,
            new.kind.code(),
            new.channel,
            new.author.kind(),
            new.author.id(),
            row.body,
            row.html,
            row.envelope,
            new.locale,
            new.automatic,
            new.state.code(),
            row.at,
            i64::try_from(new.attachments.len()).unwrap_or(i64::MAX),
            new.inbound_mail,
            new.recipient,
            row.found,
            new.found.danger,
            new.written_by
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn state_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    message: MessageId,
) -> Result<Option<MessageState>, DeskError> {
    let args = args![organisation, message];
    Ok(conn
        .query_opt(STATE_OF, args, |row| row.coded(0, MessageState::from_code))
        .await?)
}

pub(super) async fn turns(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Turns, DeskError> {
    let of = args![organisation, ticket];
    let read = |row: &Row<'_>| row.get(0);
    let last = |row: &Row<'_>| {
        Ok(LastWords {
            at: row.get(0)?,
            kind: row.coded(1, MessageKind::from_code)?,
            state: row.coded(2, MessageState::from_code)?,
        })
    };
    Ok(Turns {
        first_answer: conn.query_one(FIRST_ANSWER, of, read).await?,
        waiting_since: conn.query_one(WAITING_SINCE, of, read).await?,
        first_words: conn.query_one(FIRST_WORDS, of, read).await?,
        last: conn.query_opt(LAST_WORDS, of, last).await?,
    })
}

/// At most `limit` of what a contact, and those who write for the same patient, left behind: emergencies first, then the newest.
pub(super) async fn left(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, Option<PatientId>),
    (from, to): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Option<Left>>, DeskError> {
    let wanted = args![organisation, contact, patient, from, to, limit];
    Ok(conn
        .query(LEFT, wanted, |row| {
            let found: String = row.get(2)?;
            Ok(Left::of(row.get(0)?, row.get(1)?, &found, row.get(3)?))
        })
        .await?)
}

/// Whether there was anything.
pub(super) async fn forget(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<bool, DeskError> {
    Ok(conn.execute(FORGET, args![organisation, ticket]).await? > 0)
}

pub(super) async fn remember(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<(), DeskError> {
    conn.execute(REMEMBER, args![organisation, ticket]).await?;
    Ok(())
}

/// A file to be inserted.
pub(super) struct NewAttachmentRow<'a> {
    pub ticket: TicketId,
    pub message: MessageId,
    pub id: AttachmentId,
    pub name: &'a [u8],
    pub content_id: Option<&'a [u8]>,
    pub file: &'a NewAttachment,
    pub scan: Scan,
}

pub(super) async fn insert_attachment(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &NewAttachmentRow<'_>,
) -> Result<(), DeskError> {
    let file = row.file;
    conn.execute(
        INSERT_ATTACHMENT,
        args![
            organisation,
            row.ticket,
            row.message,
            row.id,
            row.name,
            file.media_type,
            file.size,
            row.content_id,
            file.inline,
            file.blob,
            row.scan.code()
        ],
    )
    .await?;
    Ok(())
}

/// The newest `limit` messages before `before`, of one kind alone if it is named; newest first.
pub(super) async fn of_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    only: Option<MessageKind>,
    before: MessageId,
    limit: i64,
) -> Result<Vec<MessageRow>, DeskError> {
    Ok(match only {
        None => {
            conn.query(
                OF_TICKET,
                args![organisation, ticket, before, limit],
                message,
            )
            .await?
        }
        Some(kind) => {
            conn.query(
                OF_KIND,
                args![organisation, ticket, before, limit, kind.code()],
                message,
            )
            .await?
        }
    })
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    id: MessageId,
) -> Result<Option<MessageRow>, DeskError> {
    Ok(conn
        .query_opt(ONE, args![organisation, ticket, id], message)
        .await?)
}

/// The sealed words of a message, with what opens them.
pub(super) struct FoundRow {
    pub id: MessageId,
    pub key: DataKeyId,
    pub body: Vec<u8>,
}

pub(super) async fn by_doc(
    conn: &mut Conn,
    organisation: OrganisationId,
    doc: i64,
    mut wanted: impl FnMut(TicketId) -> bool + Send,
) -> Result<Option<(TicketId, FoundRow)>, DeskError> {
    let found = conn
        .query_opt(BY_DOC, args![organisation, doc], |row| {
            let ticket = row.get(0)?;
            if !wanted(ticket) {
                return Ok(None);
            }
            let found = FoundRow {
                id: row.get(1)?,
                key: row.get(2)?,
                body: row.get(3)?,
            };
            Ok(Some((ticket, found)))
        })
        .await?;
    Ok(found.flatten())
}

pub(super) async fn ticket_of_doc(
    conn: &mut Conn,
    organisation: OrganisationId,
    doc: i64,
) -> Result<Option<TicketId>, DeskError> {
    Ok(conn
        .query_opt(TICKET_OF_DOC, args![organisation, doc], |row| row.get(0))
        .await?)
}

pub(super) async fn docs_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    between: &RangeInclusive<i64>,
    limit: i64,
) -> Result<Vec<i64>, DeskError> {
    let (first, last) = (*between.start(), *between.end());
    let wanted = args![organisation, ticket, first, last, limit];
    Ok(conn.query(DOCS_OF, wanted, |row| row.get(0)).await?)
}

pub(super) async fn of_others(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    contact: ContactId,
) -> Result<Option<MessageId>, DeskError> {
    Ok(conn
        .query_opt(OF_OTHERS, args![organisation, ticket, contact], |row| {
            row.get(0)
        })
        .await?)
}

pub(super) async fn newest_inbound(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<(MessageId, Found)>, DeskError> {
    let wanted = args![organisation, ticket, limit];
    Ok(conn
        .query(NEWEST_INBOUND, wanted, |row| {
            Ok((row.get(0)?, found(row, 1)?.unwrap_or_default()))
        })
        .await?)
}

pub(super) async fn first_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Option<MessageId>, DeskError> {
    Ok(conn
        .query_opt(FIRST, args![organisation, ticket], |row| row.get(0))
        .await?)
}

/// A file as stored.
pub(super) struct AttachmentRow {
    pub message: MessageId,
    pub id: AttachmentId,
    pub name: Vec<u8>,
    pub media_type: String,
    pub size: i64,
    pub inline: bool,
    pub content_id: Option<Vec<u8>>,
    pub blob: BlobId,
    pub scan: Scan,
    pub scan_note: Option<String>,
}

fn attachment_row(row: &Row<'_>) -> Result<AttachmentRow, DbError> {
    Ok(AttachmentRow {
        message: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        media_type: row.get(3)?,
        size: row.get(4)?,
        inline: row.get(5)?,
        content_id: row.get(6)?,
        blob: row.get(7)?,
        scan: row.coded(8, Scan::from_code)?,
        scan_note: row.get(9)?,
    })
}

pub(super) async fn attachments(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Vec<AttachmentRow>, DeskError> {
    Ok(conn
        .query(ATTACHMENTS, args![organisation, ticket], attachment_row)
        .await?)
}

/// A file with its ticket and the key of its message.
pub(super) async fn attachment(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AttachmentId,
) -> Result<Option<(AttachmentRow, TicketId, DataKeyId)>, DeskError> {
    Ok(conn
        .query_opt(ATTACHMENT, args![organisation, id], |row| {
            Ok((attachment_row(row)?, row.get(10)?, row.get(11)?))
        })
        .await?)
}

pub(super) async fn set_state(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    id: MessageId,
    state: MessageState,
    at: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(SET_STATE, args![organisation, ticket, id, state.code(), at])
        .await?
        == 1)
}

/// Kind and id of a message's author.
pub(super) async fn author(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    id: MessageId,
) -> Result<Option<(String, Option<Uuid>)>, DeskError> {
    Ok(conn
        .query_opt(AUTHOR, args![organisation, ticket, id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

/// `false` when the provider's id is known already.
pub(super) async fn note_external(
    conn: &mut Conn,
    organisation: OrganisationId,
    channel: &str,
    blind: &[u8; 16],
    ticket: Option<TicketId>,
    message: Option<MessageId>,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(
            NOTE_EXTERNAL,
            args![organisation, channel, blind, ticket, message],
        )
        .await?
        == 1)
}

pub(super) async fn external(
    conn: &mut Conn,
    organisation: OrganisationId,
    channel: &str,
    blind: &[u8; 16],
) -> Result<Option<(Option<TicketId>, Option<MessageId>)>, DeskError> {
    Ok(conn
        .query_opt(EXTERNAL, args![organisation, channel, blind], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(super) async fn move_all(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    to: TicketId,
) -> Result<(), DeskError> {
    conn.execute(MOVE_ALL, args![organisation, from, to])
        .await?;
    conn.execute(MOVE_ALL_ATTACHMENTS, args![organisation, from, to])
        .await?;
    Ok(())
}

pub(super) async fn move_one(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    id: MessageId,
    to: TicketId,
) -> Result<bool, DeskError> {
    let moved = conn
        .execute(MOVE_ONE, args![organisation, from, id, to])
        .await?
        == 1;
    conn.execute(MOVE_ONE_ATTACHMENTS, args![organisation, from, id, to])
        .await?;
    Ok(moved)
}

/// Sealed addresses of the newest messages from the patient's side, newest first.
pub(super) async fn inbound_envelopes(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<(MessageId, DataKeyId, Vec<u8>)>, DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    Ok(conn
        .query(INBOUND_ENVELOPES, args![organisation, ticket, limit], read)
        .await?)
}
