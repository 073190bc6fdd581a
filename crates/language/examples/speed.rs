//! Prints how long the engine and the index take for a text of one kilobyte (`cargo run --release
//! --example speed -p bedside-language`).

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use bedside_language::{Channel, Engine, Language, Message, detect, search};

const EN: &str = include_str!("../../../clinic/language/examples/en.toml");

fn main() {
    let mut files = BTreeMap::new();
    for (name, text) in [
        (
            "redflags.en",
            include_str!("../../../clinic/language/redflags.en.toml"),
        ),
        (
            "redflags.es",
            include_str!("../../../clinic/language/redflags.es.toml"),
        ),
        (
            "lexicon.en",
            include_str!("../../../clinic/language/lexicon.en.toml"),
        ),
        (
            "lexicon.es",
            include_str!("../../../clinic/language/lexicon.es.toml"),
        ),
        (
            "context.en",
            include_str!("../../../clinic/language/context.en.toml"),
        ),
        (
            "context.es",
            include_str!("../../../clinic/language/context.es.toml"),
        ),
    ] {
        files.insert(format!("language/{name}.toml"), text.to_owned());
    }
    let start = Instant::now();
    let engine = Engine::load(&files).expect("the shipped files load");
    println!(
        "load              {:>8.1} ms",
        start.elapsed().as_secs_f64() * 1e3
    );

    // Real sentences, a different kilobyte each time.
    let sentences: String = EN
        .lines()
        .filter_map(|l| l.strip_prefix("body = "))
        .collect::<Vec<_>>()
        .join(" ");
    let texts: Vec<&str> = (0..8)
        .map(|n| {
            let from = sentences.floor_char_boundary(n * 1024);
            &sentences[from..sentences.floor_char_boundary(from + 1024)]
        })
        .collect();
    measure("triage, 1 KB", &texts, |text| {
        black_box(engine.triage(&Message {
            channel: Channel::Email,
            subject: "A question",
            body: text,
            hint_language: None,
        }));
    });
    measure("detect, 1 KB", &texts, |text| {
        black_box(detect(text));
    });
    measure("index_terms, 1 KB", &texts, |text| {
        black_box(search::index_terms("A question", text, Some(Language::En)));
    });
}

fn measure(what: &str, texts: &[&str], run: impl Fn(&str)) {
    let mut times: Vec<f64> = Vec::new();
    for round in 0..2_000 {
        let text = texts[round % texts.len()];
        let start = Instant::now();
        run(text);
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{what:<18}{:>8.1} µs (median), {:.1} µs (p99)",
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
}
