//! What stands on a patient's record by law: restrictions to keep to, and what the patient asked to have put right.

use super::parts::{Answer, InPath, Instant};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::PatientId;
use crate::privacy::requests::standing::{self, Correction, Restriction};
use crate::privacy::requests::{Decision, Standing};
use crate::router::{Access, Route};
use axum::extract::State;
use bedside_web::json::Json;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Api(Permission::PatientsRead);
    vec![Route::get("/api/v1/patients/{id}/standing", read, show)]
}

/// A restriction that is kept to.
#[derive(Serialize, ToSchema)]
pub(super) struct RestrictionOut {
    /// The privacy request that asked for it.
    id: Uuid,
    /// What the patient asked for, where all of it was agreed.
    asked: Option<String>,
    /// What the clinic said to it.
    note: Option<String>,
    /// Since when.
    since: Instant,
    /// Until when; absent for as long as nobody ends it.
    until: Option<Instant>,
    /// Where the clinic ended it by telling the patient on this day: what was kept before stays under it.
    #[schema(format = Date)]
    kept_before: Option<String>,
}

/// What a patient asked to have put right. Whoever is given what it is about gets these words too.
#[derive(Serialize, ToSchema)]
pub(super) struct CorrectionOut {
    /// The privacy request that asked for it.
    id: Uuid,
    /// The number of the ticket that it came with.
    ticket_number: Option<i64>,
    /// How it was decided.
    decision: Decision,
    /// When.
    at: Instant,
    /// What the patient asked for.
    asked: Option<String>,
    /// The law's reason for what was refused.
    reason: Option<String>,
    /// What the clinic said to it.
    note: Option<String>,
    /// The patient's statement of disagreement.
    disagreement: Option<String>,
    /// The clinic's answer to that.
    rebuttal: Option<String>,
}

/// What stands on a patient's record.
#[derive(Serialize, ToSchema)]
pub(super) struct StandingOut {
    /// Restrictions, newest first.
    restrictions: Vec<RestrictionOut>,
    /// What they asked to have put right, newest first.
    corrections: Vec<CorrectionOut>,
}

impl From<Restriction> for RestrictionOut {
    fn from(one: Restriction) -> Self {
        Self {
            id: one.id.uuid(),
            asked: one.asked,
            note: one.note,
            since: Instant(one.since),
            until: one.until.map(Instant),
            kept_before: one.before.map(|day| day.to_string()),
        }
    }
}

impl From<Correction> for CorrectionOut {
    fn from(one: Correction) -> Self {
        Self {
            id: one.id.uuid(),
            ticket_number: one.ticket,
            decision: one.decision,
            at: Instant(one.at),
            asked: one.asked,
            reason: one.reason,
            note: one.note,
            disagreement: one.disagreement,
            rebuttal: one.rebuttal,
        }
    }
}

/// Shows what has to be kept to before a patient's record is used or given on, and what they asked to have put right.
#[utoipa::path(get, path = "/api/v1/patients/{id}/standing", tag = "Privacy",
    responses((status = 200, description = "All of it; empty lists where nothing stands.", body = StandingOut)))]
pub(super) async fn show(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PatientId>,
) -> Answer<Json<StandingOut>> {
    let Standing {
        restrictions,
        corrections,
    } = standing::asked(&app, &ctx, id).await?;
    Ok(Json(StandingOut {
        restrictions: restrictions.into_iter().map(Into::into).collect(),
        corrections: corrections.into_iter().map(Into::into).collect(),
    }))
}
