//! Words of somebody who plays a part, with the clinic's own file.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod clinic_files;

use std::sync::LazyLock;

use bedside_language::ClinicFiles;
use bedside_language::pretexts::{Part, Pretexts, Said};
use clinic_files::odd_texts;
use proptest::prelude::*;

const FILE: &str = "language/pretexts.toml";
/// The clinic's files, with the pairs of characters.
fn files() -> ClinicFiles {
    let han = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic/language/han.txt");
    let mut files = clinic_files::files();
    let pairs = std::fs::read_to_string(han).unwrap();
    files.insert("language/han.txt".to_owned(), pairs);
    files
}

static PRETEXTS: LazyLock<Pretexts> = LazyLock::new(|| Pretexts::load(&files()).unwrap());

fn parts(text: &str) -> Vec<Part> {
    let said = PRETEXTS.said(text);
    Part::ALL
        .into_iter()
        .filter(|part| said.has(*part))
        .collect()
}

#[test]
fn each_language_has_its_words() {
    use Part::{Broken, NewAddress, Records, Secret, Urgent};
    for (text, expected) in [
        ("It is URGENT. Don’t tell my wife.", &[Urgent, Secret][..]),
        ("Es urgente y no se lo diga a nadie", &[Urgent, Secret]),
        (
            "Tengo un nuevo numero, quiero mi historia clinica",
            &[NewAddress, Records],
        ),
        (
            "I've got a new number. Please send my records there",
            &[NewAddress, Records],
        ),
        ("My phone is broken", &[Broken]),
        ("请尽快，不要告诉我太太", &[Urgent, Secret]),
        ("我換了號碼，請把病歷寄來", &[NewAddress, Records]),
        (
            "Tôi có số điện thoại mới, xin gửi hồ sơ bệnh án",
            &[NewAddress, Records],
        ),
        (
            "Huwag mong sabihin sa asawa ko, kailangan ko agad",
            &[Urgent, Secret],
        ),
        ("긴급합니다. 비밀로 해 주세요", &[Urgent, Secret]),
        ("Срочно, и никому не говорите", &[Urgent, Secret]),
        ("رقمي الجديد هنا وأريد ملفي الطبي", &[NewAddress, Records]),
        (
            "J’ai un nouveau numéro, envoyez mon dossier",
            &[NewAddress, Records],
        ),
        ("É urgente, não diga a ninguém", &[Urgent, Secret]),
        ("Mein Handy ist kaputt, es eilt", &[Urgent, Broken]),
        ("मेरा नया नंबर है, मेडिकल रिकॉर्ड भेजिए", &[NewAddress, Records]),
        ("Thank you", &[]),
    ] {
        assert_eq!(parts(text), expected, "{text}");
    }
}

#[test]
fn words_within_others_and_across_sentences_are_none() {
    for text in [
        "The secretary was kind",
        "Das Sekretariat ist nett",
        "I recorded my pressure",
        "It is all new. Number four is the last.",
        "insurgent",
    ] {
        assert_eq!(parts(text), [], "{text}");
    }
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    for (from, to, reason) in [
        ("part = \"secret\"", "part = \"secrets\"", "unknown part"),
        ("language = \"es\"", "language = \"xx\"", "unknown language"),
        (
            "review = \"2027-05-01\"",
            "review = \"never\"",
            "review date",
        ),
        ("terms = [", "terms = [\"!\", ", "some words"),
        ("terms = [", "terms = [\"one. Two\", ", "one sentence"),
        ("part = \"urgent\"", "loud = true", "loud"),
    ] {
        let mut files = files();
        let text = files.get_mut(FILE).unwrap();
        *text = text.replacen(from, to, 1);
        let line = 1 + text[..text.find(to).unwrap()].matches('\n').count();
        let error = Pretexts::load(&files).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), (FILE, line), "{error}");
        assert!(error.reason.contains(reason), "{error}");
    }
    let mut files = files();
    let text = files.get_mut(FILE).unwrap();
    *text = text.replace("part = \"broken\"", "part = \"urgent\"");
    let error = Pretexts::load(&files).unwrap_err();
    assert!(error.reason.contains("no words for \"broken\""), "{error}");
    files.remove(FILE);
    assert!(
        Pretexts::load(&files)
            .unwrap_err()
            .reason
            .contains("missing")
    );
}

#[test]
fn odd_texts_are_survived() {
    for text in odd_texts() {
        let _: Said = PRETEXTS.said(&text);
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}", around in "[ .,!?\\n]{1,4}") {
        let _ = PRETEXTS.said(&text);
        let said = PRETEXTS.said(&format!("x{around}SECRET{around}"));
        prop_assert!(said.has(Part::Secret));
    }
}
