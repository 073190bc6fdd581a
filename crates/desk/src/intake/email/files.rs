//! What the files of a mail are, and its HTML with them in their places.

use crate::ids::AttachmentId;
use crate::records::uploads;
use crate::timeline::{MAX_BODY, NewAttachment};
use bedside_codecs::mail::Attachment;
use bedside_codecs::mail::html::{CleanHtml, sanitise};

/// Bytes of a mail's text that are looked through; of a longer one both its ends are.
const LOOKED_THROUGH: usize = 4 * MAX_BODY;

/// Everything after the first empty line of a mail.
pub(super) fn below_the_header(raw: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.trim_ascii_end().is_empty() {
            return &raw[at..];
        }
    }
    raw
}

/// Both ends of a text that is longer than anybody writes, as much as is looked through.
pub(super) fn ends(said: String) -> String {
    if said.len() <= LOOKED_THROUGH {
        return said;
    }
    let start = said.floor_char_boundary(LOOKED_THROUGH / 2);
    let end = said.ceil_char_boundary(said.len() - LOOKED_THROUGH / 2);
    format!("{}\n{}", &said[..start], &said[end..])
}

/// The HTML, made safe, with the mail's own pictures in their places.
pub(super) fn shown(page: &str, attachments: &[NewAttachment]) -> CleanHtml {
    let address = |content_id: &str| {
        let file = attachments
            .iter()
            .find(|file| file.content_id.as_deref() == Some(content_id))?;
        let id: AttachmentId = file.id();
        Some(format!("/attachments/{id}"))
    };
    sanitise(page, &address)
}

/// Types that a sender is believed about when the bytes don't say, because a program that opens them runs nothing.
const BELIEVED: [&str; 5] = [
    "message/rfc822",
    "text/calendar",
    "text/csv",
    "text/plain",
    "text/vcard",
];

/// What a file is: by its bytes, whatever its sender says of it.
pub(super) fn media_type(file: &Attachment) -> &'static str {
    let believed = || {
        BELIEVED
            .into_iter()
            .find(|known| *known == file.declared_type)
            .filter(|known| *known != uploads::TEXT || uploads::is_text(&file.bytes))
    };
    file.sniffed_type
        .or_else(believed)
        .unwrap_or_else(|| uploads::media_type(&file.file_name, &file.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_the_way_change_the_header_alone() {
        assert_eq!(
            below_the_header(b"A: b\r\n\r\nHello\r\n\r\nyou"),
            b"Hello\r\n\r\nyou"
        );
        assert_eq!(below_the_header(b"A: b\n\nHello"), b"Hello");
        assert_eq!(below_the_header(b"A: b"), b"A: b");
    }

    #[test]
    fn a_text_longer_than_anybody_writes_is_looked_through_at_both_ends() {
        let short = "é".repeat(10);
        assert_eq!(ends(short.clone()), short);
        let long = format!("first {} last", "é".repeat(LOOKED_THROUGH));
        let looked = ends(long);
        assert!(looked.starts_with("first é") && looked.ends_with("é last"));
        assert!(looked.len() <= LOOKED_THROUGH + 1);
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let told = |declared: &str, bytes: &[u8]| {
            media_type(&Attachment {
                declared_type: declared.to_owned(),
                sniffed_type: infer::get(bytes).map(|found| found.mime_type()),
                bytes: bytes.to_vec(),
                ..Attachment::default()
            })
        };
        assert_eq!(told("application/pdf", b"\x89PNG\r\n\x1a\n"), "image/png");
        assert_eq!(told("text/calendar", b"BEGIN:VCALENDAR"), "text/calendar");
        for odd in ["image/svg+xml", "text/javascript", "text/html\r\nX: y", ""] {
            assert_eq!(told(odd, b"steal()"), "application/octet-stream");
        }
    }
}
