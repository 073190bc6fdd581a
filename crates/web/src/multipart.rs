//! Forms with files (`multipart/form-data`), read as a stream within limits.

use axum::{
    extract::{DefaultBodyLimit, FromRequest, Request, multipart},
    http::StatusCode,
};
use bytes::{Bytes, BytesMut};

use crate::{
    body::{self, Held, Kept},
    form,
    problem::Problem,
};

/// What one upload may hold. All sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest single file.
    pub file: usize,
    /// Largest single text field.
    pub text: usize,
    /// Largest sum of all files and texts that are kept.
    pub total: usize,
    /// Most that is read and left out beyond that ([`Part::skip`]).
    pub skipped: usize,
    /// Most parts, files and texts together.
    pub parts: usize,
}

impl Limits {
    /// The usual ones: files of 25 MB, 50 MB together. People are told so (`problem-too-large-detail`).
    pub const DEFAULT: Self = Self {
        file: 25 << 20,
        text: 1 << 20,
        total: 50 << 20,
        skipped: 0,
        parts: 128,
    };
}

/// Room for part headers and boundaries beyond the content, in bytes.
const FRAMING: usize = 256 * 1024;
/// Longest field or file name that is kept, in characters.
const MAX_NAME: usize = 255;

/// A multipart form, part by part, so that no file has to fit into memory.
#[derive(Debug)]
pub struct Multipart {
    inner: multipart::Multipart,
    limits: Limits,
    parts: usize,
    total: usize,
    skipped: usize,
    held: Held,
}

impl Multipart {
    /// Starts reading under other limits than the default ones.
    pub async fn with_limits(mut request: Request, limits: Limits) -> Result<Self, Problem> {
        if !form::is_type(request.headers(), "multipart/form-data") {
            return Err(Problem::unsupported("multipart/form-data"));
        }
        let held = Held::of(&request);
        let most = limits.total.saturating_add(limits.skipped);
        DefaultBodyLimit::max(most.saturating_add(FRAMING)).apply(&mut request);
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
            skipped: 0,
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
            return Err(Problem::bad_request("Too many fields.").code("too_many_fields"));
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
            skipped: &mut self.skipped,
            held: &self.held,
            limits,
        }))
    }

    /// Reads everything into memory: texts in order, and files.
    ///
    /// File inputs that were left empty are skipped.
    pub async fn collect(mut self) -> Result<Collected, Problem> {
        let mut collected = Collected::default();
        while let Some(part) = self.next().await? {
            let (name, file_name) = (part.name.clone(), part.file_name.clone());
            let content_type = part.content_type.clone();
            let bytes = part.bytes().await?;
            match file_name {
                Some(file_name) if file_name.is_empty() && bytes.is_empty() => {}
                Some(file_name) => collected.files.push(File {
                    field: name,
                    name: file_name,
                    content_type,
                    bytes,
                }),
                None => {
                    let text = String::from_utf8(bytes.into()).map_err(|_| {
                        Problem::invalid_field(name.clone(), "invalid", "This text isn't UTF-8.")
                    })?;
                    collected.texts.push((name, text));
                }
            }
        }
        Ok(collected)
    }
}

impl<S: Send + Sync> FromRequest<S> for Multipart {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Self::with_limits(request, Limits::DEFAULT).await
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
    skipped: &'a mut usize,
    held: &'a Held,
    limits: Limits,
}

impl Part<'_> {
    /// The next piece of content, or `None` at its end. 413 beyond a limit, with `field` where it is the part's own; 503
    /// while other forms have the memory.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        let chunk = self.piece().await?;
        let length = chunk.as_ref().map_or(0, Bytes::len);
        if self.read + length > self.limit {
            return Err(Problem::too_large(self.limit).with("field", self.name.clone()));
        }
        if *self.total + length > self.limits.total {
            return Err(Problem::too_large(self.limits.total));
        }
        let kept = match self.file_name {
            Some(_) => Kept::File,
            None => Kept::Words,
        };
        self.held.take(length, kept)?;
        self.read += length;
        *self.total += length;
        Ok(chunk)
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        let piece = self.field.chunk().await;
        piece.map_err(|error| refused(&error, self.limits))
    }

    /// Leaves the part out: what was read of it counts no more, and the rest is read without being kept, so that what
    /// stands after it can be read. 413 when too much of the form is left out.
    pub async fn skip(mut self) -> Result<(), Problem> {
        self.held.give_back(self.read);
        *self.total -= self.read;
        *self.skipped += self.read;
        while let Some(piece) = self.piece().await? {
            *self.skipped += piece.len();
            if *self.skipped > self.limits.skipped {
                return Err(Problem::too_large(self.limits.total));
            }
        }
        Ok(())
    }

    /// The rest of the content in memory.
    pub async fn bytes(mut self) -> Result<Bytes, Problem> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }
}

/// A whole multipart form in memory.
#[derive(Debug, Default)]
pub struct Collected {
    /// Text fields in the order they were sent.
    pub texts: Vec<(String, String)>,
    /// Files in the order they were sent.
    pub files: Vec<File>,
}

impl Collected {
    /// The first text with this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Reads the texts into a `T`, by the same rules as [`crate::form::Form`].
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(&self.texts);
        crate::pairs::read(encoded.finish().as_bytes())
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::header};
    use proptest::prelude::*;

    const SMALL: Limits = Limits {
        file: 20,
        text: 10,
        total: 40,
        skipped: 60,
        parts: 4,
    };

    #[derive(serde::Deserialize)]
    struct Reply {
        body: String,
    }

    fn request(body: impl Into<Body>) -> Request {
        Request::builder()
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=XX")
            .body(body.into())
            .unwrap()
    }

    fn text(name: &str, value: &str) -> String {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    fn file(name: &str, value: &str) -> String {
        format!(
            "--XX\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n{value}\r\n"
        )
    }

    async fn read(parts: &[String]) -> Result<Collected, Problem> {
        let body = parts.concat() + "--XX--\r\n";
        Multipart::with_limits(request(body), SMALL)
            .await?
            .collect()
            .await
    }

    #[tokio::test]
    async fn texts_and_files_come_apart() {
        let form = read(&[
            text("body", "hello"),
            file("../../a\\scan.png", "PNG"),
            file("", ""),
        ])
        .await
        .unwrap();
        assert_eq!(form.text("body"), Some("hello"));
        assert_eq!(form.files.len(), 1);
        assert_eq!(
            (form.files[0].name.as_str(), form.files[0].bytes.as_ref()),
            ("scan.png", b"PNG".as_slice())
        );
        assert_eq!(form.read::<Reply>().unwrap().body, "hello");
    }

    #[tokio::test]
    async fn every_limit_holds() {
        let refusal = async |parts: &[String]| read(parts).await.unwrap_err();
        assert_eq!(refusal(&[text("a", &"x".repeat(11))]).await.status(), 413);
        assert_eq!(refusal(&[file("a", &"x".repeat(21))]).await.status(), 413);
        let three = [
            file("a", &"x".repeat(20)),
            file("b", &"x".repeat(20)),
            text("c", "x"),
        ];
        assert_eq!(refusal(&three).await.status(), 413);
        let five: Vec<_> = (0..5).map(|_| text("a", "x")).collect();
        assert_eq!(refusal(&five).await.code_str(), "too_many_fields");
        let huge = text("a", &"x".repeat(SMALL.total + FRAMING));
        assert_eq!(refusal(&[huge]).await.status(), 413);
    }

    #[tokio::test]
    async fn what_is_left_out_costs_nothing_and_hides_nothing() {
        async fn words_after(parts: &[String]) -> Result<String, Problem> {
            let body = parts.concat() + "--XX--\r\n";
            let (request, held) =
                body::Room::new(44).admit(request(body), None, body::Patience::default());
            let mut form = Multipart::with_limits(request, SMALL).await?;
            let mut words = String::new();
            while let Some(mut part) = form.next().await? {
                let refused = part.chunk().await;
                match refused {
                    Ok(text) if part.file_name.is_none() => {
                        words += &String::from_utf8_lossy(&text.unwrap_or_default());
                    }
                    _ => part.skip().await?,
                }
            }
            drop(held);
            Ok(words)
        }
        let large = file("a", &"x".repeat(25));
        let fits = file("b", &"x".repeat(20));
        let skipped = words_after(&[large.clone(), fits.clone(), text("c", "kept")]).await;
        assert_eq!(skipped.unwrap(), "kept");
        let over = words_after(&[large.clone(), large.clone(), large, text("c", "kept")]).await;
        assert_eq!(over.unwrap_err().status(), 413);
    }

    #[tokio::test]
    async fn other_types_and_broken_bodies_are_refused() {
        let plain = Request::builder()
            .header(header::CONTENT_TYPE, "text/plain")
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            Multipart::from_request(plain, &())
                .await
                .unwrap_err()
                .status(),
            415
        );
        let cut = Multipart::from_request(request(text("a", "x")), &())
            .await
            .unwrap();
        assert_eq!(cut.collect().await.unwrap_err().code_str(), "multipart");
        let latin = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xe9\r\n--XX--\r\n"
            .to_vec();
        let form = Multipart::from_request(request(latin), &()).await.unwrap();
        assert_eq!(form.collect().await.unwrap_err().status(), 422);
    }

    proptest! {
        #[test]
        fn names_are_harmless(name in "(?s).{0,400}") {
            let name = clean(&name);
            prop_assert!(!name.contains(['/', '\\', '\r', '\n', '\0']));
            prop_assert!(name.chars().count() <= MAX_NAME);
        }

        #[test]
        fn any_body_is_survived(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let problem = runtime.block_on(async {
                let form = Multipart::with_limits(request([b"--XX\r\n".as_slice(), &body].concat()), SMALL).await?;
                form.collect().await
            });
            if let Err(problem) = problem {
                prop_assert!(problem.status().is_client_error());
            }
        }
    }
}
