//! Finding tickets by words. What is looked for is posted, so that it stands in no address.

use super::forms::Form;
use super::inbox::{List, Row, Teller};
use super::layout::{Page, Shell};
use crate::context::Permission;
use crate::error::DeskError;
use crate::router::{Access, Route};
use crate::search::{self, Hit, Place};
use crate::staff;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::cursor;
use serde::Deserialize;

/// Rows of a page.
const ROWS: usize = 25;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Staff(Permission::TicketsRead);
    vec![
        Route::get("/search", read, show),
        Route::post("/search", read, find).searching(),
    ]
}

#[derive(Template)]
#[template(path = "pages/templates/search.html")]
struct SearchPage {
    shell: Shell,
    q: String,
    list: Option<List>,
    more: Option<String>,
    error: Option<&'static str>,
}

async fn show(page: Page) -> Result<Response, DeskError> {
    let shell = page.shell().await?;
    page.show(&SearchPage {
        shell,
        q: String::new(),
        list: None,
        more: None,
        error: None,
    })
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    place: Option<String>,
}

async fn find(page: Page, Form(asked): Form<Asked>) -> Result<Response, DeskError> {
    let mac = page.app.keyring.web_mac();
    let place = asked
        .place
        .as_deref()
        .map(|text| cursor::decode::<Place>("pages/search", text, &mac))
        .transpose();
    let place = place.map_err(|_| {
        DeskError::invalid("cursor", "invalid_cursor", "Start again without a cursor.")
    })?;
    let shell = page.shell().await?;
    let results = match search::find(&page.app, &page.ctx, &asked.q, place, ROWS).await {
        Ok(results) => results,
        Err(DeskError::Invalid { .. } | DeskError::TooLarge { .. }) => {
            let error = Some("search-not-understood");
            let shown = SearchPage {
                shell,
                q: asked.q,
                list: None,
                more: None,
                error,
            };
            return page.show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown);
        }
        Err(other) => return Err(other),
    };
    let clinic = page.clinic()?;
    let names = staff::names(&page.app, page.ctx.organisation).await?;
    let teller = Teller {
        page: &page,
        clinic: &clinic,
        names: &names,
    };
    let list = List {
        shell: shell.clone(),
        rows: results
            .rows
            .into_iter()
            .map(|hit| told(&teller, hit))
            .collect(),
        first: None,
        newer: None,
        older: None,
        empty_title: "list-no-results-title",
        empty_text: "list-no-results-text",
    };
    let more = results
        .next
        .map(|place| cursor::encode("pages/search", &place, &mac));
    page.show(&SearchPage {
        shell,
        q: asked.q,
        list: Some(list),
        more,
        error: None,
    })
}

fn told(teller: &Teller<'_>, hit: Hit) -> Row {
    let mut pieces = Vec::new();
    let mut at = 0;
    for range in &hit.ranges {
        let (Some(before), Some(word)) = (
            hit.snippet.get(at..range.start),
            hit.snippet.get(range.clone()),
        ) else {
            continue;
        };
        pieces.push((before.to_owned(), false));
        pieces.push((word.to_owned(), true));
        at = range.end;
    }
    if let Some(rest) = hit.snippet.get(at..).filter(|rest| !rest.is_empty()) {
        pieces.push((rest.to_owned(), false));
    }
    Row {
        snippet: pieces,
        ..teller.row(hit.row)
    }
}
