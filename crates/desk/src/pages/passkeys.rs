//! Adding, naming and removing one's own passkeys.

use super::forms::{Form, Nothing};
use super::layout::{Page, Shell, redirect, redirect_saying};
use super::second_factor::told;
use crate::error::DeskError;
use crate::ids::PasskeyId;
use crate::router::{Access, Route};
use crate::staff::passkeys::{self, Answer};
use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

const NEW: &str = "/account/passkeys/new";
const ACCOUNT: &str = "/account";

pub(super) fn routes() -> Vec<Route> {
    let mine = Access::SignedIn;
    vec![
        Route::get(NEW, mine, show).confirmed(NEW).before_factor(),
        Route::post(NEW, mine, add)
            .confirmed_before(NEW)
            .before_factor(),
        Route::post("/account/passkeys/new/options", mine, ask)
            .confirmed_before(NEW)
            .before_factor(),
        Route::post("/account/passkeys/{passkey}/rename", mine, rename).confirmed(ACCOUNT),
        Route::post("/account/passkeys/{passkey}/remove", mine, remove).confirmed(ACCOUNT),
    ]
}

#[derive(Template)]
#[template(path = "pages/templates/passkey_new.html")]
struct New {
    shell: Shell,
    name: String,
    error: Option<&'static str>,
    /// Whether the desk's address can have passkeys.
    possible: bool,
    /// Set in the demo, where it can be tried and nothing is kept.
    demo: bool,
}

fn shown(page: &Page, name: &str, error: Option<&'static str>) -> Result<Response, DeskError> {
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let shown = New {
        shell: page.bare_shell()?,
        name: name.to_owned(),
        error,
        possible: passkeys::possible(&page.app.config.public_url),
        demo: page.app.config.demo,
    };
    page.show_as(status, &shown)
}

async fn show(page: Page) -> Result<Response, DeskError> {
    shown(&page, "", None)
}

async fn ask(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    let asked = passkeys::ask_new(&page.app, &page.ctx, page.session.1).await?;
    Ok(Json(asked).into_response())
}

/// What a browser sends with the number of a question.
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    number: String,
    #[serde(default)]
    signed: String,
    /// Where to go on.
    pub(super) next: Option<String>,
}

impl Sent {
    pub(super) fn answer(&self) -> Answer<'_> {
        Answer {
            number: &self.number,
            signed: &self.signed,
        }
    }
}

#[derive(Deserialize)]
struct Made {
    #[serde(default)]
    name: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    signed: String,
}

async fn add(page: Page, Form(sent): Form<Made>) -> Result<Response, DeskError> {
    let here = (&*page.session.0, page.session.1);
    let answer = Answer {
        number: &sent.number,
        signed: &sent.signed,
    };
    let error = match passkeys::add(&page.app, &page.ctx, here, &sent.name, answer).await {
        Ok(Some(codes)) => return told(&page, codes, true),
        Ok(None) => return Ok(redirect_saying(ACCOUNT, "passkey-added")),
        Err(DeskError::Conflict { code: "demo", .. }) => {
            return Ok(redirect_saying(ACCOUNT, "passkey-demo"));
        }
        Err(DeskError::Invalid { field: "name", .. }) => "passkey-name-wrong",
        Err(DeskError::Gone) => "passkey-late",
        Err(DeskError::Conflict { code, .. }) => conflict(code),
        Err(DeskError::Invalid { .. }) => "passkey-not-added",
        Err(other) => return Err(other),
    };
    shown(&page, &sent.name, Some(error))
}

fn conflict(code: &str) -> &'static str {
    match code {
        "passkey_taken" => "passkey-taken",
        "too_many_passkeys" => "passkey-too-many",
        _ => "passkey-impossible",
    }
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

fn parsed(id: &str) -> Result<PasskeyId, DeskError> {
    id.parse().map_err(|_| DeskError::NotFound)
}

async fn rename(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Named>,
) -> Result<Response, DeskError> {
    match passkeys::rename(&page.app, &page.ctx, parsed(&id)?, &sent.name).await {
        Ok(()) => Ok(redirect_saying(ACCOUNT, "passkey-renamed")),
        Err(DeskError::Invalid { .. }) => Ok(redirect_saying(ACCOUNT, "passkey-name-wrong")),
        Err(other) => Err(other),
    }
}

async fn remove(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    match passkeys::remove(&page.app, &page.ctx, &page.session.0, parsed(&id)?).await {
        Ok(()) => Ok(redirect_saying(ACCOUNT, "passkey-removed")),
        // Sent twice: it is gone.
        Err(DeskError::NotFound) => Ok(redirect(ACCOUNT)),
        Err(other) => Err(other),
    }
}
