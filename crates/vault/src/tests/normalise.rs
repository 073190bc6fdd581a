use proptest::prelude::*;

use crate::normalise::{
    MAX_LEN, Unusable, birth_date, email, mrn, name, name_and_birth_date, phone,
};

#[test]
fn email_addresses_meet_however_they_are_typed() {
    for text in [
        "ana@example.org",
        "  Ana@Example.ORG\u{200B} ",
        "\u{FEFF}ANA@EXAMPLE.ORG",
        "ａｎａ@example.org",
        "an\u{AD}a@example.org",
    ] {
        assert_eq!(email(text).unwrap(), "ana@example.org");
    }
    assert_eq!(
        email("Ana+Clinic@Example.org").unwrap(),
        "ana+clinic@example.org"
    );
    assert_ne!(email("a.na@example.org").unwrap(), "ana@example.org");
    assert_eq!(email("  \u{200B}"), Err(Unusable::Empty));
    for text in ["ana", "@example.org", "ana@"] {
        assert_eq!(email(text), Err(Unusable::NotAnAddress));
    }
}

#[test]
fn telephone_numbers_meet_in_the_international_form() {
    for (text, country, expected) in [
        ("(415) 555-0132", "1", "+14155550132"),
        ("1-415-555-0132", "1", "+14155550132"),
        ("+1 415 555 0132 ext. 7", "44", "+14155550132"),
        ("415-555-0132 x7", "1", "+14155550132"),
        ("tel:+1-415-555-0132;ext=7", "1", "+14155550132"),
        ("+44 (0)20 7946 0018", "1", "+442079460018"),
        ("(+44) 20 7946 0018", "1", "+442079460018"),
        ("020 7946 0018", "44", "+442079460018"),
        ("0044 20 7946 0018", "1", "+442079460018"),
        ("06 698 12345", "39", "+390669812345"),
        ("612 345 678", "34", "+34612345678"),
        ("\u{202A}+34 612 345 678\u{202C}", "1", "+34612345678"),
        ("＋34 ６１２ 345 678", "1", "+34612345678"),
        ("+٩٧١ ٥٠ ١٢٣ ٤٥٦٧", "1", "+971501234567"),
    ] {
        assert_eq!(phone(text, country).unwrap(), expected, "{text}");
    }
    for text in [
        "911",
        "+",
        "call me",
        "+1234567890123456",
        "1-800-FLOWERS",
        "+0123456789",
        "+1 312 555 0147\r\nX",
        "312 555\0 0147",
    ] {
        assert_eq!(phone(text, "1"), Err(Unusable::NotANumber), "{text}");
    }
    assert_eq!(phone(" ", "1"), Err(Unusable::Empty));
}

#[test]
fn names_meet_without_case_accents_and_punctuation() {
    for (text, expected) in [
        ("  José   O’Brien-López ", "jose obrien lopez"),
        ("JOSE O'BRIEN LOPEZ", "jose obrien lopez"),
        ("Jose\u{301} OBrien\u{A0}Lopez", "jose obrien lopez"),
        ("Nguyễn Thị Ánh", "nguyen thi anh"),
        ("Søren Weiß", "soren weiss"),
        ("Łukasz", "lukasz"),
        ("ΓΙΏΡΓΟΣ", "γιωργοσ"),
        ("Γιώργος", "γιωργοσ"),
        ("İpek Işık", "ipek isik"),
        ("李 小龍", "李 小龍"),
    ] {
        assert_eq!(name(text).unwrap(), expected, "{text}");
    }
    assert_eq!(name("مُحَمَّد"), name("محمد"));
    for (one, two) in [("राम", "रमा"), ("かとう", "がとう"), ("김", "기")] {
        assert_ne!(name(one).unwrap(), name(two).unwrap());
    }
    assert!(!name("स्वाति").unwrap().contains(' '));
    assert_ne!(name("Ana Maria").unwrap(), name("Maria Ana").unwrap());
    assert_eq!(name(" -.' "), Err(Unusable::Empty));
}

#[test]
fn record_numbers_keep_their_letters_digits_and_zeros() {
    assert_eq!(mrn(" mr-00 12.a ").unwrap(), "MR0012A");
    assert_eq!(mrn("--"), Err(Unusable::Empty));
}

#[test]
fn birth_dates_are_days_of_the_calendar() {
    for (text, expected) in [
        ("1984-02-29", "1984-02-29"),
        ("20000229", "2000-02-29"),
        (" 1999-12-31 ", "1999-12-31"),
    ] {
        assert_eq!(birth_date(text).unwrap(), expected);
    }
    for text in [
        "1985-02-29",
        "1900-02-29",
        "2001-00-10",
        "2001-13-01",
        "2001-04-31",
        "2001-01-00",
        "03/04/1990",
        "1990-3-4",
        "0000-01-01",
        "1990-03-0x",
        "１９９０",
        "-1990301",
        "1990-03-é",
    ] {
        assert_eq!(birth_date(text), Err(Unusable::NotADate), "{text}");
    }
    assert_eq!(birth_date(""), Err(Unusable::Empty));
    assert_eq!(
        name_and_birth_date("Ana  Díaz", "19840229").unwrap(),
        "ana diaz|1984-02-29"
    );
}

#[test]
fn overlong_values_are_refused() {
    let long = "1@".repeat(MAX_LEN);
    for result in [
        email(&long),
        phone(&long, "1"),
        name(&long),
        mrn(&long),
        birth_date(&long),
    ] {
        assert_eq!(result, Err(Unusable::TooLong));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_normal_form_stays_as_it_is(text in "\\PC{0,12}", number in "\\PC{0,4}[0-9 ()+-]{5,20}") {
        for form in [email as fn(&str) -> _, name, mrn, birth_date] {
            if let Ok(normal) = form(&text) && normal.len() <= MAX_LEN {
                prop_assert_eq!(form(&normal), Ok(normal.clone()));
            }
        }
        if let Ok(normal) = phone(&number, "44") {
            prop_assert_eq!(phone(&normal, "1"), Ok(normal.clone()));
        }
    }

    #[test]
    fn case_does_not_matter(text in "[a-zA-Zà-öø-ý .'-]{1,40}") {
        prop_assert_eq!(name(&text), name(&text.to_lowercase()));
        prop_assert_eq!(name(&text), name(&text.to_uppercase()));
    }
}
