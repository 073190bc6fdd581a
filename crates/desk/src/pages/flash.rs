//! One short message that survives a redirect: the key of a text, in a cookie of its own that is shown once.

use axum::http::{HeaderMap, HeaderValue};
use bedside_web::{I18n, Locale, cookies};

const NAME: &str = "bd_flash";
/// Longest code that is read, in bytes.
const MAX: usize = 40;

/// The cookie that says `code` (the text `flash-<code>`) on the next page.
pub fn set(code: &'static str) -> HeaderValue {
    HeaderValue::from_str(&format!(
        "{NAME}={code}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
    ))
    .unwrap_or_else(|_| clear())
}

/// The cookie that ends the message.
pub fn clear() -> HeaderValue {
    HeaderValue::from_static("bd_flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

/// What was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which.
    pub code: String,
    /// The text to show.
    pub text: String,
}

/// What is to be shown, if a known code was set.
pub fn read(headers: &HeaderMap, locale: Locale) -> Option<Said> {
    let code = cookies::read(headers, NAME).next()?;
    let plain = code.len() <= MAX
        && code
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let key = format!("flash-{code}");
    (plain && I18n::global().has(locale, &key)).then(|| Said {
        code: code.to_owned(),
        text: I18n::global().text(locale, &key).to_owned(),
    })
}
