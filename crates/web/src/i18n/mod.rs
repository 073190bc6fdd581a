//! Every text people read, in their language (Fluent).
//!
//! The files in `locales/<locale>/*.ftl` are embedded. Most messages are plain, or plain with
//! values to fill in; those are prepared once at start, so that a page with hundreds of texts costs
//! microseconds. The rest (plurals, choices) goes through Fluent's own resolver.

mod catalog;
mod locale;
pub mod time;

use std::{borrow::Cow, sync::LazyLock};

use catalog::Catalog;
pub use catalog::LocaleError;
pub use locale::{Locale, negotiate};

/// A value that fills a place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg<'a> {
    /// Words, put in as they are.
    Text(Cow<'a, str>),
    /// A whole number; it also decides plurals.
    Count(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Arg<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Arg<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg<'_> {
    fn from(count: i64) -> Self {
        Self::Count(count)
    }
}

impl From<i32> for Arg<'_> {
    fn from(count: i32) -> Self {
        Self::Count(count.into())
    }
}

impl From<u32> for Arg<'_> {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<usize> for Arg<'_> {
    fn from(count: usize) -> Self {
        Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

/// All texts in all languages.
#[derive(Debug)]
pub struct I18n {
    catalogs: [Catalog; Locale::ALL.len()],
}

impl I18n {
    /// The embedded texts.
    ///
    /// # Panics
    ///
    /// When an embedded file isn't valid Fluent, which the tests of this crate rule out.
    pub fn global() -> &'static Self {
        static TEXTS: LazyLock<I18n> =
            LazyLock::new(|| I18n::load().expect("the embedded locale files are valid"));
        &TEXTS
    }

    /// Parses the embedded files.
    pub fn load() -> Result<Self, LocaleError> {
        Ok(Self {
            catalogs: [
                Catalog::embedded(Locale::En)?,
                Catalog::embedded(Locale::Es)?,
            ],
        })
    }

    /// The text of a message without values.
    ///
    /// # Panics
    ///
    /// With debug assertions when there is no such message, so that tests notice; otherwise the
    /// key itself is shown and the log says so.
    pub fn text<'a>(&'a self, locale: Locale, key: &'a str) -> &'a str {
        self.catalog(locale).text(key).unwrap_or_else(|| {
            missing(locale, key, "no such text without values");
            key
        })
    }

    /// The text of a message with values filled in.
    ///
    /// # Panics
    ///
    /// As [`I18n::text`], and also when a value is missing.
    pub fn format<'a>(
        &'a self,
        locale: Locale,
        key: &'a str,
        args: &[(&str, Arg<'_>)],
    ) -> Cow<'a, str> {
        match self.catalog(locale).format(key, args) {
            Ok(text) => text,
            Err(reason) => {
                missing(locale, key, reason);
                Cow::Borrowed(key)
            }
        }
    }

    /// Whether there is a message with this key.
    pub fn has(&self, locale: Locale, key: &str) -> bool {
        self.catalog(locale).has(key)
    }

    /// All keys of a language, sorted, each with the names of its values, sorted.
    pub fn all_keys(&self, locale: Locale) -> Vec<(&str, &[String])> {
        self.catalog(locale).all_keys()
    }

    /// The texts for the browser's scripts (keys that start with `js-`, told without it) as a JSON
    /// object; values to fill in stand in braces. It goes into `<meta name="bd-texts">`.
    pub fn client_texts(&self, locale: Locale) -> &str {
        self.catalog(locale).client_texts()
    }

    fn catalog(&self, locale: Locale) -> &Catalog {
        &self.catalogs[locale as usize]
    }
}

fn missing(locale: Locale, key: &str, reason: &str) {
    tracing::error!(%locale, key, reason, "text is missing");
    debug_assert!(false, "locales/{locale}: {key}: {reason}");
}

/// The embedded texts in one language, small enough to pass to every template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts {
    /// The language.
    pub locale: Locale,
}

impl Texts {
    /// The embedded texts in `locale`.
    pub fn new(locale: Locale) -> Self {
        Self { locale }
    }

    /// See [`I18n::text`].
    pub fn text(self, key: &str) -> &str {
        I18n::global().text(self.locale, key)
    }

    /// A message with one value: `t.with("queue-title", "name", queue.name)`.
    pub fn with<'a, 'v>(self, key: &'a str, name: &str, value: impl Into<Arg<'v>>) -> Cow<'a, str> {
        I18n::global().format(self.locale, key, &[(name, value.into())])
    }

    /// See [`I18n::format`].
    pub fn format<'a>(self, key: &'a str, args: &[(&str, Arg<'_>)]) -> Cow<'a, str> {
        I18n::global().format(self.locale, key, args)
    }
}

#[cfg(test)]
mod tests;
