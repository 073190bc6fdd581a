//! SQL of the events.

use super::{Event, NewEvent};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{OrganisationId, TicketId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Takes the next numbers.
    ADVANCE = "UPDATE counters SET event_sequence = event_sequence + $2 WHERE organisation_id = $1 \
        RETURNING event_sequence";
    /// Adds an event.
    INSERT = "INSERT INTO events (organisation_id, sequence, kind, ticket_id, message_id, actor_kind, actor_id, data, at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Events after a number.
    AFTER = "SELECT sequence, kind, ticket_id, message_id, actor_kind, actor_id, data, at FROM events \
        WHERE organisation_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
    /// The newest number.
    LATEST = "SELECT event_sequence FROM counters WHERE organisation_id = $1";
    /// A ticket's newest events, without those of its messages, in the words of the index that finds them.
    OF_TICKET = "SELECT sequence, kind, ticket_id, message_id, actor_kind, actor_id, data, at FROM events \
        WHERE organisation_id = $1 AND ticket_id = $2 AND kind NOT IN ('message.added', 'message.state', 'message.moved', 'file.checked') \
        ORDER BY sequence DESC LIMIT $3";
}

pub(super) async fn advance(
    conn: &mut Conn,
    organisation: OrganisationId,
    by: i64,
) -> Result<i64, DeskError> {
    Ok(conn
        .query_one(ADVANCE, args![organisation, by], |row| row.get(0))
        .await?)
}

pub(super) async fn insert(
    conn: &mut Conn,
    ctx: &Ctx,
    sequence: i64,
    event: &NewEvent,
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT,
        args![
            ctx.organisation,
            sequence,
            event.kind,
            event.ticket,
            event.message,
            ctx.actor.kind(),
            ctx.actor.uuid(),
            event.data,
            at
        ],
    )
    .await?;
    Ok(())
}

fn event(row: &Row<'_>) -> Result<Event, DbError> {
    Ok(Event {
        sequence: row.get(0)?,
        kind: row.get(1)?,
        ticket_id: row.get(2)?,
        message_id: row.get(3)?,
        actor_kind: row.get(4)?,
        actor_id: row.get(5)?,
        data: serde_json::from_str(&row.get::<String>(6)?).unwrap_or(serde_json::Value::Null),
        at: row.get(7)?,
    })
}

pub(super) async fn after(
    conn: &mut Conn,
    organisation: OrganisationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>, DeskError> {
    Ok(conn
        .query(AFTER, args![organisation, after, limit], event)
        .await?)
}

pub(super) async fn latest(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<i64, DeskError> {
    Ok(conn
        .query_opt(LATEST, args![organisation], |row| row.get(0))
        .await?
        .unwrap_or(0))
}

pub(super) async fn of_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<Event>, DeskError> {
    let mut events = conn
        .query(OF_TICKET, args![organisation, ticket, limit], event)
        .await?;
    events.reverse();
    Ok(events)
}
