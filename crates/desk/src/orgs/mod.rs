//! Organisations and their settings. Owns `organisations`, `counters`, `queues`, `categories`, `sub_statuses`,
//! `custom_fields`, `sla_policies`, `templates` and `saved_replies`.
//!
//! Settings are read all the time and changed seldom, so every process holds them in memory ([`Directory`]) and reads
//! them anew when an event says that they changed.

pub mod model;
mod service;
mod store;

pub use model::{
    AccessReview, Category, Clinic, CustomField, Hours, Minors, Portal, Privacy, Queue, SavedReply,
    Settings, SlaPolicy, StaffNames, SubStatus, Template, Watch,
};
pub use service::{Change, Directory, NewOrganisation, change, create, reload};
pub use store::ALL as STATEMENTS;
