//! Any text as feedback: themes of the list alone, each once, and every place inside the text.
#![no_main]

#[path = "../clinic.rs"]
mod clinic;

use bedside_language::themes::Themes;
use std::sync::LazyLock;

static THEMES: LazyLock<Themes> = LazyLock::new(|| Themes::load(&clinic::files()).unwrap());

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let found = THEMES.look(&text);
    let mut known = THEMES.list().iter();
    for theme in found.themes {
        // In the order of the list.
        assert!(known.any(|entry| entry.code == theme.code), "{}", theme.code);
        assert!(!theme.spans.is_empty());
        for span in theme.spans {
            assert!(text.get(span).is_some_and(|words| !words.is_empty()));
        }
    }
});
