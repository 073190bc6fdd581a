//! What operators ask, and the description of the API.

use crate::common::{Desk, both_engines};
use crate::fixtures::{ALL, Things};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use bedside_desk::router::router;
use std::net::SocketAddr;
use tower::ServiceExt;

async fn figures(desk: &Desk, peer: &str, header: Option<&str>) -> u16 {
    let peer: SocketAddr = peer.parse().unwrap();
    let mut request = Request::get("/metrics").extension(ConnectInfo(peer));
    if let Some(name) = header {
        request = request.header(name, "203.0.113.9");
    }
    router(&desk.app)
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
        .status()
        .as_u16()
}

both_engines! {
    async fn a_desk_says_how_it_is(desk: Desk) {
        let nobody = desk.stranger();
        nobody.get("/healthz").await.expect(200);
        let ready = nobody.get("/readyz").await.expect(200).json();
        assert_eq!(ready, serde_json::json!({ "ready": true, "reasons": [] }));
        assert!(nobody.get("/robots.txt").await.expect(200).text().contains("Disallow: /"));
    }

    async fn figures_tell_nothing_of_anybody(desk: Desk) {
        let things = Things::new(&desk.client(ALL).await, "rosa").await;
        desk.stranger().get("/metrics").await.expect(401);
        desk.client("tickets:read").await.get("/metrics").await.expect(403);
        let text = desk.client("settings:read").await.get("/metrics").await.expect(200).text();
        for name in [
            "bedside_http_requests_total{route=\"/api/v1/tickets\",method=\"POST\",status=\"201\"}",
            "bedside_http_request_seconds_bucket{",
            "bedside_tickets_created_total",
            "bedside_mails_received_total",
            "bedside_mails_sent_total",
            "bedside_mails_failed_total",
            "bedside_events_total{kind=\"message.added\"}",
            "bedside_jobs_waiting",
            "bedside_jobs_parked",
            "bedside_search_lag_events",
            "bedside_sqlite_writes_waiting",
        ] {
            assert!(text.contains(name), "{name} is not in\n{text}");
        }
        for secret in [&things.ticket, &things.contact, &desk.organisation.to_string(), "patient.example", "Alvarez"] {
            assert!(!text.contains(secret), "{secret}");
        }
        assert_eq!(figures(&desk, "127.0.0.1:5000", None).await, 200);
        assert_eq!(figures(&desk, "[::1]:5000", None).await, 200);
        assert_eq!(figures(&desk, "192.0.2.7:5000", None).await, 401);
        for proxy in ["x-forwarded-for", "forwarded", "via"] {
            assert_eq!(figures(&desk, "127.0.0.1:5000", Some(proxy)).await, 401);
        }
    }

    async fn the_description_and_its_viewer_are_served(desk: Desk) {
        let nobody = desk.stranger();
        let document = nobody.get("/openapi.json").await.expect(200);
        assert_eq!(document.header("content-type"), Some("application/json"));
        assert_eq!(document.json()["openapi"], "3.1.0");
        let page = nobody.get("/docs").await.expect(200);
        assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'"));
        let text = page.text();
        assert!(!text.contains("<style") && !text.contains("http://") && !text.contains("https://"), "{text}");
        for part in text.split("=\"/assets/").skip(1) {
            let name = part.split('"').next().unwrap();
            nobody.get(&format!("/assets/{name}")).await.expect(200);
        }
        assert_eq!(text.matches("=\"/assets/").count(), 6);
    }

    async fn every_answer_has_a_number_of_its_own(desk: Desk) {
        let nobody = desk.stranger();
        let one = nobody.get("/healthz").await.header("x-request-id").unwrap().to_owned();
        let other = nobody.get("/nothing-here").await.expect(404);
        assert_ne!(other.header("x-request-id").unwrap(), one);
    }
}
