//! What operators ask, and the description of the API.

use crate::common::{Desk, Engine, both_engines};
use crate::fixtures::{self, Things};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use bedside_db::{DbError, Statement, args, statements};
use bedside_desk::audit_log::NewEntry;
use bedside_desk::error::DeskError;
use bedside_desk::router::router;
use bedside_desk::storage::REMEMBERED;
use futures_util::FutureExt;
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

statements! {
    /// No page more: what a full disk is to the embedded engine.
    FULL = "PRAGMA max_page_count = 1";
    /// Room again.
    ROOMY = "PRAGMA max_page_count = 1000000";
    /// What a server says whose disk is full.
    NO_ROOM = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN RAISE EXCEPTION ''no room'' USING ERRCODE = ''53100''; END'";
    /// Says so to whoever writes.
    TRIGGER = "CREATE TRIGGER no_room BEFORE UPDATE ON schema_versions FOR EACH ROW EXECUTE FUNCTION no_room()";
    /// Room again.
    NO_TRIGGER = "DROP TRIGGER no_room ON schema_versions";
    /// What a server says that takes nothing, and what the embedded engine says for a reason of its own.
    ONLY_READS = "CREATE FUNCTION only_reads() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN RAISE EXCEPTION ''cannot execute UPDATE'' USING ERRCODE = ''25006''; END'";
    ONLY_READS_POSTGRES = "CREATE TRIGGER only_reads BEFORE UPDATE ON schema_versions FOR EACH ROW EXECUTE FUNCTION only_reads()";
    ONLY_READS_SQLITE = "CREATE TRIGGER only_reads BEFORE UPDATE ON schema_versions BEGIN SELECT RAISE(ABORT, 'no'); END";
    /// A row each time that somebody found out whether there is room.
    TOUCHES = "CREATE TABLE touches (version BIGINT)";
    COUNT_SQLITE = "CREATE TRIGGER touches AFTER UPDATE ON schema_versions BEGIN INSERT INTO touches VALUES (1); END";
    COUNT_FUNCTION = "CREATE FUNCTION touches() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN INSERT INTO touches VALUES (1); RETURN NULL; END'";
    COUNT_POSTGRES = "CREATE TRIGGER touches AFTER UPDATE ON schema_versions FOR EACH ROW EXECUTE FUNCTION touches()";
    TOUCHED = "SELECT COUNT(*) FROM touches";
    /// A large desk, of which the index has to be built anew.
    FAR_BEHIND = "UPDATE counters SET event_sequence = event_sequence + 1000000";
}

async fn execute(desk: &Desk, statement: Statement) {
    let ran = desk.app.db.write::<_, DbError, _>(move |tx| {
        async move { tx.query(statement, args![], |_| Ok(())).await.map(drop) }.boxed()
    });
    ran.await.unwrap();
}

/// Nothing can be stored any more, and the desk has met with that or is about to.
async fn take_the_room(desk: &Desk) {
    if desk.engine == Engine::Postgres {
        execute(desk, NO_ROOM).await;
        execute(desk, TRIGGER).await;
        desk.clock.advance(REMEMBERED);
        return;
    }
    execute(desk, FULL).await;
    for _ in 0..1_000 {
        let entry =
            NewEntry::new("ticket.read", "ticket", desk.organisation).detail(&"x".repeat(1_000));
        match desk.app.audit(&desk.system(), entry).await {
            Ok(()) => {}
            Err(DeskError::Storage(_)) => return,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk is never full");
}

both_engines! {
    async fn a_desk_says_how_it_is(desk: Desk) {
        let nobody = desk.stranger();
        nobody.get("/healthz").await.expect(200);
        let ready = nobody.get("/readyz").await.expect(200).json();
        assert_eq!(ready, serde_json::json!({ "ready": true, "reasons": [] }));
        assert!(nobody.get("/robots.txt").await.expect(200).text().contains("Disallow: /"));
    }

    async fn a_desk_that_builds_its_search_anew_is_ready(desk: Desk) {
        execute(&desk, FAR_BEHIND).await;
        desk.stranger().get("/readyz").await.expect(200);
        let client = desk.client("settings:read").await;
        let told = client.get("/metrics").await.expect(200).text();
        let lag = told.lines().find_map(|line| line.strip_prefix("bedside_search_lag_events ")).unwrap();
        assert!(lag.parse::<f64>().unwrap() >= 1e6, "{lag}");
    }

    async fn a_desk_without_room_is_not_ready_until_there_is_some(desk: Desk) {
        let nobody = desk.stranger();
        nobody.get("/readyz").await.expect(200);
        take_the_room(&desk).await;
        for _ in 0..3 {
            let refused = nobody.get("/readyz").await.expect(503);
            assert_eq!(refused.header("content-type").unwrap(), "application/problem+json");
            assert_eq!(refused.json()["code"], "storage_full");
        }
        execute(&desk, if desk.engine == Engine::Sqlite { ROOMY } else { NO_TRIGGER }).await;
        desk.clock.advance(REMEMBERED - 1);
        nobody.get("/readyz").await.expect(503);
        desk.clock.advance(1);
        nobody.get("/readyz").await.expect(200);
        desk.audit_is_whole().await;
    }

    async fn a_desk_that_can_not_store_for_any_reason_is_not_ready(desk: Desk) {
        let statements = if desk.engine == Engine::Sqlite { &[ONLY_READS_SQLITE][..] } else { &[ONLY_READS, ONLY_READS_POSTGRES][..] };
        for statement in statements {
            execute(&desk, *statement).await;
        }
        desk.clock.advance(REMEMBERED);
        let told = desk.stranger().get("/readyz").await.expect(503).json();
        assert_eq!(told, serde_json::json!({ "ready": false, "reasons": ["Nothing can be stored now."] }));
    }

    async fn whoever_asks_often_makes_few_writes(desk: Desk) {
        let nobody = desk.stranger();
        let touched = async || -> i64 {
            let mut conn = desk.app.read().await.unwrap();
            conn.query_one(TOUCHED, args![], |row| row.get(0)).await.unwrap()
        };
        for statement in if desk.engine == Engine::Sqlite { &[TOUCHES, COUNT_SQLITE][..] } else { &[TOUCHES, COUNT_FUNCTION, COUNT_POSTGRES][..] } {
            execute(&desk, *statement).await;
        }
        desk.clock.advance(REMEMBERED);
        for _ in 0..20 {
            nobody.get("/readyz").await.expect(200);
        }
        assert_eq!(touched().await, 1);
        desk.clock.advance(REMEMBERED);
        desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        nobody.get("/readyz").await.expect(200);
        assert_eq!(touched().await, 1, "what was stored shows it already");
    }

    async fn figures_tell_nothing_of_anybody(desk: Desk) {
        let things = Things::new(&desk.client(fixtures::ALL).await, "rosa").await;
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

    // Two types of one name would be described as one.
    async fn each_field_of_codes_is_described_with_its_own(desk: Desk) {
        let document = desk.stranger().get("/openapi.json").await.expect(200).json();
        let schemas = &document["components"]["schemas"];
        for (of, field, codes) in [
            ("AddressIn", "kind", &["email", "phone"][..]),
            ("ConsentIn", "source", &["form", "mail", "agent", "portal", "paper", "stop_word", "unsubscribe"]),
            ("ConsentIn", "decision", &["given", "refused", "withdrawn"]),
            ("AcknowledgementIn", "source", &["page", "phone", "paper"]),
            (
                "PrivacyRequestIn",
                "kind",
                &["access", "copy", "amendment", "restriction", "erasure", "accounting", "objection", "complaint", "communications"],
            ),
        ] {
            let described = &schemas[of]["properties"][field];
            let name = described["$ref"].as_str().and_then(|name| name.rsplit('/').next());
            let name = name.unwrap_or_else(|| panic!("{of}.{field}: {described}"));
            let listed: Vec<&str> = schemas[name]["enum"].as_array().unwrap().iter().filter_map(|code| code.as_str()).collect();
            assert_eq!(listed, codes, "{of}.{field}");
        }
        for (one, other, field) in [
            ("RepresentativeOut", "PrivacyRequestOut", "state"),
            ("ConsentOut", "PrivacyRequestOut", "decision"),
        ] {
            assert_ne!(schemas[one]["properties"][field], schemas[other]["properties"][field], "{field}");
        }
    }

    async fn every_answer_has_a_number_of_its_own(desk: Desk) {
        let nobody = desk.stranger();
        let one = nobody.get("/healthz").await.header("x-request-id").unwrap().to_owned();
        let other = nobody.get("/nothing-here").await.expect(404);
        assert_ne!(other.header("x-request-id").unwrap(), one);
    }
}
