//! Any HTML or Markdown: nothing that runs, styles or loads comes out, however often it is read.
#![no_main]

use bedside_codecs::mail::html::{html_to_text, markdown_to_html, sanitise};

const ELEMENTS: &str = " a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del div dl dt em \
    h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong sub sup table tbody td \
    tfoot th thead tr u ul var wbr ";
const ATTRIBUTES: &str = " href src class rel target loading alt title dir lang align valign width height colspan \
    rowspan start ";

/// Every `<` begins a known element, with known attributes in double quotes and nothing else.
fn check(html: &str) {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = rest[at + 1..].trim_start_matches('/');
        let end = rest.find([' ', '>']).expect("a tag ends");
        assert!(
            ELEMENTS.contains(&format!(" {} ", &rest[..end])),
            "{}",
            &rest[..end]
        );
        rest = &rest[end..];
        while let Some(attribute) = rest.strip_prefix(' ') {
            let (name, tail) = attribute.split_once("=\"").expect("a value in quotes");
            let (value, tail) = tail.split_once('"').expect("a closing quote");
            assert!(ATTRIBUTES.contains(&format!(" {name} ")), "{name}");
            let lower = value.to_lowercase();
            assert!(
                name != "href"
                    || ["http:", "https:", "mailto:", "tel:"]
                        .iter()
                        .any(|s| lower.starts_with(s)),
                "{value}"
            );
            assert!(name != "src" || value == "/files/1", "{value}");
            assert!(name != "class" || value == "remote-image", "{value}");
            rest = tail;
        }
        rest = rest.strip_prefix('>').expect("the tag's end");
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let local = |_: &str| Some("/files/1".to_owned());
    let once = sanitise(text, &local).html;
    check(&once);
    check(&sanitise(&once, &local).html);
    check(&markdown_to_html(text));
    assert!(!html_to_text(text).contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
});
