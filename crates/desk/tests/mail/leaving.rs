//! Links of a message, followed: the page in between says where they lead, and leads nowhere else.

use crate::common::wire::{ANA, Wire, plain};
use crate::common::{Answer, Role, both_engines};
use crate::newest;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::links::{self, Purpose};
use bedside_desk::tickets::{self, Reply};

/// An address that looks like the clinic's own, and what it leads to.
const TRICK: &str = "https://clinic.example@evil.example/a?b=1&c=%3Cx%3E";

/// The page in between, held to what it must say and must not do.
fn says(answer: &Answer, host: &str, address: &str) {
    let page = answer.text().replace("&#38;", "&").replace("&amp;", "&");
    assert!(
        page.contains(&format!("<strong dir=\"ltr\">{host}</strong>")),
        "{page}"
    );
    assert!(
        page.contains(&format!("<code dir=\"ltr\">{address}</code>")),
        "{page}"
    );
    assert_eq!(
        page.matches("href=\"http").count(),
        1,
        "it leads to one place: {page}"
    );
    let link = format!("href=\"{address}\" rel=\"noopener noreferrer nofollow\"");
    assert!(page.contains(&link), "{page}");
    // Neither it nor where it leads stands in a frame, and where it leads does not hear from where.
    assert!(!page.contains("<iframe") && !page.contains("http-equiv"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert!(
        answer
            .header("content-security-policy")
            .unwrap()
            .contains("frame-ancestors 'none'")
    );
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

both_engines! {
    async fn attack_46_a_link_of_a_mail_is_followed_by_a_page_that_says_where_it_leads(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let html = "<p>See <a href=\"https://clinic.example@evil.example/a?b=1&amp;c=%3Cx%3E\" title=\" href=\">your bill</a>, \
            <a href=\"mailto:x@y.example\">write</a>, <a href=\"/settings\">here</a> or <a href=\"http://two.example/\">this</a>.</p>";
        let headers = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n";
        wire.takes(plain("links", headers, html)).await;
        let view = newest(&desk).await;
        let (number, message) = (view.ticket.number, view.messages[0].id);
        let agent = desk.browser(Role::Agent).await;
        let ticket = format!("/tickets/{number}");
        let way = |place: &str| format!("{ticket}/messages/{message}/links/{place}");
        let page = agent.get(&ticket).await.expect(200).text();
        assert!(page.contains("your bill</a>"), "{page}");
        assert!(!page.contains("href=\"http"), "a link leads out by itself: {page}");
        assert!(page.contains(&format!("href=\"{}\"", way("0"))), "{page}");
        let beside = format!("href=\"{}\" target=\"_blank\" rel=\"noopener noreferrer nofollow\"", way("1"));
        assert!(page.contains(&beside), "{page}");
        assert!(page.contains("href=\"mailto:x@y.example\""), "{page}");

        says(&agent.get(&way("0")).await.expect(200), "evil.example", TRICK);
        says(&agent.get(&way("1")).await.expect(200), "two.example", "http://two.example/");
        // What stands in the address of the page changes nothing of it.
        for query in ["?to=https://evil.example/", "?url=//evil.example", "?next=https://evil.example"] {
            says(&agent.get(&format!("{}{query}", way("1"))).await.expect(200), "two.example", "http://two.example/");
        }
        // A link that is not there leads back, whatever stands in its place.
        let nowhere = "01890000-0000-7000-8000-000000000000";
        let mut wrong: Vec<String> = ["2", "-1", "x", "99999999999999999999", "https:%2F%2Fevil.example"].map(way).into();
        wrong.push(format!("{ticket}/messages/{nowhere}/links/0"));
        wrong.push(format!("{ticket}/messages/x/links/0"));
        for way in wrong {
            let answer = agent.get(&way).await.expect(303);
            assert_eq!(answer.header("location"), Some(ticket.as_str()), "{way}");
        }
        // The message of one request is none of another.
        wire.takes(plain("other", "", "Hello")).await;
        let other = desk.ticket("luis@patients.test", "Hours", "When are you open?").await;
        let answer = agent.get(&format!("/tickets/{other}/messages/{message}/links/0")).await.expect(303);
        assert!(!answer.header("location").unwrap().contains("evil"));
        desk.visitor().get(&way("0")).await.expect(401);
        let html = [("accept", "text/html")];
        let away = desk.visitor().request(Method::GET, &way("0"), &html, Body::empty()).await.expect(303);
        assert!(away.header("location").unwrap().starts_with("/sign-in?next=/"));
    }

    async fn attack_46_a_link_of_an_answer_is_followed_by_a_page_that_says_where_it_leads(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let headers = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n";
        wire.takes(plain("asks", headers, "<p>Is <a href=\"https://evil.example/\">this</a> you?</p>")).await;
        let view = newest(&desk).await;
        let (ticket, contact, first) = (view.ticket.id, view.contact.id, view.messages[0].id);
        assert_eq!(view.contact.email(), Some(ANA));
        let words = "Take [the bus](https://bus.example/plan?from=1&to=2), not [this](javascript:alert(1)).";
        tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, Reply::new(words)).await.unwrap();
        desk.clock.advance(60);
        let answer = newest(&desk).await.messages.last().unwrap().id;
        let link = desk.app.command(&desk.system(), move |work| Box::pin(async move {
            links::make(work, Purpose::Thread, ticket, contact).await
        })).await.unwrap();
        let (own, here) = (desk.visitor(), format!("/t/{link}"));
        let unopened = own.get(&format!("{here}/links/{answer}/0")).await.expect(200).text();
        assert!(unopened.contains(&format!("{here}/open")) && !unopened.contains("bus.example"), "{unopened}");
        own.submit(&here, &format!("{here}/open"), &[]).await.expect(303);
        let page = own.get(&here).await.expect(200).text();
        assert!(!page.contains("href=\"http"), "a link leads out by itself: {page}");
        let way = format!("{here}/links/{answer}/0");
        assert!(page.contains(&format!("href=\"{way}?lang=en\" target=\"_blank\" rel=\"noopener noreferrer nofollow\"")), "{page}");
        let between = own.get(&format!("{way}?lang=en")).await.expect(200);
        says(&between, "bus.example", "https://bus.example/plan?from=1&to=2");
        assert!(between.text().contains(&format!("href=\"{here}?lang=en\"")), "the way back");
        let spanish = own.get(&format!("{way}?lang=es")).await.expect(200);
        says(&spanish, "bus.example", "https://bus.example/plan?from=1&to=2");
        assert!(spanish.text().contains("lang=\"es\""));
        // What the patient wrote is shown as words, and has no links.
        for way in [format!("{here}/links/{answer}/1"), format!("{here}/links/{first}/0"), format!("{here}/links/{answer}/x")] {
            let answer = own.get(&way).await.expect(303);
            assert!(answer.header("location").unwrap().starts_with(&here), "{way}");
        }
        // For nobody but the browser that opened the link.
        let stranger = desk.visitor().get(&way).await;
        assert!((400..500).contains(&stranger.status) && !stranger.text().contains("bus.example"), "{}", stranger.text());
        // They are told how to go on, as on the page of the conversation.
        assert!(stranger.text().contains(&format!("{here}/renew")), "{}", stranger.text());
    }
}
