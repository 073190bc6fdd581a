//! SQL of the tags.

use crate::error::DeskError;
use crate::ids::{OrganisationId, TagId, TicketId};
use bedside_db::{Conn, Row, args, statements};

statements! {
    /// A ticket's tags.
    OF_TICKET = "SELECT tag_id, tag FROM ticket_tags WHERE organisation_id = $1 AND ticket_id = $2";
    /// Adds a tag.
    ADD = "INSERT INTO ticket_tags (organisation_id, ticket_id, tag_id, tag) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    /// Takes a tag away.
    REMOVE = "DELETE FROM ticket_tags WHERE organisation_id = $1 AND ticket_id = $2 AND tag_id = $3";
}

pub(super) async fn of_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Vec<(TagId, Vec<u8>)>, DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(conn.query(OF_TICKET, args![organisation, id], read).await?)
}

pub(super) async fn add(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
    tag: TagId,
    sealed: &[u8],
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(ADD, args![organisation, id, tag, sealed])
        .await?
        == 1)
}

pub(super) async fn remove(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
    tag: TagId,
) -> Result<bool, DeskError> {
    Ok(conn.execute(REMOVE, args![organisation, id, tag]).await? == 1)
}
