//! What the readers of the data files share: where it is wrong, and the checks every entry gets.

use std::ops::Range;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::PhrasesBuilder;
use crate::clinic::{ClinicFiles, LoadError};

/// Longest phrase or replacement in bytes.
const MAX_PHRASE: usize = 240;

/// A data file while it is read.
pub(crate) struct DataFile<'a> {
    name: String,
    text: &'a str,
}

impl<'a> DataFile<'a> {
    /// The file of this name below `clinic/`.
    pub fn of(files: &'a ClinicFiles, name: String) -> Result<Self, LoadError> {
        match files.get(&name) {
            Some(text) => Ok(Self { name, text }),
            None => Err(LoadError {
                file: name,
                line: 0,
                reason: "the file is missing".into(),
            }),
        }
    }

    /// The file as `T` sees it.
    pub fn toml<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        toml::from_str(self.text)
            .map_err(|e| self.error(e.span().unwrap_or(0..0), e.message().replace('\n', "; ")))
    }

    /// What is wrong at these bytes.
    pub fn error(&self, at: Range<usize>, reason: impl Into<String>) -> LoadError {
        let before = self.text.get(..at.start).unwrap_or_default();
        LoadError {
            file: self.name.clone(),
            line: 1 + before.matches('\n').count(),
            reason: reason.into(),
        }
    }

    /// A date on which somebody looks at the entry again.
    pub fn review(&self, review: &Spanned<String>) -> Result<(), LoadError> {
        match review.get_ref().parse::<Date>() {
            Ok(_) => Ok(()),
            Err(_) => Err(self.error(review.span(), "the review date must look like 2027-05-31")),
        }
    }

    /// A text that somebody reads.
    pub fn words(&self, words: &Spanned<String>) -> Result<String, LoadError> {
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
    pub fn phrases(
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

    /// As [`DataFile::phrases`], and at least one.
    pub fn some_phrases(
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
    pub fn build(&self, phrases: PhrasesBuilder) -> Result<super::Phrases, LoadError> {
        phrases.build().map_err(|reason| self.error(0..0, reason))
    }
}
