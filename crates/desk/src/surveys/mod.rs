//! How patients felt about the help they got. Owns `ratings`, `rating_days` and `rating_people`.
//!
//! One rating a request, 1 to 5, given through a personal link and changed by giving another one; `rating_days` counts
//! them by UTC day and queue, `rating_people` by UTC day and the person who had the request, so that a report reads a few
//! rows. Nobody is asked after a crisis.

mod model;
mod service;
mod store;

pub use model::{Count, Given, MAX_COMMENT, Place, Rated, Rating, Summary, day_of};
pub use service::{Newest, hear, newest, of_ticket, rate, summary, worry};
pub(crate) use service::{is_crisis, is_rated};
pub use store::ALL as STATEMENTS;
