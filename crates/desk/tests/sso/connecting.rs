//! Connecting the account at the provider from inside: for providers that say nothing of mail addresses.

use super::*;
use crate::common::both_engines;
use crate::common::factor::{WORDS, password};
use bedside_db::{args, statements};
use bedside_desk::staff;

statements! {
    /// News that is on its way.
    NEWS = "SELECT payload FROM jobs WHERE kind = 'staff.notice' LIMIT 100";
}

const CONNECT: &str = "/account/sso/connect";

/// What a provider says that leaves addresses out.
fn groups(groups: &[&str]) -> Value {
    json!({ "groups": groups })
}

/// Presses the button on the account's page, and gives back what the link of the next page leads to the provider with.
async fn sets_out(browser: &Browser) -> Asked {
    let page = browser
        .submit("/account", CONNECT, &[])
        .await
        .expect(200)
        .text();
    let link = page
        .split("href=\"")
        .find(|link| link.contains("/authorize?"));
    let address = link
        .expect("a link")
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    Asked::of(&address.replace("&amp;", "&"))
}

/// Comes back as `subject`; what the account's page says then.
async fn connects(
    desk: &Desk,
    issuer: &Issuer,
    browser: &Browser,
    subject: &str,
    more: Value,
) -> String {
    let asked = sets_out(browser).await;
    let claims = claims(desk, issuer, &asked, subject, &more);
    let code = issuer.grant(&asked, claims, Signed::Right);
    let answer = browser.get(&asked.back(&code)).await.expect(303);
    assert_eq!(answer.header("location"), Some("/account"));
    browser.get("/account").await.expect(200).text()
}

async fn news(desk: &Desk) -> String {
    let conn = &mut desk.app.db.read().await.unwrap();
    let all = conn
        .query(NEWS, args![], |row| row.get::<String>(0))
        .await
        .unwrap();
    all.join("\n")
}

both_engines! {
    async fn an_account_is_connected_from_inside_and_lets_its_person_in(desk: Desk) {
        let issuer = set_up(&desk).await;
        let host = issuer.url().strip_prefix("http://").unwrap();
        // Nobody is found without an address.
        come_in(&desk, &issuer, &desk.visitor(), "ana-at-entra", groups(&["desk-agents"])).await.expect(422);
        assert_eq!(reason(&desk).await, "unverified");
        let inside = desk.browser(Role::Agent).await;
        let page = inside.get("/account").await.expect(200).text();
        assert!(page.contains(&format!("Connect my account at {host}")), "{page}");
        // The provider asks for the password anew: who is signed in there may be somebody else.
        let asked = sets_out(&inside).await;
        assert_eq!((asked.get("prompt"), asked.get("max_age")), ("login", ""));
        let page = connects(&desk, &issuer, &inside, "ana-at-entra", groups(&["desk-agents"])).await;
        assert!(page.contains("Your account is connected") && page.contains(&format!("Connected with your account at {host}")), "{page}");
        assert!(!page.contains(CONNECT) && news(&desk).await.contains("sso_linked"));
        assert_eq!(noted(&desk, "sso.link").await, 1);
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "ana-at-entra", groups(&["desk-leads"])).await.expect(303);
        assert!(browser.get("/settings").await.expect(200).text().contains("Ana Agent"), "the groups count");
        desk.audit_is_whole().await;
    }

    async fn it_takes_a_fresh_proof_and_the_form_of_the_desk(desk: Desk) {
        let issuer = set_up(&desk).await;
        let inside = desk.browser(Role::Agent).await;
        inside.get(CONNECT).await.expect(405);
        inside.post(CONNECT, &[("csrf_token", "made up")]).await.expect(403);
        desk.clock.advance(10 * 60);
        inside.submit("/account", CONNECT, &[]).await.expect(403);
        let visitor = desk.visitor();
        assert_ne!(visitor.post(CONNECT, &[]).await.status, 200);
        // Nor is there anything to connect with where nobody signs in there.
        sso::remove(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap();
        let inside = desk.browser(Role::Agent).await;
        assert!(!inside.get("/account").await.expect(200).text().contains("/account/sso"));
        inside.submit("/account", CONNECT, &[]).await.expect(404);
        assert_eq!(issuer.asked(), Vec::<String>::new());
    }

    async fn it_belongs_to_the_session_that_set_out(desk: Desk) {
        let issuer = set_up(&desk).await;
        staff::set_password(&desk.app, &desk.system(), desk.id_of(Role::Nurse), WORDS).await.unwrap();
        let browser = desk.browser(Role::Agent).await;
        let comes_back = async |asked: &Asked| {
            let more = groups(&["desk-agents"]);
            let claims = claims(&desk, &issuer, asked, "ana-at-entra", &more);
            let code = issuer.grant(asked, claims, Signed::Right);
            let answer = browser.get(&asked.back(&code)).await.expect(303);
            assert_eq!(answer.header("location"), Some("/account"));
            assert_eq!(reason(&desk).await, "other_person");
        };
        // A colleague came in with the same browser meanwhile.
        let asked = sets_out(&browser).await;
        browser.submit("/account", "/sign-out", &[]).await.expect(303);
        password(&browser, "nurse@clinic.example", WORDS).await.expect(303);
        comes_back(&asked).await;
        let page = browser.get("/account").await.expect(200).text();
        assert!(page.contains("Your account was not connected") && page.contains("Nia Nurse"), "{page}");
        // Nobody is in any more.
        let asked = sets_out(&browser).await;
        browser.submit("/account", "/sign-out", &[]).await.expect(303);
        comes_back(&asked).await;
        // Nor does it count in another browser, or a second time.
        let other = desk.browser(Role::Agent).await;
        other.get(&asked.back("x")).await.expect(303);
        assert_eq!(noted(&desk, "sso.link").await, 0);
    }

    async fn what_would_shut_somebody_out_is_not_connected(desk: Desk) {
        let issuer = set_up(&desk).await;
        let inside = desk.browser(Role::Agent).await;
        for none in [json!({ "groups": [] }), json!({ "groups": ["everybody"] }), json!({})] {
            let page = connects(&desk, &issuer, &inside, "ana-at-entra", none).await;
            assert!(page.contains("it is in no group there that gives access here"), "{page}");
        }
        // The only administrator would be none any more.
        let admin = desk.browser(Role::Administrator).await;
        let page = connects(&desk, &issuer, &admin, "ada-at-entra", groups(&["desk-agents"])).await;
        assert!(page.contains("you are the only administrator"), "{page}");
        connects(&desk, &issuer, &admin, "ada-at-entra", groups(&["desk-admins"])).await;
        // One account there is one person here, and the other way round.
        let page = connects(&desk, &issuer, &inside, "ada-at-entra", groups(&["desk-agents"])).await;
        assert!(page.contains("it belongs to a colleague here"), "{page}");
        let mut declined = sets_out(&inside).await;
        inside.get(&format!("/sign-in/sso?error=access_denied&state={}", declined.get("state"))).await.expect(303);
        assert!(inside.get("/account").await.expect(200).text().contains("Your account was not connected."));
        declined = sets_out(&inside).await;
        connects(&desk, &issuer, &inside, "ana-at-entra", groups(&["desk-agents"])).await;
        let claims = claims(&desk, &issuer, &declined, "ana-anew", &groups(&["desk-agents"]));
        let code = issuer.grant(&declined, claims, Signed::Right);
        inside.get(&declined.back(&code)).await.expect(303);
        assert!(inside.get("/account").await.expect(200).text().contains("you are connected with another one"));
        inside.get("/inbox").await.expect(200);
        come_in(&desk, &issuer, &desk.visitor(), "ana-anew", groups(&["desk-agents"])).await.expect(422);
    }

    async fn it_is_disconnected_where_another_way_in_is_left(desk: Desk) {
        const LEAVE: &str = "/account/sso/disconnect";
        let issuer = set_up(&desk).await;
        let inside = desk.browser(Role::Agent).await;
        let page = connects(&desk, &issuer, &inside, "ana-at-entra", groups(&["desk-agents"])).await;
        assert!(page.contains("Whoever manages the staff can disconnect it") && !page.contains(LEAVE), "{page}");
        // The organisation wants her to come in there: who leaves it must not slip past its groups before.
        inside.submit("/account", LEAVE, &[]).await.expect(303);
        assert!(inside.get("/account").await.expect(200).text().contains("wants people to sign in there"));
        let mut rules = rules();
        rules.only_way = false;
        provider(&desk, &issuer, rules).await;
        assert!(inside.get("/account").await.expect(200).text().contains(LEAVE));
        inside.submit("/account", LEAVE, &[]).await.expect(303);
        assert!(inside.get("/account").await.expect(200).text().contains("Set a password or add a passkey first"));
        let id = desk.id_of(Role::Agent);
        staff::set_password(&desk.app, &desk.system(), id, WORDS).await.unwrap();
        let (inside, other) = (desk.browser(Role::Agent).await, desk.browser(Role::Agent).await);
        inside.submit("/account", LEAVE, &[]).await.expect(303);
        assert!(inside.get("/account").await.expect(200).text().contains("account is disconnected"));
        is_out(&other).await;
        assert!(news(&desk).await.contains("sso_left"));
        come_in(&desk, &issuer, &desk.visitor(), "ana-at-entra", groups(&["desk-agents"])).await.expect(422);
        assert_eq!(reason(&desk).await, "unverified");
        password(&desk.visitor(), "agent@clinic.example", WORDS).await.expect(303);
        assert_eq!(noted(&desk, "sso.leave").await, 1);
    }
}
