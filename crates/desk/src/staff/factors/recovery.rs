//! Recovery codes, and telling one from a code of the app.

use bedside_vault::secret;
use data_encoding::BASE32_NOPAD;

/// Codes that somebody gets at once.
const CODES: usize = 10;
/// Bytes of a code: as many as nobody guesses (ASVS 5.0, V11.5.1), and more than the 112 bits from which on a plain hash
/// is enough to keep it by (V6.5.2).
const LENGTH: usize = 16;
/// Letters between two dashes.
const GROUP: usize = 4;
/// Longest text that is looked at, in bytes.
const LONGEST: usize = 64;

/// Ten new codes as people read them, such as `k7ds-…`: 26 letters and digits in groups of four.
pub(in crate::staff) fn make() -> Vec<String> {
    (0..CODES)
        .map(|_| {
            let mut code = BASE32_NOPAD.encode(&secret::random_bytes::<LENGTH>());
            code.make_ascii_lowercase();
            grouped(&code)
        })
        .collect()
}

/// Text in groups of four.
pub(super) fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters
        .chunks(GROUP)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

/// What was typed where a code was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Six digits: a code of the app.
    Digits(String),
    /// Anything else, as the hash of a recovery code.
    Recovery([u8; 32]),
}

impl Typed {
    /// Reads what was typed; how it is grouped, and whether letters are large, says nothing.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if plain.len() == 6 && plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Digits(plain));
        }
        (!plain.is_empty()).then(|| Self::Recovery(secret::token_hash(&plain)))
    }

    /// The hash by which a code of [`make`] is kept.
    pub fn kept(code: &str) -> [u8; 32] {
        secret::token_hash(&code.replace('-', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_many_long_and_different() {
        let codes = make();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), CODES);
        for code in codes {
            assert_eq!(code.replace('-', "").len() * 5 / 8, LENGTH, "{code}");
            assert_eq!(code.split('-').count(), 7, "{code}");
            let typed = format!("  {} ", code.to_uppercase().replace('-', " "));
            assert_eq!(
                Typed::read(&typed),
                Some(Typed::Recovery(Typed::kept(&code)))
            );
        }
    }

    #[test]
    fn six_digits_are_of_the_app() {
        let digits = Some(Typed::Digits("012345".to_owned()));
        for typed in ["012345", " 012 345 ", "012-345"] {
            assert_eq!(Typed::read(typed), digits);
        }
        assert_eq!(Typed::read(" -- "), None);
        assert_eq!(Typed::read(&"1".repeat(65)), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,80}") {
            let _ = Typed::read(&text);
            prop_assert_eq!(grouped(&text).replace('-', ""), text.replace('-', ""));
        }
    }
}
