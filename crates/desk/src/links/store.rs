//! SQL of the links.

use super::model::Purpose;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, TicketId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Adds a link.
    INSERT = "INSERT INTO person_links (token_hash, organisation_id, purpose, ticket_id, contact_id, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// The link with this hash.
    ONE = "SELECT organisation_id, purpose, ticket_id, contact_id, bound_hash, expires_at FROM person_links \
        WHERE token_hash = $1 AND revoked_at IS NULL";
    /// Whether a link of this kind to this ticket was made since.
    MADE_SINCE = "SELECT 1 FROM person_links WHERE organisation_id = $1 AND ticket_id = $2 AND purpose = $3 \
        AND created_at > $4 LIMIT 1";
    /// Binds a link to a browser, unless another one was first.
    BIND = "UPDATE person_links SET bound_hash = $2 WHERE token_hash = $1 AND bound_hash IS NULL \
        AND revoked_at IS NULL AND expires_at > $3";
    /// Notes that a fresh link was asked for, unless that was a moment ago.
    ASK = "UPDATE person_links SET asked_at = $2 WHERE token_hash = $1 AND revoked_at IS NULL \
        AND (asked_at IS NULL OR asked_at <= $3)";
    /// Revokes the links that were made for a ticket.
    REVOKE_TICKET = "UPDATE person_links SET revoked_at = $3 WHERE organisation_id = $1 AND ticket_id = $2 AND revoked_at IS NULL";
    /// Revokes the links of a contact.
    REVOKE_CONTACT = "UPDATE person_links SET revoked_at = $3 WHERE organisation_id = $1 AND contact_id = $2 AND revoked_at IS NULL";
    /// Forgets links that ended long ago.
    FORGET = "DELETE FROM person_links WHERE expires_at < $1";
}

pub(super) async fn made_since(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    purpose: Purpose,
    since: Timestamp,
) -> Result<bool, DeskError> {
    let purpose = purpose.code();
    let values = args![organisation, ticket, purpose, since];
    Ok(conn
        .query_opt(MADE_SINCE, values, |_| Ok(()))
        .await?
        .is_some())
}

/// A link as stored.
pub(super) struct LinkRow {
    pub organisation: OrganisationId,
    pub purpose: Option<Purpose>,
    pub ticket: TicketId,
    pub contact: ContactId,
    pub bound: Option<Vec<u8>>,
    pub expires_at: Timestamp,
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    hash: &[u8; 32],
    purpose: Purpose,
    (ticket, contact): (TicketId, ContactId),
    (now, expires): (Timestamp, Timestamp),
) -> Result<(), DeskError> {
    conn.execute(
        INSERT,
        args![
            hash,
            organisation,
            purpose.code(),
            ticket,
            contact,
            now,
            expires
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn one(conn: &mut Conn, hash: &[u8; 32]) -> Result<Option<LinkRow>, DeskError> {
    Ok(conn
        .query_opt(ONE, args![hash], |row| {
            Ok(LinkRow {
                organisation: row.get(0)?,
                purpose: Purpose::from_code(&row.get::<String>(1)?),
                ticket: row.get(2)?,
                contact: row.get(3)?,
                bound: row.get(4)?,
                expires_at: row.get(5)?,
            })
        })
        .await?)
}

/// `false` when another browser was first.
pub(super) async fn bind(
    conn: &mut Conn,
    hash: &[u8; 32],
    cookie: &[u8; 32],
    now: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn.execute(BIND, args![hash, cookie, now]).await? == 1)
}

/// `false` when a fresh link was asked for after `since`.
pub(super) async fn ask(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
    since: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn.execute(ASK, args![hash, now, since]).await? == 1)
}

pub(super) async fn revoke_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    now: Timestamp,
) -> Result<u64, DeskError> {
    Ok(conn
        .execute(REVOKE_TICKET, args![organisation, ticket, now])
        .await?)
}

pub(super) async fn revoke_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    now: Timestamp,
) -> Result<u64, DeskError> {
    Ok(conn
        .execute(REVOKE_CONTACT, args![organisation, contact, now])
        .await?)
}

pub(super) async fn forget(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    conn.execute(FORGET, args![before]).await?;
    Ok(())
}
