//! The words of a ticket: messages, notes and their files. Owns `messages`, `attachments` and `external_ids`; what becomes of
//! files is [`files`].
//!
//! A message is sealed before its command runs ([`seal`]), so that the writer only stores bytes; it comes out in plain
//! through [`load`], under leave from `records::open`. Internal notes are of a kind of their own (`note`): nothing that
//! sends reads them.

pub mod files;
mod left;
pub mod model;
mod service;
mod state;
mod store;

pub use files::{attachment, has_original, original};
pub(crate) use left::{forget_danger, left_behind, remember_danger};
pub(crate) use model::line_ends;
pub use model::{
    AttachmentView, Author, Doubt, Envelope, LastWords, MessageKind, MessageState, MessageView,
    NewAttachment, NewMessage, Turns,
};
pub use service::{
    MAX_BODY, PAGE, Sealed, known_external, load, load_some, move_all, move_some, note_external,
    one, seal, set_state, staff_author, turns,
};
pub(crate) use service::{
    answers, body_for_index, by_doc, docs_of, first_of, inbound_message_ids, message_for_sending,
    newest_inbound, others_wrote, ticket_of_doc,
};
pub use state::state_of;
pub use store::ALL as STATEMENTS;
