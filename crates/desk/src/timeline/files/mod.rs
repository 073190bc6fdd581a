//! What becomes of the files of messages: whether they may be opened, and how many somebody may bring. Owns what `attachments`
//! says of a scan, and the `file_days`.
//!
//! A file is durable before anybody looks at it: the command that brings it enqueues a look ([`wait_for`]), and the mail that
//! brought it is acknowledged whatever the scanner does. Invariants: bytes of a file leave the desk only where
//! [`AttachmentView::may_be_opened`] or [`may_open`] says so, by whichever way; what was found harmful never does; the words
//! of a message wait for no file.

mod model;
mod open;
mod quota;
mod scan;
mod store;

pub use model::{INFECTED, Scan, UNCHECKED, UnscannedFiles, WAITING, Why, may_open};
pub use open::{attachment, has_original, original};
pub use quota::{MAX_BYTES, MAX_FILES, OVER_QUOTA, Way, forget, take};
pub(super) use scan::wait_for;
pub use scan::{backlog, catch_up, handlers};
pub use store::ALL as STATEMENTS;
