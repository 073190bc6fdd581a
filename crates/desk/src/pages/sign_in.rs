//! Coming in, going out, passwords.

use super::errors::form_urlencode;
use super::forms::{self, Form, Nothing, PublicForm};
use super::layout::{Page, Shell, locale_of, redirect, redirect_saying, render, safe_path};
use super::{look, sign_in_code};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
pub(super) use crate::router::user_agent as agent;
use crate::router::{Access, Route, SessionToken, session_cookie};
use crate::staff::{self, Entered, Session, passkeys, sso};
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bedside_web::query::Query;
use serde::Deserialize;

/// What the tokens of the two public forms are bound to.
pub(super) const PASSWORD: &str = "sign-in";
const LINK: &str = "sign-in-link";
/// Seconds that the browser keeps a session's cookie; the session itself may end earlier.
const COOKIE_SECONDS: u32 = 24 * 60 * 60;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/sign-in", Access::Public, show),
        Route::post("/sign-in", Access::Public, enter),
        Route::get("/sign-in/{link}", Access::Public, show_link),
        Route::post("/sign-in/{link}", Access::Public, enter_by_link),
        Route::post("/sign-out", Access::SignedIn, leave).before_factor(),
        Route::get("/set-password", Access::SignedIn, show_password)
            .confirmed("/set-password")
            .before_factor(),
        Route::post("/set-password", Access::SignedIn, set_password)
            .confirmed_before("/set-password")
            .before_factor(),
    ]
}

#[derive(Template)]
#[template(path = "pages/templates/sign_in.html")]
struct SignIn {
    shell: Shell,
    next: String,
    email: String,
    error: Option<&'static str>,
    /// Whether the desk's address can have passkeys.
    passkeys: bool,
    /// Addresses and words of the buttons that lead to an organisation's own provider.
    doors: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "pages/templates/sign_in_link.html")]
struct SignInLink {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "pages/templates/set_password.html")]
struct SetPassword {
    shell: Shell,
    /// What is wrong: the field and the text.
    error: Option<(&'static str, &'static str)>,
    /// Whether the password that they have is asked for.
    current: bool,
    /// Set in the demo, where nobody's way in changes.
    demo: bool,
}

impl SetPassword {
    /// Whether something is wrong with `field`.
    fn wrong(&self, field: &str) -> bool {
        self.error.is_some_and(|(wrong, _)| wrong == field)
    }
}

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
    lang: Option<String>,
}

async fn show(
    State(app): State<App>,
    signed_in: Option<Extension<Ctx>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, DeskError> {
    let next = safe_path(asked.next.as_deref()).to_owned();
    if signed_in.is_some() {
        return Ok(redirect(&next));
    }
    let chosen = asked.lang.as_deref().and_then(|tag| tag.parse().ok());
    let locale = chosen.unwrap_or_else(|| locale_of(&app, &headers));
    let shell = Shell::plain_in(&app, &headers, locale, forms::public_token(&app, PASSWORD));
    let page = SignIn {
        shell,
        email: String::new(),
        error: None,
        passkeys: passkeys::possible(&app.config.public_url),
        doors: doors(&app, &next).await?,
        next,
    };
    let mut response = render(StatusCode::OK, &page)?;
    if let Some(locale) = chosen {
        look::keep_language(&app, locale, &mut response);
    }
    Ok(response)
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
    next: Option<String>,
}

async fn enter(
    State(app): State<App>,
    before: Option<Extension<Ctx>>,
    old: Option<Extension<SessionToken>>,
    headers: HeaderMap,
    form: PublicForm,
) -> Result<Response, Response> {
    use axum::response::IntoResponse;
    let sent: Credentials = form
        .read(&app, PASSWORD)
        .map_err(IntoResponse::into_response)?;
    let next = safe_path(sent.next.as_deref()).to_owned();
    let (status, error) = match staff::sign_in(&app, &sent.email, &sent.password, agent(&headers))
        .await
    {
        Ok(entered) => {
            end_old(&app, before, old).await;
            return on(&app, &entered, &next).map_err(IntoResponse::into_response);
        }
        Err(DeskError::Unauthorized) => (StatusCode::UNPROCESSABLE_ENTITY, "sign-in-failed"),
        Err(DeskError::RateLimited { .. }) => (StatusCode::TOO_MANY_REQUESTS, "sign-in-too-often"),
        Err(other) => return Err(other.into_response()),
    };
    failed(&app, &headers, (&next, &sent.email), (status, error))
        .await
        .map_err(IntoResponse::into_response)
}

async fn doors(app: &App, next: &str) -> Result<Vec<(String, String)>, DeskError> {
    let all = sso::doors(app).await?.into_iter();
    let way = |clinic: &str| format!("/sign-in/sso/{clinic}?next={}", form_urlencode(next));
    Ok(all.map(|(clinic, button)| (way(&clinic), button)).collect())
}

/// The page once more, with what was wrong.
pub(super) async fn failed(
    app: &App,
    headers: &HeaderMap,
    (next, email): (&str, &str),
    (status, error): (StatusCode, &'static str),
) -> Result<Response, DeskError> {
    let page = SignIn {
        shell: Shell::plain(app, headers, forms::public_token(app, PASSWORD)),
        next: next.to_owned(),
        email: email.to_owned(),
        error: Some(error),
        passkeys: passkeys::possible(&app.config.public_url),
        doors: doors(app, next).await?,
    };
    render(status, &page)
}

/// Whoever comes in anew leaves the session this browser had before.
pub(super) async fn end_old(
    app: &App,
    before: Option<Extension<Ctx>>,
    old: Option<Extension<SessionToken>>,
) {
    if let (Some(Extension(ctx)), Some(Extension(SessionToken(token, ..)))) = (before, old)
        && staff::end_session(app, &ctx, &token).await.is_err()
    {
        tracing::warn!("an earlier session could not be ended");
    }
}

/// On to `next`, or to the page that asks for a second factor first.
pub(super) fn on(app: &App, entered: &Entered, next: &str) -> Result<Response, DeskError> {
    match entered {
        Entered::In(session) => admitted(app, session, next),
        Entered::Half(half) => sign_in_code::ask(app, half, next),
    }
}

/// Gives the browser the secret of a session.
pub(super) fn keep(app: &App, token: &str, response: &mut Response) -> Result<(), DeskError> {
    let cookie = session_cookie(app)
        .set(token, COOKIE_SECONDS)
        .ok_or_else(|| DeskError::Internal("a session's token does not fit a cookie".to_owned()))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(())
}

pub(super) fn admitted(app: &App, session: &Session, next: &str) -> Result<Response, DeskError> {
    let mut response = redirect(if session.needs_password {
        "/set-password"
    } else {
        next
    });
    keep(app, &session.token, &mut response)?;
    look::keep_language(app, session.ctx.locale, &mut response);
    sign_in_code::forget(app, &mut response);
    Ok(response)
}

/// Only shows a button: programs that open links in mails to look for harm must not use the link up.
async fn show_link(State(app): State<App>, headers: HeaderMap) -> Result<Response, DeskError> {
    let shell = Shell::plain(&app, &headers, forms::public_token(&app, LINK));
    render(StatusCode::OK, &SignInLink { shell })
}

async fn enter_by_link(
    State(app): State<App>,
    before: Option<Extension<Ctx>>,
    old: Option<Extension<SessionToken>>,
    Path(link): Path<String>,
    headers: HeaderMap,
    form: PublicForm,
) -> Result<Response, Response> {
    use axum::response::IntoResponse;
    let Nothing {} = form.read(&app, LINK).map_err(IntoResponse::into_response)?;
    let entered = staff::sign_in_by_link(&app, &link, agent(&headers))
        .await
        .map_err(IntoResponse::into_response)?;
    end_old(&app, before, old).await;
    on(&app, &entered, "/").map_err(IntoResponse::into_response)
}

async fn leave(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    staff::end_session(&page.app, &page.ctx, &page.session.0).await?;
    let mut response = redirect_saying("/sign-in", "signed-out");
    response
        .headers_mut()
        .append(header::SET_COOKIE, session_cookie(&page.app).clear());
    bedside_web::headers::forget_site(response.headers_mut());
    Ok(response)
}

async fn show_password(page: Page) -> Result<Response, DeskError> {
    asked_password(&page, StatusCode::OK, None).await
}

async fn asked_password(
    page: &Page,
    status: StatusCode,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let shown = SetPassword {
        shell: page.bare_shell()?,
        error,
        current: staff::asks_current(&page.app, &page.ctx, &page.session.0).await?,
        demo: page.app.config.demo,
    };
    page.show_as(status, &shown)
}

#[derive(Deserialize)]
struct NewPassword {
    #[serde(default)]
    current: String,
    password: String,
    again: String,
}

/// The field that a refused password is about, and what is said.
fn password_error(code: &str) -> (&'static str, &'static str) {
    match code {
        "wrong_current" => ("current", "password-current-wrong"),
        "too_short" => ("password", "password-too-short"),
        "too_long" => ("password", "password-too-long"),
        "common" => ("password", "password-common"),
        "breached" => ("password", "password-breached"),
        "named" => ("password", "password-named"),
        _ => ("password", "password-too-simple"),
    }
}

/// A new password ends every session of the person; this browser gets a new one.
async fn set_password(
    page: Page,
    headers: HeaderMap,
    Form(sent): Form<NewPassword>,
) -> Result<Response, DeskError> {
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    if sent.password != sent.again {
        return asked_password(&page, wrong, Some(("again", "password-differs"))).await;
    }
    let here = (&*page.session.0, page.session.1);
    let typed = (&*sent.current, &*sent.password);
    let agent = agent(&headers);
    let chosen = staff::choose_password(&page.app, &page.ctx, here, typed, agent).await;
    let session = match chosen {
        Ok(session) => session,
        Err(DeskError::Invalid { code, .. }) => {
            return asked_password(&page, wrong, Some(password_error(code))).await;
        }
        Err(DeskError::RateLimited { .. }) => {
            let error = ("current", "sign-in-too-often");
            return asked_password(&page, StatusCode::TOO_MANY_REQUESTS, Some(error)).await;
        }
        Err(other) => return Err(other),
    };
    let mut response = admitted(&page.app, &session, "/")?;
    super::flash::say(&mut response, "password-set");
    Ok(response)
}
