//! One rule: looking at what a period would do, then deciding for it. Whoever does has proved a short while ago who they are.

use super::{LIST, Shown, Teller, Waiting, record_key};
use crate::error::DeskError;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::privacy::retention::{self, AGES, MAX_DAYS, Period, Preview, Record, Rule, When, Wish};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

const ONE: &str = "/privacy/retention/{record}";

pub(super) fn routes(may: Access) -> Vec<Route> {
    vec![
        Route::get(ONE, may, show).confirmed(ONE),
        Route::post(ONE, may, decide).confirmed_before(ONE),
        Route::post("/privacy/retention/{record}/look", may, look).confirmed_before(ONE),
        Route::post("/privacy/retention/{record}/keep", may, take_back),
    ]
}

/// A rule as typed.
#[derive(Default, Deserialize)]
struct Typed {
    #[serde(default)]
    days: String,
    #[serde(default)]
    age: String,
    #[serde(default)]
    off: bool,
    #[serde(default)]
    version: i64,
}

impl Typed {
    fn of(period: Period, version: i64) -> Self {
        Self {
            days: period.days.to_string(),
            age: period.age.to_string(),
            off: false,
            version,
        }
    }

    fn period(&self, record: Record) -> Result<Period, DeskError> {
        let number = |field, text: &str| {
            let number = text.trim().parse::<i64>();
            number.map_err(|_| DeskError::invalid(field, "invalid", "Give a whole number."))
        };
        let period = Period {
            days: number("days", &self.days)?,
            age: if record.offer().by_age {
                number("age", &self.age)?
            } else {
                0
            },
        };
        period.checked(record)
    }
}

#[derive(Template)]
#[template(path = "admin/templates/retention_rule.html")]
struct RulePage {
    shell: Shell,
    code: &'static str,
    key: &'static str,
    active: bool,
    now: String,
    least: i64,
    most: i64,
    section: &'static str,
    ages: Option<(i64, i64)>,
    typed: Typed,
    next: Option<Waiting>,
    /// What was looked at: the period in words, and what it would do.
    looked: Option<(String, Shown)>,
    /// What is to be mended: where, and why.
    error: Option<(&'static str, String)>,
}

impl RulePage {
    fn about(&self) -> String {
        self.shell.t(&format!("{}-about", self.key)).to_owned()
    }

    fn event(&self) -> String {
        self.shell.t(&format!("{}-event", self.key)).to_owned()
    }
}

/// Where to look and what to say, for what the person can mend.
fn mendable(
    page: &Page,
    record: Record,
    error: &DeskError,
) -> Option<(StatusCode, &'static str, String)> {
    let t = page.texts();
    let invalid = StatusCode::UNPROCESSABLE_ENTITY;
    Some(match error {
        DeskError::Invalid {
            field: "days",
            code: "below_minimum",
            ..
        } => {
            let least = record.offer().least_days;
            let said = t.with("retention-error-least", "days", least);
            (invalid, "days", said.into_owned())
        }
        DeskError::Invalid { field: "days", .. } => {
            (invalid, "days", t.text("retention-error-days").to_owned())
        }
        DeskError::Invalid { field: "age", .. } => {
            (invalid, "age", t.text("retention-error-age").to_owned())
        }
        DeskError::Conflict { .. } => (
            StatusCode::CONFLICT,
            "look",
            t.text("retention-error-look").to_owned(),
        ),
        DeskError::Stale { .. } => (
            StatusCode::PRECONDITION_FAILED,
            "look",
            t.text("problem-stale-detail").to_owned(),
        ),
        _ => return None,
    })
}

async fn page_of(
    page: &Page,
    status: StatusCode,
    (rule, typed): (&Rule, Typed),
    looked: Option<(Period, Preview)>,
    error: Option<(&'static str, String)>,
) -> Result<Response, DeskError> {
    let (teller, record) = (Teller::new(page)?, rule.record);
    let offer = record.offer();
    page.show_as(
        status,
        &RulePage {
            shell: page.shell().await?,
            code: record.code(),
            key: record_key(record),
            active: rule.active,
            now: teller.period(rule.period),
            least: offer.least_days,
            most: MAX_DAYS,
            section: &offer.section,
            ages: offer.by_age.then_some(AGES),
            typed,
            next: teller.waiting(rule),
            looked: looked.map(|(period, preview)| {
                let said = teller.period(period);
                (said, teller.shown(&preview))
            }),
            error,
        },
    )
}

fn meant(code: &str) -> Result<Record, DeskError> {
    Record::from_code(code).ok_or(DeskError::NotFound)
}

async fn show(page: Page, Path(code): Path<String>) -> Result<Response, DeskError> {
    let rule = retention::one(&page.app, &page.ctx, meant(&code)?).await?;
    let typed = Typed::of(rule.period, rule.version);
    page_of(&page, StatusCode::OK, (&rule, typed), None, None).await
}

/// The page again, with what is to be mended.
async fn again(
    page: &Page,
    record: Record,
    mut typed: Typed,
    error: DeskError,
) -> Result<Response, DeskError> {
    let (status, field, text) = mendable(page, record, &error).ok_or(error)?;
    let rule = retention::one(&page.app, &page.ctx, record).await?;
    typed.version = rule.version;
    page_of(page, status, (&rule, typed), None, Some((field, text))).await
}

async fn look(
    mut page: Page,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let record = meant(&code)?;
    page.path = format!("{LIST}/{code}");
    let looked = match typed.period(record) {
        Ok(period) => retention::look(&page.app, &page.ctx, record, period)
            .await
            .map(|(rule, preview)| (rule, period, preview)),
        Err(error) => Err(error),
    };
    match looked {
        Ok((rule, period, preview)) => {
            let typed = Typed::of(period, rule.version);
            let looked = Some((period, preview));
            page_of(&page, StatusCode::OK, (&rule, typed), looked, None).await
        }
        Err(error) => again(&page, record, typed, error).await,
    }
}

async fn decide(
    mut page: Page,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let record = meant(&code)?;
    page.path = format!("{LIST}/{code}");
    let wish = if typed.off {
        Ok(Wish::Off)
    } else {
        typed.period(record).map(Wish::After)
    };
    let done = match wish {
        Ok(wish) => retention::decide(&page.app, &page.ctx, record, wish, typed.version).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(When::Now) => Ok(redirect_saying(LIST, "retention-now")),
        Ok(When::Later(_)) => Ok(redirect_saying(LIST, "retention-later")),
        Err(error) => again(&page, record, typed, error).await,
    }
}

async fn take_back(
    page: Page,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let record = meant(&code)?;
    match retention::take_back(&page.app, &page.ctx, record, typed.version).await {
        Ok(()) => Ok(redirect_saying(LIST, "retention-back")),
        // It counts by now, or somebody took it back: the list says which.
        Err(DeskError::NotFound | DeskError::Stale { .. }) => {
            Ok(redirect_saying(LIST, "retention-changed"))
        }
        Err(error) => Err(error),
    }
}
