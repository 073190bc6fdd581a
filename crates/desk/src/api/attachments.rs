//! Files: brought before the message that uses them, and read piece by piece.

use super::parts::{Answer, InPath};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::{AttachmentId, BlobId, OrganisationId};
use crate::records::{blobs, uploads};
use crate::router::{Access, Route};
use crate::timeline;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bedside_vault::secret;
use bedside_web::Problem;
use bedside_web::headers::SANDBOX_POLICY;
use bedside_web::json::Json;
use bedside_web::multipart::{Limits, Multipart};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use std::fmt::Write;
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
        let content = secret::token_hash(&data_encoding::BASE64.encode(&bytes));
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

/// Reads a file of a message. It comes as a download that no browser shows or runs.
#[utoipa::path(get, path = "/api/v1/attachments/{id}", tag = "Files",
    responses((status = 200, description = "The file.", content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn download(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<AttachmentId>,
) -> Answer<Response> {
    let (file, _) = timeline::attachment(&app, &ctx, id).await?;
    // The first piece is read before the answer begins, so that a file that can't be read is a problem and no
    // answer that breaks off.
    let first = blobs::piece(&app, ctx.organisation, file.blob, 0)
        .await?
        .ok_or_else(Problem::gone)?;
    let mut response = Response::new(pieces(app, ctx.organisation, file.blob, first));
    let headers = response.headers_mut();
    let media = HeaderValue::from_str(&file.media_type);
    headers.insert(
        header::CONTENT_TYPE,
        media.unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.size));
    headers.insert(header::CONTENT_DISPOSITION, disposition(&file.name));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(SANDBOX_POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn pieces(app: App, organisation: OrganisationId, blob: BlobId, first: Vec<u8>) -> Body {
    let start = (Some(first), 1);
    Body::from_stream(stream::try_unfold(start, move |(ready, next)| {
        let app = app.clone();
        async move {
            if let Some(bytes) = ready {
                return Ok(Some((Bytes::from(bytes), (None, next))));
            }
            let piece = blobs::piece(&app, organisation, blob, next).await;
            let piece = piece.map_err(|error| std::io::Error::other(error.to_string()))?;
            Ok::<_, std::io::Error>(piece.map(|bytes| (Bytes::from(bytes), (None, next + 1))))
        }
    }))
}

/// `attachment` with the name in the two spellings of RFC 6266: plain for old clients, exact for the others.
fn disposition(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut exact = String::with_capacity(name.len());
    for byte in name.bytes() {
        // The characters that RFC 8187 leaves as they are.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            let _ = write!(exact, "%{byte:02X}");
        }
    }
    HeaderValue::from_str(&format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"
    ))
    .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_given_in_both_spellings() {
        assert_eq!(
            disposition("informe médico.pdf"),
            "attachment; filename=\"informe m_dico.pdf\"; filename*=UTF-8''informe%20m%C3%A9dico.pdf"
        );
    }

    proptest! {
        #[test]
        fn no_name_breaks_out_of_the_header(name in "(?s).{0,80}") {
            let value = disposition(&name);
            let text = value.to_str().unwrap();
            prop_assert_eq!(text.matches('"').count(), 2);
            prop_assert_eq!(text.matches(';').count(), 2);
        }
    }
}
