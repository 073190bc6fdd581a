//! SQL of the signs that somebody of the staff noticed.

use crate::error::DeskError;
use crate::identity::Flag;
use crate::ids::{OrganisationId, StaffId, TicketId};
use bedside_db::{Conn, Row, Timestamp, args, statements};

statements! {
    /// Keeps a sign; one that is there counts anew.
    PUT_FLAG = "INSERT INTO identity_flags (organisation_id, ticket_id, flag, staff_id, at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (organisation_id, ticket_id, flag) DO UPDATE SET staff_id = excluded.staff_id, at = excluded.at";
    /// The signs of a conversation since then.
    FLAGS = "SELECT flag, staff_id, at FROM identity_flags WHERE organisation_id = $1 AND ticket_id = $2 AND at > $3";
    /// Forgets signs that count no more.
    FORGET_FLAGS = "DELETE FROM identity_flags WHERE at < $1";
}

pub(super) async fn put(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    flag: Flag,
    (by, at): (StaffId, Timestamp),
) -> Result<(), DeskError> {
    conn.execute(PUT_FLAG, args![organisation, ticket, flag.code(), by, at])
        .await?;
    Ok(())
}

/// Code of each sign, who noticed it, and when. A code of a later version is left out by whoever reads it.
pub(super) async fn flags(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    since: Timestamp,
) -> Result<Vec<(String, StaffId, Timestamp)>, DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let wanted = args![organisation, ticket, since];
    Ok(conn.query(FLAGS, wanted, read).await?)
}

pub(super) async fn forget(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    conn.execute(FORGET_FLAGS, args![before]).await?;
    Ok(())
}
