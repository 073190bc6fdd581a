//! People: `/Users`.

use super::list::{self, Asked};
use super::patch::{self, Kind, Step};
use super::path::{ENTERPRISE, Path as Place, Term, wrong_path};
use super::values::{field, fixed, main_address, object, text, truth, wrong};
use super::{answer, if_match, looked_at, noted, resource};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::provisioning::{self, BASE, Person, PersonTold, Seek};
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bedside_web::json::Json;
use bedside_web::{Locale, Problem};
use serde_json::{Value, json};

/// The schema of people.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Attributes of RFC 7643 that providers send and that nobody needs here. Roles come from groups alone, and no password is
/// taken.
const PASSED_OVER: [&str; 14] = [
    ENTERPRISE,
    "addresses",
    "entitlements",
    "ims",
    "nickname",
    "password",
    "phonenumbers",
    "photos",
    "profileurl",
    "roles",
    "timezone",
    "title",
    "usertype",
    "x509certificates",
];

fn shown(app: &App, person: Person) -> Value {
    let place = format!("{}{BASE}/Users/{}", app.config.public_url, person.id);
    let mut name = json!({ "formatted": person.name });
    for (key, part) in [
        ("givenName", person.given_name),
        ("familyName", person.family_name),
    ] {
        if !part.is_empty() {
            name[key] = part.into();
        }
    }
    let mut value = json!({
        "schemas": [SCHEMA],
        "id": person.id.to_string(),
        "userName": person.user_name,
        "name": name,
        "displayName": person.name,
        "emails": [{ "value": person.email, "type": "work", "primary": true }],
        "active": person.active,
        "locale": person.locale,
        "meta": {
            "resourceType": "User",
            "created": person.created_at.to_string(),
            "lastModified": person.changed_at.to_string(),
            "location": place,
            "version": format!("W/\"{}\"", person.version),
        },
    });
    if let Some(id) = person.external_id {
        value["externalId"] = id.into();
    }
    value
}

/// What becomes of somebody step by step.
struct Draft {
    told: PersonTold,
    /// The name as a whole, where the message has it.
    whole: Option<String>,
}

fn joined(told: &PersonTold) -> String {
    format!("{} {}", told.given_name, told.family_name)
        .trim()
        .to_owned()
}

impl Draft {
    fn set(&mut self, step: &Step) -> Result<(), DeskError> {
        let Step {
            kind,
            path,
            value,
            named,
        } = step;
        let gone = *kind == Kind::Remove;
        match (path.attribute.as_str(), path.sub.as_deref()) {
            ("emails", sub) => return self.set_email(*kind, path, sub, value),
            _ if !path.filter.is_empty() && !PASSED_OVER.contains(&path.attribute.as_str()) => {
                return Err(wrong_path());
            }
            ("username" | "active", None) if gone => return Err(fixed()),
            ("username", None) => self.told.user_name = text(value)?,
            ("active", None) => self.told.active = truth(value)?,
            ("externalid", None) if gone => self.told.external_id = None,
            ("externalid", None) => self.told.external_id = Some(text(value)?),
            ("displayname", None) if gone => self.whole = Some(String::new()),
            ("displayname", None) => self.whole = Some(text(value)?),
            ("name", None) if gone => {
                self.told.given_name.clear();
                self.told.family_name.clear();
            }
            ("name", None) => {
                for (key, part) in object(value)? {
                    self.set_name(&key.to_ascii_lowercase(), part)?;
                }
            }
            ("name", Some(part)) if gone => self.set_name(part, &Value::Null)?,
            ("name", Some(part)) => self.set_name(part, value)?,
            ("locale" | "preferredlanguage", None) if gone => {}
            ("locale" | "preferredlanguage", None) => {
                let tag = text(value)?;
                let language = tag.split(['-', '_']).next().unwrap_or_default();
                // A language that the desk does not speak changes nothing.
                if let Ok(locale) = language.to_ascii_lowercase().parse::<Locale>() {
                    self.told.locale = Some(locale);
                }
            }
            ("id" | "meta" | "schemas" | "groups", _) if *named => return Err(fixed()),
            ("id" | "meta" | "schemas" | "groups", _) => {}
            (other, _) if PASSED_OVER.contains(&other) => {}
            _ => return Err(wrong_path()),
        }
        Ok(())
    }

    fn set_name(&mut self, part: &str, value: &Value) -> Result<(), DeskError> {
        let said = match value {
            Value::Null => String::new(),
            said => text(said)?,
        };
        if said.chars().count() > crate::names::MAX_NAME || !crate::names::one_line(&said) {
            return Err(wrong());
        }
        match part {
            "givenname" => self.told.given_name = said,
            "familyname" => self.told.family_name = said,
            "formatted" if said.is_empty() => {}
            // The name that is shown goes before the one that is put together.
            "formatted" => self.whole = Some(self.whole.take().unwrap_or(said)),
            "middlename" | "honorificprefix" | "honorificsuffix" => {}
            _ => return Err(wrong_path()),
        }
        Ok(())
    }

    /// One address is kept: the one for work, and the primary one.
    fn set_email(
        &mut self,
        kind: Kind,
        path: &Place,
        sub: Option<&str>,
        value: &Value,
    ) -> Result<(), DeskError> {
        let mut ours = true;
        for Term { path, value } in &path.filter {
            match (path.attribute.as_str(), &path.sub) {
                ("type", None) => {
                    ours &= value
                        .as_str()
                        .is_some_and(|kind| kind.eq_ignore_ascii_case("work"));
                }
                ("primary", None) => ours &= truth(value)?,
                ("value", None) => {
                    let current = self.told.email.as_deref().unwrap_or_default();
                    if !value
                        .as_str()
                        .is_some_and(|one| one.eq_ignore_ascii_case(current))
                    {
                        let text = "Nobody here has this address.";
                        return Err(DeskError::invalid("path", "no_target", text));
                    }
                }
                _ => return Err(wrong_path()),
            }
        }
        match sub {
            None | Some("value") if !ours => {}
            None | Some("value") if kind == Kind::Remove => self.told.email = None,
            None => self.told.email = main_address(value)?,
            Some("value") => self.told.email = Some(text(value)?),
            Some("type" | "primary" | "display") => {}
            Some(_) => return Err(wrong_path()),
        }
        Ok(())
    }

    /// What came of it. A name that was put together of its parts is put together anew.
    fn done(self, before: &PersonTold) -> PersonTold {
        let mut told = self.told;
        let parts = joined(&told);
        let whole = self.whole.unwrap_or_else(|| {
            let was_joined = before.name == joined(before) || before.name == before.user_name;
            if was_joined {
                String::new()
            } else {
                before.name.clone()
            }
        });
        told.name = [whole, parts, told.user_name.clone()]
            .into_iter()
            .map(|name| name.trim().to_owned())
            .find(|name| !name.is_empty())
            .unwrap_or_default();
        told
    }
}

/// What a whole resource tells of somebody. What else is in it is passed over.
fn read(value: &Value, active: bool) -> Result<PersonTold, DeskError> {
    let object = object(value)?;
    let blank = PersonTold {
        user_name: text(field(object, "userName").ok_or_else(wrong)?)?,
        external_id: None,
        name: String::new(),
        given_name: String::new(),
        family_name: String::new(),
        email: None,
        locale: None,
        active,
    };
    let mut draft = Draft {
        told: blank.clone(),
        whole: None,
    };
    for name in [
        "externalId",
        "displayName",
        "name",
        "emails",
        "active",
        "preferredLanguage",
        "locale",
    ] {
        if let Some(value) = field(object, name) {
            draft.set(&Step {
                kind: Kind::Replace,
                path: Place {
                    attribute: name.to_ascii_lowercase(),
                    filter: Vec::new(),
                    sub: None,
                },
                value: value.clone(),
                named: false,
            })?;
        }
    }
    Ok(draft.done(&blank))
}

/// What the steps make of what was told before.
fn changed(before: &PersonTold, steps: &[Step]) -> Result<PersonTold, DeskError> {
    let mut draft = Draft {
        told: before.clone(),
        whole: None,
    };
    for step in steps {
        draft.set(step)?;
    }
    Ok(draft.done(before))
}

/// What somebody is looked for by.
enum Want {
    Id(String),
    UserName(String),
    External(String),
    Name(String),
    Email(String),
    Active(bool),
}

impl Want {
    fn of(term: &Term) -> Result<Self, DeskError> {
        let said = || text(&term.value).map_err(|_| list::wrong());
        let path = &term.path;
        let work = |one: &Term| one.path.attribute == "type" && one.value == "work";
        match (path.attribute.as_str(), path.sub.as_deref()) {
            ("emails", None | Some("value")) if path.filter.iter().all(work) => {
                Ok(Self::Email(said()?))
            }
            _ if !path.filter.is_empty() => Err(list::wrong()),
            ("id", None) => Ok(Self::Id(said()?)),
            ("username", None) => Ok(Self::UserName(said()?)),
            ("externalid", None) => Ok(Self::External(said()?)),
            ("displayname", None) | ("name", Some("formatted")) => Ok(Self::Name(said()?)),
            ("active", None) => Ok(Self::Active(truth(&term.value).map_err(|_| list::wrong())?)),
            _ => Err(list::wrong()),
        }
    }

    /// How it is written counts for the provider's own numbers alone.
    fn fits(&self, person: &Person) -> bool {
        let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
        match self {
            Self::Id(id) => person.id.to_string() == *id,
            Self::UserName(name) => same(&person.user_name, name),
            Self::External(id) => person.external_id.as_ref() == Some(id),
            Self::Name(name) => same(&person.name, name),
            Self::Email(email) => same(&person.email, email),
            Self::Active(active) => person.active == *active,
        }
    }
}

/// `GET /Users`.
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
            Want::UserName(name) => Some(Seek::Name(name.clone())),
            Want::External(id) => Some(Seek::External(id.clone())),
            _ => None,
        });
        let mut found = provisioning::people(&app, &ctx, &seek.unwrap_or(Seek::All)).await?;
        found.retain(|person| wants.iter().all(|want| want.fits(person)));
        let page = asked.page(found, |person| shown(&app, person));
        Ok(answer(StatusCode::OK, &page))
    };
    noted(&app, &ctx, "read", found.await).await
}

/// An id that is none is nobody's.
fn id_of(id: &str) -> Result<StaffId, DeskError> {
    id.parse().map_err(|_| DeskError::NotFound)
}

/// `GET /Users/{id}`.
pub async fn show(
    ctx: Ctx,
    State(app): State<App>,
    Path(id): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Problem> {
    let found = async {
        let asked = Asked::of(&uri)?;
        let person = provisioning::person(&app, &ctx, id_of(&id)?).await?;
        Ok(looked_at(&asked, shown(&app, person)))
    };
    noted(&app, &ctx, "read", found.await).await
}

/// `POST /Users`.
pub async fn add(
    ctx: Ctx,
    State(app): State<App>,
    body: Result<Json<Value>, Problem>,
) -> Result<Response, Problem> {
    let done = async {
        let Json(value) = body?;
        let person = provisioning::add_person(&app, &ctx, read(&value, true)?).await?;
        Ok(resource(StatusCode::CREATED, &shown(&app, person)))
    };
    noted(&app, &ctx, "people.add", done.await).await
}

/// `PUT /Users/{id}`.
pub async fn replace(
    ctx: Ctx,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Value>, Problem>,
) -> Result<Response, Problem> {
    let done = async {
        let Json(value) = body?;
        let change = move |before: PersonTold| read(&value, before.active);
        let expected = if_match(&headers);
        let person = provisioning::change_person(&app, &ctx, id_of(&id)?, expected, change).await?;
        Ok(resource(StatusCode::OK, &shown(&app, person)))
    };
    noted(&app, &ctx, "people.change", done.await).await
}

/// `PATCH /Users/{id}`.
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
        let change = move |before: PersonTold| changed(&before, &steps);
        let expected = if_match(&headers);
        let person = provisioning::change_person(&app, &ctx, id_of(&id)?, expected, change).await?;
        Ok(resource(StatusCode::OK, &shown(&app, person)))
    };
    noted(&app, &ctx, "people.change", done.await).await
}

/// `DELETE /Users/{id}`.
pub async fn remove(
    ctx: Ctx,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let done = async {
        provisioning::remove_person(&app, &ctx, id_of(&id)?, if_match(&headers)).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    noted(&app, &ctx, "people.remove", done.await).await
}
