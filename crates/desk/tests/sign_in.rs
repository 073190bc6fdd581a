//! The door of the staff: who may try, how often, and what it tells.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use bedside_desk::context::{Ctx, Permission, Permissions, Source};
use bedside_desk::links::{self, Purpose};
use bedside_desk::staff::{self, NewStaff, NewToken, Queues};
use bedside_desk::{config, orgs, router, startup, tickets};
use bedside_web::Locale;
use common::factor::{Person, shows};
use common::{Answer, Browser, Client, Desk, both_engines, csrf_token};
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::collections::BTreeSet;

const WORDS: &str = "correct horse battery staple";
const AGENT: &str = "agent@clinic.example";

async fn with_password(desk: &Desk) {
    let agent = desk.id_of(Role::Agent);
    staff::set_password(&desk.app, &desk.ctx(Role::Agent), agent, WORDS)
        .await
        .unwrap();
}

async fn tries(browser: &Browser, email: &str, password: &str) -> Answer {
    let fields = [("email", email), ("password", password)];
    browser.submit("/sign-in", "/sign-in", &fields).await
}

/// Puts somebody else's session into this browser; its secret.
async fn planted(desk: &Desk, browser: &Browser) -> String {
    let (app, other) = (&desk.app, desk.id_of(Role::Billing));
    let session = staff::admit(app, desk.organisation, other, "test", "").await;
    let token = session.unwrap().token;
    browser.plant(app, &token);
    token
}

/// The session that was planted is over, and the browser is `who` by another one.
async fn is_rid_of(desk: &Desk, browser: &Browser, planted: &str, who: &str) {
    let session = staff::session_unused(&desk.app, planted).await.unwrap();
    assert!(session.is_none(), "{who}");
    assert!(!browser.cookie().contains(planted), "{who}");
    let page = browser.get("/inbox").await.expect(200).text();
    assert!(page.contains(who), "{page}");
}

/// Two keys of one kind: as long as they are to be, and alike in no more places than chance makes them.
fn say_nothing_of_each_other(kind: &str, keys: &[String; 2], seen: &mut BTreeSet<String>) {
    let bare = keys
        .each_ref()
        .map(|key| key.strip_prefix("bsd_").unwrap_or(key));
    for key in bare {
        assert_eq!(key.len(), 32, "{kind}: 160 bits, five a letter");
        let plain = |byte: u8| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte);
        assert!(key.bytes().all(plain), "{kind}");
        assert!(seen.insert(key.to_owned()), "{kind}");
    }
    // One place in 32 is alike by chance. A counter, a clock or a name in them would make far more.
    let pairs = bare[0].bytes().zip(bare[1].bytes());
    let alike = pairs.filter(|(one, two)| one == two).count();
    assert!(alike < 12, "{kind}: {alike} of 32");
}

/// A page without what differs from one look to the next.
fn plain(answer: &Answer, email: &str) -> String {
    let text = answer.text();
    text.replace(&csrf_token(&text), "").replace(email, "")
}

both_engines! {
    async fn somebody_sees_where_they_are_signed_in_and_ends_it_from_elsewhere(desk: Desk) {
        let agent = desk.id_of(Role::Agent);
        let signed_in = async |device: &str| {
            let session = staff::admit(&desk.app, desk.organisation, agent, "password", device).await.unwrap();
            Browser::new(&desk.app, Some(session.token)).saying(device)
        };
        let here = signed_in("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0").await;
        let lost = signed_in("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile").await;
        let other = signed_in("curl/8.5").await;
        let nurse = desk.browser(Role::Nurse).await;
        let page = here.get("/account").await.expect(200).text();
        for device in ["Firefox on Linux", "Chrome on Android", "A device we don"] {
            assert!(page.contains(device), "{device}: {page}");
        }
        assert_eq!(page.matches("This browser").count(), 1);
        assert_eq!(page.matches("/account/sessions/").count(), 2);

        let sessions = staff::open_sessions(&desk.app, &desk.ctx(Role::Agent), "").await.unwrap();
        let phone = sessions.iter().find(|one| one.device == "chrome android").unwrap().id;
        let end = format!("/account/sessions/{phone}/end");
        // Nobody else ends it, and a stranger's number says nothing.
        nurse.submit("/account", &end, &[]).await.expect(303);
        lost.get("/inbox").await.expect(200);
        here.submit("/account", &end, &[]).await.expect(303);
        lost.get("/inbox").await.expect(401);
        here.submit("/account", &end, &[]).await.expect(303);
        here.submit("/account", "/account/sessions/nonsense/end", &[]).await.expect(404);
        other.get("/inbox").await.expect(200);
        here.submit("/account", "/account/others/end", &[]).await.expect(303);
        other.get("/inbox").await.expect(401);
        here.get("/inbox").await.expect(200);
        nurse.get("/inbox").await.expect(200);

        // What has ended for want of use is not shown.
        desk.clock.advance(59 * 60);
        let fresh = signed_in("").await;
        desk.clock.advance(2 * 60);
        assert_eq!(fresh.get("/account").await.expect(200).text().matches("settings-row").count(), 1);
        // Whoever manages the staff ends all of somebody's.
        let person = format!("/settings/staff/{agent}");
        let admin = desk.browser(Role::Administrator).await;
        admin.submit(&person, &format!("{person}/end-sessions"), &[]).await.expect(303);
        fresh.get("/inbox").await.expect(401);
        admin.get("/inbox").await.expect(200);
        let log = admin.get("/audit?action=session.end").await.expect(200).text();
        assert_eq!(log.matches("Signed out elsewhere</").count(), 2 + 1, "two, and the choice in the filter: {log}");
        desk.audit_is_whole().await;
    }

    async fn attack_10_a_known_address_is_refused_like_an_unknown_one(desk: Desk) {
        with_password(&desk).await;
        let browser = desk.visitor();
        for round in 0..9 {
            let known = tries(&browser, AGENT, "wrong wrong wrong").await;
            let unknown = tries(&browser, "never@clinic.example", "wrong wrong wrong").await;
            assert_eq!((known.status, plain(&known, AGENT)), (unknown.status, plain(&unknown, "never@clinic.example")), "{round}");
            let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
            assert_eq!(names(&known), names(&unknown));
            assert_eq!(known.status, if round < 6 { 422 } else { 429 }, "{round}");
        }
        // A person who has no password yet, and one who is let in no more, read the same.
        staff::disable(&desk.app, &desk.ctx(Role::Administrator), desk.id_of(Role::Nurse)).await.unwrap();
        let none = tries(&browser, "supervisor@clinic.example", WORDS).await.expect(422);
        let gone = tries(&browser, "nurse@clinic.example", WORDS).await.expect(422);
        assert_eq!(plain(&none, "supervisor@clinic.example"), plain(&gone, "nurse@clinic.example"));
        desk.audit_is_whole().await;
    }

    /// Whoever was at the machine before knows a session that they put there. By whatever door the next person comes in, it
    /// ends. By a passkey and by the clinic's provider: `a_passkey_ends_a_session_that_was_planted`,
    /// `coming_in_by_the_provider_ends_a_session_that_was_planted`.
    async fn no_door_leaves_a_session_that_was_planted(desk: Desk) {
        with_password(&desk).await;
        let browser = desk.visitor();
        let form = csrf_token(&browser.get("/sign-in").await.expect(200).text());
        let session = planted(&desk, &browser).await;
        let fields = [("csrf_token", form.as_str()), ("email", AGENT), ("password", WORDS)];
        browser.post("/sign-in", &fields).await.expect(303);
        is_rid_of(&desk, &browser, &session, "Ana Agent").await;

        let expires = desk.app.now().plus_seconds(3600);
        let nurse = desk.id_of(Role::Nurse);
        let link = staff::make_link(&desk.app, &desk.system(), nurse, false, expires).await.unwrap();
        let path = format!("/sign-in/{link}");
        let browser = desk.visitor();
        let session = planted(&desk, &browser).await;
        browser.submit(&path, &path, &[]).await.expect(303);
        is_rid_of(&desk, &browser, &session, "Nia Nurse").await;

        // Between the password and the code.
        let person = Person::enrolled(&desk, Role::Agent).await;
        let browser = person.half(&desk).await;
        let session = planted(&desk, &browser).await;
        shows(&browser, &person.code(&desk)).await.expect(303);
        is_rid_of(&desk, &browser, &session, "Ana Agent").await;
    }

    /// Made at the same instant of a clock that stands still, by what makes them: keys of other systems, sessions, invitations,
    /// links of patients. Each lives and dies by itself.
    async fn attack_05_and_52_keys_of_the_same_instant_say_nothing_of_each_other(desk: Desk) {
        let (app, system, agent) = (&desk.app, desk.system(), desk.id_of(Role::Agent));
        let new = || NewToken {
            name: "numbers".to_owned(),
            scopes: Permissions::of(&[Permission::TicketsRead]),
            queues: Queues::All,
            expires_at: None,
        };
        let (first, one) = staff::create_token(app, &system, new()).await.unwrap();
        let (_, two) = staff::create_token(app, &system, new()).await.unwrap();
        let tokens = [one, two];
        let session = async || staff::admit(app, desk.organisation, agent, "test", "").await.unwrap().token;
        let sessions = [session().await, session().await];
        let expires = app.now().plus_seconds(3600);
        let invitation = async || staff::make_link(app, &system, agent, false, expires).await.unwrap();
        let invitations = [invitation().await, invitation().await];
        let ticket = desk.ticket("rosa@patient.example", "Hours", "When are you open?").await;
        let contact = tickets::view(app, &desk.ctx(Role::Agent), ticket).await.unwrap().ticket.contact;
        let thread = async || {
            let made = app.command(&system, move |work| links::make(work, Purpose::Thread, ticket, contact).boxed());
            made.await.unwrap()
        };
        let threads = [thread().await, thread().await];
        let mut seen = BTreeSet::new();
        for (kind, keys) in [("token", &tokens), ("session", &sessions), ("invitation", &invitations), ("link", &threads)] {
            say_nothing_of_each_other(kind, keys, &mut seen);
        }

        // What was replaced is over, and what replaced it is not.
        staff::revoke_token(app, &system, first).await.unwrap();
        let reads = async |token: &str| Client::new(app, Some(token.to_owned())).get("/api/v1/tickets").await.status;
        assert_eq!((reads(&tokens[0]).await, reads(&tokens[1]).await), (401, 200));
        staff::end_session(app, &desk.ctx(Role::Agent), &sessions[0]).await.unwrap();
        let lives = async |session: &str| staff::session_unused(app, session).await.unwrap().is_some();
        assert_eq!((lives(&sessions[0]).await, lives(&sessions[1]).await), (false, true));
        links::revoke_ticket(app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        let fresh = thread().await;
        let shown = async |link: &str| desk.visitor().get(&format!("/t/{link}")).await.status;
        assert_eq!((shown(&threads[0]).await, shown(&threads[1]).await, shown(&fresh).await), (410, 410, 200));
        let enters = async |link: &str| {
            let path = format!("/sign-in/{link}");
            desk.visitor().submit(&path, &path, &[]).await.status
        };
        assert_eq!((enters(&invitations[0]).await, enters(&invitations[0]).await), (303, 410));
    }

    /// One program is also the demo, which runs when somebody types its command: a desk at work has no way into it.
    async fn a_desk_has_none_of_the_demos_ways_in(desk: Desk) {
        assert!(!desk.app.config.demo);
        let admin = desk.browser(Role::Administrator).await;
        for path in ["/demo", "/demo/mail", "/demo/mail/1", "/demo/mail/1/file", "/demo/mail/1/files/1"] {
            desk.visitor().get(path).await.expect(404);
            admin.get(path).await.expect(404);
        }
        assert!(router::routes().iter().all(|route| !route.path.starts_with("/demo")));
        let door = desk.visitor().get("/sign-in").await.expect(200).text();
        assert!(!door.contains("/demo"), "{door}");
    }

    async fn wrong_passwords_cost_time_and_the_right_one_ends_that(desk: Desk) {
        with_password(&desk).await;
        let browser = desk.visitor();
        for _ in 0..6 {
            tries(&browser, AGENT, "wrong wrong wrong").await.expect(422);
        }
        tries(&browser, AGENT, WORDS).await.expect(429);
        desk.clock.advance(16 * 60);
        tries(&browser, AGENT, WORDS).await.expect(303);
        for _ in 0..5 {
            tries(&desk.visitor(), AGENT, "wrong wrong wrong").await.expect(422);
        }
        tries(&desk.visitor(), AGENT, WORDS).await.expect(303);
    }

    async fn many_guesses_at_once_are_not_more_guesses(desk: Desk) {
        with_password(&desk).await;
        let browser = desk.visitor();
        let token = csrf_token(&browser.get("/sign-in").await.expect(200).text());
        let guess = |number: usize| {
            let (browser, token) = (&browser, &token);
            async move {
                let password = format!("guess number {number} of many");
                let fields = [("csrf_token", token.as_str()), ("email", AGENT), ("password", &password)];
                browser.post("/sign-in", &fields).await.status
            }
        };
        let answers = join_all((0..24).map(guess)).await;
        let looked_at = answers.iter().filter(|status| **status == 422).count();
        assert!(looked_at <= 6, "{looked_at} of 24 were held against the password");
        assert!(answers.iter().all(|status| matches!(status, 422 | 429)), "{answers:?}");
    }

    async fn the_cookie_is_for_this_site_and_no_script(desk: Desk) {
        with_password(&desk).await;
        let entered = tries(&desk.visitor(), AGENT, WORDS).await.expect(303);
        let cookies: Vec<&str> = entered.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
        let session = cookies.iter().find(|one| one.starts_with("bedside=")).unwrap();
        for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(session.contains(part), "{session}");
        }
        assert!(!session.contains("Domain"), "{session}");
        assert!(entered.body.is_empty());
    }

    async fn one_address_in_two_organisations_comes_into_its_own(desk: Desk) {
        with_password(&desk).await;
        let clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
        let now = desk.app.now();
        let new = config::organisation::new_organisation(&clinic, "neighbour", &desk.app.ids, now);
        let other = orgs::create(&desk.app, new).await.unwrap();
        let ctx = Ctx::system(other, "test", Source::CommandLine);
        let person = NewStaff { email: AGENT.to_owned(), name: "Ana There".to_owned(), role: Role::Administrator.code().to_owned(), locale: Locale::En };
        let there = staff::create(&desk.app, &ctx, person).await.unwrap();
        staff::set_password(&desk.app, &ctx, there, "another horse and its staple").await.unwrap();
        let here = staff::sign_in(&desk.app, AGENT, WORDS, "").await.unwrap().session().unwrap();
        assert_eq!(here.ctx.organisation, desk.organisation);
        let session = staff::sign_in(&desk.app, AGENT, "another horse and its staple", "").await.unwrap().session().unwrap();
        assert_eq!((session.ctx.organisation, session.ctx.actor.staff()), (other, Some(there)));
    }
}
