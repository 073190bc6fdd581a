//! The request form: show, take in, thank.
//!
//! Invariants: a form that was sent twice makes one request (its nonce is the request's external id); whatever is wrong
//! with a form, its words come back with it; the page that thanks says nothing about the request but its number, and
//! only to who has just sent it.

mod form;
mod take;

use super::caps::network;
use super::shell::{Shell, clinic_for, page, refused, see_other};
use super::{expect, files};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{OrganisationId, TicketId};
use crate::orgs::Clinic;
use crate::tickets::{self, Urgency};
use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bedside_db::Timestamp;
use bedside_web::{cursor, query};
pub use form::MAX_WORDS;
use form::{Form, Pass, Wrong};
use serde::Deserialize;
use std::sync::Arc;

/// Names of the signed texts of these pages.
const FORM: &str = "public-request-form";
const THANKS: &str = "public-request-thanks";
/// Seconds in which the page that thanks can be opened again.
const THANKS_SECONDS: i64 = 60 * 60;

/// What a signed form carries: whose it is, since when, and its own number.
type FormPass = (OrganisationId, Timestamp, String);
/// What the address of the page that thanks carries.
type Receipt = (OrganisationId, TicketId, Timestamp);

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    r: Option<String>,
}

#[derive(Template)]
#[template(path = "public/templates/request.html")]
struct RequestPage<'a> {
    shell: &'a Shell,
    form: &'a Form,
    pass: String,
    wrong: &'a [Wrong],
    note: Option<&'static str>,
    max_files: usize,
}

impl RequestPage<'_> {
    fn error(&self, field: &str) -> Option<&'static str> {
        self.wrong
            .iter()
            .find(|wrong| wrong.field == field)
            .map(|wrong| wrong.key)
    }

    /// What can be chosen, in the page's language. Nobody files themselves under crisis: the wording above is for that.
    fn categories(&self) -> Vec<(&str, &str)> {
        let locale = self.shell.t.locale;
        let offered = self
            .shell
            .clinic
            .categories
            .iter()
            .filter(|category| category.code != "crisis");
        offered
            .map(|category| (category.code.as_str(), category.names.in_locale(locale)))
            .collect()
    }
}

#[derive(Template)]
#[template(path = "public/templates/clinics.html")]
struct ClinicsPage<'a> {
    shell: &'a Shell,
    clinics: Vec<Arc<Clinic>>,
}

#[derive(Template)]
#[template(path = "public/templates/thanks.html")]
struct ThanksPage<'a> {
    shell: &'a Shell,
    number: i64,
    emergency: bool,
    answer: String,
}

/// The clinic's frame, or the page that lets the visitor choose a clinic.
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
        Ok(None) => {
            let clinics = app.directory.all();
            let Some(shell) = Shell::of_desk(app, parts, lang) else {
                return Err(DeskError::NotFound.into_response());
            };
            Err(page(
                StatusCode::OK,
                &ClinicsPage {
                    shell: &shell,
                    clinics,
                },
            ))
        }
        Err(error) => Err(match Shell::of_desk(app, parts, lang) {
            Some(shell) => refused(&shell, error),
            None => error.into_response(),
        }),
    }
}

/// The frame of a page that is looked at, and what its address asks for.
#[expect(clippy::result_large_err, reason = "as for `frame`")]
fn visited(
    app: &App,
    slug: Option<&Path<String>>,
    request: Request,
) -> Result<(Shell, Asked), Response> {
    let (parts, _) = request.into_parts();
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let slug = slug.map(|slug| slug.0.as_str());
    let shell = frame(app, slug, &parts, asked.lang.as_deref())?;
    Ok((shell, asked))
}

fn fresh_pass(app: &App, shell: &Shell) -> String {
    let pass: FormPass = (shell.clinic.id, app.now(), app.id::<()>().to_string());
    cursor::encode(FORM, &pass, &app.keyring.web_mac())
}

/// The empty form.
pub async fn show(
    State(app): State<App>,
    slug: Option<Path<String>>,
    request: Request,
) -> Result<Response, Response> {
    let (shell, _) = visited(&app, slug.as_ref(), request)?;
    let pass = fresh_pass(&app, &shell);
    Ok(shown(
        StatusCode::OK,
        &shell,
        &Form::default(),
        pass,
        &[],
        None,
    ))
}

fn shown(
    status: StatusCode,
    shell: &Shell,
    form: &Form,
    pass: String,
    wrong: &[Wrong],
    note: Option<&'static str>,
) -> Response {
    page(
        status,
        &RequestPage {
            shell,
            form,
            pass,
            wrong,
            note,
            max_files: files::MAX_FILES,
        },
    )
}

/// Takes the form in.
pub async fn send(
    State(app): State<App>,
    slug: Option<Path<String>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let again = Request::from_parts(parts.clone(), body);
    let slug = slug.as_ref().map(|slug| slug.0.as_str());
    let sent = match files::read(again).await {
        Ok(sent) => sent,
        Err(problem) => {
            return frame(&app, slug, &parts, None)
                .map_or_else(|answer| answer, |shell| refused(&shell, problem));
        }
    };
    let shell = match frame(
        &app,
        slug,
        &parts,
        Some(sent.text("lang")).filter(|lang| !lang.is_empty()),
    ) {
        Ok(shell) => shell,
        Err(answer) => return answer,
    };
    let form = Form::from_sent(&sent);
    let pass = Pass::read(&app, &shell, sent.text("pass"));
    if let Some(note) = pass
        .objection(app.now())
        .or_else(|| form.trapped().then_some("public-note-again"))
    {
        let pass = fresh_pass(&app, &shell);
        return shown(
            StatusCode::UNPROCESSABLE_ENTITY,
            &shell,
            &form,
            pass,
            &[],
            Some(note),
        );
    }
    let mut wrong = form.check(&shell.clinic);
    wrong.extend(sent.refused.map(|key| Wrong {
        field: "files",
        key,
    }));
    if !wrong.is_empty() {
        return shown(
            StatusCode::UNPROCESSABLE_ENTITY,
            &shell,
            &form,
            sent.text("pass").to_owned(),
            &wrong,
            None,
        );
    }
    match take::take(
        &app,
        &shell,
        &form,
        &pass,
        network(&parts, &app.config),
        &sent.files,
    )
    .await
    {
        Ok(ticket) => {
            let receipt: Receipt = (shell.clinic.id, ticket, app.now());
            let receipt = cursor::encode(THANKS, &receipt, &app.keyring.web_mac());
            see_other(&shell.link(&format!("{}/thanks?r={receipt}", shell.here)))
        }
        Err(DeskError::RateLimited { .. }) => {
            let (pass, note) = (fresh_pass(&app, &shell), Some("public-note-too-many"));
            shown(
                StatusCode::TOO_MANY_REQUESTS,
                &shell,
                &form,
                pass,
                &[],
                note,
            )
        }
        Err(error @ (DeskError::Unavailable(_) | DeskError::Storage(_))) => {
            tracing::warn!(%error, "a request could not be taken in");
            let (pass, note) = (
                sent.text("pass").to_owned(),
                Some("public-note-unavailable"),
            );
            shown(
                StatusCode::SERVICE_UNAVAILABLE,
                &shell,
                &form,
                pass,
                &[],
                note,
            )
        }
        Err(error) => refused(&shell, error),
    }
}

/// Says that it arrived, and what happens next.
pub async fn thanks(
    State(app): State<App>,
    slug: Option<Path<String>>,
    request: Request,
) -> Result<Response, Response> {
    let (mut shell, asked) = visited(&app, slug.as_ref(), request)?;
    // The language switch keeps the receipt.
    if let Some(receipt) = &asked.r {
        shell.here = format!("{}?r={receipt}", shell.here);
    }
    let thanks = receipt(&app, &shell, asked.r.as_deref().unwrap_or("")).await;
    Ok(match thanks {
        Ok(thanks) => page(StatusCode::OK, &thanks),
        Err(error) => refused(&shell, error),
    })
}

async fn receipt<'a>(app: &App, shell: &'a Shell, text: &str) -> Result<ThanksPage<'a>, DeskError> {
    let (organisation, id, at): Receipt =
        cursor::decode(THANKS, text, &app.keyring.web_mac()).map_err(|_| DeskError::NotFound)?;
    if organisation != shell.clinic.id {
        return Err(DeskError::NotFound);
    }
    let now = app.now();
    if now.seconds_since(at) > THANKS_SECONDS {
        return Err(DeskError::Gone);
    }
    let ticket = tickets::row_for(app, organisation, id).await?;
    let due = ticket.clocks.first_response;
    Ok(ThanksPage {
        shell,
        number: ticket.number,
        emergency: ticket.urgency == Urgency::Emergency || ticket.safety == "emergency",
        answer: expect::answer_by(now, due, &shell.clinic.time_zone, shell.t),
    })
}
