//! One's own requests: the list, one with its conversation, and a new one; and for whom one writes.

use super::{My, on_to};
use crate::context::Ctx;
use crate::downloads::{FileOf, Wanted, hand_out_file};
use crate::error::DeskError;
use crate::ids::{AttachmentId, PatientId, TicketId};
use crate::links::{self, Visit};
use crate::once::{Once, words_of_files};
use crate::pages::forms::{self, Form, check_public};
use crate::portal::requests::{self as own, Shut};
use crate::portal::{self, ActsFor};
use crate::privacy::notices;
use crate::public::away;
use crate::public::caps::{PER_PERSON, network};
use crate::public::expect;
use crate::public::files::{self, MAX_FILES, Sent};
use crate::public::heard;
use crate::public::linked::form_number;
use crate::public::request::MAX_WORDS;
use crate::public::shell::{Kept, Shell, page, refused};
use crate::public::thread::{Draft, Writing, is_genuine, is_of_here, may_bring, shown, take};
use crate::tickets::NewTicket;
use crate::timeline::files::{OVER_QUOTA, Way};
use askama::Template;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use bedside_language::Channel;
use bedside_web::csrf;
use serde::Deserialize;

/// A request in the list, in words.
struct Line {
    id: TicketId,
    number: i64,
    subject: Option<String>,
    /// Why it is not opened, in words.
    shut: Option<&'static str>,
    status: &'static str,
    /// When an answer can be expected, where one is awaited.
    answer: Option<String>,
    last: String,
}

/// Somebody for whom one can write, in words.
struct Other {
    id: PatientId,
    name: String,
    until: Option<String>,
    now: bool,
}

#[derive(Template)]
#[template(path = "public/templates/my_requests.html")]
struct ListPage<'a> {
    shell: &'a Shell,
    said: Option<&'static str>,
    csrf: String,
    lines: Vec<Line>,
    others: Vec<Other>,
    /// Whether they are a patient themselves, or write for somebody now.
    somebody: bool,
    acting: bool,
    /// Whether there is a notice that they have not read.
    unread: bool,
}

fn shut_words(shut: Shut) -> &'static str {
    match shut {
        Shut::Level => "my-request-level",
        Shut::Scope => "my-request-scope",
    }
}

/// The list, with whom one can write for.
pub(super) async fn list(my: My) -> Response {
    match load(&my).await {
        Ok(response) => response,
        Err(error) => my.failed(error),
    }
}

async fn load(my: &My) -> Result<Response, DeskError> {
    let (app, t) = (&my.app, my.shell.t);
    let me = my.ctx.signed_in()?;
    let (now, zone) = (app.now(), &my.shell.clinic.time_zone);
    let lines = own::list(app, &my.ctx).await?.into_iter().map(|one| Line {
        id: one.id,
        number: one.number,
        shut: one.shut.map(shut_words),
        status: t.text(links::status_key(one.status)),
        answer: one.waits.then(|| expect::answer_by(now, one.due, zone, t)),
        last: my.at_time(one.last_at),
        subject: one.subject,
    });
    let lines = lines.collect();
    let other = |one: ActsFor| Other {
        now: me.acting == Some(one.patient),
        until: one.until.map(|until| my.on_day(until)),
        id: one.patient,
        name: one.name,
    };
    let others = portal::acts_for(app, &my.ctx).await?;
    let shown = ListPage {
        shell: &my.shell,
        said: my.said(),
        csrf: my.csrf(),
        lines,
        others: others.into_iter().map(other).collect(),
        somebody: me.patient().is_some(),
        acting: me.acting.is_some(),
        unread: notices::is_unread(app, &my.ctx).await?,
    };
    Ok(page(StatusCode::OK, &shown))
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    patient: String,
}

/// Goes on for somebody else, or for oneself.
pub(super) async fn act(my: My, Form(chosen): Form<Chosen>) -> Response {
    let done = async {
        let patient = match chosen.patient.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| DeskError::NotFound)?),
        };
        portal::act_for(&my.app, &my.ctx, my.me.id, patient).await
    };
    match done.await {
        Ok(()) => on_to("/my"),
        Err(error) => my.failed(error),
    }
}

#[derive(Template)]
#[template(path = "public/templates/my_new.html")]
struct NewPage<'a> {
    shell: &'a Shell,
    token: String,
    once: String,
    words: &'a str,
    note: Option<&'static str>,
    had_files: bool,
    max_files: usize,
}

fn form(my: &My, status: StatusCode, sent: &Sent, note: Option<&'static str>) -> Response {
    let shown = NewPage {
        shell: &my.shell,
        token: forms::public_token(&my.app, &my.seal("new")),
        once: form_number(&my.app, sent.text("once")),
        words: sent.text("message"),
        note,
        had_files: sent.had_files(),
        max_files: MAX_FILES,
    };
    page(status, &shown)
}

/// The empty form.
pub(super) async fn new(my: My) -> Response {
    form(&my, StatusCode::OK, &Sent::default(), None)
}

/// Opens a request for oneself, or for whom one acts.
pub(super) async fn open(my: My, request: Request) -> Response {
    let genuine = |token: Option<&str>| check_public(&my.app, &my.seal("new"), token).is_ok();
    let sent = match files::read(request, |form, _| genuine(form.text(csrf::FIELD))).await {
        Ok(sent) => sent,
        Err(problem) => return refused(&my.shell, problem),
    };
    let (words, hint) = (sent.text("message"), my.shell.t.locale);
    let (app, said) = (&my.app, (words, &sent));
    sent.ear.hear_beside(app, Channel::Portal, said, hint).await;
    let danger = sent.ear.danger(app, Channel::Portal, words, hint).await;
    match opened(&my, &sent, danger).await {
        Ok(ticket) if danger => {
            let said = (ticket, sent.text("message"));
            let thanks = heard::thanks(&my.app, &my.shell, said).await;
            thanks.unwrap_or_else(|error| my.failed(error))
        }
        Ok(ticket) => on_to(&format!("/my/requests/{ticket}?said=sent")),
        Err((status, note)) => form(&my, status, &sent, Some(note)),
    }
}

async fn opened(
    my: &My,
    sent: &Sent,
    danger: bool,
) -> Result<TicketId, (StatusCode, &'static str)> {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let (app, words) = (&my.app, sent.text("message"));
    let at = Writing {
        app,
        shell: &my.shell,
        seal: my.seal("new"),
    };
    let genuine = check_public(app, &my.seal("new"), Some(sent.text(csrf::FIELD))).is_ok();
    if !(genuine || (danger && is_of_here(&at, &my.parts))) {
        return Err((WRONG, "public-note-old"));
    }
    if let Some(why) = sent.refused.filter(|_| !danger) {
        return Err((why.status(), files::key(why)));
    }
    if words.is_empty() && !danger {
        return Err((WRONG, "public-error-message"));
    }
    if words.chars().count() > MAX_WORDS && !danger {
        return Err((WRONG, "public-error-message-long"));
    }
    let added = async {
        let me = my.ctx.signed_in()?;
        // Nobody who may be in danger is told to come back later.
        let key = ("reply", me.contact.uuid());
        if let Err(too_often) = app.caps.take(key, PER_PERSON, app.now())
            && !danger
        {
            return Err(too_often);
        }
        let requester = own::requester(app, &my.ctx).await?;
        let whose = (me.contact, Way::Own);
        let organisation = my.ctx.organisation;
        let brought = files::within_quota(app, organisation, whose, sent, danger).await?;
        let (body, said) = heard::kept_with(words, &brought.instead);
        let files = files::keep(app, organisation, &requester.sealing, brought.files).await?;
        let mut new = NewTicket::new(requester, Channel::Portal, "", body);
        new.said = said;
        new.locale = Some(my.shell.t.locale);
        new.attachments = files;
        let names = sent.files.iter();
        let names = words_of_files(names.map(|(name, bytes)| (name.as_str(), bytes.as_ref())));
        let whom = me.patient();
        let what = format!("my request {} {whom:?} {words:?} {names}", me.contact);
        let ctx = Ctx {
            once: Once::of_form(sent.text("once"), &what),
            ..my.ctx.clone()
        };
        own::open(app, &ctx, new).await
    };
    added.await.map_err(|error| match error {
        DeskError::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "public-note-too-many"),
        DeskError::Conflict {
            code: OVER_QUOTA, ..
        } => (StatusCode::TOO_MANY_REQUESTS, "public-error-files-today"),
        error => {
            tracing::warn!(%error, "a request could not be taken in");
            (StatusCode::SERVICE_UNAVAILABLE, "public-note-unavailable")
        }
    })
}

fn writing(my: &My, ticket: TicketId) -> Writing<'_> {
    Writing {
        app: &my.app,
        shell: &my.shell,
        seal: my.seal(&ticket.to_string()),
    }
}

/// Why a request is not opened.
enum Closed {
    Shut(Shut),
    Failed(DeskError),
}

impl Closed {
    /// The page that says so, with what was sent.
    fn page(self, my: &My, kept: Kept<'_>) -> Response {
        match self {
            Self::Shut(Shut::Level) => my.shut("my-shut-level", kept),
            Self::Shut(Shut::Scope) => my.shut("my-shut-scope", kept),
            Self::Failed(error) => my.failed_keeping(error, kept),
        }
    }
}

/// The request as it may be read now; else why not.
async fn asked(my: &My, ticket: TicketId) -> Result<Visit, Closed> {
    match own::visit(&my.app, &my.ctx, ticket).await {
        Ok(Ok(visit)) => Ok(visit),
        Ok(Err(shut)) => Err(Closed::Shut(shut)),
        Err(error) => Err(Closed::Failed(error)),
    }
}

/// The same at its own page, with the page that says why not.
async fn visit(my: &mut My, ticket: TicketId) -> Result<Visit, Response> {
    my.shell.here = format!("/my/requests/{ticket}");
    let found = asked(my, ticket).await;
    found.map_err(|why| why.page(my, Kept::default()))
}

/// A request with its conversation.
pub(super) async fn show(mut my: My, Path(ticket): Path<TicketId>) -> Result<Response, Response> {
    let visit = visit(&mut my, ticket).await?;
    let draft = Draft {
        thanks: match my.asked.said.as_deref() {
            Some("sent") => Some("public-thread-thanks"),
            Some("opened") => Some("public-thread-opened"),
            _ => None,
        },
        ..Draft::default()
    };
    shown(&writing(&my, ticket), &visit, StatusCode::OK, &draft)
        .await
        .map_err(|error| my.failed(error))
}

/// The answer to words for a request that is not opened to whoever wrote them: danger opens another one, as whom they are in.
async fn astray(my: &My, why: Closed, sent: &Sent) -> Response {
    let kept = sent.kept("message");
    let requester = own::requester(&my.app, &my.ctx).await.ok();
    let network = network(&my.parts.headers, &my.parts.extensions, &my.app.config);
    let heard = heard::of_whom(&my.app, &my.shell, (network, requester), (kept.words, sent)).await;
    heard.unwrap_or_else(|| why.page(my, kept))
}

/// Takes words in. They are read whether the request is open to whoever wrote them or not; its files only where it is.
pub(super) async fn reply(
    mut my: My,
    Path(ticket): Path<TicketId>,
    request: Request,
) -> Result<Response, Response> {
    my.shell.here = format!("/my/requests/{ticket}");
    let before = asked(&my, ticket).await;
    let at = writing(&my, ticket);
    let sent = files::read(request, |form, ear| {
        let said = (form.text("message").unwrap_or_default(), ear);
        matches!(&before, Ok(visit) if may_bring(&at, visit, said))
            && is_genuine(&at, &my.parts, form.text(csrf::FIELD))
    });
    let sent = sent.await.map_err(|problem| refused(&my.shell, problem))?;
    // Looked at again: it may have been shut while the form came in.
    let visit = match asked(&my, ticket).await {
        Ok(visit) => visit,
        Err(why) => return Err(astray(&my, why, &sent).await),
    };
    let (status, note) = match take(&at, &visit, &my.parts, &sent).await {
        Ok(None) => return Ok(on_to(&format!("/my/requests/{ticket}?said=sent"))),
        Ok(Some(other)) => return Ok(on_to(&format!("/my/requests/{other}?said=opened"))),
        Err(objection) => objection,
    };
    let draft = Draft {
        words: sent.text("message").to_owned(),
        once: sent.text("once").to_owned(),
        note: Some(note),
        had_files: sent.had_files(),
        thanks: None,
    };
    shown(&at, &visit, status, &draft)
        .await
        .map_err(|error| my.failed(error))
}

/// A file of a conversation.
pub(super) async fn file(
    mut my: My,
    Path((ticket, file)): Path<(TicketId, AttachmentId)>,
) -> Result<Response, Response> {
    let visit = visit(&mut my, ticket).await?;
    let found = async {
        let file = links::thread_file(&my.app, &visit, file).await?;
        let (organisation, file) = (visit.ctx.organisation, FileOf::from(&file));
        hand_out_file(&my.app, organisation, &file, Wanted::Copy).await
    };
    found.await.map_err(|error| my.failed(error))
}

/// The page between a conversation and wherever a link in it leads.
pub(super) async fn leads_away(
    mut my: My,
    Path((ticket, message, place)): Path<(TicketId, String, String)>,
) -> Result<Response, Response> {
    let visit = visit(&mut my, ticket).await?;
    away::shown(&writing(&my, ticket), &visit, (&message, &place))
        .await
        .map_err(|error| my.failed(error))
}
