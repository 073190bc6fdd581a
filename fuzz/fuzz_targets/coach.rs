//! Any text as a draft and as what somebody wrote: at most a wall of advice, every place inside the draft, and changes that can
//! be made. The first line of the input is the draft's language, the second the patient's name; what they wrote stands behind a
//! line of three dashes.
#![no_main]

#[path = "../clinic.rs"]
mod clinic;

use bedside_language::coach::{self, Coach, Context, MAX_ADVICE};
use bedside_language::{Engine, Language};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static COACH: LazyLock<Coach> = LazyLock::new(|| Coach::load(&clinic::files()).unwrap());
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load(&clinic::files(), None).unwrap());
static KEYS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| coach::keys().collect());

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let input = String::from_utf8_lossy(input);
    let (language, rest) = input.split_once('\n').unwrap_or(("en", &input));
    let (name, rest) = rest.split_once('\n').unwrap_or(("", rest));
    let (draft, patient) = rest.split_once("\n---\n").unwrap_or((rest, ""));
    let own = coach::language_of(&ENGINE, draft, Language::En);
    for language in [language, own.tag()] {
        let context = Context {
            language,
            name: Some(name),
            patient,
            distress: None,
            clinical: name.is_empty(),
        };
        let advice = COACH.advise(draft, &context);
        assert!(advice.len() <= MAX_ADVICE);
        for one in &advice {
            assert!(KEYS.contains(one.key), "{}", one.key);
            for span in one.spans.iter().chain(one.fixes.iter().map(|fix| &fix.span)) {
                assert!(draft.get(span.clone()).is_some());
            }
            let taken: usize = one.fixes.iter().map(|fix| fix.span.len()).sum();
            let put: usize = one.fixes.iter().map(|fix| fix.text.len()).sum();
            // None of the changes is left out: they don't overlap.
            assert_eq!(coach::apply(draft, &one.fixes).len(), draft.len() - taken + put);
        }
        let _ = coach::grade(draft, language);
    }
});
