//! Links of a message that lead to somebody else's pages.
//!
//! Who reads a message has not chosen where its links lead, and words on a link say nothing of that. A page of the desk stands
//! in between ([`through`]), which tells the address as a browser reads it ([`away`]).

use super::images::tag_length;
use super::push_escaped;
use super::text::decode_entities;
use ammonia::Url;
use std::ops::Range;

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// The whole address, as a browser reads what stands in the message.
    pub address: String,
    /// Whose page it is: the host in its ASCII form, in which no letter can pass for another alphabet's.
    pub host: String,
}

impl Away {
    fn of(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        Some(Self {
            host: url.host_str()?.to_owned(),
            address: url.into(),
        })
    }
}

/// The HTML with each link that leads away going by `way`, which is asked for the link's place among them. What opens a letter or
/// a telephone stays as it is.
///
/// Expects HTML that [`sanitise`](super::sanitise), [`text_to_html`](super::text_to_html) or [`mark`](super::mark()) made.
pub fn through(html: &str, way: &dyn Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    let mut place = 0;
    for (text, tag, link) in pieces(html) {
        out.push_str(text);
        let Some(address) = link else {
            out.push_str(tag);
            continue;
        };
        out.push_str(&tag[..address.start]);
        push_escaped(&mut out, &way(place));
        out.push_str(&tag[address.end..]);
        place += 1;
    }
    out
}

/// Where the link at this place among those that lead away goes. None where there is no such link, or where it leads nowhere.
pub fn away(html: &str, place: usize) -> Option<Away> {
    let (_, tag, link) = pieces(html)
        .filter(|(.., link)| link.is_some())
        .nth(place)?;
    Away::of(&decode_entities(&tag[link?]))
}

/// What stands before each tag, the tag, and where in it the address of a link stands that leads away.
fn pieces(html: &str) -> impl Iterator<Item = (&str, &str, Option<Range<usize>>)> {
    let mut rest = html;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (text, tagged) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        let (tag, after) = tagged.split_at(tag_length(tagged));
        rest = after;
        let link = href(tag).filter(|address| leads_away(&tag[address.clone()]));
        Some((text, tag, link))
    })
}

/// Where the address of a link stands in its tag. Attributes are read one after the other: in the value of another one, words may
/// look like it.
fn href(tag: &str) -> Option<Range<usize>> {
    let mut at = "<a".len();
    if !tag.starts_with("<a ") {
        return None;
    }
    loop {
        let equals = at + tag.get(at..)?.find("=\"")?;
        let start = equals + "=\"".len();
        let end = start + tag[start..].find('"')?;
        if tag[at..equals].split_ascii_whitespace().next_back() == Some("href") {
            return Some(start..end);
        }
        at = end + 1;
    }
}

/// Whether a link opens a page. What is not known to open something else does.
fn leads_away(address: &str) -> bool {
    let address = decode_entities(address);
    let address = address.trim_start_matches(|c: char| c.is_control() || c == ' ');
    let opens = |scheme: &str| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    !(opens("mailto:") || opens("tel:"))
}

#[cfg(test)]
mod tests {
    use super::super::{markdown_to_html, sanitise, text_to_html};
    use super::*;
    use proptest::prelude::*;

    fn clean(html: &str) -> String {
        sanitise(html, &|_| None).html
    }

    fn way(place: usize) -> String {
        format!("/links/{place}?a&b")
    }

    #[test]
    fn links_go_by_the_page_in_between() {
        let html = clean(
            "<p><a href='https://one.example/?a=1&b=2' title='x > y'>one</a> <a href=mailto:a@b.example>mail</a> \
             <a href=tel:+1555>call</a> <a href='HTTP://Two.example'>two</a> <a>none</a></p>",
        );
        let shown = through(&html, &way);
        assert_eq!(shown.matches("href=\"/links/").count(), 2, "{shown}");
        assert!(shown.contains("href=\"/links/0?a&amp;b\""), "{shown}");
        assert!(shown.contains("href=\"/links/1?a&amp;b\""), "{shown}");
        assert!(shown.contains("mailto:a@b.example") && shown.contains("tel:+1555"));
        assert!(!shown.contains("one.example/") && !shown.contains("Two.example"));
        let one = away(&html, 0).unwrap();
        assert_eq!(one.address, "https://one.example/?a=1&b=2");
        assert_eq!(one.host, "one.example");
        assert_eq!(away(&html, 1).unwrap().address, "http://two.example/");
        assert_eq!(away(&html, 2), None);
        let written = markdown_to_html("[three](https://three.example/x) [bad](javascript:x)");
        assert_eq!(away(&written, 0).unwrap().host, "three.example");
        assert_eq!(away(&written, 1), None);
    }

    #[test]
    fn what_looks_like_an_address_in_another_value_is_none() {
        for trick in [
            "<a title=' href=' href='https://evil.example/'>x</a>",
            "<a title='x href=&quot;/inbox&quot;' href='https://evil.example/'>x</a>",
            "<a href='https://evil.example/' title=' href='>x</a>",
            "<a lang=en dir=rtl title='>' href='https://evil.example/'>x</a>",
        ] {
            let html = clean(trick);
            assert!(!through(&html, &way).contains("evil.example"), "{html}");
            assert_eq!(away(&html, 0).unwrap().host, "evil.example", "{html}");
        }
    }

    #[test]
    fn the_host_is_the_one_that_a_browser_asks() {
        for (address, host) in [
            (
                "https://clinic.example@evil.example/clinic.example",
                "evil.example",
            ),
            ("https://clinic.example:x@evil.example", "evil.example"),
            ("https:\\\\evil.example\\@clinic.example", "evil.example"),
            ("https://evil.example\\@clinic.example/", "evil.example"),
            ("https://evil.example#@clinic.example", "evil.example"),
            ("https://ev\til.example/", "evil.example"),
            ("https://EVIL.example./", "evil.example."),
            ("https://clinic.ехample/", "clinic.xn--ample-2of8b"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://[::1]:8080/", "[::1]"),
        ] {
            let found = Away::of(address).map(|away| away.host);
            if host.contains("xn--") {
                // How another alphabet's letters are spelled is the library's affair; that they don't pass is ours.
                assert!(found.is_some_and(|host| host.is_ascii()), "{address}");
            } else {
                assert_eq!(found.as_deref(), Some(host), "{address}");
            }
        }
        for nowhere in [
            "https://",
            "javascript:alert(1)",
            "data:text/html,x",
            "/inbox",
            "https://a b/",
        ] {
            assert_eq!(Away::of(nowhere), None, "{nowhere}");
        }
    }

    proptest! {
        /// Whatever somebody sends, no link of it is left that opens a page by itself.
        #[test]
        fn no_link_leads_away_by_itself(
            html in "(<a|<p|<b|</a>|>| href=| title=| lang=|\"|'|https://x\\.y|HTTP://z|mailto:a|tel:1|&quot;|&#32;|&amp;| |\n|x|\\PC){0,40}",
        ) {
            for html in [clean(&html), markdown_to_html(&html), text_to_html(&html)] {
                let shown = through(&html, &way);
                let by_itself = pieces(&shown).any(|(_, tag, link)| link.is_some_and(|at| !tag[at].starts_with("/links/")));
                prop_assert!(!by_itself, "{}", shown);
                let links = pieces(&shown).filter(|(.., link)| link.is_some()).count();
                prop_assert_eq!(away(&html, links), None);
                // Nothing else was touched.
                let mut back = shown;
                for place in 0..links {
                    let piece = pieces(&html).filter(|(.., link)| link.is_some()).nth(place).unwrap();
                    let was = format!("href=\"{}\"", &piece.1[piece.2.unwrap()]);
                    back = back.replacen(&format!("href=\"/links/{place}?a&amp;b\""), &was, 1);
                }
                prop_assert_eq!(back, html);
            }
        }
    }
}
