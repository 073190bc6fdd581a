//! Mailbox addresses.

use std::{fmt, str::FromStr};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Longest address in octets (RFC 5321, 4.5.3.1.3, without the angle brackets).
pub const MAX_OCTETS: usize = 254;
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;

/// Why a text is no address that mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("empty address")]
    Empty,
    /// Longer than 254 octets, or more than 64 before the `@`.
    #[error("address too long")]
    TooLong,
    /// No `@`, or nothing on one side of it.
    #[error("address without mailbox or domain")]
    Incomplete,
    /// A character that may not stand in an address: blanks, line ends, control or invisible
    /// characters, brackets, quotes.
    #[error("character not allowed in an address")]
    Character,
    /// The part after the `@` is no host name.
    #[error("domain not valid")]
    Domain,
}

impl AddressError {
    /// A sentence that may be shown to anyone.
    pub const fn public(&self) -> &'static str {
        match self {
            Self::Empty => "Please enter an email address.",
            Self::TooLong => "This email address is too long.",
            Self::Incomplete => "An email address looks like name@example.org.",
            Self::Character => "This email address has a character that is not allowed.",
            Self::Domain => "The part after the @ is not a valid domain.",
        }
    }
}

/// A valid address: one mailbox, no display name. Letters beyond ASCII are accepted on both sides
/// (RFC 6531); quoted local parts and address literals are not.
///
/// It holds no character that could end a header line or an SMTP command.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    text: String,
    at: usize,
}

impl Address {
    /// Reads an address; blanks around it and one pair of angle brackets are taken off, the domain
    /// is put in lower case and the whole in NFC.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        // A longer text can't become short enough; this keeps the work small.
        if text.len() > 4 * MAX_OCTETS {
            return Err(AddressError::TooLong);
        }
        let trimmed = text.trim_matches(' ');
        let bare = trimmed
            .strip_prefix('<')
            .and_then(|inner| inner.strip_suffix('>'))
            .unwrap_or(trimmed);
        if bare.is_empty() {
            return Err(AddressError::Empty);
        }
        let normal: String = bare.nfc().collect();
        if normal.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Character);
        }
        let (local, domain) = normal.rsplit_once('@').ok_or(AddressError::Incomplete)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Incomplete);
        }
        // RFC 5322 wants single dots between words; some large providers once gave out others.
        if local.starts_with('.') || !local.chars().all(is_local) {
            return Err(AddressError::Character);
        }
        let domain: String = domain.to_lowercase().nfc().collect();
        let domain = domain.strip_suffix('.').unwrap_or(&domain);
        if !domain.split('.').all(is_label) {
            return Err(AddressError::Domain);
        }
        if local.len() > MAX_LOCAL || local.len() + 1 + domain.len() > MAX_OCTETS {
            return Err(AddressError::TooLong);
        }
        Ok(Self {
            text: format!("{local}@{domain}"),
            at: local.len(),
        })
    }

    /// The address as mail is sent to it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The part after the `@`, in lower case.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Form in which two spellings of one mailbox are equal: all in lower case. No provider's
    /// private rules about dots or plus signs are applied, because they differ.
    pub fn normal(&self) -> String {
        self.text.to_lowercase().nfc().collect()
    }

    /// True when the next server must speak SMTPUTF8 (RFC 6531).
    pub fn needs_smtputf8(&self) -> bool {
        !self.text.is_ascii()
    }
}

/// `atext` of RFC 5322, the dot, and letters, marks and digits beyond ASCII.
fn is_local(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
    } else {
        is_international(c)
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= MAX_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| {
            if c.is_ascii() {
                c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
            } else {
                is_international(c)
            }
        })
}

fn is_international(c: char) -> bool {
    // Combining marks are not alphanumeric in every script but belong to words; separators,
    // format characters, private use and full-width punctuation do not.
    let unsafe_block = matches!(c, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{20ff}' | '\u{3000}'..='\u{3004}'
        | '\u{3008}'..='\u{3020}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe6f}' | '\u{feff}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}' | '\u{ffe0}'..='\u{ffff}' | '\u{e0000}'..);
    !unsafe_block && !super::charset::is_hidden(c)
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_addresses() {
        for (given, kept) in [
            ("ana@example.org", "ana@example.org"),
            (" <Ana.Gil+x@Example.ORG> ", "Ana.Gil+x@example.org"),
            ("o'neil@example.org", "o'neil@example.org"),
            ("josé@exámple.org", "josé@exámple.org"),
            ("jose\u{301}@example.org", "josé@example.org"),
            ("用户@例子.广告", "用户@例子.广告"),
            ("अजय@डाटा.भारत", "अजय@डाटा.भारत"),
            ("a@localhost", "a@localhost"),
            ("a@example.org.", "a@example.org"),
        ] {
            assert_eq!(Address::parse(given).unwrap().as_str(), kept);
        }
        let address = Address::parse("Ana@Example.org").unwrap();
        assert_eq!((address.local(), address.domain()), ("Ana", "example.org"));
        assert_eq!(address.normal(), "ana@example.org");
        assert!(!address.needs_smtputf8());
    }

    #[test]
    fn bad_addresses() {
        for (given, error) in [
            ("", AddressError::Empty),
            ("<>", AddressError::Empty),
            ("ana", AddressError::Incomplete),
            ("@example.org", AddressError::Incomplete),
            ("ana@", AddressError::Incomplete),
            ("a b@example.org", AddressError::Character),
            ("a@example.org\r\nBcc: x@y.z", AddressError::Character),
            ("a\0@example.org", AddressError::Character),
            ("a@b@example.org", AddressError::Character),
            ("a>@example.org", AddressError::Character),
            ("\"a b\"@example.org", AddressError::Character),
            ("a\u{200b}b@example.org", AddressError::Character),
            ("a\u{ff20}b@example.org", AddressError::Character),
            ("a@[127.0.0.1]", AddressError::Domain),
            ("a@-x.org", AddressError::Domain),
            ("a@x..org", AddressError::Domain),
            ("a@x.org>", AddressError::Domain),
        ] {
            assert_eq!(Address::parse(given), Err(error), "{given:?}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert_eq!(Address::parse(&long), Err(AddressError::TooLong));
        let long = format!("a@{}org", "abcdefgh.".repeat(28));
        assert_eq!(Address::parse(&long), Err(AddressError::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_safe_and_stable(text in "\\PC{0,30}|[a-z.@<> \r\n\0é\u{200b}-]{0,30}|[a-zñ.]{1,20}@[a-z.-]{1,20}") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert!(address.as_str().len() <= MAX_OCTETS);
                prop_assert!(!address.as_str().contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;:\"()[]\\".contains(c)));
                prop_assert_eq!(Address::parse(address.as_str()).unwrap(), address.clone());
                prop_assert_eq!(Address::parse(&address.normal()).unwrap().normal(), address.normal());
            }
        }
    }
}
