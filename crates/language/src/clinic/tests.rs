use std::sync::LazyLock;

use super::*;

/// How the shipped files read a text.
pub(crate) static TONGUE: LazyLock<Tongue> =
    LazyLock::new(|| Tongue::read(&tongue_files()).unwrap());

/// What is needed to read a text at all, as it ships.
pub(crate) fn tongue_files() -> ClinicFiles {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic/");
    let markers = Language::ALL.iter();
    let markers = markers.map(|language| format!("language/markers/{language}.txt"));
    let names = ["language/segments.toml", "language/han.txt"].map(str::to_owned);
    let text = |name: String| {
        let text = std::fs::read_to_string(format!("{root}{name}")).ok()?;
        Some((name, text))
    };
    names.into_iter().chain(markers).filter_map(text).collect()
}

/// Files of every language that say nothing, and what is needed to read a text at all.
pub(crate) fn bare() -> ClinicFiles {
    let mut files = tongue_files();
    files.insert(CONCEPTS.to_owned(), "concept = []\n".to_owned());
    let context = [
        "negation",
        "negation_after",
        "list",
        "hypothetical",
        "historical",
        "overrules",
        "stop",
    ]
    .map(|list| format!("{list} = []\n"))
    .concat();
    for language in Language::ALL {
        for (kind, text) in [
            ("redflags", "flag = []\n"),
            ("lexicon", "entry = []\n"),
            ("context", &context),
            ("concepts", ""),
        ] {
            files.insert(format!("language/{kind}.{language}.toml"), text.to_owned());
        }
    }
    files
}

/// A red flag as a file says it.
pub(crate) fn flag(id: &str, kind: &str, level: &str, more: &str) -> String {
    format!(
        "[[flag]]\nid = \"{id}\"\nkind = \"{kind}\"\nlevel = \"{level}\"\n{more}\nreason = \"r\"\nreview = \"2027-01-01\"\n"
    )
}

fn red_flags(text: &str) -> Result<Knowledge, LoadError> {
    let mut files = bare();
    files.insert("language/redflags.en.toml".to_owned(), text.to_owned());
    parse(&files)
}

fn refused(text: &str) -> (usize, String) {
    let error = red_flags(text).unwrap_err();
    (error.line, error.reason)
}

#[test]
fn files_that_say_nothing_are_read() {
    let knowledge = parse(&bare()).unwrap();
    assert!(knowledge.rules.is_empty() && knowledge.cues.is_empty());
}

#[test]
fn a_list_is_used_by_its_name() {
    let text = "[sets]\nzinc = [\"one\", \"two words\"]\nalum = [\"three\"]\n".to_owned()
        + &flag(
            "x",
            "other",
            "hint",
            "terms = [\"@zinc\", \"@alum\", \"four\"]",
        );
    let knowledge = red_flags(&text).unwrap();
    assert_eq!(knowledge.rules[0].terms.len(), 4);
    assert_eq!(
        knowledge.rules[0].effect,
        Effect::Danger(SafetyKind::Other, Level::None)
    );
}

#[test]
fn a_list_holds_no_other_list_whatever_their_names() {
    for (first, second) in [("alum", "zinc"), ("zinc", "alum")] {
        let text = format!("[sets]\n{first} = [\"one\"]\n{second} = [\"two\", \"@{first}\"]\n")
            + &flag("x", "other", "concern", "terms = [\"word\"]");
        assert_eq!(
            refused(&text),
            (
                3,
                "a list in [sets] holds phrases, no other list (@)".to_owned()
            )
        );
    }
}

#[test]
fn a_flag_for_each_word_speaks_of_the_same_one_in_all_its_phrases() {
    let text = flag(
        "x",
        "self_harm",
        "emergency",
        "each = [\"son\", \"wife\"]\nterms = [\"be with my {}\"]\nwith = [\"my {} died\", \"gone\"]",
    );
    let knowledge = red_flags(&text).unwrap();
    let words = |phrases: &[Phrase]| format!("{phrases:?}");
    let [son, wife] = knowledge.rules.as_slice() else {
        panic!("{:?}", knowledge.rules);
    };
    assert!(words(&son.terms).contains("be with my son"));
    assert!(words(&son.with_any).contains("my son died"));
    assert!(!words(&son.with_any).contains("wife"));
    assert!(
        words(&wife.with_any).contains("my wife died") && words(&wife.with_any).contains("gone")
    );
    assert_eq!(son.id, wife.id);
}

#[test]
fn what_can_not_be_read_is_refused_with_its_line() {
    for (more, line, reason) in [
        ("terms = []", 2, "at least one term"),
        ("terms = [\"my {} died\"]", 5, "there are none"),
        (
            "each = [\"son\"]\nterms = [\"my {} died\", \"dead\"]",
            6,
            "needs {}",
        ),
        ("terms = [\"@gone\"]", 5, "no list \"gone\""),
        ("terms = [\"a ~ b ~ c ~ d ~ e\"]", 5, "at most three gaps"),
        ("terms = [\"sugar ~ #9-1\"]", 5, "no range of numbers"),
        ("terms = [\"ab*\"]", 5, "at least three letters"),
        ("terms = [\"word\"]\nloud = true", 6, "loud"),
    ] {
        let (at, why) = refused(&flag("x", "other", "concern", more));
        assert!(why.contains(reason), "{more}: {why}");
        assert_eq!(at, line, "{more}");
    }
    let cue = |list: &str| {
        let mut files = bare();
        let file = files.get_mut("language/context.en.toml").unwrap();
        *file = file.replace("stop = []", &format!("stop = []\n{list}"));
        parse(&files).map(|k| k.cues.len())
    };
    assert_eq!(
        cue("now = [\"right now\"]\nsubject = [\"i\"]\nnegation_near = [\"not\"]"),
        Ok(3)
    );
    assert!(
        cue("subject = [\"a ~ b\"]")
            .unwrap_err()
            .reason
            .contains("gap")
    );
}

#[test]
fn a_syllable_goes_on_only_where_a_star_says_so() {
    let mut files = bare();
    let file = files.get_mut("language/context.ko.toml").unwrap();
    *file = file.replace(
        "negation = []",
        "negation = [\"안\", \"없*\", \"전혀\", \"전혀*\"]",
    );
    let open: Vec<bool> = parse(&files)
        .unwrap()
        .cues
        .iter()
        .map(|(_, _, phrase)| matches!(phrase.parts[0], Part::Words { open: true, .. }))
        .collect();
    assert_eq!(open, [false, true, false, false]);
}
