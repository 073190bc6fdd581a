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
    let names = [
        "language/segments.toml",
        "language/han.txt",
        "language/disguises.toml",
    ]
    .map(str::to_owned);
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
    let needed = CUES.iter().filter(|(.., needed)| *needed);
    let context: String = needed.map(|(_, list, _)| cue(list, &["zzz"])).collect();
    for language in Language::ALL {
        for (kind, text) in [
            ("redflags", "flag = []\n"),
            ("lexicon", "entry = []\n"),
            ("context", &context),
            ("concepts", "section = []\n"),
        ] {
            files.insert(format!("language/{kind}.{language}.toml"), text.to_owned());
        }
    }
    files
}

/// Words of a list as a file says them.
pub(crate) fn cue(list: &str, words: &[&str]) -> String {
    format!(
        "[[cue]]\nlist = \"{list}\"\nwords = {words:?}\nreason = \"r\"\nreview = \"2027-01-01\"\n"
    )
}

/// Puts these words (a list as TOML) in the place of those that a context file has in a list.
pub(crate) fn with_cue(context: &mut String, list: &str, words: &str) {
    let nothing = cue(list, &["zzz"]);
    *context = context.replace(&nothing, "");
    context.push_str(&nothing.replace("[\"zzz\"]", words));
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
    assert!(knowledge.rules.is_empty());
    assert_eq!(knowledge.cues.len(), 7 * Language::ALL.len());
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
        ("terms = [\"ab* here\"]", 5, "at least three letters"),
        ("terms = [\"my p*in\"]", 5, "at the end of a word"),
        ("terms = [\"pain * chest\"]", 5, "at the end of a word"),
        ("terms = [\"가슴* 아파\"]", 5, "Chinese or Korean"),
        (
            "terms = [\"a ~ b* c* d* e* f* g* h\"]",
            5,
            "at least three letters",
        ),
        (
            "terms = [\"pain ~ arm* leg* toe* hip* rib* jaw* ear* eye\"]",
            5,
            "at most seven",
        ),
        ("terms = [\"word\"]\nloud = true", 6, "loud"),
    ] {
        let (at, why) = refused(&flag("x", "other", "concern", more));
        assert!(why.contains(reason), "{more}: {why}");
        assert_eq!(at, line, "{more}");
    }
}

/// What is wrong with the English context file when this stands behind what is needed.
fn context_refused(more: &str) -> (usize, String) {
    let mut files = bare();
    files
        .get_mut("language/context.en.toml")
        .unwrap()
        .push_str(more);
    let error = parse(&files).unwrap_err();
    assert_eq!(error.file, "language/context.en.toml");
    (error.line, error.reason)
}

#[test]
fn several_cues_add_to_one_list() {
    let mut files = bare();
    let more = [
        cue("now", &["right now"]),
        cue("now", &["as we speak", "this minute"]),
        cue("subject", &["i"]),
        cue("negation_near", &["not"]),
    ];
    let file = files.get_mut("language/context.en.toml").unwrap();
    file.push_str(&more.concat());
    let cues = parse(&files).unwrap().cues;
    let of = |cue: Cue| cues.iter().filter(|(one, ..)| *one == cue).count();
    assert_eq!(
        [Cue::Now, Cue::Subject, Cue::NegationNear].map(of),
        [3, 1, 1]
    );
}

#[test]
fn a_cue_without_its_reason_or_its_date_is_refused() {
    let lines = 5 * 7;
    let whole = cue("now", &["right now"]);
    for (from, to, line, why) in [
        ("reason = \"r\"\n", "", 1, "missing field `reason`"),
        ("reason = \"r\"", "reason = \" \"", 4, "the reason is empty"),
        ("review = \"2027-01-01\"\n", "", 1, "missing field `review`"),
        ("2027-01-01", "soon", 5, "must look like"),
        ("\"now\"", "\"later\"", 2, "none of: negation, "),
        ("[\"right now\"]", "[]", 2, "at least one word"),
        ("right now", "a ~ b", 3, "gap"),
    ] {
        assert!(whole.contains(from), "{from}");
        let (at, reason) = context_refused(&whole.replace(from, to));
        assert!(reason.contains(why), "{from}: {reason}");
        assert_eq!(at, lines + line, "{from}: {reason}");
    }
    let long = "r".repeat(301);
    let (_, reason) = context_refused(&whole.replace("\"r\"", &format!("{long:?}")));
    assert!(reason.contains("at most 300"), "{reason}");
    // As the files were before lists had reasons.
    let mut files = bare();
    let file = files.get_mut("language/context.en.toml").unwrap();
    *file = format!("# No.\nnegation = [\"no\"]\n{file}");
    let refused = parse(&files).unwrap_err();
    assert_eq!(refused.line, 2);
    assert!(refused.reason.contains("expected `cue`"), "{refused}");
}

#[test]
fn a_context_that_was_cut_off_is_refused() {
    for (_, list, _) in CUES.iter().filter(|(.., needed)| *needed) {
        let mut files = bare();
        let file = files.get_mut("language/context.vi.toml").unwrap();
        *file = file.replace(&cue(list, &["zzz"]), "");
        let refused = parse(&files).unwrap_err();
        let reason = format!("there is no cue of the list \"{list}\"");
        assert_eq!(
            refused,
            LoadError::whole("language/context.vi.toml", reason)
        );
    }
}

#[test]
fn the_words_of_concepts_say_why_they_are_there() {
    let whole =
        "[[section]]\nreason = \"r\"\nreview = \"2027-01-01\"\n[section.words]\nold = [\"nan\"]\n";
    let read = |text: &str| {
        let mut files = bare();
        let concept = "[[concept]]\nname = \"old\"\nreason = \"r\"\nreview = \"2027-01-01\"\n";
        files.insert(CONCEPTS.to_owned(), concept.to_owned());
        files.insert("language/concepts.en.toml".to_owned(), text.to_owned());
        parse(&files)
    };
    let twice = whole.to_owned() + &whole.replace("nan", "pop");
    let knowledge = read(&twice).unwrap();
    assert_eq!(knowledge.rules.len(), 1);
    assert_eq!(knowledge.rules[0].terms.len(), 2);
    for (from, to, line, why) in [
        ("reason = \"r\"\n", "", 1, "missing field `reason`"),
        ("\"r\"", "\"\"", 2, "the reason is empty"),
        ("2027-01-01", "2027", 3, "must look like"),
        ("old", "young", 5, "not in concepts.toml"),
        ("[\"nan\"]", "[]", 5, "at least one word"),
    ] {
        let refused = read(&whole.replacen(from, to, 1)).unwrap_err();
        assert!(refused.reason.contains(why), "{from}: {refused}");
        assert_eq!(refused.line, line, "{from}: {refused}");
    }
}

#[test]
fn a_list_of_words_says_why_it_is_there() {
    let markers = "language/markers/en.txt";
    let read = |text: &str| {
        let mut files = bare();
        files.insert(markers.to_owned(), text.to_owned());
        parse(&files).map(|_| ())
    };
    assert_eq!(
        read("# reason: small words\n# review: 2027-01-01\nthe and\n"),
        Ok(())
    );
    for (text, line, why) in [
        (
            "# review: 2027-01-01\nthe\n",
            1,
            "\"# reason: ...\" is missing",
        ),
        (
            "# reason: small words\nthe\n",
            1,
            "\"# review: ...\" is missing",
        ),
        (
            "# reason: \n# review: 2027-01-01\nthe\n",
            1,
            "the reason is empty",
        ),
        ("# reason: r\n# review: soon\nthe\n", 2, "must look like"),
        (
            "# reason: r\n# review: 2027-01-01\n",
            0,
            "the list is empty",
        ),
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.reason.contains(why), "{text}: {refused}");
        assert_eq!(
            (refused.file.as_str(), refused.line),
            (markers, line),
            "{text}"
        );
    }
}

#[test]
fn a_syllable_goes_on_only_where_a_star_says_so() {
    let mut files = bare();
    let file = files.get_mut("language/context.ko.toml").unwrap();
    with_cue(file, "negation", "[\"안\", \"없*\", \"전혀\", \"전혀*\"]");
    let open: Vec<bool> = parse(&files)
        .unwrap()
        .cues
        .iter()
        .filter(|(cue, language, _)| *cue == Cue::Negation && *language == Language::Ko)
        .map(|(_, _, phrase)| matches!(phrase.parts[0], Part::Words { open: true, .. }))
        .collect();
    assert_eq!(open, [false, true, false, false]);
}
