//! SQL of what tells a caller who may play a part.

use crate::error::DeskError;
use crate::ids::{ContactId, EvidenceId, OrganisationId, TicketId};
use bedside_db::{Conn, Row, Statement, Timestamp, Value, args, statements};

statements! {
    /// Patients that a contact was verified as.
    PATIENTS_OF = "SELECT COUNT(DISTINCT patient_id) FROM identity_evidence WHERE organisation_id = $1 AND contact_id = $2 \
        AND made_at > $3 AND method = 'details'";
    /// Codes that failed in a conversation, and in those in which its contact showed anything.
    CODES_FAILED = "SELECT COUNT(*) FROM identity_codes WHERE organisation_id = $1 AND made_at > $4 AND tries > 0 \
        AND ticket_id IN (SELECT ticket_id FROM identity_evidence WHERE organisation_id = $1 AND ticket_id = $2 \
        UNION SELECT ticket_id FROM identity_evidence WHERE organisation_id = $1 AND contact_id = $3 AND made_at > $4)";
    /// Keeps a mark of a try.
    INSERT_TRY = "INSERT INTO identity_tries (organisation_id, subject, id, ticket_id, contact_id, at, failed) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// How often others failed elsewhere as somebody who was tried in this conversation.
    TRIES_OF_OTHERS = "SELECT COUNT(DISTINCT contact_id), COUNT(DISTINCT id) FROM identity_tries WHERE organisation_id = $1 \
        AND subject IN (SELECT subject FROM identity_tries WHERE organisation_id = $1 AND ticket_id = $2 AND at > $4) \
        AND at > $4 AND failed = 1 AND contact_id <> $3 AND ticket_id <> $2";
    /// What a contact tried last, in all of their conversations.
    TRIES_OF_CONTACT = "SELECT id, subject, ticket_id, failed FROM identity_tries WHERE organisation_id = $1 \
        AND contact_id = $2 AND at > $3 ORDER BY at DESC, id DESC LIMIT $4";
    /// What was tried in a conversation was tried in another one.
    MOVE_TRIES = "UPDATE identity_tries SET ticket_id = $3 WHERE organisation_id = $1 AND ticket_id = $2";
    /// Forgets tries that count no more.
    FORGET_TRIES = "DELETE FROM identity_tries WHERE at < $1";
}

async fn count(
    conn: &mut Conn,
    statement: Statement,
    args: &[Value<'_>],
) -> Result<i64, DeskError> {
    let found = conn.query_opt(statement, args, |row| row.get(0)).await?;
    Ok(found.unwrap_or_default())
}

pub(super) async fn patients_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    since: Timestamp,
) -> Result<i64, DeskError> {
    count(conn, PATIENTS_OF, args![organisation, contact, since]).await
}

pub(super) async fn codes_failed(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, contact): (TicketId, ContactId),
    since: Timestamp,
) -> Result<i64, DeskError> {
    let wanted = args![organisation, ticket, contact, since];
    count(conn, CODES_FAILED, wanted).await
}

pub(super) async fn insert_try(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, subject): (EvidenceId, &[u8; 16]),
    (ticket, contact): (TicketId, ContactId),
    (at, failed): (Timestamp, bool),
) -> Result<(), DeskError> {
    let row = args![organisation, subject, id, ticket, contact, at, failed];
    conn.execute(INSERT_TRY, row).await?;
    Ok(())
}

/// How many others failed since then elsewhere as somebody who was tried here, and in how many tries.
pub(super) async fn tries_of_others(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, contact): (TicketId, ContactId),
    since: Timestamp,
) -> Result<(i64, i64), DeskError> {
    let wanted = args![organisation, ticket, contact, since];
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found = conn.query_opt(TRIES_OF_OTHERS, wanted, read).await?;
    Ok(found.unwrap_or_default())
}

/// One mark of a try.
pub(super) struct TryRow {
    pub id: EvidenceId,
    pub subject: Vec<u8>,
    pub ticket: TicketId,
    pub failed: bool,
}

/// The newest marks of what a contact tried since then.
pub(super) async fn tries_of_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<TryRow>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(TryRow {
            id: row.get(0)?,
            subject: row.get(1)?,
            ticket: row.get(2)?,
            failed: row.get(3)?,
        })
    };
    let wanted = args![organisation, contact, since, limit];
    Ok(conn.query(TRIES_OF_CONTACT, wanted, read).await?)
}

pub(super) async fn move_tries(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    into: TicketId,
) -> Result<(), DeskError> {
    conn.execute(MOVE_TRIES, args![organisation, from, into])
        .await?;
    Ok(())
}

pub(super) async fn forget(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    conn.execute(FORGET_TRIES, args![before]).await?;
    Ok(())
}
