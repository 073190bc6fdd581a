//! Bounds, and input that makes no sense.

use crate::common::{Desk, Engine, both_engines};
use crate::provider::{GROUPS, Provider, USERS, refused};
use axum::body::Body;
use axum::http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

both_engines! {
    async fn a_group_has_a_bound(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let group = format!("{GROUPS}/{}", provider.group("Everybody", &[]).await);
        let member = json!({ "value": id });
        let add = |count: usize| json!([{ "op": "add", "path": "members", "value": vec![member.clone(); count] }]);
        provider.patch(&group, add(10_000)).await.expect(204);
        assert_eq!(provider.get(&group).await.expect(200).json()["members"].as_array().unwrap().len(), 1);
        refused(&provider.patch(&group, add(10_001)).await, 413, None);
        // Nor does it grow beyond it in steps.
        let others: Vec<Value> = (0..10_000_u128).map(|number| json!({ "value": uuid::Uuid::from_u128(number) })).collect();
        refused(&provider.patch(&group, json!([{ "op": "add", "path": "members", "value": others }])).await, 413, None);
    }

    async fn a_message_has_bounds(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let path = format!("{USERS}/{}", provider.person("ines@clinic.example").await);
        let steps = |count: usize| Value::from(vec![json!({ "op": "replace", "path": "title", "value": "x" }); count]);
        provider.patch(&path, steps(1_000)).await.expect(200);
        refused(&provider.patch(&path, steps(1_001)).await, 413, None);
        let send = async |kind: &'static str, body: String| {
            provider.0.request(Method::POST, USERS, &[("content-type", kind)], Body::from(body)).await
        };
        refused(&send("application/scim+json", format!("{}{}", "[".repeat(40), "]".repeat(40))).await, 400, Some("invalidSyntax"));
        refused(&send("application/scim+json", format!("\"{}\"", "x".repeat(3 << 20))).await, 413, None);
        refused(&send("application/scim+json", "{\"userName\":".to_owned()).await, 400, Some("invalidSyntax"));
        refused(&send("text/plain", "{}".to_owned()).await, 415, None);
        send("application/json", json!({ "userName": "otto@clinic.example" }).to_string()).await.expect(201);
        let long = format!("{USERS}?filter={}", "x".repeat(9_000));
        refused(&provider.get(&long).await, 413, None);
        let long = format!("{USERS}?filter=userName%20eq%20%22{}%22", "x".repeat(3_000));
        refused(&provider.get(&long).await, 400, Some("invalidFilter"));
    }

    async fn what_makes_no_sense_is_told_by_kind(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let path = format!("{USERS}/{id}");
        let before = provider.get(&path).await.expect(200).json();
        for (operations, kind) in [
            (json!("none"), "invalidSyntax"),
            (json!(["x"]), "invalidSyntax"),
            (json!([{ "op": "move", "path": "active" }]), "invalidSyntax"),
            (json!([{ "op": "replace", "value": "x" }]), "invalidSyntax"),
            (json!([{ "op": "remove" }]), "noTarget"),
            (json!([{ "op": "replace", "path": "emails[value eq \"who@clinic.example\"].value", "value": "x@clinic.example" }]), "noTarget"),
            (json!([{ "op": "replace", "path": "salary", "value": 7 }]), "invalidPath"),
            (json!([{ "op": "replace", "path": "name..x", "value": 7 }]), "invalidPath"),
            (json!([{ "op": "replace", "path": "userName[x eq 1]", "value": "y" }]), "invalidPath"),
            (json!([{ "op": "replace", "path": 7, "value": "y" }]), "invalidPath"),
            (json!([{ "op": "replace", "path": "active", "value": "perhaps" }]), "invalidValue"),
            (json!([{ "op": "replace", "path": "active" }]), "invalidValue"),
            (json!([{ "op": "replace", "path": "userName", "value": ["x"] }]), "invalidValue"),
            (json!([{ "op": "replace", "path": "userName", "value": "a\nb" }]), "invalidValue"),
            (json!([{ "op": "replace", "path": "displayName", "value": "x".repeat(101) }]), "invalidValue"),
            (json!([{ "op": "replace", "path": "emails", "value": [{ "value": "no address" }] }]), "invalidValue"),
            (json!([{ "op": "replace", "path": "emails", "value": [{ "type": "work" }] }]), "invalidValue"),
            (json!([{ "op": "remove", "path": "userName" }]), "mutability"),
            (json!([{ "op": "remove", "path": "active" }]), "mutability"),
            (json!([{ "op": "replace", "path": "id", "value": "x" }]), "mutability"),
            (json!([{ "op": "add", "path": "groups", "value": [{ "value": "x" }] }]), "mutability"),
        ] {
            let answer = provider.patch(&path, operations.clone()).await;
            assert_eq!(answer.json()["scimType"], kind, "{operations}: {}", answer.text());
            refused(&answer, 400, Some(kind));
        }
        for told in [json!({}), json!({ "userName": 7 }), json!({ "userName": "" }), json!({ "userName": "no address" }), json!({ "userName": "x".repeat(300) })] {
            refused(&provider.post(USERS, &told).await, 400, Some("invalidValue"));
        }
        for told in [json!({}), json!({ "displayName": " " }), json!({ "displayName": "x", "members": [{}] }), json!({ "displayName": "x", "members": ["x"] })] {
            refused(&provider.post(GROUPS, &told).await, 400, Some("invalidValue"));
        }
        refused(&provider.post(USERS, &json!([])).await, 400, Some("invalidSyntax"));
        let group = format!("{GROUPS}/{}", provider.group("Leads", &[]).await);
        refused(&provider.patch(&group, json!([{ "op": "remove", "path": "displayName" }])).await, 400, Some("mutability"));
        refused(&provider.patch(&group, json!([{ "op": "add", "path": "role", "value": "administrator" }])).await, 400, Some("invalidPath"));
        assert_eq!(provider.get(&path).await.expect(200).json(), before);
    }
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("False")),
        Just(json!("ines@clinic.example")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 12, 4, |inner| {
        let names = prop_oneof![
            Just("value".to_owned()),
            Just("active".to_owned()),
            Just("name.givenName".to_owned()),
            "[a-zA-Z.]{0,8}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let kinds = prop_oneof![Just("add"), Just("Replace"), Just("remove"), Just("x")];
    let paths = prop_oneof![
        Just(Value::Null),
        Just(json!("active")),
        Just(json!("members")),
        Just(json!("displayName")),
        Just(json!("name")),
        Just(json!("emails")),
        Just(json!("emails[type eq \"work\"].value")),
        Just(json!("members[value eq \"x\"]")),
        ".{0,30}".prop_map(Value::from),
    ];
    (kinds, paths, value())
        .prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }))
}

/// Whatever comes, the answer is a success or a typed refusal, and the person is somebody still.
#[test]
fn any_change_is_done_or_refused() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (provider, paths, _desk) = runtime.block_on(async {
        let desk = Desk::new(Engine::Sqlite).await;
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let group = provider.group("Leads", &[&id]).await;
        crate::provider::map(&desk, &group, Some("agent")).await;
        let paths = [format!("{USERS}/{id}"), format!("{GROUPS}/{group}")];
        (provider, paths, desk)
    });
    let config = ProptestConfig {
        cases: 150,
        ..ProptestConfig::default()
    };
    proptest!(config, |(operations in prop::collection::vec(operation(), 0..4))| {
        for path in &paths {
            let (answer, after) = runtime.block_on(async {
                (provider.patch(path, operations.clone().into()).await, provider.get(path).await)
            });
            prop_assert!(matches!(answer.status, 200 | 204 | 400 | 409 | 413), "{}: {}", answer.status, answer.text());
            if answer.status >= 400 {
                prop_assert_eq!(answer.json()["status"].clone(), answer.status.to_string());
            }
            prop_assert_eq!(after.status, 200);
        }
    });
}
