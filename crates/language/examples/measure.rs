//! Trains on the examples, or takes the model that ships, and prints what it reaches (`cargo run --release
//! -p bedside-language --example measure -- [train] [dev] [test] [talks] [data=FOLDER] [out=FILE] [list] [digest]`). It is
//! what `bedside language train` and `bedside eval` do, without building the desk. `digest` tells all verdicts on all examples
//! and conversations in one number: who only moves words from one entry to another gets the same one before and after.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::Instant;

use bedside_language::eval::{self, Report, sets};
use bedside_language::examples::{Example, Part, of_clinic};
use bedside_language::{Channel, ClinicFiles, Engine, Message, train};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic/language");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples-data");
const TALKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/conversations");

fn add(folder: &Path, name: &str, files: &mut ClinicFiles) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = format!("{name}/{}", path.file_name().unwrap_or_default().display());
        if path.is_dir() {
            add(&path, &name, files);
        } else if path.extension().is_some_and(|e| e == "toml" || e == "txt") {
            let text = std::fs::read_to_string(&path).expect("a readable file");
            files.insert(name, text);
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|a| a == word);
    let value = |word: &str| arguments.iter().find_map(|a| a.strip_prefix(word));
    let mut files = BTreeMap::new();
    add(Path::new(ROOT), "language", &mut files);
    add(Path::new(EXAMPLES), "language/examples", &mut files);
    let all = of_clinic(&files).expect("examples");
    let model = std::fs::read(format!("{ROOT}/model.bin")).ok();
    let mut engine = Engine::load(
        &files,
        model
            .filter(|_| !has("train") && !has("rules"))
            .map(Into::into),
    )
    .expect("the clinic's files");
    if has("train") {
        let start = Instant::now();
        let model = train::train(&engine, &all, 0).expect("a model");
        let bytes = model.write();
        println!(
            "trained in {:.0} s: {} examples, {} bytes",
            start.elapsed().as_secs_f64(),
            model.about().examples,
            bytes.len()
        );
        if let Some(file) = value("out=") {
            std::fs::write(file, bytes).expect("a place to write to");
        }
        engine = engine.with_model(Some(model));
    }
    for (word, part) in [("dev", Part::Dev), ("test", Part::Test)] {
        if has(word) {
            let some: Vec<Example> = all.iter().filter(|e| e.part == part).cloned().collect();
            println!("\n{word}");
            table(
                &eval::run(&engine, &some),
                &some,
                has("list") && part == Part::Dev,
            );
        }
    }
    if has("talks") {
        let mut talks = ClinicFiles::new();
        add(Path::new(TALKS), "conversations", &mut talks);
        let lines: String = talks.into_values().collect();
        show(
            "own conversations",
            &sets::own_conversations(&engine, &lines).expect("lines that can be read"),
            has("list"),
        );
    }
    if has("digest") {
        let mut talks = ClinicFiles::new();
        add(Path::new(TALKS), "conversations", &mut talks);
        digest(&engine, &all, &talks);
    }
    if let Some(folder) = value("data=") {
        public(&engine, Path::new(folder), has("list"));
    }
}

/// Everything that a verdict says, of every example and every line of the conversations.
fn digest(engine: &Engine, examples: &[Example], talks: &ClinicFiles) {
    let mut digest = DefaultHasher::new();
    let mut read = 0;
    let mut look = |channel, subject: &str, body: &str| {
        let verdict = engine.triage(&Message {
            channel,
            subject,
            body,
            hint_language: None,
        });
        format!("{verdict:?}").hash(&mut digest);
        read += 1;
    };
    for example in examples {
        look(example.channel, &example.subject, &example.body);
    }
    for line in talks.values().flat_map(|text| text.lines()) {
        look(Channel::Chat, "", line);
    }
    println!("{read} verdicts: {:016x}", digest.finish());
}

fn table(reports: &[Report], examples: &[Example], list: bool) {
    println!(
        "language | emergencies | seen today | hard negatives | ordinary | category | urgent | late | kind | language | urgency | concerns seen | hard negatives seen | ordinary seen"
    );
    for report in reports {
        let name = report.language.map_or("all", |l| l.tag());
        let shown = [
            report.emergencies,
            report.emergencies_seen,
            report.hard_negatives,
            report.ordinary,
            report.category,
            report.urgent,
            report.emergencies_late,
            report.kinds,
            report.language_told,
            report.urgency,
            report.concerns_seen,
            report.hard_negatives_seen,
            report.ordinary_seen,
        ]
        .map(|share| {
            let (low, high) = share.interval();
            let [value, low, high] = [share.value(), low, high].map(|n| n * 100.0);
            format!(
                "{}/{} = {value:.1} % ({low:.1}–{high:.1})",
                share.hits, share.of
            )
        });
        println!(
            "| {name} ({}) | {} |",
            report.category.of,
            shown.join(" | ")
        );
    }
    for (category, share) in &reports[0].by_category {
        println!("  {category}: {}/{}", share.hits, share.of);
    }
    for (number, wrong) in reports[0].wrong.iter().filter(|_| list) {
        println!(
            "{wrong:?} {} {}",
            examples[*number].language,
            examples[*number].to_line()
        );
    }
}

fn public(engine: &Engine, folder: &Path, list: bool) {
    type Measure = fn(&Engine, &str) -> sets::SetReport;
    let all: [(&str, Measure); 5] = [
        ("feedback/nhs_fft_half.csv", sets::feedback),
        ("vignettes/avey_half.jsonl", sets::vignettes),
        ("conversations/vera_mh_half.csv", sets::conversations),
        ("conversations/pushback_half.csv", sets::pushback),
        ("multilingual/spoken_clinic_sentences.csv", sets::spoken),
    ];
    for (file, measure) in all {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
            continue;
        };
        show(file, &measure(engine, &text), list);
    }
}

fn show(name: &str, report: &sets::SetReport, list: bool) {
    println!("\n{name}");
    for line in &report.lines {
        let share = line.share;
        println!(
            "  {:<50} {}/{} = {:.2} %",
            line.label,
            share.hits,
            share.of,
            share.value() * 100.0
        );
    }
    for text in report.listed.iter().filter(|_| list) {
        println!(
            "    {} {} [{}]: {}",
            text.place,
            text.level,
            text.rules.join(", "),
            text.text
        );
    }
}
