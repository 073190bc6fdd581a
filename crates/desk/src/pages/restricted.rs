//! Opening the record of a patient whose labels keep it from the reader: why, in words.

use super::choices::Choice;
use super::forms::Form;
use super::layout::{Page, Shell, redirect, redirect_saying, safe_path};
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::PatientId;
use crate::privacy::{self, MAX_NOTE, MIN_WORDS, NewOpening, OPEN_FOR, Reason};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::query::Query;
use serde::Deserialize;

const PAGE: &str = "/restricted/{patient}";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::RestrictedOpen);
    vec![
        Route::get(PAGE, may, show).urgent().confirmed(PAGE),
        Route::post(PAGE, may, open).confirmed_before(PAGE),
    ]
}

/// Text key of a reason.
pub const fn reason_key(reason: Reason) -> &'static str {
    match reason {
        Reason::Danger => "restricted-danger",
        Reason::Treatment => "restricted-treatment",
        Reason::Asked => "restricted-asked",
        Reason::StandsIn => "restricted-stands-in",
        Reason::Other => "restricted-other",
    }
}

/// What was typed.
#[derive(Deserialize, Default)]
struct Typed {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    words: String,
    back: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/templates/restricted.html")]
struct OpenPage {
    shell: Shell,
    reasons: Vec<Choice>,
    words: String,
    back: String,
    least: usize,
    most: usize,
    /// What happens then.
    told: String,
    /// Field and key of what is to be mended.
    error: Option<(&'static str, &'static str)>,
}

async fn form(
    page: &Page,
    status: StatusCode,
    typed: Typed,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let t = page.texts();
    let reason = |one: &Reason| {
        let words = t.text(reason_key(*one));
        Choice::new(one.code(), words, one.code() == typed.reason)
    };
    page.show_as(
        status,
        &OpenPage {
            shell: page.shell().await?,
            reasons: Reason::ALL.iter().map(reason).collect(),
            back: safe_path(typed.back.as_deref()).to_owned(),
            words: typed.words,
            least: MIN_WORDS,
            most: MAX_NOTE,
            told: t
                .with("restricted-told", "minutes", OPEN_FOR / 60)
                .into_owned(),
            error,
        },
    )
}

async fn show(
    page: Page,
    Path(patient): Path<PatientId>,
    Query(typed): Query<Typed>,
) -> Result<Response, DeskError> {
    if !privacy::is_kept(&page.app, &page.ctx, patient).await? {
        return Ok(redirect(safe_path(typed.back.as_deref())));
    }
    let typed = Typed {
        // A proof that was asked for on the way here forgot it.
        back: typed.back.or_else(|| Some(format!("/patients/{patient}"))),
        ..Typed::default()
    };
    form(&page, StatusCode::OK, typed, None).await
}

async fn open(
    page: Page,
    Path(patient): Path<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    if !privacy::is_kept(&page.app, &page.ctx, patient).await? {
        return Ok(redirect(safe_path(typed.back.as_deref())));
    }
    let Some(reason) = Reason::from_code(&typed.reason) else {
        let error = Some(("reason", "restricted-error-reason"));
        return form(&page, again, typed, error).await;
    };
    let new = NewOpening {
        patient,
        reason,
        words: typed.words.clone(),
    };
    match privacy::open_record(&page.app, &page.ctx, new).await {
        Ok(_) => Ok(redirect_saying(
            safe_path(typed.back.as_deref()),
            "restricted-opened",
        )),
        Err(DeskError::Invalid { code, .. }) => {
            let key = match code {
                "too_long" => "restricted-error-long",
                _ => "restricted-error-short",
            };
            form(&page, again, typed, Some(("words", key))).await
        }
        Err(other) => Err(other),
    }
}
