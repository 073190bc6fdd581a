//! How it went, said through a link.
//!
//! The link in the mail only chooses: programs open links too, so looking at one stores nothing. What stores is the form:
//! a script sends it by itself once somebody can see the page (`bd-send-seen`), and without scripts its button does.

use super::caps::PER_PERSON;
use super::files::Sent;
use super::heard;
use super::linked::{Caller, Spoken, pressed};
use super::shell::{Kept, Shell, page, refused_keeping, see_other};
use crate::app::App;
use crate::error::DeskError;
use crate::links::Purpose;
use crate::once::Once;
use crate::pages::forms::PublicForm;
use crate::pages::ui;
use crate::surveys::{self, MAX_COMMENT};
use crate::tickets;
use crate::triage::{self, Whose};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bedside_language::{Channel, Level};
use bedside_web::query;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    score: Option<String>,
    /// Set where somebody comes back to say something else.
    again: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Given {
    lang: Option<String>,
    score: Option<String>,
    comment: Option<String>,
    once: Option<String>,
}

#[derive(Template)]
#[template(path = "public/templates/rate.html")]
struct RatePage<'a> {
    shell: &'a Shell,
    action: String,
    token: String,
    once: String,
    draft: &'a Draft,
    max_comment: usize,
}

/// What the form holds.
#[derive(Default)]
struct Draft {
    chosen: i64,
    /// Whether the link in the mail has chosen, and the form goes off by itself.
    clicked: bool,
    comment: String,
    /// Whether it says that somebody may be in danger, or is a worry.
    danger: bool,
    /// The number of the page that was sent; empty for a fresh one.
    once: String,
    /// The field that has to be looked at, and the key of a kind text.
    wrong: Option<(&'static str, &'static str)>,
}

/// Thanks, and the way to say something else.
#[derive(Template)]
#[template(path = "public/templates/rated.html")]
struct RatedPage<'a> {
    shell: &'a Shell,
    again: String,
}

impl RatePage<'_> {
    /// From best to worst: score, icon, text.
    #[expect(clippy::unused_self, reason = "called by the template on the page")]
    fn choices(&self) -> [(i64, &'static str, &'static str); 5] {
        [5, 4, 3, 2, 1].map(|score| {
            let (icon, words, _) = ui::score(score);
            (score, icon, words)
        })
    }
}

/// The chosen score; 0 for none.
fn score(text: Option<&str>) -> i64 {
    let score = text.and_then(|text| text.parse().ok()).unwrap_or(0);
    if (1..=5).contains(&score) { score } else { 0 }
}

impl Spoken for Given {
    fn lang(&self) -> Option<&str> {
        self.lang.as_deref()
    }
}

/// Nobody is asked after a crisis, whatever links there are.
async fn asked_for(caller: &Caller) -> Result<(), DeskError> {
    let visit = caller.visit()?;
    let ticket = tickets::row_for(&caller.app, visit.ctx.organisation, visit.ticket).await?;
    if surveys::is_crisis(&ticket) {
        return Err(DeskError::Gone);
    }
    Ok(())
}

/// How much a comment worries, by itself and in the light of what its writer wrote before, where the link says who that is.
async fn worry(caller: &Caller, comment: &str) -> Level {
    if comment.trim().is_empty() {
        return Level::None;
    }
    let (app, hint) = (&caller.app, caller.shell.t.locale);
    let alone = triage::level(app, Whose::Visitor, Channel::Survey, comment, hint).await;
    // What could not be looked at is taken for the worst: then a person looks.
    let alone = alone.unwrap_or_else(|error| {
        tracing::error!(%error, "a comment could not be looked through");
        Level::Emergency
    });
    let Ok(visit) = caller.visit() else {
        return alone;
    };
    match surveys::worry(app, visit, comment).await {
        Ok(level) => alone.max(level),
        Err(error) => {
            tracing::warn!(%error, "a comment is heard without what was written before");
            alone
        }
    }
}

/// The frame of a page that is looked at.
async fn caller(
    app: App,
    token: String,
    parts: &Parts,
    lang: Option<&str>,
) -> Result<Caller, Response> {
    let caller = Caller::new(app, Purpose::Rating, token, parts, lang)
        .await
        .map_err(IntoResponse::into_response)?;
    match asked_for(&caller).await {
        Ok(()) => Ok(caller),
        Err(error) => Err(failed(&caller, error, "")),
    }
}

/// The page in place of the form, with the comment that was sent.
fn failed(caller: &Caller, error: DeskError, comment: &str) -> Response {
    let kept = Kept {
        words: comment,
        files: false,
    };
    match error {
        DeskError::Gone => {
            caller.keeping(StatusCode::GONE, "clock", "public-rating-ended", None, kept)
        }
        error => refused_keeping(&caller.shell, error, kept),
    }
}

fn shown(caller: &Caller, status: StatusCode, draft: &Draft) -> Response {
    // The switch of languages keeps the choice.
    let mut shell = caller.shell.clone();
    let action = shell.here.clone();
    if draft.chosen > 0 {
        shell.here = format!("{action}?again=1&score={}", draft.chosen);
    }
    let shown = RatePage {
        shell: &shell,
        action,
        token: caller.form_token(),
        once: caller.form_number(&draft.once),
        draft,
        max_comment: MAX_COMMENT,
    };
    page(status, &shown)
}

/// The five choices, the one of the mail already made. Stores nothing.
pub async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
) -> Result<Response, Response> {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let caller = caller(app, token, &parts, asked.lang.as_deref()).await?;
    let chosen = score(asked.score.as_deref());
    let draft = Draft {
        chosen,
        clicked: chosen > 0 && asked.again.is_none(),
        ..Draft::default()
    };
    Ok(shown(&caller, StatusCode::OK, &draft))
}

/// Stores the choice.
pub async fn send(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
    form: PublicForm,
) -> Result<Response, Response> {
    let typed: Given = form.unproven().unwrap_or_default();
    let (caller, given) = pressed::<Given>(app, Purpose::Rating, token, &parts, form).await?;
    let is_old = given.is_none();
    let given = given.unwrap_or(typed);
    let comment = given.comment.unwrap_or_default().replace("\r\n", "\n");
    // Nobody who may be in danger, or worries whoever reads it, is turned away.
    let level = worry(&caller, &comment).await;
    let danger = level == Level::Emergency;
    let ended = asked_for(&caller).await.err();
    let is_over = ended.is_some();
    let is_worry = level > Level::None && caller.visit().is_ok();
    if let Some(error) = ended.filter(|_| !(danger || is_worry)) {
        return Err(failed(&caller, error, &comment));
    }
    let chosen = score(given.score.as_deref());
    let mut draft = Draft {
        chosen,
        comment,
        danger: level > Level::None,
        once: given.once.unwrap_or_default(),
        ..Draft::default()
    };
    if is_old && !danger && draft.comment.trim().is_empty() {
        return Ok(see_other(&caller.shell.link(&caller.shell.here)));
    }
    draft.wrong = if is_old {
        Some(("comment", "public-note-old"))
    } else if chosen == 0 {
        Some(("score-5", "public-rating-choose"))
    } else if draft.comment.chars().count() > MAX_COMMENT {
        Some(("comment", "public-error-message-long"))
    } else {
        None
    };
    let is_heard = danger || (is_worry && is_over);
    if is_heard && (draft.wrong.is_some() || caller.visit().is_err()) {
        return Ok(cried(&caller, draft).await);
    }
    if draft.wrong.is_some() {
        return Ok(shown(&caller, StatusCode::UNPROCESSABLE_ENTITY, &draft));
    }
    let stored = async {
        if let Err(too_often) = caller.take("rate", PER_PERSON)
            && !danger
        {
            return Err(too_often);
        }
        let what = format!("rating {} {chosen} {:?}", caller.token, draft.comment);
        let once = Once::of_form(&draft.once, &what);
        let comment = Some(draft.comment.clone());
        surveys::rate(&caller.app, &caller.token, chosen, comment, once).await
    };
    let rated = match stored.await {
        Ok(rated) => rated,
        Err(DeskError::Gone) => return Err(failed(&caller, DeskError::Gone, &draft.comment)),
        Err(error) => {
            let (status, note) = match error {
                DeskError::RateLimited { .. } => {
                    (StatusCode::TOO_MANY_REQUESTS, "public-note-too-many")
                }
                error => {
                    tracing::warn!(%error, "a rating could not be stored");
                    (StatusCode::SERVICE_UNAVAILABLE, "public-note-unavailable")
                }
            };
            draft.wrong = Some(("comment", note));
            return Ok(shown(&caller, status, &draft));
        }
    };
    // After a crisis there is no rating to give thanks for.
    if rated.danger || is_over {
        let said = (rated.number, draft.comment.as_str());
        return Ok(heard::called(&caller.app, &caller.shell, said, None));
    }
    let there = format!("{}/thanks?score={chosen}", caller.shell.here);
    Ok(see_other(&caller.shell.link(&there)))
}

/// Takes in words of danger, or of a worry, beside which no rating can stand.
async fn cried(caller: &Caller, mut draft: Draft) -> Response {
    let words = heard::kept(&draft.comment);
    let what = format!("cry {} {:?}", caller.token, draft.comment);
    let once = Once::of_form(&draft.once, &what);
    match surveys::hear(&caller.app, &caller.token, words, once).await {
        Ok(number) => {
            let said = (number, draft.comment.as_str());
            heard::called(&caller.app, &caller.shell, said, None)
        }
        Err(error) => {
            let (app, shell) = (&caller.app, &caller.shell);
            let said = (draft.comment.as_str(), &Sent::default());
            let heard = heard::elsewhere(app, shell, caller.network, said).await;
            if let Some(response) = heard {
                return response;
            }
            tracing::warn!(%error, "words with a rating could not be taken in");
            draft.wrong = Some(("comment", "public-note-unavailable"));
            shown(caller, StatusCode::SERVICE_UNAVAILABLE, &draft)
        }
    }
}

/// Says thanks.
pub async fn thanks(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
) -> Result<Response, Response> {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let caller = caller(app, token, &parts, asked.lang.as_deref()).await?;
    let (form, chosen) = (caller.shell.here.clone(), score(asked.score.as_deref()));
    let mut shell = caller.shell.clone();
    shell.here = format!("{form}/thanks?score={chosen}");
    let again = shell.link(&format!("{form}?again=1&score={chosen}"));
    Ok(page(
        StatusCode::OK,
        &RatedPage {
            shell: &shell,
            again,
        },
    ))
}
