//! SQL of what somebody has in hand.

use crate::error::DeskError;
use crate::ids::{OrganisationId, QueueId, StaffId, TicketId};
use bedside_db::{Conn, Row, args, statements};

statements! {
    /// Whoever has active ones.
    ASSIGNEES = "SELECT DISTINCT assignee_id FROM tickets WHERE organisation_id = $1 AND active = 1 \
        AND assignee_id IS NOT NULL";
    /// Active ones of a person and where they wait, by id.
    ASSIGNED = "SELECT id, queue_id FROM tickets WHERE organisation_id = $1 AND assignee_id = $2 AND active = 1 \
        AND id > $3 ORDER BY id LIMIT $4";
}

/// Whoever has active tickets.
pub(super) async fn assignees(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<StaffId>, DeskError> {
    Ok(conn
        .query(ASSIGNEES, args![organisation], |row| row.get(0))
        .await?)
}

/// Active tickets of a person after an id, and their queues.
pub(super) async fn assigned(
    conn: &mut Conn,
    organisation: OrganisationId,
    assignee: StaffId,
    after: TicketId,
    limit: i64,
) -> Result<Vec<(TicketId, QueueId)>, DeskError> {
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(conn
        .query(ASSIGNED, args![organisation, assignee, after, limit], row)
        .await?)
}
