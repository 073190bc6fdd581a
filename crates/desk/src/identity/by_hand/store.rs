//! SQL of the signs that somebody of the staff noticed.

use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, StaffId, TicketId};
use bedside_db::{Conn, Row, Timestamp, args, statements};

statements! {
    /// Keeps a sign; one that is there counts anew.
    PUT_FLAG = "INSERT INTO identity_flags (organisation_id, ticket_id, flag, staff_id, at, contact_id) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, ticket_id, flag) DO UPDATE SET \
        staff_id = excluded.staff_id, at = excluded.at, contact_id = excluded.contact_id";
    /// The signs of a conversation since then.
    FLAGS = "SELECT flag, staff_id, at, contact_id FROM identity_flags WHERE organisation_id = $1 AND ticket_id = $2 AND at > $3";
    /// Whether anything was noticed with a contact in another conversation since then.
    NOTICED_ELSEWHERE = "SELECT 1 FROM identity_flags WHERE organisation_id = $1 AND contact_id = $2 AND at > $4 \
        AND ticket_id <> $3 LIMIT 1";
    /// Takes the signs of a conversation away, which counts as another one.
    DELETE_FLAGS = "DELETE FROM identity_flags WHERE organisation_id = $1 AND ticket_id = $2";
    /// Forgets signs that count no more.
    FORGET_FLAGS = "DELETE FROM identity_flags WHERE at < $1";
}

/// A sign as stored.
pub(super) struct FlagRow {
    pub code: String,
    pub by: StaffId,
    pub at: Timestamp,
    pub contact: Option<ContactId>,
}

pub(super) async fn put(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    row: &FlagRow,
) -> Result<(), DeskError> {
    let FlagRow {
        code,
        by,
        at,
        contact,
    } = row;
    let row = args![organisation, ticket, code, by, at, contact];
    conn.execute(PUT_FLAG, row).await?;
    Ok(())
}

/// The signs of a conversation. A code of a later version is left out by whoever reads it.
pub(super) async fn flags(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    since: Timestamp,
) -> Result<Vec<FlagRow>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(FlagRow {
            code: row.get(0)?,
            by: row.get(1)?,
            at: row.get(2)?,
            contact: row.get(3)?,
        })
    };
    let wanted = args![organisation, ticket, since];
    Ok(conn.query(FLAGS, wanted, read).await?)
}

pub(super) async fn noticed_elsewhere(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, contact): (TicketId, ContactId),
    since: Timestamp,
) -> Result<bool, DeskError> {
    let wanted = args![organisation, contact, ticket, since];
    let found = conn
        .query_opt(NOTICED_ELSEWHERE, wanted, |_| Ok(()))
        .await?;
    Ok(found.is_some())
}

pub(super) async fn delete(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_FLAGS, args![organisation, ticket])
        .await?;
    Ok(())
}

pub(super) async fn forget(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    conn.execute(FORGET_FLAGS, args![before]).await?;
    Ok(())
}
