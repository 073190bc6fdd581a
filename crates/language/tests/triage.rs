//! What the engine says about single messages, with the clinic's own lexicons.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use bedside_language::clinic::reviews;
use bedside_language::{
    Category, Channel, Engine, Field, Guard, Language, Level, Message, SafetyKind, Urgency, Verdict,
};
use proptest::prelude::*;
use support::{ENGINE, files};
use toml::{Table, Value};

fn triage(body: &str) -> Verdict {
    ENGINE.triage(&Message {
        channel: Channel::Portal,
        subject: "",
        body,
        hint_language: None,
    })
}

#[track_caller]
fn level(text: &str, expected: Level) {
    let verdict = triage(text);
    assert_eq!(
        verdict.safety.level, expected,
        "{text}\n{:#?}",
        verdict.reasons
    );
}

#[test]
fn red_flags_raise_an_emergency() {
    for text in [
        "i have chest pain",
        "CHEST\u{200B} PAIN since noon",
        "I can’t breathe",
        "my throat is closing after the shrimp",
        "my husband has crushing chest pain",
        "my chest really hurts when I walk",
        "I know it's nothing, but there is a weight on my chest",
        "took too many tylenol pm by accident",
        "I have no idea why but I cant breathe well",
        "no fever but chest pain all night",
        "I had a stroke in 2015 and now my face is drooping again",
        "me falta el aire desde hace rato",
        "no se me quita el dolor de pecho",
        "Tengo dolor en el\npecho",
        "creo que le está dando un infarto a mi papá",
    ] {
        level(text, Level::Emergency);
        assert_eq!(triage(text).urgency, Urgency::Emergency);
    }
}

#[test]
fn denied_past_and_conditional_dangers_of_illness_are_kept_but_dont_count() {
    for (text, guard) in [
        ("I have no chest pain.", Guard::Negated),
        (
            "Mild cough. Denies chest pain, shortness of breath or fainting.",
            Guard::Negated,
        ),
        ("No tengo dolor de pecho", Guard::Negated),
        ("Paciente niega dolor en el pecho", Guard::Negated),
        (
            "My father died of a heart attack in 1998.",
            Guard::Historical,
        ),
        ("Mi abuelo murió de un infarto", Guard::SomeoneElse),
        (
            "Your leaflet says to come in if you have chest pain",
            Guard::Hypothetical,
        ),
        (
            "¿A dónde voy en caso de dolor de pecho?",
            Guard::Hypothetical,
        ),
    ] {
        let verdict = triage(text);
        assert_eq!(
            verdict.safety.level,
            Level::None,
            "{text}\n{:#?}",
            verdict.reasons
        );
        assert!(
            verdict.reasons.iter().any(|r| r.guard == Some(guard)),
            "{text}\n{:#?}",
            verdict.reasons
        );
    }
}

#[test]
fn danger_from_people_is_only_lowered() {
    for text in [
        "I am not suicidal, I just feel low",
        "I tried to kill myself years ago",
    ] {
        let safety = triage(text).safety;
        assert!(safety.level >= Level::Concern, "{text}");
        assert_eq!(safety.kind, Some(SafetyKind::SelfHarm), "{text}");
    }
    level(
        "if i have to wait any longer im going to kill myself",
        Level::Emergency,
    );
    level("I want to die", Level::Emergency);
    assert_eq!(triage("I want to die").category.value, Category::Crisis);
}

#[test]
fn quoted_words_of_an_earlier_mail_lower_to_a_look() {
    level(
        "Thanks, I feel fine today.\n\n> I have chest pain\n",
        Level::Concern,
    );
}

#[test]
fn figures_of_speech_and_furniture_stay_quiet() {
    for text in [
        "I'm dying to know when the new doctor starts",
        "My phone is dying so please email me",
        "the portal is not responding again",
        "You have two chest of drawers in the lobby for sale",
        "a real stroke of luck to get in that fast",
        "They drew a lot of blood work last week",
        "mi bomba de insulina pide otra batería",
        "I want to thank the whole team, the wait was short and everyone was kind",
    ] {
        level(text, Level::None);
    }
}

#[test]
fn companions_decide_where_one_word_is_not_enough() {
    level(
        "My 3 week old feels hot and has a fever of 101",
        Level::Emergency,
    );
    level("I am 20 weeks pregnant and bleeding", Level::Emergency);
    level("I am pregnant and need my blood work ordered", Level::None);
    // The model may ask for a look at it; no rule does.
    let older = "My 9 year old has a fever of 101";
    assert_ne!(triage(older).safety.level, Level::Emergency);
    let rules = Engine::load(&files(), None).unwrap();
    let message = Message {
        channel: Channel::Portal,
        subject: "",
        body: older,
        hint_language: None,
    };
    assert_eq!(rules.triage(&message).safety.level, Level::None);
}

#[test]
fn a_short_cry_counts_and_so_does_one_at_the_end_of_something_else() {
    for text in [
        "Chest pain",
        "I want to die",
        "quiero morirme",
        "I got my statement and the amount is wrong again. I called three times and nobody calls back. I have chest pain right now.",
    ] {
        level(text, Level::Emergency);
    }
    let form = "Could you send the hospital's letter about the heart attack in 2019 to my insurer? The claim form asks for dates and the policy number.";
    assert_ne!(triage(form).safety.level, Level::Emergency);
}

#[test]
fn markup_alone_is_no_cry_for_help() {
    for text in [
        "<a href=/admin/delete>x</a>",
        "<img src=x onerror=die()>",
        "<b></b><br/>",
    ] {
        level(text, Level::None);
    }
    level("<i want to die>", Level::Emergency);
    level("<p>I want to die</p>", Level::Emergency);
}

#[test]
fn every_language_runs_on_every_text() {
    level(
        "Bonjour, chest pain depuis ce matin, merci",
        Level::Emergency,
    );
    let verdict = triage("Hi, mi mamá no puede respirar, please help");
    assert_eq!(verdict.safety.kind, Some(SafetyKind::Breathing));
}

#[test]
fn an_unknown_language_goes_to_a_person() {
    let verdict =
        triage("Buongiorno, vorrei prenotare una visita dal medico per domani mattina, grazie");
    assert_eq!(verdict.language.language, None);
    assert!(verdict.unsure);
}

#[test]
fn the_hint_decides_only_where_the_text_cannot() {
    let hinted = |body| {
        let hint_language = Some(Language::Es);
        ENGINE
            .triage(&Message {
                channel: Channel::Sms,
                subject: "",
                body,
                hint_language,
            })
            .language
            .language
    };
    assert_eq!(hinted("ok"), Some(Language::Es));
    assert_eq!(
        hinted("When could I come to see the doctor about my knee?"),
        Some(Language::En)
    );
}

#[test]
fn reasons_point_at_the_words() {
    let subject = "Re: ¡cita!";
    let body = "Ayer tuve… ahora DOLOR de pecho fuerte.";
    let verdict = ENGINE.triage(&Message {
        channel: Channel::Email,
        subject,
        body,
        hint_language: None,
    });
    let shown: Vec<&str> = verdict
        .reasons
        .iter()
        .flat_map(|r| &r.spans)
        .map(|s| {
            &(if s.field == Field::Subject {
                subject
            } else {
                body
            })[s.start..s.end]
        })
        .collect();
    assert_eq!(verdict.reasons[0].rule, "es.cardiac.chest_pain");
    assert!(shown.contains(&"DOLOR de pecho"), "{shown:?}");
    assert!(shown.contains(&"cita"), "{shown:?}");
    assert_eq!(verdict.safety.reasons.first(), Some(&0));
}

#[test]
fn every_reason_can_be_said_in_english_and_in_spanish() {
    let rules: Vec<String> = ENGINE.rules().collect();
    assert!(rules.iter().any(|rule| rule == "vi.cardiac.chest"));
    for &kind in SafetyKind::ALL {
        assert!(rules.contains(&format!("model.{kind}")));
    }
    for language in [Language::En, Language::Es] {
        let unsaid: Vec<_> = rules
            .iter()
            .filter(|rule| ENGINE.why(rule, language).is_none())
            .collect();
        assert!(unsaid.is_empty(), "not in {language}: {unsaid:?}");
    }
    let why = |rule, language| ENGINE.why(rule, language);
    assert_eq!(
        why("es.cardiac.chest_pain", Language::En),
        Some("Chest pain or pressure: possible heart attack")
    );
    assert_eq!(
        why("zh-Hant.neuro.local", Language::Es),
        Some("Convulsión o pérdida del conocimiento")
    );
    // What is said nowhere, and what there is no more.
    assert_eq!(why("model.cardiac", Language::Vi), None);
    for gone in ["en.cardiac.gone", "model.", "", "en.", "en.concept.breath"] {
        assert_eq!(why(gone, Language::En), None, "{gone}");
    }
}

#[test]
fn what_the_model_heard_is_said_in_the_language_of_the_message() {
    let said = |text: &str| {
        let reasons = triage(text).reasons;
        let heard = reasons.into_iter().find(|r| r.rule.starts_with("model."));
        heard.map(|r| r.why).unwrap()
    };
    assert!(said("I want to die and I have the pills here").starts_with("Reads like messages"));
    assert!(said("Quiero morirme y tengo aquí las pastillas").starts_with("Se parece a mensajes"));
    assert!(
        said("Ich will sterben und habe die Tabletten hier").starts_with("Reads like messages")
    );
}

#[test]
fn nothing_to_go_by_is_a_general_request_for_a_person() {
    let verdict = triage("");
    assert_eq!(verdict.category.value, Category::General);
    assert!(verdict.unsure);
    assert_eq!(verdict.urgency, Urgency::Standard);
    assert_eq!(verdict.truncated, None);
}

#[test]
fn a_long_text_is_looked_at_from_both_ends_and_says_so() {
    let filler = "good morning everyone ".repeat(50_000);
    let body = format!("{filler} I have chest pain right now");
    let verdict = triage(&body);
    assert_eq!(verdict.safety.level, Level::Emergency);
    let span = verdict.reasons[0].spans[0];
    assert_eq!(&body[span.start..span.end], "chest pain");
    let truncated = verdict.truncated.unwrap();
    assert_eq!(truncated.total_bytes, body.len());
    assert!(truncated.looked_at_bytes <= bedside_language::LOOKED_AT);
}

#[test]
fn a_broken_file_is_refused_with_file_line_and_reason() {
    let broken = |name: &str, text: &str| {
        let mut files = files();
        files.insert(format!("language/{name}"), text.to_owned());
        let error = Engine::load(&files, None).unwrap_err();
        assert_eq!(error.file, format!("language/{name}"));
        (error.line, error.reason)
    };
    let flag = "[[flag]]\nid = \"x\"\nkind = \"cardiac\"\nlevel = \"loud\"\nterms = [\"a b\"]\nreason = \"r\"\nreview = \"2027-01-01\"\n";
    assert_eq!(
        broken("redflags.en.toml", flag),
        (4, "unknown level \"loud\"".to_owned())
    );
    let (line, reason) = broken("redflags.es.toml", "[[flag]]\nid = \n");
    assert_eq!(line, 2, "{reason}");
    let entry = |more: &str| {
        format!(
            "[[entry]]\nid = \"x\"\nweight = 1.0\nterms = [\"word\"]\nreason = \"r\"\nreview = \"2027-01-01\"\n{more}\n"
        )
    };
    let file = "lexicon.en.toml";
    assert_eq!(broken(file, &entry("category = \"bills\"")).0, 7);
    assert!(
        broken(file, &entry(""))
            .1
            .contains("one category or for one urgency")
    );
    assert!(
        broken(file, &entry("category = \"billing\"\ncolour = 1"))
            .1
            .contains("colour")
    );
    assert_eq!(
        broken(
            file,
            &entry("category = \"billing\"").replace("2027-01-01", "soon")
        )
        .0,
        6
    );
    assert_eq!(
        broken(
            file,
            &entry("category = \"billing\"").replace("\"word\"", "\"!!\"")
        )
        .0,
        4
    );
    assert_eq!(
        broken(
            file,
            &entry("category = \"billing\"").replace("1.0", "99.0")
        )
        .0,
        3
    );
    let twice = entry("category = \"billing\"").repeat(2);
    assert_eq!(broken(file, &twice).0, 9);

    let reasons = |line: &str| format!("[reasons]\n{line}\n{}", flag.replace("loud", "concern"));
    for (line, reason) in [
        ("\"cardiac.chets\" = \"Chest pain\"", "there is no rule"),
        ("\"model.heart\" = \"Chest pain\"", "there is no rule"),
        ("\"x\" = \"Chest pain\"", "says its reason itself"),
        ("\"cardiac.chest\" = \"  \"", "the reason is empty"),
        ("\"cardiac.chest\" = 1", "expected a string"),
        ("\"cardiac.chest\" =", "string"),
    ] {
        let (at, said) = broken("redflags.en.toml", &reasons(line));
        assert!(at == 2 && said.contains(reason), "{line}: {at} {said}");
    }
    let long = format!("\"cardiac.chest\" = \"{}\"", "á".repeat(301));
    assert!(
        broken("redflags.en.toml", &reasons(&long))
            .1
            .contains("300 characters")
    );
    let twice = "\"cardiac.chest\" = \"Chest\"\n\"cardiac.chest\" = \"Chest\"";
    assert_eq!(broken("redflags.en.toml", &reasons(twice)).0, 3);
    let models = flag
        .replace("loud", "concern")
        .replace("\"x\"", "\"model.x\"");
    assert_eq!(broken("redflags.en.toml", &models).0, 2);

    let mut without = files();
    without.remove("language/context.es.toml");
    let error = Engine::load(&without, None).unwrap_err();
    assert_eq!(
        (error.file.as_str(), error.line),
        ("language/context.es.toml", 0)
    );
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,40}",
        "[\\x00-\\x20,.;>*'-]{0,8}",
        prop::sample::select(vec![
            "chest pain",
            "no ",
            "if you have ",
            "chest ",
            " hurts",
            "bleeding",
            "pregnant",
            "or ",
            "> ",
            "\n\n",
            "years ago",
            "no puedo respirar",
            "ni ",
            "\u{200B}",
            "😂",
            "但是",
            "i\u{307}",
            "ﷺ",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.join(" "))
}

/// Tables of a file that are entries, with their place.
/// What holds entries, such as the questions for one kind of danger, is none itself.
fn holds_entries(entry: &Table) -> bool {
    let tables = |value: &Value| {
        value
            .as_array()
            .is_some_and(|list| list.iter().any(Value::is_table))
    };
    entry.values().any(tables)
}

fn entries(name: &str, table: &Table, found: &mut Vec<(String, Table)>) {
    for (key, value) in table {
        let place = format!("{name}: {key}");
        match value {
            Value::Array(list) => {
                for entry in list.iter().filter_map(Value::as_table) {
                    if holds_entries(entry) {
                        entries(&place, entry, found);
                    } else {
                        found.push((place.clone(), entry.clone()));
                    }
                }
            }
            Value::Table(entry) => found.push((place, entry.clone())),
            _ => {}
        }
    }
}

#[test]
fn every_entry_says_why_it_is_there_and_when_it_is_looked_at_again() {
    let files = files();
    let (mut found, mut loose) = (Vec::new(), Vec::new());
    let is_knowledge = |name: &&String| !name.starts_with("language/examples/");
    for name in files.keys().filter(is_knowledge) {
        if !name.rsplit('.').next().unwrap().eq("toml") {
            continue;
        }
        let table: Table = files[name].parse().unwrap();
        // The wordings of reasons, and lists that flags of the same file use by name: those flags say why.
        let own = |key: &str| name.contains("redflags") && matches!(key, "reasons" | "sets");
        let table: Table = table.into_iter().filter(|(key, _)| !own(key)).collect();
        let words = |value: &Value| {
            value.is_str()
                || value
                    .as_array()
                    .is_some_and(|a| a.iter().any(Value::is_str))
        };
        loose.extend(
            table
                .iter()
                .filter(|(_, value)| words(value))
                .map(|(key, _)| format!("{name}: {key}")),
        );
        entries(name, &table, &mut found);
    }
    assert_eq!(loose, Vec::<String>::new(), "words outside of any entry");
    assert!(found.len() > 1_300, "{}", found.len());
    for (place, entry) in &found {
        for key in ["reason", "review"] {
            let said = entry.get(key).and_then(Value::as_str).unwrap_or_default();
            assert!(!said.trim().is_empty(), "{place} has no {key}: {entry:?}");
        }
    }
}

#[test]
fn every_file_with_entries_is_due_for_review_on_some_day() {
    let files = files();
    let due = reviews(&files);
    for (name, text) in &files {
        let silent = name.starts_with("language/examples/")
            || text.contains("entry = []")
            || text.contains("section = []");
        assert_eq!(due.contains_key(name), !silent, "{name}");
    }
    let soonest = |name: &str| due[name].iter().map(|review| review.on).min();
    assert!(soonest("language/context.en.toml") < soonest("language/concepts.en.toml"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_message_gets_a_sound_verdict(subject in any_text(), body in any_text()) {
        let message = Message { channel: Channel::Email, subject: &subject, body: &body, hint_language: None };
        let verdict = ENGINE.triage(&message);
        prop_assert_eq!(&verdict, &ENGINE.triage(&message));
        prop_assert!((0.0..=1.0).contains(&verdict.confidence));
        prop_assert_eq!(verdict.safety.level == Level::None, verdict.safety.kind.is_none());
        for span in verdict.reasons.iter().flat_map(|r| &r.spans) {
            let text = if span.field == Field::Subject { &subject } else { &body };
            prop_assert!(text.get(span.start..span.end).is_some_and(|t| !t.is_empty()));
        }
    }
}

#[test]
fn hostile_texts_end_soon() {
    // Repetitions of cues, of flags, of halves of phrases with gaps, and words without end.
    for piece in [
        "no ",
        "chest pain ",
        "no chest pain, ",
        "chest ",
        "chest\u{200B}",
        "a",
        "\0",
        "😂",
        "ﷺ",
        ">",
        "if you have chest pain or ",
        "1wrote:\n",
        "From: a\n",
        "--\n",
        "نزيف",
        "ال",
        "a b ",
        "i w a n t ",
        "k*",
        "가슴이 ",
        "我胸痛",
    ] {
        let text = piece.repeat(300_000 / piece.len());
        // What takes time with the square of the length takes minutes here.
        let start = std::time::Instant::now();
        let verdict = triage(&text);
        assert!(
            start.elapsed().as_secs() < 20,
            "{piece:?} {:?}",
            start.elapsed()
        );
        assert!(verdict.truncated.is_some());
        assert!(verdict.reasons.iter().all(|r| r.spans.len() <= 8));
    }
}
