//! Language, theme and size of the text.

use super::forms::Form;
use super::layout::{Look, Page, redirect, safe_path};
use crate::app::App;
use crate::error::DeskError;
use crate::router::{Access, Route};
use crate::staff;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::cookies::SessionCookie;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/look", Access::SignedIn, choose).before_factor()]
}

/// The cookies that remember a taste in this browser: language, theme, size of the text.
pub(super) const LANGUAGE: &str = "bd_lang";
pub(super) const THEME: &str = "bd_theme";
pub(super) const TEXT: &str = "bd_text";
/// How long, in seconds: a year.
const KEPT_SECONDS: u32 = 365 * 24 * 3600;

/// Remembers a language in this browser, for the pages before signing in.
pub fn keep_language(app: &App, locale: Locale, response: &mut Response) {
    keep(app, LANGUAGE, locale.tag(), response);
}

fn keep(app: &App, name: &str, value: &str, response: &mut Response) {
    let cookie = SessionCookie::new(name, app.config.is_https());
    if let Some(kept) = cookie.set(value, KEPT_SECONDS) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
}

/// What this browser remembers under `name`.
pub(super) fn kept(app: &App, name: &str, headers: &HeaderMap) -> Option<String> {
    let cookie = SessionCookie::new(name, app.config.is_https());
    cookie.read(headers).map(str::to_owned)
}

#[derive(Deserialize)]
struct Choice {
    theme: Option<String>,
    text: Option<String>,
    language: Option<String>,
    back: Option<String>,
}

async fn choose(page: Page, Form(choice): Form<Choice>) -> Result<Response, DeskError> {
    let mut response = redirect(safe_path(choice.back.as_deref()));
    if let Some(theme) = choice.theme.as_deref().and_then(Look::theme_named) {
        keep(&page.app, THEME, theme, &mut response);
    }
    if let Some(text) = choice.text.as_deref() {
        let size = if text == "large" { "large" } else { "usual" };
        keep(&page.app, TEXT, size, &mut response);
    }
    if let Some(locale) = choice
        .language
        .as_deref()
        .and_then(|tag| tag.parse::<Locale>().ok())
    {
        staff::choose_locale(&page.app, &page.ctx, locale).await?;
        keep_language(&page.app, locale, &mut response);
    }
    Ok(response)
}
