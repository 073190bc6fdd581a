//! What of a ticket is shown while whoever is on the line may be somebody else.

use super::model::Ticket;
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::identity::{self, Scene};
use crate::ids::TicketId;
use crate::orgs::Clinic;
use crate::records::{About, Labels, Sight, restricted};
use crate::staff::Queues;
use bedside_db::Conn;
use std::collections::{HashMap, HashSet};

/// Whom a ticket is about, with what of them is shown in its conversation, and how that is before the actor.
pub(super) async fn about_in(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    ticket: &Ticket,
) -> Result<(About, Scene), DeskError> {
    let scene = identity::scene(app, conn, ctx, ticket).await?;
    Ok((ticket.about.within(scene.sight), scene))
}

/// Takes out what is not shown; says of which fields.
pub(super) fn hide(
    fields: &mut serde_json::Map<String, serde_json::Value>,
    clinic: &Clinic,
    sight: Sight,
) -> Vec<String> {
    let shown = |code: &str| {
        let field = clinic.fields.iter().find(|one| one.code == code);
        let group = field.and_then(|field| field.group);
        group.is_none_or(|group| sight.shows(group))
    };
    let mut hidden = Vec::new();
    fields.retain(|code, value| {
        let stays = value.is_null() || shown(code);
        if !stays {
            hidden.push(code.clone());
        }
        stays
    });
    hidden
}

/// Those of `ids` of which the actor hears when something happens to them, each with whether they hear what: the words of a
/// patient who is kept from them are not theirs, and a request that waits in another queue is not there for them.
pub(crate) async fn heard(
    app: &App,
    ctx: &Ctx,
    ids: impl Iterator<Item = TicketId>,
) -> Result<HashMap<TicketId, bool>, DeskError> {
    let ids: HashSet<TicketId> = ids.collect();
    let everywhere = ctx.reach().queues == Queues::All;
    // Those of a later release as well, which are kept from everybody but the desk itself.
    let every_label = Labels::from_bits(-1);
    if ids.is_empty() || (everywhere && ctx.sees(every_label)) {
        return Ok(ids.into_iter().map(|id| (id, true)).collect());
    }
    let mut conn = app.read().await?;
    let ids: Vec<TicketId> = ids.into_iter().collect();
    let whom = restricted::about_tickets(&mut conn, ctx.organisation, &ids).await?;
    let open = restricted::opened_of(app, &mut conn, ctx, whom.values().copied()).await?;
    let heard = ids
        .into_iter()
        .filter_map(|id| match whom.get(&id).copied() {
            // Of one that is gone nobody knows whom it was about.
            None => everywhere.then_some((id, false)),
            Some(about) if about.queue.is_some_and(|queue| !ctx.reaches(queue)) => None,
            Some(about) => Some((id, open.admit(ctx, about))),
        });
    Ok(heard.collect())
}
