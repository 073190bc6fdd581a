//! Rounds of access as values, and their pure rules.

use crate::codes::codes;
use crate::context::Permissions;
use crate::ids::StaffId;
use crate::staff::{Access, Whose};
use bedside_access::{Held, Who};
use bedside_db::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Days before the end of a round at which whoever decides is reminded, the first one first.
pub const REMIND_DAYS: [i64; 2] = [7, 2];
const DAY: i64 = 24 * 3600;
/// The kind of an access that is a person's, as stored.
pub const PERSON: &str = "staff";

codes! {
    /// What became of one access in a round.
    Decision {
        /// It is as it should be.
        Keep = "keep",
        /// It is to be changed; the page of that person is where.
        Change = "change",
        /// It was taken away.
        Take = "take",
        /// It ended otherwise before anybody decided.
        Ended = "ended",
        /// The round ended and nobody had confirmed it.
        Unconfirmed = "unconfirmed",
        /// The same, and the access was taken away for it.
        Suspended = "suspended",
        /// Nobody was there who may decide on it but the one whose it is.
        Alone = "alone",
    }
}

codes! {
    /// What is different from the round before.
    Change {
        /// It was not there.
        New = "new",
        /// The role is another one.
        Role = "role",
        /// It opens something that it did not.
        More = "more",
        /// It opens something no more.
        Less = "less",
        /// It reaches other queues.
        Queues = "queues",
        /// There is a second factor now, or there is none any more.
        SecondFactor = "second_factor",
    }
}

/// What somebody could do when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The person's name, or what the token is for.
    pub name: String,
    /// Code of a person's role; empty for a token.
    pub role: String,
    /// Codes of what it opens, separated by spaces.
    pub scopes: String,
    /// Whose requests it reaches, as [`crate::staff::Queues::text`] says.
    pub queues: Option<String>,
    /// Whether it is clinical.
    pub clinical: bool,
    /// Whether a person has a second factor.
    pub second_factor: bool,
    /// When it was last used, as far as the audit log tells.
    pub last: Option<Timestamp>,
    /// Who made a token.
    pub made_by: Option<StaffId>,
    /// Until when a token works.
    pub expires_at: Option<Timestamp>,
}

impl Facts {
    /// What `access` is, last used at `last`.
    pub fn of(access: &Access, last: Option<Timestamp>) -> Self {
        Self {
            name: access.name.clone(),
            role: access.role.clone(),
            scopes: access.reach.permissions.codes(),
            queues: access.reach.queues.text(),
            clinical: access.reach.clinical,
            second_factor: access.second_factor,
            last,
            made_by: access.made_by,
            expires_at: access.expires_at,
        }
    }

    /// What is different from the round before.
    pub fn changes(&self, before: Option<&Self>) -> Vec<Change> {
        let Some(before) = before else {
            return vec![Change::New];
        };
        let (now, then) = (
            Permissions::known(&self.scopes),
            Permissions::known(&before.scopes),
        );
        let more = !then.hold(now) || (self.clinical && !before.clinical);
        let less = !now.hold(then) || (before.clinical && !self.clinical);
        let all = [
            (Change::Role, self.role != before.role),
            (Change::More, more),
            (Change::Less, less),
            (Change::Queues, self.queues != before.queues),
            (
                Change::SecondFactor,
                self.second_factor != before.second_factor,
            ),
        ];
        let all = all.into_iter().filter(|(_, is)| *is);
        all.map(|(change, _)| change).collect()
    }

    /// Whether what it opens is another than `before`.
    pub fn opens_other(&self, before: &Self) -> bool {
        let what = |one: &Self| {
            (
                one.role.clone(),
                one.scopes.clone(),
                one.queues.clone(),
                one.clinical,
            )
        };
        what(self) != what(before)
    }
}

/// Whether an access is this person's own: theirs, or a token that they made.
pub fn is_own(me: StaffId, access: &Access) -> bool {
    access.whose == Whose::Person(me) || access.made_by == Some(me)
}

/// Whether nobody who is let in may decide on an access: whoever could is the one whose it is. `all` is everybody.
pub fn is_alone(access: &Access, all: &[Access]) -> bool {
    let may = |one: &Access| {
        let Whose::Person(id) = one.whose else {
            return false;
        };
        let who = Who::Staff(Held {
            permissions: one.reach.permissions,
            clinical: one.reach.clinical,
            queues: &one.reach.queues,
        });
        !is_own(id, access) && who.decides_on(&access.reach).is_ok()
    };
    !all.iter().any(may)
}

/// Whether a row waits, of which `then` says what stood there: nobody decided on it, or it was to be changed and still opens
/// what it did. `now` is what it is; none where it has ended.
pub fn waits(decision: Option<Decision>, then: &Facts, now: Option<&Facts>) -> bool {
    match (decision, now) {
        (None, _) => true,
        (Some(Decision::Change), Some(now)) => !now.opens_other(then),
        _ => false,
    }
}

/// Code of the kind of an access, as stored.
pub const fn kind(whose: Whose) -> &'static str {
    match whose {
        Whose::Person(_) => PERSON,
        Whose::Token(_) => "token",
    }
}

/// The quarter of the calendar that a day is in, such as `2026-Q1`, and its first day.
pub fn quarter(day: Date) -> (String, Date) {
    let number = (day.month() - 1) / 3;
    let first = jiff::civil::date(day.year(), number * 3 + 1, 1);
    (format!("{}-Q{}", day.year(), number + 1), first)
}

/// How many of the reminders should have gone out at `now` for a round that ends at `due`.
pub fn reminders(due: Timestamp, now: Timestamp) -> i64 {
    let passed = REMIND_DAYS
        .iter()
        .filter(|days| now.seconds_since(due) >= -**days * DAY);
    i64::try_from(passed.count()).unwrap_or(0)
}

/// The end of a round of `days` that opens at `now`.
pub fn due(now: Timestamp, days: i64) -> Timestamp {
    now.plus_seconds(days * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn facts() -> Facts {
        Facts {
            name: "Ana".to_owned(),
            role: "agent".to_owned(),
            scopes: "tickets:read".to_owned(),
            queues: None,
            clinical: false,
            second_factor: false,
            last: None,
            made_by: None,
            expires_at: None,
        }
    }

    #[test]
    fn a_quarter_begins_with_its_first_month() {
        for (day, code, first) in [
            (date(2026, 1, 1), "2026-Q1", date(2026, 1, 1)),
            (date(2026, 3, 31), "2026-Q1", date(2026, 1, 1)),
            (date(2026, 4, 1), "2026-Q2", date(2026, 4, 1)),
            (date(2026, 12, 31), "2026-Q4", date(2026, 10, 1)),
        ] {
            assert_eq!(quarter(day), (code.to_owned(), first));
        }
    }

    #[test]
    fn what_changed_since_the_last_round_is_told() {
        let before = facts();
        assert_eq!(before.changes(None), [Change::New]);
        assert_eq!(before.changes(Some(&before)), []);
        let named = Facts {
            name: "Ana Ruiz".to_owned(),
            second_factor: true,
            ..facts()
        };
        assert_eq!(named.changes(Some(&before)), [Change::SecondFactor]);
        assert!(!named.opens_other(&before));
        let other = Facts {
            role: "clerk".to_owned(),
            scopes: "audit:read".to_owned(),
            queues: Some(String::new()),
            ..facts()
        };
        assert_eq!(
            other.changes(Some(&before)),
            [Change::Role, Change::More, Change::Less, Change::Queues]
        );
        assert!(other.opens_other(&before));
        let clinical = Facts {
            clinical: true,
            ..facts()
        };
        assert_eq!(clinical.changes(Some(&before)), [Change::More]);
    }

    #[test]
    fn a_row_waits_until_it_is_decided_and_a_change_until_it_is_made() {
        let (then, other) = (
            facts(),
            Facts {
                role: "clerk".to_owned(),
                ..facts()
            },
        );
        for (decision, now, expected) in [
            (None, Some(&then), true),
            (None, None, true),
            (Some(Decision::Change), Some(&then), true),
            (Some(Decision::Change), Some(&other), false),
            (Some(Decision::Change), None, false),
            (Some(Decision::Keep), Some(&other), false),
            (Some(Decision::Alone), Some(&then), false),
        ] {
            assert_eq!(
                waits(decision, &then, now),
                expected,
                "{decision:?} {now:?}"
            );
        }
    }

    #[test]
    fn a_round_reminds_seven_and_two_days_before_its_end() {
        let end = Timestamp::from_micros(1_772_000_000_000_000);
        let at = |days: i64, seconds: i64| reminders(end, end.plus_seconds(-days * DAY + seconds));
        assert_eq!((at(7, -1), at(7, 0), at(2, -1), at(2, 0)), (0, 1, 1, 2));
        assert_eq!(at(0, 1), 2);
    }
}
