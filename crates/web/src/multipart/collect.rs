//! Whole forms in memory, as far as they fit.

use axum::{extract::Request, http::StatusCode};
use bytes::Bytes;

use super::{Limits, Multipart, Part, TOO_MANY};
use crate::problem::Problem;

/// Bytes that [`collect`] reads and drops beyond the limits before it stops: a browser shows an answer only once it has
/// sent everything.
pub(super) const SKIPPED: usize = 512 << 20;
/// Texts of the largest size that a whole form holds together.
const LONG_TEXTS: usize = 4;
/// Names of files that were left out that are kept.
pub(super) const LEFT_NAMES: usize = 100;

/// Why files of a form were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// There were more than may be.
    TooMany,
    /// One was larger than a file may be.
    TooLarge,
    /// Together they were larger than a form may be.
    TooLargeTogether,
    /// Other forms have the memory at the moment.
    NoRoom,
    /// The form took too long, and what was still to come of it is not here either.
    TooSlow,
    /// [`collect_if`] was told to keep none.
    NotWanted,
}

impl LeftOut {
    /// The status of the page that says so.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany | Self::TooLarge | Self::TooLargeTogether | Self::NotWanted => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }
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
    /// The names of the first of those, as their sender calls them.
    pub left_names: Vec<String>,
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
        let texts = self.texts.iter();
        crate::pairs::of(texts.map(|(key, value)| (key.into(), value.into())))
    }

    /// What a form has too much of, when that is all that is wrong with it and some of it is here.
    fn beyond(&self, problem: Problem) -> Result<LeftOut, Problem> {
        if problem.code_str() == TOO_MANY {
            Ok(LeftOut::TooMany)
        } else if problem.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Ok(LeftOut::TooLargeTogether)
        } else if problem.code_str() == "too_slow" && !self.texts.is_empty() {
            Ok(LeftOut::TooSlow)
        } else {
            Err(problem)
        }
    }

    fn leave_out(&mut self, name: String) {
        if self.left_names.len() < LEFT_NAMES && !name.is_empty() {
            self.left_names.push(name);
        }
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
    collect_if(request, limits, most_files, |_| true).await
}

/// The same, with the files left out wherever `wants` says no to what stands before them: such a file takes no memory.
pub async fn collect_if(
    request: Request,
    limits: Limits,
    most_files: usize,
    wants: impl Fn(&Collected) -> bool,
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
                let why = all.beyond(problem)?;
                all.left_out.get_or_insert(why);
                return Ok(all);
            }
        };
        let wanted = part.file_name.is_none() || wants(&all);
        let most = match &part.file_name {
            None => limits.text.min(words),
            Some(_) if wanted && all.files.len() < most_files => limits.file.min(room),
            Some(_) => 0,
        };
        let mut bytes = Vec::new();
        let (read, no_room) = take(&mut part, most, &mut bytes).await;
        let (more, ended) = match read {
            Ok(more) => (more, None),
            Err(problem) => (true, Some(all.beyond(problem)?)),
        };
        if more && part.file_name.is_some() {
            part.forget(&mut bytes);
        }
        let (field, content_type) = (part.name, part.content_type);
        match part.file_name {
            None => {
                words -= bytes.len();
                all.add_text(field, bytes, more)?;
            }
            Some(name) if more => {
                all.leave_out(name);
                let why = if let Some(LeftOut::TooSlow) = ended {
                    LeftOut::TooSlow
                } else if !wanted {
                    LeftOut::NotWanted
                } else if no_room {
                    LeftOut::NoRoom
                } else if all.files.len() >= most_files {
                    LeftOut::TooMany
                } else if most == limits.file {
                    LeftOut::TooLarge
                } else {
                    LeftOut::TooLargeTogether
                };
                all.left_out.get_or_insert(why);
            }
            Some(name) if name.is_empty() && bytes.is_empty() => {}
            // Empty ones count as well.
            Some(name) if all.files.len() >= most_files => {
                all.leave_out(name);
                all.left_out = Some(LeftOut::TooMany);
            }
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
        if let Some(why) = ended {
            if why == LeftOut::TooSlow {
                all.left_out.get_or_insert(why);
            }
            return Ok(all);
        }
    }
}

/// Reads a part as far as it fits; the second value says that a file found no memory.
async fn take(
    part: &mut Part<'_>,
    most: usize,
    bytes: &mut Vec<u8>,
) -> (Result<bool, Problem>, bool) {
    match part.read_up_to(most, bytes).await {
        Err(problem) if part.file_name.is_some() && problem.code_str() == "no_room" => {
            part.forget(bytes);
            let rest = part.read_up_to(0, bytes).await;
            (rest.map(|_| true), true)
        }
        read => (read, false),
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
