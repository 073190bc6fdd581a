//! Which role somebody gets, and what a name is known by.

use crate::staff::Reach;

/// Where the provider sends to, below the desk's own address.
pub const BASE: &str = "/scim/v2";
/// People that a group has at most.
pub const MAX_MEMBERS: usize = 10_000;
/// Groups that an organisation has at most.
pub const MAX_GROUPS: usize = 1_000;
/// Longest name that the provider knows somebody or a group by, in characters.
pub const MAX_KEY: usize = 254;

/// A look-up that needs no look at everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seek {
    /// Everybody.
    All,
    /// By the name that the provider knows them by.
    Name(String),
    /// By the number that the provider gave them.
    External(String),
}

/// What a name is found by: the provider writes it as it likes.
pub fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// A role that a group gives.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its code.
    pub role: String,
    /// What it opens.
    pub reach: Reach,
    /// Its place in the list of roles.
    pub position: i64,
}

/// Which of the roles that somebody's groups give is theirs: one that no other of them goes beyond, and of several such
/// the first in the list of roles. So nobody gets more than one of their groups was given.
pub fn role_of(offers: &[Offer]) -> Option<&Offer> {
    let widest = offers.iter().filter(|one| {
        let beyond =
            |other: &&Offer| other.reach.holds(&one.reach) && !one.reach.holds(&other.reach);
        !offers.iter().any(|other| beyond(&other))
    });
    widest.min_by(|a, b| (a.position, &a.role).cmp(&(b.position, &b.role)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Permission, Permissions};
    use crate::staff::Queues;
    use proptest::prelude::*;

    fn offer(role: &str, position: i64, list: &[Permission]) -> Offer {
        Offer {
            role: role.to_owned(),
            reach: Reach {
                permissions: Permissions::of(list),
                clinical: false,
                queues: Queues::All,
            },
            position,
        }
    }

    #[test]
    fn the_widest_role_goes_first_and_then_the_order_of_the_list() {
        use Permission::{AuditRead, TicketsRead, TicketsWrite};
        let agent = offer("agent", 3, &[TicketsRead, TicketsWrite]);
        let partner = offer("partner", 1, &[TicketsRead]);
        let compliance = offer("compliance", 2, &[AuditRead]);
        let chosen = |offers: &[Offer]| role_of(offers).map(|one| one.role.clone());
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[partner.clone(), agent.clone()]).unwrap(), "agent");
        assert_eq!(chosen(&[agent, partner, compliance]).unwrap(), "compliance");
    }

    fn some() -> impl Strategy<Value = Vec<Offer>> {
        let one = (0_i64..5, proptest::collection::vec(0..4_usize, 0..4));
        let offers = proptest::collection::vec(one, 0..6);
        offers.prop_map(|offers| {
            let made = offers
                .into_iter()
                .enumerate()
                .map(|(number, (position, list))| {
                    let list: Vec<_> = list.into_iter().map(|at| Permission::ALL[at]).collect();
                    offer(&format!("r{number}"), position, &list)
                });
            made.collect()
        })
    }

    proptest! {
        #[test]
        fn one_of_them_is_chosen_whatever_their_order(offers in some()) {
            let mut turned = offers.clone();
            turned.reverse();
            let (one, other) = (role_of(&offers), role_of(&turned));
            prop_assert_eq!(one.map(|one| &one.role), other.map(|one| &one.role));
            prop_assert_eq!(one.is_some(), !offers.is_empty());
            if let Some(one) = one {
                let beyond = offers.iter().any(|other| {
                    other.reach.holds(&one.reach) && !one.reach.holds(&other.reach)
                });
                prop_assert!(!beyond);
            }
        }
    }
}
