//! Optimistic locking over HTTP: a version number as a strong entity tag (RFC 9110, 8.8.3).

use axum::http::{HeaderMap, HeaderValue, header};

use crate::Problem;

/// What an edit was made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// `If-Match: *`: whatever there is now, as long as it exists.
    Any,
    /// Exactly this version.
    Version(i64),
}

impl Expected {
    /// Whether an edit made on this may be applied to `version`.
    pub fn allows(self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Version(expected) => expected == version,
        }
    }
}

/// The `ETag` of a version, such as `"v12"`.
#[expect(
    clippy::missing_panics_doc,
    reason = "digits are always valid in a header"
)]
pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"v{version}\"")).expect("digits are valid in a header")
}

/// What the request's `If-Match` expects.
///
/// Without the header 428; with weak tags, several tags or tags that aren't ours 400, because an
/// edit is made on exactly one version.
pub fn if_match(headers: &HeaderMap) -> Result<Expected, Problem> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let value = values.next().ok_or_else(Problem::precondition_required)?;
    if values.next().is_some() {
        return Err(malformed());
    }
    parse(value.as_bytes()).ok_or_else(malformed)
}

fn malformed() -> Problem {
    Problem::bad_request("Send If-Match with the one ETag you got when reading.").code("if_match")
}

fn parse(value: &[u8]) -> Option<Expected> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if text == "*" {
        return Some(Expected::Any);
    }
    let digits = text.strip_prefix("\"v")?.strip_suffix('"')?;
    let canonical = digits.bytes().all(|b| b.is_ascii_digit());
    let version = digits.parse().ok()?;
    canonical.then_some(Expected::Version(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(values: &[&str]) -> Result<Expected, u16> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, value.parse().unwrap());
        }
        if_match(&headers).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn if_match_is_read_strictly() {
        assert_eq!(read(&["\"v12\""]), Ok(Expected::Version(12)));
        assert_eq!(read(&["*"]), Ok(Expected::Any));
        assert_eq!(read(&[]), Err(428));
        for wrong in [
            "W/\"v1\"",
            "\"v1\", \"v2\"",
            "v1",
            "\"v-1\"",
            "\"v+1\"",
            "\"v\"",
            "\"v99999999999999999999\"",
        ] {
            assert_eq!(read(&[wrong]), Err(400), "{wrong}");
        }
        assert_eq!(read(&["\"v1\"", "\"v2\""]), Err(400));
    }

    proptest! {
        #[test]
        fn a_version_matches_itself_only(version in 0_i64.., other in 0_i64..) {
            let expected = read(&[etag(version).to_str().unwrap()]).unwrap();
            prop_assert!(expected.allows(version));
            prop_assert_eq!(expected.allows(other), version == other);
        }

        #[test]
        fn any_header_is_survived(text in "[ -~]{0,60}") {
            if let Ok(Expected::Version(version)) = read(&[&text]) {
                prop_assert!(version >= 0);
            }
        }
    }
}
