//! Work on who may see whose record. Its first room: restricted records that somebody opens for a reason, and the second
//! person who looks at each of them. The rows are kept by [`crate::records::restricted`], which decides.
//!
//! Invariants: an opening ends by itself after [`OPEN_FOR`] seconds and is never made longer, only made anew; whoever
//! opened a record doesn't sign it off.

pub mod copies;
pub mod erasure;
mod opening;
pub mod requests;

pub use crate::records::restricted::{OPEN_FOR, Reason, Verdict};
pub use opening::{
    MAX_NOTE, MIN_WORDS, NewOpening, OpeningView, count_waiting, is_kept, open_record, openings,
    review,
};
