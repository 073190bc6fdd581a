//! Who wrote a message: a person, or a machine that must not be answered by another machine.

use super::structure::Fields;

/// Kind of sender, as far as the message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoKind {
    /// Nothing says it was automatic.
    Person,
    /// An automatic answer, such as an out-of-office notice (RFC 3834 `auto-replied`).
    Reply,
    /// Sent by a system (RFC 3834 `auto-generated`), some out-of-office notices included.
    Generated,
    /// By a person as far as one can tell, who asks for no automatic answer.
    Unanswered,
    /// Mailing list or mass mail.
    Bulk,
    /// Report about mail that could not be delivered, or mail with an empty reverse path.
    Bounce,
}

impl AutoKind {
    /// True when an automatic acknowledgement may be sent.
    pub const fn may_be_acknowledged(self) -> bool {
        matches!(self, Self::Person)
    }
}

/// What the header says about automatic sending, collected while parsing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AutoSigns {
    header: Option<AutoKindBits>,
    system_author: bool,
    report: bool,
    /// `Some(true)`: Return-Path is present and empty.
    empty_return_path: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AutoKindBits {
    Reply,
    Generated,
    Unanswered,
    Bulk,
}

/// Headers that only vacation programs write.
const VACATION: [&str; 7] = [
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-AutoReply-From",
    "X-Mail-Autoreply",
    "X-Vacation",
    "X-POST-MessageClass",
];

const LIST: [&str; 5] = [
    "List-Id",
    "List-Unsubscribe",
    "List-Post",
    "List-Help",
    "Feedback-ID",
];

/// Collects the signs. `author` is the address of the first author, `top_media` the media type of
/// the message.
pub(super) fn signs(fields: &Fields, author: Option<&str>, report: bool) -> AutoSigns {
    let has = |name: &str| fields.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    let list = LIST.iter().any(|name| has(name));
    AutoSigns {
        header: match from_headers(fields, &has) {
            Some(AutoKindBits::Reply) => Some(AutoKindBits::Reply),
            _ if list => Some(AutoKindBits::Bulk),
            other => other,
        },
        system_author: author.is_some_and(is_system_author),
        report,
        empty_return_path: has("Return-Path")
            && fields
                .text("Return-Path")
                .is_none_or(|path| matches!(path.trim(), "" | "<>")),
    }
}

fn from_headers(fields: &Fields, has: &dyn Fn(&str) -> bool) -> Option<AutoKindBits> {
    // RFC 3834, section 5: any keyword but "no" is automatic; parameters and comments may follow.
    let submitted = fields
        .text("Auto-Submitted")
        .or_else(|| fields.text("X-Auto-Submitted"))
        .map(keyword);
    match submitted.as_deref() {
        Some("auto-replied") => return Some(AutoKindBits::Reply),
        Some("no" | "") | None => {}
        Some(_) => return Some(AutoKindBits::Generated),
    }
    if VACATION.iter().any(|name| has(name)) {
        return Some(AutoKindBits::Reply);
    }
    match fields.text("Precedence").map(keyword).as_deref() {
        Some("auto_reply" | "auto-reply") => return Some(AutoKindBits::Reply),
        Some("bulk" | "list" | "junk") => return Some(AutoKindBits::Bulk),
        _ => {}
    }
    // Exchange: the sender asks that no automatic answer be sent (MS-OXCMAIL).
    let suppress = fields
        .text("X-Auto-Response-Suppress")
        .map(str::to_ascii_lowercase);
    let suppressed = suppress.is_some_and(|value| {
        value
            .split(',')
            .any(|word| matches!(word.trim(), "all" | "autoreply" | "oof"))
    });
    suppressed.then_some(AutoKindBits::Unanswered)
}

fn keyword(value: &str) -> String {
    value
        .trim_start()
        .split(|c: char| c == ';' || c == '(' || c.is_whitespace())
        .next()
        .unwrap_or("")
        .to_ascii_lowercase()
}

fn is_system_author(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or("").to_ascii_lowercase();
    matches!(
        local.as_str(),
        "mailer-daemon" | "postmaster" | "mail-daemon" | "mailerdaemon"
    )
}

pub(super) fn classify(signs: &AutoSigns, envelope_from: Option<&str>) -> AutoKind {
    let empty_path = match envelope_from {
        Some(path) => matches!(path.trim(), "" | "<>"),
        None => signs.empty_return_path,
    };
    match signs.header {
        _ if signs.report => AutoKind::Bounce,
        // An out-of-office notice rightly has an empty reverse path and is still what it says.
        Some(AutoKindBits::Reply) if !signs.system_author => AutoKind::Reply,
        _ if empty_path || signs.system_author => AutoKind::Bounce,
        Some(AutoKindBits::Bulk) => AutoKind::Bulk,
        Some(AutoKindBits::Reply) => AutoKind::Reply,
        Some(AutoKindBits::Generated) => AutoKind::Generated,
        Some(AutoKindBits::Unanswered) => AutoKind::Unanswered,
        None => AutoKind::Person,
    }
}

#[cfg(test)]
mod tests {
    use crate::mail::{AutoKind, Limits, parse};

    fn kind(header: &str) -> AutoKind {
        let raw = format!("From: Ana <ana@example.org>\r\nSubject: x\r\n{header}\r\nhello");
        parse(raw.as_bytes(), &Limits::default())
            .unwrap()
            .auto_kind(None)
    }

    #[test]
    fn signs_of_automatic_senders() {
        for (header, expected) in [
            ("", AutoKind::Person),
            ("Auto-Submitted: no\r\n", AutoKind::Person),
            (
                "Auto-Submitted: auto-replied (vacation)\r\n",
                AutoKind::Reply,
            ),
            (
                "auto-submitted: Auto-Generated; owner=x\r\n",
                AutoKind::Generated,
            ),
            ("Auto-Submitted: auto-notified\r\n", AutoKind::Generated),
            ("X-Autoreply: yes\r\n", AutoKind::Reply),
            ("Precedence: auto_reply\r\n", AutoKind::Reply),
            ("Precedence: bulk\r\n", AutoKind::Bulk),
            ("Precedence: first-class\r\n", AutoKind::Person),
            ("List-Id: <news.example.org>\r\n", AutoKind::Bulk),
            (
                "List-Unsubscribe: <mailto:x@example.org>\r\n",
                AutoKind::Bulk,
            ),
            (
                "X-Auto-Response-Suppress: DR, OOF, AutoReply\r\n",
                AutoKind::Unanswered,
            ),
            (
                "X-Auto-Response-Suppress: All\r\nAuto-Submitted: auto-generated\r\n",
                AutoKind::Generated,
            ),
            ("X-Auto-Response-Suppress: DR\r\n", AutoKind::Person),
            ("Return-Path: <>\r\n", AutoKind::Bounce),
            ("Return-Path: <ana@example.org>\r\n", AutoKind::Person),
            (
                "Return-Path: <>\r\nAuto-Submitted: auto-replied\r\n",
                AutoKind::Reply,
            ),
        ] {
            assert_eq!(kind(header), expected, "{header}");
            assert_eq!(expected.may_be_acknowledged(), expected == AutoKind::Person);
        }
    }

    #[test]
    fn envelope_and_author_count() {
        let raw = b"From: MAILER-DAEMON@mx.example.org\r\nSubject: Returned\r\n\r\nx";
        let mail = parse(raw, &Limits::default()).unwrap();
        assert_eq!(mail.auto_kind(None), AutoKind::Bounce);
        let raw = b"From: ana@example.org\r\nReturn-Path: <>\r\n\r\nx";
        let mail = parse(raw, &Limits::default()).unwrap();
        assert_eq!(mail.auto_kind(Some("")), AutoKind::Bounce);
        assert_eq!(mail.auto_kind(Some("ana@example.org")), AutoKind::Person);
    }
}
