//! The words of a ticket: reading them, answering, noting, taking an answer back.

use super::parts::{
    Answer, DONE, InPath, Made, Page, Which, created, cursor, limit, position, seen,
};
use super::views::MessageOut;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::{MessageId, TicketId, UploadId};
use crate::records::{Class, uploads};
use crate::router::{Access, Route};
use crate::tickets::{self, Reply, Status};
use crate::timeline::MessageKind;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bedside_db::Id;
use bedside_web::json::Json;
use bedside_web::query::Query;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Api(Permission::TicketsWrite);
    vec![
        Route::get(
            "/api/v1/tickets/{id}/messages",
            Access::Api(Permission::TicketsRead),
            list,
        ),
        Route::post("/api/v1/tickets/{id}/messages", write, reply),
        Route::get(
            "/api/v1/tickets/{id}/messages/{message_id}",
            Access::Api(Permission::TicketsRead),
            show,
        ),
        Route::get(
            "/api/v1/tickets/{id}/notes",
            Access::Api(Permission::TicketsRead),
            notes,
        ),
        Route::post("/api/v1/tickets/{id}/notes", write, note),
        Route::post("/api/v1/tickets/{id}/said", write, said),
        Route::post(
            "/api/v1/tickets/{id}/messages/{message_id}/undo",
            write,
            undo,
        ),
    ]
}

/// Lists messages and notes: the newest page first, each page from old to new.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/messages", tag = "Messages", params(Which),
    responses((status = 200, description = "One page; `next` leads to older ones.", body = Page<MessageOut>)))]
pub(super) async fn list(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    Query(which): Query<Which>,
) -> Answer<Json<Page<MessageOut>>> {
    page(&app, &ctx, id, &which, None).await
}

/// Lists the notes among the staff: the newest page first, each page from old to new.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/notes", tag = "Messages", params(Which),
    responses((status = 200, description = "One page; `next` leads to older ones.", body = Page<MessageOut>)))]
pub(super) async fn notes(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    Query(which): Query<Which>,
) -> Answer<Json<Page<MessageOut>>> {
    page(&app, &ctx, id, &which, Some(MessageKind::Note)).await
}

async fn page(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    which: &Which,
    only: Option<MessageKind>,
) -> Answer<Json<Page<MessageOut>>> {
    let name = format!("messages/{id}/{}", only.map_or("", MessageKind::code));
    let before: Option<MessageId> = position(app, ctx, &name, which.cursor.as_deref())?;
    let limit = limit(which.limit)?;
    let mut found = tickets::messages(app, ctx, id, only, before, limit + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > limit);
    if more {
        found.remove(0);
    }
    let next = found
        .first()
        .filter(|_| more)
        .map(|oldest| cursor(app, ctx, &name, &oldest.id));
    Ok(Json(Page {
        items: found.into_iter().map(Into::into).collect(),
        next,
    }))
}

/// Shows one message or note.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/messages/{message_id}", tag = "Messages",
    responses((status = 200, description = "The message.", body = MessageOut)))]
pub(super) async fn show(
    ctx: Ctx,
    State(app): State<App>,
    InPath((id, message)): InPath<(TicketId, MessageId)>,
) -> Answer<Json<MessageOut>> {
    let found = tickets::message(&app, &ctx, id, message).await?;
    Ok(Json(found.into()))
}

/// An answer to the patient's side.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "The second charge will be **refunded** this week.", "status": "resolved" }))]
pub(super) struct ReplyIn {
    /// The words, Markdown.
    #[schema(min_length = 1)]
    body: String,
    /// What the words hold. Refused with 409 when whoever asks has not shown enough for it, or may not hear it. When absent:
    /// what the category usually does where that is open, else `public`.
    class: Option<Class>,
    /// What the ticket is after it; `waiting_on_patient` when absent.
    status: Option<Status>,
    /// Files that were uploaded.
    #[serde(default)]
    attachments: Vec<Uuid>,
}

/// Answers. The mail goes out when the clinic's undo window is over. With `If-Match`, only when nothing changed since.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/messages", tag = "Messages", request_body = ReplyIn,
    responses((status = 201, description = "Kept and on its way.", body = Made)))]
pub(super) async fn reply(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    headers: HeaderMap,
    Json(new): Json<ReplyIn>,
) -> Answer<Response> {
    let seen = seen(&headers)?;
    let attachments = files(&app, &ctx, id, &new.attachments).await?;
    let reply = Reply {
        attachments,
        class: new.class,
        status: new.status,
        version: seen,
        ..Reply::new(new.body)
    };
    let message = tickets::reply(&app, &ctx, id, reply).await?;
    Ok(Made::at(&format!("/api/v1/tickets/{id}/messages"), message))
}

async fn files(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    ids: &[Uuid],
) -> Answer<Vec<crate::timeline::NewAttachment>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<UploadId> = ids.iter().copied().map(Id::from_uuid).collect();
    let sealing = tickets::sealing(app, ctx, id).await?;
    let files = uploads::use_for(app, ctx, &ids, &sealing).await?;
    Ok(files.into_iter().map(Into::into).collect())
}

/// A note among the staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "Billing confirmed the double charge." }))]
pub(super) struct NoteIn {
    /// The words, Markdown.
    #[schema(min_length = 1)]
    body: String,
    /// Files that were uploaded.
    #[serde(default)]
    attachments: Vec<Uuid>,
}

/// A note that was kept.
#[derive(Serialize, ToSchema)]
pub(super) struct NoteMade {
    /// Its id.
    id: Uuid,
    /// Whether it reads as if somebody may be in danger. A note tells nobody: what the contact said belongs into
    /// `/tickets/{id}/said`, which does.
    danger: bool,
}

/// Adds an internal note. It never leaves the desk, and raises nothing: what the contact says is written down with `/said`.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/notes", tag = "Messages", request_body = NoteIn,
    responses((status = 201, description = "Kept; `danger` says whether it reads as if somebody may be in danger.", body = NoteMade)))]
pub(super) async fn note(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    Json(new): Json<NoteIn>,
) -> Answer<Response> {
    let attachments = files(&app, &ctx, id, &new.attachments).await?;
    let note = tickets::note(&app, &ctx, id, new.body, attachments).await?;
    let made = NoteMade {
        id: note.id.uuid(),
        danger: note.danger,
    };
    let at = format!("/api/v1/tickets/{id}/messages/{}", note.id);
    Ok(created(&at, &made))
}

/// What the ticket's contact says, written down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body": "She says that the rash is gone and asks when she may swim again." }))]
pub(super) struct SaidIn {
    /// The words, as plain text.
    #[schema(min_length = 1)]
    body: String,
    /// Files that were uploaded.
    #[serde(default)]
    attachments: Vec<Uuid>,
}

/// Writes down what the ticket's contact says, on the telephone for example. It counts as a message of theirs: it reopens,
/// and is looked through for danger. Nothing is acknowledged. 409 with `closed` where the request takes no more words.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/said", tag = "Messages", request_body = SaidIn,
    responses((status = 201, description = "Kept as the contact's words.", body = Made)))]
pub(super) async fn said(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    Json(new): Json<SaidIn>,
) -> Answer<Response> {
    let attachments = files(&app, &ctx, id, &new.attachments).await?;
    let said = tickets::said(&app, &ctx, id, new.body, attachments).await?;
    Ok(Made::at(&format!("/api/v1/tickets/{id}/messages"), said))
}

/// Takes an answer back while its undo window is open. Only its author can.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/messages/{message_id}/undo", tag = "Messages",
    responses((status = 204, description = "Taken back; it was never sent.")))]
pub(super) async fn undo(
    ctx: Ctx,
    State(app): State<App>,
    InPath((id, message)): InPath<(TicketId, MessageId)>,
) -> Answer<StatusCode> {
    tickets::undo(&app, &ctx, id, message).await?;
    Ok(DONE)
}
