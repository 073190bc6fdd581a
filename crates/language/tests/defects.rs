//! Classes of mistakes that the engine once made, each in several sentences and languages.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use bedside_language::{Channel, Level, Message, Verdict};
use support::ENGINE;

fn triage(body: &str) -> Verdict {
    by(Channel::Portal, body)
}

fn by(channel: Channel, body: &str) -> Verdict {
    ENGINE.triage(&Message {
        channel,
        subject: "",
        body,
        hint_language: None,
    })
}

/// Lists every text whose level is another one.
#[track_caller]
fn all(texts: &[&str], wanted: impl Fn(Level) -> bool) {
    let wrong: Vec<String> = texts
        .iter()
        .filter_map(|text| {
            let safety = triage(text).safety;
            (!wanted(safety.level)).then(|| format!("{}: {text}", safety.level))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const fn seen(level: Level) -> bool {
    !matches!(level, Level::None)
}

const fn alarm(level: Level) -> bool {
    matches!(level, Level::Emergency)
}

const fn no_alarm(level: Level) -> bool {
    !alarm(level)
}

#[test]
fn bills_films_and_laughter_make_no_joke_of_a_crisis() {
    all(
        &[
            "I want to kill myself I can't pay the bill",
            "I want to kill myself, they keep laughing at me",
            "I saw the bill and I want to die, I have all my pills here",
            "he raped me after the movie",
            "No puedo pagar la factura y me quiero morir",
            "me violaron despues de la pelicula",
            "il m'a violée après le film",
            "er hat mich nach dem Film vergewaltigt",
            "хочу покончить с собой, счет за лечение не оплатить",
            "나 죽고 싶어요 청구서 때문에 더는 못 버텨요",
            "je veux me tuer, je ne peux pas payer la facture",
            "ich bringe mich um wegen der Rechnung",
            "quero me matar por causa da conta do hospital",
            "tôi muốn tự tử vì hóa đơn bệnh viện",
            "اريد ان اقتل نفسي بسبب الفاتورة",
            "gusto ko nang mamatay dahil sa bill ng ospital",
            "I am taking rat poison because of the bill",
            "看到账单我想自杀",
            "账单太高了我不想活了",
            "बिल देखकर मैं मरना चाहता हूं",
            "I'm going to kill myself lol",
            "quiero morirme jajaja",
            "she played a video game and he hit me again",
            "my uncle touched me during the movie and raped me",
            "mi novio me pega cuando ve la novela",
            "elle rit et il me frappe, je veux mourir",
            "das Spiel ist aus ich will nicht mehr leben",
            "игра окончена, я хочу умереть",
            "게임은 끝났어 죽고 싶다",
            "chest pain since noon lol",
            "no puedo respirar jaja en serio",
        ],
        seen,
    );
    all(
        &[
            "haha this bill nearly killed me",
            "this hold music makes me want to die lol",
            "I laughed so hard at the waiting room video, thank you",
            "me muero de risa con la factura jaja",
            "casi me da un infarto cuando vi la factura jaja",
        ],
        no_alarm,
    );
}

#[test]
fn signs_of_an_illness_that_is_there_are_no_condition_and_no_past() {
    all(
        &[
            "He is having symptoms of a heart attack right now",
            "My mom shows signs of a stroke",
            "tengo sintomas de infarto",
            "er hat Anzeichen von einem Schlaganfall",
            "عنده اعراض جلطة قلبية",
            "我出现胸痛和呼吸困难",
            "孩子出现抽搐",
            "他出现中风了",
            "My son had a seizure",
            "my son had a seizure this evening",
            "my baby had a seizure",
            "he had a heart attack and is not waking up",
            "mi hijo tuvo una convulsion",
            "shortness of breath after my surgery",
            "chest pain and trouble breathing after my knee surgery",
            "曾医生您好我胸痛",
            "elle a des signes d'AVC",
            "il a des symptomes d'infarctus",
            "ela está com sintomas de avc",
            "ele tá com sinais de infarto",
            "у мамы признаки инсульта",
            "mẹ tôi có dấu hiệu đột quỵ",
            "엄마가 뇌졸중 증상이 있어요",
            "माँ को लकवे के लक्षण हैं",
            "may sintomas ng stroke ang nanay ko",
            "mi mama tiene senales de derrame cerebral",
            "mein Sohn hatte einen Krampfanfall",
            "my daughter had a seizure and is very sleepy",
            "dolor de pecho despues de mi operacion de rodilla",
            "Brustschmerzen nach meiner Knie-OP",
            "douleur à la poitrine après mon opération",
            "dor no peito depois da minha cirurgia",
            "if this is a heart attack what do I do, my chest hurts right now",
        ],
        alarm,
    );
    all(
        &[
            "what are the symptoms of a stroke",
            "What are the signs of a heart attack? For my class",
            "My father died of a heart attack in 1998.",
            "I had a stroke in 2015 and need my disability form",
            "my dad had a heart attack two years ago, please send his records",
            "¿Cuáles son los síntomas de un infarto?",
            "tuve un infarto hace tres años, necesito una copia",
            "Was sind die Anzeichen von einem Schlaganfall?",
            "Quels sont les signes d'un AVC ?",
            "quais são os sintomas de um infarto?",
            "какие симптомы инсульта?",
            "中风的症状是什么？",
            "뇌졸중 증상이 뭔가요?",
            "If I have chest pain should I come in?",
            "Who do I call if I get chest pain again",
            "Si tengo dolor de pecho a quien llamo",
        ],
        no_alarm,
    );
}

#[test]
fn a_denial_ends_with_its_clause_in_every_language() {
    all(
        &[
            "안녕하세요 가슴이 아파요 숨을 못 쉬겠어요",
            "안녕하세요 심장마비 같아요",
            "안내 부탁드려요 아버지가 쓰러졌어요",
            "सीने में दर्द है सांस नहीं आ रही",
            "엄마가 뇌졸중인데 의식이 없어요",
            "bác sĩ có ở đó không tôi bị đau ngực dữ dội",
            "لا اعلم ماذا افعل الم شديد في الصدر",
            "не знаю что делать сильно болит в груди",
            "no quiero ir al hospital me duele mucho el pecho",
            "Mein Mann hat kein Fieber, ist ganz blass, schwitzt und hat Brustschmerzen",
            "ich weiß nicht was ich tun soll starke brustschmerzen",
            "nao sei o que fazer dor no peito muito forte",
            "je ne sais pas quoi faire douleur dans la poitrine",
            "hindi ko alam gagawin sobrang sakit ng dibdib ko",
            "पता नहीं क्या करूं सीने में दर्द हो रहा है",
            "no one is picking up I have crushing chest pain",
            "no fever my husband has chest pain and is sweating",
            "у него нет температуры он задыхается",
            "con tôi không sốt nhưng khó thở lắm",
            "không sốt mẹ tôi méo miệng nói đớ",
            "لا يوجد طبيب هنا زوجي لا يتنفس",
            "沒有人接電話我胸痛喘不過氣",
            "没有发烧，我妈嘴歪了说话不清",
            "열은 없는데 가슴이 아파요",
            "не работает ваш телефон сильная боль в груди",
            "não tem ninguém atendendo meu pai tá infartando",
        ],
        alarm,
    );
    all(
        &[
            "I have no chest pain.",
            "No tengo dolor de pecho",
            "no me duele el pecho",
            "ya no me duele el pecho",
            "Ich habe keine Brustschmerzen",
            "Brustschmerzen habe ich nicht",
            "Kein Fieber, keine Brustschmerzen, nur Husten",
            "у меня не болит в груди",
            "боли в груди нет",
            "не было боли в груди и одышки",
            "não tenho dor no peito",
            "não estou com dor no peito nem falta de ar",
            "tôi không bị đau ngực",
            "không đau ngực, không khó thở",
            "لا يوجد الم في الصدر",
            "ما عندي الم في صدري",
            "没有胸痛，没有呼吸困难",
            "가슴 통증은 없어요",
            "सीने में दर्द नहीं है",
            "मुझे सांस लेने में कोई दिक्कत नहीं है",
            "pas de douleur à la poitrine",
            "je n'ai pas mal à la poitrine",
            "no fever, cough or chest pain",
            "neither do i have chest pain nor fever",
        ],
        no_alarm,
    );
}

#[test]
fn nothing_is_hidden_in_a_signature_or_by_strange_letters() {
    all(
        &[
            "Hello doctor\n--\nI have crushing chest pain and I can't breathe",
            "Hi\nSent from my bed because I cannot breathe and have chest pain",
            "Hallo\nVon meinem Kopf läuft Blut und hört nicht auf zu bluten",
            "Good morning\nplease unsubscribe me from your list I have crushing chest pain",
            "Hello\n--\nAnn Smith\n555-0100\nI can't breathe my lips are blue",
            "Hola\n--\nno puedo respirar",
            "Hi\nSent from my phone because I can't breathe",
            "I have chest pa\u{1}in",
            "🅸 🆆🅰🅽🆃 🆃🅾 🅳🅸🅴",
            "i w a n t t o d i e",
            "I want to k*ll mys*lf",
            "I want to ԁie tonight",
            "ɪ ᴡᴀɴᴛ ᴛᴏ ᴅɪᴇ",
            "c.h.e.s.t p.a.i.n",
            "k1ll mys3lf",
            "n o p u e d o r e s p i r a r",
        ],
        alarm,
    );
}

#[test]
fn the_plain_names_of_illnesses_and_wounds_are_known_in_every_language() {
    all(
        &[
            "chồng tôi bị nhồi máu cơ tim",
            "dad had a fall and is bleeding from the head",
            "mi esposo me pega",
            "امي عندها جلطة",
            "我爸心肌梗死",
            "у мужа симптомы инфаркта",
            "mẹ tôi có dấu hiệu đột quỵ",
            "माँ को लकवे के लक्षण हैं",
            "मेरे पिता को दिल का दौरा पड़ा है",
            "아버지가 심근경색이에요",
            "mein Vater hat einen Herzinfarkt",
            "mon père fait un infarctus",
            "meu pai teve um infarto",
            "mi papá tiene un infarto",
            "inatake sa puso si tatay",
            "la herida de la cirugía tiene pus y fiebre",
            "tengo fiebre de 39 despues de mi cirugia",
            "meine OP-Wunde ist aufgegangen und eitert",
            "ma cicatrice d'opération s'est rouverte et coule",
            "o corte da cirurgia abriu e tá sangrando",
            "шов после операции разошёлся, гной идёт",
            "vết mổ bị chảy mủ và sốt",
            "may nana ang tahi ko at nilalagnat ako",
            "جرح العملية انفتح وفيه صديد",
            "ऑपरेशन के टांके खुल गए और मवाद आ रहा है",
            "수술 부위에서 고름이 나와요 열이 나요",
            "术后伤口裂开流脓还发烧",
        ],
        alarm,
    );
}

// Written after the mending, to see whether it holds for what nobody had in mind.

#[test]
fn crises_are_seen_in_other_words() {
    all(
        &[
            "I'd rather kill myself than pay this bill, and I mean it",
            "he forced me to have sex after watching a movie",
            "since the video game he hits me every night",
            "después de la película mi novio me violó",
            "cuando veo la serie me quiero matar",
            "nach der Serie hat er mich geschlagen und vergewaltigt",
            "ich will sterben, die Rechnung liegt vor mir",
            "après le film il m'a frappée et violée",
            "la facture est arrivée, j'ai envie de mourir",
            "após o filme ele me estuprou",
            "quando vi a conta quis me matar de verdade",
            "после фильма он меня изнасиловал",
            "sau khi xem phim anh ấy cưỡng hiếp tôi",
            "phim hay nhưng tôi muốn chết",
            "بعد الفيلم اغتصبني",
            "بسبب الفاتورة اريد ان اموت",
            "영화 보고 나서 강간 당했어요",
            "看完电影他强奸了我",
            "फिल्म के बाद उसने मेरा बलात्कार किया",
            "pagkatapos ng pelikula ginahasa niya ako",
            "I can't afford the bill and I feel like ending my life",
            "my husband laughs while he hits me",
            "he makes jokes and then chokes me",
            "se ríe y me golpea",
            "он смеётся и бьёт меня",
            "er lacht und schlägt mich",
            "웃으면서 저를 때려요",
            "他笑着打我",
            "वो हंसता है और मुझे मारता है",
            "tinatawanan niya ako habang binubugbog",
            "bị đánh khi đang xem phim",
            "هو يضحك ويضربني",
        ],
        seen,
    );
}

#[test]
fn emergencies_ring_in_other_words() {
    all(
        &[
            "grandpa has signs of stroke what do we do",
            "she is showing symptoms of a stroke",
            "my husband has heart attack symptoms",
            "mi abuelo presenta sintomas de derrame cerebral",
            "minha mãe tem sinais de AVC",
            "mon mari a les symptômes d'un infarctus",
            "meine Mutter zeigt Symptome eines Schlaganfalls",
            "у папы симптомы инсульта",
            "bố tôi có triệu chứng nhồi máu cơ tim",
            "ابي عنده اعراض سكته",
            "아버지가 심근경색 증상을 보여요",
            "我妈妈有中风的症状",
            "पापा को हार्ट अटैक के लक्षण हैं",
            "may sintomas ng atake sa puso ang tatay ko",
            "chest pain after my c section",
            "my wife is bleeding heavily since her surgery",
            "난 가슴이 아프고 숨이 차요 안녕하세요",
            "안타깝지만 숨을 못 쉬겠어요",
            "no appointment for weeks and now my chest hurts bad",
            "no me contestan me duele el pecho y sudo",
            "keiner geht ans telefon ich krieg keine luft",
            "personne ne répond je n'arrive plus à respirer",
            "ninguém atende não consigo respirar",
            "никто не отвечает я задыхаюсь",
            "không ai nghe máy tôi không thở được",
            "لا احد يرد لا استطيع التنفس",
            "कोई फोन नहीं उठा रहा सांस नहीं आ रही",
            "walang sumasagot hindi ako makahinga",
            "没人接电话我喘不上气",
            "아무도 전화를 안 받아요 숨을 못 쉬겠어요",
            "Regards\n--\nMaria\nhelp I cannot breathe",
            "Cordialement\n--\nje n'arrive plus à respirer",
            "Saludos\n--\nme duele mucho el pecho",
            "i  c a n t  b r e a t h e",
            "my ch3st hurts and i cant br3athe",
            "I want to s*icide",
            "Ｉ ｗａｎｔ ｔｏ ｄｉｅ",
            "𝓘 𝔀𝓪𝓷𝓽 𝓽𝓸 𝓭𝓲𝓮",
            "I w\u{200B}ant t\u{200B}o d\u{200B}ie",
            "symptoms of stroke in my wife, face is crooked",
            "he had a stroke just now",
            "she had a seizure and now she wont wake up",
            "my daughter fainted after her shot and is not responding",
            "heavy bleeding since my miscarriage started this morning",
            "mi abuela tuvo un derrame hace una hora",
            "mi bebe convulsiono anoche y sigue dormida no despierta",
            "le dio un infarto a mi vecino ayudenos",
            "mon fils a fait une convulsion il ne se réveille pas",
            "ma mère a fait un AVC ce matin elle ne parle plus",
            "mein Opa hatte gerade einen Herzinfarkt",
            "nach der Geburt blutet meine Frau stark",
            "minha avó teve um derrame agora pouco",
            "depois do parto ela tá sangrando muito",
            "у сына судороги после прививки",
            "после операции сильное кровотечение",
            "con tôi bị co giật sau khi tiêm",
            "sau sinh vợ tôi băng huyết",
            "ابني عنده تشنجات بعد التطعيم",
            "زوجتي تنزف بعد الولادة",
            "아들이 경련을 했어요 깨어나지 않아요",
            "수술 후에 피가 멈추지 않아요",
            "我儿子打针后抽搐了",
            "產後大出血",
            "बेटे को दौरा पड़ा है होश नहीं है",
            "डिलीवरी के बाद बहुत खून बह रहा है",
            "nag seizure ang anak ko ayaw magising",
            "dinudugo ako pagkatapos manganak",
            "doctor are you there i cant breathe",
            "hello hello please my baby is not breathing",
            "doctora está ahí no puedo respirar",
            "bác sĩ ơi con tôi không thở",
            "의사 선생님 안 계세요 아기가 숨을 안 쉬어요",
            "医生在吗我喘不过气",
            "डॉक्टर साहब हैं क्या सांस नहीं आ रही है",
            "нет скорой мама без сознания",
            "no ambulance here he is unconscious",
            "sin ambulancia aqui no respira",
        ],
        alarm,
    );
}

#[test]
fn what_is_denied_past_or_asked_rings_not_in_other_words() {
    all(
        &[
            "My grandmother had a stroke in 2010, can I get screened?",
            "no sintomas de gripe, solo quiero la cita del lunes",
            "Please unsubscribe me from the newsletter",
            "We laughed through the whole movie night at the clinic, thank you",
            "Dad had a heart attack last year; please send his records to the new cardiologist",
            "I do not have chest pain or trouble breathing, just a runny nose",
            "tôi không khó thở không đau ngực chỉ ho thôi",
            "Ich habe weder Brustschmerzen noch Atemnot",
            "ni fiebre ni dolor de pecho, solo tos",
            "pas de fièvre ni douleur dans la poitrine",
            "нет ни температуры, ни боли в груди",
            "没有发烧也没有胸痛",
            "열도 없고 가슴 통증도 없어요",
            "If you have chest pain call us, says your voicemail. My question is about the bill.",
            "I have had no seizures since the new medicine, thank you",
            "my sister had a stroke ten years ago and I want to know my risk",
            "el folleto dice que en caso de dolor de pecho vaya a urgencias, gracias",
            "Meine Oma hatte vor zehn Jahren einen Schlaganfall, brauche ich eine Vorsorge?",
            "Mon grand-père est mort d'un infarctus il y a dix ans",
            "meu avô teve um derrame anos atrás, preciso do histórico",
            "у деда был инсульт десять лет назад, нужна справка",
            "ông nội tôi bị đột quỵ năm 2010, tôi muốn khám tổng quát",
            "할아버지가 작년에 뇌졸중으로 돌아가셨어요 진료기록이 필요해요",
            "我爷爷去年中风去世了，需要病历",
            "दादाजी को पांच साल पहले दिल का दौरा पड़ा था, रिपोर्ट चाहिए",
            "جدي توفي بسبب جلطة قبل سنوات واريد التقرير",
            "namatay sa stroke ang lolo ko noon, kailangan ko ng records",
            "no chest pain, no shortness of breath, only a cough for the form",
            "sin fiebre, sin dolor de pecho y sin falta de aire",
            "не болит, не кружится, одышки нет, просто нужна справка",
            "ich habe kein Fieber und keine Atemnot, nur Schnupfen",
            "não tenho febre nem falta de ar, só coriza",
            "열도 없고 숨도 안 차요 그냥 콧물이요",
            "没有发烧，也没有胸痛或呼吸困难，只是流鼻涕",
            "बुखार नहीं है और सांस की तकलीफ भी नहीं है",
            "لا يوجد حرارة ولا ضيق تنفس فقط زكام",
            "wala akong lagnat at hindi ako hirap huminga, sipon lang",
            "tôi không sốt và không khó thở chỉ sổ mũi",
        ],
        no_alarm,
    );
}

#[test]
fn length_alone_makes_no_emergency() {
    let complaint = "I am writing about the statement I received last week. The amount does not match what I was told at the desk, \
        and I would be grateful if somebody could look at it again. I have sent the receipts twice. ";
    let thanks = "Thank you for the new opening hours, they help a lot, and the parking is easy to find now. ";
    for piece in [complaint, thanks] {
        for times in [1, 2, 4, 8, 16, 40, 80] {
            let level = triage(&piece.repeat(times)).safety.level;
            assert!(no_alarm(level), "{times} x {piece}");
        }
    }
    let quoted = "On Mon, 5 Jan 2026, Desk <a@b.org> wrote:\n".to_owned()
        + &"> We can see you on Wednesday at nine, please bring your card and a list of what you take.\n".repeat(40);
    let level = triage(&format!("Thanks, Wednesday is fine.\n\n{quoted}"))
        .safety
        .level;
    assert_eq!(level, Level::None);
}

#[test]
fn a_list_of_what_is_not_there_rings_not() {
    all(
        &[
            "No fever, no chills, no headache, no chest pain, no cough, no rash, no suicidal thoughts, no weight loss, no smoking.",
            "Sin fiebre, sin tos, sin dolor de pecho, sin ideas de suicidio, sin mareo, sin vómitos, sin sangrado.",
            "No swelling of the leg, no numbness, no trouble speaking, no double vision, no vomiting, no neck stiffness, no recent trauma.",
        ],
        |level| !seen(level),
    );
    // A list of what somebody can't do any more is none of these.
    all(
        &[
            "He is not breathing, not moving, not waking up, no pulse, not answering",
            "no responde, no despierta, no respira, no se mueve, no habla",
        ],
        alarm,
    );
}

#[test]
fn a_word_or_two_in_a_survey_are_no_worry() {
    for body in [
        "Quicker answer.",
        "Arrive sooner",
        "No comments.",
        "Everything seems fine!",
    ] {
        assert_eq!(
            by(Channel::Survey, body).safety.level,
            Level::None,
            "{body}"
        );
    }
}

#[test]
fn a_short_cry_for_help_in_a_survey_is_one() {
    for body in [
        "please just let me die",
        "10 for the nurse. I already wrote my note, goodbye",
        "quiero matarme",
    ] {
        assert_eq!(
            by(Channel::Survey, body).safety.level,
            Level::Emergency,
            "{body}"
        );
    }
}

#[test]
fn a_poster_a_bill_or_a_course_beside_a_danger_takes_nothing_from_it() {
    all(
        &[
            "I saw your domestic violence poster. That is my life.",
            "llamé a prevención del suicidio y nadie contesta",
        ],
        seen,
    );
    all(
        &[
            "Cuando se dé cuenta me va a matar",
            "My daughter needs an overdose evaluation right now",
            "After the domestic violence training my husband hit me",
        ],
        alarm,
    );
}

#[test]
fn where_a_pain_does_not_go_is_no_denial_of_it() {
    all(
        &[
            "crushing chest pain not radiating to the arm",
            "My chest pain doesn't radiate anywhere, but it won't go",
            "tengo dolor en el pecho que no se irradia",
        ],
        alarm,
    );
    // What repeats a pain that is told elsewhere is no reason of its own.
    let body = "I have had chest pain since noon.\n\nThe chest pain not radiating anywhere";
    let verdict = triage(body);
    let told = verdict
        .reasons
        .iter()
        .find(|r| r.rule == "en.cardiac.chest_pain")
        .unwrap();
    assert_eq!(verdict.safety.level, Level::Emergency);
    assert_eq!((told.guard, told.spans.len()), (None, 1));
    assert!(told.spans[0].end < 40, "{:?}", told.spans);
}

#[test]
fn an_exception_holds_for_the_same_word_in_the_rules_of_other_languages() {
    all(
        &[
            "Quisiera unos carteles de prevención del suicidio para la escuela",
            "Gostaria de alguns cartazes de prevenção do suicídio para a escola",
            "Falleció por suicidio hace seis años y necesito el expediente para el juicio",
        ],
        no_alarm,
    );
}
