//! What is worth a second look asks for a fresh proof, wherever the route table says so.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::router::{Access, Route, routes};
use bedside_desk::{audit_log, patients, recertification, staff, tickets};
use common::{Answer, Browser, Desk, Role, both_engines, csrf_token};
use std::collections::BTreeSet;

const WORDS: &str = "correct horse battery staple";

fn marked() -> Vec<Route> {
    routes()
        .into_iter()
        .filter(|route| route.confirmed.is_some())
        .collect()
}

const NEW_TOKEN: &str = "/settings/tokens/new";
const TOKEN: [(&str, &str); 4] = [
    ("name", "x"),
    ("days", "1"),
    ("scope_tickets_read", "on"),
    ("all_queues", "on"),
];

/// Sends the form of a new token as it stands open in a browser.
async fn makes_token(browser: &Browser, csrf: &str) -> Answer {
    let fields = [&TOKEN[..], &[("csrf_token", csrf)]].concat();
    browser.post(NEW_TOKEN, &fields).await
}

/// What is handed out as a file without a fresh proof, and why.
const ON_AN_OLD_PROOF: [(&str, &str); 6] = [
    (
        "/attachments/{file}",
        "opened all day at work; each look is noted, and a picture as it came asks",
    ),
    (
        "/api/v1/attachments/{id}",
        "the same for the pages' own scripts, and for tokens, which prove nothing",
    ),
    (
        "/audit/{sequence}/proof",
        "hashes and signatures, to be handed on",
    ),
    (
        "/t/{token}/files/{file}",
        "the person's own, in the browser that the link is bound to",
    ),
    (
        "/my/requests/{ticket}/files/{file}",
        "the person's own, in a session of fifteen minutes",
    ),
    (
        "/my/privacy/copies/{copy}",
        "the person's own, in a session of fifteen minutes",
    ),
];

fn asks_or_is_excepted(route: &Route) -> bool {
    let excepted = ON_AN_OLD_PROOF.iter().any(|(path, _)| *path == route.path);
    excepted != route.confirmed.is_some()
}

/// `e2e/pages.json` says of each way that shows no page why not: a way that is said there to hand out a file asks, and an
/// exception that is none any more fails too.
#[test]
fn every_file_that_is_handed_out_asks_for_a_fresh_proof() {
    let list = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/pages.json");
    let list: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(list).unwrap()).unwrap();
    let said = list["no_pages"].as_object().unwrap().iter();
    let files = said.filter(|(_, why)| *why == "a file to be saved");
    let files: BTreeSet<&str> = files.map(|(path, _)| path.as_str()).collect();
    assert!(files.len() > 8, "the list was not read: {files:?}");
    let ways = routes();
    let reads = |path: &str| {
        let found = ways
            .iter()
            .find(|one| one.method == Method::GET && one.path == path);
        found.unwrap_or_else(|| panic!("{path} is no way in"))
    };
    for path in files {
        assert!(asks_or_is_excepted(reads(path)), "{path}");
    }
    for (path, why) in ON_AN_OLD_PROOF {
        assert!(reads(path).confirmed.is_none() && !why.is_empty(), "{path}");
    }
}

/// The ways of the staff that answer with a file, asked for what is really there.
async fn handed_out(browser: &Browser, file: &str, ticket: &str, more: [&str; 2]) -> Vec<Route> {
    let [patient, round] = more;
    let of_staff = |route: &Route| {
        let others = matches!(
            route.access,
            Access::Public | Access::Patient | Access::Token(_)
        );
        route.method == Method::GET && !others && route.path != "/api/v1/events"
    };
    let mut found = Vec::new();
    for route in routes().into_iter().filter(of_staff) {
        let id = if route.path.contains("attachments") {
            file
        } else {
            ticket
        };
        let way = route
            .path
            .replace("{file}", file)
            .replace("{id}", id)
            .replace("{ticket}", ticket)
            .replace("{patient}", patient)
            .replace("{round}", round)
            .replace("{sequence}", "1");
        let answer = browser.get(&way).await;
        let kind = answer.header("content-disposition").unwrap_or_default();
        if kind.starts_with("attachment") {
            found.push(route);
        }
    }
    found
}

fn way(desk: &Desk, route: &Route) -> String {
    let id = if route.path.starts_with("/settings/roles/") {
        "agent".to_owned()
    } else {
        desk.id_of(Role::Agent).to_string()
    };
    route
        .path
        .replace("{id}", &id)
        .replace("{file}", &id)
        .replace("{session}", &id)
        .replace("{passkey}", &id)
        .replace("{request}", &id)
        .replace("{copy}", &id)
        .replace("{breach}", &id)
        .replace("{round}", &id)
        .replace("{subject}", &id)
        .replace("{person}", &id)
        .replace("{patient}", &id)
        .replace("{run}", &id)
        .replace("{ticket}", "1")
        .replace("{record}", "drafts")
}

async fn send(browser: &Browser, route: &Route, way: &str, token: &str, accept: &str) -> Answer {
    let headers = [
        ("accept", accept),
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-csrf-token", token),
    ];
    browser
        .request(route.method.clone(), way, &headers, Body::from("version=0"))
        .await
}

async fn with_password(desk: &Desk, role: Role) -> Browser {
    let id = desk.id_of(role);
    staff::set_password(&desk.app, &desk.system(), id, WORDS)
        .await
        .unwrap();
    desk.browser(role).await
}

both_engines! {
    async fn no_file_is_handed_out_on_an_old_proof(desk: Desk) {
        let browser = with_password(&desk, Role::Administrator).await;
        let ticket = desk.ticket("rosa@patient.example", "My bill", "Why so much?").await.to_string();
        let new = patients::NewPatient { name: "Luis Ruiz".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let patient = patients::create_patient(&desk.app, &desk.system(), new, Vec::new()).await.unwrap().to_string();
        let round = recertification::open(&desk.app, &desk.system()).await.unwrap().to_string();
        let page = format!("/tickets/{ticket}");
        let token = csrf_token(&browser.get(&page).await.expect(200).text());
        let fields = [("csrf_token", token.as_str()), ("kind", "note"), ("body", "x")];
        let scan = ("files", "scan.txt", "text/plain", b"x".as_slice());
        browser.post_files(&format!("{page}/messages"), &fields, &[scan]).await.expect(303);
        let view = tickets::view(&desk.app, &desk.system(), ticket.parse().unwrap()).await.unwrap();
        let file = view.messages.last().unwrap().attachments[0].id.to_string();
        audit_log::Sealer::new(desk.app.clone()).round().await.unwrap();
        let asked = async || handed_out(&browser, &file, &ticket, [&patient, &round]).await;
        // On a fresh one they come, so that their silence below means something.
        let fresh = asked().await;
        for path in ["/audit/csv", "/attachments/{file}", "/api/v1/attachments/{id}", "/audit/{sequence}/proof"] {
            assert!(fresh.iter().any(|route| route.path == path), "{path} handed nothing out");
        }
        for route in &fresh {
            assert!(asks_or_is_excepted(route), "{}", route.path);
        }
        desk.clock.advance(staff::PROOF_SECONDS);
        for route in asked().await {
            assert!(ON_AN_OLD_PROOF.iter().any(|(path, _)| *path == route.path), "{} hands a file out on an old proof", route.path);
        }
    }

    async fn every_marked_way_refuses_an_old_proof_and_takes_a_fresh_one(desk: Desk) {
        let names: BTreeSet<String> = marked().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
        let expected = [
            "GET /account/passkeys/new", "GET /attachments/{file}/original", "POST /attachments/{file}/original", "GET /restricted/{patient}", "POST /restricted/{patient}", "GET /settings/general",
            "POST /settings/general", "GET /settings/privacy", "POST /settings/privacy", "GET /tickets/{ticket}/verify/emergency", "POST /tickets/{ticket}/verify/emergency",
            "GET /account/second-factor", "GET /audit/csv", "GET /privacy/access/{round}/csv",
            "POST /privacy/access/{round}/{subject}/take", "GET /privacy/breaches/{breach}/print/{person}",
            "POST /privacy/breaches/{breach}/send", "GET /privacy/disclosures/{patient}/csv",
            "GET /privacy/disclosures/{patient}/letter", "GET /privacy/seen/{patient}/letter", "GET /privacy/retention/runs/{run}/file", "GET /privacy/{request}/copy/{copy}", "POST /privacy/{request}/erase",
            "POST /privacy/{request}/release", "POST /patients/{patient}/holds/release", "GET /privacy/retention/{record}",
            "POST /privacy/retention/{record}", "POST /privacy/retention/{record}/look",
            "GET /set-password", "GET /settings/mailboxes/{id}", "GET /settings/roles/{id}",
            "GET /settings/provisioning", "POST /settings/provisioning", "GET /settings/sso", "GET /settings/staff/{id}", "GET /settings/tokens/{id}", "POST /account/others/end",
            "POST /account/passkeys/new", "POST /account/passkeys/new/options", "POST /account/passkeys/{passkey}/remove",
            "POST /account/passkeys/{passkey}/rename",
            "POST /account/second-factor", "POST /account/second-factor/codes", "POST /account/second-factor/off",
            "POST /account/sessions/{session}/end", "POST /account/sso/connect", "POST /account/sso/disconnect", "POST /set-password", "POST /settings/mailboxes/{id}",
            "POST /settings/roles/{id}", "POST /settings/roles/{id}/remove",
            "POST /settings/sso", "POST /settings/sso/remove", "POST /settings/sso/test", "POST /settings/staff/{id}",
            "POST /settings/staff/{id}/disable", "POST /settings/staff/{id}/enable",
            "POST /settings/staff/{id}/end-sessions", "POST /settings/staff/{id}/forget-sso", "POST /settings/staff/{id}/invite",
            "POST /settings/staff/{id}/reset-factor", "POST /settings/tokens/{id}",
        ];
        assert_eq!(names, expected.map(str::to_owned).into());
        let browser = with_password(&desk, Role::Administrator).await;
        desk.clock.advance(30 * 60 - 1);
        browser.get("/account").await.expect(200);
        desk.clock.advance(1);
        let token = csrf_token(&browser.get("/account").await.expect(200).text());
        for route in marked() {
            let (way, page) = (way(&desk, &route), route.confirmed.unwrap().page);
            // Whoever confirms comes to a page that is there, with what they had been about.
            assert!(routes().iter().any(|one| one.method == Method::GET && one.path == page), "{page}");
            let answer = send(&browser, &route, &way, &token, "text/html").await.expect(303);
            let part = |number: usize| way.split('/').nth(number).unwrap_or_default().to_owned();
            let patient = part(if page.starts_with("/restricted") || page.starts_with("/patients") { 2 } else { 3 });
            let next = page.replace("{id}", &part(3)).replace("{record}", &part(3)).replace("{run}", &part(4)).replace("{patient}", &patient).replace("{ticket}", &part(2)).replace("{breach}", &part(3)).replace("{round}", &part(3)).replace("{request}", &part(2)).replace("{file}", &part(2));
            assert_eq!(answer.header("location").unwrap(), format!("/account/confirm?next={next}"), "{}", route.path);
            let said = answer.headers.get_all("set-cookie").iter().any(|cookie| cookie.to_str().unwrap().starts_with("bd_flash=confirm-first"));
            assert_eq!(said, route.method != Method::GET, "{}", route.path);
            let bare = send(&browser, &route, &way, &token, "application/json").await.expect(403).json();
            assert_eq!(bare["code"], "confirm_required", "{}", route.path);
            let part = browser.request(route.method.clone(), &way, &[("hx-request", "true"), ("x-csrf-token", &token)], Body::empty()).await;
            assert!(part.expect(403).header("hx-redirect").unwrap().starts_with("/account/confirm?next="));
        }
        // And everything else is as it was.
        browser.get("/settings/roles").await.expect(200);
        for route in marked() {
            let fresh = desk.browser(Role::Administrator).await;
            let token = csrf_token(&fresh.get("/account").await.expect(200).text());
            let answer = send(&fresh, &route, &way(&desk, &route), &token, "text/html").await;
            assert!(!answer.header("location").unwrap_or_default().contains("confirm"), "{}", route.path);
            assert_ne!(answer.status, 403, "{}", route.path);
        }
    }

    async fn a_password_confirms_for_ten_minutes_under_a_new_token(desk: Desk) {
        let browser = with_password(&desk, Role::Administrator).await;
        desk.clock.advance(10 * 60);
        let old = browser.cookie();
        let refused = browser.get(NEW_TOKEN).await.expect(403);
        assert!(refused.text().contains("confirm_required"));
        let confirm = "/account/confirm?next=/settings/tokens/new";
        let wrong = browser.submit(confirm, "/account/confirm", &[("password", "wrong wrong wrong")]).await.expect(422).text();
        assert!(wrong.contains("fit"), "{wrong}");
        assert_eq!(browser.cookie(), old);
        let confirmed = browser.submit(confirm, "/account/confirm", &[("password", WORDS), ("next", "/settings/tokens/new")]).await.expect(303);
        assert_eq!(confirmed.header("location"), Some("/settings/tokens/new"));
        assert_ne!(browser.cookie(), old);
        let stolen = Browser::new(&desk.app, Some(old.split("bedside=").nth(1).unwrap().split(';').next().unwrap().to_owned()));
        stolen.get("/account").await.expect(401);
        desk.clock.advance(10 * 60 - 1);
        let form = csrf_token(&browser.get(NEW_TOKEN).await.expect(200).text());
        desk.clock.advance(1);
        browser.get(NEW_TOKEN).await.expect(403);
        // What was typed meanwhile is not in vain, for half an hour.
        desk.clock.advance(20 * 60 - 1);
        makes_token(&browser, &form).await.expect(200);
        desk.clock.advance(1);
        makes_token(&browser, &form).await.expect(403);
        desk.audit_is_whole().await;
    }

    async fn pages_that_stand_open_stay_good_when_one_confirms_elsewhere(desk: Desk) {
        let browser = with_password(&desk, Role::Administrator).await;
        let form = csrf_token(&browser.get(NEW_TOKEN).await.expect(200).text());
        let factor = browser.get("/account/second-factor").await.expect(200).text();
        let before = browser.cookie();
        browser.submit("/account/confirm", "/account/confirm", &[("password", WORDS)]).await.expect(303);
        assert_ne!(browser.cookie(), before);
        makes_token(&browser, &form).await.expect(200);
        let secret = common::hidden(&factor, "secret");
        let code = common::totp::code(secret, desk.app.now());
        let fields = [
            ("csrf_token", &*csrf_token(&factor)), ("secret", secret), ("seal", common::hidden(&factor, "seal")), ("code", &code),
        ];
        browser.post("/account/second-factor", &fields).await.expect(200);
        // Those of another session, its person's own too, are good for nothing here.
        desk.browser(Role::Administrator).await.post("/look", &[("csrf_token", &form)]).await.expect(403);
    }

    async fn a_proof_leads_nowhere_else(desk: Desk) {
        let browser = with_password(&desk, Role::Agent).await;
        for next in ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"] {
            let page = browser.get(&format!("/account/confirm?next={}", form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>())).await.expect(200).text();
            assert_eq!(common::hidden(&page, "next"), "/");
            let fields = [("password", WORDS), ("next", next)];
            let answer = browser.submit("/account/confirm", "/account/confirm", &fields).await.expect(303);
            assert_eq!(answer.header("location"), Some("/"), "{next}");
        }
    }

    async fn wrong_proofs_cost_time(desk: Desk) {
        let browser = with_password(&desk, Role::Agent).await;
        for _ in 0..6 {
            browser.submit("/account/confirm", "/account/confirm", &[("password", "wrong wrong wrong")]).await.expect(422);
        }
        browser.submit("/account/confirm", "/account/confirm", &[("password", WORDS)]).await.expect(429);
        // They count for this session alone.
        let elsewhere = desk.browser(Role::Agent).await;
        elsewhere.submit("/account/confirm", "/account/confirm", &[("password", WORDS)]).await.expect(303);
        // A stranger at the door slows nobody down who is in.
        desk.clock.advance(60);
        for _ in 0..8 {
            desk.visitor().submit("/sign-in", "/sign-in", &[("email", "agent@clinic.example"), ("password", "wrong wrong wrong")]).await;
        }
        browser.submit("/account/confirm", "/account/confirm", &[("password", WORDS)]).await.expect(303);
    }

    async fn whoever_has_no_password_needs_a_fresh_link(desk: Desk) {
        let browser = desk.browser(Role::Agent).await;
        desk.clock.advance(10 * 60);
        let away = browser.request(Method::GET, "/set-password", &[("accept", "text/html")], Body::empty()).await.expect(303);
        assert_eq!(away.header("location"), Some("/account/confirm?next=/set-password"));
        let page = browser.get("/account/confirm").await.expect(200).text();
        assert!(page.contains("fresh link") && !page.contains("action=\"/account/confirm"), "{page}");
        let token = csrf_token(&browser.get("/account").await.expect(200).text());
        browser.post("/account/confirm", &[("csrf_token", &token), ("password", "")]).await.expect(422);
    }
}
