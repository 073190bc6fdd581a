//! The forms of an incident's page.

use super::LIST;
use super::show::page_of;
use crate::admin::form::Typed;
use crate::error::DeskError;
use crate::ids::{BreachId, BreachPersonId};
use crate::pages::forms::Form;
use crate::pages::layout::{Page, redirect_saying};
use crate::privacy::breaches::{
    self, Act, Added, Answer, Conclusion, Duty, Exception, Factor, Query, Risk, Said, Words,
};
use crate::router::{Access, Route};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use jiff::civil::{Date, DateTime};

pub(super) fn routes(may: Access) -> Vec<Route> {
    vec![
        Route::post("/privacy/breaches/{breach}/people", may, people),
        Route::post("/privacy/breaches/{breach}/add", may, add),
        Route::post("/privacy/breaches/{breach}/remove/{person}", may, remove),
        Route::post("/privacy/breaches/{breach}/assess", may, assess),
        Route::post("/privacy/breaches/{breach}/sign", may, sign),
        Route::post("/privacy/breaches/{breach}/residents", may, residents),
        Route::post("/privacy/breaches/{breach}/done", may, done),
        Route::post("/privacy/breaches/{breach}/close", may, close),
    ]
}

/// The status, the field to look at and what to say, for what the person can mend.
fn mendable(error: &DeskError) -> Option<(StatusCode, &'static str, &'static str)> {
    Some(match error {
        DeskError::Invalid { field, code, .. } => {
            let key = match (*field, *code) {
                (_, "too_many") => "breach-error-many",
                ("until", _) => "breach-error-span",
                ("added", _) => "breach-error-who",
                ("conclusion", "not_shown") => "breach-error-shown",
                ("conclusion", "no_exception") => "breach-error-no-exception",
                ("exception", _) => "breach-error-exception",
                ("on", _) => "breach-error-day",
                (_, "too_long") => "form-error-too-long",
                (_, "required") => "form-error-required",
                _ => "form-error-invalid",
            };
            (StatusCode::UNPROCESSABLE_ENTITY, field, key)
        }
        DeskError::Conflict { code, .. } => {
            let key = match *code {
                "same_person" => "breach-error-same",
                "untold" => "breach-error-untold",
                "listed" => "breach-error-listed",
                "no_letter" => "breach-error-letter",
                "undecided" => "breach-error-undecided",
                _ => "breach-error-state",
            };
            (StatusCode::CONFLICT, "clocks", key)
        }
        DeskError::Stale { .. } => (
            StatusCode::PRECONDITION_FAILED,
            "clocks",
            "problem-stale-detail",
        ),
        _ => return None,
    })
}

/// Back to the page: with the news, or with what is to be mended and what was typed.
pub(super) async fn after(
    mut page: Page,
    id: BreachId,
    typed: Typed,
    done: Result<(), DeskError>,
    code: &'static str,
) -> Result<Response, DeskError> {
    let here = format!("{LIST}/{id}");
    match done {
        Ok(()) => Ok(redirect_saying(&here, code)),
        Err(error) => {
            let (status, field, key) = mendable(&error).ok_or(error)?;
            page.path = here;
            page_of(&page, status, id, (typed, Some((field, key)), None), None).await
        }
    }
}

fn day(text: &str) -> Result<Date, DeskError> {
    text.parse()
        .map_err(|_| DeskError::invalid("on", "invalid", "Give a day."))
}

fn query(page: &Page, typed: &Typed) -> Result<Query, DeskError> {
    let zone = page.clinic()?.time_zone.clone();
    let at = |name: &'static str| -> Result<Timestamp, DeskError> {
        let wrong = || DeskError::invalid(name, "required", "Give day and time.");
        let at: DateTime = typed.get(name).parse().map_err(|_| wrong())?;
        let at = at.to_zoned(zone.clone()).map_err(|_| wrong())?;
        Ok(at.timestamp().into())
    };
    let ticked = |one: &&Act| typed.ticked(&format!("act_{}", one.code()));
    Ok(Query {
        actor: typed.get("actor").to_owned(),
        from: at("from")?,
        until: at("until")?,
        acts: Act::ALL.iter().filter(ticked).copied().collect(),
    })
}

/// Asks the log: to look first, or to take the answer onto the list.
async fn people(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let asked = match query(&page, &typed) {
        Ok(asked) => asked,
        Err(error) => return after(page, id, typed, Err(error), "breach-taken").await,
    };
    if typed.get("do") == "take" {
        let done = breaches::take(&page.app, &page.ctx, (id, typed.version()), asked).await;
        return after(page, id, typed, done.map(drop), "breach-taken").await;
    }
    match breaches::look(&page.app, &page.ctx, id, &asked).await {
        Ok(answer) => looked(page, id, typed, answer).await,
        Err(error) => after(page, id, typed, Err(error), "breach-taken").await,
    }
}

async fn looked(
    mut page: Page,
    id: BreachId,
    typed: Typed,
    answer: Answer,
) -> Result<Response, DeskError> {
    page.path = format!("{LIST}/{id}");
    page_of(&page, StatusCode::OK, id, (typed, None, Some(answer)), None).await
}

async fn add(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let added = Added {
        who: typed.get("added").to_owned(),
        reason: typed.get("reason").to_owned(),
    };
    let done = breaches::add(&page.app, &page.ctx, (id, typed.version()), added).await;
    after(page, id, typed, done, "breach-added").await
}

async fn remove(
    page: Page,
    Path((id, person)): Path<(BreachId, BreachPersonId)>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let (old, why) = ((id, typed.version()), typed.get("why"));
    let done = match breaches::remove(&page.app, &page.ctx, old, person, why).await {
        // The form stands beside the person.
        Err(DeskError::Invalid { code, text, .. }) => Err(DeskError::invalid("people", code, text)),
        done => done,
    };
    after(page, id, typed, done, "breach-removed").await
}

fn said(typed: &Typed) -> Result<Said, DeskError> {
    let mut risks = [Risk::High; 4];
    let mut words = Words::default();
    for (at, factor) in Factor::ALL.iter().enumerate() {
        let code = factor.code();
        let risk = Risk::from_code(typed.get(&format!("risk_{code}")));
        risks[at] = risk.ok_or_else(|| DeskError::invalid(code, "required", "Choose one."))?;
        typed.get(code).clone_into(&mut words.factors[at]);
    }
    typed.get("reasons").clone_into(&mut words.reasons);
    Ok(Said {
        risks,
        words,
        conclusion: Conclusion::from_code(typed.get("conclusion"))
            .ok_or_else(|| DeskError::invalid("conclusion", "required", "Choose one."))?,
        exception: Exception::from_code(typed.get("exception")),
        high_risk: typed.ticked("high_risk"),
    })
}

async fn assess(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let old = (id, typed.version());
    let done = match said(&typed) {
        Ok(said) => breaches::assess(&page.app, &page.ctx, old, said).await,
        Err(error) => Err(error),
    };
    after(page, id, typed, done, "breach-assessed").await
}

async fn sign(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let (code, yes) = match typed.get("word") {
        "yes" => ("breach-signed", Some(true)),
        "no" => ("breach-returned", Some(false)),
        _ => ("breach-returned", None),
    };
    let done = match yes {
        Some(yes) => breaches::sign(&page.app, &page.ctx, (id, typed.version()), yes).await,
        None => Err(DeskError::invalid("assessment", "required", "Choose one.")),
    };
    after(page, id, typed, done, code).await
}

async fn residents(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let old = (id, typed.version());
    let done = match typed.get("residents").parse() {
        Ok(count) => breaches::count_residents(&page.app, &page.ctx, old, count).await,
        Err(_) => Err(DeskError::invalid("residents", "invalid", "Give a number.")),
    };
    after(page, id, typed, done, "breach-kept").await
}

async fn done(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let old = (id, typed.version());
    let duty = Duty::from_code(typed.get("duty")).ok_or(DeskError::NotFound)?;
    let done = match day(typed.get("on")) {
        Ok(on) => breaches::done(&page.app, &page.ctx, old, duty, on).await,
        Err(error) => Err(error),
    };
    after(page, id, typed, done, "breach-kept").await
}

async fn close(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = breaches::close(&page.app, &page.ctx, (id, typed.version())).await;
    after(page, id, typed, done, "breach-closed").await
}
