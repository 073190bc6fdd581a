//! How close the end of a clock is: pure rules.

use crate::error::DeskError;
use crate::ids::{BreachId, PrivacyRequestId, TimedId};
use crate::privacy::breaches::Duty;
use crate::privacy::exceptions::Source;
use crate::staff::What;
use bedside_db::Timestamp;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// Seconds up to which a whole clock is short, as the 72 hours of GDPR Art. 33(1): of those the last day counts.
const SHORT: i64 = 6 * DAY;
/// What tells the clock of a reason from that of the answer to the same request.
const REASON: &str = "reason";
/// Seconds after which a second person should have looked at what was done past the rules: the desk's own measure, no law's.
pub const LOOK_WITHIN: i64 = 7 * DAY;

/// What has to be done until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// To answer what a patient asked for by law.
    Request(PrivacyRequestId),
    /// To tell somebody of a breach.
    Breach(BreachId, Duty),
    /// To tell whoever asked by law why it can't be done (45 CFR 171.204).
    Reason(PrivacyRequestId),
    /// To look at what a colleague did past the rules.
    Review(TimedId, Source),
}

/// Whose clocks are looked at together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Requests,
    Breaches,
    Reviews,
}

impl Of {
    /// Each of them.
    pub(super) const ALL: [Self; 3] = [Self::Requests, Self::Breaches, Self::Reviews];

    /// Whose clock it is that has this duty.
    pub(super) fn duty(duty: &str) -> Self {
        match duty {
            "" | REASON => Self::Requests,
            other if Source::from_code(other).is_some() => Self::Reviews,
            _ => Self::Breaches,
        }
    }
}

/// A clock that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// What it is of.
    pub work: Work,
    /// When it began.
    pub from: Timestamp,
    /// When it ends.
    pub due: Timestamp,
}

/// The clocks of one kind of work that run.
#[derive(Debug, Default)]
pub struct Running {
    /// Those that can be read.
    pub timers: Vec<Timer>,
    /// What is wrong with another one, where something is: the rest go on.
    pub fault: Option<DeskError>,
}

/// How close the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Half of the time is over; of a short clock a day is left.
    First = 1,
    /// Three days are left; of a short clock six hours.
    Second = 2,
    /// It is over.
    Over = 3,
}

/// How many things of one kind are open, and how many of those are past their time, both counted up to a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// All that are open.
    pub open: i64,
    /// Those past their time.
    pub over: i64,
}

impl Work {
    /// What the audit log calls it.
    pub(super) const fn object(self) -> (&'static str, TimedId) {
        match self {
            Self::Request(id) | Self::Reason(id) => {
                ("privacy_request", TimedId::from_bytes(id.bytes()))
            }
            Self::Breach(id, _) => ("breach", TimedId::from_bytes(id.bytes())),
            Self::Review(id, _) => ("exception", id),
        }
    }

    /// Code of the duty; none for the answer to a request.
    pub(super) const fn duty(self) -> &'static str {
        match self {
            Self::Request(_) => "",
            Self::Reason(_) => REASON,
            Self::Breach(_, duty) => duty.code(),
            Self::Review(_, source) => source.code(),
        }
    }

    /// What people are told at a stage.
    pub(super) const fn news(self, stage: Stage) -> What {
        match (self, stage) {
            (Self::Request(_) | Self::Reason(_), Stage::Over) => What::RequestOver,
            (Self::Request(_) | Self::Reason(_), _) => What::RequestDue,
            (Self::Breach(..), Stage::Over) => What::BreachOver,
            (Self::Breach(..), _) => What::BreachDue,
            (Self::Review(..), _) => What::ReviewWaits,
        }
    }
}

/// The stage at which a clock stands; none while most of its time is left.
pub fn stage(timer: &Timer, now: Timestamp) -> Option<Stage> {
    let (whole, left) = (
        timer.due.seconds_since(timer.from),
        timer.due.seconds_since(now),
    );
    let (first, second) = match timer.work {
        // After three days, and at the end: nobody answers for it to an authority.
        Work::Review(..) => (4 * DAY, -1),
        _ if whole <= SHORT => (DAY, 6 * HOUR),
        _ => (whole / 2, 3 * DAY),
    };
    match left {
        _ if now > timer.due => Some(Stage::Over),
        left if left <= second => Some(Stage::Second),
        left if left <= first => Some(Stage::First),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn at(whole: i64, passed: i64) -> Option<Stage> {
        at_of(
            Work::Request(PrivacyRequestId::from_bytes([1; 16])),
            whole,
            passed,
        )
    }

    fn at_of(work: Work, whole: i64, passed: i64) -> Option<Stage> {
        let due = FROM.plus_seconds(whole);
        let timer = Timer {
            work,
            from: FROM,
            due,
        };
        stage(&timer, FROM.plus_seconds(passed))
    }

    #[test]
    fn a_clock_is_told_at_its_half_three_days_before_and_when_it_is_over() {
        let thirty = 30 * DAY;
        let stages = [
            (0, None),
            (15 * DAY - 1, None),
            (15 * DAY, Some(Stage::First)),
            (27 * DAY - 1, Some(Stage::First)),
            (27 * DAY, Some(Stage::Second)),
            (thirty, Some(Stage::Second)),
            (thirty + 1, Some(Stage::Over)),
            (400 * DAY, Some(Stage::Over)),
        ];
        for (passed, expected) in stages {
            assert_eq!(at(thirty, passed), expected, "{passed}");
        }
    }

    #[test]
    fn what_nobody_looked_at_is_told_after_three_days_and_at_the_end_of_a_week() {
        let stages = [
            (3 * DAY - 1, None),
            (3 * DAY, Some(Stage::First)),
            (LOOK_WITHIN, Some(Stage::First)),
            (LOOK_WITHIN + 1, Some(Stage::Over)),
        ];
        for (passed, expected) in stages {
            let work = Work::Review(TimedId::from_bytes([1; 16]), Source::Identity);
            assert_eq!(at_of(work, LOOK_WITHIN, passed), expected, "{passed}");
        }
    }

    #[test]
    fn each_clock_is_told_beside_those_of_its_kind() {
        let request = PrivacyRequestId::from_bytes([1; 16]);
        let timed = TimedId::from_bytes([1; 16]);
        for (work, of) in [
            (Work::Request(request), Of::Requests),
            (Work::Reason(request), Of::Requests),
            (
                Work::Breach(BreachId::from_bytes([1; 16]), Duty::People),
                Of::Breaches,
            ),
            (Work::Review(timed, Source::Opening), Of::Reviews),
            (Work::Review(timed, Source::Identity), Of::Reviews),
        ] {
            assert_eq!(Of::duty(work.duty()), of);
        }
    }

    #[test]
    fn three_days_are_told_a_day_and_six_hours_before() {
        let whole = 72 * HOUR;
        let stages = [
            (47, None),
            (48, Some(Stage::First)),
            (65, Some(Stage::First)),
            (66, Some(Stage::Second)),
            (72, Some(Stage::Second)),
            (73, Some(Stage::Over)),
        ];
        for (passed, expected) in stages {
            assert_eq!(at(whole, passed * HOUR), expected, "{passed}");
        }
    }
}
