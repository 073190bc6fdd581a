//! What a provider can't do: reach past the mapping, the last administrator, other organisations, colleagues' own accounts.

use crate::common::{Desk, Role, both_engines};
use crate::provider::{
    GROUPS, Provider, USERS, account, at_work, default_role, done_to, map, refused,
};
use axum::http::Method;
use bedside_desk::context::{Ctx, Permission, Permissions, Source};
use bedside_desk::error::DeskError;
use bedside_desk::orgs::{self, Change};
use bedside_desk::provisioning::{self, Choice};
use bedside_desk::staff::{self, NewToken, Queues};
use bedside_desk::{config, startup};
use serde_json::json;

/// Another organisation on the same desk, with its provider.
async fn neighbour(desk: &Desk) -> (Provider, Ctx) {
    let clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
    let new =
        config::organisation::new_organisation(&clinic, "neighbour", &desk.app.ids, desk.app.now());
    let organisation = orgs::create(&desk.app, new).await.unwrap();
    let ctx = Ctx::system(organisation, "test", Source::Job);
    let token = NewToken {
        name: "theirs".to_owned(),
        scopes: Permissions::of(&[Permission::PeopleProvision]),
        queues: Queues::All,
        expires_at: None,
    };
    let (_, token) = staff::create_token(&desk.app, &ctx, token).await.unwrap();
    (
        Provider(crate::common::Client::new(&desk.app, Some(token))),
        ctx,
    )
}

both_engines! {
    async fn the_last_administrator_is_not_touched(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let ada = desk.id_of(Role::Administrator).to_string();
        // Nor taken over.
        let taken = provider.post(USERS, &json!({ "userName": "administrator@clinic.example", "active": false })).await;
        refused(&taken, 400, Some("mutability"));
        refused(&provider.get(&format!("{USERS}/{ada}")).await, 404, None);
        // One whom the provider made an administrator becomes the last one.
        let id = provider.person("ines@clinic.example").await;
        let group = provider.group("Administrators", &[&id]).await;
        map(&desk, &group, Some("administrator")).await;
        staff::disable(&desk.app, &desk.system(), desk.id_of(Role::Administrator)).await.unwrap();
        let before = account(&desk, &id).await;
        let (path, members) = (format!("{USERS}/{id}"), format!("{GROUPS}/{group}"));
        let operations = [
            (&path, json!([{ "op": "replace", "path": "active", "value": "False" }])),
            (&path, json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "eve@elsewhere.example" }])),
            (&path, json!([{ "op": "replace", "path": "displayName", "value": "Eve" }])),
            (&members, json!([{ "op": "remove", "path": "members" }])),
            (&members, json!([{ "op": "replace", "path": "members", "value": [] }])),
        ];
        for (at, operations) in operations {
            refused(&provider.patch(at, operations.clone()).await, 400, Some("mutability"));
        }
        for at in [&path, &members] {
            refused(&provider.send(Method::DELETE, at, &json!({})).await, 400, Some("mutability"));
        }
        let whole = json!({ "userName": "ines@clinic.example", "active": false });
        refused(&provider.send(Method::PUT, &path, &whole).await, 400, Some("mutability"));
        let after = account(&desk, &id).await;
        assert_eq!((after.version, at_work(&desk, &id).await.as_deref()), (before.version, Some("administrator")));
        assert_eq!(provider.get(&members).await.expect(200).json()["members"][0]["value"], id);
    }

    async fn nobody_gets_more_than_the_mapping_says(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let [all, leads, admins] = [
            provider.group("Everybody", &[&id]).await,
            provider.group("Leads", &[&id]).await,
            provider.group("administrator", &[&id]).await,
        ];
        // The name of a role is no mapping.
        assert_eq!(at_work(&desk, &id).await, None);
        map(&desk, &all, Some("agent")).await;
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("agent"));
        map(&desk, &leads, Some("supervisor")).await;
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("supervisor"));
        map(&desk, &leads, None).await;
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("agent"));
        // A group takes its role with it under another name, and another one by its name gets nothing.
        provider.patch(&format!("{GROUPS}/{all}"), json!([{ "op": "replace", "path": "displayName", "value": "All" }])).await.expect(204);
        let again = provider.group("Everybody", &[]).await;
        let other = provider.person("otto@clinic.example").await;
        provider.patch(&format!("{GROUPS}/{again}"), json!([{ "op": "add", "path": "members", "value": [{ "value": other }] }])).await.expect(204);
        assert_eq!((at_work(&desk, &id).await.as_deref(), at_work(&desk, &other).await), (Some("agent"), None));
        // A role that is gone gives nothing.
        let mut role = desk.role(Role::Agent).as_ref().clone();
        (role.code, role.version) = ("short".to_owned(), 0);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        map(&desk, &admins, Some("short")).await;
        orgs::change(&desk.app, &desk.system(), Change::DeleteRole("short".to_owned())).await.unwrap();
        provider.patch(&format!("{GROUPS}/{admins}"), json!([{ "op": "add", "path": "members", "value": [{ "value": other }] }])).await.expect(204);
        assert_eq!(at_work(&desk, &other).await, None);
    }

    async fn whoever_is_in_no_group_gets_the_default_role_or_none(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let ctx = desk.ctx(Role::Administrator);
        assert_eq!(at_work(&desk, &id).await, None);
        default_role(&desk, &ctx, None, Some("partner")).await.unwrap();
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("partner"));
        let stale = default_role(&desk, &ctx, None, Some("agent")).await.unwrap_err();
        assert!(matches!(stale, DeskError::Stale { .. }), "{stale:?}");
        let unknown = default_role(&desk, &ctx, Some("partner"), Some("none")).await.unwrap_err();
        assert_eq!(unknown.code(), "unknown_role");
        default_role(&desk, &ctx, Some("partner"), None).await.unwrap();
        assert_eq!(at_work(&desk, &id).await, None);
        // By hand nobody comes in without a role either.
        let enabled = staff::enable(&desk.app, &ctx, id.parse().unwrap()).await.unwrap_err();
        assert_eq!(enabled.code(), "no_role");
    }

    async fn a_mapping_hands_on_no_more_than_its_maker_has(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let group = provider.group("Leads", &[&id]).await;
        map(&desk, &group, Some("supervisor")).await;
        // Somebody who manages people and has little else.
        let mut role = desk.role(Role::Partner).as_ref().clone();
        (role.code, role.version) = ("manager".to_owned(), 0);
        role.permissions = role.permissions.with(Permission::StaffManage).with(Permission::SettingsRead);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        let mut manager = desk.ctx(Role::Partner);
        if let bedside_desk::context::Actor::Staff { role, .. } = &mut manager.actor {
            *role = desk.app.directory.of(desk.organisation).unwrap().role("manager").unwrap().clone();
        }
        let mapped = provisioning::rules(&desk.app, &manager).await.unwrap().groups.remove(0);
        let choice = |id, was: Option<&str>, role: Option<&str>| {
            vec![Choice::Group { id, was: was.map(str::to_owned), role: role.map(str::to_owned) }]
        };
        for role in [None, Some("administrator"), Some("partner")] {
            let done = provisioning::choose(&desk.app, &manager, choice(mapped.id, Some("supervisor"), role)).await;
            assert!(matches!(done, Err(DeskError::Forbidden)), "{role:?}: {done:?}");
        }
        let done = default_role(&desk, &manager, None, Some("agent")).await;
        assert!(matches!(done, Err(DeskError::Forbidden)), "{done:?}");
        // Nor does a new mapping take from somebody who has more.
        let other = provider.group("Helpers", &[&id]).await;
        map(&desk, &group, None).await;
        provider.post(USERS, &json!({ "userName": "supervisor@clinic.example" })).await.expect(201);
        let sam = desk.id_of(Role::Supervisor).to_string();
        provider.patch(&format!("{GROUPS}/{other}"), json!([{ "op": "add", "path": "members", "value": [{ "value": sam }] }])).await.expect(204);
        let mapped = provisioning::rules(&desk.app, &manager).await.unwrap().groups.into_iter().find(|one| one.name == "Helpers").unwrap();
        let done = provisioning::choose(&desk.app, &manager, choice(mapped.id, None, Some("partner"))).await;
        assert!(matches!(done, Err(DeskError::Forbidden)), "{done:?}");
        assert_eq!(at_work(&desk, &sam).await.as_deref(), Some("supervisor"));
        // Somebody who manages nothing reads and changes nothing.
        let agent = desk.ctx(Role::Agent);
        assert!(matches!(provisioning::rules(&desk.app, &agent).await, Err(DeskError::Forbidden)));
        assert!(matches!(default_role(&desk, &agent, None, Some("agent")).await, Err(DeskError::Forbidden)));
    }

    async fn an_account_made_by_hand_is_taken_over_by_its_address_alone(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let ana = desk.id_of(Role::Agent).to_string();
        let browser = desk.browser(Role::Agent).await;
        // Not by a name, and not by something like the address.
        let other = provider.post(USERS, &json!({ "userName": "agent@clinic.example.org", "displayName": "Ana Agent" })).await.expect(201).json();
        assert_ne!(other["id"], ana.as_str());
        let taken = provider.post(USERS, &json!({ "userName": "Agent@Clinic.example", "externalId": "7", "displayName": "Ana Agent" })).await.expect(201).json();
        assert_eq!(taken["id"], ana.as_str());
        assert_eq!(done_to(&desk, &ana).await.iter().filter(|one| *one == "provisioning.take_over").count(), 1);
        // She works on with the role that a colleague gave her, until a group gives one.
        browser.get("/inbox").await.expect(200);
        assert_eq!(at_work(&desk, &ana).await.as_deref(), Some("agent"));
        let path = format!("{USERS}/{ana}");
        let moved = provider.patch(&path, json!([{ "op": "replace", "path": "emails", "value": [{ "value": "eve@elsewhere.example" }] }])).await;
        refused(&moved, 400, Some("mutability"));
        let group = provider.group("Nurses", &[&ana]).await;
        map(&desk, &group, Some("nurse")).await;
        assert_eq!(at_work(&desk, &ana).await.as_deref(), Some("nurse"));
        provider.send(Method::DELETE, &format!("{GROUPS}/{group}"), &json!({})).await.expect(204);
        assert_eq!(at_work(&desk, &ana).await, None);
        // Who was locked by hand before is taken over, and stays locked.
        desk.clock.advance(60);
        staff::disable(&desk.app, &desk.system(), desk.id_of(Role::Nurse)).await.unwrap();
        let nia = provider.post(USERS, &json!({ "userName": "nurse@clinic.example", "active": true })).await.expect(201).json();
        assert_eq!((nia["active"].clone(), at_work(&desk, nia["id"].as_str().unwrap()).await), (json!(false), None));
    }

    async fn names_numbers_and_addresses_are_somebodys_alone(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let told = json!({ "userName": "ines", "externalId": "e1", "emails": [{ "value": "ines@clinic.example" }] });
        let id = provider.post(USERS, &told).await.expect(201).json()["id"].as_str().unwrap().to_owned();
        for other in [
            json!({ "userName": "INES", "emails": [{ "value": "a@clinic.example" }] }),
            json!({ "userName": "otto", "externalId": "e1", "emails": [{ "value": "b@clinic.example" }] }),
            json!({ "userName": "otto", "emails": [{ "value": "Ines@clinic.example" }] }),
        ] {
            refused(&provider.post(USERS, &other).await, 409, Some("uniqueness"));
        }
        let otto = provider.person("otto@clinic.example").await;
        let path = format!("{USERS}/{otto}");
        for operation in [
            json!([{ "op": "replace", "path": "userName", "value": "Ines" }]),
            json!([{ "op": "add", "path": "externalId", "value": "e1" }]),
            json!([{ "op": "replace", "path": "emails.value", "value": "ines@clinic.example" }]),
        ] {
            refused(&provider.patch(&path, operation).await, 409, Some("uniqueness"));
        }
        provider.group("Leads", &[&id]).await;
        refused(&provider.post(GROUPS, &json!({ "displayName": "LEADS" })).await, 409, Some("uniqueness"));
        // Nobody was added on the way.
        assert_eq!(provider.get(USERS).await.expect(200).json()["totalResults"], 2);
        // In another organisation all of it is free.
        let (theirs, _) = neighbour(&desk).await;
        theirs.post(USERS, &told).await.expect(201);
        theirs.group("Leads", &[]).await;
    }

    async fn people_of_another_organisation_are_nowhere(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let (theirs, ctx) = neighbour(&desk).await;
        let foreign = theirs.person("ines@clinic.example").await;
        let group = theirs.group("Leads", &[&foreign]).await;
        for at in [format!("{USERS}/{foreign}"), format!("{GROUPS}/{group}"), format!("{USERS}/x"), format!("{GROUPS}/x")] {
            refused(&provider.get(&at).await, 404, None);
            refused(&provider.patch(&at, json!([{ "op": "replace", "path": "displayName", "value": "x" }])).await, 404, None);
            refused(&provider.send(Method::PUT, &at, &json!({ "userName": "x", "displayName": "x" })).await, 404, None);
            refused(&provider.send(Method::DELETE, &at, &json!({})).await, 404, None);
        }
        assert!(provider.found(USERS, &format!(r#"id eq "{foreign}""#)).await.is_empty());
        // Nor are they members of ours.
        let own = provider.group("Ours", &[]).await;
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": foreign }] }]);
        refused(&provider.patch(&format!("{GROUPS}/{own}"), add).await, 400, Some("invalidValue"));
        let colleague = json!([{ "op": "add", "path": "members", "value": [{ "value": desk.id_of(Role::Agent).to_string() }] }]);
        refused(&provider.patch(&format!("{GROUPS}/{own}"), colleague).await, 400, Some("invalidValue"));
        let mapped = provisioning::rules(&desk.app, &ctx).await.unwrap().groups.remove(0);
        let choice = Choice::Group { id: mapped.id, was: None, role: Some("agent".to_owned()) };
        let done = provisioning::choose(&desk.app, &desk.ctx(Role::Administrator), vec![choice]).await;
        assert!(matches!(done, Err(DeskError::NotFound)));
        assert_eq!(theirs.get(&format!("{USERS}/{foreign}")).await.expect(200).json()["active"], true);
    }
}
