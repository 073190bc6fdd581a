//! A ticket that was put aside comes back by itself.

use super::change::{locked, save, told};
use super::model::{Status, Ticket};
use super::turn::set_status;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, TicketId};
use crate::jobs::{Done, Handler};
use crate::work::{Job, Work};
use bedside_db::Timestamp;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Wakes one ticket at the end of one snooze.
#[derive(Serialize, Deserialize)]
struct Wake {
    ticket: TicketId,
    until: Timestamp,
}

impl Job for Wake {
    const KIND: &'static str = "tickets.wake";
}

/// Wakes tickets.
pub(super) fn handler() -> Handler {
    Handler {
        kind: Wake::KIND,
        run: |app, organisation, payload| {
            async move { wake(&app, organisation, &payload).await }.boxed()
        },
        // Pages treat a snooze that is over as none, so nobody has to be told.
        given_up: |_, _, _| async { Ok(()) }.boxed(),
    }
}

/// Has a ticket that sleeps woken at that instant. A snooze that was cut short meanwhile leaves its job behind, which
/// then finds nothing to do.
pub(super) async fn wake_later(work: &mut Work<'_>, ticket: &Ticket) -> Result<(), DeskError> {
    let Some(until) = ticket.snoozed_until else {
        return Ok(());
    };
    let key = format!("{}/{}", ticket.id, until.micros());
    let ticket = ticket.id;
    work.enqueue(&Wake { ticket, until }, Some(&key), until)
        .await
}

/// Wakes the ticket if it still sleeps until that very instant: the clinic owes the next step, as its clocks say.
async fn wake(app: &App, organisation: OrganisationId, payload: &str) -> Result<Done, DeskError> {
    let Wake { ticket, until } = serde_json::from_str(payload)?;
    let ctx = Ctx::system(organisation, "snooze", Source::Job);
    let clinic = app.directory.of(organisation)?;
    app.command(&ctx, move |work| {
        async move {
            let mut stored = locked(work, ticket, None).await?;
            if stored.ticket.snoozed_until != Some(until) {
                let nothing = NewEntry::new("ticket.change", "ticket", ticket);
                work.audit(nothing.detail(&json!({ "changed": [] })));
                return Ok(());
            }
            stored.ticket.snoozed_until = None;
            let mut changed = Map::from_iter([("snoozed_until".to_owned(), Value::Null)]);
            if stored.ticket.status != Status::Open {
                set_status(&clinic, &mut stored.ticket, Status::Open, work.now);
                changed.insert("status".to_owned(), json!(Status::Open.code()));
            }
            save(work, &mut stored).await?;
            told(work, &stored, &changed);
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(Done::Finished)
}
