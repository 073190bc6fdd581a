//! The last handler: what panics while a request is answered ends in an answer, not in a connection that breaks off.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;

use crate::Problem;

/// Answers a panic with the plain 500 of [`Problem::internal`]. What the panic says may quote what was being worked on,
/// so it reaches neither the answer nor the log; where it happened is told by the program's panic hook.
pub async fn resort(request: Request, next: Next) -> Response {
    // Nothing of the request is looked at again after a panic: its future is dropped with all that it held.
    AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Problem::internal("a handler panicked").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use axum::{Router, middleware};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    async fn breaks() -> &'static str {
        panic!("Zebrafinch Oriolebird");
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_without_its_words() {
        let service = Router::new()
            .route("/", get(breaks))
            .layer(middleware::from_fn(resort));
        let asked = Request::new(Body::empty());
        let answer = service.oneshot(asked).await.unwrap();
        assert_eq!(answer.status(), 500);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains("\"internal\""), "{text}");
        assert!(!text.contains("Zebrafinch"), "{text}");
    }
}
