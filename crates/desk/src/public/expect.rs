//! When somebody can expect an answer, in words.

use crate::sla::NOTHING_DUE;
use bedside_db::Timestamp;
use bedside_web::i18n::{Texts, time};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Beyond this a day is a date and not a weekday.
const WEEK_DAYS: i32 = 6;

const WEEKDAYS: [&str; 7] = [
    "public-weekday-1",
    "public-weekday-2",
    "public-weekday-3",
    "public-weekday-4",
    "public-weekday-5",
    "public-weekday-6",
    "public-weekday-7",
];

/// "You will hear from us today, by 4:30 PM." and the like; a promise without a time when none is set.
pub fn answer_by(now: Timestamp, due: Option<Timestamp>, zone: &TimeZone, t: Texts) -> String {
    let Some(due) = due.filter(|due| *due < NOTHING_DUE && *due > now) else {
        return t.text("public-answer-soon").to_owned();
    };
    let day = |at: Timestamp| zone.to_datetime(at.to_jiff()).date();
    let clock = time::format_clock(due.micros(), zone, t.locale);
    match days_between(day(now), day(due)) {
        0 => t.with("public-answer-today", "time", clock).into_owned(),
        1 => t.with("public-answer-tomorrow", "time", clock).into_owned(),
        2..=WEEK_DAYS => {
            let weekday = usize::try_from(day(due).weekday().to_monday_zero_offset()).unwrap_or(0);
            let weekday = t.text(WEEKDAYS[weekday.min(6)]);
            t.format(
                "public-answer-weekday",
                &[("day", weekday.into()), ("time", clock.into())],
            )
            .into_owned()
        }
        _ => {
            let date = time::format_date(due.micros(), zone, t.locale);
            t.with("public-answer-date", "date", date).into_owned()
        }
    }
}

fn days_between(from: Date, until: Date) -> i32 {
    from.until(until).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::Locale;

    fn said(now: &str, due: &str, locale: Locale) -> String {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().into();
        let zone = TimeZone::get("America/New_York").unwrap();
        answer_by(at(now), Some(at(due)), &zone, Texts::new(locale))
    }

    #[test]
    fn the_day_is_the_clinics_day() {
        // 23:30 in New York; the due time is after midnight there.
        assert!(
            said("2026-06-19T03:30:00Z", "2026-06-19T13:00:00Z", Locale::En).contains("tomorrow")
        );
        assert!(said("2026-06-18T14:00:00Z", "2026-06-18T20:30:00Z", Locale::En).contains("today"));
        assert!(said("2026-06-18T14:00:00Z", "2026-06-22T14:00:00Z", Locale::Es).contains("lunes"));
        assert!(
            said("2026-06-18T14:00:00Z", "2026-07-22T14:00:00Z", Locale::En)
                .contains("Jul 22, 2026")
        );
    }

    #[test]
    fn nothing_due_is_no_promise_of_a_time() {
        let t = Texts::new(Locale::En);
        let soon = t.text("public-answer-soon");
        let now = Timestamp::from_micros(1_000_000);
        for due in [None, Some(NOTHING_DUE), Some(Timestamp::from_micros(0))] {
            assert_eq!(answer_by(now, due, &TimeZone::UTC, t), soon);
        }
    }
}
