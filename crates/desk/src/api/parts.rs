//! What the rooms of the API share: ids in paths, pages of lists, times, versions, and fields that can be emptied.

use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bedside_db::{Id, Timestamp};
use bedside_web::etag::{self, Expected};
use bedside_web::json::Json;
use bedside_web::{Locale, Problem, cursor};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a handler gives back.
pub(super) type Answer<T> = Result<T, Problem>;

/// Rows of a page when the client names no number.
const USUAL: i64 = 50;
/// Rows of a page at most.
const MOST: i64 = 100;

/// The ids in a path, in their order. One that can't be an id is not found, like one that is not there.
pub(super) struct InPath<T>(pub T);

async fn ids<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Vec<String>, Problem> {
    let found = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::not_found())?;
    Ok(found.iter().map(|(_, value)| value.to_owned()).collect())
}

impl<T, S: Send + Sync> FromRequestParts<S> for InPath<Id<T>> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = ids(parts, state).await?;
        found
            .first()
            .and_then(|id| id.parse().ok())
            .map(Self)
            .ok_or_else(Problem::not_found)
    }
}

impl<A, B, S: Send + Sync> FromRequestParts<S> for InPath<(Id<A>, Id<B>)> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match ids(parts, state).await?.as_slice() {
            [one, other] => match (one.parse(), other.parse()) {
                (Ok(one), Ok(other)) => Ok(Self((one, other))),
                _ => Err(Problem::not_found()),
            },
            _ => Err(Problem::not_found()),
        }
    }
}

/// A path's only part as it stands there, for ids that have a second spelling.
impl<S: Send + Sync> FromRequestParts<S> for InPath<String> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        ids(parts, state)
            .await?
            .into_iter()
            .next()
            .map(Self)
            .ok_or_else(Problem::not_found)
    }
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Page<T: ToSchema> {
    /// The rows.
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Rows that a client asked for: 1 to 100.
pub(super) fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    match asked.unwrap_or(USUAL) {
        fine @ 1..=MOST => Ok(fine),
        _ => Err(Problem::invalid_field(
            "limit",
            "out_of_range",
            "Ask for 1 to 100 rows.",
        )),
    }
}

/// Which page of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Rows, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// The page of rows that were read with one more than `limit`, which tells whether there are more. `place` says where a
/// row stands.
pub(super) fn page_of<T, O, P>(
    app: &App,
    ctx: &Ctx,
    list: &str,
    mut found: Vec<T>,
    limit: i64,
    place: impl Fn(&T) -> P,
) -> Json<Page<O>>
where
    O: From<T> + ToSchema,
    P: Serialize,
{
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| cursor(app, ctx, list, &place(last)));
    Json(Page {
        items: found.into_iter().map(Into::into).collect(),
        next,
    })
}

/// The position behind a cursor of `list`. It holds for the client's organisation alone.
pub(super) fn position<T: DeserializeOwned>(
    app: &App,
    ctx: &Ctx,
    list: &str,
    cursor: Option<&str>,
) -> Result<Option<T>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    cursor::decode(&name(ctx, list), text, &app.keyring.web_mac())
        .map(Some)
        .map_err(|error| {
            Problem::bad_request("Start again without a cursor.")
                .code("invalid_cursor")
                .private(error.to_string())
        })
}

/// The cursor for `position` in `list`.
pub(super) fn cursor<T: Serialize>(app: &App, ctx: &Ctx, list: &str, position: &T) -> String {
    cursor::encode(&name(ctx, list), position, &app.keyring.web_mac())
}

fn name(ctx: &Ctx, list: &str) -> String {
    format!("{}/{list}", ctx.organisation)
}

/// An instant as the API writes and reads it.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-05-31T09:30:00Z")]
pub(super) struct Instant(pub Timestamp);

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at: jiff::Timestamp = text
            .parse()
            .map_err(|_| serde::de::Error::custom("not an instant"))?;
        Ok(Self(at.into()))
    }
}

/// Reads a field that `null` empties: absent is `None`, `null` is `Some(None)`.
#[expect(
    clippy::option_option,
    reason = "absent, emptied and set are three things"
)]
pub(super) fn emptied<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A language tag that was sent.
pub(super) fn language(tag: Option<&str>) -> Result<Option<Locale>, Problem> {
    tag.map(|tag| {
        tag.parse()
            .map_err(|_| Problem::invalid_field("language", "unknown_language", "Use en or es."))
    })
    .transpose()
}

/// The one version that a change was made on.
pub(super) fn version(headers: &HeaderMap) -> Result<i64, Problem> {
    match etag::if_match(headers)? {
        Expected::Version(version) => Ok(version),
        Expected::Any => Err(Problem::bad_request(
            "Send If-Match with the one ETag you got when reading.",
        )
        .code("if_match")),
    }
}

/// The version that a change was made on, where the client names one.
pub(super) fn seen(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    headers
        .contains_key(header::IF_MATCH)
        .then(|| version(headers))
        .transpose()
}

/// Something that has a version, with its entity tag.
pub(super) struct Versioned<T>(pub i64, pub T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let tag: HeaderValue = etag::etag(self.0);
        ([(header::ETAG, tag)], Json(self.1)).into_response()
    }
}

/// The new version of what was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct Changed {
    /// Its version now; also the `ETag`.
    #[schema(example = 4)]
    pub version: i64,
}

impl Changed {
    pub(super) const fn to(version: i64) -> Versioned<Self> {
        Versioned(version, Self { version })
    }
}

/// Something new.
#[derive(Serialize, ToSchema)]
pub(super) struct Made {
    /// Its id.
    pub id: Uuid,
}

impl Made {
    /// The answer for something new that is read at `folder/id`.
    pub(super) fn at<T>(folder: &str, id: Id<T>) -> Response {
        created(&format!("{folder}/{id}"), &Self { id: id.uuid() })
    }
}

/// The answer for something new that is read at `place`.
pub(super) fn created(place: &str, body: &impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// The answer when there is nothing to say.
pub(super) const DONE: StatusCode = StatusCode::NO_CONTENT;

/// What this desk refuses without asking a service.
pub(super) fn one_of(field: &'static str, text: &'static str) -> Problem {
    DeskError::invalid(field, "choose_one", text).into()
}
