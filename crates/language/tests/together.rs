//! What is more dangerous together, in every language: blood thinners, old age, pregnancy, how long it lasts. And the same words
//! where nobody is in danger.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use bedside_language::{Channel, Language, Level, Message, Verdict};
use support::ENGINE;

const RULES: [&str; 8] = [
    "bleeding.thinner",
    "trauma.thinner",
    "trauma.old",
    "cardiac.lasting",
    "pregnancy.danger",
    "sepsis.lasting_fever",
    "other.nothing_passes",
    "bleeding.thinner_small",
];
/// How many of the rules are emergencies; those behind are concerns.
const EMERGENCIES: usize = 5;

/// For each language a text for each of the rules.
const MEANT: [(Language, [&str; 8]); 13] = [
    (
        Language::En,
        [
            "I take Eliquis and my nose bleeds since noon",
            "Dad is on warfarin and hit his head on the sink",
            "My neighbour is 84 years old and banged her head",
            "chest pressure for two hours",
            "I'm pregnant and there is blood",
            "He has had a fever for 6 days",
            "she hasn't peed since yesterday",
            "On blood thinners, huge bruise on my leg",
        ],
    ),
    (
        Language::Es,
        [
            "Tomo Sintrom y me sangra la nariz",
            "Mi papá toma warfarina y se golpeó la cabeza",
            "La vecina de 84 años se golpeó la cabeza",
            "presión en el pecho desde hace dos horas",
            "Estoy embarazada y hay sangre",
            "Lleva 6 días con fiebre",
            "no ha orinado desde ayer",
            "Tomo Xarelto y tengo un moretón grande",
        ],
    ),
    (
        Language::Fr,
        [
            "Je prends du Xarelto et je saigne du nez",
            "Papa est sous Previscan et s'est cogné la tête",
            "Ma voisine de 84 ans s'est cogné la tête",
            "douleur dans la poitrine depuis ce matin",
            "Je suis enceinte et je perds du sang",
            "De la fièvre depuis 6 jours",
            "il n'a pas uriné depuis hier",
            "Sous Eliquis, des bleus partout",
        ],
    ),
    (
        Language::Pt,
        [
            "Tomo Marevan e meu nariz sangra",
            "Meu pai toma varfarina e bateu a cabeça",
            "A vizinha de 84 anos bateu a cabeça",
            "aperto no peito desde ontem",
            "Estou grávida e tem sangue",
            "Está com febre há 6 dias",
            "não fez xixi desde ontem",
            "Tomo Xarelto e apareceu um roxo enorme",
        ],
    ),
    (
        Language::De,
        [
            "Ich nehme Marcumar und die Nase blutet",
            "Papa nimmt Eliquis und hat sich den Kopf gestoßen",
            "Meine Oma hat sich den Kopf angeschlagen",
            "Druck auf der Brust seit gestern",
            "Ich bin schwanger und blute",
            "Fieber seit 6 Tagen",
            "seit gestern kein Urin",
            "Unter Xarelto blaue Flecken überall",
        ],
    ),
    (
        Language::Ru,
        [
            "Пью варфарин, кровь из носа",
            "Папа пьёт ксарелто и ударился головой",
            "Бабушка упала на голову",
            "давит в груди уже два часа",
            "Я беременна, пошла кровь",
            "Температура 6 дней",
            "не писал со вчерашнего дня",
            "Пью эликвис, огромный синяк на ноге",
        ],
    ),
    (
        Language::Vi,
        [
            "Tôi uống thuốc loãng máu và bị chảy máu cam",
            "Ba uống warfarin, bị té đập đầu",
            "Bà ngoại té đập đầu",
            "tức ngực từ sáng",
            "Em đang mang thai và ra máu",
            "Con sốt 6 ngày rồi",
            "từ hôm qua chưa đi tiểu",
            "Tôi uống xarelto, bầm tím khắp chân",
        ],
    ),
    (
        Language::Tl,
        [
            "Umiinom ako ng warfarin at dumudugo ang ilong ko",
            "Naka eliquis si tatay at nauntog",
            "Nauntog po si lola sa pinto",
            "masakit ang dibdib ko kanina pa",
            "Buntis po ako at dinudugo",
            "May lagnat siya 6 na araw",
            "hindi pa umiihi mula kahapon",
            "Naka warfarin, malaking pasa sa binti",
        ],
    ),
    (
        Language::ZhHans,
        [
            "我吃华法林，一直流鼻血",
            "爸爸在吃利伐沙班，刚才撞到头",
            "奶奶摔到头了",
            "胸口闷两个小时了",
            "我怀孕了，有出血",
            "发烧6天了",
            "从昨天没小便",
            "吃华法林，腿上大片瘀青",
        ],
    ),
    (
        Language::ZhHant,
        [
            "我吃薄血藥，一直流鼻血",
            "爸爸在吃利伐沙班，剛才撞到頭",
            "奶奶摔到頭了",
            "胸口悶兩個小時了",
            "我懷孕了，有出血",
            "發燒6天了",
            "從昨天沒小便",
            "吃薄血藥，腿上大片瘀青",
        ],
    ),
    (
        Language::Ko,
        [
            "와파린 먹는데 코피가 계속 나요",
            "아버지가 자렐토 드시는데 머리를 부딪쳤어요",
            "할머니가 머리를 부딪치셨어요",
            "가슴이 답답한 지 두 시간 됐어요",
            "임신 중인데 하혈해요",
            "열이 6일째 나요",
            "어제부터 소변을 못 봐요",
            "와파린 먹는데 멍이 크게 들었어요",
        ],
    ),
    (
        Language::Hi,
        [
            "मैं वार्फरिन लेता हूँ और नाक से खून आ रहा है",
            "पापा खून पतला करने की दवा लेते हैं, सिर पर चोट लगी",
            "दादी के सिर में चोट लगी",
            "सीने में दर्द दो घंटे से",
            "मैं गर्भवती हूँ और खून आ रहा है",
            "6 दिन से बुखार है",
            "कल से पेशाब नहीं हुआ",
            "वार्फरिन लेता हूँ, मसूड़ों से खून",
        ],
    ),
    (
        Language::Ar,
        [
            "آخذ وارفارين وأنفي ينزف",
            "أبي يأخذ مميع للدم وضرب رأسه",
            "جدتي وقعت على رأسها",
            "ضغط في صدري منذ ساعتين",
            "أنا حامل وعندي نزيف",
            "عنده حرارة 6 أيام",
            "لم يتبول منذ أمس",
            "آخذ وارفارين وعندي كدمة كبيرة",
        ],
    ),
];

/// For each language texts in which nobody is in danger.
const NOT_MEANT: [(Language, [&str; 4]); 13] = [
    (
        Language::En,
        [
            "I take warfarin and need a refill, no bleeding",
            "I am 82 years old, can I get the flu shot on Friday?",
            "How many weeks along do I have to be for the birth class?",
            "Two hours on hold about my bill",
        ],
    ),
    (
        Language::Es,
        [
            "Tomo warfarina y necesito la receta, sin sangrado",
            "Tengo 82 años, ¿me ponen la vacuna el viernes?",
            "¿A qué semana de embarazo empieza el curso de parto?",
            "Dos horas al teléfono por mi factura",
        ],
    ),
    (
        Language::Fr,
        [
            "Je prends du Xarelto, il me faut une ordonnance",
            "J'ai 82 ans et je cherche le numéro de la pharmacie",
            "À quel mois de grossesse commence le cours de préparation ?",
            "Deux heures au téléphone pour ma facture",
        ],
    ),
    (
        Language::Pt,
        [
            "Tomo Marevan e preciso de uma receita nova",
            "Tenho 82 anos, posso tomar a vacina na sexta?",
            "Em que semana da gravidez começa o curso?",
            "Duas horas no telefone por causa da conta",
        ],
    ),
    (
        Language::De,
        [
            "Ich nehme Marcumar und brauche ein neues Rezept",
            "Ich bin 82 Jahre alt, bekomme ich am Freitag die Impfung?",
            "Ab welcher Woche beginnt der Kurs für Schwangere?",
            "Zwei Stunden am Telefon wegen meiner Rechnung",
        ],
    ),
    (
        Language::Ru,
        [
            "Пью варфарин, нужен новый рецепт",
            "Мне 82 года, можно прививку в пятницу?",
            "С какой недели беременности начинаются курсы?",
            "Два часа на телефоне из-за счёта",
        ],
    ),
    (
        Language::Vi,
        [
            "Tôi uống warfarin, xin toa thuốc mới",
            "Tôi 82 tuổi, thứ sáu chích ngừa được không?",
            "Mang thai tuần thứ mấy thì học lớp sinh?",
            "Chờ điện thoại hai tiếng vì hóa đơn",
        ],
    ),
    (
        Language::Tl,
        [
            "Naka warfarin po ako, kailangan ko ng bagong reseta",
            "82 anyos na po ako, saan po kukuha ng senior discount?",
            "Ilang linggong buntis bago mag klase sa panganganak?",
            "Dalawang oras sa telepono dahil sa bill",
        ],
    ),
    (
        Language::ZhHans,
        [
            "我吃华法林，需要续药",
            "我82岁，星期五可以打流感疫苗吗？",
            "怀孕几周可以上孕妇课？",
            "为账单打了两个小时电话",
        ],
    ),
    (
        Language::ZhHant,
        [
            "我吃薄血藥，需要續藥",
            "我82歲，星期五可以打流感疫苗嗎？",
            "懷孕幾週可以上孕婦課？",
            "為帳單打了兩個小時電話",
        ],
    ),
    (
        Language::Ko,
        [
            "와파린 처방전을 새로 받고 싶어요",
            "82세인데 금요일에 독감 주사 맞을 수 있나요?",
            "임신 몇 주부터 출산 교실에 갈 수 있나요?",
            "청구서 때문에 두 시간 통화했어요",
        ],
    ),
    (
        Language::Hi,
        [
            "मुझे वार्फरिन की नई पर्ची चाहिए",
            "मैं 82 साल का हूँ, शुक्रवार को टीका लग सकता है?",
            "गर्भावस्था के किस हफ़्ते से क्लास शुरू होती है?",
            "बिल के लिए दो घंटे फ़ोन पर रहा",
        ],
    ),
    (
        Language::Ar,
        [
            "آخذ وارفارين وأحتاج وصفة جديدة",
            "عمري 82 سنة، هل يمكن أخذ اللقاح يوم الجمعة؟",
            "في أي أسبوع من الحمل تبدأ الدورة؟",
            "ساعتان على الهاتف بسبب الفاتورة",
        ],
    ),
];

fn look(body: &str) -> Verdict {
    ENGINE.triage(&Message {
        channel: Channel::Sms,
        subject: "",
        body,
        hint_language: None,
    })
}

/// Whether a rule of that language spoke and was meant.
fn spoke(verdict: &Verdict, language: Language, rule: &str) -> bool {
    let id = format!("{language}.{rule}");
    let mut reasons = verdict.reasons.iter();
    reasons.any(|r| r.rule == id && r.guard.is_none())
}

#[test]
fn what_is_more_dangerous_together_is_heard_in_every_language() {
    let tables = Language::ALL.iter().map(|language| {
        let mut all = MEANT.iter();
        all.find(|(of, _)| of == language).unwrap()
    });
    let mut wrong = Vec::new();
    for (language, texts) in tables {
        for (number, (rule, text)) in RULES.iter().zip(texts).enumerate() {
            let verdict = look(text);
            let wanted = if number < EMERGENCIES {
                Level::Emergency
            } else {
                Level::Concern
            };
            let level = verdict.safety.level;
            if level < wanted || !spoke(&verdict, *language, rule) {
                let rules: Vec<&str> = verdict.reasons.iter().map(|r| r.rule.as_str()).collect();
                wrong.push(format!("{language} {rule}: {level} {rules:?}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_words_by_themselves_are_no_danger() {
    let mut wrong = Vec::new();
    for &language in Language::ALL {
        let (_, texts) = NOT_MEANT.iter().find(|(of, _)| *of == language).unwrap();
        for text in texts {
            let verdict = look(text);
            let level = verdict.safety.level;
            let rule = RULES.iter().find(|rule| spoke(&verdict, language, rule));
            if level == Level::Emergency || rule.is_some() {
                wrong.push(format!("{language}: {level} {rule:?}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_goes_on_raises_more_than_what_has_begun() {
    let at_once = look(
        "I have a fever and a runny nose, what can I take, I am at home and can wait for an answer",
    );
    let for_days = look(
        "I have had a fever for six days and a runny nose, I am at home and can wait for an answer",
    );
    assert!(!spoke(&at_once, Language::En, "sepsis.lasting_fever"));
    assert!(spoke(&for_days, Language::En, "sepsis.lasting_fever"));
    assert!(for_days.safety.level >= Level::Concern);
}
