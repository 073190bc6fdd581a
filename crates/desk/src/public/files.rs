//! Forms with files, read part by part, and the files put under lock.
//!
//! Whatever is wrong with a form's files, its words are read: what can't be kept is left out and told.

use crate::app::App;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::records::{Sealing, blobs};
use crate::timeline::NewAttachment;
use axum::extract::Request;
use axum::http::StatusCode;
use bedside_codecs::mail::clean_file_name;
use bedside_web::Problem;
use bedside_web::multipart::{Limits, Multipart, Part};
use bytes::{Bytes, BytesMut};

/// Files that one message may bring. The form says so, as it does of the sizes in [`Limits::DEFAULT`].
pub const MAX_FILES: usize = 5;
/// Most of one typed text that is kept, in bytes. More than any field takes, so that the words of somebody who wrote too
/// much come back with the page that says so.
const MAX_TEXT: usize = 2 << 20;
/// What is read of a form and left out at most, in bytes: a film of some minutes. What stands after it is read as well.
const MAX_SKIPPED: usize = 1 << 30;

/// Why files were left out. The words are there all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// More than [`MAX_FILES`].
    Many,
    /// One of them, or all together.
    Large,
    /// Others have the memory at the moment.
    NoRoom,
    /// They took too long.
    Slow,
    /// The form was not one whose files are kept.
    NotKept,
}

impl Refused {
    /// The key of the text that says so.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Many => "public-error-files-many",
            Self::Large => "public-error-files-large",
            Self::NoRoom => "public-error-files-no-room",
            Self::Slow => "public-error-files-slow",
            Self::NotKept => "public-note-files",
        }
    }

    /// The status of the page that says so.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Many | Self::Large | Self::NotKept => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

/// What a form sent.
#[derive(Debug, Default)]
pub struct Sent {
    texts: Vec<(String, String)>,
    /// Files with content, as the sender names them.
    pub files: Vec<(String, Bytes)>,
    /// What is wrong with the files, if anything is.
    pub refused: Option<Refused>,
}

impl Sent {
    /// The first text with this name, without the spaces around it; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.texts
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, text)| text.trim())
    }

    /// Whether any file was sent, kept or not.
    pub fn had_files(&self) -> bool {
        !self.files.is_empty() || self.refused.is_some()
    }

    /// The first thing that is wrong is told.
    fn refuse(&mut self, why: Refused) {
        self.refused.get_or_insert(why);
    }
}

/// Reads a form. A text over [`MAX_TEXT`] is cut off there. Files that can't be kept don't lose the words: they are left
/// out and [`Sent::refused`] says why. `keeps` looks at the texts before a file; where it says no, the file takes no
/// memory.
pub async fn read(request: Request, keeps: impl Fn(&Sent) -> bool) -> Result<Sent, Problem> {
    let limits = Limits {
        text: MAX_TEXT,
        total: Limits::DEFAULT.total + MAX_TEXT,
        skipped: MAX_SKIPPED,
        parts: 40,
        ..Limits::DEFAULT
    };
    let mut form = Multipart::with_limits(request, limits).await?;
    let mut sent = Sent::default();
    loop {
        match next(&mut form, &mut sent, &keeps).await {
            Ok(true) => {}
            Ok(false) => return Ok(sent),
            // What was read until then is there.
            Err(problem) if problem.code_str() == "too_large" => {
                sent.refuse(Refused::Large);
                return Ok(sent);
            }
            Err(problem) if problem.code_str() == "too_slow" && !sent.texts.is_empty() => {
                sent.refuse(Refused::Slow);
                return Ok(sent);
            }
            Err(problem) => return Err(problem),
        }
    }
}

/// Reads one part; `false` after the last one.
async fn next(
    form: &mut Multipart,
    sent: &mut Sent,
    keeps: &impl Fn(&Sent) -> bool,
) -> Result<bool, Problem> {
    let Some(part) = form.next().await? else {
        return Ok(false);
    };
    match part.file_name.clone() {
        None => sent.texts.push(text(part).await?),
        Some(name) => file(part, name, sent, keeps).await?,
    }
    Ok(true)
}

async fn text(mut part: Part<'_>) -> Result<(String, String), Problem> {
    let name = part.name.clone();
    let (mut bytes, mut cut) = (Vec::new(), false);
    loop {
        match part.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            // The field's own check says that it is too long.
            Err(problem) if problem.member("field").is_some() => {
                cut = true;
                break;
            }
            Err(problem) => return Err(problem),
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        // Cut off in the middle of a character.
        Err(error) if cut => Ok((name, String::from_utf8_lossy(error.as_bytes()).into_owned())),
        Err(_) => Err(Problem::invalid_field(
            name,
            "invalid",
            "This text isn't UTF-8.",
        )),
    }
}

async fn file(
    mut part: Part<'_>,
    name: String,
    sent: &mut Sent,
    keeps: &impl Fn(&Sent) -> bool,
) -> Result<(), Problem> {
    let mut bytes = BytesMut::new();
    loop {
        let why = match part.chunk().await {
            Ok(None) if bytes.is_empty() => return Ok(()),
            Ok(None) => {
                sent.files.push((name, bytes.freeze()));
                return Ok(());
            }
            Ok(Some(_)) if sent.files.len() >= MAX_FILES => Refused::Many,
            Ok(Some(chunk)) if keeps(sent) => {
                bytes.extend_from_slice(&chunk);
                continue;
            }
            Ok(Some(_)) => Refused::NotKept,
            Err(problem) if problem.code_str() == "too_large" => Refused::Large,
            Err(problem) if problem.code_str() == "no_room" => Refused::NoRoom,
            Err(problem) => return Err(problem),
        };
        sent.refuse(why);
        return part.skip().await;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::I18n;
    use bedside_web::Locale;

    #[test]
    fn the_texts_name_the_limits_that_hold() {
        let mb = |bytes: usize| format!("{} MB", bytes >> 20);
        let (each, together) = (mb(Limits::DEFAULT.file), mb(Limits::DEFAULT.total));
        for locale in Locale::ALL {
            let t = bedside_web::i18n::Texts::new(locale);
            let help = t.with("public-request-files-help", "count", MAX_FILES);
            assert!(help.contains(&MAX_FILES.to_string()), "{help}");
            for text in [
                &help,
                t.text("public-error-files-large"),
                t.text("problem-too-large-detail"),
            ] {
                assert!(text.contains(&each) && text.contains(&together), "{text}");
            }
            let many = I18n::global().text(locale, "public-error-files-many");
            assert!(many.contains(&MAX_FILES.to_string()), "{many}");
        }
    }
}
