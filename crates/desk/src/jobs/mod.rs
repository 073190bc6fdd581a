//! The job runner: does what commands enqueued, as soon as it is due.
//!
//! A part lists its kinds of work as [`Handler`]s in `handlers()`, and joins the list in [`handlers`]. Work is leased for
//! [`LEASE_SECONDS`] at a time, tried again with growing pauses, and parked where a person sees it after [`ATTEMPTS`].
//! It must be idempotent: after a crash the lease runs out and the work is run again. An end that nobody saw is no
//! failure, but work that was cut off [`INTERRUPTIONS`] times in a row is taken for what ends the process, and parked;
//! from the third time on it is run by itself, so that no other work is cut off with it.
//! What has to happen now and then without anybody asking stands in [`recurring`].

mod recurring;
mod runner;
#[cfg(test)]
mod tests;

use crate::app::App;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use bedside_db::Timestamp;
use futures_util::future::BoxFuture;

pub use runner::{drain, free_all, run};

/// How often work is tried before it is parked.
pub const ATTEMPTS: i64 = 12;

/// How often in a row work may be cut off (by a kill, a power cut, a lease that ran out) before it is parked: more often
/// than restarts ever hit the same piece of work, few enough for a crash loop to end by itself.
pub const INTERRUPTIONS: i64 = 10;

/// How long a lease lasts unless it is renewed, in seconds: what a crash delays its work by.
pub const LEASE_SECONDS: i64 = 60;

/// How one run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing is left to do.
    Finished,
    /// To be run again at this instant; does not count as a failure.
    Again(Timestamp),
}

/// Runs one kind of work: the desk, whose it is, and the payload as enqueued.
#[derive(Clone, Copy)]
pub struct Handler {
    /// The kind's constant name.
    pub kind: &'static str,
    /// Does it.
    pub run: fn(App, OrganisationId, String) -> BoxFuture<'static, Result<Done, DeskError>>,
    /// Tells whoever should know, and must be idempotent as well, before the work is parked.
    pub given_up: fn(App, OrganisationId, String) -> BoxFuture<'static, Result<(), DeskError>>,
}

/// The kinds of work of all parts.
pub fn handlers() -> Vec<Handler> {
    [
        crate::outbound::handlers(),
        crate::representatives::handlers(),
        crate::privacy::breaches::handlers(),
        crate::privacy::copies::handlers(),
        crate::privacy::erasure::handlers(),
        crate::tickets::handlers(),
        crate::timeline::files::handlers(),
    ]
    .concat()
}
