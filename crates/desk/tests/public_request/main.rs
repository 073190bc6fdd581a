//! The public request form, as a browser without scripts sees it.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "../common/mod.rs"]
mod common;

mod flood;

use crate::common::Role;
use bedside_db::{DbError, args, statements};
use bedside_desk::patients;
use bedside_desk::public::caps::CRIES_PER_NETWORK;
use bedside_desk::tickets::{self, View};
use bedside_web::i18n::I18n;
use common::{Answer, Browser, Desk, both_engines, hidden};
use futures_util::FutureExt;

statements! {
    /// Takes the tickets away from a desk at work.
    NO_TICKETS = "ALTER TABLE tickets RENAME TO tickets_that_were";
}

const ANA: &[(&str, &str)] = &[
    ("lang", "en"),
    ("category", "billing"),
    ("name", "Ana Ruiz"),
    ("email", "ana@example.org"),
    (
        "message",
        "I think the bill of my last visit has a mistake.",
    ),
    ("company", ""),
];

/// Opens the form, thinks for a moment, and sends it with `fields`.
async fn send(
    desk: &Desk,
    browser: &Browser,
    fields: &[(&str, &str)],
    files: &[(&str, &str, &str, &[u8])],
) -> Answer {
    let page = browser.get("/request?lang=en").await.expect(200).text();
    desk.clock.advance(20);
    let pass = hidden(&page, "pass");
    browser
        .post_files("/request", &[&[("pass", pass)], fields].concat(), files)
        .await
}

fn changed<'a>(name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    ANA.iter()
        .map(|(key, old)| (*key, if *key == name { value } else { *old }))
        .collect()
}

async fn tickets(desk: &Desk) -> Vec<tickets::model::TicketRow> {
    let ctx = desk.ctx(Role::Agent);
    tickets::list(&desk.app, &ctx, &View::Active, None, 100)
        .await
        .unwrap()
        .rows
}

/// The first words of the newest request.
async fn newest(desk: &Desk) -> String {
    let rows = tickets(desk).await;
    let newest = rows.iter().max_by_key(|row| row.ticket.number).unwrap();
    let view = tickets::view(&desk.app, &desk.system(), newest.ticket.id).await;
    view.unwrap().messages.remove(0).body
}

both_engines! {
    async fn a_request_comes_in_and_is_thanked_for(desk: Desk) {
        let visitor = desk.visitor();
        let form = visitor.get("/request").await.expect(200);
        assert_eq!(form.header("x-robots-tag").unwrap(), "noindex, nofollow, noarchive");
        assert_eq!(form.header("referrer-policy").unwrap(), "no-referrer");
        assert_eq!(form.header("cache-control").unwrap(), "no-store");
        let text = form.text();
        let first = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("{needle}"));
        assert!(first("tel:911") < first("<form"), "the emergency numbers come first");
        assert!(!text.contains("value=\"crisis\""), "nobody files themselves under crisis");

        let sent = send(&desk, &visitor, ANA, &[("files", "bill.pdf", "application/pdf", b"%PDF-1.4 x")]).await.expect(303);
        let thanks = visitor.get(sent.header("location").unwrap()).await.expect(200).text();
        assert!(thanks.contains("1001"), "{thanks}");
        assert!(thanks.contains("You will hear from us"), "{thanks}");
        assert!(!thanks.contains("Ana") && !thanks.contains("bill of"), "nothing of the request is on the page");

        let rows = tickets(&desk).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].ticket.category.as_str(), rows[0].ticket.channel.as_str()), ("billing", "web_form"));
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), rows[0].ticket.id).await.unwrap();
        assert_eq!(view.contact.name.as_deref(), Some("Ana Ruiz"));
        assert_eq!(view.contact.email(), Some("ana@example.org"));
        assert_eq!(view.messages[0].body, "I think the bill of my last visit has a mistake.");
        let file = &view.messages[0].attachments[0];
        assert_eq!((file.name.as_str(), file.media_type.as_str()), ("bill.pdf", "application/pdf"));
        desk.audit_is_whole().await;
    }

    async fn a_form_sent_twice_makes_one_request(desk: Desk) {
        let visitor = desk.visitor();
        let page = visitor.get("/request").await.text();
        desk.clock.advance(20);
        let fields = [&[("pass", hidden(&page, "pass"))], ANA].concat();
        let (one, two) = tokio::join!(
            visitor.post_files("/request", &fields, &[]),
            visitor.post_files("/request", &fields, &[])
        );
        let third = visitor.post_files("/request", &fields, &[]).await;
        for answer in [one, two, third] {
            let thanks = visitor.get(answer.expect(303).header("location").unwrap()).await.expect(200).text();
            assert!(thanks.contains("1001"), "{thanks}");
        }
        assert_eq!(tickets(&desk).await.len(), 1);
        // Other words on the same page, after a step back, are another request, and heard.
        let cry = changed("message", "I took all my pills, I want to die");
        let cry = [&[("pass", hidden(&page, "pass"))][..], &cry].concat();
        let again = visitor.post_files("/request", &cry, &[]).await.expect(303);
        let thanks = visitor.get(again.header("location").unwrap()).await.expect(200).text();
        assert!(thanks.contains("1002") && thanks.contains("988"), "{thanks}");
        assert_eq!(tickets(&desk).await.len(), 2);
    }

    async fn whatever_is_wrong_the_words_stay(desk: Desk) {
        let visitor = desk.visitor();
        for (name, bad, says) in [
            ("name", "", "public-error-name"),
            ("email", "", "public-error-email-missing"),
            ("email", "ana at home", "public-error-email"),
            ("email", "olga@gmail,com", "public-error-email"),
            ("email", "olga@gmail..com", "public-error-email"),
            ("email", "olga smith@gmail.com", "public-error-email"),
            ("email", "a@g.com;b@g.com", "public-error-email"),
            ("email", "a@x.example\r\nBcc: z@y.x", "public-error-email"),
            ("message", " ", "public-error-message"),
            ("category", "crisis", "public-error-category"),
            ("category", "no-such", "public-error-category"),
        ] {
            let page = send(&desk, &visitor, &changed(name, bad), &[]).await.expect(422).text();
            let says = I18n::global().text(bedside_web::Locale::En, says);
            assert!(page.contains(says), "{name}: {page}");
            assert!(page.contains(&format!("href=\"#{name}\"")) && page.contains("aria-invalid=\"true\""));
            for (kept, words) in [("name", "Ana Ruiz"), ("email", "ana@example.org"), ("message", "bill of my last")] {
                assert!(kept == name || page.contains(words), "{words} is lost: {page}");
            }
        }
        let words = format!("{} the last word", "é".repeat(200_000));
        let page = send(&desk, &visitor, &changed("message", &words), &[]).await.expect(422).text();
        assert!(page.contains(I18n::global().text(bedside_web::Locale::En, "public-error-message-long")));
        assert!(page.contains("ééé") && page.contains("the last word") && page.contains("Ana Ruiz"));
        let six: Vec<_> = (0..6).map(|_| ("files", "a.txt", "text/plain", b"x".as_slice())).collect();
        let page = send(&desk, &visitor, ANA, &six).await.expect(422).text();
        assert!(page.contains("more than 5 files") && page.contains("choose your files again"), "{page}");
        assert!(tickets(&desk).await.is_empty());
    }

    async fn files_that_are_too_large_leave_the_words(desk: Desk) {
        const MB: usize = 1 << 20;
        let visitor = desk.visitor();
        let part = |size: usize| vec![7; size * MB];
        for (sizes, says) in [
            (vec![30], "public-error-files-large"),
            (vec![70], "public-error-files-large"),
            (vec![22, 22, 22], "public-error-files-together"),
        ] {
            let contents: Vec<_> = sizes.iter().map(|size| part(*size)).collect();
            let files: Vec<_> = contents.iter().map(|bytes| ("files", "film.mov", "video/quicktime", bytes.as_slice())).collect();
            for (lang, locale) in [("en", bedside_web::Locale::En), ("es", bedside_web::Locale::Es)] {
                let page = send(&desk, &visitor, &changed("lang", lang), &files).await.expect(422).text();
                assert!(page.contains(&format!("<html lang=\"{lang}\"")), "{sizes:?}: {page}");
                assert!(page.contains(I18n::global().text(locale, says)), "{sizes:?}: {page}");
                assert!(page.contains("bill of my last") && page.contains("Ana Ruiz"), "{sizes:?}: {page}");
            }
        }
        // What stands after a film is read all the same.
        let page = visitor.get("/request?lang=en").await.text();
        desk.clock.advance(20);
        let field = |name: &str, text: &str| {
            format!("--XX\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n").into_bytes()
        };
        let film = b"--XX\r\ncontent-disposition: form-data; name=\"files\"; filename=\"film.mov\"\r\n\r\n".to_vec();
        let mut body = [field("pass", hidden(&page, "pass")), film, part(70), b"\r\n".to_vec()].concat();
        for (name, text) in ANA {
            body.extend(field(name, text));
        }
        body.extend(b"--XX--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=XX")];
        let page = visitor.request(axum::http::Method::POST, "/request", &headers, body.into()).await.expect(422).text();
        assert!(page.contains("larger than 25 MB") && page.contains("bill of my last"), "{page}");
        assert!(tickets(&desk).await.is_empty());
        let fits = [part(24), part(24)];
        let fits: Vec<_> = fits.iter().map(|bytes| ("files", "film.mov", "video/quicktime", bytes.as_slice())).collect();
        send(&desk, &visitor, ANA, &fits).await.expect(303);
    }

    async fn a_browser_that_fills_in_what_nobody_sees_holds_nobody_up(desk: Desk) {
        let visitor = desk.visitor();
        let filled = changed("company", "Example Ltd");
        let page = send(&desk, &visitor, &filled, &[]).await.expect(422).text();
        // Too quick for anybody, and still the same person.
        let quick = [&[("pass", hidden(&page, "pass"))], &filled[..]].concat();
        let page = visitor.post_files("/request", &quick, &[]).await.expect(422).text();
        desk.clock.advance(20);
        let again = [&[("pass", hidden(&page, "pass"))], &filled[..]].concat();
        visitor.post_files("/request", &again, &[]).await.expect(303);
        assert_eq!(tickets(&desk).await.len(), 1);
    }

    async fn words_under_a_typed_address_are_no_patients_yet(desk: Desk) {
        let nurse = desk.ctx(Role::Nurse);
        let known = desk.ticket("ana@example.org", "Hours", "When are you open?").await;
        let contact = tickets::view(&desk.app, &nurse, known).await.unwrap().ticket.contact;
        let patient = patients::NewPatient { name: "Ana Ruiz".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let patient = patients::create_patient(&desk.app, &nurse, patient, Vec::new()).await.unwrap();
        tickets::link_contact(&desk.app, &nurse, contact, Some(patient)).await.unwrap();
        send(&desk, &desk.visitor(), ANA, &[]).await.expect(303);
        let rows = tickets(&desk).await;
        let of = |id| rows.iter().find(|row| (row.ticket.id == known) == id).unwrap();
        assert_eq!((of(true).ticket.patient, of(false).ticket.patient), (Some(patient), None));
        assert_eq!(of(false).ticket.contact, contact);
    }

    async fn when_something_breaks_the_words_are_there_to_copy(desk: Desk) {
        desk.app.db.write::<_, DbError, _>(|tx| async move { tx.execute(NO_TICKETS, args![]).await.map(drop) }.boxed()).await.unwrap();
        let page = send(&desk, &desk.visitor(), &changed("message", "My <wombat> words"), &[]).await.expect(500).text();
        assert!(page.contains("My &#60;wombat&#62; words") && page.contains("readonly"), "{page}");
        assert!(page.contains(I18n::global().text(bedside_web::Locale::En, "public-kept-help")), "{page}");
    }

    async fn words_over_the_limit_come_back_with_what_to_do(desk: Desk) {
        let visitor = desk.visitor();
        let too_long = I18n::global().text(bedside_web::Locale::En, "public-error-message-long");
        // Exactly at the limit of the field; a browser sends two characters for the end of a line.
        let most = format!("é{}\r\nand the last word", "x".repeat(20_000 - 19));
        send(&desk, &visitor, &changed("message", &most), &[]).await.expect(303);
        let rows = tickets(&desk).await;
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), rows[0].ticket.id).await.unwrap();
        assert_eq!(view.messages[0].body, most.replace("\r\n", "\n"));
        let over = format!("{most}.");
        let page = send(&desk, &visitor, &changed("message", &over), &[]).await.expect(422).text();
        assert!(page.contains(too_long) && page.contains("and the last word."));

        // All of this comes in one piece. At most so much of a text is kept, and never half a letter.
        let kept = 2 << 20;
        let typed = |page: &str| {
            let (_, rest) = page.split_once("aria-invalid=\"true\">\n").expect("the field");
            rest.split("</textarea>").next().unwrap().to_owned()
        };
        for (words, comes_back) in [
            ("w".repeat(kept - 4) + "last", kept),
            ("w".repeat(kept - 3) + "last", kept),
            ("w".repeat(kept - 5) + "últimas palabras", kept),
            ("w".repeat(kept - 1) + "última", kept - 1),
            ("w".repeat(10 * kept), kept),
        ] {
            let page = send(&desk, &visitor, &changed("message", &words), &[]).await.expect(422).text();
            assert!(page.contains(too_long) && page.contains("Ana Ruiz") && page.contains("ana@example.org"));
            assert!(typed(&page) == words[..comes_back], "{} bytes came back of {}", typed(&page).len(), words.len());
        }
        // Words, and more of them after a very long gap: nothing is taken in that is not the whole.
        let gap = format!("My bill{}is wrong", " ".repeat(kept));
        let page = send(&desk, &visitor, &changed("message", &gap), &[]).await.expect(422).text();
        assert!(page.contains(too_long) && page.contains("My bill"));
        let page = send(&desk, &visitor, &changed("name", &"Ana ".repeat(kept)), &[]).await.expect(422).text();
        assert!(page.contains("href=\"#name\"") && page.contains("bill of my last"));
        assert_eq!(tickets(&desk).await.len(), 1);
    }

    async fn files_over_the_limits_cost_no_words(desk: Desk) {
        let visitor = desk.visitor();
        let (small, large) = (b"x".as_slice(), vec![b'x'; (25 << 20) + 1]);
        let file = |bytes| ("files", "a.bin", "application/octet-stream", bytes);
        let third = &large[..21 << 20];
        for (files, says) in [
            (vec![file(small); 300], "more than 5 files"),
            (vec![file(large.as_slice())], "larger than 25 MB"),
            (vec![file(third); 3], "larger than 50 MB together"),
        ] {
            let page = send(&desk, &visitor, ANA, &files).await.expect(422).text();
            assert!(page.contains(says) && page.contains("choose your files again"), "{page}");
            assert!(page.contains("bill of my last") && page.contains("Ana Ruiz"), "{page}");
        }
        assert!(tickets(&desk).await.is_empty());
        send(&desk, &visitor, ANA, &[file(&large[1..])]).await.expect(303);
    }

    async fn what_a_machine_fills_in_is_asked_again_kindly(desk: Desk) {
        let visitor = desk.visitor();
        let page = visitor.get("/request").await.text();
        let quick = [&[("pass", hidden(&page, "pass"))], ANA].concat();
        let again = visitor.post_files("/request", &quick, &[]).await.expect(422).text();
        assert!(again.contains("press Send again") && again.contains("bill of my last"), "{again}");

        let trapped = send(&desk, &visitor, &changed("company", "http://spam.example"), &[]).await.expect(422).text();
        assert!(trapped.contains("press Send again") && !trapped.contains("spam.example"), "{trapped}");

        let page = visitor.get("/request").await.text();
        desk.clock.advance(25 * 60 * 60);
        let late = [&[("pass", hidden(&page, "pass"))], ANA].concat();
        let again = visitor.post_files("/request", &late, &[]).await.expect(422).text();
        assert!(again.contains("open for a long time"), "{again}");
        for forged in ["", "AAAA", &"x".repeat(600)] {
            let forged = [&[("pass", forged)], ANA].concat();
            assert_eq!(visitor.post_files("/request", &forged, &[]).await.status, 422);
        }
        assert!(tickets(&desk).await.is_empty());
        // The page that came back works.
        desk.clock.advance(20);
        let renewed = [&[("pass", hidden(&again, "pass"))], ANA].concat();
        assert_eq!(visitor.post_files("/request", &renewed, &[]).await.status, 303);
        assert_eq!(tickets(&desk).await.len(), 1);
    }

    async fn one_address_can_not_be_flooded(desk: Desk) {
        let visitor = desk.visitor();
        let mut refused = 0;
        for round in 0..12 {
            let message = format!("Please call me, round {round}");
            let answer = send(&desk, &visitor, &changed("message", &message), &[]).await;
            if answer.status == 429 {
                refused += 1;
                assert!(answer.text().contains(&message), "the words are kept");
            } else {
                assert_eq!(answer.status, 303);
            }
        }
        assert_eq!((refused, tickets(&desk).await.len()), (6, 6));
        assert_eq!(send(&desk, &visitor, &changed("email", "bo@example.org"), &[]).await.status, 303);
        desk.clock.advance(3600);
        assert_eq!(send(&desk, &visitor, ANA, &[]).await.status, 303);
    }

    async fn nobody_in_danger_is_told_to_come_back_later(desk: Desk) {
        let visitor = desk.visitor();
        for round in 0..7 {
            let message = format!("Please call me, round {round}");
            send(&desk, &visitor, &changed("message", &message), &[]).await;
        }
        let refused = send(&desk, &visitor, ANA, &[]).await.expect(429).text();
        assert!(refused.contains("tel:911") && refused.contains("tel:988"), "{refused}");
        for words in ["I have crushing chest pain right now and can't breathe", "Me quiero matar, no aguanto más"] {
            let taken = send(&desk, &visitor, &changed("message", words), &[]).await.expect(303);
            let thanks = visitor.get(taken.header("location").unwrap()).await.expect(200).text();
            assert!(thanks.contains("tel:911"), "{thanks}");
        }
        let crises = tickets(&desk).await.into_iter().filter(|row| row.ticket.rank() == 0).count();
        assert_eq!((crises, tickets(&desk).await.len()), (2, 8));
        send(&desk, &visitor, ANA, &[]).await.expect(429);
    }

    async fn a_cry_is_heard_whatever_is_wrong_with_its_form(desk: Desk) {
        const CRY: &str = "I am going to kill myself tonight.";
        let visitor = desk.visitor();
        let crises = async || tickets(&desk).await.into_iter().filter(|row| row.ticket.rank() == 0).count();
        let heard = async |answer: Answer, lost: bool, count: usize| {
            let to = answer.expect(303).header("location").unwrap().to_owned();
            let thanks = visitor.get(&to).await.expect(200).text();
            assert!(thanks.contains("Please read this now") && thanks.contains("tel:988"), "{thanks}");
            assert_eq!(thanks.contains("tell us how to reach you"), lost, "{thanks}");
            assert_eq!(crises().await, count);
        };
        let wrong = [("email", ""), ("email", "ana at home"), ("name", ""), ("category", "no-such"), ("company", "Example Ltd")];
        for (count, (name, bad)) in wrong.into_iter().enumerate() {
            let message = format!("{CRY} {count}");
            let mut fields = changed(name, bad);
            fields.retain(|(field, _)| *field != "message");
            fields.push(("message", &message));
            heard(send(&desk, &visitor, &fields, &[]).await, name == "email", count + 1).await;
        }
        let newest = &tickets(&desk).await;
        let typed = tickets::view(&desk.app, &desk.ctx(Role::Nurse), newest.iter().find(|row| row.ticket.number == 1002).unwrap().ticket.id).await.unwrap();
        assert!(typed.messages[0].body.contains("ana at home"), "a person can make the address out");
        assert_eq!(typed.contact.name.as_deref(), Some("Ana Ruiz"));
        // Too long, the danger at its very end; and files that can't be kept.
        let long = format!("{}{CRY}", "x ".repeat(11_000));
        heard(send(&desk, &visitor, &changed("message", &long), &[]).await, false, 6).await;
        let file = ("files", "a.pdf", "application/pdf", b"%PDF-1.4 x".as_slice());
        let message = format!("{CRY} With files.");
        heard(send(&desk, &visitor, &changed("message", &message), &[file; 9]).await, false, 7).await;
        // A page that is no good any more; pressed twice it is one request.
        for _ in 0..2 {
            heard(visitor.post_files("/request", &changed("message", CRY), &[]).await, false, 8).await;
        }
        desk.audit_is_whole().await;
    }

    async fn cries_without_a_form_can_not_drown_others(desk: Desk) {
        let (mut visitor, mut other) = (desk.visitor(), desk.visitor());
        visitor.from = Some([203, 0, 113, 5].into());
        other.from = Some([198, 51, 100, 7].into());
        let words = |round: u32| format!("I am going to kill myself tonight. {round}");
        let bare = async |browser: &Browser, round: u32| {
            let words = words(round);
            browser.post_files("/request?lang=en", &changed("message", &words), &[]).await
        };
        for round in 0..CRIES_PER_NETWORK {
            bare(&visitor, round).await.expect(303);
        }
        let most = usize::try_from(CRIES_PER_NETWORK).unwrap();
        let again = bare(&visitor, 50).await.expect(429).text();
        assert!(again.contains(&words(50)) && again.contains("tel:988") && again.contains("press Send again"), "{again}");
        // Nor behind links that lead nowhere: whom to call is said, and the words are kept.
        let lost = words(51);
        let behind = visitor.post_files("/t/unknown/reply", &[("message", lost.as_str())], &[]).await;
        let rating = visitor.post("/r/unknown", &[("score", "1"), ("comment", lost.as_str())]).await;
        for (way, lost) in [("a thread", behind), ("a rating", rating)] {
            assert!(lost.status >= 400, "{way}: {}", lost.status);
            assert!(lost.text().contains("tel:988"), "{way}");
        }
        // What is here already is found, and others are heard as ever.
        bare(&visitor, 0).await.expect(303);
        assert_eq!(tickets(&desk).await.len(), most);
        bare(&other, 50).await.expect(303);
        // Our own forms are counted by nobody, however fast or old they are. The one that came back is taken, and an hour later any.
        let page = visitor.get("/request?lang=en").await.expect(200).text();
        let at_once = words(60);
        let own = [&[("pass", hidden(&page, "pass"))], changed("message", &at_once).as_slice()].concat();
        visitor.post_files("/request", &own, &[]).await.expect(303);
        desk.clock.advance(3);
        let message = words(50);
        let fresh = [&[("pass", hidden(&again, "pass"))], changed("message", &message).as_slice()].concat();
        visitor.post_files("/request", &fresh, &[]).await.expect(303);
        desk.clock.advance(3600);
        bare(&visitor, 52).await.expect(303);
        assert_eq!(tickets(&desk).await.len(), most + 4);
        desk.clock.advance(25 * 3600);
        for round in 100..100 + CRIES_PER_NETWORK {
            bare(&visitor, round).await;
        }
        bare(&visitor, 200).await.expect(429);
        let old = [&[("pass", hidden(&page, "pass"))], changed("message", "I want to die, I took all my pills").as_slice()].concat();
        visitor.post_files("/request", &old, &[]).await.expect(303);
    }

    async fn a_cry_in_the_wrong_field_is_heard(desk: Desk) {
        let visitor = desk.visitor();
        let cry = "I want to die, I took all my pills";
        for (count, typed) in [cry.to_owned(), format!("{cry} please call me @ home"), format!("{}{cry}", "my address is ".repeat(20))].iter().enumerate() {
            let sent = send(&desk, &visitor, &changed("email", typed), &[]).await.expect(303);
            let thanks = visitor.get(sent.header("location").unwrap()).await.expect(200).text();
            assert!(thanks.contains("tel:988") && thanks.contains("Please read this now"), "{thanks}");
            let rows = tickets(&desk).await;
            assert_eq!(rows.len(), count + 1);
            assert!(rows.iter().all(|row| row.ticket.rank() == 0), "what was typed is looked through whole");
            assert!(newest(&desk).await.contains(typed.as_str()), "and stands there whole");
        }
        // In the name too, also of somebody whose name is known.
        for typed in [format!("{}{cry}", "my address is ".repeat(20)), cry.to_owned()] {
            send(&desk, &visitor, ANA, &[]).await.expect(303);
            send(&desk, &visitor, &changed("name", &typed), &[]).await.expect(303);
            assert!(newest(&desk).await.contains(&typed), "{typed}");
        }
    }

    async fn a_cry_to_a_clinic_that_is_not_here_is_heard(desk: Desk) {
        let visitor = desk.visitor();
        let cry = "I want to die, I took all my pills";
        for (count, fields) in [changed("message", cry), changed("name", "I want to die, I took my pills"), changed("email", "I want to die, I took all of my pills")].iter().enumerate() {
            for _ in 0..2 {
                let page = visitor.post_files("/c/none/request", fields, &[]).await.expect(200).text();
                assert!(page.contains("tel:988") && page.contains("We told our team"), "{page}");
                assert_eq!(tickets(&desk).await.len(), count + 1);
            }
        }
        // Of several clinics nobody can say which is meant: the page says whom to call, and keeps the words.
        let clinic = bedside_desk::config::clinic::parse(&bedside_desk::startup::built_in_clinic()).unwrap();
        let new = bedside_desk::config::organisation::new_organisation(&clinic, "elsewhere", &desk.app.ids, desk.app.now());
        bedside_desk::orgs::create(&desk.app, new).await.unwrap();
        let which = visitor.post_files("/request", &changed("message", cry), &[]).await.expect(422).text();
        assert!(which.contains(cry) && which.contains("tel:988") && which.contains("readonly"), "{which}");
        assert_eq!(tickets(&desk).await.len(), 3);
    }

    async fn an_emergency_is_answered_with_numbers_to_call(desk: Desk) {
        let visitor = desk.visitor();
        let words = "I have crushing chest pain right now and can't breathe";
        let sent = send(&desk, &visitor, &changed("message", words), &[]).await.expect(303);
        let thanks = visitor.get(sent.header("location").unwrap()).await.expect(200).text();
        assert!(thanks.contains("Please read this now") && thanks.contains("tel:911") && thanks.contains("tel:988"), "{thanks}");
        assert!(!thanks.contains("You will hear from us"), "no promise of an hour");
        assert_eq!(tickets(&desk).await[0].ticket.urgency, tickets::Urgency::Emergency);
    }

    async fn the_page_that_thanks_is_for_who_has_sent_it(desk: Desk) {
        let visitor = desk.visitor();
        let sent = send(&desk, &visitor, ANA, &[]).await.expect(303);
        let address = sent.header("location").unwrap().to_owned();
        for forged in ["/request/thanks", "/request/thanks?r=AAAA", &address.replace("r=", "r=x")] {
            assert_eq!(visitor.get(forged).await.status, 404, "{forged}");
        }
        desk.clock.advance(2 * 60 * 60);
        assert_eq!(visitor.get(&address).await.status, 410);
    }

    async fn nothing_typed_becomes_markup(desk: Desk) {
        let visitor = desk.visitor();
        let attack = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'{{1234*1111}}</textarea>";
        for field in ["category", "name", "email", "message", "lang"] {
            let mut fields = changed(field, attack);
            fields.retain(|(name, _)| field == "email" || *name != "email");
            let page = send(&desk, &visitor, &fields, &[]).await.text();
            for bad in ["<script>alert", "<img src=x", "</textarea>'", "1370974"] {
                assert!(!page.contains(bad), "{field}: {bad}");
            }
        }
    }

    async fn the_visitors_language_is_spoken(desk: Desk) {
        let visitor = desk.visitor();
        let get = |path: &'static str, headers: &'static [(&'static str, &'static str)]| {
            visitor.request(axum::http::Method::GET, path, headers, axum::body::Body::empty())
        };
        let spanish = get("/request", &[("accept-language", "es-MX,es;q=0.9")]).await.text();
        assert!(spanish.contains("<html lang=\"es\"") && spanish.contains("Escríbanos"));
        let english = get("/request?lang=en", &[("accept-language", "es-MX")]).await.text();
        assert!(english.contains("<html lang=\"en\"") && english.contains("Write to us"));
        let unknown = get("/request", &[("accept-language", "fr")]).await.text();
        assert!(unknown.contains("<html lang=\"en\""));
    }

    async fn a_clinic_is_found_by_its_short_name(desk: Desk) {
        let visitor = desk.visitor();
        assert_eq!(visitor.get("/c/clinic/request").await.status, 200);
        let missing = visitor.get("/c/none/request").await.expect(404);
        assert!(missing.header("content-type").unwrap().starts_with("text/html"));
        assert!(missing.text().contains("tel:911"), "even a wrong address says whom to call");
    }

    async fn a_form_for_a_clinic_that_is_not_here_gives_the_words_back(desk: Desk) {
        let visitor = desk.visitor();
        let phone = desk.app.directory.of(desk.organisation).unwrap().settings.phone.clone();
        assert!(!phone.is_empty());
        let fields = changed("message", "When are you <wombat> open on Mondays?");
        let file: &[(&str, &str, &str, &[u8])] = &[("files", "bill.pdf", "application/pdf", b"%PDF-1.4 x")];
        let words = "When are you &#60;wombat&#62; open on Mondays?";
        let gone = visitor.post_files("/c/none/request", &fields, file).await.expect(404).text();
        assert!(gone.contains(words) && gone.contains("readonly") && gone.contains("Your message was not sent"), "{gone}");
        assert!(gone.contains(&phone) && gone.contains("tel:911"), "whom to call: {gone}");
        let looked = visitor.get("/c/none/request").await.expect(404).text();
        assert!(!looked.contains("Your message was not sent"), "nobody wrote anything yet: {looked}");
        let spanish: Vec<_> = fields.iter().map(|(key, value)| (*key, if *key == "lang" { "es" } else { *value })).collect();
        let gone = visitor.post_files("/c/none/request", &spanish, &[]).await.expect(404).text();
        assert!(gone.contains(words) && gone.contains("No se envió su mensaje"), "{gone}");
        // Files alone were not sent either, and of what can't be read nothing is said that isn't so.
        let files_alone = [("lang", "en"), ("message", "")];
        let gone = visitor.post_files("/c/none/request", &files_alone, file).await.expect(404).text();
        for needed in ["Your message was not sent", "choose your files again"] {
            assert!(gone.contains(needed), "{needed}: {gone}");
        }
        let broken = async |path: &str| {
            let header = [("content-type", "multipart/form-data; boundary=x")];
            visitor.request(axum::http::Method::POST, path, &header, axum::body::Body::from("no form")).await
        };
        assert!(broken("/c/none/request").await.expect(400).text().contains("tel:911"));

        // A second clinic came while somebody wrote to the only one.
        let clinic = bedside_desk::config::clinic::parse(&bedside_desk::startup::built_in_clinic()).unwrap();
        let mut new = bedside_desk::config::organisation::new_organisation(&clinic, "elsewhere", &desk.app.ids, desk.app.now());
        "(212) 555-0188".clone_into(&mut new.settings.phone);
        bedside_desk::orgs::create(&desk.app, new).await.unwrap();
        let which = visitor.post_files("/request", &fields, file).await.expect(422).text();
        for needed in [words, "readonly", "/c/clinic/request", "/c/elsewhere/request", &phone, "(212) 555-0188", "tel:911"] {
            assert!(which.contains(needed), "{needed}: {which}");
        }
        let which = visitor.post_files("/request", &files_alone, file).await.expect(422).text();
        for needed in ["Your message was not sent", "choose your files again", "tel:911"] {
            assert!(which.contains(needed), "{needed}: {which}");
        }
        broken("/request").await.expect(400);
        let looked = visitor.get("/request").await.expect(200).text();
        assert!(!looked.contains("readonly") && !looked.contains("was not sent"), "{looked}");
        assert_eq!(tickets(&desk).await.len(), 0);
    }
}
