//! SQL of who spoke.

use crate::error::DeskError;
use crate::ids::{OrganisationId, TicketId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Whether somebody of the staff wrote down what a ticket's contact said since then, or it came by a channel by which they
    /// are there.
    SPOKE = "SELECT 1 FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND created_at > $3 AND kind = 'inbound' \
        AND (written_by IS NOT NULL OR channel IN ('phone', 'video', 'sms', 'chat')) LIMIT 1";
}

/// Whether the contact of a ticket spoke in it since then, and somebody of the staff listened or could answer at once.
pub(crate) async fn spoke_since(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    since: Timestamp,
) -> Result<bool, DeskError> {
    let wanted = args![organisation, ticket, since];
    let found = conn.query_opt(SPOKE, wanted, |_| Ok(())).await?;
    Ok(found.is_some())
}
