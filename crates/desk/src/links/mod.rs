//! Links for one person: into the thread of their request, and to a rating. Owns `person_links`.
//!
//! A link is a token of 160 random bits; only its hash is stored, so a copy of the database opens nothing. The first
//! browser that presses "open" binds a thread link to itself by a cookie; another browser is offered a fresh link, which
//! goes to the contact's own address, as for a link that expired. What is unknown or revoked opens nothing and reads the
//! same: [`crate::error::DeskError::Gone`].
//!
//! What is written behind a link goes on in its request. Once that is closed, or belongs to another contact after a merge,
//! it opens a request of its own beside it, and the same browser gets a link to that; later words behind the old link go on
//! in the opened one.

pub mod model;
mod service;
mod store;
mod thread;

pub use model::{
    Look, Opening, PublicFile, PublicMessage, PublicThread, Purpose, SignedInAs, Visit,
};
pub use service::{
    ask_new, forget, is_renewable, look, make, make_open, open, rating_url, revoke_contact,
    revoke_ticket, thread_url, visit,
};
pub(crate) use service::{made_since, works};
pub use store::ALL as STATEMENTS;
pub(crate) use thread::shown_by;
pub use thread::{Words, say, status_key, thread_file, thread_view};
