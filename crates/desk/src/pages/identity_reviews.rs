//! What was opened or changed past the rules, for somebody else to look at; and second looks that wait.

use super::forms::Form;
use super::layout::{Page, Shell, redirect_saying};
use super::ui::{self, When};
use crate::context::Permission;
use crate::error::DeskError;
use crate::identity;
use crate::ids::IdentityReviewId;
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    let approve = Access::Staff(Permission::IdentityApprove);
    vec![
        Route::get("/identity/reviews", approve, show),
        Route::post("/identity/reviews/{review}", approve, sign_off),
    ]
}

struct Line {
    id: IdentityReviewId,
    number: i64,
    reason: String,
    /// None where the record is restricted.
    words: Option<String>,
    who: String,
    when: When,
    mine: bool,
}

/// What somebody looked at.
struct Past {
    number: i64,
    reason: String,
    /// None where the record is restricted.
    note: Option<String>,
    who: String,
    looked: String,
    when: When,
}

#[derive(Template)]
#[template(path = "pages/templates/identity_reviews.html")]
struct ReviewsPage {
    shell: Shell,
    lines: Vec<Line>,
    second: Vec<(i64, String, When)>,
    past: Vec<Past>,
    error: Option<&'static str>,
}

async fn page_of(
    page: &Page,
    status: StatusCode,
    error: Option<&'static str>,
) -> Result<Response, DeskError> {
    let (app, ctx, t) = (&page.app, &page.ctx, page.texts());
    let names = staff::names(app, ctx.organisation).await?;
    let name = |id: crate::ids::StaffId| names.get(&id.uuid()).cloned().unwrap_or_default();
    let clinic = page.clinic()?;
    let when = |at| ui::ago(at, app.now(), &clinic.time_zone, ctx.locale);
    let why = |reason: Option<identity::Reason>| {
        reason.map_or_else(String::new, |reason| {
            let key = format!("verify-reason-{}", reason.code().replace('_', "-"));
            t.text(&key).to_owned()
        })
    };
    let past = |one: identity::LookedAt| Past {
        number: one.number,
        reason: why(one.reason),
        note: one.note,
        who: name(one.by),
        looked: name(one.reviewed_by),
        when: when(one.reviewed_at),
    };
    let line = |one: identity::Review| Line {
        id: one.id,
        number: one.number,
        reason: why(one.reason),
        words: one.words,
        who: name(one.by),
        when: when(one.at),
        mine: ctx.actor.staff() == Some(one.by),
    };
    let reviews = identity::reviews(app, ctx).await?;
    let second = identity::waiting_approvals(app, ctx).await?;
    let looked_at = identity::looked_at(app, ctx).await?;
    let shown = ReviewsPage {
        shell: page.shell().await?,
        lines: reviews.into_iter().map(line).collect(),
        second: second
            .into_iter()
            .map(|(number, by, at)| (number, name(by), when(at)))
            .collect(),
        past: looked_at.into_iter().map(past).collect(),
        error,
    };
    page.show_as(status, &shown)
}

async fn show(page: Page) -> Result<Response, DeskError> {
    page_of(&page, StatusCode::OK, None).await
}

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    note: String,
}

async fn sign_off(
    page: Page,
    Path(review): Path<String>,
    Form(form): Form<Note>,
) -> Result<Response, DeskError> {
    let id: IdentityReviewId = review.parse().map_err(|_| DeskError::NotFound)?;
    let (status, error) = match identity::sign_off(&page.app, &page.ctx, id, &form.note).await {
        Ok(()) => return Ok(redirect_saying("/identity/reviews", "verify-reviewed")),
        Err(DeskError::Invalid { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "verify-error-note"),
        Err(DeskError::Conflict { .. }) => (StatusCode::CONFLICT, "verify-error-own-word"),
        Err(other) => return Err(other),
    };
    page_of(&page, status, Some(error)).await
}
