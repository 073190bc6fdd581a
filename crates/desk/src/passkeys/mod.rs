//! Passkeys: keys that somebody's phone, computer or security key keeps, and uses only after it has made sure who holds it.
//! One shows both that somebody has the device and that they can unlock it, and it works on this desk's own address alone.
//! The staff and patients come in by them through doors of their own ([`Door`]). Owns `passkeys` and `passkey_questions`.
//!
//! What a browser is asked to sign is kept here, bound to that browser ([`Place`]), for five minutes; the first answer, right or
//! wrong, uses it up. A device that counts its signatures and comes with a count from before may be a copy: its key stops for
//! good. Whoever calls tells its person ([`Refused`]).
//!
//! Each row carries a keyed mark over whose key it is and what it is checked by ([`mark`]): one that does not fit is no key.
//!
//! The steps of the protocol are those of `webauthn-rs` (docs/decisions/0009-passkeys.md); [`party`] alone calls it.

mod answer;
mod mark;
mod new;
mod party;
mod question;
mod store;

use crate::ids::{ContactId, PasskeyId, StaffId};
use bedside_db::Timestamp;
use uuid::Uuid;

pub use answer::Answer;
pub(crate) use answer::{Checked, Refused, check, wrong};
pub use mark::mark_those_of_before;
pub(crate) use new::{ask_new, keep, made};
pub use party::possible;
pub(crate) use question::ask_for;
pub use question::{Asked, Place};
pub use store::ALL as STATEMENTS;

/// What the doors do with keys that are kept.
pub(crate) mod keys {
    pub(crate) use super::store::{
        Row, delete, delete_all, delete_by_point, forget_questions, of_person, rename, stop,
    };
}

/// Passkeys that somebody has at most.
pub const MAX_PASSKEYS: usize = 10;

/// Through which door a key lets its person in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// That of the people who work at the desk.
    Staff,
    /// That of patients and of who acts for them.
    Patients,
}

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Somebody who works at the desk.
    Staff(StaffId),
    /// Somebody who writes to it.
    Contact(ContactId),
}

impl Owner {
    /// The door that their keys open, and no other.
    pub const fn door(self) -> Door {
        match self {
            Self::Staff(_) => Door::Staff,
            Self::Contact(_) => Door::Patients,
        }
    }

    /// The stable code of the kind, as stored.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Staff(_) => "staff",
            Self::Contact(_) => "contact",
        }
    }

    /// Their bare id.
    pub const fn id(self) -> Uuid {
        match self {
            Self::Staff(id) => id.uuid(),
            Self::Contact(id) => id.uuid(),
        }
    }
}

/// Somebody's passkey.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// What its person calls it.
    pub name: String,
    /// Since when it lets them in.
    pub created_at: Timestamp,
    /// When it did so last.
    pub used_at: Option<Timestamp>,
    /// Since when it lets nobody in, because there may be a copy of it.
    pub stopped_at: Option<Timestamp>,
}
