//! Mails as values.

use crate::ids::OutboundMailId;
use crate::timeline::model::codes;
use crate::work::Job;
use serde::{Deserialize, Serialize};

codes! {
    /// What a mail is for.
    Kind {
        /// The first sign that a request came in.
        Acknowledgement = "acknowledgement",
        /// An answer.
        Reply = "reply",
        /// A question how it went.
        Rating = "rating",
    }
}

/// What is frozen when a mail is queued; kept sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Content {
    /// The one recipient.
    pub to: String,
    /// Their name, where known.
    pub to_name: Option<String>,
    /// Whether the words go behind a secure link.
    pub secure_link: bool,
}

/// Hours in which a mail is tried.
pub const GIVE_UP_HOURS: i64 = 72;

/// The job that sends one mail.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SendMail {
    /// Which.
    pub mail: OutboundMailId,
}

impl Job for SendMail {
    const KIND: &'static str = "outbound.send";
}
