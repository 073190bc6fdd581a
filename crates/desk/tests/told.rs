//! Pages that say where to call say it in the language of the words, too.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::links::{self, Purpose};
use bedside_desk::tickets::{self, Calm, CalmReason, Patch, Status, TicketRow, Urgency};
use common::{Browser, Desk, Role, both_engines, hidden};

/// A cry, the tag of its language, which way that is written, and words of the wording in it.
const CRIES: [(&str, &str, &str, &str); 3] = [
    ("Tôi muốn chết, tối nay tôi sẽ tự tử", "vi", "ltr", "988"),
    ("أريد أن أموت، سأقتل نفسي الليلة", "ar", "rtl", "988"),
    (
        "Quiero morirme, esta noche me voy a matar",
        "es",
        "ltr",
        "llame al 911",
    ),
];

#[track_caller]
fn tells(page: &str, (cry, tag, dir, words): (&str, &str, &str, &str)) {
    assert!(
        page.contains("<html lang=\"en\""),
        "the page stays in its own language: {page}"
    );
    let open = format!("lang=\"{tag}\" dir=\"{dir}\">");
    let told = page
        .split(&open)
        .nth(1)
        .unwrap_or_else(|| panic!("{tag} in {page}"));
    let told = told.split("</section>").next().unwrap();
    assert!(told.contains(words) && told.contains("911"), "{told}");
    assert!(!told.contains(cry) && !told.contains("{{"), "{told}");
    assert!(
        page.contains("tel:911") && page.contains("tel:988"),
        "{page}"
    );
}

/// Where the page that thanks is.
async fn sent(desk: &Desk, visitor: &Browser, email: &str, words: &str) -> String {
    let page = visitor.get("/request?lang=en").await.expect(200).text();
    desk.clock.advance(20);
    let fields = [
        ("pass", hidden(&page, "pass")),
        ("lang", "en"),
        ("category", ""),
        ("name", "Rosa"),
        ("email", email),
        ("message", words),
        ("company", ""),
    ];
    let sent = visitor
        .post_files("/request", &fields, &[])
        .await
        .expect(303);
    sent.header("location").unwrap().to_owned()
}

async fn form(desk: &Desk, visitor: &Browser, email: &str, words: &str) -> String {
    let thanks = sent(desk, visitor, email, words).await;
    visitor.get(&thanks).await.expect(200).text()
}

async fn tickets(desk: &Desk) -> Vec<TicketRow> {
    let ctx = desk.ctx(Role::Agent);
    tickets::list(&desk.app, &ctx, &tickets::View::Active, None, 100)
        .await
        .unwrap()
        .rows
}

async fn link(desk: &Desk, purpose: Purpose, id: tickets::Landed) -> String {
    let contact = tickets::view(&desk.app, &desk.system(), id.id)
        .await
        .unwrap()
        .ticket
        .contact;
    desk.app
        .command(&desk.system(), move |work| {
            Box::pin(links::make(work, purpose, id.id, contact))
        })
        .await
        .unwrap()
}

async fn ticket(desk: &Desk, address: &str) -> tickets::Landed {
    let requester = desk.requester(address).await;
    let new = tickets::NewTicket::new(
        requester,
        bedside_language::Channel::Email,
        "My bill",
        "When is my bill due?",
    );
    tickets::create(&desk.app, &desk.system(), new)
        .await
        .unwrap()
}

both_engines! {
    async fn the_page_after_the_form_says_it_in_the_language_of_the_words(desk: Desk) {
        let visitor = desk.visitor();
        for (at, cry) in CRIES.into_iter().enumerate() {
            let thanks = form(&desk, &visitor, &format!("p{at}@patient.example"), cry.0).await;
            tells(&thanks, cry);
        }
        // English words need nothing more, nor does what is no emergency.
        let english = form(&desk, &visitor, "e@patient.example", "I want to die, tonight I will kill myself").await;
        assert!(english.contains("tel:988") && !english.contains("dir=\"ltr\">"), "{english}");
        let calm = form(&desk, &visitor, "c@patient.example", "¿Cuándo vence mi factura de marzo? Muchas gracias.").await;
        assert!(!calm.contains("lang=\"es\" dir="), "{calm}");
    }

    async fn the_conversation_and_the_rating_say_it_too(desk: Desk) {
        for (at, cry) in CRIES.into_iter().enumerate() {
            let id = ticket(&desk, &format!("t{at}@patient.example")).await;
            let token = link(&desk, Purpose::Thread, id).await;
            let (browser, page) = (desk.visitor(), format!("/t/{token}"));
            browser.submit(&page, &format!("{page}/open"), &[]).await.expect(303);
            let shown = browser.get(&format!("{page}?lang=en")).await.expect(200).text();
            assert!(!shown.contains(&format!("lang=\"{}\" dir=", cry.1)), "{shown}");
            let fields = [("csrf_token", hidden(&shown, "csrf_token")), ("once", hidden(&shown, "once")), ("lang", "en"), ("message", cry.0)];
            browser.post_files(&format!("{page}/reply"), &fields, &[]).await.expect(303);
            tells(&browser.get(&format!("{page}?lang=en")).await.expect(200).text(), cry);

            let id = ticket(&desk, &format!("r{at}@patient.example")).await;
            let done = Patch { status: Some(Status::Resolved), ..Patch::default() };
            tickets::change(&desk.app, &desk.system(), id.id, 1, done).await.unwrap();
            let token = link(&desk, Purpose::Rating, id).await;
            let way = format!("/r/{token}");
            let shown = browser.get(&format!("{way}?lang=en&score=1")).await.expect(200).text();
            let fields = [("csrf_token", hidden(&shown, "csrf_token")), ("once", hidden(&shown, "once")), ("lang", "en"), ("score", "1"), ("comment", cry.0)];
            let rated = browser.post(&way, &fields).await.expect(200).text();
            tells(&rated, cry);
        }
    }

    async fn whoever_is_in_danger_can_say_how_to_reach_them(desk: Desk) {
        let visitor = desk.visitor();
        let address = sent(&desk, &visitor, "at home", "I am going to kill myself tonight.").await;
        let thanks = visitor.get(&address).await.expect(200).text();
        let pass = hidden(&thanks, "pass");
        let reach = async |pass: &str, words: &str| {
            visitor.post_files("/request/reach?lang=en", &[("pass", pass), ("lang", "en"), ("reach", words)], &[]).await
        };
        assert!(thanks.contains("/c/clinic/request/reach?lang=en"), "{thanks}");
        // Pressed twice it stands there once, and the page says that it is there.
        for _ in 0..2 {
            let said = reach(pass, "555-0177, at my sister's").await.expect(303);
            let page = visitor.get(said.header("location").unwrap()).await.expect(200).text();
            assert!(page.contains("We have it now") && page.contains("tel:988") && page.contains("1001"), "{page}");
            assert!(!page.contains("555-0177"), "nothing that was said is on the page");
        }
        let one = tickets(&desk).await.remove(0).ticket;
        assert_eq!(one.rank(), 0, "it is an emergency still");
        let view = tickets::view(&desk.app, &desk.ctx(Role::Nurse), one.id).await.unwrap();
        assert_eq!(view.messages.len(), 2);
        assert!(view.messages[1].body.contains("How to reach them, they say: 555-0177, at my sister's"), "{}", view.messages[1].body);
        assert_eq!((view.messages[1].author_kind.as_str(), view.contact.phone()), ("contact", None), "anybody can type any number");

        // What is wrong comes back with the words; a cry is taken in whatever is wrong.
        assert!(reach(pass, "  ").await.expect(422).text().contains("Please write a phone number"));
        let long = reach(pass, "5".repeat(501).as_str()).await.expect(422).text();
        assert!(long.contains("That is too long") && long.contains(&"5".repeat(500)) && long.contains("aria-invalid=\"true\""), "{long}");
        reach(pass, format!("{} I want to die, I took all my pills", "x ".repeat(300)).as_str()).await.expect(303);
        // Only so often, and nobody who may be in danger is told to come back later.
        let mut refused = 0;
        for at in 0..8 {
            let answer = reach(pass, format!("555-01{at}0").as_str()).await;
            refused += u32::from(answer.status == 429);
        }
        assert!(refused >= 2, "{refused}");
        reach(pass, "I want to die, I took all my pills").await.expect(303);
        assert_eq!(tickets(&desk).await.len(), 1);

        // Nothing opens by a text that is none of ours, or too old; and who is in danger is heard all the same.
        let receipt = address.split("r=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        for forged in ["", "AAAA", receipt.as_str()] {
            let page = reach(forged, "555-0177").await.expect(404).text();
            assert!(page.contains("555-0177") && page.contains("tel:911"), "{page}");
        }
        reach("AAAA", "I am going to kill myself, 555-0178").await.expect(200);
        assert_eq!(tickets(&desk).await.len(), 2);
        desk.clock.advance(25 * 60 * 60);
        assert_eq!(reach(pass, "555-0179").await.status, 410);
        desk.audit_is_whole().await;
    }

    async fn a_way_can_be_said_for_a_day_from_the_first_page_on(desk: Desk) {
        let visitor = desk.visitor();
        let thanks = form(&desk, &visitor, "", "I am going to kill myself tonight.").await;
        let say = async |pass: &str, words: &str| {
            visitor.post_files("/c/clinic/request/reach", &[("pass", pass), ("lang", "en"), ("reach", words)], &[]).await
        };
        let first = hidden(&thanks, "pass");
        desk.clock.advance(20 * 60 * 60);
        let said = say(first, "555-0177").await.expect(303);
        let said = visitor.get(said.header("location").unwrap()).await.expect(200).text();
        let wrong = say(first, " ").await.expect(422).text();
        say(hidden(&said, "pass"), "555-0178").await.expect(303);
        desk.clock.advance(5 * 60 * 60);
        for pass in [first, hidden(&said, "pass"), hidden(&wrong, "pass")] {
            assert_eq!(say(pass, "555-0179").await.status, 410);
        }
    }

    async fn a_page_that_comes_back_says_what_is_so_by_then(desk: Desk) {
        let visitor = desk.visitor();
        let thanks = form(&desk, &visitor, "", "I am going to kill myself tonight.").await;
        let row = tickets(&desk).await.remove(0).ticket;
        let calm = Calm { reason: CalmReason::Past, words: None, urgency: Urgency::Standard };
        tickets::not_a_crisis(&desk.app, &desk.ctx(Role::Nurse), row.id, Some(row.version), calm).await.unwrap();
        let fields = [("pass", hidden(&thanks, "pass")), ("lang", "en"), ("reach", " ")];
        let page = visitor.post_files("/c/clinic/request/reach", &fields, &[]).await.expect(422).text();
        assert!(!page.contains("<p class=\"lead\"></p>"), "{page}");
        assert!(page.contains("We have your message"), "{page}");
    }

    async fn the_page_that_thanks_says_nothing_of_a_request_that_took_it_in(desk: Desk) {
        let visitor = desk.visitor();
        let address = sent(&desk, &visitor, "m@patient.example", "When are you open?").await;
        let own = tickets(&desk).await.remove(0).ticket;
        let other = desk.ticket("m@patient.example", "My bill", "I am going to kill myself tonight.").await;
        let kept = tickets::view(&desk.app, &desk.system(), other).await.unwrap().ticket.number;
        tickets::merge(&desk.app, &desk.system(), own.id, other).await.unwrap();
        let page = visitor.get(&address).await.expect(200).text();
        assert!(page.contains(&own.number.to_string()) && !page.contains(&kept.to_string()), "{page}");
        assert!(!page.contains("Please read this now"), "{page}");
    }

    async fn a_cry_where_a_way_is_asked_for_is_heard_whatever_clinic_is_named(desk: Desk) {
        let visitor = desk.visitor();
        let say = async |words: &str| {
            visitor.post_files("/c/none/request/reach", &[("pass", "AAAA"), ("lang", "en"), ("reach", words)], &[]).await
        };
        let page = say("I want to die, I took all my pills").await.expect(200).text();
        assert!(page.contains("tel:988") && page.contains("We told our team"), "{page}");
        assert_eq!(tickets(&desk).await.len(), 1);
        let calm = say("555-0177").await.expect(404).text();
        assert!(calm.contains("555-0177") && calm.contains("tel:911"), "{calm}");
        assert_eq!(tickets(&desk).await.len(), 1);
    }

    async fn what_is_said_of_a_closed_request_stands_beside_it(desk: Desk) {
        let visitor = desk.visitor();
        let lost = visitor.post_files("/t/unknown/reply", &[("lang", "en"), ("message", "Me quiero matar, no aguanto más")], &[]).await.expect(200).text();
        // The form stands there in the language of the words and in that of the page.
        assert!(lost.contains("tell us how to reach you") && lost.contains("díganos cómo localizarle") && lost.contains("tel:988"), "{lost}");
        let row = tickets(&desk).await.remove(0).ticket;
        let calm = Calm { reason: CalmReason::Past, words: None, urgency: Urgency::Standard };
        let version = tickets::not_a_crisis(&desk.app, &desk.ctx(Role::Nurse), row.id, Some(row.version), calm).await.unwrap();
        let closed = Patch { status: Some(Status::Closed), ..Patch::default() };
        tickets::change(&desk.app, &desk.ctx(Role::Nurse), row.id, version, closed).await.unwrap();
        let fields = [("pass", hidden(&lost, "pass")), ("lang", "en"), ("reach", "555-0177")];
        for _ in 0..2 {
            visitor.post_files("/c/clinic/request/reach", &fields, &[]).await.expect(303);
        }
        let beside = tickets(&desk).await;
        assert_eq!(beside.len(), 1);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Nurse), beside[0].ticket.id).await.unwrap();
        assert!(view.messages[0].body.contains("555-0177"), "{}", view.messages[0].body);
        assert!(view.links.iter().any(|link| link.number == row.number), "it leads to the one that was closed");
    }

    async fn the_form_speaks_the_language_of_the_words(desk: Desk) {
        let visitor = desk.visitor();
        let cry = "Tôi muốn chết, tối nay tôi sẽ tự tử";
        let thanks = form(&desk, &visitor, "", cry).await;
        assert!(thanks.contains("tell us how to reach you") && thanks.contains("xin cho chúng tôi biết cách liên lạc với quý vị"), "{thanks}");
        let fields = [("pass", hidden(&thanks, "pass")), ("lang", "en"), ("reach", "555-0177")];
        let said = visitor.post_files("/c/clinic/request/reach", &fields, &[]).await.expect(303);
        let page = visitor.get(said.header("location").unwrap()).await.expect(200).text();
        assert!(page.contains("Chúng tôi đã nhận được") && page.contains("We have it now"), "{page}");
    }
}
