//! Opening a request from a patient's page or a ticket, and by whoever decides it, for a patient whom they looked up.

use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::PatientId;
use crate::pages::choices::Choice;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::privacy::requests::{self, Kind, MAX_WORDS, NewRequest};
use crate::router::{Access, Route};
use crate::tickets;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::query::Query;
use jiff::civil::Date;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Either(Permission::PatientsWrite, Permission::PrivacyManage);
    vec![
        Route::get("/patients/{patient}/privacy", may, show),
        Route::post("/patients/{patient}/privacy", may, open),
    ]
}

/// What was typed.
#[derive(Deserialize, Default)]
struct Typed {
    #[serde(default)]
    once: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    received_on: String,
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    words: String,
}

#[derive(Template)]
#[template(path = "pages/templates/privacy_new.html")]
struct NewPage {
    shell: Shell,
    id: PatientId,
    name: String,
    /// The page of the patient that the reader may see.
    back: String,
    once: String,
    kinds: Vec<Choice>,
    typed: Typed,
    today: String,
    most: usize,
    /// Field and key of what is to be mended.
    error: Option<(&'static str, &'static str)>,
}

/// The page of the patient that the reader may see, beside the request that it came with: whoever is on the line there hears
/// no more of it. Their own list where there is none.
async fn back(page: &Page, id: PatientId, ticket: &str) -> Result<String, DeskError> {
    let allowed = page.ctx.permissions();
    if !allowed.has(Permission::PatientsRead) {
        return Ok(if allowed.has(Permission::PrivacyReview) {
            format!("/privacy/seen/{id}")
        } else {
            "/privacy".to_owned()
        });
    }
    let number: Option<i64> = ticket.trim().trim_start_matches('#').parse().ok();
    let known = match number {
        Some(number) => tickets::id_numbered(&page.app, page.ctx.organisation, number).await?,
        None => None,
    };
    Ok(match number.filter(|_| known.is_some()) {
        Some(number) => format!("/patients/{id}?ticket={number}"),
        None => format!("/patients/{id}"),
    })
}

async fn form(
    page: &Page,
    status: StatusCode,
    id: PatientId,
    mut typed: Typed,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let name = requests::name_for(&page.app, &page.ctx, id).await?;
    let t = page.texts();
    let kind =
        |one: &Kind| Choice::new(one.code(), t.text(one.text_key()), one.code() == typed.kind);
    let kinds = Kind::ALL.iter().map(kind).collect();
    let zone = page.clinic()?.time_zone.clone();
    let today = zone.to_datetime(page.app.now().to_jiff()).date();
    if typed.received_on.is_empty() {
        typed.received_on = today.to_string();
    }
    let once = std::mem::take(&mut typed.once);
    page.show_as(
        status,
        &NewPage {
            shell: page.shell().await?,
            id,
            name,
            back: back(page, id, &typed.ticket).await?,
            once: if once.is_empty() {
                page.form_number()
            } else {
                once
            },
            kinds,
            typed,
            today: today.to_string(),
            most: MAX_WORDS,
            error,
        },
    )
}

/// The ticket that it came with.
#[derive(Deserialize)]
struct From {
    #[serde(default)]
    ticket: String,
}

async fn show(
    page: Page,
    Path(id): Path<PatientId>,
    Query(from): Query<From>,
) -> Result<Response, DeskError> {
    let typed = Typed {
        ticket: from.ticket,
        ..Typed::default()
    };
    form(&page, StatusCode::OK, id, typed, None).await
}

async fn open(
    page: Page,
    Path(id): Path<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    // Whoever may be in danger is heard, whatever is wrong with the form.
    let received_on: Option<Date> = typed.received_on.trim().parse().ok();
    let said = (typed.words.as_str(), received_on);
    let heard = requests::hear_of(&page.app, &page.ctx, id, said).await?;
    let Some(kind) = Kind::from_code(&typed.kind) else {
        return form(
            &page,
            again,
            id,
            typed,
            Some(("kind", "privacy-error-kind")),
        )
        .await;
    };
    let Some(received_on) = received_on else {
        let error = Some(("received_on", "privacy-error-day"));
        return form(&page, again, id, typed, error).await;
    };
    let new = NewRequest {
        patient: id,
        kind,
        received_on,
        ticket: Some(typed.ticket.clone()),
        words: typed.words.clone(),
    };
    let words = format!("{} {} {}", typed.kind, typed.received_on, typed.words);
    let ctx = page.once(&typed.once, &words);
    let error = match requests::open_request(&page.app, &ctx, new).await {
        Ok(opened) => {
            let said = match heard {
                Some(heard) if heard.danger => "privacy-opened-heard",
                Some(_) => "privacy-opened-worry",
                None => "privacy-opened",
            };
            let to = if page.ctx.permissions().has(Permission::PatientsRead) {
                back(&page, id, &typed.ticket).await?
            } else {
                format!("/privacy/{opened}")
            };
            return Ok(redirect_saying(&to, said));
        }
        Err(DeskError::Invalid { field, .. }) => match field {
            "ticket" => ("ticket", "privacy-error-ticket"),
            "words" => ("words", "privacy-error-long"),
            _ => ("received_on", "privacy-error-day"),
        },
        Err(other) => return Err(other),
    };
    form(&page, again, id, typed, Some(error)).await
}
