//! How sure the desk is of who is asking, in one conversation. Owns `identity_evidence`, `identity_subjects`,
//! `identity_failures`, `identity_locks`, `identity_codes`, `identity_tasks`, `identity_reviews` and `identity_peeks`; its room
//! [`by_hand`] owns `identity_flags`, and [`signs`] `identity_tries`.
//!
//! What somebody shows is *evidence*: it belongs to one ticket, the contact that asks and the addresses this contact had
//! then, and counts for [`model::LASTS`] seconds; that they wrote signed in for [`model::SIGNED_IN_LASTS`]. The level is never stored: [`model::standing`] says it from the evidence
//! that still counts, so that a ticket that goes to another contact, an address that changes and an hour that is over
//! take it away by themselves.
//!
//! Invariants: what is typed is compared by blind indexes, and the answer is "matches" or "could not be confirmed" alone;
//! a patient who is not there, one whom the actor may not see and a wrong answer take the same way, with the same rows;
//! three failures within a day, counted by one command at a time, lock the conversation, the contact, what was claimed and
//! the patient whose codes were wrong for a day, wherever they come; the address or number that a conversation came by
//! confirms nothing; no code goes to an address that is new to its patient; nobody says the second yes to, and nobody
//! looks afterwards at, what they did themselves. (NIST SP 800-63-4; HC3 alert of April 2024; 45 CFR 164.514(h).)

pub mod by_hand;
mod codes;
mod contacts;
mod details;
mod flags;
mod locks;
pub mod model;
mod reviews;
mod saying;
mod seen;
pub mod sight;
mod signed_in;
pub mod signs;
mod store;
mod tasks;

pub use by_hand::{ByHand, notice};
pub use codes::{check_code, send_code};
pub use contacts::{NewAddress, change_address};
pub(crate) use contacts::{
    address_changed, at_the_third, came_on_ground, contact_moved, end_shown, ground,
    may_change_address, no_ground, within,
};
pub use details::{Typed, check_details, tie};
pub use flags::{Across, Flag, Past, noticed};
pub(crate) use locks::hold;
pub use locks::unlock;
pub use model::{
    Answer, Group, Level, Method, Reason, Standing, Told, address_under, mask, opens, reaches,
};
pub(crate) use reviews::unsigned;
pub use reviews::{Review, count_reviews, emergency, reviews, sign_off};
pub(crate) use saying::{asked_to_say, may_say};
pub use saying::{shown_in, shown_with};
pub(crate) use seen::told;
pub use seen::{Choice, Seen, Waiting, asking, forget, seen, standing_of};
pub use sight::{Beside, Scene, peek, peeks};
pub(crate) use sight::{raising, scene, scene_beside, sight_of_search};
pub(crate) use signed_in::{end_shown_by, wrote_signed_in};
pub use signs::lock_of;
pub(crate) use signs::{move_signs, raised, raised_for_record};
pub use store::ALL as STATEMENTS;
pub use tasks::{ask_approval, ask_call, called, decide, show_number, waiting_approvals};
