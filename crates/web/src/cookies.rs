//! The session cookie, and reading cookies within limits.

use axum::http::{HeaderMap, HeaderValue, header};

/// Most bytes of `Cookie` headers that are looked at.
const MAX_HEADER: usize = 16 * 1024;
/// Most cookies that are looked at.
const MAX_COOKIES: usize = 64;
/// Longest session value, in bytes.
const MAX_VALUE: usize = 512;

/// How the session cookie is named and protected on this server.
///
/// Over HTTPS the name starts with `__Host-`, so that the browser only keeps it with `Secure`,
/// for this host and the whole path; over plain HTTP (a desk tried out on one's own machine) that
/// prefix isn't possible.
#[derive(Debug, Clone)]
pub struct SessionCookie {
    name: String,
    secure: bool,
}

impl SessionCookie {
    /// A cookie with this base name, such as `bedside`; `https` says how people reach the server.
    pub fn new(base: &str, https: bool) -> Self {
        debug_assert!(base.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        Self {
            name: if https {
                format!("__Host-{base}")
            } else {
                base.to_owned()
            },
            secure: https,
        }
    }

    /// The cookie's full name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The session value in a request, if there is exactly one that looks like one of ours.
    pub fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut found = read(headers, &self.name);
        let value = found.next()?;
        // Two cookies of one name mean that somebody else planted one: trust neither.
        (found.next().is_none() && is_token(value)).then_some(value)
    }

    /// The `Set-Cookie` value that starts or renews a session for `max_age_seconds`.
    ///
    /// `None` when `value` holds other characters than letters, digits, `-`, `_`, `.`, `~`.
    pub fn set(&self, value: &str, max_age_seconds: u32) -> Option<HeaderValue> {
        if !is_token(value) {
            return None;
        }
        let mut header = HeaderValue::from_str(&format!(
            "{}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{}",
            self.name,
            if self.secure { "; Secure" } else { "" }
        ))
        .ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The `Set-Cookie` value that ends the session in the browser.
    #[expect(
        clippy::missing_panics_doc,
        reason = "the name is ASCII by construction"
    )]
    pub fn clear(&self) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!(
            "{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}",
            self.name
        );
        HeaderValue::from_str(&text).expect("the name is ASCII by construction")
    }
}

/// The values of all cookies with this name, in the order they were sent.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let mut budget = MAX_HEADER;
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .take_while(move |text| {
            let fits = text.len() <= budget;
            budget = budget.saturating_sub(text.len());
            fits
        })
        .flat_map(|text| text.split(';'))
        .take(MAX_COOKIES)
        .filter_map(move |pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then_some(value)
        })
}

fn is_token(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= MAX_VALUE
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())])
    }

    #[test]
    fn the_cookie_is_as_strict_as_the_connection_allows() {
        let cookie = SessionCookie::new("bedside", true);
        assert_eq!(
            cookie.set("abc", 60).unwrap(),
            "__Host-bedside=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert!(cookie.clear().to_str().unwrap().contains("Max-Age=0"));
        let plain = SessionCookie::new("bedside", false);
        assert_eq!(
            plain.set("abc", 60).unwrap(),
            "bedside=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        assert!(plain.set("a; Domain=evil", 60).is_none());
        assert!(plain.set("a\r\nX: y", 60).is_none());
    }

    #[test]
    fn only_one_clean_value_counts() {
        let cookie = SessionCookie::new("bedside", true);
        assert_eq!(
            cookie.read(&headers("theme=dark; __Host-bedside=tok_1; x=y")),
            Some("tok_1")
        );
        assert_eq!(cookie.read(&headers("bedside=tok_1")), None);
        assert_eq!(
            cookie.read(&headers("__Host-bedside=a; __Host-bedside=b")),
            None
        );
        assert_eq!(cookie.read(&headers("__Host-bedside=")), None);
        let many = "x=1; ".repeat(MAX_COOKIES) + "__Host-bedside=a";
        assert_eq!(cookie.read(&headers(&many)), None);
    }

    proptest! {
        #[test]
        fn any_header_is_survived(text in "[ -~]{0,300}") {
            let cookie = SessionCookie::new("bedside", false);
            let headers = headers(&text);
            if let Some(value) = cookie.read(&headers) {
                prop_assert!(is_token(value));
            }
        }

        #[test]
        fn what_is_set_is_read(value in "[A-Za-z0-9_-]{1,100}") {
            let cookie = SessionCookie::new("bedside", true);
            let set = cookie.set(&value, 1).unwrap();
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            let headers = headers(&pair);
            prop_assert_eq!(cookie.read(&headers), Some(value.as_str()));
        }
    }
}
