//! Places of a text, marked in the HTML that shows it.

use super::text::decode_entities;
use std::ops::Range;

/// Longest HTML in bytes in which places are marked.
const MAX_INPUT: usize = 1024 * 1024;
/// Longest character reference in bytes.
const MAX_REFERENCE: usize = 33;

/// How a place is marked. Where places overlap, the later of these shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// What stands around: `<mark class="around">`.
    Around,
    /// The words themselves: `<mark class="found">`.
    Words,
}

/// The HTML with some places of `text` marked, which it shows in its own way: it may break lines elsewhere, and begin or end
/// otherwise. A place is looked for by its words and by how many times they stood there before; one that the HTML doesn't show,
/// or that is none of the text, is left out.
///
/// Expects HTML that [`sanitise`](super::sanitise) or [`text_to_html`](super::text_to_html) made. Nothing but `mark` elements with
/// a class, which mail can't bring along, is added, and nothing is taken away.
pub fn mark(html: &str, text: &str, places: &[(Range<usize>, Mark)]) -> String {
    if places.is_empty() || html.len() > MAX_INPUT {
        return html.to_owned();
    }
    let shown = Shown::of(html);
    let mut marks = vec![None; shown.words.len()];
    for (place, mark) in places {
        let (Some(before), Some(words)) = (text.get(..place.start), text.get(place.clone())) else {
            continue;
        };
        let words = without_space(words);
        if words.is_empty() {
            continue;
        }
        let times = without_space(before).matches(&words).count();
        if let Some((at, _)) = shown.words.match_indices(&words).nth(times) {
            for known in &mut marks[at..at + words.len()] {
                *known = (*known).max(Some(*mark));
            }
        }
    }
    shown.marked(html, &marks)
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What HTML shows, without its white space, and where each character stands.
struct Shown {
    words: String,
    /// For each character: where it begins in `words`, and its place in the HTML.
    places: Vec<(usize, Range<usize>)>,
}

impl Shown {
    fn of(html: &str) -> Self {
        let mut shown = Self {
            words: String::with_capacity(html.len()),
            places: Vec::with_capacity(html.len()),
        };
        let mut at = 0;
        while let Some(sign) = html[at..].chars().next() {
            let rest = &html[at..];
            let end = at
                + match sign {
                    '<' => tag_len(rest),
                    '&' => reference_len(rest),
                    _ => sign.len_utf8(),
                };
            if sign == '&' {
                for one in decode_entities(&html[at..end]).chars() {
                    shown.push(one, at..end);
                }
            } else if sign != '<' {
                shown.push(sign, at..end);
            }
            at = end;
        }
        shown
    }

    fn push(&mut self, sign: char, place: Range<usize>) {
        if !sign.is_whitespace() {
            self.places.push((self.words.len(), place));
            self.words.push(sign);
        }
    }

    /// The HTML with a mark for each byte of the words that has one.
    fn marked(&self, html: &str, marks: &[Option<Mark>]) -> String {
        let mut out = String::with_capacity(html.len() + html.len() / 8);
        let (mut open, mut last) = (None, 0);
        for (at, place) in &self.places {
            // A reference may stand for two characters.
            if place.start < last {
                continue;
            }
            let between = &html[last..place.start];
            let here = marks[*at];
            // A mark never reaches over the edge of an element.
            if open.is_some() && (open != here || between.contains('<')) {
                out.push_str("</mark>");
                open = None;
            }
            out.push_str(between);
            if open.is_none() {
                out.push_str(match here {
                    None => "",
                    Some(Mark::Around) => "<mark class=\"around\">",
                    Some(Mark::Words) => "<mark class=\"found\">",
                });
                open = here;
            }
            out.push_str(&html[place.clone()]);
            last = place.end;
        }
        if open.is_some() {
            out.push_str("</mark>");
        }
        out.push_str(&html[last..]);
        out
    }
}

/// Bytes of the tag at the beginning. An angle bracket in a quoted value ends none.
fn tag_len(html: &str) -> usize {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'>', None) => return at + 1,
            _ => {}
        }
    }
    html.len()
}

/// Bytes of the character reference at the beginning; one when it is none.
fn reference_len(html: &str) -> usize {
    let window = &html.as_bytes()[..html.len().min(MAX_REFERENCE)];
    memchr::memchr(b';', window)
        .filter(|&end| {
            window[1..end]
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || *b == b'#')
        })
        .map_or(1, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::super::text_to_html;
    use super::*;
    use proptest::prelude::*;

    /// Marks the first place of each of these words.
    fn marked(html: &str, text: &str, words: &[(&str, Mark)]) -> String {
        let place = |(word, mark): &(&str, Mark)| {
            let at = text.find(word).expect("words of the text");
            (at..at + word.len(), *mark)
        };
        mark(html, text, &words.iter().map(place).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_marked_where_they_are_shown() {
        let text = "Since noon\nchest  pain & \"more\".\n\nNo chest pain now";
        let html = text_to_html(text);
        assert_eq!(
            marked(&html, text, &[("chest  pain", Mark::Words)]),
            "<p>Since noon<br><mark class=\"found\">chest  pain</mark> &amp; &quot;more&quot;.</p><p>No chest pain now</p>"
        );
        assert_eq!(
            marked(
                &html,
                text,
                &[("noon\nchest", Mark::Words), ("& \"more\"", Mark::Words)]
            ),
            "<p>Since <mark class=\"found\">noon</mark><br><mark class=\"found\">chest</mark>  pain <mark class=\"found\">&amp; &quot;more&quot;</mark>.</p><p>No chest pain now</p>"
        );
        let second = text.rfind("chest").unwrap();
        assert_eq!(
            mark(&html, text, &[(second..second + 5, Mark::Words)]),
            "<p>Since noon<br>chest  pain &amp; &quot;more&quot;.</p><p>No <mark class=\"found\">chest</mark> pain now</p>"
        );
    }

    #[test]
    fn words_stand_out_of_what_is_around_them() {
        assert_eq!(
            marked(
                "<p>a b <b>c</b> d</p>",
                "a b c d",
                &[("a b c", Mark::Around), ("b", Mark::Words)]
            ),
            "<p><mark class=\"around\">a</mark> <mark class=\"found\">b</mark> <b><mark class=\"around\">c</mark></b> d</p>"
        );
    }

    #[test]
    fn what_is_not_shown_is_left_out() {
        let html = "<p title=\"x > pain\">hello</p>";
        assert_eq!(marked(html, "pain hello", &[("pain", Mark::Words)]), html);
        for place in [0..99, 1..1, 2..3] {
            assert_eq!(mark(html, "\u{e9} ", &[(place, Mark::Words)]), html);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_marks_is_added(
            text in "([a-c é&<>\"\n]|pain){0,30}",
            html in "([a-c é\n]|&amp;|&lt;|&x;|<b>|</b>|<a href=\"x>\">|<|&|pain){0,30}",
            places in prop::collection::vec((0_usize..40, 0_usize..6, any::<bool>()), 0..6),
        ) {
            let places: Vec<_> = places
                .into_iter()
                .map(|(at, len, words)| (at..at + len, if words { Mark::Words } else { Mark::Around }))
                .collect();
            for html in [html, text_to_html(&text)] {
                let out = mark(&html, &text, &places);
                let plain = out
                    .replace("<mark class=\"around\">", "")
                    .replace("<mark class=\"found\">", "")
                    .replace("</mark>", "");
                prop_assert_eq!(plain, html);
                prop_assert_eq!(out.matches("<mark").count(), out.matches("</mark>").count());
            }
        }
    }
}
