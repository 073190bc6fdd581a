//! What the service says of itself (RFC 7644 §4): `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`.

use super::list::{Asked, MAX_PAGE};
use super::{answer, groups, noted, users};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::provisioning::BASE;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use bedside_web::Problem;
use serde_json::{Value, json};

fn place(app: &App, of: &str) -> String {
    format!("{}{BASE}/{of}", app.config.public_url)
}

/// `GET /ServiceProviderConfig`.
pub async fn service(ctx: Ctx, State(app): State<App>) -> Result<Response, Problem> {
    let not = json!({ "supported": false });
    let value = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MAX_PAGE },
        "changePassword": not,
        "sort": not,
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "An API token with the permission people:provision.",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": place(&app, "ServiceProviderConfig") },
    });
    noted(&app, &ctx, "read", Ok(answer(StatusCode::OK, &value))).await
}

fn all_types(app: &App) -> Vec<Value> {
    [("User", "Users", users::SCHEMA), ("Group", "Groups", groups::SCHEMA)]
        .map(|(name, at, schema)| {
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
                "id": name,
                "name": name,
                "endpoint": format!("/{at}"),
                "schema": schema,
                "meta": { "resourceType": "ResourceType", "location": place(app, &format!("ResourceTypes/{name}")) },
            })
        })
        .to_vec()
}

/// An attribute of a schema: its name, its type, and whether it must be there, can be changed, and is somebody's alone.
fn attribute(name: &str, kind: &str, (required, writable, unique): (bool, bool, bool)) -> Value {
    json!({
        "name": name,
        "type": kind,
        "multiValued": false,
        "required": required,
        "caseExact": matches!(name, "id" | "externalId"),
        "mutability": if writable { "readWrite" } else { "readOnly" },
        "returned": if name == "id" { "always" } else { "default" },
        "uniqueness": if unique { "server" } else { "none" },
    })
}

fn of_parts(name: &str, multiple: bool, parts: Vec<Value>) -> Value {
    let mut value = attribute(name, "complex", (false, true, false));
    value["multiValued"] = multiple.into();
    value["subAttributes"] = parts.into();
    value
}

fn all_schemas(app: &App) -> Vec<Value> {
    let line = |name| attribute(name, "string", (false, true, false));
    let own = |name| attribute(name, "string", (true, true, true));
    let truth = |name| attribute(name, "boolean", (false, true, false));
    let id = attribute("id", "string", (true, false, true));
    let external = attribute("externalId", "string", (false, true, true));
    let people = vec![
        id.clone(),
        external.clone(),
        own("userName"),
        line("displayName"),
        of_parts(
            "name",
            false,
            vec![line("formatted"), line("givenName"), line("familyName")],
        ),
        of_parts(
            "emails",
            true,
            vec![line("value"), line("type"), truth("primary")],
        ),
        truth("active"),
        line("locale"),
    ];
    let member = vec![
        line("value"),
        line("type"),
        attribute("$ref", "reference", (false, false, false)),
    ];
    let teams = vec![
        id,
        external,
        own("displayName"),
        of_parts("members", true, member),
    ];
    [
        (users::SCHEMA, "User", people),
        (groups::SCHEMA, "Group", teams),
    ]
    .map(|(schema, name, attributes)| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": schema,
            "name": name,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": place(app, &format!("Schemas/{schema}")) },
        })
    })
    .to_vec()
}

fn one_of(all: Vec<Value>, id: &str) -> Result<Response, Problem> {
    let found = all.into_iter().find(|one| one["id"] == id);
    let found = found.ok_or(DeskError::NotFound)?;
    Ok(answer(StatusCode::OK, &found))
}

fn whole(all: Vec<Value>) -> Result<Response, Problem> {
    let page = Asked::of(&Uri::default())?.page(all, |one| one);
    Ok(answer(StatusCode::OK, &page))
}

/// `GET /ResourceTypes`.
pub async fn resource_types(ctx: Ctx, State(app): State<App>) -> Result<Response, Problem> {
    noted(&app, &ctx, "read", whole(all_types(&app))).await
}

/// `GET /ResourceTypes/{name}`.
pub async fn resource_type(
    ctx: Ctx,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    noted(&app, &ctx, "read", one_of(all_types(&app), &name)).await
}

/// `GET /Schemas`.
pub async fn schemas(ctx: Ctx, State(app): State<App>) -> Result<Response, Problem> {
    noted(&app, &ctx, "read", whole(all_schemas(&app))).await
}

/// `GET /Schemas/{name}`.
pub async fn schema(
    ctx: Ctx,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    noted(&app, &ctx, "read", one_of(all_schemas(&app), &name)).await
}
