//! A quick look at the tags of an HTML text, before anything is built from it.
//!
//! A parser that follows the HTML standard does work that grows with the square of some numbers:
//! elements open at once, attributes of one tag, and formatting elements that it opens again in
//! every paragraph after someone forgot to close them. Letters have few of each.

use std::collections::HashMap;

const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
/// An opening tag without its closing one still ends where the next of its kind begins.
const SELF_ENDING: [&str; 9] = ["p", "li", "dt", "dd", "option", "tr", "td", "th", "tbody"];
/// Elements that are opened again in the next block (HTML standard, 13.2.4.3).
const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
const MAX_TAGS: usize = 60_000;
const MAX_ATTRIBUTES: usize = 256;
/// Sum over all tags of the formatting elements open there.
const MAX_REOPENED: usize = 150_000;
const MAX_NAME: usize = 32;

/// True when parsing the text as HTML would cost far more than its length. `max_depth` is the
/// number of elements open at once.
pub(super) fn is_too_complex(html: &str, max_depth: usize) -> bool {
    let bytes = html.as_bytes();
    let mut open: HashMap<Vec<u8>, usize> = HashMap::new();
    let (mut depth, mut tags, mut formatting, mut reopened) = (0usize, 0usize, 0usize, 0usize);
    // A `<` inside a quoted value is looked at as well, because only a full parser knows for sure
    // where a quote ends; this bounds what that may cost.
    let mut budget = bytes.len() * 4 + 1024;
    for at in memchr::memchr_iter(b'<', bytes) {
        let after = &bytes[at + 1..];
        let closing = after.first() == Some(&b'/');
        let name = &after[usize::from(closing)..];
        if !name.first().is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let length = name
            .iter()
            .take(MAX_NAME)
            .position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
            .unwrap_or(name.len().min(MAX_NAME));
        let (attributes, scanned) = attributes(&name[length..]);
        tags += 1;
        reopened += formatting;
        budget = budget.saturating_sub(scanned);
        if budget == 0 || tags > MAX_TAGS || attributes > MAX_ATTRIBUTES || reopened > MAX_REOPENED
        {
            return true;
        }
        let name = name[..length].to_ascii_lowercase();
        let text = std::str::from_utf8(&name).unwrap_or("");
        if VOID.contains(&text) {
            continue;
        }
        let self_ending = SELF_ENDING.contains(&text);
        let formats = FORMATTING.contains(&text);
        let count = open.entry(name).or_default();
        if closing {
            if *count > 0 {
                *count -= 1;
                depth -= 1;
                formatting -= usize::from(formats);
            }
        } else if !self_ending || *count == 0 || nests_by_rule(depth, *count) {
            *count += 1;
            depth += 1;
            formatting += usize::from(formats);
            if depth > max_depth {
                return true;
            }
        }
    }
    false
}

/// Cells and items do nest in tables and lists that nest; counting each once per ten levels of
/// everything else keeps the sum honest.
const fn nests_by_rule(depth: usize, count: usize) -> bool {
    depth / 10 > count
}

/// Number of attributes in what follows a tag's name, stopping beyond the limit, and the bytes
/// looked at (HTML standard, 13.2.5.32 to 13.2.5.39).
fn attributes(bytes: &[u8]) -> (usize, usize) {
    #[derive(Clone, Copy)]
    enum In {
        Space,
        Name,
        AfterName,
        BeforeValue,
        Quoted(u8),
        Bare,
    }
    let (mut state, mut count) = (In::Space, 0);
    for (at, &byte) in bytes.iter().enumerate() {
        let space = byte.is_ascii_whitespace();
        state = match (state, byte) {
            (In::Quoted(quote), _) if byte == quote => In::Space,
            (In::Quoted(_), _) => state,
            (_, b'>') => return (count, at),
            (In::BeforeValue, b'"' | b'\'') => In::Quoted(byte),
            (In::BeforeValue, _) if space => state,
            (In::BeforeValue, _) => In::Bare,
            (In::Bare, _) if !space => state,
            (In::Name | In::AfterName, b'=') => In::BeforeValue,
            (In::Name, _) if space => In::AfterName,
            (In::AfterName, _) if space => state,
            (_, b'/') => In::Space,
            (In::Name, _) => state,
            (In::Space | In::Bare, _) if space => In::Space,
            (In::Space | In::AfterName | In::Bare, _) => {
                count += 1;
                if count > MAX_ATTRIBUTES {
                    return (count, at);
                }
                In::Name
            }
        };
    }
    (count, bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(html: &str) -> bool {
        is_too_complex(html, 200)
    }

    #[test]
    fn depth_is_seen_through_tricks() {
        assert!(!refused(&"<div><br><img></div>".repeat(5000)));
        assert!(!refused(&"<p>a<li>b<td>c".repeat(5000)));
        assert!(refused(&"<div>".repeat(300)));
        assert!(refused(&"<b a=1></x>".repeat(300)));
        assert!(refused(&"<font color=1><p></p>".repeat(300)));
        assert!(refused(&"<table><tr><td>".repeat(300)));
        assert!(refused(&"<b></b>".repeat(100_000)));
    }

    #[test]
    fn formatting_that_is_opened_again_and_again() {
        let unclosed: String = (0..150)
            .map(|n| "<font color=".to_owned() + &n.to_string() + ">")
            .collect();
        assert!(refused(&(unclosed + &"<p>x".repeat(30_000))));
        assert!(!refused(
            &"<p><font color=1><b><i>word</i></b></font></p>".repeat(5_000)
        ));
    }

    #[test]
    fn attributes_are_counted_as_a_browser_does() {
        for (tag, expected) in [
            (">", 0),
            (" a>", 1),
            (" a b=c d='e > f' g=\"h\"i=j/k>", 5),
            (" a = 'x' b = y/z>", 2),
            ("/ = \"> <", 2),
            (" \"a\" 'b'>", 2),
        ] {
            assert_eq!(attributes(tag.as_bytes()).0, expected, "{tag}");
        }
        assert!(refused(&("<p ".to_owned() + &"a ".repeat(300))));
        assert!(refused(&"<a b=\"".repeat(20_000)));
        let picture =
            "<img src=\"data:image/png;base64,".to_owned() + &"iVBO/Rw ".repeat(100_000) + "\">";
        assert!(!refused(&picture));
    }
}
