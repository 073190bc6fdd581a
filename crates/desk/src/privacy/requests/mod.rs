//! What patients ask for their data by law, as work with the law's clock. Owns `privacy_requests`. Of how a patient wants to
//! be reached ([`ways`]) `patients` keeps what stands.
//!
//! Staff open a request from a patient's page or a ticket; whoever has `privacy:manage` decides it and carries it out, and
//! enters what comes to them by letter. The
//! periods and the reasons for a refusal are data (`law.toml`), by the law that the organisation says it is under.
//!
//! Invariants: a request is open, decided and closed, in this order and never back ([`model`]); there is one extension, made
//! before the first period is over; what gives data away or destroys it needs an asker who has shown who they are, or a
//! second person's yes, and to destroy always a second person's; whoever opened it doesn't give that yes, and whoever gave
//! it doesn't decide. What stays of a decided one (restrictions, corrections, objections) is told and kept to by
//! [`standing`]. To add a kind, add it to [`Kind`], to `law.toml` for each law, to [`Request::steps`] and to the texts.

pub mod blocking;
mod decide;
mod heard;
pub mod law;
pub mod model;
mod news;
mod own;
mod service;
pub mod standing;
mod store;
pub mod ways;

pub use decide::{Said, approve, close, decide, decide_on, extend};
pub(crate) use decide::{ask_again, close_destroyed, close_rest, held};
pub use heard::{Heard, hear_of, hear_own};
pub use model::{Asker, Decision, Kind, Law, MAX_WORDS, Request, State, Step};
pub(crate) use news::tell_of;
pub use own::{ASKED_ALREADY, OWN_A_DAY, asked_on, open_own, own, take_back};
pub(in crate::privacy) use service::timers;
pub use service::{
    NewRequest, RequestView, Which, count_open, list, name_for, of_patient, open_request, request,
};
pub(crate) use service::{patient_of, patients_who_wait, waits};
pub use standing::{Standing, Terms, is_restricted};
pub(crate) use standing::{holds_back, is_kept_to};
pub use store::ALL as STATEMENTS;
pub use ways::{NewWay, Ways, end_way, ways_of};
