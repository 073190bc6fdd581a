//! The addresses that the desk reads and writes as. Owns `mailboxes`.
//!
//! The servers, accounts and passwords of a mailbox are sealed with a key of its own and come out for the desk's own
//! machinery alone ([`sender_for`], the reader of the mailbox); pages and the API see everything but the passwords.
//! An address belongs to one mailbox of the whole desk, so that mail finds its clinic by its recipient.

mod check;
pub mod model;
mod service;
mod store;

pub(crate) use check::imap_code;
pub use check::{Found, check, check_settings};
pub use model::{MailboxSettings, MailboxView, NewMailbox, Protection, SendAs, Server};
pub(crate) use service::{
    NEEDS_TLS, advance, by_recipient, enabled, is_safe, looked_through, note_checked, one,
};
pub use service::{change, create, list, sender_for, set_enabled};
pub use store::ALL as STATEMENTS;
