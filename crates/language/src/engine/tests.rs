//! The rules by themselves, with flags made for the test, and the clinic's own files with the model that ships.

use std::path::Path;

use super::*;
use crate::clinic::tests::{bare, flag, tongue_files, with_cue};
use crate::verdict::{Channel, SafetyKind};

fn message(body: &str) -> Message<'_> {
    Message {
        channel: Channel::Portal,
        subject: "",
        body,
        hint_language: None,
    }
}

/// An engine of rules alone: an illness, a crisis, a concern, a soft illness; and cues for each way to take back.
fn rules() -> Engine {
    let mut files = bare();
    let flags = [
        flag("ill", "cardiac", "emergency", "terms = [\"chest pain\"]"),
        flag(
            "crisis",
            "self_harm",
            "emergency",
            "terms = [\"want to die\"]",
        ),
        flag("worry", "other", "concern", "terms = [\"high fever\"]"),
        flag(
            "soft",
            "stroke",
            "emergency",
            "soft = true\nterms = [\"stroke\"]",
        ),
        flag(
            "talk",
            "other",
            "hint",
            "alone = true\nterms = [\"hi\", \"hi there friend\"]",
        ),
    ];
    for (number, language) in Language::ALL.iter().enumerate() {
        let (id, terms) = (format!("other.{number}"), "terms = [\"zzyzx\"]");
        files.insert(
            format!("language/redflags.{language}.toml"),
            flag(&id, "other", "hint", terms),
        );
    }
    files.insert("language/redflags.en.toml".to_owned(), flags.concat());
    let context = files.get_mut("language/context.en.toml").unwrap();
    for (list, cue) in [
        ("negation", "no"),
        ("hypothetical", "if"),
        ("historical", "years ago"),
        ("figure", "lol"),
    ] {
        with_cue(context, list, &format!("[\"{cue}\"]"));
    }
    Engine::load(&files, None).unwrap()
}

#[test]
fn a_language_without_a_flag_is_refused() {
    let refused = Engine::load(&bare(), None).unwrap_err();
    assert!(
        refused.file.starts_with("language/redflags.") && refused.reason.contains("no flag"),
        "{refused}"
    );
}

#[test]
fn a_crisis_is_only_lowered_and_a_joke_takes_nothing_back() {
    let engine = rules();
    for (text, expected) in [
        ("chest pain", Level::Emergency),
        ("no chest pain", Level::None),
        ("if i get chest pain", Level::None),
        ("chest pain years ago", Level::None),
        ("chest pain lol", Level::Concern),
        ("i want to die", Level::Emergency),
        ("if this goes on i want to die", Level::Emergency),
        ("i want to die lol", Level::Concern),
        ("years ago i had the want to die", Level::Concern),
        ("no want to die", Level::Concern),
        ("high fever", Level::Concern),
        ("high fever lol", Level::Concern),
        ("no high fever", Level::None),
    ] {
        let verdict = engine.triage(&message(text));
        assert_eq!(
            verdict.safety.level, expected,
            "{text}: {:?}",
            verdict.reasons
        );
    }
}

#[test]
fn one_place_that_is_meant_is_enough_however_many_are_not() {
    let text = "no chest pain. ".repeat(200) + "chest pain";
    let verdict = rules().triage(&message(&text));
    assert_eq!(verdict.safety.level, Level::Emergency);
    let span = verdict.reasons[0].spans[0];
    assert_eq!((verdict.reasons[0].spans.len(), span.end), (1, text.len()));
}

#[test]
fn what_hides_in_a_signature_is_given_back_and_what_belongs_there_is_not() {
    let engine = rules();
    for (text, expected, guard) in [
        ("Hello doctor\n--\nchest pain", Level::Emergency, None),
        (
            "Hello doctor\nSent from my phone because of chest pain",
            Level::Emergency,
            None,
        ),
        (
            "Hello doctor\n--\nno chest pain",
            Level::None,
            Some(Guard::Negated),
        ),
        (
            "Hello doctor\n--\nAnn\nstroke unit",
            Level::Concern,
            Some(Guard::Quoted),
        ),
        (
            "Hello doctor\n> chest pain",
            Level::Concern,
            Some(Guard::Quoted),
        ),
    ] {
        let verdict = engine.triage(&message(text));
        assert_eq!(verdict.safety.level, expected, "{text}");
        assert_eq!(verdict.reasons[0].guard, guard, "{text}");
    }
}

#[test]
fn words_in_the_middle_of_an_endless_text_are_found_and_it_is_unsure() {
    let filler = "good morning everyone. ".repeat(8_000);
    let text = format!("{filler}chest pain. {filler}");
    let verdict = rules().triage(&message(&text));
    assert_eq!(verdict.safety.level, Level::Emergency);
    let span = verdict.reasons[0].spans[0];
    assert_eq!(&text[span.start..span.end], "chest pain");
    let plain = shipped().triage(&message(&filler));
    assert!(plain.unsure && plain.truncated.is_some());
    assert_eq!(
        shipped().triage(&message(&text)).safety.level,
        Level::Emergency
    );
}

/// The clinic's own files with the model that ships.
pub(crate) fn shipped() -> &'static Engine {
    static ENGINE: std::sync::LazyLock<Engine> = std::sync::LazyLock::new(|| {
        let root = Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../clinic/language"
        ));
        let own = std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            .map(|path| {
                let name = format!("language/{}", path.file_name().unwrap().display());
                (name, std::fs::read_to_string(path).unwrap())
            });
        let files = tongue_files().into_iter().chain(own).collect();
        let model = std::fs::read(root.join("model.bin")).unwrap();
        Engine::load(&files, Some(model.into())).unwrap()
    });
    &ENGINE
}

#[test]
fn only_own_words_are_counted_and_signs_count_half() {
    let engine = shipped();
    let words = |text| engine.look(&message(text)).own_words;
    assert_eq!(words("one two three"), 3);
    assert_eq!(words("one two three four\n> five six\n"), 4);
    assert_eq!(words("我胸痛啊"), 2);
}

#[test]
fn small_talk_is_all_that_is_said_or_none() {
    let engine = rules();
    let endless = "hi ".repeat(20_000);
    for (text, expected) in [
        ("hi", true),
        ("hi hi hi", true),
        (endless.as_str(), true),
        ("hi there friend hi", true),
        ("hi hi there friend", true),
        ("hi there", false),
        ("well hi", false),
        ("hi well hi", false),
        ("hi there friend there", false),
    ] {
        let look = engine.look(&message(text));
        assert_eq!(look.small_talk, expected, "{text:.40}");
    }
}

#[test]
fn a_rule_that_is_meant_is_never_dropped() {
    let engine = shipped();
    for text in [
        "The team was great and the wait was short, and I feel hopeless about nothing but the parking, thank you all so much for the kind words",
        "Please send the form for my disability claim, the policy number and the dates; my father says he is having symptoms of a heart attack",
    ] {
        let look = engine.look(&message(text));
        let meant = look.spoken.iter().any(|s| {
            matches!(s.rule.effect, Effect::Danger(_, level) if level > Level::None)
                && s.guard.is_none()
        });
        assert!(meant, "{text}");
        assert!(
            engine.triage(&message(text)).safety.level >= Level::Concern,
            "{text}"
        );
    }
}

#[test]
fn the_kind_is_what_the_words_name() {
    for (text, kind) in [
        ("chồng tôi bị nhồi máu cơ tim", SafetyKind::Cardiac),
        ("mi esposo me pega", SafetyKind::Abuse),
        ("mẹ tôi có dấu hiệu đột quỵ", SafetyKind::Stroke),
        ("у мужа симптомы инфаркта", SafetyKind::Cardiac),
        (
            "Mein Vater hatte eben einen Schlaganfall",
            SafetyKind::Stroke,
        ),
        ("vết mổ bị chảy mủ và sốt", SafetyKind::PostOperative),
        (
            "my throat is closing after the shrimp",
            SafetyKind::Anaphylaxis,
        ),
    ] {
        let safety = shipped().triage(&message(text)).safety;
        assert_eq!(
            (safety.level, safety.kind),
            (Level::Emergency, Some(kind)),
            "{text}"
        );
    }
}

/// What it takes to raise an emergency where no firm rule does: (what stands there, log-odds of a symptom or a crisis, those of
/// a crisis, the loudest window, the probability).
#[test]
fn the_bars_stand_where_they_were_found() {
    fn plain(look: &mut Look<'_>) {
        (look.own_words, look.carries, look.distress) = (20, true, false);
    }
    fn distressed(look: &mut Look<'_>) {
        plain(look);
        look.distress = true;
    }
    fn letter(look: &mut Look<'_>) {
        plain(look);
        look.own_words = 100;
    }
    fn shorter_letter(look: &mut Look<'_>) {
        plain(look);
        look.own_words = 99;
    }
    fn nameless(look: &mut Look<'_>) {
        plain(look);
        look.carries = false;
    }
    fn scrap(look: &mut Look<'_>) {
        nameless(look);
        look.own_words = 3;
    }
    fn marked(look: &mut Look<'_>) {
        plain(look);
        look.markup = true;
    }
    fn survey(look: &mut Look<'_>) {
        plain(look);
        look.survey = true;
    }
    fn nameless_survey(look: &mut Look<'_>) {
        nameless(look);
        look.survey = true;
    }
    type Change = fn(&mut Look<'_>);
    let rows: [(&str, Change, [f32; 3], f32); 22] = [
        ("about a symptom", plain, [-1.5, 0.0, -4.5], 0.0),
        ("no stretch speaks", plain, [-1.5, 0.0, -4.6], 0.4),
        ("about something else", plain, [-1.6, 0.0, 3.0], 0.3),
        ("names nothing", nameless, [3.0, 0.0, 3.0], 0.3),
        ("names nothing, three words", scrap, [3.0, 0.0, 3.0], 0.65),
        ("markup", marked, [-1.6, 0.0, 3.0], 0.65),
        ("a letter", letter, [-1.6, 0.0, -0.1], 0.5),
        ("one word less", shorter_letter, [-1.6, 0.0, -0.1], 0.3),
        ("a letter, a stretch speaks", letter, [-1.6, 0.0, 0.0], 0.3),
        ("a letter about a symptom", letter, [-1.5, 0.0, -0.1], 0.0),
        ("lonely, about neither", distressed, [-0.1, 5.0, 3.0], 0.85),
        (
            "lonely, a little of a symptom",
            distressed,
            [0.9, -3.1, 3.0],
            0.85,
        ),
        (
            "lonely, more of a symptom",
            distressed,
            [1.0, -3.1, 3.0],
            0.0,
        ),
        ("lonely, a crisis", distressed, [0.9, -3.0, 3.0], 0.0),
        ("lonely, at the edge", distressed, [0.0, -3.0, 3.0], 0.0),
        ("a survey told as a symptom", survey, [0.0, 0.0, 3.0], 0.7),
        ("a survey", survey, [-0.1, 0.0, 3.0], 0.85),
        (
            "a survey that names nothing",
            nameless_survey,
            [3.0, 0.0, 3.0],
            0.9,
        ),
        ("not lonely", plain, [-0.1, -9.0, 3.0], 0.0),
        ("quiet names nothing", nameless, [3.0, 0.0, -9.0], 0.3),
        ("a letter, quiet", letter, [0.0, 0.0, -9.0], 0.4),
        (
            "lonely letter",
            |look| {
                distressed(look);
                look.own_words = 100;
            },
            [-9.0, -9.0, -9.0],
            0.85,
        ),
    ];
    let engine = shipped();
    for (what, change, [about, crisis, window], bar) in rows {
        let mut look = engine.look(&message("I have a question about my prescription"));
        change(&mut look);
        let signs = Signs {
            window,
            about,
            crisis,
            ..Signs::default()
        };
        assert_eq!(look.at_least(&signs).to_bits(), f32::to_bits(bar), "{what}");
    }
}

#[test]
fn a_rule_that_is_meant_raises_from_its_own_bar() {
    let elsewhere = Signs {
        about: -0.1,
        ..Signs::default()
    };
    let clinical = Signs::default();
    for (meant, probability, signs, raises) in [
        (Meant::Firmly, 0.149, &elsewhere, false),
        (Meant::Firmly, 0.15, &elsewhere, true),
        (Meant::Firmly, 0.0, &clinical, true),
        (Meant::Now, 0.049, &elsewhere, false),
        (Meant::Now, 0.05, &elsewhere, true),
        (Meant::Now, 0.0, &clinical, true),
        (Meant::Alone, 0.0, &elsewhere, true),
        (Meant::Softly, 1.0, &clinical, false),
        (Meant::No, 1.0, &clinical, false),
    ] {
        assert_eq!(
            meant.raises(probability, 0.05, signs),
            raises,
            "{meant:?} {probability}"
        );
    }
    // A language whose own bar is higher keeps it.
    assert!(!Meant::Firmly.raises(0.19, 0.2, &elsewhere));
}
