//! The listener for distress, with the clinic's own words.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod clinic_files;

use std::sync::LazyLock;
use std::time::Instant;

use bedside_language::distress::{Kind, LOOKED_AT, Listener, Strength};
use clinic_files::{files, odd_texts};
use proptest::prelude::*;

static LISTENER: LazyLock<Listener> = LazyLock::new(|| Listener::load(&files()).unwrap());

#[track_caller]
fn hears(kind: Kind, least: Strength, texts: &[&str]) {
    for text in texts {
        let found = LISTENER
            .look(text)
            .unwrap_or_else(|| panic!("nothing in: {text}"));
        assert!(
            found.kind == kind && found.strength >= least,
            "{text}\n{found:?}"
        );
        assert!(!found.spans.is_empty() && !found.why.is_empty());
        assert!(
            found
                .spans
                .iter()
                .all(|span| text.get(span.clone()).is_some())
        );
    }
}

#[track_caller]
fn hears_nothing(texts: &[&str]) {
    for text in texts {
        assert_eq!(LISTENER.look(text), None, "{text}");
    }
}

#[test]
fn grief() {
    hears(
        Kind::Grief,
        Strength::Clear,
        &[
            "My husband passed away on Sunday and I need to cancel his visit.",
            "we lost the baby last week, please stop sending me the pregnancy reminders",
            "I can't stop crying since the funeral",
            "Since she died I don't open the mail.",
            "Falleció mi papá y me siguen llegando sus citas.",
            "Perdimos al bebé y no dejo de llorar",
            "Lo extraño tanto, la casa está tan vacía.",
        ],
    );
}

#[test]
fn anger() {
    hears(
        Kind::Anger,
        Strength::Clear,
        &[
            "I am furious. This is the third time you billed me wrong!!",
            "Your receptionist hung up on me. Unacceptable.",
            "you people don't care, my lawyer will call",
            "NOBODY EVER CALLS BACK and I am fed up",
            "Estoy harta, nadie me contesta el teléfono",
            "Es una falta de respeto, quiero hablar con el encargado.",
            "QUÉ VERGÜENZA DE CLÍNICA, esto es inaceptable",
        ],
    );
    hears(
        Kind::Anger,
        Strength::Mild,
        &[
            "It is frustrating to wait so long for a form.",
            "Me decepciona la atención.",
        ],
    );
}

#[test]
fn despair() {
    hears(
        Kind::Despair,
        Strength::Clear,
        &[
            "I can't take it anymore, nothing helps with this pain",
            "I feel hopeless and I don't know where to turn",
            "I'm drowning in bills and I lost my job, I am overwhelmed",
            "Ya no puedo más con esta enfermedad.",
            "Me siento sola y no tengo a nadie que me ayude",
            "perdí la esperanza de mejorar",
        ],
    );
}

#[test]
fn fear() {
    hears(
        Kind::Fear,
        Strength::Clear,
        &[
            "I'm so scared of what the biopsy will show",
            "What if it's cancer? I am terrified.",
            "Tengo mucho miedo de la operación",
            "Estoy muy asustada con el resultado",
        ],
    );
    hears(
        Kind::Fear,
        Strength::Mild,
        &[
            "I'm a bit worried about the scan.",
            "Me preocupa la cuenta.",
        ],
    );
}

#[test]
fn everyday_words_are_not_distress() {
    hears_nothing(&[
        "I'm afraid I can't make it on Tuesday.",
        "My phone died, so I missed your call.",
        "No worries, Thursday is fine.",
        "I'm hopeless with computers, can you reset my password?",
        "The wound looks red and angry.",
        "I am not angry, I just want to understand the bill.",
        "We're not worried, only asking for a copy.",
        "Weight loss of five pounds since March.",
        "Can you send my records to Dr. Lee?",
        "The medicine smells disgusting, is that normal?",
        "I am overwhelmed by your kindness, thank you.",
        "My father has hearing loss.",
        "I was never scared of needles.",
        "Is this text from you or a scam text?",
        "No estoy enojada, solo quiero una copia.",
        "Temo que no podré ir el martes.",
        "Me duele el sistema nervioso, dice el doctor.",
        "Necesito cambiar mi cita, gracias.",
        "No tengo miedo de la inyección.",
        "",
        "😀",
    ]);
}

#[test]
fn a_negation_ends_at_but() {
    hears(
        Kind::Anger,
        Strength::Clear,
        &[
            "I am not only disappointed, I am furious.",
            "No problem with the nurse, but I am furious about the bill.",
        ],
    );
    hears(
        Kind::Despair,
        Strength::Clear,
        &["No sé por qué escribo, ya no puedo más."],
    );
}

#[test]
fn the_heaviest_wins_and_the_rest_is_not_lost_in_it() {
    let found = LISTENER
        .look("My wife died. I'm a little frustrated about the bill.")
        .unwrap();
    assert_eq!(
        (found.kind, found.strength),
        (Kind::Grief, Strength::Strong)
    );
    let found = LISTENER.look("I am exhausted and so angry").unwrap();
    assert_eq!(
        found.kind,
        Kind::Despair,
        "of two that weigh the same, the one that must not be missed"
    );
}

#[test]
fn odd_texts_are_bounded() {
    for odd in odd_texts() {
        let start = Instant::now();
        let found = LISTENER.look(&odd);
        assert!(
            start.elapsed().as_secs() < 5,
            "{} bytes took {:?}",
            odd.len(),
            start.elapsed()
        );
        assert!(found.is_none_or(|found| found.spans.iter().all(|span| span.end <= LOOKED_AT)));
    }
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    for (from, to, reason) in [
        ("kind = \"grief\"", "kind = \"greif\"", "unknown kind"),
        ("weight = 3", "weight = 9", "1, 2 or 3"),
        (
            "review = \"2027-05-01\"",
            "review = \"never\"",
            "review date",
        ),
        ("terms = [", "terms = [\"!\", ", "no words"),
        (
            "list = \"stop\"",
            "list = \"end\"",
            "none of: negation, stop",
        ),
        (
            "reason = \"No, nunca, sin: no hay señal en lo que sigue\"",
            "reason = \"\"",
            "the reason is empty",
        ),
    ] {
        let mut files = files();
        let text = files.get_mut("language/distress.es.toml").unwrap();
        *text = text.replacen(from, to, 1);
        let line = 1 + text[..text.find(to).unwrap()].matches('\n').count();
        let error = Listener::load(&files).unwrap_err();
        assert_eq!(
            (error.file.as_str(), error.line),
            ("language/distress.es.toml", line),
            "{error}"
        );
        assert!(error.reason.contains(reason), "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}", words in prop::collection::vec(prop::sample::select(vec!["not", "but", "furious", "my wife died", ",", ".", "no", "miedo", "\n"]), 0..30)) {
        let text = words.join(" ") + &text;
        if let Some(found) = LISTENER.look(&text) {
            prop_assert!(found.spans.iter().all(|span| text.get(span.clone()).is_some_and(|words| !words.is_empty())));
        }
    }
}
