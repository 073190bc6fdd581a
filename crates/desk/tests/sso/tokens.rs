//! What a provider, or somebody in its place, can send that lets nobody in.

use super::*;
use crate::common::both_engines;
use crate::common::issuer::Wrong;

/// Comes back with a changed token, and is refused: nobody is in, and the page says nothing of why.
async fn refused(desk: &Desk, issuer: &Issuer, more: Value, signed: Signed) -> String {
    let browser = desk.visitor();
    let asked = begin(desk, &browser).await;
    let claims = claims(desk, issuer, &asked, "ana-at-the-provider", &more);
    let code = issuer.grant(&asked, claims, signed);
    let page = browser.get(&asked.back(&code)).await.expect(422).text();
    assert!(
        page.contains("You could not be signed in with this account"),
        "{page}"
    );
    is_out(&browser).await;
    reason(desk).await
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

both_engines! {
    async fn a_token_that_is_wrong_in_any_way_lets_nobody_in(desk: Desk) {
        let issuer = set_up(&desk).await;
        let fine = || ana(&["desk-agents"]);
        let now = seconds(&desk);
        for (claims, expected) in [
            (with(fine(), "iss", json!("https://login.example")), "token_issuer"),
            (with(fine(), "aud", json!("another-client")), "token_audience"),
            (with(fine(), "aud", json!([CLIENT, "another-client"])), "token_audience"),
            (with(fine(), "azp", json!("another-client")), "token_audience"),
            (with(fine(), "nonce", json!("of another sign-in")), "token_nonce"),
            (with(fine(), "nonce", json!(null)), "token_nonce"),
            (with(fine(), "exp", json!(now - 1)), "token_time"),
            (with(fine(), "iat", json!(now - 3600)), "token_time"),
            (with(fine(), "iat", json!(now + 3600)), "token_time"),
            (with(fine(), "sub", json!("")), "token_other"),
            (with(fine(), "sub", json!("s".repeat(256))), "token_other"),
            (with(fine(), "at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), "token_other"),
        ] {
            assert_eq!(refused(&desk, &issuer, claims.clone(), Signed::Right).await, expected, "{claims}");
        }
        for signed in [Signed::OtherKey, Signed::None, Signed::PublicKeyAsSecret, Signed::ClientSecret, Signed::Changed] {
            assert_eq!(refused(&desk, &issuer, fine(), signed).await, "signature", "{signed:?}");
        }
        // The same without anything wrong, by either key.
        ana_inside(&desk, &issuer).await;
        let browser = desk.visitor();
        let asked = begin(&desk, &browser).await;
        let claims = claims(&desk, &issuer, &asked, "ana-at-the-provider", &fine());
        let code = issuer.grant(&asked, claims, Signed::Edwards);
        browser.get(&asked.back(&code)).await.expect(303);
        browser.get("/inbox").await.expect(200);
    }

    async fn a_sign_in_belongs_to_the_browser_that_began_it_and_counts_once(desk: Desk) {
        let issuer = set_up(&desk).await;
        let late = "it began in another window";
        let mine = desk.visitor();
        let asked = begin(&desk, &mine).await;
        let right = claims(&desk, &issuer, &asked, "ana-at-the-provider", &ana(&["desk-agents"]));
        let code = issuer.grant(&asked, right.clone(), Signed::Right);
        // Another browser with the same address: one that began nothing, and one that began for itself.
        let other = desk.visitor();
        assert!(other.get(&asked.back(&code)).await.expect(422).text().contains(late));
        begin(&desk, &other).await;
        assert!(other.get(&asked.back(&code)).await.expect(422).text().contains(late));
        is_out(&other).await;
        assert_eq!(issuer.asked(), Vec::<String>::new(), "the code went nowhere");
        // The browser that began it comes in, and once.
        mine.get(&asked.back(&code)).await.expect(303);
        let code = issuer.grant(&asked, right, Signed::Right);
        let again = desk.visitor();
        assert!(again.get(&asked.back(&code)).await.expect(422).text().contains(late));
        let answer = mine.get(&asked.back(&code)).await.expect(303);
        assert_eq!(answer.header("location"), Some("/account/confirm"), "nobody new is in");
        // What was made up, what is missing, and what took too long.
        let browser = desk.visitor();
        let asked = begin(&desk, &browser).await;
        for path in ["/sign-in/sso", "/sign-in/sso?code=x", "/sign-in/sso?code=x&state=made-up"] {
            assert!(browser.get(path).await.expect(422).text().contains(late), "{path}");
        }
        desk.clock.advance(10 * 60);
        assert!(browser.get(&asked.back("x")).await.expect(422).text().contains(late));
    }

    async fn the_code_of_another_sign_in_is_of_no_use(desk: Desk) {
        let issuer = set_up(&desk).await;
        // Somebody gets hold of Ana's code before she is back, and puts it into a sign-in of their own.
        let (ana_s, theirs) = (desk.visitor(), desk.visitor());
        let hers = begin(&desk, &ana_s).await;
        let right = claims(&desk, &issuer, &hers, "ana-at-the-provider", &ana(&["desk-agents"]));
        let code = issuer.grant(&hers, right, Signed::Right);
        let asked = begin(&desk, &theirs).await;
        assert_ne!(asked.get("code_challenge"), hers.get("code_challenge"));
        assert_eq!(asked.get("code_challenge_method"), "S256");
        theirs.get(&asked.back(&code)).await.expect(422);
        is_out(&theirs).await;
        assert_eq!(reason(&desk).await, "code_refused");
    }

    async fn an_answer_of_another_provider_or_none_lets_nobody_in(desk: Desk) {
        let issuer = set_up(&desk).await;
        let browser = desk.visitor();
        let asked = begin(&desk, &browser).await;
        browser.get(&format!("{}&iss=https://login.example", asked.back("x"))).await.expect(422);
        assert_eq!(reason(&desk).await, "other_provider");
        let asked = begin(&desk, &browser).await;
        let declined = format!("/sign-in/sso?error=access_denied&state={}", asked.get("state"));
        browser.get(&declined).await.expect(422);
        assert_eq!(reason(&desk).await, "declined");
        let asked = begin(&desk, &browser).await;
        browser.get(&asked.back(&"x".repeat(5000))).await.expect(422);
        assert_eq!(reason(&desk).await, "code_refused");
        assert_eq!(issuer.asked(), Vec::<String>::new());
    }

    /// Attacks 19 and 20: the description of the provider names addresses, and the desk asks none that it may not.
    async fn a_provider_that_leads_elsewhere_is_not_followed(desk: Desk) {
        let issuer = set_up(&desk).await;
        for wrong in [
            Wrong::OtherIssuer, Wrong::Missing, Wrong::Redirecting, Wrong::Huge, Wrong::Slow, Wrong::NoJson, Wrong::KeysElsewhere,
        ] {
            issuer.is(wrong);
            let page = desk.visitor().get(&way(&desk)).await.expect(503).text();
            assert!(page.contains("does not answer at the moment"), "{wrong:?}");
            desk.clock.advance(10);
        }
        issuer.is(Wrong::TokensElsewhere);
        let browser = desk.visitor();
        let answer = come_in(&desk, &issuer, &browser, "ana-at-the-provider", ana(&["desk-agents"])).await;
        answer.expect(422);
        assert_eq!(reason(&desk).await, "not_allowed");
        assert_eq!(issuer.asked(), Vec::<String>::new());
    }

    async fn a_provider_that_is_off_or_changed_meanwhile_lets_nobody_in(desk: Desk) {
        let issuer = set_up(&desk).await;
        let browser = desk.visitor();
        let asked = begin(&desk, &browser).await;
        let right = claims(&desk, &issuer, &asked, "ana-at-the-provider", &ana(&["desk-agents"]));
        let code = issuer.grant(&asked, right, Signed::Right);
        provider(&desk, &issuer, rules()).await;
        browser.get(&asked.back(&code)).await.expect(422);
        is_out(&browser).await;
        sso::remove(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap();
        browser.get(&way(&desk)).await.expect(404);
        browser.get("/sign-in/sso/nowhere").await.expect(404);
        assert!(!browser.get("/sign-in").await.expect(200).text().contains("/sign-in/sso"));
    }

    async fn one_network_begins_so_many_and_no_more(desk: Desk) {
        let _issuer = set_up(&desk).await;
        // Requests in this process come from no network, so that the cap is looked at by itself.
        let network: std::net::IpAddr = "192.0.2.9".parse().unwrap();
        for _ in 0..600 {
            desk.app.caps.take(("sso", network), 600, desk.app.now()).unwrap();
        }
        let request = axum::http::Request::get(way(&desk))
            .extension(axum::extract::ConnectInfo(std::net::SocketAddr::new(network, 4000)))
            .body(axum::body::Body::empty())
            .unwrap();
        let router = bedside_desk::router::router(&desk.app);
        let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
        assert_eq!(answer.status().as_u16(), 429);
    }
}
