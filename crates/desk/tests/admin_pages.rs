//! Settings and audit pages, as a browser without scripts sees them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use bedside_desk::context::Role;
use common::both_engines;

const SETTINGS: &[&str] = &[
    "/settings",
    "/settings/general",
    "/settings/hours",
    "/settings/queues",
    "/settings/queues/new",
    "/settings/categories",
    "/settings/categories/billing",
    "/settings/sla",
    "/settings/sla/new",
    "/settings/replies",
    "/settings/replies/new",
    "/settings/fields",
    "/settings/fields/new",
    "/settings/statuses",
    "/settings/statuses/new",
    "/settings/mailboxes",
    "/settings/mailboxes/new",
];
const PEOPLE: &[&str] = &[
    "/settings/staff",
    "/settings/staff/new",
    "/settings/tokens",
    "/settings/tokens/new",
];
const AUDIT: &[&str] = &["/audit", "/audit/verify"];

/// The version a form was made from.
#[track_caller]
fn version(page: &str) -> String {
    let (_, rest) = page
        .split_once("name=\"version\" value=\"")
        .expect("a version");
    rest.split('"').next().unwrap().to_owned()
}

both_engines! {
    async fn every_role_sees_what_it_may(desk: Desk) {
        for role in Role::ALL {
            let browser = desk.browser(*role).await;
            let may = |list: &[&str]| match (list[0], role) {
                (_, Role::Administrator)
                | ("/settings", Role::Supervisor | Role::Compliance)
                | ("/audit", Role::Compliance) => 200,
                _ => 403,
            };
            for list in [SETTINGS, PEOPLE, AUDIT] {
                for path in list {
                    let answer = browser.get(path).await;
                    assert_eq!(answer.status, may(list), "{role:?} {path}: {}", answer.text());
                }
            }
            if *role != Role::Administrator {
                let answer = browser.post("/settings/general", &[("csrf_token", "x")]).await;
                assert_eq!(answer.status, 403, "{role:?}");
            }
        }
        let stranger = desk.visitor();
        for path in [SETTINGS, PEOPLE, AUDIT].concat() {
            let status = stranger.get(path).await.status;
            assert!([303, 401].contains(&status), "{path}: {status}");
        }
        desk.audit_is_whole().await;
    }

    async fn a_stale_form_keeps_what_was_typed(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let path = "/settings/categories/billing";
        let seen = version(&admin.get(path).await.text());
        let queue = desk.app.directory.of(desk.organisation).unwrap().queues[0].id.to_string();
        let fields = |name: &'static str| {
            [("version", seen.clone()), ("name_en", name.to_owned()), ("name_es", "Pagos".to_owned()),
             ("queue_id", queue.clone()), ("position", "3".to_owned())]
        };
        let first = fields("Bills");
        let first: Vec<_> = first.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(admin.submit(path, path, &first).await.status, 303);
        let second = fields("Invoices<script>");
        let second: Vec<_> = second.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let again = admin.submit(path, path, &second).await;
        assert_eq!(again.status, 422);
        let page = again.text();
        assert!(page.contains("Someone else changed this") && page.contains("Invoices&#60;script&#62;"), "{page}");
        assert_ne!(version(&page), seen, "saving once more is a decision");
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        assert_eq!(clinic.category("billing").unwrap().names.0["en"], "Bills");
    }

    async fn an_invitation_and_a_token_are_shown_once(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let new = [("name", "Noa New"), ("email", "noa@clinic.example"), ("role", "agent"), ("locale", "en")];
        let page = admin.submit("/settings/staff/new", "/settings/staff/new", &new).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.text().contains("http://desk.example/sign-in/"));
        assert!(!admin.get("/settings/staff").await.text().contains("/sign-in/"));
        let token = [("name", "chat"), ("days", "30"), ("scope_tickets_read", "on")];
        let page = admin.submit("/settings/tokens/new", "/settings/tokens/new", &token).await.text();
        assert!(page.contains("bsd_"), "{page}");
        assert!(!admin.get("/settings/tokens").await.text().contains("bsd_"));
    }
}
