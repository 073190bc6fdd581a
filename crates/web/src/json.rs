//! JSON bodies, read into a type.

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use crate::{
    form,
    problem::{FieldError, Problem},
};

/// Largest JSON body that is read, in bytes.
pub const LIMIT: usize = 2 * 1024 * 1024;

/// Deepest nesting of arrays and objects that is read.
pub const MAX_DEPTH: usize = 32;

/// A JSON body as a `T`, in and out.
///
/// Refuses other media types, more than [`LIMIT`] bytes, nesting beyond [`MAX_DEPTH`], and, when
/// `T` says `deny_unknown_fields`, fields that `T` doesn't have. Errors carry the field's path.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported("application/json"));
        }
        read(&form::body(request, LIMIT).await?).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                StatusCode::OK,
                [(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                )],
                body,
            )
                .into_response(),
            Err(error) => {
                Problem::internal(format!("response can't be JSON: {error}")).into_response()
            }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    form::essence(headers).is_some_and(|essence| {
        essence.eq_ignore_ascii_case("application/json")
            || essence
                .to_ascii_lowercase()
                .strip_suffix("+json")
                .is_some_and(|t| t.starts_with("application/"))
    })
}

/// Reads a `T` from JSON text under the same rules, for bodies that don't come through axum.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    if depth_exceeds(text, MAX_DEPTH) {
        return Err(Problem::bad_request("The JSON is nested too deeply.").code("json_too_deep"));
    }
    // The path costs time, so it is only looked for once something is wrong.
    serde_json::from_slice(text).or_else(|_| read_with_path(text))
}

fn read_with_path<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        refused(if path == "." { "" } else { &path }, error.inner())
    })?;
    reader.end().map_err(|error| refused("", &error))?;
    Ok(value)
}

fn refused(path: &str, error: &serde_json::Error) -> Problem {
    if error.classify() != Category::Data {
        return Problem::bad_request("This isn't valid JSON.")
            .code("json_syntax")
            .with("line", error.line())
            .with("column", error.column());
    }
    let text = error.to_string();
    let name = text.split('`').nth(1).unwrap_or("");
    let (code, message) = if text.starts_with("unknown field") {
        ("unknown_field", "This field isn't known here.".to_owned())
    } else if text.starts_with("missing field") {
        ("required", "This field is required.".to_owned())
    } else if text.starts_with("duplicate field") {
        ("duplicate", "This field came twice.".to_owned())
    } else if let Some(expected) = expected_part(&text) {
        ("invalid", format!("Expected {}.", in_plain_words(expected)))
    } else {
        ("invalid", "This value isn't valid.".to_owned())
    };
    // serde reports these two one level above the field they are about.
    let field = match code {
        "required" | "duplicate" if path.is_empty() => name.to_owned(),
        "required" | "duplicate" if path != name => format!("{path}.{name}"),
        _ => path.chars().filter(|c| !c.is_control()).take(200).collect(),
    };
    Problem::unprocessable(vec![FieldError {
        field,
        code: code.into(),
        message: message.into(),
    }])
}

/// A type's name says something to whoever wrote the program, and nothing to whoever calls it.
fn in_plain_words(expected: &str) -> &str {
    let starts = |names: &[&str]| names.iter().any(|name| expected.starts_with(name));
    if starts(&["struct ", "a map", "internally tagged enum"]) {
        "an object"
    } else if starts(&["a sequence", "tuple ", "a tuple", "an array"]) {
        "a list"
    } else if starts(&["variant ", "enum ", "tuple variant", "struct variant"]) {
        "one of the values that are described"
    } else {
        match expected {
            "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, zero or more",
            "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
            "f32" | "f64" => "a number",
            "a boolean" => "true or false",
            "unit" => "null",
            words => words,
        }
    }
}

/// What the type wanted. The part before it quotes the input and is left out.
fn expected_part(text: &str) -> Option<&str> {
    let known = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant ",
    ];
    if !known.iter().any(|prefix| text.starts_with(prefix)) {
        return None;
    }
    // The last one: a quoted input may contain the same words.
    let (_, expected) = text.rsplit_once(", expected ")?;
    Some(
        expected
            .rsplit_once(" at line ")
            .map_or(expected, |(part, _)| part),
    )
}

fn depth_exceeds(text: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use proptest::prelude::*;
    use serde_json::Value;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Message {
        body: String,
        #[serde(default)]
        attachments: Vec<File>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        size: u32,
    }

    #[test]
    fn a_whole_document_is_read() {
        let message: Message = read(br#"{"body":"x","attachments":[{"size":7}]}"#).unwrap();
        assert_eq!(
            (message.body.as_str(), message.attachments[0].size),
            ("x", 7)
        );
    }

    fn first(text: &str) -> (String, String, String) {
        let problem = read::<Message>(text.as_bytes()).unwrap_err();
        let error = &problem.errors()[0];
        (
            error.field.clone(),
            error.code.to_string(),
            error.message.to_string(),
        )
    }

    #[test]
    fn errors_tell_the_path_and_never_the_value() {
        let (field, code, message) = first(r#"{"body":"x","attachments":[{"size":"Jane Doe"}]}"#);
        assert_eq!(
            (field.as_str(), code.as_str()),
            ("attachments[0].size", "invalid")
        );
        assert_eq!(message, "Expected a whole number, zero or more.");
        for (text, wanted) in [
            ("[]", "an object"),
            ("\"x\"", "an object"),
            ("7", "an object"),
            (r#"{"body":"x","attachments":{}}"#, "a list"),
            (r#"{"body":"x","attachments":["y"]}"#, "an object"),
        ] {
            assert_eq!(first(text).2, format!("Expected {wanted}."), "{text}");
        }
        assert_eq!(first("{}").0, "body");
        assert_eq!(
            first(r#"{"body":"x","attachments":[{}]}"#).0,
            "attachments[0].size"
        );
        let (field, code, _) = first(r#"{"body":"x","admin":true}"#);
        assert_eq!((field.as_str(), code.as_str()), ("admin", "unknown_field"));
        let (_, _, message) = first(r#"{"body":7}"#);
        assert_eq!(message, "Expected a string.");
    }

    #[test]
    fn broken_text_says_where() {
        let problem = read::<Message>(b"{\"body\": ").unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.code_str()),
            (400, "json_syntax")
        );
        assert_eq!(problem.member("line"), Some(&Value::from(1)));
        assert_eq!(
            read::<Message>(b"{\"body\":\"x\"} x")
                .unwrap_err()
                .code_str(),
            "json_syntax"
        );
    }

    #[test]
    fn ten_thousand_levels_are_refused_at_once() {
        let deep = "[".repeat(10_000);
        assert_eq!(
            read::<Value>(deep.as_bytes()).unwrap_err().code_str(),
            "json_too_deep"
        );
        let quoted = format!("\"{}\"", "[".repeat(100));
        assert!(read::<Value>(quoted.as_bytes()).is_ok());
    }

    #[tokio::test]
    async fn the_media_type_is_checked() {
        for (kind, ok) in [
            ("application/json", true),
            ("application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let request = Request::builder()
                .header(header::CONTENT_TYPE, kind)
                .body(Body::from("{\"body\":\"x\"}"))
                .unwrap();
            match Json::<Message>::from_request(request, &()).await {
                Ok(Json(message)) => {
                    assert!(ok && message.body == "x" && message.attachments.is_empty());
                }
                Err(problem) => assert!(!ok && problem.status() == 415, "{kind}"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_value_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Err(problem) = read::<Message>(&bytes) {
                prop_assert!(problem.status().is_client_error());
            }
        }

        #[test]
        fn a_wrong_value_is_never_repeated(secret in "[a-z]{12}") {
            let text = serde_json::json!({ "body": "x", "attachments": [{ "size": secret }] }).to_string();
            let problem = read::<Message>(text.as_bytes()).unwrap_err();
            let told = format!("{:?}", problem.errors());
            prop_assert!(!told.contains(&secret));
        }
    }
}
