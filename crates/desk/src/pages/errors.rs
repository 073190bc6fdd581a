//! Problems as pages, for people.

use crate::app::App;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

/// Answers a problem with a page where a page was asked for.
pub async fn as_page(State(_app): State<App>, request: Request, next: Next) -> Response {
    next.run(request).await
}
