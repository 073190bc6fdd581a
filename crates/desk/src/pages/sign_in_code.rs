//! The second page of signing in: a code of the app, or a recovery code.

use super::errors::form_urlencode;
use super::forms::{self, PublicForm};
use super::layout::{Shell, redirect, redirect_saying, render, safe_path};
use super::sign_in::{admitted, agent, end_old};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::router::{Access, Route, SessionToken};
use crate::staff::{self, HalfPerson};
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bedside_web::cookies::SessionCookie;
use bedside_web::query::Query;
use serde::Deserialize;

/// What the token of the form is bound to.
pub(super) const PURPOSE: &str = "sign-in-code";
/// Seconds that the browser keeps the cookie; what it stands for ends as early.
const COOKIE_SECONDS: u32 = 10 * 60;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/sign-in/code", Access::Public, show),
        Route::post("/sign-in/code", Access::Public, enter),
    ]
}

/// Carries who showed a password or a link to this page. No other one looks at it.
fn cookie(app: &App) -> SessionCookie {
    SessionCookie::new("bedside_half", app.config.is_https())
}

/// On to the second page, with what was shown on the first.
pub(super) fn ask(app: &App, half: &staff::Half, next: &str) -> Result<Response, DeskError> {
    let kept = cookie(app).set(&half.token, COOKIE_SECONDS);
    let kept = kept.ok_or_else(|| DeskError::Internal("no cookie".to_owned()))?;
    let mut response = redirect(&format!("/sign-in/code?next={}", form_urlencode(next)));
    response.headers_mut().append(header::SET_COOKIE, kept);
    Ok(response)
}

#[derive(Template)]
#[template(path = "pages/templates/sign_in_code.html")]
struct SignInCode {
    shell: Shell,
    next: String,
    error: Option<&'static str>,
    /// Whether a recovery code was typed.
    recovery: bool,
    /// Whether an app makes codes for them.
    app: bool,
    /// Whether they have a passkey.
    passkey: bool,
}

/// Who showed a password or a link with this browser, if anybody.
pub(super) fn half<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    cookie(app).read(headers)
}

/// Ends what the browser keeps for this page.
pub(super) fn forget(app: &App, response: &mut Response) {
    response
        .headers_mut()
        .append(header::SET_COOKIE, cookie(app).clear());
}

fn page(app: &App, headers: &HeaderMap, person: HalfPerson, next: &str) -> SignInCode {
    SignInCode {
        shell: Shell::plain_in(
            app,
            headers,
            person.locale,
            forms::public_token(app, PURPOSE),
        ),
        next: next.to_owned(),
        error: None,
        recovery: false,
        app: person.app,
        passkey: person.passkey,
    }
}

/// The page once more after a passkey that let nobody in; the first page, where the first half is over.
pub(super) async fn failed(
    app: &App,
    headers: &HeaderMap,
    half: &str,
    next: &str,
    (status, error): (StatusCode, &'static str),
) -> Result<Response, DeskError> {
    let Some(person) = staff::half_person(app, half).await? else {
        return Ok(anew(app, false));
    };
    let shown = SignInCode {
        error: Some(error),
        ..page(app, headers, person, next)
    };
    render(status, &shown)
}

/// Back to the first page, whose time or tries are over; a link opens it no more.
fn anew(app: &App, by_link: bool) -> Response {
    let said = if by_link {
        "sign-in-link-spent"
    } else {
        "sign-in-anew"
    };
    let mut response = redirect_saying("/sign-in", said);
    forget(app, &mut response);
    response
}

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
}

async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, DeskError> {
    let Some(half) = cookie(&app).read(&headers) else {
        return Ok(redirect("/sign-in"));
    };
    let Some(person) = staff::half_person(&app, half).await? else {
        return Ok(anew(&app, false));
    };
    let next = safe_path(asked.next.as_deref());
    render(StatusCode::OK, &page(&app, &headers, person, next))
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    code: String,
    #[serde(default)]
    recovery: String,
    next: Option<String>,
}

async fn enter(
    State(app): State<App>,
    before: Option<Extension<Ctx>>,
    old: Option<Extension<SessionToken>>,
    headers: HeaderMap,
    form: PublicForm,
) -> Result<Response, Response> {
    let sent: Sent = form
        .read(&app, PURPOSE)
        .map_err(IntoResponse::into_response)?;
    let next = safe_path(sent.next.as_deref());
    let Some(half) = cookie(&app).read(&headers) else {
        return Ok(redirect("/sign-in"));
    };
    let person = staff::half_person(&app, half).await;
    let Some(person) = person.map_err(IntoResponse::into_response)? else {
        return Ok(anew(&app, false));
    };
    let recovery = !sent.recovery.is_empty();
    let (typed, failed) = if recovery {
        (&sent.recovery, "code-recovery-failed")
    } else {
        (&sent.code, "code-failed")
    };
    let (status, error) = match staff::finish(&app, half, typed, agent(&headers)).await {
        Ok(session) => {
            end_old(&app, before, old).await;
            return admitted(&app, &session, next).map_err(IntoResponse::into_response);
        }
        Err(DeskError::Gone) => return Ok(anew(&app, person.by_link)),
        Err(DeskError::Invalid { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, failed),
        Err(DeskError::RateLimited { .. }) => (StatusCode::TOO_MANY_REQUESTS, "sign-in-too-often"),
        Err(other) => return Err(other.into_response()),
    };
    let left = staff::half_person(&app, half).await;
    if left.map_err(IntoResponse::into_response)?.is_none() {
        return Ok(anew(&app, person.by_link));
    }
    let shown = SignInCode {
        error: Some(error),
        recovery,
        ..page(&app, &headers, person, next)
    };
    render(status, &shown).map_err(IntoResponse::into_response)
}
