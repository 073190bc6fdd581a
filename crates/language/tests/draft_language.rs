//! The language that a draft is written in, and what the coach says of it then.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::collections::BTreeSet;

use bedside_language::Language;
use bedside_language::coach::{Coach, Code, Context, language_of};
use support::ENGINE;

/// Drafts that are hard to read, one of each language with a formula and no words.
const HARD: [(Language, &str); 5] = [
    (
        Language::Fr,
        "Nous accusons réception de votre correspondance et nous transmettons immédiatement votre réclamation au \
         département administratif compétent, lequel procédera ultérieurement aux vérifications indispensables \
         concernant votre remboursement et votre assurance complémentaire.",
    ),
    (
        Language::De,
        "Wir bestätigen hiermit den Eingang Ihres Schreibens und übermitteln Ihre Beschwerde unverzüglich an die \
         zuständige Verwaltungsabteilung, welche anschließend die erforderlichen Überprüfungen hinsichtlich Ihrer \
         Kostenerstattung durchführen wird.",
    ),
    (
        Language::Pt,
        "Confirmamos o recebimento da sua correspondência e encaminharemos imediatamente a sua reclamação ao \
         departamento administrativo competente, que realizará posteriormente as verificações indispensáveis \
         relacionadas ao seu reembolso e ao seu seguro complementar.",
    ),
    (
        Language::Ru,
        "Настоящим подтверждаем получение вашего обращения и незамедлительно направляем вашу претензию в \
         соответствующее административное подразделение, которое впоследствии осуществит необходимые проверки \
         относительно возмещения ваших расходов по медицинскому страхованию.",
    ),
    (
        Language::Tl,
        "Kinukumpirma namin ang pagkakatanggap ng inyong pagpapahayag at ipapasa namin kaagad ang inyong \
         pagrereklamo sa kinauukulang tanggapang pampangasiwaan na magsasagawa pagkatapos ng mga kinakailangang \
         pagsusuri tungkol sa pagbabayad ng inyong pagpapagamot.",
    ),
];

fn codes(language: Language, draft: &str) -> BTreeSet<Code> {
    let coach = Coach::load(&support::files()).unwrap();
    let context = Context {
        language: language.tag(),
        name: Some("Rosa"),
        patient: "I still get bills for the visits in May, which my insurance paid.",
        distress: None,
        clinical: false,
    };
    coach
        .advise(draft, &context)
        .into_iter()
        .map(|one| one.code)
        .collect()
}

/// An English request is answered in another language: the draft gets the formula of its own, and no advice whose words
/// are English.
#[test]
fn a_draft_is_looked_at_in_its_own_language() {
    let coach = Coach::load(&support::files()).unwrap();
    for (language, draft) in HARD {
        let told = language_of(&ENGINE, draft, Language::En);
        assert_eq!(told, language, "{draft}");
        assert!(!coach.knows(told.tag()));
        let found = codes(told, draft);
        let of_length = BTreeSet::from([Code::LongSentence, Code::Grade]);
        assert!(
            found.contains(&Code::Grade) && found.is_subset(&of_length),
            "{found:?} {draft}"
        );
        assert!(
            codes(Language::En, draft).contains(&Code::NextStep),
            "{draft}"
        );
    }
    for (language, draft) in [
        (
            Language::En,
            "It is not our policy to explain it. Please wait until the claim is reviewed.",
        ),
        (
            Language::Es,
            "Hola Rosa, gracias por su mensaje. Le llamaremos el lunes por la mañana y le explicaremos la cuenta.",
        ),
        (
            Language::ZhHans,
            "您好，我们已经收到您的信，明天会给您回电话。",
        ),
        (
            Language::Ko,
            "안녕하세요, 보내 주신 글 잘 받았습니다. 내일 전화드리겠습니다.",
        ),
    ] {
        let other = if language == Language::En {
            Language::Es
        } else {
            Language::En
        };
        assert_eq!(language_of(&ENGINE, draft, other), language, "{draft}");
    }
}

/// What is too short to tell, or of no language, is looked at in that of whoever gets it.
#[test]
fn a_draft_that_does_not_tell_is_in_the_patients_language() {
    let dashes = "é😀 ___ ".repeat(500);
    for draft in [
        "",
        "Two a day, Rosa.",
        "Merci",
        "No es nuestra política explicarlo. Espere que se revise la reclamación.",
        "OK!",
        "1. a) 2. b) 3. c)",
        "xkcd qwrt zzyzx plmk wvut grst bcdf hjkl",
        dashes.as_str(),
    ] {
        for language in [Language::En, Language::Es] {
            assert_eq!(
                language_of(&ENGINE, draft, language),
                language,
                "{draft:.40}"
            );
        }
    }
}

/// Any length is looked at for the same while.
#[test]
fn a_draft_without_an_end_is_looked_at_at_its_beginning() {
    let begun = "Please wait until the claim is reviewed by the office. ".repeat(60);
    let draft = begun + &"Bitte warten Sie auf die Antwort der Verwaltung. ".repeat(40_000);
    let start = std::time::Instant::now();
    assert_eq!(language_of(&ENGINE, &draft, Language::Es), Language::En);
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}
