//! The laws' periods and reasons, as data: `law.toml` names the section of each.

use super::model::{Kind, Law};
use crate::error::DeskError;
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::Deserialize;
use std::sync::LazyLock;

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    toml::from_str(include_str!("law.toml")).expect("the program's own file, read by a test")
});

/// All that the program knows of the laws.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    clock: Vec<Clock>,
    reason: Vec<Reason>,
    exception: Vec<Exception>,
}

/// How long one law gives for one kind of request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    law: Law,
    kind: Kind,
    #[serde(default)]
    days: i64,
    #[serde(default)]
    months: i64,
    #[serde(default)]
    more_days: i64,
    #[serde(default)]
    more_months: i64,
    /// Where the law says so.
    pub section: String,
}

/// Why a request may be refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    law: Law,
    /// Stable code, also the end of its text's key.
    pub code: String,
    kinds: Vec<Kind>,
    /// Where the law says so.
    pub section: String,
}

impl Reason {
    /// Whether the patient can ask that another licensed health professional looks at it again (45 CFR 164.524(a)(3), (4)).
    pub fn may_be_reviewed(&self) -> bool {
        self.section.starts_with("45 CFR 164.524(a)(3)")
    }
}

/// Why electronic health information may be withheld, or given later or otherwise, without its being blocked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Stable code, also the end of its text's key.
    pub code: String,
    /// Business days from the receipt until whoever asked is told why; none where it is 0.
    #[serde(default)]
    pub business_days: i64,
    /// Where the law says so.
    pub section: String,
}

fn later(from: Date, span: Span) -> Result<Date, DeskError> {
    from.checked_add(span)
        .map_err(|_| DeskError::invalid("received_on", "invalid", "This day is too far away."))
}

impl Clock {
    /// The last day on which the answer is in time.
    pub fn due(&self, received: Date) -> Result<Date, DeskError> {
        later(received, self.months.months().days(self.days))
    }

    /// Whether the law knows an extension.
    pub const fn can_extend(&self) -> bool {
        self.more_days + self.more_months > 0
    }

    /// The last day after the one extension. Months count from the day of receipt as well, so that a month's short end
    /// takes nothing away.
    pub fn extended(&self, received: Date) -> Result<Date, DeskError> {
        let months = self.months + self.more_months;
        let days = self.days + self.more_days;
        later(received, months.months().days(days))
    }
}

/// The clock of a kind of request under a law.
///
/// # Errors
/// A defect of the program when the law has none; a test holds that each has.
pub fn clock(law: Law, kind: Kind) -> Result<&'static Clock, DeskError> {
    let found = BOOK
        .clock
        .iter()
        .find(|one| (one.law, one.kind) == (law, kind));
    found.ok_or_else(|| DeskError::Internal("a request without a clock".to_owned()))
}

/// Why a request of this kind may be refused under this law.
pub fn reasons(law: Law, kind: Kind) -> impl Iterator<Item = &'static Reason> {
    let fits = move |one: &&Reason| one.law == law && one.kinds.contains(&kind);
    BOOK.reason.iter().filter(fits)
}

/// Every exception of information blocking.
pub fn exceptions() -> impl Iterator<Item = &'static Exception> {
    BOOK.exception.iter()
}

/// The exception with this code.
pub fn exception(code: &str) -> Option<&'static Exception> {
    exceptions().find(|one| one.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::{I18n, Locale};
    use jiff::civil::date;

    #[test]
    fn every_law_has_one_clock_and_a_reason_for_every_kind() {
        for law in Law::ALL {
            for kind in Kind::ALL {
                let clocks = BOOK
                    .clock
                    .iter()
                    .filter(|one| (one.law, one.kind) == (*law, *kind));
                assert_eq!(clocks.count(), 1, "{law:?} {kind:?}");
                assert!(reasons(*law, *kind).count() > 0, "{law:?} {kind:?}");
                assert!(clock(*law, *kind).unwrap().section.len() > 4);
            }
        }
    }

    #[test]
    fn every_reason_has_words_for_the_staff_and_for_whoever_asked() {
        for one in &BOOK.reason {
            for side in ["privacy-reason", "my-reason"] {
                let key = format!("{side}-{}", one.code.replace('_', "-"));
                for locale in Locale::ALL {
                    assert!(I18n::global().has(locale, &key), "{key} in {locale:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_professional_judged_another_one_looks_at_again() {
        let codes = |law| {
            let all = reasons(law, Kind::Access).filter(|one| one.may_be_reviewed());
            all.map(|one| one.code.as_str()).collect::<Vec<_>>()
        };
        let judged = ["endangers_life", "harms_other", "harms_by_representative"];
        assert_eq!(codes(Law::Hipaa), judged);
        assert!(codes(Law::Gdpr).is_empty());
    }

    #[test]
    fn exceptions_are_those_of_part_171_and_one_has_a_period() {
        let with_days: Vec<_> = exceptions().filter(|one| one.business_days > 0).collect();
        assert_eq!(with_days.len(), 1);
        assert_eq!(
            (&*with_days[0].code, with_days[0].business_days),
            ("infeasibility", 10)
        );
        for one in exceptions() {
            assert!(one.section.starts_with("45 CFR 171."), "{}", one.code);
            assert_eq!(
                exceptions().filter(|other| other.code == one.code).count(),
                1
            );
        }
        assert!(exception("infeasible").is_none());
    }

    #[test]
    fn periods_are_those_of_the_law() {
        let due = |law, kind, on| {
            let clock = clock(law, kind).unwrap();
            (clock.due(on).unwrap(), clock.extended(on).unwrap())
        };
        let on = date(2026, 1, 31);
        let (first, last) = due(Law::Hipaa, Kind::Access, on);
        assert_eq!((first, last), (date(2026, 3, 2), date(2026, 4, 1)));
        let (first, last) = due(Law::Hipaa, Kind::Amendment, on);
        assert_eq!((first, last), (date(2026, 4, 1), date(2026, 5, 1)));
        let (first, last) = due(Law::Hipaa, Kind::Accounting, on);
        assert_eq!((first, last), (date(2026, 4, 1), date(2026, 5, 1)));
        // One month after the last of January is the last of February, and three months later the last of April.
        let (first, last) = due(Law::Gdpr, Kind::Erasure, on);
        assert_eq!((first, last), (date(2026, 2, 28), date(2026, 4, 30)));
    }
}
