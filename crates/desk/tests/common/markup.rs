//! What in a page would run, load from elsewhere or send.

use super::{Answer, Browser};
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
pub fn fault(page: &str) -> Option<String> {
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
            // Our own forms and fragments stay on the desk.
            let asks = (name == "src" && value.starts_with("http"))
                || (matches!(name, "src" | "action" | "formaction") || name.starts_with("hx-"))
                    && value.contains("evil.example");
            if runs || leads_away || asks {
                return Some(format!("{element} {name}={value}"));
            }
        }
    }
    None
}

/// A page of ours, held to its policy.
pub fn is_harmless(what: &str, answer: &Answer, payload: &str) {
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

/// Every text that an answer says is HTML.
pub fn html_of(value: &serde_json::Value, found: &mut Vec<String>) {
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

/// A list of tickets from `path` on, page by page.
pub async fn lists(browser: &Browser, path: &str) -> Vec<Answer> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = browser.get(&path).await.expect(200);
        let text = page.text();
        let link = text.split_once("rel=\"next\" href=\"");
        next = link
            .and_then(|(_, rest)| rest.split('"').next())
            .map(|at| at.replace("&amp;", "&").replace("&#38;", "&"));
        pages.push(page);
    }
    pages
}
