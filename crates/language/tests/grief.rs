//! Grief and loneliness: who tells of a danger that was another's or of long evenings, and who wants to follow the dead or says goodbye.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use bedside_language::{Channel, Guard, History, Level, Message, Verdict};
use support::ENGINE;

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
            let safety = by(Channel::Portal, text).safety;
            (!wanted(safety.level)).then(|| format!("{}: {text}", safety.level))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const fn alarm(level: Level) -> bool {
    matches!(level, Level::Emergency)
}

const fn no_alarm(level: Level) -> bool {
    !alarm(level)
}

#[test]
fn what_a_friend_went_through_is_told_of_the_friend() {
    for body in [
        "A friend of mine had a suicide attempt last week and I don't know what to write to her",
        "my best friend recently had a suicide attempt, she is home and I would like to visit her",
        "un amigo intentó suicidarse la semana pasada y quisiera ir a visitarlo",
    ] {
        let verdict = by(Channel::Chat, body);
        let told = verdict
            .reasons
            .iter()
            .find(|r| r.rule.ends_with("self_harm.intent"))
            .unwrap();
        assert_eq!(told.guard, Some(Guard::SomeoneElse), "{body}");
        assert_eq!(verdict.safety.level, Level::Concern, "{body}");
    }
    // What goes on, or is the writer's own, rings.
    all(
        &[
            "my friend tried to kill herself last week and she is doing it again right now",
            "my friend made me want to kill myself last week and I still do",
            "my friend killed himself last week and I want to go where he is",
            "my friend just took all her pills, she sent me the photo",
            "my friend has texted me that she is going to kill herself tonight",
            "mi amiga acaba de tomarse todas las pastillas y no contesta",
            "mi amigo se mató la semana pasada y yo me quiero ir con él",
        ],
        alarm,
    );
}

#[test]
fn whoever_wants_to_follow_the_dead_is_in_danger() {
    all(
        &[
            "My husband died in March and I just want to be with him again",
            "I lost my sister last month. I want to join her.",
            "my son hanged himself two years ago, I'm ready to join him",
            "We lost my brother to suicide in May. I want to be where he is",
            "I am writing about my bill of 40 dollars from May which I don't understand, my husband died in April and I can't do the forms, honestly I just want to go with him",
            "Ever since my daughter passed away last year I take my blood pressure pills as you said, but most days I only want to be with her again",
            "My grandson passed away and I'm going to join him soon",
            "I just want to be where my daughter is, she died last week",
            "mi hija murió hace un año y quiero estar con ella en el cielo",
            "Quería preguntar por mi receta de losartán. Mi esposo falleció en enero y desde entonces no duermo, lo único que quiero es irme con él",
            "Mi papá se murió la semana pasada, quiero alcanzarlo",
            "desde que mi esposo murió solo pienso en reunirme con él",
            "minha mãe morreu e eu quero ir com ela",
            "meu pai faleceu mês passado e eu só quero ficar com ele",
            "mon fils est mort l'an dernier, je vais le rejoindre",
            "ma mère est morte et je veux être avec elle",
            "depuis que ma femme est morte je veux partir avec elle",
            "meine Tochter ist letztes Jahr gestorben, ich möchte nur noch bei ihr sein",
            "Mein Mann hat sich das Leben genommen. Ich will ihm folgen",
            "муж умер в прошлом году, хочу к нему",
            "mẹ tôi qua đời năm ngoái, tôi muốn theo mẹ",
            "namatay ang asawa ko noong isang taon, gusto ko nang sumunod sa kanya",
            "زوجي توفي السنة الماضية واريد ان اكون معه",
            "妈妈去年去世了，我想跟她走",
            "我老公上個月過身，我想落去陪佢",
            "남편이 작년에 돌아가셨어요. 저도 따라가고 싶어요",
            "पिछले साल मेरे पति गुजर गए, मैं उनके पास जाना चाहती हूं",
        ],
        alarm,
    );
    // What others did, the writer wants to do: the past is another's, the wish is not.
    all(
        &[
            "my brother killed himself last year and I want to do the same",
            "my friend tried to kill himself last week and I want to die too",
            "mi amiga se suicidó el mes pasado y yo también me quiero matar",
            "mi hermano se ahorcó hace dos meses y voy a hacer lo mismo",
            "un amigo intentó suicidarse la semana pasada y yo también me quiero morir",
            "minha amiga se matou ano passado e eu também quero morrer",
            "mon frère s'est suicidé l'année dernière et moi aussi j'ai envie de mourir",
            "mein Freund hat sich letzte Woche umgebracht und ich will auch sterben",
        ],
        alarm,
    );
    let body = "my sister died last year and I want to be with her";
    let verdict = by(Channel::Survey, body);
    let told = verdict
        .reasons
        .iter()
        .find(|r| r.rule == "en.self_harm.follow")
        .unwrap();
    assert_eq!(told.guard, None);
    assert_eq!(verdict.safety.level, Level::Emergency);
}

#[test]
fn who_goes_along_with_the_living_or_mourns_is_in_none() {
    all(
        &[
            "my friend moved to Spain and I want to go with him",
            "my husband died last year and I want to visit his grave",
            "my father died last year and I want to go with my mother to her cardiology visit",
            "my wife died last spring and I want to join the grief group",
            "My dad died of colon cancer in 2019 and I want to do the same test my sister had",
            "quiero ir con mi amiga a la consulta",
            "mi papá murió el año pasado y quiero ir con el doctor a hacerme un chequeo",
            "mi mamá falleció y quiero llevar flores al panteón",
            "mi amiga se mudó a Sevilla y me quiero ir con ella",
            "meu pai morreu no ano passado e quero ir com minha mãe à consulta dela",
            "Mein Vater ist letztes Jahr gestorben und ich möchte seine Unterlagen",
            "mon père est mort l'an dernier et je veux son dossier",
            "мой муж умер в прошлом году, мне нужна его карта",
        ],
        no_alarm,
    );
}

#[test]
fn loneliness_hides_no_farewell_and_no_wish_to_be_gone() {
    all(
        &[
            "I have been so lonely since I retired and I don't want to be here any more",
            "No one calls, no one visits. Nobody would miss me",
            "Everything is so lonely now. Goodbye everyone, you were kind to me",
            "I'm lonely and tired of all of it, no one would even notice if I was gone",
            "lonely doesn't cover it. I'd rather just not be around any more",
            "me siento tan sola desde que se fueron mis hijos, nadie me va a extrañar",
            "Adiós a todos, siempre estuve sola",
            "vivo solo y ya no quiero estar aquí",
            "me sinto sozinho o tempo todo, ninguém vai sentir minha falta",
            "adeus a todos, ninguém vem me ver",
            "estou sozinho e não quero mais estar aqui",
            "Ich fühle mich so einsam, mich würde keiner vermissen",
            "Lebt wohl, ihr wart die Einzigen, ich bin so allein",
            "ich bin immer allein und will nicht mehr da sein",
        ],
        alarm,
    );
    all(
        &[
            "goodbye and thank you, I am less lonely since the group",
            "I feel lonely since we moved, is there a group I could join",
            "me siento sola desde que mi esposo murió y busco un grupo",
            "Ich bin einsam seit mein Mann tot ist und suche eine Gruppe",
        ],
        no_alarm,
    );
}

#[test]
fn whoever_names_the_dead_they_want_to_be_with_is_in_danger_and_who_names_the_living_is_not() {
    all(
        &[
            "My son died in the spring. I just want to be with my son",
            "I lost my wife in June and I'm asking about the bill for her last stay, which I don't understand, and honestly I only want to be with my wife",
            "we buried my sister on Monday, I'd rather be with my sister than here",
            "my husband passed away a year ago and every night I want to go where my husband went",
            "mi hijo murió en abril y quiero estar con mi hijo",
            "Se me murió mi hija hace un año. No pido nada, quiero estar con mi hija",
            "se murio mi mama y kiero irme con mi mama",
            "Perdí a mi esposo en enero, les escribo por la factura de su último ingreso que no entiendo, y la verdad sólo quisiera estar con mi esposo",
            "mataron a mi hermano en mayo y tengo ganas de irme con mi hermano",
            "meu filho morreu em março e eu só quero ficar com o meu filho",
            "perdi minha mãe e quero ir com a minha mãe",
            "mon mari est mort en juin, je veux rejoindre mon mari",
        ],
        alarm,
    );
    // The rule knows whom they name; the model alone may still take it for a danger.
    for body in [
        "My dad died in May and I want to be with my mom at her next visit, can I come along",
        "my husband died in March, I want to be with my daughter for her birthday so please move the visit",
        "mi papá murió y quiero estar con mi mamá en la consulta del jueves",
        "Mi esposo falleció en enero. Quiero estar con mi hija el domingo, ¿puedo cambiar la cita?",
        "murió mi abuela y quiero ir con mi abuela paterna a su control",
        "meu pai morreu e quero ficar com minha mãe na consulta dela",
        "mon père est mort et je veux être avec ma mère pour les papiers",
    ] {
        let verdict = by(Channel::Portal, body);
        let follows = |r: &bedside_language::Reason| r.rule.contains("self_harm.follow");
        assert!(!verdict.reasons.iter().any(follows), "{body}");
    }
    all(
        &[
            "My dad died in May and I want to be with my mom at her next visit, can I come along",
            "my husband died in March, I want to be with my daughter for her birthday so please move the visit",
            "murió mi abuela y quiero ir con mi abuela paterna a su control",
        ],
        no_alarm,
    );
}

#[test]
fn whom_her_means_is_told_by_who_goes_where() {
    // Somebody alive goes somewhere, and the pronoun is theirs.
    all(
        &[
            "my grandma died, mum flies home on Friday and I want to go with her",
            "My father died in June. My sister is moving to Leeds and I want to be with her, can you send my records there",
            "my aunt passed away and my brother is driving up tomorrow, I want to go with him",
            "mi abuela murió, mi mamá viaja el viernes y quiero ir con ella",
            "Mi papá falleció en mayo. Mi hermano se muda a Puebla y quiero irme con él, ¿me pasan el expediente?",
        ],
        no_alarm,
    );
    // Whoever goes somewhere is another one than the pronoun's, or nobody does.
    all(
        &[
            "my dad died, mum flies home on Friday and I want to go with him",
            "my wife died and my son is moving to Leeds, I want to be with her",
            "my grandma died and I want to go with her",
            "mi papá murió, mi mamá viaja el viernes y quiero irme con él",
            "mi abuela murió, mi hermano se muda a Puebla y yo quiero irme con ella",
            "mi abuela murió y quiero irme con ella",
        ],
        alarm,
    );
}

/// The highest level of a chat in the light of what was said before.
fn talk(turns: &[&str]) -> Level {
    let mut history = History::default();
    let levels = turns.iter().map(|turn| {
        let safety = by(Channel::Chat, turn).safety;
        history.take(&safety, 0.0).trace.level
    });
    levels.max().unwrap()
}

#[test]
fn loneliness_is_no_emergency_and_what_it_hides_is_one() {
    for turns in [
        [
            "hello, is it okay to just chat? I moved towns in spring and I don't know a soul here",
            "no nothing's wrong, evenings are long that's all. I feel left out when I see the photos",
            "thanks, that was nice. I'll try the choir on Monday",
        ],
        [
            "hola, ¿se puede platicar? me siento sola desde que se fue mi hija a la universidad",
            "no, estoy bien, nada más no tengo con quien hablar en las tardes",
            "gracias, voy a ir a la clase de baile del jueves",
        ],
    ] {
        assert!(no_alarm(talk(&turns)), "{turns:?}");
    }
    for turns in [
        [
            "hello, is it okay to just chat? I moved towns in spring and I don't know a soul here",
            "my best friend ended his life in June. I feel left out of everything since",
            "I want to go where he went. I have the same pills here",
        ],
        [
            "hola, ¿se puede platicar? me siento sola desde que se fue mi hija",
            "ya dejé las llaves con la vecina y le escribí su carta",
            "hoy en la noche me tomo todas las pastillas y ya",
        ],
        [
            "been lonely lately, just looking for someone to talk to",
            "my friend tried to kill herself last month and she is home now",
            "she just wrote that she is on the roof and wants to jump",
        ],
    ] {
        assert!(alarm(talk(&turns)), "{turns:?}");
    }
}
