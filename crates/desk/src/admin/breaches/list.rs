//! The list of incidents.

use super::{LIST, conclusion_key, state_key};
use crate::error::DeskError;
use crate::pages::layout::{Page, Shell};
use crate::pages::ui;
use crate::privacy::breaches::{self, BreachView, State};
use askama::Template;
use axum::response::Response;
use bedside_web::cursor;
use bedside_web::i18n::time;
use bedside_web::query::Query;
use serde::Deserialize;

/// An incident as a line.
struct Line {
    id: String,
    title: String,
    state: &'static str,
    concluded: Option<&'static str>,
    people: String,
    discovered: String,
    due: Option<ui::When>,
    over: bool,
}

#[derive(Template)]
#[template(path = "admin/templates/breaches.html")]
struct ListPage {
    shell: Shell,
    closed: bool,
    /// As typed, or empty.
    year: String,
    lines: Vec<Line>,
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    closed: bool,
    #[serde(default)]
    year: String,
    cursor: Option<String>,
}

pub(super) async fn list(page: Page, Query(which): Query<Which>) -> Result<Response, DeskError> {
    let (t, now) = (page.texts(), page.app.now());
    let zone = page.clinic()?.time_zone.clone();
    let year = match which.year.trim() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| DeskError::invalid("year", "out_of_range", "Give a year."))?,
        ),
    };
    let name = format!("{}/breaches/{}", page.ctx.organisation, which.closed);
    let mac = page.app.keyring.web_mac();
    let place = match which.cursor.as_deref() {
        Some(text) => Some(cursor::decode(&name, text, &mac).map_err(|_| {
            DeskError::invalid("cursor", "invalid_cursor", "Start again without a cursor.")
        })?),
        None => None,
    };
    let (views, next) = breaches::list(&page.app, &page.ctx, which.closed, year, place).await?;
    let year = year.map_or_else(String::new, |year| year.to_string());
    let next = next.map(|place| {
        let text = cursor::encode(&name, &place, &mac);
        format!("{LIST}?closed={}&year={year}&cursor={text}", which.closed)
    });
    let line = |view: BreachView| {
        let next = view
            .next_due()
            .filter(|_| view.breach.state != State::Closed);
        Line {
            id: view.breach.id.to_string(),
            state: state_key(view.breach.state),
            concluded: view
                .breach
                .assessment
                .as_ref()
                .map(|one| conclusion_key(one.conclusion)),
            people: t
                .with("breach-people-count", "count", view.counts.all())
                .into_owned(),
            discovered: time::format_date(view.breach.discovered_at.micros(), &zone, t.locale),
            due: next.and_then(|at| ui::due(at, now, &zone, t.locale)),
            over: next.is_some_and(|at| at < now),
            title: view.title,
        }
    };
    page.show(&ListPage {
        shell: page.shell().await?,
        closed: which.closed,
        year,
        lines: views.into_iter().map(line).collect(),
        next,
    })
}
