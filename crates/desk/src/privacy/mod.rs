//! Work on who may see whose record, and who has. Restricted records that somebody opens for a reason (the rows are kept by
//! [`crate::records::restricted`], which decides); who has seen a patient's data ([`seen`]), and what of it
//! was given to somebody outside ([`disclosures`]); looks that are unusual ([`watch`]); incidents that may be breaches
//! ([`breaches`]); the clocks that the law sets for all of it ([`clocks`]); searches of the audit log that somebody keeps
//! ([`filters`]).
//!
//! Invariants: an opening ends by itself after [`OPEN_FOR`] seconds and is never made longer, only made anew; whoever
//! took an exception doesn't sign it off ([`exceptions`]); whoever looks at who has seen somebody's data stands in that account themselves.

pub mod breaches;
pub mod clocks;
pub mod consents;
pub mod copies;
pub mod disclosures;
pub mod erasure;
pub mod exceptions;
pub mod filters;
pub mod notices;
mod opening;
pub mod requests;
pub mod retention;
pub mod seen;
pub mod watch;
mod whom;

use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::PatientId;
use crate::records::Group;

pub use crate::records::restricted::{OPEN_FOR, Reason, Verdict};
pub use exceptions::MAX_NOTE;
pub use opening::{MIN_WORDS, NewOpening, is_kept, open_record};

/// For whom whoever is signed in to the patients' own pages may say no, or that they read something: for themself as soon as
/// they are known at all, so that a no takes a press and nothing more; for whom they act where they may have the record.
fn speaks(ctx: &Ctx) -> Result<PatientId, DeskError> {
    let acts = ctx.signed_in()?.acting.is_some();
    ctx.authorize_own(if acts {
        Group::Records
    } else {
        Group::Logistics
    })
}
