//! Words that come when whoever wrote them is in no more, or may not write where they meant to.

use super::*;
use bedside_desk::public::caps::CRIES_PER_PERSON;
use bedside_desk::tickets::{self, View, model::TicketRow};
use common::{Role, both_engines, multipart};

const MIA: &str = "mia@quetzal.test";
const CRY: &str = "I took all my pills, I want to die";
const CALM: &str = "Where do I park?";
const FORMS: [&str; 3] = ["/my/requests/new", "/my/privacy", "/my/requests/"];

async fn active(desk: &Desk) -> Vec<TicketRow> {
    let nurse = desk.ctx(Role::Nurse);
    let mut rows = tickets::list(&desk.app, &nurse, &View::Active, None, 100)
        .await
        .unwrap()
        .rows;
    rows.sort_by_key(|row| row.ticket.number);
    rows
}

/// Sends words by one of the forms, as a page does that stood open.
async fn sent(browser: &Browser, form: &str, words: &str) -> Answer {
    if form == "/my/privacy" {
        return browser
            .post(form, &[("kind", "access"), ("words", words)])
            .await;
    }
    browser.post_files(form, &[("message", words)], &[]).await
}

#[track_caller]
fn kept(page: &str, words: &str) {
    for needed in [words, "readonly", "tel:911", "tel:988", "nothing was sent"] {
        let page = page.replace("Nothing was sent", "nothing was sent");
        assert!(page.contains(needed), "{needed}: {page}");
    }
}

#[track_caller]
fn heard(page: &str) {
    assert!(
        page.contains("tel:988") && page.contains("We told our team"),
        "{page}"
    );
}

async fn messages(desk: &Desk, ticket: TicketId) -> usize {
    let view = tickets::view(&desk.app, &desk.system(), ticket).await;
    view.unwrap().messages.len()
}

both_engines! {
    async fn whoever_took_longer_than_their_session_is_heard(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let mia = contact_of(&desk, MIA).await;
        for (count, form) in FORMS.iter().enumerate() {
            let browser = signed_in(&desk, &sink, MIA).await;
            let form = if form.ends_with('/') {
                format!("{form}{}/reply", desk.app.id::<()>())
            } else {
                (*form).to_owned()
            };
            desk.clock.advance(3600);
            // What was written until then is theirs; pressed twice it is one request, though the session is forgotten by then.
            for _ in 0..2 {
                let page = sent(&browser, &form, &format!("{CRY} {count}")).await.expect(200).text();
                heard(&page);
                assert!(!page.contains("my-nav"), "nobody is in: {page}");
            }
            let rows = active(&desk).await;
            assert_eq!(rows.len(), count + 1, "{form}");
            let ticket = &rows[count].ticket;
            assert_eq!((ticket.contact, ticket.patient, ticket.rank()), (mia, None, 0), "{form}");
            // Other words come back, and are nowhere else.
            let page = sent(&browser, &form, CALM).await.expect(401).text();
            kept(&page, CALM);
            assert!(page.contains("/my/sign-in") && !page.contains("Quetzal"), "{page}");
        }
        let browser = signed_in(&desk, &sink, MIA).await;
        desk.clock.advance(3600);
        kept(&sent(&browser, FORMS[0], CALM).await.expect(401).text(), CALM);
        let spanish = [("accept-language", "es")];
        let (kind, body) = multipart::form(&[("message", CALM)], &[]);
        let headers = [spanish[0], ("content-type", kind.as_str())];
        let page = browser.request(Method::POST, FORMS[0], &headers, Body::from(body)).await.expect(401).text();
        assert!(page.contains("Su sesión se cerró") && page.contains(CALM), "{page}");
        assert_eq!(active(&desk).await.len(), FORMS.len());
        // Where nothing was written there is nothing to keep.
        browser.post("/my/privacy", &[("kind", "access")]).await.expect(401);
        desk.audit_is_whole().await;
    }

    async fn a_page_that_asks_whether_they_are_in_still_forgets_nobody(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        desk.clock.advance(3600);
        for _ in 0..2 {
            browser.request(Method::HEAD, "/my", &[], Body::empty()).await.expect(401);
        }
        heard(&sent(&browser, FORMS[0], CRY).await.expect(200).text());
        let (rows, mia) = (active(&desk).await, contact_of(&desk, MIA).await);
        assert_eq!((rows.len(), rows[0].ticket.contact, rows[0].ticket.rank()), (1, mia, 0));
        // Whoever asks for a page is told that they are out, and then nobody is known.
        browser.get("/my").await;
        heard(&sent(&browser, FORMS[0], "I am going to kill myself tonight").await.expect(200).text());
        assert_ne!(active(&desk).await[1].ticket.contact, mia);
    }

    async fn the_cries_of_one_person_are_all_taken_in_and_open_only_so_many_requests(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let reply = format!("/my/requests/{}/reply", desk.app.id::<()>());
        let most = usize::try_from(CRIES_PER_PERSON).unwrap();
        for count in 0..most + 2 {
            // Pressed twice it counts once.
            for _ in 0..2 {
                heard(&sent(&browser, &reply, &format!("{CRY} {count}")).await.expect(200).text());
            }
        }
        let rows = active(&desk).await;
        assert_eq!(rows.len(), most);
        let mut there = 0;
        for row in &rows {
            there += messages(&desk, row.ticket.id).await;
        }
        assert_eq!(there, most + 2, "nothing is lost");
        desk.clock.advance(3600);
        heard(&sent(&signed_in(&desk, &sink, MIA).await, &reply, "I am going to kill myself tonight").await.expect(200).text());
        assert_eq!(active(&desk).await.len(), most + 1);
        desk.audit_is_whole().await;
    }

    async fn whoever_was_never_in_is_heard_as_nobody(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        heard(&sent(&desk.visitor(), FORMS[0], CRY).await.expect(200).text());
        // Nor is a form of another site theirs, in whose browser it is sent.
        let browser = signed_in(&desk, &sink, MIA).await;
        desk.clock.advance(3600);
        let (kind, body) = multipart::form(&[("message", "I took all my pills. I want to die now")], &[]);
        let cookie = browser.cookie();
        let headers = [("content-type", kind.as_str()), ("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
        let forged = desk.stranger().request(Method::POST, FORMS[0], &headers, Body::from(body)).await;
        heard(&forged.expect(200).text());
        let (rows, mia) = (active(&desk).await, contact_of(&desk, MIA).await);
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.ticket.contact != mia && row.ticket.rank() == 0));
    }

    async fn whoever_may_write_for_somebody_no_more_is_heard_as_themselves(desk: Desk) {
        let sink = sink(&desk).await;
        let mum = "mum@family.test";
        patient(&desk, "Ines Mother", mum, 40).await;
        let ines = contact_of(&desk, mum).await;
        for (count, form) in FORMS[..2].iter().enumerate() {
            let leo = alone(&desk, "Leo Child").await;
            acts(&desk, ines, leo, Group::ALL, None).await;
            let browser = signed_in(&desk, &sink, mum).await;
            let leo = leo.to_string();
            sends(&browser, "/my", "/my/acting", &[("patient", leo.as_str())]).await.expect(303);
            acts_no_more(&desk, ines).await;
            heard(&sent(&browser, form, &format!("{CRY} {count}")).await.expect(200).text());
            let rows = active(&desk).await;
            assert_eq!(rows.len(), count + 1);
            let ticket = &rows[count].ticket;
            assert_eq!((ticket.contact, ticket.patient, ticket.rank()), (ines, None, 0), "neither the child's nor hers");
        }
    }

    async fn words_for_a_request_that_is_not_open_come_back_or_are_heard(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 2).await;
        let own = desk.ticket(MIA, "Results", "May I have my blood results?").await;
        let theirs = desk.ticket("bo@else.test", "Hours", "When are you open?").await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let shut = browser.get(&format!("/my/requests/{own}")).await.expect(403).text();
        assert!(shut.contains("Your email is still new to us") && shut.contains("tel:988"), "{shut}");
        for (count, (ticket, status)) in [(own, 403), (theirs, 404)].into_iter().enumerate() {
            let reply = format!("/my/requests/{ticket}/reply");
            let page = sent(&browser, &reply, CALM).await.expect(status).text();
            for needed in [CALM, "readonly", "tel:988"] {
                assert!(page.contains(needed), "{needed}: {page}");
            }
            for _ in 0..2 {
                heard(&sent(&browser, &reply, &format!("{CRY} {count}")).await.expect(200).text());
            }
            assert_eq!(messages(&desk, ticket).await, 1, "nothing was added there");
            let rows = active(&desk).await;
            assert_eq!(rows.len(), count + 3);
            let opened = &rows[count + 2].ticket;
            assert_eq!((opened.patient, opened.rank(), opened.channel.as_str()), (Some(mia), 0, "portal"));
        }
        desk.audit_is_whole().await;
    }

    async fn a_cry_where_an_address_belongs_is_heard_at_the_door(desk: Desk) {
        let visitor = desk.visitor();
        let harmless = visitor.submit(DOOR, DOOR, &[("email", "olga smith at gmail")]).await.expect(422).text();
        assert!(harmless.contains("tel:911") && harmless.contains("olga smith"), "{harmless}");
        assert!(active(&desk).await.is_empty());
        heard(&visitor.submit(DOOR, DOOR, &[("email", CRY)]).await.expect(200).text());
        // Also on a page that stood open for days, and for a clinic that is not here.
        heard(&visitor.post(DOOR, &[("csrf_token", "AAAA"), ("email", "I want to die, I took all my pills")]).await.expect(200).text());
        heard(&visitor.post("/c/none/my/sign-in", &[("email", "I am going to kill myself tonight")]).await.expect(200).text());
        let rows = active(&desk).await;
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.ticket.rank() == 0));
        // What is an address goes its way.
        asks(&visitor, "i.want.to.die@quetzal.test").await.expect(303);
        assert_eq!(active(&desk).await.len(), 3);
    }

    async fn what_is_asked_by_law_is_heard_after_what_was_written_before(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Bo Other", "bo@else.test", 40).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let law = async |browser: &Browser, kind: &str, words: &str| {
            sends(browser, "/my/privacy", "/my/privacy", &[("kind", kind), ("words", words)]).await.expect(200).text()
        };
        let low = "I feel so alone.";
        let bo = signed_in(&desk, &sink, "bo@else.test").await;
        let worry = law(&bo, "complaint", low).await;
        assert!(worry.contains("We told our team") && !worry.contains("Please read this now"), "{worry}");
        let browser = signed_in(&desk, &sink, MIA).await;
        for kind in ["access", "copy", "erasure"] {
            law(&browser, kind, &format!("{CRY} {kind}")).await;
        }
        desk.clock.advance(60);
        let danger = law(&browser, "complaint", low).await;
        assert!(danger.contains("Please read this now"), "{danger}");
    }
}
