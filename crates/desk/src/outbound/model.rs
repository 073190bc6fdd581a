//! Mails as values.

use crate::codes::codes;
use crate::ids::{OutboundMailId, TicketId};
use crate::timeline::files;
use crate::work::Job;
use bedside_db::Timestamp;
use bedside_language::Language;
use serde::{Deserialize, Serialize};

codes! {
    /// What a mail is for.
    Kind {
        /// The first sign that a request came in.
        Acknowledgement = "acknowledgement",
        /// Where to call at once, for somebody who may be in danger.
        Emergency = "emergency",
        /// An answer.
        Reply = "reply",
        /// A question how it went.
        Rating = "rating",
        /// A fresh link that somebody asked for.
        Link = "link",
        /// The news for a colleague that an answer did not arrive.
        Undelivered = "undelivered",
        /// A one-time code, for somebody who says who they are.
        Code = "code",
        /// The news for an address on file that another one was changed or added.
        AddressChanged = "address_changed",
    }
}

codes! {
    /// Where a mail is on its way, as stored.
    State {
        /// Waits to be sent, or to be tried again.
        Queued = "queued",
        /// The next mail server took it.
        Accepted = "accepted",
        /// It came back.
        Bounced = "bounced",
        /// Given up.
        Failed = "failed",
        /// Taken back before it was sent.
        Cancelled = "cancelled",
    }
}

/// Codes of what stands in a mail's way; the server's own are `smtp` with its reply code and status.
pub mod code {
    /// Being handed over. Found at the start of a try, it says that an earlier one never ended.
    pub const SENDING: &str = "sending";
    /// No mailbox can send.
    pub const NO_MAILBOX: &str = "no_mailbox";
    /// The mail server was not reached.
    pub const CONNECTION: &str = "connection";
    /// The mail server may have it or not: the connection broke before its last answer.
    pub const MAY_HAVE_ARRIVED: &str = "may_have_arrived";
    /// It was tried for 72 hours.
    pub const GAVE_UP: &str = "gave_up";
    /// The recipient's address is none, or not theirs any more.
    pub const ADDRESS: &str = "address";
    /// It came back; followed by the report's status.
    pub const BOUNCED: &str = "bounced";
    /// The clinic's template can't be filled in.
    pub const TEMPLATE: &str = "template";
    /// A restore came between: it may have gone out since the backup was made.
    pub const HELD: &str = "held";
    /// The mail server's settings can't be used.
    pub const SETTINGS: &str = "settings";
}

/// What is frozen when a mail is queued; kept sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Content {
    /// The one recipient.
    pub to: String,
    /// Their name, where known.
    pub to_name: Option<String>,
    /// Whether the words go behind a secure link.
    pub secure_link: bool,
    /// The token of the link in it; made at the first try and forgotten at the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Until when that link works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_ends: Option<Timestamp>,
    /// The one-time code in it, and until when it works; forgotten at the last try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<(String, Timestamp)>,
    /// The language of what it answers, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

/// A mail that a person should know of. It carries nothing of the patient.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TroubledMail {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: OutboundMailId,
    /// Which request it belongs to.
    #[schema(value_type = String, format = "uuid")]
    pub ticket: TicketId,
    /// The request's number.
    pub number: i64,
    /// What it is for.
    pub kind: Kind,
    /// Where it is.
    pub state: State,
    /// What stands in its way ([`code`]); [`TroubledMail::text_key`] names its words.
    pub code: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was queued (microseconds since 1970).
    #[schema(value_type = i64)]
    pub created_at: Timestamp,
    /// Since when it is where it is (microseconds since 1970).
    #[schema(value_type = i64)]
    pub state_at: Timestamp,
    /// Until when it is tried (microseconds since 1970).
    #[schema(value_type = i64)]
    pub give_up_at: Timestamp,
}

impl TroubledMail {
    /// The Fluent key of what stands in the mail's way.
    pub fn text_key(&self) -> &'static str {
        match self.code.split(' ').next().unwrap_or_default() {
            code::NO_MAILBOX => "outbound-trouble-no-mailbox",
            code::CONNECTION => "outbound-trouble-connection",
            code::SENDING => "outbound-trouble-sending",
            code::MAY_HAVE_ARRIVED => "outbound-trouble-may-have-arrived",
            code::GAVE_UP => "outbound-trouble-gave-up",
            code::ADDRESS => "outbound-trouble-address",
            code::HELD => "outbound-trouble-held",
            code::TEMPLATE => "outbound-trouble-template",
            code::SETTINGS => "outbound-trouble-settings",
            code::BOUNCED => "outbound-trouble-bounced",
            files::UNCHECKED => "outbound-trouble-file-unchecked",
            files::INFECTED => "outbound-trouble-file-infected",
            "smtp" => "outbound-trouble-smtp",
            _ => "outbound-trouble-other",
        }
    }
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
