//! Delivery status notifications (RFC 3464).

use super::{
    charset::tidy_line,
    structure::{Fields, Structure},
};
use mail_parser::{HeaderName, HeaderValue};
use std::fmt;

/// What happened to a message for one recipient (RFC 3464, 2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BounceAction {
    /// It will not be delivered.
    Failed,
    /// Not delivered yet; the server keeps trying.
    Delayed,
    /// Delivered.
    Delivered,
    /// Handed to a system that gives no notice.
    Relayed,
    /// Delivered and sent on, for example to a list.
    Expanded,
}

/// The fate of a message for one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct BounceRecipient {
    /// Address it was finally sent to, without its `rfc822;` prefix.
    pub final_recipient: String,
    /// Address the sender had given, where it differs and is stated.
    pub original_recipient: Option<String>,
    /// What happened.
    pub action: BounceAction,
    /// Enhanced status code (RFC 3463), e.g. `5.1.1`.
    pub status: Option<String>,
    /// What the other server said, on one line, at most 500 characters.
    pub diagnostic: Option<String>,
}

impl BounceRecipient {
    /// True when trying again is pointless: failed with a status of class 5, or without one.
    pub fn is_permanent(&self) -> bool {
        self.action == BounceAction::Failed
            && self
                .status
                .as_ref()
                .is_none_or(|status| status.starts_with('5'))
    }
}

impl fmt::Debug for BounceRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BounceRecipient")
            .field("action", &self.action)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// A report about a message that was sent earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Message-ID of the message it is about, without angle brackets. It was written by whoever
    /// sent the report, so it proves nothing unless it is one of ours and signed.
    pub original_message_id: Option<String>,
    /// `ENVID` that was given when it was sent (RFC 3461).
    pub original_envelope_id: Option<String>,
    /// One entry a recipient.
    pub recipients: Vec<BounceRecipient>,
    /// Header of the returned message, at most 16 KiB of it.
    pub returned_headers: Option<String>,
}

const MAX_RECIPIENTS: usize = 100;
const MAX_RETURNED: usize = 16 * 1024;

/// Media types of the machine-readable part.
pub(super) fn is_status(media: &str) -> bool {
    matches!(
        media,
        "message/delivery-status" | "message/global-delivery-status"
    )
}

/// Finds and reads a delivery report among the parts of a message.
pub(super) fn read(message: &Structure<'_>) -> Option<Bounce> {
    let status = message.leaves.iter().find(|leaf| is_status(&leaf.media))?;
    let text = status.text();
    let mut groups = text
        .split("\n\n")
        .map(str::trim)
        .filter(|group| !group.is_empty())
        .take(MAX_RECIPIENTS + 1)
        .map(|group| Fields::of(group.as_bytes()))
        .peekable();
    // Some servers leave the group about the message out.
    let envelope = groups.next_if(|fields| {
        fields.text("Final-Recipient").is_none() && fields.text("Action").is_none()
    });
    let recipients: Vec<_> = groups.filter_map(|fields| recipient(&fields)).collect();

    let returned = message
        .leaves
        .iter()
        .find(|leaf| {
            matches!(
                leaf.media.as_str(),
                "message/rfc822"
                    | "message/global"
                    | "text/rfc822-headers"
                    | "message/rfc822-headers"
                    | "message/global-headers"
            )
        })
        .map(|leaf| {
            let bytes = leaf.decoded();
            let window = &bytes[..bytes.len().min(MAX_RETURNED)];
            let end = memchr::memmem::find(window, b"\r\n\r\n")
                .into_iter()
                .chain(memchr::memmem::find(window, b"\n\n"))
                .min()
                .unwrap_or(window.len());
            window[..end].to_vec()
        });
    let original_message_id = returned
        .as_ref()
        .and_then(|header| {
            Fields::of(header)
                .get(&HeaderName::MessageId)
                .and_then(HeaderValue::as_text)
                .map(str::to_owned)
        })
        .or_else(|| message.top.text("Original-Message-ID").map(str::to_owned))
        .map(|id| tidy_line(id.trim_matches(['<', '>', ' ']), 998))
        .filter(|id| !id.is_empty());

    Some(Bounce {
        original_message_id,
        original_envelope_id: envelope
            .as_ref()
            .and_then(|fields| fields.text("Original-Envelope-Id"))
            .map(|id| tidy_line(id, 200)),
        recipients,
        returned_headers: returned
            .map(|header| super::charset::tidy_body(super::charset::guess(&header)))
            .filter(|header| !header.trim().is_empty()),
    })
}

fn recipient(fields: &Fields) -> Option<BounceRecipient> {
    let final_recipient = address(
        fields
            .text("Final-Recipient")
            .or_else(|| fields.text("Original-Recipient"))?,
    );
    let action = match fields
        .text("Action")?
        .trim()
        .to_ascii_lowercase()
        .split([' ', '('])
        .next()?
    {
        "failed" => BounceAction::Failed,
        "delayed" => BounceAction::Delayed,
        "delivered" => BounceAction::Delivered,
        "relayed" => BounceAction::Relayed,
        "expanded" => BounceAction::Expanded,
        _ => return None,
    };
    Some(BounceRecipient {
        original_recipient: fields
            .text("Original-Recipient")
            .map(address)
            .filter(|original| *original != final_recipient),
        final_recipient,
        action,
        status: fields.text("Status").and_then(status_code),
        diagnostic: fields
            .text("Diagnostic-Code")
            .map(|text| tidy_line(text.split_once(';').map_or(text, |(_, said)| said), 500)),
    })
}

/// `rfc822; ana@example.org` without its type.
fn address(value: &str) -> String {
    let plain = value.split_once(';').map_or(value, |(_, address)| address);
    tidy_line(plain.trim().trim_matches(['<', '>']), 320)
}

/// `class.subject.detail`, each of one to three digits.
fn status_code(value: &str) -> Option<String> {
    let code = value.split_whitespace().next()?;
    let numbers: Vec<_> = code.split('.').collect();
    let valid = numbers.len() == 3
        && matches!(numbers[0], "2" | "4" | "5")
        && numbers
            .iter()
            .all(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
    valid.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{AutoKind, Limits, parse};

    const REPORT: &str = "From: MAILER-DAEMON@mx.example.org\r\nTo: desk@clinic.example\r\nSubject: Undelivered\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n\
        --r\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
        --r\r\nContent-Type: message/delivery-status\r\n\r\n\
        Reporting-MTA: dns; mx.example.org\r\nOriginal-Envelope-Id: QQ314159\r\n\r\n\
        Final-Recipient: rfc822; ana@example.org\r\nOriginal-Recipient: rfc822;Ana@Example.org\r\nAction: failed\r\n\
        Status: 5.1.1 (bad mailbox)\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n <ana@example.org>: no such user\r\n\r\n\
        Final-Recipient: rfc822;bo@example.org\r\nAction: Delayed\r\nStatus: 4.4.1\r\n\
        --r\r\nContent-Type: text/rfc822-headers\r\n\r\n\
        Message-ID: <t.m.x@clinic.example>\r\nSubject: Your request\r\n\r\n--r--\r\n";

    #[test]
    fn full_report() {
        let mail = parse(REPORT.as_bytes(), &Limits::default()).unwrap();
        let bounce = mail.bounce.as_ref().unwrap();
        assert_eq!(
            bounce.original_message_id.as_deref(),
            Some("t.m.x@clinic.example")
        );
        assert_eq!(bounce.original_envelope_id.as_deref(), Some("QQ314159"));
        assert_eq!(bounce.recipients.len(), 2);
        let first = &bounce.recipients[0];
        assert_eq!(first.final_recipient, "ana@example.org");
        assert_eq!(first.original_recipient.as_deref(), Some("Ana@Example.org"));
        assert_eq!(
            (first.action, first.status.as_deref()),
            (BounceAction::Failed, Some("5.1.1"))
        );
        assert!(first.diagnostic.as_ref().unwrap().contains("no such user"));
        assert!(first.is_permanent() && !bounce.recipients[1].is_permanent());
        assert_eq!(bounce.recipients[1].action, BounceAction::Delayed);
        assert!(
            bounce
                .returned_headers
                .as_ref()
                .unwrap()
                .contains("Subject: Your request")
        );
        assert_eq!(mail.text.as_deref(), Some("Sorry."));
        assert_eq!(mail.auto_kind(None), AutoKind::Bounce);
        assert!(!format!("{mail:?}").contains("ana@"));
    }

    #[test]
    fn damaged_reports_give_what_they_have() {
        let raw = REPORT
            .replace("Action: failed", "Action: exploded")
            .replace("Message-ID: <t.m.x", "X: <");
        let bounce = parse(raw.as_bytes(), &Limits::default())
            .unwrap()
            .bounce
            .unwrap();
        assert_eq!(bounce.recipients.len(), 1);
        assert_eq!(bounce.original_message_id, None);
        assert_eq!(status_code("5.1"), None);
        assert_eq!(status_code("5.1.1234"), None);
    }
}
