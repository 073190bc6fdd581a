//! The checks that the readers of phrases share.

use std::ops::Range;

use toml::Spanned;

use super::PhrasesBuilder;
use crate::clinic::{File, LoadError};

/// Longest phrase or replacement in bytes.
const MAX_PHRASE: usize = 240;

impl File<'_> {
    /// A text that somebody reads.
    pub(crate) fn words(&self, words: &Spanned<String>) -> Result<String, LoadError> {
        let text = words.get_ref().trim();
        if text.is_empty() || text.len() > MAX_PHRASE {
            return Err(self.error(
                words.span(),
                format!("a text of 1 to {MAX_PHRASE} bytes is needed here"),
            ));
        }
        Ok(text.to_owned())
    }

    /// Adds phrases under one tag.
    pub(crate) fn phrases(
        &self,
        terms: &[Spanned<String>],
        tag: usize,
        into: &mut PhrasesBuilder,
    ) -> Result<(), LoadError> {
        for term in terms {
            let text = self.words(term)?;
            into.add(&text, tag)
                .map_err(|reason| self.error(term.span(), reason))?;
        }
        Ok(())
    }

    /// As [`File::phrases`], and at least one.
    pub(crate) fn some_phrases(
        &self,
        at: Range<usize>,
        terms: &[Spanned<String>],
        tag: usize,
        into: &mut PhrasesBuilder,
    ) -> Result<(), LoadError> {
        if terms.is_empty() {
            return Err(self.error(at, "an entry needs at least one term"));
        }
        self.phrases(terms, tag, into)
    }

    /// The phrases of a whole set, ready to be found.
    pub(crate) fn build(&self, phrases: PhrasesBuilder) -> Result<super::Phrases, LoadError> {
        phrases.build().map_err(|reason| self.error(0..0, reason))
    }
}
