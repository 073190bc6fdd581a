//! Coming in, staying in, going out.

use super::*;
use bedside_desk::ids::OrganisationId;
use bedside_desk::orgs::{self, Change};
use bedside_desk::portal;
use common::authenticator::Device;
use common::{Engine, Role, both_engines};

const MIA: &str = "mia@quetzal.test";

pub(super) async fn safe(engine: Engine) -> Desk {
    Desk::set_up(engine, |config| HERE.clone_into(&mut config.public_url)).await
}

/// What the device is asked on `page`, and what it is answered with.
pub(super) async fn shows(browser: &Browser, device: &mut Device) -> Answer {
    let token = csrf_token(&page(browser, DOOR).await);
    let way = "/my/sign-in/passkey";
    let asked = browser
        .post(&format!("{way}/options"), &[("csrf_token", &token)])
        .await;
    let asked = asked.expect(200).json();
    let signed = device.show(&asked["options"]);
    let number = asked["number"].as_str().unwrap();
    let fields = [
        ("csrf_token", token.as_str()),
        ("number", number),
        ("signed", &signed),
    ];
    browser.post(way, &fields).await
}

pub(super) async fn adds(browser: &Browser, device: &mut Device) -> Answer {
    let way = "/my/passkeys/new";
    let token = csrf_token(&page(browser, way).await);
    let asked = browser
        .post(&format!("{way}/options"), &[("csrf_token", &token)])
        .await;
    let asked = asked.expect(200).json();
    let signed = device.make(&asked["options"]);
    let number = asked["number"].as_str().unwrap();
    let fields = [
        ("csrf_token", token.as_str()),
        ("number", number),
        ("signed", &signed),
        ("name", "My phone"),
    ];
    browser.post(way, &fields).await
}

async fn settings(desk: &Desk, organisation: OrganisationId, idle: i64, hours: i64) {
    let clinic = desk.app.directory.of(organisation).unwrap();
    let mut settings = clinic.settings.clone();
    (settings.portal.idle_minutes, settings.portal.hours) = (idle, hours);
    let change = Change::General {
        name: clinic.name.clone(),
        time_zone: "America/Chicago".to_owned(),
        locale: clinic.locale,
        settings: Box::new(settings),
        version: clinic.version,
    };
    orgs::change(&desk.app, &desk.system(), change)
        .await
        .unwrap();
}

both_engines! {
    async fn a_code_lets_its_person_in_and_nothing_of_it_is_kept(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = desk.visitor();
        let door = page(&browser, "/my/sign-in?lang=es").await;
        assert!(door.contains("Envíenme un código"), "{door}");
        let asked = browser.submit(DOOR, DOOR, &[("email", " MIA@quetzal.TEST "), ("lang", "es")]).await.expect(303);
        assert_eq!(asked.header("location"), Some("/my/sign-in/code?lang=es"));
        let sent = mails(&desk, &sink).await;
        let [mail] = sent.as_slice() else { panic!("{}", sent.len()) };
        let text = mail.text();
        assert!(text.contains("Este es el código") && !text.contains("Mia"), "{text}");
        assert_eq!(mail.from, "<>", "it answers by itself");
        let code = code_in(mail);
        browser.get("/my").await.expect(401);
        // Said with a gap, as people write it.
        let said = format!("{} {}", &code[..3], &code[3..]);
        let entered = types(&browser, &said).await.expect(303);
        let cookies: Vec<_> = entered.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap().to_owned()).collect();
        assert!(cookies.iter().any(|one| one.starts_with("bedside_my=") && one.contains("HttpOnly; SameSite=Lax")), "{cookies:?}");
        // The language goes on.
        let mine = page(&browser, "/my").await;
        assert!(mine.contains("Mis solicitudes") && mine.contains("lang=\"es\""), "{mine}");
        let mine = page(&browser, "/my?lang=en").await;
        assert!(mine.contains("My requests"), "{mine}");
        assert!(page(&browser, "/my").await.contains("My requests"));
        // A new device is told, once, without anything of anybody.
        let sent = mails(&desk, &sink).await;
        let [news] = sent.as_slice() else { panic!("{}", sent.len()) };
        assert!(!news.text().contains("Mia") && news.to == [format!("<{MIA}>")], "{}", news.text());
        signed_in(&desk, &sink, MIA).await;
        assert!(mails(&desk, &sink).await.is_empty());
        // Going out.
        let out = sends(&browser, "/my", "/my/sign-out", &[]).await.expect(303);
        assert!(out.header("location").unwrap().starts_with("/my/sign-in?said=out"));
        assert_eq!(out.header("clear-site-data"), Some("\"cache\", \"storage\""));
        browser.get("/my").await.expect(401);
        let stored = format!("{:?}", bedside_desk::audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap());
        assert!(stored.contains("portal.open") && !stored.contains(&code) && !stored.contains("quetzal"));
        desk.audit_is_whole().await;
    }

    async fn what_is_no_address_and_too_many_codes_are_said(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = desk.visitor();
        for wrong in ["", "mia", "mia@", "@quetzal.test", &"x".repeat(5000)] {
            let answer = asks(&browser, wrong).await.expect(422);
            assert!(answer.text().contains("role=\"alert\""));
        }
        for address in [MIA, "nobody@quetzal.test"] {
            for _ in 0..portal::PER_HOUR {
                asks(&browser, address).await.expect(303);
            }
            asks(&browser, address).await.expect(429);
        }
        assert_eq!(mails(&desk, &sink).await.len(), usize::try_from(portal::PER_HOUR).unwrap());
        desk.clock.advance(3601);
        asks(&browser, MIA).await.expect(303);
        // A page that was open for days is shown anew.
        let token = csrf_token(&page(&browser, DOOR).await);
        desk.clock.advance(3 * DAY);
        let again = browser.post(DOOR, &[("csrf_token", &token), ("email", MIA)]).await.expect(303);
        assert_eq!(again.header("location"), Some(DOOR));
    }

    async fn an_address_decides_what_it_opens(desk: Desk) {
        let sink = sink(&desk).await;
        // Long on file; not long on file; of nobody in care.
        patient(&desk, "Mia Quetzal", MIA, 31).await;
        patient(&desk, "Noa New", "noa@new.test", 1).await;
        desk.ticket("someone@else.test", "A question", "When do you open?").await;
        let old = signed_in(&desk, &sink, MIA).await;
        page(&old, "/my/seen").await;
        page(&old, "/my/privacy").await;
        let new = signed_in(&desk, &sink, "noa@new.test").await;
        for path in ["/my/seen", "/my/privacy"] {
            let shut = new.get(path).await.expect(403).text();
            assert!(shut.contains("more than 30 days") && shut.contains("It opens by itself on"), "{shut}");
        }
        page(&new, "/my").await;
        let nobody = signed_in(&desk, &sink, "someone@else.test").await;
        let mine = page(&nobody, "/my").await;
        assert!(mine.contains("A question") && mine.contains("has not linked your email"), "{mine}");
        let shut = nobody.get("/my/seen").await.expect(403).text();
        assert!(shut.contains("as a patient yet"), "{shut}");
        // By the thirty-first day it opens by itself; the session does not last as long.
        desk.clock.advance(31 * DAY);
        new.get("/my/seen").await.expect(401);
        let new = signed_in(&desk, &sink, "noa@new.test").await;
        page(&new, "/my/seen").await;
        // Held back: no code goes there, and nobody is told so.
        let contact = contact_of(&desk, MIA).await;
        let view = patients::contact(&desk.app, &desk.system(), contact).await.unwrap();
        let ground = patients::Ground { conversation: desk.ticket(MIA, "x", "y").await, words: Some("Seen at the desk".to_owned()) };
        let patch = patients::ContactPatch {
            add: vec![(PointKind::Email, "second@quetzal.test".to_owned())],
            ground: Some(ground),
            ..patients::ContactPatch::default()
        };
        patients::change_contact(&desk.app, &desk.ctx(Role::Agent), contact, view.version, patch).await.unwrap();
        mails(&desk, &sink).await;
        let browser = desk.visitor();
        asks(&browser, "second@quetzal.test").await.expect(303);
        assert!(mails(&desk, &sink).await.is_empty());
        types(&browser, "000000").await.expect(422);
        desk.clock.advance(72 * 3600 + 1);
        let second = signed_in(&desk, &sink, "second@quetzal.test").await;
        second.get("/my/seen").await.expect(403);
    }

    async fn a_passkey_lets_in_who_added_it_while_their_address_is_theirs(desk: Desk) {
        let desk = safe(desk.engine).await;
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let mut device = Device::at(HERE);
        adds(&browser, &mut device).await.expect(303);
        let news = mails(&desk, &sink).await;
        assert!(news.len() == 1 && news[0].text().contains("passkey was added"), "{}", news.len());
        assert!(page(&browser, "/my/devices").await.contains("My phone"));
        let door = desk.visitor();
        let entered = shows(&door, &mut device).await.expect(303);
        assert_eq!(entered.header("location"), Some("/my"));
        assert!(page(&door, "/my/devices").await.contains("Signed in with a passkey"));
        // A copy that counts from before stops it.
        let mut counting = Device::at(HERE);
        counting.counts = true;
        adds(&browser, &mut counting).await.expect(303);
        let mut copy = counting.copy_key();
        copy.counts = true;
        for _ in 0..3 {
            shows(&desk.visitor(), &mut counting).await.expect(303);
        }
        let stopped = shows(&desk.visitor(), &mut copy).await.expect(422).text();
        assert!(stopped.contains("stopped") || stopped.contains("copy"), "{stopped}");
        let news = mails(&desk, &sink).await;
        assert!(news.iter().any(|one| one.text().contains("may be a copy")));
        // The copy may have come in first, so everybody is out.
        for open in [&browser, &door] {
            open.get("/my").await.expect(401);
        }
        // Removed, it opens nothing, and who came in by it is out.
        let by_it = desk.visitor();
        shows(&by_it, &mut device).await.expect(303);
        let door = signed_in(&desk, &sink, MIA).await;
        let keys = page(&door, "/my/devices").await;
        let key = keys.split("/my/passkeys/").nth(1).unwrap().split('/').next().unwrap().to_owned();
        sends(&door, "/my/devices", &format!("/my/passkeys/{key}/remove"), &[]).await.expect(303);
        shows(&desk.visitor(), &mut device).await.expect(422);
        by_it.get("/my").await.expect(401);
        door.get("/my").await.expect(200);
        // Nobody adds one in a browser that was left open, and none outlives that somebody signed out everywhere.
        let mut late = Device::at(HERE);
        adds(&door, &mut late).await.expect(303);
        desk.clock.advance(11 * 60);
        let refused = adds(&door, &mut Device::at(HERE)).await.expect(422).text();
        assert!(refused.contains("come in again first"), "{refused}");
        sends(&door, "/my/devices", "/my/devices/end", &[]).await.expect(303);
        shows(&desk.visitor(), &mut late).await.expect(422);
    }

    async fn devices_are_listed_and_signed_out_from_afar(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let here = signed_in(&desk, &sink, MIA).await;
        desk.clock.advance(60);
        let other = signed_in(&desk, &sink, MIA).await;
        let list = page(&here, "/my/devices").await;
        assert_eq!(list.matches("Last used").count(), 2, "{list}");
        let id = list.split("/my/devices/").filter_map(|rest| rest.split_once("/end\"")).map(|(id, _)| id).find(|id| id.len() == 36).unwrap().to_owned();
        sends(&here, "/my/devices", &format!("/my/devices/{id}/end"), &[]).await.expect(303);
        other.get("/my").await.expect(401);
        page(&here, "/my").await;
        let third = signed_in(&desk, &sink, MIA).await;
        sends(&here, "/my/devices", "/my/devices/end", &[]).await.expect(303);
        for gone in [&here, &third] {
            gone.get("/my").await.expect(401);
        }
    }

    async fn signing_in_anew_ends_what_the_browser_was_in_by(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let old = session_of(&desk, &browser);
        asks(&browser, MIA).await.expect(303);
        let code = mailed(&desk, &sink, MIA).await;
        types(&browser, &code).await.expect(303);
        assert_ne!(session_of(&desk, &browser), old);
        assert!(portal::session(&desk.app, &old).await.unwrap().is_none());
    }

    async fn the_clinic_says_how_long_somebody_stays_in(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        settings(&desk, desk.organisation, 5, 1).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        for _ in 0..14 {
            desk.clock.advance(4 * 60);
            page(&browser, "/my").await;
        }
        desk.clock.advance(4 * 60);
        browser.get("/my").await.expect(401);
        let browser = signed_in(&desk, &sink, MIA).await;
        // The page takes itself away after as long, also where nobody touches it.
        assert!(page(&browser, "/my").await.contains("data-sign-out data-idle=\"300\""));
        desk.clock.advance(5 * 60);
        browser.get("/my").await.expect(401);
        portal::forget(&desk.app).await.unwrap();
        // In the settings, with bounds.
        let admin = desk.browser(Role::Administrator).await;
        let form = page(&admin, "/settings/general").await;
        assert!(form.contains("name=\"portal_idle\"") && form.contains("name=\"portal_hours\""), "{form}");
    }
}
