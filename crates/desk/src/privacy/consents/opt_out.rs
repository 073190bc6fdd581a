//! The words that end mails when they are all that somebody writes: `clinic/opt_out.toml`.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static WORDS: LazyLock<BTreeMap<String, Words>> = LazyLock::new(|| {
    let text = include_str!("../../../../../clinic/opt_out.toml");
    toml::from_str(text).expect("the program's own file, read by a test")
});

/// Longest message that is looked at, in bytes: no word is nearly as long.
const LONGEST: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    words: Vec<String>,
}

/// The message in one line, without what stands around its words.
fn plain(message: &str) -> Option<String> {
    let message = message.trim();
    if message.is_empty() || message.len() > LONGEST {
        return None;
    }
    let words: Vec<&str> = message.split_whitespace().collect();
    let line = words.join(" ").to_lowercase();
    let mark = |c: char| !c.is_alphanumeric();
    Some(line.trim_matches(mark).to_owned())
}

/// Whether a message says nothing but that such mails shall end.
pub fn is_opt_out(message: &str) -> bool {
    let Some(line) = plain(message) else {
        return false;
    };
    WORDS.values().any(|list| list.words.contains(&line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_words_of_the_rule_are_heard_however_they_are_typed() {
        for word in [
            "STOP",
            "stop.",
            " Quit\r\n",
            "End!",
            "REVOKE",
            "Opt out",
            "opt\nout",
            "CANCEL",
            "\"Unsubscribe\"",
            "¡ALTO!",
            "Cancelar",
            "no más",
            "Darme de baja.",
        ] {
            assert!(is_opt_out(word), "{word}");
        }
    }

    #[test]
    fn words_among_others_are_no_opt_out() {
        for text in [
            "",
            "   ",
            "...",
            "Stop the bleeding",
            "Please cancel my appointment",
            "When does it end?",
            "I can't stop coughing",
            "stop\n\nI need a refill",
            "Cancelar mi cita",
            "baja de peso",
        ] {
            assert!(!is_opt_out(text), "{text}");
        }
    }

    #[test]
    fn every_word_of_the_file_is_as_it_is_looked_for() {
        for word in WORDS.values().flat_map(|list| &list.words) {
            assert_eq!(plain(word).as_deref(), Some(word.as_str()));
        }
        assert_eq!(
            WORDS.keys().map(String::as_str).collect::<Vec<_>>(),
            ["en", "es"]
        );
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "\\PC*", around in "[ \\t\\n.!?\"*]{0,8}") {
            let _ = is_opt_out(&text);
            let framed = format!("{around}StOp{around}");
            prop_assert!(is_opt_out(&framed));
            let longer = format!("{around}StOp x{text}");
            prop_assert!(!is_opt_out(&longer));
        }
    }
}
