//! The audit log, for reading.

use super::parts::{Answer, Instant, Page, Which, limit, page_of, position};
use crate::app::App;
use crate::audit_log::{self, Shown};
use crate::context::{Ctx, Permission};
use crate::router::{Access, Route};
use axum::extract::State;
use bedside_web::json::Json;
use bedside_web::query::Query;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(
        "/api/v1/audit",
        Access::Api(Permission::AuditRead),
        list,
    )]
}

/// One entry: who did what to which object, why, from where, and how it ended.
#[derive(Serialize, ToSchema)]
pub(super) struct EntryOut {
    /// Its id.
    id: Uuid,
    /// Place in the Merkle log; absent in the first second.
    leaf: Option<i64>,
    /// When.
    at: Instant,
    /// `staff`, `token`, `contact`, `visitor` or `system`.
    actor_kind: String,
    /// Which one.
    actor_id: String,
    /// What was done.
    #[schema(example = "ticket.read")]
    action: String,
    /// To what kind of object.
    #[schema(example = "ticket")]
    object_kind: String,
    /// Which one.
    object_id: String,
    /// Why.
    #[schema(example = "treatment")]
    purpose: String,
    /// The way in.
    #[schema(example = "api")]
    source: String,
    /// `ok`, `denied` or `failed`.
    outcome: String,
    /// What else matters, as JSON.
    detail: String,
}

impl From<Shown> for EntryOut {
    fn from(entry: Shown) -> Self {
        Self {
            id: entry.id.uuid(),
            leaf: entry.leaf,
            at: Instant(entry.at),
            actor_kind: entry.actor_kind,
            actor_id: entry.actor_id,
            action: entry.action,
            object_kind: entry.object_kind,
            object_id: entry.object_id,
            purpose: entry.purpose,
            source: entry.source,
            outcome: entry.outcome,
            detail: entry.detail,
        }
    }
}

/// Lists the organisation's entries, newest first. Reading the log is an entry itself.
#[utoipa::path(get, path = "/api/v1/audit", tag = "Audit", params(Which),
    responses((status = 200, description = "One page.", body = Page<EntryOut>)))]
pub(super) async fn list(
    ctx: Ctx,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Answer<Json<Page<EntryOut>>> {
    let before = position(&app, &ctx, "audit", which.cursor.as_deref())?;
    let limit = limit(which.limit)?;
    let found = audit_log::list(&app, &ctx, before, limit + 1).await?;
    Ok(page_of(&app, &ctx, "audit", found, limit, |entry| {
        entry.sequence
    }))
}
