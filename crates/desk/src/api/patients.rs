//! Patients.

use super::parts::{
    Answer, Changed, InPath, Made, Page, Versioned, Which, emptied, language, limit, one_of,
    page_of, position, version,
};
use super::views::PatientOut;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::PatientId;
use crate::patients::{self, NewPatient, PointKind, Wanted};
use crate::records::Label;
use crate::router::{Access, Route};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bedside_web::json::Json;
use bedside_web::query::Query;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/patients",
            Access::Api(Permission::PatientsRead),
            list,
        ),
        Route::post(
            "/api/v1/patients",
            Access::Api(Permission::PatientsWrite),
            create,
        ),
        Route::post(
            "/api/v1/patients/search",
            Access::Api(Permission::PatientsRead),
            find,
        )
        .searching(),
        Route::get(
            "/api/v1/patients/{id}",
            Access::Api(Permission::PatientsRead),
            show,
        ),
        Route::patch(
            "/api/v1/patients/{id}",
            Access::Api(Permission::PatientsWrite),
            change,
        ),
        Route::patch(
            "/api/v1/patients/{id}/labels",
            Access::Api(Permission::PatientsWrite),
            label,
        ),
    ]
}

/// Lists patients, newest first.
#[utoipa::path(get, path = "/api/v1/patients", tag = "People", params(Which),
    responses((status = 200, description = "One page.", body = Page<PatientOut>)))]
pub(super) async fn list(
    ctx: Ctx,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Answer<Json<Page<PatientOut>>> {
    let before = position(&app, &ctx, "patients", which.cursor.as_deref())?;
    let limit = limit(which.limit)?;
    let found = patients::list_patients(&app, &ctx, before, limit + 1).await?;
    Ok(page_of(&app, &ctx, "patients", found, limit, |one| one.id))
}

/// A patient to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Ana Ruiz", "birth_date": "1979-04-02", "mrn": "A-10442", "email": "ana@example.org" }))]
pub(super) struct NewPatientIn {
    /// Full name, 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// `YYYY-MM-DD`, from 1880 to today.
    #[schema(format = Date)]
    birth_date: Option<String>,
    /// Medical record number, at most 40 characters; no other patient may have it.
    mrn: Option<String>,
    /// Preferred language.
    language: Option<String>,
    /// Whether this person wants no content in mail.
    #[serde(default)]
    secure_link: bool,
    /// Mail address; nobody else may have it.
    email: Option<String>,
    /// Telephone number; nobody else may have it.
    phone: Option<String>,
}

/// Adds a patient.
#[utoipa::path(post, path = "/api/v1/patients", tag = "People", request_body = NewPatientIn,
    responses((status = 201, description = "Added.", body = Made)))]
pub(super) async fn create(
    ctx: Ctx,
    State(app): State<App>,
    Json(new): Json<NewPatientIn>,
) -> Answer<Response> {
    let points = [(PointKind::Email, new.email), (PointKind::Phone, new.phone)];
    let points = points
        .into_iter()
        .filter_map(|(kind, value)| Some((kind, value?)))
        .collect();
    let patient = NewPatient {
        name: new.name,
        birth_date: new.birth_date,
        mrn: new.mrn,
        locale: language(new.language.as_deref())?,
        secure_link: new.secure_link,
    };
    Ok(Made::at(
        "/api/v1/patients",
        patients::create_patient(&app, &ctx, patient, points).await?,
    ))
}

/// Shows one patient with their contacts.
#[utoipa::path(get, path = "/api/v1/patients/{id}", tag = "People",
    responses((status = 200, description = "The patient, with the `ETag`.", body = PatientOut)))]
pub(super) async fn show(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PatientId>,
) -> Answer<Versioned<PatientOut>> {
    let view = patients::patient(&app, &ctx, id).await?;
    Ok(Versioned(view.version, view.into()))
}

/// What to change; absent fields stay as they are, `null` empties one that can be empty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "language": "es", "mrn": null }))]
#[expect(
    clippy::option_option,
    reason = "absent, emptied and set are three things"
)]
pub(super) struct PatientPatch {
    /// Full name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(default, deserialize_with = "emptied")]
    #[schema(value_type = Option<String>, format = Date)]
    birth_date: Option<Option<String>>,
    /// Medical record number.
    #[serde(default, deserialize_with = "emptied")]
    #[schema(value_type = Option<String>)]
    mrn: Option<Option<String>>,
    /// Preferred language.
    #[serde(default, deserialize_with = "emptied")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// Whether this person wants no content in mail.
    secure_link: Option<bool>,
}

/// Changes a patient that you saw as the version in `If-Match`. Needs `patients:read` too, and `fields:identifiers` for
/// birth date and record number.
#[utoipa::path(patch, path = "/api/v1/patients/{id}", tag = "People", request_body = PatientPatch,
    responses((status = 200, description = "Changed.", body = Changed)))]
pub(super) async fn change(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PatientId>,
    headers: HeaderMap,
    Json(new): Json<PatientPatch>,
) -> Answer<Versioned<Changed>> {
    let seen = version(&headers)?;
    if new.birth_date.is_some() || new.mrn.is_some() {
        // Also where they are to be emptied: nobody changes what they don't see.
        ctx.authorize(Permission::FieldsIdentifiers)?;
    }
    let old = patients::patient(&app, &ctx, id).await?;
    let locale = match new.language {
        Some(tag) => language(tag.as_deref())?,
        None => old.locale.and_then(|tag| tag.parse().ok()),
    };
    let patient = NewPatient {
        name: new.name.unwrap_or(old.name),
        birth_date: new.birth_date.unwrap_or(old.birth_date),
        mrn: new.mrn.unwrap_or(old.mrn),
        locale,
        secure_link: new.secure_link.unwrap_or(old.secure_link),
    };
    patients::change_patient(&app, &ctx, id, seen, patient).await?;
    Ok(Changed::to(seen + 1))
}

/// The labels that a patient is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "labels": ["employee"] }))]
pub(super) struct LabelsIn {
    /// All of them; none opens the record to everybody who sees patients.
    labels: Vec<Label>,
}

/// Says what keeps a patient's record from most colleagues, of the patient that you saw as the version in `If-Match`.
/// Taking a label away needs the scope for it. Whoever lacks the scope for a label sees the patient no more.
#[utoipa::path(patch, path = "/api/v1/patients/{id}/labels", tag = "People", request_body = LabelsIn,
    responses((status = 200, description = "Changed.", body = Changed)))]
pub(super) async fn label(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PatientId>,
    headers: HeaderMap,
    Json(new): Json<LabelsIn>,
) -> Answer<Versioned<Changed>> {
    let seen = version(&headers)?;
    let labels = new.labels.into_iter().collect();
    patients::label_patient(&app, &ctx, id, seen, labels).await?;
    Ok(Changed::to(seen + 1))
}

/// Whom to look for, exactly: a record number, a mail address, a telephone number, or a name with a birth date.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "mrn": "A-10442" }))]
pub(super) struct WantedIn {
    /// Medical record number.
    mrn: Option<String>,
    /// Mail address.
    email: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// Full name; with `birth_date`.
    name: Option<String>,
    /// `YYYY-MM-DD`; with `name`.
    #[schema(format = Date)]
    birth_date: Option<String>,
}

/// Patients that were found.
#[derive(Serialize, ToSchema)]
pub(super) struct Found {
    /// At most 20.
    items: Vec<PatientOut>,
}

/// Looks for patients. The question is in the body, because addresses are written to logs on their way. A record number or
/// a birth date needs `fields:identifiers` too, an address `fields:contact`.
#[utoipa::path(post, path = "/api/v1/patients/search", tag = "People", request_body = WantedIn,
    responses((status = 200, description = "Whoever fits one of them.", body = Found)))]
pub(super) async fn find(
    ctx: Ctx,
    State(app): State<App>,
    Json(new): Json<WantedIn>,
) -> Answer<Json<Found>> {
    let name_and_birth_date = match (new.name, new.birth_date) {
        (Some(name), Some(date)) => Some((name, date)),
        (None, None) => None,
        _ => return Err(one_of("name", "Send name and birth_date together.")),
    };
    let wanted = Wanted {
        mrn: new.mrn,
        email: new.email,
        phone: new.phone,
        name_and_birth_date,
    };
    let found = patients::find_patients(&app, &ctx, &wanted).await?;
    Ok(Json(Found {
        items: found.into_iter().map(Into::into).collect(),
    }))
}
