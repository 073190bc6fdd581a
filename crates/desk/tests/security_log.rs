//! What the program's log says of refusals, faults and the audit log, line by line as another system reads it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use bedside_desk::audit_log::{self, Sealer};
use bedside_desk::router::{self, Access, Route};
use bedside_desk::{observe, staff};
use common::{Answer, Browser, Desk, both_engines, log, program};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::ServiceExt;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// Each test has a process of its own, so the log is this test's alone. It is as quiet as it can be made.
fn listen() {
    let quiet = observe::with_security(EnvFilter::new("error"));
    observe::json_lines(quiet, log::Kept).init();
}

/// The lines so far, each read as JSON.
fn lines() -> Vec<Value> {
    let text = String::from_utf8(log::written()).unwrap();
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    text.lines().map(read).collect()
}

/// The security events since `from`.
fn events(from: usize) -> Vec<Value> {
    let of = |line: &Value| line["target"] == "bedside::security";
    lines().into_iter().skip(from).filter(of).collect()
}

/// The one event that this answer's request made.
#[track_caller]
fn event_of(answer: &Answer) -> Value {
    let id = answer.header("x-request-id").unwrap();
    let of = |line: &Value| line["span"]["id"] == id;
    let mut found: Vec<Value> = events(0).into_iter().filter(of).collect();
    let event = found
        .pop()
        .unwrap_or_else(|| panic!("no event: {}", answer.status));
    assert!(found.is_empty(), "{found:?} and {event}");
    event
}

#[track_caller]
fn tells(answer: &Answer, event: &str) {
    let line = event_of(answer);
    assert_eq!(line["event"], event, "{line}");
    let at = line["timestamp"].as_str().unwrap();
    assert!(
        at.ends_with('Z') && at.parse::<jiff::Timestamp>().is_ok(),
        "{at}"
    );
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["status"], answer.status);
}

async fn tries(browser: &Browser, email: &str) -> Answer {
    let fields = [("email", email), ("password", "not the right one")];
    browser.submit("/sign-in", "/sign-in", &fields).await
}

both_engines! {
    async fn a_wrong_sign_in_is_told_by_a_mark_whether_somebody_is_there_or_not(desk: Desk) {
        listen();
        let agent = desk.id_of(Role::Agent).to_string();
        let browser = desk.visitor();
        for email in ["kestrelmail@nowhere.example", "kestrelmail@nowhere.example", "agent@clinic.example"] {
            tries(&browser, email).await.expect(422);
        }
        let refused: Vec<Value> = events(0).into_iter().filter(|line| line["event"] == "sign_in.refused").collect();
        let [first, second, known] = refused.as_slice() else { panic!("{refused:?}") };
        assert_eq!(first["mark"], second["mark"]);
        assert_ne!(first["mark"], known["mark"]);
        assert_eq!(first["action"], "session.open");
        assert_eq!(first["span"]["route"], "/sign-in");
        assert!(first.get("staff").is_none(), "{first}");
        assert_eq!(known["staff"], agent.as_str());
        // Who was tried reads it in the audit log as well.
        let entries = audit_log::list(&desk.app, &desk.ctx(Role::Compliance), None, 50).await.unwrap();
        let denied = entries.iter().find(|one| one.action == "session.open" && one.outcome == "denied").unwrap();
        assert_eq!(denied.object_id, agent);
        for _ in 0..6 {
            tries(&browser, "kestrelmail@nowhere.example").await;
        }
        assert!(events(0).iter().any(|line| line["event"] == "sign_in.waits" && line["mark"] == first["mark"]));
        let log = String::from_utf8(log::written()).unwrap();
        assert!(!log.contains("kestrelmail") && !log.contains("not the right one"), "{log}");
    }

    async fn what_is_refused_is_told_with_a_stable_code_and_the_number_of_its_request(desk: Desk) {
        listen();
        let stranger = desk.stranger();
        tells(&stranger.get("/api/v1/tickets").await.expect(401), "access.not_signed_in");
        let wrong = common::Client::new(&desk.app, Some("bsd_quailtoken".to_owned()));
        tells(&wrong.get("/api/v1/tickets").await.expect(401), "token.refused");
        let client = desk.client("tickets:read").await;
        tells(&client.post("/api/v1/tickets", &json!({})).await.expect(403), "access.refused");
        let client = desk.client("tickets:read tickets:write patients:write").await;
        tells(&client.post("/api/v1/tickets", &json!({ "quailword": 1 })).await.expect(422), "input.refused");
        let large = vec![b' '; 3 * 1024 * 1024];
        let way = "/api/v1/tickets";
        let kind = [("content-type", "application/json")];
        tells(&client.request(Method::POST, way, &kind, Body::from(large)).await.expect(413), "limit.size");
        tells(&client.request(Method::TRACE, way, &[], Body::empty()).await.expect(405), "input.method");

        let agent = desk.browser(Role::Agent).await;
        tells(&agent.get("/settings/staff").await.expect(403), "access.refused");
        tells(&agent.post("/account/others/end", &[("csrf_token", "quailforged")]).await.expect(403), "forged.form");
        let cookie = agent.cookie();
        let elsewhere = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
        let forged = stranger.request(Method::POST, "/account/others/end", &elsewhere, Body::empty()).await.expect(403);
        tells(&forged, "forged.other_site");
        tells(&desk.visitor().submit("/sign-in/quaillink", "/sign-in/quaillink", &[]).await.expect(410), "link.refused");

        let admin = desk.browser(Role::Administrator).await;
        desk.clock.advance(staff::PROOF_SECONDS);
        tells(&admin.get("/settings/staff/new").await, "proof.needed");
        let log = String::from_utf8(log::written()).unwrap();
        assert!(!log.contains("quail"), "{log}");
    }

    async fn who_was_let_through_and_by_which_permission_is_told_for_every_request(desk: Desk) {
        observe::json_lines(observe::with_security(EnvFilter::new("info")), log::Kept).init();
        let of = |answer: &Answer| -> Vec<Value> {
            let id = answer.header("x-request-id").unwrap().to_owned();
            let told = lines().into_iter().filter(|line| line["target"] == "bedside::access");
            told.filter(|line| line["span"]["id"] == id.as_str()).collect()
        };
        let agent = desk.browser(Role::Agent).await;
        let [line] = &of(&agent.get("/inbox").await.expect(200))[..] else { panic!("{:?}", lines()) };
        assert_eq!((&line["event"], &line["permission"]), (&json!("access.allowed"), &json!("tickets:read")), "{line}");
        assert_eq!((&line["kind"], &line["actor"]), (&json!("staff"), &json!(desk.id_of(Role::Agent).to_string())), "{line}");
        // Whoever is only signed in, another system, and nobody at all.
        assert_eq!(of(&agent.get("/account").await.expect(200)).len(), 1);
        let client = desk.client("tickets:read").await;
        assert_eq!(of(&client.get("/api/v1/tickets").await.expect(200))[0]["kind"], "token");
        assert!(of(&agent.get("/settings/staff").await.expect(403)).is_empty());
        assert!(of(&desk.visitor().get("/sign-in").await.expect(200)).is_empty());
    }

    async fn a_mail_server_without_tls_is_told_and_nothing_is_said_to_it(desk: Desk) {
        observe::json_lines(observe::with_security(EnvFilter::new("warn")), log::Kept).init();
        // It greets in the clear where TLS is to begin with the first byte, and keeps what it hears.
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut mailbox = common::sink::at(server.local_addr().unwrap().port());
        let heard = std::sync::Arc::new(Mutex::new(Vec::new()));
        let ears = heard.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = server.accept().await {
                let _ = stream.write_all(b"220 hello\r\n").await;
                let mut words = Vec::new();
                let _ = stream.read_to_end(&mut words).await;
                ears.lock().extend(words);
            }
        });
        mailbox.settings.smtp.as_mut().unwrap().protection = bedside_desk::mailboxes::Protection::Tls;
        bedside_desk::mailboxes::create(&desk.app, &desk.ctx(Role::Administrator), mailbox).await.unwrap();
        let admin = desk.browser(Role::Administrator).await;
        let page = format!("/settings/staff/{}", desk.id_of(Role::Agent));
        let shown = admin.submit(&page, &format!("{page}/invite"), &[]).await.expect(200).text();
        assert!(shown.contains("No mail could be sent"), "{shown}");
        let heard = String::from_utf8_lossy(&heard.lock()).into_owned();
        assert!(!heard.contains("/sign-in/") && !heard.contains("EHLO"), "{heard}");
        let told = lines();
        let line = told.iter().find(|line| line["message"] == "a mail server can't be used").unwrap();
        assert_eq!((&line["level"], &line["cause"]), (&json!("WARN"), &json!("Tls")), "{line}");
        assert!(!told.iter().any(|line| line.to_string().contains("agent@clinic.example")), "{told:?}");
    }

    /// A record that somebody makes up, behind a line end in whatever the log may repeat: addresses, names, paths, headers.
    async fn attack_22_no_line_end_makes_a_second_record_of_the_log(desk: Desk) {
        observe::json_lines(observe::with_security(EnvFilter::new("trace")), log::Kept).init();
        let (visitor, admin) = (desk.visitor(), desk.browser(Role::Administrator).await);
        let forged = r#"{"target":"bedside::security","event":"forged.record"}"#;
        for end in ["\r\n", "\n", "\r", "\u{85}", "\u{2028}"] {
            let evil = format!("Eve{end}{forged}{end}");
            let refused = tries(&visitor, &evil).await;
            assert!((400..=429).contains(&refused.status), "{}", refused.status);
            let person = [("email", "eve@clinic.example"), ("name", &*evil), ("role", "agent"), ("locale", "en")];
            admin.submit("/settings/staff/new", "/settings/staff/new", &person).await.expect(422);
            let path: String = form_urlencoded::byte_serialize(evil.as_bytes()).collect();
            let nowhere = visitor.get(&format!("/{path}")).await;
            assert!((400..=404).contains(&nowhere.status), "{}", nowhere.status);
            visitor.get(&format!("/sign-in?next={path}")).await.expect(200);
            // Whatever a part of the program says of a name: as a field and as words.
            tracing::error!(who = %evil, "{evil}");
        }
        // Each line is a record by itself, and none is the one that was made up.
        let told = lines();
        assert!(told.len() > 10, "{told:?}");
        assert!(told.iter().all(|line| line["timestamp"].is_string() && line["event"] != "forged.record"), "{told:?}");
        let of_names = told.iter().filter(|line| line["who"].as_str().is_some_and(|who| who.contains("forged.record")));
        assert_eq!(of_names.count(), 5, "as they were given, within one record each");
    }

    async fn no_way_in_answers_to_trace(desk: Desk) {
        let service = router::router(&desk.app);
        for route in router::routes() {
            let path = route.path.replace(['{', '}', '*'], "");
            let request = Request::builder().method(Method::TRACE).uri(&path);
            let request = request.header("cookie", "secret=1").body(Body::empty()).unwrap();
            let answer = service.clone().oneshot(request).await.unwrap();
            assert!([404, 405].contains(&answer.status().as_u16()), "{path}: {}", answer.status());
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            assert!(!String::from_utf8_lossy(&body).contains("secret"), "{path}");
        }
    }

    async fn a_handler_that_panics_gives_the_page_for_faults_and_a_line(desk: Desk) {
        async fn breaks() -> &'static str {
            panic!("zebrafinch oriolebird");
        }
        async fn fails() -> bedside_web::Problem {
            bedside_web::Problem::internal("the disk sda1 is on fire")
        }
        listen();
        observe::tell_panics();
        let broken = Route::get("/breaks", Access::Public, breaks);
        let failing = Route::get("/fails", Access::Public, fails);
        let service: Router = router::router_of(&desk.app, vec![broken, failing]);
        let browser = Browser::before(service);
        let html = [("accept", "text/html")];
        let page = browser.request(Method::GET, "/breaks", &html, Body::empty()).await.expect(500);
        assert!(page.text().contains("<html"), "{}", page.text());
        assert!(page.header("content-security-policy").is_some());
        let problem = browser.get("/breaks").await.expect(500).json();
        assert_eq!(problem["code"], "internal");
        browser.get("/fails").await.expect(500);
        let id = page.header("x-request-id").unwrap();
        let told = lines();
        let of_it: Vec<&Value> = told.iter().filter(|line| line["span"]["id"] == id).collect();
        assert!(of_it.iter().all(|line| line["level"] == "ERROR"), "{of_it:?}");
        let place = of_it.iter().find(|line| line["target"] == "bedside::panic").unwrap();
        assert!(place["place"].as_str().unwrap().contains("security_log.rs:"), "{place}");
        assert!(of_it.iter().any(|line| line["code"] == "internal"), "{of_it:?}");
        // An expected fault is told with its private text, which no answer has.
        assert!(told.iter().any(|line| line["private"] == "the disk sda1 is on fire"), "{told:?}");
        let log = String::from_utf8(log::written()).unwrap();
        assert!(!log.contains("zebrafinch"), "{log}");
    }

    async fn sealed_entries_are_lines_without_a_gap_where_that_is_asked_for(desk: Desk) {
        listen();
        let quiet = desk.app.clone();
        desk.ticket("rosa@patient.example", "zebrafinch", "oriolebird").await;
        Sealer::new(quiet).round().await.unwrap();
        assert!(lines().is_empty(), "{:?}", lines());
        let before = audit_log::list(&desk.app, &desk.ctx(Role::Compliance), None, 1).await.unwrap();

        let telling = Desk::set_up(desk.engine, |config| config.audit_to_log = true).await;
        telling.ticket("rosa@patient.example", "zebrafinch", "oriolebird").await;
        Sealer::new(telling.app.clone()).round().await.unwrap();
        assert!(!before.is_empty());
        let told = lines();
        for (leaf, line) in told.iter().enumerate() {
            assert_eq!(line["target"], "bedside::audit", "{line}");
            assert_eq!(line["leaf"], leaf, "{line}");
        }
        let made = told.iter().find(|line| line["action"] == "ticket.create").unwrap();
        for name in ["sequence", "entry", "at", "actor_kind", "object_id", "purpose", "source", "outcome"] {
            assert!(!made[name].is_null(), "{name}: {made}");
        }
        let log = String::from_utf8(log::written()).unwrap();
        assert!(!log.contains("zebrafinch") && !log.contains("rosa"), "{log}");
    }
}

fn served(folder: &Path) {
    program::ends(&program::run(folder, &program::INIT), 0);
    let desk = program::Program::serve_with(folder, |command| {
        command
            .env("BEDSIDE_AUDIT_TO_LOG", "true")
            .env("BEDSIDE_LOG", "error");
    });
    let answer = desk.http(Some("bsd_wrong")).get("/api/v1/tickets").unwrap();
    assert_eq!(answer.status, 401);
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert!(desk.stop().success());
    let text = std::fs::read_to_string(folder.join("program.log")).unwrap();
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    let lines: Vec<Value> = text.lines().map(read).collect();
    let refused = lines
        .iter()
        .find(|line| line["event"] == "token.refused")
        .unwrap();
    assert_eq!(refused["span"]["id"], id.as_str());
    let leaves = |lines: &[Value]| -> Vec<i64> {
        lines
            .iter()
            .filter_map(|line| line["leaf"].as_i64())
            .collect()
    };
    // `init` sealed what it wrote; from then on every entry is told, and printed again on demand.
    let printed = program::ends(&program::run(folder, &["audit", "entries"]), 0);
    let printed: Vec<Value> = printed.lines().map(read).collect();
    let all = leaves(&printed);
    assert!(
        !all.is_empty() && all.iter().copied().eq(0..i64::try_from(all.len()).unwrap()),
        "{all:?}"
    );
    let told = leaves(&lines);
    assert!(all.ends_with(&told), "{told:?} of {all:?}");
    // Whoever fills a gap with what is printed has the same as from the log.
    for line in lines
        .iter()
        .filter(|line| line["target"] == "bedside::audit")
    {
        let of_the_log = ["timestamp", "level", "target", "message", "span", "spans"];
        let mut line = line.as_object().unwrap().clone();
        line.retain(|name, _| !of_the_log.contains(&name.as_str()));
        let same = printed.iter().find(|one| one["leaf"] == line["leaf"]);
        assert_eq!(same.unwrap(), &Value::Object(line));
    }
    let last = (all.len() - 1).to_string();
    assert_eq!(
        program::ends(
            &program::run(folder, &["audit", "entries", "--after", &last]),
            0
        ),
        ""
    );
    // Nothing is kept anywhere but where the list of logs says so.
    let mut kept: Vec<String> = std::fs::read_dir(folder.join("audit"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    kept.sort();
    assert!(
        kept.iter()
            .all(|name| ["checkpoints.txt", "erased.txt"].contains(&name.as_str())),
        "{kept:?}"
    );
    let is_log = |path: &Path| {
        path.extension().is_some_and(|end| end == "log") && !path.ends_with("program.log")
    };
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    assert_eq!(files.filter(|path| is_log(path)).count(), 0);
}

common::program_on_both_engines! {
    fn the_served_program_writes_lines_that_machines_read(folder: &Path) {
        served(folder);
    }
}
