//! Forms with files (`multipart/form-data`): [`Multipart`] reads them as a stream and stops at the first limit, [`collect`]
//! takes a whole one into memory and keeps what fits.

use axum::{
    extract::{DefaultBodyLimit, FromRequest, Request, multipart},
    http::StatusCode,
};
use bytes::Bytes;

use crate::{
    body::{self, Held, Kept},
    form,
    problem::Problem,
};

mod collect;
#[cfg(test)]
mod tests;

pub use collect::{Collected, File, LeftOut, collect, collect_if};

/// What one upload may hold. All sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest single file.
    pub file: usize,
    /// Largest single text field.
    pub text: usize,
    /// Largest sum of all files and texts.
    pub total: usize,
    /// Most parts, files and texts together.
    pub parts: usize,
}

impl Limits {
    /// The usual ones: files of 25 MB, 50 MB together. People are told so (`problem-too-large-detail`).
    pub const DEFAULT: Self = Self {
        file: 25 << 20,
        text: 1 << 20,
        total: 50 << 20,
        parts: 128,
    };
}

/// Room for part headers and boundaries beyond the content, in bytes.
const FRAMING: usize = 256 * 1024;
/// The code of a form with too many parts.
const TOO_MANY: &str = "too_many_fields";
/// Longest field or file name that is kept, in characters.
const MAX_NAME: usize = 255;

/// A multipart form, part by part, so that no file has to fit into memory.
#[derive(Debug)]
pub struct Multipart {
    inner: multipart::Multipart,
    limits: Limits,
    parts: usize,
    total: usize,
    held: Held,
}

impl Multipart {
    /// Starts reading under other limits than the default ones.
    pub async fn with_limits(mut request: Request, limits: Limits) -> Result<Self, Problem> {
        if !form::is_type(request.headers(), "multipart/form-data") {
            return Err(Problem::unsupported("multipart/form-data"));
        }
        let held = Held::of(&request);
        DefaultBodyLimit::max(limits.total.saturating_add(FRAMING)).apply(&mut request);
        let inner = multipart::Multipart::from_request(request, &())
            .await
            .map_err(|_| {
                Problem::bad_request("The form has no valid boundary.").code("multipart")
            })?;
        Ok(Self {
            inner,
            limits,
            parts: 0,
            total: 0,
            held,
        })
    }

    /// The next part, or `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Part<'_>>, Problem> {
        let limits = self.limits;
        let Some(field) = self
            .inner
            .next_field()
            .await
            .map_err(|e| refused(&e, limits))?
        else {
            return Ok(None);
        };
        self.parts += 1;
        if self.parts > limits.parts {
            return Err(Problem::bad_request("Too many fields.").code(TOO_MANY));
        }
        let name = bounded(field.name().unwrap_or(""));
        let file_name = field.file_name().map(clean);
        let content_type = field.content_type().map(bounded);
        let limit = if file_name.is_some() {
            limits.file
        } else {
            limits.text
        };
        Ok(Some(Part {
            name,
            file_name,
            content_type,
            field,
            limit,
            read: 0,
            total: &mut self.total,
            held: &self.held,
            limits,
        }))
    }
}

/// One part of the form: a text field, or a file when it has a file name.
#[derive(Debug)]
pub struct Part<'a> {
    /// Name of the input.
    pub name: String,
    /// Name of the file as the sender calls it, without folders and control characters.
    pub file_name: Option<String>,
    /// Type that the sender claims; sniff the content before believing it.
    pub content_type: Option<String>,
    field: multipart::Field<'a>,
    limit: usize,
    read: usize,
    total: &'a mut usize,
    held: &'a Held,
    limits: Limits,
}

impl Part<'_> {
    /// The next piece of content, or `None` at its end. 503 while other forms have the memory.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        let chunk = self.checked_piece().await?;
        let bytes = chunk.as_ref().map_or(0, Bytes::len);
        self.held.take(bytes, self.kind())?;
        Ok(chunk)
    }

    async fn checked_piece(&mut self) -> Result<Option<Bytes>, Problem> {
        let piece = self.piece().await?;
        self.read += piece.as_ref().map_or(0, Bytes::len);
        if self.read > self.limit {
            return Err(Problem::too_large(self.limit).with("field", self.name.clone()));
        }
        self.check_total()?;
        Ok(piece)
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        let piece = self.field.chunk().await;
        let piece = piece.map_err(|error| refused(&error, self.limits))?;
        *self.total += piece.as_ref().map_or(0, Bytes::len);
        Ok(piece)
    }

    fn kind(&self) -> Kept {
        match self.file_name {
            Some(_) => Kept::File,
            None => Kept::Words,
        }
    }

    /// Leaves out what was read of the part: it holds no memory any more.
    fn forget(&self, all: &mut Vec<u8>) {
        self.held.give_back(all.capacity());
        *all = Vec::new();
    }

    fn check_total(&self) -> Result<(), Problem> {
        if *self.total > self.limits.total {
            return Err(Problem::too_large(self.limits.total));
        }
        Ok(())
    }

    /// Reads the content into `all` up to `most` bytes there, whatever this part's own limit; the rest is read and
    /// dropped. Says whether there was more. What came before an error stays in `all`.
    async fn read_up_to(&mut self, most: usize, all: &mut Vec<u8>) -> Result<bool, Problem> {
        let mut more = false;
        while let Some(piece) = self.piece().await? {
            // However large the piece is, its beginning is kept.
            let kept = piece.len().min(most - all.len());
            self.held.extend(all, &piece[..kept], most, self.kind())?;
            more |= kept < piece.len();
            self.check_total()?;
        }
        Ok(more)
    }

    /// The rest of the content in memory.
    pub async fn bytes(mut self) -> Result<Bytes, Problem> {
        let mut all = Vec::new();
        while let Some(piece) = self.checked_piece().await? {
            self.held
                .extend(&mut all, &piece, self.limit, self.kind())?;
        }
        Ok(all.into())
    }
}

/// Names come from strangers: of a file's only the last path segment counts.
fn clean(name: &str) -> String {
    bounded(name.rsplit(['/', '\\']).next().unwrap_or(""))
}

/// Without control characters and marks that turn the direction of writing, and not too long.
fn bounded(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = text
        .chars()
        .filter(|c| !c.is_control() && !turns(*c))
        .take(MAX_NAME)
        .collect();
    kept.trim().to_owned()
}

fn refused(error: &multipart::MultipartError, limits: Limits) -> Problem {
    if let Some(slow) = body::too_slow(error) {
        slow
    } else if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::too_large(limits.total)
    } else {
        Problem::bad_request("The form ended early or isn't well-formed.").code("multipart")
    }
}
