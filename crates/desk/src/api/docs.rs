//! The description of the API, its viewer, and what robots are told.

use super::openapi;
use crate::router::{Access, Route};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use bedside_web::assets;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/openapi.json", Access::Public, document),
        Route::get("/docs", Access::Public, viewer),
        Route::get("/robots.txt", Access::Public, robots),
    ]
}

async fn document() -> Response {
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    (kind, openapi::text()).into_response()
}

async fn viewer() -> Html<String> {
    let path = assets::path;
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Bedside API</title>\n\
         <link rel=\"icon\" href=\"{}\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"{}\">\n<link rel=\"stylesheet\" href=\"{}\">\n\
         <script src=\"{}\" defer></script>\n<script src=\"{}\" defer></script>\n<script src=\"{}\" defer></script>\n\
         </head>\n<body>\n<main id=\"swagger-ui\" data-url=\"/openapi.json\">\n\
         <noscript>The viewer needs JavaScript. The description itself is at \
         <a href=\"/openapi.json\">/openapi.json</a>.</noscript>\n</main>\n</body>\n</html>\n",
        path("favicon.svg"),
        path("swagger-ui.css"),
        path("docs.css"),
        path("swagger-ui-bundle.js"),
        path("swagger-ui-standalone-preset.js"),
        path("docs.js"),
    ))
}

/// A desk is nobody's search result.
async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /\n"
}
