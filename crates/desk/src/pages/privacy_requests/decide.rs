//! The forms of a request's page.

use super::lasting;
use super::show::{Typed, page_of};
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::PrivacyRequestId;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, redirect_saying};
use crate::privacy::requests::{self, Decision, Said};
use crate::router::{Access, Route};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    vec![
        Route::post("/privacy/{request}/extend", may, extend),
        Route::post("/privacy/{request}/approve", may, approve),
        Route::post("/privacy/{request}/decide", may, decide),
        Route::post("/privacy/{request}/close", may, close),
    ]
}

/// The field to look at and what to say, for what the person can mend.
fn mendable(error: &DeskError) -> Option<(StatusCode, &'static str, &'static str)> {
    let invalid = StatusCode::UNPROCESSABLE_ENTITY;
    Some(match error {
        DeskError::Invalid { field, code, .. } => match (*field, *code) {
            ("words", "required") => (invalid, "words", "privacy-error-why"),
            ("words", _) => (invalid, "words", "privacy-error-long"),
            ("note", "required") => (invalid, "note", "privacy-error-agreed"),
            ("note", _) => (invalid, "note", "privacy-error-long"),
            ("reason", "must_agree") => (invalid, "reason", "privacy-error-must-agree"),
            ("owed", _) => (invalid, "owed", "privacy-error-owed"),
            ("restricted_until", _) => (invalid, "restricted_until", "privacy-error-until"),
            ("stops", _) => (invalid, "stops", "privacy-error-stops"),
            ("how", _) => (invalid, "how", "privacy-error-how"),
            ("told_on", _) => (invalid, "told_on", "privacy-error-told-on"),
            ("ended_words", _) => (invalid, "ended_words", "privacy-error-long"),
            ("disagreement", "required") => (invalid, "disagreement", "form-error-required"),
            ("disagreement", _) => (invalid, "disagreement", "privacy-error-long"),
            ("disagreed_on", _) => (invalid, "disagreed_on", "privacy-error-letter"),
            ("rebuttal", "required") => (invalid, "rebuttal", "form-error-required"),
            ("rebuttal", _) => (invalid, "rebuttal", "privacy-error-long"),
            ("reason", _) => (invalid, "reason", "privacy-error-reason"),
            ("decision", _) => (invalid, "decision", "privacy-error-decision"),
            ("letter_on", _) => (invalid, "letter_on", "privacy-error-letter"),
            ("way", _) => (invalid, "way", "privacy-error-way"),
            ("post", "required") => (invalid, "post", "privacy-error-post"),
            ("post", _) => (invalid, "post", "privacy-error-post-long"),
            ("why", "required") => (invalid, "why", "privacy-error-way-why"),
            ("why", _) => (invalid, "why", "privacy-error-long"),
            ("exception", _) => (invalid, "exception", "privacy-error-exception"),
            ("exception_told_on", _) => (invalid, "exception_told_on", "privacy-error-letter"),
            ("hold_reason", _) => (invalid, "holds", "form-error-required"),
            ("until", _) => (invalid, "holds", "privacy-error-hold-day"),
            ("answered_on", _) => (invalid, "answered_on", "privacy-error-letter"),
            _ => return None,
        },
        DeskError::Conflict { code, .. } => {
            let key = match *code {
                "second_person" => "privacy-error-second",
                "same_person" => "privacy-error-same",
                "overdue" => "privacy-error-overdue",
                "held" => "privacy-error-held",
                "owed" => "privacy-error-owed-kept",
                _ => "privacy-error-state",
            };
            (StatusCode::CONFLICT, "steps", key)
        }
        DeskError::Stale { .. } => (
            StatusCode::PRECONDITION_FAILED,
            "steps",
            "problem-stale-detail",
        ),
        _ => return None,
    })
}

/// Back to the page: with the news, or with what is to be mended.
pub(super) async fn after(
    page: Page,
    id: PrivacyRequestId,
    typed: Typed,
    done: Result<(), DeskError>,
    code: &'static str,
) -> Result<Response, DeskError> {
    match done {
        Ok(()) => Ok(redirect_saying(&format!("/privacy/{id}"), code)),
        Err(error) => {
            let (status, field, key) = mendable(&error).ok_or(error)?;
            let error = (field, page.texts().text(key).to_owned());
            page_of(&page, status, id, typed, Some(error)).await
        }
    }
}

pub(super) fn day(field: &'static str, text: &str) -> Result<jiff::civil::Date, DeskError> {
    text.trim()
        .parse()
        .map_err(|_| DeskError::invalid(field, "invalid", "Give a day."))
}

async fn extend(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = match day("letter_on", &typed.letter_on) {
        Ok(on) => {
            let (version, words) = (typed.version, &typed.words);
            requests::extend(&page.app, &page.ctx, id, version, words, on).await
        }
        Err(error) => Err(error),
    };
    after(page, id, typed, done, "privacy-extended").await
}

async fn approve(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = requests::approve(&page.app, &page.ctx, id, typed.version).await;
    after(page, id, typed, done, "privacy-approved").await
}

async fn decide(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = match (Decision::from_code(&typed.decision), lasting::terms(&typed)) {
        (Some(decision), Ok(terms)) => {
            let said = Said {
                decision,
                reason: typed.reason.clone(),
                note: typed.note.clone(),
                with_notes: typed.with_notes,
            };
            let said = (said, terms);
            requests::decide_on(&page.app, &page.ctx, id, typed.version, said).await
        }
        (_, Err(error)) => Err(error),
        (None, _) => Err(DeskError::invalid("decision", "required", "Choose one.")),
    };
    after(page, id, typed, done, "privacy-decided").await
}

async fn close(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = match day("answered_on", &typed.answered_on) {
        Ok(on) => requests::close(&page.app, &page.ctx, id, typed.version, on).await,
        Err(error) => Err(error),
    };
    after(page, id, typed, done, "privacy-closed").await
}
