//! Queues, categories, people of the staff, finer states and own fields, for reading: what a change of a ticket may name.

use super::parts::{Answer, InPath};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::field_group::FieldGroup;
use crate::ids::QueueId;
use crate::orgs::{Category, Clinic, CustomField, Queue, SubStatus};
use crate::router::{Access, Route};
use crate::staff::{self, StaffView};
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
        Route::get("/api/v1/staff", read, colleagues),
        Route::get("/api/v1/sub-statuses", read, sub_statuses),
        Route::get("/api/v1/fields", read, fields),
    ]
}

/// Everything of a kind.
#[derive(Serialize, ToSchema)]
pub(super) struct All<T: ToSchema> {
    /// In their order.
    items: Vec<T>,
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

/// Lists the queues.
#[utoipa::path(get, path = "/api/v1/queues", tag = "Settings",
    responses((status = 200, description = "All of them.", body = All<QueueOut>)))]
pub(super) async fn queues(ctx: Ctx, State(app): State<App>) -> Answer<Json<All<QueueOut>>> {
    let clinic = app.directory.of(ctx.organisation)?;
    Ok(Json(All {
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

/// Lists the categories.
#[utoipa::path(get, path = "/api/v1/categories", tag = "Settings",
    responses((status = 200, description = "All of them.", body = All<CategoryOut>)))]
pub(super) async fn categories(ctx: Ctx, State(app): State<App>) -> Answer<Json<All<CategoryOut>>> {
    let clinic = app.directory.of(ctx.organisation)?;
    Ok(Json(All {
        items: clinic.categories.iter().map(Into::into).collect(),
    }))
}

/// Somebody of the staff.
#[derive(Serialize, ToSchema)]
pub(super) struct ColleagueOut {
    /// Their id.
    id: Uuid,
    /// Their name.
    name: String,
    /// Code of their role: one that ships, such as `agent`, `nurse` or `supervisor`, or one of the clinic's own.
    #[schema(example = "nurse")]
    role: String,
    /// Whether tickets can be given to them.
    takes_tickets: bool,
}

impl ColleagueOut {
    fn of(clinic: &Clinic, person: StaffView) -> Self {
        Self {
            id: person.id.uuid(),
            takes_tickets: person.takes_tickets(clinic.role(&person.role)),
            name: person.name,
            role: person.role,
        }
    }
}

/// Lists the staff by name, without those who were locked out.
#[utoipa::path(get, path = "/api/v1/staff", tag = "Settings",
    responses((status = 200, description = "All of them.", body = All<ColleagueOut>)))]
pub(super) async fn colleagues(
    ctx: Ctx,
    State(app): State<App>,
) -> Answer<Json<All<ColleagueOut>>> {
    let clinic = app.directory.of(ctx.organisation)?;
    let everybody = staff::list(&app, &ctx).await?;
    let at_work = everybody
        .into_iter()
        .filter(|person| person.disabled_at.is_none());
    Ok(Json(All {
        items: at_work
            .map(|person| ColleagueOut::of(&clinic, person))
            .collect(),
    }))
}

/// The clinic's finer name for a status.
#[derive(Serialize, ToSchema)]
pub(super) struct SubStatusOut {
    /// Its id.
    id: Uuid,
    /// The status that it refines.
    #[schema(example = "waiting_on_third_party")]
    status: String,
    /// Name by language tag.
    names: BTreeMap<String, String>,
}

impl From<&SubStatus> for SubStatusOut {
    fn from(sub: &SubStatus) -> Self {
        Self {
            id: sub.id.uuid(),
            status: sub.status.clone(),
            names: sub.names.0.clone(),
        }
    }
}

/// Lists the clinic's finer states.
#[utoipa::path(get, path = "/api/v1/sub-statuses", tag = "Settings",
    responses((status = 200, description = "All of them.", body = All<SubStatusOut>)))]
pub(super) async fn sub_statuses(
    ctx: Ctx,
    State(app): State<App>,
) -> Answer<Json<All<SubStatusOut>>> {
    let clinic = app.directory.of(ctx.organisation)?;
    Ok(Json(All {
        items: clinic.sub_statuses.iter().map(Into::into).collect(),
    }))
}

/// A field that the clinic added to its tickets.
#[derive(Serialize, ToSchema)]
pub(super) struct FieldOut {
    /// Stable short name: its key in a ticket's `fields`.
    #[schema(example = "insurer")]
    code: String,
    /// Name by language tag.
    names: BTreeMap<String, String>,
    /// `text`, `number`, `date`, `choice` or `yes_no`.
    #[schema(example = "text")]
    kind: String,
    /// What a `choice` can be.
    choices: Vec<String>,
    /// What it tells of somebody: then it is shown to those alone who have the scope `fields:…` of this group.
    group: Option<FieldGroup>,
}

impl From<&CustomField> for FieldOut {
    fn from(field: &CustomField) -> Self {
        Self {
            code: field.code.clone(),
            names: field.names.0.clone(),
            kind: field.kind.clone(),
            choices: field.choices.clone(),
            group: field.group,
        }
    }
}

/// Lists the clinic's own fields.
#[utoipa::path(get, path = "/api/v1/fields", tag = "Settings",
    responses((status = 200, description = "All of them.", body = All<FieldOut>)))]
pub(super) async fn fields(ctx: Ctx, State(app): State<App>) -> Answer<Json<All<FieldOut>>> {
    let clinic = app.directory.of(ctx.organisation)?;
    Ok(Json(All {
        items: clinic.fields.iter().map(Into::into).collect(),
    }))
}
