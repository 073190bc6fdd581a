//! What can be allowed, and sets of it.

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        /// One thing that can be allowed. Roles and API tokens hold sets of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Permission { $($(#[$doc])* $name,)+ }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code, as written in a token's scopes.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The permission with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|permission| permission.code() == code)
            }
        }
    };
}

permissions! {
    /// See tickets, their timelines and files.
    TicketsRead = "tickets:read";
    /// Open tickets, answer, note, change, merge.
    TicketsWrite = "tickets:write";
    /// See patients and contacts.
    PatientsRead = "patients:read";
    /// Add and change patients and contacts.
    PatientsWrite = "patients:write";
    /// See queues, categories, templates and the other settings.
    SettingsRead = "settings:read";
    /// Change the settings.
    SettingsWrite = "settings:write";
    /// Add people, change their roles, make tokens.
    StaffManage = "staff:manage";
    /// Read the audit log.
    AuditRead = "audit:read";
    /// See patients who are known to the public.
    PatientsVip = "patients:vip";
    /// See patients who work here.
    PatientsEmployee = "patients:employee";
    /// See patients whose records are those of substance use treatment (42 CFR Part 2).
    PatientsPart2 = "patients:part2";
    /// See young people who ask for care of their own.
    PatientsAdolescent = "patients:adolescent";
    /// Open the record of a patient whose label they may not see, for a reason and a short time.
    RestrictedOpen = "restricted:open";
    /// Watch over privacy: see who has seen whose data and what was given out, whatever a patient's labels are.
    PrivacyReview = "privacy:review";
    /// See addresses and telephone numbers.
    FieldsContact = "fields:contact";
    /// See birth dates and record numbers.
    FieldsIdentifiers = "fields:identifiers";
    /// See what a clinic's own clinical fields hold.
    FieldsClinical = "fields:clinical";
    /// See what a clinic's own billing fields hold.
    FieldsBilling = "fields:billing";
    /// Say the second yes to who somebody is.
    IdentityApprove = "identity:approve";
    /// Decide what patients ask for their data by law, and carry it out, with their names.
    PrivacyManage = "privacy:manage";
    /// Look at the exceptions that others took, and sign them off.
    ExceptionsReview = "exceptions:review";
    /// Say who works here and in which groups, for an identity provider.
    PeopleProvision = "people:provision";
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// Every one.
    pub const ALL: Self = Self(u32::MAX);

    /// The set of `list`.
    pub const fn of(list: &[Permission]) -> Self {
        let (mut set, mut left) = (Self::NONE, list);
        while let [first, rest @ ..] = left {
            set = set.with(*first);
            left = rest;
        }
        set
    }

    /// Whether `permission` is in the set.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// The set with `permission` in it.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u32)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn shared(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing at all is missing.
    pub const fn do_all(self) -> bool {
        self.hold(Self::of(Permission::ALL))
    }

    /// Whether nothing of `others` is missing.
    pub const fn hold(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether something may be changed with it that may not be seen: such a permission is of no use alone.
    pub const fn lack_sight(self) -> bool {
        use Permission as P;
        (self.has(P::TicketsWrite) && !self.has(P::TicketsRead))
            || (self.has(P::PatientsWrite) && !self.has(P::PatientsRead))
            || (self.has(P::SettingsWrite) && !self.has(P::SettingsRead))
            || (self.has(P::StaffManage) && !self.has(P::SettingsRead))
    }

    /// Reads codes separated by spaces; an unknown code is handed back.
    pub fn parse(codes: &str) -> Result<Self, String> {
        let mut list = Vec::new();
        for code in codes.split_whitespace() {
            list.push(Permission::from_code(code).ok_or_else(|| code.to_owned())?);
        }
        Ok(Self::of(&list))
    }

    /// What of these codes is known here: one of another release is left out, and opens nothing.
    pub fn known(codes: &str) -> Self {
        let known = codes.split_whitespace().filter_map(Permission::from_code);
        known.fold(Self::NONE, Self::with)
    }

    /// The codes, separated by spaces.
    pub fn codes(self) -> String {
        let codes: Vec<_> = Permission::ALL
            .iter()
            .filter(|one| self.has(**one))
            .map(|one| one.code())
            .collect();
        codes.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_bit_and_a_code_of_its_own() {
        for one in Permission::ALL.iter().copied() {
            assert_eq!(Permission::from_code(one.code()), Some(one));
            let alone = Permissions::of(&[one]);
            assert_eq!(Permissions::NONE.with(one), alone);
            // Twice is once.
            assert_eq!(alone.with(one), alone);
            assert_eq!(Permissions::of(&[one, one]), alone);
            for other in Permission::ALL.iter().copied() {
                assert_eq!(alone.has(other), one == other, "{one:?} {other:?}");
                let both = alone.with(other);
                assert!(both.has(one) && both.has(other), "{one:?} {other:?}");
                assert_eq!(Permissions::of(&[one, other]), both);
            }
            assert!(!Permissions::NONE.has(one) && Permissions::ALL.has(one));
        }
        assert_eq!(Permission::AuditRead.code(), "audit:read");
        assert_eq!(Permission::from_code("audit:burn"), None);
        assert_eq!(Permission::from_code(""), None);
    }

    #[test]
    fn scopes_survive_their_text() {
        let set = Permissions::of(&[Permission::AuditRead, Permission::TicketsRead]);
        assert_eq!(set.codes(), "tickets:read audit:read");
        assert_eq!(Permissions::parse(&set.codes()), Ok(set));
        assert_eq!(Permissions::NONE.codes(), "");
        assert_eq!(Permissions::parse(" "), Ok(Permissions::NONE));
        let strange = "tickets:read tickets:burn";
        assert_eq!(Permissions::parse(strange), Err("tickets:burn".to_owned()));
        let known = Permissions::of(&[Permission::TicketsRead]);
        assert_eq!(Permissions::known(strange), known);
        assert_eq!(Permissions::known(&set.codes()), set);
    }

    #[test]
    fn a_set_holds_another_when_nothing_is_missing() {
        let one = Permissions::of(&[Permission::TicketsRead]);
        let other = Permissions::of(&[Permission::AuditRead]);
        let both = Permissions::of(&[Permission::TicketsRead, Permission::AuditRead]);
        let none = Permissions::NONE;
        for (own, others, expected) in [
            (both, one, true),
            (both, both, true),
            (one, none, true),
            (none, none, true),
            (one, both, false),
            (one, other, false),
            (none, one, false),
        ] {
            assert_eq!(own.hold(others), expected, "{own:?} {others:?}");
        }
    }

    #[test]
    fn whoever_lacks_one_thing_does_not_do_all() {
        let all = Permissions::of(Permission::ALL);
        assert!(all.do_all() && Permissions::ALL.do_all() && !Permissions::NONE.do_all());
        for lacking in Permission::ALL {
            let others = Permission::ALL.iter().filter(|one| *one != lacking);
            let rest = others.fold(Permissions::NONE, |set, one| set.with(*one));
            assert!(!rest.do_all(), "{lacking:?}");
        }
    }

    #[test]
    fn what_is_changed_is_seen_first() {
        use Permission::{
            PatientsRead, PatientsWrite, SettingsRead, SettingsWrite, StaffManage, TicketsRead,
            TicketsWrite,
        };
        let needed = [
            (TicketsWrite, TicketsRead),
            (PatientsWrite, PatientsRead),
            (SettingsWrite, SettingsRead),
            (StaffManage, SettingsRead),
        ];
        for one in Permission::ALL.iter().copied() {
            for other in Permission::ALL.iter().copied() {
                let set = Permissions::of(&[one, other]);
                let expected = needed
                    .iter()
                    .any(|(change, sight)| set.has(*change) && !set.has(*sight));
                assert_eq!(set.lack_sight(), expected, "{one:?} {other:?}");
            }
        }
        assert!(!Permissions::NONE.lack_sight() && !Permissions::ALL.lack_sight());
        // One thing that is seen does not excuse another that is not.
        let blind = Permissions::of(&[TicketsWrite, TicketsRead, StaffManage]);
        assert!(blind.lack_sight());
    }
}
