//! A mail as an invented patient's program would write it (RFC 5322): not as the desk does, which marks its own.

use bedside_db::Timestamp;
use data_encoding::BASE64;

/// What a patient sends.
#[derive(Clone, Debug)]
pub(super) struct Letter<'a> {
    pub(super) name: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) subject: &'a str,
    pub(super) body: &'a str,
    /// The Message-ID that is answered, and the whole conversation, oldest first.
    pub(super) references: &'a [String],
    /// Left part of the Message-ID.
    pub(super) id: &'a str,
    pub(super) at: Timestamp,
}

impl Letter<'_> {
    /// The bytes for SMTP.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let date =
            jiff::fmt::rfc2822::to_string(&self.at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC));
        let mut lines = vec![
            format!("Date: {}", date.unwrap_or_default()),
            format!("From: {} <{}>", word(self.name), address(self.from)),
            format!("To: <{}>", address(self.to)),
            format!("Subject: {}", word(self.subject)),
            format!("Message-ID: <{}@mail.example>", address(self.id)),
            "MIME-Version: 1.0".to_owned(),
            "Content-Type: text/plain; charset=utf-8".to_owned(),
            "Content-Transfer-Encoding: base64".to_owned(),
        ];
        if let Some(last) = self.references.last() {
            lines.push(format!("In-Reply-To: <{}>", address(last)));
            let all: Vec<_> = self
                .references
                .iter()
                .map(|id| format!("<{}>", address(id)))
                .collect();
            lines.push(format!("References: {}", all.join("\r\n ")));
        }
        lines.push(String::new());
        let body = BASE64.encode(self.body.replace('\n', "\r\n").as_bytes());
        lines.extend(
            body.as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into_owned()),
        );
        lines.push(String::new());
        lines.join("\r\n").into_bytes()
    }
}

/// Nothing that could end a header or an address.
fn address(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | ',' | ';'))
        .take(250)
        .collect()
}

/// A text as encoded words (RFC 2047) of at most 75 characters each.
fn word(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    let mut words = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.floor_char_boundary(42));
        words.push(format!("=?utf-8?B?{}?=", BASE64.encode(now.as_bytes())));
        rest = later;
    }
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_codecs::mail::{Limits, parse};

    #[test]
    fn what_is_written_is_read_back() {
        let subject = "¿Renovación? ".repeat(9);
        let letter = Letter {
            name: "José \r\nBcc: x@y.example",
            from: "jose@mail.example",
            to: "care@riverside.example",
            subject: &subject,
            body: "Uno\nDos: ñandú",
            references: &["a.b@riverside.example".to_owned()],
            id: "one",
            at: Timestamp::from_micros(1_700_000_000_000_000),
        };
        let mail = parse(&letter.bytes(), &Limits::default()).unwrap();
        assert_eq!(mail.subject.trim(), subject.trim());
        assert_eq!(mail.readable_text().trim(), "Uno\nDos: ñandú");
        assert_eq!(mail.in_reply_to, ["a.b@riverside.example"]);
        assert_eq!(mail.message_id.as_deref(), Some("one@mail.example"));
        assert!(mail.cc.is_empty() && mail.to.len() == 1);
        assert!(!mail.is_own());
    }
}
