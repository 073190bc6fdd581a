//! The rules of who may see and do what, changed one at a time in every way that `cargo mutants` knows (MIT). A change that
//! no test notices is a rule that nothing holds.

use crate::cache;
use crate::commands::{cargo, run_and_read};
use crate::machine;
use anyhow::Result;

/// How it went.
pub struct Told {
    /// Whether a test noticed each change.
    pub fine: bool,
    /// How many changes were tried.
    pub tried: u32,
}

/// Changes the crate `bedside-access`, and nothing else: it is small, so that each change is built and tested in a second.
pub fn of_access() -> Result<Told> {
    let path = machine::mutants()?;
    let report = tempfile::tempdir()?;
    let mut mutants = cargo(&[
        "mutants",
        "--package",
        "bedside-access",
        "--cargo-arg=--locked",
    ]);
    mutants
        .arg("--output")
        .arg(report.path())
        .env("PATH", path)
        // Kept, so that the next run builds the dependencies no more.
        .env("CARGO_TARGET_DIR", cache::folder()?.join("mutants"));
    let ended = run_and_read(mutants)?;
    let tried = ended.lines.iter().rev().find_map(|line| tried(line));
    let tried = tried.unwrap_or(0);
    Ok(Told {
        // One that found nothing to change is fine by its own word.
        fine: ended.fine && tried > 0,
        tried,
    })
}

/// The number in "181 mutants tested in 4m: 146 caught, 35 unviable".
fn tried(line: &str) -> Option<u32> {
    let (number, rest) = line.trim().split_once(' ')?;
    rest.starts_with("mutants tested")
        .then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_read() {
        let line = "181 mutants tested in 4m: 146 caught, 35 unviable";
        assert_eq!(tried(line), Some(181));
        for other in ["Found 181 mutants to test", "", "no mutants tested"] {
            assert_eq!(tried(other), None, "{other}");
        }
    }
}
