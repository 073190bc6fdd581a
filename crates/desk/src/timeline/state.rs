//! Where a message is on its way.

use super::model::MessageState;
use super::store;
use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId};
use bedside_db::Conn;

/// Where a message is on its way, in whichever ticket it is by now; none when it is gone.
pub async fn state_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: MessageId,
) -> Result<Option<MessageState>, DeskError> {
    store::state_of(conn, organisation, id).await
}
