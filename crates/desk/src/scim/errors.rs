//! Refusals in SCIM's own form (RFC 7644 §3.12).

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bedside_web::Problem;
use serde_json::json;
use std::sync::Arc;

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The code that says it most exactly: that of the one thing to put right, where there is one.
fn code(problem: &Problem) -> &str {
    match problem.errors() {
        [one, ..] => &one.code,
        [] => problem.code_str(),
    }
}

/// Status and kind of a refusal.
fn kind(problem: &Problem) -> (StatusCode, Option<&'static str>) {
    let bad = StatusCode::BAD_REQUEST;
    match code(problem) {
        "invalid_filter" => (bad, Some("invalidFilter")),
        "invalid_path" => (bad, Some("invalidPath")),
        "no_target" => (bad, Some("noTarget")),
        "mutability" | "last_administrator" | "role_by_hand" => (bad, Some("mutability")),
        "invalid_syntax" | "json_syntax" | "json_too_deep" => (bad, Some("invalidSyntax")),
        "user_name_taken" | "external_id_taken" | "group_name_taken" | "address_taken" => {
            (StatusCode::CONFLICT, Some("uniqueness"))
        }
        "too_many" => (StatusCode::PAYLOAD_TOO_LARGE, None),
        _ if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => (bad, Some("invalidValue")),
        _ => (problem.status(), None),
    }
}

/// What came of a message, as a code for the page that shows the last ones.
pub fn outcome(problem: &Problem) -> &'static str {
    match (code(problem), kind(problem)) {
        ("last_administrator", _) => "last_administrator",
        ("role_by_hand", _) => "role_by_hand",
        ("too_many" | "too_large", _) => "too_many",
        (_, (_, Some("uniqueness"))) => "uniqueness",
        (_, (_, Some("invalidFilter"))) => "invalid_filter",
        (_, (StatusCode::NOT_FOUND, _)) => "not_found",
        (_, (StatusCode::PRECONDITION_FAILED, _)) => "stale",
        (_, (status, _)) if status.is_client_error() => "invalid",
        _ => "failed",
    }
}

fn body(problem: &Problem) -> Response {
    let (status, kind) = kind(problem);
    let detail = match problem.errors() {
        [one, ..] => one.message.as_ref(),
        [] => problem.detail_str().unwrap_or_else(|| problem.title()),
    };
    let mut body = json!({
        "schemas": [SCHEMA],
        "status": status.as_u16().to_string(),
        "detail": detail,
    });
    if let Some(kind) = kind {
        body["scimType"] = kind.into();
    }
    let media = HeaderValue::from_static("application/scim+json");
    (status, [(header::CONTENT_TYPE, media)], body.to_string()).into_response()
}

/// Answers every refusal of this part in SCIM's form, whoever refused.
pub async fn as_scim(request: Request, next: Next) -> Response {
    let here = request.uri().path().starts_with("/scim/");
    let response = next.run(request).await;
    match response.extensions().get::<Arc<Problem>>() {
        Some(problem) if here => {
            let mut answer = body(problem);
            for name in [header::WWW_AUTHENTICATE, header::RETRY_AFTER] {
                if let Some(value) = response.headers().get(&name) {
                    answer.headers_mut().insert(name, value.clone());
                }
            }
            answer
        }
        _ => response,
    }
}
