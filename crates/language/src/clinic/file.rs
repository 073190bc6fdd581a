//! A data file while it is read: the one place that knows how to say where it is wrong.

use std::fmt;
use std::ops::Range;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use thiserror::Error;
use toml::Spanned;

use super::ClinicFiles;
use super::review::HEAD;

/// Longest reason of an entry, in characters.
const LONGEST: usize = 300;

/// A clinic's file that can't be used. Holds nothing about patients; fit to be shown to an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct LoadError {
    /// Path below `clinic/`.
    pub file: String,
    /// Line, counted from 1; 0 when it is about the file as a whole, as one that is missing.
    pub line: usize,
    /// What is wrong, in plain words.
    pub reason: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, reason } = self;
        match line {
            0 => write!(f, "{file}: {reason}"),
            line => write!(f, "{file}, line {line}: {reason}"),
        }
    }
}

impl LoadError {
    /// About a file as a whole.
    pub fn whole(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: 0,
            reason: reason.into(),
        }
    }

    /// About the line of `text` in which the byte `at` stands.
    fn at(file: &str, text: &[u8], at: usize, reason: String) -> Self {
        let before = text.get(..at).unwrap_or_default();
        Self {
            file: file.to_owned(),
            line: before.split(|byte| *byte == b'\n').count(),
            reason,
        }
    }
}

/// The text of a file as it lies on the disk, without the mark that some editors put before it.
///
/// # Errors
/// The line of the first byte that is not UTF-8.
pub fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, LoadError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        let reason = format!("the byte 0x{byte:02X} is not UTF-8; save the file as UTF-8");
        LoadError::at(name, error.as_bytes(), at, reason)
    })?;
    Ok(match text.strip_prefix('\u{FEFF}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// A data file while it is read.
#[derive(Debug)]
pub struct File<'a> {
    name: String,
    text: &'a str,
}

impl<'a> File<'a> {
    /// The file of this name below `clinic/`.
    ///
    /// # Errors
    /// It is missing.
    pub fn open(files: &'a ClinicFiles, name: impl Into<String>) -> Result<Self, LoadError> {
        let name = name.into();
        match files.get(&name) {
            Some(text) => Ok(Self { name, text }),
            None => Err(LoadError::whole(name, "the file is missing")),
        }
    }

    /// Path below `clinic/`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All of it.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The file as `T` sees it.
    ///
    /// # Errors
    /// It is no TOML, lacks something, or has something that `T` doesn't know.
    pub fn toml<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        toml::from_str(self.text)
            .map_err(|e| self.error(e.span().unwrap_or(0..0), e.message().replace('\n', "; ")))
    }

    /// The words of a list of words with where each begins; lines that begin with `#` are left out. Its first lines say why
    /// it is there (`# reason: ...`) and when somebody looks at it again (`# review: 2027-05-31`).
    ///
    /// # Errors
    /// One of the two is missing, or all words are: the file was cut off.
    pub(crate) fn list(&self) -> Result<Vec<(usize, &'a str)>, LoadError> {
        let text = self.text;
        let place = |part: &str| part.as_ptr().addr() - text.as_ptr().addr();
        let head = |key: &str| {
            let mut lines = text.lines().take(HEAD);
            let said = lines.find_map(|line| line.strip_prefix("# ")?.strip_prefix(key));
            said.ok_or_else(|| {
                let reason = format!("the line \"# {key} ...\" is missing at the head of the list");
                self.error(0..0, reason)
            })
        };
        let reason = head("reason:")?;
        self.said(place(reason)..place(reason), reason)?;
        let review = head("review:")?;
        let at = place(review)..place(review);
        self.review(&Spanned::new(at, review.trim().to_owned()))?;
        let words: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(str::split_whitespace)
            .map(|word| (place(word), word))
            .collect();
        if words.is_empty() {
            return Err(LoadError::whole(&self.name, "the list is empty"));
        }
        Ok(words)
    }

    /// What is wrong at these bytes.
    pub fn error(&self, at: Range<usize>, reason: impl Into<String>) -> LoadError {
        LoadError::at(&self.name, self.text.as_bytes(), at.start, reason.into())
    }

    /// Why an entry stands in its file, for whoever reviews it, and on which date that is.
    ///
    /// # Errors
    /// The reason is empty or longer than a thought, or the date is none.
    pub(crate) fn grounds(
        &self,
        reason: &Spanned<String>,
        review: &Spanned<String>,
    ) -> Result<(), LoadError> {
        self.said(reason.span(), reason.get_ref())?;
        self.review(review).map(|_| ())
    }

    fn said(&self, at: Range<usize>, reason: &str) -> Result<(), LoadError> {
        if reason.trim().is_empty() {
            return Err(self.error(at, "the reason is empty; say why this stands here"));
        }
        if reason.chars().count() > LONGEST {
            let reason = format!("a reason has at most {LONGEST} characters");
            return Err(self.error(at, reason));
        }
        Ok(())
    }

    /// A date on which somebody looks at the entry again.
    ///
    /// # Errors
    /// It is no date.
    pub fn review(&self, review: &Spanned<String>) -> Result<Date, LoadError> {
        review
            .get_ref()
            .parse()
            .map_err(|_| self.error(review.span(), "the review date must look like 2027-05-31"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_line() {
        assert_eq!(text_of("a", "señal\n".into()), Ok("señal\n".to_owned()));
        assert_eq!(
            text_of("a", "\u{FEFF}señal\n".into()),
            Ok("señal\n".to_owned()),
            "the mark that some editors write is no word"
        );
        let refused = text_of("language/x.toml", b"one\ntwo\nse\xF1al\n\xFF".to_vec());
        assert_eq!(
            refused.unwrap_err().to_string(),
            "language/x.toml, line 3: the byte 0xF1 is not UTF-8; save the file as UTF-8"
        );
        // The end of a text that was cut.
        let refused = text_of("x", b"one\n\xE2\x82".to_vec()).unwrap_err();
        assert_eq!(refused.line, 2);
    }

    #[test]
    fn a_file_that_is_missing_has_no_line() {
        let files = ClinicFiles::new();
        let refused = File::open(&files, "language/x.toml").unwrap_err();
        assert_eq!(refused.to_string(), "language/x.toml: the file is missing");
    }
}
