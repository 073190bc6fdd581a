//! Files that come with an answer, and files to download.

use super::layout::Page;
use crate::app::App;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{AttachmentId, BlobId, OrganisationId};
use crate::records::{Sealing, blobs};
use crate::router::{Access, Route};
use crate::timeline::{self, NewAttachment};
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bedside_codecs::mail::clean_file_name;
use bedside_web::headers::SANDBOX_POLICY;
use bedside_web::multipart::File;
use bytes::Bytes;
use futures_util::stream;
use std::fmt::Write as _;

/// Files of one message at most.
const MAX_FILES: usize = 20;
/// Media types that a browser is told; anything else is bytes to be saved. All of them are downloads.
const TOLD: [&str; 6] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "text/plain",
];

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(
        "/attachments/{file}",
        Access::Staff(Permission::TicketsRead),
        download,
    )]
}

/// Puts the files of a form under lock with a ticket's key (`sealing`). Types are sniffed; what a sender says is not believed.
pub(super) async fn keep(
    page: &Page,
    sealing: &Sealing,
    files: &[File],
) -> Result<Vec<NewAttachment>, DeskError> {
    page.ctx.authorize(Permission::TicketsWrite)?;
    if files.len() > MAX_FILES {
        return Err(DeskError::invalid(
            "attachments",
            "too_many",
            "A message has at most 20 files.",
        ));
    }
    let organisation = page.ctx.organisation;
    let mut kept = Vec::with_capacity(files.len());
    for file in files {
        kept.push(NewAttachment {
            blob: blobs::write(&page.app, organisation, sealing, &file.bytes).await?,
            name: clean_file_name(&file.name),
            media_type: infer::get(&file.bytes)
                .map_or("application/octet-stream", |kind| kind.mime_type())
                .to_owned(),
            size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
            content_id: None,
            inline: false,
        });
    }
    Ok(kept)
}

/// A file of a message.
async fn download(page: Page, Path(id): Path<AttachmentId>) -> Result<Response, DeskError> {
    let (file, _) = timeline::attachment(&page.app, &page.ctx, id).await?;
    let told = Told {
        name: &file.name,
        media_type: &file.media_type,
        size: file.size,
    };
    hand_out(&page.app, page.ctx.organisation, file.blob, &told).await
}

/// What a browser is told about a file.
pub(crate) struct Told<'a> {
    /// File name.
    pub name: &'a str,
    /// Sniffed media type.
    pub media_type: &'a str,
    /// Bytes.
    pub size: i64,
}

/// A file for a reader who may have it: always a download that no browser runs. Pictures in a text are shown by their
/// address.
pub(crate) async fn hand_out(
    app: &App,
    organisation: OrganisationId,
    blob: BlobId,
    file: &Told<'_>,
) -> Result<Response, DeskError> {
    // The first piece is read before the answer begins, so that a broken file is a problem and not half a download.
    let first = blobs::piece(app, organisation, blob, 0)
        .await?
        .unwrap_or_default();
    let app = app.clone();
    let pieces = stream::try_unfold((Some(first), 0), move |(ready, number)| {
        let app = app.clone();
        async move {
            let piece = match ready {
                Some(first) => Some(first),
                None => blobs::piece(&app, organisation, blob, number)
                    .await
                    .map_err(|error| std::io::Error::other(error.to_string()))?,
            };
            Ok::<_, std::io::Error>(piece.map(|bytes| (Bytes::from(bytes), (None, number + 1))))
        }
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let told = TOLD
        .into_iter()
        .find(|known| *known == file.media_type)
        .unwrap_or("application/octet-stream");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(told));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.size));
    headers.insert(header::CONTENT_DISPOSITION, disposition(file.name));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(SANDBOX_POLICY),
    );
    Ok(response)
}

/// `attachment` with the name as RFC 6266 and RFC 8187 want it.
fn disposition(name: &str) -> HeaderValue {
    let mut exact = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            let _ = write!(exact, "%{byte:02X}");
        }
    }
    HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{exact}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_in_its_place() {
        let name = disposition("\"; x=<b>\r\nñ.pdf");
        assert_eq!(
            name,
            "attachment; filename*=UTF-8''%22%3B%20x%3D%3Cb%3E%0D%0A%C3%B1.pdf"
        );
    }
}
