//! Legal holds, destroying a record with a fresh proof, and the certificate of it.

use super::decide::after;
use super::show::Typed;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{HoldId, PrivacyRequestId};
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell};
use crate::privacy::erasure::{self, Certificate, HoldReason};
use crate::privacy::requests;
use crate::records::rotate;
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::i18n::time;
use jiff::civil::Date;
use serde::Deserialize;

/// The page on which whoever has to prove themselves goes on.
const PAGE: &str = "/privacy/{request}";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    vec![
        Route::post("/privacy/{request}/hold", may, hold),
        Route::post("/privacy/{request}/release", may, release).confirmed(PAGE),
        Route::post("/privacy/{request}/erase", may, erase).confirmed(PAGE),
        Route::get("/privacy/{request}/certificate", may, certificate),
    ]
}

/// Text key of why a record is held.
pub(super) const fn hold_key(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::Litigation => "privacy-hold-litigation",
        HoldReason::Investigation => "privacy-hold-investigation",
        HoldReason::Audit => "privacy-hold-audit",
        HoldReason::Other => "privacy-hold-other",
    }
}

/// A hold as typed.
#[derive(Default, Deserialize)]
pub(super) struct NewHold {
    #[serde(default, rename = "hold_reason")]
    pub reason: String,
    #[serde(default, rename = "hold_words")]
    pub words: String,
    #[serde(default, rename = "hold_until")]
    pub until: String,
}

/// The end of the day that was typed; none when the field is empty.
pub(super) fn until(page: &Page, text: &str) -> Result<Option<Timestamp>, DeskError> {
    let wrong = || DeskError::invalid("until", "invalid", "Give a day.");
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day: Date = text.parse().map_err(|_| wrong())?;
    let end = day.at(23, 59, 59, 0);
    let end = end.to_zoned(page.clinic()?.time_zone.clone());
    Ok(Some(end.map_err(|_| wrong())?.timestamp().into()))
}

async fn hold(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(new): Form<NewHold>,
) -> Result<Response, DeskError> {
    let reason = HoldReason::from_code(&new.reason)
        .ok_or_else(|| DeskError::invalid("hold_reason", "required", "Choose one."));
    let patient = requests::patient_of(&page.app, &page.ctx, id).await?;
    let done = match (reason, until(&page, &new.until)) {
        (Ok(reason), Ok(until)) => {
            let words = &new.words;
            erasure::place(&page.app, &page.ctx, patient, reason, words, until).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    after(page, id, Typed::default(), done.map(drop), "privacy-held").await
}

/// Which hold.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    pub hold: String,
}

async fn release(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(which): Form<Which>,
) -> Result<Response, DeskError> {
    let patient = requests::patient_of(&page.app, &page.ctx, id).await?;
    let Ok(hold) = which.hold.parse::<HoldId>() else {
        // Whoever may not see the patient hears that first.
        erasure::holds(&page.app, &page.ctx, patient).await?;
        return Err(DeskError::NotFound);
    };
    let done = erasure::release(&page.app, &page.ctx, patient, hold).await;
    after(page, id, Typed::default(), done, "privacy-released").await
}

async fn erase(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = erasure::erase(&page.app, &page.ctx, id, typed.version).await;
    after(page, id, typed, done.map(drop), "privacy-erased").await
}

#[derive(Template)]
#[template(path = "pages/templates/privacy_certificate.html")]
struct CertificatePage {
    shell: Shell,
    id: String,
    at: String,
    counts: [(&'static str, usize); 7],
    kept: bool,
    /// What a backup from before still holds, and until when.
    backups: String,
    text: String,
    note: String,
}

async fn certificate(page: Page, Path(id): Path<PrivacyRequestId>) -> Result<Response, DeskError> {
    // The look is told to the audit log.
    requests::request(&page.app, &page.ctx, id).await?;
    let found = erasure::certificate(&page.app, &page.ctx, id).await?;
    let (text, note) = found.ok_or(DeskError::NotFound)?;
    let told: Certificate = serde_json::from_str(&text)?;
    let zone = page.clinic()?.time_zone.clone();
    let count = told.destroyed;
    let shell = page.shell().await?;
    let format = |at: Timestamp| time::format_time(at.micros(), &zone, page.ctx.locale);
    let at = format(told.at);
    let changed = rotate::root_changed_after(&page.app, told.at).await?;
    let (key, name, when) = match changed {
        None => ("privacy-certificate-backups", "at", at.clone()),
        Some(changed) => (
            "privacy-certificate-backups-closed",
            "changed",
            format(changed),
        ),
    };
    let backups = shell.with(key, name, when.as_str()).into_owned();
    page.show(&CertificatePage {
        shell,
        id: id.to_string(),
        at,
        counts: [
            ("privacy-count-keys", count.keys),
            ("privacy-count-contacts", count.contacts),
            ("privacy-count-requests", count.requests),
            ("privacy-count-messages", count.messages),
            ("privacy-count-files", count.files),
            ("privacy-count-raw", count.raw_mails),
            ("privacy-count-outgoing", count.outgoing_mails),
        ],
        kept: told.kept != erasure::Kept::default(),
        backups,
        text,
        note,
    })
}
