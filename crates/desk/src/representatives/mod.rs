//! Who acts for a patient: how they are related, on what authority, for what and until when. Owns `representatives`.
//!
//! A contact that is *linked* to a patient (`patients`) is whoever writes for them now: their words are sealed with the
//! patient's key, and their addresses are on file. What such a contact may hear and do is said here and nowhere else
//! ([`scope_of`]): one of whom nothing was ever said is the patient; one of whom something was said is what the newest word
//! says, also when that word is over. A confirmed word links the contact where it stands for nobody yet, and a word that
//! ends takes the link away, so that the addresses are on file no more; a link that is taken away ends the word.
//!
//! Invariants: nobody is added or confirmed without the third level in that conversation; what no document shows that
//! somebody could check is confirmed by a second person; nobody says the second yes to their own word; a word is over at
//! its end by itself, and a parent's on the birthday that the clinic's settings name. (45 CFR 164.502(g), 164.510(b).)

mod change;
mod link;
pub mod model;
mod read;
mod store;

pub use change::{NewRepresentative, Who, add, decide, end, handlers};
pub(crate) use link::{acts_for, end_open, is_themself, scope_of, side_of};
pub use model::{Authority, Ended, Relationship, Side, State};
pub use read::{Bond, RepresentativeView, bond_of, list};
pub use store::ALL as STATEMENTS;
