//! Erasure: a patient's record is destroyed for a request that was granted. Owns `legal_holds` and `erasures`.
//!
//! The keys of the patient, and of the contacts who are theirs alone, are overwritten and deleted, so that whatever they
//! sealed can't be opened any more, whoever has a copy of it. The rows go as well, in the same command: words, files, raw
//! mails, drafts, mails on their way, links, what was shown of who somebody is, blind indexes. What stays is what the law
//! and the statistics need: the audit log (ids and codes alone), a request's skeleton (number, queue, times, how it was
//! rated) with nobody behind it, the privacy request without its words, and a signed certificate of what was destroyed.
//!
//! This is the one place where a part reaches into the tables of others, by their keys and ids alone: what is to be
//! destroyed must be all of it, in one command, and stand in one list ([`store`]).
//!
//! What was erased stays erased: ids of what went (`audit/erased.txt` in the data folder, beside the checkpoints) are
//! destroyed again in a database that knows nothing of it, such as a backup from before, whenever a desk starts on it
//! ([`reapply`]). The marks by which a mail is known stay too, so that one that still lies in the mailbox isn't taken in
//! again.
//!
//! Invariants: nothing is destroyed while a hold is on the record, nor by one person alone; words of another patient's
//! contact stay, and so does a key that seals somebody else's request.

mod holds;
mod list;
mod model;
mod plan;
mod service;
mod store;

pub use holds::{Hold, HoldReason, holds, place, release};
pub use list::reapply;
pub use model::{Certificate, Destroyed};
pub use service::{certificate, erase};
pub use store::ALL as STATEMENTS;
