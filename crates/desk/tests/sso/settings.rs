//! Setting a provider up on its page, and trying it out.

use super::*;
use crate::common::issuer::Wrong;
use crate::common::{Engine, both_engines};

const PAGE: &str = "/settings/sso";

fn fields<'a>(issuer: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("issuer", issuer),
        ("client", CLIENT),
        ("secret", SECRET),
        ("button", "The clinic's account"),
        ("groups_claim", "groups"),
        ("role_agent", "desk-agents\n\n desk-helpers "),
        ("role_supervisor", "desk-leads"),
        ("only_way", "on"),
        ("enabled", "on"),
        ("version", "0"),
    ];
    let left = usual
        .into_iter()
        .filter(|(name, _)| more.iter().all(|(other, _)| name != other));
    left.chain(more.iter().copied()).collect()
}

/// The newest entry that says whose word a provider's was.
async fn shown(desk: &Desk) -> Option<i64> {
    let entries = audit_log::list(&desk.app, &desk.system(), None, 20)
        .await
        .unwrap();
    let newest = entries
        .into_iter()
        .find(|entry| entry.action == "sso.show")?;
    Some(newest.sequence)
}

both_engines! {
    async fn a_provider_is_set_up_on_its_page(desk: Desk) {
        let issuer = Issuer::start().await;
        let admin = desk.browser(Role::Administrator).await;
        assert!(admin.get("/settings").await.expect(200).text().contains("href=\"/settings/sso\""));
        let page = admin.get(PAGE).await.expect(200).text();
        assert!(page.contains("http://desk.example/sign-in/sso") && !page.contains("/settings/sso/test"), "{page}");
        admin.submit(PAGE, PAGE, &fields(issuer.url(), &[])).await.expect(303);
        let page = admin.get(PAGE).await.expect(200).text();
        assert!(page.contains("desk-agents\ndesk-helpers") && page.contains("name=\"version\" value=\"1\""), "{page}");
        assert!(!page.contains(SECRET), "the secret is shown");
        let view = sso::view(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap().unwrap();
        let order: Vec<&str> = view.rules.roles.iter().map(|(role, _)| role.as_str()).collect();
        assert_eq!(order, ["supervisor", "agent"]);
        ana_inside(&desk, &issuer).await;
        // Without a secret the one there is stays, and works.
        admin.submit(PAGE, PAGE, &fields(issuer.url(), &[("secret", ""), ("version", "1")])).await.expect(303);
        ana_inside(&desk, &issuer).await;
        // Someone changed it meanwhile.
        let stale = admin.submit(PAGE, PAGE, &fields(issuer.url(), &[("version", "1")])).await.expect(422).text();
        assert!(stale.contains("Someone else changed this") && stale.contains("name=\"version\" value=\"2\""), "{stale}");
        admin.submit(PAGE, "/settings/sso/remove", &[]).await.expect(303);
        assert!(sso::view(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap().is_none());
        admin.submit(PAGE, "/settings/sso/remove", &[]).await.expect(404);
        admin.submit(PAGE, "/settings/sso/test", &[]).await.expect(404);
        assert_eq!((noted(&desk, "sso.change").await, noted(&desk, "sso.remove").await), (2, 1));
    }

    async fn what_cant_be_used_is_said_at_its_place(desk: Desk) {
        let issuer = Issuer::start().await;
        let admin = desk.browser(Role::Administrator).await;
        let long = "x".repeat(2001);
        for (name, value, text) in [
            ("issuer", "login.clinic.example", "Write the provider&#39;s address"),
            ("issuer", "javascript:alert(1)", "Write the provider&#39;s address"),
            ("issuer", "https://user@login.clinic.example", "Write the provider&#39;s address"),
            ("issuer", "https://login.clinic.example/?tenant=1", "Write the provider&#39;s address"),
            ("issuer", "", "Write the provider&#39;s address"),
            ("client", "", "Write the client id"),
            ("client", "a b", "Write the client id"),
            ("secret", "", "Write the client secret that belongs"),
            ("secret", long.as_str(), "Write the client secret as"),
            ("button", "", "write this on one line"),
            ("groups_claim", "", "Write the name of the claim"),
        ] {
            let page = admin.submit(PAGE, PAGE, &fields(issuer.url(), &[(name, value)])).await.expect(422).text();
            assert!(page.contains(text), "{name} {value}: {page}");
            assert!(!page.contains(SECRET), "{name}");
        }
        let none = [("role_agent", ""), ("role_supervisor", "")];
        let page = admin.submit(PAGE, PAGE, &fields(issuer.url(), &none)).await.expect(422).text();
        assert!(page.contains("Name at least one group"), "{page}");
        let many = (0..501).map(|number| format!("g{number}")).collect::<Vec<_>>().join("\n");
        let page = admin.submit(PAGE, PAGE, &fields(issuer.url(), &[("role_agent", &many)])).await.expect(422).text();
        assert!(page.contains("There can be 500 groups"), "{page}");
        assert!(sso::view(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap().is_none());
    }

    async fn a_secret_goes_to_no_other_provider_and_people_are_connected_anew(desk: Desk) {
        let (old, new) = (set_up(&desk).await, Issuer::start().await);
        ana_inside(&desk, &old).await;
        let admin = desk.browser(Role::Administrator).await;
        for more in [[("secret", ""), ("client", CLIENT)], [("secret", ""), ("client", "another")]] {
            let issuer = if more[1].1 == CLIENT { new.url() } else { old.url() };
            let page = admin.submit(PAGE, PAGE, &fields(issuer, &[&more[..], &[("version", "1")]].concat())).await.expect(422).text();
            assert!(page.contains("Write the client secret that belongs"), "{page}");
        }
        admin.submit(PAGE, PAGE, &fields(new.url(), &[("version", "1")])).await.expect(303);
        let browser = desk.visitor();
        come_in(&desk, &new, &browser, "ana-at-the-new-one", ana(&["desk-agents"])).await.expect(303);
    }

    async fn another_one_in_its_place_is_asked_itself_and_the_old_one_nothing_more(desk: Desk) {
        let (old, new) = (set_up(&desk).await, Issuer::start().await);
        let browser = desk.visitor();
        begin(&desk, &browser).await;
        let left = begin(&desk, &browser).await;
        sso::remove(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap();
        provider(&desk, &new, rules()).await;
        let answer = browser.get(&way(&desk)).await.expect(303);
        assert!(answer.header("location").unwrap().starts_with(new.url()), "{answer:?}");
        // What began with the old one ends with it, though both have the same number.
        let code = old.grant(&left, claims(&desk, &old, &left, "ana-at-the-provider", &ana(&["desk-admins"])), Signed::Right);
        assert_ne!(browser.get(&left.back(&code)).await.status, 303);
        is_out(&browser).await;
        assert_eq!(old.asked(), Vec::<String>::new());
        ana_inside(&desk, &new).await;
    }

    async fn a_sign_in_under_way_ends_with_its_provider(desk: Desk) {
        let issuer = set_up(&desk).await;
        for removed in [false, true] {
            let browser = desk.visitor();
            let asked = begin(&desk, &browser).await;
            let said = claims(&desk, &issuer, &asked, "ana-at-the-provider", &ana(&["desk-agents"]));
            let back = asked.back(&issuer.grant(&asked, said, Signed::Right));
            let door = issuer.shut().await;
            let (answer, ()) = tokio::join!(browser.get(&back), async {
                issuer.is_asked().await;
                if removed {
                    sso::remove(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap();
                } else {
                    provider(&desk, &issuer, rules()).await;
                }
                drop(door);
            });
            assert_ne!(answer.status, 303);
            is_out(&browser).await;
        }
        assert_eq!(noted(&desk, "sso.link").await, 0);
    }

    async fn who_is_coming_in_when_it_is_removed_does_not(desk: Desk) {
        let issuer = Issuer::start().await;
        let admin = desk.ctx(Role::Administrator);
        for round in 0..24 {
            provider(&desk, &issuer, rules()).await;
            let browser = desk.visitor();
            let asked = begin(&desk, &browser).await;
            let said = claims(&desk, &issuer, &asked, "ana-at-the-provider", &ana(&["desk-agents"]));
            let back = asked.back(&issuer.grant(&asked, said, Signed::Right));
            let before = shown(&desk).await;
            let coming = browser.get(&back);
            // Half of the time at once, and half of the time when the provider's word was taken and nobody is in yet.
            let removing = async {
                while round % 2 == 0 && shown(&desk).await == before {
                    tokio::task::yield_now().await;
                }
                sso::remove(&desk.app, &admin).await
            };
            let (came, removed) = tokio::join!(coming, removing);
            assert!(removed.is_ok(), "{round}: {removed:?}");
            assert!(matches!(came.status, 303 | 422), "{round}: {}", came.text());
            is_out(&browser).await;
        }
    }

    async fn what_a_provider_opened_ends_with_it(desk: Desk) {
        let issuer = set_up(&desk).await;
        let inside = ana_inside(&desk, &issuer).await;
        let nurse = desk.browser(Role::Nurse).await;
        sso::remove(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap();
        is_out(&inside).await;
        nurse.get("/inbox").await.expect(200);
    }

    async fn only_who_may_do_everything_names_a_provider(desk: Desk) {
        let issuer = set_up(&desk).await;
        for role in Role::ALL.iter().filter(|role| **role != Role::Administrator) {
            let browser = desk.browser(*role).await;
            browser.get(PAGE).await.expect(403);
        }
        // Somebody who manages the staff, and nothing else, neither.
        let mut role = desk.role(Role::Supervisor).as_ref().clone();
        role.permissions = role.permissions.with(bedside_desk::context::Permission::StaffManage);
        let change = bedside_desk::orgs::Change::PutRole(role);
        bedside_desk::orgs::change(&desk.app, &desk.system(), change).await.unwrap();
        let manager = desk.browser(Role::Supervisor).await;
        let page = manager.get(PAGE).await.expect(200).text();
        assert!(page.contains("Only administrators change this") && !page.contains("/settings/sso/test"), "{page}");
        let all = fields(issuer.url(), &[("version", "1")]);
        manager.submit("/settings/staff", PAGE, &all).await.expect(403);
        for way in ["/settings/sso/test", "/settings/sso/remove"] {
            manager.submit("/settings/staff", way, &[]).await.expect(403);
        }
        assert!(sso::view(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap().is_some());
    }

    async fn trying_it_says_in_plain_words_what_is_wrong(desk: Desk) {
        let issuer = set_up(&desk).await;
        let admin = desk.browser(Role::Administrator).await;
        for (wrong, words) in [
            (Wrong::Nothing, "The provider answers and can be used"),
            (Wrong::OtherIssuer, "names itself otherwise"),
            (Wrong::Missing, "There is no provider at this address"),
            (Wrong::Redirecting, "There is no provider at this address"),
            (Wrong::Huge, "far longer than it should be"),
            (Wrong::Slow, "did not answer within six seconds"),
            (Wrong::NoJson, "can&#39;t be read"),
            (Wrong::KeysElsewhere, "leads to this server or into a private network"),
            (Wrong::NoKeys, "publishes no key"),
            (Wrong::SharedSecretsOnly, "signs with a shared secret only"),
            (Wrong::NoPkce, "does not know PKCE"),
        ] {
            issuer.is(wrong);
            let page = admin.submit(PAGE, "/settings/sso/test", &[]).await.expect(200).text();
            assert!(page.contains(words), "{wrong:?}: {page}");
        }
        let places = [
            ("https://127.0.0.2:9/", "leads to this server or into a private network"),
            ("https://10.0.0.1/", "leads to this server or into a private network"),
            ("https://2130706434/", "leads to this server or into a private network"),
            ("https://[::ffff:169.254.169.254]/", "leads to this server or into a private network"),
            ("http://203.0.113.9/", "reached without encryption"),
            ("https://127.0.0.1:9/", "Nobody answers at this address"),
        ];
        for (version, (address, words)) in (1..).zip(places) {
            let text = i32::to_string(&version);
            admin.submit(PAGE, PAGE, &fields(address, &[("version", &text)])).await.expect(303);
            let page = admin.submit(PAGE, "/settings/sso/test", &[]).await.expect(200).text();
            assert!(page.contains(words), "{address}: {page}");
        }
    }
}

/// Spellings of what a desk must not be made to call: its own machine, its link, private networks, the clouds' metadata.
const INSIDE: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0",
    "localhost",
    "localhost.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "169.254.169.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "[fd00:ec2::254]",
    "[fc00::1]",
    "[fe80::1]",
];

const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_19_no_provider_leads_into_the_desks_own_network() {
    for engine in ENGINES {
        let desk = Desk::set_up(engine, |config| config.allowed_destinations.clear()).await;
        let admin = desk.browser(Role::Administrator).await;
        for (version, host) in (0..).zip(INSIDE) {
            let (address, version) = (format!("https://{host}/"), i32::to_string(&version));
            let typed = fields(&address, &[("version", &version)]);
            admin.submit(PAGE, PAGE, &typed).await.expect(303);
            let page = admin
                .submit(PAGE, "/settings/sso/test", &[])
                .await
                .expect(200);
            let words = "leads to this server or into a private network";
            assert!(page.text().contains(words), "{host}: {}", page.text());
        }
    }
}

/// The address was harmless when it was typed. Here it is the rules that moved, which comes to the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_19_a_provider_whose_name_moved_is_not_asked() {
    for engine in ENGINES {
        let mut desk = Desk::new(engine).await;
        let issuer = set_up(&desk).await;
        ana_inside(&desk, &issuer).await;
        let described = issuer.described();
        desk.start_again(|config| config.allowed_destinations.clear())
            .await;
        let browser = desk.visitor();
        let answer = browser.get(&way(&desk)).await;
        assert!(
            !answer
                .header("location")
                .is_some_and(|to| to.contains("/authorize")),
            "{answer:?}"
        );
        is_out(&browser).await;
        assert_eq!(issuer.described(), described, "it was asked");
    }
}
