//! Language, theme and size of the text.

use super::forms::Form;
use super::layout::{Look, Page, redirect, safe_path};
use crate::error::DeskError;
use crate::router::{Access, Route};
use crate::staff;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bedside_web::Locale;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/look", Access::SignedIn, choose).before_factor()]
}

/// The cookie that remembers a language in this browser, for the pages before signing in.
pub fn language_cookie(locale: Locale) -> HeaderValue {
    kept("bd_lang", locale.tag())
}

/// A year.
fn kept(name: &str, value: &str) -> HeaderValue {
    let text = format!("{name}={value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
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
    let headers = response.headers_mut();
    if let Some(theme) = choice.theme.as_deref().and_then(Look::theme_named) {
        headers.append(header::SET_COOKIE, kept("bd_theme", theme));
    }
    if let Some(text) = choice.text.as_deref() {
        headers.append(
            header::SET_COOKIE,
            kept("bd_text", if text == "large" { "large" } else { "usual" }),
        );
    }
    if let Some(locale) = choice
        .language
        .as_deref()
        .and_then(|tag| tag.parse::<Locale>().ok())
    {
        staff::choose_locale(&page.app, &page.ctx, locale).await?;
        headers.append(header::SET_COOKIE, language_cookie(locale));
    }
    Ok(response)
}
