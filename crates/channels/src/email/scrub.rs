//! What a foreign server said, made fit for logs and screens.

/// Longest text that is kept, in characters.
const LONGEST: usize = 200;

/// `text` on one line, cut to a sensible length, with every word that may name a person or hold a
/// secret link (it has an `@` or a `://`) replaced.
pub(crate) fn scrub(text: &str) -> String {
    let mut clean = String::new();
    for word in text.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !clean.is_empty() {
            clean.push(' ');
        }
        let private = word.contains('@') || word.contains("://");
        clean.push_str(if private { "[removed]" } else { word });
    }
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => clean[..end].to_owned(),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn addresses_and_links_go() {
        assert_eq!(
            scrub("5.1.1 <ana.lopez@patients.test>: unknown\r\n see https://a.test/ana"),
            "5.1.1 [removed] unknown see [removed]"
        );
    }

    #[test]
    fn long_text_is_cut_between_letters() {
        assert_eq!(scrub(&"é".repeat(5_000)).chars().count(), 200);
    }
}
