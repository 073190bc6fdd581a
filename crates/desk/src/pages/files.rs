//! Files that come with an answer, and files to download: as copies without what a camera wrote into them, or, for a reason,
//! as they came.

use super::choices::Choice;
use super::forms::Form;
use super::layout::{Page, Shell};
use crate::context::Permission;
use crate::downloads::{FileOf, Wanted, hand_out_file};
use crate::error::DeskError;
use crate::ids::AttachmentId;
use crate::records::uploads::{file_words, media_type};
use crate::records::{Sealing, blobs};
use crate::router::{Access, Route};
use crate::timeline::files::Why;
use crate::timeline::{self, NewAttachment};
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bedside_codecs::mail::clean_file_name;
use bedside_web::multipart::File;
use serde::Deserialize;

/// Where somebody asks for a file as it came.
const ORIGINAL: &str = "/attachments/{file}/original";

pub(super) fn routes() -> Vec<Route> {
    let original = Access::Staff(Permission::RestrictedOpen);
    vec![
        Route::get(
            "/attachments/{file}",
            Access::Staff(Permission::TicketsRead),
            download,
        ),
        Route::get(ORIGINAL, original, ask).confirmed(ORIGINAL),
        Route::post(ORIGINAL, original, hand_out_original).confirmed_before(ORIGINAL),
    ]
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
            media_type: media_type(&file.name, &file.bytes).to_owned(),
            size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
            content_id: None,
            inline: false,
            words: file_words(&file.name, "", &file.bytes).await?,
        });
    }
    Ok(kept)
}

/// A file of a message.
async fn download(
    page: Page,
    Path(id): Path<AttachmentId>,
    headers: HeaderMap,
) -> Result<Response, DeskError> {
    let (file, _) = timeline::attachment(&page.app, &page.ctx, id).await?;
    let (organisation, file) = (page.ctx.organisation, FileOf::from(&file));
    hand_out_file(&page.app, organisation, &file, Wanted::of(&headers)).await
}

/// Text key of a reason.
const fn why_key(why: Why) -> &'static str {
    match why {
        Why::Evidence => "original-evidence",
        Why::Care => "original-care",
        Why::Damaged => "original-damaged",
    }
}

#[derive(Template)]
#[template(path = "pages/templates/original.html")]
struct OriginalPage {
    shell: Shell,
    reasons: Vec<Choice>,
    /// Whether no reason was chosen.
    missing: bool,
}

/// The question why, about a file that is there for whoever asks.
async fn form(page: &Page, id: AttachmentId, missing: bool) -> Result<Response, DeskError> {
    timeline::has_original(&page.app, &page.ctx, id).await?;
    let t = page.texts();
    let status = if missing {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let reasons = Why::ALL.iter();
    page.show_as(
        status,
        &OriginalPage {
            shell: page.shell().await?,
            reasons: reasons
                .map(|one| Choice::new(one.code(), t.text(why_key(*one)), false))
                .collect(),
            missing,
        },
    )
}

/// Asks why the copy is not enough.
async fn ask(page: Page, Path(id): Path<AttachmentId>) -> Result<Response, DeskError> {
    form(&page, id, false).await
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    reason: String,
}

/// A file as it came.
async fn hand_out_original(
    page: Page,
    Path(id): Path<AttachmentId>,
    Form(asked): Form<Asked>,
) -> Result<Response, DeskError> {
    let Some(why) = Why::from_code(&asked.reason) else {
        return form(&page, id, true).await;
    };
    let (file, _) = timeline::original(&page.app, &page.ctx, id, why).await?;
    let (organisation, file) = (page.ctx.organisation, FileOf::from(&file));
    hand_out_file(&page.app, organisation, &file, Wanted::Original).await
}
