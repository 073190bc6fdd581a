//! Files: brought before the message that uses them, and read piece by piece.

use super::parts::{Answer, InPath};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::downloads::{FileOf, Wanted, hand_out_file};
use crate::ids::AttachmentId;
use crate::records::uploads;
use crate::router::{Access, Route};
use crate::timeline;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bedside_vault::secret;
use bedside_web::Problem;
use bedside_web::json::Json;
use bedside_web::multipart::{Limits, Multipart};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// What one upload may hold: a single file.
const LIMITS: Limits = Limits {
    file: uploads::MAX_FILE,
    text: 1024,
    total: uploads::MAX_FILE + 1024,
    parts: 2,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/attachments",
            Access::Api(Permission::TicketsWrite),
            upload,
        ),
        Route::get(
            "/api/v1/attachments/{id}",
            Access::Api(Permission::TicketsRead),
            download,
        ),
    ]
}

/// A file that was brought.
#[derive(Serialize, ToSchema)]
pub(super) struct UploadOut {
    /// By this you name it in `attachments` of a ticket, an answer or a note, for a day.
    id: Uuid,
    /// Cleaned file name.
    name: String,
    /// Media type, found by looking at the content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// Bytes.
    size: i64,
}

/// One file, as a form with a part called `file`.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form; the parts are read one by one"
)]
pub(super) struct UploadForm {
    /// The file, at most 25 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Brings a file for a message that you send next. Only you can use it.
#[utoipa::path(post, path = "/api/v1/attachments", tag = "Files",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Kept for a day.", body = UploadOut)))]
pub(super) async fn upload(
    mut ctx: Ctx,
    State(app): State<App>,
    request: Request,
) -> Answer<Response> {
    let mut form = Multipart::with_limits(request, LIMITS).await?;
    let required =
        || Problem::invalid_field("file", "required", "Send one file, in a part called file.");
    let part = form.next().await?.ok_or_else(required)?;
    let Some(name) = part.file_name.clone().filter(|_| part.name == "file") else {
        return Err(required());
    };
    let bytes = part.bytes().await?;
    if form.next().await?.is_some() {
        return Err(Problem::invalid_field(
            "file",
            "too_many",
            "Send one file at a time.",
        ));
    }
    if let Some(once) = &ctx.once {
        let content = secret::content_hash(&bytes);
        ctx.once = Some(Arc::new(
            once.and(&[name.as_bytes(), b"\0", &content].concat()),
        ));
    }
    let kept = uploads::keep(&app, &ctx, &name, &bytes).await?;
    let body = UploadOut {
        id: kept.id.uuid(),
        name: kept.name,
        media_type: kept.media_type,
        size: kept.size,
    };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Reads a file of a message. It comes as a download that no browser shows or runs. A picture comes without what its
/// camera wrote into it (place, time, owner), and so may be smaller than `size` says. A file that the virus scanner has not
/// seen yet, or in which it found something, answers `409` with `file_waiting`, `file_unchecked` or `file_infected`.
#[utoipa::path(get, path = "/api/v1/attachments/{id}", tag = "Files",
    responses((status = 200, description = "The file.", content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn download(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<AttachmentId>,
) -> Answer<Response> {
    let (file, _) = timeline::attachment(&app, &ctx, id).await?;
    let (organisation, file) = (ctx.organisation, FileOf::from(&file));
    Ok(hand_out_file(&app, organisation, &file, Wanted::Copy).await?)
}
