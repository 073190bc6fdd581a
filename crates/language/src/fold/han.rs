//! Traditional and simplified Chinese characters, from `language/han.txt`.

use foldhash::{HashMap, HashSet};

use crate::clinic::{ClinicFiles, File, LoadError};

/// Which characters are the same, but for the script.
#[derive(Debug, Default)]
pub(crate) struct Han {
    /// The simplified form of traditional ones.
    simple: HashMap<char, char>,
    /// Those that stand in simplified texts only.
    simple_only: HashSet<char>,
}

impl Han {
    pub fn read(files: &ClinicFiles) -> Result<Self, LoadError> {
        let file = File::open(files, "language/han.txt")?;
        let mut han = Self::default();
        for (at, pair) in file.list()? {
            let mut signs = pair.chars();
            let (Some(old), Some(new), None) = (signs.next(), signs.next(), signs.next()) else {
                let reason =
                    format!("\"{pair}\" is no pair of a traditional and a simplified character");
                return Err(file.error(at..at, reason));
            };
            han.simple.insert(old, new);
            han.simple_only.insert(new);
        }
        Ok(han)
    }

    /// The simplified form of a character.
    pub fn simplified(&self, c: char) -> char {
        self.simple.get(&c).copied().unwrap_or(c)
    }

    /// Whether a character is written in traditional (`Some(true)`) or in simplified texts only.
    pub fn is_traditional(&self, c: char) -> Option<bool> {
        if self.simple.contains_key(&c) {
            Some(true)
        } else {
            self.simple_only.contains(&c).then_some(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pair_is_refused_with_its_line() {
        let read = |text: &str| {
            let text = format!("# reason: pairs\n# review: 2027-05-01\n{text}");
            Han::read(&[("language/han.txt".to_owned(), text)].into())
        };
        let han = read("# Pairs.\n醫医 藥药\n").unwrap();
        assert_eq!((han.simplified('藥'), han.simplified('X')), ('药', 'X'));
        let told = ['醫', '医', '人'].map(|c| han.is_traditional(c));
        assert_eq!(told, [Some(true), Some(false), None]);
        for text in ["", "# Pairs.\n\n"] {
            let refused = read(text).unwrap_err();
            assert_eq!(refused.reason, "the list is empty");
        }
        for text in ["醫医\n藥", "醫医\n藥药个", "醫医\n藥 药"] {
            let refused = read(text).unwrap_err();
            assert!(
                refused.line == 4 && refused.reason.contains("no pair"),
                "{refused}"
            );
        }
    }
}
