//! SQL of the drafts.

use super::Kind;
use crate::error::DeskError;
use crate::ids::{DataKeyId, OrganisationId, StaffId, TicketId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Keeps a draft in place of the one before.
    PUT = "INSERT INTO drafts (organisation_id, ticket_id, staff_id, key_id, body, note, updated_at, said) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organisation_id, ticket_id, staff_id) DO UPDATE \
        SET key_id = excluded.key_id, body = excluded.body, note = excluded.note, \
        updated_at = excluded.updated_at, said = excluded.said";
    /// One draft.
    ONE = "SELECT key_id, body, note, said FROM drafts WHERE organisation_id = $1 AND ticket_id = $2 AND staff_id = $3";
    /// Forgets a draft.
    DELETE = "DELETE FROM drafts WHERE organisation_id = $1 AND ticket_id = $2 AND staff_id = $3";
}

/// A draft as stored.
pub(super) struct Row {
    pub ticket: TicketId,
    pub staff: StaffId,
    pub key: DataKeyId,
    pub body: Vec<u8>,
    pub kind: Kind,
}

pub(super) async fn put(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &Row,
    now: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(
        PUT,
        args![
            organisation,
            row.ticket,
            row.staff,
            row.key,
            row.body,
            row.kind == Kind::Note,
            now,
            row.kind == Kind::Said
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    staff: StaffId,
) -> Result<Option<Row>, DeskError> {
    Ok(conn
        .query_opt(ONE, args![organisation, ticket, staff], |row| {
            let kind = match (row.get(2)?, row.get(3)?) {
                (_, true) => Kind::Said,
                (true, _) => Kind::Note,
                (false, false) => Kind::Reply,
            };
            Ok(Row {
                ticket,
                staff,
                key: row.get(0)?,
                body: row.get(1)?,
                kind,
            })
        })
        .await?)
}

pub(super) async fn delete(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    staff: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE, args![organisation, ticket, staff])
        .await?;
    Ok(())
}
