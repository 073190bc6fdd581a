//! Groups: `/Groups`. What a group gives is chosen by an administrator, on the page for it, and not here.

use super::list::{self, Asked};
use super::patch::{self, Kind, Step};
use super::path::{Term, wrong_path};
use super::values::{field, fixed, object, text, wrong};
use super::{answer, if_match, looked_at, noted, resource};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{ProvisionedGroupId, StaffId};
use crate::provisioning::{self, BASE, Group, GroupTold, MAX_MEMBERS, Seek};
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bedside_web::Problem;
use bedside_web::json::Json;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The schema of groups.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn shown(app: &App, group: Group, with_members: bool) -> Value {
    let base = format!("{}{BASE}", app.config.public_url);
    let mut value = json!({
        "schemas": [SCHEMA],
        "id": group.id.to_string(),
        "displayName": group.name,
        "meta": {
            "resourceType": "Group",
            "created": group.created_at.to_string(),
            "lastModified": group.changed_at.to_string(),
            "location": format!("{base}/Groups/{}", group.id),
            "version": format!("W/\"{}\"", group.version),
        },
    });
    if with_members {
        let member = |id: StaffId| json!({ "value": id.to_string(), "type": "User", "$ref": format!("{base}/Users/{id}") });
        value["members"] = group.members.into_iter().map(member).collect();
    }
    if let Some(id) = group.external_id {
        value["externalId"] = id.into();
    }
    value
}

/// The ids of members, as a list, one of them, or by themselves.
fn members(value: &Value) -> Result<BTreeSet<StaffId>, DeskError> {
    let one = |value: &Value| {
        let id = match value {
            Value::Object(member) => field(member, "value").ok_or_else(wrong)?,
            id => id,
        };
        text(id)?.parse().map_err(|_| wrong())
    };
    match value {
        Value::Array(all) if all.len() > MAX_MEMBERS => Err(DeskError::invalid(
            "",
            "too_many",
            "A group has at most 10,000 members.",
        )),
        Value::Array(all) => all.iter().map(one).collect(),
        one_alone => Ok(BTreeSet::from([one(one_alone)?])),
    }
}

fn set(told: &mut GroupTold, step: &Step) -> Result<(), DeskError> {
    let Step {
        kind,
        path,
        value,
        named,
    } = step;
    let gone = *kind == Kind::Remove;
    match (
        path.attribute.as_str(),
        path.sub.as_deref(),
        &path.filter[..],
    ) {
        ("displayname", None, []) if gone => return Err(fixed()),
        ("displayname", None, []) => told.name = text(value)?,
        ("externalid", None, []) if gone => told.external_id = None,
        ("externalid", None, []) => told.external_id = Some(text(value)?),
        ("members", None, []) => match kind {
            Kind::Add => told.members.append(&mut members(value)?),
            Kind::Replace => told.members = members(value)?,
            Kind::Remove if value.is_null() => told.members.clear(),
            Kind::Remove => {
                let went = members(value)?;
                told.members.retain(|one| !went.contains(one));
            }
        },
        ("members", None, [Term { path, value }]) if gone && path.attribute == "value" => {
            let went = members(value)?;
            told.members.retain(|one| !went.contains(one));
        }
        ("id" | "meta" | "schemas", _, []) if *named => return Err(fixed()),
        ("id" | "meta" | "schemas", _, []) => {}
        _ => return Err(wrong_path()),
    }
    Ok(())
}

fn changed(mut told: GroupTold, steps: &[Step]) -> Result<GroupTold, DeskError> {
    for step in steps {
        set(&mut told, step)?;
    }
    Ok(told)
}

fn read(value: &Value) -> Result<GroupTold, DeskError> {
    let object = object(value)?;
    Ok(GroupTold {
        name: text(field(object, "displayName").ok_or_else(wrong)?)?,
        external_id: field(object, "externalId").map(text).transpose()?,
        members: field(object, "members")
            .map(members)
            .transpose()?
            .unwrap_or_default(),
    })
}

/// What a group is looked for by.
enum Want {
    Id(String),
    Name(String),
    External(String),
    Member(String),
}

impl Want {
    fn of(term: &Term) -> Result<Self, DeskError> {
        let said = || text(&term.value).map_err(|_| list::wrong());
        let path = &term.path;
        if !path.filter.is_empty() {
            return Err(list::wrong());
        }
        match (path.attribute.as_str(), path.sub.as_deref()) {
            ("id", None) => Ok(Self::Id(said()?)),
            ("displayname", None) => Ok(Self::Name(said()?)),
            ("externalid", None) => Ok(Self::External(said()?)),
            ("members", None | Some("value")) => Ok(Self::Member(said()?)),
            _ => Err(list::wrong()),
        }
    }

    fn fits(&self, group: &Group) -> bool {
        match self {
            Self::Id(id) => group.id.to_string() == *id,
            Self::Name(name) => group.name.to_lowercase() == name.to_lowercase(),
            Self::External(id) => group.external_id.as_ref() == Some(id),
            Self::Member(id) => group.members.iter().any(|one| one.to_string() == *id),
        }
    }
}

/// `GET /Groups`.
pub async fn list(
    ctx: Ctx,
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Problem> {
    let found = async {
        let asked = Asked::of(&uri)?;
        let wants: Vec<Want> = asked
            .filter
            .iter()
            .map(Want::of)
            .collect::<Result<_, _>>()?;
        let seek = wants.iter().find_map(|want| match want {
            Want::Name(name) => Some(Seek::Name(name.clone())),
            Want::External(id) => Some(Seek::External(id.clone())),
            _ => None,
        });
        let by_member = wants.iter().any(|want| matches!(want, Want::Member(_)));
        let with_members = asked.wants("members");
        let seek = seek.unwrap_or(Seek::All);
        let mut found = provisioning::groups(&app, &ctx, &seek, with_members || by_member).await?;
        found.retain(|group| wants.iter().all(|want| want.fits(group)));
        let page = asked.page(found, |group| shown(&app, group, with_members));
        Ok(answer(StatusCode::OK, &page))
    };
    noted(&app, &ctx, "read", found.await).await
}

fn id_of(id: &str) -> Result<ProvisionedGroupId, DeskError> {
    id.parse().map_err(|_| DeskError::NotFound)
}

/// `GET /Groups/{id}`.
pub async fn show(
    ctx: Ctx,
    State(app): State<App>,
    Path(id): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Problem> {
    let found = async {
        let asked = Asked::of(&uri)?;
        let group = provisioning::group(&app, &ctx, id_of(&id)?).await?;
        Ok(looked_at(&asked, shown(&app, group, true)))
    };
    noted(&app, &ctx, "read", found.await).await
}

/// `POST /Groups`.
pub async fn add(
    ctx: Ctx,
    State(app): State<App>,
    body: Result<Json<Value>, Problem>,
) -> Result<Response, Problem> {
    let done = async {
        let Json(value) = body?;
        let group = provisioning::add_group(&app, &ctx, read(&value)?).await?;
        Ok(resource(StatusCode::CREATED, &shown(&app, group, true)))
    };
    noted(&app, &ctx, "groups.add", done.await).await
}

/// `PUT /Groups/{id}`.
pub async fn replace(
    ctx: Ctx,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Value>, Problem>,
) -> Result<Response, Problem> {
    let done = async {
        let Json(value) = body?;
        let told = read(&value)?;
        let (expected, change) = (if_match(&headers), move |_: GroupTold| Ok(told));
        let group = provisioning::change_group(&app, &ctx, id_of(&id)?, expected, change).await?;
        Ok(resource(StatusCode::OK, &shown(&app, group, true)))
    };
    noted(&app, &ctx, "groups.change", done.await).await
}

/// `PATCH /Groups/{id}`. The answer leaves the members out, who may be many: it has no words.
pub async fn change(
    ctx: Ctx,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Value>, Problem>,
) -> Result<Response, Problem> {
    let done = async {
        let Json(value) = body?;
        let steps = patch::read(&value)?;
        let (expected, change) = (if_match(&headers), move |told| changed(told, &steps));
        provisioning::change_group(&app, &ctx, id_of(&id)?, expected, change).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    noted(&app, &ctx, "groups.change", done.await).await
}

/// `DELETE /Groups/{id}`.
pub async fn remove(
    ctx: Ctx,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let done = async {
        provisioning::remove_group(&app, &ctx, id_of(&id)?, if_match(&headers)).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    noted(&app, &ctx, "groups.remove", done.await).await
}
