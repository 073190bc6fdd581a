//! The languages that the engine knows.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! languages {
    ($($(#[$doc:meta])* $variant:ident = $tag:literal,)+) => {
        /// A language whose dangers, categories and urgencies the engine knows.
        ///
        /// This is wider than the languages the product's own texts are written in: those are the
        /// locales of the interface, a list of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Language {
            $($(#[$doc])* #[serde(rename = $tag)] $variant,)+
        }

        impl Language {
            /// Every language of the engine.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The BCP 47 tag, such as `en`.
            pub const fn tag(self) -> &'static str {
                match self { $(Self::$variant => $tag,)+ }
            }
        }
    };
}

languages! {
    /// English.
    En = "en",
    /// Spanish.
    Es = "es",
    /// Chinese, simplified characters.
    ZhHans = "zh-Hans",
    /// Chinese, traditional characters.
    ZhHant = "zh-Hant",
    /// Vietnamese.
    Vi = "vi",
    /// Tagalog (Filipino).
    Tl = "tl",
    /// French.
    Fr = "fr",
    /// Portuguese, mostly Brazilian.
    Pt = "pt",
    /// Arabic.
    Ar = "ar",
    /// Russian.
    Ru = "ru",
    /// German.
    De = "de",
    /// Korean.
    Ko = "ko",
    /// Hindi.
    Hi = "hi",
}

impl Language {
    /// What its speakers call it.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Es => "Español",
            Self::ZhHans => "简体中文",
            Self::ZhHant => "繁體中文",
            Self::Vi => "Tiếng Việt",
            Self::Tl => "Tagalog",
            Self::Fr => "Français",
            Self::Pt => "Português",
            Self::Ar => "العربية",
            Self::Ru => "Русский",
            Self::De => "Deutsch",
            Self::Ko => "한국어",
            Self::Hi => "हिन्दी",
        }
    }

    /// The language of a BCP 47 tag. Regions are ignored (`es-MX` is Spanish) except where they say how
    /// Chinese is written (`zh-TW` is traditional).
    pub fn from_tag(tag: &str) -> Option<Self> {
        let mut parts = tag.split(['-', '_']);
        let primary = parts.next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            let traditional = parts.any(|p| {
                ["hant", "tw", "hk", "mo"]
                    .iter()
                    .any(|t| p.eq_ignore_ascii_case(t))
            });
            return Some(if traditional {
                Self::ZhHant
            } else {
                Self::ZhHans
            });
        }
        if primary.eq_ignore_ascii_case("fil") {
            return Some(Self::Tl);
        }
        Self::ALL
            .iter()
            .copied()
            .find(|l| primary.eq_ignore_ascii_case(l.tag()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_leniently() {
        assert_eq!(Language::from_tag("es-MX"), Some(Language::Es));
        assert_eq!(Language::from_tag("EN_us"), Some(Language::En));
        assert_eq!(Language::from_tag("zh"), Some(Language::ZhHans));
        assert_eq!(Language::from_tag("zh-TW"), Some(Language::ZhHant));
        assert_eq!(Language::from_tag("zh-Hant-HK"), Some(Language::ZhHant));
        assert_eq!(Language::from_tag("fil-PH"), Some(Language::Tl));
        assert_eq!(Language::from_tag("sw"), None);
        for &language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
    }
}
