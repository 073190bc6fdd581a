//! Tells which rules, and which probabilities of the model, make false alarms, and what would be missed without them (`cargo run
//! --release -p bedside-language --example voices -- [dev] [train]`). Never run on `test`: what is changed after a look at it
//! could be measured nowhere.

use std::collections::BTreeMap;
use std::path::Path;

use bedside_language::examples::{Danger, Example, Part, of_clinic};
use bedside_language::{Category, ClinicFiles, Engine, Finding, Level, Message, Verdict};
use toml::{Table, Value};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic/language");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples-data");
/// Probabilities below which alarms of the model alone are counted.
const BARS: [f32; 9] = [0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8];

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

/// How many of each label.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    emergencies: u32,
    concerns: u32,
    hard: u32,
    ordinary: u32,
}

impl Count {
    fn add(&mut self, danger: Danger) {
        *match danger {
            Danger::Emergency(_) => &mut self.emergencies,
            Danger::Concern(_) => &mut self.concerns,
            Danger::NotMeant(_) => &mut self.hard,
            Danger::None => &mut self.ordinary,
        } += 1;
    }

    fn cells(self) -> String {
        let Self {
            emergencies,
            concerns,
            hard,
            ordinary,
        } = self;
        format!("{emergencies} | {concerns} | {hard} | {ordinary}")
    }
}

fn look(engine: &Engine, example: &Example) -> Verdict {
    engine.triage(&Message {
        channel: example.channel,
        subject: &example.subject,
        body: &example.body,
        hint_language: None,
    })
}

/// The rules that spoke of danger and were meant, each once.
fn spoke(verdict: &Verdict) -> Vec<&str> {
    let spoken = verdict.reasons.iter().filter(|reason| {
        reason.guard.is_none()
            && matches!(reason.finding, Finding::Safety(_))
            && !reason.rule.starts_with("model.")
    });
    let mut rules: Vec<&str> = spoken.map(|reason| reason.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// The files without one rule.
fn without(files: &ClinicFiles, rule: &str) -> Option<ClinicFiles> {
    let (language, id) = rule.split_once('.')?;
    let name = format!("language/redflags.{language}.toml");
    let mut table: Table = files.get(&name)?.parse().ok()?;
    let flags = table.get_mut("flag")?.as_array_mut()?;
    let before = flags.len();
    flags.retain(|flag| flag.get("id").and_then(Value::as_str) != Some(id));
    if flags.len() == before || flags.is_empty() {
        return None;
    }
    let mut files = files.clone();
    files.insert(name, table.to_string());
    // Its wording in other languages, where no other language has the rule.
    let elsewhere = format!("id = \"{id}\"");
    if !files.values().any(|text| text.contains(&elsewhere)) {
        let wording = format!("\"{id}\" = ");
        for text in files.values_mut() {
            let lines = text.split_inclusive('\n');
            *text = lines.filter(|line| !line.starts_with(&wording)).collect();
        }
    }
    Some(files)
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut files = ClinicFiles::new();
    add(Path::new(ROOT), "language", &mut files);
    let mut lines = ClinicFiles::new();
    add(Path::new(EXAMPLES), "language/examples", &mut lines);
    let model = bytes::Bytes::from(std::fs::read(format!("{ROOT}/model.bin")).expect("the model"));
    let engine = Engine::load(&files, Some(model.clone())).expect("the clinic's files");
    let all = of_clinic(&lines).expect("examples");
    for (name, part) in [("dev", Part::Dev), ("train", Part::Train)] {
        if !wanted.iter().any(|word| word == name) {
            continue;
        }
        let some: Vec<&Example> = all.iter().filter(|example| example.part == part).collect();
        let verdicts: Vec<Verdict> = some.iter().map(|example| look(&engine, example)).collect();
        println!("\n# {name}");
        subjects(&some, &verdicts);
        bars(&some, &verdicts);
        rules(&some, &verdicts, &files, &model);
    }
}

fn alarm(verdict: &Verdict) -> bool {
    verdict.safety.level == Level::Emergency
}

/// Ordinary messages that were called emergencies, by what they were labelled as.
fn subjects(some: &[&Example], verdicts: &[Verdict]) {
    let mut all: BTreeMap<(String, String), (u32, u32, u32)> = BTreeMap::new();
    for (example, verdict) in some.iter().zip(verdicts) {
        if example.danger == Danger::None {
            let key = (
                example.categories[0].to_string(),
                example.urgency.to_string(),
            );
            let (alarms, by_rule, of) = all.entry(key).or_default();
            *of += 1;
            *alarms += u32::from(alarm(verdict));
            *by_rule += u32::from(alarm(verdict) && !spoke(verdict).is_empty());
        }
    }
    println!(
        "\n| ordinary, labelled | urgency | called emergency | of these with a rule that was meant | of |"
    );
    println!("|---|---|---|---|---|");
    for ((category, urgency), (alarms, by_rule, of)) in all {
        println!("| {category} | {urgency} | {alarms} | {by_rule} | {of} |");
    }
}

/// Alarms that no rule speaks for, below each probability: all, and those of messages that are said to be about something else.
fn bars(some: &[&Example], verdicts: &[Verdict]) {
    println!(
        "\n| the model alone, probability below | emergencies | concerns | hard negatives | ordinary | about something else: emergencies | concerns | hard negatives | ordinary |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for bar in BARS.into_iter().chain([1.1]) {
        let (mut all, mut elsewhere) = (Count::default(), Count::default());
        for (example, verdict) in some.iter().zip(verdicts) {
            if alarm(verdict) && spoke(verdict).is_empty() && verdict.safety.confidence < bar {
                all.add(example.danger);
                if !matches!(verdict.category.value, Category::Symptom | Category::Crisis) {
                    elsewhere.add(example.danger);
                }
            }
        }
        println!("| {bar} | {} | {} |", all.cells(), elsewhere.cells());
    }
}

/// Each rule that stood beside a false alarm: what it stood beside, and which alarms there are no more without it.
fn rules(some: &[&Example], verdicts: &[Verdict], files: &ClinicFiles, model: &bytes::Bytes) {
    let mut beside: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, verdict) in verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| alarm(verdict))
    {
        for rule in spoke(verdict) {
            beside.entry(rule).or_default().push(number);
        }
    }
    let mut rows = Vec::new();
    for (rule, numbers) in beside {
        let mut stands = Count::default();
        for &number in &numbers {
            stands.add(some[number].danger);
        }
        if stands.hard + stands.ordinary == 0 {
            continue;
        }
        let Some(fewer) = without(files, rule) else {
            continue;
        };
        let engine = Engine::load(&fewer, Some(model.clone())).expect("files without a rule");
        let mut gone = Count::default();
        for &number in numbers
            .iter()
            .filter(|number| !alarm(&look(&engine, some[**number])))
        {
            gone.add(some[number].danger);
        }
        rows.push((rule, stands, gone));
    }
    rows.sort_by_key(|(_, stands, gone)| {
        std::cmp::Reverse((gone.hard + gone.ordinary, stands.hard + stands.ordinary))
    });
    println!(
        "\n| rule | beside alarms: emergencies | concerns | hard negatives | ordinary | gone without it: emergencies | concerns | hard negatives | ordinary |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (rule, stands, gone) in rows {
        println!("| {rule} | {} | {} |", stands.cells(), gone.cells());
    }
}
