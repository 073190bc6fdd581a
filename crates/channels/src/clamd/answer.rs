//! What clamd answers.

/// Most bytes of an answer.
pub const MAX_ANSWER: usize = 1024;
/// Most characters of a signature's name that are kept.
pub const MAX_NAME: usize = 120;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing was found.
    Clean,
    /// Something was, by the name of its signature: letters, digits and `._-/` alone.
    Found(String),
}

/// Why an answer says nothing about the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The file is over one of the scanner's own limits.
    #[error("the file is over the scanner's limit")]
    TooLarge,
    /// An error of the scanner.
    #[error("an error")]
    Refused,
    /// No answer of clamd.
    #[error("no answer of clamd")]
    Garbled,
}

/// What clamd names a file over `MaxFileSize`, `MaxScanSize`, `MaxScanTime` and the like, where `AlertExceedsMax` is set: it
/// looked at a part of it, and knows nothing of the rest.
const OVER_A_LIMIT: &str = "Heuristics.Limits.Exceeded";

/// Reads the line that follows a stream: `stream: OK`, `stream: NAME FOUND`, or a line that ends in ` ERROR`.
pub fn read_answer(bytes: &[u8]) -> Result<Answer, AnswerError> {
    if bytes.len() > MAX_ANSWER {
        return Err(AnswerError::Garbled);
    }
    let end = bytes
        .iter()
        .rposition(|byte| !matches!(byte, 0 | b'\n' | b'\r'));
    let line = &bytes[..end.map_or(0, |end| end + 1)];
    let line = std::str::from_utf8(line).map_err(|_| AnswerError::Garbled)?;
    if line.chars().any(char::is_control) {
        return Err(AnswerError::Garbled);
    }
    if let Some(why) = line.strip_suffix(" ERROR") {
        return Err(if why.contains("size limit exceeded") {
            AnswerError::TooLarge
        } else {
            AnswerError::Refused
        });
    }
    let said = line.strip_prefix("stream: ").ok_or(AnswerError::Garbled)?;
    if said == "OK" {
        return Ok(Answer::Clean);
    }
    let found = said.strip_suffix(" FOUND").ok_or(AnswerError::Garbled)?;
    if found.starts_with(OVER_A_LIMIT) {
        return Err(AnswerError::TooLarge);
    }
    let name: String = found
        .chars()
        .map(|c| {
            let fine = c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
            if fine { c } else { '_' }
        })
        .take(MAX_NAME)
        .collect();
    // Whatever it is called, it was found.
    Ok(Answer::Found(if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_lines_that_clamd_writes_are_understood() {
        for (line, expected) in [
            ("stream: OK\0", Ok(Answer::Clean)),
            ("stream: OK\n", Ok(Answer::Clean)),
            (
                "stream: Win.Test.EICAR_HDB-1 FOUND\0",
                Ok(Answer::Found("Win.Test.EICAR_HDB-1".to_owned())),
            ),
            (
                "stream: Own name(x).UNOFFICIAL FOUND\0",
                Ok(Answer::Found("Own_name_x_.UNOFFICIAL".to_owned())),
            ),
            ("stream:  FOUND\0", Ok(Answer::Found("unnamed".to_owned()))),
            (
                "INSTREAM size limit exceeded. ERROR\0",
                Err(AnswerError::TooLarge),
            ),
            (
                "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
                Err(AnswerError::TooLarge),
            ),
            (
                "stream: Can't allocate memory ERROR\0",
                Err(AnswerError::Refused),
            ),
            ("UNKNOWN COMMAND\0", Err(AnswerError::Garbled)),
            ("stream: OK\0stream: X FOUND\0", Err(AnswerError::Garbled)),
            ("stream: ok\0", Err(AnswerError::Garbled)),
            ("220 mail.example ESMTP\r\n", Err(AnswerError::Garbled)),
            ("", Err(AnswerError::Garbled)),
        ] {
            assert_eq!(read_answer(line.as_bytes()), expected, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_survived_and_only_one_line_means_clean(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            if read_answer(&bytes) == Ok(Answer::Clean) {
                prop_assert!(bytes.starts_with(b"stream: OK"));
            }
        }

        #[test]
        fn what_was_found_is_found_by_a_harmless_name(name in ".{0,300}") {
            match read_answer(format!("stream: {name} FOUND\0").as_bytes()) {
                Ok(Answer::Found(kept)) => {
                    prop_assert!((1..=MAX_NAME).contains(&kept.len()));
                    prop_assert!(kept.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c)));
                }
                other => prop_assert!(other.is_err(), "{other:?}"),
            }
        }
    }
}
