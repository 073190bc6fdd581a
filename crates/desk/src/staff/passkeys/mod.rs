//! Passkeys: keys that somebody's phone, computer or security key keeps, and uses only after it has made sure who holds it.
//! One shows both that somebody has the device and that they can unlock it, and it works on this desk's own address alone.
//! Owns `passkeys` and `passkey_questions`.
//!
//! What a browser is asked to sign is kept here, bound to that browser ([`Place`]), for five minutes; the first answer, right or
//! wrong, uses it up. A device that counts its signatures and comes with a count from before may be a copy: its key stops for
//! good, and its person hears of it.
//!
//! The steps of the protocol are those of `webauthn-rs` (docs/decisions/0009-passkeys.md); [`party`] alone calls it.

mod answer;
mod party;
mod question;
mod service;
pub(super) mod store;

pub use answer::Answer;
pub(super) use answer::{check, take, wrong};
pub use party::possible;
pub(super) use question::ask_for;
pub use question::{Asked, Place};
pub use service::{MAX_PASSKEYS, Passkey, add, ask_new, passkeys, remove, rename};
pub use store::ALL as STATEMENTS;
