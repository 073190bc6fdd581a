//! The request form: show, take in, thank.
//!
//! Invariants: a form that was sent twice makes one request (its nonce is the request's external id); whatever is wrong
//! with a form, its words come back with it; the page that thanks says nothing about the request but its number, and
//! only to who has just sent it.

mod form;
mod reach;
mod take;

use super::caps::{PER_NETWORK, network};
use super::expect;
use super::files::{self, Sent};
use super::heard;
use super::notice;
use super::shell::{Kept, Shell, clinic_for, page, refused, refused_keeping, see_other};
use super::told;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{OrganisationId, TicketId};
use crate::orgs::Clinic;
use crate::tickets::model::Ticket;
use crate::tickets::{self, Urgency};
use crate::timeline::files::OVER_QUOTA;
use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bedside_db::Timestamp;
use bedside_language::Channel;
use bedside_web::multipart::LeftOut;
use bedside_web::{Problem, cursor, query};
pub use form::MAX_WORDS;
use form::{Form, Pass, Wrong};
pub use reach::{Reach, send as send_reach};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Names of the signed texts of these pages.
const FORM: &str = "public-request-form";
const THANKS: &str = "public-request-thanks";
/// Seconds in which the page that thanks can be opened again.
const THANKS_SECONDS: i64 = 60 * 60;

/// What a signed form carries: whose it is, since when, its own number, and whether its person was asked to look at it once
/// more because a field that people don't see was filled in.
type FormPass = (OrganisationId, Timestamp, String, bool);
/// What the address of the page that thanks carries: whose it is, the request, since when, the tag of the language of the words,
/// empty where it is unknown, and whether the clinic can reach whoever sent it.
type Receipt = (OrganisationId, TicketId, Timestamp, String, Reached);

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    r: Option<String>,
}

/// Whether the clinic has a way to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Reached {
    /// There is an address.
    #[serde(rename = "y")]
    Known,
    /// There is none.
    #[serde(rename = "n")]
    Lost,
    /// There was none, and they said one. The request is from then.
    #[serde(rename = "s")]
    Said(Timestamp),
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
    /// What was sent before a clinic was chosen.
    kept: Kept<'a>,
}

#[derive(Template)]
#[template(path = "public/templates/thanks.html")]
pub(super) struct ThanksPage<'a> {
    pub shell: &'a Shell,
    pub number: i64,
    pub emergency: bool,
    /// How they can say where they are reached, where the clinic knows no way.
    pub reach: Option<Reach>,
    pub answer: String,
}

/// Where there is no form: none of the several clinics was named, or one that is not here, or what was sent can't be read.
enum Nowhere {
    Several,
    Refused(Problem),
}

/// The clinic's frame.
fn frame(
    app: &App,
    slug: Option<&str>,
    parts: &Parts,
    lang: Option<&str>,
) -> Result<Shell, Nowhere> {
    match clinic_for(app, slug) {
        Ok(Some(clinic)) => Ok(Shell::new(app, clinic, parts, lang)),
        Ok(None) => Err(Nowhere::Several),
        Err(error) => Err(Nowhere::Refused(error.into())),
    }
}

/// The page in place of a form: it lets the visitor choose a clinic, or says that there is none, and gives back what was
/// sent.
fn no_form(app: &App, why: Nowhere, parts: &Parts, lang: Option<&str>, kept: Kept<'_>) -> Response {
    let Some(shell) = Shell::of_desk(app, parts, lang) else {
        return DeskError::NotFound.into_response();
    };
    match why {
        Nowhere::Refused(problem) => refused_keeping(&shell, problem, kept),
        Nowhere::Several => {
            let status = if kept.is_empty() {
                StatusCode::OK
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            let clinics = app.directory.all();
            let shown = ClinicsPage {
                shell: &shell,
                clinics,
                kept,
            };
            page(status, &shown)
        }
    }
}

/// The frame of a page that is looked at, and what its address asks for.
#[expect(
    clippy::result_large_err,
    reason = "the error is the answer, which handlers hand out as it is"
)]
fn visited(
    app: &App,
    slug: Option<&Path<String>>,
    request: Request,
) -> Result<(Shell, Asked), Response> {
    let (parts, _) = request.into_parts();
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let slug = slug.map(|slug| slug.0.as_str());
    let lang = asked.lang.as_deref();
    let shell = frame(app, slug, &parts, lang);
    let shell = shell.map_err(|why| no_form(app, why, &parts, lang, Kept::default()))?;
    Ok((shell, asked))
}

fn fresh_pass(app: &App, shell: &Shell, looked_at: bool) -> String {
    let nonce = app.id::<()>().to_string();
    let pass: FormPass = (shell.clinic.id, app.now(), nonce, looked_at);
    cursor::encode(FORM, &pass, &app.keyring.web_mac())
}

/// The empty form.
pub async fn show(
    State(app): State<App>,
    slug: Option<Path<String>>,
    request: Request,
) -> Result<Response, Response> {
    let (mut shell, _) = visited(&app, slug.as_ref(), request)?;
    shell.notice = notice::link(&app, &shell).await;
    let pass = fresh_pass(&app, &shell, false);
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

/// The way to the page that says that it arrived.
fn on_to_thanks(app: &App, shell: &Shell, ticket: TicketId, form: &Form) -> Response {
    let spoken = told::tag_of(app, &form.message, shell.t.locale);
    let reached = if form.email.is_empty() {
        Reached::Lost
    } else {
        Reached::Known
    };
    let receipt = (shell.clinic.id, ticket, app.now(), spoken, reached);
    see_other(&shell.link(&thanks_path(app, &shell.here, &receipt)))
}

/// The page that thanks below the path of a form.
fn thanks_path(app: &App, form: &str, receipt: &Receipt) -> String {
    let receipt = cursor::encode(THANKS, receipt, &app.keyring.web_mac());
    format!("{form}/thanks?r={receipt}")
}

/// The answer to words of danger in a form of no clinic, where the desk can say whose they are.
async fn astray(app: &App, parts: &Parts, lang: Option<&str>, sent: &Sent) -> Option<Response> {
    let shell = Shell::of_desk(app, parts, lang)?;
    let form = Form::from_sent(sent);
    let cry = form.cry(app, &shell).await;
    let network = network(&parts.headers, &parts.extensions, &app.config);
    heard::elsewhere(app, &shell, network, (&cry, sent)).await
}

/// Takes the form in. Its files are read only where the clinic, the network and the form's own pass allow it.
pub async fn send(
    State(app): State<App>,
    slug: Option<Path<String>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let slug = slug.as_ref().map(|slug| slug.0.as_str());
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let mut shell = match frame(&app, slug, &parts, asked.lang.as_deref()) {
        Ok(shell) => shell,
        Err(why) => {
            let (why, sent) = match files::read(request, |_, _| false).await {
                Ok(sent) => (why, sent),
                Err(problem) => (Nowhere::Refused(problem), Sent::default()),
            };
            let lang = Some(sent.text("lang")).filter(|lang| !lang.is_empty());
            let lang = lang.or(asked.lang.as_deref());
            if let Some(answer) = astray(&app, &parts, lang, &sent).await {
                return answer;
            }
            return no_form(&app, why, &parts, lang, sent.kept("message"));
        }
    };
    let network = network(&parts.headers, &parts.extensions, &app.config);
    let welcome = network.is_none_or(|network| {
        let key = ("request", shell.clinic.id.uuid(), network);
        app.caps.any_left(key, PER_NETWORK, app.now())
    });
    let sent = files::read(request, |form, ear| {
        let pass = Pass::read(&app, &shell, form.text("pass").unwrap_or_default());
        let words = form.text("message").unwrap_or_default();
        let urgent = || ear.danger_so_far(&app, Channel::WebForm, words, shell.t.locale);
        pass.objection(app.now()).is_none() && (welcome || urgent())
    });
    let sent = match sent.await {
        Ok(sent) => sent,
        Err(problem) => return refused(&shell, problem),
    };
    if !sent.text("lang").is_empty() {
        shell.speak(&parts, sent.text("lang"));
    }
    shell.notice = notice::link(&app, &shell).await;
    let form = Form::from_sent(&sent);
    let pass = Pass::read(&app, &shell, sent.text("pass"));
    // Whoever may be in danger is heard, whatever is wrong with the form.
    form.hear_beside(&app, &shell, &sent).await;
    let urgent = form.is_urgent(&app, &shell).await;
    let trapped = form.trapped() && !pass.looked_at() && !urgent;
    let again = |status, note| {
        let pass = fresh_pass(&app, &shell, trapped || pass.looked_at());
        shown(status, &shell, &form, pass, &[], Some(note))
    };
    if let Some(note) = pass
        .objection(app.now())
        .or_else(|| trapped.then_some("public-note-again"))
        .filter(|_| !urgent)
    {
        return again(StatusCode::UNPROCESSABLE_ENTITY, note);
    }
    if !welcome && !urgent {
        return again(StatusCode::TOO_MANY_REQUESTS, "public-note-too-many");
    }
    let mut wrong = form.check(&shell.clinic);
    wrong.extend(sent.refused.map(|why| Wrong {
        field: "files",
        key: files::key(why),
    }));
    if !wrong.is_empty() && !urgent {
        let status = sent.refused.map(LeftOut::status);
        return shown(
            status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
            &shell,
            &form,
            sent.text("pass").to_owned(),
            &wrong,
            None,
        );
    }
    let usable = form.usable(&shell.clinic);
    match take::take(&app, &shell, &usable, &pass, network, &sent).await {
        Ok(ticket) => on_to_thanks(&app, &shell, ticket, &usable),
        // Nobody who may be in danger is told to come back later: the fresh form can be sent at once.
        Err(DeskError::RateLimited { .. }) => {
            let note = if urgent {
                "public-note-again"
            } else {
                "public-note-too-many"
            };
            again(StatusCode::TOO_MANY_REQUESTS, note)
        }
        Err(DeskError::Conflict {
            code: OVER_QUOTA, ..
        }) => again(StatusCode::TOO_MANY_REQUESTS, "public-error-files-today"),
        Err(error @ (DeskError::Unavailable(_) | DeskError::Storage(_))) => {
            tracing::warn!(%error, "a request could not be taken in");
            let note = Some("public-note-unavailable");
            let pass = sent.text("pass").to_owned();
            let status = StatusCode::SERVICE_UNAVAILABLE;
            shown(status, &shell, &form, pass, &[], note)
        }
        Err(error) => refused_keeping(&shell, error, sent.kept("message")),
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
    let receipt = read(&app, &shell, asked.r.as_deref().unwrap_or("")).await;
    let thanks = match receipt {
        Ok((ticket, receipt)) => {
            let (_, asked_for, at, spoken, reached) = receipt;
            if is_emergency(&ticket) {
                shell = shell.telling_in(told::tagged(&spoken), ticket.number);
            }
            let mut thanks = thanked(&app, &shell, &ticket);
            if reached != Reached::Known {
                let since = match reached {
                    Reached::Said(since) => since,
                    Reached::Known | Reached::Lost => at,
                };
                let reach = Reach::of(&app, &shell, (asked_for, since, spoken));
                thanks.reach = Some(reach.after(reached));
            }
            Ok(thanks)
        }
        Err(error) => Err(error),
    };
    Ok(match thanks {
        Ok(thanks) => page(StatusCode::OK, &thanks),
        Err(error) => refused(&shell, error),
    })
}

/// The request that a receipt is of, itself also where it went into another one since, and what the receipt says.
async fn read(app: &App, shell: &Shell, text: &str) -> Result<(Ticket, Receipt), DeskError> {
    let receipt: Receipt =
        cursor::decode(THANKS, text, &app.keyring.web_mac()).map_err(|_| DeskError::NotFound)?;
    let (organisation, id, at, ..) = receipt;
    if organisation != shell.clinic.id {
        return Err(DeskError::NotFound);
    }
    if app.now().seconds_since(at) > THANKS_SECONDS {
        return Err(DeskError::Gone);
    }
    let ticket = tickets::row_itself(app, organisation, id).await?;
    Ok((ticket, receipt))
}

fn is_emergency(ticket: &Ticket) -> bool {
    ticket.urgency == Urgency::Emergency || ticket.safety == "emergency"
}

fn thanked<'a>(app: &App, shell: &'a Shell, ticket: &Ticket) -> ThanksPage<'a> {
    let due = ticket.clocks.first_response;
    ThanksPage {
        shell,
        number: ticket.number,
        reach: None,
        emergency: is_emergency(ticket),
        answer: expect::answer_by(app.now(), due, &shell.clinic.time_zone, shell.t),
    }
}
