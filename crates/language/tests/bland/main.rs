//! Words that say next to nothing (greetings, names, file names, "it's me again") and short cries, in every language. The files
//! beside this one hold lines that neither the model nor its bars were made from.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use bedside_language::examples::{Danger, Example, of_clinic};
use bedside_language::{Channel, ClinicFiles, Language, Level, Message};
use support::ENGINE;

/// Of the harmless lines, those that may be called an emergency: what a person reads in vain.
const ALARMS: usize = 4;
/// Of the cries, those that nobody may be sent to today.
const UNHEARD: usize = 7;

/// Said by people who want nothing, or have not yet said what.
const BLAND: [&str; 21] = [
    "It is me again.",
    "Can you help me?",
    "My wombat words",
    "My words",
    "blue green yellow",
    "Hello?",
    "Are you there",
    "please call me",
    "I have a question",
    "ok",
    "sent from my phone",
    "test",
    "any news?",
    "thanks",
    "Thank you",
    "Maria",
    "John Smith",
    "water",
    "Sunday",
    "4711",
    "scan_004.pdf",
];

/// Short, and meant.
const CRIES: [&str; 8] = [
    "help",
    "help me please I can't",
    "I can't do this anymore",
    "it hurts so bad",
    "I want to die",
    "i can't breathe",
    "ya no puedo más",
    "ayúdenme por favor no puedo",
];

/// Cries that are all that is said, and harmless sentences with the same words.
const ALONE: [(&str, &str); 13] = [
    ("HELP!", "Is there help with the form?"),
    ("¡Ayuda!", "Ayuda con el formulario, por favor"),
    ("救命", "有人可以帮忙填表吗"),
    ("救命啊", "填表可以幫幫忙嗎"),
    ("Cứu tôi với!", "Ai giúp tôi điền đơn với?"),
    ("Saklolo!", "Pa tulong sa form ng insurance"),
    ("Au secours !", "J'ai besoin d'aide pour le formulaire"),
    ("Socorro!", "Ajuda com o formulário, por favor"),
    ("النجدة", "أحتاج مساعدة في تعبئة الاستمارة"),
    ("Помогите!", "Помогите заполнить анкету, пожалуйста"),
    ("Hilfe!", "Hilfe beim Formular gesucht"),
    ("살려주세요", "서류 쓰는 것 좀 도와주세요"),
    ("बचाओ", "फ़ॉर्म भरने में मदद चाहिए"),
];

/// What old people ask, or others for them.
const OLD: [&str; 15] = [
    "J'ai 82 ans et je cherche le numéro de la pharmacie",
    "82 anyos na po ako, saan po kukuha ng senior discount?",
    "I'm 87, do I bring my hearing aid batteries?",
    "Mi suegra de 85 pregunta si hay elevador",
    "Ma grand-mère de 87 ans demande s'il y a un ascenseur",
    "Minha sogra de 85 anos quer saber se tem elevador",
    "Meine Schwiegermutter, 85, fragt nach einem Aufzug",
    "Свекрови 85, спрашивает, есть ли лифт",
    "Mẹ chồng tôi 85 tuổi hỏi có thang máy không",
    "85 na po ang biyenan ko, may elevator po ba?",
    "我婆婆85岁，想问有没有电梯",
    "我婆婆85歲，想問有沒有電梯",
    "시어머니가 85세신데 엘리베이터가 있나요?",
    "सासू माँ 85 की हैं, लिफ़्ट है क्या?",
    "حماتي عمرها 85، هل يوجد مصعد؟",
];

fn level(channel: Channel, body: &str) -> Level {
    let message = Message {
        channel,
        subject: "",
        body,
        hint_language: None,
    };
    ENGINE.triage(&message).safety.level
}

fn lines() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bland");
    let mut files = ClinicFiles::new();
    for &language in Language::ALL {
        let text = std::fs::read_to_string(folder.join(format!("{language}.txt"))).unwrap();
        files.insert(format!("language/examples/{language}/bland.txt"), text);
    }
    of_clinic(&files).unwrap()
}

#[test]
fn who_says_next_to_nothing_is_in_no_danger() {
    for channel in [Channel::WebForm, Channel::Sms, Channel::Chat] {
        for text in BLAND {
            assert!(level(channel, text) < Level::Emergency, "{channel}: {text}");
        }
    }
}

#[test]
fn a_greeting_is_no_reason_for_anything() {
    let message = Message {
        channel: Channel::Sms,
        subject: "",
        body: "Hello, it is me again. Thanks",
        hint_language: None,
    };
    let verdict = ENGINE.triage(&message);
    assert!(verdict.safety.reasons.is_empty(), "{:?}", verdict.reasons);
}

#[test]
fn old_people_ask_plain_questions() {
    for text in OLD {
        assert!(level(Channel::Sms, text) < Level::Emergency, "{text}");
    }
}

#[test]
fn in_no_language_are_words_that_say_next_to_nothing_a_danger() {
    let lines = lines();
    let harmless: Vec<&Example> = lines.iter().filter(|e| e.danger == Danger::None).collect();
    assert!(harmless.len() > 120);
    let mut wrong = harmless.clone();
    wrong.retain(|e| level(e.channel, &e.body) == Level::Emergency);
    let shown: Vec<String> = wrong.iter().map(|e| e.to_line()).collect();
    assert!(wrong.len() <= ALARMS, "{}", shown.join("\n"));
}

#[test]
fn a_short_cry_is_heard_in_every_language() {
    let lines = lines();
    let mut cries: Vec<&Example> = lines.iter().filter(|e| e.danger != Danger::None).collect();
    assert!(cries.len() >= 2 * Language::ALL.len());
    cries.retain(|e| level(e.channel, &e.body) == Level::None);
    let shown: Vec<String> = cries.iter().map(|e| e.to_line()).collect();
    assert!(cries.len() <= UNHEARD, "{}", shown.join("\n"));
}

#[test]
fn a_cry_for_help_that_is_all_that_is_said_is_one() {
    for (cry, business) in ALONE {
        for channel in [Channel::Sms, Channel::Chat, Channel::Email] {
            assert_eq!(level(channel, cry), Level::Emergency, "{channel}: {cry}");
        }
        assert!(
            level(Channel::Sms, business) < Level::Emergency,
            "{business}"
        );
    }
    for cry in CRIES {
        for channel in [Channel::Sms, Channel::Chat, Channel::WebForm] {
            assert_eq!(level(channel, cry), Level::Emergency, "{channel}: {cry}");
        }
    }
    // Somebody may have been asked to write it in a survey.
    assert_eq!(level(Channel::Survey, "help"), Level::Concern);
}
