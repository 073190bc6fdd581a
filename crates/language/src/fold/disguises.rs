//! Words that are known under a disguise, and by which somebody speaks of themselves, from `language/disguises.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::chars::is_wide;
use super::hidden::LONGEST;
use crate::clinic::{ClinicFiles, File, LoadError};
use crate::language::Language;

/// Where they stand, below the clinic's folder.
const FILE: &str = "language/disguises.toml";
/// Most words of one kind. Keeps loading and looking bounded.
const MOST: usize = 1_000;
/// Bytes of the longest word that may stand in the file.
const MAX_WORD: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    words: Vec<RawWords>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWords {
    kind: Spanned<String>,
    language: Spanned<String>,
    words: Spanned<String>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

/// The words.
#[derive(Debug, Default)]
pub(crate) struct Disguises {
    /// A letter of them may be covered.
    covered: BTreeSet<String>,
    /// A row of single letters is read from them.
    spelled: BTreeSet<String>,
    /// Somebody speaks of themselves.
    oneself: BTreeSet<String>,
}

impl Disguises {
    pub fn read(files: &ClinicFiles) -> Result<Self, LoadError> {
        let file = File::open(files, FILE)?;
        let mut all = Self::default();
        for entry in file.toml::<RawFile>()?.words {
            let (list, is_plain) = match entry.kind.get_ref().as_str() {
                "covered" => (&mut all.covered, true),
                "spelled" => (&mut all.spelled, true),
                "oneself" => (&mut all.oneself, false),
                unknown => {
                    let reason = format!("unknown kind \"{unknown}\"");
                    return Err(file.error(entry.kind.span(), reason));
                }
            };
            let tag = entry.language.get_ref();
            if !Language::ALL.iter().any(|one| one.tag() == tag) {
                let reason = format!("unknown language \"{tag}\"");
                return Err(file.error(entry.language.span(), reason));
            }
            file.grounds(&entry.reason, &entry.review)?;
            let before = list.len();
            for word in entry.words.get_ref().split_whitespace() {
                let fits = if is_plain {
                    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
                    word.len() <= LONGEST && word.bytes().all(plain)
                } else {
                    word.len() <= MAX_WORD && word.to_lowercase() == word
                };
                if !fits {
                    let reason = format!("\"{word}\" is never found: {}", rule(is_plain));
                    return Err(file.error(entry.words.span(), reason));
                }
                list.insert(word.to_owned());
            }
            if list.len() > MOST {
                let reason = format!("more than {MOST} words of a kind");
                return Err(file.error(entry.words.span(), reason));
            }
            if entry.words.get_ref().trim().is_empty() || list.len() == before {
                let reason = "an entry needs at least one word that no other of its kind has";
                return Err(file.error(entry.words.span(), reason));
            }
        }
        let lists = [
            ("covered", &all.covered),
            ("spelled", &all.spelled),
            ("oneself", &all.oneself),
        ];
        if let Some((kind, _)) = lists.iter().find(|(_, list)| list.is_empty()) {
            let reason = format!("there are no words of the kind \"{kind}\"");
            return Err(LoadError::whole(FILE, reason));
        }
        Ok(all)
    }

    /// Words a letter of which may be covered, none twice.
    pub(super) fn covered(&self) -> impl Iterator<Item = &str> {
        self.covered.iter().map(String::as_str)
    }

    /// Whether rows of single letters are read from this word.
    pub(super) fn is_spelled(&self, letters: &str) -> bool {
        self.spelled.contains(letters)
    }

    /// Whether somebody speaks of themselves in these words.
    pub fn speaks_of_oneself(&self, words: &str) -> bool {
        let words = words.to_lowercase();
        let apart = |c: char| c.is_whitespace() || c.is_ascii_punctuation() || c == '’';
        let mut each = words.split(apart);
        each.any(|word| self.oneself.contains(word))
            // Chinese puts no space between words.
            || words.chars().any(|c| is_wide(c) && !super::is_hangul(c) && self.oneself.contains(c.encode_utf8(&mut [0; 4]) as &str))
    }
}

const fn rule(is_plain: bool) -> &'static str {
    if is_plain {
        "a word has at most ten small letters without accents"
    } else {
        "a word is written small, in at most forty bytes"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clinic::tests::tongue_files;

    fn shipped() -> Disguises {
        Disguises::read(&tongue_files()).unwrap()
    }

    /// FNV-1a of the words, one a line.
    fn sum(list: &BTreeSet<String>) -> u64 {
        let bytes = list.iter().flat_map(|word| word.bytes().chain([b'\n']));
        bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    /// The model that ships was trained on texts that were read with these words. Who changes them trains it anew and
    /// measures it, and only then writes the new figures here.
    #[test]
    fn the_shipped_model_was_trained_with_these_words() {
        let all = shipped();
        let told = [&all.covered, &all.spelled].map(|list| (list.len(), sum(list)));
        assert_eq!(
            told,
            [(44, 0x7d00_7748_d18c_eae6), (109, 0x34ce_2f20_df3c_87e4)]
        );
        assert_eq!(
            (all.oneself.len(), sum(&all.oneself)),
            (41, 0xb455_6732_b192_5dda)
        );
    }

    #[test]
    fn somebody_speaks_of_themselves_in_any_language() {
        let all = shipped();
        for words in [
            "I'm dying",
            "took all pills",
            "quiero morirme",
            "我想死",
            "tôi muốn chết",
            "나 죽고 싶어",
        ] {
            assert!(all.speaks_of_oneself(words), "{words}");
        }
        for words in ["seizure action plan", "my plan", "imi", "나는", ""] {
            assert!(!all.speaks_of_oneself(words), "{words}");
        }
    }

    #[test]
    fn what_is_never_found_is_refused_with_its_line() {
        let entry = |kind: &str, language: &str, words: &str| {
            format!(
                "[[words]]\nkind = \"{kind}\"\nlanguage = \"{language}\"\nwords = \"{words}\"\nreason = \"r\"\nreview = \"2027-05-01\"\n"
            )
        };
        let read = |text: String| Disguises::read(&[(FILE.to_owned(), text)].into());
        let whole = || {
            let kinds = ["covered", "spelled", "oneself"];
            kinds.map(|kind| entry(kind, "en", "word")).concat()
        };
        assert!(read(whole()).is_ok());
        for (text, line, reason) in [
            (entry("other", "en", "word"), 2, "unknown kind"),
            (entry("covered", "xx", "word"), 3, "unknown language"),
            (entry("covered", "en", "Word"), 4, "never found"),
            (entry("covered", "en", "señal"), 4, "never found"),
            (entry("spelled", "en", "suicidalness"), 4, "never found"),
            (entry("oneself", "en", "Ich"), 4, "never found"),
            (entry("covered", "en", " "), 4, "at least one word"),
            (
                entry("covered", "en", "word").replace("\"r\"", "\"\""),
                5,
                "empty",
            ),
            (
                entry("covered", "en", "word").replace("2027-05-01", "soon"),
                6,
                "review",
            ),
            (entry("covered", "en", "word"), 0, "\"spelled\""),
        ] {
            let refused = read(text).unwrap_err();
            assert!(
                refused.line == line && refused.reason.contains(reason),
                "{refused}"
            );
        }
        let twice = read(whole() + &entry("covered", "es", "word")).unwrap_err();
        assert_eq!(twice.line, 22, "{twice}");
    }
}
