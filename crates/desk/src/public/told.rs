//! Where to call, in the language of somebody's words, above the page's own.

use super::shell::Shell;
use crate::app::App;
use crate::outbound;
use crate::triage;
use bedside_language::{Channel, Language};
use bedside_web::Locale;
use std::sync::Arc;

/// The clinic's wording of an emergency in a language that the page does not speak.
pub struct Told {
    /// Language tag.
    pub tag: &'static str,
    /// Which way it is written.
    pub dir: &'static str,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

impl Shell {
    /// The same frame, saying where to call in the language in which `words` of the request with this number are written, if
    /// the page speaks another one.
    #[must_use]
    pub fn telling(&self, app: &App, words: &str, number: i64) -> Self {
        let language = triage::language_of(app, Channel::WebForm, words, self.t.locale);
        self.telling_in(language, number)
    }

    /// The same in a language that is known already.
    #[must_use]
    pub fn telling_in(&self, language: Option<Language>, number: i64) -> Self {
        let told = language
            .filter(|language| language.tag() != self.t.locale.tag())
            .and_then(|language| {
                let paragraphs = outbound::where_to_call(&self.clinic, number, language)?;
                Some(Arc::new(Told {
                    tag: language.tag(),
                    dir: outbound::direction(language),
                    paragraphs,
                }))
            });
        Self {
            told,
            ..self.clone()
        }
    }
}

/// The language of a tag that stands in the address of a page; none for one that is unknown.
pub fn tagged(tag: &str) -> Option<Language> {
    let mut known = Language::ALL.iter().copied();
    known.find(|language| language.tag() == tag)
}

/// The tag of the language of `words` that is worth keeping for the next page.
pub fn tag_of(app: &App, words: &str, hint: Locale) -> String {
    let language = triage::language_of(app, Channel::WebForm, words, hint);
    language.map_or_else(String::new, |language| language.tag().to_owned())
}
