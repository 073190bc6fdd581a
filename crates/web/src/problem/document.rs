//! How a problem looks on the wire.

use serde::Serialize;
use serde_json::{Map, Value};

use super::FieldError;

/// The JSON document of a [`Problem`].
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(super) struct Body<'a> {
    /// `urn:bedside:problem:` followed by the code.
    pub(super) r#type: String,
    /// HTTP status code.
    pub(super) status: u16,
    /// Stable, machine-readable reason. Clients decide by this one.
    pub(super) code: &'a str,
    /// The kind of problem in a few plain words.
    pub(super) title: &'a str,
    /// What happened this time and what helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<&'a str>,
    /// What to correct, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: &'a Vec<FieldError>,
    #[serde(flatten)]
    #[schema(ignore)]
    pub(super) members: &'a Map<String, Value>,
}
