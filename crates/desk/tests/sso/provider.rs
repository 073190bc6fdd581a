//! How often the provider is asked, and for what.

use super::*;
use crate::common::both_engines;
use crate::common::issuer::Wrong;
use futures_util::future::join_all;

/// Comes back with a token that is signed so; the page's status.
async fn tries(desk: &Desk, issuer: &Issuer, signed: Signed) -> u16 {
    let browser = desk.visitor();
    let asked = begin(desk, &browser).await;
    let more = ana(&["desk-agents"]);
    let claims = claims(desk, issuer, &asked, "ana-at-the-provider", &more);
    let code = issuer.grant(&asked, claims, signed);
    browser.get(&asked.back(&code)).await.status
}

both_engines! {
    async fn new_keys_are_read_once_they_are_needed(desk: Desk) {
        let issuer = set_up(&desk).await;
        ana_inside(&desk, &issuer).await;
        issuer.rotate();
        assert_eq!(tries(&desk, &issuer, Signed::Right).await, 422, "the keys were read a moment ago");
        assert_eq!((reason(&desk).await.as_str(), issuer.described()), ("signature", 1));
        desk.clock.advance(30);
        assert_eq!(tries(&desk, &issuer, Signed::Right).await, 303);
        assert_eq!(issuer.described(), 2);
        // What is signed by nobody makes it ask once, and not again and again.
        desk.clock.advance(30);
        for _ in 0..3 {
            assert_eq!(tries(&desk, &issuer, Signed::OtherKey).await, 422);
            assert_eq!((reason(&desk).await.as_str(), issuer.described()), ("signature", 3));
        }
        // What is known by then does while it can't be asked.
        desk.clock.advance(30);
        issuer.is(Wrong::Missing);
        assert_eq!(tries(&desk, &issuer, Signed::OtherKey).await, 422);
        assert_eq!(reason(&desk).await, "no_description");
        assert_eq!(tries(&desk, &issuer, Signed::Right).await, 303);
    }

    async fn a_crowd_asks_it_once_and_not_again_at_once(desk: Desk) {
        let issuer = set_up(&desk).await;
        let way = &way(&desk);
        let crowd = || async {
            let all = (0..12).map(|_| async { desk.visitor().get(way).await.status });
            join_all(all).await
        };
        issuer.is(Wrong::NoJson);
        assert_eq!(crowd().await, [503; 12]);
        desk.clock.advance(9);
        assert_eq!(crowd().await, [503; 12]);
        assert_eq!(issuer.described(), 1);
        // It is asked again after some seconds, and at once where somebody put the settings right.
        issuer.is(Wrong::Nothing);
        desk.clock.advance(1);
        assert_eq!(crowd().await, [303; 12]);
        assert_eq!(issuer.described(), 2);
        desk.clock.advance(10 * 60);
        issuer.is(Wrong::Missing);
        assert_eq!(crowd().await, [503; 12]);
        issuer.is(Wrong::Nothing);
        provider(&desk, &issuer, rules()).await;
        assert_eq!(crowd().await, [303; 12]);
        assert_eq!(issuer.described(), 4);
    }

    /// RFC 9207, section 2.4.
    async fn a_provider_that_can_name_itself_has_to(desk: Desk) {
        let issuer = set_up(&desk).await;
        issuer.names_itself();
        for (more, expected) in [
            (String::new(), "other_provider"),
            ("&iss=https://login.example".to_owned(), "other_provider"),
            ("&error=access_denied".to_owned(), "other_provider"),
        ] {
            let browser = desk.visitor();
            let asked = begin(&desk, &browser).await;
            browser.get(&format!("{}{more}", asked.back("x"))).await.expect(422);
            assert_eq!(reason(&desk).await, expected, "{more}");
        }
        assert_eq!(issuer.asked(), Vec::<String>::new());
        let browser = desk.visitor();
        let asked = begin(&desk, &browser).await;
        let claims = claims(&desk, &issuer, &asked, "ana-at-the-provider", &ana(&["desk-agents"]));
        let code = issuer.grant(&asked, claims, Signed::Right);
        browser.get(&format!("{}&iss={}", asked.back(&code), issuer.url())).await.expect(303);
        browser.get("/inbox").await.expect(200);
    }

    async fn details_are_asked_for_when_they_are_needed(desk: Desk) {
        let issuer = set_up(&desk).await;
        let mut details = ana(&["desk-agents"]);
        details["sub"] = json!("ana-at-the-provider");
        issuer.details(details);
        // The first time the address is, and a token with the groups alone does from then on: whatever that place says.
        let groups = json!({ "groups": ["desk-agents"] });
        come_in(&desk, &issuer, &desk.visitor(), "ana-at-the-provider", groups.clone()).await.expect(303);
        assert_eq!(issuer.detailed(), 1);
        issuer.details(json!({ "sub": "somebody-else" }));
        come_in(&desk, &issuer, &desk.visitor(), "ana-at-the-provider", groups).await.expect(303);
        assert_eq!(issuer.detailed(), 1);
        // Without the groups it is asked.
        come_in(&desk, &issuer, &desk.visitor(), "ana-at-the-provider", json!({})).await.expect(422);
        assert_eq!(issuer.detailed(), 2);
    }
}
