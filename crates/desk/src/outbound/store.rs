//! SQL of outgoing mail.

use super::model::{Kind, State};
use crate::error::DeskError;
use crate::ids::{
    DataKeyId, MailboxId, MessageId, OrganisationId, OutboundMailId, PatientId, TicketId,
};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Queues a mail.
    INSERT = "INSERT INTO outbound_mails (organisation_id, id, ticket_id, message_id, mailbox_id, kind, key_id, content, \
        header_id, state, attempts, send_after, give_up_at, state_at, created_at, patient_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', 0, $10, $11, $12, $12, $13)";
    /// One mail.
    ONE = "SELECT id, ticket_id, message_id, mailbox_id, kind, key_id, content, header_id, state, attempts, send_after, \
        give_up_at, response, uncertain, created_at, state_at FROM outbound_mails WHERE organisation_id = $1 AND id = $2";
    /// Mails a person should know of, newest first.
    TROUBLED = "SELECT id, ticket_id, message_id, mailbox_id, kind, key_id, content, header_id, state, attempts, send_after, \
        give_up_at, response, uncertain, created_at, state_at FROM outbound_mails \
        WHERE organisation_id = $1 AND trouble = 1 AND id < $2 ORDER BY id DESC LIMIT $3";
    /// Whether an answer or a warning of a ticket did not arrive, and nobody saw to it.
    ANY_LOST = "SELECT 1 FROM outbound_mails WHERE organisation_id = $1 AND trouble = 1 AND ticket_id = $2 \
        AND state IN ('failed', 'bounced') AND (message_id IS NOT NULL OR kind = 'emergency') LIMIT 1";
    /// Mails that wait for a mailbox, oldest first.
    STRANDED = "SELECT id FROM outbound_mails WHERE organisation_id = $1 AND trouble = 1 AND state = 'queued' \
        AND response = 'no_mailbox' ORDER BY id LIMIT $2";
    /// Mails that wait to be sent, oldest first.
    QUEUED = "SELECT id FROM outbound_mails WHERE organisation_id = $1 AND state = 'queued' ORDER BY id LIMIT $2";
    /// Begins a try, unless another one began or the mail was taken back.
    BEGIN_TRY = "UPDATE outbound_mails SET attempts = attempts + 1, response = 'sending', uncertain = $4, mailbox_id = $5 \
        WHERE organisation_id = $1 AND id = $2 AND state = 'queued' AND attempts = $3";
    /// Writes down where a mail is now.
    SETTLE = "UPDATE outbound_mails SET state = $3, response = $4, trouble = $5, uncertain = $6, state_at = $7 \
        WHERE organisation_id = $1 AND id = $2 AND state = $8";
    /// Somebody saw to a mail that failed.
    HANDLED = "UPDATE outbound_mails SET trouble = 0 WHERE organisation_id = $1 AND id = $2 AND trouble = 1 \
        AND state IN ('failed', 'bounced')";
    /// Gives a mail more time.
    EXTEND = "UPDATE outbound_mails SET give_up_at = $3 WHERE organisation_id = $1 AND id = $2";
    /// Replaces what is sealed.
    SET_CONTENT = "UPDATE outbound_mails SET content = $3 WHERE organisation_id = $1 AND id = $2";
    /// A message went to another ticket.
    MOVE = "UPDATE outbound_mails SET ticket_id = $3 WHERE organisation_id = $1 AND message_id = $2";
    /// Takes a mail back that has not been tried yet.
    CANCEL = "UPDATE outbound_mails SET state = 'cancelled', state_at = $3 WHERE organisation_id = $1 \
        AND message_id = $2 AND state = 'queued' AND attempts = 0 AND send_after > $3";
}

/// A mail to be queued.
pub(super) struct NewRow<'a> {
    pub id: OutboundMailId,
    pub ticket: TicketId,
    pub message: Option<MessageId>,
    pub mailbox: Option<MailboxId>,
    pub kind: Kind,
    pub key: DataKeyId,
    pub content: &'a [u8],
    pub header_id: &'a str,
    /// Whose address it goes to, where the request need not be theirs.
    pub whose: Option<PatientId>,
    pub send_after: Timestamp,
    pub give_up_at: Timestamp,
    pub now: Timestamp,
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &NewRow<'_>,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT,
        args![
            organisation,
            row.id,
            row.ticket,
            row.message,
            row.mailbox,
            row.kind.code(),
            row.key,
            row.content,
            row.header_id,
            row.send_after,
            row.give_up_at,
            row.now,
            row.whose
        ],
    )
    .await?;
    Ok(())
}

/// `false` when it has been tried already, or its undo window is over.
pub(super) async fn cancel(
    conn: &mut Conn,
    organisation: OrganisationId,
    message: MessageId,
    now: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(CANCEL, args![organisation, message, now])
        .await?
        == 1)
}

/// A mail as stored.
pub(super) struct MailRow {
    pub id: OutboundMailId,
    pub ticket: TicketId,
    pub message: Option<MessageId>,
    pub mailbox: Option<MailboxId>,
    pub kind: Kind,
    pub key: DataKeyId,
    pub content: Vec<u8>,
    pub header_id: String,
    pub state: State,
    pub attempts: i64,
    pub send_after: Timestamp,
    pub give_up_at: Timestamp,
    pub response: Option<String>,
    pub uncertain: i64,
    pub created_at: Timestamp,
    pub state_at: Timestamp,
}

fn mail(row: &Row<'_>) -> Result<MailRow, DbError> {
    let unknown = DbError::unknown_code;
    Ok(MailRow {
        id: row.get(0)?,
        ticket: row.get(1)?,
        message: row.get(2)?,
        mailbox: row.get(3)?,
        kind: Kind::from_code(&row.get::<String>(4)?).ok_or_else(|| unknown(4))?,
        key: row.get(5)?,
        content: row.get(6)?,
        header_id: row.get(7)?,
        state: State::from_code(&row.get::<String>(8)?).ok_or_else(|| unknown(8))?,
        attempts: row.get(9)?,
        send_after: row.get(10)?,
        give_up_at: row.get(11)?,
        response: row.get(12)?,
        uncertain: row.get(13)?,
        created_at: row.get(14)?,
        state_at: row.get(15)?,
    })
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: OutboundMailId,
) -> Result<Option<MailRow>, DeskError> {
    Ok(conn.query_opt(ONE, args![organisation, id], mail).await?)
}

pub(super) async fn troubled(
    conn: &mut Conn,
    organisation: OrganisationId,
    before: OutboundMailId,
    limit: i64,
) -> Result<Vec<MailRow>, DeskError> {
    Ok(conn
        .query(TROUBLED, args![organisation, before, limit], mail)
        .await?)
}

pub(super) async fn any_lost(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<bool, DeskError> {
    let found = conn
        .query_opt(ANY_LOST, args![organisation, ticket], |_| Ok(()))
        .await?;
    Ok(found.is_some())
}

pub(super) async fn stranded(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<Vec<OutboundMailId>, DeskError> {
    Ok(conn
        .query(STRANDED, args![organisation, limit], |row| row.get(0))
        .await?)
}

pub(super) async fn queued(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<Vec<OutboundMailId>, DeskError> {
    Ok(conn
        .query(QUEUED, args![organisation, limit], |row| row.get(0))
        .await?)
}

/// `false` when somebody else began a try, or the mail waits no longer.
pub(super) async fn begin(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &MailRow,
    uncertain: i64,
    mailbox: MailboxId,
) -> Result<bool, DeskError> {
    let values = args![organisation, row.id, row.attempts, uncertain, mailbox];
    Ok(conn.execute(BEGIN_TRY, values).await? == 1)
}

/// Where a mail is now.
pub(super) struct Place<'a> {
    pub state: State,
    pub response: Option<&'a str>,
    pub trouble: bool,
    pub uncertain: i64,
}

/// `false` when the mail was no longer in the state `from`.
pub(super) async fn settle(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, from): (OutboundMailId, State),
    place: &Place<'_>,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let (state, from) = (place.state.code(), from.code());
    let values = args![
        organisation,
        id,
        state,
        place.response,
        place.trouble,
        place.uncertain,
        now,
        from
    ];
    Ok(conn.execute(SETTLE, values).await? == 1)
}

/// `false` when there is no such mail among those that failed.
pub(super) async fn handled(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: OutboundMailId,
) -> Result<bool, DeskError> {
    Ok(conn.execute(HANDLED, args![organisation, id]).await? == 1)
}

pub(super) async fn extend(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: OutboundMailId,
    give_up_at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(EXTEND, args![organisation, id, give_up_at])
        .await?;
    Ok(())
}

pub(super) async fn set_content(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: OutboundMailId,
    content: &[u8],
) -> Result<(), DeskError> {
    conn.execute(SET_CONTENT, args![organisation, id, content])
        .await?;
    Ok(())
}

pub(super) async fn move_message(
    conn: &mut Conn,
    organisation: OrganisationId,
    message: MessageId,
    to: TicketId,
) -> Result<(), DeskError> {
    conn.execute(MOVE, args![organisation, message, to]).await?;
    Ok(())
}
