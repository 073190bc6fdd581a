//! What runs out, and how close it is: pure rules.

use crate::context::Permission;
use crate::ids::EndingId;
use bedside_db::Timestamp;

/// A day, in seconds.
const DAY: i64 = 24 * 3600;
/// Days before an end from which on something runs out soon.
pub const SOON: i64 = 30;
/// Days before an end at which it is told: a month to plan it, a week to do it, a day for who forgot.
const AHEAD: [i64; 3] = [1, 7, SOON];
/// Days for which something that ran out is still told of.
const TOLD_AFTER: i64 = 7;
/// Days between two reminders of what has no end.
const ENDLESS: i64 = 91;

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A key with which another system uses the API.
    Token,
    /// The secret that the desk shows the identity provider.
    Secret,
    /// A mailbox's password.
    Password,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Token, Self::Secret, Self::Password];

    /// What the audit log calls the thing that has it.
    pub const fn object(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Secret => "sso_provider",
            Self::Password => "mailbox",
        }
    }

    /// Who can renew it, and so hears of it.
    pub const fn renewed_by(self) -> Permission {
        match self {
            Self::Token | Self::Secret => Permission::StaffManage,
            Self::Password => Permission::SettingsWrite,
        }
    }
}

/// Something that runs out.
#[derive(Clone, Debug)]
pub struct Ending {
    /// What it is.
    pub kind: Kind,
    /// The id of the token, provider or mailbox.
    pub id: EndingId,
    /// What people know it by.
    pub name: String,
    /// Since when there is this end, where that is known: nobody is told at once of what they made to be short.
    pub since: Option<Timestamp>,
    /// Until when it works; none for a token from before tokens had to have an end.
    pub ends_at: Option<Timestamp>,
}

/// How close the end is: days that are left at most, 0 for what ran out lately. Below zero for what has no end: the quarter
/// of a year. The smaller one is the later one; none where there is nothing to tell.
pub fn step(ending: &Ending, now: Timestamp) -> Option<i64> {
    let Some(at) = ending.ends_at else {
        return Some(-(now.micros() / 1_000_000 / (ENDLESS * DAY)));
    };
    let left = at.seconds_since(now);
    if left <= 0 {
        return (-left < TOLD_AFTER * DAY).then_some(0);
    }
    let days = AHEAD.into_iter().find(|days| left <= days * DAY)?;
    let began = at.plus_seconds(-days * DAY);
    ending
        .since
        .is_none_or(|since| since < began)
        .then_some(days)
}

/// Whether it stands on the page of the settings: it ran out lately, does within a month, or has no end.
pub fn is_soon(ending: &Ending, now: Timestamp) -> bool {
    step(
        &Ending {
            since: None,
            ..ending.clone()
        },
        now,
    )
    .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn ending(days: Option<i64>, since: Option<i64>) -> Ending {
        Ending {
            kind: Kind::Token,
            id: EndingId::from_bytes([1; 16]),
            name: "lab".to_owned(),
            since: since.map(|days| NOW.plus_seconds(days * DAY)),
            ends_at: days.map(|days| NOW.plus_seconds(days * DAY)),
        }
    }

    #[test]
    fn an_end_comes_closer_by_steps() {
        let steps = [
            (365, None),
            (31, None),
            (30, Some(30)),
            (8, Some(30)),
            (7, Some(7)),
            (2, Some(7)),
            (1, Some(1)),
            (0, Some(0)),
            (-6, Some(0)),
            (-7, None),
            (-400, None),
        ];
        for (days, expected) in steps {
            assert_eq!(
                step(&ending(Some(days), Some(-400)), NOW),
                expected,
                "{days}"
            );
        }
    }

    #[test]
    fn what_was_made_to_be_short_is_told_by_the_steps_it_has() {
        assert_eq!(step(&ending(Some(5), Some(0)), NOW), None);
        assert_eq!(step(&ending(Some(1), Some(-4)), NOW), Some(1));
        assert!(is_soon(&ending(Some(5), Some(0)), NOW));
    }

    #[test]
    fn what_has_no_end_is_told_every_quarter_of_a_year() {
        let first = step(&ending(None, None), NOW).unwrap();
        let next = step(&ending(None, None), NOW.plus_seconds(ENDLESS * DAY)).unwrap();
        assert!(first < 0);
        assert_eq!(next, first - 1);
        assert!(is_soon(&ending(None, None), NOW));
    }
}
