use super::{catalog::Catalog, *};
use proptest::prelude::*;

fn catalog(source: &str) -> Catalog {
    Catalog::new(Locale::En, vec![("en/test.ftl".into(), source.into())]).unwrap()
}

#[test]
fn every_language_has_the_same_keys_and_values() {
    let i18n = I18n::load().unwrap();
    let english = i18n.all_keys(Locale::En);
    for locale in Locale::ALL {
        let keys = i18n.all_keys(locale);
        for key in &english {
            assert!(
                keys.contains(key),
                "locales/{locale} lacks {key:?}, or its values differ"
            );
        }
        for key in &keys {
            assert!(
                english.contains(key),
                "locales/{locale} has {key:?}, which English lacks or has otherwise"
            );
        }
    }
}

#[test]
fn every_language_has_the_same_files() {
    let names = |locale: Locale| {
        let mut names: Vec<_> = std::fs::read_dir(format!(
            "{}/../../locales/{locale}",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
        names.sort();
        names
    };
    assert_eq!(names(Locale::En), names(Locale::Es));
}

#[test]
fn plain_texts_values_and_plurals() {
    let texts = catalog(
        "hi = Hello { $name }, { $count } new\n\
         tickets = { $count ->\n    [one] { $count } ticket\n   *[other] { $count } tickets\n }\n\
         -brand = Bedside\nwelcome = Welcome to { -brand }\n\
         js-ago = { $time } ago\njs-now = now\n",
    );
    let args = [("name", "Ana".into()), ("count", 3.into())];
    assert_eq!(texts.format("hi", &args).unwrap(), "Hello Ana, 3 new");
    assert_eq!(
        texts.format("tickets", &[("count", 1.into())]).unwrap(),
        "1 ticket"
    );
    assert_eq!(
        texts.format("tickets", &[("count", 1234.into())]).unwrap(),
        "1234 tickets"
    );
    assert_eq!(texts.text("welcome"), Some("Welcome to Bedside"));
    assert_eq!(texts.text("hi"), None);
    assert_eq!(
        texts.format("hi", &args[..1]).unwrap_err(),
        "a value is missing"
    );
    assert_eq!(
        texts.format("tickets", &[]).unwrap_err(),
        "a value is missing"
    );
    assert_eq!(texts.client_texts(), r#"{"ago":"{time} ago","now":"now"}"#);
    let names = ["count".to_owned(), "name".to_owned()];
    assert_eq!(texts.all_keys()[0], ("hi", names.as_slice()));
}

#[test]
fn mistakes_in_files_are_told() {
    let load = |source: &str| {
        Catalog::new(Locale::En, vec![("en/a.ftl".into(), source.into())]).unwrap_err()
    };
    assert!(matches!(load("a = { $x"), LocaleError::Syntax { .. }));
    assert_eq!(
        load("a = 1\na = 2\n").to_string(),
        "locales/en/a.ftl: a is defined twice"
    );
}

#[test]
#[should_panic(expected = "no-such-key")]
fn a_missing_text_fails_tests() {
    I18n::global().text(Locale::En, "no-such-key");
}

proptest! {
    #[test]
    fn values_are_put_in_as_they_are(name in ".*") {
        let texts = catalog("hi = Hello { $name }!\n");
        let text = texts.format("hi", &[("name", name.as_str().into())]).unwrap();
        prop_assert_eq!(text, format!("Hello {name}!"));
    }
}
