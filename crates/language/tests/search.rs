//! Index terms, queries and highlights.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use bedside_language::Language;
use bedside_language::search::{
    FilterKey, MAX_INDEX_TERMS, QueryError, TermKind, highlight, index_terms, parse_query, terms,
};
use proptest::prelude::*;

fn folded(text: &str) -> Vec<String> {
    terms(text, None).into_iter().map(|t| t.folded).collect()
}

/// Whether a document is found by a query, as the index would decide.
fn finds(query: &str, document: &str, language: Option<Language>) -> bool {
    let query = parse_query(query).unwrap();
    let index = index_terms("", document, language);
    let has =
        |kind: TermKind, text: &String| index.iter().any(|t| t.kind == kind && t.text == *text);
    query
        .terms
        .iter()
        .all(|t| t.variants.iter().any(|v| has(TermKind::Stem, v)))
        && query.prefix.iter().all(|p| {
            p.lookup.as_ref().is_some_and(|l| has(TermKind::Prefix, l))
                || p.variants.iter().any(|v| has(TermKind::Stem, v))
        })
}

#[test]
fn words_are_folded_and_small_words_left_out() {
    assert_eq!(
        folded("The Señora's KNEE hurts"),
        ["senoras", "knee", "hurts"]
    );
    assert_eq!(folded("a I x 9"), Vec::<String>::new());
    assert_eq!(folded(&"x".repeat(41)), Vec::<String>::new());
    assert_eq!(folded("头痛药"), ["头痛", "痛药"]);
}

#[test]
fn identifiers_are_found_whole_and_in_parts() {
    assert_eq!(folded("MRN-12345"), ["mrn12345", "mrn", "12345"]);
    for query in ["MRN-12345 ", "mrn12345 ", "12345 "] {
        assert!(finds(query, "please see MRN-12345 today", None), "{query}");
    }
}

#[test]
fn a_query_finds_either_language_without_being_told() {
    assert!(finds("refilling ", "I need refills", Some(Language::En)));
    assert!(finds("recetas ", "mi receta por favor", Some(Language::Es)));
    assert!(finds(
        "medicación ",
        "la medicacion nueva",
        Some(Language::Es)
    ));
    assert!(!finds(
        "cardiologist ",
        "mi receta por favor",
        Some(Language::Es)
    ));
}

#[test]
fn the_last_word_is_found_while_it_is_typed() {
    for typed in ["amo", "amox", "amoxi", "amoxic", "amoxicillin"] {
        assert!(
            finds(typed, "allergic to amoxicillin", Some(Language::En)),
            "{typed}"
        );
    }
    assert!(!finds(
        "amox ",
        "allergic to amoxicillin",
        Some(Language::En)
    ));
    assert_eq!(
        parse_query("the")
            .unwrap()
            .prefix
            .unwrap()
            .lookup
            .as_deref(),
        Some("the")
    );
    assert_eq!(parse_query("kn").unwrap().prefix.unwrap().lookup, None);
}

#[test]
fn filters_are_read_and_refused_with_a_reason() {
    let query = parse_query("knee status:open from:maria@example.org before:2026-05-01 ").unwrap();
    let filters: Vec<_> = query
        .filters
        .iter()
        .map(|f| (f.key, f.value.as_str()))
        .collect();
    assert_eq!(
        filters,
        [
            (FilterKey::Status, "open"),
            (FilterKey::From, "maria@example.org"),
            (FilterKey::Before, "2026-05-01")
        ]
    );
    assert_eq!(query.terms.len(), 1);
    assert_eq!(query.prefix, None);
    let query = parse_query("knee tag:\"billing dispute\" \"two words\" ").unwrap();
    assert_eq!(query.filters[0].value, "billing dispute");
    assert_eq!((query.filters.len(), query.terms.len()), (1, 3));
    for empty in ["tag:\"\"", "tag:\" \"", "tag: \"apart\""] {
        let refused = parse_query(empty);
        assert!(
            matches!(refused, Err(QueryError::EmptyFilter { .. })),
            "{empty}: {refused:?}"
        );
    }
    assert_eq!(
        parse_query("stauts:open"),
        Err(QueryError::UnknownFilter {
            key: "stauts".into()
        })
    );
    assert_eq!(
        parse_query("status:"),
        Err(QueryError::EmptyFilter {
            key: FilterKey::Status
        })
    );
    assert_eq!(
        parse_query("after:may"),
        Err(QueryError::BadDate {
            key: FilterKey::After
        })
    );
    assert_eq!(parse_query("\"note:bring card\"").unwrap().filters, []);
    assert_eq!(parse_query("https://example.org/x ").unwrap().filters, []);
    assert_eq!(parse_query(&"x".repeat(201)), Err(QueryError::TooLong));
    assert_eq!(
        parse_query("one1 two2 three3 four4 five5 six6 seven7 eight8 nine9 ten10 eleven11"),
        Err(QueryError::TooManyTerms)
    );
}

#[test]
fn highlights_stand_where_the_words_are() {
    let text = "Mis RECETAS: la receta de Ámox-500.";
    let marks = |query: &str| -> Vec<&str> {
        highlight(text, &parse_query(query).unwrap())
            .into_iter()
            .map(|r| &text[r])
            .collect()
    };
    assert_eq!(marks("receta "), ["RECETAS", "receta"]);
    assert_eq!(marks("amo"), ["Ámox-500"]);
    assert_eq!(marks("pierna"), Vec::<&str>::new());
}

#[test]
fn an_index_has_no_duplicates_and_a_limit() {
    let index = index_terms("Knee pain", "The knee. Knees and knee!", Some(Language::En));
    let knee = index
        .iter()
        .find(|t| t.kind == TermKind::Stem && t.text == "knee")
        .unwrap();
    assert_eq!((knee.count, knee.in_subject), (4, true));
    let long = (0..3000)
        .map(|n| format!("word{n}"))
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(index_terms("", &long, None).len(), MAX_INDEX_TERMS);
}

proptest! {
    #[test]
    fn any_text_is_indexed_within_bounds(subject in "\\PC{0,60}", body in "[\\PC\\x00-\\x20]{0,400}") {
        let index = index_terms(&subject, &body, None);
        let mut seen = std::collections::HashSet::new();
        for term in &index {
            prop_assert!(!term.text.is_empty());
            prop_assert!(seen.insert((term.kind, term.text.clone())));
        }
    }

    #[test]
    fn any_query_is_read_or_refused(typed in "[\\PC\":]{0,210}", text in "\\PC{0,200}") {
        if let Ok(query) = parse_query(&typed) {
            let marks = highlight(&text, &query);
            prop_assert!(marks.iter().all(|r| text.get(r.clone()).is_some()));
            prop_assert!(marks.windows(2).all(|w| w[0].end <= w[1].start));
        }
    }

    #[test]
    fn every_word_of_a_text_finds_it(text in "[a-zA-ZáéíóúñÑ0-9 ,.-]{0,120}") {
        for term in terms(&text, Some(Language::En)) {
            let query = format!("{} ", term.folded);
            prop_assert!(finds(&query, &text, Some(Language::En)), "{query}");
        }
    }
}
