//! Where a message is on its way.

use super::model::MessageState;
use super::store;
use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId, TicketId};
use bedside_db::Conn;

/// Where a message is on its way; none when it is not in this ticket (any more).
pub async fn state_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    id: MessageId,
) -> Result<Option<MessageState>, DeskError> {
    store::state_of(conn, organisation, ticket, id).await
}
