//! Who gets in by which way, generated over every way in that is a patient's.

use super::*;
use bedside_desk::router::{Access, Route, routes};
use common::{Role, both_engines};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn inside() -> Vec<Route> {
    let ways: Vec<Route> = routes()
        .into_iter()
        .filter(|route| route.access == Access::Patient)
        .collect();
    assert!(ways.len() > 17, "the table was not read");
    ways
}

fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// The way with somebody's things in it.
fn way(route: &Route, ticket: &str, session: &str) -> String {
    route
        .path
        .replace("{ticket}", ticket)
        .replace("{session}", session)
        .replace("{file}", ticket)
        .replace("{copy}", ticket)
        .replace("{request}", ticket)
        .replace("{passkey}", ticket)
}

async fn knocks(browser: &Browser, route: &Route, way: &str, more: &[(&str, &str)]) -> Answer {
    let headers = [&[FORM], more].concat();
    browser
        .request(
            route.method.clone(),
            way,
            &headers,
            Body::from("patient=&kind=copy&message=x&name=x"),
        )
        .await
}

/// A page without the long random tokens of its forms, in which any three letters stand now and then.
fn without_tokens(page: &str) -> String {
    let is_none = |part: &&str| {
        part.len() < 40
            || part.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
    };
    page.split('"')
        .filter(is_none)
        .collect::<Vec<_>>()
        .join("\"")
}

both_engines! {
    async fn whoever_is_not_in_as_a_patient_sees_nothing(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", "mia@quetzal.test", 40).await;
        let mia = signed_in(&desk, &sink, "mia@quetzal.test").await;
        let there = writes(&mia, "A secret question.").await;
        let ticket = there.rsplit('/').next().unwrap();
        let expired = signed_in(&desk, &sink, "mia@quetzal.test").await;
        let session = session_of(&desk, &expired);
        bedside_desk::portal::end_everywhere(&desk.app, &bedside_desk::portal::session(&desk.app, &session).await.unwrap().unwrap().ctx).await.unwrap();
        for role in [Role::Agent, Role::Administrator] {
            let staff = desk.browser(role).await;
            for route in inside() {
                let way = way(&route, ticket, ticket);
                knocks(&staff, &route, &way, &[]).await.expect(401);
            }
        }
        for route in inside() {
            let way = way(&route, ticket, ticket);
            for browser in [&desk.visitor(), &expired, &mia] {
                knocks(browser, &route, &way, &[]).await.expect(401);
                let page = knocks(browser, &route, &way, &[("accept", "text/html")]).await.expect(303);
                assert_eq!(page.header("location"), Some("/my/sign-in?said=again"), "{}", name(&route));
                assert!(page.body.is_empty());
            }
        }
    }

    async fn attack_39_nothing_of_one_patient_is_another_ones(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", "mia@quetzal.test", 40).await;
        patient(&desk, "Bo Other", "bo@else.test", 40).await;
        let theirs = signed_in(&desk, &sink, "mia@quetzal.test").await;
        let there = writes(&theirs, "A secret question.").await;
        let list = page(&theirs, "/my/devices").await;
        let ticket = there.rsplit('/').next().unwrap();
        let contact = contact_of(&desk, "mia@quetzal.test").await;
        let session = bedside_desk::portal::session(&desk.app, &session_of(&desk, &theirs)).await.unwrap().unwrap().id.to_string();
        assert!(list.contains("this one"));
        let bo = signed_in(&desk, &sink, "bo@else.test").await;
        let token = csrf_token(&page(&bo, "/my").await);
        let stolen = csrf_token(&page(&theirs, "/my").await);
        let before = bedside_desk::events::latest(&desk.app, desk.organisation).await.unwrap();
        for route in inside() {
            if matches!(route.path, "/my/sign-out" | "/my/devices/end") {
                continue;
            }
            for more in [format!("?pid={mia}&patient={mia}&contact={contact}"), String::new()] {
                let way = format!("{}{more}", way(&route, ticket, &session));
                let body = format!("csrf_token={token}&patient={mia}&contact={contact}&pid={mia}&kind=&message=x&name=x");
                let answer = bo.request(route.method.clone(), &way, &[FORM], Body::from(body)).await;
                let text = without_tokens(&answer.text());
                for word in ["secret question", "Mia", "quetzal"] {
                    assert!(!text.contains(word), "{}: {text}", name(&route));
                }
                if route.path.contains('{') {
                    let nothing = matches!(answer.status, 400 | 404 | 415) || answer.header("location") == Some("/my/devices");
                    assert!(nothing, "{}: {}", name(&route), answer.status);
                }
            }
            // A form of somebody else's session.
            if route.method == Method::POST {
                let body = format!("csrf_token={stolen}&patient=&kind=copy&message=x&name=x");
                let answer = bo.request(Method::POST, &way(&route, ticket, &session), &[FORM], Body::from(body)).await;
                assert!((400..500).contains(&answer.status), "{}: {}", name(&route), answer.status);
                let headers = [FORM, ("sec-fetch-site", "cross-site")];
                let cookie = bo.cookie();
                let headers = [&headers[..], &[("cookie", cookie.as_str())]].concat();
                let forged = desk.stranger().request(Method::POST, &way(&route, ticket, &session), &headers, Body::from(format!("csrf_token={token}"))).await;
                assert_eq!(forged.status, 403, "{}", name(&route));
            }
        }
        assert_eq!(bedside_desk::events::latest(&desk.app, desk.organisation).await.unwrap(), before);
        page(&theirs, "/my").await;
    }

    async fn every_page_of_a_patient_is_kept_by_nobody_and_leaves_its_trace(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", "mia@quetzal.test", 40).await;
        let mia = signed_in(&desk, &sink, "mia@quetzal.test").await;
        let there = writes(&mia, "A question.").await;
        for route in inside().into_iter().filter(|route| route.method == Method::GET) {
            let way = way(&route, there.rsplit('/').next().unwrap(), "");
            let answer = mia.get(&way).await;
            // A link that is in no message leads back to the conversation.
            let is_nothing = ["/copies/", "/files/", "/links/"].iter().any(|part| route.path.contains(part));
            assert!(answer.status == 200 || is_nothing, "{way}: {}", answer.status);
            assert!(answer.header("cache-control").unwrap().contains("no-store"), "{way}");
            assert!(!way.contains("Mia") && !answer.header("location").unwrap_or_default().contains("Mia"));
        }
        let log = bedside_desk::audit_log::list(&desk.app, &desk.system(), None, 50).await.unwrap();
        for action in ["ticket.list", "thread.read", "privacy.seen", "privacy.own", "consent.own", "ticket.create", "portal.open"] {
            assert!(log.iter().any(|entry| entry.action == action), "{action}");
        }
    }
}
