//! Who may come in by a way of the one table of routes.

use crate::permission::{Permission, Permissions};

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone. The handler itself checks links and tokens in the path.
    Public,
    /// Whoever is signed in to the patients' own pages, by the cookie of that door alone. Staff are not.
    Patient,
    /// Whoever of the staff is signed in.
    SignedIn,
    /// Staff with this permission, by session cookie.
    Staff(Permission),
    /// Staff with either of these permissions, by session cookie.
    Either(Permission, Permission),
    /// API clients whose token has this scope; staff sessions too, for the pages' own calls.
    Api(Permission),
    /// API clients with any token that works; staff sessions too.
    AnyApi,
    /// Other systems whose token has this scope, and nobody else: no page has a use for it.
    Token(Permission),
}

impl Access {
    /// Whether it is the API's.
    pub const fn is_api(self) -> bool {
        matches!(self, Self::Api(_) | Self::AnyApi)
    }

    /// Whether staff with these permissions come in; none where permissions do not decide.
    pub const fn takes(self, held: Permissions) -> Option<bool> {
        match self {
            Self::Staff(needed) => Some(held.has(needed)),
            Self::Either(one, other) => Some(held.has(one) || held.has(other)),
            _ => None,
        }
    }

    /// Whether a bearer token is looked at.
    pub const fn takes_tokens(self) -> bool {
        self.is_api() || matches!(self, Self::Token(_))
    }

    /// Whether the cookie of a staff session is looked at.
    pub const fn takes_sessions(self) -> bool {
        !matches!(self, Self::Patient | Self::Token(_))
    }

    /// The permission that it takes of whoever has `held`, besides being known: of two, the one they have, else the first.
    pub const fn needed(self, held: Permissions) -> Option<Permission> {
        match self {
            Self::Either(_, other) if held.has(other) => Some(other),
            Self::Either(one, _) => Some(one),
            Self::Staff(permission) | Self::Api(permission) | Self::Token(permission) => {
                Some(permission)
            }
            Self::Public | Self::Patient | Self::SignedIn | Self::AnyApi => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_takes_what_it_says_and_nothing_else() {
        let one = Permission::AuditRead;
        for (access, api, tokens, sessions, needed) in [
            (Access::Public, false, false, true, None),
            (Access::Patient, false, false, false, None),
            (Access::SignedIn, false, false, true, None),
            (Access::Staff(one), false, false, true, Some(one)),
            (Access::Api(one), true, true, true, Some(one)),
            (Access::AnyApi, true, true, true, None),
            (Access::Token(one), false, true, false, Some(one)),
        ] {
            assert_eq!(access.is_api(), api, "{access:?}");
            assert_eq!(access.takes_tokens(), tokens, "{access:?}");
            assert_eq!(access.takes_sessions(), sessions, "{access:?}");
            for held in [Permissions::NONE, Permissions::of(&[one])] {
                assert_eq!(access.needed(held), needed, "{access:?}");
                let decides = matches!(access, Access::Staff(_));
                assert_eq!(
                    access.takes(held),
                    decides.then_some(held.has(one)),
                    "{access:?}"
                );
            }
        }
    }

    #[test]
    fn one_of_two_is_enough() {
        let (one, other) = (Permission::AuditRead, Permission::StaffManage);
        let either = Access::Either(one, other);
        assert!(!either.is_api() && !either.takes_tokens() && either.takes_sessions());
        for (held, needed) in [
            (Permissions::NONE, one),
            (Permissions::of(&[one]), one),
            (Permissions::of(&[other]), other),
        ] {
            assert_eq!(either.needed(held), Some(needed));
            assert_eq!(either.takes(held), Some(held.has(needed)));
        }
    }
}
