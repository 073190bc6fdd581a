//! Prints how long the engine and the index take for a text of one kilobyte (`cargo run --release
//! --example speed -p bedside-language`).

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use bedside_language::{Channel, Engine, Language, Message, search};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic/language");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples-data/en/a01.txt");

fn main() {
    let mut files = BTreeMap::new();
    let folders = [ROOT.to_owned(), format!("{ROOT}/markers")];
    for entry in folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("the clinic's files"))
    {
        let path = entry.expect("a file").path();
        if path
            .extension()
            .is_some_and(|kind| kind == "toml" || kind == "txt")
        {
            let name = path.strip_prefix(ROOT).expect("a file below it").display();
            let text = std::fs::read_to_string(&path).expect("a readable file");
            files.insert(format!("language/{name}"), text);
        }
    }
    let before = resident_kib();
    let model = std::fs::read(format!("{ROOT}/model.bin")).expect("the model");
    let file = resident_kib();
    let start = Instant::now();
    let engine = Engine::load(&files, Some(model.into())).expect("the shipped files load");
    println!(
        "load              {:>8.1} ms, {} KiB more resident, and {} KiB that the model's bytes take",
        start.elapsed().as_secs_f64() * 1e3,
        resident_kib().saturating_sub(file),
        file.saturating_sub(before)
    );

    // Real sentences, a different kilobyte each time.
    let text = std::fs::read_to_string(EXAMPLES).expect("examples");
    let sentences: Vec<&str> = text
        .lines()
        .filter_map(|line| line.splitn(5, " | ").nth(4))
        .collect();
    let sentences = sentences.join(" ");
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
        black_box(engine.detect(text));
    });
    measure("index_terms, 1 KB", &texts, |text| {
        black_box(search::index_terms("A question", text, Some(Language::En)));
    });
    let query = search::parse_query("ibuprofen").expect("a word");
    measure("highlight, 1 KB", &texts, |text| {
        black_box(search::highlight(text, &query));
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

/// Memory of this process, as Linux counts it.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
