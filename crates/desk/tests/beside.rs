//! Danger in what comes beside the words: files, forwarded mails, names, and text that is cut before it is kept.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::intake::email;
use bedside_desk::tickets::{self, TicketView, View};
use bedside_desk::timeline::MAX_BODY;
use common::{Desk, Role, both_engines, hidden, multipart};
use serde_json::json;
use std::fmt::Write as _;

const CRY: &str = "I took all of my sleeping pills an hour ago. I want to die.";
const CALM: &str = "Please find the form for my insurance attached.";

/// A mail with parts: (header of the part, its content).
fn mail(from: &str, body: &str, parts: &[(&str, &str)]) -> String {
    let id = parts.len() + body.len() + from.len();
    let mut raw = format!(
        "From: {from}\r\nTo: help@clinic.example\r\nSubject: My form\r\nMessage-ID: <m{id}@patient.example>\r\n\
         Date: Mon, 2 Mar 2026 15:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"outer\"\r\n\r\n\
         --outer\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    );
    for (header, content) in parts {
        let _ = write!(raw, "--outer\r\n{header}\r\n\r\n{content}\r\n");
    }
    raw + "--outer--\r\n"
}

fn file(kind: &str, name: &str) -> String {
    format!("Content-Type: {kind}\r\nContent-Disposition: attachment; filename=\"{name}\"")
}

/// A mail that is a file of another one.
fn forwarded(body: &str) -> String {
    format!(
        "From: Luis <luis@elsewhere.example>\r\nSubject: Look at this\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain\r\n\r\n{body}\r\n"
    )
}

/// What became of a mail.
async fn taken(desk: &Desk, raw: &str) -> TicketView {
    let source = email::Source::new(email::Via::Receiver);
    email::receive(&desk.app, desk.organisation, None, source, raw.as_bytes())
        .await
        .unwrap();
    email::processor::drain(&desk.app).await.unwrap();
    newest(desk).await
}

async fn newest(desk: &Desk) -> TicketView {
    let rows = tickets::list(&desk.app, &desk.system(), &View::Active, None, 100)
        .await
        .unwrap()
        .rows;
    let newest = rows.iter().max_by_key(|row| row.ticket.number).unwrap();
    tickets::view(&desk.app, &desk.system(), newest.ticket.id)
        .await
        .unwrap()
}

#[track_caller]
fn rings(view: &TicketView, what: &str) {
    assert_eq!(
        (view.ticket.rank(), view.ticket.safety.as_str()),
        (0, "emergency"),
        "{what}"
    );
}

both_engines! {
    async fn a_cry_behind_what_is_kept_of_a_subject_is_heard(desk: Desk) {
        let subject = format!("{}{CRY}", "About the bill of my last visit. ".repeat(9));
        desk.ticket("rosa@patients.test", &subject, "Please call me.").await;
        let view = newest(&desk).await;
        rings(&view, "a long subject");
        assert!(!view.subject.contains("pills"), "what is kept is short: {}", view.subject);
    }

    async fn danger_only_in_a_file_or_a_forwarded_mail_rings(desk: Desk) {
        let rosa = "Rosa Alvarez <rosa@patient.example>";
        let plain = taken(&desk, &mail(rosa, CALM, &[(&file("text/plain", "form.txt"), "Member number 12345.")])).await;
        assert_eq!(plain.ticket.safety, "none");
        let category = plain.ticket.category.clone();

        let noted = taken(&desk, &mail("Ana <ana@patient.example>", CALM, &[(&file("text/plain", "note.txt"), CRY)])).await;
        rings(&noted, "a text file");
        assert_eq!(noted.ticket.category, category, "the words alone say what it is about");
        let found = noted.messages[0].found.as_ref().unwrap();
        assert!(found.reasons.iter().all(|one| one.beside && one.places.is_empty()), "{found:?}");
        let agent = desk.browser(Role::Agent).await;
        let page = agent.get(&format!("/tickets/{}", noted.ticket.number)).await.expect(200).text();
        assert!(page.contains("(in a file or a name)") && !page.contains("sleeping pills"), "{page}");

        for (who, kind) in [("luis", "message/rfc822"), ("leo", "application/octet-stream")] {
            let from = format!("{who}@patient.example");
            let view = taken(&desk, &mail(&from, CALM, &[(&file(kind, "fwd.eml"), &forwarded(CRY))])).await;
            rings(&view, kind);
        }
        let deep = mail("x@elsewhere.example", CALM, &[(&file("text/plain", "in.txt"), CRY)]).replace("outer", "inner");
        rings(&taken(&desk, &mail("eva@patient.example", CALM, &[(&file("message/rfc822", "fwd.eml"), &deep)])).await, "a file of a forwarded mail");
        let quiet = taken(&desk, &mail("kim@patient.example", CALM, &[(&file("message/rfc822", "fwd.eml"), &forwarded("See you on Friday."))])).await;
        assert_eq!(quiet.ticket.safety, "none");
    }

    async fn danger_only_in_a_name_rings_and_names_of_people_and_files_do_not(desk: Desk) {
        rings(&taken(&desk, &mail("\"I want to die\" <one@patient.example>", CALM, &[])).await, "the sender's name");
        let named = mail("two@patient.example", CALM, &[(&file("application/pdf", "i_want_to_kill_myself.pdf"), "%PDF-1.4 x")]);
        rings(&taken(&desk, &named).await, "a file's name");
        rings(&taken(&desk, &mail("Quiero morirme <three@patient.example>", CALM, &[])).await, "a name in Spanish");
        for (at, (from, name)) in [
            ("Dolores Payne", "suicide_prevention_policy.pdf"),
            ("Mort Slaughter", "chest-x-ray-2026.pdf"),
            ("Dr. Will Killham", "911_invoice.pdf"),
            ("Rosa Alvarez", "IMG_20261127_0911.jpg"),
            ("Suicide Prevention Lifeline", "referral.letter.v2.docx"),
            ("i.want.to.die@elsewhere.example", "...."),
            ("Ana Lopez", "Seizure action plan.pdf"),
            ("Luis Ortega", "chest_pain_referral.pdf"),
            ("Eva Brandt", "Columbia-suicide-severity-rating-scale.pdf"),
        ].into_iter().enumerate() {
            let from = format!("\"{from}\" <quiet{at}@patient.example>");
            let view = taken(&desk, &mail(&from, CALM, &[(&file("application/pdf", name), "%PDF-1.4 x")])).await;
            assert_eq!(view.ticket.safety, "none", "{from} {name}");
        }
    }

    async fn danger_after_a_mebibyte_of_text_rings(desk: Desk) {
        let lines = (0..MAX_BODY / 40).map(|at| format!("{at:05}  03/02/2026  copy of the invoice, page {at}\r\n"));
        let long: String = lines.collect();
        assert!(long.len() > MAX_BODY);
        let view = taken(&desk, &mail("rosa@patient.example", &format!("{long}{CRY}"), &[])).await;
        rings(&view, "the end of a long mail");
        assert!(view.messages[0].body.len() <= MAX_BODY && !view.messages[0].body.contains("pills"));
        // A text of this length is never sure to be anything: what tells is whose words spoke.
        let cries = |view: &TicketView| {
            let found = view.messages[0].found.as_ref();
            found.is_some_and(|found| found.reasons.iter().any(|one| one.rule.starts_with("en.self_harm")))
        };
        let quiet = taken(&desk, &mail("luis@patient.example", &long, &[])).await;
        assert_eq!((cries(&view), cries(&quiet)), (true, false));
    }

    async fn forms_and_pages_of_patients_are_read_with_their_files_and_names(desk: Desk) {
        let visitor = desk.visitor();
        let send = async |name: &str, email: &str, files: &[multipart::File<'_>]| {
            let page = visitor.get("/request?lang=en").await.expect(200).text();
            desk.clock.advance(20);
            let fields = [("pass", hidden(&page, "pass")), ("lang", "en"), ("category", ""), ("name", name), ("email", email), ("message", CALM), ("company", "")];
            visitor.post_files("/request", &fields, files).await
        };
        let none: &[multipart::File<'_>] = &[];
        send("Rosa", "rosa@patient.example", none).await.expect(303);
        assert_eq!(newest(&desk).await.ticket.safety, "none");
        send("I want to die", "ana@patient.example", none).await.expect(303);
        rings(&newest(&desk).await, "the form's name");
        // Whatever else is wrong with that form.
        let answer = send("I want to kill myself", "", none).await.expect(303);
        let thanks = visitor.get(answer.header("location").unwrap()).await.expect(200).text();
        assert!(thanks.contains("tel:988") && thanks.contains("class=\"crisis\""), "{thanks}");
        send("Luis", "luis@patient.example", &[("files", "note.txt", "text/plain", CRY.as_bytes())]).await.expect(303);
        rings(&newest(&desk).await, "the form's file");

        // What another system uploads is read as well.
        let client = desk.client("tickets:read tickets:write").await;
        let (kind, body) = multipart::form(&[], &[("file", "note.txt", "text/plain", CRY.as_bytes())]);
        let up = client.request(Method::POST, "/api/v1/attachments", &[("content-type", &kind)], Body::from(body)).await.expect(201).json();
        let new = json!({ "requester": { "email": "kim@patient.example" }, "body": CALM, "attachments": [up["id"]] });
        client.post("/api/v1/tickets", &new).await.expect(201);
        rings(&newest(&desk).await, "an uploaded file");
        let new = json!({ "requester": { "email": "eva@patient.example", "name": "Quiero morirme" }, "body": CALM });
        client.post("/api/v1/tickets", &new).await.expect(201);
        rings(&newest(&desk).await, "a name over the API");
    }

    async fn files_beside_a_form_that_is_wrong_are_heard_as_its_words_are(desk: Desk) {
        let visitor = desk.visitor();
        let form = async |pass: &str, email: &str, files: &[multipart::File<'_>]| {
            let fields = [("pass", pass), ("lang", "en"), ("category", ""), ("name", "Rosa"), ("email", email), ("message", CALM), ("company", "")];
            visitor.post_files("/request", &fields, files).await
        };
        let send = async |email: &str, files: &[multipart::File<'_>]| {
            let page = visitor.get("/request?lang=en").await.expect(200).text();
            desk.clock.advance(20);
            form(hidden(&page, "pass"), email, files).await
        };
        let calm = ("files", "form.txt", "text/plain", b"Member number 12345.".as_slice());
        let cry = ("files", "note.txt", "text/plain", CRY.as_bytes());
        let named = ("files", "i_want_to_kill_myself.jpg", "image/jpeg", b"\xff\xd8\xff".as_slice());
        send("nobody", &[calm]).await.expect(422);
        let answer = send("nobody", &[calm, cry]).await.expect(303);
        let thanks = visitor.get(answer.header("location").unwrap()).await.expect(200).text();
        assert!(thanks.contains("tel:988") && thanks.contains("class=\"crisis\""), "{thanks}");
        let view = newest(&desk).await;
        rings(&view, "what a file says");
        assert_eq!(view.messages[0].attachments.len(), 2);

        // Too many of them: the name of one that is not kept stands with the words.
        send("rosa@patient.example", &[calm; 6]).await.expect(422);
        send("rosa@patient.example", &[calm, calm, calm, calm, calm, named]).await.expect(303);
        let view = newest(&desk).await;
        rings(&view, "the name of a file that was left out");
        assert!(view.messages[0].body.starts_with(CALM) && view.messages[0].body.contains("i want to kill myself."), "{}", view.messages[0].body);
        assert_eq!(view.messages[0].attachments.len(), 5);
        // A page that is no good any more reads no files, and hears their names.
        form("AAAA", "rosa@patient.example", &[cry]).await.expect(422);
        form("AAAA", "rosa@patient.example", &[named]).await.expect(303);
        rings(&newest(&desk).await, "a name beside a form of no page");
        let lost = visitor.post_files("/t/unknown/reply", &[("message", CALM)], &[named]).await.expect(200).text();
        assert!(lost.contains("tel:988"), "{lost}");
        rings(&newest(&desk).await, "a name behind a link that leads nowhere");
    }

    async fn what_files_say_that_are_too_many_for_a_day_stands_with_the_words(desk: Desk) {
        let visitor = desk.visitor();
        let send = async |at: usize, files: &[multipart::File<'_>]| {
            let page = visitor.get("/request?lang=en").await.expect(200).text();
            desk.clock.advance(20 * 60);
            let words = format!("{CALM} {at}");
            let fields = [("pass", hidden(&page, "pass")), ("lang", "en"), ("category", ""), ("name", "Rosa"), ("email", "rosa@patient.example"), ("message", &words), ("company", "")];
            visitor.post_files("/request", &fields, files).await
        };
        let calm = ("files", "form.txt", "text/plain", b"Member number 12345.".as_slice());
        for at in 0..10 {
            send(at, &[calm; 5]).await.expect(303);
        }
        send(10, &[calm]).await.expect(429);
        send(11, &[("files", "note.txt", "text/plain", CRY.as_bytes())]).await.expect(303);
        let view = newest(&desk).await;
        rings(&view, "a file that was one too many");
        let said = &view.messages[0];
        assert!(said.body.contains(CRY) && said.attachments.is_empty(), "{}", said.body);
    }

    async fn a_form_whose_files_come_first_is_heard(desk: Desk) {
        let visitor = desk.visitor();
        let page = visitor.get("/request?lang=en").await.expect(200).text();
        desk.clock.advance(20);
        // Some programs send the fields in another order than the page.
        let file = ("files", "a.pdf", "application/pdf", b"%PDF-1.4 x".as_slice());
        let (kind, first) = multipart::form(&[("pass", hidden(&page, "pass"))], &[file]);
        let (_, then) = multipart::form(&[("lang", "en"), ("name", "Rosa"), ("email", "nobody"), ("message", CRY)], &[]);
        let end = first.windows(4).rposition(|four| four == b"--\r\n").unwrap();
        let start = first[..end].windows(2).rposition(|two| two == b"\r\n").unwrap() + 2;
        let body = [&first[..start], &then].concat();
        visitor.request(Method::POST, "/request", &[("content-type", &kind)], Body::from(body)).await.expect(303);
        rings(&newest(&desk).await, "words behind a file");
    }

    async fn a_file_behind_a_link_is_read(desk: Desk) {
        let id = desk.ticket("rosa@patient.example", "My form", CALM).await;
        let contact = tickets::view(&desk.app, &desk.system(), id).await.unwrap().ticket.contact;
        let link = desk.app.command(&desk.system(), move |work| {
            Box::pin(bedside_desk::links::make(work, bedside_desk::links::Purpose::Thread, id, contact))
        }).await.unwrap();
        let browser = desk.visitor();
        let page = format!("/t/{link}");
        browser.submit(&page, &format!("{page}/open"), &[]).await.expect(303);
        let shown = browser.get(&page).await.expect(200).text();
        let fields = [("csrf_token", hidden(&shown, "csrf_token")), ("once", hidden(&shown, "once")), ("lang", "en"), ("message", "One more file.")];
        let files: &[multipart::File<'_>] = &[("files", "note.txt", "text/plain", CRY.as_bytes())];
        browser.post_files(&format!("{page}/reply"), &fields, files).await.expect(303);
        let view = tickets::view(&desk.app, &desk.system(), id).await.unwrap();
        rings(&view, "a file behind a link");
    }
}
