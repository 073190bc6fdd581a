//! Any text as what somebody wrote: heard or not, every place inside it and every sign with its reason.
#![no_main]

#[path = "../clinic.rs"]
mod clinic;

use bedside_language::distress::Listener;
use std::sync::LazyLock;

static LISTENER: LazyLock<Listener> = LazyLock::new(|| Listener::load(&clinic::files()).unwrap());

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let Some(found) = LISTENER.look(&text) else {
        return;
    };
    assert!(!found.spans.is_empty() && !found.why.is_empty());
    for span in found.spans {
        assert!(text.get(span).is_some_and(|words| !words.is_empty()));
    }
});
