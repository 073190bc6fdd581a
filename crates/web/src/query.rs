//! Query strings, read into a type.

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{pairs, problem::Problem};

/// Longest query string that is read, in bytes.
pub const LIMIT: usize = 8 * 1024;

/// The query string as a `T`; repeated keys fill a `Vec`, empty values are `None`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// Reads the query of `uri`.
pub fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let query = uri.query().unwrap_or("");
    if query.len() > LIMIT {
        return Err(Problem::too_large(LIMIT));
    }
    pairs::read(query.as_bytes())
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.uri).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Page {
        limit: Option<u8>,
    }

    #[test]
    fn a_query_is_read_within_its_limit() {
        let page: Page = read(&Uri::from_static("/tickets?limit=50")).unwrap();
        assert_eq!(page.limit, Some(50));
        assert!(
            read::<Page>(&Uri::from_static("/tickets"))
                .unwrap()
                .limit
                .is_none()
        );
        let long: Uri = format!("/tickets?x={}", "y".repeat(LIMIT)).parse().unwrap();
        assert_eq!(read::<Page>(&long).err().unwrap().status(), 413);
    }
}
