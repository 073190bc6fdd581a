//! The coach on single drafts, with the clinic's own words.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod clinic_files;

use std::sync::LazyLock;
use std::time::Instant;

use bedside_language::coach::{Advice, Coach, Code, Context, Fix, LOOKED_AT, MAX_ADVICE, apply};
use bedside_language::distress::Kind;
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
fn english_jargon_is_put_plainly_and_the_sentence_still_stands() {
    for (draft, plain) in [
        ("You have hypertension.", "You have high blood pressure."),
        (
            "Both biopsies are back.",
            "Both small tissue samples are back.",
        ),
        ("Edema is common.", "Swelling is common."),
        ("It is an arrhythmia.", "It is an uneven heartbeat."),
        (
            "She had a laceration and an abrasion.",
            "She had a cut and a scrape.",
        ),
        ("We utilized an anticoagulant.", "We used a blood thinner."),
        (
            "Your prior authorization is here.",
            "Your insurance approval is here.",
        ),
        (
            "The EOB came.",
            "The letter that shows what insurance paid came.",
        ),
        (
            "Call prior to noon, at your earliest convenience.",
            "Call before noon, when you can.",
        ),
        (
            "A copayment applies.",
            "A fixed fee you pay for a visit applies.",
        ),
        ("We will facilitate this.", "We will help with this."),
    ] {
        assert_eq!(fixed(Code::Jargon, draft, &EN), plain);
    }
}

#[test]
fn spanish_jargon_agrees_with_what_stands_before() {
    for (draft, plain) in [
        ("Usted tiene hipertensión.", "Usted tiene presión alta."),
        ("El edema es común.", "La hinchazón es común."),
        (
            "Tiene un edema en el pie.",
            "Tiene una hinchazón en el pie.",
        ),
        (
            "Es por causa del eritema.",
            "Es por causa del enrojecimiento.",
        ),
        ("Le hicieron dos radiografías.", "Le hicieron dos placas."),
        ("Las lesiones sanan.", "Las heridas sanan."),
        (
            "Hablamos del diagnóstico.",
            "Hablamos de lo que causa esto.",
        ),
        (
            "Vamos a utilizar otra forma con el fin de ayudarle.",
            "Vamos a usar otra forma para ayudarle.",
        ),
        (
            "Su deducible es de 100 dólares.",
            "Su cantidad que usted paga antes que el seguro es de 100 dólares.",
        ),
    ] {
        assert_eq!(fixed(Code::Jargon, draft, &ES), plain);
    }
}

#[test]
fn jargon_is_left_alone_where_it_does_no_harm() {
    quiet(
        Code::Jargon,
        &[
            "You have hypertension (high blood pressure).",
            "I look forward to seeing you.",
            "The art of the heart.",
            "I am sure the ed program is on.",
        ],
        &EN,
    );
    // The past tense is jargon, the noun is not.
    quiet(Code::Jargon, &["Al inicio de la semana le llamo."], &ES);
    assert!(says(Code::Jargon, "Ella inició ayer.", &ES));
    // The patient's own word needs no translation.
    let asked = Context {
        patient: "Is my hypertension getting worse?",
        ..EN
    };
    quiet(
        Code::Jargon,
        &["Your hypertension is about the same."],
        &asked,
    );
    assert!(says(
        Code::Jargon,
        "Your arrhythmia is about the same.",
        &asked
    ));
}

#[test]
fn one_term_is_one_piece_of_advice_with_all_its_places() {
    let found = of(
        Code::Jargon,
        "The biopsy is back. Another biopsy is not needed, and biopsies hurt.",
        &EN,
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].spans.len(), found[0].fixes.len()), (3, 3));
}

#[test]
fn phrases_that_close_a_door_get_one_that_opens_it() {
    for (draft, better) in [
        (
            "It is not our policy to give refunds.",
            "What I can do for you is … to give refunds.",
        ),
        (
            "Calm down, please. We are looking into it.",
            "I can hear how upsetting this is, and I want to help. We are looking into it.",
        ),
        (
            "As I already said, it is on Monday.",
            "To put it another way, it is on Monday.",
        ),
        (
            "So as I told you before it is on Monday.",
            "So to put it another way, before it is on Monday.",
        ),
        (
            "Please be advised that we are closed.",
            "I want you to know that we are closed.",
        ),
        (
            "Thank you. There’s nothing I can do!",
            "Thank you. What I can do is …!",
        ),
    ] {
        assert_eq!(fixed(Code::Phrase, draft, &EN), better);
    }
    assert_eq!(
        fixed(Code::Phrase, "Cálmese, por favor. Ya lo veo.", &ES),
        "Veo que esto es muy molesto para usted y quiero ayudarle. Ya lo veo."
    );
    assert!(says(Code::Phrase, "COMO YA LE DIJE, es el lunes.", &ES));
    assert_eq!(
        of(Code::Phrase, "You should have called us.", &EN)[0].key,
        "coach-phrase-blame"
    );
}

#[test]
fn ordinary_kind_letters_hear_nothing() {
    quiet(
        Code::Phrase,
        &[
            "You should have received a letter from us.",
            "What time do you have to leave?",
            "It is not your fault.",
            "This exercise helps you relax your shoulder.",
            "> calm down\nThank you for writing.",
            "Choose whatever day works for you.",
        ],
        &EN,
    );
    quiet(
        Code::Phrase,
        &[
            "No es su culpa.",
            "Si no es posible el lunes, venga el martes.",
        ],
        &ES,
    );
    quiet(
        Code::Boundary,
        &[
            "I cannot promise a date yet.",
            "The nurse line answers day or night at this number.",
        ],
        &EN,
    );
    let context = Context {
        name: Some("Ana Ruiz"),
        patient: "I was charged twice for the visit in May and nobody explains why. Please fix the bill.",
        ..EN
    };
    let letter = "Hello Ana,\n\nI am sorry about the double charge. You wrote that your visit in May is on the bill two times, \
                  and you are right. I have asked for the second charge to be taken off. You will get a new bill by Friday.\n\n\
                  Kind regards,\nLee";
    assert_eq!(COACH.advise(letter, &context), []);
}

#[test]
fn what_is_missing_is_named_and_can_be_put_in() {
    let context = Context {
        name: Some("Ruiz, Ana María"),
        patient: "My refill for metformin was refused at the pharmacy again and I only have two tablets left.",
        ..EN
    };
    let draft = "Hello,\n\nThe store is open from nine to five on most days and there is a bus to it from here.";
    let codes: Vec<Code> = COACH
        .advise(draft, &context)
        .iter()
        .map(|one| one.code)
        .collect();
    assert_eq!(
        codes,
        [
            Code::Acknowledge,
            Code::Summarise,
            Code::NextStep,
            Code::Name
        ]
    );
    assert_eq!(
        fixed(Code::Acknowledge, draft, &context),
        "Hello,\n\nThank you for telling us about this. The store is open from nine to five on most days and there is a bus to it from here."
    );
    assert!(fixed(Code::Name, draft, &context).starts_with("Hello Ana,"));
    assert!(fixed(Code::Name, &draft[8..], &context).starts_with("Hello Ana,\n\nThe store"));
    assert!(fixed(Code::NextStep, draft, &context).ends_with("from here. Next, I will …."));
    let draft = format!("{draft} I will ask the pharmacy about your refill of metformin.");
    let codes: Vec<Code> = COACH
        .advise(&draft, &context)
        .iter()
        .map(|one| one.code)
        .collect();
    assert_eq!(codes, [Code::Acknowledge, Code::Time, Code::Name]);
    // What was put in counts.
    let acknowledged = fixed(Code::Acknowledge, &draft, &context);
    assert!(!says(Code::Acknowledge, &acknowledged, &context));
}

#[test]
fn who_is_in_distress_is_seen_before_words_are_polished() {
    let patient = "My husband died in March and I still get letters for his appointments.";
    let draft = "Calm down, the letters for his appointments stop by Monday. Double your dose of the blue tablets until then.";
    for (distress, codes) in [
        (None, [Code::MedicalAdvice, Code::Phrase]),
        (Some(Kind::Grief), [Code::MedicalAdvice, Code::Acknowledge]),
    ] {
        let context = Context {
            patient,
            distress,
            ..EN
        };
        let advice = COACH.advise(draft, &context);
        let first: Vec<Code> = advice.iter().take(2).map(|one| one.code).collect();
        assert_eq!(first, codes);
    }
}

#[test]
fn a_fix_follows_what_weighs_on_the_patient() {
    let patient = "My husband died in March and I still get letters for his appointments.";
    let draft = "I have taken the address off our list today. The letters for his appointments will stop by Monday.";
    for (distress, key) in [
        (None, "coach-acknowledge"),
        (Some(Kind::Grief), "coach-acknowledge-grief"),
        (Some(Kind::Anger), "coach-acknowledge-anger"),
        (Some(Kind::Despair), "coach-acknowledge-despair"),
        (Some(Kind::Fear), "coach-acknowledge-fear"),
    ] {
        let context = Context {
            patient,
            distress,
            ..EN
        };
        let found = of(Code::Acknowledge, draft, &context);
        assert_eq!(found.iter().map(|one| one.key).collect::<Vec<_>>(), [key]);
        assert!(!says(
            Code::Acknowledge,
            &fixed(Code::Acknowledge, draft, &context),
            &context
        ));
    }
}

#[test]
fn spanish_letters_are_read_the_same_way() {
    let context = Context {
        name: Some("José Peña"),
        patient: "Me cobraron dos veces la consulta de mayo y nadie me explica por qué. Necesito que arreglen la cuenta.",
        ..ES
    };
    let cold = "La oficina abre de nueve a cinco y hay un autobús que pasa por la calle principal cada media hora.";
    let codes: Vec<Code> = COACH
        .advise(cold, &context)
        .iter()
        .map(|one| one.code)
        .collect();
    assert_eq!(
        codes,
        [
            Code::Acknowledge,
            Code::Summarise,
            Code::NextStep,
            Code::Name
        ]
    );
    assert!(fixed(Code::Name, cold, &context).starts_with("Hola, José:"));
    let warm = "Hola, José:\n\nSiento mucho el doble cobro. Usted nos escribió que la consulta de mayo está dos veces en la \
                cuenta, y tiene razón. Ya pedí que quiten el segundo cobro. El viernes le mando la cuenta nueva.";
    assert_eq!(COACH.advise(warm, &context), []);
}

#[test]
fn short_answers_need_no_ceremony() {
    let context = Context {
        name: Some("Ana Ruiz"),
        patient: "Is Tuesday at ten still fine for my visit?",
        ..EN
    };
    assert_eq!(COACH.advise("Yes, Tuesday at ten is fine.", &context), []);
}

#[test]
fn the_counselling_boundary_is_kept() {
    for draft in [
        "I promise everything will be fine.",
        "You are depressed, that is why.",
        "This stays between us.",
        "Let’s explore your feelings about that.",
        "Call me anytime, day or night.",
        "If I were you I would leave him.",
    ] {
        assert!(says(Code::Boundary, draft, &EN), "{draft}");
    }
    for draft in [
        "Le prometo que todo va a salir bien.",
        "Usted está deprimida.",
        "Queda entre nosotros.",
        "Cuénteme de su infancia.",
    ] {
        assert!(says(Code::Boundary, draft, &ES), "{draft}");
    }
    // Clinical or not, nobody at the desk is this person's therapist.
    assert!(says(
        Code::Boundary,
        "I promise it will get better.",
        &Context {
            clinical: true,
            ..EN
        }
    ));
}

#[test]
fn medical_advice_is_for_clinical_staff() {
    let medical = [
        ("Just take 400 mg of ibuprofen.", "coach-medical-dose"),
        (
            "You can stop taking the metformin.",
            "coach-medical-start-stop",
        ),
        ("That sounds like a virus.", "coach-medical-diagnosis"),
        (
            "You don't need to be seen for that.",
            "coach-medical-not-seen",
        ),
        ("Your labs look good.", "coach-medical-results"),
    ];
    for (draft, key) in medical {
        let found = of(Code::MedicalAdvice, draft, &EN);
        assert_eq!(found.first().map(|one| one.key), Some(key), "{draft}");
        quiet(
            Code::MedicalAdvice,
            &[draft],
            &Context {
                clinical: true,
                ..EN
            },
        );
    }
    assert_eq!(
        fixed(
            Code::MedicalAdvice,
            "Thank you for asking. Double your dose today. See you soon.",
            &EN
        ),
        "Thank you for asking. A nurse can answer the question about your dose. I have asked them to call you. See you soon."
    );
    for draft in [
        "Deje de tomar la pastilla.",
        "Tome dos pastillas hoy.",
        "No vaya a urgencias.",
        "Sus análisis salieron bien.",
    ] {
        assert!(says(Code::MedicalAdvice, draft, &ES), "{draft}");
    }
    quiet(
        Code::MedicalAdvice,
        &[
            "Did you stop taking the pills?",
            "Your doctor asked that you keep taking it.",
            "I can't say whether to stop taking it.",
            "Take the bus to the clinic. You can take your time.",
            "If this is not an emergency, reply here.",
        ],
        &EN,
    );
}

#[test]
fn gaps_that_are_still_open_are_named() {
    for draft in [
        "Next, I will ….",
        "You will hear from me by ___.",
        "Dear [patient name], thank you.",
    ] {
        let found = of(Code::Unfinished, draft, &EN);
        assert_eq!(found.len(), 1, "{draft}");
        assert!(!draft[found[0].spans[0].clone()].is_empty());
    }
    quiet(
        Code::Unfinished,
        &[
            "Well… I will ask.",
            "See [1] and [our page](https://clinic.example).",
            "snake_case",
        ],
        &EN,
    );
}

#[test]
fn hard_texts_are_called_hard_and_easy_ones_are_not() {
    let hard = "Following comprehensive examination of the documentation accompanying your application, the administration \
                determined that reconsideration necessitates supplementary verification of institutional eligibility, \
                notwithstanding the previously communicated interpretation of the regulations that apply to it.";
    let found = COACH.advise(hard, &EN);
    assert!(found.iter().any(|one| one.code == Code::Grade), "{found:?}");
    assert!(found.iter().any(|one| one.code == Code::LongSentence));
    let easy = "We looked at your form. One page is missing. Please send us page two. You can mail it or bring it in. We \
                will call you on Friday. Thank you for your help.";
    quiet(Code::Grade, &[easy], &EN);
    quiet(Code::LongSentence, &[easy], &EN);
    let hard = "La administración determinó que la reconsideración de la documentación complementaria necesita una \
                verificación institucional independiente, considerando las interpretaciones administrativas \
                correspondientes comunicadas anteriormente mediante procedimientos extraordinarios.";
    assert!(says(Code::Grade, hard, &ES));
    quiet(
        Code::Grade,
        &[
            "Vimos su hoja. Falta una parte. Por favor mande la parte dos. La puede traer o mandar. El viernes le llamo. Gracias por su ayuda hoy.",
        ],
        &ES,
    );
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
        "language/coach/checks.es.toml, line 0: the file is missing"
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
