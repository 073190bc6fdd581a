//! Who comes in as whom.

use super::*;
use crate::common::Client;
use crate::common::both_engines;
use crate::common::factor::{Person, WORDS, turn_on};
use bedside_desk::context::{Actor, Ctx, Permission, Permissions};
use bedside_desk::staff::{self, NewToken, Queues};

fn reading() -> NewToken {
    NewToken {
        name: "numbers for the board".to_owned(),
        scopes: Permissions::of(&[Permission::TicketsRead]),
        queues: Queues::All,
        expires_at: None,
    }
}

async fn role_of(desk: &Desk, role: Role) -> (String, bool) {
    let everybody = staff::list(&desk.app, &desk.system()).await.unwrap();
    let id = desk.id_of(role);
    let one = everybody.into_iter().find(|one| one.id == id).unwrap();
    (one.role, one.disabled_at.is_some())
}

async fn password(browser: &Browser, email: &str) -> Answer {
    browser
        .submit(
            "/sign-in",
            "/sign-in",
            &[("email", email), ("password", WORDS)],
        )
        .await
}

both_engines! {
    async fn the_sign_in_page_leads_there_and_back(desk: Desk) {
        let issuer = set_up(&desk).await;
        let browser = desk.visitor();
        let page = browser.get("/sign-in?next=/patients").await.expect(200).text();
        assert!(page.contains("Sign in with the clinic&#39;s account"), "{page}");
        assert!(page.contains(&format!("href=\"{}?next=/patients\"", way(&desk))), "{page}");
        let asked = begin(&desk, &browser).await;
        assert_eq!(asked.get("response_type"), "code");
        assert_eq!(asked.get("client_id"), CLIENT);
        assert_eq!(asked.get("redirect_uri"), "http://desk.example/sign-in/sso");
        assert_eq!(asked.get("scope"), "openid email profile");
        for name in ["state", "nonce", "code_challenge"] {
            assert!(asked.get(name).len() >= 32, "{name}");
        }
        assert_eq!(asked.get("prompt"), "", "whoever is signed in there need not type anything");
        ana_inside(&desk, &issuer).await;
        assert_eq!(noted(&desk, "sso.link").await, 1);
        desk.audit_is_whole().await;
    }

    async fn coming_in_by_the_provider_ends_a_session_that_was_planted(desk: Desk) {
        let issuer = set_up(&desk).await;
        let nurse = desk.id_of(Role::Nurse);
        let planted = staff::admit(&desk.app, desk.organisation, nurse, "test", "").await.unwrap().token;
        let browser = desk.visitor();
        let asked = begin(&desk, &browser).await;
        let said = claims(&desk, &issuer, &asked, "ana-at-the-provider", &ana(&["desk-agents"]));
        let code = issuer.grant(&asked, said, Signed::Right);
        browser.plant(&desk.app, &planted);
        browser.get(&asked.back(&code)).await.expect(303);
        assert!(staff::session_unused(&desk.app, &planted).await.unwrap().is_none());
        assert!(!browser.cookie().contains(&planted));
        assert!(browser.get("/inbox").await.expect(200).text().contains("Ana Agent"));
    }

    async fn attack_26_an_address_that_is_not_verified_is_nobodys(desk: Desk) {
        let issuer = set_up(&desk).await;
        let mut rules = rules();
        rules.makes_accounts = true;
        provider(&desk, &issuer, rules).await;
        // What is null is left out of the token: a provider that says nothing of it.
        for verified in [json!(false), json!(null), json!("true"), json!("false"), json!(1), json!([true])] {
            for email in ["agent@clinic.example", "new@clinic.example"] {
                let mut said = ana(&["desk-agents"]);
                said["email"] = json!(email);
                said["email_verified"] = verified.clone();
                let browser = desk.visitor();
                let answer = come_in(&desk, &issuer, &browser, "somebody", said).await;
                assert_ne!(answer.status, 303, "{verified} {email}");
                is_out(&browser).await;
            }
        }
        assert_eq!(noted(&desk, "sso.link").await, 0);
        let everybody = staff::list(&desk.app, &desk.system()).await.unwrap();
        assert!(everybody.iter().all(|one| one.email != "new@clinic.example"));
    }

    /// Whoever got hold of the address at another provider, under the same subject even, is not who came by the first one.
    async fn attack_26_an_address_of_another_provider_is_another_account(desk: Desk) {
        let issuer = set_up(&desk).await;
        ana_inside(&desk, &issuer).await;
        let other = Issuer::start().await;
        provider(&desk, &other, rules()).await;
        for subject in ["ana-at-the-provider", "a-thief"] {
            let mut said = ana(&["desk-admins"]);
            said["email_verified"] = json!(false);
            let browser = desk.visitor();
            let answer = come_in(&desk, &other, &browser, subject, said).await;
            assert_ne!(answer.status, 303, "{subject}");
            is_out(&browser).await;
        }
        assert_eq!(noted(&desk, "sso.link").await, 1);
        assert_eq!(role_of(&desk, Role::Agent).await, ("agent".to_owned(), false));
    }

    async fn an_address_counts_once_and_the_subject_from_then_on(desk: Desk) {
        let issuer = set_up(&desk).await;
        ana_inside(&desk, &issuer).await;
        // Another account of the provider that got hold of her address.
        let thief = desk.visitor();
        come_in(&desk, &issuer, &thief, "a-thief", ana(&["desk-admins"])).await.expect(422);
        is_out(&thief).await;
        assert_eq!(reason(&desk).await, "other_subject");
        assert_eq!(role_of(&desk, Role::Agent).await, ("agent".to_owned(), false));
        // She has another address now, that of a colleague even, and is still herself.
        let mut said = ana(&["desk-agents"]);
        said["email"] = json!("administrator@clinic.example");
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", said).await.expect(303);
        assert!(browser.get("/inbox").await.expect(200).text().contains("Ana Agent"));
        // Whoever manages the staff disconnects her: the next one with her address is her.
        let admin = desk.browser(Role::Administrator).await;
        let page = format!("/settings/staff/{}", desk.id_of(Role::Agent));
        admin.submit(&page, &format!("{page}/forget-sso"), &[]).await.expect(303);
        is_out(&browser).await;
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "ana-anew", ana(&["desk-agents"])).await.expect(303);
        admin.submit(&page, &format!("{page}/forget-sso"), &[]).await.expect(303);
        admin.submit(&page, &format!("{page}/forget-sso"), &[]).await.expect(404);
    }

    async fn who_was_not_invited_gets_an_account_where_the_clinic_says_so(desk: Desk) {
        let issuer = set_up(&desk).await;
        let new = json!({ "email": "Nora@clinic.example", "email_verified": true, "name": "Nora New", "groups": ["desk-leads"] });
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "nora", new.clone()).await.expect(422);
        assert_eq!(reason(&desk).await, "not_invited");
        let mut rules = rules();
        rules.makes_accounts = true;
        provider(&desk, &issuer, rules).await;
        come_in(&desk, &issuer, &browser, "other", json!({ "email": "o@clinic.example", "email_verified": true, "groups": [] })).await.expect(422);
        assert_eq!(reason(&desk).await, "no_group");
        come_in(&desk, &issuer, &browser, "nora", new).await.expect(303);
        let everybody = staff::list(&desk.app, &desk.system()).await.unwrap();
        let nora = everybody.iter().find(|one| one.email == "nora@clinic.example").unwrap();
        assert_eq!((nora.name.as_str(), nora.role.as_str()), ("Nora New", "supervisor"));
    }

    async fn groups_give_the_role_at_every_sign_in(desk: Desk) {
        let issuer = set_up(&desk).await;
        let before = ana_inside(&desk, &issuer).await;
        // A role that opens more: what she has open ends too, as it began with the other one.
        let leads = desk.visitor();
        come_in(&desk, &issuer, &leads, "ana-at-the-provider", ana(&["desk-agents", "desk-leads"])).await.expect(303);
        assert_eq!(role_of(&desk, Role::Agent).await.0, "supervisor");
        leads.get("/settings").await.expect(200);
        is_out(&before).await;
        // And one that opens less.
        let less = desk.visitor();
        come_in(&desk, &issuer, &less, "ana-at-the-provider", ana(&["desk-agents"])).await.expect(303);
        is_out(&leads).await;
        less.get("/settings").await.expect(403);
        assert_eq!(noted(&desk, "staff.role").await, 2);
    }

    async fn who_has_no_group_any_more_is_out_at_once(desk: Desk) {
        let issuer = set_up(&desk).await;
        let mut rules = rules();
        rules.only_way = false;
        provider(&desk, &issuer, rules).await;
        staff::set_password(&desk.app, &desk.system(), desk.id_of(Role::Agent), WORDS).await.unwrap();
        let inside = ana_inside(&desk, &issuer).await;
        let browser = desk.visitor();
        for groups in [json!([]), json!(["desk-agent"])] {
            let mut said = ana(&[]);
            said["groups"] = groups;
            come_in(&desk, &issuer, &browser, "ana-at-the-provider", said).await.expect(422);
            assert_eq!(reason(&desk).await, "no_group");
            is_out(&inside).await;
        }
        assert!(role_of(&desk, Role::Agent).await.1);
        password(&desk.visitor(), "agent@clinic.example").await.expect(422);
        // The group is back, and she is, with nothing that she came in by before.
        ana_inside(&desk, &issuer).await;
        assert!(!role_of(&desk, Role::Agent).await.1);
        password(&desk.visitor(), "agent@clinic.example").await.expect(422);
        // Whom an administrator locked out is let in by no group.
        let admin = desk.ctx(Role::Administrator);
        staff::disable(&desk.app, &admin, desk.id_of(Role::Agent)).await.unwrap();
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", ana(&["desk-agents"])).await.expect(422);
        assert_eq!(reason(&desk).await, "disabled");
        assert!(role_of(&desk, Role::Agent).await.1);
        // Also where the groups had locked her out before.
        staff::enable(&desk.app, &admin, desk.id_of(Role::Agent)).await.unwrap();
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", ana(&[])).await.expect(422);
        staff::enable(&desk.app, &admin, desk.id_of(Role::Agent)).await.unwrap();
        staff::disable(&desk.app, &admin, desk.id_of(Role::Agent)).await.unwrap();
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", ana(&["desk-agents"])).await.expect(422);
        assert_eq!(reason(&desk).await, "disabled");
    }

    async fn a_provider_that_says_nothing_of_groups_lets_nobody_in_and_locks_nobody_out(desk: Desk) {
        let issuer = set_up(&desk).await;
        let inside = ana_inside(&desk, &issuer).await;
        for groups in [json!(null), json!({ "desk-agents": true }), json!(7)] {
            let mut said = ana(&[]);
            said["groups"] = groups;
            come_in(&desk, &issuer, &desk.visitor(), "ana-at-the-provider", said).await.expect(422);
            assert_eq!(reason(&desk).await, "groups_unsaid");
            is_out(&inside).await;
        }
        assert_eq!(role_of(&desk, Role::Agent).await, ("agent".to_owned(), false));
        // The one that counts may come after hundreds of others.
        let mut many: Vec<String> = (0..700).map(|number| format!("group-{number}")).collect();
        many.push("desk-agents".to_owned());
        let mut said = ana(&[]);
        said["groups"] = json!(many);
        come_in(&desk, &issuer, &desk.visitor(), "ana-at-the-provider", said).await.expect(303);
    }

    async fn whom_the_groups_lock_out_leaves_no_token_and_no_request_behind(desk: Desk) {
        let issuer = set_up(&desk).await;
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", ana(&["desk-admins"])).await.expect(303);
        let (agent, role) = (desk.id_of(Role::Agent), desk.role(Role::Administrator));
        let hers = Ctx { actor: Actor::Staff { id: agent, role, name: "Ana Agent".into() }, ..desk.ctx(Role::Administrator) };
        let (_, token) = staff::create_token(&desk.app, &hers, reading()).await.unwrap();
        let client = Client::new(&desk.app, Some(token));
        client.get("/api/v1/tickets").await.expect(200);
        come_in(&desk, &issuer, &desk.visitor(), "ana-at-the-provider", ana(&[])).await.expect(422);
        client.get("/api/v1/tickets").await.expect(401);
        come_in(&desk, &issuer, &desk.visitor(), "ana-at-the-provider", ana(&["desk-admins"])).await.expect(303);
        client.get("/api/v1/tickets").await.expect(401);
    }

    async fn the_last_administrator_stays_one_and_does_not_come_in(desk: Desk) {
        let issuer = set_up(&desk).await;
        let ada = |groups: &[&str]| json!({ "email": "administrator@clinic.example", "email_verified": true, "groups": groups });
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "ada", ada(&["desk-admins"])).await.expect(303);
        let other = desk.visitor();
        come_in(&desk, &issuer, &other, "ada", ada(&["desk-agents"])).await.expect(422);
        assert_eq!(reason(&desk).await, "last_administrator");
        is_out(&browser).await;
        come_in(&desk, &issuer, &other, "ada", ada(&[])).await.expect(422);
        assert_eq!(role_of(&desk, Role::Administrator).await, ("administrator".to_owned(), false));
    }

    async fn what_a_provider_keeps_beside_the_token_is_asked_for(desk: Desk) {
        let issuer = set_up(&desk).await;
        let mut details = ana(&["desk-agents"]);
        details["sub"] = json!("ana-at-the-provider");
        issuer.details(details.clone());
        let browser = desk.visitor();
        // One half of an address in the token says nothing about the other half elsewhere.
        let half = json!({ "email": "administrator@clinic.example" });
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", half).await.expect(303);
        assert!(browser.get("/inbox").await.expect(200).text().contains("Ana Agent"));
        details["sub"] = json!("somebody-else");
        issuer.details(details);
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", json!({})).await.expect(422);
        assert_eq!(reason(&desk).await, "person");
    }

    /// Attack 42.
    async fn this_way_in_asks_for_the_second_factor_too(desk: Desk) {
        let issuer = set_up(&desk).await;
        let mut rules = rules();
        rules.only_way = false;
        provider(&desk, &issuer, rules.clone()).await;
        let person = Person::enrolled(&desk, Role::Agent).await;
        let said = |amr: &str| {
            let mut said = ana(&["desk-agents"]);
            said["amr"] = json!([amr]);
            said
        };
        // What the provider says of its own counts nothing unless the clinic says so.
        for amr in ["pwd", "mfa"] {
            let browser = desk.visitor();
            let answer = come_in(&desk, &issuer, &browser, "ana-at-the-provider", said(amr)).await.expect(303);
            assert_eq!(answer.header("location"), Some("/sign-in/code?next=/inbox"));
            is_out(&browser).await;
            desk.clock.advance(30);
            let code = person.code(&desk);
            browser.submit("/sign-in/code", "/sign-in/code", &[("code", &code), ("next", "/inbox")]).await.expect(303);
            browser.get("/inbox").await.expect(200);
            assert!(browser.get("/account").await.expect(200).text().contains("with a code as well"));
        }
        rules.factor = vec!["mfa".to_owned()];
        provider(&desk, &issuer, rules).await;
        let browser = desk.visitor();
        let answer = come_in(&desk, &issuer, &browser, "ana-at-the-provider", said("pwd")).await.expect(303);
        assert_eq!(answer.header("location"), Some("/sign-in/code?next=/inbox"));
        let answer = come_in(&desk, &issuer, &browser, "ana-at-the-provider", said("mfa")).await.expect(303);
        assert_eq!(answer.header("location"), Some("/inbox"));
        browser.get("/inbox").await.expect(200);
    }

    async fn a_role_that_wants_a_second_factor_wants_it_here_or_there(desk: Desk) {
        let issuer = set_up(&desk).await;
        let mut role = desk.role(Role::Agent).as_ref().clone();
        role.second_factor = staff::SecondFactor::Any;
        let change = bedside_desk::orgs::Change::PutRole(role);
        bedside_desk::orgs::change(&desk.app, &desk.system(), change).await.unwrap();
        let browser = desk.visitor();
        let mut said = ana(&["desk-agents"]);
        said["acr"] = json!("urn:two");
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", said.clone()).await.expect(303);
        assert_ne!(browser.get("/inbox").await.status, 200, "it is set up first");
        let mut rules = rules();
        rules.factor = vec!["urn:two".to_owned()];
        provider(&desk, &issuer, rules).await;
        let browser = desk.visitor();
        come_in(&desk, &issuer, &browser, "ana-at-the-provider", said).await.expect(303);
        browser.get("/inbox").await.expect(200);
        turn_on(&desk, &browser).await.1.expect(200);
    }

    async fn who_belongs_to_the_provider_comes_in_by_it_alone(desk: Desk) {
        let issuer = set_up(&desk).await;
        let (email, id) = ("agent@clinic.example", desk.id_of(Role::Agent));
        staff::set_password(&desk.app, &desk.system(), id, WORDS).await.unwrap();
        password(&desk.visitor(), email).await.expect(303);
        let inside = ana_inside(&desk, &issuer).await;
        let page = password(&desk.visitor(), email).await.expect(422).text();
        assert!(page.contains("The email address or the password isn"), "{page}");
        let account = inside.get("/account").await.expect(200).text();
        assert!(account.contains("with your organisation") && !account.contains("href=\"/set-password\""));
        let fields = [("current", WORDS), ("password", "another horse battery staple"), ("again", "another horse battery staple")];
        inside.submit("/set-password", "/set-password", &fields).await.expect(409);
        // A link that was made for her still works, once, and asks for no password.
        let expires = desk.app.now().plus_seconds(60);
        let link = staff::make_link(&desk.app, &desk.ctx(Role::Administrator), id, false, expires).await.unwrap();
        let browser = desk.visitor();
        let path = format!("/sign-in/{link}");
        assert_eq!(browser.submit(&path, &path, &[]).await.expect(303).header("location"), Some("/"));
        // Where the clinic allows both, the password is as good as before.
        let mut rules = rules();
        rules.only_way = false;
        provider(&desk, &issuer, rules).await;
        password(&desk.visitor(), email).await.expect(303);
    }

    async fn who_is_locked_out_while_they_come_in_is_locked_out(desk: Desk) {
        let issuer = set_up(&desk).await;
        ana_inside(&desk, &issuer).await;
        let (id, admin) = (desk.id_of(Role::Agent), desk.ctx(Role::Administrator));
        for round in 0..20 {
            let browsers = [desk.visitor(), desk.visitor()];
            let coming = browsers.iter().map(|browser| come_in(&desk, &issuer, browser, "ana-at-the-provider", ana(&["desk-agents"])));
            let coming = futures_util::future::join_all(coming);
            let (came, locked) = tokio::join!(coming, staff::disable(&desk.app, &admin, id));
            assert!(locked.is_ok(), "{round}: {locked:?}");
            for answer in came {
                assert!(matches!(answer.status, 303 | 422), "{round}: {}", answer.text());
            }
            staff::enable(&desk.app, &admin, id).await.unwrap();
            for browser in &browsers {
                is_out(browser).await;
            }
        }
    }

    async fn signing_out_ends_the_session_here(desk: Desk) {
        let issuer = set_up(&desk).await;
        let browser = ana_inside(&desk, &issuer).await;
        let copy = Browser::new(&desk.app, Some(session(&desk, &browser)));
        copy.get("/inbox").await.expect(200);
        browser.submit("/account", "/sign-out", &[]).await.expect(303);
        is_out(&browser).await;
        is_out(&copy).await;
    }
}

/// The secret of the session that a browser has.
fn session(desk: &Desk, browser: &Browser) -> String {
    let name = format!(
        "{}=",
        bedside_desk::router::session_cookie(&desk.app).name()
    );
    let cookie = browser.cookie();
    let value = cookie.split("; ").find_map(|pair| pair.strip_prefix(&name));
    value.expect("a session").to_owned()
}
