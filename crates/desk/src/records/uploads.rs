//! Files that wait for the message they belong to. They are sealed with a key of their own, because the person whose
//! key will seal them for good is not known yet; whoever brought one can use it for a day.

use super::store::{self, UploadRow};
use super::{Sealing, blobs, sealing};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{BlobId, UploadId};
use bedside_codecs::mail::clean_file_name;
use bedside_codecs::mail::file_words::{self, FileWords};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

/// Largest file, in bytes.
pub const MAX_FILE: usize = 25 * 1024 * 1024;
/// Files of one message at most.
pub const MAX_FILES: usize = 20;

/// A file that was brought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// By this it is named in the message that uses it.
    pub id: UploadId,
    /// Cleaned file name.
    pub name: String,
    /// Sniffed media type.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
}

/// A file under the key of the message that uses it.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its bytes.
    pub blob: BlobId,
    /// Cleaned file name.
    pub name: String,
    /// Sniffed media type.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// What it says.
    pub words: FileWords,
}

/// Ends of the names of files that are text to be read.
const TEXT_NAMES: [&str; 5] = [".txt", ".text", ".md", ".csv", ".log"];

/// What a file really is, by its bytes and never by what its sender says. Text has no mark of its own: it is told by its
/// name, when its bytes are text indeed. What nothing recognises is plain bytes.
pub fn media_type(name: &str, bytes: &[u8]) -> &'static str {
    if let Some(kind) = infer::get(bytes) {
        return kind.mime_type();
    }
    let name = name.to_ascii_lowercase();
    let named = TEXT_NAMES.iter().any(|end| name.ends_with(end));
    if named && is_text(bytes) {
        TEXT
    } else {
        "application/octet-stream"
    }
}

/// The media type of text: what has it is UTF-8, and handed out as such.
pub const TEXT: &str = "text/plain";

/// Whether these bytes are UTF-8 to be read.
pub fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

/// Files of mails that are files are larger: they are taken apart on a thread of their own, so that they hold up nobody.
const READ_IN_PLACE: usize = 64 * 1024;

/// What a file is read as, by its bytes, its name, or else what its sender said.
fn read_as<'a>(name: &str, said: &'a str, bytes: &[u8]) -> &'a str {
    if let Some(kind) = infer::get(bytes) {
        return kind.mime_type();
    }
    let name = name.to_ascii_lowercase();
    if name.rsplit_once('.').is_some_and(|(_, end)| end == "eml") {
        "message/rfc822"
    } else if TEXT_NAMES.iter().any(|end| name.ends_with(end)) {
        TEXT
    } else {
        said
    }
}

/// What a file says, for the look at what came with it. `said` is the media type that its sender names, if any.
pub(crate) async fn file_words(
    name: &str,
    said: &str,
    bytes: &[u8],
) -> Result<FileWords, DeskError> {
    let kind = read_as(name, said, bytes);
    if !kind.starts_with("message/") {
        let start = &bytes[..bytes.len().min(file_words::EACH)];
        return Ok(file_words::file_words(kind, start));
    }
    if bytes.len() <= READ_IN_PLACE {
        return Ok(file_words::file_words(kind, bytes));
    }
    let (kind, bytes) = (kind.to_owned(), bytes.to_vec());
    tokio::task::spawn_blocking(move || file_words::file_words(&kind, &bytes))
        .await
        .map_err(|error| {
            DeskError::Internal(format!("a file's reader ended: panic {}", error.is_panic()))
        })
}

/// Ends of names that promise a kind of content, with the media types that such content has, the usual one first.
const PROMISED: [(&str, &[&str]); 14] = [
    (".pdf", &["application/pdf"]),
    (".png", &["image/png"]),
    (".jpg", &["image/jpeg"]),
    (".jpeg", &["image/jpeg"]),
    (".gif", &["image/gif"]),
    (".webp", &["image/webp"]),
    (".tif", &["image/tiff"]),
    (".tiff", &["image/tiff"]),
    (".bmp", &["image/bmp"]),
    (".zip", &["application/zip"]),
    (".docx", &[OFFICE[0], "application/zip"]),
    (".xlsx", &[OFFICE[1], "application/zip"]),
    (".pptx", &[OFFICE[2], "application/zip"]),
    (".mp3", &["audio/mpeg"]),
];
const OFFICE: [&str; 3] = [
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
];

/// Whether a file's name promises something else than its bytes are, which `media_type` says. Text that is not UTF-8 is
/// bytes to us, and no broken promise.
pub fn is_misnamed(name: &str, media_type: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let promised = PROMISED.iter().find(|(end, _)| name.ends_with(end));
    if let Some((_, kinds)) = promised {
        return !kinds.contains(&media_type);
    }
    let is_words = media_type.starts_with("text/") || media_type == "application/octet-stream";
    TEXT_NAMES.iter().any(|end| name.ends_with(end)) && !is_words
}

/// The name under which a file is handed out: one that promises something else gets the end of what it is, so that nothing
/// opens it as what it is not.
pub fn true_name(name: &str, media_type: &str) -> String {
    if !is_misnamed(name, media_type) {
        return name.to_owned();
    }
    let known = PROMISED.iter().find(|(_, kinds)| kinds[0] == media_type);
    let end = match known {
        Some((end, _)) => end,
        None if media_type == TEXT => ".txt",
        None => ".bin",
    };
    format!("{name}{end}")
}

/// Keeps a file until a message uses it.
pub async fn keep(app: &App, ctx: &Ctx, name: &str, bytes: &[u8]) -> Result<Upload, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    if bytes.len() > MAX_FILE {
        return Err(DeskError::TooLarge { limit: MAX_FILE });
    }
    if bytes.is_empty() {
        return Err(DeskError::invalid("file", "empty", "This file is empty."));
    }
    let actor = ctx.actor.uuid().ok_or(DeskError::Forbidden)?;
    let own = Sealing::fresh(app);
    let blob = blobs::write(app, ctx.organisation, &own, bytes).await?;
    let id: UploadId = app.id();
    let name = clean_file_name(name);
    let media_type = media_type(&name, bytes);
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let sealed = own.text("uploads", "name", id, &name);
    // The answer of an idempotent request is stored as it is given, so it holds no name.
    let id = app
        .command(ctx, move |work| {
            async move {
                let (organisation, at) = (work.ctx.organisation, work.now);
                own.store(work).await?;
                let row = UploadRow {
                    id,
                    blob,
                    actor,
                    name: &sealed,
                    media_type,
                    size,
                    at,
                };
                store::insert_upload(work, organisation, &row).await?;
                work.audit(NewEntry::new("attachment.upload", "upload", id).purpose("treatment"));
                Ok(id)
            }
            .boxed()
        })
        .await?;
    Ok(Upload {
        id,
        name,
        media_type: media_type.to_owned(),
        size,
    })
}

/// Copies files that wait to where a message uses them, sealed with `target`. They stay usable, so that a request that
/// is sent twice finds them twice; a copy that nothing takes is removed with the other unused blobs.
pub async fn use_for(
    app: &App,
    ctx: &Ctx,
    ids: &[UploadId],
    target: &Sealing,
) -> Result<Vec<Placed>, DeskError> {
    let actor = ctx.actor.uuid().ok_or(DeskError::Forbidden)?;
    if ids.len() > MAX_FILES {
        return Err(DeskError::invalid(
            "attachments",
            "too_many",
            "A message has at most 20 files.",
        ));
    }
    let mut files = Vec::with_capacity(ids.len());
    for id in ids {
        let (row, name) = {
            let mut conn = app.read().await?;
            let row = store::upload(&mut conn, ctx.organisation, *id, actor)
                .await?
                .ok_or_else(|| {
                    DeskError::invalid(
                        "attachments",
                        "unknown_attachment",
                        "Upload this file again.",
                    )
                })?;
            let own = sealing(app, &mut conn, ctx.organisation, row.key).await?;
            let name = own.open_text("uploads", "name", *id, &row.name)?;
            (row, name)
        };
        let bytes = blobs::read(app, ctx.organisation, row.blob).await?;
        let blob = blobs::write(app, ctx.organisation, target, &bytes).await?;
        files.push(Placed {
            blob,
            words: file_words(&name, "", &bytes).await?,
            name,
            media_type: row.media_type,
            size: row.size,
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_promises_something_else_is_told_and_mended() {
        for (name, kind, handed_out) in [
            ("scan.PDF", "application/pdf", "scan.PDF"),
            ("scan.pdf", "application/x-msdownload", "scan.pdf.bin"),
            ("photo.jpg", "image/png", "photo.jpg.png"),
            ("photo.jpeg", "image/jpeg", "photo.jpeg"),
            ("photo.png", TEXT, "photo.png.txt"),
            ("letter.docx", "application/zip", "letter.docx"),
            ("letter.docx", OFFICE[0], "letter.docx"),
            ("notes.txt", "application/zip", "notes.txt.zip"),
            ("notes.txt", "application/octet-stream", "notes.txt"),
            ("values.csv", "text/csv", "values.csv"),
            ("whatever.xyz", "application/x-executable", "whatever.xyz"),
            ("", "image/png", ""),
        ] {
            assert_eq!(true_name(name, kind), handed_out, "{name} {kind}");
            assert_eq!(is_misnamed(name, kind), name != handed_out, "{name} {kind}");
        }
    }

    #[test]
    fn text_is_what_is_text_and_says_so() {
        for (name, bytes, expected) in [
            ("Notes.TXT", "Café at ten\r\n".as_bytes(), "text/plain"),
            ("values.csv", b"a;b", "text/plain"),
            ("notes.bin", b"plain words", "application/octet-stream"),
            ("notes.txt", b"a\0b", "application/octet-stream"),
            ("notes.txt", b"caf\xe9", "application/octet-stream"),
            ("notes.txt", b"%PDF-1.7", "application/pdf"),
        ] {
            assert_eq!(media_type(name, bytes), expected, "{name}");
        }
    }
}
