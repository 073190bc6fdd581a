//! What a role or an API token opens.

use crate::permission::Permissions;
use crate::queues::Queues;
use std::collections::BTreeSet;

/// What a role or an API token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach<Q> {
    /// What it may do.
    pub permissions: Permissions,
    /// Whether it is clinical; no token is.
    pub clinical: bool,
    /// Whose requests it reaches.
    pub queues: Queues<Q>,
}

impl<Q> Reach<Q> {
    /// Nothing at all.
    pub const NOTHING: Self = Self {
        permissions: Permissions::NONE,
        clinical: false,
        queues: Queues::Only(BTreeSet::new()),
    };
}

impl<Q: Copy + Ord> Reach<Q> {
    /// Whether nothing of `other` is missing. Whoever may do everything hands on clinical roles too.
    pub fn holds(&self, other: &Self) -> bool {
        let clinical = !other.clinical || self.clinical || self.permissions.do_all();
        clinical && self.permissions.hold(other.permissions) && self.queues.hold(&other.queues)
    }

    /// What both open.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        Self {
            permissions: self.permissions.shared(other.permissions),
            clinical: self.clinical && other.clinical,
            queues: self.queues.shared(&other.queues),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Permission;

    fn reach(permissions: &[Permission], clinical: bool, queues: &[u8]) -> Reach<u8> {
        Reach {
            permissions: Permissions::of(permissions),
            clinical,
            queues: Queues::Only(queues.iter().copied().collect()),
        }
    }

    #[test]
    fn nobody_hands_on_what_they_have_not() {
        use Permission::{StaffManage, TicketsRead};
        let own = reach(&[StaffManage, TicketsRead], false, &[1, 2]);
        let clinician = Reach {
            clinical: true,
            ..own.clone()
        };
        let all = Reach {
            permissions: Permissions::of(Permission::ALL),
            ..own.clone()
        };
        for (giver, given, expected) in [
            (&own, reach(&[], false, &[]), true),
            (&own, own.clone(), true),
            (&own, reach(&[TicketsRead], false, &[2]), true),
            (&own, reach(&[Permission::AuditRead], false, &[2]), false),
            (&own, reach(&[TicketsRead], false, &[2, 3]), false),
            (&own, reach(&[TicketsRead], true, &[2]), false),
            (&clinician, reach(&[TicketsRead], true, &[2]), true),
            (
                &clinician,
                reach(&[Permission::AuditRead], true, &[2]),
                false,
            ),
            (&clinician, reach(&[TicketsRead], true, &[3]), false),
            (&all, reach(&[TicketsRead], true, &[2]), true),
            (&all, reach(&[TicketsRead], true, &[3]), false),
        ] {
            assert_eq!(giver.holds(&given), expected, "{giver:?} {given:?}");
        }
        assert!(own.holds(&Reach::NOTHING) && !Reach::NOTHING.holds(&own));
    }

    #[test]
    fn what_is_shared_is_what_both_open() {
        use Permission::{AuditRead, SettingsRead, TicketsRead};
        let one = reach(&[AuditRead, TicketsRead], true, &[1, 2]);
        let other = reach(&[SettingsRead, TicketsRead], false, &[2, 3]);
        assert_eq!(one.shared(&other), reach(&[TicketsRead], false, &[2]));
        assert_eq!(other.shared(&one), reach(&[TicketsRead], false, &[2]));
        assert_eq!(one.shared(&one), one);
    }
}
