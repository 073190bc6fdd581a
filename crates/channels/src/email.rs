//! Email: reading a mailbox, sending, and receiving.
//!
//! - [`imap`] reads new messages of a mailbox, by UID;
//! - [`smtp`] hands messages to a mail server;
//! - [`receiver`] is a small SMTP and LMTP server for mail that comes straight to the desk.

pub mod imap;
pub mod receiver;
mod scrub;
pub mod smtp;
pub(crate) mod tls;

pub use crate::reach::Reach;
pub use tls::{Secret, Tls, TlsError};
