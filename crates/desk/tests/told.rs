//! Pages that say where to call say it in the language of the words, too.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::links::{self, Purpose};
use bedside_desk::tickets::{self, Patch, Status};
use common::{Browser, Desk, both_engines, hidden};

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

async fn form(desk: &Desk, visitor: &Browser, email: &str, words: &str) -> String {
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
    let thanks = sent.header("location").unwrap().to_owned();
    visitor.get(&thanks).await.expect(200).text()
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
}
