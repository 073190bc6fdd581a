//! HTML to text and back, in one pass over the bytes, without a tree.

use super::push_escaped;
use mail_parser::decoders::html::add_html_token;

/// Elements whose content is not for reading.
const UNREAD: [&str; 10] = [
    "script", "style", "title", "template", "noscript", "svg", "math", "select", "textarea",
    "iframe",
];
const BLOCKS: [&str; 24] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "header",
    "li",
    "main",
    "nav",
    "ol",
    "section",
    "table",
    "tbody",
    "td",
    "tr",
    "ul",
];
const PARAGRAPHS: [&str; 9] = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr"];
const MAX_QUOTE_DEPTH: usize = 8;
const MAX_ENTITY: usize = 33;

/// The text of an HTML page as a person would read it: blocks on lines of their own, list items
/// with a dash or their number, quotes behind `>`, links followed by their address, pictures by their description.
/// Costs time in proportion to the input and never fails.
pub fn html_to_text(html: &str) -> String {
    let mut writer = Writer::default();
    let mut rest = html;
    while !rest.is_empty() {
        let at = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        writer.text(&rest[..at]);
        rest = &rest[at..];
        if rest.is_empty() {
            break;
        }
        rest = match Tag::read(rest) {
            Some((tag, after)) => {
                writer.tag(&tag);
                if !tag.closing && UNREAD.contains(&tag.name.as_str()) {
                    skip_to_end(after, &tag.name)
                } else {
                    after
                }
            }
            None if rest.starts_with("<!--") => {
                rest[4..].find("-->").map_or("", |end| &rest[4 + end + 3..])
            }
            None if rest.starts_with("<!") || rest.starts_with("<?") || rest.starts_with("</") => {
                rest.find('>').map_or("", |end| &rest[end + 1..])
            }
            None => {
                writer.text("<");
                &rest[1..]
            }
        };
    }
    writer.finish()
}

/// Text as HTML: paragraphs at blank lines, line breaks elsewhere, everything else as it stands.
pub fn text_to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut in_paragraph = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            if in_paragraph {
                out.push_str("</p>");
            }
            in_paragraph = false;
            continue;
        }
        out.push_str(if in_paragraph { "<br>" } else { "<p>" });
        in_paragraph = true;
        push_escaped(&mut out, line);
    }
    if in_paragraph {
        out.push_str("</p>");
    }
    out
}

/// Replaces character references.
pub(super) fn decode_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let window = &rest.as_bytes()[..rest.len().min(MAX_ENTITY)];
        let reference = |b: &u8| b.is_ascii_alphanumeric() || *b == b'#';
        let end = memchr::memchr(b';', window).filter(|&end| window[1..end].iter().all(reference));
        if let Some(end) = end {
            add_html_token(&mut out, &window[..=end], false);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn skip_to_end<'h>(rest: &'h str, name: &str) -> &'h str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let after = &rest[from + at + 2..];
        if after
            .get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
        {
            return &rest[from + at..];
        }
        from += at + 2;
    }
    ""
}

struct Tag<'h> {
    name: String,
    closing: bool,
    attributes: &'h str,
}

impl<'h> Tag<'h> {
    /// Reads a tag at the start of `html`, and gives what follows it.
    fn read(html: &'h str) -> Option<(Self, &'h str)> {
        let inside = &html[1..];
        let closing = inside.starts_with('/');
        let inside = &inside[usize::from(closing)..];
        if !inside.bytes().next()?.is_ascii_alphabetic() {
            return None;
        }
        let name_end = inside
            .bytes()
            .position(|b| !b.is_ascii_alphanumeric() && b != b'-')
            .unwrap_or(inside.len());
        let mut quote = None;
        let mut end = inside.len();
        for (at, byte) in inside.bytes().enumerate().skip(name_end) {
            match (quote, byte) {
                (None, b'>') => {
                    end = at;
                    break;
                }
                // A quote counts only where a value begins.
                (None, b'"' | b'\'') if inside[..at].trim_end().ends_with('=') => {
                    quote = Some(byte);
                }
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
        }
        let tag = Self {
            name: inside[..name_end.min(32)].to_ascii_lowercase(),
            closing,
            attributes: &inside[name_end..end],
        };
        Some((tag, inside.get(end + 1..).unwrap_or("")))
    }

    fn attribute(&self, wanted: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            let name_end = rest
                .find(|c: char| c == '=' || c.is_ascii_whitespace())
                .unwrap_or(rest.len());
            if rest.is_empty() {
                return None;
            }
            let name = &rest[..name_end];
            let after = rest[name_end..].trim_start();
            let Some(value) = after.strip_prefix('=') else {
                rest = if name_end == 0 { &rest[1..] } else { after };
                continue;
            };
            let value = value.trim_start();
            let (value, tail) = match value.as_bytes().first() {
                Some(&quote @ (b'"' | b'\'')) => {
                    let quote = char::from(quote);
                    value[1..].split_once(quote).unwrap_or((&value[1..], ""))
                }
                _ => value.split_at(
                    value
                        .find(|c: char| c.is_ascii_whitespace())
                        .unwrap_or(value.len()),
                ),
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(decode_entities(value));
            }
            rest = tail;
        }
    }
}

/// Writes words with the white space and the marks that blocks ask for.
#[derive(Default)]
struct Writer {
    out: String,
    /// Line ends to write before the next word.
    breaks: usize,
    space: bool,
    quote_depth: usize,
    /// How deep the word before stands.
    last_depth: usize,
    preformatted: usize,
    /// The lists that are open, each with the number of its next item, if it counts them.
    lists: Vec<Option<u32>>,
    /// Whether an item has its mark and no word yet: its first paragraph stands beside the mark.
    fresh_item: bool,
    /// Where the link that is open began in `out`, and its address.
    link: Option<(usize, String)>,
}

impl Writer {
    fn text(&mut self, raw: &str) {
        if raw.is_empty() {
            return;
        }
        let text = decode_entities(raw);
        if self.preformatted > 0 {
            for line in text.split_inclusive('\n') {
                self.word(line.trim_end_matches(['\n', '\r']));
                if line.ends_with('\n') {
                    self.breaks += 1;
                }
            }
            return;
        }
        let white = |c: char| c.is_whitespace();
        self.space |= text.starts_with(white);
        let mut words = text.split(white).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            self.word(word);
            self.space = words.peek().is_some();
        }
        self.space |= text.ends_with(white);
    }

    fn word(&mut self, word: &str) {
        let word: String = word
            .chars()
            .filter(|c| !c.is_control() || *c == '\t')
            .collect();
        if word.is_empty() {
            return;
        }
        if self.breaks > 0 || self.out.is_empty() {
            for at in 0..self.breaks.min(2) {
                if !self.out.is_empty() {
                    if at > 0 {
                        // An empty line before or behind a quote is no part of it.
                        self.mark(self.quote_depth.min(self.last_depth));
                    }
                    self.out.push('\n');
                }
            }
            self.mark(self.quote_depth);
            self.breaks = 0;
        } else if self.space && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        self.space = false;
        self.fresh_item = false;
        self.last_depth = self.quote_depth;
        self.out.push_str(&word);
    }

    fn mark(&mut self, depth: usize) {
        for _ in 0..depth.min(MAX_QUOTE_DEPTH) {
            self.out.push_str("> ");
        }
    }

    fn need_breaks(&mut self, least: usize) {
        if !self.fresh_item {
            self.breaks = self.breaks.max(least);
        }
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        let name = tag.name.as_str();
        match name {
            "br" => self.breaks += 1,
            "hr" => {
                self.need_breaks(1);
                self.word("---");
                self.need_breaks(1);
            }
            "img" => {
                if let Some(alt) = tag.attribute("alt").filter(|alt| !alt.trim().is_empty()) {
                    self.text(&format!("[{}]", alt.trim()).replace('&', "&amp;"));
                }
            }
            "a" => self.link(tag),
            "blockquote" => {
                self.need_breaks(1);
                self.quote_depth = if tag.closing {
                    self.quote_depth.saturating_sub(1)
                } else {
                    self.quote_depth + 1
                };
            }
            "td" | "th" => self.space = true,
            "li" if !tag.closing => {
                self.fresh_item = false;
                self.need_breaks(1);
                match self.lists.last_mut() {
                    Some(Some(next)) => {
                        let number = format!("{next}.");
                        *next = next.saturating_add(1);
                        self.word(&number);
                    }
                    _ => self.word("-"),
                }
                self.space = true;
                self.fresh_item = true;
            }
            "ol" | "ul" => self.list(tag),
            "pre" => {
                self.need_breaks(2);
                self.preformatted = if tag.closing {
                    self.preformatted.saturating_sub(1)
                } else {
                    self.preformatted + 1
                };
            }
            _ if PARAGRAPHS.contains(&name) => self.need_breaks(2),
            _ if BLOCKS.contains(&name) => self.need_breaks(1),
            _ => {}
        }
    }

    fn list(&mut self, tag: &Tag<'_>) {
        if tag.closing {
            self.lists.pop();
        } else {
            let first = || tag.attribute("start").and_then(|start| start.parse().ok());
            self.lists
                .push((tag.name == "ol").then(|| first().unwrap_or(1)));
        }
        self.fresh_item = false;
        self.need_breaks(1);
    }

    fn link(&mut self, tag: &Tag<'_>) {
        if let Some((start, url)) = self.link.take() {
            let shown = self.out.get(start..).unwrap_or("").trim();
            let bare = |text: &str| {
                text.trim_start_matches("mailto:")
                    .trim_start_matches("tel:")
                    .trim_start_matches("https://")
                    .trim_start_matches("http://")
                    .trim_end_matches('/')
                    .to_owned()
            };
            if !shown.is_empty() && bare(shown) != bare(&url) {
                self.out.push_str(" (");
                self.out.push_str(&url);
                self.out.push(')');
            }
        }
        if !tag.closing
            && let Some(url) = tag.attribute("href")
        {
            let url: String = url.trim().chars().filter(|c| !c.is_control()).collect();
            let lower = url.get(..8).unwrap_or(&url).to_ascii_lowercase();
            if url.len() <= 500
                && ["http:", "https:", "mailto:", "tel:"]
                    .iter()
                    .any(|scheme| lower.starts_with(scheme))
            {
                self.link = Some((self.out.len(), url));
            }
        }
    }

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_like_a_page() {
        let html = "<!doctype html><html><head><title>t</title><style>p{}</style></head><body>\
            <p>Dear&nbsp;Ana &amp; Bo,</p><p>see <a href=\"https://x.example/a?b=1&amp;c\">the\n page</a>, \
            <a href='https://y.example/'>y.example</a> or <a href=mailto:a@b.c>a@b.c</a>.<br>Bye</p>\
            <ul><li>one<li>two</ul><table><tr><td>a<td>b</tr></table><hr><img alt=\"scan > one\" src=x>\
            <blockquote>old<blockquote>older</blockquote></blockquote>5 < 6<script>x</script> end<!-- no -->!";
        assert_eq!(
            html_to_text(html),
            "Dear Ana & Bo,\n\nsee the page (https://x.example/a?b=1&c), y.example or a@b.c.\nBye\n\n- one\n- two\na b\n---\n[scan > one]\n> old\n> > older\n5 < 6 end!"
        );
    }

    #[test]
    fn preformatted_text_keeps_its_lines() {
        assert_eq!(html_to_text("<pre>a  b\n  c</pre>d"), "a  b\n  c\n\nd");
        assert_eq!(
            html_to_text(
                "<ol start=3><li><p>c</p><ul><li>x</ul><li><p>d</p></ol><ul><li><li>e</ul>f"
            ),
            "3. c\n\n- x\n4. d\n\n-\n- e\nf"
        );
        assert_eq!(
            text_to_html("a <b>\nc\n\nd"),
            "<p>a &lt;b&gt;<br>c</p><p>d</p>"
        );
        assert_eq!(
            html_to_text(&text_to_html("a <b>\nc\n\nd & e")),
            "a <b>\nc\n\nd & e"
        );
    }

    #[test]
    fn entities() {
        assert_eq!(
            decode_entities("&eacute;&#233;&#xE9;&amp;lt; &nope; & &#0; &;"),
            "ééé&lt; &nope; & \0 &;"
        );
    }

    #[test]
    fn hostile_input_takes_linear_time() {
        for piece in [
            "<",
            "<a href=\"",
            "<!--",
            "<script>",
            "&",
            "</",
            "<a b='",
            "<blockquote>",
            "<a href=http:x>y",
            "<x = \" ",
        ] {
            let started = std::time::Instant::now();
            let text = html_to_text(&piece.repeat(1_000_000 / piece.len()));
            assert!(text.len() <= 20_000_000);
            assert!(started.elapsed().as_secs() < 10, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(html in "\\PC{0,200}|(<|</|>|a|href|=|\"|'| |&|;|#|x|p|li|!--|-->|script|é){0,60}") {
            let text = html_to_text(&html);
            prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        }

        #[test]
        fn plain_text_comes_back(text in "[a-z<>&\"'éñ]{1,10}( [a-z<>&;#\"]{1,10}){0,5}") {
            prop_assert_eq!(html_to_text(&text_to_html(&text)), text);
        }
    }
}
