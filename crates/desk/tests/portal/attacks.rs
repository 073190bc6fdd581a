//! What real desks fell to, tried at the patients' door.

use super::*;
use bedside_desk::portal::{self, CODE_LASTS, TRIES};
use bedside_desk::staff;
use common::authenticator::Device;
use common::{Role, both_engines};
use std::time::{Duration, Instant};

const MIA: &str = "mia@quetzal.test";
const EVE: &str = "eve@stranger.test";

/// A page without what is another one each time.
fn masked(page: &str) -> String {
    page.replace(&csrf_token(page), "TOKEN")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A cookie under the name of another door.
async fn with_cookie(desk: &Desk, name: &str, value: &str, path: &str) -> u16 {
    let cookie = format!("{name}={value}");
    let headers = [("cookie", cookie.as_str())];
    let answer = desk
        .visitor()
        .request(Method::GET, path, &headers, Body::empty())
        .await;
    answer.status
}

both_engines! {
    async fn attack_4_a_code_works_once_in_its_time_in_its_browser(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let late = |answer: &Answer| answer.header("location").is_some_and(|to| to.contains("said=late"));
        // Used.
        let browser = desk.visitor();
        asks(&browser, MIA).await.expect(303);
        let code = mailed(&desk, &sink, MIA).await;
        let half = browser.cookie();
        types(&browser, &code).await.expect(303);
        let replay = async |fields: &[(&str, &str)]| {
            let headers = [("cookie", half.as_str()), ("content-type", "application/x-www-form-urlencoded")];
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields);
            desk.visitor().request(Method::POST, CODE, &headers, Body::from(form.finish())).await
        };
        let token = csrf_token(&page(&desk.visitor(), DOOR).await);
        let again = replay(&[("csrf_token", &token), ("code", &code)]).await.expect(303);
        assert!(late(&again));
        // Too late by a second.
        let browser = desk.visitor();
        asks(&browser, MIA).await.expect(303);
        let code = mailed(&desk, &sink, MIA).await;
        desk.clock.advance(CODE_LASTS);
        assert!(late(&types(&browser, &code).await.expect(303)));
        // Tries used up.
        desk.clock.advance(DAY);
        let browser = desk.visitor();
        asks(&browser, MIA).await.expect(303);
        let code = mailed(&desk, &sink, MIA).await;
        let wrong = if code == "123456" { "654321" } else { "123456" };
        for typed in [wrong, "", "12"] {
            types(&browser, typed).await.expect(422);
        }
        assert_eq!(TRIES, 3);
        assert!(late(&types(&browser, &code).await.expect(303)));
        // In another browser, which asked for a code of its own.
        let (mine, theirs) = (desk.visitor(), desk.visitor());
        asks(&mine, MIA).await.expect(303);
        let code = mailed(&desk, &sink, MIA).await;
        asks(&theirs, EVE).await.expect(303);
        types(&theirs, &code).await.expect(422);
        types(&mine, &code).await.expect(303);
        // No page hands an address on.
        assert_eq!(desk.visitor().get(DOOR).await.header("referrer-policy"), Some("no-referrer"));
    }

    async fn attack_10_nobody_learns_whether_an_address_is_on_file(desk: Desk) {
        let sink = sink(&desk).await;
        for one in 0..20 {
            patient(&desk, &format!("Patient {one}"), &format!("known{one}@quetzal.test"), 2).await;
        }
        // The same bytes, wherever one looks.
        let mut seen = Vec::new();
        for address in ["known0@quetzal.test", "absent0@quetzal.test"] {
            let browser = desk.visitor();
            let token = csrf_token(&page(&browser, DOOR).await);
            let asked = browser.post(DOOR, &[("csrf_token", &token), ("email", address)]).await;
            let names: Vec<String> = asked.headers.keys().map(ToString::to_string).collect();
            let code = browser.get(CODE).await.expect(200);
            let wrong = types(&browser, "000001").await.expect(422);
            seen.push((asked.status, asked.header("location").map(str::to_owned), names, asked.body.clone(), masked(&code.text()), masked(&wrong.text())));
        }
        assert_eq!(seen[0], seen[1]);
        // The same work: neither the answer nor a wrong code takes longer.
        let browser = desk.visitor();
        let token = csrf_token(&page(&browser, DOOR).await);
        let (mut times, mut tries) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for round in 0..60 {
            let number = 1 + round % 19;
            for (kind, name) in ["known", "absent"].into_iter().enumerate() {
                let address = format!("{name}{number}@quetzal.test");
                let started = Instant::now();
                browser.post(DOOR, &[("csrf_token", &token), ("email", &address)]).await.expect(303);
                times[kind].push(started.elapsed());
                let started = Instant::now();
                browser.post(CODE, &[("csrf_token", &token), ("code", "000001")]).await.expect(422);
                tries[kind].push(started.elapsed());
            }
        }
        for [known, absent] in [times, tries] {
            let (known, absent) = (median(known), median(absent));
            assert!(known.abs_diff(absent) < Duration::from_millis(5), "{known:?} {absent:?}");
        }
        // And no mail goes to whom we don't know.
        let sent = mails(&desk, &sink).await;
        assert!(sent.len() > 50 && sent.iter().all(|one| one.to[0].starts_with("<known")));
    }

    async fn attack_32_an_address_of_the_clinics_gives_no_rights(desk: Desk) {
        let sink = sink(&desk).await;
        // Whoever works there has an address on file as a patient, and one of theirs is unknown to the patients' side.
        patient(&desk, "Ana Agent", "agent@clinic.example", 40).await;
        let browser = signed_in(&desk, &sink, "agent@clinic.example").await;
        for path in ["/inbox", "/patients", "/settings", "/account", "/api/v1/me"] {
            browser.get(path).await.expect(401);
        }
        let stranger = desk.visitor();
        asks(&stranger, "administrator@clinic.example").await.expect(303);
        assert!(mails(&desk, &sink).await.is_empty());
    }

    async fn attack_33_nothing_that_was_there_before_opens_a_record(desk: Desk) {
        let sink = sink(&desk).await;
        // Somebody writes in another one's name before that one is known here.
        desk.ticket(MIA, "Hello", "I am Mia, really.").await;
        let stranger = desk.visitor();
        asks(&stranger, MIA).await.expect(303);
        types(&stranger, "000000").await.expect(422);
        // Whoever has the address comes in, and is a patient from the day on which the staff say so: what they were in by ends.
        mails(&desk, &sink).await;
        let early = signed_in(&desk, &sink, MIA).await;
        early.get("/my/seen").await.expect(403);
        let mia = alone(&desk, "Mia Quetzal").await;
        let contact = contact_of(&desk, MIA).await;
        let (app, ctx) = (&desk.app, desk.system());
        let linked = bedside_desk::tickets::link_contact(app, &ctx, contact, Some(mia)).await;
        linked.unwrap();
        early.get("/my").await.expect(401);
        // And for a month the address opens no more than that somebody is there.
        desk.clock.advance(73 * 3600);
        let later = signed_in(&desk, &sink, MIA).await;
        later.get("/my/seen").await.expect(403);
    }

    async fn attack_41_what_has_expired_stays_expired_whatever_is_asked(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        desk.clock.advance(15 * 60);
        for flag in ["", "?polled=1", "?skip_timeout_reset=1", "?skipSession=true", "?auth=0", "?lang=es", "?said=acting-over"] {
            for path in ["/my", "/my/seen", "/my/privacy", "/my/devices", "/my/requests/new"] {
                browser.get(&format!("{path}{flag}")).await.expect(401);
            }
        }
        // Also in a clock that was set back.
        desk.clock.advance(-15 * 60);
        browser.get("/my").await.expect(401);
    }

    async fn attack_42_each_key_opens_its_own_door(desk: Desk) {
        let desk = Desk::set_up(desk.engine, |config| HERE.clone_into(&mut config.public_url)).await;
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let (mine, staffs) = (router::portal_cookie(&desk.app), router::session_cookie(&desk.app));
        assert_ne!(mine.name(), staffs.name());
        let token = session_of(&desk, &browser);
        let colleague = staff::admit(&desk.app, desk.organisation, desk.id_of(Role::Administrator), "test", "").await.unwrap();
        assert_eq!(with_cookie(&desk, mine.name(), &token, "/my").await, 200);
        assert_eq!(with_cookie(&desk, staffs.name(), &token, "/inbox").await, 401);
        assert_eq!(with_cookie(&desk, mine.name(), &colleague.token, "/my").await, 401);
        assert_eq!(with_cookie(&desk, staffs.name(), &colleague.token, "/my").await, 401);
        let bearer = format!("Bearer {token}");
        desk.visitor().request(Method::GET, "/api/v1/me", &[("authorization", &bearer)], Body::empty()).await.expect(401);
        // A patient's passkey at the staff's door.
        let mut device = Device::at(HERE);
        door::adds(&browser, &mut device).await.expect(303);
        let door = desk.visitor();
        let token = csrf_token(&page(&door, "/sign-in").await);
        let asked = door.post("/sign-in/passkey/options", &[("csrf_token", &token)]).await.expect(200).json();
        let signed = device.show(&asked["options"]);
        let number = asked["number"].as_str().unwrap();
        let fields = [("csrf_token", token.as_str()), ("number", number), ("signed", &signed), ("next", "/inbox")];
        door.post("/sign-in/passkey", &fields).await.expect(422);
        door.get("/inbox").await.expect(401);
        // A question of one door is none of the other's.
        let asked = door.post("/sign-in/passkey/options", &[("csrf_token", &token)]).await.expect(200).json();
        let signed = device.show(&asked["options"]);
        let number = asked["number"].as_str().unwrap();
        let token = csrf_token(&page(&door, DOOR).await);
        let fields = [("csrf_token", token.as_str()), ("number", number), ("signed", &signed)];
        door.post("/my/sign-in/passkey", &fields).await.expect(422);
        door.get("/my").await.expect(401);
    }

    async fn an_address_that_is_taken_away_takes_sessions_and_passkeys_with_it(desk: Desk) {
        let desk = Desk::set_up(desk.engine, |config| HERE.clone_into(&mut config.public_url)).await;
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let mut device = Device::at(HERE);
        door::adds(&browser, &mut device).await.expect(303);
        let contact = contact_of(&desk, MIA).await;
        let view = patients::contact(&desk.app, &desk.system(), contact).await.unwrap();
        let ground = patients::Ground { conversation: desk.ticket(MIA, "x", "y").await, words: Some("She lost it".to_owned()) };
        let patch = patients::ContactPatch {
            add: vec![(PointKind::Email, "new@quetzal.test".to_owned())],
            remove: vec![(PointKind::Email, MIA.to_owned())],
            ground: Some(ground),
            ..patients::ContactPatch::default()
        };
        patients::change_contact(&desk.app, &desk.ctx(Role::Agent), contact, view.version, patch).await.unwrap();
        browser.get("/my").await.expect(401);
        let door = desk.visitor();
        let token = csrf_token(&page(&door, DOOR).await);
        let asked = door.post("/my/sign-in/passkey/options", &[("csrf_token", &token)]).await.expect(200).json();
        let signed = device.show(&asked["options"]);
        let number = asked["number"].as_str().unwrap();
        let fields = [("csrf_token", token.as_str()), ("number", number), ("signed", &signed)];
        door.post("/my/sign-in/passkey", &fields).await.expect(422);
        assert!(portal::session(&desk.app, "nonsense").await.unwrap().is_none());
    }
}
