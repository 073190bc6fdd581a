//! Links for one person: into the thread of their request, and to a rating. Owns `person_links`.
//!
//! A link is a token of 160 random bits; only its hash is stored, so a copy of the database opens nothing. The first
//! browser that presses "open" binds a thread link to itself by a cookie; another browser is offered a fresh link, which
//! goes to the contact's own address, as for a link that expired. What is unknown or revoked opens nothing and reads the
//! same: [`crate::error::DeskError::Gone`].

pub mod model;
mod service;
mod store;
mod thread;

pub use model::{Look, Opening, PublicFile, PublicMessage, PublicThread, Purpose, Visit};
pub(crate) use service::made_since;
pub use service::{
    ask_new, forget, is_renewable, look, make, open, rating_url, revoke_contact, revoke_ticket,
    thread_url, visit,
};
pub use store::ALL as STATEMENTS;
pub use thread::{thread_file, thread_reply, thread_sealing, thread_view};
