//! Tickets and each other: merge, split, link, follow; and the end of the links to one.

use super::parts::{Answer, DONE, InPath, Made};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::{MessageId, TicketId};
use crate::links;
use crate::router::{Access, Route};
use crate::tickets;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::Problem;
use bedside_web::json::Json;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Messages that one split moves at most.
const MAX_MOVED: usize = 200;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Api(Permission::TicketsWrite);
    vec![
        Route::post("/api/v1/tickets/{id}/merge", write, merge),
        Route::post("/api/v1/tickets/{id}/split", write, split),
        Route::post("/api/v1/tickets/{id}/links", write, link),
        Route::post(
            "/api/v1/tickets/{id}/person-links/revoke",
            write,
            revoke_links,
        ),
        Route::post(
            "/api/v1/tickets/{id}/follow",
            Access::Api(Permission::TicketsRead),
            follow,
        ),
        Route::delete(
            "/api/v1/tickets/{id}/follow",
            Access::Api(Permission::TicketsRead),
            unfollow,
        ),
    ]
}

/// Where to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeIn {
    /// The ticket that stays.
    into: Uuid,
}

/// Puts everything of this ticket into another one of the same requester or patient, and closes this one.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/merge", tag = "Tickets", request_body = MergeIn,
    responses((status = 204, description = "Merged.")))]
pub(super) async fn merge(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    Json(new): Json<MergeIn>,
) -> Answer<StatusCode> {
    tickets::merge(&app, &ctx, id, TicketId::from_uuid(new.into)).await?;
    Ok(DONE)
}

/// What becomes a ticket of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SplitIn {
    /// The messages that move, at most 200.
    #[schema(min_items = 1, max_items = 200)]
    messages: Vec<Uuid>,
    /// The new ticket's subject.
    subject: String,
}

/// Makes a ticket of its own out of some messages.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/split", tag = "Tickets", request_body = SplitIn,
    responses((status = 201, description = "The new ticket.", body = Made)))]
pub(super) async fn split(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    Json(new): Json<SplitIn>,
) -> Answer<Response> {
    if new.messages.len() > MAX_MOVED {
        return Err(Problem::invalid_field(
            "messages",
            "too_many",
            "Move at most 200 messages at once.",
        ));
    }
    let mut messages: Vec<MessageId> = new.messages.into_iter().map(MessageId::from_uuid).collect();
    messages.sort_unstable();
    messages.dedup();
    Ok(Made::at(
        "/api/v1/tickets",
        tickets::split(&app, &ctx, id, messages, new.subject).await?,
    ))
}

/// The other one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkIn {
    /// The ticket that has to do with this one.
    ticket_id: Uuid,
}

/// Links two tickets that have to do with each other.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/links", tag = "Tickets", request_body = LinkIn,
    responses((status = 204, description = "Linked.")))]
pub(super) async fn link(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    Json(new): Json<LinkIn>,
) -> Answer<StatusCode> {
    tickets::link(&app, &ctx, id, TicketId::from_uuid(new.ticket_id)).await?;
    Ok(DONE)
}

/// A token has no list of its own, whatever it may do.
fn for_people(ctx: &Ctx) -> Answer<()> {
    match ctx.actor.staff() {
        Some(_) => Ok(()),
        None => Err(Problem::forbidden()
            .detail("Only people follow tickets. A token hears of them at /api/v1/events.")),
    }
}

/// Ends the personal links to a ticket, in every mail that carries one: for a link that was sent to somebody it is not
/// for. The patient gets a fresh one with the next answer.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/person-links/revoke", tag = "Tickets",
    responses((status = 204, description = "They open nothing any more.")))]
pub(super) async fn revoke_links(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
) -> Answer<StatusCode> {
    links::revoke_ticket(&app, &ctx, id).await?;
    Ok(DONE)
}

/// Follows a ticket. For people, so a bearer token is refused.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/follow", tag = "Tickets",
    responses((status = 204, description = "Followed.")))]
pub(super) async fn follow(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
) -> Answer<StatusCode> {
    for_people(&ctx)?;
    tickets::follow(&app, &ctx, id, true).await?;
    Ok(DONE)
}

/// Follows a ticket no more.
#[utoipa::path(delete, path = "/api/v1/tickets/{id}/follow", tag = "Tickets",
    responses((status = 204, description = "No longer followed.")))]
pub(super) async fn unfollow(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
) -> Answer<StatusCode> {
    for_people(&ctx)?;
    tickets::follow(&app, &ctx, id, false).await?;
    Ok(DONE)
}
