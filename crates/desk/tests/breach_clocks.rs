//! The clocks after a breach: who is to be told until when, held against the law's texts and a slow walk through the calendar.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use bedside_db::Timestamp;
use bedside_desk::ids::{BreachId, DataKeyId, StaffId};
use bedside_desk::privacy::breaches::{
    Assessment, Breach, Conclusion, Counted, Due, Duty, Part, Risk, State, duties,
};
use bedside_desk::privacy::requests::Law;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const NEW_YORK: &str = "America/New_York";

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn incident(law: Law, part: Part, discovered: Timestamp) -> Breach {
    Breach {
        id: BreachId::from_bytes([1; 16]),
        key: DataKeyId::from_bytes([1; 16]),
        law,
        part,
        state: State::Open,
        discovered_at: discovered,
        title: Vec::new(),
        story: Vec::new(),
        data: Vec::new(),
        opened: (StaffId::from_bytes([1; 16]), discovered),
        residents: None,
        assessment: None,
        signed: None,
        taken: None,
        sent: None,
        closed: None,
        version: 1,
    }
}

fn one(breach: &Breach, duty: Duty, people: i64, zone: &TimeZone) -> Option<Due> {
    let all = duties(breach, people, zone).unwrap();
    all.into_iter().find(|due| due.duty == duty)
}

/// When a duty under HIPAA ends for what was discovered in New York.
fn hipaa(duty: Duty, people: i64, discovered: &str) -> String {
    let breach = incident(Law::Hipaa, Part::Own, at(discovered));
    let due = one(&breach, duty, people, &zone(NEW_YORK)).unwrap();
    due.at.unwrap().to_jiff().to_string()
}

#[test]
fn periods_are_those_of_the_law() {
    // The day of discovery is the 30th of January there; sixty days later summer time has begun.
    let found = "2026-01-31T03:00:00Z";
    assert_eq!(hipaa(Duty::People, 3, found), "2026-04-01T03:59:59Z");
    assert_eq!(hipaa(Duty::Authority, 500, found), "2026-04-01T03:59:59Z");
    // Sixty days after the year's end: the first of March, and the 29th of February of a leap year.
    assert_eq!(hipaa(Duty::Authority, 499, found), "2027-03-02T04:59:59Z");
    let last_day = "2027-12-31T23:00:00Z";
    assert_eq!(hipaa(Duty::Authority, 1, last_day), "2028-03-01T04:59:59Z");
    // The year is the clinic's: in New York the old one has five hours more.
    let still = "2027-01-01T04:59:59Z";
    assert_eq!(hipaa(Duty::Authority, 1, still), "2027-03-02T04:59:59Z");
    let over = "2027-01-01T05:00:00Z";
    assert_eq!(hipaa(Duty::Authority, 1, over), "2028-03-01T04:59:59Z");
    // Hours are hours, also over the change of the clocks; "without undue delay" has no day.
    let found = at("2026-03-28T12:00:00Z");
    let breach = incident(Law::Gdpr, Part::Own, found);
    let berlin = zone("Europe/Berlin");
    let authority = one(&breach, Duty::Authority, 1, &berlin).unwrap();
    assert_eq!(authority.at, Some(at("2026-03-31T12:00:00Z")));
    assert_eq!(one(&breach, Duty::People, 1, &berlin).unwrap().at, None);
    assert!(one(&breach, Duty::Media, 9999, &berlin).is_none());
    assert!(authority.period.section.contains("33(1)"));
}

fn told(breach: &Breach, people: i64) -> Vec<(Duty, bool)> {
    let all = duties(breach, people, &TimeZone::UTC).unwrap();
    all.iter().map(|due| (due.duty, due.to_count)).collect()
}

#[test]
fn who_is_told_follows_from_law_part_numbers_and_what_two_persons_say() {
    let found = at("2026-03-02T15:00:00Z");
    let (people, authority) = ((Duty::People, false), (Duty::Authority, false));
    let mut here = incident(Law::Hipaa, Part::Own, found);
    assert_eq!(told(&here, 0), [people, authority], "it is presumed");
    assert_eq!(told(&here, 500), [people, authority]);
    let media = |to_count| (Duty::Media, to_count);
    assert_eq!(told(&here, 501), [people, authority, media(true)]);
    here.residents = Some(Counted { most: 500, of: 501 });
    assert_eq!(told(&here, 501), [people, authority]);
    // One more may live there as well: it is counted again.
    assert_eq!(told(&here, 502), [people, authority, media(true)]);
    here.residents = Some(Counted { most: 501, of: 600 });
    assert_eq!(told(&here, 900), [people, authority, media(false)]);
    let there = incident(Law::Hipaa, Part::AtAssociate, found);
    assert_eq!(told(&there, 1), [people, authority]);
    let theirs = incident(Law::Hipaa, Part::AsAssociate, found);
    assert_eq!(told(&theirs, 900), [(Duty::Client, false)]);
    let mut gdpr = incident(Law::Gdpr, Part::Own, found);
    assert_eq!(told(&gdpr, 900), [authority, people]);
    let mut assessment = Assessment {
        risks: [Risk::Low; 4],
        words: Vec::new(),
        conclusion: Conclusion::Breach,
        exception: None,
        high_risk: false,
        by: gdpr.opened.0,
        at: found,
    };
    gdpr.assessment = Some(assessment.clone());
    gdpr.state = State::Assessed;
    assert_eq!(
        told(&gdpr, 9),
        [authority, people],
        "one word ends no clock"
    );
    gdpr.state = State::Decided;
    assert_eq!(told(&gdpr, 9), [authority]);
    assessment.high_risk = true;
    gdpr.assessment = Some(assessment.clone());
    assert_eq!(told(&gdpr, 9), [authority, people]);
    assessment.conclusion = Conclusion::LowProbability;
    gdpr.assessment = Some(assessment);
    assert_eq!(told(&gdpr, 9), []);
}

/// The last second of the day that lies sixty days after the one of `from`, or after the end of its year, found by walking
/// through every quarter of an hour.
fn walked(from: Timestamp, after_year: bool, zone: &TimeZone) -> Timestamp {
    let day = |at: Timestamp| zone.to_datetime(at.to_jiff()).date();
    let mut now = from;
    while after_year && day(now.plus_seconds(900)).year() == day(from).year() {
        now = now.plus_seconds(900);
    }
    let (mut left, mut today) = (60, day(now));
    loop {
        let next = day(now.plus_seconds(900));
        if next != today {
            if left == 0 {
                break;
            }
            left -= 1;
            today = next;
        }
        now = now.plus_seconds(900);
    }
    while day(now.plus_seconds(1)) == today {
        now = now.plus_seconds(1);
    }
    now
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Leap days, year's ends and changes of the clocks included: the instants lie between 2023 and 2028.
    #[test]
    fn clocks_end_where_a_slow_walk_through_the_calendar_ends(
        second in 1_700_000_000_i64..1_860_000_000,
        place in 0_usize..4,
        people in 0_i64..1200,
    ) {
        let zone = zone([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"][place]);
        let found = Timestamp::from_micros(second * 1_000_000);
        let breach = incident(Law::Hipaa, Part::Own, found);
        for due in duties(&breach, people, &zone).unwrap() {
            let after_year = due.duty == Duty::Authority && people < 500;
            prop_assert_eq!(due.at, Some(walked(found, after_year, &zone)));
        }
    }
}
