//! SQL of the labels of requests.

use crate::error::DeskError;
use crate::ids::{OrganisationId, TicketId};
use crate::records::Labels;
use bedside_db::{Conn, args, statements};

statements! {
    /// Changes the labels of a request; the caller holds it. It counts as so many changes: none beside one that counts already.
    LABEL_TICKET = "UPDATE tickets SET labels = $3, version = version + $4 WHERE organisation_id = $1 AND id = $2";
    /// Gives a request the labels of another one beside its own.
    FOLLOW_LABELS = "UPDATE tickets SET labels = labels | COALESCE((SELECT r.labels FROM tickets r \
        WHERE r.organisation_id = $1 AND r.id = $3), 0) WHERE organisation_id = $1 AND id = $2";
}

pub(super) async fn label(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
    (labels, changes): (Labels, i64),
) -> Result<(), DeskError> {
    let labels = labels.bits();
    let args = args![organisation, id, labels, changes];
    conn.execute(LABEL_TICKET, args).await?;
    Ok(())
}

pub(super) async fn follow(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
    from: TicketId,
) -> Result<(), DeskError> {
    let args = args![organisation, id, from];
    conn.execute(FOLLOW_LABELS, args).await?;
    Ok(())
}
