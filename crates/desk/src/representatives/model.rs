//! Relationship, authority, and what both amount to on a given day: no clock, no rows.

use crate::codes::codes;
use crate::error::DeskError;
use crate::orgs::Minors;
use crate::records::{Group, Scope};
use bedside_db::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Longest reference to a document and longest reason, in characters.
pub const MAX_WORDS: usize = 500;

codes! {
    /// What somebody is to the patient.
    Relationship {
        /// Mother or father.
        Parent = "parent",
        /// Guardian.
        Guardian = "guardian",
        /// Husband, wife or partner.
        Spouse = "spouse",
        /// Son or daughter who is grown up.
        AdultChild = "adult_child",
        /// Somebody else of the family.
        Family = "family",
        /// Whoever cares for them, paid or not.
        Carer = "carer",
        /// Lawyer.
        Lawyer = "lawyer",
        /// Whom they named to decide on their care.
        HealthCareAgent = "health_care_agent",
        /// Somebody else.
        Other = "other",
    }
}

codes! {
    /// What the right to act rests on.
    Authority {
        /// A parent or guardian of somebody under age.
        ParentOfMinor = "parent_of_minor",
        /// A power of attorney for health care.
        HealthCarePower = "health_care_power",
        /// A court's order.
        CourtOrder = "court_order",
        /// The patient said so.
        Permission = "permission",
        /// Nothing was shown: times and directions at most.
        NoneShown = "none_shown",
    }
}

codes! {
    /// Who somebody is to a patient on a given day.
    #[schema(as = RepresentativeSide)]
    Side {
        /// The patient.
        Themself = "self",
        /// Whoever acts for them, in however little.
        Acts = "acts",
        /// Somebody else.
        Other = "other",
    }
}

codes! {
    /// Where a word about it stands.
    #[schema(as = RepresentativeState)]
    State {
        /// Waits for a second person.
        Asked = "asked",
        /// It holds.
        Confirmed = "confirmed",
        /// It held once.
        Ended = "ended",
        /// A second person said no.
        Refused = "refused",
    }
}

codes! {
    /// Why it holds no more.
    Ended {
        /// The patient took it back.
        Revoked = "revoked",
        /// A court, or whoever wrote the document, ended it.
        Document = "document",
        /// It was a mistake.
        Mistake = "mistake",
        /// Something else.
        Other = "other",
        /// Its time was over.
        Over = "over",
        /// The contact was unlinked from the patient.
        Unlinked = "unlinked",
        /// A second person said no.
        Refused = "refused",
    }
}

impl Ended {
    /// What a person can give as a reason.
    pub const REASONS: [Self; 4] = [Self::Revoked, Self::Document, Self::Mistake, Self::Other];
}

/// The rights that somebody was given, as far as time decides about them.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// What it rests on.
    pub authority: Authority,
    /// For what.
    pub scope: Scope,
    /// Whether a young person agreed that their parent hears of care.
    pub young_agreed: bool,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when; none where nobody said.
    pub ends_at: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
}

/// What is known of the patient and the place.
pub struct Whose<'a> {
    /// When they were born.
    pub born: Option<Date>,
    /// Whether they are a young person with care of their own.
    pub own_care: bool,
    /// The clinic's ages.
    pub minors: Minors,
    /// Where the clinic is.
    pub zone: &'a TimeZone,
}

impl Whose<'_> {
    /// When a birthday begins at the clinic; of somebody born on 29 February, in other years the day before March.
    fn birthday(&self, years: i64) -> Option<Timestamp> {
        let years = i16::try_from(years).ok()?;
        let day = self.born?.checked_add(years.years()).ok()?;
        Some(day.to_zoned(self.zone.clone()).ok()?.timestamp().into())
    }
}

impl Given {
    /// When it ends by itself. A parent's right without a birth date of the child has no end that could be known: it holds
    /// nothing.
    pub fn until(&self, whose: &Whose<'_>) -> Option<Timestamp> {
        if self.authority != Authority::ParentOfMinor {
            return self.ends_at;
        }
        let grown = whose.birthday(whose.minors.majority);
        let grown = grown.unwrap_or(self.starts_at);
        Some(self.ends_at.map_or(grown, |end| end.min(grown)))
    }

    /// Whether it holds at `now`.
    pub fn holds(&self, whose: &Whose<'_>, now: Timestamp) -> bool {
        let over = self.until(whose).is_some_and(|until| until <= now);
        self.state == State::Confirmed && self.starts_at <= now && !over
    }

    /// Whether it waits, holds or will hold: then nothing else is said of the same person.
    pub fn is_open(&self, whose: &Whose<'_>, now: Timestamp) -> bool {
        let over = self.until(whose).is_some_and(|until| until <= now);
        match self.state {
            State::Asked => true,
            State::Confirmed => !over,
            State::Ended | State::Refused => false,
        }
    }

    /// What they may hear and do at `now`. Of a young person who may ask for care of their own, a parent hears nothing of
    /// care and gets no copies of it, unless the young person agreed.
    pub fn scope(&self, whose: &Whose<'_>, now: Timestamp) -> Scope {
        if !self.holds(whose, now) {
            return Scope::NONE;
        }
        let of_age = whose
            .birthday(whose.minors.adolescent)
            .is_none_or(|day| day <= now);
        let young = self.authority == Authority::ParentOfMinor && (of_age || whose.own_care);
        if young && !self.young_agreed {
            return self.scope.without(Group::Clinical).without(Group::Records);
        }
        self.scope
    }
}

/// Whether this authority wants a document to be named.
pub const fn wants_document(authority: Authority) -> bool {
    matches!(
        authority,
        Authority::HealthCarePower | Authority::CourtOrder
    )
}

/// Whether what is said holds at once: the patient's own word in a conversation in which they were verified, no claim at
/// all, or a document that whoever adds it has checked. The rest waits for a second person.
pub const fn holds_at_once(authority: Authority, checked: bool) -> bool {
    checked || matches!(authority, Authority::Permission | Authority::NoneShown)
}

/// Refuses what does not go together.
pub fn check(
    relationship: Relationship,
    (authority, has_document): (Authority, bool),
    scope: Scope,
    (starts_at, ends_at): (Timestamp, Option<Timestamp>),
    (born, now): (Option<Date>, Timestamp),
) -> Result<(), DeskError> {
    let wrong = |field, code, text| Err(DeskError::invalid(field, code, text));
    if scope == Scope::NONE {
        return wrong("scope", "required", "Say what they may hear or do.");
    }
    let only_times: Scope = [Group::Logistics].into_iter().collect();
    if authority == Authority::NoneShown && scope != only_times {
        return wrong(
            "scope",
            "none_shown",
            "Without any authority it is times and directions alone.",
        );
    }
    let raises = matches!(relationship, Relationship::Parent | Relationship::Guardian);
    if authority == Authority::ParentOfMinor && !raises {
        return wrong(
            "relationship",
            "not_a_parent",
            "This authority is a parent's or a guardian's.",
        );
    }
    if authority == Authority::ParentOfMinor && born.is_none() {
        return wrong(
            "authority",
            "birth_date_needed",
            "Nobody knows when this patient was born, so nobody knows when a parent's authority ends.",
        );
    }
    if wants_document(authority) && !has_document {
        return wrong(
            "document",
            "required",
            "Name the document, or choose the file.",
        );
    }
    if ends_at.is_some_and(|end| end <= now || end <= starts_at) {
        return wrong(
            "ends",
            "out_of_range",
            "It ends after today, and after it starts.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: i64 = 24 * 3600;

    fn zone() -> TimeZone {
        TimeZone::get("America/Chicago").unwrap()
    }

    fn at(day: Date) -> Timestamp {
        day.to_zoned(zone()).unwrap().timestamp().into()
    }

    fn given(authority: Authority, ends_at: Option<Timestamp>) -> Given {
        Given {
            authority,
            scope: Scope::ALL,
            young_agreed: false,
            starts_at: at(date(2026, 3, 1)),
            ends_at,
            state: State::Confirmed,
        }
    }

    fn whose(zone: &TimeZone, born: Option<Date>) -> Whose<'_> {
        Whose {
            born,
            own_care: false,
            minors: Minors::default(),
            zone,
        }
    }

    #[test]
    fn it_holds_from_its_start_to_its_end_and_only_when_confirmed() {
        let zone = zone();
        let whose = whose(&zone, None);
        let one = given(Authority::Permission, Some(at(date(2026, 4, 1))));
        for (day, holds) in [
            (date(2026, 2, 28), false),
            (date(2026, 3, 1), true),
            (date(2026, 3, 31), true),
            (date(2026, 4, 1), false),
        ] {
            assert_eq!(one.holds(&whose, at(day)), holds, "{day}");
            let scope = if holds { Scope::ALL } else { Scope::NONE };
            assert_eq!(one.scope(&whose, at(day)), scope);
        }
        for state in [State::Asked, State::Ended, State::Refused] {
            assert!(!Given { state, ..one }.holds(&whose, at(date(2026, 3, 10))));
        }
        assert!(given(Authority::Permission, None).holds(&whose, at(date(2126, 1, 1))));
    }

    #[test]
    fn a_parents_right_ends_on_the_birthday() {
        let zone = zone();
        let whose = whose(&zone, Some(date(2009, 6, 7)));
        let one = Given {
            young_agreed: true,
            ..given(Authority::ParentOfMinor, None)
        };
        let birthday = at(date(2027, 6, 7));
        assert_eq!(one.until(&whose), Some(birthday));
        assert_eq!(one.scope(&whose, birthday.plus_seconds(-1)), Scope::ALL);
        assert_eq!(one.scope(&whose, birthday), Scope::NONE);
        let sooner = Given {
            ends_at: Some(at(date(2026, 9, 1))),
            ..one
        };
        assert_eq!(sooner.until(&whose), sooner.ends_at);
        let later = Given {
            ends_at: Some(at(date(2030, 9, 1))),
            ..one
        };
        assert_eq!(later.until(&whose), Some(birthday));
        // A power of attorney for somebody under age is no parent's.
        assert_eq!(given(Authority::CourtOrder, None).until(&whose), None);
        let leap = Whose {
            born: Some(date(2008, 2, 29)),
            ..self::whose(&zone, None)
        };
        assert_eq!(leap.birthday(18), Some(at(date(2026, 2, 28))));
    }

    #[test]
    fn without_a_birth_date_a_parent_has_no_right() {
        let zone = zone();
        let one = given(Authority::ParentOfMinor, None);
        assert!(!one.holds(&whose(&zone, None), one.starts_at.plus_seconds(DAY)));
    }

    #[test]
    fn a_young_persons_care_is_theirs_unless_they_agree() {
        let zone = zone();
        let kept = Scope::ALL.without(Group::Clinical).without(Group::Records);
        let parent = given(Authority::ParentOfMinor, None);
        let now = at(date(2026, 3, 10));
        for (born, own_care, agreed, expected) in [
            (date(2013, 3, 11), false, false, Scope::ALL),
            (date(2013, 3, 10), false, false, kept),
            (date(2013, 3, 10), false, true, Scope::ALL),
            (date(2016, 1, 1), true, false, kept),
            (date(2016, 1, 1), true, true, Scope::ALL),
        ] {
            let whose = Whose {
                own_care,
                ..whose(&zone, Some(born))
            };
            let one = Given {
                young_agreed: agreed,
                ..parent
            };
            assert_eq!(
                one.scope(&whose, now),
                expected,
                "{born} {own_care} {agreed}"
            );
        }
        // A court's order is not the parent's right by nature.
        let whose = whose(&zone, Some(date(2010, 1, 1)));
        assert_eq!(
            given(Authority::CourtOrder, None).scope(&whose, now),
            Scope::ALL
        );
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table, a row a case")]
    fn what_does_not_go_together_is_refused() {
        use Authority::{CourtOrder, HealthCarePower, NoneShown, ParentOfMinor, Permission};
        let now = at(date(2026, 3, 10));
        let times: Scope = [Group::Logistics].into_iter().collect();
        let born = Some(date(2016, 1, 1));
        let end = |days: i64| Some(now.plus_seconds(days * DAY));
        for (relationship, authority, document, scope, ends, born, expected) in [
            (
                Relationship::Parent,
                ParentOfMinor,
                false,
                Scope::ALL,
                None,
                born,
                None,
            ),
            (
                Relationship::Spouse,
                Permission,
                false,
                Scope::ALL,
                end(1),
                None,
                None,
            ),
            (
                Relationship::Other,
                NoneShown,
                false,
                times,
                None,
                None,
                None,
            ),
            (
                Relationship::Lawyer,
                CourtOrder,
                true,
                times,
                end(9),
                None,
                None,
            ),
            (
                Relationship::Spouse,
                Permission,
                false,
                Scope::NONE,
                None,
                None,
                Some("scope"),
            ),
            (
                Relationship::Spouse,
                NoneShown,
                false,
                Scope::ALL,
                None,
                None,
                Some("scope"),
            ),
            (
                Relationship::Spouse,
                ParentOfMinor,
                false,
                times,
                None,
                born,
                Some("relationship"),
            ),
            (
                Relationship::Parent,
                ParentOfMinor,
                false,
                times,
                None,
                None,
                Some("authority"),
            ),
            (
                Relationship::Spouse,
                HealthCarePower,
                false,
                times,
                None,
                None,
                Some("document"),
            ),
            (
                Relationship::Lawyer,
                CourtOrder,
                false,
                times,
                None,
                None,
                Some("document"),
            ),
            (
                Relationship::Spouse,
                Permission,
                false,
                times,
                end(0),
                None,
                Some("ends"),
            ),
            (
                Relationship::Spouse,
                Permission,
                false,
                times,
                end(-1),
                None,
                Some("ends"),
            ),
        ] {
            let said = check(
                relationship,
                (authority, document),
                scope,
                (now, ends),
                (born, now),
            );
            let field = said.err().map(|error| match error {
                DeskError::Invalid { field, .. } => field,
                other => panic!("{other:?}"),
            });
            assert_eq!(field, expected, "{relationship:?} {authority:?} {ends:?}");
        }
        assert!(!holds_at_once(ParentOfMinor, false) && !holds_at_once(CourtOrder, false));
        assert!(holds_at_once(CourtOrder, true) && holds_at_once(Permission, false));
    }
}
