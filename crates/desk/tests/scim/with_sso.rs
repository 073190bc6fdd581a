//! Where people come in by single sign-on as well: the one that provisions says what they may do, signing in says who they are.

use crate::common::issuer::{Asked, CLIENT, Issuer, SECRET, Signed};
use crate::common::{Browser, Desk, Role, both_engines};
use crate::provider::{GROUPS, Provider, USERS, account, at_work, done_to, map};
use axum::http::Method;
use bedside_desk::audit_log;
use bedside_desk::staff::sso::{self, NewProvider, ProviderView, Rules};
use serde_json::{Value, json};

/// A provider whose groups say something else than the provisioning does.
async fn set_up(desk: &Desk) -> Issuer {
    let issuer = Issuer::start().await;
    let role = |code: &str, group: &str| (code.to_owned(), vec![group.to_owned()]);
    let view = ProviderView {
        issuer: issuer.url().to_owned(),
        client: CLIENT.to_owned(),
        button: "The clinic's account".to_owned(),
        rules: Rules {
            groups_claim: "groups".to_owned(),
            roles: vec![role("administrator", "admins"), role("agent", "agents")],
            ..Rules::default()
        },
        enabled: true,
        version: 0,
    };
    let secret = Some(SECRET.to_owned());
    let new = NewProvider { view, secret };
    sso::put(&desk.app, &desk.ctx(Role::Administrator), new)
        .await
        .unwrap();
    issuer
}

/// Comes in as somebody whom the provider knows by their verified address, in these groups.
async fn comes(desk: &Desk, issuer: &Issuer, email: &str, groups: Value) -> (Browser, u16) {
    let browser = desk.visitor();
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let way = format!("/sign-in/sso/{}?next=/inbox", clinic.slug);
    let answer = browser.get(&way).await.expect(303);
    let asked = Asked::of(answer.header("location").unwrap());
    let now = desk.app.now().micros() / 1_000_000;
    let mut claims = issuer.claims(&asked, email, now);
    claims["email"] = json!(email);
    claims["email_verified"] = json!(true);
    if !groups.is_null() {
        claims["groups"] = groups;
    }
    let code = issuer.grant(&asked, claims, Signed::Right);
    let status = browser.get(&asked.back(&code)).await.status;
    (browser, status)
}

/// Why the newest sign-in was refused.
async fn reason(desk: &Desk) -> String {
    let entries = audit_log::list(&desk.app, &desk.system(), None, 20)
        .await
        .unwrap();
    let denied = entries
        .into_iter()
        .find(|entry| entry.action == "session.open" && entry.outcome == "denied");
    let detail: Value = serde_json::from_str(&denied.unwrap().detail).unwrap();
    detail["reason"].as_str().unwrap().to_owned()
}

const INES: &str = "ines@clinic.example";

both_engines! {
    async fn signing_in_changes_nothing_for_whom_the_provider_tells_of(desk: Desk) {
        let (issuer, provider) = (set_up(&desk).await, Provider::new(&desk).await);
        let id = provider.person(INES).await;
        let group = provider.group("Nurses", &[&id]).await;
        map(&desk, &group, Some("nurse")).await;
        let version = account(&desk, &id).await.version;
        let mut inside = Vec::new();
        // Neither another role, nor more, nor the want of any group or of a word about groups.
        for groups in [json!(["agents"]), json!(["admins"]), json!([]), Value::Null] {
            let (browser, status) = comes(&desk, &issuer, INES, groups.clone()).await;
            assert_eq!((status, at_work(&desk, &id).await.as_deref()), (303, Some("nurse")), "{groups}");
            inside.push(browser);
        }
        // Nor does what the provider tells next end what is open.
        let path = format!("{USERS}/{id}");
        provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": true }])).await.expect(200);
        for browser in &inside {
            browser.get("/inbox").await.expect(200);
        }
        assert_eq!(account(&desk, &id).await.version, version);
        let log = done_to(&desk, &id).await;
        assert_eq!(log.iter().filter(|one| *one == "sso.link").count(), 1, "{log:?}");
        // Whom it puts out no group of single sign-on lets in.
        provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await.expect(200);
        assert_eq!(comes(&desk, &issuer, INES, json!(["admins"])).await.1, 422);
        assert_eq!((reason(&desk).await.as_str(), at_work(&desk, &id).await), ("disabled", None));
        provider.send(Method::DELETE, &path, &json!({})).await.expect(204);
        assert_eq!(comes(&desk, &issuer, INES, json!(["admins"])).await.1, 422);
        assert_eq!((reason(&desk).await.as_str(), at_work(&desk, &id).await), ("disabled", None));
    }

    async fn the_first_sign_in_finds_whom_the_provider_told_of_without_a_group(desk: Desk) {
        let (issuer, provider) = (set_up(&desk).await, Provider::new(&desk).await);
        let id = provider.person(INES).await;
        assert_eq!(comes(&desk, &issuer, INES, Value::Null).await.1, 422);
        assert_eq!(reason(&desk).await, "disabled");
        let group = provider.group("Nurses", &[&id]).await;
        map(&desk, &group, Some("nurse")).await;
        let (browser, status) = comes(&desk, &issuer, INES, Value::Null).await;
        assert_eq!(status, 303);
        browser.get("/inbox").await.expect(200);
        // Somebody whom it told nothing of has the role of the table, or none.
        assert_eq!(comes(&desk, &issuer, "agent@clinic.example", Value::Null).await.1, 422);
        assert_eq!(reason(&desk).await, "groups_unsaid");
        assert_eq!(comes(&desk, &issuer, "nurse@clinic.example", json!(["agents"])).await.1, 303);
        assert_eq!(at_work(&desk, &desk.id_of(Role::Nurse).to_string()).await.as_deref(), Some("agent"));
    }

    async fn a_lock_of_the_groups_is_the_provider_s_to_lift_once_it_tells_of_them(desk: Desk) {
        let (issuer, provider) = (set_up(&desk).await, Provider::new(&desk).await);
        let email = "agent@clinic.example";
        let ana = desk.id_of(Role::Agent).to_string();
        assert_eq!(comes(&desk, &issuer, email, json!(["agents"])).await.1, 303);
        assert_eq!(comes(&desk, &issuer, email, json!([])).await.1, 422);
        assert_eq!(at_work(&desk, &ana).await, None);
        // It tells of her, and a group of it gives her a role.
        assert_eq!(provider.person(email).await, ana);
        assert_eq!(at_work(&desk, &ana).await, None);
        let group = provider.group("Nurses", &[&ana]).await;
        map(&desk, &group, Some("nurse")).await;
        assert_eq!(at_work(&desk, &ana).await.as_deref(), Some("nurse"));
        assert_eq!(comes(&desk, &issuer, email, json!([])).await.1, 303);
        // What a colleague locked stays so, whoever tells what.
        desk.clock.advance(60);
        bedside_desk::staff::disable(&desk.app, &desk.ctx(Role::Administrator), desk.id_of(Role::Agent)).await.unwrap();
        provider.patch(&format!("{GROUPS}/{group}"), json!([{ "op": "replace", "path": "displayName", "value": "Nursing" }])).await.expect(204);
        provider.patch(&format!("{USERS}/{ana}"), json!([{ "op": "replace", "path": "active", "value": true }])).await.expect(200);
        assert_eq!(comes(&desk, &issuer, email, json!(["admins"])).await.1, 422);
        assert_eq!(at_work(&desk, &ana).await, None);
    }

    async fn both_pages_say_which_of_them_counts(desk: Desk) {
        set_up(&desk).await;
        let admin = desk.browser(Role::Administrator).await;
        let page = admin.get("/settings/sso").await.expect(200).text();
        assert!(page.contains("provisioning alone gives them their role"), "{page}");
        let page = admin.get("/settings/provisioning").await.expect(200).text();
        assert!(page.contains("single sign-on lets them in and changes nothing"), "{page}");
    }
}
