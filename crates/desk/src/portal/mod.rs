//! Patients who sign in to their own pages, and those who act for them. Owns `portal_codes`, `portal_sessions` and
//! `portal_devices`.
//!
//! There is no account to be made: whoever has a mail address on file comes in by a one-time code that goes there, and by a
//! passkey that they added once they were in. What being in shows follows the rules of [`crate::identity`]: the second level
//! by an address that is long on file, the first by another one, and nothing by one that belongs to nobody in care. No code
//! goes to an address that is held back.
//!
//! Invariants: asking for a code is the same work and the same answer whether somebody has the address or not; the digits of a
//! code are made by the organisation's key of the code's number and are kept nowhere; a session and a passkey are of one
//! address, and end when it is no longer that contact's; a session ends too when the contact comes to stand for somebody else;
//! whoever acts for somebody does so while that is in force, looked at with every request; what they see and do is asked of
//! [`crate::context::Ctx::authorize_own`].

mod acting;
mod codes;
mod mails;
mod passkeys;
pub mod requests;
mod sessions;
mod store;

pub use acting::{ActsFor, act_for, acting_name, acts_for};
pub use codes::{CODE_LASTS, PER_DAY, PER_HOUR, TRIES, ask_code, enter_code};
pub(crate) use mails::{Letter, letter};
pub use mails::{News, PortalMail};
pub use passkeys::{
    add_passkey, ask_at_door, ask_new_passkey, my_passkeys, remove_passkey, sign_in_by_passkey,
};
pub use sessions::{
    Entered, OpenSession, SignedIn, end, end_everywhere, end_one, forget, open_sessions, session,
    speak,
};
pub use store::ALL as STATEMENTS;
