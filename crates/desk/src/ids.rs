//! The kinds of things that have an id.

use crate::error::DeskError;
use bedside_db::{Id, Identity};

macro_rules! ids {
    ($($(#[$doc:meta])* $marker:ident, $alias:ident, $name:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $marker;
            impl Identity for $marker {
                const NAME: &'static str = $name;
            }
            #[doc = concat!("The id of a ", $name, ".")]
            pub type $alias = Id<$marker>;
        )+
    };
}

ids! {
    /// A clinic, hospital or practice group: the outer wall of all data.
    Organisation, OrganisationId, "organisation";
    /// A person who works at the desk.
    Staff, StaffId, "staff";
    /// Somebody's being signed in with one browser.
    Session, SessionId, "session";
    /// A one-time code for the patients' own pages.
    PortalCode, PortalCodeId, "portal_code";
    /// A key that somebody's device keeps.
    PasskeyRow, PasskeyId, "passkey";
    /// Where an organisation's people sign in instead of here.
    SsoProvider, SsoProviderId, "sso_provider";
    /// A key for other systems.
    ApiToken, ApiTokenId, "api_token";
    /// A group of people at the clinic's identity provider.
    ProvisionedGroup, ProvisionedGroupId, "provisioned_group";
    /// Whoever writes to the desk.
    Contact, ContactId, "contact";
    /// A person in care.
    Patient, PatientId, "patient";
    /// That somebody acts for a patient.
    Representative, RepresentativeId, "representative";
    /// A search of the audit log that somebody keeps.
    AuditFilter, AuditFilterId, "audit_filter";
    /// A round in which everybody's access is looked at.
    AccessRound, AccessRoundId, "access_round";
    /// Whose access is looked at: a person or an API token.
    Subject, SubjectId, "subject";
    /// What runs out: an API token, a provider's secret or a mailbox's password.
    Ending, EndingId, "ending";
    /// What the law sets a time for: a request by law, or an incident.
    Timed, TimedId, "timed";
    /// A restricted record that somebody opened for a reason.
    Opening, OpeningId, "opening";
    /// A request and all that belongs to it.
    Ticket, TicketId, "ticket";
    /// What a tag is known by outside of sealed text: its keyed blind index.
    Tag, TagId, "tag";
    /// One entry of a ticket's timeline that has words: a message or a note.
    Message, MessageId, "message";
    /// A file of a message.
    Attachment, AttachmentId, "attachment";
    /// A file that waits for its message.
    Upload, UploadId, "upload";
    /// Sealed bytes.
    Blob, BlobId, "blob";
    /// A place where tickets wait.
    Queue, QueueId, "queue";
    /// A clinic-named finer state.
    SubStatus, SubStatusId, "sub_status";
    /// A mail address that the desk reads and writes as.
    Mailbox, MailboxId, "mailbox";
    /// A mail as it came.
    InboundMail, InboundMailId, "inbound_mail";
    /// A mail on its way out.
    OutboundMail, OutboundMailId, "outbound_mail";
    /// A service-level policy.
    SlaPolicy, SlaPolicyId, "sla_policy";
    /// A text that staff reuse.
    SavedReply, SavedReplyId, "saved_reply";
    /// A key that seals one person's data.
    DataKeyRow, DataKeyId, "data_key";
    /// An answer that is still being written; bears its ticket's id.
    Draft, DraftId, "draft";
    /// Something that was shown in a conversation about who somebody is.
    Evidence, EvidenceId, "identity_evidence";
    /// A one-time code.
    OneTimeCode, OneTimeCodeId, "identity_code";
    /// A call-back or a second look that was asked for.
    IdentityTask, IdentityTaskId, "identity_task";
    /// Something that was done past the rules.
    IdentityReview, IdentityReviewId, "identity_review";
    /// What a patient asks for their data by law.
    PrivacyRequest, PrivacyRequestId, "privacy_request";
    /// A copy of a patient's record that was asked for.
    PrivacyCopy, PrivacyCopyId, "privacy_copy";
    /// That a patient's record was destroyed.
    Erasure, ErasureId, "erasure";
    /// What keeps a record from being destroyed.
    Hold, HoldId, "legal_hold";
    /// One run of a rule by which records go.
    RetentionRun, RetentionRunId, "retention_run";
    /// A version of what the clinic tells patients of their data.
    Notice, NoticeId, "notice";
    /// That a patient was given such a version.
    Acknowledgement, AcknowledgementId, "notice_acknowledgement";
    /// A patient's yes or no to a use of their data.
    Consent, ConsentId, "consent";
    /// Looks at patients' data that somebody should look at.
    Finding, FindingId, "finding";
    /// What was given to somebody outside.
    Disclosure, DisclosureId, "disclosure";
    /// An incident that may be a breach of patients' data.
    Breach, BreachId, "breach";
    /// Somebody on the list of whom an incident touched.
    BreachPerson, BreachPersonId, "breach_person";
    /// The words of an incident's letter in one language.
    BreachLetter, BreachLetterId, "breach_letter";
    /// An entry of the audit log.
    AuditEntry, AuditEntryId, "audit_entry";
}

/// For whom a request stands whose words and people went: one contact of each clinic, without a name or an address.
pub fn nobody(organisation: OrganisationId) -> ContactId {
    ContactId::from_uuid(organisation.uuid())
}

/// Whether a contact is somebody: nobody gets an address, a patient or a new request.
///
/// # Errors
/// [`DeskError::NotFound`] for [`nobody`].
pub fn somebody(organisation: OrganisationId, contact: ContactId) -> Result<(), DeskError> {
    if contact == nobody(organisation) {
        Err(DeskError::NotFound)
    } else {
        Ok(())
    }
}
