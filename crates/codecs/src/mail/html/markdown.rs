//! What staff write.

use super::{
    sanitise::{CleanHtml, sanitise},
    text::{html_to_text, text_to_html},
};
use comrak::Options;

/// Longest answer in bytes that is formatted; a longer one is shown as plain text.
const MAX_INPUT: usize = 256 * 1024;
/// Most nested quotes and lists.
const MAX_MARKS: usize = 60;

/// Renders an answer written in Markdown (`CommonMark` with tables, strike-through and bare links; a
/// line break is a line break). HTML in it is shown as it was typed, and the result has been through
/// [`sanitise`].
pub fn markdown_to_html(text: &str) -> String {
    if text.len() > MAX_INPUT || nests_too_deep(text) {
        return text_to_html(text);
    }
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.render.hardbreaks = true;
    options.render.escape = true;
    let CleanHtml { html, .. } = sanitise(&comrak::markdown_to_html(text, &options), &|_| None);
    html
}

/// The same answer as plain text, without the marks: for programs that show no formatting.
pub fn markdown_to_text(text: &str) -> String {
    html_to_text(&markdown_to_html(text))
}

/// Marks that open a level each, at the start of a line or in a run of brackets.
fn nests_too_deep(text: &str) -> bool {
    text.lines().any(|line| {
        let marks = line
            .bytes()
            .take_while(|b| b.is_ascii_whitespace() || b.is_ascii_digit() || b">-*+.)".contains(b))
            .filter(|b| !b.is_ascii_digit() && !b.is_ascii_whitespace())
            .count();
        let rule = line
            .trim()
            .bytes()
            .all(|b| b.is_ascii_whitespace() || b"-*_".contains(&b));
        (marks > MAX_MARKS && !rule) || line.bytes().filter(|b| b"[*_~".contains(b)).count() > 2000
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_has_no_marks() {
        let answer = "Dear Ana,\n\ntake **metformin** _twice_ a day:\n\n1. at breakfast\n2. at night\n\n\
            But:\n- no `alcohol`\n- see [our page](https://clinic.example/a)\n\n> You asked\n\nAs <before> & after\nAlex";
        assert_eq!(
            markdown_to_text(answer),
            "Dear Ana,\n\ntake metformin twice a day:\n\n1. at breakfast\n2. at night\n\nBut:\n\n- no alcohol\n- see our page \
             (https://clinic.example/a)\n\n> You asked\n\nAs <before> & after\nAlex"
        );
        let deep = format!("{}deep", "> ".repeat(MAX_MARKS + 1));
        assert_eq!(markdown_to_text(&deep), deep);
    }

    proptest! {
        #[test]
        fn words_without_marks_stay_as_they_are(text in "[a-zA-Zéñ]{1,10}([ \n][a-zA-Zéñ,]{1,10}){0,8}") {
            prop_assert_eq!(markdown_to_text(&text), text);
        }

        #[test]
        fn any_answer_is_survived(text in "[*_~`>#\\-\\[\\]()!|0-9.<>&a-z \n]{0,120}") {
            let plain = markdown_to_text(&text);
            prop_assert!(!plain.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
