//! The coach on single drafts, with the clinic's own words.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../clinic_files/mod.rs"]
mod clinic_files;
mod letters;
mod words;

use std::sync::LazyLock;
use std::time::Instant;

use bedside_language::coach::{Advice, Coach, Code, Context, Fix, LOOKED_AT, MAX_ADVICE, apply};
use clinic_files::{files, odd_texts};
use proptest::prelude::*;

static COACH: LazyLock<Coach> = LazyLock::new(|| Coach::load(&files()).unwrap());

const EN: Context<'static> = Context {
    language: "en-US",
    name: None,
    patient: "",
    distress: None,
    clinical: false,
};
const ES: Context<'static> = Context {
    language: "es-MX",
    ..EN
};

fn of(code: Code, draft: &str, context: &Context<'_>) -> Vec<Advice> {
    COACH
        .advise(draft, context)
        .into_iter()
        .filter(|one| one.code == code)
        .collect()
}

/// What is said, in order.
fn codes(draft: &str, context: &Context<'_>) -> Vec<Code> {
    let advice = COACH.advise(draft, context);
    advice.iter().map(|one| one.code).collect()
}

fn says(code: Code, draft: &str, context: &Context<'_>) -> bool {
    !of(code, draft, context).is_empty()
}

/// The draft after every fix of this code.
fn fixed(code: Code, draft: &str, context: &Context<'_>) -> String {
    let fixes: Vec<Fix> = of(code, draft, context)
        .into_iter()
        .flat_map(|one| one.fixes)
        .collect();
    apply(draft, &fixes)
}

#[track_caller]
fn quiet(code: Code, drafts: &[&str], context: &Context<'_>) {
    for draft in drafts {
        assert_eq!(of(code, draft, context), [], "{draft}");
    }
}

#[test]
fn enough_words_are_known() {
    for language in ["en", "es"] {
        let (jargon, phrases) = COACH.known(language);
        assert!(jargon >= 350, "{language}: {jargon} terms");
        assert!(phrases >= 60, "{language}: {phrases} phrases");
    }
    assert_eq!(COACH.known("fr"), (0, 0));
}

#[test]
fn other_languages_get_what_needs_no_words() {
    let hard = "Donaudampfschifffahrtsgesellschaften berücksichtigen Versicherungsangelegenheiten selbstverständlich \
                ausschließlich entsprechend vertragsrechtlichen Bestimmungen beziehungsweise Vereinbarungen \
                unterschiedlicher Zuständigkeitsbereiche innerhalb europäischer Rechtsvorschriften einschließlich \
                sämtlicher Nebenbestimmungen sowie ergänzender Verwaltungsanweisungen gegenüber Versicherten und deren Angehörigen im Inland wie auch im Ausland, sofern keine anderen Regelungen gelten.";
    let german = Context {
        language: "de",
        name: Some("Ana"),
        patient: "Meine Rechnung ist falsch, bitte helfen Sie",
        ..EN
    };
    assert!(says(Code::Grade, hard, &german));
    assert!(
        COACH
            .advise(hard, &german)
            .iter()
            .all(|one| matches!(one.code, Code::Grade | Code::LongSentence))
    );
    for (language, draft) in [
        ("zh-Hans", "您好，我们已收到您的来信。"),
        ("ar", "مرحبا، وصلتنا رسالتك."),
        ("xx", "hello"),
        ("", "hello"),
    ] {
        assert_eq!(
            COACH.advise(draft, &Context { language, ..EN }),
            [],
            "{language}"
        );
    }
}

#[test]
fn every_reason_has_words_in_both_languages() {
    for locale in ["en", "es"] {
        let path = format!(
            "{}/../../locales/{locale}/coach.ftl",
            env!("CARGO_MANIFEST_DIR")
        );
        let texts = std::fs::read_to_string(path).unwrap();
        for key in bedside_language::coach::keys() {
            assert!(
                texts
                    .lines()
                    .any(|line| line.starts_with(&format!("{key} = "))),
                "{key} in {locale}"
            );
        }
    }
    assert!(bedside_language::coach::keys().count() > 30);
}

#[test]
fn odd_texts_are_bounded() {
    for odd in odd_texts() {
        for context in [
            EN,
            ES,
            Context {
                language: "zh",
                ..EN
            },
        ] {
            let context = Context {
                patient: &odd,
                name: Some(&odd),
                ..context
            };
            let start = Instant::now();
            let advice = COACH.advise(&odd, &context);
            assert!(
                start.elapsed().as_secs() < 5,
                "{} bytes took {:?}",
                odd.len(),
                start.elapsed()
            );
            assert!(advice.len() <= MAX_ADVICE);
            assert!(
                advice
                    .iter()
                    .flat_map(|one| &one.spans)
                    .all(|span| span.end <= LOOKED_AT)
            );
        }
    }
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    let broken = |name: &str, from: &str, to: &str| {
        let mut files = files();
        let text = files.get_mut(name).unwrap();
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
        let line = 1 + text[..text.find(to).unwrap_or(0)].matches('\n').count();
        (Coach::load(&files).unwrap_err(), line)
    };
    for (name, from, to, reason) in [
        (
            "language/coach/jargon.en.toml",
            "subject = \"medical\"",
            "subject = \"magic\"",
            "none of",
        ),
        (
            "language/coach/jargon.es.toml",
            "grammar = \"noun\"",
            "grammar = \"nown\"",
            "none of",
        ),
        (
            "language/coach/phrases.en.toml",
            "kind = \"policy\"",
            "kind = \"polity\"",
            "unknown kind",
        ),
        (
            "language/coach/phrases.es.toml",
            "review = \"2027-05-01\"",
            "review = \"soon\"",
            "review date",
        ),
        (
            "language/coach/phrases.en.toml",
            "reason = \"Reproaches that it was said before\"",
            "reason = \"\"",
            "the reason is empty",
        ),
        (
            "language/coach/checks.en.toml",
            "reason = \"A name says that a person is meant\"",
            "reason = \"\"",
            "the reason is empty",
        ),
        (
            "language/coach/checks.en.toml",
            "fix = \"Hello {name},\"",
            "fix = \"Hello,\"",
            "{name}",
        ),
        (
            "language/coach/checks.es.toml",
            "fix = \"Hola, {name}:\"",
            "fix = \"Hola\"",
            "{name}",
        ),
        (
            "language/coach/jargon.en.toml",
            "\"edema\" = \"swelling\"",
            "\"edema\" = \"\"",
            "1 to",
        ),
        (
            "language/coach/jargon.en.toml",
            "\"pruritus\" = \"itching\"",
            "\"edemas\" = \"itching\"",
            "already explained",
        ),
    ] {
        let (error, line) = broken(name, from, to);
        assert_eq!((error.file.as_str(), error.line), (name, line), "{error}");
        assert!(error.reason.contains(reason), "{error}");
    }
    let mut without = files();
    without.remove("language/coach/checks.es.toml");
    assert_eq!(
        Coach::load(&without).unwrap_err().to_string(),
        "language/coach/checks.es.toml: the file is missing"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn places_fit_the_draft_and_fixes_can_be_made(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "calm down", " ", ". ", "\n", "hypertension", "el edema", "a", "take 2 pills", "…", "ó", "😀", "\u{301}", "___", "[name]",
            "It is not our policy", "ñ", "> ", "'", "Hello", ",", "語", "an EOB", "del diagnóstico", "I promise", "no ", "!",
        ]), 0..40),
        free in ".{0,40}",
        spanish in any::<bool>(),
    ) {
        let draft = pieces.concat() + &free;
        let context = Context { name: Some("Ana Ruiz"), patient: "the bill for physical therapy is wrong", ..if spanish { ES } else { EN } };
        for advice in COACH.advise(&draft, &context) {
            for span in &advice.spans {
                prop_assert!(draft.get(span.clone()).is_some_and(|words| !words.is_empty()), "{advice:?}");
            }
            for fix in &advice.fixes {
                prop_assert!(draft.get(fix.span.clone()).is_some(), "{advice:?}");
            }
            let fixed = apply(&draft, &advice.fixes);
            prop_assert!(advice.fixes.is_empty() || fixed != draft || advice.code == Code::Phrase, "{advice:?}");
        }
    }
}
