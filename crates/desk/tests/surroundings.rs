//! What of a session's surroundings counts: its browser, its network, how often it asks, and what changed on another node.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::{Actor, Ctx, Permission, Permissions};
use bedside_desk::orgs::{self, Change};
use bedside_desk::staff::{NewToken, Queues};
use bedside_desk::tickets::{self, NewTicket};
use bedside_desk::{identity, jobs, records, staff, startup};
use bedside_language::Channel;
use common::factor::{Person, WORDS, password, shows};
use common::sink::sink;
use common::{Answer, Browser, Client, Desk, Engine, Role, both_engines, csrf_token};
use parking_lot::Mutex;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEWER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1";
/// A page that asks for a fresh proof.
const WEIGHTY: &str = "/settings/tokens/new";

fn network(address: &str) -> IpAddr {
    address.parse().unwrap()
}

async fn open(browser: &Browser) -> Answer {
    let html = [("accept", "text/html")];
    browser
        .request(Method::GET, WEIGHTY, &html, Body::empty())
        .await
}

/// Whether the page shows itself, or sends whoever asks to prove who they are.
async fn is_open(browser: &Browser) -> bool {
    let answer = open(browser).await;
    if answer.status == 200 {
        return true;
    }
    let to = answer.expect(303).header("location").unwrap().to_owned();
    assert!(to.starts_with("/account/confirm?next="), "{to}");
    false
}

/// Shows password and code in a session.
async fn proves(desk: &Desk, person: &Person, browser: &Browser) {
    desk.clock.advance(30);
    let code = person.code(desk);
    let proof = [
        ("password", WORDS),
        ("code", code.as_str()),
        ("next", WEIGHTY),
    ];
    let here = "/account/confirm";
    browser.submit(here, here, &proof).await.expect(303);
}

/// Signs in with password and code.
async fn signed_in(desk: &Desk, person: &Person, agent: &str, from: Option<IpAddr>) -> Browser {
    desk.clock.advance(30);
    let mut browser = desk.visitor().saying(agent);
    browser.from = from;
    password(&browser, &person.email(), WORDS).await.expect(303);
    shows(&browser, &person.code(desk)).await.expect(303);
    browser
}

both_engines! {
    async fn a_session_that_turns_up_in_another_browser_ends(desk: Desk) {
        let sink = sink(&desk).await;
        let agent = desk.id_of(Role::Agent);
        let session = staff::admit(&desk.app, desk.organisation, agent, "password", FIREFOX).await.unwrap();
        let own = Browser::new(&desk.app, Some(session.token.clone())).saying(FIREFOX);
        own.get("/inbox").await.expect(200);
        // A new release is the same browser.
        Browser::new(&desk.app, Some(session.token.clone())).saying(NEWER).get("/inbox").await.expect(200);
        for thief in [PHONE, "", "curl/8.5"] {
            let session = staff::admit(&desk.app, desk.organisation, agent, "password", FIREFOX).await.unwrap();
            let mine = Browser::new(&desk.app, Some(session.token.clone())).saying(FIREFOX);
            mine.get("/inbox").await.expect(200);
            Browser::new(&desk.app, Some(session.token)).saying(thief).get("/inbox").await.expect(401);
            // It is over for both, and for no other session.
            mine.get("/inbox").await.expect(401);
        }
        own.get("/inbox").await.expect(200);
        jobs::drain(&desk.app).await.unwrap();
        let told = sink.take();
        assert_eq!(told.len(), 3);
        assert!(told[0].text().starts_with("Your sign-in turned up in another browser"), "{}", told[0].text());
        let admin = desk.browser(Role::Administrator).await;
        let log = admin.get("/audit?action=session.moved").await.expect(200).text();
        assert!(log.contains("A session turned up in another browser"), "{log}");
        desk.audit_is_whole().await;
    }

    async fn a_new_device_or_network_shows_the_second_factor_once_more(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Administrator).await;
        let clinic = Some(network("203.0.113.5"));
        // The device and the network of every day: the sign-in is proof enough for ten minutes.
        let usual = signed_in(&desk, &person, "", clinic).await;
        assert!(is_open(&usual).await);
        // A new device is not, whatever the network.
        let phone = signed_in(&desk, &person, PHONE, clinic).await;
        phone.get("/inbox").await.expect(200);
        assert!(!is_open(&phone).await);
        desk.clock.advance(30);
        let code = person.code(&desk);
        let wrong = phone.submit("/account/confirm", "/account/confirm", &[("password", WORDS)]).await;
        assert_eq!(wrong.status, 422, "a password alone does not do");
        let proof = [("password", WORDS), ("code", code.as_str()), ("next", WEIGHTY)];
        phone.submit("/account/confirm", "/account/confirm", &proof).await.expect(303);
        assert!(is_open(&phone).await);
        // The next time it is known.
        let phone = signed_in(&desk, &person, PHONE, clinic).await;
        assert!(is_open(&phone).await);

        // A session that goes elsewhere has its proof asked for anew, also with a form that stands open.
        let mut moved = signed_in(&desk, &person, "", clinic).await;
        let token = csrf_token(&open(&moved).await.expect(200).text());
        moved.from = Some(network("203.0.113.77"));
        assert!(is_open(&moved).await, "a neighbour in the same network");
        moved.from = Some(network("198.51.100.1"));
        assert!(!is_open(&moved).await);
        let fields = [("csrf_token", token.as_str()), ("name", "x"), ("days", "1"), ("scope_tickets_read", "on"), ("all_queues", "on")];
        let html = moved.request(Method::POST, WEIGHTY, &[("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")],
            Body::from(form(&fields))).await.expect(303);
        assert!(html.header("location").unwrap().starts_with("/account/confirm"));
        assert!(staff::list_tokens(&desk.app, &desk.system()).await.unwrap().is_empty());
        moved.get("/inbox").await.expect(200);
        // Back home the proof of before is gone too; once known the other network takes one as any.
        moved.from = clinic;
        assert!(!is_open(&moved).await);
        // Passing through makes no network known; a proof that is shown in it does.
        let there = signed_in(&desk, &person, "", Some(network("198.51.100.9"))).await;
        assert!(!is_open(&there).await, "the session from before was there, and nobody proved anything");
        proves(&desk, &person, &there).await;
        assert!(is_open(&there).await);
        let mut there = signed_in(&desk, &person, "", Some(network("198.51.100.10"))).await;
        assert!(is_open(&there).await);
        // A thief who carries the cookie away gets nowhere with its proof.
        there.from = Some(network("2001:db8:1:2::3"));
        assert!(!is_open(&there).await);
        // Its owner proves at home who they are; the next one that is carried there lapses as the first did.
        there.from = clinic;
        proves(&desk, &person, &there).await;
        assert!(is_open(&there).await);
        there.from = Some(network("2001:db8:1:2::3"));
        assert!(!is_open(&there).await);
        desk.audit_is_whole().await;
    }

    async fn of_many_requests_at_once_from_elsewhere_none_gets_the_proof_back(desk: Desk) {
        let person = Person::enrolled(&desk, Role::Administrator).await;
        let mut session = signed_in(&desk, &person, "", Some(network("203.0.113.5"))).await;
        for round in 0..3 {
            session.from = Some(network("203.0.113.5"));
            proves(&desk, &person, &session).await;
            assert!(is_open(&session).await);
            session.from = Some(network(&format!("198.51.{round}.1")));
            let all = futures_util::future::join_all((0..8).map(|_| is_open(&session))).await;
            assert!(all.iter().all(|open| !open), "{all:?}");
            assert!(!is_open(&session).await);
        }
    }

    async fn the_desktop_site_of_a_telephone_goes_on_and_asks_for_a_proof(desk: Desk) {
        const DESKTOP: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15";
        let person = Person::enrolled(&desk, Role::Administrator).await;
        let mut phone = signed_in(&desk, &person, PHONE, None).await;
        proves(&desk, &person, &phone).await;
        assert!(is_open(&phone).await);
        DESKTOP.clone_into(&mut phone.agent);
        phone.get("/inbox").await.expect(200);
        assert!(!is_open(&phone).await);
        proves(&desk, &person, &phone).await;
        assert!(is_open(&phone).await);
        // Once proven both are known.
        PHONE.clone_into(&mut phone.agent);
        assert!(is_open(&phone).await);
        "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0".clone_into(&mut phone.agent);
        phone.get("/inbox").await.expect(401);
    }

    async fn what_open_pages_fetch_takes_nothing_from_whoever_reads(desk: Desk) {
        let desk = Desk::set_up(desk.engine, |config| config.reads_an_hour = 5).await;
        let agent = desk.browser(Role::Agent).await;
        let live = [("hx-request", "true"), ("bd-live", "1")];
        for _ in 0..5 {
            agent.request(Method::GET, "/inbox", &live, Body::empty()).await.expect(200);
        }
        agent.request(Method::GET, "/inbox", &live, Body::empty()).await.expect(429);
        for _ in 0..5 {
            agent.get("/account").await.expect(200);
        }
        agent.get("/account").await.expect(429);
        // Somebody may be in danger: these are never shut.
        let ticket = desk.ticket("ana@patients.example", "x", "x").await;
        let number = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.number;
        assert_ne!(agent.get(&format!("/tickets/{number}/verify/emergency")).await.status, 429);
        // An open page alone does not keep a session alive.
        let nurse = desk.browser(Role::Nurse).await;
        for _ in 0..2 {
            desk.clock.advance(31 * 60);
            nurse.request(Method::GET, "/inbox", &live, Body::empty()).await;
        }
        nurse.get("/account").await.expect(401);
    }

    async fn patients_use_up_no_room_of_the_staff(desk: Desk) {
        for key in 0..50_000 {
            desk.app.patients_reads.take(key, 1, desk.app.now()).unwrap();
        }
        assert!(desk.app.patients_reads.take("one more", 1, desk.app.now()).is_err());
        desk.browser(Role::Nurse).await.get("/inbox").await.expect(200);
    }

    async fn looking_whether_one_is_still_in_is_no_refusal(desk: Desk) {
        let officer = desk.browser(Role::Compliance).await;
        // But for the looks of this test itself.
        let entries = async || {
            let all = bedside_desk::audit_log::list(&desk.app, &desk.system(), None, 500).await.unwrap();
            all.iter().filter(|entry| entry.action != "audit.read").count()
        };
        let before = entries().await;
        let json = [("accept", "*/*")];
        officer.request(Method::HEAD, "/account/session", &json, Body::empty()).await.expect(204);
        assert_eq!(entries().await, before);
        desk.visitor().request(Method::HEAD, "/account/session", &json, Body::empty()).await.expect(401);
    }

    async fn whoever_asks_far_too_much_is_slowed_down(desk: Desk) {
        let desk = Desk::set_up(desk.engine, |config| {
            config.reads_an_hour = 5;
            config.searches_an_hour = 2;
        }).await;
        let agent = desk.browser(Role::Agent).await;
        for _ in 0..5 {
            agent.get("/account").await.expect(200);
        }
        let slowed = agent.get("/account").await.expect(429);
        assert_eq!(slowed.header("retry-after"), Some("3600"));
        assert_eq!(slowed.json()["code"], "rate_limited");
        let html = [("accept", "text/html")];
        let page = agent.request(Method::GET, "/account", &html, Body::empty()).await.expect(429);
        assert!(page.text().contains("</html>") && page.header("retry-after").is_some());
        // Another session of theirs has no other budget; what pages ask by themselves goes on, and a colleague has their own.
        desk.browser(Role::Agent).await.get("/account").await.expect(429);
        assert_ne!(agent.get("/crisis-banner").await.status, 429);
        desk.browser(Role::Nurse).await.get("/account").await.expect(200);
        // Writing to a patient is not held up.
        let api = desk.client("tickets:read tickets:write").await;
        for left in (0..3).rev() {
            let found = api.post("/api/v1/search", &json!({ "q": "wombat" })).await;
            assert_eq!(found.status, if left == 0 { 429 } else { 200 }, "{}", found.text());
        }
        for _ in 0..5 {
            api.get("/api/v1/tickets").await.expect(200);
        }
        api.get("/api/v1/tickets").await.expect(429);
        let ticket = json!({ "requester": { "email": "ana@patients.example" }, "subject": "x", "body": "x" });
        api.post("/api/v1/tickets", &ticket).await.expect(201);
        desk.clock.advance(3600);
        desk.browser(Role::Agent).await.get("/account").await.expect(200);
        api.get("/api/v1/tickets").await.expect(200);
    }

    async fn a_right_password_after_many_wrong_ones_is_told(desk: Desk) {
        let sink = sink(&desk).await;
        staff::set_password(&desk.app, &desk.system(), desk.id_of(Role::Agent), WORDS).await.unwrap();
        let email = "agent@clinic.example";
        let told = async || {
            jobs::drain(&desk.app).await.unwrap();
            sink.take().iter().map(|sent| sent.text().lines().next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        told().await;
        for _ in 0..4 {
            password(&desk.visitor(), email, "wrong wrong wrong").await.expect(422);
        }
        password(&desk.visitor(), email, WORDS).await.expect(303);
        assert_eq!(told().await, [""; 0], "a few slips are nobody's business");
        for _ in 0..5 {
            password(&desk.visitor(), email, "wrong wrong wrong").await.expect(422);
        }
        password(&desk.visitor(), email, WORDS).await.expect(303);
        let told = told().await;
        assert!(told.len() == 1 && told[0].contains("after several wrong tries"), "{told:?}");
    }

    async fn a_password_lets_in_for_years(desk: Desk) {
        staff::set_password(&desk.app, &desk.system(), desk.id_of(Role::Agent), WORDS).await.unwrap();
        desk.clock.advance(10 * 366 * 24 * 3600);
        let browser = desk.visitor();
        let entered = password(&browser, "agent@clinic.example", WORDS).await.expect(303);
        assert_eq!(entered.header("location"), Some("/"), "no new one is asked for");
        browser.get("/inbox").await.expect(200);
    }

    async fn fields_for_passwords_mask_them_and_let_managers_fill_them(desk: Desk) {
        staff::set_password(&desk.app, &desk.system(), desk.id_of(Role::Agent), WORDS).await.unwrap();
        let inside = desk.browser(Role::Agent).await;
        let door = desk.visitor();
        let mut fields = 0;
        for (browser, page) in [(&door, "/sign-in"), (&inside, "/set-password"), (&inside, "/account/confirm")] {
            let text = browser.get(page).await.expect(200).text();
            // The only script of ours that looks at what is pasted is the composer's, which takes pictures.
            assert!(!text.contains("<bd-composer"), "{page}");
            for input in text.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap()) {
                let named = |name: &str| input.contains(&format!("name=\"{name}\""));
                if named("password") || named("current") || named("again") {
                    fields += 1;
                    assert!(input.contains("type=\"password\""), "{page}: {input}");
                    let managed = ["autocomplete=\"current-password\"", "autocomplete=\"new-password\""];
                    assert!(managed.iter().any(|one| input.contains(one)), "{page}: {input}");
                    assert!(input.contains("maxlength=\"200\"") && !input.contains("readonly") && !input.contains("onpaste"), "{page}: {input}");
                }
            }
        }
        assert_eq!(fields, 5);
        for script in ["app.js", "public.js"] {
            let text = door.get(bedside_web::assets::path(script)).await.expect(200).text();
            assert!(text.matches("\"paste\"").count() <= 1 && !text.contains("onpaste"), "{script}");
        }
    }

    async fn every_cookie_is_of_this_host_alone_over_https(desk: Desk) {
        let desk = Desk::set_up(desk.engine, |config| "https://desk.example".clone_into(&mut config.public_url)).await;
        staff::set_password(&desk.app, &desk.system(), desk.id_of(Role::Agent), WORDS).await.unwrap();
        let browser = desk.visitor();
        let mut answers = vec![browser.get("/sign-in?lang=es").await.expect(200)];
        answers.push(password(&browser, "agent@clinic.example", WORDS).await.expect(303));
        let look = [("theme", "dark"), ("text", "large"), ("language", "es"), ("back", "/inbox")];
        answers.push(browser.submit("/inbox", "/look", &look).await.expect(303));
        let page = browser.get("/inbox").await.expect(200).text();
        assert!(page.contains("data-theme=\"dark\"") && page.contains("lang=\"es\""), "{page}");
        let sent = [("current", WORDS), ("password", "another horse battery staple"), ("again", "another horse battery staple")];
        answers.push(browser.submit("/set-password", "/set-password", &sent).await.expect(303));
        let page = browser.get("/inbox").await.expect(200);
        assert!(page.text().contains("class=\"toast\""), "what was done is said");
        answers.push(page);
        let mut names = std::collections::BTreeSet::new();
        for answer in &answers {
            for cookie in answer.headers.get_all("set-cookie") {
                let text = cookie.to_str().unwrap();
                assert!(text.starts_with("__Host-") && text.ends_with("; Secure") && text.contains("; Path=/;") && !text.contains("Domain"), "{text}");
                names.insert(text.split('=').next().unwrap().to_owned());
            }
        }
        for name in ["bedside", "bd_lang", "bd_theme", "bd_text", "bd_flash"] {
            assert!(names.contains(&format!("__Host-{name}")), "{name}: {names:?}");
        }
        // One that another host of the domain planted is not looked at.
        let planted = desk.visitor().request(Method::GET, "/sign-in", &[("cookie", "bd_lang=es; bd_theme=dark")], Body::empty()).await;
        let text = planted.expect(200).text();
        assert!(!text.contains("data-theme=\"dark\"") && text.contains("lang=\"en\""), "{text}");
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

/// A node that nobody told yet decides by the rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_role_lost_is_lost_on_every_node_at_once() {
    let desk = Desk::new(Engine::Postgres).await;
    let (other, _) = startup::open(desk.app.config.clone(), Arc::new(desk.clock.clone()))
        .await
        .unwrap();
    let agent = desk.id_of(Role::Agent);
    let session = staff::admit(&desk.app, desk.organisation, agent, "test", "")
        .await
        .unwrap();
    let there = Browser::new(&other, Some(session.token));
    there.get("/patients").await.expect(200);
    let system = Client::new(&other, Some(token_of_agent(&desk).await));
    system.get("/api/v1/contacts").await.expect(200);
    let mut role = desk.role(Role::Agent).as_ref().clone();
    let lost = ["patients:read", "patients:write"];
    let kept: Vec<_> = role
        .permissions
        .codes()
        .split(' ')
        .map(str::to_owned)
        .collect();
    let kept: Vec<_> = kept
        .into_iter()
        .filter(|one| !lost.contains(&one.as_str()))
        .collect();
    role.permissions = Permissions::known(&kept.join(" "));
    orgs::change(&desk.app, &desk.system(), Change::PutRole(role))
        .await
        .unwrap();
    let stale = other.directory.of(desk.organisation).unwrap();
    let stale = stale.role("agent").unwrap();
    assert!(
        stale.permissions.has(Permission::PatientsRead),
        "nobody told it"
    );
    there.get("/patients").await.expect(403);
    there.get("/inbox").await.expect(200);
    // A token opens no more than its maker's role does, there as well.
    system.get("/api/v1/contacts").await.expect(403);
    system.get("/api/v1/tickets").await.expect(200);
}

/// A token for requests and patients that the agent made, who could make tokens then.
async fn token_of_agent(desk: &Desk) -> String {
    let mut role = desk.role(Role::Agent).as_ref().clone();
    role.permissions = role.permissions.with(Permission::StaffManage);
    let maker = Ctx {
        actor: Actor::Staff {
            id: desk.id_of(Role::Agent),
            role: Arc::new(role),
            name: "Ana".into(),
        },
        ..desk.ctx(Role::Agent)
    };
    let new = NewToken {
        name: "lab".to_owned(),
        scopes: Permissions::of(&[Permission::PatientsRead, Permission::TicketsRead]),
        queues: Queues::All,
        expires_at: None,
    };
    staff::create_token(&desk.app, &maker, new).await.unwrap().1
}

/// Notes the texts of the statements that run in this thread.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Visit for Heard {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "text" {
            self.0.lock().push(value.to_owned());
        }
    }
}

impl Subscriber for Heard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "bedside_db::asked"
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Which statements of who is there and what they may (of sessions, tokens, second factors, roles, the clinic with its
/// queues, what was opened past a label, and what a conversation shows), and how many others, are asked while `asks` goes on. What the writer of the
/// embedded engine does is done elsewhere.
async fn asked(asks: impl Future<Output = Answer>) -> (Vec<&'static str>, usize) {
    let heard = Heard::default();
    let listening = tracing::subscriber::set_default(heard.clone());
    asks.await.expect(200);
    drop(listening);
    let texts = heard.0.lock().clone();
    let lists = [
        staff::STATEMENTS,
        staff::sessions::STATEMENTS,
        staff::factors::STATEMENTS,
        orgs::STATEMENTS,
        identity::sight::STATEMENTS,
    ];
    let openings = ["IS_OPEN", "OPEN_ONES"];
    let openings = records::STATEMENTS
        .iter()
        .filter(|one| openings.contains(&one.name));
    // The names of colleagues are a page's own data.
    let all = lists.into_iter().flatten();
    let of_access: Vec<_> = all
        .filter(|one| one.name != "LIST")
        .chain(openings)
        .collect();
    let known = |text: &String| of_access.iter().find(|one| one.dollar == text);
    let decides: Vec<_> = texts.iter().filter_map(known).map(|one| one.name).collect();
    let others = texts.len() - decides.len();
    (decides, others)
}

both_engines! {
    /// Roles, queues and settings are in memory: a session that was there before costs its own row, and the answer its data.
    async fn a_warm_session_asks_who_it_is_and_nothing_of_what_it_may(desk: Desk) {
        desk.ticket("rosa@patient.example", "Refill", "I need a refill of my tablets.").await;
        for role in [Role::Administrator, Role::Agent, Role::Nurse] {
            let browser = desk.browser(role).await;
            for path in ["/inbox", "/api/v1/tickets"] {
                browser.get(path).await.expect(200);
                let (decides, others) = asked(browser.get(path)).await;
                assert_eq!(decides, ["SESSION"], "{path} as {}", role.code());
                assert!(others > 0, "what is listed is read, or nothing is heard");
            }
        }
        let client = desk.client("tickets:read").await;
        client.get("/api/v1/tickets").await.expect(200);
        let (decides, _) = asked(client.get("/api/v1/tickets")).await;
        assert_eq!(decides, ["TOKEN"]);
    }

    /// What a request and a record opened beside it cost more: one question whether somebody is on the line, where the channel
    /// does not say so, and where somebody is, one whether the reader asked to see all. However often a page needs to know.
    async fn a_conversation_is_asked_once_who_is_on_the_line(desk: Desk) {
        let people = desk.client("patients:read patients:write fields:contact").await;
        let rosa = json!({ "name": "Rosa Alvarez", "email": "rosa@patient.example" });
        let made = people.post("/api/v1/patients", &rosa).await.expect(201).json();
        let patient = made["id"].as_str().unwrap().to_owned();
        let mail = desk.ticket("rosa@patient.example", "Hours", "When do you open?").await;
        let told = desk.ticket("rosa@patient.example", "Doors", "Which door is it?").await;
        let words = "I call about my mail.".to_owned();
        tickets::said(&desk.app, &desk.ctx(Role::Agent), told, words, Vec::new()).await.unwrap();
        let requester = desk.requester("rosa@patient.example").await;
        let call = NewTicket::new(requester, Channel::Phone, "Floors", "Which floor is it?");
        let call = tickets::create(&desk.app, &desk.system(), call).await.unwrap().id;
        let system = desk.client("tickets:read patients:read").await;
        for (id, line) in [(mail, &["PRESENT"][..]), (told, &["PRESENT", "PEEK"]), (call, &["PEEK"])] {
            let by_api = format!("/api/v1/tickets/{id}");
            let ways = [format!("/tickets/{id}"), by_api.clone(), format!("{by_api}/messages"), format!("/patients/{patient}?ticket={id}")];
            let expected = [&["SESSION"][..], line].concat();
            for role in [Role::Agent, Role::Nurse] {
                let browser = desk.browser(role).await;
                for way in &ways {
                    browser.get(way).await.expect(200);
                    let (decides, others) = asked(browser.get(way)).await;
                    assert_eq!(decides, expected, "{way} as {}", role.code());
                    assert!(others > 0, "what is shown is read, or nothing is heard");
                }
            }
            // No other system looks past anything.
            system.get(&by_api).await.expect(200);
            let (decides, _) = asked(system.get(&by_api)).await;
            let asks = line.iter().copied().filter(|one| *one != "PEEK");
            let expected: Vec<_> = std::iter::once("TOKEN").chain(asks).collect();
            assert_eq!(decides, expected, "{by_api}");
        }
        // A record by itself is in no conversation.
        let browser = desk.browser(Role::Agent).await;
        let way = format!("/patients/{patient}");
        browser.get(&way).await.expect(200);
        assert_eq!(asked(browser.get(&way)).await.0, ["SESSION"]);
    }
}
