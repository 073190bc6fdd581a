//! What is known of an incident: the form that opens it, and puts it right.

use super::LIST;
use crate::admin::form::Typed;
use crate::error::DeskError;
use crate::ids::BreachId;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::privacy::breaches::{self, BreachView, Data, Facts, MAX_LINE, MAX_WORDS, Part};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use jiff::tz::TimeZone;

const NEW: &str = "/privacy/breaches/new";

pub(super) fn routes(may: Access) -> Vec<Route> {
    vec![
        Route::get(NEW, may, ask),
        Route::post(NEW, may, open),
        Route::get("/privacy/breaches/{breach}/edit", may, edit),
        Route::post("/privacy/breaches/{breach}/edit", may, change),
    ]
}

/// An instant as a field for date and time has it, on the clinic's clock.
pub(super) fn as_field(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at.to_jiff())
        .strftime("%Y-%m-%dT%H:%M")
        .to_string()
}

/// What a form holds before anybody has typed.
#[derive(Default)]
struct Shown {
    title: String,
    story: String,
    discovered: String,
    part: String,
    data: Vec<String>,
}

impl Shown {
    fn typed(typed: &Typed) -> Self {
        let ticked = |one: &&Data| typed.ticked(&format!("data_{}", one.code()));
        Self {
            title: typed.get("title").to_owned(),
            story: typed.get("story").to_owned(),
            discovered: typed.get("discovered").to_owned(),
            part: typed.get("part").to_owned(),
            data: Data::ALL
                .iter()
                .filter(ticked)
                .map(|one| one.code().to_owned())
                .collect(),
        }
    }

    fn of(view: BreachView, zone: &TimeZone) -> Self {
        let data = view.breach.data.iter().map(|one| one.code().to_owned());
        Self {
            data: data.collect(),
            discovered: as_field(view.breach.discovered_at, zone),
            part: view.breach.part.code().to_owned(),
            title: view.title,
            story: view.story,
        }
    }

    fn facts(&self) -> Result<Facts, DeskError> {
        let discovered = self.discovered.parse();
        Ok(Facts {
            title: self.title.clone(),
            story: self.story.clone(),
            discovered: discovered
                .map_err(|_| DeskError::invalid("discovered", "invalid", "Give day and time."))?,
            part: Part::from_code(&self.part)
                .ok_or_else(|| DeskError::invalid("part", "required", "Choose one."))?,
            data: self
                .data
                .iter()
                .filter_map(|one| Data::from_code(one))
                .collect(),
        })
    }
}

/// Key of what is to be mended, beside its field.
fn mend(error: DeskError) -> Result<(&'static str, &'static str), DeskError> {
    match error {
        DeskError::Invalid { field, code, .. } => Ok((
            field,
            match code {
                "required" => "form-error-required",
                "too_long" => "form-error-too-long",
                _ => "breach-error-discovered",
            },
        )),
        DeskError::Stale { .. } => Ok(("title", "problem-stale-detail")),
        DeskError::Conflict { .. } => Ok(("title", "breach-error-state")),
        other => Err(other),
    }
}

#[derive(Template)]
#[template(path = "admin/templates/breach_form.html")]
struct FormPage {
    shell: Shell,
    once: String,
    /// Which incident, and the version that is changed; none for a new one.
    old: Option<(BreachId, i64)>,
    shown: Shown,
    parts: Vec<&'static str>,
    data: Vec<&'static str>,
    now: String,
    most: usize,
    line: usize,
    error: Option<(&'static str, &'static str)>,
}

impl FormPage {
    fn has(&self, code: &str) -> bool {
        self.shown.data.iter().any(|one| one == code)
    }
}

async fn form(
    page: &Page,
    old: Option<(BreachId, i64)>,
    shown: Shown,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let status = match error {
        None => StatusCode::OK,
        Some((_, "problem-stale-detail")) => StatusCode::PRECONDITION_FAILED,
        Some((_, "breach-error-state")) => StatusCode::CONFLICT,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    page.show_as(
        status,
        &FormPage {
            shell: page.shell().await?,
            once: page.form_number(),
            old,
            shown,
            parts: Part::ALL.iter().map(|one| one.code()).collect(),
            data: Data::ALL.iter().map(|one| one.code()).collect(),
            now: as_field(page.app.now(), &page.clinic()?.time_zone),
            most: MAX_WORDS,
            line: MAX_LINE,
            error,
        },
    )
}

async fn ask(page: Page) -> Result<Response, DeskError> {
    let shown = Shown {
        part: Part::Own.code().to_owned(),
        discovered: as_field(page.app.now(), &page.clinic()?.time_zone),
        ..Shown::default()
    };
    form(&page, None, shown, None).await
}

async fn open(page: Page, Form(typed): Form<Typed>) -> Result<Response, DeskError> {
    let shown = Shown::typed(&typed);
    let ctx = page.once(typed.get("once"), &format!("{typed:?}"));
    let done = match shown.facts() {
        Ok(facts) => breaches::open_breach(&page.app, &ctx, facts).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(id) => Ok(redirect_saying(&format!("{LIST}/{id}"), "breach-opened")),
        Err(error) => form(&page, None, shown, Some(mend(error)?)).await,
    }
}

async fn edit(page: Page, Path(id): Path<BreachId>) -> Result<Response, DeskError> {
    let view = breaches::view(&page.app, &page.ctx, id).await?;
    let old = Some((id, view.breach.version));
    let zone = page.clinic()?.time_zone.clone();
    form(&page, old, Shown::of(view, &zone), None).await
}

async fn change(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let (shown, old) = (Shown::typed(&typed), (id, typed.version()));
    let done = match shown.facts() {
        Ok(facts) => breaches::change(&page.app, &page.ctx, old, facts).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(redirect_saying(&format!("{LIST}/{id}"), "breach-kept")),
        // Of what is not there is nothing to be mended.
        Err(DeskError::Invalid { .. })
            if breaches::view(&page.app, &page.ctx, id).await.is_err() =>
        {
            Err(DeskError::NotFound)
        }
        Err(error) => form(&page, Some(old), shown, Some(mend(error)?)).await,
    }
}
