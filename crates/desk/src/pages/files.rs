//! Files that come with an answer, and files to download.

use super::layout::Page;
use crate::context::Permission;
use crate::downloads::{Told, hand_out};
use crate::error::DeskError;
use crate::ids::AttachmentId;
use crate::records::{Sealing, blobs};
use crate::router::{Access, Route};
use crate::timeline::{self, NewAttachment};
use axum::extract::Path;
use axum::response::Response;
use bedside_codecs::mail::clean_file_name;
use bedside_web::multipart::File;

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
