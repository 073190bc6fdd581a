//! What is destroyed, by ids, and what is said of it afterwards.

use crate::ids::{
    BlobId, ContactId, DataKeyId, ErasureId, InboundMailId, MessageId, OrganisationId,
    OutboundMailId, PatientId, PrivacyCopyId, PrivacyRequestId, StaffId, TicketId,
};
use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything that belongs to one patient alone. Ids and keyed marks: nothing of it tells who somebody was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// The patient.
    pub patient: PatientId,
    /// Contacts who write for nobody else.
    pub contacts: Vec<ContactId>,
    /// Contacts who write for others too: they stay, and stand for the patient no more.
    pub shared: Vec<ContactId>,
    /// Requests.
    pub tickets: Vec<TicketId>,
    /// Messages and notes.
    pub messages: Vec<(TicketId, MessageId)>,
    /// Files and raw mails that are kept in pieces.
    pub blobs: Vec<BlobId>,
    /// Raw mails.
    pub mails: Vec<InboundMailId>,
    /// Mails on their way out.
    pub outbound: Vec<OutboundMailId>,
    /// Copies of the record.
    pub copies: Vec<PrivacyCopyId>,
    /// Keys.
    pub keys: Vec<DataKeyId>,
    /// Keys that seal somebody else's request as well, and stay.
    pub kept_keys: Vec<DataKeyId>,
    /// Keyed marks of the mails, in hexadecimal digits: none of them is taken in again.
    pub marks: Vec<String>,
}

/// How much of each kind was destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destroyed {
    /// Keys.
    pub keys: usize,
    /// Contacts.
    pub contacts: usize,
    /// Requests whose words and people went.
    pub requests: usize,
    /// Messages and notes.
    pub messages: usize,
    /// Files, raw mails and copies in pieces.
    pub files: usize,
    /// Raw mails.
    pub raw_mails: usize,
    /// Mails on their way out.
    pub outgoing_mails: usize,
}

impl Scope {
    /// How much that is.
    pub fn counts(&self) -> Destroyed {
        Destroyed {
            keys: self.keys.len(),
            contacts: self.contacts.len(),
            requests: self.tickets.len(),
            messages: self.messages.len(),
            files: self.blobs.len(),
            raw_mails: self.mails.len(),
            outgoing_mails: self.outbound.len(),
        }
    }
}

/// What was destroyed, when, by whom. The signature is a checkpoint's over its SHA-256.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certificate {
    /// Its id.
    pub id: ErasureId,
    /// Whose desk.
    pub organisation: OrganisationId,
    /// The request that was granted.
    pub request: PrivacyRequestId,
    /// The patient's id.
    pub patient: PatientId,
    /// When.
    pub at: Timestamp,
    /// Who destroyed it.
    pub by: StaffId,
    /// Who gave the second yes.
    pub second: StaffId,
    /// How much of each kind.
    pub destroyed: Destroyed,
    /// Ids of the keys.
    pub keys: Vec<DataKeyId>,
    /// Ids of keys that seal somebody else's request as well, and stay.
    pub kept_keys: Vec<DataKeyId>,
}

/// One erasure as it is kept, in the database and in the list beside the checkpoints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// What is said of it, as it was signed.
    pub certificate: String,
    /// The signed note over it.
    pub note: String,
    /// What was destroyed.
    pub scope: Scope,
}
