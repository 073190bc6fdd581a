//! What is unusual about looks at patients' data, as pure rules over the looks of one day.

use crate::codes::codes;
use crate::ids::{ApiTokenId, StaffId, SubjectId};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// Days of one's own usual that are looked at, and fewer than which say nothing yet.
pub const USUAL_DAYS: (i64, usize) = (28, 5);
/// What a median absolute deviation is multiplied by to stand for a standard deviation of normally spread values.
const MAD_TO_SIGMA: f64 = 1.4826;

/// The role that stands beside the days of API tokens, which have none: tokens are compared with themselves alone.
pub const NO_ROLE: &str = "";

/// Whose looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Somebody of the staff.
    Person(StaffId),
    /// Another system, by its API token.
    Token(ApiTokenId),
}

impl Who {
    /// The id that stands in rows.
    pub const fn id(self) -> SubjectId {
        match self {
            Self::Person(id) => SubjectId::from_bytes(id.bytes()),
            Self::Token(id) => SubjectId::from_bytes(id.bytes()),
        }
    }

    /// What it is, as the audit log says.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "staff",
            Self::Token(_) => "token",
        }
    }

    /// Whom an entry of the log names, if it is one of these.
    pub fn of(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "staff" => id.parse().ok().map(Self::Person),
            "token" => id.parse().ok().map(Self::Token),
            _ => None,
        }
    }
}

codes! {
    /// Why somebody should look at what a colleague looked at.
    Rule {
        /// They looked at a record of their own.
        Own = "own",
        /// They have a family name in common with the patient.
        SameName = "same_name",
        /// The patient has a label, such as known to the public or works here.
        Label = "label",
        /// They looked at details of a patient who has had no request for a long time.
        NoRequest = "no_request",
        /// They looked at far more patients than they and their role usually do.
        Many = "many",
        /// They looked outside of the clinic's hours.
        AfterHours = "after_hours",
    }
}

/// The middle of some values; none of none.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(*upper);
    }
    values
        .get(middle.wrapping_sub(1))
        .map(|lower| f64::midpoint(*lower, *upper))
}

/// The count above which a day is unusual: `median + spread × 1.4826 × max(MAD, 1)` of the days before it, rounded up. None
/// with fewer days than say anything. The median absolute deviation (MAD) is the median of how far each day is from the
/// median; neither is moved by a few odd days. A MAD of less than one patient counts as one, so that a very even colleague
/// is not flagged for one patient more.
pub fn bound(days: &[i64], spread: i64) -> Option<i64> {
    if days.len() < USUAL_DAYS.1 {
        return None;
    }
    let exact = |value: i64| f64::from(i32::try_from(value).unwrap_or(i32::MAX));
    let mut values: Vec<f64> = days.iter().copied().map(exact).collect();
    let middle = median(&mut values)?;
    let mut away: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let mad = median(&mut away)?;
    let bound = (exact(spread) * MAD_TO_SIGMA).mul_add(mad.max(1.0), middle);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "counts of patients are small"
    )]
    let whole = bound.ceil() as i64;
    Some(whole)
}

/// Whether `count` patients in a day are unusual: more than `least`, and more than what the person's own days and those of
/// their role lead one to expect, as far as there are enough of these.
pub fn is_many(count: i64, own: Option<i64>, role: Option<i64>, least: i64) -> bool {
    count > least && own.is_none_or(|bound| count > bound) && role.is_none_or(|bound| count > bound)
}

/// Small words that lead to a family name and are none themselves: two people have nothing in common by them.
const LEADS: [&str; 16] = [
    "de", "del", "der", "den", "di", "da", "das", "do", "dos", "la", "las", "los", "van", "von",
    "bin", "y",
];
/// What some write after their family name.
const AFTER: [&str; 8] = ["jr", "sr", "ii", "iii", "iv", "md", "rn", "phd"];

/// Letters of a word, small and without their marks: one and the same person is written with and without them.
fn plain(word: &str) -> String {
    let letters = word.nfd().filter(|c| c.is_alphabetic());
    letters.flat_map(char::to_lowercase).collect()
}

/// Family names in a full name, in small letters without marks: its last word and the parts of it around hyphens; of four
/// words and more the last two, as people with two family names write themselves; where small words lead to a family name, all
/// that follows. These small words, and what stands after the name, are left out. A single word is no family name.
pub fn family_names(full: &str) -> BTreeSet<String> {
    let mut words: Vec<&str> = full.split_whitespace().collect();
    while words.len() > 2
        && words
            .last()
            .is_some_and(|word| AFTER.contains(&plain(word).as_str()))
    {
        words.pop();
    }
    let last = words.len().saturating_sub(1);
    // The first word is a first name and the last one a family name, whatever they look like.
    let leads = |at: usize| at > 0 && at < last && LEADS.contains(&plain(words[at]).as_str());
    let begins = match words.len() {
        0 | 1 => words.len(),
        2 | 3 => last,
        many => many - 2,
    };
    let begins = (1..last).find(|at| leads(*at)).unwrap_or(begins);
    let family = (begins..words.len()).filter(|at| !leads(*at));
    let parts = family.flat_map(|at| words[at].split(['-', '‐', '–']));
    parts
        .map(plain)
        .filter(|name| name.chars().count() > 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_follows_the_usual_and_not_a_few_odd_days() {
        assert_eq!(bound(&[10, 10, 10, 10], 4), None);
        // Even days: 10 + 4 × 1.4826 × 1 = 15.93.
        assert_eq!(bound(&[10; 10], 4), Some(16));
        // Median 12, MAD 2: 12 + 4 × 1.4826 × 2 = 23.86, with or without an odd day.
        assert_eq!(bound(&[8, 10, 12, 14, 16], 4), Some(24));
        assert_eq!(bound(&[8, 10, 12, 14, 900], 4), Some(24));
        assert_eq!(bound(&[8, 10, 12, 14], 4), None);
        assert!(is_many(31, None, None, 30) && !is_many(30, None, None, 30));
        assert!(!is_many(31, Some(31), None, 30) && !is_many(31, Some(12), Some(40), 30));
        assert!(is_many(41, Some(12), Some(40), 30));
    }

    #[test]
    fn family_names_are_told_from_first_names() {
        let names = |full| family_names(full).into_iter().collect::<Vec<_>>();
        assert_eq!(names("Ana Ruiz"), ["ruiz"]);
        assert_eq!(names("Ana María RUIZ"), ["ruiz"]);
        assert_eq!(names("Ana María Ruiz López"), ["lopez", "ruiz"]);
        assert_eq!(names("Ana Ruiz-López"), ["lopez", "ruiz"]);
        assert_eq!(names("Ana Lopez"), names("Ana LÓPEZ"));
        assert_eq!(names("Juan de la Cruz"), ["cruz"]);
        assert_eq!(names("María de los Santos Vega"), ["santos", "vega"]);
        assert_eq!(names("Hans van der Berg"), ["berg"]);
        assert_eq!(names("John Smith Jr."), ["smith"]);
        assert_eq!(names("Ana Ruiz, MD"), ["ruiz"]);
        assert_eq!(names("La Smith"), ["smith"]);
        assert_eq!(names("Minh Do"), ["do"]);
        assert_eq!(names("Ana O'Neill"), ["oneill"]);
        assert!(names("Ana").is_empty() && names("").is_empty() && names("Ana R.").is_empty());
    }
}
