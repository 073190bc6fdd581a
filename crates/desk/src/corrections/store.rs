//! SQL of the corrections.

use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId, StaffId, TicketId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Keeps a correction; what was found first stays.
    PUT = "INSERT INTO corrections (organisation_id, message_id, ticket_id, found, meant, staff_id, at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organisation_id, message_id) DO UPDATE \
        SET ticket_id = excluded.ticket_id, meant = excluded.meant, staff_id = excluded.staff_id, at = excluded.at";
    /// Those behind a message, in the order of the messages.
    AFTER = "SELECT ticket_id, message_id, found, meant FROM corrections \
        WHERE organisation_id = $1 AND message_id > $2 ORDER BY message_id LIMIT $3";
}

/// A correction as stored.
pub(super) struct Row {
    pub ticket: TicketId,
    pub message: MessageId,
    /// What the engine found, as JSON.
    pub found: String,
    /// What a person said, as JSON.
    pub meant: String,
}

pub(super) async fn put(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &Row,
    staff: StaffId,
    now: Timestamp,
) -> Result<(), DeskError> {
    let found = row.found.as_str();
    let meant = row.meant.as_str();
    conn.execute(
        PUT,
        args![
            organisation,
            row.message,
            row.ticket,
            found,
            meant,
            staff,
            now
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn after(
    conn: &mut Conn,
    organisation: OrganisationId,
    after: MessageId,
    limit: i64,
) -> Result<Vec<Row>, DeskError> {
    Ok(conn
        .query(AFTER, args![organisation, after, limit], |row| {
            Ok(Row {
                ticket: row.get(0)?,
                message: row.get(1)?,
                found: row.get(2)?,
                meant: row.get(3)?,
            })
        })
        .await?)
}
