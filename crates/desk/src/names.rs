//! Names that people give to what the desk keeps: to clinics, colleagues, tokens and settings.

use crate::error::DeskError;
use bedside_web::Locale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text in every language it is kept in, by language tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(pub BTreeMap<String, String>);

impl Names {
    /// The text in `locale`, or in any language there is.
    pub fn in_locale(&self, locale: Locale) -> &str {
        self.0
            .get(locale.tag())
            .or_else(|| self.0.values().next())
            .map_or("", String::as_str)
    }
}

/// Longest name, in characters.
pub const MAX_NAME: usize = 100;

/// A name as it is kept: without space around it, 1 to [`MAX_NAME`] characters, all of them on one line. A line end or
/// another control character would break lists, logs and the headers of mails.
pub fn checked(name: &str) -> Result<&str, DeskError> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME;
    if fits && one_line(name) {
        return Ok(name);
    }
    Err(DeskError::invalid(
        "name",
        "bad_name",
        "A name has 1 to 100 characters, on one line.",
    ))
}

/// Whether a text holds no line ends and no other control characters.
pub fn one_line(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_one_line_of_some_length() {
        assert_eq!(checked(" Clínica Ñandú ").unwrap(), "Clínica Ñandú");
        assert!(checked(&"ñ".repeat(MAX_NAME)).is_ok());
        let long = "x".repeat(MAX_NAME + 1);
        for wrong in ["", "  \t", "a\nb", "a\u{7}b", "a\0b", "a\u{2028}b", &long] {
            assert!(checked(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_a_part_of_what_was_given(text in any::<String>()) {
            if let Ok(name) = checked(&text) {
                prop_assert_eq!(name, text.trim());
                prop_assert!(name.lines().count() == 1 && !name.contains('\r'));
            }
        }
    }
}
