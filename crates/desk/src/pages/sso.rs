//! Coming in by the organisation's own provider, and proving there once more who one is.
//!
//! Both begin with a link and not with a form: browsers don't let a form lead to another site under the desk's policy. What
//! they begin changes nothing by itself, and whoever comes back is known by a cookie.
//!
//! Connecting an account begins with a form, so that no other site can begin it for somebody who is signed in there as somebody
//! else; its answer is a page with the link.

use super::errors::form_urlencode;
use super::forms::{Form, Nothing};
use super::layout::{Page, Shell, redirect, redirect_saying, safe_path};
use super::sign_in::{agent, end_old, failed, keep, on};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::provisioning;
use crate::router::{Access, CameFrom, Route, SessionToken};
use crate::staff::sso::{self, Back, Finished, Purpose, Trouble};
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bedside_vault::secret;
use bedside_web::cookies::SessionCookie;
use bedside_web::query::Query;
use serde::Deserialize;

/// Seconds that a browser keeps what it is known again by.
const COOKIE_SECONDS: u32 = 10 * 60;
/// Times in an hour that people of one network can begin: a whole clinic may share one.
const PER_NETWORK: u32 = 600;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(sso::RETURN, Access::Public, back),
        Route::get("/sign-in/sso/{clinic}", Access::Public, go),
        Route::get("/account/confirm/sso", Access::SignedIn, prove).before_factor(),
        Route::post("/account/sso/connect", Access::SignedIn, connect).confirmed(ACCOUNT),
        Route::post("/account/sso/disconnect", Access::SignedIn, disconnect).confirmed(ACCOUNT),
    ]
}

const ACCOUNT: &str = "/account";

/// What a browser that is sent to the provider is known again by. It opens nothing.
fn cookie(app: &App) -> SessionCookie {
    SessionCookie::new("bedside_sso", app.config.is_https())
}

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
}

async fn go(
    State(app): State<App>,
    Path(clinic): Path<String>,
    headers: HeaderMap,
    came_from: Option<Extension<CameFrom>>,
    Query(asked): Query<Asked>,
) -> Result<Response, DeskError> {
    let next = safe_path(asked.next.as_deref());
    let clinic = app.directory.by_slug(&clinic).ok_or(DeskError::NotFound)?;
    if let Some(Extension(CameFrom(network))) = came_from {
        let taken = app.caps.take(("sso", network), PER_NETWORK, app.now());
        if let Err(DeskError::RateLimited { .. }) = taken {
            let said = (StatusCode::TOO_MANY_REQUESTS, "sign-in-too-often");
            return failed(&app, &headers, (next, ""), said).await;
        }
    }
    match send(&app, clinic.id, &headers, Purpose::Enter, next).await {
        Err(error @ DeskError::Unavailable(_)) => {
            failed(&app, &headers, (next, ""), said(error)?).await
        }
        sent => sent,
    }
}

async fn prove(
    page: Page,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, DeskError> {
    let me = page.ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let purpose = Purpose::Prove(page.session.1, me);
    let next = safe_path(asked.next.as_deref());
    match send(&page.app, page.ctx.organisation, &headers, purpose, next).await {
        Err(error @ DeskError::Unavailable(_)) => {
            tracing::warn!(%error, "a provider of single sign-on can't be asked");
            Ok(redirect_saying("/account/confirm", "sso-down"))
        }
        sent => sent,
    }
}

/// The last page before somebody goes to the provider to have their account there connected.
#[derive(Template)]
#[template(path = "pages/templates/sso_connect.html")]
struct Connect {
    shell: Shell,
    host: String,
    only_way: bool,
    /// The address there.
    address: String,
}

async fn connect(
    page: Page,
    headers: HeaderMap,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let me = page.ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let known = sso::connection(&page.app, &page.ctx).await?;
    let known = known.ok_or(DeskError::NotFound)?;
    if known.since.is_some() {
        return Ok(redirect_saying(ACCOUNT, "sso-connected"));
    }
    let (app, purpose) = (&page.app, Purpose::Connect(page.session.1, me));
    let browser = known_by(app, &headers);
    let begun = sso::start(app, page.ctx.organisation, &browser, purpose, ACCOUNT).await;
    let address = match begun {
        Ok(address) => address,
        Err(error @ DeskError::Unavailable(_)) => {
            tracing::warn!(%error, "a provider of single sign-on can't be asked");
            return Ok(redirect_saying(ACCOUNT, "sso-down"));
        }
        Err(other) => return Err(other),
    };
    let mut response = page.show(&Connect {
        shell: page.bare_shell()?,
        host: known.host,
        only_way: known.only_way,
        address,
    })?;
    remember(app, &browser, &mut response);
    Ok(response)
}

async fn disconnect(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    match sso::disconnect(&page.app, &page.ctx, &page.session.0).await {
        // What has ended already needs no more than a look at what is left.
        Ok(()) | Err(DeskError::NotFound) => Ok(redirect_saying(ACCOUNT, "sso-left")),
        Err(DeskError::Conflict {
            code: "sso_only_way",
            ..
        }) => Ok(redirect_saying(ACCOUNT, "sso-only-way")),
        Err(DeskError::Conflict {
            code: "sso_last_way",
            ..
        }) => Ok(redirect_saying(ACCOUNT, "sso-last-way")),
        Err(other) => Err(other),
    }
}

/// What the browser is known again by: the same for all its windows, so that one ends no sign-in of another.
fn known_by(app: &App, headers: &HeaderMap) -> String {
    let known = cookie(app).read(headers).map(str::to_owned);
    known.unwrap_or_else(secret::random_token)
}

fn remember(app: &App, browser: &str, response: &mut Response) {
    if let Some(kept) = cookie(app).set(browser, COOKIE_SECONDS) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
}

/// Sends the browser to the provider.
async fn send(
    app: &App,
    organisation: OrganisationId,
    headers: &HeaderMap,
    purpose: Purpose,
    next: &str,
) -> Result<Response, DeskError> {
    let browser = known_by(app, headers);
    let mut response = redirect(&sso::start(app, organisation, &browser, purpose, next).await?);
    remember(app, &browser, &mut response);
    Ok(response)
}

#[derive(Deserialize)]
struct Brought {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
}

/// What is said of a sign-in that let nobody in; anything else is an error of its own. It is the same for whatever was
/// wrong: the audit log says what.
fn said(error: DeskError) -> Result<(StatusCode, &'static str), DeskError> {
    match error {
        DeskError::Gone => Ok((StatusCode::UNPROCESSABLE_ENTITY, "sign-in-sso-late")),
        DeskError::Unauthorized => Ok((StatusCode::UNPROCESSABLE_ENTITY, "sign-in-sso-failed")),
        DeskError::Unavailable(why) => {
            tracing::warn!(%why, "a provider of single sign-on can't be asked");
            Ok((StatusCode::SERVICE_UNAVAILABLE, "sign-in-sso-down"))
        }
        other => Err(other),
    }
}

/// What whoever wanted their account connected reads: they are inside, and may know what to put right.
const fn connected(done: Result<(), Trouble>) -> &'static str {
    match done {
        Ok(()) => "sso-connected",
        Err(Trouble::OtherSubject) => "sso-taken",
        Err(Trouble::NoGroup | Trouble::GroupsUnsaid) => "sso-no-group",
        Err(Trouble::LastAdministrator) => "sso-last-administrator",
        Err(trouble) if trouble.is_outage() => "sso-down",
        Err(_) => "sso-not-connected",
    }
}

async fn back(
    State(app): State<App>,
    before: Option<Extension<Ctx>>,
    old: Option<Extension<SessionToken>>,
    headers: HeaderMap,
    Query(brought): Query<Brought>,
) -> Result<Response, DeskError> {
    let back = Back {
        browser: cookie(&app).read(&headers).unwrap_or_default(),
        state: brought.state.as_deref().unwrap_or_default(),
        code: brought.code.as_deref().unwrap_or_default(),
        issuer: brought.iss.as_deref(),
    };
    let here = match (&before, &old) {
        (Some(Extension(ctx)), Some(Extension(SessionToken(token, id, place)))) => {
            Some((ctx, &**token, *id, place.clone()))
        }
        _ => None,
    };
    match sso::finish(
        &app,
        back,
        here.clone(),
        agent(&headers),
        provisioning::decides,
    )
    .await
    {
        Ok(Finished::Entered(entered, next)) => {
            end_old(&app, before, old).await;
            on(&app, &entered, &next)
        }
        Ok(Finished::Proven(fresh, next)) => {
            let mut response = redirect(&next);
            keep(&app, &fresh, &mut response)?;
            Ok(response)
        }
        Ok(Finished::HalfProven(next)) => {
            let confirm = format!("/account/confirm?next={}", form_urlencode(&next));
            Ok(redirect_saying(&confirm, "sso-half"))
        }
        Ok(Finished::Connected(done)) => Ok(redirect_saying(ACCOUNT, connected(done))),
        Err(error) => {
            let (status, key) = said(error)?;
            if here.is_none() {
                return failed(&app, &headers, ("/", ""), (status, key)).await;
            }
            Ok(redirect_saying(
                "/account/confirm",
                match key {
                    "sign-in-sso-down" => "sso-down",
                    "sign-in-sso-late" => "sso-late",
                    _ => "sso-failed",
                },
            ))
        }
    }
}
