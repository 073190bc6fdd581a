//! What a message says, after parsing.

use super::{
    auth_results::{self, AuthVerdicts},
    automatic::{self, AutoKind, AutoSigns},
    bounce::Bounce,
    html,
};
use std::{borrow::Cow, fmt};

/// A name and an address, as one of the sender's headers states them. Nothing here is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Display name, decoded, without control characters; `None` when absent or empty.
    pub name: Option<String>,
    /// Address as written, without control characters. [`super::address::Address::parse`] tells
    /// whether it can be answered.
    pub address: String,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(…)")
    }
}

/// A file that came with a message.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Name that is safe to show and to save, see [`super::clean_file_name`].
    pub file_name: String,
    /// Media type the sender declared, lower case, e.g. `application/pdf`.
    pub declared_type: String,
    /// Media type that the bytes themselves show, when they show one.
    pub sniffed_type: Option<&'static str>,
    /// Content-ID without angle brackets, which `cid:` links in the HTML body point to.
    pub content_id: Option<String>,
    /// Meant to be shown inside the text rather than listed below it.
    pub inline: bool,
    /// Decoded content.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("declared_type", &self.declared_type)
            .field("sniffed_type", &self.sniffed_type)
            .field("inline", &self.inline)
            .field("size", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// One parsed message. Every text is UTF-8 with `\n` line ends and no other control characters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ParsedMail {
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// Message-IDs of In-Reply-To, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// Message-IDs of References, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// First author.
    pub from: Option<Mailbox>,
    /// More than one author or From header: From then proves nothing, whatever DMARC says.
    pub several_authors: bool,
    /// Who sent it for the author, where stated.
    pub sender: Option<Mailbox>,
    /// Where answers are asked to go.
    pub reply_to: Vec<Mailbox>,
    /// Recipients.
    pub to: Vec<Mailbox>,
    /// Recipients of a copy.
    pub cc: Vec<Mailbox>,
    /// Addresses that the receiving servers noted as the real recipient (Delivered-To,
    /// X-Original-To), newest first.
    pub delivered_to: Vec<String>,
    /// Subject, on one line; empty when absent.
    pub subject: String,
    /// Date header, in microseconds since 1970 UTC; `None` when absent or outside 1990–2200.
    pub date: Option<i64>,
    /// Plain text body.
    pub text: Option<String>,
    /// HTML body exactly as received. It must go through [`html::sanitise`] before it is shown.
    pub html: Option<String>,
    /// Files, in order.
    pub attachments: Vec<Attachment>,
    /// Value of the desk's own marker header, when present.
    pub origin: Option<String>,
    /// What a delivery status notification reports.
    pub bounce: Option<Bounce>,
    /// Signs of an automatic sender.
    pub(super) auto_signs: AutoSigns,
    /// Authentication-Results, topmost first, each with the number of Received headers above it.
    pub(super) auth_headers: Vec<(usize, String)>,
}

impl ParsedMail {
    /// The text a person reads: the plain body, or the HTML body as text. Empty when there is
    /// neither.
    pub fn readable_text(&self) -> Cow<'_, str> {
        match (&self.text, &self.html) {
            (Some(text), _) if !text.trim().is_empty() => Cow::Borrowed(text),
            (_, Some(page)) => Cow::Owned(html::html_to_text(page)),
            (Some(text), None) => Cow::Borrowed(text),
            (None, None) => Cow::Borrowed(""),
        }
    }

    /// Whether a person or a machine wrote this, by RFC 3834 and common practice.
    ///
    /// `envelope_from` is the SMTP reverse path the receiver saw: `Some("")` for the empty one,
    /// `None` when unknown, in which case a Return-Path header is used.
    pub fn auto_kind(&self, envelope_from: Option<&str>) -> AutoKind {
        if self.bounce.is_some() {
            return AutoKind::Bounce;
        }
        automatic::classify(&self.auto_signs, envelope_from)
    }

    /// True when the message carries this desk's marker header.
    pub const fn is_own(&self) -> bool {
        self.origin.is_some()
    }

    /// SPF, DKIM and DMARC verdicts of the receiving server that calls itself `authserv_id`
    /// (RFC 8601). Headers of any other server are ignored: a sender can write what they like.
    pub fn authentication(&self, authserv_id: &str) -> AuthVerdicts {
        auth_results::verdicts(&self.auth_headers, authserv_id)
    }
}

impl fmt::Debug for ParsedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedMail")
            .field("date", &self.date)
            .field("text_bytes", &self.text.as_ref().map(String::len))
            .field("html_bytes", &self.html.as_ref().map(String::len))
            .field("attachments", &self.attachments)
            .field("bounce", &self.bounce.is_some())
            .finish_non_exhaustive()
    }
}
