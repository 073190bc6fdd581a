//! When somebody is to look at what the files say again.

use std::collections::BTreeMap;

use jiff::civil::Date;
use toml::de::{DeTable, DeValue};

use super::{ClinicFiles, File};

/// Most lines at the head of a list of words in which its reason and its date are looked for.
pub(super) const HEAD: usize = 10;

/// A date on which somebody is to look at something again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Review {
    /// The first day on which it is due.
    pub on: Date,
    /// The line of the file that says so, counted from 1.
    pub line: usize,
}

/// The dates in the files under `language/` that can be used, by file, in the order of their lines. In TOML it is the key
/// `review` of anything, in a list of words the line `# review: 2027-05-31` at its head. What can't be read has none:
/// whoever loads the files says what is wrong with it.
pub fn reviews(files: &ClinicFiles) -> BTreeMap<String, Vec<Review>> {
    let mut all = BTreeMap::new();
    for name in files.keys().filter(|name| name.starts_with("language/")) {
        let Ok(file) = File::open(files, name.as_str()) else {
            continue;
        };
        let is_list = name.rsplit('.').next() == Some("txt");
        let mut found = if is_list {
            at_head(file.text())
        } else {
            DeTable::parse(file.text())
                .map_or_else(|_| Vec::new(), |table| in_table(&file, table.get_ref()))
        };
        found.sort_unstable_by_key(|review| review.line);
        if !found.is_empty() {
            all.insert(name.clone(), found);
        }
    }
    all
}

fn in_table(file: &File<'_>, table: &DeTable<'_>) -> Vec<Review> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value.get_ref() {
            DeValue::String(date) if key.get_ref() == "review" => {
                let line = file.error(value.span(), "").line;
                found.extend(date.parse().map(|on| Review { on, line }));
            }
            DeValue::Table(inner) => found.extend(in_table(file, inner)),
            DeValue::Array(entries) => {
                for entry in entries {
                    if let DeValue::Table(inner) = entry.get_ref() {
                        found.extend(in_table(file, inner));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn at_head(text: &str) -> Vec<Review> {
    let dates = (1..)
        .zip(text.lines().take(HEAD))
        .filter_map(|(line, text)| {
            let date = text.strip_prefix("# review:")?;
            let on = date.trim().parse().ok()?;
            Some(Review { on, line })
        });
    dates.collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dates_are_found_wherever_they_stand() {
        let files: ClinicFiles = [
            (
                "language/a.toml",
                "[[entry]]\nid = \"x\"\nreview = \"2027-05-01\"\n[list]\nof = [{ review=\"2026-01-31\" }] # one more\n",
            ),
            ("language/list.txt", "# Small words.\n# review: 2027-02-03\nreview: 2000-01-01\n"),
            ("language/broken.toml", "review = \"2027-05-01\"\nreview = \"2027-05-01\"\n"),
            ("language/none.toml", "review = \"soon\"\n"),
            ("hours.toml", "review = \"2027-05-01\"\n"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
        let found = reviews(&files);
        let names: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["language/a.toml", "language/list.txt"]);
        let lines = |name: &str| -> Vec<_> { found[name].iter().map(|r| (r.line, r.on)).collect() };
        assert_eq!(
            lines("language/a.toml"),
            [(3, date(2027, 5, 1)), (5, date(2026, 1, 31))]
        );
        assert_eq!(lines("language/list.txt"), [(2, date(2027, 2, 3))]);
    }
}
