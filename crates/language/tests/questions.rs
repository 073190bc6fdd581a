//! Questions to ask and what may be decided, with the clinic's own file.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod clinic_files;

use bedside_language::SafetyKind;
use bedside_language::questions::Questions;
use clinic_files::{files, odd_texts};

const FILE: &str = "language/questions.toml";

#[test]
fn every_kind_of_danger_has_questions_that_may_mean_an_emergency() {
    let questions = Questions::load(&files()).unwrap();
    for kind in SafetyKind::ALL {
        let asked = questions.of(*kind);
        assert!((3..=6).contains(&asked.len()), "{kind}");
        for one in asked {
            for tag in ["en", "es"] {
                let text = one.named.text(tag);
                assert!(text.ends_with('?'), "a question and no advice: {text}");
            }
            assert_ne!(one.named.text("en"), one.named.text("es"));
        }
    }
    let heart = &questions.of(SafetyKind::Cardiac)[0];
    let means = |code: &str| heart.answer(code).map(|answer| answer.emergency);
    assert_eq!(
        (means("yes"), means("no"), means("perhaps")),
        (Some(true), Some(false), None)
    );
    let codes: Vec<&str> = questions
        .dispositions()
        .iter()
        .map(|one| one.code.as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "emergency_services",
            "emergency_department",
            "seen_today",
            "within_24_hours",
            "within_days",
            "self_care",
            "no_need",
            "not_reached"
        ]
    );
    assert!(questions.disposition("seen_today").is_some());
    assert!(questions.disposition("some_day").is_none());
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    for (from, to, reason) in [
        ("kind = \"stroke\"", "kind = \"strokes\"", "unknown kind"),
        ("kind = \"stroke\"", "kind = \"cardiac\"", "twice"),
        ("answers = [\"yes\"", "answers = [\"jes\"", "unknown answer"),
        (
            "emergency = [\"yes\"]",
            "emergency = [\"perhaps\"]",
            "none of the answers",
        ),
        ("code = \"spreads\"", "code = \"now\"", "twice"),
        (
            "code = \"spreads\"",
            "code = \"It spreads\"",
            "small letters",
        ),
        (", es = \"Sí\" }", " }", "\"es\" is missing"),
        (
            "review = \"2027-05-01\"",
            "review = \"never\"",
            "review date",
        ),
        ("reason = \"The plain answer\"", "reason = \" \"", "reason"),
        ("code = \"yes\"", "loud = true", "loud"),
    ] {
        let mut files = files();
        let text = files.get_mut(FILE).unwrap();
        assert!(text.contains(from), "{from}");
        let at = text.find(from).unwrap();
        *text = text.replacen(from, to, 1);
        let line = 1 + text[..at].matches('\n').count();
        let error = Questions::load(&files).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), (FILE, line), "{error}");
        assert!(error.reason.contains(reason), "{error}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_refused() {
    let mut files = files();
    let text = files.get_mut(FILE).unwrap();
    let at = text.find("[[script]]\nkind = \"trauma\"").unwrap();
    let next = text[at + 1..].find("[[script]]");
    let end = next.map_or(text.len(), |next| at + 1 + next);
    text.replace_range(at..end, "");
    let error = Questions::load(&files).unwrap_err();
    assert!(
        error.reason.contains("no questions for \"trauma\""),
        "{error}"
    );
    files.remove(FILE);
    assert!(
        Questions::load(&files)
            .unwrap_err()
            .reason
            .contains("missing")
    );
}

#[test]
fn too_few_questions_and_questions_without_an_alarm_are_refused() {
    for (cut, reason) in [
        ("[[script.question]]\ncode = \"stuck\"", "3 to 6 questions"),
        ("", "means an emergency"),
    ] {
        let mut files = files();
        let text = files.get_mut(FILE).unwrap();
        let at = text.find("kind = \"breathing\"").unwrap();
        let end = at + text[at..].find("[[script]]").unwrap();
        let mut script = text[at..end].to_owned();
        if cut.is_empty() {
            script = script.replace("emergency = [\"yes\"]\n", "");
        } else {
            script.truncate(script.find(cut).unwrap());
        }
        let line = 1 + text[..at].matches('\n').count();
        text.replace_range(at..end, &script);
        let error = Questions::load(&files).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.reason.contains(reason), "{error}");
    }
}

#[test]
fn odd_codes_name_nothing() {
    let questions = Questions::load(&files()).unwrap();
    let first = &questions.of(SafetyKind::Cardiac)[0];
    for odd in odd_texts() {
        assert!(questions.disposition(&odd).is_none(), "{odd:?}");
        assert!(first.answer(&odd).is_none(), "{odd:?}");
        assert!(!first.named.text(&odd).is_empty());
    }
}
