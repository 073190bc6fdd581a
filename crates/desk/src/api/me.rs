//! Who asks.

use super::parts::Answer;
use crate::app::App;
use crate::context::{Actor, Ctx};
use crate::router::{Access, Route};
use axum::extract::State;
use bedside_web::json::Json;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/me", Access::AnyApi, show)]
}

/// Who asks, and what they may do.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// `token` or `staff`.
    #[schema(example = "token")]
    kind: &'static str,
    /// Their id.
    id: Option<Uuid>,
    /// The name of a person of the staff.
    name: Option<String>,
    /// The role of a person of the staff.
    role: Option<String>,
    /// What they may do.
    #[schema(example = json!(["tickets:read", "tickets:write"]))]
    scopes: Vec<String>,
    /// Whose data they see.
    organisation: OrganisationOut,
}

/// A clinic, hospital or practice group.
#[derive(Serialize, ToSchema)]
struct OrganisationOut {
    /// Its id.
    id: Uuid,
    /// Short name in addresses.
    slug: String,
    /// Name people read.
    name: String,
    /// Default language.
    language: &'static str,
    /// IANA time zone.
    #[schema(example = "America/Chicago")]
    time_zone: String,
}

/// Says who you are.
#[utoipa::path(get, path = "/api/v1/me", tag = "Me", responses((status = 200, description = "You.", body = Me)))]
pub(super) async fn show(ctx: Ctx, State(app): State<App>) -> Answer<Json<Me>> {
    let clinic = app.directory.of(ctx.organisation)?;
    let (name, role) = match &ctx.actor {
        Actor::Staff { name, role, .. } => (Some(name.to_string()), Some(role.code.clone())),
        _ => (None, None),
    };
    Ok(Json(Me {
        kind: ctx.actor.kind(),
        id: ctx.actor.uuid(),
        name,
        role,
        scopes: ctx
            .permissions()
            .codes()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        organisation: OrganisationOut {
            id: clinic.id.uuid(),
            slug: clinic.slug.clone(),
            name: clinic.name.clone(),
            language: clinic.locale.tag(),
            time_zone: clinic.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        },
    }))
}
