//! What staff write.

use super::{
    sanitise::{CleanHtml, sanitise},
    text::text_to_html,
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
