//! Who gets in by SCIM's ways: generated over the route table.

use crate::common::{Client, Role, both_engines};
use crate::provider::{GROUPS, Provider, USERS, refused};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::audit_log;
use bedside_desk::context::{Permission, Permissions};
use bedside_desk::router::{Access, Route, routes};
use serde_json::json;

fn table() -> Vec<Route> {
    let ways: Vec<Route> = routes()
        .into_iter()
        .filter(|route| route.path.starts_with("/scim/"))
        .collect();
    assert_eq!(ways.len(), 17);
    ways
}

fn path(route: &Route) -> String {
    route
        .path
        .replace("{id}", "01890000-0000-7000-8000-000000000000")
        .replace("{name}", "User")
}

#[test]
fn every_way_takes_a_token_with_the_one_permission_and_nothing_else() {
    for route in table() {
        assert_eq!(
            route.access,
            Access::Token(Permission::PeopleProvision),
            "{}",
            route.path
        );
    }
    for route in routes()
        .into_iter()
        .filter(|route| !route.path.starts_with("/scim/"))
    {
        let elsewhere = matches!(
            route.access,
            Access::Token(_)
                | Access::Api(Permission::PeopleProvision)
                | Access::Staff(Permission::PeopleProvision)
        );
        assert!(!elsewhere, "{}", route.path);
    }
}

both_engines! {
    async fn nothing_answers_without_a_token_of_its_own(desk: Desk) {
        let others: Vec<Permission> = Permission::ALL.iter().copied().filter(|one| *one != Permission::PeopleProvision).collect();
        let others = desk.client(&Permissions::of(&others).codes()).await;
        let admin = desk.browser(Role::Administrator).await;
        for route in table() {
            let (method, path) = (route.method.clone(), path(&route));
            for caller in [desk.stranger(), Client::new(&desk.app, Some("bsd_made-up".to_owned()))] {
                let answer = caller.request(method.clone(), &path, &[], Body::empty()).await;
                refused(&answer, 401, None);
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
            // An administrator's session is none, also where a browser asks for a page.
            for accept in ["*/*", "text/html"] {
                refused(&admin.request(method.clone(), &path, &[("accept", accept)], Body::empty()).await, 401, None);
            }
            refused(&others.request(method.clone(), &path, &[], Body::empty()).await, 403, None);
            let log = audit_log::list(&desk.app, &desk.system(), None, 2).await.unwrap();
            assert_eq!((log[1].action.as_str(), log[1].outcome.as_str(), log[1].object_id.as_str()), ("http.request", "denied", route.path));
        }
    }

    async fn a_providers_token_opens_nothing_else(desk: Desk) {
        let provider = Provider::new(&desk).await;
        for route in routes() {
            let Access::Api(_) = route.access else { continue };
            let answer = provider.0.request(route.method.clone(), &path(&route), &[], Body::empty()).await;
            assert_eq!(answer.status, 403, "{} {}", route.method, route.path);
        }
        provider.get("/settings/provisioning").await.expect(401);
    }

    async fn every_change_leaves_its_trace(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let newest = async || audit_log::list(&desk.app, &desk.system(), None, 1).await.unwrap()[0].sequence;
        let id = provider.person("ines@clinic.example").await;
        let group = provider.group("Leads", &[]).await;
        let (person, team) = (format!("{USERS}/{id}"), format!("{GROUPS}/{group}"));
        let changes = [
            (Method::PUT, person.clone(), json!({ "userName": "ines@clinic.example" })),
            (Method::PATCH, person.clone(), json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] })),
            (Method::PUT, team.clone(), json!({ "displayName": "Leads" })),
            (Method::PATCH, team.clone(), json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": id }] }] })),
            (Method::DELETE, team, json!({})),
            (Method::DELETE, person, json!({})),
        ];
        for (method, path, body) in changes {
            let before = newest().await;
            let answer = provider.send(method.clone(), &path, &body).await;
            assert!(answer.status < 300, "{method} {path}: {}", answer.text());
            // The look at the log is an entry itself.
            assert!(newest().await > before + 1, "{method} {path}");
        }
        let log = audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
        let written = log.iter().map(|entry| entry.detail.as_str()).collect::<String>();
        assert!(!written.contains("ines") && !written.contains("Leads"), "{written}");
    }
}
