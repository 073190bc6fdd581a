//! Labels of a patient that keep their record from colleagues who have no need of it.

use crate::codes;
use crate::permission::{Permission, Permissions};

codes! {
    /// Why a record is kept from most. Their order is that of their bits in the database and never changes.
    Label {
        /// Somebody known to the public.
        Vip = "vip",
        /// Somebody who works here.
        Employee = "employee",
        /// Treatment of substance use (42 CFR Part 2).
        Part2 = "part2",
        /// A young person who asks for care of their own.
        Adolescent = "adolescent",
    }
}

impl Label {
    /// What it takes to see a patient who has it.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Vip => Permission::PatientsVip,
            Self::Employee => Permission::PatientsEmployee,
            Self::Part2 => Permission::PatientsPart2,
            Self::Adolescent => Permission::PatientsAdolescent,
        }
    }
}

/// The labels of one patient: none for most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels(i64);

impl Labels {
    /// No label at all.
    pub const NONE: Self = Self(0);

    /// As stored. Bits of labels that this program does not know are kept, and shut for everybody but the desk itself.
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    /// To be stored.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `label` is one of them.
    pub const fn has(self, label: Label) -> bool {
        self.0 & (1 << label as i64) != 0
    }

    /// These and `label`.
    #[must_use]
    pub const fn with(self, label: Label) -> Self {
        Self(self.0 | (1 << label as i64))
    }

    /// Those of these that `others` don't have.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// The known ones.
    pub fn list(self) -> impl Iterator<Item = Label> {
        Label::ALL
            .iter()
            .copied()
            .filter(move |label| self.has(*label))
    }

    /// Every permission that it takes to see a patient with these.
    pub fn needed(self) -> Permissions {
        let known = self.list();
        let needed = known.fold(Permissions::NONE, |set, one| set.with(one.permission()));
        let all: Self = Label::ALL.iter().copied().collect();
        if self.without(all).is_empty() {
            needed
        } else {
            Permissions::ALL
        }
    }
}

impl FromIterator<Label> for Labels {
    fn from_iter<I: IntoIterator<Item = Label>>(labels: I) -> Self {
        labels.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_has_a_bit_a_code_and_a_permission_of_its_own() {
        for (label, bit, code) in [
            (Label::Vip, 1, "vip"),
            (Label::Employee, 2, "employee"),
            (Label::Part2, 4, "part2"),
            (Label::Adolescent, 8, "adolescent"),
        ] {
            assert_eq!(Label::from_code(code), Some(label));
            assert_eq!(label.code(), code);
            assert_eq!(label.permission().code(), format!("patients:{code}"));
            let alone = Labels::NONE.with(label);
            assert_eq!((alone.bits(), alone), (bit, Labels::from_bits(bit)));
            // Twice is once.
            assert_eq!(alone.with(label), alone);
            assert_eq!(alone.needed(), Permissions::of(&[label.permission()]));
            assert_eq!(alone.list().collect::<Vec<_>>(), [label]);
            assert!(!alone.is_empty() && alone.without(alone).is_empty());
        }
        assert_eq!(Label::from_code("none"), None);
        assert_eq!(Labels::NONE.needed(), Permissions::NONE);
        assert!(Labels::NONE.is_empty());
    }

    #[test]
    fn a_label_of_a_newer_program_is_shut() {
        let known = Permissions::of(Permission::ALL);
        for bits in [1 << 4, 1 << 40, -1, 1 | 1 << 40] {
            assert_eq!(Labels::from_bits(bits).needed(), Permissions::ALL);
            assert!(!known.hold(Labels::from_bits(bits).needed()));
            assert_eq!(Labels::from_bits(bits).bits(), bits);
        }
    }

    #[test]
    fn sets_of_labels_hold_what_was_put_in() {
        for one in 0_i64..16 {
            for other in 0_i64..16 {
                let (own, others) = (Labels::from_bits(one), Labels::from_bits(other));
                let both: Labels = own.list().chain(others.list()).collect();
                assert_eq!(both.bits(), one | other);
                assert_eq!(own.without(others).bits(), one & !other);
                for label in Label::ALL.iter().copied() {
                    assert_eq!(both.has(label), own.has(label) || others.has(label));
                    let asked = both.needed().has(label.permission());
                    assert_eq!(asked, both.has(label), "{label:?} {both:?}");
                }
                // More labels never need less.
                assert!(both.needed().hold(own.needed()));
            }
        }
    }
}
