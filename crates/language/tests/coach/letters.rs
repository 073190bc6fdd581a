//! What a whole letter has, and what is missing.

use crate::{COACH, EN, ES, codes, fixed, of, quiet, says};
use bedside_language::coach::{Code, Context};
use bedside_language::distress::Kind;

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
    let found = codes(draft, &context);
    assert_eq!(
        found,
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
    let found = codes(&draft, &context);
    assert_eq!(found, [Code::Acknowledge, Code::Time, Code::Name]);
    // What was put in counts.
    let acknowledged = fixed(Code::Acknowledge, &draft, &context);
    assert!(!says(Code::Acknowledge, &acknowledged, &context));
}

#[test]
fn who_is_in_distress_is_seen_before_words_are_polished() {
    let patient = "My husband died in March and I still get letters for his appointments.";
    let draft = "Calm down, the letters for his appointments stop by Monday. Double your dose of the blue tablets until then.";
    for (distress, first) in [
        (None, [Code::MedicalAdvice, Code::Phrase]),
        (Some(Kind::Grief), [Code::MedicalAdvice, Code::Acknowledge]),
    ] {
        let context = Context {
            patient,
            distress,
            ..EN
        };
        assert_eq!(codes(draft, &context)[..2], first);
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
    let found = codes(cold, &context);
    assert_eq!(
        found,
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
