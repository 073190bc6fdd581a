//! Any text as a search: read within its limits or refused, and its places in a text are places.
#![no_main]

use bedside_language::search::{MAX_QUERY_TERMS, highlight, parse_query};

libfuzzer_sys::fuzz_target!(|input: (&str, &str)| {
    let (typed, text) = input;
    let Ok(query) = parse_query(typed) else {
        return;
    };
    assert!(query.terms.len() <= MAX_QUERY_TERMS);
    assert!(query.filters.iter().all(|filter| !filter.value.is_empty()));
    assert!(query.terms.iter().all(|term| !term.variants.is_empty()));
    let mut end = 0;
    for place in highlight(text, &query) {
        assert!(end <= place.start && place.start < place.end);
        assert!(text.get(place.clone()).is_some());
        end = place.end;
    }
});
