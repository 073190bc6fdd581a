//! Reports about mail of ours (RFC 3464).

use super::letter::LOOKS;
use super::store::{self, Claimed};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Source as WayIn};
use crate::error::DeskError;
use crate::ids::OutboundMailId;
use crate::outbound;
use bedside_codecs::mail::{Bounce, BounceAction};
use futures_util::FutureExt;

/// Notes what a report says, when it is about a mail of ours; a signature in the Message-ID proves that. `false` for
/// every other report: it is treated like a mail, so that somebody looks at it.
pub(super) async fn note(app: &App, claimed: &Claimed, report: &Bounce) -> Result<bool, DeskError> {
    let named = report.original_message_id.as_deref().unwrap_or_default();
    let Some(mail) = outbound::named(app, claimed.organisation, named)? else {
        return Ok(false);
    };
    let failed = report
        .recipients
        .iter()
        .find(|recipient| recipient.action == BounceAction::Failed);
    let status = failed.map(|recipient| {
        recipient
            .status
            .clone()
            .unwrap_or_else(|| "5.0.0".to_owned())
    });
    // The ticket may change at the same moment: what the report says must be written down all the same.
    for _ in 0..LOOKS {
        match written(app, claimed, (mail, status.clone())).await {
            Err(DeskError::Stale { .. }) => {}
            outcome => return outcome,
        }
    }
    Err(DeskError::Unavailable(
        "the same ticket changes all the time".to_owned(),
    ))
}

/// Writes down what the report says about this mail of ours: the status it failed with, or none when it did
/// not fail. `false` when there is no such mail.
async fn written(
    app: &App,
    claimed: &Claimed,
    (mail, status): (OutboundMailId, Option<String>),
) -> Result<bool, DeskError> {
    let ctx = Ctx::system(claimed.organisation, "intake", WayIn::Mail);
    let claimed = claimed.clone();
    app.command(&ctx, move |work| {
        async move {
            let id = claimed.id;
            let ticket = match &status {
                Some(status) => outbound::bounced(work, mail, status).await?,
                // Delayed or delivered: the mail server keeps trying, or all is well.
                None => None,
            };
            if status.is_some() && ticket.is_none() {
                work.audit(NewEntry::new("mail.bounce", "inbound_mail", id));
                return Ok(false);
            }
            if status.is_some() {
                let how = ("done", Some("bounce"));
                store::finish(work, claimed.organisation, id, how, ticket, None).await?;
            } else {
                store::ignore(work, &claimed, "delivery_report").await?;
            }
            work.audit(
                NewEntry::new("mail.bounce", "inbound_mail", id)
                    .detail(&serde_json::json!({ "status": status })),
            );
            Ok(true)
        }
        .boxed()
    })
    .await
}
