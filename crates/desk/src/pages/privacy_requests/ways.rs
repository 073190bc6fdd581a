//! How a patient is reached, and no other way: chosen with the decision, shown, and ended.

use super::decide::after;
use super::show::{Typed, Who};
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::PrivacyRequestId;
use crate::pages::choices::Choice;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell};
use crate::pages::ui;
use crate::privacy::requests::ways::{AS_BEFORE, BY_POST, MAX_POST, Place};
use crate::privacy::requests::{self, MAX_WORDS, RequestView};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    vec![Route::post("/privacy/{request}/way-end", may, end)]
}

/// What stands, and the form that ends it.
#[derive(Template)]
#[template(path = "pages/templates/privacy_way.html")]
pub(super) struct Standing {
    shell: Shell,
    id: String,
    version: i64,
    /// How the patient is reached now.
    only_by: Option<String>,
    /// Whether this request chose it.
    is_ours: bool,
    /// How what this request chose ended, and why.
    ended: Option<(String, Option<String>)>,
    why: String,
    most: usize,
}

/// The choice in the form of the decision.
#[derive(Template)]
#[template(path = "pages/templates/privacy_way_choice.html")]
pub(super) struct Pick {
    shell: Shell,
    places: Vec<Choice>,
    /// Whether letters to one place are chosen.
    by_post: bool,
    /// Whether what was chosen before ends; none where nothing was.
    as_before: Option<bool>,
    post: String,
    most: usize,
}

/// Both parts of the page of such a request; none of another kind of request.
pub(super) async fn parts(
    page: &Page,
    (view, typed): (&RequestView, &Typed),
    who: &Who<'_>,
) -> Result<Option<(Standing, Pick)>, DeskError> {
    let Some(ways) = requests::ways_of(&page.app, &page.ctx, view).await? else {
        return Ok(None);
    };
    let t = page.texts();
    let ended = ways.ended.map(|one| {
        let said = who.at("privacy-way-ended-by", Some(one.by), one.at);
        (said, one.why)
    });
    let place = |one: Place| {
        let key = if one.kind == "email" {
            "privacy-way-email"
        } else {
            "privacy-way-phone"
        };
        let label = t.with(key, "address", one.shown).into_owned();
        let selected = one.code == typed.way;
        Choice::new(&one.code, label, selected)
    };
    let stands = ways.only_by.is_some();
    let standing = Standing {
        shell: page.shell().await?,
        id: view.request.id.to_string(),
        version: view.request.version,
        only_by: ways.only_by.as_ref().map(|only| ui::only_by(only, t)),
        is_ours: ways.is_ours,
        ended,
        why: typed.why.clone(),
        most: MAX_WORDS,
    };
    let pick = Pick {
        shell: page.shell().await?,
        places: ways.places.into_iter().map(place).collect(),
        by_post: typed.way == BY_POST,
        as_before: stands.then(|| typed.way == AS_BEFORE),
        post: typed.post.clone(),
        most: MAX_POST,
    };
    Ok(Some((standing, pick)))
}

async fn end(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let of = (id, typed.version);
    let done = requests::end_way(&page.app, &page.ctx, of, &typed.why).await;
    after(page, id, typed, done, "privacy-way-ended").await
}
