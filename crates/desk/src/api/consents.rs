//! What patients were told of their data, and what they said yes and no to.

use super::parts::{Answer, InPath, Instant, Made, Page, created, language};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::PatientId;
use crate::privacy::consents::{
    self, Channel, ConsentView, Decision, NewConsent, Purpose, Source, Stand,
};
use crate::privacy::notices::{
    self, AcknowledgementView, NewAcknowledgement, PRIVACY, Source as Way,
};
use crate::router::{Access, Route};
use axum::extract::State;
use axum::response::Response;
use bedside_web::json::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Api(Permission::PatientsRead);
    let write = Access::Api(Permission::PatientsWrite);
    vec![
        Route::get("/api/v1/patients/{id}/consents", read, list),
        Route::post("/api/v1/patients/{id}/consents", write, record),
        Route::get("/api/v1/patients/{id}/acknowledgements", read, given),
        Route::post("/api/v1/patients/{id}/acknowledgements", write, give),
    ]
}

/// One word of a patient.
#[derive(Serialize, ToSchema)]
pub(super) struct ConsentOut {
    /// Its id.
    id: Uuid,
    /// For what; absent of a no to everything that the channel carries.
    purpose: Option<Purpose>,
    /// By which way; absent of a use that is no message, and of a no to every way.
    channel: Option<Channel>,
    /// Yes or no.
    decision: Decision,
    /// The address that it is about; masked without `fields:contact`.
    address: Option<String>,
    /// With whom data is shared.
    party: Option<String>,
    /// Whether a contact said it about another patient: it counts here as well, and its words, address and language are not
    /// told.
    of_another_patient: bool,
    /// The very words that were shown, or that they wrote.
    text: String,
    /// SHA-256 of them, in hexadecimal digits.
    text_hash: String,
    /// Their language.
    language: String,
    /// How they said it.
    source: Source,
    /// When.
    at: Instant,
}

/// Whether something may be done now.
#[derive(Serialize, ToSchema)]
pub(super) struct StandOut {
    /// For what.
    purpose: Purpose,
    /// By which way.
    channel: Option<Channel>,
    /// At which address, masked without `fields:contact`, or with whom.
    at: Option<String>,
    /// Whether it may be done.
    may: bool,
    /// Where the law says what it needs.
    #[schema(example = "45 CFR 164.508(a)(3)")]
    section: String,
}

/// What a patient said yes and no to.
#[derive(Serialize, ToSchema)]
pub(super) struct ConsentsOut {
    /// What counts now.
    stands: Vec<StandOut>,
    /// Every word, newest first, at most 500.
    items: Vec<ConsentOut>,
}

fn shown(one: ConsentView) -> ConsentOut {
    ConsentOut {
        id: one.word.id.uuid(),
        purpose: one.word.purpose,
        channel: one.word.channel,
        decision: one.word.decision,
        address: one.address,
        party: one.party,
        of_another_patient: one.of_another,
        text: one.text,
        text_hash: one.text_hash,
        language: one.locale,
        source: one.source,
        at: Instant(one.word.at),
    }
}

fn stands(one: Stand) -> StandOut {
    StandOut {
        purpose: one.purpose,
        channel: one.channel,
        at: one.at,
        may: one.why.may(),
        section: one.section.to_owned(),
    }
}

/// Shows what a patient said yes and no to, and what counts now.
#[utoipa::path(get, path = "/api/v1/patients/{id}/consents", tag = "Privacy",
    responses((status = 200, description = "All of it.", body = ConsentsOut)))]
pub(super) async fn list(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PatientId>,
) -> Answer<Json<ConsentsOut>> {
    let found = consents::standing(&app, &ctx, id).await?;
    Ok(Json(ConsentsOut {
        stands: found.stands.into_iter().map(stands).collect(),
        items: found.history.into_iter().map(shown).collect(),
    }))
}

/// A patient's word.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "purpose": "research", "decision": "given", "source": "portal", "language": "en",
    "text": "You may use my health information for research." }))]
pub(super) struct ConsentIn {
    /// For what; absent for a no to everything that the channel carries.
    purpose: Option<Purpose>,
    /// By which way; absent for a use that is no message, and for a no to every way.
    channel: Option<Channel>,
    /// Yes or no.
    decision: Decision,
    /// The address that it is about, one on file; a yes by mail, text message or telephone needs it.
    address: Option<String>,
    /// With whom data is shared, at most 200 characters.
    party: Option<String>,
    /// The very words that the patient was shown, at most 4,000 characters.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// Their language; the clinic's when absent.
    language: Option<String>,
    /// How they said it; `stop_word` and `unsubscribe` are the desk's own.
    source: Source,
}

/// Keeps a patient's yes or no. It counts at once, and nothing of it is ever changed.
#[utoipa::path(post, path = "/api/v1/patients/{id}/consents", tag = "Privacy", request_body = ConsentIn,
    responses((status = 201, description = "Kept.", body = Made)))]
pub(super) async fn record(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PatientId>,
    Json(new): Json<ConsentIn>,
) -> Answer<Response> {
    let own = app.directory.of(ctx.organisation)?.locale;
    let one = NewConsent {
        purpose: new.purpose,
        channel: new.channel,
        decision: new.decision,
        address: new.address,
        party: new.party,
        text: new.text,
        locale: language(new.language.as_deref())?.unwrap_or(own),
        source: new.source,
    };
    let made = consents::record(&app, &ctx, id, one).await?;
    let made = Made { id: made.uuid() };
    Ok(created(&format!("/api/v1/patients/{id}/consents"), &made))
}

/// That a patient was given a version of a notice.
#[derive(Serialize, ToSchema)]
pub(super) struct AcknowledgementOut {
    /// Its id.
    id: Uuid,
    /// The notice's key.
    notice: String,
    /// Which version.
    version: i64,
    /// The language they were shown it in.
    language: String,
    /// SHA-256 of title and text, in hexadecimal digits.
    text_hash: String,
    /// How.
    source: Way,
    /// When.
    at: Instant,
}

fn told(one: AcknowledgementView) -> AcknowledgementOut {
    AcknowledgementOut {
        id: one.id.uuid(),
        notice: one.notice.code,
        version: one.notice.number,
        language: one.locale,
        text_hash: one.text_hash,
        source: one.source,
        at: Instant(one.at),
    }
}

/// Lists which notices a patient was given, newest first, at most 50.
#[utoipa::path(get, path = "/api/v1/patients/{id}/acknowledgements", tag = "Privacy",
    responses((status = 200, description = "All of them.", body = Page<AcknowledgementOut>)))]
pub(super) async fn given(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PatientId>,
) -> Answer<Json<Page<AcknowledgementOut>>> {
    let found = notices::acknowledgements(&app, &ctx, id).await?;
    Ok(Json(Page {
        items: found.into_iter().map(told).collect(),
        next: None,
    }))
}

/// That a patient was given a notice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "source": "page", "language": "en" }))]
pub(super) struct AcknowledgementIn {
    /// The notice's key; `privacy` when absent.
    notice: Option<String>,
    /// Which version; the one in force when absent.
    version: Option<i64>,
    /// The language they were shown it in; the clinic's when absent.
    language: Option<String>,
    /// How.
    source: Way,
}

/// Keeps that a patient was given a notice. 404 for a version that is not published.
#[utoipa::path(post, path = "/api/v1/patients/{id}/acknowledgements", tag = "Privacy", request_body = AcknowledgementIn,
    responses((status = 201, description = "Kept.", body = Made)))]
pub(super) async fn give(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PatientId>,
    Json(new): Json<AcknowledgementIn>,
) -> Answer<Response> {
    let own = app.directory.of(ctx.organisation)?.locale;
    let one = NewAcknowledgement {
        code: new.notice.unwrap_or_else(|| PRIVACY.to_owned()),
        number: new.version,
        locale: language(new.language.as_deref())?.unwrap_or(own),
        source: new.source,
    };
    let made = notices::acknowledge(&app, &ctx, id, one).await?;
    let folder = format!("/api/v1/patients/{id}/acknowledgements");
    Ok(created(&folder, &Made { id: made.uuid() }))
}
