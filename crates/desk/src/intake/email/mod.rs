//! Mail in. Owns `inbound_mails`.
//!
//! The route of a mail: it is read from a mailbox ([`poller`]) or handed in by a mail server ([`room`]); it is stored
//! sealed and as it came ([`receive()`]), and only then acknowledged; the [`processor`] parses it and makes of it a message
//! on the ticket it answers, a new ticket, or the news that one of our mails came back. What can't be read becomes a
//! ticket for a person, with the raw mail attached.
//!
//! Invariants: nothing is acknowledged before it is durable; one mail never stops the next; a mail joins a ticket only
//! through a signature of ours and from the ticket's own contact ([`thread`]).

mod bounce;
mod files;
mod import;
mod letter;
mod opt_out;
mod parked;
pub mod poller;
pub mod processor;
mod receive;
pub mod room;
mod store;
mod thread;

pub use import::{Imported, import_mbox};
pub use receive::{LeftBehind, Source, Via, receive};
pub use store::ALL as STATEMENTS;

#[cfg(test)]
mod tests;

use crate::app::App;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Everything of this part that runs beside the web server: listeners, mailbox readers, the processor. Ends after
/// `stopping` says so, when the mails under way are done.
pub async fn run(app: App, listeners: room::Listeners, mut stopping: watch::Receiver<bool>) {
    let shutdown = CancellationToken::new();
    let told = async {
        // A sender that is gone will not say anything any more.
        let _ = stopping.wait_for(|stop| *stop).await;
        shutdown.cancel();
    };
    tokio::join!(
        told,
        listeners.run(app.clone(), shutdown.clone()),
        poller::run(app.clone(), shutdown.clone()),
        processor::run(app, shutdown.clone()),
    );
}
