//! Whole forms in memory, as far as they fit.

use axum::{extract::Request, http::StatusCode};
use bytes::Bytes;

use super::{Limits, Multipart, TOO_MANY};
use crate::problem::Problem;

/// Bytes that [`collect`] reads and drops beyond the limits before it stops: a browser shows an answer only once it has
/// sent everything.
pub(super) const SKIPPED: usize = 100 << 20;
/// Texts of the largest size that a whole form holds together.
const LONG_TEXTS: usize = 4;

/// Why files of a form were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// There were more than may be.
    TooMany,
    /// One was larger than a file may be.
    TooLarge,
    /// Together they were larger than a form may be.
    TooLargeTogether,
}

/// A whole multipart form in memory, as far as it fits.
#[derive(Debug, Default)]
pub struct Collected {
    /// Text fields in the order they were sent.
    pub texts: Vec<(String, String)>,
    /// Files in the order they were sent; inputs that were left empty are not among them.
    pub files: Vec<File>,
    /// Set when files were left out.
    pub left_out: Option<LeftOut>,
    /// Names of the texts that were cut off.
    cut: Vec<String>,
}

impl Collected {
    /// The first text with this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a text with this name was longer than what is here.
    pub fn is_cut(&self, name: &str) -> bool {
        self.cut.iter().any(|cut| cut == name)
    }

    /// Reads the texts into a `T`, by the same rules as [`crate::form::Form`].
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(&self.texts);
        crate::pairs::read(encoded.finish().as_bytes())
    }

    fn add_text(&mut self, name: String, bytes: Vec<u8>, cut: bool) -> Result<(), Problem> {
        let text = String::from_utf8(bytes).or_else(|error| {
            let whole = error.utf8_error().valid_up_to();
            // Cut off in the middle of a character.
            if !cut || error.utf8_error().error_len().is_some() {
                let (code, said) = ("invalid", "This text isn't UTF-8.");
                return Err(Problem::invalid_field(name.clone(), code, said));
            }
            Ok(String::from_utf8_lossy(&error.as_bytes()[..whole]).into_owned())
        })?;
        if cut {
            self.cut.push(name.clone());
        }
        self.texts.push((name, text));
        Ok(())
    }
}

/// Reads a whole form into memory, as far as it fits: a text beyond its limit is cut off there, and files beyond theirs,
/// or more than `most_files`, are left out. So nobody loses what they typed because of something else in the form.
pub async fn collect(
    request: Request,
    limits: Limits,
    most_files: usize,
) -> Result<Collected, Problem> {
    let reading = Limits {
        total: limits.total.saturating_add(SKIPPED),
        ..limits
    };
    let mut form = Multipart::with_limits(request, reading).await?;
    let mut all = Collected::default();
    let mut words = limits.text.saturating_mul(LONG_TEXTS);
    let mut room = limits.total;
    loop {
        let mut part = match form.next().await {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(all),
            Err(problem) => {
                all.left_out = Some(beyond(&problem).ok_or(problem)?);
                return Ok(all);
            }
        };
        let most = match &part.file_name {
            None => limits.text.min(words),
            Some(_) if all.files.len() < most_files => limits.file.min(room),
            Some(_) => 0,
        };
        let mut bytes = Vec::new();
        let (more, ended) = match part.read_up_to(most, &mut bytes).await {
            Ok(more) => (more, false),
            Err(problem) if beyond(&problem).is_some() => (true, true),
            Err(problem) => return Err(problem),
        };
        let (field, content_type) = (part.name, part.content_type);
        match part.file_name {
            None => {
                words -= bytes.len();
                all.add_text(field, bytes, more)?;
            }
            Some(_) if more => {
                all.left_out = Some(if all.files.len() >= most_files {
                    LeftOut::TooMany
                } else if most == limits.file {
                    LeftOut::TooLarge
                } else {
                    LeftOut::TooLargeTogether
                });
            }
            Some(name) if name.is_empty() && bytes.is_empty() => {}
            // Empty ones count as well.
            Some(_) if all.files.len() >= most_files => all.left_out = Some(LeftOut::TooMany),
            Some(name) => {
                room -= bytes.len();
                all.files.push(File {
                    field,
                    name,
                    content_type,
                    bytes: bytes.into(),
                });
            }
        }
        if ended {
            return Ok(all);
        }
    }
}

/// What a form has too much of, when that is all that is wrong with it.
fn beyond(problem: &Problem) -> Option<LeftOut> {
    if problem.code_str() == TOO_MANY {
        Some(LeftOut::TooMany)
    } else if problem.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Some(LeftOut::TooLargeTogether)
    } else {
        None
    }
}

/// One uploaded file in memory.
#[derive(Debug, Clone)]
pub struct File {
    /// Name of the input.
    pub field: String,
    /// Name of the file as the sender calls it, without folders and control characters.
    pub name: String,
    /// Type that the sender claims; sniff the content before believing it.
    pub content_type: Option<String>,
    /// The content.
    pub bytes: Bytes,
}
