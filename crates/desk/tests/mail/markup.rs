//! Markup in everything that a stranger writes, and every page and answer that shows it.

use crate::all_tickets;
use crate::common::wire::{HELP, Wire};
use crate::common::{Answer, both_engines};
use bedside_desk::context::{Permissions, Role};
use bedside_desk::links::{self, Purpose};
use bedside_testkit::XSS;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};
use std::cell::RefCell;

#[derive(Default)]
struct Tags(RefCell<Vec<Tag>>);

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token {
            let raw = tag.kind == TagKind::StartTag;
            let name = tag.name.to_string();
            self.0.borrow_mut().push(tag);
            // What a browser's tree builder tells its tokenizer.
            return match name.as_str() {
                "script" if raw => TokenSinkResult::RawData(states::RawKind::ScriptData),
                "style" if raw => TokenSinkResult::RawData(states::RawKind::Rawtext),
                "title" | "textarea" if raw => TokenSinkResult::RawData(states::RawKind::Rcdata),
                _ => TokenSinkResult::Continue,
            };
        }
        TokenSinkResult::Continue
    }
}

/// What in a page would run, load from elsewhere or send: everything that our own pages never have.
fn fault(page: &str) -> Option<String> {
    let tokenizer = Tokenizer::new(Tags::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(page.into());
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let tags = tokenizer.sink.0.borrow();
    for tag in tags.iter().filter(|tag| tag.kind == TagKind::StartTag) {
        let element = &*tag.name;
        let value = |wanted: &str| {
            let found = tag.attrs.iter().find(|attr| &*attr.name.local == wanted);
            found.map(|attr| attr.value.to_string())
        };
        let ours = |address: Option<String>| address.is_some_and(|at| at.starts_with("/assets/"));
        let fine = match element {
            "script" => ours(value("src")),
            "link" => ours(value("href")),
            "meta" => value("http-equiv").is_none(),
            "form" => value("action").is_none_or(|at| at.starts_with('/') && !at.starts_with("//")),
            "iframe" | "frame" | "object" | "embed" | "applet" | "base" | "style" | "math"
            | "portal" | "template" | "noscript" | "marquee" | "video" | "audio" => false,
            _ => true,
        };
        if !fine {
            return Some(format!("element {element} {:?}", tag.attrs));
        }
        for attr in &tag.attrs {
            let (name, value) = (&*attr.name.local, attr.value.trim().to_lowercase());
            let runs = name.starts_with("on")
                || name.starts_with("hx-on")
                || matches!(name, "style" | "srcdoc" | "ping");
            let address = matches!(
                name,
                "href" | "src" | "action" | "formaction" | "xlink:href" | "hx-get" | "hx-post"
            );
            let leads_away = address
                && ["javascript:", "data:", "vbscript:", "//"]
                    .iter()
                    .any(|start| value.starts_with(start));
            let asks =
                name == "src" && (value.contains("evil.example") || value.starts_with("http"));
            if runs || leads_away || asks {
                return Some(format!("{element} {name}={value}"));
            }
        }
    }
    None
}

/// A page of ours, held to its policy.
fn is_harmless(what: &str, answer: &Answer, payload: &str) {
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        !policy.contains("unsafe-inline") && policy.contains("default-src"),
        "{what}: {policy}"
    );
    assert_eq!(
        answer.headers["x-content-type-options"], "nosniff",
        "{what}"
    );
    let page = answer.text();
    if let Some(fault) = fault(&page) {
        panic!("{what}: {fault}\nof {payload}");
    }
}

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
        let mut list = Some("/inbox".to_owned());
        let mut rows = 0;
        while let Some(path) = list {
            let page = agent.get(&path).await.expect(200);
            is_harmless("a list", &page, "any");
            let text = page.text();
            rows += text.matches("class=\"ticket-row").count();
            list = text.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).map(|at| at.replace("&amp;", "&").replace("&#38;", "&"));
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
}

/// Every text that an answer says is HTML.
fn html_of(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if name.contains("html") => found.push(text.to_owned()),
                    _ => html_of(value, found),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| html_of(value, found)),
        _ => {}
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
