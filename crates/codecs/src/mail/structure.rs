//! Splits a message into its MIME parts, without recursion and with every count bounded.
//!
//! The header fields of a part are read by `mail-parser`; finding where a part begins and ends is
//! done here, so that depth, number and size are refused *before* anything is built from them.

use super::{
    charset,
    limits::{Limits, MailError},
    transfer,
};
use mail_parser::parsers::MessageStream;
use mail_parser::{Header, HeaderName, HeaderValue, MessageParser};
use std::{borrow::Cow, rc::Rc, sync::LazyLock};

static PARSER: LazyLock<MessageParser> = LazyLock::new(MessageParser::new);

/// How the parts of a container relate to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// Not in a container: the message itself.
    None,
    /// The same content in several forms; the number tells one such container from another.
    Alternative(usize),
    /// Anything else, shown one after the other.
    Mixed,
}

/// The ids of a field that holds ids, where a program encoded them as if they were words. RFC 2047 forbids it (section 5),
/// and Python's `email` does it with long ones.
fn encoded_ids(header: &Header<'_>, text: &[u8]) -> Option<HeaderValue<'static>> {
    let holds_ids = matches!(
        header.name,
        HeaderName::MessageId | HeaderName::InReplyTo | HeaderName::References
    );
    let (start, end) = (header.offset_start() as usize, header.offset_end() as usize);
    let raw = text.get(start..end).filter(|_| holds_ids)?;
    memchr::memmem::find(raw, b"=?")?;
    let decoded = MessageStream::new(raw).parse_unstructured();
    let line = format!("{}\n", decoded.as_text()?);
    Some(MessageStream::new(line.as_bytes()).parse_id().into_owned())
}

/// Header fields of a part.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(HeaderName<'static>, HeaderValue<'static>)>);

impl Fields {
    /// Reads a header section. Bytes that are not UTF-8 are decoded by guess first.
    fn read(section: &[u8]) -> Self {
        let text: Cow<'_, str> = match std::str::from_utf8(section) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(charset::guess(section)),
        };
        // The field parsers want every line to end.
        let text = if text.ends_with('\n') {
            text
        } else {
            Cow::Owned(text.into_owned() + "\r\n")
        };
        let headers = PARSER
            .parse_headers(text.as_bytes())
            .and_then(|mut message| {
                (!message.parts.is_empty()).then(|| message.parts.swap_remove(0))
            })
            .map(|part| part.headers)
            .unwrap_or_default();
        Self(
            headers
                .into_iter()
                .map(|header| {
                    let ids = encoded_ids(&header, text.as_bytes());
                    let header = header.into_owned();
                    (header.name, ids.unwrap_or(header.value))
                })
                .collect(),
        )
    }

    /// Reads the header section at the start of `text` for a look at it.
    pub(super) fn of(text: &[u8]) -> Self {
        Self::read(&text[..header_end(text).0])
    }

    /// First field of a name.
    pub(super) fn get(&self, name: &HeaderName<'_>) -> Option<&HeaderValue<'static>> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value)
    }

    /// First field whose name is spelled so, in any case, as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every field whose name is spelled so, in any case, as text.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(n, _)| n.as_str().eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| value.as_text())
    }

    /// Every field in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &HeaderValue<'static>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    fn media(&self) -> (String, Option<&mail_parser::ContentType<'static>>) {
        let declared = self
            .get(&HeaderName::ContentType)
            .and_then(HeaderValue::as_content_type);
        let media = match declared {
            Some(media) => format!(
                "{}/{}",
                media.c_type.trim().to_ascii_lowercase(),
                media
                    .c_subtype
                    .as_deref()
                    .unwrap_or("")
                    .trim()
                    .to_ascii_lowercase()
            ),
            None => String::new(),
        };
        (media, declared)
    }
}

/// A part that holds content itself, or a message inside the message.
pub(super) struct Leaf<'a> {
    pub(super) fields: Rc<Fields>,
    /// Media type, lower case, `text/plain` when absent; only what looks like one is kept.
    pub(super) media: String,
    pub(super) container: Container,
    body: &'a [u8],
}

impl<'a> Leaf<'a> {
    /// Content without its transfer encoding.
    pub(super) fn decoded(&self) -> Cow<'a, [u8]> {
        transfer::decode(self.body, self.transfer_encoding())
    }

    fn transfer_encoding(&self) -> &str {
        self.fields
            .get(&HeaderName::ContentTransferEncoding)
            .and_then(HeaderValue::as_text)
            .unwrap_or("")
    }

    /// Content as text.
    pub(super) fn text(&self) -> String {
        let (_, media) = self.fields.media();
        let charset = media.and_then(|m| m.attribute("charset"));
        charset::tidy_body(charset::decode(&self.decoded(), charset))
    }
}

/// A message taken apart: the fields of its own header, and its leaves in order.
pub(super) struct Structure<'a> {
    pub(super) top: Rc<Fields>,
    pub(super) leaves: Vec<Leaf<'a>>,
}

struct Pending<'a> {
    bytes: &'a [u8],
    depth: usize,
    container: Container,
    /// Inside a forwarded message: counted, not kept.
    inner: bool,
    /// Begins with the header of a message rather than that of a part.
    message: bool,
    /// In a digest, where the default type is a message.
    digest: bool,
}

/// Takes a message apart.
pub(super) fn split<'a>(raw: &'a [u8], limits: &Limits) -> Result<Structure<'a>, MailError> {
    let mut top = None;
    let mut leaves = Vec::new();
    let mut parts = 0;
    let mut pending = vec![Pending {
        bytes: raw,
        depth: 0,
        container: Container::None,
        inner: false,
        message: true,
        digest: false,
    }];

    while let Some(part) = pending.pop() {
        parts += 1;
        if part.depth > limits.nesting {
            return Err(MailError::TooDeep {
                limit: limits.nesting,
            });
        }
        let (section, body) = split_header(part.bytes, part.message, limits)?;
        let fields = Rc::new(Fields::read(section));
        if part.depth == 0 {
            top = Some(Rc::clone(&fields));
        }
        let (media, declared) = fields.media();

        let boundary = declared
            .filter(|_| media.starts_with("multipart/"))
            .and_then(|m| m.attribute("boundary"))
            .filter(|b| !b.is_empty() && b.len() <= 200);
        if let Some(children) = boundary.and_then(|b| children(body, b, limits.parts + 1)) {
            if parts + pending.len() + children.len() > limits.parts {
                return Err(MailError::TooManyParts {
                    limit: limits.parts,
                });
            }
            let container = match (part.container, media.as_str()) {
                // Some programs put text and pictures of one alternative into a container.
                (kept @ Container::Alternative(_), _) => kept,
                (_, "multipart/alternative") => Container::Alternative(parts),
                _ => Container::Mixed,
            };
            pending.extend(children.into_iter().rev().map(|bytes| Pending {
                bytes,
                depth: part.depth + 1,
                container,
                inner: part.inner,
                message: false,
                digest: media == "multipart/digest",
            }));
            continue;
        }

        let media = tidy_media(media, part.digest);
        let leaf = Leaf {
            fields,
            media,
            container: part.container,
            body,
        };
        let nested = matches!(leaf.media.as_str(), "message/rfc822" | "message/global")
            && matches!(
                transfer::decode(b"", leaf.transfer_encoding()),
                Cow::Borrowed(_)
            );
        if nested {
            // Walked for its limits alone; what is kept is the one file it is.
            pending.push(Pending {
                bytes: body,
                depth: part.depth + 1,
                container: Container::None,
                inner: true,
                message: true,
                digest: false,
            });
        }
        if part.inner {
            continue;
        }
        leaves.push(leaf);
    }
    Ok(Structure {
        top: top.unwrap_or_default(),
        leaves,
    })
}

/// `type/subtype` of plain characters, or a type that says nothing.
fn tidy_media(media: String, digest: bool) -> String {
    let token = |t: &str| {
        !t.is_empty()
            && t.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'+' | b'_'))
    };
    match media.split_once('/') {
        None if digest => "message/rfc822".to_owned(),
        // A container without parts: what is there is read as text.
        None | Some(("text", "") | ("multipart", _)) => "text/plain".to_owned(),
        Some((kind, subtype)) if media.len() <= 127 && token(kind) && token(subtype) => media,
        Some(_) => "application/octet-stream".to_owned(),
    }
}

/// Header section (its last line end included) and body.
fn split_header<'a>(
    bytes: &'a [u8],
    message: bool,
    limits: &Limits,
) -> Result<(&'a [u8], &'a [u8]), MailError> {
    let bytes = if message {
        skip_envelope_line(bytes)
    } else {
        bytes
    };
    if !message
        && !bytes.starts_with(b"\n")
        && !bytes.starts_with(b"\r\n")
        && !begins_with_field(bytes)
    {
        // The blank line between boundary and text was forgotten.
        return Ok((b"", bytes));
    }
    let window = &bytes[..bytes.len().min(limits.headers + 2)];
    let (end, body) = header_end(window);
    if end > limits.headers || (body == window.len() && window.len() < bytes.len()) {
        return Err(MailError::HeaderTooLarge {
            limit: limits.headers,
        });
    }
    Ok((&bytes[..end], &bytes[body..]))
}

/// Offsets where the header section ends and where the body begins.
fn header_end(bytes: &[u8]) -> (usize, usize) {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"\r\n") {
            return (at, at + 2);
        }
        if rest.starts_with(b"\n") {
            return (at, at + 1);
        }
        match memchr::memchr(b'\n', rest) {
            Some(line) => at += line + 1,
            None => break,
        }
    }
    (bytes.len(), bytes.len())
}

/// Blank lines, a byte order mark and the `From ` line of mailbox files are no part of a message.
fn skip_envelope_line(mut bytes: &[u8]) -> &[u8] {
    bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    while let [b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    if bytes.starts_with(b"From ") || bytes.starts_with(b">From ") {
        return memchr::memchr(b'\n', bytes).map_or(&[], |line| &bytes[line + 1..]);
    }
    bytes
}

fn begins_with_field(bytes: &[u8]) -> bool {
    let name = bytes
        .iter()
        .position(|&b| !(b.is_ascii_graphic() && b != b':'))
        .unwrap_or(0);
    name > 0 && bytes[name..].trim_ascii_start().starts_with(b":")
}

/// The parts between boundary lines, at most `max`; `None` when there is no boundary line at all.
fn children<'a>(body: &'a [u8], boundary: &str, max: usize) -> Option<Vec<&'a [u8]>> {
    let delimiter = [b"--", boundary.trim_end().as_bytes()].concat();
    let mut found = Vec::new();
    let mut start = None;
    for at in memchr::memmem::find_iter(body, &delimiter) {
        if at > 0 && body[at - 1] != b'\n' {
            continue;
        }
        let after = &body[at + delimiter.len()..];
        let line = memchr::memchr(b'\n', after).unwrap_or(after.len());
        let closing = after.starts_with(b"--");
        let tail = if closing {
            &after[2..line.max(2)]
        } else {
            &after[..line]
        };
        if !tail.trim_ascii().is_empty() {
            continue;
        }
        if let Some(start) = start.take() {
            found.push(without_line_end(&body[start..at.max(start)]));
            if found.len() >= max {
                return Some(found);
            }
        }
        if closing {
            return Some(found);
        }
        start = Some((at + delimiter.len() + line + 1).min(body.len()));
    }
    // Cut off before the closing line: the rest is the last part.
    let start = start?;
    found.push(&body[start..]);
    Some(found)
}

/// The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1).
fn without_line_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(raw: &str) -> Vec<(String, String)> {
        split(raw.as_bytes(), &Limits::default())
            .unwrap()
            .leaves
            .iter()
            .map(|leaf| (leaf.media.clone(), leaf.text()))
            .collect()
    }

    #[test]
    fn preamble_epilogue_and_a_boundary_that_begins_like_another() {
        let raw = "Content-Type: multipart/mixed; boundary=b\r\n\r\nbefore\r\n--b\r\n\r\none\r\n\
                   --bb\r\nstill one\r\n--b \r\nContent-Type: text/html\r\n\r\n<p>two\r\n--b--\r\nafter";
        assert_eq!(
            leaves(raw),
            [
                ("text/plain".into(), "one\n--bb\nstill one".into()),
                ("text/html".into(), "<p>two".into())
            ]
        );
    }

    #[test]
    fn missing_end_missing_blank_line_and_missing_boundary() {
        assert_eq!(
            leaves("Content-Type: multipart/mixed; boundary=b\n\n--b\nHello there\n--b\n\ncut"),
            [
                ("text/plain".into(), "Hello there".into()),
                ("text/plain".into(), "cut".into())
            ]
        );
        assert_eq!(
            leaves("Content-Type: multipart/mixed; boundary=b\n\nno parts here"),
            [("text/plain".into(), "no parts here".into())]
        );
    }

    #[test]
    fn strange_types_become_neutral() {
        assert_eq!(leaves("Content-Type: text\n\nx")[0].0, "text/plain");
        assert_eq!(
            leaves("Content-Type: ap\"p/li\n\nx")[0].0,
            "application/octet-stream"
        );
    }
}
