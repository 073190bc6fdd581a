//! Whether a file may be opened, and when one that could not be looked at is tried again.

use crate::codes::codes;
use crate::config::Config;
use crate::error::DeskError;
use crate::timeline::AttachmentView;
use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};

codes! {
    /// What a virus scanner said of a file.
    Scan {
        /// Nothing yet: it is about to look.
        Waiting = "waiting",
        /// Nothing was found.
        Clean = "clean",
        /// Something harmful was.
        Infected = "infected",
        /// It could not look, and is asked again.
        Failed = "failed",
        /// No scanner was set when it came.
        Unscanned = "unscanned",
    }
}

codes! {
    /// Why somebody needs a picture as it came, with all that its camera wrote into it.
    Why {
        /// It is evidence, or may become it.
        Evidence = "evidence",
        /// Care needs to know when or where it was taken.
        Care = "care",
        /// The copy can't be opened, or none can be made.
        Damaged = "damaged",
    }
}

/// What happens with files that the scanner could not look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum UnscannedFiles {
    /// Nobody opens them until it could.
    #[default]
    Hold,
    /// They are opened, with a warning beside them.
    Warn,
}

impl TryFrom<String> for UnscannedFiles {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        match text.as_str() {
            "hold" => Ok(Self::Hold),
            "warn" => Ok(Self::Warn),
            _ => Err("it must be \"hold\" or \"warn\""),
        }
    }
}

/// Code of the error for a file that is being looked at.
pub const WAITING: &str = "file_waiting";
/// Code of the error for a file that could not be looked at yet.
pub const UNCHECKED: &str = "file_unchecked";
/// Code of the error for a harmful file.
pub const INFECTED: &str = "file_infected";

/// Whether a file of which the scanner said this leaves the desk, by whichever way. What was found harmful stays harmful when
/// no scanner is set any more.
///
/// # Errors
/// [`DeskError::Conflict`] with [`WAITING`], [`UNCHECKED`] or [`INFECTED`].
pub fn may_open(config: &Config, scan: Scan) -> Result<(), DeskError> {
    let refused = |code, text| Err(DeskError::Conflict { code, text });
    let is_held = config.scanner.is_some() && config.unscanned_files == UnscannedFiles::Hold;
    match scan {
        Scan::Infected => refused(
            INFECTED,
            "The virus scanner found something harmful in this file. It is kept sealed and opened by nobody.",
        ),
        Scan::Waiting if config.scanner.is_some() => refused(
            WAITING,
            "This file is being checked for viruses. Try again in a few seconds.",
        ),
        // From before the scanner was set: its turn comes by itself.
        Scan::Unscanned if is_held => refused(
            WAITING,
            "This file is being checked for viruses. Try again in a few seconds.",
        ),
        Scan::Failed if is_held => refused(
            UNCHECKED,
            "This file could not be checked for viruses yet. It is tried again by itself.",
        ),
        Scan::Clean | Scan::Waiting | Scan::Unscanned | Scan::Failed => Ok(()),
    }
}

impl AttachmentView {
    /// [`may_open`] for this file.
    pub fn may_be_opened(&self, config: &Config) -> Result<(), DeskError> {
        may_open(config, self.scan)
    }
}

/// When a look that failed `since` is tried again: after half as long as it has been failing. A file over the scanner's
/// limits waits for somebody to raise them.
pub(super) fn next_try(code: &str, since: Timestamp, now: Timestamp) -> Timestamp {
    let longest = if code == "too_large" { 6 * 3600 } else { 900 };
    now.plus_seconds((now.seconds_since(since) / 2).clamp(5, longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_looked_at_is_opened_where_a_scanner_is_set() {
        use Scan::{Clean, Failed, Infected, Unscanned, Waiting};
        let scanner = || Some("/run/clamd.ctl".parse().unwrap());
        let said = |scanner, unscanned_files, scan| {
            let config = Config {
                scanner,
                unscanned_files,
                ..Config::default()
            };
            may_open(&config, scan).map_err(|error| error.code().to_owned())
        };
        for held in [UnscannedFiles::Hold, UnscannedFiles::Warn] {
            assert_eq!(said(None, held, Infected), Err(INFECTED.to_owned()));
            assert_eq!(said(scanner(), held, Infected), Err(INFECTED.to_owned()));
            assert_eq!(said(scanner(), held, Waiting), Err(WAITING.to_owned()));
            assert_eq!(said(scanner(), held, Clean), Ok(()));
            for scan in [Waiting, Clean, Failed, Unscanned] {
                assert_eq!(said(None, held, scan), Ok(()));
            }
        }
        let hold = |scan| said(scanner(), UnscannedFiles::Hold, scan);
        assert_eq!(hold(Failed), Err(UNCHECKED.to_owned()));
        assert_eq!(hold(Unscanned), Err(WAITING.to_owned()));
        for scan in [Failed, Unscanned] {
            assert_eq!(said(scanner(), UnscannedFiles::Warn, scan), Ok(()));
        }
    }

    #[test]
    fn a_look_that_fails_is_tried_again_ever_more_seldom() {
        let since = Timestamp::from_micros(0);
        for (code, failing, pause) in [
            ("unreachable", 0, 5),
            ("unreachable", 60, 30),
            ("unreachable", 86_400, 900),
            ("too_large", 86_400, 21_600),
        ] {
            let now = since.plus_seconds(failing);
            let next = next_try(code, since, now);
            assert_eq!(next.seconds_since(now), pause, "{code} {failing}");
        }
    }
}
