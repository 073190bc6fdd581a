//! Mail on its way out. Owns `outbound_mails`.
//!
//! A mail is a row that is written in the transaction of what it tells of, with its recipient frozen and sealed, and a
//! job that sends it. Its state is visible on the message: queued, accepted, bounced, failed, cancelled. It is tried for
//! 72 hours. What a mail says is decided when it is sent, from the clinic's templates ([`Kind`]).

pub mod model;
mod service;
mod store;

pub use model::{Content, Kind, SendMail};
pub use service::{acknowledge, ask_rating, cancel, send_reply};
pub use store::ALL as STATEMENTS;
