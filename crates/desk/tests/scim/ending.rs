//! Whoever the provider puts out is out at once: sessions, half sign-ins, links, tokens, streams.

use crate::common::{Browser, Client, Desk, Role, both_engines, hidden};
use crate::provider::{GROUPS, Provider, USERS, at_work, done_to, map};
use axum::http::Method;
use bedside_db::{args, statements};
use bedside_desk::api::{self, Credential};
use bedside_desk::context::{Actor, Ctx, Permission, Permissions, Source};
use bedside_desk::ids::StaffId;
use bedside_desk::staff::{self, NewToken, Queues};
use bedside_web::Locale;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;

statements! {
    /// News that is on its way.
    NEWS = "SELECT payload FROM jobs WHERE kind = 'staff.notice' LIMIT 100";
    /// Puts it away.
    FORGET_NEWS = "DELETE FROM jobs WHERE kind = 'staff.notice'";
}

async fn waiting(desk: &Desk) -> Vec<String> {
    let conn = &mut desk.app.db.read().await.unwrap();
    let news = conn.query(NEWS, args![], |row| row.get(0)).await;
    news.unwrap()
}

const WORDS: &str = "a heron by the quiet river";

/// What calls services as somebody does.
fn ctx_of(desk: &Desk, id: StaffId, role: Role) -> Ctx {
    let actor = Actor::Staff {
        id,
        role: desk.role(role),
        name: "Ines Ortega".into(),
    };
    Ctx {
        organisation: desk.organisation,
        actor,
        source: Source::Page,
        locale: Locale::En,
        once: None,
    }
}

/// An administrator whom the provider told of; their id.
async fn told_administrator(desk: &Desk, provider: &Provider) -> (String, String) {
    let id = provider.person("ines@clinic.example").await;
    let group = provider.group("Desk administrators", &[&id]).await;
    map(desk, &group, Some("administrator")).await;
    assert_eq!(at_work(desk, &id).await.as_deref(), Some("administrator"));
    (id, group)
}

/// Everything of somebody's that lets somebody in.
struct Ways {
    id: String,
    browser: Browser,
    link: String,
    token: String,
}

impl Ways {
    async fn of(desk: &Desk, id: &str) -> Self {
        let staff_id: StaffId = id.parse().unwrap();
        staff::set_password(&desk.app, &desk.ctx(Role::Administrator), staff_id, WORDS)
            .await
            .unwrap();
        let session = staff::sign_in(&desk.app, "ines@clinic.example", WORDS, "")
            .await
            .unwrap()
            .session()
            .unwrap();
        let later = desk.app.now().plus_seconds(3600);
        let link = staff::make_link(&desk.app, &desk.system(), staff_id, false, later)
            .await
            .unwrap();
        let new = NewToken {
            name: "hers".to_owned(),
            scopes: Permissions::of(&[Permission::TicketsRead]),
            queues: Queues::All,
            expires_at: None,
        };
        let own = ctx_of(desk, staff_id, Role::Administrator);
        let (_, token) = staff::create_token(&desk.app, &own, new).await.unwrap();
        let browser = Browser::new(&desk.app, Some(session.token));
        browser.get("/inbox").await.expect(200);
        Client::new(&desk.app, Some(token.clone()))
            .get("/api/v1/tickets")
            .await
            .expect(200);
        Self {
            id: id.to_owned(),
            browser,
            link,
            token,
        }
    }

    /// That not one of them opens anything.
    async fn are_shut(&self, desk: &Desk) {
        assert_eq!(at_work(desk, &self.id).await, None);
        self.browser.get("/inbox").await.expect(401);
        Client::new(&desk.app, Some(self.token.clone()))
            .get("/api/v1/tickets")
            .await
            .expect(401);
        assert!(
            staff::sign_in_by_link(&desk.app, &self.link, "")
                .await
                .is_err()
        );
        assert!(
            staff::sign_in(&desk.app, "ines@clinic.example", WORDS, "")
                .await
                .is_err()
        );
    }
}

/// A live stream of events, which looks again whom it serves in an hour by itself.
async fn stream(
    desk: &Desk,
    ctx: Ctx,
    credential: Credential,
) -> impl futures_util::Stream + Unpin {
    let hour = Duration::from_hours(1);
    Box::pin(
        api::follow(desk.app.clone(), ctx, credential, None, hour)
            .await
            .unwrap(),
    )
}

/// Waits for the end of a stream, whatever it still tells before.
async fn ends(stream: impl futures_util::Stream + Unpin) {
    let over = tokio::time::timeout(Duration::from_secs(20), stream.collect::<Vec<_>>()).await;
    assert!(over.is_ok(), "the stream goes on");
}

both_engines! {
    async fn whoever_is_put_out_is_out_at_once(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let (id, group) = told_administrator(&desk, &provider).await;
        let path = format!("{USERS}/{id}");
        let inactive = json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] });
        let active = json!([{ "op": "replace", "path": "active", "value": true }]);
        let gone = json!({ "Operations": [{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }] });
        let members = format!("{GROUPS}/{group}");
        let endings: [(Method, String, Value); 2] = [
            (Method::PATCH, path.clone(), inactive),
            (Method::PATCH, members.clone(), gone),
        ];
        for (method, at, body) in endings {
            let ways = Ways::of(&desk, &id).await;
            desk.clock.advance(60);
            let answer = provider.send(method, &at, &body).await;
            assert!(matches!(answer.status, 200 | 204), "{}", answer.text());
            ways.are_shut(&desk).await;
            // Who comes back has nothing of before.
            provider.patch(&path, active.clone()).await.expect(200);
            provider.patch(&members, json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }])).await.expect(204);
            assert_eq!(at_work(&desk, &id).await.as_deref(), Some("administrator"));
            ways.browser.get("/inbox").await.expect(401);
            Client::new(&desk.app, Some(ways.token)).get("/api/v1/tickets").await.expect(401);
            assert!(staff::sign_in(&desk.app, "ines@clinic.example", WORDS, "").await.is_err());
        }
        let ways = Ways::of(&desk, &id).await;
        provider.send(Method::DELETE, &path, &json!({})).await.expect(204);
        ways.are_shut(&desk).await;
        let log = done_to(&desk, &id).await;
        assert_eq!(log.iter().filter(|one| *one == "staff.disable").count(), 3, "{log:?}");
    }

    async fn live_streams_end_with_their_person(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let (id, _) = told_administrator(&desk, &provider).await;
        let ways = Ways::of(&desk, &id).await;
        let own = ctx_of(&desk, id.parse().unwrap(), Role::Administrator);
        let cookie = ways.browser.cookie();
        let session = cookie.split_once('=').unwrap().1;
        let by_session = stream(&desk, own.clone(), Credential::Session(session.into())).await;
        let by_token = stream(&desk, own, Credential::Token(ways.token.as_str().into())).await;
        let mut other = stream(&desk, desk.system(), Credential::Token(desk.token("tickets:read").await.into())).await;
        let path = format!("{USERS}/{id}");
        let (left, ..) = futures_util::join!(
            provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])),
            ends(by_session),
            ends(by_token),
        );
        left.expect(200);
        // Nobody else's ends: it tells of what comes next.
        desk.ticket("rosa@patient.example", "My bill", "Why so much?").await;
        let told = tokio::time::timeout(Duration::from_secs(20), other.next()).await;
        assert!(told.unwrap().is_some());
    }

    async fn a_colleague_who_is_locked_by_hand_loses_tokens_and_stays_locked(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let (id, _) = told_administrator(&desk, &provider).await;
        let ways = Ways::of(&desk, &id).await;
        desk.clock.advance(60);
        staff::disable(&desk.app, &desk.ctx(Role::Administrator), id.parse().unwrap()).await.unwrap();
        ways.are_shut(&desk).await;
        // The provider does not undo what a colleague did, and reads that.
        let path = format!("{USERS}/{id}");
        let told = provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": true }])).await.expect(200).json();
        assert_eq!((told["active"].clone(), at_work(&desk, &id).await), (json!(false), None));
        // Nor by saying in between that she left.
        desk.clock.advance(60);
        for active in [false, true] {
            provider.patch(&path, json!([{ "op": "replace", "path": "active", "value": active }])).await.expect(200);
        }
        assert_eq!(at_work(&desk, &id).await, None);
        staff::enable(&desk.app, &desk.ctx(Role::Administrator), id.parse().unwrap()).await.unwrap();
        assert_eq!(provider.get(&path).await.expect(200).json()["active"], true);
    }

    async fn a_token_ends_with_whoever_made_it_and_so_provisioning_may(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let (id, _) = told_administrator(&desk, &provider).await;
        let new = NewToken {
            name: "provider".to_owned(),
            scopes: Permissions::of(&[Permission::PeopleProvision]),
            queues: Queues::All,
            expires_at: None,
        };
        let own = ctx_of(&desk, id.parse().unwrap(), Role::Administrator);
        let (_, token) = staff::create_token(&desk.app, &own, new).await.unwrap();
        let hers = Provider(Client::new(&desk.app, Some(token)));
        hers.get(USERS).await.expect(200);
        hers.patch(&format!("{USERS}/{id}"), json!([{ "op": "replace", "path": "active", "value": false }])).await.expect(200);
        crate::provider::refused(&hers.get(USERS).await, 401, None);
        provider.get(USERS).await.expect(200);
    }

    async fn that_provisioning_ended_with_its_maker_is_said(desk: Desk) {
        const PAGE: &str = "/settings/provisioning";
        let provider = Provider::new(&desk).await;
        let admin = desk.browser(Role::Administrator).await;
        let token = staff::list_tokens(&desk.app, &desk.system()).await.unwrap()[0].id;
        let (id, _) = told_administrator(&desk, &provider).await;
        staff::revoke_token(&desk.app, &desk.system(), token).await.unwrap();
        assert!(!waiting(&desk).await.iter().any(|job| job.contains("provisioning_ended")), "who does it by hand knows");
        let path = format!("/settings/staff/{id}");
        let demote = async |role: &str| {
            let page = admin.get(&path).await.expect(200).text();
            let version = hidden(&page, "version").to_owned();
            admin.submit(&path, &path, &[("version", &version), ("role", role)]).await
        };
        for by_role in [true, false] {
            let own = ctx_of(&desk, id.parse().unwrap(), Role::Administrator);
            let later = desk.app.now().plus_seconds(90 * 24 * 3600);
            let new = NewToken {
                name: "provider".to_owned(),
                scopes: Permissions::of(&[Permission::PeopleProvision]),
                queues: Queues::All,
                expires_at: Some(later),
            };
            let (_, token) = staff::create_token(&desk.app, &own, new).await.unwrap();
            let page = admin.get(PAGE).await.expect(200).text();
            assert!(page.contains("There is a token for it") && page.contains("It works until") && !page.contains("works any more"), "{page}");
            desk.app.db.write::<_, bedside_desk::error::DeskError, _>(|tx| Box::pin(async move { tx.execute(FORGET_NEWS, args![]).await?; Ok(()) })).await.unwrap();
            if by_role {
                demote("agent").await.expect(303);
            } else {
                staff::disable(&desk.app, &desk.ctx(Role::Administrator), id.parse().unwrap()).await.unwrap();
            }
            let hers = Provider(Client::new(&desk.app, Some(token)));
            assert_ne!(hers.get(USERS).await.status, 200);
            let page = admin.get(PAGE).await.expect(200).text();
            assert!(page.contains("No token for it works any more"), "{page}");
            let told: Vec<String> = waiting(&desk).await.into_iter().filter(|job| job.contains("provisioning_ended")).collect();
            let ada = desk.id_of(Role::Administrator).to_string();
            assert!(told.len() == 1 && told[0].contains(&ada), "{by_role}: {told:?}");
            if by_role {
                demote("administrator").await.expect(200);
            }
        }
    }

    async fn a_new_address_is_told_and_ends_sessions(desk: Desk) {
        let provider = Provider::new(&desk).await;
        let (id, _) = told_administrator(&desk, &provider).await;
        let ways = Ways::of(&desk, &id).await;
        let path = format!("{USERS}/{id}");
        // A name is no reason to sign in anew.
        provider.patch(&path, json!([{ "op": "replace", "path": "displayName", "value": "Ines O." }])).await.expect(200);
        ways.browser.get("/inbox").await.expect(200);
        provider.patch(&path, json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "ines.o@clinic.example" }])).await.expect(200);
        ways.browser.get("/inbox").await.expect(401);
        assert!(staff::sign_in_by_link(&desk.app, &ways.link, "").await.is_err());
        assert!(staff::sign_in(&desk.app, "ines@clinic.example", WORDS, "").await.is_err());
        let waiting = waiting(&desk).await;
        assert!(waiting.iter().any(|job| job.contains("address") && job.contains(&id)), "{waiting:?}");
        staff::sign_in(&desk.app, "ines.o@clinic.example", WORDS, "").await.unwrap();
    }
}
