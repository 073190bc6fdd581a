//! Themes and sentiment of feedback, with the clinic's own words.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod clinic_files;

use std::sync::LazyLock;
use std::time::Instant;

use bedside_language::themes::{Feedback, Sentiment, Themes};
use clinic_files::{files, odd_texts};
use proptest::prelude::*;

static THEMES: LazyLock<Themes> = LazyLock::new(|| Themes::load(&files()).unwrap());

fn codes(feedback: &Feedback) -> Vec<&str> {
    feedback
        .themes
        .iter()
        .map(|theme| theme.code.as_str())
        .collect()
}

#[test]
fn the_list_is_one_a_clinic_can_act_on() {
    let list = THEMES.list();
    assert!((15..=22).contains(&list.len()), "{}", list.len());
    for entry in list {
        assert!(
            entry.names.contains_key("en") && entry.names.contains_key("es"),
            "{}",
            entry.code
        );
    }
}

#[test]
fn feedback_is_told_apart_by_theme() {
    for (text, expected) in [
        ("I waited two hours past my time.", "waiting"),
        ("The man at the desk was rude.", "staff_manner"),
        ("She really listened to me.", "listening"),
        ("Nobody told us what happens after the scan.", "information"),
        (
            "Could not get an appointment before June.",
            "appointment_access",
        ),
        ("On hold for forty minutes, then cut off.", "phone_access"),
        ("The portal locks me out.", "digital_access"),
        ("You charged me twice.", "billing"),
        ("It hurt a lot and nobody gave me anything.", "pain"),
        (
            "A very thorough doctor who knows her trade.",
            "quality_of_care",
        ),
        ("They misdiagnosed my son.", "diagnosis"),
        ("The pharmacy never got the refill.", "medicines"),
        ("You lost my file.", "records_results"),
        (
            "A different doctor each time, I had to start again.",
            "continuity",
        ),
        ("Sent home too soon and no follow-up.", "discharge"),
        ("The bathroom was filthy.", "cleanliness"),
        ("The chairs in the waiting room are broken.", "facilities"),
        ("No parking anywhere near.", "getting_here"),
        ("You need more nurses.", "staffing"),
        (
            "Everyone could hear my details behind the curtain.",
            "privacy_safety",
        ),
        (
            "They had no interpreter for my mother.",
            "language_fairness",
        ),
        ("Esperé dos horas.", "waiting"),
        ("La recepcionista fue muy grosera.", "staff_manner"),
        ("Nadie me explicó nada.", "information"),
        ("Me cobraron de más.", "billing"),
        ("El baño estaba sucio.", "cleanliness"),
        ("No había intérprete.", "language_fairness"),
        ("No hay dónde estacionar.", "getting_here"),
    ] {
        let found = THEMES.look(text);
        assert!(
            codes(&found).contains(&expected),
            "{text}: {:?}",
            codes(&found)
        );
    }
}

#[test]
fn sentiment_goes_from_very_negative_to_very_positive() {
    for (text, expected) in [
        (
            "Terrible. I was humiliated and I will never go back.",
            Sentiment::VeryNegative,
        ),
        ("Pésimo trato, una vergüenza.", Sentiment::VeryNegative),
        (
            "The nurse was rude and I waited too long.",
            Sentiment::Negative,
        ),
        ("La enfermera fue grosera.", Sentiment::Negative),
        ("It was on a Tuesday.", Sentiment::Neutral),
        (
            "The doctor was good but the wait was bad.",
            Sentiment::Neutral,
        ),
        ("The staff were friendly.", Sentiment::Positive),
        ("Fueron amables.", Sentiment::Positive),
        (
            "Absolutely wonderful care, thank you!",
            Sentiment::VeryPositive,
        ),
        ("Excelente atención, mil gracias.", Sentiment::VeryPositive),
    ] {
        assert_eq!(THEMES.look(text).sentiment, expected, "{text}");
    }
}

#[test]
fn negations_turn_a_judgement() {
    for text in [
        "The doctor was not kind.",
        "It wasn't good.",
        "No fueron amables.",
    ] {
        assert!(THEMES.look(text).sentiment < Sentiment::Neutral, "{text}");
    }
    for text in [
        "No complaints.",
        "It was not bad, they helped me.",
        "Never a problem here.",
        "Sin quejas.",
    ] {
        assert!(THEMES.look(text).sentiment > Sentiment::Neutral, "{text}");
    }
}

#[test]
fn each_theme_has_its_own_sentiment() {
    let found = THEMES.look("The nurses were lovely and kind. The parking is terrible.");
    let of = |code: &str| {
        found
            .themes
            .iter()
            .find(|theme| theme.code == code)
            .unwrap()
            .sentiment
    };
    assert!(of("staff_manner") > Sentiment::Neutral);
    assert!(of("getting_here") < Sentiment::Neutral);
}

#[test]
fn words_that_only_look_like_a_theme_are_left_alone() {
    for (text, not) in [
        ("My late husband liked it here.", "waiting"),
        ("As a result I feel fine.", "records_results"),
        ("The nurse in charge smiled.", "billing"),
        ("Me di cuenta ayer.", "billing"),
    ] {
        assert!(!codes(&THEMES.look(text)).contains(&not), "{text}");
    }
}

#[test]
fn odd_texts_are_bounded() {
    for odd in odd_texts() {
        let start = Instant::now();
        let found = THEMES.look(&odd);
        assert!(
            start.elapsed().as_secs() < 5,
            "{} bytes took {:?}",
            odd.len(),
            start.elapsed()
        );
        assert!(found.themes.len() <= THEMES.list().len());
    }
    assert_eq!(THEMES.look("").sentiment, Sentiment::Neutral);
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    for (name, from, to, reason) in [
        (
            "language/themes.toml",
            "code = \"listening\"",
            "code = \"waiting\"",
            "already",
        ),
        (
            "language/themes.toml",
            "code = \"waiting\"",
            "code = \"Waiting!\"",
            "small letters",
        ),
        (
            "language/themes.en.toml",
            "theme = \"waiting\"",
            "theme = \"weather\"",
            "not in themes.toml",
        ),
        (
            "language/themes.es.toml",
            "value = 3.0",
            "value = 7.0",
            "between -3 and 3",
        ),
        (
            "language/themes.es.toml",
            "review = \"2027-05-01\"",
            "review = \"?\"",
            "review date",
        ),
        (
            "language/themes.es.toml",
            "reason = \"Dolor y comodidad\"",
            "reason = \" \"",
            "the reason is empty",
        ),
        (
            "language/themes.en.toml",
            "list = \"boost\"",
            "list = \"more\"",
            "none of: negation, stop, boost",
        ),
    ] {
        let mut files = files();
        let text = files.get_mut(name).unwrap();
        let at = text.find(from).unwrap();
        *text = text.replacen(from, to, 1);
        let line = 1 + text[..at].matches('\n').count();
        let error = Themes::load(&files).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), (name, line), "{error}");
        assert!(error.reason.contains(reason), "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}", words in prop::collection::vec(prop::sample::select(vec!["not", "very", "good", "rude", ",", ".", "no", "sucio", "never a problem", "\n"]), 0..30)) {
        let text = words.join(" ") + &text;
        for theme in THEMES.look(&text).themes {
            prop_assert!(theme.spans.iter().all(|span| text.get(span.clone()).is_some_and(|words| !words.is_empty())));
        }
    }
}
