//! Who acts for a patient.

use super::parts::{Answer, DONE, InPath, Instant, Made, Page};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::{AttachmentId, ContactId, PatientId, RepresentativeId, TicketId};
use crate::records::Group;
use crate::representatives::{
    self, Authority, Ended, NewRepresentative, Relationship, RepresentativeView, State, Who,
};
use crate::router::{Access, Route};
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Id;
use bedside_web::json::Json;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Api(Permission::PatientsWrite);
    vec![
        Route::get(
            "/api/v1/patients/{id}/representatives",
            Access::Api(Permission::PatientsRead),
            list,
        ),
        Route::post("/api/v1/patients/{id}/representatives", write, add),
        Route::post(
            "/api/v1/patients/{id}/representatives/{representative_id}/end",
            write,
            end,
        ),
        Route::post(
            "/api/v1/patients/{id}/representatives/{representative_id}/decide",
            Access::Api(Permission::IdentityApprove),
            decide,
        ),
    ]
}

/// Somebody who acts for a patient, or did.
#[derive(Serialize, ToSchema)]
pub(super) struct RepresentativeOut {
    /// Its id.
    id: Uuid,
    /// Who.
    contact_id: Uuid,
    /// Their name, or else their address; empty where their own record is kept from the reader.
    name: String,
    /// What they are to the patient.
    relationship: Relationship,
    /// What it rests on.
    authority: Authority,
    /// For what.
    scope: Vec<Group>,
    /// What of it holds now.
    holds_now: Vec<Group>,
    /// Whether a young person agreed that their parent hears of care.
    young_agreed: bool,
    /// From when on.
    starts_at: Instant,
    /// When it ends by itself.
    until: Option<Instant>,
    /// The document, in words.
    document: Option<String>,
    /// The document, as a file of the conversation.
    attachment_id: Option<Uuid>,
    /// The conversation in which it was said.
    ticket_id: Uuid,
    /// Where it stands.
    state: State,
    /// When it was said.
    asked_at: Instant,
    /// When it was confirmed.
    confirmed_at: Option<Instant>,
    /// When it ended.
    ended_at: Option<Instant>,
    /// Why.
    ended_why: Option<Ended>,
}

impl From<RepresentativeView> for RepresentativeOut {
    fn from(one: RepresentativeView) -> Self {
        Self {
            id: one.id.uuid(),
            contact_id: one.contact.uuid(),
            name: one.name,
            relationship: one.relationship,
            authority: one.authority,
            scope: one.scope.list().collect(),
            holds_now: one.hears.list().collect(),
            young_agreed: one.young_agreed,
            starts_at: Instant(one.starts_at),
            until: one.until.map(Instant),
            document: one.document,
            attachment_id: one.file.map(Id::uuid),
            ticket_id: one.ticket.uuid(),
            state: one.state,
            asked_at: Instant(one.asked_at),
            confirmed_at: one.decided_at.map(Instant),
            ended_at: one.ended_at.map(Instant),
            ended_why: one.ended_why,
        }
    }
}

/// Lists everybody of whom it was said that they act for a patient, newest first, at most 100.
#[utoipa::path(get, path = "/api/v1/patients/{id}/representatives", tag = "People",
    responses((status = 200, description = "All of them.", body = Page<RepresentativeOut>)))]
pub(super) async fn list(
    ctx: Ctx,
    Extract(app): Extract<App>,
    InPath(id): InPath<PatientId>,
) -> Answer<Json<Page<RepresentativeOut>>> {
    let found = representatives::list(&app, &ctx, id).await?;
    Ok(Json(Page {
        items: found.into_iter().map(Into::into).collect(),
        next: None,
    }))
}

/// Somebody who is to act for a patient.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "ticket_id": "01890000-0000-7000-8000-000000000000", "relationship": "spouse",
    "authority": "permission", "scope": ["logistics", "billing"], "ends": "2027-01-31" }))]
pub(super) struct RepresentativeIn {
    /// The conversation in which whoever asks was verified to the third level.
    ticket_id: Uuid,
    /// Who; whoever asks in that conversation when absent.
    contact_id: Option<Uuid>,
    /// What they are to the patient.
    relationship: Relationship,
    /// What it rests on.
    authority: Authority,
    /// For what; without any authority `logistics` alone.
    scope: Vec<Group>,
    /// Whether a young person agreed that their parent hears of care.
    #[serde(default)]
    young_agreed: bool,
    /// First day, `YYYY-MM-DD`; today when absent.
    #[schema(value_type = Option<String>, format = Date)]
    starts: Option<Date>,
    /// Last day, `YYYY-MM-DD`.
    #[schema(value_type = Option<String>, format = Date)]
    ends: Option<Date>,
    /// The document in words, at most 500 characters.
    document: Option<String>,
    /// The document as a file of that conversation.
    attachment_id: Option<Uuid>,
    /// Whether somebody checked the document. Without, a second person confirms it.
    #[serde(default)]
    checked: bool,
}

/// Adds somebody who acts for a patient. Needs `tickets:write` and `patients:read` too; 409 without the third level in that
/// conversation.
#[utoipa::path(post, path = "/api/v1/patients/{id}/representatives", tag = "People", request_body = RepresentativeIn,
    responses((status = 201, description = "Added; it holds, or waits for a second person.", body = Made)))]
pub(super) async fn add(
    ctx: Ctx,
    Extract(app): Extract<App>,
    InPath(id): InPath<PatientId>,
    Json(new): Json<RepresentativeIn>,
) -> Answer<Response> {
    let who = new.contact_id.map(ContactId::from_uuid);
    let one = NewRepresentative {
        conversation: TicketId::from_uuid(new.ticket_id),
        who: who.map_or(Who::Requester, Who::Contact),
        relationship: new.relationship,
        authority: new.authority,
        scope: new.scope.into_iter().collect(),
        young_agreed: new.young_agreed,
        starts: new.starts,
        ends: new.ends,
        document: new.document,
        file: new.attachment_id.map(AttachmentId::from_uuid),
        checked: new.checked,
    };
    let made = representatives::add(&app, &ctx, id, one).await?;
    let folder = format!("/api/v1/patients/{id}/representatives");
    Ok(Made::at(&folder, made))
}

/// Why somebody acts for the patient no more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "why": "revoked" }))]
pub(super) struct EndIn {
    /// `revoked`, `document`, `mistake` or `other`.
    why: Ended,
    /// The same in words, at most 500 characters.
    words: Option<String>,
}

/// Ends what somebody may do for a patient, at once. Their addresses are the patient's no more.
#[utoipa::path(post, path = "/api/v1/patients/{id}/representatives/{representative_id}/end", tag = "People",
    request_body = EndIn, responses((status = 204, description = "Ended.")))]
pub(super) async fn end(
    ctx: Ctx,
    Extract(app): Extract<App>,
    InPath((id, one)): InPath<(PatientId, RepresentativeId)>,
    Json(new): Json<EndIn>,
) -> Answer<StatusCode> {
    let why = (new.why, new.words.as_deref());
    representatives::end(&app, &ctx, id, one, why).await?;
    Ok(DONE)
}

/// A second person's word.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "yes": true }))]
pub(super) struct DecideIn {
    /// Yes, or no.
    yes: bool,
}

/// Confirms somebody who is to act for a patient, or refuses them. Only a person who is signed in can, and nobody their own
/// word; a yes needs the third level in that conversation once more. Needs `patients:read` too.
#[utoipa::path(post, path = "/api/v1/patients/{id}/representatives/{representative_id}/decide", tag = "People",
    request_body = DecideIn, responses((status = 204, description = "Decided.")))]
pub(super) async fn decide(
    ctx: Ctx,
    Extract(app): Extract<App>,
    InPath((id, one)): InPath<(PatientId, RepresentativeId)>,
    Json(new): Json<DecideIn>,
) -> Answer<StatusCode> {
    representatives::decide(&app, &ctx, id, one, new.yes).await?;
    Ok(DONE)
}
