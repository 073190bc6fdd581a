//! What the clinic tells patients of their data: the notice of privacy practices, and any other by its key, in versions
//! and languages, with who was given which. Owns `notices`, `notice_texts` and `notice_acknowledgements`.
//!
//! Invariants: there is one draft of a notice at a time; what is published is never changed, and the newest is the one in
//! force; nothing is published without words in the clinic's own language. (45 CFR 164.520; GDPR Art. 13.)

mod acknowledge;
mod model;
mod own;
mod service;
mod store;

pub use acknowledge::{
    AcknowledgementView, NewAcknowledgement, Source, Told, acknowledge, acknowledgements, told,
};
pub use model::{
    MAX_BODY, MAX_CHANGES, MAX_CODE, MAX_TITLE, Notice, PRIVACY, Shown, State, Text, is_code,
    shown, text_hash,
};
pub use own::{OwnNotice, acknowledge_own, is_unread, own};
pub use service::{
    Draft, Published, begin, current, discard, list, notice, numbered, publish, published, save,
};
pub use store::ALL as STATEMENTS;
