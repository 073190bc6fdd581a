//! A code besides the password: what it opens, what opens nothing without it, and how it is lost and found.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::audit_log;
use bedside_desk::context::Permission;
use bedside_desk::error::DeskError;
use bedside_desk::ids::StaffId;
use bedside_desk::jobs;
use bedside_desk::orgs::{self, Change};
use bedside_desk::router::{self, Access, Route};
use bedside_desk::staff::{self, NewStaff, SecondFactor};
use bedside_desk::{config, startup};
use bedside_web::Locale;
use common::canaries::{self, files};
use common::factor::{Person, WORDS, WRONG, codes_on, needs, password, said, shows, turn_on};
use common::sink::{Answer as Reply, sink};
use common::{Answer, Browser, Desk, Role, both_engines, csrf_token, hidden, totp};
use futures_util::future::join_all;

both_engines! {
    async fn it_is_turned_on_with_its_first_code_and_asked_for_from_then_on(desk: Desk) {
        staff::set_password(&desk.app, &desk.system(), desk.id_of(Role::Agent), WORDS).await.unwrap();
        let (browser, elsewhere) = (desk.browser(Role::Agent).await, desk.browser(Role::Agent).await);
        let page = browser.get("/account/second-factor").await.expect(200).text();
        assert!(page.contains("<svg class=\"qr\"") && !page.contains("style="), "{page}");
        let secret = hidden(&page, "secret").to_owned();
        assert_eq!(secret.len(), 32);
        let typed: Vec<_> = secret.as_bytes().chunks(4).map(|four| str::from_utf8(four).unwrap()).collect();
        assert!(page.contains(&typed.join("-")), "{page}");

        // A code that does not fit keeps the secret, which is in the app by then.
        let (token, seal) = (csrf_token(&page), hidden(&page, "seal").to_owned());
        let form = async |secret: &str, code: &str| {
            let fields = [("csrf_token", token.as_str()), ("secret", secret), ("seal", &seal), ("code", code)];
            browser.post("/account/second-factor", &fields).await
        };
        let again = form(&secret, WRONG).await.expect(422).text();
        assert_eq!(hidden(&again, "secret"), secret);
        // Nobody brings a secret of their own, or one of another session.
        let other = if secret.starts_with('A') { "B" } else { "A" };
        form(&format!("{other}{}", &secret[1..]), &totp::code(&secret, desk.app.now())).await.expect(403);
        let stranger = desk.browser(Role::Agent).await;
        let fields = [("secret", secret.as_str()), ("seal", &seal), ("code", WRONG)];
        stranger.submit("/account", "/account/second-factor", &fields).await.expect(403);

        let done = form(&secret, &totp::code(&secret, desk.app.now())).await.expect(200).text();
        assert_eq!(codes_on(&done).len(), 10);
        elsewhere.get("/account").await.expect(401);
        // Sent twice it is on, and nothing of it is shown again.
        let twice = form(&secret, &totp::code(&secret, desk.app.now())).await.expect(303);
        assert_eq!(twice.header("location"), Some("/account"));
        browser.get("/account/second-factor").await.expect(303);
        let account = browser.get("/account").await.expect(200).text();
        assert!(account.contains("10 recovery codes are left"), "{account}");

        desk.clock.advance(30);
        let door = desk.visitor();
        let before = desk.browser(Role::Nurse).await;
        let half = password(&door, "agent@clinic.example", WORDS).await.expect(303);
        assert_eq!(half.header("location"), Some("/sign-in/code?next=/"));
        assert!(!door.cookie().contains("bedside="), "no session yet: {}", door.cookie());
        door.get("/inbox").await.expect(401);
        let entered = shows(&door, &totp::code(&secret, desk.app.now())).await.expect(303);
        assert_eq!(entered.header("location"), Some("/"));
        assert!(!door.cookie().contains("bedside_half"), "{}", door.cookie());
        let account = door.get("/account").await.expect(200).text();
        assert!(account.contains("with a code as well"), "{account}");
        before.get("/account").await.expect(200);
        desk.audit_is_whole().await;
    }

    async fn a_code_counts_once(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let code = person.code(&desk);
        let mut halves = Vec::new();
        for _ in 0..4 {
            halves.push(person.half(&desk).await);
        }
        // All at once: one is in.
        let answers = join_all(halves.iter().map(|half| shows(half, &code))).await;
        let entered = answers.iter().filter(|answer| answer.header("location") == Some("/"));
        assert_eq!(entered.count(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        // Neither that one nor an earlier one after it, though its time is not over.
        let half = person.half(&desk).await;
        shows(&half, &code).await.expect(422);
        let earlier = bedside_db::Timestamp::from_micros(desk.app.now().micros() - 30_000_000);
        shows(&half, &totp::code(&person.secret, earlier)).await.expect(422);
        desk.clock.advance(30);
        shows(&half, &person.code(&desk)).await.expect(303);
    }

    async fn attack_42_half_a_sign_in_opens_nothing(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Administrator).await;
        let half = person.half(&desk).await;
        let cookie = half.cookie();
        let token = cookie.split("bedside_half=").nth(1).unwrap().split(';').next().unwrap().to_owned();
        let posing = Browser::new(&desk.app, Some(token.clone()));
        let mut tried = 0;
        for route in router::routes().into_iter().filter(|route| route.access != Access::Public) {
            let way = route.path.replace(['{', '}'], "");
            for browser in [&half, &posing] {
                let answer = browser.request(route.method.clone(), &way, &[], Body::empty()).await;
                assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
            }
            let bearer = format!("Bearer {token}");
            let answer = desk.stranger().request(route.method.clone(), &way, &[("authorization", &bearer)], Body::empty()).await;
            assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
            tried += 1;
        }
        assert!(tried > 100, "{tried}");
        // It is bound to the browser that showed the password, and ends by itself.
        let page = desk.visitor().get("/sign-in/code").await.expect(303);
        assert_eq!(page.header("location"), Some("/sign-in"));
        desk.clock.advance(10 * 60);
        half.get("/sign-in/code").await.expect(303);
        assert!(!half.cookie().contains("bedside_half"));
    }

    async fn attack_42_every_way_in_asks_for_it(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let id = desk.id_of(Role::Agent);
        for reusable in [false, true] {
            let expires = desk.app.now().plus_seconds(3600);
            let link = staff::make_link(&desk.app, &desk.system(), id, reusable, expires).await.unwrap();
            let way = format!("/sign-in/{link}");
            let browser = desk.visitor();
            let answer = browser.submit(&way, &way, &[]).await.expect(303);
            assert_eq!(answer.header("location"), Some("/sign-in/code?next=/"));
            browser.get("/set-password").await.expect(401);
            let entered = shows(&browser, &person.code(&desk)).await.expect(303);
            // Whoever forgot the password sets a new one once they are in.
            let next = if reusable { "/" } else { "/set-password" };
            assert_eq!(entered.header("location"), Some(next));
            desk.clock.advance(30);
        }
        // A new password ends what was half done with the old one.
        let half = person.half(&desk).await;
        staff::set_password(&desk.app, &desk.system(), id, "another horse and its staple").await.unwrap();
        half.get("/sign-in/code").await.expect(303);
    }

    async fn wrong_codes_throw_it_away_and_cost_time(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let half = person.half(&desk).await;
        for _ in 0..4 {
            shows(&half, WRONG).await.expect(422);
        }
        let over = shows(&half, WRONG).await.expect(303);
        assert_eq!(over.header("location"), Some("/sign-in"));
        assert_eq!(said(&over), "sign-in-anew");
        // Whoever knows the password and guesses on has to wait, whatever browser they take.
        let half = person.half(&desk).await;
        shows(&half, WRONG).await.expect(422);
        shows(&half, &person.code(&desk)).await.expect(429);
        desk.clock.advance(60);
        shows(&half, &person.code(&desk)).await.expect(303);
        // Whoever does not know it slows nobody's code down.
        let half = person.half(&desk).await;
        let stranger = desk.visitor();
        for _ in 0..7 {
            password(&stranger, &person.email(), "wrong wrong wrong").await;
        }
        password(&stranger, &person.email(), WORDS).await.expect(429);
        desk.clock.advance(30);
        shows(&half, &person.code(&desk)).await.expect(303);
        desk.audit_is_whole().await;
    }

    async fn guesses_at_once_are_no_more_guesses(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let half = person.half(&desk).await;
        let page = half.get("/sign-in/code").await.expect(200).text();
        let token = csrf_token(&page);
        let guess = |number: usize| {
            let (half, token) = (&half, &token);
            async move {
                let code = format!("{number:06}");
                half.post("/sign-in/code", &[("csrf_token", token), ("code", &code)]).await.status
            }
        };
        let answers = join_all((0..24).map(guess)).await;
        let looked_at = answers.iter().filter(|status| **status == 422).count();
        assert!(looked_at <= 5, "{answers:?}");
        half.get("/sign-in/code").await.expect(303);
    }

    async fn a_recovery_code_works_once(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let [first, second, third, ..] = &person.codes[..] else { unreachable!() };
        // Typed as people type, and by several at once.
        let typed = first.to_uppercase().replace('-', " ");
        let halves = [person.half(&desk).await, person.half(&desk).await, person.half(&desk).await];
        let answers = join_all(halves.iter().map(|half| shows(half, &typed))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
        let half = person.half(&desk).await;
        shows(&half, first).await.expect(422);
        shows(&half, second).await.expect(303);
        assert!(half.get("/account").await.expect(200).text().contains("8 recovery codes are left"));
        // New ones take the place of those before.
        let made = half.submit("/account", "/account/second-factor/codes", &[]).await.expect(200).text();
        let codes = codes_on(&made);
        assert!(codes.iter().all(|code| !person.codes.contains(code)));
        let again = person.half(&desk).await;
        shows(&again, third).await.expect(422);
        shows(&again, &codes[0]).await.expect(303);
        // Off is off.
        half.submit("/account", "/account/second-factor/off", &[]).await.expect(303);
        let alone = password(&desk.visitor(), &person.email(), WORDS).await.expect(303);
        assert_eq!(alone.header("location"), Some("/"));
        half.submit("/account", "/account/second-factor/off", &[]).await.expect(303);
        desk.audit_is_whole().await;
    }

    async fn whoever_manages_the_staff_resets_it_within_their_reach(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let admin = Person::enrolled(&desk, Role::Administrator).await;
        let id = desk.id_of(Role::Agent);
        let page = format!("/settings/staff/{id}");
        let signed_in = person.half(&desk).await;
        shows(&signed_in, &person.code(&desk)).await.expect(303);
        let half = person.half(&desk).await;
        let manager = desk.browser(Role::Administrator).await;
        assert!(manager.get(&page).await.expect(200).text().contains("reset-factor"));
        let reset = format!("{page}/reset-factor");
        // How they made sure that it is them is asked for, and stands in the log.
        for nothing in [&[][..], &[("evidence", "")], &[("evidence", "machine")], &[("evidence", "a hunch")]] {
            let refused = manager.submit(&page, &reset, nothing).await.expect(422).text();
            assert!(refused.contains("Choose how you made sure"), "{refused}");
        }
        signed_in.get("/account").await.expect(200);
        manager.submit(&page, &reset, &[("evidence", "number_on_file")]).await.expect(303);
        let entries = audit_log::list(&desk.app, &desk.ctx(Role::Compliance), None, 50).await.unwrap();
        let told = entries.iter().find(|one| one.action == "factor.reset").unwrap();
        assert_eq!((told.object_id.as_str(), told.detail.as_str()), (id.to_string().as_str(), r#"{"evidence":"number_on_file"}"#));
        signed_in.get("/account").await.expect(401);
        half.get("/sign-in/code").await.expect(303);
        let alone = password(&desk.visitor(), &person.email(), WORDS).await.expect(303);
        assert_eq!(alone.header("location"), Some("/"));
        assert!(!manager.get(&page).await.expect(200).text().contains("reset-factor"));
        let nothing = manager.submit(&page, &reset, &[("evidence", "document")]).await.expect(422).text();
        assert!(nothing.contains("There is no second factor"), "{nothing}");

        // Not one's own, and not of somebody who may do more.
        let own = staff::reset_factor(&desk.app, &desk.ctx(Role::Administrator), desk.id_of(Role::Administrator), staff::Evidence::Document).await;
        assert!(matches!(own, Err(DeskError::Conflict { code: "own_factor", .. })), "{own:?}");
        let mut role = desk.role(Role::Agent).as_ref().clone();
        (role.code, role.version) = ("manager".to_owned(), 0);
        role.permissions = bedside_desk::context::Permissions::of(&[Permission::StaffManage, Permission::SettingsRead]);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        let lesser = hired(&desk, "manager").await;
        let lesser = signed_in_as(&desk, lesser).await;
        let page = format!("/settings/staff/{}", desk.id_of(Role::Administrator));
        assert!(!lesser.get(&page).await.expect(200).text().contains("reset-factor"));
        lesser.submit("/account", &format!("{page}/reset-factor"), &[("evidence", "document")]).await.expect(403);
        let still = admin.half(&desk).await;
        shows(&still, &admin.code(&desk)).await.expect(303);
        desk.audit_is_whole().await;
    }

    async fn a_role_that_needs_one_opens_nothing_before(desk: Desk) {
        let browser = desk.browser(Role::Administrator).await;
        browser.get("/inbox").await.expect(200);
        needs(&desk, Role::Administrator, true).await;
        let mut open = Vec::new();
        // Patients' own pages and an identity provider's ways open to no session of the staff.
        let of_staff = |route: &Route| !matches!(route.access, Access::Public | Access::Patient | Access::Token(_));
        for route in router::routes().into_iter().filter(of_staff) {
            let way = route.path.replace(['{', '}'], "");
            let headers = [("accept", "text/html")];
            let answer = browser.request(route.method.clone(), &way, &headers, Body::empty()).await;
            if route.before_factor {
                open.push(format!("{} {}", route.method, route.path));
                assert_ne!(answer.header("location"), Some("/account/second-factor"), "{}", route.path);
                continue;
            }
            if way.starts_with("/api/") {
                let code = answer.expect(403).json();
                assert_eq!(code["code"], "second_factor_required", "{}", route.path);
                continue;
            }
            let answer = answer.expect(303);
            assert_eq!(answer.header("location"), Some("/account/second-factor"), "{}", route.path);
            let part = browser.request(route.method.clone(), &way, &[("hx-request", "true")], Body::empty()).await;
            assert_eq!(part.expect(403).header("hx-redirect"), Some("/account/second-factor"), "{}", route.path);
        }
        open.sort();
        assert_eq!(open, [
            "GET /account/confirm", "GET /account/confirm/sso", "GET /account/passkeys/new", "GET /account/second-factor", "GET /account/session", "GET /set-password",
            "POST /account/confirm", "POST /account/confirm/passkey", "POST /account/confirm/passkey/options", "POST /account/passkeys/new", "POST /account/passkeys/new/options", "POST /account/second-factor", "POST /look", "POST /set-password", "POST /sign-out",
        ]);
        // Nor does the page that they are led to show anything of the desk.
        let page = browser.get("/account/second-factor").await.expect(200).text();
        assert!(page.contains("Your role needs a second factor") && !page.contains("/inbox"), "{page}");
        let (_, done) = turn_on(&desk, &browser).await;
        assert_eq!(codes_on(&done.text()).len(), 10);
        browser.get("/inbox").await.expect(200);
        // Without it again they are led there again.
        browser.submit("/account", "/account/second-factor/off", &[]).await.expect(303);
        browser.get("/inbox").await.expect(403);
    }

    async fn roles_say_it_on_their_page(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let agent = desk.browser(Role::Agent).await;
        let page = admin.get("/settings/roles/agent").await.expect(200).text();
        assert!(page.contains("A code of an app, or a passkey"), "{page}");
        let fields = [
            ("name_en", "Agent"), ("name_es", "Agente"), ("scope_tickets_read", "on"), ("all_queues", "on"), ("second_factor", "any"),
            ("idle_minutes", "60"), ("session_minutes", "720"), ("version", "1"),
        ];
        admin.submit("/settings/roles/agent", "/settings/roles/agent", &fields).await.expect(303);
        assert_eq!(desk.role(Role::Agent).second_factor, SecondFactor::Any);
        agent.get("/inbox").await.expect(403);
        // The clinic that ships asks everybody; what is there already is left as it is.
        let shipped = config::clinic::parse(&startup::built_in_clinic()).unwrap();
        let new = config::organisation::new_organisation(&shipped, "other", &desk.app.ids, desk.app.now());
        let asked: Vec<_> = new.roles.iter().filter(|role| role.second_factor != SecondFactor::None).map(|role| role.code.as_str()).collect();
        assert_eq!(asked, ["agent", "nurse", "counsellor", "billing", "partner", "supervisor", "compliance", "administrator"]);
    }

    async fn attack_10_a_known_address_with_a_second_factor_reads_like_an_unknown_one(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Agent).await;
        let plain = |answer: &Answer, email: &str| {
            let text = answer.text();
            (answer.status, text.replace(&csrf_token(&text), "").replace(email, ""))
        };
        for _ in 0..8 {
            let known = password(&desk.visitor(), &person.email(), "wrong wrong wrong").await;
            let unknown = password(&desk.visitor(), "never@clinic.example", "wrong wrong wrong").await;
            assert_eq!(plain(&known, &person.email()), plain(&unknown, "never@clinic.example"));
            assert!(known.header("set-cookie").is_none());
        }
    }

    async fn people_hear_of_what_happens_to_their_sign_in(desk: Desk) {
        let sink = sink(&desk).await;
        let agent = desk.id_of(Role::Agent);
        let told = async || {
            jobs::drain(&desk.app).await.unwrap();
            let mut told: Vec<String> = sink.take().iter().map(|sent| {
                assert_eq!(sent.to, ["<agent@clinic.example>"], "to nobody else");
                let (text, head) = (sent.text(), sent.head());
                assert!(head.contains("Auto-Submitted: auto-generated") && sent.from == "<>", "{head}");
                assert!(text.contains("http://desk.example/account") && text.contains("If not, tell"), "{text}");
                text.lines().next().unwrap().to_owned()
            }).collect();
            told.sort();
            told
        };
        let mail = async |begins: &str| {
            let told = told().await;
            assert!(told.len() == 1 && told[0].starts_with(begins), "{begins}: {told:?}");
        };
        let signs_in = async |device: &str| {
            staff::admit(&desk.app, desk.organisation, agent, "password", device).await.unwrap();
        };
        // The first browser of all is no news, nor is one they had lately; another one is, and the first after a long time.
        let (firefox, phone) = ("Firefox/140.0 (Linux)", "Safari/604.1 (iPhone)");
        signs_in(firefox).await;
        signs_in(firefox).await;
        assert_eq!(told().await, [""; 0]);
        signs_in(phone).await;
        mail("Your account was signed in to").await;
        desk.clock.advance(89 * 24 * 3600);
        signs_in(phone).await;
        assert_eq!(told().await, [""; 0]);
        desk.clock.advance(24 * 3600);
        signs_in(firefox).await;
        mail("Your account was signed in to").await;

        let person = Person::enrolled(&desk, Role::Agent).await;
        let both = told().await;
        assert!(both.len() == 3 && both[0].starts_with("A new password was set") && both[1].starts_with("A second factor was added"), "{both:?}");
        let half = person.half(&desk).await;
        shows(&half, &person.codes[0]).await.expect(303);
        mail("A recovery code was used").await;
        half.submit("/account", "/account/second-factor/codes", &[]).await.expect(200);
        mail("New recovery codes were made").await;
        half.submit("/account", "/account/second-factor/off", &[]).await.expect(303);
        mail("The second factor of your account was turned off").await;
        let person = Person::enrolled(&desk, Role::Agent).await;
        assert_eq!(told().await.len(), 2);
        staff::reset_factor(&desk.app, &desk.ctx(Role::Administrator), agent, staff::Evidence::Document).await.unwrap();
        mail("Whoever manages the staff reset").await;
        let version = staff::list(&desk.app, &desk.system()).await.unwrap();
        let version = version.iter().find(|one| one.id == agent).unwrap().version;
        staff::change_role(&desk.app, &desk.ctx(Role::Administrator), agent, version, "supervisor").await.unwrap();
        mail("Your role at the desk opens more since").await;
        // No secret stands in what waited to be sent, and in their own language it is said.
        staff::choose_locale(&desk.app, &desk.ctx(Role::Agent), Locale::Es).await.unwrap();
        staff::set_password(&desk.app, &desk.system(), agent, WORDS).await.unwrap();
        jobs::drain(&desk.app).await.unwrap();
        let sent = sink.take();
        assert!(sent[0].text().starts_with("Se eligió una contraseña nueva"), "{}", sent[0].text());
        assert!(!String::from_utf8_lossy(&sent[0].raw).contains(&person.secret));
        // A mail server that is away hears of it later, for a day.
        sink.answer(Reply::Later);
        staff::set_password(&desk.app, &desk.system(), agent, WORDS).await.unwrap();
        jobs::drain(&desk.app).await.unwrap();
        sink.answer(Reply::Accept);
        sink.take();
        desk.clock.advance(10 * 60);
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(sink.take().len(), 1);
        // What is refused for good stands in the log.
        sink.answer(Reply::Never);
        staff::set_password(&desk.app, &desk.system(), agent, WORDS).await.unwrap();
        jobs::drain(&desk.app).await.unwrap();
        sink.answer(Reply::Accept);
        sink.take();
        let log = desk.browser(Role::Administrator).await.get("/audit?action=mail.send").await.expect(200).text();
        assert_eq!(log.matches("badge badge-warn").count(), 1, "{log}");
        // Whoever is let in no more hears nothing of it any more.
        staff::set_password(&desk.app, &desk.system(), agent, WORDS).await.unwrap();
        staff::disable(&desk.app, &desk.ctx(Role::Administrator), agent).await.unwrap();
        assert_eq!(told().await, [""; 0]);
    }

    async fn attack_43_the_secret_is_nowhere_after_it_was_shown(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Administrator).await;
        let browser = desk.browser(Role::Administrator).await;
        let id = desk.id_of(Role::Administrator).to_string();
        let mut said = Vec::new();
        let ways = router::routes().into_iter().filter(|route| route.method == Method::GET);
        for route in ways.filter(|route| route.path != "/api/v1/events") {
            let way = route.path.replace("{id}", &id).replace(['{', '}'], "");
            said.push((route.path.to_owned(), browser.get(&way).await.body));
        }
        assert!(said.len() > 80);
        files(desk.folder(), &mut said);
        said.push(canaries::jobs(&desk.app.db).await);
        // As it is stored, and as it is shown to be typed.
        let groups: Vec<_> = person.secret.as_bytes().chunks(4).map(|four| str::from_utf8(four).unwrap()).collect();
        let grouped = [groups.join("-"), groups.join(" "), person.secret.clone()];
        let bare = person.codes.iter().map(|code| code.replace('-', ""));
        let all: Vec<String> = person.codes.iter().cloned().chain(bare).chain(grouped).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let mut found = canaries::found(&said, &all);
        if let Some(url) = &desk.app.config.database {
            found.extend(canaries::found(&[canaries::dump(url)], &all));
            found.extend(canaries::files_of_postgres(&desk, &all).await);
        }
        assert!(found.is_empty(), "{found:?}");
    }
}

async fn hired(desk: &Desk, role: &str) -> StaffId {
    let new = NewStaff {
        email: format!("{role}@clinic.example"),
        name: "Mo Manager".to_owned(),
        role: role.to_owned(),
        locale: Locale::En,
    };
    staff::create(&desk.app, &desk.system(), new).await.unwrap()
}

async fn signed_in_as(desk: &Desk, person: StaffId) -> Browser {
    let session = staff::admit(&desk.app, desk.organisation, person, "test", "")
        .await
        .unwrap();
    Browser::new(&desk.app, Some(session.token))
}
