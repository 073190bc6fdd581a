//! Coming in by a code or a passkey, and going out.
//!
//! Nothing here tells whether somebody has an address: the answers are the same, byte for byte.

use super::{My, on_to};
use crate::app::App;
use crate::error::DeskError;
use crate::orgs::Clinic;
use crate::pages::forms::{self, Form, Nothing, PublicForm};
use crate::pages::passkey_said;
use crate::passkeys::{Answer, possible};
use crate::portal::{self, CODE_LASTS, Entered, Visiting};
use crate::public::caps::network;
use crate::public::files;
use crate::public::heard;
use crate::public::shell::{Shell, clinic_for, page, refused, see_other};
use crate::router::{Access, Route, portal_cookie};
use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bedside_codecs::mail::address::Address;
use bedside_vault::secret;
use bedside_web::cookies::SessionCookie;
use bedside_web::query;
use serde::Deserialize;
use std::sync::Arc;

/// What the forms of these pages are signed for.
const PURPOSE: &str = "portal door";
const CODE: &str = "/my/sign-in/code";
/// Codes that one network may ask for in an hour: a waiting room shares one.
const ASKED_PER_NETWORK: u32 = 40;
/// Codes that one network may type in an hour.
const TYPED_PER_NETWORK: u32 = 120;
/// Seconds that a browser keeps what its questions are bound to.
const COOKIE_SECONDS: u32 = 60 * 60;
/// Seconds that a browser keeps what it is known by: 90 days.
const KNOWN_SECONDS: u32 = 90 * 24 * 60 * 60;

pub(super) fn routes() -> Vec<Route> {
    let all = Access::Public;
    vec![
        Route::get("/my/sign-in", all, show),
        Route::post("/my/sign-in", all, send),
        Route::get("/c/{slug}/my/sign-in", all, show),
        Route::post("/c/{slug}/my/sign-in", all, send),
        Route::get(CODE, all, show_code),
        Route::post(CODE, all, enter),
        Route::post("/my/sign-in/passkey/options", all, ask_passkey),
        Route::post("/my/sign-in/passkey", all, enter_by_passkey),
        Route::post("/my/sign-out", Access::Patient, sign_out),
    ]
}

/// What says that a code was asked for in this browser. It opens nothing.
fn code_cookie(app: &App) -> SessionCookie {
    SessionCookie::new("bedside_my_code", app.config.is_https())
}

/// What this browser is known by where somebody was in. It opens nothing.
fn known_cookie(app: &App) -> SessionCookie {
    SessionCookie::new("bedside_my_browser", app.config.is_https())
}

/// What the questions for a passkey in this browser are bound to. It opens nothing.
fn key_cookie(app: &App) -> SessionCookie {
    SessionCookie::new("bedside_my_key", app.config.is_https())
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    said: Option<String>,
}

#[derive(Template)]
#[template(path = "public/templates/my_sign_in.html")]
struct SignInPage<'a> {
    shell: &'a Shell,
    token: String,
    email: &'a str,
    /// The key of what stands in the way, or was said.
    note: Option<&'static str>,
    wrong: bool,
    passkeys: bool,
}

#[derive(Template)]
#[template(path = "public/templates/my_clinics.html")]
struct ClinicsPage<'a> {
    shell: &'a Shell,
    clinics: Vec<Arc<Clinic>>,
}

#[derive(Template)]
#[template(path = "public/templates/my_code.html")]
struct CodePage<'a> {
    shell: &'a Shell,
    token: String,
    note: Option<&'static str>,
    minutes: i64,
}

/// The frame for the clinic that is meant; the page to choose one, where there are several.
#[expect(
    clippy::result_large_err,
    reason = "the error is the answer, which handlers hand out as it is"
)]
fn frame(
    app: &App,
    slug: Option<&str>,
    parts: &Parts,
    lang: Option<&str>,
) -> Result<Shell, Response> {
    match clinic_for(app, slug) {
        Ok(Some(clinic)) => Ok(Shell::new(app, clinic, parts, lang)),
        Ok(None) => Err(match Shell::of_desk(app, parts, lang) {
            Some(shell) => page(
                StatusCode::OK,
                &ClinicsPage {
                    shell: &shell,
                    clinics: app.directory.all(),
                },
            ),
            None => DeskError::NotFound.into_response(),
        }),
        Err(error) => Err(match Shell::of_desk(app, parts, lang) {
            Some(shell) => refused(&shell, error),
            None => error.into_response(),
        }),
    }
}

fn door(
    app: &App,
    shell: &Shell,
    (status, wrong): (StatusCode, bool),
    email: &str,
    note: Option<&'static str>,
) -> Response {
    let shown = SignInPage {
        shell,
        token: forms::public_token(app, PURPOSE),
        email,
        note,
        wrong,
        passkeys: possible(&app.config.public_url),
    };
    page(status, &shown)
}

/// The form for the address, and the button for a passkey.
pub(super) async fn show(
    State(app): State<App>,
    slug: Option<Path<String>>,
    parts: Parts,
) -> Result<Response, Response> {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let slug = slug.as_ref().map(|slug| slug.0.as_str());
    let shell = frame(&app, slug, &parts, asked.lang.as_deref())?;
    let note = match asked.said.as_deref() {
        Some("again") => Some("my-said-again"),
        Some("out") => Some("my-said-out"),
        Some("late") => Some("my-code-late"),
        _ => None,
    };
    Ok(door(&app, &shell, (StatusCode::OK, false), "", note))
}

#[derive(Debug, Default, Deserialize)]
struct Sent {
    #[serde(default)]
    email: String,
    #[serde(default)]
    lang: String,
}

/// Takes one of the shares that this network has in an hour.
fn take(app: &App, parts: &Parts, what: &'static str, limit: u32) -> Result<(), DeskError> {
    match network(&parts.headers, &parts.extensions, &app.config) {
        Some(network) => app.caps.take((what, network), limit, app.now()),
        None => Ok(()),
    }
}

/// The answer to words of danger that were typed in place of an address: some write in the first field they see.
async fn cried(app: &App, shell: &Shell, parts: &Parts, typed: &str) -> Option<Response> {
    if typed.trim().is_empty() || Address::parse(typed.trim()).is_ok() {
        return None;
    }
    let network = network(&parts.headers, &parts.extensions, &app.config);
    let said = (typed, &files::Sent::default());
    heard::elsewhere(app, shell, network, said).await
}

/// Asks for a code, and leads on to where it is typed, whoever has the address.
async fn send(
    State(app): State<App>,
    slug: Option<Path<String>>,
    parts: Parts,
    form: PublicForm,
) -> Result<Response, Response> {
    let slug = slug.as_ref().map(|slug| slug.0.as_str());
    // Words are heard whatever the page was that they came from.
    let sent: Sent = form.unproven().unwrap_or_default();
    let lang = Some(sent.lang.as_str()).filter(|lang| !lang.is_empty());
    let framed = frame(&app, slug, &parts, lang);
    let nobodys = || Shell::of_desk(&app, &parts, lang);
    let near = framed.as_ref().ok().cloned().or_else(nobodys);
    if let Some(shell) = &near
        && let Some(answer) = cried(&app, shell, &parts, &sent.email).await
    {
        return Ok(answer);
    }
    let Ok(sent) = form.read::<Sent>(&app, PURPOSE) else {
        return Ok(see_other(parts.uri.path()));
    };
    let shell = framed?;
    let (organisation, locale) = (shell.clinic.id, shell.t.locale);
    let asked = async {
        take(&app, &parts, "portal code", ASKED_PER_NETWORK)?;
        let cookie = known_cookie(&app);
        let with = (locale, cookie.read(&parts.headers));
        portal::ask_code(&app, organisation, &sent.email, with).await
    };
    let (status, note) = match asked.await {
        Ok(browser) => {
            let mut response = see_other(&shell.link(CODE));
            let seconds = u32::try_from(CODE_LASTS).unwrap_or(u32::MAX);
            if let Some(cookie) = code_cookie(&app).set(&browser, seconds) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            return Ok(response);
        }
        Err(DeskError::Invalid { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "public-error-email"),
        Err(DeskError::RateLimited { .. }) => (StatusCode::TOO_MANY_REQUESTS, "my-too-many"),
        Err(error) => return Err(refused(&shell, error)),
    };
    Ok(door(&app, &shell, (status, true), &sent.email, Some(note)))
}

/// The frame of a page that belongs to no clinic yet.
#[expect(
    clippy::result_large_err,
    reason = "the error is the answer, which handlers hand out as it is"
)]
fn bare(app: &App, parts: &Parts, lang: Option<&str>) -> Result<Shell, Response> {
    Shell::of_desk(app, parts, lang).ok_or_else(|| DeskError::NotFound.into_response())
}

fn code_page(app: &App, shell: &Shell, status: StatusCode, note: Option<&'static str>) -> Response {
    let shown = CodePage {
        shell,
        token: forms::public_token(app, PURPOSE),
        note,
        minutes: CODE_LASTS / 60,
    };
    page(status, &shown)
}

/// Where the code is typed.
async fn show_code(State(app): State<App>, parts: Parts) -> Result<Response, Response> {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let shell = bare(&app, &parts, asked.lang.as_deref())?;
    if code_cookie(&app).read(&parts.headers).is_none() {
        return Ok(see_other(&shell.link("/my/sign-in?said=late")));
    }
    Ok(code_page(&app, &shell, StatusCode::OK, None))
}

#[derive(Debug, Default, Deserialize)]
struct Typed {
    #[serde(default)]
    code: String,
    #[serde(default)]
    lang: String,
}

fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(header::USER_AGENT);
    agent.and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// Ends what this browser was in by before, so that nothing of it is left beside the new one.
async fn end_old(app: &App, headers: &HeaderMap) {
    let cookie = portal_cookie(app);
    let Some(old) = cookie.read(headers) else {
        return;
    };
    let ended = match portal::session(app, old).await {
        Ok(Some(session)) => portal::end(app, &session.ctx, old).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        tracing::warn!(%error, "a session that was signed in over could not be ended");
    }
}

/// What the browser is known by, or will be.
fn known(app: &App, headers: &HeaderMap) -> String {
    let cookie = known_cookie(app);
    let kept = cookie.read(headers).map(str::to_owned);
    kept.unwrap_or_else(secret::random_token)
}

async fn admitted(app: &App, headers: &HeaderMap, known: &str, entered: &Entered) -> Response {
    end_old(app, headers).await;
    let mut response = see_other("/my");
    let cookies = response.headers_mut();
    // The session ends before on the server; the browser keeps its cookie for no longer than any may last.
    if let Some(cookie) = portal_cookie(app).set(&entered.token, 24 * 3600) {
        cookies.append(header::SET_COOKIE, cookie);
    }
    if let Some(cookie) = known_cookie(app).set(known, KNOWN_SECONDS) {
        cookies.append(header::SET_COOKIE, cookie);
    }
    cookies.append(header::SET_COOKIE, code_cookie(app).clear());
    response
}

/// Lets whoever has the code in.
async fn enter(
    State(app): State<App>,
    parts: Parts,
    form: PublicForm,
) -> Result<Response, Response> {
    let Ok(typed) = form.read::<Typed>(&app, PURPOSE) else {
        return Ok(see_other(CODE));
    };
    let lang = Some(typed.lang.as_str()).filter(|lang| !lang.is_empty());
    let shell = bare(&app, &parts, lang)?;
    let late = || see_other(&shell.link("/my/sign-in?said=late"));
    let cookie = code_cookie(&app);
    let Some(browser) = cookie.read(&parts.headers) else {
        return Ok(late());
    };
    let known = known(&app, &parts.headers);
    let from = Visiting {
        agent: agent(&parts.headers),
        known: &known,
    };
    let entered = async {
        take(&app, &parts, "portal try", TYPED_PER_NETWORK)?;
        portal::enter_code(&app, browser, &typed.code, from).await
    };
    let (status, note) = match entered.await {
        Ok(entered) => return Ok(admitted(&app, &parts.headers, &known, &entered).await),
        Err(DeskError::Gone) => return Ok(late()),
        Err(DeskError::Invalid { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "my-code-wrong"),
        Err(DeskError::RateLimited { .. }) => (StatusCode::TOO_MANY_REQUESTS, "my-too-many"),
        Err(error) => return Err(refused(&shell, error)),
    };
    Ok(code_page(&app, &shell, status, Some(note)))
}

async fn ask_passkey(
    State(app): State<App>,
    parts: Parts,
    form: PublicForm,
) -> Result<Response, Response> {
    let Nothing {} = form
        .read(&app, PURPOSE)
        .map_err(IntoResponse::into_response)?;
    // The same for all windows of a browser, so that asking in one ends no question of another.
    let cookie = key_cookie(&app);
    let browser = cookie
        .read(&parts.headers)
        .map_or_else(secret::random_token, str::to_owned);
    let asked = portal::ask_at_door(&app, &browser).await;
    let mut response = Json(asked.map_err(IntoResponse::into_response)?).into_response();
    if let Some(kept) = cookie.set(&browser, COOKIE_SECONDS) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    Ok(response)
}

#[derive(Debug, Default, Deserialize)]
struct Shown {
    #[serde(default)]
    number: String,
    #[serde(default)]
    signed: String,
    #[serde(default)]
    lang: String,
}

async fn enter_by_passkey(
    State(app): State<App>,
    parts: Parts,
    form: PublicForm,
) -> Result<Response, Response> {
    let Ok(sent) = form.read::<Shown>(&app, PURPOSE) else {
        return Ok(see_other("/my/sign-in"));
    };
    let lang = Some(sent.lang.as_str()).filter(|lang| !lang.is_empty());
    let mut shell = bare(&app, &parts, lang)?;
    "/my/sign-in".clone_into(&mut shell.here);
    let cookie = key_cookie(&app);
    let browser = cookie.read(&parts.headers).unwrap_or_default();
    let answer = Answer {
        number: &sent.number,
        signed: &sent.signed,
    };
    let known = known(&app, &parts.headers);
    let from = Visiting {
        agent: agent(&parts.headers),
        known: &known,
    };
    let with = (shell.t.locale, from);
    match portal::sign_in_by_passkey(&app, browser, answer, with).await {
        Ok(entered) => Ok(admitted(&app, &parts.headers, &known, &entered).await),
        Err(error) => match passkey_said(error) {
            Ok((status, note)) => Ok(door(&app, &shell, (status, false), "", Some(note))),
            Err(error) => Err(refused(&shell, error)),
        },
    }
}

async fn sign_out(my: My, Form(Nothing {}): Form<Nothing>) -> Response {
    if let Err(error) = portal::end(&my.app, &my.ctx, &my.token.0).await {
        return my.failed(error);
    }
    let mut response = on_to(&my.shell.link("/my/sign-in?said=out"));
    let cleared = portal_cookie(&my.app).clear();
    response.headers_mut().append(header::SET_COOKIE, cleared);
    bedside_web::headers::forget_site(response.headers_mut());
    response
}
