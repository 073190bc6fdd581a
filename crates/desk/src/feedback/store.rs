//! SQL of the feedback.

use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId, TicketId};
use bedside_db::{Conn, args, statements};
use uuid::Uuid;

statements! {
    /// Forgets what somebody said.
    FORGET = "DELETE FROM feedback WHERE organisation_id = $1 AND ticket_id = $2 AND source_id = $3";
    /// Stores one theme of it.
    PUT = "INSERT INTO feedback (organisation_id, ticket_id, source_id, theme, sentiment, day) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    /// What was said with messages goes with them; a rating's comment stays where it is.
    MOVE_ALL = "UPDATE feedback SET ticket_id = $3 WHERE organisation_id = $1 AND ticket_id = $2 AND source_id <> $2";
    /// The same for one message.
    MOVE_ONE = "UPDATE feedback SET ticket_id = $4 WHERE organisation_id = $1 AND ticket_id = $2 AND source_id = $3";
    /// What was said in a ticket.
    OF_TICKET = "SELECT DISTINCT theme, sentiment FROM feedback WHERE organisation_id = $1 AND ticket_id = $2 \
        ORDER BY theme, sentiment";
    /// How often each theme was spoken of, by sentiment.
    COUNTS = "SELECT theme, sentiment, COUNT(*) FROM feedback WHERE organisation_id = $1 AND day >= $2 AND day <= $3 \
        GROUP BY theme, sentiment ORDER BY theme, sentiment";
}

pub(super) async fn forget(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    source: Uuid,
) -> Result<(), DeskError> {
    conn.execute(FORGET, args![organisation, ticket, source])
        .await?;
    Ok(())
}

pub(super) async fn put(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, source): (TicketId, Uuid),
    (theme, sentiment): (&str, &str),
    day: i64,
) -> Result<(), DeskError> {
    conn.execute(
        PUT,
        args![organisation, ticket, source, theme, sentiment, day],
    )
    .await?;
    Ok(())
}

pub(super) async fn move_all(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    to: TicketId,
) -> Result<(), DeskError> {
    conn.execute(MOVE_ALL, args![organisation, from, to])
        .await?;
    Ok(())
}

pub(super) async fn move_one(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    message: MessageId,
    to: TicketId,
) -> Result<(), DeskError> {
    conn.execute(MOVE_ONE, args![organisation, from, message, to])
        .await?;
    Ok(())
}

pub(super) async fn of_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Vec<(String, String)>, DeskError> {
    Ok(conn
        .query(OF_TICKET, args![organisation, ticket], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(super) async fn counts(
    conn: &mut Conn,
    organisation: OrganisationId,
    from_day: i64,
    to_day: i64,
) -> Result<Vec<(String, String, i64)>, DeskError> {
    Ok(conn
        .query(COUNTS, args![organisation, from_day, to_day], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?)
}
