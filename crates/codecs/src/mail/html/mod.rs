//! HTML from outside, made safe to show; and text to and from HTML.
//!
//! What comes out of [`sanitise`] and [`markdown_to_html`] has no script, style, form, identifier or
//! class of the sender's, loads nothing from anywhere, and links only to `http`, `https`, `mailto`
//! and `tel`. The page that shows it should still hold a strict Content-Security-Policy.

mod images;
mod links;
mod mark;
mod markdown;
mod sanitise;
mod shape;
mod text;

pub use links::{Away, away, through};
pub use mark::{Mark, mark};
pub use markdown::{markdown_to_html, markdown_to_text};
pub use sanitise::{CleanHtml, MAX_DEPTH, MAX_INPUT, sanitise};
pub use text::{html_to_text, text_to_html};

/// Class of the element that stands where a picture was taken out.
pub const REMOTE_IMAGE_CLASS: &str = "remote-image";

/// Appends text as HTML, for use between tags and inside double quotes.
fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}
