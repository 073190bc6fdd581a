//! Files that are handed out: always as a download that no browser shows or runs.
//!
//! A file of a message goes through [`hand_out_file`] alone: only where the virus scanner's word lets it, and a picture
//! without what its camera wrote into it, unless somebody asked for the original.

use crate::app::App;
use crate::error::DeskError;
use crate::ids::{BlobId, OrganisationId};
use crate::records::blobs;
use crate::records::uploads::true_name;
use crate::timeline::AttachmentView;
use crate::timeline::files::{Scan, may_open};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bedside_codecs::picture;
use bedside_web::headers::SANDBOX_POLICY;
use bytes::Bytes;
use futures_util::stream;
use std::fmt::Write as _;

/// Media types that are told, and how; anything else is bytes to be saved. What is kept as text is UTF-8.
const TOLD: [(&str, &str); 6] = [
    ("image/png", "image/png"),
    ("image/jpeg", "image/jpeg"),
    ("image/gif", "image/gif"),
    ("image/webp", "image/webp"),
    ("application/pdf", "application/pdf"),
    ("text/plain", "text/plain; charset=utf-8"),
];

/// What the reader is told about a file.
pub struct Told<'a> {
    /// File name.
    pub name: &'a str,
    /// Sniffed media type.
    pub media_type: &'a str,
    /// Bytes.
    pub size: i64,
}

impl Told<'_> {
    /// A download of this file, whose content is `body`.
    pub fn with(&self, body: Body) -> Response {
        let mut response = Response::new(body);
        let told = TOLD
            .into_iter()
            .find(|(known, _)| *known == self.media_type)
            .map_or("application/octet-stream", |(_, told)| told);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(told));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.size));
        headers.insert(
            header::CONTENT_DISPOSITION,
            disposition(&true_name(self.name, self.media_type)),
        );
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(SANDBOX_POLICY),
        );
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// A file for a reader who may have it, piece by piece. [`DeskError::Gone`] when its content was erased.
pub async fn hand_out(
    app: &App,
    organisation: OrganisationId,
    blob: BlobId,
    file: &Told<'_>,
) -> Result<Response, DeskError> {
    // The first piece is read before the answer begins, so that a broken file is a problem and not half a download.
    let first = blobs::piece(app, organisation, blob, 0).await?;
    if first.is_none() && file.size > 0 {
        return Err(DeskError::Gone);
    }
    let app = app.clone();
    let pieces = stream::try_unfold((first, 1), move |(ready, next)| {
        let app = app.clone();
        async move {
            if let Some(bytes) = ready {
                return Ok(Some((Bytes::from(bytes), (None, next))));
            }
            let piece = blobs::piece(&app, organisation, blob, next).await;
            let piece = piece.map_err(|error| std::io::Error::other(error.to_string()))?;
            Ok::<_, std::io::Error>(piece.map(|bytes| (Bytes::from(bytes), (None, next + 1))))
        }
    });
    Ok(file.with(Body::from_stream(pieces)))
}

/// Pixels of the largest picture that a page shows. Drawn, a pixel takes four bytes of the reader's memory, so that this one
/// takes 200 MB; the cameras of telephones make up to 48 million.
pub const MAX_SHOWN_PIXELS: u64 = 50_000_000;
/// Code of the error for a picture with more.
pub const TOO_MANY_PIXELS: &str = "picture_too_large";
/// Code of the error for a picture out of which nothing can be taken.
pub const DAMAGED: &str = "picture_damaged";

/// A file of a message.
pub struct FileOf<'a> {
    /// Its bytes.
    pub blob: BlobId,
    /// What the reader is told.
    pub told: Told<'a>,
    /// What the virus scanner said.
    pub scan: Scan,
}

impl<'a> From<&'a AttachmentView> for FileOf<'a> {
    fn from(file: &'a AttachmentView) -> Self {
        Self {
            blob: file.blob,
            told: Told {
                name: &file.name,
                media_type: &file.media_type,
                size: file.size,
            },
            scan: file.scan,
        }
    }
}

/// What a reader asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A picture inside a page.
    Shown,
    /// A download.
    Copy,
    /// The file byte for byte.
    Original,
}

impl Wanted {
    /// By what the browser says that it asks for (Fetch Metadata, `Sec-Fetch-Dest`).
    pub fn of(headers: &HeaderMap) -> Self {
        let image = headers.get("sec-fetch-dest");
        if image.is_some_and(|value| value == "image") {
            Self::Shown
        } else {
            Self::Copy
        }
    }
}

/// A file of a message for a reader who may have it.
///
/// # Errors
/// [`DeskError::Conflict`] where the scanner's word keeps it ([`may_open`]), with [`TOO_MANY_PIXELS`] for a picture that no
/// page shows, and with [`DAMAGED`] for one of which no copy can be made.
pub async fn hand_out_file(
    app: &App,
    organisation: OrganisationId,
    file: &FileOf<'_>,
    wanted: Wanted,
) -> Result<Response, DeskError> {
    may_open(&app.config, file.scan)?;
    let kind = picture::Kind::of(file.told.media_type);
    let Some(kind) = kind.filter(|_| wanted != Wanted::Original) else {
        return hand_out(app, organisation, file.blob, &file.told).await;
    };
    let bytes = blobs::read(app, organisation, file.blob).await?;
    if bytes.is_empty() && file.told.size > 0 {
        return Err(DeskError::Gone);
    }
    let size = picture::size(kind, &bytes);
    let is_large = size.is_none_or(|size| size.pixels() > MAX_SHOWN_PIXELS);
    if wanted == Wanted::Shown && is_large {
        return Err(DeskError::Conflict {
            code: TOO_MANY_PIXELS,
            text: "This picture is too large to be shown on a page. Download it.",
        });
    }
    let copy = without_metadata(kind, &bytes).ok_or(DeskError::Conflict {
        code: DAMAGED,
        text: "This picture is damaged, so that the place and camera in it can't be taken out. Ask for the original.",
    })?;
    let told = Told {
        size: i64::try_from(copy.len()).unwrap_or(i64::MAX),
        ..file.told
    };
    Ok(told.with(Body::from(copy)))
}

fn without_metadata(kind: picture::Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    picture::without_metadata(kind, bytes).ok()
}

/// The bytes of a file of a message for the mail that carries them: a picture goes without what its camera wrote into it,
/// where that can be taken out.
///
/// # Errors
/// [`DeskError::Conflict`] where the scanner's word keeps it ([`may_open`]).
pub(crate) async fn bytes_to_send(
    app: &App,
    organisation: OrganisationId,
    file: &AttachmentView,
) -> Result<Vec<u8>, DeskError> {
    file.may_be_opened(&app.config)?;
    let bytes = blobs::read(app, organisation, file.blob).await?;
    let kind = picture::Kind::of(&file.media_type);
    let copy = kind.and_then(|kind| without_metadata(kind, &bytes));
    Ok(copy.unwrap_or(bytes))
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
