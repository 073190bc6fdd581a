//! Tests of the folding.

use proptest::prelude::*;

use super::*;
use crate::clinic::tests::TONGUE;

fn folded(text: &str) -> Folded {
    let mut out = Folded::for_engine(0, &TONGUE.writing);
    out.push(Field::Body, text, 0);
    out
}

#[test]
fn accents_case_and_apostrophes_vanish() {
    assert_eq!(folded("I CAN’T breathe").text, "i cant breathe");
    assert_eq!(folded("Señor Núñez: ﬁebre").text, "senor nunez , fiebre");
    assert_eq!(folded("che\u{200B}st pa\u{AD}in").text, "chest pain");
    assert_eq!(
        folded("temp 39,5 today.Thanks").text,
        "temp 39.5 today . thanks"
    );
}

#[test]
fn lines_wrap_and_paragraphs_break() {
    assert_eq!(folded("chest\npain").text, "chest pain");
    assert_eq!(folded("chest\n\npain").text, "chest . pain");
    assert_eq!(
        folded("see Dr. Ortega. Thanks").text,
        "see dr ortega . thanks"
    );
}

#[test]
fn spans_point_at_the_words_as_written() {
    let text = "Ayer: ¡FIEBRE alta!";
    let f = folded(text);
    let first = f.token_at(f.text.find("fiebre").unwrap()).unwrap();
    let span = f.span(first, first + 1);
    assert_eq!(&text[span.start..span.end], "FIEBRE alta");
}

#[test]
fn every_script_has_its_words() {
    assert_eq!(folded("胸痛，喘不過氣").text, "胸 痛 , 喘 不 过 气");
    assert_eq!(folded("숨을 못쉬겠어요").text, "숨 을 못 쉬 겠 어 요");
    assert_eq!(folded("उल्टी। दर्द हो रहा").text, "उल्टी . दर्द हो रहा");
    assert_eq!(folded("أَلَمٌ في الصدر والظهر").text, "الم في صدر ظهر");
    assert_eq!(folded("Ещё тяжёлое").text, "еще тяжелое");
    assert_eq!(folded("khó thở").text, "kho tho");
    assert_eq!(folded("j'ai mal à l’estomac").text, "j ai mal a l estomac");
    assert_eq!(folded("ＨＥＬＰ ٣٩").text, "help 39");
}

#[test]
fn disguises_are_undone() {
    assert_eq!(folded("k1ll mys3lf").text, "kill myself");
    assert_eq!(folded("chеst pаin").text, "chest pain");
    assert_eq!(folded("p@in heeelp").text, "pain help");
    assert_eq!(
        folded("a@b.com b12 120mg 3rd").text,
        "a b . com b12 120mg 3rd"
    );
}

#[test]
fn what_hides_words_is_undone() {
    for (text, expected) in [
        ("chest pa\u{1}in", "chest pain"),
        ("ch\u{E0101}est p\u{61C}ai\u{206A}n", "chest pain"),
        ("ki\u{3164}ll", "kill"),
        ("🅸 🆆🅰🅽🆃 🆃🅾 🅳🅸🅴", "i want to die"),
        ("🅘 🅦🅐🅝🅣 🇩🇮🇪", "i want die"),
        ("ɪ ᴡᴀɴᴛ ᴛᴏ ᴅɪᴇ", "i want to die"),
        ("want to ԁie, ԁіе", "want to die , die"),
        ("I want to k*ll mys*lf", "i want to kill myself"),
        ("su*c*de s#icide", "suicide suicide"),
        ("i w a n t t o d i e", "i want to die"),
        ("I   W A N T   T O   D I E !", "i want to die"),
        ("c.h.e.s.t p.a.i.n", "chest pain"),
        ("k-i-l-l m-e", "kill me"),
        ("q u i e r o m o r i r", "quiero morir"),
    ] {
        assert_eq!(folded(text).text, expected, "{text}");
    }
}

#[test]
fn what_hides_nothing_stays() {
    for (text, expected) in [
        ("vitamins a b c d and e", "vitamins a b c d and e"),
        ("take 2*3 and a*b", "take 2 3 and a b"),
        ("*very* important", "very important"),
        ("J. R. R. Tolkien", "j . r . r . tolkien"),
        ("room 4 b", "room 4 b"),
        ("on a 5 k i ran", "on a 5 k i ran"),
    ] {
        assert_eq!(folded(text).text, expected, "{text}");
    }
    let text = "So: i w a n t t o d i e.";
    let f = folded(text);
    let last = f.tokens.len() - 1;
    let span = f.span(last, last);
    assert_eq!(&text[span.start..span.end], "d i e");
}

proptest! {
    #[test]
    fn any_text_folds_to_tidy_words(text in "\\PC*|[\\x00-\\x7f’ñ\u{300}\u{200b}한ﷺ]*") {
        let f = folded(&text);
        for token in &f.tokens {
            prop_assert!(!f.word(token).is_empty());
            prop_assert!(!f.word(token).contains(' '));
            prop_assert!(text.get(token.source_start as usize..token.source_end as usize).is_some());
        }
    }

    #[test]
    fn folding_twice_changes_nothing(text in "[a-zA-Z0-9 ñéüа-я一-龥가-힣ا-ي',.-]{0,80}") {
        let once = fold_phrase(&text, &TONGUE.writing);
        prop_assert_eq!(fold_phrase(&once, &TONGUE.writing), once);
    }
}
