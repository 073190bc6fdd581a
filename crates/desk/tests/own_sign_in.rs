//! The pages on which somebody comes in and chooses how: what they ask, say and keep.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::{jobs, staff};
use common::factor::{Person, WORDS, WRONG, needs, password, said, shows};
use common::sink::{Sent, sink};
use common::{Browser, Desk, Role, both_engines, csrf_token, hidden, totp};

both_engines! {
    async fn the_page_says_which_code_was_wrong_and_what_is_spent(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let expires = desk.app.now().plus_seconds(3600);
        let link = staff::make_link(&desk.app, &desk.system(), desk.id_of(Role::Agent), false, expires).await.unwrap();
        let way = format!("/sign-in/{link}");
        let half = desk.visitor();
        half.submit(&way, &way, &[]).await.expect(303);
        let page = shows(&half, WRONG).await.expect(422).text();
        assert!(page.contains("The app shows a new one") && page.contains("<details>"), "{page}");
        let wrong = [("recovery", "aaaa-bbbb-cccc-dddd")];
        let page = half.submit("/sign-in/code", "/sign-in/code", &wrong).await.expect(422).text();
        assert!(page.contains("This recovery code does not fit") && page.contains("<details open>"), "{page}");
        assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
        shows(&half, WRONG).await.expect(422);
        shows(&half, WRONG).await.expect(422);
        let over = shows(&half, WRONG).await.expect(303);
        assert_eq!(said(&over), "sign-in-link-spent");
        // Who confirms inside gives nobody tries back.
        let inside = desk.browser(Role::Agent).await;
        let fields = [("password", WORDS), ("code", &*person.codes[0])];
        inside.submit("/account/confirm", "/account/confirm", &fields).await.expect(303);
        let half = person.half(&desk).await;
        shows(&half, WRONG).await.expect(422);
        shows(&half, &person.code(&desk)).await.expect(429);
        desk.clock.advance(60);
        let recovery = [("recovery", &*person.codes[1])];
        half.submit("/sign-in/code", "/sign-in/code", &recovery).await.expect(303);
    }

    async fn where_one_was_going_stays_one_thing(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let going = "/search?q=a&next=b";
        let fields = [("email", &*person.email()), ("password", WORDS), ("next", going)];
        let browser = desk.visitor();
        let half = browser.submit("/sign-in", "/sign-in", &fields).await.expect(303);
        let way = half.header("location").unwrap();
        let page = browser.get(way).await.expect(200).text();
        assert_eq!(hidden(&page, "next").replace("&#38;", "&").replace("&amp;", "&"), going, "{way}");
    }

    async fn a_new_password_asks_for_the_one_before(desk: Desk) {
        staff::set_password(&desk.app, &desk.system(), desk.id_of(Role::Agent), WORDS).await.unwrap();
        let browser = desk.browser(Role::Agent).await;
        let other = "another horse and its staple";
        let sets = async |browser: &Browser, current: &str| {
            let fields = [("current", current), ("password", other), ("again", other)];
            browser.submit("/set-password", "/set-password", &fields).await
        };
        let wrong = sets(&browser, "wrong wrong wrong").await.expect(422).text();
        assert!(wrong.contains("not the password you have now"), "{wrong}");
        for _ in 0..5 {
            sets(&browser, "wrong wrong wrong").await.expect(422);
        }
        sets(&browser, WORDS).await.expect(429);
        desk.clock.advance(60);
        sets(&browser, WORDS).await.expect(303);
        // Whoever came by a link forgot it; the session that goes on is one by a link still.
        let expires = desk.app.now().plus_seconds(3600);
        let link = staff::make_link(&desk.app, &desk.system(), desk.id_of(Role::Agent), false, expires).await.unwrap();
        let way = format!("/sign-in/{link}");
        let forgot = desk.visitor();
        forgot.submit(&way, &way, &[]).await.expect(303);
        sets(&forgot, "").await.expect(303);
        assert!(forgot.get("/account").await.expect(200).text().contains("with a link"));
    }

    async fn in_the_demo_nobody_changes_how_others_come_in(desk: Desk) {
        let demo = Desk::set_up(desk.engine, |config| config.demo = true).await;
        let browser = demo.browser(Role::Agent).await;
        // Nor does a role that somebody changed.
        needs(&demo, Role::Agent, true).await;
        browser.get("/inbox").await.expect(200);
        let page = browser.get("/account/second-factor").await.expect(200).text();
        assert!(page.contains("it stays off"), "{page}");
        let secret = hidden(&page, "secret");
        let code = totp::code(secret, demo.app.now());
        let fields = [("csrf_token", &*csrf_token(&page)), ("secret", secret), ("seal", hidden(&page, "seal")), ("code", &code)];
        let tried = browser.post("/account/second-factor", &fields).await.expect(303);
        assert_eq!(said(&tried), "second-factor-demo");
        let page = browser.get("/account").await.expect(200).text();
        assert!(page.contains("/account/second-factor") && !page.contains("recovery codes are left"), "{page}");
        let page = browser.get("/set-password").await.expect(200).text();
        assert!(page.contains("In the demo nobody sets a password") && !page.contains("action=\"/set-password\"") && !page.contains("name=\"password\""), "{page}");
        let typed = [("password", WORDS), ("again", WORDS)];
        browser.submit("/account", "/set-password", &typed).await.expect(409);
        let kept = password(&demo.visitor(), "agent@clinic.example", WORDS).await;
        assert_eq!(kept.status, 422);
    }

    async fn people_hear_of_wrong_codes_and_of_links(desk: Desk) {
        let (sink, agent) = (sink(&desk).await, desk.id_of(Role::Agent));
        let told = async || {
            jobs::drain(&desk.app).await.unwrap();
            sink.take().iter().map(Sent::text).collect::<Vec<String>>()
        };
        let mail = async |begins: &str| {
            let told = told().await;
            assert!(told.len() == 1 && told[0].starts_with(begins), "{begins}: {told:?}");
        };
        // Wrong codes after the password are told of, once a day; a link that lets somebody in always is.
        let person = Person::enrolled(&desk, Role::Agent).await;
        told().await;
        let guesses = async || {
            let half = person.half(&desk).await;
            for _ in 0..5 {
                shows(&half, WRONG).await;
                desk.clock.advance(60);
            }
            let half = person.half(&desk).await;
            shows(&half, &person.code(&desk)).await.expect(303);
        };
        guesses().await;
        mail("Somebody who knows your password").await;
        desk.clock.advance(3600);
        guesses().await;
        assert_eq!(told().await, [""; 0]);
        desk.clock.advance(24 * 3600);
        guesses().await;
        mail("Somebody who knows your password").await;
        staff::reset_factor(&desk.app, &desk.ctx(Role::Administrator), agent, staff::Evidence::Document).await.unwrap();
        told().await;
        let expires = desk.app.now().plus_seconds(3600);
        let link = staff::make_link(&desk.app, &desk.system(), agent, false, expires).await.unwrap();
        staff::sign_in_by_link(&desk.app, &link, "").await.unwrap();
        mail("A link that works once let somebody").await;
    }
}
