//! Whole lives of people, as the two providers that most clinics have send them.

use crate::common::{Role, both_engines};
use crate::provider::{GROUPS, Provider, USERS, account, at_work, done_to, map, refused};
use axum::http::Method;
use serde_json::json;

both_engines! {
    async fn somebodys_life_as_okta_sends_it(desk: Desk) {
        let okta = Provider::new(&desk).await;
        // It tries the connection, and looks whether they are there.
        okta.get("/scim/v2/Users?startIndex=1&count=2").await.expect(200);
        okta.get("/scim/v2/Groups?startIndex=1&count=100").await.expect(200);
        assert!(okta.found(USERS, r#"userName eq "ines.ortega@clinic.example""#).await.is_empty());
        let made = okta.post(USERS, &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": "ines.ortega@clinic.example",
            "name": { "givenName": "Ines", "familyName": "Ortega" },
            "emails": [{ "primary": true, "value": "ines.ortega@clinic.example", "type": "work" }],
            "displayName": "Ines Ortega",
            "locale": "es-MX",
            "externalId": "00ujl29u0le5T6Aj10h7",
            "groups": [],
            "password": "1mz050nqAsIneverKept",
            "active": true
        })).await.expect(201);
        let ines = made.json();
        let id = ines["id"].as_str().unwrap().to_owned();
        let path = format!("{USERS}/{id}");
        assert_eq!(made.header("location"), Some(format!("http://desk.example{path}").as_str()));
        assert_eq!(made.header("content-type"), Some("application/scim+json"));
        assert_eq!((&ines["active"], &ines["locale"], &ines["name"]["formatted"]), (&json!(true), &json!("es"), &json!("Ines Ortega")));
        assert!(!made.text().contains("1mz050nq"), "no password comes back");
        // Nobody gave her anything yet.
        assert_eq!(at_work(&desk, &id).await, None);

        // Its groups come with their people. What one of them gives is chosen at the desk.
        let group = okta.group("Care Desk", &[]).await;
        let members = format!("{GROUPS}/{group}");
        okta.patch(&members, json!([{ "op": "add", "path": "members", "value": [{ "value": id, "display": "ines.ortega@clinic.example" }] }])).await.expect(204);
        assert_eq!(at_work(&desk, &id).await, None);
        map(&desk, &group, Some("agent")).await;
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("agent"));
        okta.patch(&members, json!([{ "op": "replace", "value": { "id": group, "displayName": "Care Desk North" } }])).await.expect(204);
        assert_eq!(okta.get(&members).await.expect(200).json()["displayName"], "Care Desk North");

        // It changes a profile as a whole.
        let mut whole = okta.get(&path).await.expect(200).json();
        whole["name"]["familyName"] = json!("Ortega Ruiz");
        whole["displayName"] = json!("Ines Ortega Ruiz");
        let changed = okta.send(Method::PUT, &path, &whole).await.expect(200).json();
        assert_eq!(changed["displayName"], "Ines Ortega Ruiz");
        assert_eq!(account(&desk, &id).await.name, "Ines Ortega Ruiz");
        assert_eq!(changed["externalId"], "00ujl29u0le5T6Aj10h7");

        // She leaves, and comes back; Okta removes nobody.
        let left = okta.patch(&path, json!([{ "op": "replace", "value": { "active": false } }])).await.expect(200).json();
        assert_eq!(left["active"], false);
        assert_eq!(at_work(&desk, &id).await, None);
        let back = okta.patch(&path, json!([{ "op": "replace", "value": { "active": true } }])).await.expect(200).json();
        assert_eq!(back["active"], true);
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("agent"));

        // Out of the group, out of the desk.
        okta.patch(&members, json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }])).await.expect(204);
        assert_eq!(at_work(&desk, &id).await, None);
        okta.send(Method::DELETE, &members, &json!({})).await.expect(204);
        refused(&okta.get(&members).await, 404, None);
        let log = done_to(&desk, &id).await;
        for action in ["staff.create", "provisioning.person", "staff.role", "staff.enable", "staff.disable"] {
            assert!(log.iter().any(|one| one == action), "{action} in {log:?}");
        }
        desk.audit_is_whole().await;
    }

    async fn somebodys_life_as_entra_sends_it(desk: Desk) {
        let entra = Provider::new(&desk).await;
        // Its test of the connection asks for somebody who is not there.
        assert!(entra.found(USERS, r#"userName eq "3f2c8a44-0000-4d8e-9d6e-9f1a7c5b1e21""#).await.is_empty());
        let made = entra.post(USERS, &json!({
            "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:User",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
            ],
            "externalId": "tomas.vega",
            "userName": "Tomas.Vega@clinic.example",
            "active": true,
            "addresses": [{ "primary": false, "type": "work", "country": "US", "locality": "Tucson" }],
            "displayName": "Tomás Vega",
            "emails": [
                { "primary": false, "type": "other", "value": "tomas@elsewhere.example" },
                { "primary": true, "type": "work", "value": "Tomas.Vega@clinic.example" }
            ],
            "meta": { "resourceType": "User" },
            "name": { "formatted": "Tomás Vega", "familyName": "Vega", "givenName": "Tomás" },
            "phoneNumbers": [{ "type": "mobile", "value": "+1 520 555 0100" }],
            "preferredLanguage": "es",
            "roles": [{ "value": "administrator", "primary": true }],
            "title": "Nurse",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Care", "employeeNumber": "7" }
        })).await.expect(201).json();
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("{USERS}/{id}");
        assert_eq!(account(&desk, &id).await.email, "tomas.vega@clinic.example");
        assert_eq!(at_work(&desk, &id).await, None, "a role in the message gives nothing");
        // It finds them however the name is written, and by its own number.
        assert_eq!(entra.found(USERS, r#"userName eq "tomas.vega@CLINIC.example""#).await.len(), 1);
        assert_eq!(entra.found(USERS, r#"externalId eq "tomas.vega""#).await.len(), 1);
        assert_eq!(entra.found(USERS, r#"emails[type eq "work"].value eq "tomas.vega@clinic.example" and active eq true"#).await.len(), 1);
        assert!(entra.found(USERS, r#"externalId eq "Tomas.Vega""#).await.is_empty());

        let group = entra.post(GROUPS, &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "Nurses",
            "meta": { "resourceType": "Group" }
        })).await.expect(201).json()["id"].as_str().unwrap().to_owned();
        let nurses = format!("{GROUPS}/{group}");
        let found = entra.get("/scim/v2/Groups?excludedAttributes=members&filter=displayName%20eq%20%22nurses%22").await.expect(200).json();
        assert_eq!((&found["totalResults"], &found["Resources"][0]["members"]), (&json!(1), &serde_json::Value::Null));
        map(&desk, &group, Some("nurse")).await;
        entra.patch(&nurses, json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": id }] }])).await.expect(204);
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("nurse"));
        assert_eq!(entra.get(&nurses).await.expect(200).json()["members"][0]["value"], id);

        // A change touches the places that it names; what is not kept is passed over.
        let changed = entra.patch(&path, json!([
            { "op": "Replace", "path": "displayName", "value": "Tomás Vega Luna" },
            { "op": "Replace", "path": "name.familyName", "value": "Vega Luna" },
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "t.vega@clinic.example" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 520 555 0101" },
            { "op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Night" },
            { "op": "Replace", "path": "title", "value": "Head nurse" }
        ])).await.expect(200).json();
        assert_eq!(changed["emails"], json!([{ "value": "t.vega@clinic.example", "type": "work", "primary": true }]));
        assert_eq!(changed["name"], json!({ "formatted": "Tomás Vega Luna", "familyName": "Vega Luna", "givenName": "Tomás" }));
        assert_eq!(account(&desk, &id).await.email, "t.vega@clinic.example");

        // Words for true and false, and fields with dots in one value, are its own way.
        let left = entra.patch(&path, json!([{ "op": "Replace", "path": "active", "value": "False" }])).await.expect(200).json();
        assert_eq!((left["active"].clone(), at_work(&desk, &id).await), (json!(false), None));
        entra.patch(&path, json!([{ "op": "Add", "value": { "active": "True", "name.givenName": "Tomas" } }])).await.expect(200);
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("nurse"));
        entra.patch(&nurses, json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": id }] }])).await.expect(204);
        assert_eq!(at_work(&desk, &id).await, None);

        // In the end they are taken away, and may come anew.
        entra.send(Method::DELETE, &path, &json!({})).await.expect(204);
        refused(&entra.get(&path).await, 404, None);
        refused(&entra.patch(&path, json!([])).await, 404, None);
        refused(&entra.send(Method::DELETE, &path, &json!({})).await, 404, None);
        assert!(entra.found(USERS, r#"userName eq "tomas.vega@clinic.example""#).await.is_empty());
        let again = entra.post(USERS, &json!({ "userName": "t.vega@clinic.example", "externalId": "tomas.vega" })).await.expect(201).json();
        assert_eq!(again["id"], id.as_str(), "the log goes on under the account that they had");
        assert_eq!(at_work(&desk, &id).await, None);
        desk.audit_is_whole().await;
    }

    async fn the_service_says_what_it_can(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let service = provider.get("/scim/v2/ServiceProviderConfig").await.expect(200);
        assert_eq!(service.header("content-type"), Some("application/scim+json"));
        let service = service.json();
        for (part, supported) in [("patch", true), ("filter", true), ("etag", true), ("bulk", false), ("sort", false), ("changePassword", false)] {
            assert_eq!(service[part]["supported"], supported, "{part}");
        }
        let types = provider.get("/scim/v2/ResourceTypes").await.expect(200).json();
        assert_eq!(types["totalResults"], 2);
        assert_eq!(provider.get("/scim/v2/ResourceTypes/User").await.expect(200).json()["endpoint"], "/Users");
        let schemas = provider.get("/scim/v2/Schemas").await.expect(200).json();
        for schema in schemas["Resources"].as_array().unwrap() {
            let one = provider.get(&format!("/scim/v2/Schemas/{}", schema["id"].as_str().unwrap())).await.expect(200).json();
            assert_eq!(&one, schema);
        }
        refused(&provider.get("/scim/v2/Schemas/none").await, 404, None);
        refused(&provider.get("/scim/v2/Bulk").await, 404, None);
        refused(&provider.send(Method::PUT, USERS, &json!({})).await, 405, None);
    }

    async fn a_list_has_pages_and_an_answer_what_is_asked_for(desk: Desk) {
        let provider = Provider::new(&desk).await;
        for number in 0..5 {
            provider.person(&format!("p{number}@clinic.example")).await;
        }
        let first = provider.get("/scim/v2/Users?startIndex=1&count=2").await.expect(200).json();
        let second = provider.get("/scim/v2/Users?startIndex=3&count=2").await.expect(200).json();
        let last = provider.get("/scim/v2/Users?startIndex=5&count=2").await.expect(200).json();
        let names = |page: &serde_json::Value| -> Vec<String> {
            page["Resources"].as_array().unwrap().iter().map(|one| one["userName"].as_str().unwrap().to_owned()).collect()
        };
        let mut all = [names(&first), names(&second), names(&last)].concat();
        all.sort();
        assert_eq!(all, ["p0", "p1", "p2", "p3", "p4"].map(|name| format!("{name}@clinic.example")));
        assert_eq!((&last["totalResults"], &last["itemsPerPage"], &last["startIndex"]), (&json!(5), &json!(1), &json!(5)));
        let none = provider.get("/scim/v2/Users?startIndex=-7&count=0").await.expect(200).json();
        assert_eq!((&none["totalResults"], &none["itemsPerPage"]), (&json!(5), &json!(0)));
        let short = provider.get("/scim/v2/Users?attributes=userName&count=1").await.expect(200).json();
        let mut fields: Vec<&String> = short["Resources"][0].as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["id", "schemas", "userName"]);
        refused(&provider.get("/scim/v2/Users?count=many").await, 400, Some("invalidValue"));
        refused(&provider.get("/scim/v2/Users?filter=userName%20sounds%20%22x%22").await, 400, Some("invalidFilter"));
        refused(&provider.get("/scim/v2/Users?filter=password%20eq%20%22x%22").await, 400, Some("invalidFilter"));
        // People whom colleagues added are out of its sight.
        assert!(provider.found(USERS, r#"userName eq "agent@clinic.example""#).await.is_empty());
        refused(&provider.get(&format!("{USERS}/{}", desk.id_of(Role::Agent))).await, 404, None);
    }

    async fn a_change_of_an_older_version_is_refused(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let path = format!("{USERS}/{id}");
        let shown = provider.get(&path).await.expect(200);
        let tag = shown.header("etag").unwrap().to_owned();
        assert_eq!(shown.json()["meta"]["version"], tag.as_str());
        let rename = |name: &str| json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": name }] });
        let headers = [("if-match", tag.as_str())];
        let after = provider.0.json(Method::PATCH, &path, &headers, &rename("One")).await.expect(200);
        assert_ne!(after.header("etag"), Some(tag.as_str()));
        refused(&provider.0.json(Method::PATCH, &path, &headers, &rename("Two")).await, 412, None);
        refused(&provider.0.json(Method::PATCH, &path, &[("if-match", "\"x\"")], &rename("Two")).await, 412, None);
        refused(&provider.0.request(Method::DELETE, &path, &headers, axum::body::Body::empty()).await, 412, None);
        provider.0.json(Method::PATCH, &path, &[("if-match", "*")], &rename("Two")).await.expect(200);
        assert_eq!(account(&desk, &id).await.name, "Two");
    }
}
