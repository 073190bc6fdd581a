//! One short message that survives a redirect: the key of a text, in a cookie of its own that is shown once.

use crate::app::App;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use bedside_web::cookies::SessionCookie;
use bedside_web::{I18n, Locale};

const NAME: &str = "bd_flash";
/// Longest code that is read, in bytes.
const MAX: usize = 40;
/// How long the next page may take, in seconds.
const SECONDS: u32 = 60;

fn cookie(app: &App) -> SessionCookie {
    SessionCookie::new(NAME, app.config.is_https())
}

/// The text `flash-<code>`, to be said on the next page. It waits in a response until [`keep`].
#[derive(Clone, Copy, Debug)]
struct Saying(&'static str);

/// Has the text `flash-<code>` said on the next page.
pub fn say(response: &mut Response, code: &'static str) {
    response.extensions_mut().insert(Saying(code));
}

/// Gives what is to be said to the browser: the one place that knows how the desk is reached.
pub fn keep(app: &App, response: &mut Response) {
    let saying = response.extensions().get::<Saying>().copied();
    if let Some(kept) = saying.and_then(|Saying(code)| cookie(app).set(code, SECONDS)) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
}

/// Ends the message.
pub fn forget(app: &App, response: &mut Response) {
    let cleared = cookie(app).clear();
    response.headers_mut().append(header::SET_COOKIE, cleared);
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
pub fn read(app: &App, headers: &HeaderMap, locale: Locale) -> Option<Said> {
    let cookie = cookie(app);
    let code = cookie.read(headers)?;
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
