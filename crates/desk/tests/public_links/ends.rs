//! When a link opens, and when it is over.

use super::{contact, link_of, messages, open, revoke};
use crate::common::Role;
use crate::common::{Answer, both_engines, csrf_token};
use bedside_desk::links::Purpose;
use bedside_desk::{jobs, patients, tickets};

both_engines! {
    async fn looking_binds_nothing_and_pressing_binds_one_browser(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Zebrafish", "My quokka pills").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let path = format!("/t/{link}");
        for _ in 0..3 {
            let page = desk.visitor().get(&path).await.expect(200);
            assert_eq!(page.header("x-robots-tag").unwrap(), "noindex, nofollow, noarchive");
            assert_eq!(page.header("referrer-policy").unwrap(), "no-referrer");
            assert_eq!(page.header("cache-control").unwrap(), "no-store");
            assert!(page.header("set-cookie").is_none());
            let text = page.text();
            assert!(text.contains("Open my messages") && !text.contains("quokka") && !text.contains("Zebrafish"), "{text}");
        }

        let own = desk.visitor();
        let opened = open(&own, &link).await.expect(303);
        let cookie = opened.header("set-cookie").unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains(&format!("Path={path};")), "{cookie}");
        let page = own.get(opened.header("location").unwrap()).await.expect(200).text();
        assert!(page.contains("Zebrafish") && page.contains("My quokka pills") && page.contains("We have your message"), "{page}");
        assert!(!page.split("</title>").next().unwrap().contains("Zebrafish"), "no subject in the browser's history");
        let spanish = own.get(&format!("{path}?lang=es")).await.expect(200).text();
        assert!(spanish.contains("<html lang=\"es\"") && spanish.contains("Responder") && !spanish.contains("We have your message"));

        let other = desk.visitor();
        let elsewhere = other.get(&path).await.expect(403).text();
        assert!(elsewhere.contains("opened elsewhere") && !elsewhere.contains("quokka"), "{elsewhere}");
        let token = csrf_token(&elsewhere);
        other.post(&format!("{path}/open"), &[("csrf_token", &token)]).await.expect(403);
        other.post_files(&format!("{path}/reply"), &[("csrf_token", &token), ("message", "Not me")], &[]).await.expect(403);
        assert_eq!(messages(&desk, ticket).await.len(), 1);
        desk.audit_is_whole().await;
    }

    async fn pressing_needs_our_own_form(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let visitor = desk.visitor();
        let path = format!("/t/{link}/open");
        for forged in ["", "AAAA", "0123456789012345678901234567890123456789"] {
            let back = visitor.post(&path, &[("csrf_token", forged)]).await.expect(303);
            assert!(back.header("set-cookie").is_none());
        }
        visitor.get(&format!("/t/{link}/open")).await.expect(405);
        assert!(visitor.get(&format!("/t/{link}")).await.expect(200).text().contains("Open my messages"));
    }

    async fn a_fresh_link_is_mailed_not_too_often(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        jobs::drain(&desk.app).await.unwrap();
        let queued = async || bedside_db::jobs::counts(&mut desk.app.read().await.unwrap()).await.unwrap().0;
        let before = queued().await;
        open(&desk.visitor(), &link).await.expect(303);
        let other = desk.visitor();
        let page = other.get(&format!("/t/{link}")).await.expect(403).text();
        let token = csrf_token(&page);
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(other.post(&format!("/t/{link}/renew"), &[("csrf_token", &token)]).await);
        }
        assert!(answers[..6].iter().all(|answer| answer.status == 200));
        assert!(answers[6..].iter().all(|answer| answer.status == 429 && answer.header("retry-after").is_some()));
        assert_eq!(queued().await, before + 1, "one mail in ten minutes");
        let said = answers[0].text();
        assert!(!said.contains("rosa@") && !said.contains("Rosa"), "no address on the page");

        // Of one that ends meanwhile nobody is told that a mail is on its way.
        let ticket = desk.ticket("rosa@patients.test", "Hours", "And on Sundays?").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let renew = format!("/t/{link}/renew");
        desk.clock.advance(31 * 24 * 3600);
        let token = csrf_token(&other.get(&format!("/t/{link}")).await.expect(410).text());
        let before = queued().await;
        other.post(&renew, &[("csrf_token", &token)]).await.expect(200);
        assert_eq!(queued().await, before + 1, "one that expired has its successor");
        revoke(&desk, ticket).await;
        let over = other.post(&renew, &[("csrf_token", &token)]).await.expect(410).text();
        assert!(over.contains("no longer works") && !over.contains("/renew") && over.contains("tel:"), "{over}");
        assert_eq!(queued().await, before + 1);
    }

    async fn what_was_revoked_reads_like_what_never_was(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let revoked = link_of(&desk, Purpose::Thread, ticket).await;
        let rating = link_of(&desk, Purpose::Rating, ticket).await;
        let own = desk.visitor();
        open(&own, &revoked).await.expect(303);
        revoke(&desk, ticket).await;
        let expired = link_of(&desk, Purpose::Thread, ticket).await;
        desk.clock.advance(31 * 24 * 3600);
        let unknown = "a".repeat(32);
        let expected = own.get(&format!("/t/{unknown}")).await.expect(410).text().replace(&unknown, "");
        assert!(expected.contains("Write to us") && expected.contains("tel:") && !expected.contains("/renew"), "{expected}");
        for ended in [&revoked, &expired, &rating] {
            let page = own.get(&format!("/t/{ended}")).await.expect(410).text();
            // Only one that expired can be used to ask for its successor.
            if ended == &expired {
                assert!(page.contains(&format!("/t/{ended}/renew")), "{page}");
            } else {
                assert_eq!(page.replace(ended.as_str(), ""), expected);
            }
            own.post_files(&format!("/t/{ended}/reply"), &[("message", "Hello")], &[]).await.expect(410);
            own.get(&format!("/r/{ended}?score=5")).await.expect(410);
        }
        for odd in ["%3Cscript%3E", "..%2F..%2Fx", &"x".repeat(3000)] {
            let page = own.get(&format!("/t/{odd}")).await.expect(410).text();
            assert!(!page.contains("<script>"), "{page}");
        }
    }

    async fn words_behind_a_link_that_is_over_are_there_to_copy(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let path = format!("/t/{link}/reply");
        let fields = [("lang", "es"), ("message", "When are you open </textarea><b>on Monday?")];
        let kept = |answer: Answer| {
            let page = answer.text();
            assert!(page.contains("When are you open &#60;/textarea&#62;&#60;b&#62;on Monday?") && page.contains("readonly"), "{page}");
            assert!(page.contains("<html lang=\"es\"") && page.contains("Lo que usted"), "{page}");
        };
        kept(desk.visitor().post_files(&path, &fields, &[("files", "a.txt", "text/plain", b"x")]).await.expect(200));
        let own = desk.visitor();
        open(&own, &link).await.expect(303);
        kept(desk.visitor().post_files(&path, &fields, &[]).await.expect(403));
        assert_eq!(revoke(&desk, ticket).await, 1);
        kept(own.post_files(&path, &fields, &[]).await.expect(410));
        assert!(!own.get(&format!("/t/{link}")).await.expect(410).text().contains("readonly"));
        assert_eq!(messages(&desk, ticket).await.len(), 1);
    }

    async fn staff_end_the_links_of_a_request(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let gone = desk.ticket("rosa@patients.test", "Pills", "My pills").await;
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let other = desk.ticket("rosa@patients.test", "Bill", "My bill").await;
        let merged = link_of(&desk, Purpose::Thread, gone).await;
        tickets::merge(&desk.app, &desk.ctx(Role::Agent), gone, ticket).await.unwrap();
        let (wrong, rating) = (link_of(&desk, Purpose::Thread, ticket).await, link_of(&desk, Purpose::Rating, ticket).await);
        let beside = link_of(&desk, Purpose::Thread, other).await;
        let reader = desk.browser(Role::Compliance).await;
        let number = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap().ticket.number;
        let page = format!("/tickets/{number}");
        reader.post(&format!("{page}/links/end"), &[]).await.expect(403);
        desk.visitor().get(&format!("/t/{wrong}")).await.expect(200);

        let done = agent.submit(&page, &format!("{page}/links/end"), &[]).await.expect(303);
        assert_eq!(done.header("location"), Some(page.as_str()));
        assert!(agent.get(&page).await.expect(200).text().contains("open nothing any more"));
        for ended in [format!("/t/{wrong}"), format!("/t/{merged}"), format!("/r/{rating}?score=5")] {
            desk.visitor().get(&ended).await.expect(410);
        }
        desk.visitor().get(&format!("/t/{beside}")).await.expect(200);
        let fresh = link_of(&desk, Purpose::Thread, ticket).await;
        desk.visitor().get(&format!("/t/{fresh}")).await.expect(200);
        desk.audit_is_whole().await;
    }

    async fn a_link_ends_with_the_address_or_the_patient_it_was_for(desk: Desk) {
        let nurse = desk.ctx(Role::Nurse);
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let works = async |link: &str| desk.visitor().get(&format!("/t/{link}")).await.status == 200;
        let change = async |patch: patients::ContactPatch| {
            let contact = tickets::view(&desk.app, &nurse, ticket).await.unwrap().contact;
            patients::change_contact(&desk.app, &nurse, contact.id, contact.version, patch).await.unwrap();
        };
        let address = |text: &str| vec![(patients::PointKind::Email, text.to_owned())];
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let phone = || vec![(patients::PointKind::Phone, "(212) 555-0123".to_owned())];
        change(patients::ContactPatch { add: [address("rosa@new.test"), phone()].concat(), ..patients::ContactPatch::default() }).await;
        assert!(works(&link).await, "one more address takes nothing away");
        change(patients::ContactPatch { remove: phone(), ..patients::ContactPatch::default() }).await;
        assert!(works(&link).await, "no link was sent to a telephone");
        change(patients::ContactPatch { remove: address("rosa@patients.test"), ..patients::ContactPatch::default() }).await;
        assert!(!works(&link).await, "it may stand in a mail to the old address");

        let contact = contact(&desk, ticket).await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let patient = patients::NewPatient { name: "Rosa Alvarez".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let patient = patients::create_patient(&desk.app, &nurse, patient, Vec::new()).await.unwrap();
        for same in [None, Some(patient), Some(patient)] {
            tickets::link_contact(&desk.app, &nurse, contact, same).await.unwrap();
            assert!(works(&link).await);
        }
        tickets::link_contact(&desk.app, &nurse, contact, None).await.unwrap();
        assert!(!works(&link).await, "they no longer stand for the patient");
    }

    async fn on_a_desk_with_several_clinics_a_link_that_is_none_names_none_of_them(desk: Desk) {
        let name = desk.app.directory.of(desk.organisation).unwrap().name.clone();
        let ways = ["/t/unknown", "/r/unknown", "/c/none/request"];
        assert!(desk.visitor().get(ways[0]).await.expect(410).text().contains(&name));
        let clinic = bedside_desk::config::clinic::parse(&bedside_desk::startup::built_in_clinic()).unwrap();
        let now = desk.app.now();
        let mut new = bedside_desk::config::organisation::new_organisation(&clinic, "elsewhere", &desk.app.ids, now);
        "Elsewhere Eye Hospital".clone_into(&mut new.name);
        bedside_desk::orgs::create(&desk.app, new).await.unwrap();
        for way in ways {
            for language in ["en", "es"] {
                let text = desk.visitor().get(&format!("{way}?lang={language}")).await.text();
                assert!(!text.contains(&name) && !text.contains("Elsewhere"), "{way}: {text}");
                assert!(text.contains("911"), "{way}: even a wrong address says whom to call");
                assert!(!text.contains("/c//"), "{way}: {text}");
            }
        }
        // Where one chooses, both are named, and neither is the page's own.
        let choice = desk.visitor().get("/request").await.expect(200).text();
        assert!(choice.contains(&name) && choice.contains("Elsewhere Eye Hospital"));
        let title = choice.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert!(!title.contains(&name), "{title}");
    }
}
