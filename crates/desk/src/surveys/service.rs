//! Giving and counting ratings.

use super::model::{MAX_COMMENT, Rated, Rating, Summary, day_of, weight};
use super::store::{self, Said};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{OrganisationId, TicketId};
use crate::links::{self, Purpose};
use crate::records;
use crate::tickets::{self, Urgency, model::Ticket};
use futures_util::FutureExt;

/// Stores the rating of the person whose link this is. A second one corrects the first, in the counts too; a comment
/// that is left out stays as it was. A link that does not work, or a request that was a crisis, is
/// [`DeskError::Gone`].
pub async fn rate(
    app: &App,
    token: &str,
    score: i64,
    comment: Option<String>,
) -> Result<Rated, DeskError> {
    if !(1..=5).contains(&score) {
        return Err(DeskError::invalid(
            "score",
            "out_of_range",
            "Choose a number from 1 to 5.",
        ));
    }
    let comment = comment.filter(|comment| !comment.trim().is_empty());
    if comment
        .as_deref()
        .is_some_and(|comment| comment.chars().count() > MAX_COMMENT)
    {
        return Err(DeskError::invalid(
            "comment",
            "too_long",
            "A comment has at most 2,000 characters.",
        ));
    }
    let visit = links::visit(app, token, Purpose::Rating).await?;
    let ticket = tickets::row_for(app, visit.ctx.organisation, visit.ticket).await?;
    if is_crisis(&ticket) {
        return Err(DeskError::Gone);
    }
    let contact = visit.contact;
    let rated = Rated {
        number: ticket.number,
        score,
        locale: ticket.locale,
    };
    app.command(&visit.ctx, move |work| {
        async move {
            let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
            let old = store::one(work, organisation, ticket.id).await?;
            let key = old.as_ref().map_or(ticket.key, |old| old.key);
            let sealing = records::sealing(&app, work, organisation, key).await?;
            let comment =
                comment.map(|text| sealing.text("ratings", "comment", ticket.id, text.trim()));
            let said = Said {
                ticket: ticket.id,
                contact,
                score,
                comment: comment.as_ref(),
                at: now,
            };
            let (kept, cell) = match &old {
                None => {
                    let kept =
                        store::insert(work, organisation, (ticket.queue, key), &said).await?;
                    (kept, (day_of(now), ticket.queue))
                }
                Some(old) => {
                    let kept = store::update(work, organisation, old.score, &said).await?;
                    (kept, (day_of(old.created_at), old.queue))
                }
            };
            if !kept {
                return Err(DeskError::Unavailable(
                    "two ratings of one request at once".to_owned(),
                ));
            }
            let new = weight(score);
            let before = old.map_or((0, 0, 0), |old| weight(old.score));
            let change = (new.0 - before.0, new.1 - before.1, new.2 - before.2);
            store::count(work, organisation, cell, change).await?;
            work.audit(NewEntry::new("ticket.rate", "ticket", ticket.id));
            work.event(
                kind::TICKET_RATED,
                Some(ticket.id),
                None,
                &serde_json::json!({ "score": score }),
            );
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(rated)
}

/// Whether somebody was in danger: then nobody is asked how it went.
pub(crate) fn is_crisis(ticket: &Ticket) -> bool {
    ticket.urgency == Urgency::Emergency || ticket.safety == "emergency"
}

/// Whether somebody said how it went already.
pub(crate) async fn is_rated(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<bool, DeskError> {
    let mut conn = app.read().await?;
    Ok(store::one(&mut conn, organisation, ticket).await?.is_some())
}

/// The rating of one request, for somebody who may read it.
pub async fn of_ticket(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
) -> Result<Option<Rating>, DeskError> {
    let leave = records::open(
        app,
        ctx,
        Permission::TicketsRead,
        records::Purpose::Operations,
        "rating.read",
        "ticket",
        ticket,
    )
    .await?;
    let mut conn = app.read().await?;
    let Some(row) = store::one(&mut conn, ctx.organisation, ticket).await? else {
        return Ok(None);
    };
    let comment = match &row.comment {
        Some(sealed) => Some(
            leave
                .text(&mut conn, row.key, ("ratings", "comment"), ticket, sealed)
                .await?,
        ),
        None => None,
    };
    Ok(Some(Rating {
        score: row.score,
        comment,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

/// Counts of the days from `from_day` to `to_day` (see [`day_of`]), both included.
pub async fn summary(
    app: &App,
    ctx: &Ctx,
    from_day: i64,
    to_day: i64,
) -> Result<Summary, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let queues = store::summary(&mut app.read().await?, ctx.organisation, from_day, to_day).await?;
    Ok(Summary {
        answers: queues.iter().map(|queue| queue.answers).sum(),
        positive: queues.iter().map(|queue| queue.positive).sum(),
        score_sum: queues.iter().map(|queue| queue.score_sum).sum(),
        queues,
    })
}
