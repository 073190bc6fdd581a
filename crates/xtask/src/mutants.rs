//! The rules of who may see and do what, changed one at a time in every way that `cargo mutants` knows (MIT). A change that
//! no test notices is a rule that nothing holds.

use crate::cache;
use crate::commands::{cargo, run_and_read};
use crate::machine;
use anyhow::Result;

/// How it went.
pub struct Told {
    /// Whether a test noticed each change that could be built, and most could.
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
        // A body that is left out leaves arguments that nothing uses: that is no reason not to try it.
        "--cap-lints=true",
    ]);
    mutants
        .arg("--output")
        .arg(report.path())
        .env("PATH", path)
        // Kept, so that the next run builds the dependencies no more.
        .env("CARGO_TARGET_DIR", cache::folder()?.join("mutants"));
    let ended = run_and_read(mutants)?;
    let counts = ended.lines.iter().rev().find_map(|line| Counts::of(line));
    let counts = counts.unwrap_or_default();
    Ok(Told {
        // By its own word it is fine when it found nothing to change, and when nothing that it changed could be built.
        fine: ended.fine && counts.are_fine(),
        tried: counts.tried,
    })
}

/// The numbers in "181 mutants tested in 4m: 146 caught, 35 unviable".
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    tried: u32,
    caught: u32,
    unviable: u32,
    /// Of any other kind: missed, timed out.
    others: u32,
}

impl Counts {
    fn of(line: &str) -> Option<Self> {
        let (number, rest) = line.trim().split_once(' ')?;
        let (_, parts) = rest.strip_prefix("mutants tested")?.split_once(": ")?;
        let mut counts = Self {
            tried: number.parse().ok()?,
            ..Self::default()
        };
        for part in parts.split(", ") {
            let (number, kind) = part.split_once(' ')?;
            let number = number.parse().ok()?;
            match kind {
                "caught" => counts.caught = number,
                "unviable" => counts.unviable = number,
                _ => counts.others += number,
            }
        }
        Some(counts)
    }

    /// Whether the tests noticed what was changed. A build that fails for reasons of its own makes every change unviable.
    const fn are_fine(&self) -> bool {
        self.caught > 0 && self.others == 0 && self.unviable <= self.tried / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_48_a_rule_that_is_turned_round_unseen_fails_the_run() {
        let of = |line| Counts::of(line).unwrap();
        let fine = of("181 mutants tested in 4m: 146 caught, 35 unviable");
        let expected = Counts {
            tried: 181,
            caught: 146,
            unviable: 35,
            others: 0,
        };
        assert_eq!(fine, expected);
        assert!(fine.are_fine());
        for line in [
            "181 mutants tested in 4m: 181 unviable",
            "181 mutants tested in 4m: 1 missed, 180 caught",
            "181 mutants tested in 4m: 180 caught, 1 timeout",
            "181 mutants tested in 4m: 60 caught, 121 unviable",
            "2 mutants tested in 4s: 2 missed",
        ] {
            assert!(!of(line).are_fine(), "{line}");
        }
        for other in ["Found 181 mutants to test", "", "no mutants tested"] {
            assert_eq!(Counts::of(other), None, "{other}");
        }
        assert!(!Counts::default().are_fine());
    }

    /// What decides how sure the desk is of somebody, and which address confirms anything, is among what is turned round.
    #[test]
    fn attack_48_levels_and_addresses_are_among_what_is_turned_round() {
        let turned = include_str!("../../access/src/standing.rs");
        for rule in ["standing", "shown", "opens", "reaches", "usable"] {
            assert!(
                turned.contains(&format!("fn {rule}<")) || turned.contains(&format!("fn {rule}(")),
                "{rule}"
            );
        }
        // The desk says them of its own patients and instants, and decides nothing of it.
        let desk = include_str!("../../desk/src/identity/model.rs");
        for decided in [
            "Level::L1 =>",
            "if until > now",
            "Unusable::New(",
            "Level::L3,\n",
        ] {
            assert!(!desk.contains(decided), "{decided}");
        }
    }
}
