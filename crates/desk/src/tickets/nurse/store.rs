//! SQL of what goes to a nurse and comes back.

use super::Step;
use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId, TicketId};
use bedside_db::{Conn, Row, Timestamp, args, statements};
use uuid::Uuid;

statements! {
    /// Keeps a step.
    INSERT_STEP = "INSERT INTO nurse_steps (organisation_id, ticket_id, note_id, step, code, emergency, waits, actor_kind, \
        actor_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// What happened with a request, in the order of its notes.
    OF_TICKET = "SELECT note_id, step, code, waits, actor_kind, actor_id, at FROM nurse_steps \
        WHERE organisation_id = $1 AND ticket_id = $2 ORDER BY at, note_id";
    /// What waits for a nurse is settled.
    SETTLE = "UPDATE nurse_steps SET waits = 0 WHERE organisation_id = $1 AND ticket_id = $2 AND waits = 1";
    /// What somebody handed over waits no more. Who is nobody in particular is nobody to take anything back.
    TAKE_BACK = "UPDATE nurse_steps SET waits = 0 WHERE organisation_id = $1 AND ticket_id = $2 AND waits = 1 \
        AND actor_kind = $3 AND actor_id = $4";
    /// Whether something waits for a nurse.
    WAITS = "SELECT 1 FROM nurse_steps WHERE organisation_id = $1 AND ticket_id = $2 AND waits = 1 LIMIT 1";
    /// All of a request goes into another one.
    MOVE_STEPS = "UPDATE nurse_steps SET ticket_id = $3 WHERE organisation_id = $1 AND ticket_id = $2";
    /// What belongs to one note goes with it.
    MOVE_STEP = "UPDATE nurse_steps SET ticket_id = $4 WHERE organisation_id = $1 AND ticket_id = $2 AND note_id = $3";
}

/// A step as stored.
pub(super) struct StepRow {
    /// The note that has its words.
    pub note: MessageId,
    pub step: Step,
    /// The kind of danger that was asked about, or the disposition.
    pub code: String,
    /// Whether it waits for a nurse.
    pub waits: bool,
    /// Who did it.
    pub actor_kind: String,
    pub actor: Option<Uuid>,
    pub at: Timestamp,
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    row: &StepRow,
    emergency: bool,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_STEP,
        args![
            organisation,
            ticket,
            row.note,
            row.step.code(),
            row.code,
            emergency,
            row.waits,
            row.actor_kind,
            row.actor,
            row.at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn of_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Vec<StepRow>, DeskError> {
    let read = |row: &Row<'_>| {
        let step: String = row.get(1)?;
        Ok(StepRow {
            note: row.get(0)?,
            // What a later version wrote is no disposition.
            step: Step::from_code(&step).unwrap_or(Step::HandedOver),
            code: row.get(2)?,
            waits: row.get(3)?,
            actor_kind: row.get(4)?,
            actor: row.get(5)?,
            at: row.get(6)?,
        })
    };
    Ok(conn
        .query(OF_TICKET, args![organisation, ticket], read)
        .await?)
}

pub(super) async fn settle(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<(), DeskError> {
    conn.execute(SETTLE, args![organisation, ticket]).await?;
    Ok(())
}

/// Whether anything waited.
pub(super) async fn take_back(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    (kind, id): (&str, Option<Uuid>),
) -> Result<bool, DeskError> {
    let args = args![organisation, ticket, kind, id];
    Ok(conn.execute(TAKE_BACK, args).await? > 0)
}

pub(super) async fn waits(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<bool, DeskError> {
    let args = args![organisation, ticket];
    Ok(conn.query_opt(WAITS, args, |_| Ok(())).await?.is_some())
}

pub(super) async fn move_all(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    to: TicketId,
) -> Result<(), DeskError> {
    conn.execute(MOVE_STEPS, args![organisation, from, to])
        .await?;
    Ok(())
}

pub(super) async fn move_one(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    note: MessageId,
    to: TicketId,
) -> Result<(), DeskError> {
    conn.execute(MOVE_STEP, args![organisation, from, note, to])
        .await?;
    Ok(())
}
