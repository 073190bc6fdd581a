//! Signs of somebody who plays a part, shown with their reason to whoever answers. They raise what is asked for; they
//! accuse nobody, and refuse nothing by themselves.

use crate::codes::codes;

codes! {
    /// One sign.
    Flag {
        /// It must be now, and nobody may know.
        UrgentAndSecret = "urgent_and_secret",
        /// Another address or number, and records to go out, in one conversation.
        AddressAndRecords = "address_and_records",
        /// Several patients were shown by one contact within a day.
        ManyPatients = "many_patients",
        /// A code failed, and then the phone is broken or the number another.
        BrokenPhone = "broken_phone",
        /// The contact was locked out within the last days.
        EarlierLock = "earlier_lock",
    }
}

/// Patients that one contact may be, or speak for, within a day before it is a sign.
pub const MANY: i64 = 3;

/// What is known of the past, beside the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Patients that this contact was verified as within a day.
    pub patients: i64,
    /// Whether a code failed in this conversation within a day.
    pub code_failed: bool,
    /// Whether this contact or conversation was locked within 30 days.
    pub locked: bool,
}

const URGENT: &[&str] = &[
    "urgent",
    "right now",
    "right away",
    "immediately",
    "asap",
    "hurry",
    "urgente",
    "ahora mismo",
    "de inmediato",
    "inmediatamente",
    "cuanto antes",
];
const SECRET: &[&str] = &[
    "don't tell",
    "do not tell",
    "between us",
    "keep this quiet",
    "confidential",
    "nobody must know",
    "no one must know",
    "secret",
    "no le diga",
    "no se lo diga",
    "entre nosotros",
    "confidencial",
    "nadie debe saber",
    "secreto",
];
const NEW_ADDRESS: &[&str] = &[
    "new number",
    "new phone",
    "new email",
    "new e-mail",
    "new address",
    "changed my number",
    "changed my email",
    "update my email",
    "update my phone",
    "nuevo número",
    "nuevo numero",
    "nuevo teléfono",
    "nuevo telefono",
    "nuevo correo",
    "nueva dirección",
    "nueva direccion",
    "cambié de número",
    "cambie de numero",
];
const RECORDS: &[&str] = &[
    "records",
    "my chart",
    "medical history",
    "copy of my",
    "expediente",
    "historial",
    "historia clínica",
    "historia clinica",
    "copia de mi",
];
const BROKEN: &[&str] = &[
    "phone is broken",
    "phone broke",
    "broken phone",
    "lost my phone",
    "stolen phone",
    "phone was stolen",
    "can't get the code",
    "teléfono está roto",
    "telefono esta roto",
    "se me rompió el teléfono",
    "se me rompio el telefono",
    "perdí el teléfono",
    "perdi el telefono",
    "perdí mi teléfono",
    "perdi mi telefono",
    "me robaron el teléfono",
    "me robaron el telefono",
];

/// The signs in what the patient's side wrote here (`words`, one a message) and in what went before.
pub fn noticed<'a>(words: impl Iterator<Item = &'a str>, past: Past) -> Vec<Flag> {
    let all: Vec<String> = words
        .map(|text| text.to_lowercase().replace('’', "'"))
        .collect();
    let said = |list: &[&str]| {
        let one = |text: &String| list.iter().any(|word| holds(text, word));
        all.iter().any(one)
    };
    let new_address = said(NEW_ADDRESS);
    let rules = [
        (Flag::UrgentAndSecret, said(URGENT) && said(SECRET)),
        (Flag::AddressAndRecords, new_address && said(RECORDS)),
        (Flag::ManyPatients, past.patients >= MANY),
        (
            Flag::BrokenPhone,
            past.code_failed && (new_address || said(BROKEN)),
        ),
        (Flag::EarlierLock, past.locked),
    ];
    let there = rules.into_iter().filter(|(_, holds)| *holds);
    there.map(|(flag, _)| flag).collect()
}

/// Whether `word` stands in `text` and no letter goes on before or behind it.
fn holds(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + word.len()..].chars().next();
        ![before, behind]
            .iter()
            .any(|beside| beside.is_some_and(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(words: &[&str], past: Past) -> Vec<Flag> {
        noticed(words.iter().copied(), past)
    }

    #[test]
    fn each_sign_needs_all_of_its_parts() {
        let none = Past::default();
        let failed = Past {
            code_failed: true,
            ..none
        };
        for (words, past, expected) in [
            (&["This is urgent."][..], none, &[][..]),
            (&["Please keep it secret"], none, &[]),
            (
                &["It is URGENT.", "Don’t tell my wife"],
                none,
                &[Flag::UrgentAndSecret],
            ),
            (
                &["Es urgente y no se lo diga a nadie"],
                none,
                &[Flag::UrgentAndSecret],
            ),
            // A word within another one is none.
            (&["The secretary said it is urgent"], none, &[]),
            (&["I have a new number"], none, &[]),
            (
                &["I have a new number", "please send my records there"],
                none,
                &[Flag::AddressAndRecords],
            ),
            (&["My phone is broken"], none, &[]),
            (&["My phone is broken"], failed, &[Flag::BrokenPhone]),
            (&["I've got a new number"], failed, &[Flag::BrokenPhone]),
            (&["Thank you"], failed, &[]),
        ] {
            assert_eq!(flags(words, past), expected, "{words:?}");
        }
        let many = |patients| Past { patients, ..none };
        assert_eq!(flags(&[], many(MANY - 1)), []);
        assert_eq!(flags(&[], many(MANY)), [Flag::ManyPatients]);
        let locked = Past {
            locked: true,
            ..none
        };
        assert_eq!(flags(&[], locked), [Flag::EarlierLock]);
    }
}
