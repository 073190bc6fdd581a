//! HTML forms sent as `application/x-www-form-urlencoded`.

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use bytes::Bytes;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::{
    body::{self, Held, Kept},
    pairs,
    problem::Problem,
};

/// Largest form that is read, in bytes. Long texts fit, also where every letter takes nine (`%E8%AA%9E`); files go through
/// [`crate::multipart`].
pub const LIMIT: usize = 8 * 1024 * 1024;
/// Bytes that [`Posted::cut`] reads and drops: a browser shows an answer only once it has sent everything.
const SKIPPED: usize = 100 << 20;

/// Bytes beyond a limit that are read and dropped before the answer.
const OVERFLOW: usize = 8 * 1024 * 1024;

/// The form as a `T`; repeated keys fill a `Vec`, empty inputs are `None`, `on` is `true`.
#[derive(Debug, Clone, Copy)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_type(&request)?;
        pairs::read(&body(request, LIMIT).await?).map(Self)
    }
}

/// A form that was sent and not read yet, so that its token can be looked at before its fields.
#[derive(Debug, Clone)]
pub struct Posted(Bytes);

impl Posted {
    /// Reads a form and drops what goes beyond [`LIMIT`], so that what was typed before it can be given back.
    pub async fn cut(request: Request) -> Result<Self, Problem> {
        check_type(&request)?;
        let (kept, _) = beginning(request, LIMIT, SKIPPED).await?;
        Ok(Self(kept))
    }

    /// The value of the hidden input [`crate::csrf::FIELD`].
    pub fn token(&self) -> Option<String> {
        form_urlencoded::parse(&self.0)
            .take(pairs::MAX_PAIRS)
            .find_map(|(key, value)| (key == crate::csrf::FIELD).then(|| value.into_owned()))
    }

    /// The fields as a `T`, by the same rules as [`Form`].
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        pairs::read(&self.0)
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_type(&request)?;
        body(request, LIMIT).await.map(Self)
    }
}

fn check_type(request: &Request) -> Result<(), Problem> {
    const TYPE: &str = "application/x-www-form-urlencoded";
    if is_type(request.headers(), TYPE) {
        Ok(())
    } else {
        Err(Problem::unsupported(TYPE))
    }
}

/// Whether `Content-Type` is `expected`, whatever its parameters.
pub(crate) fn is_type(headers: &HeaderMap, expected: &str) -> bool {
    essence(headers).is_some_and(|essence| essence.eq_ignore_ascii_case(expected))
}

/// The media type without its parameters.
pub(crate) fn essence(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or(value).trim())
}

/// Reads the whole body, up to `limit` bytes.
///
/// A little more is read and dropped: most clients read no answer before they have sent everything, and one that is cut
/// off meanwhile never hears that it sent too much. Who announces more than that, or asks first, is told at once.
pub async fn body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let headers = request.headers();
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or(0);
    let asks_first = headers.contains_key(header::EXPECT);
    let heard = if asks_first { limit } else { limit + OVERFLOW };
    if announced > heard as u64 {
        return Err(Problem::too_large(limit));
    }
    let (kept, read) = beginning(request, limit, OVERFLOW).await?;
    if read > limit {
        return Err(Problem::too_large(limit));
    }
    Ok(kept)
}

/// The first `limit` bytes of a body and how many came; up to `more` beyond them are read and dropped.
async fn beginning(request: Request, limit: usize, more: usize) -> Result<(Bytes, usize), Problem> {
    let held = Held::of(&request);
    let mut pieces = request.into_body().into_data_stream();
    let (mut kept, mut read) = (Vec::new(), 0);
    while read < limit + more
        && let Some(piece) = pieces.next().await
    {
        let piece = piece.map_err(|error| ended(&error))?;
        let fits = piece.len().min(limit - kept.len());
        held.extend(&mut kept, &piece[..fits], limit, Kept::Words)?;
        read += piece.len();
    }
    Ok((kept.into(), read))
}

/// The problem of a body that broke off.
fn ended(error: &axum::Error) -> Problem {
    body::too_slow(error).unwrap_or_else(|| {
        Problem::bad_request("The request ended before it was complete.").code("incomplete")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[derive(Debug, serde::Deserialize)]
    struct Reply {
        body: String,
    }

    async fn send(kind: &str, body: Body) -> Result<Reply, Problem> {
        let request = Request::builder()
            .header(header::CONTENT_TYPE, kind)
            .body(body)
            .unwrap();
        Form::from_request(request, &())
            .await
            .map(|Form(reply)| reply)
    }

    #[tokio::test]
    async fn a_form_is_read_by_type_and_limit() {
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        assert_eq!(
            send(kind, "body=Hello+you".into()).await.unwrap().body,
            "Hello you"
        );
        assert_eq!(
            send("text/plain", "body=x".into())
                .await
                .unwrap_err()
                .status(),
            415
        );
        let large = format!("body={}", "x".repeat(LIMIT));
        assert_eq!(
            send(kind, large.clone().into()).await.unwrap_err().status(),
            413
        );
        // Without a Content-Length the limit holds while reading.
        let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(large)]);
        assert_eq!(
            send(kind, Body::from_stream(chunks))
                .await
                .unwrap_err()
                .status(),
            413
        );
        let cut = futures_util::stream::iter([Err::<String, _>(std::io::Error::other("reset"))]);
        assert_eq!(
            send(kind, Body::from_stream(cut))
                .await
                .unwrap_err()
                .code_str(),
            "incomplete"
        );
    }

    #[tokio::test]
    async fn a_form_that_may_be_cut_keeps_its_beginning() {
        let posted = |body: Body| {
            Posted::cut(
                Request::builder()
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(body)
                    .unwrap(),
            )
        };
        let exactly = format!("csrf_token=t&body={}", "x".repeat(LIMIT - 18));
        let whole = posted(exactly.clone().into()).await.unwrap();
        assert_eq!(whole.read::<Reply>().unwrap().body.len(), LIMIT - 18);
        // In one piece, in many, and far beyond the limit.
        let piece = || "x".repeat(1 << 20);
        for more in [1, (LIMIT >> 20) + 3, ((LIMIT + SKIPPED) >> 20) + 3] {
            let pieces = std::iter::once(exactly.clone())
                .chain(std::iter::repeat_with(piece).take(more))
                .map(Ok::<_, std::io::Error>);
            let cut = Body::from_stream(futures_util::stream::iter(pieces));
            let cut = posted(cut).await.unwrap();
            assert_eq!(cut.token().as_deref(), Some("t"));
            assert_eq!(cut.read::<Reply>().unwrap().body.len(), LIMIT - 18);
        }
        let one = posted(format!("{exactly}yyy").into()).await.unwrap();
        assert!(!one.read::<Reply>().unwrap().body.contains('y'));
    }

    /// Sends `length` bytes before it reads, as most clients do; gives the first line of the answer.
    async fn sends_first(length: usize, expect: &str) -> std::io::Result<String> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let read = |request: Request| async {
            body(request, LIMIT)
                .await
                .map(|read| read.len().to_string())
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = axum::Router::new().route("/", axum::routing::post(read));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let mut client = tokio::net::TcpStream::connect(address).await?;
        let head = format!(
            "POST / HTTP/1.1\r\nhost: desk\r\nconnection: close\r\n{expect}content-length: {length}\r\n\r\n"
        );
        client.write_all(head.as_bytes()).await?;
        if expect.is_empty() {
            client.write_all(&vec![b'x'; length]).await?;
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        serving.abort();
        Ok(answer.lines().next().unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn who_sends_too_much_hears_of_it() {
        for length in [LIMIT, LIMIT + 1, LIMIT + OVERFLOW] {
            let answer = sends_first(length, "").await.unwrap();
            let status = if length > LIMIT { "413" } else { "200" };
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{answer}"
            );
        }
        let asked = sends_first(LIMIT + 1, "expect: 100-continue\r\n").await;
        assert!(asked.unwrap().starts_with("HTTP/1.1 413"));
    }
}
