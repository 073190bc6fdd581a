//! The thread of a request behind a link for one person.
//!
//! Invariants: looking at a link changes nothing (programs that look for harm open links in mails), pressing the button
//! binds it to this browser; a reply that was sent twice stands there once; whatever is wrong with a reply, its words
//! come back with the page.

mod page;

use super::away;
use super::caps::{PER_LINK_ASKS, PER_NETWORK, PER_PERSON};
use super::ear::Ear;
use super::files::{self, Sent};
use super::heard;
use super::linked::{Caller, Spoken, pressed};
use super::request::MAX_WORDS;
use super::shell::{Kept, Shell, refused, refused_keeping, see_other};
use crate::app::App;
use crate::context::Ctx;
use crate::downloads::{FileOf, Wanted, hand_out_file};
use crate::error::DeskError;
use crate::ids::{AttachmentId, TicketId};
use crate::links::{self, Look, Purpose, Visit, Words};
use crate::once::{Once, words_of_files};
use crate::pages::forms::{PublicForm, check_public};
use crate::timeline::files::{OVER_QUOTA, Way};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bedside_language::Channel;
use bedside_web::{cookies, csrf, query};
use futures_util::FutureExt;
pub use page::{Draft, shown};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// The mark in the address of a page behind a reply that led to another request.
const OPENED: &str = "new";

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    sent: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Pressed {
    lang: Option<String>,
}

impl Spoken for Pressed {
    fn lang(&self) -> Option<&str> {
        self.lang.as_deref()
    }
}

/// The cookie of a link stays with the pages of that very link, so that several can be open in one browser.
fn cookie_name(app: &App) -> &'static str {
    if app.config.is_https() {
        "__Secure-bedside_thread"
    } else {
        "bedside_thread"
    }
}

fn cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    cookies::read(headers, cookie_name(app))
        .next()
        .map(str::to_owned)
}

fn set_cookie(app: &App, token: &str, secret: &str) -> Result<HeaderValue, DeskError> {
    let secure = if app.config.is_https() {
        "; Secure"
    } else {
        ""
    };
    let age = Purpose::Thread.days() * 24 * 3600;
    let text = format!(
        "{}={secret}; Path=/t/{token}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}",
        cookie_name(app)
    );
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| DeskError::Internal("a link's secret does not fit a cookie".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn caller(
    app: App,
    token: String,
    parts: &Parts,
    lang: Option<&str>,
) -> Result<Caller, Response> {
    Caller::new(app, Purpose::Thread, token, parts, lang)
        .await
        .map_err(IntoResponse::into_response)
}

fn unopened(caller: &Caller, kept: Kept<'_>) -> Response {
    caller.keeping(StatusCode::OK, "lock", "public-open", Some("/open"), kept)
}

fn elsewhere(caller: &Caller, kept: Kept<'_>) -> Response {
    caller.keeping(
        StatusCode::FORBIDDEN,
        "monitor-smartphone",
        "public-elsewhere",
        Some("/renew"),
        kept,
    )
}

/// Where words are written: the page of a conversation, behind a link or signed in.
pub struct Writing<'a> {
    /// The desk.
    pub app: &'a App,
    /// The frame of the page.
    pub shell: &'a Shell,
    /// What the page's forms are signed for.
    pub seal: String,
}

impl<'a> Writing<'a> {
    fn behind(caller: &'a Caller) -> Self {
        Self {
            app: &caller.app,
            shell: &caller.shell,
            seal: caller.seal(),
        }
    }
}

/// The page in place of a thread, with what was sent. A link that has expired can still ask for its successor; of
/// any other that opens nothing the page says how to go on.
fn failed(caller: &Caller, error: DeskError, kept: Kept<'_>) -> Response {
    match error {
        DeskError::Gone if caller.renewable => caller.keeping(
            StatusCode::GONE,
            "clock",
            "public-link-ended",
            Some("/renew"),
            kept,
        ),
        DeskError::Gone => {
            caller.keeping(StatusCode::GONE, "clock", "public-link-over", None, kept)
        }
        DeskError::Conflict {
            code: "opened_elsewhere",
            ..
        } => elsewhere(caller, kept),
        error => refused_keeping(&caller.shell, error, kept),
    }
}

/// What a page says of the reply that has just come in, by the mark in its address.
fn thanks(sent: &str) -> &'static str {
    match sent {
        OPENED => "public-thread-opened",
        _ => "public-thread-thanks",
    }
}

/// The button, the thread, or the offer of a fresh link. Changes nothing.
pub async fn show(State(app): State<App>, Path(token): Path<String>, parts: Parts) -> Response {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let caller = match caller(app, token, &parts, asked.lang.as_deref()).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let cookie = cookie(&caller.app, &parts.headers);
    let answer = match links::look(&caller.app, &caller.token, cookie.as_deref()).await {
        Ok(Look::Mine(visit)) => {
            let draft = Draft {
                thanks: asked.sent.as_deref().map(thanks),
                ..Draft::default()
            };
            shown(&Writing::behind(&caller), &visit, StatusCode::OK, &draft).await
        }
        Ok(Look::Unopened(_)) => Ok(unopened(&caller, Kept::default())),
        Ok(Look::Elsewhere) => Ok(elsewhere(&caller, Kept::default())),
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| failed(&caller, error, Kept::default()))
}

/// Binds the link to this browser.
pub async fn open(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
    form: PublicForm,
) -> Result<Response, Response> {
    let (caller, sent) = pressed::<Pressed>(app, Purpose::Thread, token, &parts, form).await?;
    let there = see_other(&caller.shell.link(&caller.shell.here));
    if sent.is_none() {
        return Ok(there);
    }
    let cookie = cookie(&caller.app, &parts.headers);
    let opened = links::open(&caller.app, &caller.token, cookie.as_deref()).await;
    let bound = opened.and_then(|opening| match opening.cookie {
        Some(secret) => set_cookie(&caller.app, &caller.token, &secret).map(Some),
        None => Ok(None),
    });
    let cookie = bound.map_err(|error| failed(&caller, error, Kept::default()))?;
    let mut response = there;
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Sends a fresh link to the address of the person it belongs to. Where none can be sent, the page says so.
pub async fn renew(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
    form: PublicForm,
) -> Result<Response, Response> {
    let (caller, sent) = pressed::<Pressed>(app, Purpose::Thread, token, &parts, form).await?;
    if sent.is_none() {
        return Ok(see_other(&caller.shell.link(&caller.shell.here)));
    }
    match ask(&caller).await {
        Ok(()) => Ok(caller.words(StatusCode::OK, "mail", "public-renewed", None)),
        Err(error) => Err(failed(&caller, error, Kept::default())),
    }
}

async fn ask(caller: &Caller) -> Result<(), DeskError> {
    if let Some(network) = caller.network {
        let now = caller.app.now();
        caller
            .app
            .caps
            .take(("renew network", network), PER_NETWORK, now)?;
    }
    caller.take("renew", PER_LINK_ASKS)?;
    links::ask_new(&caller.app, &caller.token).await
}

/// Takes a reply in. Its files are read only where the link and the form's own token allow it; its words always, so that
/// they come back with any page.
pub async fn reply(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
    request: Request,
) -> Response {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let mut caller = match caller(app, token, &parts, asked.lang.as_deref()).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let cookie = cookie(&caller.app, &parts.headers);
    let look = links::look(&caller.app, &caller.token, cookie.as_deref()).await;
    let sent = files::read(request, |form, ear| {
        let said = (form.text("message").unwrap_or_default(), ear);
        matches!(&look, Ok(Look::Mine(visit)) if may_bring(&Writing::behind(&caller), visit, said))
            && is_genuine(&Writing::behind(&caller), &parts, form.text(csrf::FIELD))
    });
    let sent = match sent.await {
        Ok(sent) => sent,
        Err(problem) => return refused(&caller.shell, problem),
    };
    caller.speak(&parts, sent.text("lang"));
    let kept = sent.kept("message");
    // Looked at again: the link may have ended while the form came in.
    let visit = match links::look(&caller.app, &caller.token, cookie.as_deref()).await {
        Ok(Look::Mine(visit)) => visit,
        other => {
            let (app, shell) = (&caller.app, &caller.shell);
            let heard = heard::elsewhere(app, shell, caller.network, (kept.words, &sent)).await;
            if let Some(response) = heard {
                return response;
            }
            return match other {
                Err(error) => failed(&caller, error, kept),
                Ok(Look::Elsewhere) => elsewhere(&caller, kept),
                Ok(_) => unopened(&caller, kept),
            };
        }
    };
    let cookie = cookie.unwrap_or_default();
    let (status, note) = match take(&Writing::behind(&caller), &visit, &parts, &sent).await {
        Ok(other) => return thanked(&caller, &visit, other, &cookie).await,
        Err(objection) => objection,
    };
    let draft = Draft {
        words: kept.words.to_owned(),
        once: sent.text("once").to_owned(),
        note: Some(note),
        had_files: kept.files,
        thanks: None,
    };
    shown(&Writing::behind(&caller), &visit, status, &draft)
        .await
        .unwrap_or_else(|error| failed(&caller, error, kept))
}

/// Says that a reply is here; where it went into an `other` request than the link's, by leading there. It is here also where no
/// way leads there.
async fn thanked(
    caller: &Caller,
    visit: &Visit,
    other: Option<TicketId>,
    cookie: &str,
) -> Response {
    if let Some(ticket) = other {
        match lead_on(caller, visit, ticket, cookie).await {
            Ok(response) => return response,
            Err(error) => tracing::warn!(%error, "no link leads to where a reply went"),
        }
    }
    let there = format!("{}?sent=1", caller.shell.here);
    see_other(&caller.shell.link(&there))
}

/// Sends the browser on to another request of its person, by a link that is bound to its `cookie` already.
async fn lead_on(
    caller: &Caller,
    visit: &Visit,
    ticket: TicketId,
    cookie: &str,
) -> Result<Response, DeskError> {
    let link = links::make_open(&caller.app, visit, ticket, cookie).await?;
    let cookie = set_cookie(&caller.app, &link, cookie)?;
    let there = format!("/t/{link}?sent={OPENED}");
    let mut response = see_other(&caller.shell.link(&there));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// What the replies of a link's person are counted by: one link leads to others of theirs.
fn writer(visit: &Visit) -> (&'static str, Uuid) {
    ("reply", visit.contact.uuid())
}

/// Whether files that come behind these words are read in this hour. Nobody who may be in danger is told to come back later.
pub fn may_bring(at: &Writing<'_>, visit: &Visit, (words, ear): (&str, &Ear)) -> bool {
    let app = at.app;
    app.caps.any_left(writer(visit), PER_PERSON, app.now())
        || ear.danger_so_far(app, Channel::Portal, words, at.shell.t.locale)
}

/// Whether the form is one of this link's page.
pub fn is_genuine(at: &Writing<'_>, parts: &Parts, token: Option<&str>) -> bool {
    let app = at.app;
    csrf::check_origin(&parts.method, &parts.headers, &app.config.public_url).is_ok()
        && check_public(app, &at.seal, token).is_ok()
}

/// Whether the form did not come from the page of another site, as far as the browser says. That is all that is asked of
/// whoever may be in danger: their page may have stood open for days, and what says who they are stays at this site.
pub fn is_of_here(at: &Writing<'_>, parts: &Parts) -> bool {
    csrf::check_origin(&parts.method, &parts.headers, &at.app.config.public_url).is_ok()
}

/// The other request that the words went into, if they did; what stands in the way is said by the key of a kind text.
pub async fn take(
    at: &Writing<'_>,
    visit: &Visit,
    parts: &Parts,
    sent: &Sent,
) -> Result<Option<TicketId>, (StatusCode, &'static str)> {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let app = at.app;
    let words = sent.text("message").to_owned();
    let (ear, hint) = (&sent.ear, at.shell.t.locale);
    let said = (words.as_str(), sent);
    ear.hear_beside(app, Channel::Portal, said, hint).await;
    let danger = ear.danger(app, Channel::Portal, &words, hint).await;
    let genuine = is_genuine(at, parts, Some(sent.text(csrf::FIELD)));
    if !(genuine || (danger && is_of_here(at, parts))) {
        return Err((WRONG, "public-note-old"));
    }
    if !(danger || app.caps.any_left(writer(visit), PER_PERSON, app.now())) {
        return Err((StatusCode::TOO_MANY_REQUESTS, "public-note-too-many"));
    }
    if let Some(why) = sent.refused.filter(|_| !danger) {
        return Err((why.status(), files::key(why)));
    }
    if words.is_empty() && sent.files.is_empty() && !danger {
        return Err((WRONG, "public-error-message"));
    }
    if words.chars().count() > MAX_WORDS && !danger {
        return Err((WRONG, "public-error-message-long"));
    }
    let visit = Visit {
        ctx: Ctx {
            once: once(visit, &words, sent),
            ..visit.ctx.clone()
        },
        ..visit.clone()
    };
    let added = async {
        if let Err(too_often) = app.caps.take(writer(&visit), PER_PERSON, app.now())
            && !danger
        {
            return Err(too_often);
        }
        let whose = (visit.contact, Way::Own);
        let organisation = visit.ctx.organisation;
        let brought = files::within_quota(app, organisation, whose, sent, danger).await?;
        let files = brought.files;
        links::say(app, &visit, |sealing| {
            let (body, said) = heard::kept_with(&words, &brought.instead);
            async move {
                Ok(Words {
                    channel: Channel::Portal,
                    body,
                    said,
                    attachments: files::keep(app, organisation, &sealing, files).await?,
                    also: links::shown_by(visit.contact, visit.signed_in),
                })
            }
            .boxed()
        })
        .await
    };
    added.await.map_err(|error| match error {
        DeskError::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "public-note-too-many"),
        DeskError::Conflict {
            code: OVER_QUOTA, ..
        } => (StatusCode::TOO_MANY_REQUESTS, "public-error-files-today"),
        error => {
            tracing::warn!(%error, "a reply could not be taken in");
            (StatusCode::SERVICE_UNAVAILABLE, "public-note-unavailable")
        }
    })
}

/// The same form with the same words is the same reply; other words under the form's number are another one.
fn once(visit: &Visit, words: &str, sent: &Sent) -> Option<Arc<Once>> {
    let files = sent.files.iter();
    let files = words_of_files(files.map(|(name, bytes)| (name.as_str(), bytes.as_ref())));
    let what = format!("reply {} {words:?} {files}", visit.contact);
    Once::of_form(sent.text("once"), &what)
}

/// A file of the thread, for the browser the link is bound to.
pub async fn file(
    State(app): State<App>,
    Path((token, id)): Path<(String, AttachmentId)>,
    parts: Parts,
) -> Response {
    let caller = match caller(app, token, &parts, None).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let cookie = cookie(&caller.app, &parts.headers);
    let found = async {
        let Look::Mine(visit) = links::look(&caller.app, &caller.token, cookie.as_deref()).await?
        else {
            return Err(DeskError::NotFound);
        };
        let file = links::thread_file(&caller.app, &visit, id).await?;
        let (organisation, file) = (visit.ctx.organisation, FileOf::from(&file));
        hand_out_file(&caller.app, organisation, &file, Wanted::Copy).await
    };
    found
        .await
        .unwrap_or_else(|error| failed(&caller, error, Kept::default()))
}

/// The page between the thread and wherever a link in it leads, for the browser the link is bound to; any other is told how to go
/// on, as on the thread's own page.
pub async fn leads_away(
    State(app): State<App>,
    Path((token, message, place)): Path<(String, String, String)>,
    parts: Parts,
) -> Response {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let caller = match caller(app, token, &parts, asked.lang.as_deref()).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let cookie = cookie(&caller.app, &parts.headers);
    let answer = match links::look(&caller.app, &caller.token, cookie.as_deref()).await {
        Ok(Look::Mine(visit)) => {
            away::shown(&Writing::behind(&caller), &visit, (&message, &place)).await
        }
        Ok(Look::Unopened(_)) => Ok(unopened(&caller, Kept::default())),
        Ok(Look::Elsewhere) => Ok(elsewhere(&caller, Kept::default())),
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| failed(&caller, error, Kept::default()))
}
