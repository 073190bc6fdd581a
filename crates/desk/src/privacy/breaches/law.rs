//! The periods after a breach, as data: `law.toml` names the section of each.

use super::model::{Breach, Conclusion, DoneDuty, Duty, Part, State};
use crate::error::DeskError;
use crate::privacy::requests::Law;
use bedside_db::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::LazyLock;

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    toml::from_str(include_str!("law.toml")).expect("the program's own file, read by a test")
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    duty: Vec<Period>,
}

/// How long one law gives for telling somebody.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    law: Law,
    duty: Duty,
    /// How many people it takes.
    #[serde(default)]
    least: i64,
    #[serde(default)]
    days: i64,
    #[serde(default)]
    hours: i64,
    #[serde(default)]
    after_year: bool,
    /// Where the law says "at once": days after which the desk reminds.
    #[serde(default)]
    remind_days: i64,
    /// Where the law says so.
    pub section: String,
}

/// Something to be told to somebody, as things stand.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// To whom.
    pub duty: Duty,
    /// The law's outer bound; none where it says "at once" and no more.
    pub at: Option<Timestamp>,
    /// The period.
    pub period: &'static Period,
    /// Whether a person has to count first: the desk doesn't know in which state people live.
    pub to_count: bool,
}

fn end_of(day: Date, zone: &TimeZone) -> Result<Timestamp, DeskError> {
    let last = day.at(23, 59, 59, 0).to_zoned(zone.clone());
    let last = last.map_err(|error| DeskError::Internal(error.to_string()))?;
    Ok(last.timestamp().into())
}

/// From the first instant of a year at the clinic to the first of the next.
///
/// # Errors
/// [`DeskError::Invalid`] for a year that can't be.
pub fn year(year: i16, zone: &TimeZone) -> Result<(Timestamp, Timestamp), DeskError> {
    let wrong = || DeskError::invalid("year", "out_of_range", "Give a year.");
    let begins = |year: i16| -> Result<Timestamp, DeskError> {
        let day = Date::new(year, 1, 1).map_err(|_| wrong())?;
        let there = day.to_zoned(zone.clone()).map_err(|_| wrong())?;
        Ok(there.timestamp().into())
    };
    let next = year.checked_add(1).ok_or_else(wrong)?;
    Ok((begins(year)?, begins(next)?))
}

impl Period {
    /// Until when it has to be done, for what was discovered at this instant; none where the law gives no period.
    pub fn due(
        &self,
        discovered: Timestamp,
        zone: &TimeZone,
    ) -> Result<Option<Timestamp>, DeskError> {
        if self.hours > 0 {
            return Ok(Some(discovered.plus_seconds(self.hours * 3600)));
        }
        if self.days == 0 {
            return Ok(None);
        }
        let first = zone.to_datetime(discovered.to_jiff()).date();
        let first = if self.after_year {
            Date::constant(first.year(), 12, 31)
        } else {
            first
        };
        let last = first.checked_add(self.days.days());
        let last = last.map_err(|error| DeskError::Internal(error.to_string()))?;
        end_of(last, zone).map(Some)
    }
}

impl Due {
    /// From when and until when the desk reminds of it: by the law's period, or where that says "at once", by the days of its
    /// own. People are told at once of what two persons found to be a high risk (GDPR Art. 34(1)): until then nothing is late.
    pub fn reminded(&self, breach: &Breach) -> Option<(Timestamp, Timestamp)> {
        let from = match &breach.assessment {
            _ if self.at.is_some() || self.duty != Duty::People => breach.discovered_at,
            Some(found) if breach.state == State::Decided && found.high_risk => {
                found.at.max(breach.discovered_at)
            }
            _ => return None,
        };
        let own = (self.period.remind_days > 0)
            .then(|| from.plus_seconds(self.period.remind_days * 24 * 3600));
        Some((from, self.at.or(own)?))
    }
}

/// The period of a duty under a law when so many people are on the list; none where the law knows no such duty.
pub fn period(law: Law, duty: Duty, people: i64) -> Option<&'static Period> {
    let fits = |one: &&Period| one.law == law && one.duty == duty && one.least <= people;
    BOOK.duty.iter().filter(fits).max_by_key(|one| one.least)
}

/// Whether what was done still holds for a list of so many people, of whom so many are not told: everybody on it was told, and
/// with fewer people the law did not ask for less.
pub fn holds(law: Law, done: &DoneDuty, people: i64, untold: i64) -> bool {
    let least = |people| period(law, done.duty, people).map_or(0, |period| period.least);
    match done.duty {
        Duty::People => untold == 0 && done.people >= people,
        Duty::Authority | Duty::Media | Duty::Client => least(done.people) >= least(people),
    }
}

/// Who is to be told of an incident with so many people, and until when. Until two persons say otherwise it is presumed a
/// breach, so the clocks run from the start.
pub fn duties(breach: &Breach, people: i64, zone: &TimeZone) -> Result<Vec<Due>, DeskError> {
    let settled = matches!(breach.state, State::Decided | State::Closed);
    let assessment = breach.assessment.as_ref().filter(|_| settled);
    if assessment.is_some_and(|one| one.conclusion != Conclusion::Breach) {
        return Ok(Vec::new());
    }
    let wanted: &[Duty] = match (breach.part, breach.law) {
        (Part::AsAssociate, _) => &[Duty::Client],
        (_, Law::Hipaa) => &[Duty::People, Duty::Authority, Duty::Media],
        (_, Law::Gdpr) if assessment.is_some_and(|one| !one.high_risk) => &[Duty::Authority],
        (_, Law::Gdpr) => &[Duty::Authority, Duty::People],
    };
    let mut all = Vec::new();
    for duty in wanted {
        let counted = match duty {
            Duty::Media => breach.residents.map_or(people, |one| one.may_be(people)),
            _ => people,
        };
        if let Some(period) = period(breach.law, *duty, counted) {
            all.push(Due {
                duty: *duty,
                at: period.due(breach.discovered_at, zone)?,
                period,
                to_count: *duty == Duty::Media
                    && breach.residents.is_none_or(|one| one.most < period.least),
            });
        }
    }
    Ok(all)
}
