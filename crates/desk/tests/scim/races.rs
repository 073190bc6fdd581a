//! Messages that come at the same moment, from a provider that sends several at once or two of them.

use crate::common::{Answer, Desk, Role, both_engines};
use crate::provider::{GROUPS, Provider, USERS, at_work, default_role, map, refused};
use axum::http::Method;
use bedside_db::{args, statements};
use bedside_desk::jobs;
use futures_util::future::join_all;
use serde_json::json;

statements! {
    /// Requests to give back what somebody no longer reaches.
    LOOKS = "SELECT COUNT(*) FROM jobs WHERE kind = 'staff.less_reached'";
}

/// That one of them was taken and the others were told that somebody has it.
fn one_of(answers: &[Answer]) {
    let taken: Vec<&Answer> = answers.iter().filter(|one| one.status == 201).collect();
    assert_eq!(taken.len(), 1, "{answers:?}");
    for other in answers.iter().filter(|one| one.status != 201) {
        refused(other, 409, Some("uniqueness"));
    }
}

async fn looks(desk: &Desk) -> i64 {
    let conn = &mut desk.app.db.read().await.unwrap();
    let count = conn
        .query_opt(LOOKS, args![], |row| row.get(0))
        .await
        .unwrap();
    count.unwrap()
}

both_engines! {
    async fn a_name_or_number_that_several_ask_for_is_ones(desk: Desk) {
        let provider = &Provider::new(&desk).await;
        let people = |of: fn(usize) -> serde_json::Value| {
            join_all((0..8).map(move |number| async move { provider.post(USERS, &of(number)).await }))
        };
        one_of(&people(|number| json!({ "userName": "ines", "emails": [{ "value": format!("ines{number}@clinic.example") }] })).await);
        one_of(&people(|number| json!({ "userName": format!("otto{number}@clinic.example"), "externalId": "e1" })).await);
        one_of(&people(|number| json!({ "userName": format!("lou{number}"), "emails": [{ "value": "lou@clinic.example" }] })).await);
        let group = json!({ "displayName": "Leads" });
        one_of(&join_all((0..8).map(|_| provider.post(GROUPS, &group))).await);
        // The same of changes.
        let ids = join_all((0..6).map(|number| async move { provider.person(&format!("kim{number}@clinic.example")).await })).await;
        let change = json!([{ "op": "replace", "path": "userName", "value": "kim" }]);
        let address = json!([{ "op": "replace", "path": "emails.value", "value": "kim@clinic.example" }]);
        for change in [change, address] {
            let changes = ids.iter().map(|id| {
                let change = change.clone();
                async move { provider.patch(&format!("{USERS}/{id}"), change).await }
            });
            let answers = join_all(changes).await;
            let done = answers.iter().filter(|one| one.status == 200).count();
            assert_eq!(done, 1, "{answers:?}");
            for other in answers.iter().filter(|one| one.status != 200) {
                refused(other, 409, Some("uniqueness"));
            }
        }
    }

    async fn a_role_that_is_chosen_meets_who_is_told_of_at_this_moment(desk: Desk) {
        let provider = &Provider::new(&desk).await;
        let admin = &desk.ctx(Role::Administrator);
        for round in 0..6 {
            default_role(&desk, admin, None, Some("partner")).await.unwrap();
            let coming = join_all((0..4).map(|number| provider.person_of(format!("p{round}-{number}@clinic.example"))));
            let (came, chosen) = tokio::join!(coming, default_role(&desk, admin, Some("partner"), None));
            chosen.unwrap();
            for id in came {
                assert_eq!(at_work(&desk, &id).await, None, "{round}");
            }
        }
    }

    async fn who_is_taken_away_is_in_no_group_that_is_told_of_at_this_moment(desk: Desk) {
        let provider = &Provider::new(&desk).await;
        let groups = join_all((0..6).map(|number| async move { provider.group(&format!("Desk {number}"), &[]).await })).await;
        for group in &groups {
            map(&desk, group, Some("agent")).await;
        }
        for round in 0..6 {
            let email = format!("ines{round}@clinic.example");
            let id = &provider.person(&email).await;
            let adding = groups.iter().map(|group| async move {
                let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
                provider.patch(&format!("{GROUPS}/{group}"), add).await
            });
            let path = format!("{USERS}/{id}");
            let nothing = json!({});
            let going = provider.send(Method::DELETE, &path, &nothing);
            let (added, gone) = tokio::join!(join_all(adding), going);
            gone.expect(204);
            for answer in added {
                assert!(matches!(answer.status, 204 | 400), "{}", answer.text());
            }
            // The same account, told of anew: it has what the provider gives it from now on.
            assert_eq!(&provider.person(&email).await, id);
            assert_eq!(at_work(&desk, id).await, None, "{round}");
        }
    }

    async fn a_role_for_a_group_of_fifty_looks_once_at_who_reaches_less(desk: Desk) {
        let provider = &Provider::new(&desk).await;
        let mut ids = Vec::new();
        for number in 0..50 {
            ids.push(provider.person(&format!("p{number}@clinic.example")).await);
        }
        let members: Vec<&str> = ids.iter().map(String::as_str).collect();
        let group = provider.group("Everybody", &members).await;
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(looks(&desk).await, 0);
        map(&desk, &group, Some("agent")).await;
        assert_eq!(looks(&desk).await, 1);
        map(&desk, &group, None).await;
        assert_eq!(looks(&desk).await, 1);
        assert_eq!(at_work(&desk, &ids[49]).await, None);
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(looks(&desk).await, 0);
    }
}
