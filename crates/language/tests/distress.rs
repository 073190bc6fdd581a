//! The listener for distress, with the clinic's own words.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod clinic_files;

use std::sync::LazyLock;
use std::time::Instant;

use bedside_language::Language;
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

/// By language: grief, anger, despair, fear, and what is none of them though its words come near.
const FIRST_VERSIONS: [(&str, [&str; 4], [&str; 3]); 11] = [
    (
        "fr",
        [
            "Mon mari est décédé dimanche et je dois annuler son rendez-vous.",
            "C’est inadmissible, on m’a raccroché au nez !",
            "Je n’en peux plus de cette maladie, je n’ai personne.",
            "J’ai très peur de l’opération",
        ],
        [
            "Je ne suis pas en colère, je voudrais une copie.",
            "Pourriez-vous déplacer mon rendez-vous à jeudi ?",
            "Ne vous inquiétez pas, jeudi me convient.",
        ],
    ),
    (
        "de",
        [
            "Meine Mutter ist letzte Woche gestorben, meine Mutter ist verstorben und ich weine jeden Tag.",
            "Das ist eine Frechheit, niemand ruft zurück!",
            "Ich kann nicht mehr, ich weiß nicht mehr weiter.",
            "Ich habe große Angst vor der Operation",
        ],
        [
            "Ich bin nicht verärgert, ich brauche nur eine Kopie.",
            "Können wir den Termin auf Donnerstag verschieben?",
            "Ich kann nicht mehr kommen am Dienstag.",
        ],
    ),
    (
        "pt",
        [
            "Minha mãe faleceu no domingo e não paro de chorar.",
            "É uma falta de respeito, quero falar com o gerente",
            "Não aguento mais essa doença",
            "Estou com muito medo do resultado",
        ],
        [
            "Não estou com raiva, só quero uma cópia.",
            "Preciso remarcar minha consulta, obrigada.",
            "Não estou mais triste, obrigado por perguntar.",
        ],
    ),
    (
        "ru",
        [
            "Моя мама умерла в воскресенье, после похорон я всё время плачу.",
            "Это безобразие, буду жаловаться!",
            "Я больше не могу, у меня никого нет",
            "Мне очень страшно, я боюсь операции",
        ],
        [
            "Я не злюсь, мне нужна только копия.",
            "Можно перенести приём на четверг?",
            "Вы достали мою карту из архива?",
        ],
    ),
    (
        "tl",
        [
            "Pumanaw ang nanay ko noong Linggo at iyak ako nang iyak",
            "Nakakagalit, walang respeto ang staff ninyo",
            "Hindi ko na kaya, wala akong malapitan",
            "Natatakot po ako sa operasyon",
        ],
        [
            "Hindi ako galit, kailangan ko lang ng kopya.",
            "Pwede po bang ilipat ang appointment ko sa Huwebes?",
            "Wag kang mag-alala, okay lang.",
        ],
    ),
    (
        "vi",
        [
            "Chồng tôi qua đời tuần trước, tôi khóc mỗi đêm",
            "Thật không thể chấp nhận, không ai gọi lại",
            "Tôi tuyệt vọng, không biết phải làm sao",
            "Tôi rất sợ ca mổ sắp tới",
        ],
        [
            "Tôi không tức giận, chỉ cần một bản sao.",
            "Bé tắc mũi, tôi có đơn thuốc số hai rồi, vợ dùng thuốc khác.",
            "Tôi quá đói vì phải nhịn ăn trước khi xét nghiệm.",
        ],
    ),
    (
        "ko",
        [
            "어머니가 지난주에 돌아가셨어요. 매일 울어요.",
            "정말 화가 납니다. 아무도 전화를 안 받아요.",
            "더 이상 버틸 수가 없어요. 너무 힘들어요.",
            "수술이 너무 무서워요",
        ],
        [
            "화나지 않았어요. 사본만 필요해요.",
            "예약을 목요일로 바꿀 수 있을까요?",
            "걱정하지 마세요, 목요일 좋아요.",
        ],
    ),
    (
        "hi",
        [
            "मेरे पति का देहांत हो गया, मैं रोज रोती हूं।",
            "बहुत गुस्सा आ रहा है, कोई फोन नहीं उठाता",
            "कोई उम्मीद नहीं बची, मेरा कोई नहीं है",
            "मुझे ऑपरेशन से डर लग रहा है",
        ],
        [
            "मैं गुस्सा नहीं हूं, बस एक कॉपी चाहिए।",
            "क्या मेरी अपॉइंटमेंट गुरुवार को हो सकती है?",
            "चिंता मत कीजिए, गुरुवार ठीक है।",
        ],
    ),
    (
        "ar",
        [
            "توفي زوجي يوم الأحد وأريد إلغاء موعده",
            "هذا غير مقبول، لا أحد يرد على الهاتف",
            "لم أعد أحتمل هذا المرض",
            "أنا خائفة جدا من العملية",
        ],
        [
            "لست غاضبة، أريد نسخة فقط.",
            "هل يمكن تغيير موعدي إلى الخميس؟",
            "لا تقلق، الخميس مناسب.",
        ],
    ),
    (
        "zh-Hans",
        [
            "我妈妈上周去世了，我每天都哭。",
            "太过分了，打了三次电话都没人回电！",
            "我撑不下去了，不知道该怎么办",
            "我很害怕这次手术",
        ],
        [
            "我没有生气，只是想要一份复印件。",
            "可以把预约改到星期四吗？",
            "不用担心，星期四可以。",
        ],
    ),
    (
        "zh-Hant",
        [
            "我媽媽上週去世了，我每天都哭。",
            "太過分了，打了三次電話都沒人回電！",
            "我撐不下去了，不知道該怎麼辦",
            "我很害怕這次手術",
        ],
        [
            "我沒有生氣，只是想要一份影本。",
            "可以把預約改到星期四嗎？",
            "不用擔心，星期四可以。",
        ],
    ),
];

#[test]
fn every_language_has_words_for_every_kind() {
    let kinds = [Kind::Grief, Kind::Anger, Kind::Despair, Kind::Fear];
    for (language, texts, nothing) in FIRST_VERSIONS {
        assert!(
            Language::ALL.iter().any(|one| one.tag() == language),
            "{language}"
        );
        for (kind, text) in kinds.into_iter().zip(texts) {
            hears(kind, Strength::Clear, &[text]);
        }
        hears_nothing(&nothing);
    }
    assert_eq!(FIRST_VERSIONS.len() + 2, Language::ALL.len());
}

/// A word that two languages have was said once.
#[test]
fn a_word_of_two_languages_weighs_once() {
    for text in [
        "Estoy desesperada",
        "Estou desesperada",
        "estou desesperada, desesperada",
    ] {
        let found = LISTENER.look(text).unwrap();
        assert_eq!(
            (found.kind, found.strength, found.why.len()),
            (Kind::Despair, Strength::Clear, 1),
            "{text}"
        );
    }
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
