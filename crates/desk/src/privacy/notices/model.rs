//! Notices as values.

use crate::codes::codes;
use crate::error::DeskError;
use crate::ids::{NoticeId, StaffId};
use aws_lc_rs::digest::{SHA256, digest};
use bedside_db::Timestamp;
use bedside_web::Locale;
use data_encoding::HEXLOWER;
use std::collections::BTreeMap;

/// The key of the notice of privacy practices.
pub const PRIVACY: &str = "privacy";
/// Longest key, in bytes.
pub const MAX_CODE: usize = 40;
/// Longest title, in characters.
pub const MAX_TITLE: usize = 200;
/// Longest text, in characters: some thirty printed pages.
pub const MAX_BODY: usize = 100_000;
/// Longest account of what is new, in characters.
pub const MAX_CHANGES: usize = 2000;

codes! {
    /// Whether it is being written.
    State {
        /// It can be changed, and nobody sees it but the staff.
        Draft = "draft",
        /// It is public and stays as it is.
        Published = "published",
    }
}

/// A version of a notice, without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Of which notice.
    pub code: String,
    /// Counts up from 1 within the notice.
    pub number: i64,
    /// Whether it is being written.
    pub state: State,
    /// Since when it is public.
    pub published_at: Option<Timestamp>,
    /// Who published it.
    pub published_by: Option<StaffId>,
    /// Counts up with each change of a draft.
    pub version: i64,
}

/// The words in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Title.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// What is new in this version; may be empty.
    pub changes: String,
}

/// The words in the languages that have any.
pub type Texts = BTreeMap<Locale, Text>;

/// What a reader gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The language of the words.
    pub locale: Locale,
    /// The words.
    pub text: &'a Text,
}

impl Text {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.title.is_empty() && self.body.is_empty()
    }

    /// The same with outer space and browsers' line ends taken away.
    #[must_use]
    pub fn tidy(&self) -> Self {
        let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        Self {
            title: plain(&self.title),
            body: plain(&self.body),
            changes: plain(&self.changes),
        }
    }

    /// Whether it is within its limits; both title and text, or neither.
    pub fn check(&self) -> Result<(), DeskError> {
        let long = |text: &str, most: usize| text.chars().count() > most;
        let wrong = DeskError::invalid;
        if long(&self.title, MAX_TITLE) || self.title.contains('\n') {
            return Err(wrong("title", "too_long", "A title is one short line."));
        }
        if long(&self.body, MAX_BODY) {
            return Err(wrong("body", "too_long", "This text is too long."));
        }
        if long(&self.changes, MAX_CHANGES) {
            return Err(wrong(
                "changes",
                "too_long",
                "Please use at most 2,000 characters.",
            ));
        }
        if self.title.is_empty() != self.body.is_empty() {
            let field = if self.title.is_empty() {
                "title"
            } else {
                "body"
            };
            return Err(wrong(field, "required", "A notice has a title and a text."));
        }
        Ok(())
    }

    /// SHA-256 of title and text.
    pub fn hash(&self) -> String {
        text_hash(&format!("{}\n\n{}", self.title, self.body))
    }
}

/// SHA-256 of a text, in hexadecimal digits.
pub fn text_hash(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

/// Whether this can be a notice's key: small letters, digits and underscores.
pub fn is_code(code: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !code.is_empty() && code.len() <= MAX_CODE && code.bytes().all(plain)
}

/// The words for a reader of `wanted`: their own, else the clinic's, else whatever there is.
pub fn shown(texts: &Texts, wanted: Locale, own: Locale) -> Option<Shown<'_>> {
    let of = |locale: Locale| {
        let text = texts.get(&locale).filter(|text| !text.is_empty())?;
        Some(Shown { locale, text })
    };
    of(wanted)
        .or_else(|| of(own))
        .or_else(|| texts.keys().copied().find_map(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(title: &str) -> Text {
        Text {
            title: title.to_owned(),
            body: "Words".to_owned(),
            changes: String::new(),
        }
    }

    #[test]
    fn a_reader_gets_their_language_or_the_clinics() {
        let both = Texts::from([(Locale::En, text("Notice")), (Locale::Es, text("Aviso"))]);
        assert_eq!(
            shown(&both, Locale::Es, Locale::En).unwrap().text.title,
            "Aviso"
        );
        let one = Texts::from([(Locale::En, text("Notice")), (Locale::Es, Text::default())]);
        assert_eq!(
            shown(&one, Locale::Es, Locale::En).unwrap().locale,
            Locale::En
        );
        assert_eq!(shown(&Texts::new(), Locale::Es, Locale::En), None);
    }

    #[test]
    fn a_hash_is_of_the_very_words() {
        assert_eq!(text("A").hash(), text("A").hash());
        assert_ne!(text("A").hash(), text("B").hash());
        assert_eq!(
            text_hash(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn keys_are_plain() {
        assert!(is_code("privacy") && is_code("part2_care"));
        for code in ["", "Privacy", "a b", "a/b", "ñ", &"x".repeat(41)] {
            assert!(!is_code(code), "{code}");
        }
    }

    #[test]
    fn words_have_limits_and_come_in_pairs() {
        text("A").check().unwrap();
        Text::default().check().unwrap();
        for wrong in [
            Text {
                title: String::new(),
                ..text("")
            },
            Text {
                body: String::new(),
                ..text("A")
            },
            text(&"x".repeat(MAX_TITLE + 1)),
            Text {
                body: "x".repeat(MAX_BODY + 1),
                ..text("A")
            },
            Text {
                changes: "x".repeat(MAX_CHANGES + 1),
                ..text("A")
            },
        ] {
            assert!(wrong.check().is_err());
        }
    }
}
