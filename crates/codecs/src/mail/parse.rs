//! From bytes to [`ParsedMail`].

use super::{
    ORIGIN_HEADER, automatic, bounce,
    charset::tidy_line,
    file_name::clean_file_name,
    html,
    limits::{Limits, MailError},
    model::{Attachment, Mailbox, ParsedMail},
    structure::{self, Container, Fields, Leaf},
};
use mail_parser::{ContentType, DateTime, HeaderName, HeaderValue};

const MAX_ID: usize = 998;
const MAX_ADDRESS: usize = 320;
const MAX_DELIVERED_TO: usize = 20;
const MAX_AUTH_HEADERS: usize = 20;

/// Reads one message.
///
/// Damage that leaves something readable is no error: unknown charsets are guessed, broken
/// encodings are decoded as far as they go, missing boundaries give text. An error means that a
/// person has to look at the raw file.
pub fn parse(raw: &[u8], limits: &Limits) -> Result<ParsedMail, MailError> {
    if raw.len() > limits.raw {
        return Err(MailError::TooLarge {
            size: raw.len(),
            limit: limits.raw,
        });
    }
    if raw.trim_ascii().is_empty() {
        return Err(MailError::Empty);
    }
    let message = structure::split(raw, limits)?;
    let top = &message.top;
    if !looks_like_mail(top) {
        return Err(MailError::NotMail);
    }

    let bounce = bounce::read(&message);
    let authors = mailboxes(top, &HeaderName::From, limits);
    let is_report = top.text("X-Failed-Recipients").is_some();
    let mut mail = ParsedMail {
        message_id: ids(top, &HeaderName::MessageId).next(),
        in_reply_to: bounded(
            ids(top, &HeaderName::InReplyTo).collect(),
            limits.references,
        ),
        references: bounded(
            ids(top, &HeaderName::References).collect(),
            limits.references,
        ),
        sender: mailboxes(top, &HeaderName::Sender, limits)
            .into_iter()
            .next(),
        reply_to: mailboxes(top, &HeaderName::ReplyTo, limits),
        to: mailboxes(top, &HeaderName::To, limits),
        cc: mailboxes(top, &HeaderName::Cc, limits),
        delivered_to: delivered_to(top),
        subject: top
            .get(&HeaderName::Subject)
            .and_then(HeaderValue::as_text)
            .map(|subject| tidy_line(subject, limits.subject_chars))
            .unwrap_or_default(),
        date: top
            .get(&HeaderName::Date)
            .and_then(HeaderValue::as_datetime)
            .and_then(micros),
        origin: top
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(ORIGIN_HEADER))
            .map(|(_, value)| tidy_line(value.as_text().unwrap_or(""), 200)),
        auto_signs: automatic::signs(top, authors.first().map(|a| a.address.as_str()), is_report),
        auth_headers: auth_headers(top),
        several_authors: authors.len() > 1
            || top.iter().filter(|(name, _)| *name == "From").count() > 1,
        from: authors.into_iter().next(),
        bounce,
        ..ParsedMail::default()
    };

    let mut body = Body::default();
    for leaf in &message.leaves {
        let shape = Shape::of(leaf);
        match shape.body_kind(leaf) {
            Some(kind) => body.add(kind, leaf.container, leaf.text()),
            None if mail.bounce.is_some() && bounce::is_status(&leaf.media) => {}
            None if mail.attachments.len() == limits.attachments => {
                return Err(MailError::TooManyParts {
                    limit: limits.attachments,
                });
            }
            None => mail.attachments.push(shape.attachment(leaf)),
        }
    }
    (mail.text, mail.html) = body.finish();
    Ok(mail)
}

/// At least one field that every mail program writes.
fn looks_like_mail(top: &Fields) -> bool {
    const KNOWN: [HeaderName<'static>; 11] = [
        HeaderName::From,
        HeaderName::To,
        HeaderName::Cc,
        HeaderName::Subject,
        HeaderName::Date,
        HeaderName::MessageId,
        HeaderName::Received,
        HeaderName::ReturnPath,
        HeaderName::ContentType,
        HeaderName::MimeVersion,
        HeaderName::Sender,
    ];
    KNOWN.iter().any(|name| top.get(name).is_some())
}

fn ids<'f>(fields: &'f Fields, name: &HeaderName<'_>) -> impl Iterator<Item = String> + use<'f> {
    fields
        .get(name)
        .and_then(HeaderValue::as_text_list)
        .unwrap_or_default()
        .iter()
        .filter(|id| id.len() <= MAX_ID)
        .map(|id| tidy_line(id, MAX_ID))
        .filter(|id| !id.is_empty())
}

/// The first says where a conversation began, the last ones where it is.
fn bounded(mut ids: Vec<String>, max: usize) -> Vec<String> {
    if ids.len() > max {
        ids.drain(1.min(max)..ids.len() - max.saturating_sub(1));
    }
    ids.truncate(max);
    ids
}

fn mailboxes(fields: &Fields, name: &HeaderName<'_>, limits: &Limits) -> Vec<Mailbox> {
    let Some(list) = fields.get(name).and_then(HeaderValue::as_address) else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|entry| {
            let address = tidy_line(entry.address.as_deref()?, MAX_ADDRESS + 1);
            (!address.is_empty() && address.chars().count() <= MAX_ADDRESS).then(|| Mailbox {
                name: entry
                    .name
                    .as_deref()
                    .map(|name| tidy_line(name, limits.name_chars))
                    .filter(|name| !name.is_empty()),
                address,
            })
        })
        .take(limits.addresses)
        .collect()
}

fn delivered_to(top: &Fields) -> Vec<String> {
    const NAMES: [&str; 3] = ["Delivered-To", "X-Original-To", "X-Envelope-To"];
    top.iter()
        .filter(|(name, _)| NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)))
        .filter_map(|(_, value)| value.as_text())
        .map(|address| tidy_line(address.trim_matches(['<', '>', ' ']), MAX_ADDRESS))
        .take(MAX_DELIVERED_TO)
        .collect()
}

fn auth_headers(top: &Fields) -> Vec<(usize, String)> {
    let mut received = 0;
    let mut found = Vec::new();
    for (name, value) in top.iter() {
        if name == "Received" {
            received += 1;
        } else if name.eq_ignore_ascii_case("Authentication-Results")
            && found.len() < MAX_AUTH_HEADERS
            && let Some(value) = value.as_text()
        {
            found.push((received, value.to_owned()));
        }
    }
    found
}

/// A date that exists and lies in a time when mail did, or plausibly will.
fn micros(date: &DateTime) -> Option<i64> {
    let exists = date.is_valid()
        && (1990..=2200).contains(&date.year)
        && DateTime::from_timestamp(date.to_timestamp_local()).day == date.day;
    exists.then(|| date.to_timestamp() * 1_000_000)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyKind {
    Plain,
    Html,
}

/// What the header of a leaf says about how it is meant.
struct Shape<'l> {
    disposition: Option<&'l ContentType<'static>>,
    file_name: Option<&'l str>,
    content_id: Option<String>,
}

impl<'l> Shape<'l> {
    fn of(leaf: &'l Leaf<'_>) -> Self {
        let media = leaf
            .fields
            .get(&HeaderName::ContentType)
            .and_then(HeaderValue::as_content_type);
        let disposition = leaf
            .fields
            .get(&HeaderName::ContentDisposition)
            .and_then(HeaderValue::as_content_type);
        Self {
            disposition,
            file_name: disposition
                .and_then(|d| d.attribute("filename"))
                .or_else(|| media.and_then(|m| m.attribute("name")))
                .filter(|name| !name.trim().is_empty()),
            content_id: ids(&leaf.fields, &HeaderName::ContentId).next(),
        }
    }

    fn says(&self, disposition: &str) -> bool {
        self.disposition
            .is_some_and(|d| d.c_type.eq_ignore_ascii_case(disposition))
    }

    fn body_kind(&self, leaf: &Leaf<'_>) -> Option<BodyKind> {
        // A text with a name is a file, unless it is all there is.
        let named = self.file_name.is_some() && leaf.container != Container::None;
        if named || self.says("attachment") {
            return None;
        }
        match leaf.media.as_str() {
            "text/plain" => Some(BodyKind::Plain),
            "text/html" => Some(BodyKind::Html),
            _ => None,
        }
    }

    fn attachment(self, leaf: &Leaf<'_>) -> Attachment {
        let bytes = leaf.decoded().into_owned();
        let sniffed = infer::get(&bytes);
        let file_name = match self.file_name {
            Some(name) => clean_file_name(name),
            None => default_name(&leaf.media, sniffed),
        };
        let picture = leaf.media.starts_with("image/");
        Attachment {
            file_name,
            inline: self.says("inline")
                || (!self.says("attachment") && picture && self.content_id.is_some()),
            declared_type: leaf.media.clone(),
            sniffed_type: sniffed.map(|found| found.mime_type()),
            content_id: self.content_id,
            bytes,
        }
    }
}

fn default_name(media: &str, sniffed: Option<infer::Type>) -> String {
    let extension = match media {
        "message/rfc822" | "message/global" => return "message.eml".to_owned(),
        "text/calendar" => return "invitation.ics".to_owned(),
        "text/html" => Some("html"),
        _ if media.starts_with("text/") => Some("txt"),
        _ => sniffed.map(|found| found.extension()),
    };
    extension.map_or_else(
        || "file".to_owned(),
        |extension| format!("file.{extension}"),
    )
}

/// Pieces of the text, in order. The forms of an alternative make one piece.
#[derive(Default)]
struct Body(Vec<Piece>);

#[derive(Default)]
struct Piece {
    alternative: Option<usize>,
    plain: Option<String>,
    html: Option<String>,
}

impl Body {
    fn add(&mut self, kind: BodyKind, container: Container, text: String) {
        let alternative = match container {
            Container::Alternative(number) => Some(number),
            _ => None,
        };
        if alternative.is_none()
            || self
                .0
                .last()
                .is_none_or(|last| last.alternative != alternative)
        {
            self.0.push(Piece {
                alternative,
                ..Piece::default()
            });
        }
        if let Some(piece) = self.0.last_mut() {
            let place = match kind {
                BodyKind::Plain => &mut piece.plain,
                BodyKind::Html => &mut piece.html,
            };
            match place {
                Some(before) => {
                    before.push('\n');
                    before.push_str(&text);
                }
                None => *place = Some(text),
            }
        }
    }

    /// Text and HTML, each holding all pieces, or `None` where no piece came in that form.
    fn finish(self) -> (Option<String>, Option<String>) {
        let text = self.0.iter().any(|piece| piece.plain.is_some()).then(|| {
            let pieces: Vec<String> = self
                .0
                .iter()
                .map(|piece| match (&piece.plain, &piece.html) {
                    (Some(plain), _) => plain.clone(),
                    (None, page) => html::html_to_text(page.as_deref().unwrap_or("")),
                })
                .collect();
            pieces.join("\n")
        });
        let page = self.0.iter().any(|piece| piece.html.is_some()).then(|| {
            let pieces: Vec<String> = self
                .0
                .into_iter()
                .map(|piece| match (piece.html, piece.plain) {
                    (Some(page), _) => page,
                    (None, plain) => html::text_to_html(plain.as_deref().unwrap_or("")),
                })
                .collect();
            pieces.join("\n")
        });
        (text, page)
    }
}
