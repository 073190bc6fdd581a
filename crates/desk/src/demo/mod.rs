//! A living clinic with invented people, to look around in: `bedside demo`.
//!
//! [`history`] lives through ninety days on a clock of its own ([`clock`]), through the same services as everything
//! else, and ends at the present. From then on [`ticker`] brings new requests by mail, and [`inbox`] holds what the
//! desk sends: a visitor writes as a patient at `/demo/mail` and sees the answer arrive, or does both with a mail program
//! of their own ([`pop3`]). Everything stays on the loopback interface; nothing is sent to anyone.
//!
//! Nothing in here runs in a real desk: its pages are not in the route table of [`crate::router`].

pub mod clock;
mod files;
mod handed;
pub mod history;
mod inbox;
mod letter;
pub mod pages;
mod people;
mod pop3;
mod random;
mod review;
mod script;
pub mod start;
mod store;
mod ticker;

pub use inbox::Inbox;
pub use store::ALL as STATEMENTS;

/// The address that invented patients write to. `example` names are reserved and reach nobody (RFC 2606).
pub const MAILBOX: &str = "care@riverside.example";

/// The organisation's short name.
pub const SLUG: &str = "riverside";
