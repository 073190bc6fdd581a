//! Requests and their state. Owns `tickets`, `ticket_links` and `ticket_followers`; its room
//! [`tags`] owns `ticket_tags`, its room [`nurse`] `nurse_steps`; [`labels`] says who may see one.
//!
//! Invariants: a ticket is active until it is resolved or closed; a crisis (rank 0) stands above everything else in
//! every list, can't be snoozed, and is lowered by [`not_a_crisis`] alone; only a clinician or the desk itself ends an
//! emergency, or a request of a clinical category (a merge ends none: its words go on in the other request); a snooze ends at its
//! instant by itself; `due_at` is always what
//! [`crate::sla::Clocks`] says; `version` counts every change, and a change that names an older version is refused with
//! what changed; what the patient's side writes is looked at in the light of what the same person wrote in the last days
//! (`look.rs`), and a person's word that nobody is in danger takes out what that request's messages left behind, and no
//! more. To add a field that staff can change, add it to [`Patch`] and to `change.rs`.

mod calm;
mod change;
mod counts;
mod create;
mod join;
pub mod labels;
mod letter;
mod look;
pub mod model;
pub mod nurse;
mod own_fields;
mod page;
mod place;
mod read;
pub mod release;
mod ring;
mod said;
mod sent;
mod sight;
mod snooze;
mod store;
pub mod tags;
mod turn;
mod undelivered;
mod worry;
mod write;

pub use calm::{Calm, CalmReason, MAX_CALM_WORDS, not_a_crisis};
pub(crate) use change::held;
pub use change::{Patch, change, may_end};
pub use counts::{Counts, counts};
pub(crate) use create::create_admitted;
pub use create::{Also, Answer, Landed, NewTicket, create};
pub use join::{follow, link, link_contact, merge, split};
pub(crate) use join::{link_in, writes_for};
pub(crate) use letter::{Letter, letter};
pub use model::{Status, TicketRow, TicketView, Urgency, View};
pub use nurse::{Asked, Decided, Disposition, Nursed, dispose, hand_over, take_back};
pub use page::{Page, list, list_before};
pub use read::{
    Beside, Position, id_numbered, may_see, message, messages, resolve, rows, sealing, view,
    view_beside,
};
pub(crate) use read::{
    active_of, contact_of, followed, newest_of, newest_row, numbered, opened_beside, position,
    reached, row_admitted, row_for, row_itself, row_numbered, subject_for, with_merged,
};
pub use said::{make_theirs, said};
pub(crate) use sight::heard;
pub use store::ALL as STATEMENTS;
pub use tags::{Tag, tag_id};
pub use undelivered::UNDELIVERED;
pub(crate) use undelivered::{Lost, undelivered, under_way};
pub(crate) use worry::{ANYBODY, Unheard, Weighed, weigh};
pub use write::{CLOSED_MEANWHILE, Inbound, Noted, Reply, inbound, note, reply, undo};

/// What the job runner does for tickets.
pub fn handlers() -> Vec<crate::jobs::Handler> {
    vec![snooze::handler(), release::handler()]
}
