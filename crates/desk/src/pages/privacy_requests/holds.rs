//! Legal holds of a patient, from the patient's page: placed and taken away without a request for erasure.

use super::erase::{NewHold, Which, hold_key, until};
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{HoldId, PatientId};
use crate::pages::choices::Choice;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::privacy::erasure::{self, Hold, HoldReason};
use crate::privacy::requests::MAX_WORDS;
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::i18n::time;

const PAGE: &str = "/patients/{patient}/holds";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    vec![
        Route::get(PAGE, may, show),
        Route::post(PAGE, may, place),
        Route::post("/patients/{patient}/holds/release", may, release).confirmed(PAGE),
    ]
}

/// A hold on the record.
pub(super) struct HoldLine {
    pub id: String,
    pub why: &'static str,
    pub words: String,
    pub said: String,
    /// Whether it counts now.
    pub counts: bool,
}

#[derive(Template)]
#[template(path = "pages/templates/patient_holds.html")]
struct HoldsPage {
    shell: Shell,
    patient: PatientId,
    holds: Vec<HoldLine>,
    reasons: Vec<Choice>,
    typed: NewHold,
    most: usize,
    error: Option<(&'static str, &'static str)>,
}

async fn page_of(
    page: &Page,
    status: StatusCode,
    patient: PatientId,
    typed: NewHold,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let found = erasure::holds(&page.app, &page.ctx, patient).await?;
    let names = staff::names(&page.app, page.ctx.organisation).await?;
    let (t, zone) = (page.texts(), page.clinic()?.time_zone.clone());
    let line = |one: Hold| {
        let who = names.get(&one.by.uuid()).cloned();
        let who = who.unwrap_or_else(|| t.text("seen-who-gone").to_owned());
        let at = time::format_time(one.at.micros(), &zone, t.locale);
        let said = [("who", who.into()), ("at", at.into())];
        HoldLine {
            id: one.id.to_string(),
            why: hold_key(one.reason),
            said: t.format("privacy-hold-by", &said).into_owned(),
            counts: one.counts(page.app.now()),
            words: one.words,
        }
    };
    let holds = found.into_iter().map(line).collect();
    let choice = |one: &HoldReason| {
        let chosen = one.code() == typed.reason;
        Choice::new(one.code(), t.text(hold_key(*one)), chosen)
    };
    page.show_as(
        status,
        &HoldsPage {
            shell: page.shell().await?,
            patient,
            holds,
            reasons: HoldReason::ALL.iter().map(choice).collect(),
            typed,
            most: MAX_WORDS,
            error,
        },
    )
}

async fn show(page: Page, Path(patient): Path<PatientId>) -> Result<Response, DeskError> {
    page_of(&page, StatusCode::OK, patient, NewHold::default(), None).await
}

fn place_of(patient: PatientId) -> String {
    format!("/patients/{patient}/holds")
}

async fn place(
    mut page: Page,
    Path(patient): Path<PatientId>,
    Form(new): Form<NewHold>,
) -> Result<Response, DeskError> {
    let reason = HoldReason::from_code(&new.reason)
        .ok_or_else(|| DeskError::invalid("hold_reason", "required", "Choose one."));
    let done = match (reason, until(&page, &new.until)) {
        (Ok(reason), Ok(until)) => {
            let words = &new.words;
            erasure::place(&page.app, &page.ctx, patient, reason, words, until).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    let error = match done {
        Ok(_) => return Ok(redirect_saying(&place_of(patient), "privacy-held")),
        Err(DeskError::Invalid { field, .. }) => match field {
            "words" => ("hold_words", "privacy-error-long"),
            "until" => ("hold_until", "privacy-error-hold-day"),
            _ => ("hold_reason", "form-error-required"),
        },
        Err(error) => return Err(error),
    };
    page.path = place_of(patient);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    page_of(&page, status, patient, new, Some(error)).await
}

async fn release(
    page: Page,
    Path(patient): Path<PatientId>,
    Form(which): Form<Which>,
) -> Result<Response, DeskError> {
    let Ok(hold) = which.hold.parse::<HoldId>() else {
        // Whoever may not see the patient hears that first.
        erasure::holds(&page.app, &page.ctx, patient).await?;
        return Err(DeskError::NotFound);
    };
    erasure::release(&page.app, &page.ctx, patient, hold).await?;
    Ok(redirect_saying(&place_of(patient), "privacy-released"))
}
