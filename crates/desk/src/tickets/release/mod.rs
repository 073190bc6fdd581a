//! Tickets of whoever no longer reaches them go back to their queues.

mod store;

use super::change::{locked, save, told};
use super::place::keep_reachable;
use crate::app::App;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId, TicketId};
use crate::jobs::{Done, Handler};
use crate::staff::{LessReached, role_at_work};
use crate::work::Job;
use bedside_db::Id;
use futures_util::FutureExt;
use serde_json::Map;

pub use store::ALL as STATEMENTS;

/// Tickets looked at in one go.
const BATCH: i64 = 200;

/// What the job runner does for the staff's tickets.
pub(super) fn handler() -> Handler {
    Handler {
        kind: LessReached::KIND,
        run: |app, organisation, _| async move { release(&app, organisation).await }.boxed(),
        // Whoever looks after the desk sees the parked job; the tickets stand in their queues all the while.
        given_up: |_, _, _| async { Ok(()) }.boxed(),
    }
}

/// Takes every active ticket from whoever has left, or has a role that does not reach its queue.
async fn release(app: &App, organisation: OrganisationId) -> Result<Done, DeskError> {
    let assignees = store::assignees(&mut app.read_newest().await?, organisation).await?;
    for assignee in assignees {
        release_of(app, organisation, assignee).await?;
    }
    Ok(Done::Finished)
}

async fn release_of(
    app: &App,
    organisation: OrganisationId,
    assignee: StaffId,
) -> Result<(), DeskError> {
    let mut after: TicketId = Id::from_bytes([0; 16]);
    loop {
        let mut conn = app.read_newest().await?;
        let role = role_at_work(&mut conn, organisation, assignee).await?;
        let tickets = store::assigned(&mut conn, organisation, assignee, after, BATCH).await?;
        drop(conn);
        let Some((last, _)) = tickets.last() else {
            return Ok(());
        };
        after = *last;
        let stays = |queue| role.as_ref().is_some_and(|role| role.queues.has(queue));
        for (ticket, _) in tickets.into_iter().filter(|(_, queue)| !stays(*queue)) {
            release_one(app, organisation, ticket).await?;
        }
    }
}

async fn release_one(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<(), DeskError> {
    let ctx = Ctx::system(organisation, "assignment", Source::Job);
    let released = app.command(&ctx, move |work| {
        async move {
            let mut stored = locked(work, ticket, None).await?;
            let mut changed = Map::new();
            keep_reachable(work, &mut stored.ticket, None, &mut changed).await?;
            if changed.is_empty() {
                return Err(DeskError::Gone);
            }
            save(work, &mut stored).await?;
            told(work, &stored, &changed);
            Ok(())
        }
        .boxed()
    });
    match released.await {
        // Somebody else has it by now, or nobody: there is nothing to do, and nothing to tell.
        Err(DeskError::Gone) => Ok(()),
        done => done,
    }
}
