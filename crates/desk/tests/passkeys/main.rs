//! Passkeys: added, shown at the door, after a password and as a fresh proof, and everything that is no passkey of this desk.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod changed;
mod wanted;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::error::DeskError;
use bedside_desk::jobs;
use bedside_desk::orgs::{self, Change};
use bedside_desk::staff::{self, SecondFactor, passkeys};
use common::authenticator::Device;
use common::factor::{WORDS, codes_on, needs, password, said, turn_on};
use common::sink::{Sent, sink};
use common::{Answer, Browser, Desk, Engine, Role, both_engines, csrf_token};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

const HERE: &str = "https://desk.example";
const NEW: &str = "/account/passkeys/new";
const CODE: &str = "/sign-in/code";
const CONFIRM: &str = "/account/confirm";

/// What a device is made to say.
type Lie = fn(&mut Device);

/// Passkeys need an address with a name and HTTPS.
async fn safe(engine: Engine) -> Desk {
    Desk::set_up(engine, |config| HERE.clone_into(&mut config.public_url)).await
}

/// What `page`'s element is told to ask its device, with the question's number and the page's token.
async fn asked(browser: &Browser, page: &str, way: &str) -> (String, Value, String) {
    let token = csrf_token(&browser.get(page).await.expect(200).text());
    let fields = [("csrf_token", token.as_str())];
    let asked = browser.post(&format!("{way}/options"), &fields).await;
    let asked = asked.expect(200).json();
    let number = asked["number"].as_str().unwrap().to_owned();
    (number, asked["options"].clone(), token)
}

async fn send(browser: &Browser, way: &str, token: &str, number: &str, signed: &str) -> Answer {
    let fields = [
        ("csrf_token", token),
        ("number", number),
        ("signed", signed),
        ("next", "/inbox"),
        ("name", "Work phone"),
    ];
    browser.post(way, &fields).await
}

/// Asks and shows, as a page does.
async fn shows(browser: &Browser, page: &str, way: &str, device: &mut Device) -> Answer {
    let (number, options, token) = asked(browser, page, way).await;
    let signed = device.show(&options);
    send(browser, way, &token, &number, &signed).await
}

async fn at_door(browser: &Browser, device: &mut Device) -> Answer {
    shows(browser, "/sign-in", "/sign-in/passkey", device).await
}

async fn adds(browser: &Browser, device: &mut Device) -> Answer {
    let (number, options, token) = asked(browser, NEW, NEW).await;
    let signed = device.make(&options);
    send(browser, NEW, &token, &number, &signed).await
}

/// Somebody with a passkey, and the recovery codes that came with it.
async fn with_passkey(desk: &Desk, role: Role) -> (Device, Vec<String>) {
    let mut device = Device::at(HERE);
    let answer = adds(&desk.browser(role).await, &mut device).await;
    (device, codes_on(&answer.expect(200).text()))
}

/// A browser that showed the password, which opens nothing.
async fn half(desk: &Desk) -> Browser {
    let browser = desk.visitor();
    let answer = password(&browser, "agent@clinic.example", WORDS).await;
    assert_eq!(
        answer.expect(303).header("location"),
        Some("/sign-in/code?next=/")
    );
    browser
}

async fn set_words(desk: &Desk) {
    let agent = desk.id_of(Role::Agent);
    staff::set_password(&desk.app, &desk.system(), agent, WORDS)
        .await
        .unwrap();
}

async fn last_method(desk: &Desk, role: Role) -> String {
    let sessions = staff::open_sessions(&desk.app, &desk.ctx(role), "").await;
    sessions.unwrap().first().unwrap().method.clone()
}

both_engines! {
    async fn it_is_added_and_lets_its_person_in_without_a_password(desk: Desk) {
        let desk = safe(desk.engine).await;
        let (browser, elsewhere) = (desk.browser(Role::Agent).await, desk.browser(Role::Agent).await);
        let (number, options, token) = asked(&browser, NEW, NEW).await;
        let public = &options["publicKey"];
        assert_eq!(public["rp"]["id"], "desk.example");
        assert_eq!(public["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(public["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(public["attestation"], "none");
        let mut device = Device::at(HERE);
        let signed = device.make(&options);
        let done = send(&browser, NEW, &token, &number, &signed).await.expect(200).text();
        assert_eq!(codes_on(&done).len(), 10);
        // What was opened with less ends.
        elsewhere.get("/account").await.expect(401);
        let account = browser.get("/account").await.expect(200).text();
        for words in ["Work phone", "not used yet", "10 recovery codes are left"] {
            assert!(account.contains(words), "{words}: {account}");
        }

        let door = desk.visitor();
        let page = door.get("/sign-in").await.expect(200).text();
        assert!(page.contains("autocomplete=\"username webauthn\"") && page.contains("<bd-passkey hidden"), "{page}");
        let (number, options, token) = asked(&door, "/sign-in", "/sign-in/passkey").await;
        let public = &options["publicKey"];
        assert_eq!((&public["rpId"], &public["userVerification"]), (&"desk.example".into(), &"required".into()));
        assert_eq!(public["allowCredentials"], serde_json::json!([]), "nobody is told whose keys there are");
        let signed = device.show(&options);
        let entered = send(&door, "/sign-in/passkey", &token, &number, &signed).await.expect(303);
        assert_eq!(entered.header("location"), Some("/inbox"));
        let account = door.get("/account").await.expect(200).text();
        assert!(account.contains("with a passkey") && !account.contains("not used yet"), "{account}");
        assert_eq!(last_method(&desk, Role::Agent).await, "passkey");
        // A second one ends nothing and brings no codes.
        let second = adds(&browser, &mut Device::at(HERE)).await.expect(303);
        assert_eq!(said(&second), "passkey-added");
        door.get("/account").await.expect(200);
        desk.audit_is_whole().await;
    }

    async fn nothing_but_a_fresh_answer_of_the_right_place_counts(desk: Desk) {
        let desk = safe(desk.engine).await;
        let (mut device, _) = with_passkey(&desk, Role::Agent).await;
        let way = "/sign-in/passkey";
        let refused = async |browser: &Browser, number: &str, signed: &str, words: &str| {
            let token = csrf_token(&browser.get("/sign-in").await.expect(200).text());
            let page = send(browser, way, &token, number, signed).await.expect(422).text();
            assert!(page.contains(words), "{words}: {page}");
            browser.get("/inbox").await.expect(401);
        };
        let (no_fit, late) = ("does not fit here", "took too long");

        // What is to be signed is long, and never the same.
        let challenge = async || {
            let (_, options, _) = asked(&desk.visitor(), "/sign-in", way).await;
            let text = options["publicKey"]["challenge"].as_str().unwrap().to_owned();
            BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
        };
        let (one, other) = (challenge().await, challenge().await);
        assert_eq!((one.len(), other.len()), (32, 32));
        assert_ne!(one, other);

        // Sent twice: the question is used up, whoever answers it, and also by a wrong answer.
        let door = desk.visitor();
        let (number, options, token) = asked(&door, "/sign-in", way).await;
        let signed = device.show(&options);
        send(&door, way, &token, &number, &signed).await.expect(303);
        let door = desk.visitor();
        refused(&door, &number, &signed, late).await;
        let (number, options, _) = asked(&door, "/sign-in", way).await;
        refused(&door, &number, "{}", no_fit).await;
        refused(&door, &number, &device.show(&options), late).await;
        // An old answer to a new question.
        let (number, _, _) = asked(&door, "/sign-in", way).await;
        refused(&door, &number, &signed, no_fit).await;
        // A question of another browser.
        let (number, options, _) = asked(&door, "/sign-in", way).await;
        asked(&desk.visitor(), "/sign-in", way).await;
        refused(&desk.visitor(), &number, &device.show(&options), late).await;
        let stranger = desk.visitor();
        asked(&stranger, "/sign-in", way).await;
        refused(&stranger, &number, &device.show(&options), late).await;
        // Too late.
        let (number, options, _) = asked(&door, "/sign-in", way).await;
        desk.clock.advance(5 * 60);
        staff::forget_expired(&desk.app).await.unwrap();
        refused(&door, &number, &device.show(&options), late).await;

        // A false page, keys of another place, somebody whom the device did not look at, another's name, a strange key.
        let lies: [(&str, Lie); 7] = [
            ("origin", |device| "https://desk.example.evil.example".clone_into(&mut device.origin)),
            ("plain origin", |device| "http://desk.example".clone_into(&mut device.origin)),
            ("another port", |device| "https://desk.example:8443".clone_into(&mut device.origin)),
            ("party", |device| "example".clone_into(&mut device.party)),
            ("unverified", |device| device.verifies = false),
            ("no person", |device| device.user.clear()),
            ("stranger's key", |device| {
                *device = Device { user: device.user.clone(), ..Device::at(HERE) };
            }),
        ];
        for (lie, tell) in lies {
            let mut liar = device.copy_key();
            tell(&mut liar);
            let answer = at_door(&door, &mut liar).await;
            assert_eq!(answer.status, 422, "{lie}");
            assert!(answer.text().contains(no_fit), "{lie}");
            door.get("/inbox").await.expect(401);
        }
        let mut posing = device.copy_key();
        posing.user = desk.id_of(Role::Administrator).uuid().as_bytes().to_vec();
        at_door(&door, &mut posing).await.expect(422);
        for nonsense in ["", "[]", "null", "{\"id\":1}", &"x".repeat(70_000)] {
            let (number, _, _) = asked(&door, "/sign-in", way).await;
            refused(&door, &number, nonsense, no_fit).await;
        }
        // An answer that makes a key shows none.
        let (number, options, _) = asked(&desk.browser(Role::Agent).await, NEW, NEW).await;
        refused(&door, &number, &Device::at(HERE).make(&options), late).await;
        // The true one still does.
        at_door(&door, &mut device).await.expect(303);
        let log = desk.browser(Role::Administrator).await.get("/audit?action=session.open&outcome=denied").await.expect(200).text();
        assert!(log.contains("Signed in"), "{log}");
        desk.audit_is_whole().await;
    }

    async fn a_host_header_changes_nothing(desk: Desk) {
        let desk = safe(desk.engine).await;
        let browser = desk.browser(Role::Agent).await;
        let token = csrf_token(&browser.get(NEW).await.expect(200).text());
        let headers = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("content-type", "application/x-www-form-urlencoded")];
        let body = format!("csrf_token={token}");
        let answer = browser.request(Method::POST, "/account/passkeys/new/options", &headers, body.into()).await;
        assert_eq!(answer.expect(200).json()["options"]["publicKey"]["rp"]["id"], "desk.example");
    }

    async fn a_false_one_is_not_added(desk: Desk) {
        let desk = safe(desk.engine).await;
        let browser = desk.browser(Role::Agent).await;
        let wrong = async |device: &mut Device, words: &str| {
            let page = adds(&browser, device).await.expect(422).text();
            assert!(page.contains(words), "{words}: {page}");
        };
        let mut far = Device::at("https://desk.example.evil.example");
        wrong(&mut far, "could not be taken").await;
        wrong(&mut Device { party: "example".to_owned(), ..Device::at(HERE) }, "could not be taken").await;
        wrong(&mut Device { verifies: false, ..Device::at(HERE) }, "could not be taken").await;
        // The question of one session is none of another, of the same person too, and each counts once.
        let (number, options, _) = asked(&browser, NEW, NEW).await;
        let other = desk.browser(Role::Agent).await;
        let token = csrf_token(&other.get(NEW).await.expect(200).text());
        let mut device = Device::at(HERE);
        let made = device.make(&options);
        send(&other, NEW, &token, &number, &made).await.expect(422);
        let token = csrf_token(&browser.get(NEW).await.expect(200).text());
        // A name is asked for before the question is used up.
        let fields = [("csrf_token", token.as_str()), ("number", &number), ("signed", &made), ("name", " ")];
        let page = browser.post(NEW, &fields).await.expect(422).text();
        assert!(page.contains("name of up to 100"), "{page}");
        send(&browser, NEW, &token, &number, &made).await.expect(200);
        let page = send(&browser, NEW, &token, &number, &made).await.expect(422).text();
        assert!(page.contains("took too long"), "{page}");
        // Neither the same key twice nor somebody else's.
        let (number, options, token) = asked(&browser, NEW, NEW).await;
        assert_eq!(options["publicKey"]["excludeCredentials"][0]["id"], BASE64URL_NOPAD.encode(&device.id));
        send(&browser, NEW, &token, &number, &device.make(&options)).await.expect(422);
        let nurse = desk.browser(Role::Nurse).await;
        let (number, options, token) = asked(&nurse, NEW, NEW).await;
        let page = send(&nurse, NEW, &token, &number, &device.make(&options)).await.expect(422).text();
        assert!(page.contains("known here already"), "{page}");
        // Ten are as many as one has.
        for _ in 1..passkeys::MAX_PASSKEYS {
            adds(&browser, &mut Device::at(HERE)).await.expect(303);
        }
        assert!(!browser.get("/account").await.expect(200).text().contains(NEW));
        let token = csrf_token(&browser.get(NEW).await.expect(200).text());
        let full = browser.post("/account/passkeys/new/options", &[("csrf_token", &token)]).await.expect(409).json();
        assert_eq!(full["code"], "too_many_passkeys");
    }

    async fn attack_42_a_password_alone_is_half_a_sign_in_beside_one(desk: Desk) {
        let desk = safe(desk.engine).await;
        set_words(&desk).await;
        let (mut device, codes) = with_passkey(&desk, Role::Agent).await;
        let browser = half(&desk).await;
        browser.get("/inbox").await.expect(401);
        let page = browser.get(CODE).await.expect(200).text();
        assert!(page.contains("Use a passkey") && !page.contains("one-time-code"), "{page}");
        // Its keys are asked for by number, and only theirs do.
        let (_, options, _) = asked(&browser, CODE, "/sign-in/code/passkey").await;
        let theirs = serde_json::json!([{ "type": "public-key", "id": BASE64URL_NOPAD.encode(&device.id) }]);
        assert_eq!(options["publicKey"]["allowCredentials"], theirs);
        let (mut nurse, _) = with_passkey(&desk, Role::Nurse).await;
        shows(&browser, CODE, "/sign-in/code/passkey", &mut nurse).await.expect(422);
        let mut posing = nurse.copy_key();
        posing.user.clone_from(&device.user);
        shows(&browser, CODE, "/sign-in/code/passkey", &mut posing).await.expect(422);
        // What was asked at the door is not answered here, nor the other way round.
        let (number, options, token) = asked(&browser, CODE, "/sign-in/code/passkey").await;
        let door = csrf_token(&browser.get("/sign-in").await.expect(200).text());
        send(&browser, "/sign-in/passkey", &door, &number, &device.show(&options)).await.expect(422);
        let entered = send(&browser, "/sign-in/code/passkey", &token, &number, &device.show(&options)).await.expect(303);
        assert_eq!(entered.header("location"), Some("/inbox"));
        assert_eq!(last_method(&desk, Role::Agent).await, "password passkey");
        // Without the device, a recovery code does, once.
        let browser = half(&desk).await;
        browser.submit(CODE, CODE, &[("recovery", &codes[0])]).await.expect(303);
        browser.get("/account").await.expect(200);
        let browser = half(&desk).await;
        browser.submit(CODE, CODE, &[("recovery", &codes[0])]).await.expect(422);
        // Half a sign-in that is over asks nothing.
        let token = csrf_token(&browser.get(CODE).await.expect(200).text());
        desk.clock.advance(10 * 60);
        browser.post("/sign-in/code/passkey/options", &[("csrf_token", &token)]).await.expect(410);
        desk.visitor().post("/sign-in/code/passkey/options", &[("csrf_token", &token)]).await.expect(410);
        desk.audit_is_whole().await;
    }

    async fn it_is_a_fresh_proof(desk: Desk) {
        let desk = safe(desk.engine).await;
        set_words(&desk).await;
        let (mut device, _) = with_passkey(&desk, Role::Agent).await;
        let browser = desk.visitor();
        at_door(&browser, &mut device).await.expect(303);
        desk.clock.advance(10 * 60);
        browser.get(NEW).await.expect(403);
        // The password alone is not enough.
        browser.submit(CONFIRM, CONFIRM, &[("password", WORDS)]).await.expect(422);
        let way = "/account/confirm/passkey";
        let (mut nurse, _) = with_passkey(&desk, Role::Nurse).await;
        nurse.user.clone_from(&device.user);
        shows(&browser, CONFIRM, way, &mut nurse).await.expect(422);
        let old = browser.cookie();
        let (number, options, token) = asked(&browser, CONFIRM, way).await;
        let elsewhere = desk.browser(Role::Agent).await;
        let other = csrf_token(&elsewhere.get(CONFIRM).await.expect(200).text());
        send(&elsewhere, way, &other, &number, &device.show(&options)).await.expect(422);
        let proven = send(&browser, way, &token, &number, &device.show(&options)).await.expect(303);
        assert_eq!(proven.header("location"), Some("/inbox"));
        assert_ne!(browser.cookie(), old, "whoever learnt the old token is out");
        browser.get(NEW).await.expect(200);
        // Whoever has none is not asked for anybody's.
        let admin = desk.browser(Role::Administrator).await;
        let token = csrf_token(&admin.get("/account").await.expect(200).text());
        admin.post("/account/confirm/passkey/options", &[("csrf_token", &token)]).await.expect(404);
        desk.audit_is_whole().await;
    }

    async fn a_device_that_counts_backwards_stops_its_key(desk: Desk) {
        let desk = safe(desk.engine).await;
        let sink = sink(&desk).await;
        set_words(&desk).await;
        let mut device = Device { counts: true, ..Device::at(HERE) };
        let codes = codes_on(&adds(&desk.browser(Role::Agent).await, &mut device).await.expect(200).text());
        let mut copy = device.copy_key();
        let door = desk.visitor();
        at_door(&door, &mut device).await.expect(303);
        at_door(&desk.visitor(), &mut device).await.expect(303);
        let page = at_door(&desk.visitor(), &mut copy).await.expect(422).text();
        assert!(page.contains("may be a copy"), "{page}");
        // Whoever is in is out: nobody knows which of them came by the copy.
        door.get("/account").await.expect(401);
        // Neither comes in with it, and a password alone is still not enough.
        at_door(&desk.visitor(), &mut copy).await.expect(422);
        at_door(&desk.visitor(), &mut device).await.expect(422);
        let again = half(&desk).await;
        again.submit(CODE, CODE, &[("recovery", &codes[0])]).await.expect(303);
        let account = again.get("/account").await.expect(200).text();
        assert!(account.contains("Stopped"), "{account}");
        jobs::drain(&desk.app).await.unwrap();
        let mails: Vec<String> = sink.take().iter().map(Sent::text).collect();
        assert!(mails.iter().any(|mail| mail.contains("A passkey was added")), "{mails:?}");
        assert_eq!(mails.iter().filter(|mail| mail.contains("may be a copy")).count(), 1);
        desk.audit_is_whole().await;
    }

    async fn whoever_came_in_by_a_copy_is_out_once_the_owner_signs(desk: Desk) {
        let desk = safe(desk.engine).await;
        set_words(&desk).await;
        for (role, inside) in [(Role::Agent, false), (Role::Nurse, true)] {
            let mut device = Device { counts: true, ..Device::at(HERE) };
            adds(&desk.browser(role).await, &mut device).await.expect(200);
            let owner = desk.visitor();
            at_door(&owner, &mut device).await.expect(303);
            let (thief, mut copy) = (desk.visitor(), device.copy_key());
            at_door(&thief, &mut copy).await.expect(303);
            // With it they could add a key of their own.
            thief.get(NEW).await.expect(200);
            let begun = half(&desk).await;
            let token = csrf_token(&begun.get(CODE).await.expect(200).text());
            let page = if inside {
                shows(&owner, CONFIRM, "/account/confirm/passkey", &mut device).await
            } else {
                at_door(&desk.visitor(), &mut device).await
            };
            assert!(page.expect(422).text().contains("may be a copy"), "{role:?}");
            for browser in [&thief, &owner] {
                browser.get("/account").await.expect(401);
            }
            if role == Role::Agent {
                begun.post("/sign-in/code/passkey/options", &[("csrf_token", &token)]).await.expect(410);
            }
        }
        desk.audit_is_whole().await;
    }

    async fn it_is_named_and_removed_by_its_person_alone(desk: Desk) {
        let desk = safe(desk.engine).await;
        set_words(&desk).await;
        let (mut device, _) = with_passkey(&desk, Role::Agent).await;
        let browser = desk.visitor();
        at_door(&browser, &mut device).await.expect(303);
        let elsewhere = desk.visitor();
        at_door(&elsewhere, &mut device).await.expect(303);
        let id = passkeys::passkeys(&desk.app, &desk.ctx(Role::Agent)).await.unwrap()[0].id;
        let (rename, remove) = (format!("/account/passkeys/{id}/rename"), format!("/account/passkeys/{id}/remove"));
        let nurse = desk.browser(Role::Nurse).await;
        nurse.submit("/account", &rename, &[("name", "Mine")]).await.expect(404);
        nurse.submit("/account", &remove, &[]).await.expect(303);
        for wrong in ["", " ", "two\nlines", &"x".repeat(101)] {
            assert_eq!(said(&browser.submit("/account", &rename, &[("name", wrong)]).await.expect(303)), "passkey-name-wrong");
        }
        browser.submit("/account", "/account/passkeys/nonsense/rename", &[("name", "x")]).await.expect(404);
        browser.submit("/account", &rename, &[("name", "<Ana's> key")]).await.expect(303);
        let account = browser.get("/account").await.expect(200).text();
        assert!(account.contains("&#60;Ana&#39;s&#62; key"), "{account}");
        // Removed it lets nobody in, whoever came in elsewhere is out, and a password is enough again.
        elsewhere.get("/account").await.expect(200);
        browser.submit("/account", &remove, &[]).await.expect(303);
        elsewhere.get("/account").await.expect(401);
        at_door(&desk.visitor(), &mut device).await.expect(422);
        let account = browser.get("/account").await.expect(200).text();
        assert!(!account.contains("recovery codes are left"), "{account}");
        let entered = password(&desk.visitor(), "agent@clinic.example", WORDS).await.expect(303);
        assert_eq!(entered.header("location"), Some("/"));
        desk.audit_is_whole().await;
    }

    async fn whoever_is_let_in_no_more_is_not_let_in_by_it(desk: Desk) {
        let desk = safe(desk.engine).await;
        let (mut device, _) = with_passkey(&desk, Role::Agent).await;
        let agent = desk.id_of(Role::Agent);
        let admin = desk.ctx(Role::Administrator);
        let door = desk.visitor();
        let (number, options, token) = asked(&door, "/sign-in", "/sign-in/passkey").await;
        staff::disable(&desk.app, &admin, agent).await.unwrap();
        send(&door, "/sign-in/passkey", &token, &number, &device.show(&options)).await.expect(422);
        staff::enable(&desk.app, &admin, agent).await.unwrap();
        at_door(&desk.visitor(), &mut device).await.expect(303);
        // A role that opens more ends it: whoever could give them a way in before may hold it.
        let version = staff::list(&desk.app, &admin).await.unwrap().into_iter().find(|one| one.id == agent).unwrap().version;
        assert!(staff::change_role(&desk.app, &admin, agent, version, "administrator").await.unwrap());
        at_door(&desk.visitor(), &mut device).await.expect(422);
        // Whoever manages the staff takes it from somebody who lost it.
        let (mut nurse, _) = with_passkey(&desk, Role::Nurse).await;
        staff::reset_factor(&desk.app, &admin, desk.id_of(Role::Nurse), staff::Evidence::Document).await.unwrap();
        at_door(&desk.visitor(), &mut nurse).await.expect(422);
        let again = staff::reset_factor(&desk.app, &admin, desk.id_of(Role::Nurse), staff::Evidence::Document).await;
        assert!(matches!(again, Err(DeskError::Conflict { code: "no_factor", .. })), "{again:?}");
        desk.audit_is_whole().await;
    }

    async fn in_the_demo_one_can_be_tried_and_nothing_is_kept(desk: Desk) {
        let demo = Desk::set_up(desk.engine, |config| {
            HERE.clone_into(&mut config.public_url);
            config.demo = true;
        })
        .await;
        let browser = demo.browser(Role::Agent).await;
        assert!(browser.get(NEW).await.expect(200).text().contains("nothing is kept"));
        let mut device = Device::at(HERE);
        assert_eq!(said(&adds(&browser, &mut device).await.expect(303)), "passkey-demo");
        assert_eq!(passkeys::passkeys(&demo.app, &demo.ctx(Role::Agent)).await.unwrap().len(), 0);
        at_door(&demo.visitor(), &mut device).await.expect(422);
    }

    async fn people_hear_of_what_happens_to_their_passkeys(desk: Desk) {
        let desk = safe(desk.engine).await;
        let sink = sink(&desk).await;
        let (_, _) = with_passkey(&desk, Role::Agent).await;
        let browser = desk.browser(Role::Agent).await;
        let id = passkeys::passkeys(&desk.app, &desk.ctx(Role::Agent)).await.unwrap()[0].id;
        browser.submit("/account", &format!("/account/passkeys/{id}/remove"), &[]).await.expect(303);
        jobs::drain(&desk.app).await.unwrap();
        let mut told: Vec<String> = sink.take().iter().filter(|sent| sent.to == ["<agent@clinic.example>"]).map(Sent::text).collect();
        told.sort();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("A passkey of your account was removed"), "{told:?}");
        assert!(told[1].starts_with("A passkey was added to your account"), "{told:?}");
        assert!(told.iter().all(|text| text.contains("https://desk.example/account")), "{told:?}");
    }

    async fn it_is_the_second_factor_that_a_role_needs(desk: Desk) {
        let desk = safe(desk.engine).await;
        needs(&desk, Role::Agent, true).await;
        let browser = desk.browser(Role::Agent).await;
        browser.get("/inbox").await.expect(403);
        let page = browser.get("/account/second-factor").await.expect(200).text();
        assert!(page.contains(NEW), "{page}");
        adds(&browser, &mut Device::at(HERE)).await.expect(200);
        browser.get("/inbox").await.expect(200);
        // An app beside it: one goes, the other stays, and so do the recovery codes.
        let (_, done) = turn_on(&desk, &browser).await;
        assert_eq!(codes_on(&done.text()).len(), 10);
        browser.submit("/account", "/account/second-factor/off", &[]).await.expect(303);
        browser.get("/inbox").await.expect(200);
        let account = browser.get("/account").await.expect(200).text();
        assert!(account.contains("10 recovery codes are left"), "{account}");
    }

    async fn many_answers_at_once_are_one(desk: Desk) {
        let desk = safe(desk.engine).await;
        let (mut device, _) = with_passkey(&desk, Role::Agent).await;
        let door = desk.visitor();
        let (number, options, token) = asked(&door, "/sign-in", "/sign-in/passkey").await;
        let signed = device.show(&options);
        let sends = (0..6).map(|_| send(&door, "/sign-in/passkey", &token, &number, &signed));
        let answers = futures_util::future::join_all(sends).await;
        let entered = answers.iter().filter(|answer| answer.status == 303).count();
        assert_eq!(entered, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    }

    async fn where_the_address_has_none_nothing_offers_any(desk: Desk) {
        let browser = desk.browser(Role::Agent).await;
        assert!(!browser.get("/account").await.expect(200).text().contains(NEW));
        let page = browser.get(NEW).await.expect(200).text();
        assert!(page.contains("at its present address") && !page.contains("<bd-passkey"), "{page}");
        let token = csrf_token(&browser.get("/account").await.expect(200).text());
        let none = browser.post("/account/passkeys/new/options", &[("csrf_token", &token)]).await.expect(409).json();
        assert_eq!(none["code"], "no_passkeys");
        let page = desk.visitor().get("/sign-in").await.expect(200).text();
        assert!(!page.contains("bd-passkey") && !page.contains("webauthn"), "{page}");
    }
}
