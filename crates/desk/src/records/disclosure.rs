//! What may be said or given to whoever asks (`bedside_access` decides), with what is missing and the next step in words.

use crate::error::DeskError;
use bedside_access::{Class, LetOut, Level, Missing, Shown};

/// Lets words of this class out, or says what is missing and the next step.
pub fn let_out(shown: Shown, class: Class) -> Result<LetOut, DeskError> {
    bedside_access::let_out(shown, class).map_err(refusal)
}

const fn refusal(missing: Missing) -> DeskError {
    let (code, text) = match missing {
        Missing::Scope => (
            "outside_scope",
            "Whoever asks may not hear this for the patient. Answer in general terms, or add what they may hear, with the patient's word or a document.",
        ),
        Missing::Level(Level::L0 | Level::L1) => (
            "needs_level_1",
            "Compare name, birth date and one thing more first, or answer in general terms.",
        ),
        Missing::Level(Level::L2) => (
            "needs_level_2",
            "Who is asking has to be verified to level 2 first, with a code to an address on file. Or answer in general terms; an emergency can be opened with a reason.",
        ),
        Missing::Level(Level::L3) => (
            "needs_level_3",
            "Who is asking has to be verified to level 3 first, with a call back or a second person. Or answer in general terms.",
        ),
        Missing::Both => (
            "both_needed",
            "Something here asks for both: a call back, and a second person.",
        ),
    };
    DeskError::Conflict { code, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_that_is_missing_has_a_next_step_of_its_own() {
        for (missing, code) in [
            (Missing::Scope, "outside_scope"),
            (Missing::Level(Level::L1), "needs_level_1"),
            (Missing::Level(Level::L2), "needs_level_2"),
            (Missing::Level(Level::L3), "needs_level_3"),
            (Missing::Both, "both_needed"),
        ] {
            assert_eq!(refusal(missing).code(), code);
        }
    }
}
