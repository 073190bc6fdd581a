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

/// Reads a form. Too many or too large files don't lose the words: they are left out and [`Sent::refused`] says so.
pub async fn read(request: Request) -> Result<Sent, Problem> {
    let limits = Limits {
        file: MAX_FILE,
        text: 256 * 1024,
        total: 60 << 20,
        parts: 40,
    };
    let mut form = Multipart::with_limits(request, limits).await?;
    let mut sent = Sent::default();
    while let Some(mut part) = form.next().await? {
        let (name, file_name) = (part.name.clone(), part.file_name.clone());
        let mut bytes = Vec::new();
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
                Err(problem) => return Err(problem),
            }
        }
        match file_name {
            None => {
                let text = String::from_utf8(bytes).map_err(|_| {
                    Problem::invalid_field(name.clone(), "invalid", "This text isn't UTF-8.")
                })?;
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
