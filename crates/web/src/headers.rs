//! Security headers on every answer.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use tower::util::MapResponseLayer;

/// What a page may load and do: only what this server itself serves, and nothing inline.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// For files that came from outside: shown, if at all, without script, form or origin.
pub const SANDBOX_POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

const PERMISSIONS_POLICY: &str =
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()";

/// One year, in seconds.
const HSTS: &str = "max-age=31536000; includeSubDomains";

/// A layer that sets the security headers a handler hasn't set itself.
///
/// `https` says whether people reach this server over TLS; only then it asks browsers to insist
/// on it.
pub fn security_headers(https: bool) -> MapResponseLayer<impl Fn(Response) -> Response + Clone> {
    MapResponseLayer::new(move |mut response: Response| {
        let headers = response.headers_mut();
        for (name, value) in DEFAULTS {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
        if https {
            headers
                .entry(header::STRICT_TRANSPORT_SECURITY)
                .or_insert(HeaderValue::from_static(HSTS));
        }
        response
    })
}

const DEFAULTS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        PERMISSIONS_POLICY,
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// Lets the browser forget what it kept of this site, for the answer that ends a session (ASVS 5.0, V14.3.1). Cookies are
/// cleared one by one instead: language and looks are no part of a session.
pub fn forget_site(headers: &mut HeaderMap) {
    let value = HeaderValue::from_static("\"cache\", \"storage\"");
    headers.insert(HeaderName::from_static("clear-site-data"), value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, extract::Request, routing::get};
    use tower::ServiceExt as _;

    async fn answer(https: bool) -> Response {
        let own = || async { ([(header::CACHE_CONTROL, "max-age=60")], "x") };
        Router::new()
            .route("/", get(own))
            .layer(security_headers(https))
            .oneshot(Request::new(Body::empty()))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn all_headers_are_set_and_a_handler_can_decide_otherwise() {
        let response = answer(true).await;
        let headers = response.headers();
        assert_eq!(
            headers[header::CONTENT_SECURITY_POLICY],
            CONTENT_SECURITY_POLICY
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["strict-transport-security"], HSTS);
        assert_eq!(headers[header::CACHE_CONTROL], "max-age=60");
        assert!(
            !answer(false)
                .await
                .headers()
                .contains_key("strict-transport-security")
        );
    }

    #[test]
    fn nothing_inline_and_no_other_host_is_allowed() {
        for word in ["unsafe", "http:", "https:", "*", "\n"] {
            assert!(!CONTENT_SECURITY_POLICY.contains(word), "{word}");
        }
    }
}
