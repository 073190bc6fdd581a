//! Forms with files, read part by part, and the files put under lock.

use crate::app::App;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::records::{Sealing, blobs};
use crate::timeline::NewAttachment;
use axum::extract::Request;
use bedside_codecs::mail::clean_file_name;
use bedside_web::Problem;
use bedside_web::multipart::{Limits, Multipart};
use bytes::Bytes;

/// Files that one message may bring.
pub const MAX_FILES: usize = 5;
/// Most of one typed text that is kept, in bytes. More than any field takes, so that the words of somebody who wrote too
/// much come back with the page that says so.
const MAX_TEXT: usize = 2 << 20;
/// Largest file, in bytes; said to people as 25 MB.
pub const MAX_FILE: usize = 25 << 20;

/// What a form sent.
#[derive(Debug, Default)]
pub struct Sent {
    texts: Vec<(String, String)>,
    /// Files with content, as the sender names them.
    pub files: Vec<(String, Bytes)>,
    /// The key of the text that says what is wrong with the files, if anything is.
    pub refused: Option<&'static str>,
}

impl Sent {
    /// The first text with this name, without the spaces around it; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.texts
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, text)| text.trim())
    }
}

/// Reads a form. A text over [`MAX_TEXT`] is cut off there. Too many or too large files don't lose the words: they are left out and [`Sent::refused`] says so.
pub async fn read(request: Request) -> Result<Sent, Problem> {
    let limits = Limits {
        file: MAX_FILE,
        text: MAX_TEXT,
        total: 60 << 20,
        parts: 40,
    };
    let mut form = Multipart::with_limits(request, limits).await?;
    let mut sent = Sent::default();
    while let Some(mut part) = form.next().await? {
        let (name, file_name) = (part.name.clone(), part.file_name.clone());
        let (mut bytes, mut cut) = (Vec::new(), false);
        loop {
            match part.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break,
                // Over the limit of one file: the rest of it is skipped with the part.
                Err(problem) if file_name.is_some() && problem.member("field").is_some() => {
                    sent.refused = Some("public-error-files-large");
                    bytes.clear();
                    break;
                }
                // The field's own check says that it is too long.
                Err(problem) if problem.member("field").is_some() => {
                    cut = true;
                    break;
                }
                Err(problem) => return Err(problem),
            }
        }
        match file_name {
            None => {
                let text = match String::from_utf8(bytes) {
                    Ok(text) => text,
                    // Cut off in the middle of a character.
                    Err(error) if cut => String::from_utf8_lossy(error.as_bytes()).into_owned(),
                    Err(_) => {
                        return Err(Problem::invalid_field(
                            name,
                            "invalid",
                            "This text isn't UTF-8.",
                        ));
                    }
                };
                sent.texts.push((name, text));
            }
            Some(_) if bytes.is_empty() => {}
            Some(_) if sent.files.len() >= MAX_FILES => {
                sent.refused = Some("public-error-files-many");
            }
            Some(file_name) => sent.files.push((file_name, bytes.into())),
        }
    }
    Ok(sent)
}

/// Puts files under lock with the key of the person they belong to.
pub async fn keep(
    app: &App,
    organisation: OrganisationId,
    sealing: &Sealing,
    files: &[(String, Bytes)],
) -> Result<Vec<NewAttachment>, DeskError> {
    let mut kept = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        kept.push(NewAttachment {
            blob: blobs::write(app, organisation, sealing, bytes).await?,
            name: clean_file_name(name),
            media_type: infer::get(bytes)
                .map_or("application/octet-stream", |found| found.mime_type())
                .to_owned(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            content_id: None,
            inline: false,
        });
    }
    Ok(kept)
}
