//! Which languages there are, and which one somebody gets.

use std::{fmt, str::FromStr};

/// Most bytes of `Accept-Language` that are read.
const MAX_HEADER: usize = 512;

/// A language the desk speaks completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Locale {
    /// English (United States).
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Locale {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::En, Self::Es];

    /// The language tag (BCP 47), as in `<html lang>` and the folder's name.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language's own name, for a chooser.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Es => "Español",
        }
    }

    /// Direction of writing, as in `<html dir>`.
    pub const fn dir(self) -> &'static str {
        match self {
            Self::En | Self::Es => "ltr",
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The tag names no language the desk speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this language is not available")]
pub struct UnknownLocale;

impl FromStr for Locale {
    type Err = UnknownLocale;

    /// Reads a language tag; regions and scripts are ignored (`es-MX` is Spanish).
    fn from_str(tag: &str) -> Result<Self, UnknownLocale> {
        let language = tag.trim().split(['-', '_']).next().unwrap_or("");
        Self::ALL
            .into_iter()
            .find(|locale| locale.tag().eq_ignore_ascii_case(language))
            .ok_or(UnknownLocale)
    }
}

/// The language somebody gets: the one they chose, else the best of their browser's
/// `Accept-Language` (RFC 9110, 12.5.4), else English.
pub fn negotiate(accept_language: Option<&str>, explicit: Option<&str>) -> Locale {
    if let Some(Ok(chosen)) = explicit.map(str::parse) {
        return chosen;
    }
    let header = accept_language
        .filter(|text| text.len() <= MAX_HEADER)
        .unwrap_or("");
    let mut best = (0_u16, Locale::default());
    for range in header.split(',') {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or("").trim();
        let quality = parts
            .find_map(|p| p.trim().strip_prefix("q="))
            .map_or(1000, thousandths);
        // Among equals the first one wins.
        if quality > best.0
            && let Ok(locale) = tag.parse()
        {
            best = (quality, locale);
        }
    }
    best.1
}

/// A quality such as `0.8` in thousandths; what can't be read counts as not wanted.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" => 1000,
        "0" => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn choice_goes_before_browser_before_english() {
        assert_eq!(negotiate(Some("es"), Some("en")), Locale::En);
        assert_eq!(negotiate(Some("es-MX,en;q=0.8"), None), Locale::Es);
        assert_eq!(negotiate(Some("fr, en;q=0.5, es;q=0.9"), None), Locale::Es);
        assert_eq!(negotiate(Some("en, es"), None), Locale::En);
        assert_eq!(negotiate(Some("es;q=0, en;q=0.001"), None), Locale::En);
        assert_eq!(negotiate(Some("fr"), Some("klingon")), Locale::En);
        assert_eq!(negotiate(None, None), Locale::En);
    }

    proptest! {
        #[test]
        fn any_header_ends_in_a_language(text in ".{0,600}", explicit in prop::option::of(".{0,40}")) {
            let locale = negotiate(Some(&text), explicit.as_deref());
            prop_assert!(Locale::ALL.contains(&locale));
            prop_assert_eq!(locale.tag().parse(), Ok(locale));
        }
    }
}
