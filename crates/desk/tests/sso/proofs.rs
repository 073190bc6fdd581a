//! Proving once more who one is, by signing in there anew.

use super::*;
use crate::common::factor::Person;
use crate::common::{both_engines, csrf_token};

const NEXT: &str = "/account/confirm/sso?next=/account/second-factor";

/// Signs in there anew, and is sent back with a token that says so as `more` does.
async fn prove(
    desk: &Desk,
    issuer: &Issuer,
    browser: &Browser,
    subject: &str,
    more: Value,
) -> Answer {
    let asked = begin_at(browser, NEXT).await;
    assert_eq!((asked.get("prompt"), asked.get("max_age")), ("login", "0"));
    let claims = claims(desk, issuer, &asked, subject, &more);
    let code = issuer.grant(&asked, claims, Signed::Right);
    browser.get(&asked.back(&code)).await.expect(303)
}

fn at(groups: &[&str], time: i64) -> Value {
    let mut said = ana(groups);
    said["auth_time"] = json!(time);
    said
}

both_engines! {
    async fn signing_in_there_anew_is_a_fresh_proof(desk: Desk) {
        let issuer = set_up(&desk).await;
        let browser = ana_inside(&desk, &issuer).await;
        desk.clock.advance(11 * 60);
        browser.get("/account/second-factor").await.expect(403);
        let page = browser.get("/account/confirm?next=/account/second-factor").await.expect(200).text();
        assert!(page.contains("href=\"/account/confirm/sso?next=/account/second-factor\""), "{page}");
        assert!(!page.contains("name=\"password\""), "{page}");
        // Nothing that is typed or left out proves anything.
        let token = csrf_token(&browser.get("/account").await.expect(200).text());
        let nothing = [("csrf_token", token.as_str()), ("password", ""), ("code", "")];
        browser.post("/account/confirm", &nothing).await.expect(422);
        browser.get("/account/second-factor").await.expect(403);
        let now = seconds(&desk);
        for said in [at(&["desk-agents"], now - 3600), ana(&["desk-agents"])] {
            let answer = prove(&desk, &issuer, &browser, "ana-at-the-provider", said).await;
            assert_eq!(answer.header("location"), Some("/account/confirm"));
            assert_eq!(reason(&desk).await, "not_fresh");
        }
        let answer = prove(&desk, &issuer, &browser, "somebody-else", at(&["desk-agents"], now)).await;
        assert_eq!(answer.header("location"), Some("/account/confirm"));
        assert_eq!(reason(&desk).await, "other_person");
        browser.get("/account/second-factor").await.expect(403);
        let answer = prove(&desk, &issuer, &browser, "ana-at-the-provider", at(&["desk-agents"], now)).await;
        assert_eq!(answer.header("location"), Some("/account/second-factor"));
        browser.get("/account/second-factor").await.expect(200);
    }

    /// Attack 42.
    async fn it_is_half_a_proof_for_whoever_has_a_second_factor(desk: Desk) {
        let issuer = set_up(&desk).await;
        let mut rules = rules();
        rules.only_way = false;
        provider(&desk, &issuer, rules.clone()).await;
        let person = Person::enrolled(&desk, Role::Agent).await;
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", ana(&["desk-agents"])).await.expect(303);
        desk.clock.advance(30);
        let code = person.code(&desk);
        browser.submit("/sign-in/code", "/sign-in/code", &[("code", &code), ("next", "/inbox")]).await.expect(303);
        desk.clock.advance(11 * 60);
        browser.get("/set-password").await.expect(403);
        // It is not offered, and opens nothing where somebody goes there all the same.
        let asks = "/account/confirm?next=/set-password";
        let page = browser.get(asks).await.expect(200).text();
        assert!(!page.contains("/account/confirm/sso") && page.contains("name=\"code\""), "{page}");
        let said = |amr: &str| {
            let mut said = at(&["desk-agents"], seconds(&desk));
            said["amr"] = json!([amr]);
            said
        };
        for amr in ["pwd", "mfa"] {
            let answer = prove(&desk, &issuer, &browser, "ana-at-the-provider", said(amr)).await;
            assert_eq!(answer.header("location"), Some("/account/confirm?next=/account/second-factor"));
            assert_eq!(reason(&desk).await, "factor_unshown");
            browser.get("/set-password").await.expect(403);
        }
        assert!(browser.get(asks).await.expect(200).text().contains("confirm with your code or your passkey"));
        // Where the clinic trusts the provider's, its word does for both.
        rules.factor = vec!["mfa".to_owned()];
        provider(&desk, &issuer, rules).await;
        assert!(browser.get(asks).await.expect(200).text().contains("/account/confirm/sso"));
        let answer = prove(&desk, &issuer, &browser, "ana-at-the-provider", said("pwd")).await;
        assert_eq!(answer.header("location"), Some("/account/confirm?next=/account/second-factor"));
        browser.get("/set-password").await.expect(403);
        let answer = prove(&desk, &issuer, &browser, "ana-at-the-provider", said("mfa")).await;
        assert_eq!(answer.header("location"), Some("/account/second-factor"));
        browser.get("/set-password").await.expect(200);
    }

    async fn a_proof_belongs_to_its_session_and_ends_who_has_no_group(desk: Desk) {
        let issuer = set_up(&desk).await;
        let (one, other) = (ana_inside(&desk, &issuer).await, ana_inside(&desk, &issuer).await);
        let now = seconds(&desk);
        let asked = begin_at(&one, NEXT).await;
        let right = claims(&desk, &issuer, &asked, "ana-at-the-provider", &at(&["desk-agents"], now));
        let code = issuer.grant(&asked, right, Signed::Right);
        let answer = other.get(&asked.back(&code)).await.expect(303);
        assert_eq!(answer.header("location"), Some("/account/confirm"));
        prove(&desk, &issuer, &one, "ana-at-the-provider", at(&[], now)).await;
        is_out(&one).await;
        is_out(&other).await;
    }
}
