//! The words that end mails when they are all that somebody writes: `clinic/opt_out.toml`.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

static LISTS: LazyLock<Vec<List>> = LazyLock::new(|| {
    let text = include_str!("../../../../../clinic/opt_out.toml");
    let raw: BTreeMap<String, Raw> =
        toml::from_str(text).expect("the program's own file, read by a test");
    raw.into_values().map(List::from).collect()
});

/// Longest message that is looked at, in bytes: no wish in a few words is nearly as long.
const LONGEST: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    words: Vec<String>,
    wishes: Vec<String>,
    around: Vec<String>,
    #[serde(default = "yes")]
    accents: bool,
}

const fn yes() -> bool {
    true
}

/// The words and wishes of one language, as they are compared.
struct List {
    words: BTreeSet<String>,
    wishes: Vec<Vec<Place>>,
    around: BTreeSet<String>,
    accents: bool,
}

/// What may stand in one place of a wish.
struct Place {
    pieces: Vec<String>,
    may_stay_empty: bool,
}

impl From<Raw> for List {
    fn from(raw: Raw) -> Self {
        let key = |text: &String| key(text, raw.accents);
        Self {
            words: raw.words.iter().map(key).collect(),
            around: raw.around.iter().map(key).collect(),
            wishes: raw
                .wishes
                .iter()
                .map(|wish| {
                    let places = wish.split_whitespace();
                    places.map(|place| Place::new(place, raw.accents)).collect()
                })
                .collect(),
            accents: raw.accents,
        }
    }
}

impl Place {
    fn new(text: &str, accents: bool) -> Self {
        let pieces = text.trim_end_matches('?').split('|');
        Self {
            pieces: pieces.map(|piece| key(piece, accents)).collect(),
            may_stay_empty: text.ends_with('?'),
        }
    }
}

impl List {
    fn says(&self, message: &str) -> bool {
        let words: Vec<String> = message
            .split_whitespace()
            .map(|word| key(word, self.accents))
            .filter(|word| !word.is_empty())
            .collect();
        let polite = |word: &String| self.around.contains(word);
        let first = words.iter().position(|word| !polite(word));
        let last = words.iter().rposition(|word| !polite(word));
        let bare = match (first, last) {
            (Some(first), Some(last)) => words[first..=last].concat(),
            _ => return false,
        };
        let whole = words.concat();
        [whole, bare].iter().any(|line| {
            self.words.contains(line) || self.wishes.iter().any(|wish| is_wish(wish, line))
        })
    }
}

/// Whether a line is made of one piece for each place, and of nothing else.
fn is_wish(places: &[Place], line: &str) -> bool {
    let mut ends = BTreeSet::from([0]);
    for place in places {
        let mut next = if place.may_stay_empty {
            ends.clone()
        } else {
            BTreeSet::new()
        };
        for end in ends {
            let rest = &line[end..];
            let fits = |piece: &&String| rest.starts_with(piece.as_str());
            next.extend(
                place
                    .pieces
                    .iter()
                    .filter(fits)
                    .map(|piece| end + piece.len()),
            );
        }
        ends = next;
    }
    ends.contains(&line.len())
}

/// A text as it is compared: its letters and digits alone, small ones; without accents where these don't count.
fn key(text: &str, accents: bool) -> String {
    let keep = |c: &char| c.is_alphanumeric() || is_vowel_sign(*c);
    let small = text.to_lowercase();
    if accents {
        small.nfc().filter(keep).collect()
    } else {
        small.nfd().filter(|c| keep(c) && !is_accent(*c)).collect()
    }
}

/// Accents of Latin letters, and what stands above Arabic ones.
const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{655}')
}

/// Signs of Devanagari that are letters to a reader and none to Unicode.
const fn is_vowel_sign(c: char) -> bool {
    matches!(c, '\u{93c}' | '\u{94d}')
}

/// Whether a message says nothing but that such mails shall end.
pub fn is_opt_out(message: &str) -> bool {
    let message = message.trim();
    message.len() <= LONGEST && LISTS.iter().any(|list| list.says(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_words_of_the_rule_are_heard_however_they_are_typed() {
        for word in [
            "STOP",
            "stop.",
            " Quit\r\n",
            "End!",
            "REVOKE",
            "Opt out",
            "opt\nout",
            "opt-out",
            "optout",
            "CANCEL",
            "\"Unsubscribe\"",
            "¡ALTO!",
            "Cancelar",
            "no más",
            "no mas",
            "Darme de baja.",
            "退订",
            "退訂",
            "수신거부",
            "отписаться",
            "désabonner",
            "Abmelden",
            "बंद करो",
            "إلغاء",
            "الغاء",
            "Itigil",
            "Hủy",
            "descadastrar",
        ] {
            assert!(is_opt_out(word), "{word}");
        }
    }

    #[test]
    fn a_wish_in_a_few_words_is_heard_in_every_language() {
        for wish in [
            "Please stop emailing me.",
            "stop texting me please, thank you",
            "Don’t contact me again",
            "Take me off your list",
            "I do not want these emails anymore",
            "no more surveys please",
            "unsubscribe me",
            "Por favor no me manden más correos",
            "no quiero recibir más mensajes, gracias",
            "quítenme de la lista",
            "Je ne veux plus de vos mails",
            "Merci de ne plus m'écrire",
            "retirez-moi de votre liste",
            "Não quero mais receber e-mails",
            "me tirem da lista por favor",
            "Bitte keine E-Mails mehr",
            "Schreiben Sie mir nicht mehr",
            "đừng gửi email cho tôi nữa",
            "xin đừng nhắn tin cho tôi nữa ạ",
            "huwag na po kayong mag-text",
            "ayoko na ng mga email",
            "Пожалуйста, не пишите мне больше",
            "уберите меня из рассылки",
            "لا ترسلوا لي رسائل",
            "لا أريد هذه الرسائل",
            "मुझे ईमेल मत भेजो",
            "ये मैसेज भेजना बंद करें",
            "더 이상 문자를 보내지 마세요",
            "请不要再给我发短信了",
            "不想再收到你们的邮件",
            "請不要再傳簡訊給我",
            "我不想再收到這些郵件",
        ] {
            assert!(is_opt_out(wish), "{wish}");
        }
    }

    #[test]
    fn words_among_others_are_no_opt_out() {
        for text in [
            "",
            "   ",
            "...",
            "please",
            "thank you",
            "Stop the bleeding",
            "Please cancel my appointment",
            "cancel please, the appointment on Friday",
            "When does it end?",
            "I can't stop coughing",
            "stop\n\nI need a refill",
            "Don't email me, call me",
            "don't text me the results, I am at work",
            "Stop sending me to voicemail",
            "I want to stop",
            "take me off the blood thinner",
            "Cancelar mi cita",
            "baja de peso",
            "no quiero más",
            "no me escriban a este número, llamen a mi hija",
            "Đúng",
            "Dũng",
            "dùng",
            "Ich will nicht mehr",
            "keine Schmerzen mehr",
            "больше не болит",
            "取消预约",
            "不要停药",
            "취소해 주세요 예약",
            "लिस्ट भेजो",
        ] {
            assert!(!is_opt_out(text), "{text}");
        }
    }

    #[test]
    fn nothing_in_the_file_is_empty_or_without_effect() {
        for list in LISTS.iter() {
            assert!(
                list.words
                    .iter()
                    .chain(&list.around)
                    .all(|word| !word.is_empty())
            );
            for wish in &list.wishes {
                assert!(
                    wish.iter()
                        .flat_map(|place| &place.pieces)
                        .all(|piece| !piece.is_empty())
                );
                let first = |place: &Place| place.pieces[0].clone();
                assert!(is_wish(wish, &wish.iter().map(first).collect::<String>()));
                assert!(wish.iter().filter(|place| !place.may_stay_empty).count() > 1);
            }
        }
        assert_eq!(LISTS.len(), 13);
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "\\PC*", around in "[ \\t\\n.!?\"*]{0,8}") {
            let _ = is_opt_out(&text);
            let framed = format!("{around}StOp{around}");
            prop_assert!(is_opt_out(&framed));
            let longer = format!("{around}StOp x{text}");
            prop_assert!(!is_opt_out(&longer));
        }
    }
}
