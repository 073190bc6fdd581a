//! The lists of settings.

pub mod categories;
pub mod fields;
pub mod policies;
pub mod queues;
pub mod replies;
pub mod statuses;
