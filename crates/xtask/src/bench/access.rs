//! What it costs to ask whether somebody may, to mask and to note a read: measured in the process itself by the desk's
//! example `access_cost`, because no request does without.

use super::Options;
use super::desk::Store;
use super::figures::{Figure, Target};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Name in the report, target, field of what the example prints, unit.
const FIGURES: [(&str, Target, &str, &str); 6] = [
    ("access: decide", Target::AtMost(20.0), "decision_us", "µs"),
    (
        "access: who is behind a session",
        Target::None,
        "session_us",
        "µs",
    ),
    (
        "access: mask 50 of a list, processor time",
        Target::AtMost(1.0),
        "mask_cpu_ms",
        "ms",
    ),
    (
        "access: mask 50 of a list, time an answer",
        Target::AtMost(1.0),
        "mask_time_ms",
        "ms",
    ),
    (
        "access: note a read, processor time",
        Target::AtMost(0.1),
        "note_cpu_share",
        "of the request",
    ),
    (
        "access: note a read, time an answer",
        Target::AtMost(0.1),
        "note_time_share",
        "of the request",
    ),
];

/// Whether any of this is asked for.
pub fn is_wanted(options: &Options) -> bool {
    FIGURES.iter().any(|(name, ..)| options.wants(name))
}

/// Measures it on a loaded desk that does not run.
pub fn measure(program: &Path, store: &Store, options: &Options) -> Result<Vec<Figure>> {
    let output = Command::new(program.with_file_name("examples").join("access_cost"))
        .arg(store.folder())
        .arg(options.rounds.to_string())
        .arg(options.seconds.to_string())
        .env_remove("BEDSIDE_CACHE")
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found: Value = serde_json::from_slice(&output.stdout)?;
    FIGURES
        .iter()
        .filter(|(name, ..)| options.wants(name))
        .map(|&(name, target, field, unit)| {
            let values = found[field].as_array().context(field)?;
            let values = values.iter().filter_map(Value::as_f64).collect();
            Ok(Figure::values(name, target, values, unit))
        })
        .collect()
}
