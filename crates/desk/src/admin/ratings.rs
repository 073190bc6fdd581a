//! How patients felt: counted by period, queue and person, and what they said, with the requests behind it.

use crate::context::Permission::{SettingsRead, TicketsRead};
use crate::error::DeskError;
use crate::pages::layout::{Page, Shell};
use crate::pages::ui::{self, When};
use crate::router::{Access, Route};
use crate::surveys::{self, Count, Given, Place};
use crate::{feedback, staff, tickets};
use askama::Template;
use axum::response::Response;
use bedside_web::cursor;
use bedside_web::i18n::{Texts, time};
use bedside_web::query::Query;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/ratings", Access::Staff(TicketsRead), show)]
}

/// Periods to choose from, in days.
const PERIODS: [(i64, &str); 4] = [
    (7, "ratings-7"),
    (30, "ratings-30"),
    (90, "ratings-90"),
    (365, "ratings-365"),
];
const USUAL: i64 = 30;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// Below so many answers a share says little.
const FEW: i64 = 10;
/// Name of the places in the list.
const CURSOR: &str = "admin/ratings";

#[derive(Debug, Default, Deserialize)]
struct Asked {
    days: Option<i64>,
    low: Option<String>,
    before: Option<String>,
}

/// A count with its name.
struct Line {
    name: String,
    answers: i64,
    /// Whole percent; none while nobody answered.
    share: Option<i64>,
    mean: String,
    few: bool,
}

impl Line {
    fn new(name: impl Into<String>, count: Count, t: Texts) -> Self {
        Self {
            name: name.into(),
            answers: count.answers,
            share: count.csat().map(whole),
            mean: count
                .mean()
                .map_or_else(String::new, |mean| one_place(mean, t)),
            few: count.answers < FEW,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a percentage")]
fn whole(percent: f64) -> i64 {
    percent.round() as i64
}

/// A number with one place behind the point, as the language writes it.
fn one_place(number: f64, t: Texts) -> String {
    let text = format!("{number:.1}");
    match t.locale {
        bedside_web::Locale::En => text,
        bedside_web::Locale::Es => text.replace('.', ","),
    }
}

/// A table of counts.
struct Table {
    title: &'static str,
    first: &'static str,
    lines: Vec<Line>,
}

/// How often a theme was spoken of.
struct Theme {
    name: String,
    count: feedback::Count,
}

/// What somebody said.
struct Said {
    number: i64,
    icon: &'static str,
    words: &'static str,
    class: &'static str,
    comment: Option<String>,
    who: Option<String>,
    when: When,
}

#[derive(Template)]
#[template(path = "admin/templates/ratings.html")]
struct RatingsPage {
    shell: Shell,
    /// Days, text, address, whether it is this one.
    periods: Vec<(&'static str, String, bool)>,
    all: Line,
    tables: Vec<Table>,
    themes: Vec<Theme>,
    said: Vec<Said>,
    low: bool,
    everything: String,
    only_low: String,
    next: Option<String>,
}

fn address(days: i64, low: bool, before: Option<String>) -> String {
    let low = if low { "&low=1" } else { "" };
    let before = before.map_or_else(String::new, |before| format!("&before={before}"));
    format!("/ratings?days={days}{low}{before}")
}

async fn show(page: Page, Query(asked): Query<Asked>) -> Result<Response, DeskError> {
    let (app, ctx, t) = (&page.app, &page.ctx, page.texts());
    let clinic = page.clinic()?;
    let days = asked
        .days
        .filter(|days| PERIODS.iter().any(|(known, _)| known == days))
        .unwrap_or(USUAL);
    let low = asked.low.is_some();
    let mac = app.keyring.web_mac();
    let place = asked
        .before
        .as_deref()
        .map(|text| cursor::decode::<Place>(CURSOR, text, &mac))
        .transpose()
        .map_err(|_| {
            DeskError::invalid("before", "invalid_cursor", "Start again without a cursor.")
        })?;
    let today = surveys::day_of(app.now());
    let summary = surveys::summary(app, ctx, today - days + 1, today).await?;
    let newest = surveys::newest(app, ctx, low, place).await?;
    let names = staff::names(app, ctx.organisation).await?;
    let queues = summary.queues.iter().map(|(id, count)| {
        let name = clinic
            .queue(*id)
            .map_or(t.text("ratings-old-queue"), |queue| {
                queue.names.in_locale(t.locale)
            });
        Line::new(name, *count, t)
    });
    let people = summary.people.iter().map(|(id, count)| {
        let name = names.get(&id.uuid()).cloned();
        Line::new(
            name.unwrap_or_else(|| t.text("someone").to_owned()),
            *count,
            t,
        )
    });
    let weeks = summary.weeks.iter().map(|(first, count)| {
        let date = |day: i64| {
            time::format_date(day.saturating_mul(DAY), &jiff::tz::TimeZone::UTC, t.locale)
        };
        Line::new(format!("{} – {}", date(*first), date(first + 6)), *count, t)
    });
    let leads = ctx.permissions().has(SettingsRead);
    let people_title = if leads {
        "ratings-by-person"
    } else {
        "ratings-own"
    };
    let tables = vec![
        Table {
            title: "ratings-by-queue",
            first: "queue",
            lines: queues.collect(),
        },
        Table {
            title: people_title,
            first: "ratings-person",
            lines: people.collect(),
        },
        Table {
            title: "ratings-by-week",
            first: "ratings-week",
            lines: weeks.collect(),
        },
    ];
    let knowledge = app.knowledge();
    let themes = feedback::summary(app, ctx, today - days + 1, today).await?;
    let themes = themes.into_iter().map(|(code, count)| Theme {
        name: feedback::name_of(&knowledge, &code, t.locale),
        count,
    });
    let mut said = Vec::with_capacity(newest.rows.len());
    for given in newest.rows {
        said.push(told(&page, given, &names).await?);
    }
    let next = newest
        .next
        .map(|place| address(days, low, Some(cursor::encode(CURSOR, &place, &mac))));
    page.show(&RatingsPage {
        shell: page.shell().await?,
        periods: PERIODS
            .iter()
            .map(|(count, key)| (*key, address(*count, low, None), *count == days))
            .collect(),
        all: Line::new("", summary.all, t),
        tables,
        themes: themes.collect(),
        said,
        low,
        everything: address(days, false, None),
        only_low: address(days, true, None),
        next,
    })
}

async fn told(page: &Page, given: Given, names: &HashMap<Uuid, String>) -> Result<Said, DeskError> {
    let ticket = tickets::row_for(&page.app, page.ctx.organisation, given.ticket).await?;
    let clinic = page.clinic()?;
    let (icon, words, class) = ui::score(given.score);
    Ok(Said {
        number: ticket.number,
        icon,
        words,
        class,
        comment: given.comment,
        who: given.staff.and_then(|id| names.get(&id.uuid()).cloned()),
        when: ui::ago(
            given.created_at,
            page.app.now(),
            &clinic.time_zone,
            page.ctx.locale,
        ),
    })
}
