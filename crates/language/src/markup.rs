//! Markup that stands in plain text: tags, comments, the contents of scripts.
//!
//! It is told by form and is no page: what a person may have written themselves stays a word. `<3`, `i < 40`, `<ann@example.org>`
//! and `<i can't breathe>` are no tags, and of `<b x=1 my chest hurts` only `<b` and `x=1` are markup. Each place is looked
//! at once or twice, however the text goes on.

use std::iter;
use std::ops::Range;

/// A stretch of markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Markup {
    pub place: Range<usize>,
    /// What the rules read of it: the same, or all of a tag that holds words of a person's besides, and nothing of its other
    /// stretches, so that no phrase falls apart between what is markup and what isn't.
    pub read: Range<usize>,
    /// What stands before it and behind it are two sentences: a paragraph's tag, not one around a bold word.
    pub parts: bool,
}

/// Elements, old ones among them, by name. One that stands here is a tag without any attribute.
const ELEMENTS: &str = "a abbr acronym address animate applet area article aside audio b base basefont bdi bdo bgsound big blink \
    blockquote body br button canvas caption center cite code col colgroup data datalist dd del desc details \
    dfn dialog dir div dl dt em embed fencedframe fieldset figcaption figure font footer foreignobject form \
    frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe ilayer image img input ins isindex \
    kbd keygen label layer legend li link listing main map mark marquee math menu menuitem meta meter mglyph \
    mi mn mo mtext nav nobr noembed noframes noscript object ol optgroup option output p param picture \
    plaintext pre progress q rp rt ruby s samp script section select slot small source span strike strong \
    style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var \
    video wbr xml xmp";

/// Those that stand around words inside a sentence.
const INSIDE: &str = "a abbr acronym b bdi bdo big cite code data del dfn em font g i img ins kbd mark nobr q s samp small span \
    strike strong sub sup time tt u var wbr";

/// Attributes that need no value.
const BARE: &str = "allowfullscreen async autofocus autoplay checked contenteditable controls crossorigin default defer \
    disabled download formnovalidate hidden inert ismap itemscope loop multiple muted nomodule noresize \
    noshade novalidate nowrap open playsinline popover readonly required reversed selected";

/// What names begin with that pages give their own attributes.
const OWN: &[&str] = &["data-", "aria-", "ng-", "v-"];

/// Bytes of the longest name of a tag.
const NAME: usize = 40;

/// The markup of a text, in order; no two stretches overlap.
pub(crate) fn markup(text: &str) -> Vec<Markup> {
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        found: Vec::new(),
        missing: [false; 3],
    };
    let mut at = 0;
    while let Some(next) = find(&scan.bytes[at..], b"<") {
        at += next;
        at = scan.take(at).unwrap_or(at + 1);
    }
    scan.found
}

/// What has an end of its own.
const COMMENT: usize = 0;
const SCRIPT: usize = 1;
const STYLE: usize = 2;

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    found: Vec<Markup>,
    /// Of which no end stands in the rest of the text: nobody looks for it twice.
    missing: [bool; 3],
}

/// A tag while it is read.
struct Tag {
    /// End of its last stretch, and of what was looked at.
    end: usize,
    read: usize,
    /// Its stretches, the words that may be a person's left out.
    places: Vec<Range<usize>>,
    /// It holds `name=value`.
    paired: bool,
    /// It holds words that are no attributes.
    wordy: bool,
    closed: bool,
}

impl Scan<'_> {
    /// Takes the markup that begins with the `<` at `at`; gives back where it ends.
    fn take(&mut self, at: usize) -> Option<usize> {
        match self.bytes.get(at + 1)? {
            b'!' if self.bytes[at..].starts_with(b"<!--") => Some(self.comment(at)),
            b'!' if self.bytes[at..].starts_with(b"<![") => Some(self.push(at..at + 3, true)),
            b'!' | b'?' => self.declaration(at),
            b'/' => self.element(at, at + 2),
            _ => self.element(at, at + 1),
        }
    }

    fn push(&mut self, place: Range<usize>, parts: bool) -> usize {
        let (end, read) = (place.end, place.clone());
        self.found.push(Markup { place, read, parts });
        end
    }

    /// A comment; of one without an end its beginning.
    fn comment(&mut self, at: usize) -> usize {
        // "<!-->" is a whole one.
        let end = self.end_of(COMMENT, at + 2).map(|end| end + 1);
        self.push(at..end.unwrap_or(at + 4), true)
    }

    /// "<!doctype html>"; of one that doesn't end before another mark its beginning.
    fn declaration(&mut self, at: usize) -> Option<usize> {
        let name = self.skip(at + 2, |b| b.is_ascii_alphabetic());
        let end = self.skip(name, |b| !matches!(b, b'<' | b'>'));
        let whole = self.bytes.get(end) == Some(&b'>');
        (name > at + 2).then(|| self.push(at..if whole { end + 1 } else { name }, true))
    }

    /// Where the next end of a comment, a script or a style stands: behind its last letter, before the ">".
    fn end_of(&mut self, what: usize, from: usize) -> Option<usize> {
        if self.missing[what] {
            return None;
        }
        let rest = &self.bytes[from..];
        let end = match what {
            COMMENT => (0..rest.len()).find_map(|n| {
                let ends = [&b"-->"[..], b"--!>"];
                let end = ends.iter().find(|end| rest[n..].starts_with(end))?;
                Some(n + end.len() - 1)
            }),
            SCRIPT => find(rest, b"</script").map(|n| n + 8),
            _ => find(rest, b"</style").map(|n| n + 7),
        };
        self.missing[what] = end.is_none();
        end.map(|n| from + n)
    }

    /// Behind the next `sign` of the same paragraph.
    fn paragraph(&self, from: usize, sign: u8) -> Option<usize> {
        let mut blank = false;
        for (n, &byte) in self.bytes[from..].iter().enumerate() {
            match byte {
                _ if byte == sign => return Some(from + n + 1),
                b'\n' if blank => return None,
                b'\n' => blank = true,
                b' ' | b'\t' | b'\r' => {}
                _ => blank = false,
            }
        }
        None
    }

    /// The element that begins at `at`, its name at `name`, with what stands in a script or a style.
    fn element(&mut self, at: usize, name: usize) -> Option<usize> {
        let named = self.name(name)?;
        let closing = name == at + 2;
        let mut tag = self.attributes(at, name + named.len());
        let lower = named.to_ascii_lowercase();
        let known = holds(ELEMENTS, &lower) || lower.contains(['-', '\0']);
        let whole = !tag.wordy && tag.closed;
        let told = known && tag.paired || whole && (closing || known || tag.paired);
        if !told {
            return None;
        }
        let parts = !holds(INSIDE, &lower);
        let raw = match lower.as_str() {
            _ if closing || !tag.closed => None,
            "script" => Some(SCRIPT),
            "style" => Some(STYLE),
            _ => None,
        };
        if let Some(number) = raw {
            let inside = tag.end;
            tag.end = match self.end_of(number, inside) {
                // With the rest of the tag that ends it.
                Some(end) => self.paragraph(end, b'>').unwrap_or(end),
                None => {
                    inside + find(&self.bytes[inside..], b"\n").unwrap_or(self.bytes.len() - inside)
                }
            };
            tag.places.push(inside..tag.end);
        }
        let first = self.found.len();
        for place in tag.places {
            match self.found[first..].last_mut() {
                Some(last) if last.place.end == place.start => {
                    (last.place.end, last.read.end) = (place.end, place.end);
                }
                _ => {
                    self.push(place, parts);
                }
            }
        }
        if tag.wordy {
            for stretch in &mut self.found[first..] {
                stretch.read = stretch.place.end..stretch.place.end;
            }
            self.found[first].read = at..tag.read.max(tag.end);
        }
        Some(tag.end)
    }

    /// The name of a tag: letters, digits and few signs, and behind them something that no address has.
    fn name(&self, from: usize) -> Option<&str> {
        let rest = &self.bytes[from..];
        let signs = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_' | b'\0');
        let length = rest.iter().take(NAME).take_while(|b| signs(b)).count();
        let name = &rest[..length];
        let ends = match rest.get(length) {
            Some(b'/') => !name.ends_with(b":"),
            Some(b) => b.is_ascii_whitespace() || *b == b'>' || *b == 0x0B,
            None => false,
        };
        (ends && name.first()?.is_ascii_alphabetic()).then(|| &self.text[from..from + length])
    }

    /// Reads the attributes from `at`, up to the end of the tag that began at `begin`, another `<` or the end of the text.
    fn attributes(&self, begin: usize, mut at: usize) -> Tag {
        let bytes = self.bytes;
        let mut tag = Tag {
            end: at,
            read: at,
            places: iter::once(begin..at).collect(),
            paired: false,
            wordy: false,
            closed: false,
        };
        loop {
            let from = at;
            at = self.skip(at, |b| b.is_ascii_whitespace() || matches!(b, b'/' | 0x0B));
            match bytes.get(at) {
                None | Some(b'<') => break,
                Some(b'>') => {
                    tag.closed = true;
                    tag.mark(from, at, at + 1);
                    at += 1;
                    break;
                }
                _ => {}
            }
            let name = at;
            at = self.skip(at, |b| {
                !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'=' | b'<')
            });
            let named = &self.text[name..at];
            let equals = self.skip(at, |b| b.is_ascii_whitespace());
            if bytes.get(equals) == Some(&b'=') {
                let value = self.skip(equals + 1, |b| b.is_ascii_whitespace());
                at = self.value(value);
                tag.paired = true;
                tag.mark(from, name, at);
            } else if named.contains(char::is_alphanumeric)
                && !holds(BARE, &named.to_ascii_lowercase())
                && !OWN.iter().any(|own| named.starts_with(own))
            {
                tag.wordy = true;
            } else {
                tag.mark(from, name, at);
            }
        }
        tag.read = at;
        tag
    }

    fn skip(&self, from: usize, goes_on: impl Fn(u8) -> bool) -> usize {
        let rest = &self.bytes[from..];
        from + rest.iter().take_while(|b| goes_on(**b)).count()
    }

    /// The end of a value: of a quoted one behind its quote.
    fn value(&self, from: usize) -> usize {
        let quoted = match self.bytes.get(from) {
            Some(&quote @ (b'"' | b'\'' | b'`')) => self.paragraph(from + 1, quote),
            _ => None,
        };
        quoted.unwrap_or_else(|| self.skip(from, |b| !b.is_ascii_whitespace() && b != b'>'))
    }
}

impl Tag {
    /// Marks what was read from `start` to `end`, and joins it with what was marked before where only spaces stand between,
    /// the last of which begin at `from`.
    fn mark(&mut self, from: usize, start: usize, end: usize) {
        self.end = end;
        match self.places.last_mut() {
            Some(last) if last.end == from => last.end = end,
            _ => self.places.push(start..end),
        }
    }
}

/// Whether a list of names has this one.
fn holds(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|one| one == name)
}

/// Where `what` stands first, capital letters or small ones.
fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes
        .windows(what.len())
        .position(|some| some.eq_ignore_ascii_case(what))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text with its markup as dots.
    fn without(text: &str) -> String {
        let mut left = String::new();
        let mut at = 0;
        for one in markup(text) {
            left += &text[at..one.place.start];
            left += "·";
            at = one.place.end;
        }
        left + &text[at..]
    }

    #[test]
    fn what_stands_inside_sentences_is_an_element() {
        let mut inside = INSIDE.split_ascii_whitespace();
        assert!(inside.all(|name| holds(ELEMENTS, name)));
    }

    #[test]
    fn what_a_person_says_is_no_markup() {
        for text in [
            "my chest hurts <3 and i < 40",
            "pain > 8 < 10",
            "a<b and c>d",
            "Ann Ortega <ann@example.org> wrote",
            "<https://example.org/a?b=1> and <tel:911>",
            "<mailto:ann@example.org>",
            "<Ann> <help> <your name here> <My chest hurts so much>",
            "<i can't breathe>",
            "i <b",
            "</3",
            "<- here -> and <-- there, <<so>>",
            "<!> <!?> <? no idea",
            "<my pain = 9 out of 10 and i can't breathe>",
            "<my pain=9",
            "<! wow",
            "< b >I fell</ b >",
            "血压 <90 我胸痛",
            "<",
            "</",
            "",
        ] {
            assert_eq!(without(text), text);
        }
    }

    #[test]
    fn markup_is_told_from_the_words_around_it() {
        for (text, left) in [
            ("<p>I can't breathe</p>", "·I can't breathe·"),
            ("I <b>can't</b> breathe<br/>now", "I ·can't· breathe·now"),
            (
                "<optgroup label='</optgroup><img src=x onerror=steal()>'>",
                "·",
            ),
            ("<img src=x onerror=steal()", "·"),
            ("<IMG\n SRC=\"a>b\"\nonerror\r\n=\r\n'steal()' >x", "·x"),
            ("<img/src=x/onerror=steal()>", "·"),
            ("<xss id=x tabindex=1>a</xss>", "·a·"),
            ("<bd-live>a</bd-live>", "·a·"),
            ("<p title=\"it's\n\nlong\">x", "·\n\nlong\"·x"),
            ("<p title=\"no end>x", "· end·x"),
            ("<b x=1 my chest hurts", "· my chest hurts"),
            ("<b x=1 my chest hurts y=2>so", "· my chest hurts ·so"),
            ("<input disabled data-x required>x", "·x"),
            ("<script>alert('I want to die')</script >I fell", "·I fell"),
            ("<SCRIPT src=x>a < b\nmore", "·\nmore"),
            ("<style>p{}</style", "·"),
            ("a<!-- note\n\nlong -->b<!-- open", "a·b· open"),
            ("<!-->a<!--->b<!--c--!>d", "·a·b·d"),
            ("<!doctype html><?xml version='1.0'?>a", "·a"),
            ("<![CDATA[a]]>", "·CDATA[a]]>"),
            ("<!doctype html [<!entity x 'y'>]>", "· html [·]>"),
            ("</p onclick=steal()>a</nosuch>", "·a·"),
            (
                "<a href=https://x.example/?a=1&b=2>my results</a>",
                "·my results·",
            ),
            ("<<b>>", "<·>"),
            ("<p>胸痛</p>", "·胸痛·"),
            ("<p class=é>á</p>", "·á·"),
        ] {
            assert_eq!(without(text).replace("··", "·"), left, "{text}");
        }
    }

    #[test]
    fn rules_read_a_tag_that_holds_words_as_it_is_written() {
        let read = |text: &str| -> Vec<String> {
            let found = markup(text);
            let places = found.iter().map(|m| text[m.read.clone()].to_owned());
            places.filter(|read| !read.is_empty()).collect()
        };
        assert_eq!(read("<p class=x>a</p>"), ["<p class=x>", "</p>"]);
        assert_eq!(
            read("<img alt=' I can't breathe. <b>x"),
            ["<img alt=' I can't breathe. ", "<b>"]
        );
        assert_eq!(read("<b x=1 my y=2 chest>z"), ["<b x=1 my y=2 chest>"]);
    }

    #[test]
    fn only_tags_of_paragraphs_part_sentences() {
        let parts = |text: &str| markup(text)[0].parts;
        assert!(parts("<p>") && parts("<BR/>") && parts("<script>x</script>"));
        assert!(!parts("<b>") && !parts("<SPAN class=x>"));
    }

    #[test]
    fn texts_made_to_be_slow_are_not() {
        let pieces = [
            "<",
            "<!--",
            "<a b='",
            "<a b=\"",
            "<script>",
            "<style>",
            "<p",
            "<p ",
            "</",
            "<!a",
            "<!--a--!>",
            "<!a \n",
            "<a b=",
            "<a\n",
            "<a b='\n\n",
            "</script",
            "<a x ",
        ];
        let start = std::time::Instant::now();
        for piece in pieces {
            let text = piece.repeat(400_000 / piece.len());
            let found = markup(&text);
            assert!(found.len() <= text.len());
        }
        // Some 6 MB; what looks at every place anew for each of them would take hours.
        assert!(start.elapsed().as_secs() < 20);
    }

    proptest! {
        #[test]
        fn stretches_are_in_order_and_inside(text in "[<>/!?%=\"'` \n\0a-cé血0-]{0,60}|(<|</|<!--|-->|<script>|</script>|<b |x=|'|\"|>|\n\n|é| a ){0,24}") {
            let mut at = 0;
            for one in markup(&text) {
                prop_assert!(one.place.start >= at && one.place.end > one.place.start);
                prop_assert!(text.get(one.place.clone()).is_some_and(|t| !t.is_empty()));
                prop_assert!(text.get(one.read.clone()).is_some() && one.read.start >= at);
                at = one.place.end;
            }
        }

        #[test]
        fn a_text_without_an_opening_mark_has_none(text in "[^<]{0,80}") {
            prop_assert!(markup(&text).is_empty());
        }

        #[test]
        fn words_between_two_tags_are_left(words in "[a-zé血 ]{1,30}") {
            let text = format!("<p class='x'>{words}</p>");
            prop_assert_eq!(without(&text), format!("·{words}·"));
        }
    }
}
