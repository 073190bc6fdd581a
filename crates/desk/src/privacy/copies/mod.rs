//! Copies of everything that the desk holds about a patient, for them to take away. Owns `privacy_copies`.
//!
//! A copy is made by a job for a request that was granted, as one archive: a page in the patient's language that prints
//! well, a FHIR R4 bundle for machines, and the files as they came. It is kept sealed with a key of its own for
//! [`KEEP`] seconds and is then destroyed with its key. Words of nobody yet (requests that were not given to the patient)
//! are not in it.

mod around;
mod fhir;
mod gather;
mod page;
mod service;
mod store;
mod zip;

use crate::ids::{BlobId, DataKeyId, PatientId, PrivacyCopyId, PrivacyRequestId, StaffId};
use bedside_db::Timestamp;

pub use service::{begin, download, download_own, forget, handlers, of_request, own};
pub use store::ALL as STATEMENTS;

/// Seconds for which a copy can be downloaded: a week.
pub const KEEP: i64 = 7 * 24 * 3600;
/// Largest archive, in bytes: it is put together in memory.
pub const MAX_BYTES: usize = 256 << 20;

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It is being made.
    Making,
    /// It can be downloaded.
    Ready {
        /// What it is sealed with.
        key: DataKeyId,
        /// Its bytes.
        blob: BlobId,
        /// How many.
        size: i64,
    },
    /// It could not be made: it is larger than [`MAX_BYTES`], or a file of it can't be read.
    Failed,
}

/// A copy that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Its id.
    pub id: PrivacyCopyId,
    /// The request that it answers.
    pub request: PrivacyRequestId,
    /// Whose data.
    pub patient: PatientId,
    /// How far it is.
    pub made: Made,
    /// Whether the staff's notes are in it.
    pub with_notes: bool,
    /// Who had it made.
    pub asked_by: StaffId,
    /// When.
    pub asked_at: Timestamp,
    /// When it is destroyed.
    pub expires_at: Timestamp,
}
