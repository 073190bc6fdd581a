//! Lists (RFC 7644 §3.4.2) and which attributes of an answer are asked for (§3.9).

use crate::error::DeskError;
use crate::scim::path::{self, Term};
use axum::http::Uri;
use bedside_web::{Problem, query};
use serde::Deserialize;
use serde_json::{Value, json};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Entries of a page, where nobody says how many.
const PAGE: usize = 100;
/// Entries of a page at most.
pub const MAX_PAGE: usize = 200;

/// What is asked for. What else stands in the query (an order, say) is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
}

/// The same, read.
#[derive(Debug, Default)]
pub struct Asked {
    /// Comparisons that all have to hold.
    pub filter: Vec<Term>,
    /// How many come before the page.
    skip: usize,
    /// How many are on it at most.
    count: usize,
    only: Option<Vec<String>>,
    without: Vec<String>,
}

/// Names of attributes in small letters, each without what it says beyond the first dot.
fn names(list: &str) -> Vec<String> {
    let name = |name: &str| {
        let name = name.trim().rsplit(':').next().unwrap_or_default();
        name.split('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    list.split(',').map(name).collect()
}

impl Asked {
    /// Reads the query of an address.
    pub fn of(uri: &Uri) -> Result<Self, Problem> {
        let raw: Raw = query::read(uri)?;
        let filter = match raw.filter.as_deref() {
            Some(text) => path::filter(text)?,
            None => Vec::new(),
        };
        // What is less than one is one, and no count is less than nothing (§3.4.2.4).
        let skip = raw.start_index.unwrap_or(1).saturating_sub(1);
        let count = raw
            .count
            .map_or(PAGE, |count| usize::try_from(count).unwrap_or(0));
        Ok(Self {
            filter,
            skip: usize::try_from(skip).unwrap_or(0),
            count: count.min(MAX_PAGE),
            only: raw.attributes.as_deref().map(names),
            without: raw
                .excluded_attributes
                .as_deref()
                .map(names)
                .unwrap_or_default(),
        })
    }

    /// Whether an attribute is to be in the answer.
    pub fn wants(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let only = self.only.as_ref();
        only.is_none_or(|only| only.contains(&name)) && !self.without.contains(&name)
    }

    /// An answer with what is asked for; what it is and its id are always there.
    pub fn cut(&self, mut value: Value) -> Value {
        if let Value::Object(fields) = &mut value {
            fields.retain(|name, _| matches!(name.as_str(), "schemas" | "id") || self.wants(name));
        }
        value
    }

    /// The page of everything that was found.
    pub fn page<T>(&self, found: Vec<T>, shown: impl Fn(T) -> Value) -> Value {
        let total = found.len();
        let page = found.into_iter().skip(self.skip).take(self.count);
        let page: Vec<Value> = page.map(|one| self.cut(shown(one))).collect();
        json!({
            "schemas": [SCHEMA],
            "totalResults": total,
            "startIndex": self.skip + 1,
            "itemsPerPage": page.len(),
            "Resources": page,
        })
    }
}

/// A comparison with what nothing here has.
pub fn wrong() -> DeskError {
    DeskError::invalid(
        "filter",
        "invalid_filter",
        "Nothing here can be looked for by this attribute or value.",
    )
}
