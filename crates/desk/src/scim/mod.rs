//! SCIM 2.0 (RFC 7643 and 7644): the way in for a clinic's identity provider, which tells here who works at the clinic and
//! in which groups. The protocol is here, what it means in `provisioning`.
//!
//! What is understood: reading one, lists with a filter of `eq` and `and`, adding, replacing, changing by `PATCH` as Entra ID
//! and Okta send it, removing, and the three descriptions of the service. What is not: sorting, bulk, searching by `POST`,
//! `/Me`, passwords. Everything has a bound: [`path::MAX_TEXT`], [`path::MAX_TERMS`], [`patch::MAX_OPERATIONS`],
//! `provisioning::MAX_MEMBERS`, and the body's own ([`bedside_web::json`]).
//!
//! No staff session opens it, and a token opens nothing else with its permission. Answers and refusals are in SCIM's own
//! form ([`errors`]).

pub mod errors;
mod groups;
mod list;
pub mod patch;
pub mod path;
mod schemas;
mod users;
mod values;

use self::list::Asked;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::provisioning;
use crate::router::{Access, Route};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bedside_web::Problem;
use serde_json::Value;

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    let access = Access::Token(Permission::PeopleProvision);
    vec![
        Route::get("/scim/v2/ServiceProviderConfig", access, schemas::service),
        Route::get("/scim/v2/ResourceTypes", access, schemas::resource_types),
        Route::get(
            "/scim/v2/ResourceTypes/{name}",
            access,
            schemas::resource_type,
        ),
        Route::get("/scim/v2/Schemas", access, schemas::schemas),
        Route::get("/scim/v2/Schemas/{name}", access, schemas::schema),
        Route::get("/scim/v2/Users", access, users::list),
        Route::post("/scim/v2/Users", access, users::add),
        Route::get("/scim/v2/Users/{id}", access, users::show),
        Route::put("/scim/v2/Users/{id}", access, users::replace),
        Route::patch("/scim/v2/Users/{id}", access, users::change),
        Route::delete("/scim/v2/Users/{id}", access, users::remove),
        Route::get("/scim/v2/Groups", access, groups::list),
        Route::post("/scim/v2/Groups", access, groups::add),
        Route::get("/scim/v2/Groups/{id}", access, groups::show),
        Route::put("/scim/v2/Groups/{id}", access, groups::replace),
        Route::patch("/scim/v2/Groups/{id}", access, groups::change),
        Route::delete("/scim/v2/Groups/{id}", access, groups::remove),
    ]
}

/// An answer in SCIM's media type.
fn answer(status: StatusCode, value: &Value) -> Response {
    let kind = HeaderValue::from_static("application/scim+json");
    (status, [(header::CONTENT_TYPE, kind)], value.to_string()).into_response()
}

fn meta(value: &Value, name: &str) -> Option<HeaderValue> {
    let text = value["meta"][name].as_str().unwrap_or_default();
    HeaderValue::from_str(text).ok()
}

/// The same for one person or group, with its version and, where it was added, its place.
fn resource(status: StatusCode, value: &Value) -> Response {
    let mut answer = answer(status, value);
    let headers = answer.headers_mut();
    headers.extend(meta(value, "version").map(|version| (header::ETAG, version)));
    headers.extend(meta(value, "location").map(|place| (header::LOCATION, place)));
    answer
}

/// The same for one that was asked for: what was asked of it, with the version of the whole.
fn looked_at(asked: &Asked, whole: Value) -> Response {
    let version = meta(&whole, "version");
    let mut answer = answer(StatusCode::OK, &asked.cut(whole));
    let headers = answer.headers_mut();
    headers.extend(version.map(|version| (header::ETAG, version)));
    answer
}

/// The version that a change was made on; what can't be one of ours is none of them.
fn if_match(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default();
    if text.trim() == "*" {
        return None;
    }
    let text = text.trim().trim_start_matches("W/").trim_matches('"');
    Some(text.parse().unwrap_or(-1))
}

/// Notes for the page that shows whether it works what came of a message.
async fn noted(
    app: &App,
    ctx: &Ctx,
    what: &str,
    answer: Result<Response, Problem>,
) -> Result<Response, Problem> {
    let outcome = match &answer {
        Ok(_) => "ok",
        Err(problem) => errors::outcome(problem),
    };
    if let Err(error) = provisioning::note(app, ctx, what, outcome).await {
        tracing::warn!(%error, "what a provider sent was not noted");
    }
    answer
}
