//! When something is due. Pure: hours, zone and instants come in as arguments; the policies are settings (`orgs`).

use crate::orgs::{Clinic, Hours};
use bedside_db::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// A due time that lies beyond every list: nothing is owed to anyone now.
pub const NOTHING_DUE: Timestamp = Timestamp::from_micros(i64::MAX / 2);

/// How far ahead working time is looked for; hours without any window in this time never come due.
const HORIZON_DAYS: usize = 800;

/// The instant `minutes` of working time after `from`.
pub fn after_working_minutes(
    hours: &Hours,
    zone: &TimeZone,
    from: Timestamp,
    minutes: i64,
) -> Timestamp {
    after_working_time(hours, zone, from, minutes.max(0).saturating_mul(60_000_000))
}

/// The instant `left` microseconds of working time after `from`.
fn after_working_time(hours: &Hours, zone: &TimeZone, from: Timestamp, mut left: i64) -> Timestamp {
    let mut day = zone.to_datetime(from.to_jiff()).date();
    for _ in 0..HORIZON_DAYS {
        for &(start, end) in windows(hours, day) {
            let Some((opens, closes)) = instants(zone, day, start, end) else {
                continue;
            };
            let opens = opens.max(from.micros());
            if closes <= opens {
                continue;
            }
            if left <= closes - opens {
                return Timestamp::from_micros(opens + left);
            }
            left -= closes - opens;
        }
        let Ok(next) = day.tomorrow() else {
            return NOTHING_DUE;
        };
        day = next;
    }
    NOTHING_DUE
}

/// Whether the clinic works at this instant.
pub fn is_working(hours: &Hours, zone: &TimeZone, at: Timestamp) -> bool {
    let next = Timestamp::from_micros(at.micros().saturating_add(1));
    working_time(hours, zone, at, next) > 0
}

/// The working time between two instants, in microseconds; none when the second is not the later one.
fn working_time(hours: &Hours, zone: &TimeZone, from: Timestamp, to: Timestamp) -> i64 {
    let mut day = zone.to_datetime(from.to_jiff()).date();
    let last = zone.to_datetime(to.to_jiff()).date();
    let mut worked = 0;
    for _ in 0..HORIZON_DAYS {
        if day > last {
            break;
        }
        for &(start, end) in windows(hours, day) {
            if let Some((opens, closes)) = instants(zone, day, start, end) {
                let within = closes.min(to.micros()) - opens.max(from.micros());
                worked += within.max(0);
            }
        }
        let Ok(next) = day.tomorrow() else {
            break;
        };
        day = next;
    }
    worked
}

fn windows(hours: &Hours, day: Date) -> &[(u16, u16)] {
    if hours.holidays.contains(&day) {
        return &[];
    }
    if let Some(special) = hours.special.get(&day) {
        return special;
    }
    usize::try_from(day.weekday().to_monday_zero_offset())
        .map_or(&[], |weekday| &hours.week[weekday])
}

/// The window's ends as microseconds. A local time that a clock change skips is read as the instant after the gap.
fn instants(zone: &TimeZone, day: Date, start: u16, end: u16) -> Option<(i64, i64)> {
    let at = |minute: u16| -> Option<i64> {
        let (date, minute) = if minute >= 1440 {
            (day.tomorrow().ok()?, minute - 1440)
        } else {
            (day, minute)
        };
        let time = Time::new(
            i8::try_from(minute / 60).ok()?,
            i8::try_from(minute % 60).ok()?,
            0,
            0,
        )
        .ok()?;
        Some(
            zone.to_timestamp(date.to_datetime(time))
                .ok()?
                .as_microsecond(),
        )
    };
    Some((at(start)?, at(end)?))
}

/// The clocks of one ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// When the first answer is due; none once it was given.
    pub first_response: Option<Timestamp>,
    /// When the next answer is due; none while nobody waits for one.
    pub next_response: Option<Timestamp>,
    /// When it should be resolved; none once it is.
    pub resolution: Option<Timestamp>,
}

impl Clocks {
    /// The clocks of a ticket that is opened at `now`.
    pub fn at_opening(clinic: &Clinic, category: &str, urgency: &str, now: Timestamp) -> Self {
        let Some(policy) = clinic.policy(category, urgency) else {
            return Self::default();
        };
        let due = |minutes| due(clinic, policy.always, now, minutes);
        Self {
            first_response: Some(due(policy.first_response_minutes)),
            next_response: None,
            resolution: Some(due(policy.resolution_minutes)),
        }
    }

    /// These clocks, those that run brought forward to `other` where that is earlier.
    #[must_use]
    pub fn no_later_than(self, other: Self) -> Self {
        let sooner = |own: Option<Timestamp>, other: Option<Timestamp>| {
            own.map(|own| other.map_or(own, |other| own.min(other)))
        };
        Self {
            first_response: sooner(self.first_response, other.first_response),
            next_response: sooner(self.next_response, other.next_response),
            resolution: sooner(self.resolution, other.resolution),
        }
    }

    /// When the next answer is due for a patient who wrote at `now`.
    pub fn next_response_due(
        clinic: &Clinic,
        category: &str,
        urgency: &str,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let policy = clinic.policy(category, urgency)?;
        Some(due(
            clinic,
            policy.always,
            now,
            policy.next_response_minutes,
        ))
    }

    /// Moves the target of the resolution by the working time between two instants, as the ticket's policy counts it.
    pub fn rested(
        &mut self,
        clinic: &Clinic,
        (category, urgency): (&str, &str),
        since: Timestamp,
        until: Timestamp,
    ) {
        let Some((target, policy)) = self.resolution.zip(clinic.policy(category, urgency)) else {
            return;
        };
        let (hours, zone) = (&clinic.settings.hours, &clinic.time_zone);
        self.resolution = Some(if policy.always {
            let rested = until.micros().saturating_sub(since.micros()).max(0);
            Timestamp::from_micros(target.micros().saturating_add(rested))
        } else {
            moved(hours, zone, target, since, until)
        });
    }

    /// The instant that decides the ticket's place in a queue.
    pub fn due(self) -> Timestamp {
        [self.first_response, self.next_response, self.resolution]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(NOTHING_DUE)
    }
}

/// `target`, later by the working time between `since` and `until`. Without any in between it stays where it is, also
/// outside opening hours.
fn moved(
    hours: &Hours,
    zone: &TimeZone,
    target: Timestamp,
    since: Timestamp,
    until: Timestamp,
) -> Timestamp {
    match working_time(hours, zone, since, until) {
        0 => target,
        rested => after_working_time(hours, zone, target, rested),
    }
}

fn due(clinic: &Clinic, always: bool, now: Timestamp, minutes: i64) -> Timestamp {
    if always {
        return now.plus_seconds(minutes.saturating_mul(60));
    }
    after_working_minutes(&clinic.settings.hours, &clinic.time_zone, now, minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn office() -> Hours {
        let day = vec![(8 * 60, 12 * 60), (13 * 60, 17 * 60)];
        Hours {
            week: [
                day.clone(),
                day.clone(),
                day.clone(),
                day.clone(),
                day,
                vec![],
                vec![],
            ],
            holidays: vec!["2026-07-03".parse().unwrap()],
            special: [("2026-12-24".parse().unwrap(), vec![(9 * 60, 10 * 60)])].into(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    const DAY: i64 = 24 * 3600;

    /// The same as [`after_working_minutes`], minute by minute.
    fn slowly(hours: &Hours, zone: &TimeZone, from: Timestamp, minutes: i64) -> Timestamp {
        let mut clock = from;
        let mut left = minutes;
        while left > 0 {
            let local = zone.to_datetime(clock.to_jiff());
            let minute =
                u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap();
            let mut open = windows(hours, local.date()).iter();
            if open.any(|(opens, closes)| (*opens..*closes).contains(&minute)) {
                left -= 1;
            }
            clock = clock.plus_seconds(60);
        }
        clock
    }

    fn new_york() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    #[test]
    fn the_lunch_break_and_the_night_do_not_count() {
        // Thursday 11:30 in New York (summer time, UTC-4): half an hour before lunch, the rest after it.
        let due = after_working_minutes(&office(), &new_york(), at("2026-06-18T15:30:00Z"), 60);
        assert_eq!(due, at("2026-06-18T17:30:00Z"));
        let next_day =
            after_working_minutes(&office(), &new_york(), at("2026-06-18T21:30:00Z"), 60);
        assert_eq!(next_day, at("2026-06-19T13:00:00Z"));
    }

    #[test]
    fn weekends_and_holidays_do_not_count() {
        let due = after_working_minutes(&office(), &new_york(), at("2026-07-02T20:59:00Z"), 2);
        assert_eq!(due, at("2026-07-06T12:01:00Z"));
    }

    #[test]
    fn a_day_with_windows_of_its_own_counts_only_those() {
        let due = after_working_minutes(&office(), &new_york(), at("2026-12-24T13:00:00Z"), 90);
        assert_eq!(due, at("2026-12-25T13:30:00Z"));
    }

    #[test]
    fn hours_without_a_window_never_come_due() {
        assert_eq!(
            after_working_minutes(
                &Hours::default(),
                &TimeZone::UTC,
                at("2026-07-02T20:59:00Z"),
                1
            ),
            NOTHING_DUE
        );
    }

    proptest! {
        #[test]
        fn a_slow_minute_by_minute_clock_agrees(start in 0_i64..40_000, minutes in 1_i64..3000) {
            let hours = office();
            let zone = new_york();
            // Around the spring clock change of 2026.
            let from = at("2026-03-05T00:00:00Z").plus_seconds(start * 60);
            let clock = slowly(&hours, &zone, from, minutes);
            prop_assert_eq!(after_working_minutes(&hours, &zone, from, minutes), clock);
        }

        /// Whoever was due in so many minutes of work when the rest began is due in as many when it ends.
        #[test]
        fn a_rest_takes_no_working_minute_away(start in 0_i64..40_000, rest in 0_i64..20_000, minutes in 1_i64..3000) {
            let hours = office();
            let zone = new_york();
            let since = at("2026-03-05T00:00:00Z").plus_seconds(start * 60);
            let until = since.plus_seconds(rest * 60);
            let target = after_working_minutes(&hours, &zone, since, minutes);
            let expected = slowly(&hours, &zone, until, minutes);
            prop_assert_eq!(moved(&hours, &zone, target, since, until), expected);
            // One that was late already is late by as much.
            let late = slowly(&hours, &zone, since.plus_seconds(-7 * DAY), 1);
            let now_late = moved(&hours, &zone, late, since, until);
            prop_assert_eq!(working_time(&hours, &zone, now_late, until), working_time(&hours, &zone, late, since));
        }
    }
}
