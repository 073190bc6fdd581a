//! SQL of outgoing mail.

use super::model::Kind;
use crate::error::DeskError;
use crate::ids::{DataKeyId, MailboxId, MessageId, OrganisationId, OutboundMailId, TicketId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Queues a mail.
    INSERT = "INSERT INTO outbound_mails (organisation_id, id, ticket_id, message_id, mailbox_id, kind, key_id, content, \
        header_id, state, attempts, send_after, give_up_at, state_at, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', 0, $10, $11, $12, $12)";
    /// Takes a mail back that has not been tried yet.
    CANCEL = "UPDATE outbound_mails SET state = 'cancelled', state_at = $4 WHERE organisation_id = $1 AND ticket_id = $2 \
        AND message_id = $3 AND state = 'queued' AND attempts = 0 AND send_after > $4";
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
            row.now
        ],
    )
    .await?;
    Ok(())
}

/// `false` when it has been tried already, or its undo window is over.
pub(super) async fn cancel(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    message: MessageId,
    now: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(CANCEL, args![organisation, ticket, message, now])
        .await?
        == 1)
}
