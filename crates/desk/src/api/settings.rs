//! Queues and categories, for reading.

use super::parts::{Answer, InPath};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::QueueId;
use crate::orgs::{Category, Queue};
use crate::router::{Access, Route};
use axum::extract::State;
use bedside_web::Problem;
use bedside_web::json::Json;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Api(Permission::SettingsRead);
    vec![
        Route::get("/api/v1/queues", read, queues),
        Route::get("/api/v1/queues/{id}", read, queue),
        Route::get("/api/v1/categories", read, categories),
    ]
}

/// A place where tickets wait.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueOut {
    /// Its id.
    id: Uuid,
    /// Stable short name.
    #[schema(example = "billing")]
    code: String,
    /// Name by language tag.
    names: BTreeMap<String, String>,
    /// `work`, `crisis` or `needs_look`.
    #[schema(example = "work")]
    purpose: String,
}

impl From<&Queue> for QueueOut {
    fn from(queue: &Queue) -> Self {
        Self {
            id: queue.id.uuid(),
            code: queue.code.clone(),
            names: queue.names.0.clone(),
            purpose: queue.purpose.clone(),
        }
    }
}

/// All queues.
#[derive(Serialize, ToSchema)]
pub(super) struct Queues {
    /// In their order.
    items: Vec<QueueOut>,
}

/// Lists the queues.
#[utoipa::path(get, path = "/api/v1/queues", tag = "Settings",
    responses((status = 200, description = "All of them.", body = Queues)))]
pub(super) async fn queues(ctx: Ctx, State(app): State<App>) -> Answer<Json<Queues>> {
    let clinic = app.directory.of(ctx.organisation)?;
    Ok(Json(Queues {
        items: clinic.queues.iter().map(Into::into).collect(),
    }))
}

/// Shows one queue.
#[utoipa::path(get, path = "/api/v1/queues/{id}", tag = "Settings",
    responses((status = 200, description = "The queue.", body = QueueOut)))]
pub(super) async fn queue(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<QueueId>,
) -> Answer<Json<QueueOut>> {
    let clinic = app.directory.of(ctx.organisation)?;
    let queue = clinic.queue(id).ok_or_else(Problem::not_found)?;
    Ok(Json(queue.into()))
}

/// What requests can be about.
#[derive(Serialize, ToSchema)]
pub(super) struct CategoryOut {
    /// Stable short name.
    #[schema(example = "billing")]
    code: String,
    /// Name by language tag.
    names: BTreeMap<String, String>,
    /// Where such tickets go.
    queue_id: Uuid,
    /// Whether only a clinician resolves or closes them.
    clinical: bool,
}

impl From<&Category> for CategoryOut {
    fn from(category: &Category) -> Self {
        Self {
            code: category.code.clone(),
            names: category.names.0.clone(),
            queue_id: category.queue_id.uuid(),
            clinical: category.clinical,
        }
    }
}

/// All categories.
#[derive(Serialize, ToSchema)]
pub(super) struct Categories {
    /// In their order.
    items: Vec<CategoryOut>,
}

/// Lists the categories.
#[utoipa::path(get, path = "/api/v1/categories", tag = "Settings",
    responses((status = 200, description = "All of them.", body = Categories)))]
pub(super) async fn categories(ctx: Ctx, State(app): State<App>) -> Answer<Json<Categories>> {
    let clinic = app.directory.of(ctx.organisation)?;
    Ok(Json(Categories {
        items: clinic.categories.iter().map(Into::into).collect(),
    }))
}
