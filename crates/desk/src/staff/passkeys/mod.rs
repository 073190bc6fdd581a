//! The passkeys of the staff ([`crate::passkeys`]): added, named, done without, and shown at their door, after a password and
//! as a fresh proof.

mod answer;
mod service;

pub use crate::passkeys::{Answer, Asked, MAX_PASSKEYS, Passkey, Place, possible};
pub(super) use crate::passkeys::{ask_for, keys as store, wrong};
pub(super) use answer::{check, take};
pub use service::{add, ask_new, passkeys, remove, rename};
