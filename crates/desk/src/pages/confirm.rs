//! Proving once more who one is, before what is worth a second look.

use super::errors::form_urlencode;
use super::forms::{Form, Nothing};
use super::layout::{Page, Shell, redirect, safe_path};
use super::sign_in::keep;
use super::{passkey_sign_in, passkeys};
use crate::error::DeskError;
use crate::router::{Access, Route};
use crate::staff::{self, Proof};
use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bedside_web::query::Query;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    let mine = Access::SignedIn;
    vec![
        Route::get("/account/session", mine, is_in)
            .polled()
            .before_factor(),
        Route::get("/account/confirm", mine, show).before_factor(),
        Route::post("/account/confirm", mine, confirm).before_factor(),
        Route::post("/account/confirm/passkey/options", mine, ask).before_factor(),
        Route::post("/account/confirm/passkey", mine, by_passkey).before_factor(),
    ]
}

/// Says that the session goes on, to a page that comes into sight again.
async fn is_in(_: Page) -> StatusCode {
    StatusCode::NO_CONTENT
}

#[derive(Template)]
#[template(path = "pages/templates/confirm.html")]
struct Confirm {
    shell: Shell,
    proof: Proof,
    /// Where one signs in at the provider once more.
    sso: String,
    next: String,
    error: Option<&'static str>,
}

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
}

async fn show(page: Page, Query(asked): Query<Asked>) -> Result<Response, DeskError> {
    page.show(&asked_on(&page, safe_path(asked.next.as_deref()), None).await?)
}

async fn asked_on(
    page: &Page,
    next: &str,
    error: Option<&'static str>,
) -> Result<Confirm, DeskError> {
    Ok(Confirm {
        shell: page.bare_shell()?,
        proof: staff::proof_of(&page.app, &page.ctx, &page.session.0).await?,
        sso: format!("/account/confirm/sso?next={}", form_urlencode(next)),
        next: next.to_owned(),
        error,
    })
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    next: Option<String>,
}

async fn confirm(page: Page, Form(sent): Form<Sent>) -> Result<Response, DeskError> {
    let next = safe_path(sent.next.as_deref());
    let here = (&*page.session.0, page.session.1, page.session.2.clone());
    let confirmed = staff::confirm(&page.app, &page.ctx, here, &sent.password, &sent.code).await;
    let (status, error) = match confirmed {
        Ok(fresh) => {
            let mut response = redirect(next);
            keep(&page.app, &fresh, &mut response)?;
            return Ok(response);
        }
        Err(DeskError::Invalid { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "confirm-failed"),
        Err(DeskError::RateLimited { .. }) => (StatusCode::TOO_MANY_REQUESTS, "sign-in-too-often"),
        Err(other) => return Err(other),
    };
    failed(&page, next, (status, error)).await
}

async fn failed(
    page: &Page,
    next: &str,
    (status, error): (StatusCode, &'static str),
) -> Result<Response, DeskError> {
    page.show_as(status, &asked_on(page, next, Some(error)).await?)
}

async fn ask(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    let asked = staff::ask_inside(&page.app, &page.ctx, page.session.1).await?;
    Ok(Json(asked).into_response())
}

async fn by_passkey(page: Page, Form(sent): Form<passkeys::Sent>) -> Result<Response, DeskError> {
    let next = safe_path(sent.next.as_deref());
    let here = (&*page.session.0, page.session.1, page.session.2.clone());
    match staff::confirm_by_passkey(&page.app, &page.ctx, here, sent.answer()).await {
        Ok(fresh) => {
            let mut response = redirect(next);
            keep(&page.app, &fresh, &mut response)?;
            Ok(response)
        }
        Err(error) => failed(&page, next, passkey_sign_in::said(error)?).await,
    }
}
