//! What a client learns when a request can't be answered: RFC 9457 `application/problem+json`.
//!
//! A problem has a public face (stable `code`, title, detail, fields) and a private text that goes
//! to the log and can't reach a response. Public texts carry no patient data and repeat no input.

use std::{borrow::Cow, fmt, sync::Arc};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi;

mod document;

use document::Body;

type Text = Cow<'static, str>;

/// One thing to correct in what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Path of the field, such as `messages[0].body`; empty for the whole document.
    pub field: String,
    /// Stable, machine-readable reason, such as `required`, `unknown_field`, `invalid`.
    #[schema(value_type = String)]
    pub code: Text,
    /// What to change, in plain English.
    #[schema(value_type = String)]
    pub message: Text,
}

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: Text,
    title: Text,
    detail: Option<Text>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    private: Option<Text>,
}

/// A typed refusal or failure that knows how to become a response.
///
/// The response keeps the problem in its extensions as `Arc<Problem>`, so that a layer for
/// people's pages can render a page with the same status instead of JSON.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

impl Problem {
    /// A problem of one's own: `code` is stable, `title` says its kind.
    pub fn new(status: StatusCode, code: impl Into<Text>, title: impl Into<Text>) -> Self {
        Self(Box::new(Inner {
            status,
            code: code.into(),
            title: title.into(),
            detail: None,
            errors: Vec::new(),
            members: Map::new(),
            headers: Vec::new(),
            private: None,
        }))
    }

    /// 400: the request itself can't be read.
    pub fn bad_request(detail: impl Into<Text>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The request can't be read",
        )
        .detail(detail)
    }

    /// 401: nobody is signed in, or the token isn't valid.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Please sign in")
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403: signed in, but not allowed.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "You can't do this")
            .detail("Your role doesn't include this. An administrator can change that.")
    }

    /// 404: not there, or not visible to whoever asks; the answer doesn't tell which.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found")
            .detail("There is nothing here that you can see.")
    }

    /// 405: this address doesn't answer to this method.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Not possible here",
        )
    }

    /// 409: the request is fine, but not in the present state of things.
    pub fn conflict(code: impl Into<Text>, detail: impl Into<Text>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Not possible right now").detail(detail)
    }

    /// 412: somebody else was faster. `changed` names the fields that differ since the version
    /// that the client saw, `version` is the present one.
    pub fn stale(version: i64, changed: &[&str]) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            "Someone changed this meanwhile",
        )
        .detail("Load it again, look at what changed, and send your change once more.")
        .with("version", version)
        .with("changed", changed.to_vec())
    }

    /// 428: an edit must say which version it was made on (`If-Match`).
    pub fn precondition_required() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "precondition_required",
            "The version is missing",
        )
        .detail("Send the ETag you got when reading as If-Match.")
    }

    /// 408: the sender let too much time pass before everything was there.
    pub fn too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            "This took too long to arrive",
        )
        .detail("Nothing was saved. Please try again, where the connection is better.")
    }

    /// 410: it was there, and won't come back.
    pub fn gone() -> Self {
        Self::new(StatusCode::GONE, "gone", "No longer available")
    }

    /// 413: more bytes than the limit.
    pub fn too_large(limit_bytes: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large")
            .detail("This is larger than what is accepted here.")
            .with("limit_bytes", limit_bytes)
    }

    /// 415: a media type this address doesn't read.
    pub fn unsupported(expected: &'static str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "This format isn't accepted here",
        )
        .detail(format!("Send it as {expected}."))
    }

    /// 422: readable, but some fields need a correction.
    pub fn unprocessable(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "Some fields need a correction",
        );
        problem.0.errors = errors;
        problem
    }

    /// 422 with a single field.
    pub fn invalid_field(
        field: impl Into<String>,
        code: impl Into<Text>,
        message: impl Into<Text>,
    ) -> Self {
        Self::unprocessable(vec![FieldError {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }])
    }

    /// 429: too often; `retry_after_seconds` is when the next try can succeed.
    pub fn rate_limited(retry_after_seconds: u32) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests",
        )
        .detail("Please wait a moment and try again.")
        .with("retry_after", retry_after_seconds)
        .header(header::RETRY_AFTER, retry_after_seconds.into())
    }

    /// 503: can't be done for the moment; nothing was kept. `private` is for the log.
    pub fn unavailable(private: impl Into<Text>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available for the moment",
        )
        .detail("Nothing was saved. Please try again in a minute.")
        .header(header::RETRY_AFTER, HeaderValue::from_static("30"))
        .private(private)
    }

    /// 503: so much is being sent that there is no memory for this; nothing was kept.
    pub fn no_room() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_room",
            "Too much is being sent for the moment",
        )
        .detail("Nothing was saved. Please try again in a minute.")
        .header(header::RETRY_AFTER, HeaderValue::from_static("30"))
    }

    /// 503: nothing can be stored, because the disk is full or does not work. `private` is for the log.
    pub fn storage_full(private: impl Into<Text>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "storage_full",
            "Nothing can be stored for the moment",
        )
        .detail("Nothing was saved. Please try again in a few minutes; if it stays, tell your administrator.")
        .header(header::RETRY_AFTER, HeaderValue::from_static("60"))
        .private(private)
    }

    /// 500: our own mistake. `private` goes to the log and nowhere else.
    pub fn internal(private: impl Into<Text>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
        )
        .detail("It has been noted. Please try again; if it stays, tell your administrator.")
        .private(private)
    }

    /// Replaces the public detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Text>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Replaces the stable code.
    #[must_use]
    pub fn code(mut self, code: impl Into<Text>) -> Self {
        self.0.code = code.into();
        self
    }

    /// Adds an extension member to the JSON document; the standard members can't be replaced.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        debug_assert!(
            !["type", "status", "code", "title", "detail", "errors"].contains(&name),
            "{name} is a standard member"
        );
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Sets the text for the log. It must not hold patient data either.
    #[must_use]
    pub fn private(mut self, private: impl Into<Text>) -> Self {
        self.0.private = Some(private.into());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable, machine-readable code.
    pub fn code_str(&self) -> &str {
        &self.0.code
    }

    /// The kind of problem in plain English; pages take [`Problem::text_key`] instead.
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// What happened this time, in plain English.
    pub fn detail_str(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The fields that need a correction.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// An extension member, such as `changed` of a stale edit.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.0.members.get(name)
    }

    /// The text for the log.
    pub fn private_str(&self) -> Option<&str> {
        self.0.private.as_deref()
    }

    /// Key of the page's title in the locale files; `<key>-detail` is the longer text.
    ///
    /// Codes without a text of their own fall back on that of their status class.
    pub fn text_key(&self) -> &'static str {
        match self.0.status.as_u16() {
            401 => "problem-unauthorized",
            403 => "problem-forbidden",
            404 | 405 => "problem-not-found",
            408 => "problem-too-slow",
            409 => "problem-conflict",
            410 => "problem-gone",
            412 | 428 => "problem-stale",
            413 => "problem-too-large",
            415 => "problem-unsupported",
            422 => "problem-invalid",
            429 => "problem-rate-limited",
            502..=504 => "problem-unavailable",
            500.. => "problem-internal",
            _ => "problem-bad-request",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status.as_u16(), self.0.code)?;
        match &self.0.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => write!(f, ": {}", self.0.title),
        }
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let inner = &self.0;
        let private = inner.private.as_deref().unwrap_or("");
        if inner.status.is_server_error() {
            tracing::error!(status = inner.status.as_u16(), code = %inner.code, private, "request failed");
        } else if inner.private.is_some() {
            tracing::debug!(status = inner.status.as_u16(), code = %inner.code, private, "request refused");
        }
        let body = serde_json::to_vec(&Body {
            r#type: format!("urn:bedside:problem:{}", inner.code),
            status: inner.status.as_u16(),
            code: &inner.code,
            title: &inner.title,
            detail: inner.detail.as_deref(),
            errors: &inner.errors,
            members: &inner.members,
        })
        .expect("strings, numbers and JSON values always serialise");
        let mut response = (
            inner.status,
            [(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/problem+json"),
            )],
            body,
        )
            .into_response();
        for (name, value) in &inner.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl utoipa::PartialSchema for Problem {
    fn schema() -> openapi::RefOr<openapi::schema::Schema> {
        <Body<'_> as utoipa::PartialSchema>::schema()
    }
}

impl utoipa::ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Problem")
    }

    fn schemas(schemas: &mut Vec<(String, openapi::RefOr<openapi::schema::Schema>)>) {
        <Body<'_> as utoipa::ToSchema>::schemas(schemas);
    }
}

/// Whether whoever asks is a person's browser that should get a page rather than JSON.
///
/// True when `Accept` names `text/html`; scripts and API clients don't.
pub fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .take(4)
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value
                .split(',')
                .take(32)
                .any(|part| part.trim_start().starts_with("text/html"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    async fn json_of(problem: Problem) -> (StatusCode, HeaderMap, Value) {
        let (parts, body) = problem.into_response().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            serde_json::from_slice(&bytes).unwrap(),
        )
    }

    #[tokio::test]
    async fn the_private_text_never_leaves() {
        let (status, headers, body) = json_of(Problem::internal("disk sda1 is on fire")).await;
        assert_eq!(status, 500);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(body["code"], "internal");
        assert!(!body.to_string().contains("sda1"));
    }

    #[tokio::test]
    async fn a_stale_edit_says_what_changed() {
        let (status, _, body) = json_of(Problem::stale(7, &["status", "assignee"])).await;
        assert_eq!(status, 412);
        assert_eq!(body["changed"], serde_json::json!(["status", "assignee"]));
        assert_eq!(body["version"], 7);
        assert_eq!(body["type"], "urn:bedside:problem:stale");
    }

    #[tokio::test]
    async fn fields_and_headers_are_told() {
        let (_, _, body) = json_of(Problem::invalid_field("email", "invalid", "No @ in it")).await;
        assert_eq!(body["errors"][0]["field"], "email");
        let (_, headers, body) = json_of(Problem::rate_limited(12)).await;
        assert_eq!(headers[header::RETRY_AFTER], "12");
        assert!(body.get("errors").is_none());
    }

    #[test]
    fn a_layer_finds_the_problem_in_the_response() {
        let response = Problem::gone().into_response();
        let kept = response.extensions().get::<Arc<Problem>>().unwrap();
        assert_eq!(
            (kept.status(), kept.text_key()),
            (StatusCode::GONE, "problem-gone")
        );
    }

    #[test]
    fn the_documentation_names_every_member() {
        let schema = serde_json::to_value(<Problem as utoipa::PartialSchema>::schema()).unwrap();
        for member in ["type", "status", "code", "title", "detail", "errors"] {
            assert!(
                schema["properties"].get(member).is_some(),
                "{member}: {schema}"
            );
        }
        let mut parts = Vec::new();
        <Problem as utoipa::ToSchema>::schemas(&mut parts);
        assert!(parts.iter().any(|(name, _)| name == "FieldError"));
    }

    #[test]
    fn only_browsers_get_pages() {
        let mut headers = HeaderMap::new();
        assert!(!wants_html(&headers));
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/json, */*"),
        );
        assert!(!wants_html(&headers));
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/xml;q=1, text/html;q=0.9"),
        );
        assert!(wants_html(&headers));
    }

    #[test]
    fn every_status_has_its_texts() {
        for status in [
            400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 415, 422, 428, 429, 500, 503,
        ] {
            let problem = Problem::new(StatusCode::from_u16(status).unwrap(), "x", "x");
            for locale in crate::Locale::ALL {
                let i18n = crate::I18n::global();
                assert!(i18n.has(locale, problem.text_key()), "{status}");
                assert!(
                    i18n.has(locale, &format!("{}-detail", problem.text_key())),
                    "{status}"
                );
            }
        }
    }
}
