//! Builds a message to send (RFC 5322).
//!
//! No field can smuggle in another: addresses are [`Address`]es, display names and the subject lose
//! every control character, identifiers and media types are checked symbol by symbol.

use super::{ORIGIN_HEADER, address::Address, charset::tidy_line, file_name::clean_file_name};
use mail_builder::{
    MessageBuilder,
    headers::{
        address::Address as HeaderAddress, content_type::ContentType, date::Date,
        message_id::MessageId, raw::Raw, text::Text,
    },
    mime::{BodyPart, MimePart},
};
use std::fmt;
use thiserror::Error;

/// Whom a message is from or for.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    /// Display name; control characters are dropped.
    pub name: Option<String>,
    /// Where it goes.
    pub address: Address,
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Party(…)")
    }
}

/// Why a message is sent without a person having written it (RFC 3834, 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automatic {
    /// An answer to a message, such as an acknowledgement: `auto-replied`.
    Reply,
    /// A notice of the desk's own accord, such as a question for a rating: `auto-generated`.
    Notice,
}

/// A file to send along.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingFile {
    /// Name; it goes through [`clean_file_name`].
    pub file_name: String,
    /// Media type; anything that is not `type/subtype` becomes `application/octet-stream`.
    pub media_type: String,
    /// Set for a picture inside the HTML: the name its `cid:` link has, without angle brackets.
    pub content_id: Option<String>,
    /// Content.
    pub bytes: Vec<u8>,
}

/// A message to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Author.
    pub from: Party,
    /// Where answers go; usually a signed reply address.
    pub reply_to: Option<Party>,
    /// Recipients; at least one.
    pub to: Vec<Party>,
    /// Recipients of a copy.
    pub cc: Vec<Party>,
    /// Subject; control characters are dropped and the length is cut at 250 characters.
    pub subject: String,
    /// Message-ID without angle brackets; see [`super::threading::OwnMessage::message_id`].
    pub message_id: String,
    /// Message-ID that is answered. One that no header may hold is left out.
    pub in_reply_to: Option<String>,
    /// Message-IDs of the conversation, oldest first. Those that no header may hold are left out,
    /// and the first and the last 20 stay.
    pub references: Vec<String>,
    /// Date in microseconds since 1970 UTC; before 1970 and after 9999 the nearest date is taken.
    pub date: i64,
    /// Plain text.
    pub text: String,
    /// The same as HTML. It is sent as it is: it must come from [`super::html`].
    pub html: Option<String>,
    /// Files.
    pub files: Vec<OutgoingFile>,
    /// Set when no person wrote this.
    pub automatic: Option<Automatic>,
    /// Where one press ends mails like this one (RFC 8058): an `https` address, or `http` on a desk for trying out. One that
    /// no header may hold is left out.
    pub unsubscribe: Option<String>,
    /// Name of this installation, for the marker header that stops loops.
    pub origin: String,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("date", &self.date)
            .field("files", &self.files.len())
            .field("automatic", &self.automatic)
            .finish_non_exhaustive()
    }
}

/// Why a message was not built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ComposeError {
    /// No recipient.
    #[error("message without recipient")]
    NoRecipient,
    /// The Message-ID is not of the form `left@right` in plain ASCII of at most 250 characters.
    #[error("Message-ID not valid")]
    MessageId,
}

impl ComposeError {
    /// A sentence that may be shown to anyone.
    pub const fn public(&self) -> &'static str {
        match self {
            Self::NoRecipient => "This message has no recipient.",
            Self::MessageId => "This message could not be prepared for sending.",
        }
    }
}

const MAX_ID: usize = 250;
/// With its name it fits into a line (RFC 5322, 2.1.1).
const MAX_LINK: usize = 900;
const MAX_SUBJECT: usize = 250;
const MAX_NAME: usize = 100;
const MAX_REFERENCES: usize = 20;
/// Last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// Builds the bytes of a message, with CRLF line ends, ready for SMTP. The same input gives the
/// same bytes.
pub fn compose(mail: Outgoing) -> Result<Vec<u8>, ComposeError> {
    if mail.to.is_empty() && mail.cc.is_empty() {
        return Err(ComposeError::NoRecipient);
    }
    if !is_message_id(&mail.message_id) {
        return Err(ComposeError::MessageId);
    }
    let boundary = boundary(&mail);
    let mut builder = MessageBuilder::new()
        .from(header_address(&mail.from))
        .subject(Text::new(unlike_encoded_word(tidy_line(
            &mail.subject,
            MAX_SUBJECT,
        ))))
        .date(Date::new(
            (mail.date.div_euclid(1_000_000)).clamp(0, LAST_SECOND),
        ))
        .message_id(mail.message_id.clone());
    if !mail.to.is_empty() {
        builder = builder.to(header_addresses(&mail.to));
    }
    if !mail.cc.is_empty() {
        builder = builder.cc(header_addresses(&mail.cc));
    }
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(header_address(reply_to));
    }
    if let Some(id) = mail.in_reply_to.as_deref().and_then(bare_id) {
        builder = builder.in_reply_to(id.to_owned());
    }
    let references = references(&mail.references);
    if !references.is_empty() {
        builder = builder.references(MessageId::new_list(references.into_iter()));
    }
    if let Some(automatic) = mail.automatic {
        let keyword = match automatic {
            Automatic::Reply => "auto-replied",
            Automatic::Notice => "auto-generated",
        };
        builder = builder
            .header("Auto-Submitted", Raw::new(keyword))
            .header("X-Auto-Response-Suppress", Raw::new("All"));
    }
    if let Some(link) = mail.unsubscribe.as_deref().filter(|link| is_link(link)) {
        builder = builder
            .header("List-Unsubscribe", Raw::new(format!("<{link}>")))
            .header(
                "List-Unsubscribe-Post",
                Raw::new("List-Unsubscribe=One-Click"),
            );
    }
    builder = builder.header(ORIGIN_HEADER, Raw::new(origin_token(&mail.origin)));

    let mut bytes = Vec::new();
    builder
        .body(body(&mail.text, mail.html, mail.files, &boundary))
        .serialize(&mut bytes);
    Ok(bytes)
}

fn header_address(party: &Party) -> HeaderAddress<'static> {
    let name = party
        .name
        .as_deref()
        .map(|name| unlike_encoded_word(tidy_line(name, MAX_NAME)))
        .filter(|name| !name.is_empty());
    HeaderAddress::new_address(name, party.address.as_str().to_owned())
}

fn header_addresses(parties: &[Party]) -> HeaderAddress<'static> {
    HeaderAddress::new_list(parties.iter().map(header_address).collect())
}

/// A text that *looks* like an encoded word (RFC 2047) would be decoded by the reader, to whatever
/// the sender of that text wanted to hide in it.
fn unlike_encoded_word(text: String) -> String {
    if text.contains("=?") {
        text.replace("=?", "= ?")
    } else {
        text
    }
}

/// `left@right`, printable ASCII, nothing that ends the field.
fn is_message_id(id: &str) -> bool {
    id.len() <= MAX_ID
        && id.bytes().all(|b| {
            b.is_ascii_graphic()
                && !matches!(b, b'<' | b'>' | b'(' | b')' | b',' | b';' | b'"' | b'\\')
        })
        && id.split_once('@').is_some_and(|(left, right)| {
            !left.is_empty() && !right.is_empty() && !right.contains('@')
        })
}

/// A web address of plain ASCII, nothing that ends the field or its brackets.
fn is_link(link: &str) -> bool {
    let web = link.starts_with("https://") || link.starts_with("http://");
    web && link.len() <= MAX_LINK
        && link
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b',' | b'"' | b'\\'))
}

fn bare_id(id: &str) -> Option<&str> {
    let bare = id.trim().trim_start_matches('<').trim_end_matches('>');
    is_message_id(bare).then_some(bare)
}

fn references(ids: &[String]) -> Vec<String> {
    let valid: Vec<String> = ids
        .iter()
        .filter_map(|id| bare_id(id))
        .map(str::to_owned)
        .collect();
    match valid.len().checked_sub(MAX_REFERENCES) {
        Some(over) if over > 0 => {
            let first = valid[..1].iter();
            first.chain(&valid[over..]).cloned().collect()
        }
        _ => valid,
    }
}

fn origin_token(origin: &str) -> String {
    let token: String = origin
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(100)
        .collect();
    if token.is_empty() {
        "desk".to_owned()
    } else {
        token
    }
}

/// A boundary that no line of the texts can be: from the Message-ID, which nobody outside knows
/// beforehand, and lengthened while a text holds it all the same.
fn boundary(mail: &Outgoing) -> String {
    let letters: Vec<u8> = mail
        .message_id
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .collect();
    let tail = &letters[letters.len().saturating_sub(48)..];
    let base: String = tail.iter().map(|&b| char::from(b)).collect();
    let holds = |candidate: &str| {
        mail.text.contains(candidate) || mail.html.as_ref().is_some_and(|h| h.contains(candidate))
    };
    (0..u32::MAX)
        .map(|n| {
            if n == 0 {
                format!("={base}")
            } else {
                format!("={base}{n:x}")
            }
        })
        .find(|candidate| !holds(candidate))
        .unwrap_or(base)
}

fn container(
    kind: &'static str,
    boundary: &str,
    number: u8,
    parts: Vec<MimePart<'static>>,
) -> MimePart<'static> {
    let media = ContentType::new(kind).attribute("boundary", format!("{boundary}_{number}"));
    MimePart::new(media, parts)
}

fn body(
    text: &str,
    html: Option<String>,
    files: Vec<OutgoingFile>,
    boundary: &str,
) -> MimePart<'static> {
    // Inline pictures need an HTML that shows them.
    let (inline, attached): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|file| html.is_some() && file.content_id.as_deref().is_some_and(is_content_id));
    let plain = MimePart::new("text/plain", BodyPart::Text(body_text(text).into()));
    let content = match html {
        None => plain,
        Some(page) => {
            let page = MimePart::new("text/html", BodyPart::Text(body_text(&page).into()));
            let rich = if inline.is_empty() {
                page
            } else {
                let parts = std::iter::once(page)
                    .chain(inline.into_iter().map(|file| file_part(file, true)))
                    .collect();
                container("multipart/related", boundary, 3, parts)
            };
            container("multipart/alternative", boundary, 2, vec![plain, rich])
        }
    };
    if attached.is_empty() {
        return content;
    }
    let parts = std::iter::once(content)
        .chain(attached.into_iter().map(|file| file_part(file, false)))
        .collect();
    container("multipart/mixed", boundary, 1, parts)
}

/// What may stand in a body: lines of characters. One without a byte is sent as an empty line.
fn body_text(text: &str) -> String {
    let mut plain: String = text
        .replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    if plain.is_empty() {
        plain.push('\n');
    }
    plain
}

fn file_part(file: OutgoingFile, inline: bool) -> MimePart<'static> {
    let name = clean_file_name(&file.file_name);
    let media = if is_media_type(&file.media_type) {
        file.media_type.to_ascii_lowercase()
    } else {
        "application/octet-stream".to_owned()
    };
    let mut kind = ContentType::new(media.clone());
    // Programs take text without a word on it for something older.
    if media == "text/plain" && std::str::from_utf8(&file.bytes).is_ok() {
        kind = kind.attribute("charset", "utf-8");
    }
    let disposition =
        ContentType::new(if inline { "inline" } else { "attachment" }).attribute("filename", name);
    // Always base64: a file must arrive byte for byte, whatever its type says.
    let part = MimePart::new(kind, BodyPart::Binary(base64_lines(&file.bytes).into()))
        .transfer_encoding("base64")
        .header("Content-Disposition", disposition);
    match file.content_id {
        Some(id) if inline => part.cid(id),
        _ => part,
    }
}

fn base64_lines(bytes: &[u8]) -> Vec<u8> {
    // 57 bytes make a line of 76 characters (RFC 2045, 6.8).
    let mut out = Vec::with_capacity(bytes.len() / 57 * 78 + 80);
    for chunk in bytes.chunks(57) {
        out.extend_from_slice(data_encoding::BASE64.encode(chunk).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn is_content_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID
        && id.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b'+' | b'$')
        })
}

fn is_media_type(media: &str) -> bool {
    let token = |t: &str| {
        !t.is_empty()
            && t.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'+' | b'_'))
    };
    media.len() <= 127
        && media.split_once('/').is_some_and(|(kind, subtype)| {
            token(kind) && token(subtype) && !kind.eq_ignore_ascii_case("multipart")
        })
}
