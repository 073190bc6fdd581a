//! What whoever is signed in to the patients' own pages may have.

use crate::disclosure::{Group, Level, Scope, needs};

/// What stands in the way of somebody who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// They are no patient, and act for none.
    NoRecord,
    /// What they may do for whom they act does not reach that far.
    OutOfScope,
    /// Their address is not long enough on file.
    Level,
}

/// Whether they may have of this patient what `group` says. Being signed in shows as much as the second level does and never
/// more, so that it is enough here for what the desk hands to the patient alone.
pub fn may_have<P>(patient: Option<P>, scope: Scope, level: Level, group: Group) -> Result<P, Bar> {
    let patient = patient.ok_or(Bar::NoRecord)?;
    if !scope.has(group) {
        return Err(Bar::OutOfScope);
    }
    if level < Level::L2.min(needs(group, false)) {
        return Err(Bar::Level);
    }
    Ok(patient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn being_signed_in_is_enough_from_the_level_of_the_address_on() {
        use Group::{Billing, Clinical, Contact, Logistics, Records};
        for (level, open) in [
            (Level::L0, &[][..]),
            (Level::L1, &[Logistics]),
            (Level::L2, &[Logistics, Clinical, Billing, Contact, Records]),
            (Level::L3, &[Logistics, Clinical, Billing, Contact, Records]),
        ] {
            for group in Group::ALL.iter().copied() {
                let expected = if open.contains(&group) {
                    Ok(7)
                } else {
                    Err(Bar::Level)
                };
                let have = may_have(Some(7), Scope::ALL, level, group);
                assert_eq!(have, expected, "{level:?} {group:?}");
                let out = may_have(Some(7), Scope::ALL.without(group), level, group);
                assert_eq!(out, Err(Bar::OutOfScope), "{level:?} {group:?}");
                let nobody = may_have(None::<u8>, Scope::ALL, level, group);
                assert_eq!(nobody, Err(Bar::NoRecord), "{level:?} {group:?}");
            }
        }
    }
}
