//! Mail on its way out. Owns `outbound_mails`.
//!
//! A mail is a row that is written in the transaction of what it tells of, with its recipient frozen and sealed, and a
//! job that sends it. Its state is visible on the message: queued, accepted, bounced, failed, cancelled. It is tried for
//! 72 hours. What a mail says is decided when it is sent, from the clinic's templates ([`Kind`]).
//!
//! A try is written down before it begins: when the desk dies or the connection breaks while the mail server answers,
//! nobody can say whether the mail went out. Such a mail is sent once more under the same Message-ID, by which
//! receivers know it, and after a second such end it is left to a person.

mod invitation;
mod letter;
pub mod model;
mod notice;
mod opt_out;
mod own;
mod portal;
mod send;
mod senders;
mod service;
mod store;
mod template;
mod texts;
mod trouble;
mod whose;

pub use invitation::send_invitation;
pub use letter::reply_address;
pub use model::{Content, Kind, SendMail, State, TroubledMail};
pub use opt_out::confirm_opt_out;
pub use own::{is_ours, own_words, without_prefixes};
pub use senders::Senders;
pub use service::{
    acknowledge, ask_rating, cancel, messages_moved, send_code, send_letter, send_link, send_reply,
    tell_address_changed, warn,
};
pub use store::ALL as STATEMENTS;
pub use template::{Flaw, Values, check_template, samples, to_html};
pub use texts::{
    EMERGENCY, TEXTS, direction, further_languages, keep_text, shipped_text, where_to_call,
};
pub use trouble::{
    Troubled, any_troubled, bounced, handled, hold, named, resume, troubled, try_again,
};

use crate::jobs::Handler;
use crate::portal::PortalMail;
use crate::staff::Notice;
use crate::work::Job;
use futures_util::FutureExt;

/// The work of this part.
pub fn handlers() -> Vec<Handler> {
    vec![
        Handler {
            kind: SendMail::KIND,
            run: |app, organisation, payload| {
                async move { send::send(&app, organisation, &payload).await }.boxed()
            },
            given_up: |app, organisation, payload| {
                async move { send::give_up(&app, organisation, &payload).await }.boxed()
            },
        },
        Handler {
            kind: opt_out::ConfirmOptOut::KIND,
            run: |app, organisation, payload| {
                async move { opt_out::send(&app, organisation, &payload).await }.boxed()
            },
            // What ended has ended, whether they hear of it or not.
            given_up: |_, _, _| async { Ok(()) }.boxed(),
        },
        Handler {
            kind: Notice::KIND,
            run: |app, organisation, payload| {
                async move { notice::send(&app, organisation, &payload).await }.boxed()
            },
            // Nobody waits for it: what happened stands in the audit log.
            given_up: |_, _, _| async { Ok(()) }.boxed(),
        },
        Handler {
            kind: PortalMail::KIND,
            run: |app, organisation, payload| {
                async move { portal::send(&app, organisation, &payload).await }.boxed()
            },
            // Whoever waits for a code asks for another one.
            given_up: |_, _, _| async { Ok(()) }.boxed(),
        },
    ]
}
