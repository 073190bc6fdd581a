//! The clocks that the law sets, of requests by law and of what is to be told after a breach: whoever watches over them hears
//! before one runs out, and when it has. Beside them what was done past the rules and waits for a second person. Owns
//! `privacy_clocks`.
//!
//! Invariants: each stage of each end is told once, whatever the number of nodes and however far their clocks are from each
//! other, and as soon as there is somebody to hear it; an end that moves begins anew; what is answered, told or closed is not
//! spoken of. One that can't be read keeps no other waiting. Nothing about a patient leaves it: ids and stages alone.

mod model;
mod service;
mod store;

pub use model::{LOOK_WITHIN, Running, Stage, Timer, Waiting, Work, stage};
pub use service::remind;
pub use store::ALL as STATEMENTS;
pub(in crate::privacy) use store::{incidents, settle};
