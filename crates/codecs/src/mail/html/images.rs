//! Pictures: attached ones get a local address, all others a placeholder.

use super::{REMOTE_IMAGE_CLASS, push_escaped, text::decode_entities};

/// Rewrites the `img` elements of HTML that the allow-list has written: in it a `<` always begins a
/// tag, and attribute values always stand in double quotes. Returns true beside it when a picture
/// of another host was taken out.
pub(super) fn replace(html: &str, cid_url: &dyn Fn(&str) -> Option<String>) -> (String, bool) {
    let mut out = String::with_capacity(html.len() + 64);
    let mut had_remote = false;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let length = tag_length(&rest[at..]);
        let tag = &rest[at..at + length];
        if let Some(inside) = tag
            .strip_prefix("<img")
            .filter(|i| i.starts_with([' ', '>']))
        {
            had_remote |= picture(&mut out, inside.trim_end_matches('>'), cid_url);
        } else {
            out.push_str(tag);
        }
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    (out, had_remote)
}

/// Bytes up to and with the `>` that ends the tag; quoted ones don't count.
pub(super) fn tag_length(tag: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    tag.len()
}

fn picture(out: &mut String, attributes: &str, cid_url: &dyn Fn(&str) -> Option<String>) -> bool {
    let value = |name: &str| {
        let key = format!(" {name}=\"");
        let start = attributes.find(&key)? + key.len();
        let end = attributes[start..].find('"')? + start;
        Some(decode_entities(&attributes[start..end]))
    };
    let source = value("src").unwrap_or_default();
    let source = source.trim_start_matches(|c: char| c.is_control() || c == ' ');
    let alt = value("alt").unwrap_or_default();
    let content_id = source
        .get(..4)
        .filter(|s| s.eq_ignore_ascii_case("cid:"))
        .map(|_| percent_decoded(&source[4..]));
    let local = content_id
        .as_deref()
        .and_then(cid_url)
        .filter(|url| is_local(url));
    let remote = content_id.is_none() && !source.is_empty();

    if let Some(url) = local {
        out.push_str("<img src=\"");
        push_escaped(out, &url);
        out.push_str("\" alt=\"");
        push_escaped(out, &alt);
        out.push('"');
        for name in ["width", "height"] {
            if let Some(number) = value(name) {
                let number: u16 = number.parse().unwrap_or(0);
                for piece in [" ", name, "=\"", &number.to_string(), "\""] {
                    out.push_str(piece);
                }
            }
        }
        out.push_str(" loading=\"lazy\">");
        return false;
    }
    // A picture of a dot or two is there to count readers; nothing stands in its place.
    let dot = ["width", "height"]
        .iter()
        .any(|name| value(name).is_some_and(|v| matches!(v.as_str(), "0" | "1" | "2")));
    if !(dot && alt.trim().is_empty()) {
        for piece in ["<span class=\"", REMOTE_IMAGE_CLASS, "\">"] {
            out.push_str(piece);
        }
        push_escaped(out, &alt);
        out.push_str("</span>");
    }
    remote
}

/// A path on this host: neither another host (`//`, `/\`) nor another scheme.
fn is_local(url: &str) -> bool {
    url.starts_with('/')
        && !url[1..].starts_with(['/', '\\'])
        && !url.contains(|c: char| c.is_control())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|p| std::str::from_utf8(p).ok());
        if let Some(byte) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
