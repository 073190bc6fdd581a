//! Signing in at an organisation's own provider: who comes in as whom, and what lets nobody in.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod connecting;
mod people;
mod proofs;
mod provider;
mod settings;
mod tokens;

use bedside_desk::audit_log;
use bedside_desk::staff::sso::{self, NewProvider, ProviderView, Rules};
use common::issuer::{Asked, CLIENT, Issuer, SECRET, Signed};
use common::{Answer, Browser, Desk, Role};
use serde_json::{Value, json};

/// What the organisation decided, unless a test decides otherwise.
fn rules() -> Rules {
    let role = |code: &str, group: &str| (code.to_owned(), vec![group.to_owned()]);
    Rules {
        groups_claim: "groups".to_owned(),
        roles: vec![
            role("administrator", "desk-admins"),
            role("supervisor", "desk-leads"),
            role("agent", "desk-agents"),
        ],
        makes_accounts: false,
        only_way: true,
        factor: Vec::new(),
        secret_ends_at: None,
    }
}

async fn provider(desk: &Desk, issuer: &Issuer, rules: Rules) {
    let old = sso::view(&desk.app, &desk.ctx(Role::Administrator))
        .await
        .unwrap();
    let new = NewProvider {
        view: ProviderView {
            issuer: issuer.url().to_owned(),
            client: CLIENT.to_owned(),
            button: "Sign in with the clinic's account".to_owned(),
            rules,
            enabled: true,
            version: old.map_or(0, |old| old.version),
        },
        secret: Some(SECRET.to_owned()),
    };
    sso::put(&desk.app, &desk.ctx(Role::Administrator), new)
        .await
        .unwrap();
}

/// A provider that people can sign in at.
async fn set_up(desk: &Desk) -> Issuer {
    let issuer = Issuer::start().await;
    provider(desk, &issuer, rules()).await;
    issuer
}

fn seconds(desk: &Desk) -> i64 {
    desk.app.now().micros() / 1_000_000
}

fn way(desk: &Desk) -> String {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    format!("/sign-in/sso/{}", clinic.slug)
}

/// Presses the button, and gives back what the browser was sent to the provider with.
async fn begin(desk: &Desk, browser: &Browser) -> Asked {
    begin_at(browser, &format!("{}?next=/inbox", way(desk))).await
}

async fn begin_at(browser: &Browser, path: &str) -> Asked {
    let answer = browser.get(path).await.expect(303);
    Asked::of(answer.header("location").unwrap())
}

/// The claims of a right token, with `more`; what is `null` there is left out.
fn claims(desk: &Desk, issuer: &Issuer, asked: &Asked, subject: &str, more: &Value) -> Value {
    let mut claims = issuer.claims(asked, subject, seconds(desk));
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// Comes back from the provider, which says `more` of `subject`.
async fn come_in(
    desk: &Desk,
    issuer: &Issuer,
    browser: &Browser,
    subject: &str,
    more: Value,
) -> Answer {
    let asked = begin(desk, browser).await;
    let claims = claims(desk, issuer, &asked, subject, &more);
    let code = issuer.grant(&asked, claims, Signed::Right);
    browser.get(&asked.back(&code)).await
}

/// What the provider says of the agent Ana.
fn ana(groups: &[&str]) -> Value {
    json!({ "email": "agent@clinic.example", "email_verified": true, "name": "Ana Agent", "groups": groups })
}

/// Somebody's browser, who signed in this way as Ana.
async fn ana_inside(desk: &Desk, issuer: &Issuer) -> Browser {
    let browser = desk.visitor();
    let answer = come_in(
        desk,
        issuer,
        &browser,
        "ana-at-the-provider",
        ana(&["desk-agents"]),
    )
    .await;
    assert_eq!(answer.expect(303).header("location"), Some("/inbox"));
    browser.get("/inbox").await.expect(200);
    browser
}

/// Nobody is in with this browser.
async fn is_out(browser: &Browser) {
    let answer = browser
        .request(
            axum::http::Method::GET,
            "/inbox",
            &[("accept", "text/html")],
            axum::body::Body::empty(),
        )
        .await
        .expect(303);
    let location = answer.header("location").unwrap();
    assert!(location.starts_with("/sign-in"), "{location}");
}

/// Why the newest sign-in was refused, as the audit log has it.
async fn reason(desk: &Desk) -> String {
    let entries = audit_log::list(&desk.app, &desk.system(), None, 20)
        .await
        .unwrap();
    let denied = entries
        .into_iter()
        .find(|entry| entry.action == "session.open" && entry.outcome == "denied");
    let detail: Value = serde_json::from_str(&denied.expect("a refusal").detail).unwrap();
    assert_eq!(detail["method"], "sso");
    detail["reason"].as_str().unwrap().to_owned()
}

/// How often `action` stands in the newest entries.
async fn noted(desk: &Desk, action: &str) -> usize {
    let entries = audit_log::list(&desk.app, &desk.system(), None, 100)
        .await
        .unwrap();
    entries
        .into_iter()
        .filter(|entry| entry.action == action)
        .count()
}
