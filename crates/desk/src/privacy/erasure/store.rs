//! SQL of erasure: everything that is destroyed, in one list.

use super::model::Entry;
use crate::error::DeskError;
use crate::ids::{
    DataKeyId, ErasureId, HoldId, OrganisationId, PatientId, PrivacyRequestId, StaffId,
};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// The patient's key.
    PATIENT_KEY = "SELECT key_id FROM patients WHERE organisation_id = $1 AND id = $2";
    /// Who writes for the patient, and whether they have requests of another one.
    CONTACTS = "SELECT c.id, c.key_id, (SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets t \
        WHERE t.organisation_id = c.organisation_id AND t.contact_id = c.id AND t.patient_id IS NOT NULL \
        AND t.patient_id <> $2 LIMIT 1) AS few) FROM contacts c WHERE c.organisation_id = $1 AND c.patient_id = $2";
    /// The patient's requests.
    TICKETS = "SELECT id FROM tickets WHERE organisation_id = $1 AND patient_id = $2";
    /// A contact's requests of nobody.
    TICKETS_OF_NOBODY = "SELECT id FROM tickets WHERE organisation_id = $1 AND contact_id = $2 AND patient_id IS NULL";
    /// What was said in a request, and whether a contact of another patient wrote it.
    MESSAGES = "SELECT m.id, m.inbound_mail_id, (SELECT COUNT(*) FROM contacts c WHERE c.organisation_id = m.organisation_id \
        AND c.id = m.author_id AND c.patient_id <> $3) FROM messages m WHERE m.organisation_id = $1 AND m.ticket_id = $2";
    /// The files of a message.
    FILES = "SELECT blob_id FROM attachments WHERE organisation_id = $1 AND ticket_id = $2 AND message_id = $3";
    /// A raw mail.
    MAIL = "SELECT key_id, blob_id FROM inbound_mails WHERE organisation_id = $1 AND id = $2";
    /// Mails on their way out, in order.
    OUTBOUND_AFTER = "SELECT id, ticket_id FROM outbound_mails WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// Requests with what seals them, in order.
    SEALED_AFTER = "SELECT id, key_id FROM tickets WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// Marks of mails, in order.
    MARKS_AFTER = "SELECT external_blind, ticket_id FROM external_ids WHERE organisation_id = $1 AND channel = $2 \
        AND external_blind > $3 ORDER BY external_blind LIMIT $4";
    /// Copies of the record.
    COPIES = "SELECT c.id, c.key_id, c.blob_id FROM privacy_requests r JOIN privacy_copies c \
        ON c.organisation_id = r.organisation_id AND c.request_id = r.id WHERE r.organisation_id = $1 AND r.patient_id = $2";

    /// Keys of notes about looks at the patient.
    KEYS_OF_FINDINGS = "SELECT key_id FROM watch_findings WHERE organisation_id = $1 AND patient_id = $2 AND key_id IS NOT NULL";

    /// Overwrites a key.
    BLANK_KEY = "UPDATE data_keys SET wrapped = $3 WHERE organisation_id = $1 AND id = $2";
    /// Deletes a key.
    DELETE_KEY = "DELETE FROM data_keys WHERE organisation_id = $1 AND id = $2";
    /// Deletes the patient, blind indexes included.
    DELETE_PATIENT = "DELETE FROM patients WHERE organisation_id = $1 AND id = $2";
    /// Deletes a contact.
    DELETE_CONTACT = "DELETE FROM contacts WHERE organisation_id = $1 AND id = $2";
    /// Deletes a contact's addresses, blind indexes included.
    DELETE_POINTS = "DELETE FROM contact_points WHERE organisation_id = $1 AND contact_id = $2";
    /// A contact stands for the patient no more.
    UNLINK = "UPDATE contacts SET patient_id = NULL, linked_at = NULL, version = version + 1 WHERE organisation_id = $1 \
        AND id = $2 AND patient_id = $3";
    /// Takes words and people from a request.
    SKELETON = "UPDATE tickets SET key_id = $3, contact_id = $4, subject = $5, patient_id = NULL, fields = NULL, \
        status = 'closed', sub_status_id = NULL, active = 0, snoozed_until = NULL, paused_at = NULL, waiting_since = NULL, \
        message_count = 0, updated_at = $6, version = version + 1 WHERE organisation_id = $1 AND id = $2";
    /// Deletes a message.
    DELETE_MESSAGE = "DELETE FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Deletes a message's files.
    DELETE_FILES = "DELETE FROM attachments WHERE organisation_id = $1 AND ticket_id = $2 AND message_id = $3";
    /// Deletes what was corrected of a message.
    DELETE_CORRECTION = "DELETE FROM corrections WHERE organisation_id = $1 AND message_id = $2";
    /// Deletes the pieces of a file.
    DELETE_PIECES = "DELETE FROM blob_pieces WHERE organisation_id = $1 AND blob_id = $2";
    /// Deletes a file.
    DELETE_BLOB = "DELETE FROM blobs WHERE organisation_id = $1 AND id = $2";
    /// Deletes a raw mail.
    DELETE_MAIL = "DELETE FROM inbound_mails WHERE organisation_id = $1 AND id = $2";
    /// Deletes a mail on its way out.
    DELETE_OUTBOUND = "DELETE FROM outbound_mails WHERE organisation_id = $1 AND id = $2";
    /// Deletes what is being written.
    DELETE_DRAFTS = "DELETE FROM drafts WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes a request's links for its person.
    DELETE_LINKS = "DELETE FROM person_links WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes a request's tags.
    DELETE_TAGS = "DELETE FROM ticket_tags WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes the words of a rating; the score stays.
    BLANK_RATING = "UPDATE ratings SET comment = NULL WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes what was shown in a request of who somebody is.
    DELETE_EVIDENCE = "DELETE FROM identity_evidence WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes one-time codes.
    DELETE_CODES = "DELETE FROM identity_codes WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes call-backs.
    DELETE_TASKS = "DELETE FROM identity_tasks WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes what was done past the rules.
    DELETE_REVIEWS = "DELETE FROM identity_reviews WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes who opened the record for a reason.
    DELETE_OPENINGS = "DELETE FROM openings WHERE organisation_id = $1 AND patient_id = $2";
    /// Deletes what was given to somebody outside.
    DELETE_DISCLOSURES = "DELETE FROM disclosures WHERE organisation_id = $1 AND patient_id = $2";
    /// Deletes looks at the patient that were worth a question.
    DELETE_FINDINGS = "DELETE FROM watch_findings WHERE organisation_id = $1 AND patient_id = $2";
    /// Deletes who acts for the patient.
    DELETE_REPRESENTATIVES = "DELETE FROM representatives WHERE organisation_id = $1 AND patient_id = $2";
    /// Deletes for whom a contact acts.
    DELETE_ACTS = "DELETE FROM representatives WHERE organisation_id = $1 AND contact_id = $2";
    /// Deletes a copy of the record.
    DELETE_COPY = "DELETE FROM privacy_copies WHERE organisation_id = $1 AND id = $2";
    /// Deletes the words of what the patient asked.
    BLANK_REQUESTS = "UPDATE privacy_requests SET words = NULL, note = NULL, extension = NULL WHERE organisation_id = $1 \
        AND patient_id = $2";
    /// Deletes the words of holds that are over.
    BLANK_HOLDS = "UPDATE legal_holds SET words = NULL WHERE organisation_id = $1 AND patient_id = $2";
    /// A mark by which a mail is known.
    KEEP_MARK = "INSERT INTO external_ids (organisation_id, channel, external_blind, ticket_id, message_id) \
        VALUES ($1, $2, $3, NULL, NULL) ON CONFLICT DO NOTHING";

    /// Keeps an erasure.
    INSERT = "INSERT INTO erasures (organisation_id, id, request_id, entry, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    /// Whether an erasure is known.
    KNOWN = "SELECT 1 FROM erasures WHERE organisation_id = $1 AND id = $2";
    /// The erasure of a request.
    OF_REQUEST = "SELECT entry FROM erasures WHERE organisation_id = $1 AND request_id = $2";
    /// Every erasure of the desk.
    EVERY = "SELECT organisation_id, id, entry FROM erasures ORDER BY at";

    /// Places a hold.
    INSERT_HOLD = "INSERT INTO legal_holds (organisation_id, id, patient_id, key_id, reason, words, placed_by, placed_at, until) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Holds on a patient's record, the newest first.
    HOLDS = "SELECT id, reason, key_id, words, placed_by, placed_at, until, released_by, released_at FROM legal_holds \
        WHERE organisation_id = $1 AND patient_id = $2 ORDER BY id DESC LIMIT 50";
    /// Takes a hold away.
    RELEASE_HOLD = "UPDATE legal_holds SET released_by = $4, released_at = $5 WHERE organisation_id = $1 AND patient_id = $2 \
        AND id = $3 AND released_at IS NULL";
    /// Holds that count now.
    HELD = "SELECT COUNT(*) FROM legal_holds WHERE organisation_id = $1 AND patient_id = $2 AND released_at IS NULL \
        AND (until IS NULL OR until > $3)";
}

/// A hold as stored.
pub(super) struct HoldRow {
    pub id: HoldId,
    pub reason: String,
    pub key: DataKeyId,
    pub words: Option<Vec<u8>>,
    pub by: StaffId,
    pub at: Timestamp,
    pub until: Option<Timestamp>,
    pub released: Option<(StaffId, Timestamp)>,
}

pub(super) async fn holds(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Vec<HoldRow>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(HoldRow {
            id: row.get(0)?,
            reason: row.get(1)?,
            key: row.get(2)?,
            words: row.get(3)?,
            by: row.get(4)?,
            at: row.get(5)?,
            until: row.get(6)?,
            released: row
                .get::<Option<StaffId>>(7)?
                .zip(row.get::<Option<Timestamp>>(8)?),
        })
    };
    Ok(conn
        .query(HOLDS, args![organisation, patient], read)
        .await?)
}

pub(super) async fn is_held(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let args = args![organisation, patient, now];
    let count: Option<i64> = conn.query_opt(HELD, args, |row| row.get(0)).await?;
    Ok(count.unwrap_or(0) > 0)
}

fn entry(row: &Row<'_>, column: usize) -> Result<Entry, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| DbError::Column {
        column,
        reason: "no erasure".to_owned(),
    })
}

pub(super) async fn of_request(
    conn: &mut Conn,
    organisation: OrganisationId,
    request: PrivacyRequestId,
) -> Result<Option<Entry>, DeskError> {
    let args = args![organisation, request];
    Ok(conn
        .query_opt(OF_REQUEST, args, |row| entry(row, 0))
        .await?)
}

/// Every erasure of the desk, the oldest first.
pub(super) async fn every(
    conn: &mut Conn,
) -> Result<Vec<(OrganisationId, ErasureId, Entry)>, DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, entry(row, 2)?));
    Ok(conn.query(EVERY, args![], read).await?)
}

pub(super) async fn is_known(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ErasureId,
) -> Result<bool, DeskError> {
    let args = args![organisation, id];
    Ok(conn.query_opt(KNOWN, args, |_| Ok(())).await?.is_some())
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, request): (ErasureId, PrivacyRequestId),
    entry: &Entry,
    at: Timestamp,
) -> Result<(), DeskError> {
    let text = serde_json::to_string(entry)?;
    let args = args![organisation, id, request, text, at];
    conn.execute(INSERT, args).await?;
    Ok(())
}
