//! Mail of ours that came back.

use super::model::Content;
use crate::error::DeskError;
use crate::ids::{DataKeyId, MessageId, OutboundMailId, TicketId};
use crate::patients;
use crate::records;
use crate::timeline::{self, MessageState};
use crate::work::Work;
use bedside_db::{args, statements};

statements! {
    /// The mail with this Message-ID.
    BY_HEADER = "SELECT id, ticket_id, message_id, key_id, content FROM outbound_mails \
        WHERE organisation_id = $1 AND header_id = $2";
    /// Says that a mail came back, once.
    BOUNCED = "UPDATE outbound_mails SET state = 'bounced', response = $3, state_at = $4 \
        WHERE organisation_id = $1 AND id = $2 AND state <> 'bounced'";
}

/// Notes, in the caller's command, that the mail with the Message-ID `header_id` came back for good: on the mail, on its
/// message and on the address it went to. `status` is the enhanced status code (RFC 3463). Gives the mail's ticket, or
/// none when no mail of this organisation had that Message-ID.
pub async fn bounced(
    work: &mut Work<'_>,
    header_id: &str,
    status: &str,
) -> Result<Option<TicketId>, DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let found = work
        .query_opt(BY_HEADER, args![organisation, header_id], |row| {
            let ids: (OutboundMailId, TicketId, Option<MessageId>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let sealed: (DataKeyId, Vec<u8>) = (row.get(3)?, row.get(4)?);
            Ok((ids, sealed))
        })
        .await?;
    let Some(((id, ticket, message), (key, content))) = found else {
        return Ok(None);
    };
    if work
        .execute(BOUNCED, args![organisation, id, status, now])
        .await?
        == 0
    {
        return Ok(Some(ticket));
    }
    let sealing = records::sealing(&app, work, organisation, key).await?;
    let content: Content =
        serde_json::from_str(&sealing.open_text("outbound_mails", "content", id, &content)?)?;
    patients::note_bounce(work, &content.to).await?;
    if let Some(message) = message {
        timeline::set_state(work, ticket, message, MessageState::Bounced).await?;
    }
    Ok(Some(ticket))
}
