//! A role that wants a passkey, and nothing else will do.

use super::*;
use crate::common::both_engines;

async fn wants_passkey(desk: &Desk, role: Role) {
    let mut changed = desk.role(role).as_ref().clone();
    changed.second_factor = SecondFactor::Passkey;
    orgs::change(&desk.app, &desk.system(), Change::PutRole(changed))
        .await
        .unwrap();
}

both_engines! {
    async fn a_passkey_ends_a_session_that_was_planted(desk: Desk) {
        let desk = safe(desk.engine).await;
        let (mut device, _) = with_passkey(&desk, Role::Agent).await;
        let nurse = desk.id_of(Role::Nurse);
        let planted = staff::admit(&desk.app, desk.organisation, nurse, "test", "").await.unwrap().token;
        let browser = desk.visitor();
        let (number, options, token) = asked(&browser, "/sign-in", "/sign-in/passkey").await;
        browser.plant(&desk.app, &planted);
        let signed = device.show(&options);
        send(&browser, "/sign-in/passkey", &token, &number, &signed).await.expect(303);
        assert!(staff::session_unused(&desk.app, &planted).await.unwrap().is_none());
        assert!(!browser.cookie().contains(&planted));
        assert!(browser.get("/inbox").await.expect(200).text().contains("Ana Agent"));
    }

    async fn a_role_may_want_a_passkey_and_nothing_else_will_do(desk: Desk) {
        let desk = safe(desk.engine).await;
        set_words(&desk).await;
        wants_passkey(&desk, Role::Agent).await;
        // Whoever has none adds one, and shows it once: then all is open.
        let first = desk.browser(Role::Agent).await;
        let html = [("accept", "text/html")];
        let shut = async |browser: &Browser| {
            let answer = browser.request(Method::GET, "/inbox", &html, Body::empty()).await.expect(303);
            assert_eq!(answer.header("location"), Some("/account/second-factor"));
            let answer = browser.get("/account/second-factor").await.expect(303);
            answer.header("location").unwrap().to_owned()
        };
        assert_eq!(shut(&first).await, NEW);
        let mut device = Device { counts: true, ..Device::at(HERE) };
        let codes = codes_on(&adds(&first, &mut device).await.expect(200).text());
        assert_eq!(shut(&first).await, "/account/confirm?next=/");
        shows(&first, CONFIRM, "/account/confirm/passkey", &mut device).await.expect(303);
        first.get("/inbox").await.expect(200);

        // Password and recovery code open nothing, and add no key of whoever learnt them.
        let learnt = half(&desk).await;
        let fields = [("code", codes[0].as_str())];
        learnt.submit(CODE, CODE, &fields).await.expect(303);
        assert_eq!(shut(&learnt).await, "/account/confirm?next=/");
        let (number, options, token) = asked(&learnt, NEW, NEW).await;
        let mut thief = Device::at(HERE);
        let signed = thief.make(&options);
        send(&learnt, NEW, &token, &number, &signed).await.expect(403);
        at_door(&desk.visitor(), &mut thief).await.expect(422);
        // Nor are they asked for, where they would lead back here and use a recovery code up.
        let page = learnt.get(CONFIRM).await.expect(200).text();
        assert!(page.contains("Use a passkey") && page.contains("reset-second-factor"), "{page}");
        assert!(!page.contains("name=\"code\"") && !page.contains("name=\"password\""), "{page}");
        let token = csrf_token(&page);
        let typed = [("csrf_token", token.as_str()), ("password", WORDS), ("code", codes[1].as_str()), ("next", "/inbox")];
        learnt.post(CONFIRM, &typed).await.expect(422);
        let left = staff::factor_of(&desk.app, &desk.ctx(Role::Agent)).await.unwrap().unwrap();
        assert_eq!(left.codes_left, 9);
        assert_eq!(shut(&learnt).await, "/account/confirm?next=/");
        shows(&learnt, CONFIRM, "/account/confirm/passkey", &mut device).await.expect(303);
        learnt.get("/inbox").await.expect(200);

        // At the door, and after a password, it is enough.
        let door = desk.visitor();
        at_door(&door, &mut device).await.expect(303);
        door.get("/inbox").await.expect(200);
        let half = half(&desk).await;
        shows(&half, CODE, "/sign-in/code/passkey", &mut device).await.expect(303);
        half.get("/inbox").await.expect(200);
        // One that was stopped helps nobody: the page says who does.
        let mut copy = Device { count: 0, ..device.copy_key() };
        at_door(&desk.visitor(), &mut copy).await.expect(422);
        let stopped = desk.browser(Role::Agent).await;
        assert_eq!(shut(&stopped).await, "/account/confirm?next=/");
        let page = stopped.get(CONFIRM).await.expect(200).text();
        assert!(page.contains("Your passkey was stopped") && page.contains("reset-second-factor"), "{page}");
        assert!(!page.contains("Use a passkey"), "{page}");
        // Who lost it is helped by a colleague, and begins anew.
        staff::reset_factor(&desk.app, &desk.ctx(Role::Administrator), desk.id_of(Role::Agent), staff::Evidence::Document).await.unwrap();
        let again = desk.browser(Role::Agent).await;
        assert_eq!(shut(&again).await, NEW);
        // An app's codes are none, and the API sees no more of it than the pages.
        let bare = again.get("/api/v1/me").await.expect(403).json();
        assert_eq!(bare["code"], "second_factor_required");
        desk.audit_is_whole().await;
    }
}
