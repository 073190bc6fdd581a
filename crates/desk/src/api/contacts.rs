//! Contacts: whoever writes to the desk.

use super::parts::{
    Answer, Changed, DONE, InPath, Made, Page, Versioned, emptied, language, limit, page_of,
    position, version,
};
use super::views::ContactOut;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::{ContactId, PatientId, TicketId};
use crate::patients::{self, ContactPatch, Ground, Linking, NewContact, PointKind, Who};
use crate::router::{Access, Route};
use crate::tickets;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bedside_web::json::Json;
use bedside_web::query::Query;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let (read, write) = (
        Access::Api(Permission::PatientsRead),
        Access::Api(Permission::PatientsWrite),
    );
    vec![
        Route::get("/api/v1/contacts", read, list),
        Route::post("/api/v1/contacts", write, create),
        Route::get("/api/v1/contacts/{id}", read, show),
        Route::patch("/api/v1/contacts/{id}", write, change),
        Route::post("/api/v1/contacts/{id}/patient", write, link),
    ]
}

/// Which contacts, and which page of them.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Those who stand for a patient.
    patient: Option<Uuid>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Rows, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// Lists contacts, newest first.
#[utoipa::path(get, path = "/api/v1/contacts", tag = "People", params(Asked),
    responses((status = 200, description = "One page.", body = Page<ContactOut>)))]
pub(super) async fn list(
    ctx: Ctx,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<ContactOut>>> {
    let patient = asked.patient.map(PatientId::from_uuid);
    let name = format!("contacts/{patient:?}");
    let before = position(&app, &ctx, &name, asked.cursor.as_deref())?;
    let limit = limit(asked.limit)?;
    let found = patients::list_contacts(&app, &ctx, patient, before, limit + 1).await?;
    Ok(page_of(&app, &ctx, &name, found, limit, |one| one.id))
}

/// What kind of address.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AddressKind {
    /// Mail address.
    Email,
    /// Telephone number.
    Phone,
}

/// An address of a contact.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressIn {
    /// What kind.
    kind: AddressKind,
    /// The address.
    value: String,
}

fn points(addresses: Vec<AddressIn>) -> Vec<(PointKind, String)> {
    let point = |address: AddressIn| {
        let kind = match address.kind {
            AddressKind::Email => PointKind::Email,
            AddressKind::Phone => PointKind::Phone,
        };
        (kind, address.value)
    };
    addresses.into_iter().map(point).collect()
}

fn who(is_patient: Option<bool>) -> Option<Who> {
    is_patient.map(|yes| if yes { Who::Themself } else { Who::Somebody })
}

fn ground(conversation: Option<Uuid>, words: Option<String>) -> Option<Ground> {
    conversation.map(|ticket| Ground {
        conversation: TicketId::from_uuid(ticket),
        words,
    })
}

/// A contact to be added, with a name or an address at least.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Luis Ruiz", "addresses": [{ "kind": "email", "value": "luis@example.org" }] }))]
pub(super) struct NewContactIn {
    /// Name, at most 200 characters.
    name: Option<String>,
    /// Preferred language.
    language: Option<String>,
    /// Whether they want no content in mail.
    #[serde(default)]
    secure_link: bool,
    /// The patient they stand for.
    patient_id: Option<Uuid>,
    /// Their addresses, at most 20; nobody else may have them.
    #[serde(default)]
    addresses: Vec<AddressIn>,
    /// Whether the contact is the patient. Absent: yes where nothing of the patient is on file yet, no where an address is.
    /// Somebody else hears what is said of them as a representative, and nothing before.
    is_patient: Option<bool>,
    /// The ticket in which it was asked for: needed where it brings an address to a patient who has one, who has to be verified
    /// there to the highest level.
    conversation: Option<Uuid>,
    /// Why it is done without that, at most 500 characters. Somebody else of the staff looks at it afterwards; a token can't give
    /// one.
    override_reason: Option<String>,
}

/// Adds a contact.
#[utoipa::path(post, path = "/api/v1/contacts", tag = "People", request_body = NewContactIn,
    responses((status = 201, description = "Added.", body = Made)))]
pub(super) async fn create(
    ctx: Ctx,
    State(app): State<App>,
    Json(new): Json<NewContactIn>,
) -> Answer<Response> {
    let contact = NewContact {
        name: new.name,
        locale: language(new.language.as_deref())?,
        secure_link: new.secure_link,
        patient: new.patient_id.map(PatientId::from_uuid),
        points: points(new.addresses),
        who: who(new.is_patient),
        ground: ground(new.conversation, new.override_reason),
    };
    Ok(Made::at(
        "/api/v1/contacts",
        patients::create_contact(&app, &ctx, contact).await?,
    ))
}

/// Shows one contact.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "People",
    responses((status = 200, description = "The contact, with the `ETag`.", body = ContactOut)))]
pub(super) async fn show(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<ContactId>,
) -> Answer<Versioned<ContactOut>> {
    let view = patients::contact(&app, &ctx, id).await?;
    Ok(Versioned(view.version, view.into()))
}

/// What to change; absent fields stay as they are, `null` empties one that can be empty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "language": "es", "add_addresses": [{ "kind": "phone", "value": "+1 312 555 0147" }] }))]
#[expect(
    clippy::option_option,
    reason = "absent, emptied and set are three things"
)]
pub(super) struct ContactPatchIn {
    /// Name, at most 200 characters.
    #[serde(default, deserialize_with = "emptied")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// Preferred language.
    #[serde(default, deserialize_with = "emptied")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// Whether they want no content in mail.
    secure_link: Option<bool>,
    /// Addresses to add, at most 20; nobody else may have them.
    #[serde(default)]
    add_addresses: Vec<AddressIn>,
    /// Addresses to take away, at most 20.
    #[serde(default)]
    remove_addresses: Vec<AddressIn>,
    /// The ticket in which it was asked for: needed to change the addresses of somebody who stands for a patient, who has to be
    /// verified there to the highest level.
    conversation: Option<Uuid>,
    /// Why the addresses are changed without that, at most 500 characters. Somebody else of the staff looks at it afterwards;
    /// a token can't give one.
    override_reason: Option<String>,
}

/// Changes a contact that you saw as the version in `If-Match`.
#[utoipa::path(patch, path = "/api/v1/contacts/{id}", tag = "People", request_body = ContactPatchIn,
    responses((status = 200, description = "Changed.", body = Changed)))]
pub(super) async fn change(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<ContactId>,
    headers: HeaderMap,
    Json(new): Json<ContactPatchIn>,
) -> Answer<Versioned<Changed>> {
    let seen = version(&headers)?;
    let locale = match new.language {
        Some(tag) => Some(language(tag.as_deref())?),
        None => None,
    };
    let patch = ContactPatch {
        name: new.name,
        locale,
        secure_link: new.secure_link,
        add: points(new.add_addresses),
        remove: points(new.remove_addresses),
        ground: ground(new.conversation, new.override_reason),
    };
    Ok(Changed::to(
        patients::change_contact(&app, &ctx, id, seen, patch).await?,
    ))
}

/// Whom they stand for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StandsFor {
    /// The patient; `null` when they stand for nobody.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    patient_id: Option<Uuid>,
    /// Whether the contact is the patient. Absent: as it was where they stand for this patient already; else yes where nothing
    /// of the patient is on file yet, no where an address is. Somebody else hears what is said of them as a representative, and
    /// nothing before: that needs no ground where they have no address.
    is_patient: Option<bool>,
    /// The ticket in which it was asked for: needed where it brings an address to a patient who has one, who has to be verified
    /// there to the highest level, and to say of somebody else that they are the patient.
    conversation: Option<Uuid>,
    /// Why it is done without that, at most 500 characters. Somebody else of the staff looks at it afterwards; a token can't give
    /// one.
    override_reason: Option<String>,
}

/// Says which patient a contact stands for. What they write from then on is sealed with the patient's key, and their
/// earlier tickets that were about nobody are about the patient.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/patient", tag = "People", request_body = StandsFor,
    responses((status = 204, description = "Linked, or no longer.")))]
pub(super) async fn link(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<ContactId>,
    Json(new): Json<StandsFor>,
) -> Answer<StatusCode> {
    let linking = Linking {
        patient: new.patient_id.map(PatientId::from_uuid),
        who: who(new.is_patient),
        ground: ground(new.conversation, new.override_reason),
    };
    tickets::link_contact(&app, &ctx, id, linking).await?;
    Ok(DONE)
}
