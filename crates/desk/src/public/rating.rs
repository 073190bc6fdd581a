//! How it went, said through a link.
//!
//! The link in the mail only chooses: nothing is stored before the button is pressed, because programs open links too.

use super::caps::PER_THREAD;
use super::linked::{Caller, seal};
use super::shell::{Shell, page, refused, see_other};
use crate::app::App;
use crate::error::DeskError;
use crate::links::Purpose;
use crate::pages::forms::PublicForm;
use crate::surveys::{self, MAX_COMMENT};
use crate::tickets;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bedside_web::query;
use serde::Deserialize;

/// The choices from best to worst: score, icon, text.
const CHOICES: [(i64, &str, &str); 5] = [
    (5, "laugh", "public-rating-5"),
    (4, "smile", "public-rating-4"),
    (3, "meh", "public-rating-3"),
    (2, "frown", "public-rating-2"),
    (1, "annoyed", "public-rating-1"),
];

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    score: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Given {
    lang: Option<String>,
    score: Option<String>,
    comment: Option<String>,
}

#[derive(Template)]
#[template(path = "public/templates/rate.html")]
struct RatePage<'a> {
    shell: &'a Shell,
    action: String,
    token: String,
    chosen: i64,
    comment: &'a str,
    wrong: Option<(&'static str, &'static str)>,
    max_comment: usize,
}

impl RatePage<'_> {
    #[expect(clippy::unused_self, reason = "called by the template on the page")]
    fn choices(&self) -> [(i64, &'static str, &'static str); 5] {
        CHOICES
    }
}

/// The chosen score; 0 for none.
fn score(text: Option<&str>) -> i64 {
    let score = text.and_then(|text| text.parse().ok()).unwrap_or(0);
    if (1..=5).contains(&score) { score } else { 0 }
}

/// The frame. Nobody is asked after a crisis, whatever links there are.
async fn caller(
    app: App,
    token: String,
    parts: &Parts,
    lang: Option<&str>,
) -> Result<Caller, Response> {
    let caller = Caller::new(app, Purpose::Rating, token, parts, lang)
        .await
        .map_err(IntoResponse::into_response)?;
    let fits = async {
        let visit = caller.visit()?;
        let ticket = tickets::row_for(&caller.app, visit.ctx.organisation, visit.ticket).await?;
        if surveys::is_crisis(&ticket) {
            return Err(DeskError::Gone);
        }
        Ok(())
    };
    match fits.await {
        Ok(()) => Ok(caller),
        Err(error) => Err(failed(&caller, error)),
    }
}

fn failed(caller: &Caller, error: DeskError) -> Response {
    match error {
        DeskError::Gone => caller.words(StatusCode::GONE, "clock", "public-rating-ended", None),
        error => refused(&caller.shell, error),
    }
}

fn shown(
    caller: &Caller,
    status: StatusCode,
    chosen: i64,
    comment: &str,
    wrong: Option<(&'static str, &'static str)>,
) -> Response {
    // The switch of languages keeps the choice.
    let mut shell = caller.shell.clone();
    let action = shell.here.clone();
    if chosen > 0 {
        shell.here = format!("{action}?score={chosen}");
    }
    let shown = RatePage {
        shell: &shell,
        action,
        token: caller.form_token(),
        chosen,
        comment,
        wrong,
        max_comment: MAX_COMMENT,
    };
    page(status, &shown)
}

/// The five choices, the one of the mail already made. Stores nothing.
pub async fn show(State(app): State<App>, Path(token): Path<String>, parts: Parts) -> Response {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    match caller(app, token, &parts, asked.lang.as_deref()).await {
        Ok(caller) => shown(
            &caller,
            StatusCode::OK,
            score(asked.score.as_deref()),
            "",
            None,
        ),
        Err(response) => response,
    }
}

/// Stores the choice.
pub async fn send(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
    form: PublicForm,
) -> Response {
    let given = form.read::<Given>(&app, &seal(Purpose::Rating, &token));
    let genuine = given.is_ok();
    let given = given.unwrap_or_default();
    let caller = match caller(app, token, &parts, given.lang.as_deref()).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    if !genuine {
        // The page stood open for days: the fresh one has the same choices.
        return see_other(&caller.shell.link(&caller.shell.here));
    }
    let comment = given.comment.unwrap_or_default().replace("\r\n", "\n");
    let chosen = score(given.score.as_deref());
    let wrong = if chosen == 0 {
        Some(("score-5", "public-rating-choose"))
    } else if comment.chars().count() > MAX_COMMENT {
        Some(("comment", "public-error-message-long"))
    } else {
        None
    };
    if wrong.is_some() {
        return shown(
            &caller,
            StatusCode::UNPROCESSABLE_ENTITY,
            chosen,
            &comment,
            wrong,
        );
    }
    let stored = async {
        caller.take("rate", PER_THREAD)?;
        surveys::rate(&caller.app, &caller.token, chosen, Some(comment)).await
    };
    match stored.await {
        Ok(_) => {
            let there = format!("{}/thanks", caller.shell.here);
            see_other(&caller.shell.link(&there))
        }
        Err(error) => failed(&caller, error),
    }
}

/// Says thanks.
pub async fn thanks(State(app): State<App>, Path(token): Path<String>, parts: Parts) -> Response {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    match caller(app, token, &parts, asked.lang.as_deref()).await {
        Ok(caller) => caller.words(StatusCode::OK, "circle-check", "public-rated", None),
        Err(response) => response,
    }
}
