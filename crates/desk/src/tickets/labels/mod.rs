//! Labels of a request itself: also what is about nobody on file yet can be about care that few may know of (42 CFR Part 2).
//! They count beside those of its patient wherever it is asked who may see it ([`records::About`]).

mod store;

use super::change::{locked, not_merged, noted, told};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::TicketId;
use crate::records::{Label, Labels};
use crate::work::Work;
use futures_util::FutureExt;
use serde_json::{Map, json};

pub use store::ALL as STATEMENTS;

/// Says whether a request is about treatment of substance use. Whoever may change it can say so, and may not see it any more
/// afterwards; taking it back needs the permission to see what is labelled.
///
/// # Errors
/// [`DeskError::Stale`] for a version that is not the newest, [`DeskError::Forbidden`] for whoever may not take it back.
pub async fn under_part2(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    version: Option<i64>,
    on: bool,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let done = app.command(ctx, move |work| {
        async move {
            let stored = locked(work, id, version).await?;
            not_merged(&stored.ticket)?;
            let (old, part2) = (stored.ticket.labels, Labels::NONE.with(Label::Part2));
            let new = if on {
                old.with(Label::Part2)
            } else {
                old.without(part2)
            };
            if !work.ctx.sees(old.without(new)) {
                return Err(DeskError::Forbidden);
            }
            if new != old {
                let organisation = work.ctx.organisation;
                store::label(work, organisation, id, (new, 1)).await?;
                // Whoever hears of changes need not hear of which label.
                let changed = Map::from_iter([("labels".to_owned(), json!(true))]);
                told(work, &stored, &changed);
            }
            work.audit(NewEntry::new("ticket.label", "ticket", id).detail(&json!({ "part2": on })));
            Ok(())
        }
        .boxed()
    });
    noted(app, ctx, id, done.await).await
}

/// What goes on from another request is about the same: it has its labels too. The caller has just opened it.
pub(super) async fn follow(
    work: &mut Work<'_>,
    id: TicketId,
    from: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::follow(work, organisation, id, from).await
}

/// What is put into another request, or made one of its own, brings its labels with it to where there are `own` ones; the
/// caller holds both until its command ends.
pub(super) async fn pass_on(
    work: &mut Work<'_>,
    (to, own): (TicketId, Labels),
    brought: Labels,
) -> Result<(), DeskError> {
    if brought.without(own).is_empty() {
        return Ok(());
    }
    let both = Labels::from_bits(own.bits() | brought.bits());
    let organisation = work.ctx.organisation;
    store::label(work, organisation, to, (both, 0)).await
}
