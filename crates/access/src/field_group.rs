//! Groups of fields that a role may be kept from while it sees the rest of a record (minimum necessary, 45 CFR 164.514(d)).

use crate::codes;
use crate::permission::Permission;

codes! {
    /// What a field tells of somebody.
    FieldGroup {
        /// How to reach them: addresses and telephone numbers.
        Contact = "contact",
        /// What they are told apart by: birth date and record number.
        Identifiers = "identifiers",
        /// What ails them.
        Clinical = "clinical",
        /// What they owe, and who pays.
        Billing = "billing",
    }
}

impl FieldGroup {
    /// What it takes to see the fields of this group.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Contact => Permission::FieldsContact,
            Self::Identifiers => Permission::FieldsIdentifiers,
            Self::Clinical => Permission::FieldsClinical,
            Self::Billing => Permission::FieldsBilling,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_a_permission_of_its_own() {
        assert_eq!(FieldGroup::from_code(""), None);
        for group in FieldGroup::ALL {
            assert_eq!(FieldGroup::from_code(group.code()), Some(*group));
            let code = format!("fields:{}", group.code());
            assert_eq!(group.permission().code(), code);
        }
    }
}
