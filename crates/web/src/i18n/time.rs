//! Dates, times and durations in plain words.
//!
//! All instants are microseconds since 1970 (UTC). The browser's `<bd-time>` follows the same
//! steps, so a page doesn't change its words when the script takes over.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{I18n, Locale};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
    "month-9", "month-10", "month-11", "month-12",
];

/// Date and time, such as `Mar 12, 2026, 2:05 PM` or `12 mar 2026, 14:05`.
///
/// Empty for an instant outside the years -9999 to 9999.
pub fn format_time(micros: i64, zone: &TimeZone, locale: Locale) -> String {
    civil(micros, zone).map_or_else(String::new, |at| {
        format!("{}, {}", date_words(at, locale), clock_words(at, locale))
    })
}

/// The date alone, such as `Mar 12, 2026` or `12 mar 2026`.
pub fn format_date(micros: i64, zone: &TimeZone, locale: Locale) -> String {
    civil(micros, zone).map_or_else(String::new, |at| date_words(at, locale))
}

/// The time of day alone, such as `2:05 PM` or `14:05`.
pub fn format_clock(micros: i64, zone: &TimeZone, locale: Locale) -> String {
    civil(micros, zone).map_or_else(String::new, |at| clock_words(at, locale))
}

/// The instant for `<time datetime>` (RFC 3339, UTC, whole seconds).
pub fn machine_time(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000_000);
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |at| at.to_string())
}

/// What is left until a due time: `due in 2 h`, `1 h overdue`. Negative seconds are overdue.
pub fn time_left(seconds: i64, locale: Locale) -> String {
    let key = if seconds >= 0 {
        "js-due-in"
    } else {
        "js-overdue"
    };
    with_duration(key, seconds, locale)
}

/// How long ago something was: `just now`, `5 min ago`. A time still to come counts as now.
pub fn ago(seconds: i64, locale: Locale) -> String {
    if seconds < MINUTE {
        return I18n::global().text(locale, "js-just-now").to_owned();
    }
    with_duration("js-ago", seconds, locale)
}

/// A length of time by its largest sensible unit: `40 s`, `35 min`, `2 h`, `3 d`.
pub fn duration(seconds: i64, locale: Locale) -> String {
    let seconds = seconds.saturating_abs();
    let (key, count) = if seconds < MINUTE {
        ("js-seconds", seconds)
    } else if seconds < 90 * MINUTE {
        ("js-minutes", seconds / MINUTE)
    } else if seconds < 36 * HOUR {
        ("js-hours", (seconds + HOUR / 2) / HOUR)
    } else {
        ("js-days", (seconds + DAY / 2) / DAY)
    };
    I18n::global()
        .format(locale, key, &[("count", count.into())])
        .into_owned()
}

fn with_duration(key: &'static str, seconds: i64, locale: Locale) -> String {
    let time = duration(seconds, locale);
    I18n::global()
        .format(locale, key, &[("time", time.into())])
        .into_owned()
}

fn civil(micros: i64, zone: &TimeZone) -> Option<DateTime> {
    Timestamp::from_microsecond(micros)
        .ok()
        .map(|at| zone.to_datetime(at))
}

fn date_words(at: DateTime, locale: Locale) -> String {
    let index = usize::from(at.month().unsigned_abs()).saturating_sub(1);
    let month = I18n::global().text(locale, MONTHS[index.min(11)]);
    match locale {
        Locale::En => format!("{month} {}, {}", at.day(), at.year()),
        Locale::Es => format!("{} {month} {}", at.day(), at.year()),
    }
}

fn clock_words(at: DateTime, locale: Locale) -> String {
    match locale {
        Locale::En => {
            let hour = (at.hour() + 11) % 12 + 1;
            let half = if at.hour() < 12 { "AM" } else { "PM" };
            format!("{hour}:{:02} {half}", at.minute())
        }
        Locale::Es => format!("{}:{:02}", at.hour(), at.minute()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-03-12T18:05:09Z
    const AT: i64 = 1_773_338_709_000_000;

    #[test]
    fn times_are_told_as_people_say_them() {
        let zone = TimeZone::get("America/New_York").unwrap();
        assert_eq!(format_time(AT, &zone, Locale::En), "Mar 12, 2026, 2:05 PM");
        assert_eq!(format_time(AT, &zone, Locale::Es), "12 mar 2026, 14:05");
        assert_eq!(format_clock(AT, &TimeZone::UTC, Locale::En), "6:05 PM");
        assert_eq!(format_clock(0, &TimeZone::UTC, Locale::En), "12:00 AM");
        assert_eq!(format_date(0, &TimeZone::UTC, Locale::Es), "1 ene 1970");
        assert_eq!(machine_time(AT), "2026-03-12T18:05:09Z");
    }

    #[test]
    fn durations_are_told_in_one_unit() {
        assert_eq!(time_left(2 * HOUR + 100, Locale::En), "due in 2 h");
        assert_eq!(time_left(-HOUR, Locale::En), "60 min overdue");
        assert_eq!(time_left(-100 * MINUTE, Locale::Es), "2 h de retraso");
        assert_eq!(ago(20, Locale::En), "just now");
        assert_eq!(ago(5 * MINUTE, Locale::Es), "hace 5 min");
        assert_eq!(ago(3 * DAY, Locale::En), "3 d ago");
        assert_eq!(duration(40, Locale::En), "40 s");
    }

    proptest! {
        #[test]
        fn any_number_is_survived(number in any::<i64>()) {
            for locale in Locale::ALL {
                format_time(number, &TimeZone::UTC, locale);
                machine_time(number);
                prop_assert!(!time_left(number, locale).is_empty());
                prop_assert!(!ago(number, locale).is_empty());
            }
        }
    }
}
