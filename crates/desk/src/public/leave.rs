//! Ending mails that nobody asked for: by a button on a page without sign-in, or by a mail program's own (RFC 8058).
//!
//! Looking changes nothing. The signed link is the proof, so a press needs no other token: a mail program has none.

use super::caps::PER_PERSON;
use super::shell::{Shell, page, refused};
use crate::app::App;
use crate::error::DeskError;
use crate::privacy::consents::{self, Leaving};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bedside_web::form::Posted;
use bedside_web::query;
use serde::Deserialize;

/// Longest text in an address that is taken for a link.
const MAX_TOKEN: usize = 512;

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    /// `all` for every such mail. A mail program's own button says nothing of it.
    what: Option<String>,
}

#[derive(Template)]
#[template(path = "public/templates/leave.html")]
struct LeavePage<'a> {
    shell: &'a Shell,
    purpose: &'static str,
    /// Whether it is done; for every such mail.
    done: Option<bool>,
}

/// Who stands at the link, and the frame of their page.
async fn caller(
    app: &App,
    token: &str,
    parts: &Parts,
    lang: Option<&str>,
) -> Result<(Shell, Leaving), Response> {
    let found = if token.len() <= MAX_TOKEN {
        consents::leaving_of(app, token).await
    } else {
        Err(DeskError::Gone)
    };
    let framed = found.and_then(|leaving| {
        let clinic = app.directory.of(leaving.organisation)?;
        let own = leaving.locale.map(bedside_web::Locale::tag);
        let asked = lang.filter(|lang| !lang.is_empty()).or(own);
        Ok((Shell::new(app, clinic, parts, asked), leaving))
    });
    framed.map_err(|error| match Shell::of_desk(app, parts, lang) {
        Some(mut shell) => {
            // What is no link of ours stands on no page.
            "/u/-".clone_into(&mut shell.here);
            refused(&shell, error)
        }
        None => DeskError::Gone.into_response(),
    })
}

fn shown(shell: &Shell, purpose: consents::Purpose, done: Option<bool>) -> Response {
    let shown = LeavePage {
        shell,
        purpose: purpose.text_key(),
        done,
    };
    page(StatusCode::OK, &shown)
}

/// What the press would end. Changes nothing.
pub async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
) -> Result<Response, Response> {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let (shell, leaving) = caller(&app, &token, &parts, asked.lang.as_deref()).await?;
    Ok(shown(&shell, leaving.purpose, None))
}

/// Ends them. Answers without a redirect, which mail programs don't follow.
pub async fn press(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
    form: Posted,
) -> Result<Response, Response> {
    let asked: Asked = form.read().unwrap_or_default();
    let (shell, leaving) = caller(&app, &token, &parts, asked.lang.as_deref()).await?;
    let (purpose, every) = (leaving.purpose, asked.what.as_deref() == Some("all"));
    let ended = async {
        app.caps
            .take(("leave", token.as_str()), PER_PERSON, app.now())?;
        consents::leave(&app, leaving, every, shell.t.locale).await
    };
    match ended.await {
        Ok(()) => Ok(shown(&shell, purpose, Some(every))),
        Err(error) => Err(refused(&shell, error)),
    }
}
