//! The allow-list.

use super::{images, shape, text};
use ammonia::{Builder, UrlRelative};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// Largest HTML in bytes that is shown as HTML; a larger one is shown as its text.
pub const MAX_INPUT: usize = 1024 * 1024;
/// Most elements open at once in HTML that is shown as HTML.
pub const MAX_DEPTH: usize = 200;

/// HTML that is safe to show.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CleanHtml {
    /// The HTML.
    pub html: String,
    /// A picture from another host was taken out; loading it would have told the sender that, when
    /// and where the message was read.
    pub had_remote: bool,
    /// It was too large, too deep or otherwise far beyond a letter, and is shown as its text.
    pub simplified: bool,
}

impl std::fmt::Debug for CleanHtml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CleanHtml")
            .field("bytes", &self.html.len())
            .field("had_remote", &self.had_remote)
            .field("simplified", &self.simplified)
            .finish_non_exhaustive()
    }
}

const TAGS: [&str; 55] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements that go with all they hold, because what they hold is no text for a reader.
const DROPPED_WHOLE: [&str; 26] = [
    "applet",
    "audio",
    "canvas",
    "embed",
    "frame",
    "frameset",
    "iframe",
    "math",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "option",
    "plaintext",
    "portal",
    "script",
    "select",
    "selectedcontent",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "video",
    "xml",
    "xmp",
];

static BUILDER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let cell = || HashSet::from(["colspan", "rowspan", "align", "valign"]);
    let attributes = HashMap::from([
        ("a", HashSet::from(["href"])),
        ("img", HashSet::from(["src", "alt", "width", "height"])),
        ("ol", HashSet::from(["start"])),
        ("td", cell()),
        ("th", cell()),
        ("p", HashSet::from(["align"])),
        ("div", HashSet::from(["align"])),
    ]);
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(DROPPED_WHOLE))
        .tag_attributes(attributes)
        .generic_attributes(HashSet::from(["dir", "lang", "title"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .strip_comments(true)
        .attribute_filter(filter);
    builder
});

/// Attributes are kept only with values of the expected form.
fn filter<'u>(element: &str, attribute: &str, value: &'u str) -> Option<Cow<'u, str>> {
    let number =
        || !value.is_empty() && value.len() <= 4 && value.bytes().all(|b| b.is_ascii_digit());
    let one_of = |known: &[&str]| known.iter().any(|k| value.eq_ignore_ascii_case(k));
    let keep = match (element, attribute) {
        ("a", "href") => !has_scheme(value, "cid:"),
        ("img", "src") => ["http:", "https:", "cid:"]
            .iter()
            .any(|scheme| has_scheme(value, scheme)),
        (_, "width" | "height" | "start") => number(),
        // More columns than any screen has are an attack on the browser's layout.
        (_, "colspan" | "rowspan") => number() && value.len() <= 2,
        (_, "align") => one_of(&["left", "right", "center", "justify"]),
        (_, "valign") => one_of(&["top", "middle", "bottom", "baseline"]),
        (_, "dir") => one_of(&["ltr", "rtl", "auto"]),
        (_, "lang") => {
            value.len() <= 35
                && value
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        }
        (_, "title" | "alt") => value.len() <= 1000,
        (_, "rel" | "target") => true,
        _ => false,
    };
    keep.then_some(Cow::Borrowed(value))
}

fn has_scheme(url: &str, scheme: &str) -> bool {
    let url = url.trim_start_matches(|c: char| c.is_control() || c == ' ');
    url.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Makes HTML of a message safe to show.
///
/// `cid_url` gives the local address of the attachment with a Content-ID, for pictures inside the
/// text. It must begin with `/`; a picture without an answer becomes a placeholder, as remote
/// pictures do. HTML beyond [`MAX_INPUT`] or [`MAX_DEPTH`] is shown as its text, cut at
/// [`MAX_INPUT`].
pub fn sanitise(html: &str, cid_url: &dyn Fn(&str) -> Option<String>) -> CleanHtml {
    if html.len() > MAX_INPUT || shape::is_too_complex(html, MAX_DEPTH) {
        let mut plain = text::html_to_text(html);
        plain.truncate(plain.floor_char_boundary(MAX_INPUT));
        return CleanHtml {
            html: text::text_to_html(&plain),
            had_remote: false,
            simplified: true,
        };
    }
    let allowed = BUILDER.clean(html).to_string();
    let (html, had_remote) = images::replace(&allowed, cid_url);
    CleanHtml {
        html,
        had_remote,
        simplified: false,
    }
}
