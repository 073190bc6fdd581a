//! The page on which an administrator says what groups give, and sees whether it works.

use crate::common::{Answer, Browser, Role, both_engines, hidden};
use crate::provider::{GROUPS, Provider, USERS, at_work, map};
use axum::http::Method;
use serde_json::json;

const PAGE: &str = "/settings/provisioning";

/// Sends the form: of a group, and of everybody else, what stood there before and what is chosen.
async fn save(browser: &Browser, group: &str, of: [&str; 2], others: [&str; 2]) -> Answer {
    let role = format!("role_{group}");
    let fields = [
        (role.as_str(), of[1]),
        (&format!("{role}_was"), of[0]),
        ("default_role", others[1]),
        ("default_role_was", others[0]),
    ];
    browser.submit(PAGE, PAGE, &fields).await
}

both_engines! {
    async fn an_administrator_sees_where_to_send_and_what_came(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let page = admin.get(PAGE).await.expect(200).text();
        assert!(page.contains("http://desk.example/scim/v2"), "{page}");
        assert!(page.contains("No token for it works") && page.contains("Nothing has come yet") && page.contains("No groups yet"));
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        provider.group("Care <Desk>", &[&id]).await;
        provider.post(USERS, &json!({ "userName": "ines@clinic.example" })).await.expect(409);
        provider.post(USERS, &json!({ "userName": "administrator@clinic.example" })).await.expect(400);
        for _ in 0..3 {
            provider.get(USERS).await.expect(200);
        }
        provider.get(&format!("{USERS}?filter=x")).await.expect(400);
        let page = admin.get(PAGE).await.expect(200).text();
        assert!(page.contains("There is a token for it") && page.contains("Care &#60;Desk&#62;"), "{page}");
        for words in ["Added a person", "Added a group", "Name, number or address taken", "The only administrator is not touched", "Unknown filter", "The provider tells of one person", "One person is in it"] {
            assert!(page.contains(words), "{words} in {page}");
        }
        // Reading again and again is one line.
        assert_eq!(page.matches("Looked people or groups up").count(), 2, "{page}");
        assert!(!page.contains("ines@clinic.example"), "who it was stands in the audit log");
        // It is for whoever manages the staff.
        desk.browser(Role::Supervisor).await.get(PAGE).await.expect(403);
        let staff = admin.get("/settings/staff").await.expect(200).text();
        assert!(staff.contains("Ines Ortega"));
        let person = admin.get(&format!("/settings/staff/{id}")).await.expect(200).text();
        assert!(person.contains("No role"), "{person}");
        let refused = admin.submit(&format!("/settings/staff/{id}"), &format!("/settings/staff/{id}/enable"), &[]).await.expect(422).text();
        assert!(refused.contains("Give this person a role first."), "{refused}");
        // Someone may still be given a role by hand.
        admin.submit(&format!("/settings/staff/{id}"), &format!("/settings/staff/{id}"), &[("version", hidden(&person, "version")), ("role", "agent")]).await.expect(200);
        admin.submit(&format!("/settings/staff/{id}"), &format!("/settings/staff/{id}/enable"), &[]).await.expect(303);
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("agent"));
    }

    async fn an_administrator_says_what_a_group_gives(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let other = provider.person("otto@clinic.example").await;
        let group = provider.group("Care Desk", &[&id]).await;
        save(&admin, &group, ["", "agent"], ["", ""]).await.expect(303);
        assert_eq!((at_work(&desk, &id).await.as_deref(), at_work(&desk, &other).await), (Some("agent"), None));
        let page = admin.get(PAGE).await.expect(200).text();
        assert!(page.contains("<option value=\"agent\" selected>"), "{page}");
        // The provider may change the group while the page is open; another colleague's choice is not overwritten.
        provider.patch(&format!("{GROUPS}/{group}"), json!([{ "op": "add", "path": "members", "value": [{ "value": other }] }])).await.expect(204);
        save(&admin, &group, ["agent", "nurse"], ["", ""]).await.expect(303);
        assert_eq!(at_work(&desk, &other).await.as_deref(), Some("nurse"));
        let stale = save(&admin, &group, ["agent", "supervisor"], ["", ""]).await.expect(422).text();
        assert!(stale.contains("Someone else changed this"), "{stale}");
        assert_eq!(hidden(&stale, &format!("role_{group}_was")), "nurse");
        save(&admin, &group, ["nurse", "no_such_role"], ["", ""]).await.expect(422);
        save(&admin, &group, ["nurse", "nurse"], ["", "no_such_role"]).await.expect(422);
        save(&admin, &group, ["nurse", ""], ["", "partner"]).await.expect(303);
        for one in [&id, &other] {
            assert_eq!(at_work(&desk, one).await.as_deref(), Some("partner"));
        }
        // A group that is gone is no longer in the form, and no harm.
        provider.send(Method::DELETE, &format!("{GROUPS}/{group}"), &json!({})).await.expect(204);
        save(&admin, &group, ["", "administrator"], ["partner", "partner"]).await.expect(303);
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("partner"));
    }

    async fn nobody_changes_what_they_are_themselves_there(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let id = provider.person("ines@clinic.example").await;
        let group = provider.group("Administrators", &[&id]).await;
        map(&desk, &group, Some("administrator")).await;
        let session = bedside_desk::staff::admit(&desk.app, desk.organisation, id.parse().unwrap(), "test", "").await.unwrap();
        let ines = Browser::new(&desk.app, Some(session.token));
        let refused = save(&ines, &group, ["administrator", ""], ["", ""]).await.expect(422).text();
        assert!(refused.contains("Ask another administrator to change your role."), "{refused}");
        assert_eq!(at_work(&desk, &id).await.as_deref(), Some("administrator"));
        let admin = desk.browser(Role::Administrator).await;
        save(&admin, &group, ["administrator", ""], ["", ""]).await.expect(303);
        assert_eq!(at_work(&desk, &id).await, None);
    }
}
