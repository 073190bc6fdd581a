//! Prints how long the coach, the listener for distress and the themes take for a text of 2,000 characters, and, given
//! the path of the NHS feedback sample, how themes and sentiment compare with its labels (`cargo run --release
//! --example kindness -p bedside-language [-- FILE]`).

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use bedside_language::ClinicFiles;
use bedside_language::coach::{Coach, Context};
use bedside_language::distress::Listener;
use bedside_language::themes::{Sentiment, Themes};

fn main() {
    let mut files = ClinicFiles::new();
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../clinic"));
    for folder in ["language", "language/coach"] {
        for entry in std::fs::read_dir(root.join(folder))
            .expect("the clinic's folder")
            .flatten()
        {
            if let (Ok(text), Some(name)) = (
                std::fs::read_to_string(entry.path()),
                entry.file_name().to_str(),
            ) {
                files.insert(format!("{folder}/{name}"), text);
            }
        }
    }
    let start = Instant::now();
    let coach = Coach::load(&files).expect("the shipped files load");
    let listener = Listener::load(&files).expect("the shipped files load");
    let themes = Themes::load(&files).expect("the shipped files load");
    println!(
        "load all three    {:>8.1} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    if let Some(file) = std::env::args().nth(1) {
        return compare(
            &themes,
            &listener,
            &std::fs::read_to_string(file).expect("the sample"),
        );
    }
    for (language, sentence) in [("en", EN), ("es", ES)] {
        let draft: String = sentence.chars().cycle().take(2_000).collect();
        let context = Context {
            language,
            name: Some("Ana Ruiz"),
            patient: &draft,
            distress: None,
            clinical: false,
        };
        measure(&format!("coach {language}, 2,000 characters"), || {
            black_box(coach.advise(&draft, &context));
        });
        measure(&format!("distress {language}"), || {
            black_box(listener.look(&draft));
        });
        measure(&format!("themes {language}"), || {
            black_box(themes.look(&draft));
        });
    }
}

const EN: &str = "Hello, we received your inquiry regarding the deductible and the copayment for your MRI on May 3. \
    As I already said, it is not our policy to change a claim prior to the explanation of benefits, and you should have \
    called us. The provider will utilize the lab results in order to ascertain whether hypertension is chronic. ";
const ES: &str = "Hola, recibimos su solicitud con respecto a su deducible y al copago de la resonancia magnética. Como ya \
    le dije, no es nuestra política cambiar la reclamación previo a la explicación de beneficios. El proveedor va a \
    utilizar los resultados con el fin de verificar si la hipertensión es crónica. ";

fn measure(what: &str, run: impl Fn()) {
    let mut times: Vec<f64> = (0..1_000)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{what:<28}{:>8.1} µs (median), {:.1} µs (p99)",
        times[500], times[990]
    );
}

/// Our theme, and the labels of the sample that mean the same.
const SAME: &[(&str, &[&str])] = &[
    ("waiting", &["Timeliness of care", "Staff responsiveness"]),
    ("staff_manner", &["Staff manner & personal attributes"]),
    (
        "listening",
        &["Staff listening, understanding & involving patients"],
    ),
    (
        "information",
        &[
            "Unspecified communication",
            "Information directly from staff during care",
            "Information provision & guidance",
            "Being kept informed, clarity & consistency of information",
        ],
    ),
    (
        "appointment_access",
        &["Appointment arrangements", "Appointment method"],
    ),
    ("phone_access", &["Contacting services"]),
    ("pain", &["Pain management"]),
    (
        "quality_of_care",
        &[
            "Competence & training",
            "Impact of treatment/ care",
            "Organisation & efficiency",
        ],
    ),
    ("diagnosis", &["Diagnosis & triage"]),
    ("medicines", &["Supplying & understanding medication"]),
    ("records_results", &["Patient records"]),
    (
        "continuity",
        &["Referals & continuity of care", "Staff continuity"],
    ),
    ("discharge", &["Discharge"]),
    (
        "cleanliness",
        &["Cleanliness, tidiness & infection control"],
    ),
    (
        "facilities",
        &[
            "Environment & Facilities",
            "Food & drink provision & facilities",
            "Activities & access to fresh air",
            "Sensory experience",
            "Provision of medical equipment",
            "Electronic entertainment",
        ],
    ),
    (
        "getting_here",
        &["Transport to/ from services", "Service location", "Parking"],
    ),
    ("staffing", &["Number & deployment of staff"]),
    ("privacy_safety", &["Feeling safe"]),
    ("language_fairness", &["Equality, Diversity & Inclusion"]),
];

fn compare(themes: &Themes, listener: &Listener, csv: &str) {
    let rows = read(csv);
    let Some((header, rows)) = rows.split_first() else {
        return;
    };
    let column = |name: &str| header.iter().position(|field| field == name);
    let (Some(text), Some(sentiment)) = (column("FFT answer"), column("Comment sentiment")) else {
        return;
    };
    let mut counts: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    let (mut labelled, mut exact, mut side, mut near, mut distressed) =
        (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    let mut confusion = [[0_u32; 5]; 5];
    for row in rows.iter().filter(|row| row.len() == header.len()) {
        let found = themes.look(&row[text]);
        distressed += u32::from(listener.look(&row[text]).is_some());
        if let Ok(label @ 1..=5) = row[sentiment].parse::<usize>() {
            let ours = match found.sentiment {
                Sentiment::VeryPositive => 1,
                Sentiment::Positive => 2,
                Sentiment::Neutral => 3,
                Sentiment::Negative => 4,
                Sentiment::VeryNegative => 5,
            };
            confusion[label - 1][ours - 1] += 1;
            labelled += 1;
            exact += u32::from(ours == label);
            near += u32::from(ours.abs_diff(label) <= 1);
            side += u32::from(label.cmp(&3) == ours.cmp(&3));
        }
        for (code, labels) in SAME {
            let truth = labels
                .iter()
                .filter_map(|label| column(label))
                .any(|at| row[at] == "1");
            let ours = found.themes.iter().any(|theme| theme.code == *code);
            let counts = counts.entry(code).or_default();
            counts[0] += u32::from(truth && ours);
            counts[1] += u32::from(!truth && ours);
            counts[2] += u32::from(truth && !ours);
        }
    }
    println!(
        "{} comments, {labelled} with a sentiment; {distressed} with distress",
        rows.len()
    );
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
    println!(
        "sentiment: side {:.3}, within one step {:.3}, exact {:.3}",
        share(side, labelled),
        share(near, labelled),
        share(exact, labelled)
    );
    println!("labels down, ours across, very positive first: {confusion:?}");
    let mut all = [0_u32; 3];
    for (code, [hit, extra, missed]) in &counts {
        for (sum, one) in all.iter_mut().zip([hit, extra, missed]) {
            *sum += one;
        }
        println!(
            "{code:<20} precision {:.2} recall {:.2} (of {})",
            share(*hit, hit + extra),
            share(*hit, hit + missed),
            hit + missed
        );
    }
    println!(
        "all: precision {:.2} recall {:.2}",
        share(all[0], all[0] + all[1]),
        share(all[0], all[0] + all[2])
    );
}

/// Fields of a CSV file: quotes, doubled quotes, line breaks in quotes.
fn read(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            c => field.push(c),
        }
    }
    if !row.is_empty() || !field.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}
