//! The browser side, embedded: scripts, styles, icons and the API documentation's viewer.
//!
//! The build bundles `assets/` and names every file after its content, so browsers may keep it
//! forever. Everything is stored compressed as well, and sent so to whoever accepts it.

use std::future::{Ready, ready};

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use crate::Problem;

/// Where the assets are served.
pub const PREFIX: &str = "/assets/";

/// One embedded file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its name in code, such as `app.js`.
    pub name: &'static str,
    /// Its address, such as `/assets/app-1f2e3d4c5b.js`.
    pub path: &'static str,
    /// Media type.
    pub content_type: &'static str,
    /// The content's hash as it stands in the address, also good as an entity tag.
    pub hash: &'static str,
    /// The content.
    pub bytes: &'static [u8],
    /// The content, gzipped.
    pub gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The asset with this name in code (`app.js`) or with this served name (`app-1f2e3d4c5b.js`).
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS
        .iter()
        .find(|asset| asset.name == name || &asset.path[PREFIX.len()..] == name)
}

/// The address of an asset, such as `/assets/app-1f2e3d4c5b.js` for `app.js`.
///
/// # Panics
///
/// With debug assertions when there is no such asset; otherwise an address that isn't found.
pub fn path(name: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    debug_assert!(found.is_some(), "there is no asset called {name}");
    found.map_or("/assets/none", |asset| asset.path)
}

/// All assets.
pub fn all() -> &'static [Asset] {
    ASSETS
}

/// Serves `GET /assets/{name}` by served name, to be kept by browsers for good.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape of an axum handler"
)]
pub fn serve(Path(name): Path<String>, headers: HeaderMap) -> Ready<Response> {
    let found = ASSETS
        .iter()
        .find(|asset| asset.path[PREFIX.len()..] == name);
    ready(found.map_or_else(
        || Problem::not_found().into_response(),
        |asset| answer(asset, &headers, "public, max-age=31536000, immutable"),
    ))
}

/// Serves one asset under a fixed address that can't carry a hash, such as `/favicon.ico`.
///
/// Browsers ask again after a day.
pub fn serve_fixed(name: &str, headers: &HeaderMap) -> Response {
    match asset(name) {
        Some(asset) => answer(asset, headers, "public, max-age=86400"),
        None => Problem::not_found().into_response(),
    }
}

fn answer(asset: &'static Asset, request: &HeaderMap, cache: &'static str) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", asset.hash)).expect("a hash is hexadecimal");
    let common = [
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
        (header::ETAG, tag.clone()),
    ];
    if request.get(header::IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static(asset.content_type),
    )];
    if accepts_gzip(request) && asset.gzip.len() < asset.bytes.len() {
        let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        (common, kind, encoding, Bytes::from_static(asset.gzip)).into_response()
    } else {
        (common, kind, Bytes::from_static(asset.bytes)).into_response()
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
            name.trim().eq_ignore_ascii_case("gzip") && !matches!(quality.trim(), "q=0" | "q=0.0")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, extract::Request, routing::get};
    use tower::ServiceExt as _;

    async fn fetch(path: &str, name: header::HeaderName, value: &str) -> Response {
        let request = Request::builder()
            .uri(path)
            .header(name, value)
            .body(Body::empty())
            .unwrap();
        Router::new()
            .route("/assets/{name}", get(serve))
            .oneshot(request)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn assets_are_kept_for_good_under_hashed_names() {
        let response = fetch(path("app.js"), header::ACCEPT_ENCODING, "br, gzip;q=0.9").await;
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(
            response.headers()[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let tag = response.headers()[header::ETAG]
            .to_str()
            .unwrap()
            .to_owned();
        let again = fetch(path("app.js"), header::IF_NONE_MATCH, &tag).await;
        assert_eq!(again.status(), 304);
        let plain = fetch(path("app.css"), header::ACCEPT_ENCODING, "gzip;q=0").await;
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(
            fetch("/assets/app.js", header::ACCEPT, "*/*")
                .await
                .status(),
            404
        );
    }

    #[test]
    fn every_asset_a_page_needs_is_there() {
        for name in [
            "app.js",
            "app.css",
            "public.js",
            "public.css",
            "icons.svg",
            "logo.svg",
            "favicon.svg",
            "swagger-ui.css",
            "swagger-ui-bundle.js",
            "swagger-ui-standalone-preset.js",
            "docs.js",
            "docs.css",
        ] {
            let found = asset(name).unwrap_or_else(|| panic!("{name}"));
            assert!(
                found.path.contains(found.hash) && !found.bytes.is_empty(),
                "{name}"
            );
            assert_eq!(asset(&found.path[PREFIX.len()..]), Some(found));
        }
    }

    #[test]
    fn the_patient_side_stays_small() {
        let size = |name| asset(name).unwrap().gzip.len();
        let sum = size("public.js") + size("public.css");
        assert!(
            sum < 15 * 1024,
            "public.js and public.css are {sum} bytes gzipped"
        );
    }

    #[test]
    fn the_patient_side_evaluates_no_text_as_code() {
        let script = String::from_utf8_lossy(asset("public.js").unwrap().bytes);
        assert!(!script.contains("eval(") && !script.contains("new Function"));
    }
}
