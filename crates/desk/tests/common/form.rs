//! Forms, read from a page and filled in as a browser does it.

use super::{Answer, Browser};
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};
use std::cell::RefCell;

/// The forms of a page, each with its action and what it sends as it stands.
#[derive(Default)]
struct Forms {
    found: Vec<(String, Vec<(String, String)>)>,
    /// The name of the choice that is open.
    open: Option<String>,
    /// Whether what is read is the text of the last field.
    text: bool,
    /// Whether the open choice has a value: its first one, until one is marked.
    chosen: bool,
}

#[derive(Default)]
struct Reader(RefCell<Forms>);

fn value(tag: &Tag, wanted: &str) -> Option<String> {
    let found = tag.attrs.iter().find(|attr| &*attr.name.local == wanted);
    found.map(|attr| attr.value.to_string())
}

impl Forms {
    fn put(&mut self, name: Option<String>, text: String) {
        if let (Some(name), Some((_, fields))) = (name, self.found.last_mut()) {
            fields.push((name, text));
        }
    }

    fn starts(&mut self, tag: &Tag) {
        let given = value(tag, "value");
        match &*tag.name {
            "form" => {
                let action = value(tag, "action").unwrap_or_default();
                self.found.push((action, Vec::new()));
            }
            "input" => match value(tag, "type").as_deref() {
                Some("checkbox" | "radio") if value(tag, "checked").is_none() => {}
                Some("file") => {}
                _ => self.put(value(tag, "name"), given.unwrap_or_default()),
            },
            "select" => (self.open, self.chosen) = (value(tag, "name"), false),
            "option" if value(tag, "selected").is_some() => {
                if self.chosen
                    && let Some((_, fields)) = self.found.last_mut()
                {
                    fields.pop();
                }
                self.put(self.open.clone(), given.unwrap_or_default());
                self.chosen = true;
            }
            "option" if !self.chosen => {
                self.put(self.open.clone(), given.unwrap_or_default());
                self.chosen = true;
            }
            "textarea" => {
                self.put(value(tag, "name"), String::new());
                self.text = true;
            }
            _ => {}
        }
    }
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut forms = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                forms.starts(&tag);
                // What a browser's tree builder tells its tokenizer.
                return match &*tag.name {
                    "script" => TokenSinkResult::RawData(states::RawKind::ScriptData),
                    "textarea" | "title" => TokenSinkResult::RawData(states::RawKind::Rcdata),
                    _ => TokenSinkResult::Continue,
                };
            }
            Token::TagToken(tag) if &*tag.name == "textarea" => forms.text = false,
            Token::CharacterTokens(text) if forms.text => {
                if let Some((_, typed)) = forms.found.last_mut().and_then(|(_, all)| all.last_mut())
                {
                    // The line end right after the tag is not part of the text.
                    let first = typed.is_empty();
                    let text = text.strip_prefix('\n').filter(|_| first).unwrap_or(&text);
                    typed.push_str(text);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What the form that posts to `action` sends as it stands.
#[track_caller]
pub fn read(page: &str, action: &str) -> Vec<(String, String)> {
    let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(page.into());
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    let forms = std::mem::take(&mut tokenizer.sink.0.borrow_mut().found);
    let found = forms.into_iter().find(|(at, _)| at == action);
    found
        .unwrap_or_else(|| panic!("no form for {action} in {page}"))
        .1
}

/// Opens `page`, fills in `typed` in the form that posts to `action`, and sends it. What is
/// made empty is not sent: so it is with a box that is not ticked, and an empty text reads the same.
pub async fn fill(browser: &Browser, page: &str, action: &str, typed: &[(&str, &str)]) -> Answer {
    let text = browser.get(page).await.expect(200).text();
    let mut fields = read(&text, action);
    for (name, text) in typed {
        fields.retain(|(field, _)| field != name);
        if !text.is_empty() {
            fields.push(((*name).to_owned(), (*text).to_owned()));
        }
    }
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    browser.post(action, &fields).await
}
