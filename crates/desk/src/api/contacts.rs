//! Contacts: whoever writes to the desk.

use super::parts::{Answer, DONE, InPath};
use super::views::ContactOut;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::{ContactId, PatientId};
use crate::patients;
use crate::router::{Access, Route};
use crate::tickets;
use axum::extract::State;
use axum::http::StatusCode;
use bedside_web::json::Json;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/contacts/{id}",
            Access::Api(Permission::PatientsRead),
            show,
        ),
        Route::post(
            "/api/v1/contacts/{id}/patient",
            Access::Api(Permission::PatientsWrite),
            link,
        ),
    ]
}

/// Shows one contact.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "People",
    responses((status = 200, description = "The contact.", body = ContactOut)))]
pub(super) async fn show(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<ContactId>,
) -> Answer<Json<ContactOut>> {
    Ok(Json(patients::contact(&app, &ctx, id).await?.into()))
}

/// Whom they stand for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StandsFor {
    /// The patient; `null` when they stand for nobody.
    #[serde(deserialize_with = "Option::deserialize")]
    patient_id: Option<Uuid>,
}

/// Says which patient a contact stands for. What they write from then on is sealed with the patient's key.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/patient", tag = "People", request_body = StandsFor,
    responses((status = 204, description = "Linked, or no longer.")))]
pub(super) async fn link(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<ContactId>,
    Json(new): Json<StandsFor>,
) -> Answer<StatusCode> {
    tickets::link_contact(&app, &ctx, id, new.patient_id.map(PatientId::from_uuid)).await?;
    Ok(DONE)
}
