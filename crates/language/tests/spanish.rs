//! Signs of danger in Spanish as people of many countries write and dictate them, without accents, by others and playing it down;
//! and the same words where nobody is in danger.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use bedside_language::{Channel, Level, Message};
use support::ENGINE;

/// Lists every text that is an emergency and shouldn't be, or the other way round.
#[track_caller]
fn all(texts: &[&str], emergency: bool) {
    let wrong: Vec<String> = texts
        .iter()
        .filter_map(|body| {
            let verdict = ENGINE.triage(&Message {
                channel: Channel::Sms,
                subject: "",
                body,
                hint_language: None,
            });
            let level = verdict.safety.level;
            ((level == Level::Emergency) != emergency).then(|| format!("{level}: {body}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_body_in_danger_is_heard_in_every_country_s_words() {
    all(
        &[
            "m pico una abeja i se me inflo la lengua",
            "a mi chamaco se le hunden las costillas al respirar",
            "toy d 8 meses i sale el cordoncito",
            "mi comadre pario hace una semana y dice que la virgen me dijo que hay que devolverlo",
            "la ereccion no baja desde anoche q hago",
            "me operaron de catarata el martes y hoy ya no veo y me duele hasta la ceja",
            "mi viejo esta color ceniza y sudando frio, dice que es la quijada",
            "mi abuelita amanecio con la boca chueca",
            "la nena de 15 dias vomita verde y esta como trapo",
            "ago del baño negro como chapopote i ando mareado",
            "mi niño respira hondo y la boca le huele a acetona",
            "el nene se comio las pastillas de la presion de mi mama",
            "mi hijo tiene dolor en un testiculo de repente hace dos horas",
        ],
        true,
    );
}

#[test]
fn a_person_in_danger_is_heard_behind_what_they_order_or_put_in_order() {
    all(
        &[
            "gracias por todo, ya no me busquen",
            "todas las noches pido no despertar",
            "cada noche cuento las pastillas de mi esposo y ya casi alcanza",
            "una pizza grande por favor, si, ya se con quien hablo, rapidito",
            "no duermo y cada noche afilo el machete, el lunes abre el solo",
        ],
        true,
    );
}

#[test]
fn the_same_words_are_heard_where_nobody_is_in_danger() {
    all(
        &[
            "cuento las pastillas en la cajita de la semana y me faltan dos, ¿me dan la receta?",
            "no me busquen en la lista del lunes, ya cambie la cita para el jueves",
            "quiero saber el precio de las pastillas para la disfuncion, es para la ereccion",
            "me van a operar de catarata en mayo, ¿llevo acompañante?",
            "¿cuanto cuesta guardar las celulas del cordon?",
        ],
        false,
    );
}
