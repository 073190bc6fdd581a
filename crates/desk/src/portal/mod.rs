//! Patients who sign in to their own pages, and those who act for them. Owns `portal_codes`, `portal_sessions`,
//! `portal_devices` and `portal_browsers`.
//!
//! There is no account to be made: whoever has a mail address on file comes in by a one-time code that goes there, and by a
//! passkey that they added once they were in. What being in shows follows the rules of [`crate::identity`]: the second level
//! by an address that is long on file, the first by another one, and nothing by one that belongs to nobody in care. No code
//! goes to an address that is held back.
//!
//! Invariants: asking for a code is the same work and the same answer whether somebody has the address or not; the digits of a
//! code are made by the organisation's key of the code's number and are kept nowhere; codes for an address are counted by one
//! command at a time; a session and a passkey are of one
//! address, and end when it is no longer that contact's, for good; a session ends too when the contact comes to stand for somebody else;
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
pub use codes::{CODE_LASTS, PER_DAY, PER_HOUR, TRIES, Visiting, ask_code, enter_code};
pub(crate) use mails::{Letter, letter, message_waits};
pub use mails::{News, PortalMail};
pub use passkeys::{
    add_passkey, ask_at_door, ask_new_passkey, my_passkeys, remove_passkey, sign_in_by_passkey,
};
pub(crate) use sessions::address_gone;
pub use sessions::{
    Entered, Lately, OpenSession, SignedIn, end, end_everywhere, end_one, forget, lately,
    open_sessions, session, speak, still,
};
pub use store::ALL as STATEMENTS;
