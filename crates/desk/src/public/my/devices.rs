//! Where somebody is signed in, and their passkeys.

use super::{My, on_to};
use crate::error::DeskError;
use crate::ids::{PasskeyId, SessionId};
use crate::pages::device_words;
use crate::pages::forms::{Form, Nothing};
use crate::passkeys::{Answer, possible};
use crate::portal;
use crate::public::shell::{Shell, page};
use crate::router::portal_cookie;
use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

const HERE: &str = "/my/devices";

struct Device {
    id: SessionId,
    name: String,
    /// The key of how they came in.
    how: &'static str,
    since: String,
    seen: String,
    here: bool,
}

struct Key {
    id: PasskeyId,
    name: String,
    since: String,
    used: Option<String>,
    stopped: bool,
}

#[derive(Template)]
#[template(path = "public/templates/my_devices.html")]
struct DevicesPage<'a> {
    shell: &'a Shell,
    said: Option<&'static str>,
    csrf: String,
    devices: Vec<Device>,
    keys: Vec<Key>,
    possible: bool,
}

pub(super) async fn list(my: My) -> Response {
    match load(&my).await {
        Ok(response) => response,
        Err(error) => my.failed(error),
    }
}

async fn load(my: &My) -> Result<Response, DeskError> {
    let (app, t) = (&my.app, my.shell.t);
    let sessions = portal::open_sessions(app, &my.ctx).await?;
    let devices = sessions.into_iter().map(|one| Device {
        name: device_words(t, &one.device),
        how: match one.method.as_str() {
            "passkey" => "my-by-passkey",
            _ => "my-by-code",
        },
        since: my.at_time(one.created_at),
        seen: my.at_time(one.seen_at),
        here: one.id == my.me.id,
        id: one.id,
    });
    let keys = portal::my_passkeys(app, &my.ctx).await?;
    let keys = keys.into_iter().map(|key| Key {
        id: key.id,
        since: my.on_day(key.created_at),
        used: key.used_at.map(|at| my.at_time(at)),
        stopped: key.stopped_at.is_some(),
        name: key.name,
    });
    let shown = DevicesPage {
        shell: &my.shell,
        said: my.said(),
        csrf: my.csrf(),
        devices: devices.collect(),
        keys: keys.collect(),
        possible: possible(&app.config.public_url),
    };
    Ok(page(StatusCode::OK, &shown))
}

fn done(my: &My, done: Result<(), DeskError>, said: &str) -> Response {
    match done {
        Ok(()) => on_to(&format!("{HERE}?said={said}")),
        // Sent twice: it is gone.
        Err(DeskError::NotFound) => on_to(HERE),
        Err(error) => my.failed(error),
    }
}

pub(super) async fn end_one(
    my: My,
    Path(session): Path<SessionId>,
    Form(Nothing {}): Form<Nothing>,
) -> Response {
    let ended = portal::end_one(&my.app, &my.ctx, session).await;
    done(&my, ended, "ended")
}

pub(super) async fn end_everywhere(my: My, Form(Nothing {}): Form<Nothing>) -> Response {
    if let Err(error) = portal::end_everywhere(&my.app, &my.ctx).await {
        return my.failed(error);
    }
    let mut response = on_to(&my.shell.link("/my/sign-in?said=out"));
    let cleared = portal_cookie(&my.app).clear();
    response.headers_mut().append(header::SET_COOKIE, cleared);
    response
}

#[derive(Template)]
#[template(path = "public/templates/my_passkey.html")]
struct PasskeyPage<'a> {
    shell: &'a Shell,
    csrf: String,
    name: &'a str,
    error: Option<&'static str>,
    possible: bool,
    demo: bool,
}

fn making(my: &My, status: StatusCode, name: &str, error: Option<&'static str>) -> Response {
    let shown = PasskeyPage {
        shell: &my.shell,
        csrf: my.csrf(),
        name,
        error,
        possible: possible(&my.app.config.public_url),
        demo: my.app.config.demo,
    };
    page(status, &shown)
}

pub(super) async fn new_passkey(my: My) -> Response {
    making(&my, StatusCode::OK, "", None)
}

pub(super) async fn ask_passkey(
    my: My,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let asked = portal::ask_new_passkey(&my.app, &my.me).await?;
    Ok(Json(asked).into_response())
}

#[derive(Deserialize)]
pub(super) struct Made {
    #[serde(default)]
    name: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    signed: String,
}

pub(super) async fn add_passkey(my: My, Form(sent): Form<Made>) -> Response {
    let answer = Answer {
        number: &sent.number,
        signed: &sent.signed,
    };
    let error = match portal::add_passkey(&my.app, &my.me, &sent.name, answer).await {
        Ok(()) => return on_to(&format!("{HERE}?said=passkey-added")),
        Err(DeskError::Conflict { code, .. }) => match code {
            "demo" => "passkey-demo",
            "fresh_sign_in" => "my-passkey-fresh",
            "passkey_taken" => "passkey-taken",
            "too_many_passkeys" => "passkey-too-many",
            _ => "passkey-impossible",
        },
        Err(DeskError::Invalid { field: "name", .. }) => "passkey-name-wrong",
        Err(DeskError::Gone) => "passkey-late",
        Err(DeskError::Invalid { .. }) => "passkey-not-added",
        Err(error) => return my.failed(error),
    };
    making(
        &my,
        StatusCode::UNPROCESSABLE_ENTITY,
        &sent.name,
        Some(error),
    )
}

pub(super) async fn remove_passkey(
    my: My,
    Path(id): Path<PasskeyId>,
    Form(Nothing {}): Form<Nothing>,
) -> Response {
    let removed = portal::remove_passkey(&my.app, &my.me, id).await;
    done(&my, removed, "passkey-removed")
}
