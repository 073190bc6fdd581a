//! How many tickets the views hold that stand beside every page. Counted once after each change, not once a page.

use super::model::View;
use super::store;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events;
use crate::ids::OrganisationId;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Views of one organisation that are remembered: its queues, and its people's own lists.
const MAX_VIEWS: usize = 10_000;

/// What was counted last, by organisation.
#[derive(Default)]
pub struct Counts(Mutex<HashMap<OrganisationId, Counted>>);

/// Counts that hold as long as nothing has happened since event number `at`.
#[derive(Default)]
struct Counted {
    at: i64,
    views: HashMap<View, i64>,
}

/// How many tickets some views hold, each counted up to `limit`, which is the same for every call.
pub async fn counts(
    app: &App,
    ctx: &Ctx,
    views: &[View],
    limit: i64,
) -> Result<Vec<i64>, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let organisation = ctx.organisation;
    let mut conn = app.read().await?;
    // Read before the rows are counted: what happens in between is counted again when the number has moved.
    let at = events::latest_in(&mut conn, organisation).await?;
    let mut known: Vec<Option<i64>> = {
        let mut all = app.counts.0.lock();
        let counted = all.entry(organisation).or_default();
        if counted.at != at || counted.views.len() > MAX_VIEWS {
            *counted = Counted {
                at,
                views: HashMap::new(),
            };
        }
        views
            .iter()
            .map(|view| counted.views.get(view).copied())
            .collect()
    };
    let mut fresh = Vec::new();
    for (view, known) in views.iter().zip(&mut known) {
        if known.is_none() {
            let count = store::count(&mut conn, organisation, view, limit).await?;
            fresh.push((view.clone(), count));
            *known = Some(count);
        }
    }
    if !fresh.is_empty()
        && let Some(counted) = app.counts.0.lock().get_mut(&organisation)
        && counted.at == at
    {
        counted.views.extend(fresh);
    }
    Ok(known.into_iter().flatten().collect())
}
