//! Erasure: a patient's record is destroyed for a request that was granted. Owns `legal_holds`,
//! `erasures` and `gone_files`.
//!
//! The keys of the patient, and of the contacts who are theirs, are overwritten and deleted, so that the desk can't open any
//! more what they sealed; what a copy from before can still tell, and until when, stands in `docs/operations.md`. The rows go
//! as well, in the same command: words, files, raw mails, drafts, mails on their way, links, addresses, blind indexes. What
//! stays is what the law and the statistics need, without its words: the audit log (ids and codes alone), a request's
//! skeleton (number, queue, times, how it was rated) with nobody behind it, what the patient asked for by law, what the
//! staff did (openings, exceptions, unusual looks, disclosures, that somebody was verified), and a signed certificate of what
//! was destroyed.
//!
//! The steps: [`plan`] finds everything in the command that destroys it, [`reseal`] seals anew what is somebody else's and
//! hangs on a key of the patient's, [`destroy`] destroys, [`list`] keeps a line of it outside the database.
//!
//! This is the one place where a part reaches into the tables of others, by their keys and ids alone: what is to be
//! destroyed must be all of it, in one command, and stand in one list ([`store`]).
//!
//! What was erased stays erased: a signed list of ids of what went (`audit/erased.txt` in the data folder, beside the
//! checkpoints) is destroyed again in a database that knows nothing of it, such as a backup from before, whenever a desk
//! starts on it ([`reapply`]). The marks by which a mail is known stay too, so that one that still lies in the mailbox isn't
//! taken in again. The settings may name a second place for the list, on another machine (`erased_copy`), which every
//! node that names one completes again and again ([`copy`]), and a backup has a copy of it beside it; `restore` asks for one.
//!
//! What goes by age ([`crate::privacy::retention`]) is destroyed by the same functions.
//!
//! Invariants: nothing is destroyed while a hold is on the record or on one that it holds a part of, nor by one person
//! alone; a yes given under a hold ends with it, also when the hold ends by itself; no key of the patient's stays. Every
//! command that keeps something of a patient holds them first ([`hold_patient`]), so that it comes before an erasure or
//! finds nobody.

mod destroy;
mod holds;
mod list;
mod model;
mod plan;
pub mod reseal;
mod service;
mod store;

pub use holds::{Hold, HoldReason, holds, place, release};
pub(crate) use holds::{every_held, hold_patient, is_held, keep_whole};
pub(crate) use list::sum;
pub use list::{
    copy, handlers, is_unknown, lacking, named, of_database, reapply, say_unknown, take_in,
    unknown as list_is_unknown,
};
pub use model::{Certificate, Destroyed, Kept};
pub use service::{certificate, erase};
pub(crate) use service::{
    destroy_contact_without_requests, destroy_keys, destroy_mail, destroy_patient_without_anything,
    destroy_requests, hold_patient_without_anything,
};
pub use store::ALL as STATEMENTS;
pub(super) use store::{contact_has_nothing, patient_has_nothing};
