//! The pages behind a person's links, as a browser without scripts sees them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::Role;
use bedside_desk::ids::{ContactId, TicketId};
use bedside_desk::links::{self, Purpose};
use bedside_desk::router::{Access, routes};
use bedside_desk::tickets::{self, Patch, Reply, Status};
use bedside_desk::{jobs, patients, staff, surveys};
use common::{Answer, Browser, Desk, both_engines, csrf_token};
use futures_util::FutureExt;
use futures_util::future::join_all;

const ATTACK: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)></textarea>";

async fn contact(desk: &Desk, ticket: TicketId) -> ContactId {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await;
    view.unwrap().ticket.contact
}

/// A fresh link of the person behind `ticket`.
async fn link_of(desk: &Desk, purpose: Purpose, ticket: TicketId) -> String {
    let contact = contact(desk, ticket).await;
    let system = desk.system();
    desk.app
        .command(&system, move |work| {
            links::make(work, purpose, ticket, contact).boxed()
        })
        .await
        .unwrap()
}

async fn revoke(desk: &Desk, ticket: TicketId) -> u64 {
    links::revoke_ticket(&desk.app, &desk.ctx(Role::Agent), ticket)
        .await
        .unwrap()
}

async fn answer(desk: &Desk, ticket: TicketId, body: &str) {
    let reply = Reply::new(body);
    tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, reply)
        .await
        .unwrap();
    desk.clock.advance(60);
}

async fn messages(desk: &Desk, ticket: TicketId) -> Vec<bedside_desk::timeline::MessageView> {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket)
        .await
        .unwrap()
        .messages
}

/// Presses the button on the link's page.
async fn open(browser: &Browser, link: &str) -> Answer {
    let page = format!("/t/{link}");
    browser.submit(&page, &format!("{page}/open"), &[]).await
}

/// The value of a hidden input.
#[track_caller]
fn value<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .expect("the input");
    rest.split('"').next().unwrap()
}

/// Writes on the open thread.
async fn write(
    browser: &Browser,
    link: &str,
    words: &str,
    files: &[(&str, &str, &str, &[u8])],
) -> Answer {
    let page = browser.get(&format!("/t/{link}")).await.expect(200).text();
    let fields = [
        ("csrf_token", value(&page, "csrf_token")),
        ("once", value(&page, "once")),
        ("lang", "en"),
        ("message", words),
    ];
    browser
        .post_files(&format!("/t/{link}/reply"), &fields, files)
        .await
}

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
        let fields = [("lang", "es"), ("message", "My </textarea><b>wombat words")];
        let kept = |answer: Answer| {
            let page = answer.text();
            assert!(page.contains("My &#60;/textarea&#62;&#60;b&#62;wombat words") && page.contains("readonly"), "{page}");
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

    async fn a_reply_reaches_the_same_request_once(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        answer(&desk, ticket, "At **nine**").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let own = desk.visitor();
        open(&own, &link).await.expect(303);
        let page = own.get(&format!("/t/{link}")).await.expect(200).text();
        assert!(page.contains("<strong>nine</strong>") && page.contains("Ana Agent"), "{page}");
        let fields = [
            ("csrf_token", value(&page, "csrf_token")),
            ("once", value(&page, "once")),
            ("message", "Thank you, I will come"),
        ];
        let files: &[(&str, &str, &str, &[u8])] = &[("files", "card.html", "text/html", b"<script>alert(1)</script>")];
        for _ in 0..3 {
            let sent = own.post_files(&format!("/t/{link}/reply"), &fields, files).await.expect(303);
            let thanks = own.get(sent.header("location").unwrap()).await.expect(200).text();
            assert!(thanks.contains("Thank you. We have your message."), "{thanks}");
        }
        let all = messages(&desk, ticket).await;
        assert_eq!(all.len(), 3, "pressed three times, written once");
        assert_eq!((all[2].body.as_str(), all[2].channel.as_str()), ("Thank you, I will come", "portal"));
        write(&own, &link, "And one more", &[]).await.expect(303);
        assert_eq!(messages(&desk, ticket).await.len(), 4);

        let file = format!("/t/{link}/files/{}", all[2].attachments[0].id);
        let page = own.get(&format!("/t/{link}")).await.text();
        assert!(page.contains(&file), "{page}");
        let got = own.get(&file).await.expect(200);
        assert_eq!(got.body, b"<script>alert(1)</script>");
        assert!(got.header("content-disposition").unwrap().starts_with("attachment"));
        assert!(got.header("content-security-policy").unwrap().starts_with("sandbox; default-src 'none'"));
        assert!(got.header("content-type").unwrap() != "text/html");
        desk.visitor().get(&file).await.expect(404);
        desk.audit_is_whole().await;
    }

    async fn whatever_is_wrong_with_a_reply_its_words_stay(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let own = desk.visitor();
        open(&own, &link).await.expect(303);
        let six: Vec<_> = (0..6).map(|_| ("files", "a.txt", "text/plain", b"x".as_slice())).collect();
        let many = write(&own, &link, "Wombat words", &six).await.expect(422).text();
        assert!(many.contains("Wombat words") && many.contains("more than 5 files"), "{many}");
        write(&own, &link, "  ", &[]).await.expect(422);
        let old = own.post_files(&format!("/t/{link}/reply"), &[("message", "Wombat words")], &[]).await.expect(422).text();
        assert!(old.contains("Wombat words") && old.contains("press Send again"), "{old}");
        let (kept, over) = ("w".repeat(2 << 20), "w".repeat((2 << 20) + 1));
        for words in [&kept, &over] {
            let long = write(&own, &link, words, &[]).await.expect(422).text();
            assert!(long.contains("Your message is too long"));
            let (_, typed) = long.split_once("aria-describedby=\"message-error\">\n").expect("the field");
            assert!(typed.split("</textarea>").next() == Some(&kept), "the words are lost");
        }
        write(&own, &link, &format!("Wombat{}words", " ".repeat(2 << 20)), &[]).await.expect(422);
        assert_eq!(messages(&desk, ticket).await.len(), 1);
        let most = "é".repeat(20_000);
        let long = write(&own, &link, &format!("{most}."), &[]).await.expect(422).text();
        assert!(long.contains(&format!("{most}.</textarea>")));
        write(&own, &link, &most, &[]).await.expect(303);
        assert_eq!(messages(&desk, ticket).await[1].body, most);

        let mut refused = 0;
        for round in 0..32 {
            let sent = write(&own, &link, &format!("Round {round}"), &[]).await;
            if sent.status == 429 {
                refused += 1;
                assert!(sent.text().contains(&format!("Round {round}")));
            }
        }
        assert_eq!((refused, messages(&desk, ticket).await.len()), (3, 31));
    }

    async fn after_a_merge_each_contact_of_a_patient_sees_their_own_words_and_answers_alone(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let own = desk.ticket("rosa@patients.test", "Zebrafish", "My quokka pills").await;
        let carers = desk.ticket("carer@patients.test", "Wombat", "Her numbat drops").await;
        let patient = patients::NewPatient { name: "Rosa Alvarez".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let patient = patients::create_patient(&desk.app, &agent, patient, Vec::new()).await.unwrap();
        for ticket in [own, carers] {
            let contact = contact(&desk, ticket).await;
            tickets::link_contact(&desk.app, &agent, contact, Some(patient)).await.unwrap();
        }
        answer(&desk, own, "Told to Rosa").await;
        answer(&desk, carers, "Told to the carer").await;
        let (hers, theirs) = (link_of(&desk, Purpose::Thread, own).await, link_of(&desk, Purpose::Thread, carers).await);
        tickets::merge(&desk.app, &agent, carers, own).await.unwrap();
        answer(&desk, own, "Told to Rosa later").await;
        assert_eq!(messages(&desk, own).await.len(), 5);

        let read = async |link: &str| {
            let visitor = desk.visitor();
            open(&visitor, link).await.expect(303);
            visitor.get(&format!("/t/{link}")).await.expect(200).text()
        };
        let page = read(&hers).await;
        for words in ["Zebrafish", "quokka", "Told to Rosa", "Told to Rosa later"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        for words in ["Wombat", "numbat", "Told to the carer"] {
            assert!(!page.contains(words), "{words}: {page}");
        }
        let page = read(&theirs).await;
        for words in ["Wombat", "numbat", "Told to the carer"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        for words in ["Zebrafish", "quokka", "Told to Rosa"] {
            assert!(!page.contains(words), "{words}: {page}");
        }
    }

    async fn notes_are_never_shown_and_nothing_written_becomes_markup(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", ATTACK, ATTACK).await;
        tickets::note(&desk.app, &desk.ctx(Role::Nurse), ticket, "Canarynote".to_owned(), Vec::new()).await.unwrap();
        answer(&desk, ticket, ATTACK).await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let own = desk.visitor();
        open(&own, &link).await.expect(303);
        write(&own, &link, ATTACK, &[("files", "<img src=x>.txt", "text/plain", b"x")]).await.expect(303);
        let six: Vec<_> = (0..6).map(|_| ("files", "a.txt", "text/plain", b"x".as_slice())).collect();
        let again = write(&own, &link, ATTACK, &six).await.expect(422).text();
        let page = own.get(&format!("/t/{link}")).await.expect(200).text();
        assert!(page.contains("alert(1)"), "the words are there");
        for text in [page, again] {
            assert!(!text.contains("Canarynote"));
            for bad in ["<script>alert", "<img src=x", "onerror=alert(1)></textarea>"] {
                assert!(!text.contains(bad), "{bad} in {text}");
            }
        }
    }

    async fn a_rating_is_pressed_not_clicked_and_counted_once(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Zebrafish", "When are you open?").await;
        let link = link_of(&desk, Purpose::Rating, ticket).await;
        let supervisor = desk.ctx(Role::Supervisor);
        let day = surveys::day_of(desk.app.now());
        let counted = async || {
            let sum = surveys::summary(&desk.app, &supervisor, day, day).await.unwrap().all;
            (sum.answers, sum.positive, sum.score_sum)
        };
        let rating = links::rating_url(&desk.app, &link, 4);
        let path = rating.strip_prefix("http://desk.example").unwrap();
        let visitor = desk.visitor();
        let mut page = String::new();
        for _ in 0..3 {
            let shown = visitor.get(path).await.expect(200);
            assert_eq!(shown.header("x-robots-tag").unwrap(), "noindex, nofollow, noarchive");
            page = shown.text();
        }
        assert_eq!(counted().await, (0, 0, 0), "looking is no vote");
        assert!(page.contains("<bd-send-seen><form"), "a script sends what the link chose: {page}");
        assert!(page.contains("value=\"4\" required checked") && page.matches(" checked").count() == 1, "{page}");
        assert!(!page.contains("Zebrafish"));
        let to = format!("/r/{link}");
        let none = visitor.submit(path, &to, &[("comment", ATTACK)]).await.expect(422).text();
        assert!(none.contains("Please choose one.") && none.contains("alert(1)") && !none.contains("<script>alert"), "{none}");
        visitor.submit(path, &to, &[("score", "9")]).await.expect(422);
        // Up to more than any form may hold, all in one piece.
        for length in [2001, 3 << 20, 9 << 20] {
            let words = format!("Kind people{}", "x".repeat(length - 11));
            let long = visitor.submit(path, &to, &[("score", "4"), ("comment", &words)]).await.expect(422).text();
            assert!(long.contains("Your message is too long") && long.contains("Kind peoplexxx"), "{length}");
        }
        visitor.post(&to, &[("score", "1"), ("csrf_token", "AAAA")]).await.expect(303);
        assert_eq!(counted().await, (0, 0, 0));

        let sent = visitor.submit(path, &to, &[("score", "4"), ("comment", "Kind people")]).await.expect(303);
        let thanks = visitor.get(sent.header("location").unwrap()).await.expect(200).text();
        assert!(thanks.contains("Thank you"), "{thanks}");
        assert_eq!(counted().await, (1, 1, 4));
        let again = format!("{to}?again=1&score=4");
        let way_back = format!("href=\"{}", again.replace('&', "&#38;"));
        assert!(thanks.contains(&way_back), "{way_back} in {thanks}");
        for path in [&again, &to] {
            let page = visitor.get(path).await.expect(200).text();
            assert!(!page.contains("bd-send-seen"), "who comes to say something else is waited for: {page}");
        }
        visitor.submit(path, &to, &[("score", "2"), ("comment", "")]).await.expect(303);
        assert_eq!(counted().await, (1, 0, 2));
        let stored = surveys::of_ticket(&desk.app, &supervisor, ticket).await.unwrap().unwrap();
        assert_eq!((stored.score, stored.comment.as_deref()), (2, Some("Kind people")));
        let most = "é".repeat(2000);
        visitor.submit(path, &to, &[("score", "2"), ("comment", &most)]).await.expect(303);
        let stored = surveys::of_ticket(&desk.app, &supervisor, ticket).await.unwrap().unwrap();
        assert_eq!(stored.comment, Some(most));

        visitor.get("/r/unknown?score=5").await.expect(410);
        visitor.get(&format!("/t/{link}")).await.expect(410);
        let odd = visitor.get(&format!("{to}?score=%3Cscript%3E")).await.expect(200).text();
        assert!(!odd.contains(" checked"), "{odd}");
        desk.audit_is_whole().await;
    }

    async fn nobody_rates_after_a_crisis(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Help", "I want to kill myself").await;
        let link = link_of(&desk, Purpose::Rating, ticket).await;
        desk.visitor().get(&format!("/r/{link}?score=5")).await.expect(410);
    }

    async fn a_closed_request_shows_its_words_and_takes_no_more(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let own = desk.visitor();
        open(&own, &link).await.expect(303);
        let before = own.get(&format!("/t/{link}")).await.expect(200).text();
        let agent = desk.ctx(Role::Supervisor);
        for status in [Status::Resolved, Status::Closed] {
            let version = tickets::view(&desk.app, &agent, ticket).await.unwrap().ticket.version;
            let patch = Patch { status: Some(status), ..Patch::default() };
            tickets::change(&desk.app, &agent, ticket, version, patch).await.unwrap();
        }
        let page = own.get(&format!("/t/{link}")).await.expect(200).text();
        assert!(page.contains("When are you open?") && page.contains("This request is closed") && !page.contains("<textarea"), "{page}");
        let fields = [("csrf_token", value(&before, "csrf_token")), ("message", "Wombat words")];
        let late = own.post_files(&format!("/t/{link}/reply"), &fields, &[]).await.expect(409).text();
        assert!(late.contains("Wombat words"), "{late}");
        assert_eq!(messages(&desk, ticket).await.len(), 1);
    }

    /// Invitations of staff and links of patients: at the second they end and the one after, after their use, and after
    /// what they stood for changed.
    async fn attack_04_a_link_that_is_over_opens_nothing(desk: Desk) {
        const LASTS: i64 = 3600;
        let (admin, person) = (desk.ctx(Role::Administrator), desk.id_of(Role::Agent));
        let invite = async || {
            let until = desk.app.now().plus_seconds(LASTS);
            staff::make_link(&desk.app, &admin, person, false, until).await.unwrap()
        };
        let enter = async |link: &str| {
            let path = format!("/sign-in/{link}");
            let answer = desk.visitor().submit(&path, &path, &[]).await;
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            let cookies = answer.headers.get_all("set-cookie").iter();
            let inside = cookies.filter(|cookie| cookie.to_str().unwrap().starts_with("bedside=")).count() == 1;
            assert_eq!(inside, answer.status == 303);
            answer.status
        };
        for (after, status) in [(LASTS - 1, 303), (LASTS, 410), (LASTS + 1, 410)] {
            let link = invite().await;
            desk.clock.advance(after);
            assert_eq!(enter(&link).await, status, "after {after} seconds");
            assert_eq!(enter(&link).await, 410, "after its use or its end");
        }
        let link = invite().await;
        let at_once = join_all((0..8).map(|_| enter(&link))).await;
        assert_eq!(at_once.iter().filter(|status| **status == 303).count(), 1, "{at_once:?}");

        let link = invite().await;
        let everybody = staff::list(&desk.app, &admin).await.unwrap();
        let version = everybody.iter().find(|one| one.id == person).unwrap().version;
        staff::change_role(&desk.app, &admin, person, version, Role::Nurse).await.unwrap();
        assert_eq!(enter(&link).await, 410, "it promised another role");
        let link = invite().await;
        staff::set_password(&desk.app, &desk.ctx(Role::Agent), person, "correct horse battery staple").await.unwrap();
        assert_eq!(enter(&link).await, 410, "there is a password now");
        let link = invite().await;
        staff::disable(&desk.app, &admin, person).await.unwrap();
        assert_eq!(enter(&link).await, 410, "nobody is let in by it");

        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        for (after, status) in [(-1, 200), (0, 410), (1, 410)] {
            let (thread, rating) = (link_of(&desk, Purpose::Thread, ticket).await, link_of(&desk, Purpose::Rating, ticket).await);
            desk.clock.advance(Purpose::Thread.days() * 24 * 3600 + after);
            for page in [format!("/t/{thread}"), format!("/r/{rating}?score=5")] {
                let answer = desk.visitor().get(&page).await.expect(status);
                assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
                assert_eq!(answer.header("cache-control"), Some("no-store"));
            }
        }
    }

    /// Somebody inside their own thread asks every public page for another person's: their request, their message, their
    /// file, in the path, in the query, in a form and with the own cookie under the other's address.
    async fn attack_39_a_link_shows_its_own_person_and_nobody_else(desk: Desk) {
        let own = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let theirs = desk.ticket("luis@patients.test", "Quokkasubject", "Quokkawords").await;
        let (mine, other) = (link_of(&desk, Purpose::Thread, own).await, link_of(&desk, Purpose::Thread, theirs).await);
        let rating = link_of(&desk, Purpose::Rating, theirs).await;
        let luis = desk.visitor();
        open(&luis, &other).await.expect(303);
        write(&luis, &other, "Quokkareply", &[("files", "quokkaname.txt", "text/plain", b"Quokkafile")]).await.expect(303);
        let said = messages(&desk, theirs).await;
        let (message, file) = (said[1].id, said[1].attachments[0].id);
        let contact = contact(&desk, theirs).await;

        let rosa = desk.visitor();
        open(&rosa, &mine).await.expect(303);
        let page = rosa.get(&format!("/t/{mine}")).await.expect(200).text();
        let token = value(&page, "csrf_token").to_owned();
        let cookie = rosa.cookie();
        let ids = [theirs.to_string(), message.to_string(), file.to_string(), contact.to_string(), other.clone(), rating];
        let mut tried = 0;
        let mut check = |answer: &Answer, way: &str| {
            let all = format!("{:?} {}", answer.headers, answer.text()).to_lowercase();
            for word in ["quokka", "luis"] {
                assert!(!all.contains(word), "{way}: {all}");
            }
            tried += 1;
        };
        let ways = routes().into_iter().filter(|route| route.access == Access::Public && route.path.contains("{token}"));
        for route in ways {
            for (link, id) in [&mine, &other].into_iter().flat_map(|link| ids.iter().map(move |id| (link, id))) {
                let path = route.path.replace("{token}", link).replace("{file}", id);
                let way = format!("{path}?ticket={id}&pid={id}&contact={id}&message={id}&file={id}&token={id}");
                let form = format!("csrf_token={token}&message=x&once={id}&ticket={id}&contact={id}&score=5&lang=en");
                let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
                let body = if route.method == Method::GET { Body::empty() } else { Body::from(form) };
                let answer = desk.stranger().request(route.method.clone(), &way, &headers, body).await;
                check(&answer, &format!("{} {way}", route.method));
            }
        }
        // The cookie of the own thread under the name of the other one.
        let secret = cookie.split("; ").find_map(|pair| pair.split_once('=')).unwrap().1;
        let (name, _) = luis.cookie().split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        let headers = [("cookie", format!("{name}={secret}"))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        for path in [format!("/t/{other}"), format!("/t/{other}/files/{file}")] {
            let answer = desk.stranger().request(Method::GET, &path, &headers, Body::empty()).await;
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
            check(&answer, &path);
        }
        assert!(tried > 50, "{tried}");
        assert_eq!(messages(&desk, theirs).await.len(), 2, "nothing was written there");
        luis.get(&format!("/t/{other}/files/{file}")).await.expect(200);
    }
}
