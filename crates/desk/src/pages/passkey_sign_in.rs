//! Coming in by a passkey, at the door and after a password.

use super::forms::{self, PublicForm};
use super::layout::{redirect, safe_path};
use super::passkeys::Sent;
use super::sign_in::{self, admitted, agent, end_old};
use super::sign_in_code;
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::router::{Access, Route, SessionToken};
use crate::staff;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bedside_vault::secret;
use bedside_web::cookies::SessionCookie;

/// Seconds that a browser keeps what its questions are bound to.
const COOKIE_SECONDS: u32 = 60 * 60;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/sign-in/passkey/options", Access::Public, ask),
        Route::post("/sign-in/passkey", Access::Public, enter),
        Route::post("/sign-in/code/passkey/options", Access::Public, ask_half),
        Route::post("/sign-in/code/passkey", Access::Public, finish),
    ]
}

/// What the questions of a browser at the door are bound to. It opens nothing.
fn cookie(app: &App) -> SessionCookie {
    SessionCookie::new("bedside_key", app.config.is_https())
}

async fn ask(
    State(app): State<App>,
    headers: HeaderMap,
    form: PublicForm,
) -> Result<Response, Response> {
    let forms::Nothing {} = form
        .read(&app, sign_in::PASSWORD)
        .map_err(IntoResponse::into_response)?;
    // The same for all windows of a browser, so that asking in one ends no question of another.
    let browser = cookie(&app)
        .read(&headers)
        .map_or_else(secret::random_token, str::to_owned);
    let asked = staff::ask_at_door(&app, &browser).await;
    let mut response = Json(asked.map_err(IntoResponse::into_response)?).into_response();
    if let Some(kept) = cookie(&app).set(&browser, COOKIE_SECONDS) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    Ok(response)
}

/// What is said of a passkey that lets nobody in; anything else is an error of its own.
pub(crate) fn said(error: DeskError) -> Result<(StatusCode, &'static str), DeskError> {
    let said = match error {
        DeskError::Gone => "passkey-late",
        DeskError::Invalid { .. } => "passkey-failed",
        DeskError::Conflict {
            code: "passkey_stopped",
            ..
        } => "passkey-stopped",
        other => return Err(other),
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, said))
}

async fn enter(
    State(app): State<App>,
    before: Option<Extension<Ctx>>,
    old: Option<Extension<SessionToken>>,
    headers: HeaderMap,
    form: PublicForm,
) -> Result<Response, Response> {
    let sent: Sent = form
        .read(&app, sign_in::PASSWORD)
        .map_err(IntoResponse::into_response)?;
    let next = safe_path(sent.next.as_deref());
    let browser = cookie(&app).read(&headers).unwrap_or_default();
    let answer = sent.answer();
    let error = match staff::sign_in_by_passkey(&app, browser, answer, agent(&headers)).await {
        Ok(session) => {
            end_old(&app, before, old).await;
            return admitted(&app, &session, next).map_err(IntoResponse::into_response);
        }
        Err(error) => said(error).map_err(IntoResponse::into_response)?,
    };
    let again = sign_in::failed(&app, &headers, (next, ""), error).await;
    again.map_err(IntoResponse::into_response)
}

async fn ask_half(
    State(app): State<App>,
    headers: HeaderMap,
    form: PublicForm,
) -> Result<Response, Response> {
    let forms::Nothing {} = form
        .read(&app, sign_in_code::PURPOSE)
        .map_err(IntoResponse::into_response)?;
    let half = sign_in_code::half(&app, &headers).unwrap_or_default();
    let asked = staff::ask_half(&app, half).await;
    Ok(Json(asked.map_err(IntoResponse::into_response)?).into_response())
}

async fn finish(
    State(app): State<App>,
    before: Option<Extension<Ctx>>,
    old: Option<Extension<SessionToken>>,
    headers: HeaderMap,
    form: PublicForm,
) -> Result<Response, Response> {
    let sent: Sent = form
        .read(&app, sign_in_code::PURPOSE)
        .map_err(IntoResponse::into_response)?;
    let next = safe_path(sent.next.as_deref());
    let Some(half) = sign_in_code::half(&app, &headers) else {
        return Ok(redirect("/sign-in"));
    };
    let answer = sent.answer();
    let error = match staff::finish_by_passkey(&app, half, answer, agent(&headers)).await {
        Ok(session) => {
            end_old(&app, before, old).await;
            return admitted(&app, &session, next).map_err(IntoResponse::into_response);
        }
        Err(error) => said(error).map_err(IntoResponse::into_response)?,
    };
    let again = sign_in_code::failed(&app, &headers, half, next, error).await;
    again.map_err(IntoResponse::into_response)
}
