//! What is destroyed, by ids, and what is said of it afterwards.

use crate::ids::{
    BlobId, ContactId, DataKeyId, ErasureId, InboundMailId, MessageId, OrganisationId,
    OutboundMailId, PatientId, PrivacyCopyId, PrivacyRequestId, StaffId, TicketId,
};
use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything that belongs to one patient. Ids and keyed marks: nothing of it tells who somebody was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// The patient.
    pub patient: PatientId,
    /// Contacts of theirs who write and act for nobody else: they are deleted.
    pub contacts: Vec<ContactId>,
    /// Contacts who are the patient and brought somebody else's requests too: without a name or an address they stay.
    pub emptied: Vec<ContactId>,
    /// People who act for the patient and have requests, or act, for others: they stay, and stand for the patient no more.
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
    /// Requests of others: whatever one of the keys seals of them is sealed anew.
    pub resealed: Vec<TicketId>,
    /// Contacts of others that one of the keys seals: they are sealed anew.
    pub resealed_contacts: Vec<ContactId>,
    /// Keyed marks of the mails, in hexadecimal digits: none of them is taken in again.
    pub marks: Vec<String>,
}

/// How much of each kind was destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destroyed {
    /// Keys.
    pub keys: usize,
    /// Contacts, those that were emptied included.
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

/// How much of what the patient's people brought is somebody else's, and stayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// People who acted for the patient, and write or act for others.
    pub contacts: usize,
    /// Requests of others that the patient's people brought, or a key of theirs sealed: none of the keys opens them now.
    pub requests: usize,
}

impl Scope {
    /// Nothing of this patient yet.
    pub(super) const fn of(patient: PatientId) -> Self {
        Self {
            patient,
            contacts: Vec::new(),
            emptied: Vec::new(),
            shared: Vec::new(),
            tickets: Vec::new(),
            messages: Vec::new(),
            blobs: Vec::new(),
            mails: Vec::new(),
            outbound: Vec::new(),
            copies: Vec::new(),
            keys: Vec::new(),
            resealed: Vec::new(),
            resealed_contacts: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Names each thing once. A patient and the contact who was added with them have one key.
    pub(super) fn each_once(&mut self) {
        fn once<T: Copy + Eq + std::hash::Hash>(all: &mut Vec<T>) {
            let mut seen = std::collections::HashSet::new();
            all.retain(|one| seen.insert(*one));
        }
        once(&mut self.contacts);
        once(&mut self.emptied);
        once(&mut self.tickets);
        once(&mut self.messages);
        once(&mut self.blobs);
        once(&mut self.mails);
        once(&mut self.outbound);
        once(&mut self.keys);
        once(&mut self.resealed);
    }

    /// And what another list of the same patient's names. What is somebody else's is left to this one: it was found here.
    pub(super) fn and(&mut self, other: &Self) {
        self.tickets.extend(&other.tickets);
        self.messages.extend(&other.messages);
        self.blobs.extend(&other.blobs);
        self.mails.extend(&other.mails);
        self.outbound.extend(&other.outbound);
        self.keys.extend(&other.keys);
        self.marks.extend(other.marks.iter().cloned());
        let stay: Vec<_> = [&*self.emptied, &self.shared].concat();
        let gone = other.contacts.iter().filter(|one| !stay.contains(one));
        self.contacts.extend(gone);
        let emptied = other
            .emptied
            .iter()
            .filter(|one| !self.shared.contains(one));
        self.emptied.extend(emptied);
        self.each_once();
    }

    /// How much that is.
    pub fn counts(&self) -> Destroyed {
        Destroyed {
            keys: self.keys.len(),
            contacts: self.contacts.len() + self.emptied.len(),
            requests: self.tickets.len(),
            messages: self.messages.len(),
            files: self.blobs.len(),
            raw_mails: self.mails.len(),
            outgoing_mails: self.outbound.len(),
        }
    }

    /// How much stays.
    pub fn kept(&self) -> Kept {
        Kept {
            contacts: self.shared.len(),
            requests: self.resealed.len(),
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
    /// What is somebody else's and stayed.
    pub kept: Kept,
    /// Ids of the keys.
    pub keys: Vec<DataKeyId>,
    /// SHA-256 of the list of everything that went, in hexadecimal digits.
    pub list: String,
}

/// One erasure as it is kept, in the database and in the list beside the checkpoints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// What is said of it, as it was signed.
    pub certificate: String,
    /// The signed note over it.
    pub note: String,
    /// What was destroyed: a [`Scope`], as it was signed.
    pub list: String,
}
