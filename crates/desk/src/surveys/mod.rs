//! How patients felt about the help they got. Owns `ratings` and `rating_days`.
//!
//! One rating a request, 1 to 5, given through a personal link and changed by giving another one; `rating_days` counts
//! them by UTC day and queue, so that a report reads a few rows. Nobody is asked after a crisis.

mod model;
mod service;
mod store;

pub use model::{MAX_COMMENT, QueueSummary, Rated, Rating, Summary, day_of};
pub(crate) use service::{is_crisis, is_rated};
pub use service::{of_ticket, rate, summary};
pub use store::ALL as STATEMENTS;
