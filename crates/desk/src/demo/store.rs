//! SQL of the demo: the mails of the invented past count as sent, so that they are not sent now.

use crate::error::DeskError;
use crate::ids::OrganisationId;
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Mails of the past were accepted.
    SETTLE_MAILS = "UPDATE outbound_mails SET state = 'accepted', state_at = send_after \
        WHERE organisation_id = $1 AND state = 'queued' AND send_after < $2";
    /// So were the messages they carried.
    SETTLE_MESSAGES = "UPDATE messages SET state = 'accepted', state_at = created_at \
        WHERE organisation_id = $1 AND kind = 'outbound' AND state = 'queued' AND created_at < $2";
    /// Nothing of the past is left to do.
    SETTLE_JOBS = "DELETE FROM jobs WHERE organisation_id = $1 AND due_at < $2";
}

pub(super) async fn settle(
    conn: &mut Conn,
    organisation: OrganisationId,
    before: Timestamp,
) -> Result<(), DeskError> {
    for statement in [SETTLE_MAILS, SETTLE_MESSAGES, SETTLE_JOBS] {
        conn.execute(statement, args![organisation, before]).await?;
    }
    Ok(())
}
