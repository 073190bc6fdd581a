//! Files that are handed out: always as a download that no browser shows or runs.

use crate::app::App;
use crate::error::DeskError;
use crate::ids::{BlobId, OrganisationId};
use crate::records::blobs;
use crate::records::uploads::true_name;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
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
