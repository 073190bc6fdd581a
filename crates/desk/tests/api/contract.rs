//! What the API answers is what its description says.

use crate::common::Role;
use crate::common::{Answer, both_engines};
use crate::fixtures::{ALL, Caller, Person, Things, is_for_people, table, upload};
use crate::schema::check;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::api;
use bedside_desk::router::Route;
use serde_json::{Value, json};

/// The schema that the description gives for this answer.
fn described<'d>(document: &'d Value, route: &Route, answer: &Answer) -> &'d Value {
    let method = route.method.as_str().to_ascii_lowercase();
    let response = &document["paths"][route.path][method]["responses"][answer.status.to_string()];
    let response = match response["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => response,
    };
    assert!(
        response.is_object(),
        "{} {} answers {}, which is not described",
        route.method,
        route.path,
        answer.status
    );
    response
}

/// Holds an answer against the description.
fn hold(document: &Value, route: &Route, answer: &Answer) {
    let name = format!("{} {} {}", route.method, route.path, answer.status);
    let response = described(document, route, answer);
    let kind = answer.header("content-type").unwrap_or_default();
    let Some(content) = response["content"].as_object() else {
        assert!(answer.body.is_empty(), "{name}: {}", answer.text());
        return;
    };
    if content.contains_key("application/octet-stream") {
        return;
    }
    let schema = &content
        .get(kind)
        .unwrap_or_else(|| panic!("{name}: {kind} is not described"))["schema"];
    let wrong = check(document, schema, &answer.json());
    assert!(
        wrong.is_empty(),
        "{name}:\n  {}\n{}",
        wrong.join("\n  "),
        answer.text()
    );
}

/// What `If-Match` needs, for a change.
async fn tag(caller: &Caller, route: &Route, way: &str) -> Option<String> {
    if route.method != Method::PATCH {
        return None;
    }
    let way = way.strip_suffix("/labels").unwrap_or(way);
    let shown = caller.send(&Method::GET, way, &[], &Value::Null).await;
    Some(shown.header("etag").unwrap().to_owned())
}

both_engines! {
    async fn every_answer_is_as_it_is_described(desk: Desk) {
        let document = api::document();
        let mut held = 0;
        for (number, route) in table().into_iter().enumerate() {
            let client = desk.client(ALL).await;
            let things = Things::new(&client, &format!("rosa{number}")).await;
            if route.path == "/api/v1/attachments" {
                hold(&document, &route, &upload(&client, &[], "a.txt", b"words").await.expect(201));
                continue;
            }
            let caller = Caller::for_route(&desk, client, route.path).await;
            let way = things.path(route.path);
            let body = match route.method {
                Method::POST | Method::PATCH => things.body(&route.method, route.path),
                _ => Value::Null,
            };
            let tag = tag(&caller, &route, &way).await;
            let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
            let answer = caller.send(&route.method, &way, &headers, &body).await;
            assert!((200..300).contains(&answer.status), "{} {}: {}", route.method, route.path, answer.text());
            hold(&document, &route, &answer);
            if let Some(place) = answer.header("location") {
                caller.send(&Method::GET, place, &[], &Value::Null).await.expect(200);
            }
            held += 1;
        }
        assert!(held > 25, "{held}");
    }

    async fn every_refusal_is_as_it_is_described(desk: Desk) {
        let document = api::document();
        let client = desk.client(ALL).await;
        let weak = desk.client("").await;
        let things = Things::new(&client, "rosa").await;
        let person = Person::new(&desk, Role::Administrator).await;
        let json_type = [("content-type", "application/json")];
        let mut for_people = 0;
        for route in table() {
            let way = things.path(route.path);
            let is_for_people = is_for_people(route.path);
            let asked = || {
                if things_without_body(route.path) {
                    return Body::empty();
                }
                Body::from(things.body(&route.method, route.path).to_string())
            };
            let mut answers = vec![
                desk.stranger().request(route.method.clone(), &way, &[], Body::empty()).await.expect(401),
            ];
            if route.path != "/api/v1/me" {
                answers.push(weak.request(route.method.clone(), &way, &[], Body::empty()).await.expect(403));
            }
            if is_for_people {
                for_people += 1;
                let refused = client.request(route.method.clone(), &way, &json_type, asked()).await.expect(403);
                assert!(refused.text().contains("Only people "), "{}", refused.text());
                answers.push(refused);
                // Nobody else's page may do it for them.
                for forged in [("cross-site", true), ("same-origin", false)] {
                    answers.push(person.send(&route.method, &way, forged, &json_type, asked()).await.expect(403));
                }
            }
            if route.path.contains('{') {
                let nowhere = route.path.replace("{id}", "00000000-0000-7000-8000-000000000000")
                    .replace("{message_id}", &things.answer);
                let tag = [("if-match", "\"v1\""), ("content-type", "application/json")];
                let body = match route.method {
                    Method::POST | Method::PATCH => Body::from(things.body(&route.method, route.path).to_string()),
                    _ => Body::empty(),
                };
                let answer = if is_for_people {
                    person.send(&route.method, &nowhere, ("same-origin", true), &json_type, asked()).await
                } else {
                    client.request(route.method.clone(), &nowhere, &tag, body).await
                };
                answers.push(answer.expect(404));
            }
            let takes_json = matches!(route.method, Method::POST | Method::PATCH)
                && !things_without_body(route.path);
            if takes_json && route.path != "/api/v1/attachments" {
                let tag = [("if-match", "\"v1\""), json_type[0]];
                let send = async |headers: &[(&str, &str)], text: String| {
                    client.request(route.method.clone(), &way, headers, Body::from(text)).await
                };
                let plain = [("if-match", "\"v1\""), ("content-type", "text/plain")];
                answers.push(send(&plain, "{}".to_owned()).await.expect(415));
                answers.push(send(&tag, "{".to_owned()).await.expect(400));
                answers.push(send(&tag, "[".repeat(5000)).await.expect(400));
                answers.push(send(&tag, format!("{{\"x\":\"{}\"}}", "x".repeat(3 << 20))).await.expect(413));
                let mut more = things.body(&route.method, route.path);
                more["surprise"] = json!(1);
                let refused = send(&tag, more.to_string()).await.expect(422);
                assert_eq!(refused.json()["errors"][0]["code"], "unknown_field", "{}", route.path);
                answers.push(refused);
            }
            if route.method == Method::PATCH {
                let body = things.body(&route.method, route.path);
                answers.push(client.json(Method::PATCH, &way, &[], &body).await.expect(428));
                answers.push(client.patch(&way, "*", &body).await.expect(400));
                answers.push(client.patch(&way, "\"v999\"", &body).await.expect(412));
            }
            if route.method == Method::GET {
                let query = client.get(&format!("{way}?surprise=1")).await;
                if document["paths"][route.path]["get"]["parameters"].as_array().into_iter().flatten().any(|one| one["in"] == "query") {
                    answers.push(query.expect(422));
                }
            }
            for answer in &answers {
                assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{} {}", route.method, route.path);
                hold(&document, &route, answer);
            }
        }
        assert_eq!(for_people, 3, "following and following no more, and that nobody is in danger");
    }

    async fn a_method_that_is_not_there_is_named_so(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        let all = [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
        for route in table() {
            let known: Vec<Method> = bedside_desk::router::routes().into_iter().filter(|one| one.path == route.path).map(|one| one.method).collect();
            for method in all.iter().filter(|method| !known.contains(method)) {
                let answer = client.request(method.clone(), &things.path(route.path), &[], Body::empty()).await.expect(405);
                assert_eq!(answer.json()["code"], "method_not_allowed");
                let allow = answer.header("allow").unwrap_or_default();
                for known in &known {
                    assert!(allow.contains(known.as_str()), "{} {}: {allow}", method, route.path);
                }
            }
        }
    }
}

/// Whether an endpoint is asked to do something without being sent anything.
fn things_without_body(path: &str) -> bool {
    path.ends_with("/follow") || path.ends_with("/undo") || path.ends_with("/revoke")
}
