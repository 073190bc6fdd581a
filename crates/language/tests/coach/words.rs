//! Words to avoid, and what is said instead.

use crate::{COACH, EN, ES, fixed, of, quiet, says};
use bedside_language::coach::{Code, Context};

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
