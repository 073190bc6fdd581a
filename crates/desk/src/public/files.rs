//! Forms with files, read part by part, and the files put under lock.

use crate::app::App;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::records::uploads::media_type;
use crate::records::{Sealing, blobs};
use crate::timeline::NewAttachment;
use axum::extract::Request;
use bedside_codecs::mail::clean_file_name;
use bedside_web::Problem;
use bedside_web::multipart::{self, LeftOut, Limits};
use bytes::Bytes;

/// Files that one message may bring.
pub const MAX_FILES: usize = 5;
/// Largest file, in bytes; said to people as 25 MB.
const MAX_FILE: usize = 25 << 20;
/// Largest sum of all files, in bytes; said to people as 60 MB.
const MAX_TOGETHER: usize = 60 << 20;
/// Most of one typed text that is kept, in bytes. More than any field takes, so that the words of somebody who wrote too
/// much come back with the page that says so.
const MAX_TEXT: usize = 2 << 20;
/// Most parts of a form. Somebody may choose a whole folder of pictures.
const MAX_PARTS: usize = 1000;

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
            .map_or("", |(_, text)| text)
    }
}

/// Reads a form. What is too much of it loses nobody's words: a text over [`MAX_TEXT`] is cut off there, which is still
/// too long for every field; files that are too many or too large are left out and [`Sent::refused`] says so.
pub async fn read(request: Request) -> Result<Sent, Problem> {
    let limits = Limits {
        file: MAX_FILE,
        text: MAX_TEXT,
        total: MAX_TOGETHER,
        parts: MAX_PARTS,
    };
    let form = multipart::collect(request, limits, MAX_FILES).await?;
    let refused = form.left_out.map(|why| match why {
        LeftOut::TooMany => "public-error-files-many",
        LeftOut::TooLarge => "public-error-files-large",
        LeftOut::TooLargeTogether => "public-error-files-together",
    });
    let texts = form.texts.iter().map(|(name, text)| {
        // Browsers end lines with two characters and count one. Of a text that goes on the spaces count too, or what is
        // left of it might fit its field.
        let text = text.replace("\r\n", "\n");
        let whole = !form.is_cut(name);
        let text = if whole { text.trim().to_owned() } else { text };
        (name.clone(), text)
    });
    Ok(Sent {
        texts: texts.collect(),
        files: form
            .files
            .into_iter()
            .filter(|file| !file.bytes.is_empty())
            .map(|file| (file.name, file.bytes))
            .collect(),
        refused,
    })
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
            media_type: media_type(name, bytes).to_owned(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            content_id: None,
            inline: false,
        });
    }
    Ok(kept)
}
