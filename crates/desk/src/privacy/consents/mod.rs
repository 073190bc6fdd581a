//! What patients said yes and no to: by purpose and channel, with the very words they were shown. Owns `consents`.
//!
//! Rows are added and never changed; what stands is said by a pure function ([`model::decide`]) each time it is asked. A
//! yes is for one address of one person; a no is the person's. [`may`] is the one question that everything asks which
//! writes to somebody without being asked; answers to a patient's own request and where to call in an emergency need none.
//!
//! Invariants: saying no takes no more than saying yes, and needs no sign-in ([`Leaving`]); what an address's earlier
//! owner said counts for nobody else; nothing here cancels an appointment. To add a purpose, add it to
//! [`Purpose`], to `rules.toml` and to the texts.

mod leaving;
pub mod model;
#[cfg(test)]
mod model_tests;
mod objection;
mod opt_out;
pub mod rules;
mod service;
mod store;
mod view;

pub use leaving::{Leaving, leave, leaving_of, leaving_url};
pub use model::{Channel, Decision, MAX_PARTY, MAX_TEXT, Purpose, Source, Why};
pub(crate) use objection::object_in;
pub use opt_out::is_opt_out;
pub(crate) use service::{Confirmation, confirmation_of, leave_in, may_in};
pub use service::{NewConsent, Whom, may, record};
pub use store::ALL as STATEMENTS;
pub use view::{ConsentView, Stand, Standing, addresses, standing};
