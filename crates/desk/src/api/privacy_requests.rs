//! What patients ask for their data by law. It is opened and read here; deciding is a person's, on their own pages.

use super::parts::{Answer, InPath, Instant, Made, Page, Versioned, cursor, limit, position};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{PatientId, PrivacyRequestId};
use crate::privacy::requests::{
    self, Decision, Kind, Law, NewRequest, RequestView, State as Stands, Which as Those,
};
use crate::router::{Access, Route};
use axum::extract::State;
use axum::response::Response;
use bedside_web::json::Json;
use bedside_web::query::Query;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

const LIST: &str = "/api/v1/privacy-requests";

pub(super) fn routes() -> Vec<Route> {
    let manage = Access::Api(Permission::PrivacyManage);
    vec![
        Route::get(LIST, manage, list),
        Route::post(LIST, Access::Api(Permission::PatientsWrite), open),
        Route::get("/api/v1/privacy-requests/{id}", manage, show),
    ]
}

/// A request for privacy.
#[derive(Serialize, ToSchema)]
pub(super) struct PrivacyRequestOut {
    /// Its id.
    id: Uuid,
    /// Whose data.
    patient_id: Uuid,
    /// What is asked for.
    kind: Kind,
    /// The law whose clock runs.
    law: Law,
    /// Where the law says so.
    #[schema(example = "45 CFR 164.524(b)(2)")]
    section: String,
    /// What the asker had shown of who they are when it was opened: `l0` to `l3`.
    level: String,
    /// The number of the ticket that it came with.
    ticket_number: Option<i64>,
    /// Where it stands.
    state: Stands,
    /// The day on which it was received.
    #[schema(format = Date, example = "2026-03-02")]
    received_on: String,
    /// Until when it has to be answered.
    due_at: Instant,
    /// Whether that is over.
    overdue: bool,
    /// What is asked for in words; of one request, not in a list.
    words: Option<String>,
    /// Whether the one extension was taken.
    extended: bool,
    /// How it was decided.
    decision: Option<Decision>,
    /// The law's reason for what was refused.
    reason: Option<String>,
    /// The date of the answer to the patient.
    answered_on: Option<String>,
}

fn shown(app: &App, view: RequestView) -> PrivacyRequestOut {
    let request = view.request;
    let decided = request.decided.as_ref();
    PrivacyRequestOut {
        id: request.id.uuid(),
        patient_id: request.patient.uuid(),
        kind: request.kind,
        law: request.law,
        section: view.clock.section.clone(),
        overdue: request.is_overdue(app.now()),
        decision: request.decision(),
        reason: decided.and_then(|one| one.reason.clone()),
        answered_on: request.closed.map(|one| one.answered_on.to_string()),
        extended: request.extension.is_some(),
        level: request.level,
        ticket_number: request.ticket,
        state: request.state,
        received_on: request.received_on.to_string(),
        due_at: Instant(request.due_at),
        words: view.words,
    }
}

/// Which requests.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichRequests {
    /// `true` for those that are closed, newest first; else those that are not, whose time is over first.
    #[serde(default)]
    closed: bool,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Rows, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// Lists what patients ask for their data by law.
#[utoipa::path(get, path = "/api/v1/privacy-requests", tag = "Privacy", params(WhichRequests),
    responses((status = 200, description = "One page.", body = Page<PrivacyRequestOut>)))]
pub(super) async fn list(
    ctx: Ctx,
    State(app): State<App>,
    Query(which): Query<WhichRequests>,
) -> Answer<Json<Page<PrivacyRequestOut>>> {
    let (name, some) = if which.closed {
        ("privacy_requests_closed", Those::Closed)
    } else {
        ("privacy_requests", Those::Open)
    };
    let place = position(&app, &ctx, name, which.cursor.as_deref())?;
    let most = limit(which.limit)?;
    let mut found = requests::list(&app, &ctx, some, place, most + 1).await?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).map(|last| {
        let ended = last.request.ended_at();
        let place = (ended.unwrap_or(last.request.due_at), last.request.id);
        cursor(&app, &ctx, name, &place)
    });
    Ok(Json(Page {
        items: found.into_iter().map(|one| shown(&app, one)).collect(),
        next,
    }))
}

/// A request to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "patient_id": "01920000-0000-7000-8000-000000000000", "kind": "copy", "received_on": "2026-03-02" }))]
pub(super) struct PrivacyRequestIn {
    /// Whose data.
    patient_id: Uuid,
    /// What is asked for.
    kind: Kind,
    /// The day on which it was received: of the last twelve months, `YYYY-MM-DD`.
    #[schema(format = Date)]
    received_on: String,
    /// The number of the ticket that it came with; needs `tickets:read` too.
    ticket_number: Option<i64>,
    /// What is asked for in words, at most 2,000 characters.
    #[serde(default)]
    words: String,
}

/// Opens a request. The law's clock runs from the day on which it was received.
#[utoipa::path(post, path = "/api/v1/privacy-requests", tag = "Privacy", request_body = PrivacyRequestIn,
    responses((status = 201, description = "Opened.", body = Made)))]
pub(super) async fn open(
    ctx: Ctx,
    State(app): State<App>,
    Json(new): Json<PrivacyRequestIn>,
) -> Answer<Response> {
    let patient = PatientId::from_bytes(new.patient_id.into_bytes());
    // Whoever may be in danger is heard, whatever is wrong with the request.
    requests::hear_of(&app, &ctx, patient, &new.words).await?;
    let received_on = new
        .received_on
        .parse()
        .map_err(|_| DeskError::invalid("received_on", "invalid", "Send a day as YYYY-MM-DD."))?;
    let new = NewRequest {
        patient,
        kind: new.kind,
        received_on,
        ticket: new.ticket_number.map(|number| number.to_string()),
        words: new.words,
    };
    let id = requests::open_request(&app, &ctx, new).await?;
    Ok(Made::at(LIST, id))
}

/// Shows one request.
#[utoipa::path(get, path = "/api/v1/privacy-requests/{id}", tag = "Privacy",
    responses((status = 200, description = "The request, with the `ETag`.", body = PrivacyRequestOut)))]
pub(super) async fn show(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<PrivacyRequestId>,
) -> Answer<Versioned<PrivacyRequestOut>> {
    let view = requests::request(&app, &ctx, id).await?;
    Ok(Versioned(view.request.version, shown(&app, view)))
}
