//! SQL of erasure: everything that is destroyed, in one list.

use super::model::Entry;
use crate::error::DeskError;
use crate::ids::{
    DataKeyId, ErasureId, HoldId, OrganisationId, PatientId, PrivacyRequestId, StaffId, TicketId,
};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};
use std::collections::HashSet;

/// That a contact `c` has no request, acts for nobody, is signed in nowhere and said neither yes nor no.
macro_rules! contact_has_nothing {
    () => {
        "AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.organisation_id = c.organisation_id AND t.contact_id = c.id) \
             AND NOT EXISTS (SELECT 1 FROM representatives r WHERE r.organisation_id = c.organisation_id AND r.contact_id = c.id) \
             AND NOT EXISTS (SELECT 1 FROM portal_sessions s WHERE s.organisation_id = c.organisation_id AND s.contact_id = c.id) \
             AND NOT EXISTS (SELECT 1 FROM consents o WHERE o.organisation_id = c.organisation_id AND o.contact_id = c.id) \
             AND NOT EXISTS (SELECT 1 FROM breach_people b WHERE b.organisation_id = c.organisation_id AND b.contact_id = c.id)"
    };
}
pub(in crate::privacy) use contact_has_nothing;

/// That nothing is here of a patient `p`, nor of whoever stands for them.
macro_rules! patient_has_nothing {
    () => {
        "AND NOT EXISTS (SELECT 1 FROM contacts c JOIN tickets t ON t.organisation_id = c.organisation_id AND t.contact_id = c.id \
             WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM contacts c JOIN representatives r ON r.organisation_id = c.organisation_id \
             AND r.contact_id = c.id WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM contacts c JOIN portal_sessions s ON s.organisation_id = c.organisation_id \
             AND s.contact_id = c.id WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM contacts c JOIN consents o ON o.organisation_id = c.organisation_id \
             AND o.contact_id = c.id WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM contacts c JOIN breach_people b ON b.organisation_id = c.organisation_id \
             AND b.contact_id = c.id WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM tickets x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM representatives x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM consents x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM notice_acknowledgements x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM privacy_requests x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM privacy_copies x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM legal_holds x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM disclosures x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM openings x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM watch_findings x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM breach_people x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM identity_evidence x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM identity_tasks x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM outbound_mails x WHERE x.organisation_id = p.organisation_id AND x.patient_id = p.id)"
    };
}
pub(in crate::privacy) use patient_has_nothing;

statements! {
    /// The patient's key. Nobody changes, holds or erases the patient until the command ends.
    PATIENT = "SELECT key_id FROM patients WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// The patient's key, and those of whoever stands for them.
    KEYS = "SELECT key_id FROM patients WHERE organisation_id = $1 AND id = $2 UNION \
        SELECT key_id FROM contacts WHERE organisation_id = $1 AND patient_id = $2";
    /// Requests that may be the patient's.
    MAY_BE = "SELECT id FROM tickets WHERE organisation_id = $1 AND patient_id = $2 UNION SELECT t.id FROM contacts c \
        JOIN tickets t ON t.organisation_id = c.organisation_id AND t.contact_id = c.id \
        WHERE c.organisation_id = $1 AND c.patient_id = $2";
    /// Who stands for the patient: whether they act for them (somebody said so, or they were linked as somebody else), have
    /// requests of another patient, requests of nobody, and act for another patient.
    CONTACTS = "SELECT c.id, c.key_id, \
        c.acts_only + (SELECT COUNT(*) FROM (SELECT 1 AS one FROM representatives r WHERE r.organisation_id = c.organisation_id \
        AND r.contact_id = c.id AND r.patient_id = $2 LIMIT 1) AS few), \
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets t WHERE t.organisation_id = c.organisation_id \
        AND t.contact_id = c.id AND t.patient_id <> $2 LIMIT 1) AS few), \
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets t WHERE t.organisation_id = c.organisation_id \
        AND t.contact_id = c.id AND t.patient_id IS NULL LIMIT 1) AS few), \
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM representatives r WHERE r.organisation_id = c.organisation_id \
        AND r.contact_id = c.id AND r.patient_id <> $2 LIMIT 1) AS few) \
        FROM contacts c WHERE c.organisation_id = $1 AND c.patient_id = $2 ORDER BY c.id \
        FOR NO KEY UPDATE OF c";
    /// The patient's requests.
    TICKETS = "SELECT id FROM tickets WHERE organisation_id = $1 AND patient_id = $2 ORDER BY id FOR NO KEY UPDATE";
    /// A contact's requests of nobody.
    TICKETS_OF_NOBODY = "SELECT id FROM tickets WHERE organisation_id = $1 AND contact_id = $2 AND patient_id IS NULL \
        ORDER BY id FOR NO KEY UPDATE";
    /// A contact's requests of somebody else.
    TICKETS_OF_OTHERS = "SELECT id FROM tickets WHERE organisation_id = $1 AND contact_id = $2 AND patient_id <> $3 ORDER BY id";
    /// What was said in a request.
    MESSAGES = "SELECT id, inbound_mail_id FROM messages WHERE organisation_id = $1 AND ticket_id = $2";
    /// The files of a request.
    FILES = "SELECT blob_id FROM attachments WHERE organisation_id = $1 AND ticket_id = $2";
    /// A raw mail.
    MAIL = "SELECT id, key_id, blob_id FROM inbound_mails WHERE organisation_id = $1 AND id = $2";
    /// Raw mails that are about mails of ours about a request.
    REPORTS = "SELECT id, key_id, blob_id FROM inbound_mails WHERE organisation_id = $1 AND ticket_id = $2 AND message_id IS NULL";
    /// Raw mails of somebody in a request.
    MAILS_OF = "SELECT i.id, i.key_id, i.blob_id FROM messages m JOIN inbound_mails i \
        ON i.organisation_id = m.organisation_id AND i.id = m.inbound_mail_id WHERE m.organisation_id = $1 AND m.ticket_id = $2 \
        AND m.author_id = $3";
    /// Mails on their way out about a request.
    OUTBOUND = "SELECT id FROM outbound_mails WHERE organisation_id = $1 AND ticket_id = $2";
    /// Mails to an address of the patient's that are about somebody's request.
    OUTBOUND_TO = "SELECT id FROM outbound_mails WHERE organisation_id = $1 AND patient_id = $2";
    /// Requests with what seals them, in order.
    SEALED_AFTER = "SELECT id, key_id FROM tickets WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// Ratings with what seals them, in order.
    SEALED_RATINGS_AFTER = "SELECT ticket_id, key_id FROM ratings WHERE organisation_id = $1 AND ticket_id > $2 \
        ORDER BY ticket_id LIMIT $3";
    /// Requests that hold a message that a key seals: it kept its key when it was merged or split.
    HOLD_SEALED = "SELECT DISTINCT ticket_id FROM messages WHERE organisation_id = $1 AND key_id = $2";
    /// Contacts with what seals them, in order.
    SEALED_CONTACTS_AFTER = "SELECT id, key_id FROM contacts WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// Whose a request is.
    WHOSE = "SELECT patient_id FROM tickets WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// What seals a contact.
    CONTACT_KEY = "SELECT key_id FROM contacts WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// Marks of mails, in order.
    MARKS_AFTER = "SELECT external_blind, ticket_id FROM external_ids WHERE organisation_id = $1 AND channel = $2 \
        AND external_blind > $3 ORDER BY external_blind LIMIT $4";
    /// Copies of the record. Whoever makes one is done before, or finds that nobody wants it.
    COPIES = "SELECT id, key_id, blob_id FROM privacy_copies WHERE organisation_id = $1 AND patient_id = $2 FOR NO KEY UPDATE";
    /// Keys of notes about looks at the patient, which nobody else writes until the command ends.
    KEYS_OF_FINDINGS = "SELECT key_id FROM watch_findings WHERE organisation_id = $1 AND patient_id = $2 FOR NO KEY UPDATE";

    /// Overwrites a key.
    BLANK_KEY = "UPDATE data_keys SET wrapped = $3 WHERE organisation_id = $1 AND id = $2";
    /// Deletes a key.
    DELETE_KEY = "DELETE FROM data_keys WHERE organisation_id = $1 AND id = $2";
    /// Deletes the patient, blind indexes included.
    DELETE_PATIENT = "DELETE FROM patients WHERE organisation_id = $1 AND id = $2";
    /// Deletes a contact.
    DELETE_CONTACT = "DELETE FROM contacts WHERE organisation_id = $1 AND id = $2";
    /// A contact without a request, who stands and acts for nobody, is signed in nowhere and said neither yes nor no.
    ALONE = concat!(
        "SELECT 1 FROM contacts c WHERE c.organisation_id = $1 AND c.id = $2 AND c.patient_id IS NULL ",
        contact_has_nothing!()
    );
    /// Whoever stands for a patient. Nobody changes or erases them until the command ends.
    PEOPLE_OF = "SELECT id FROM contacts WHERE organisation_id = $1 AND patient_id = $2 ORDER BY id FOR NO KEY UPDATE";
    /// A patient of whom nothing else is here, nor of whoever stands for them.
    BARE = concat!(
        "SELECT 1 FROM patients p WHERE p.organisation_id = $1 AND p.id = $2 ",
        patient_has_nothing!()
    );
    /// Leaves of a contact what requests of others hang on.
    EMPTY_CONTACT = "UPDATE contacts SET key_id = $3, name = NULL, patient_id = NULL, linked_at = NULL, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2";
    /// Deletes a contact's addresses, blind indexes included.
    DELETE_POINTS = "DELETE FROM contact_points WHERE organisation_id = $1 AND contact_id = $2";
    /// Deletes a contact's links.
    DELETE_LINKS_OF = "DELETE FROM person_links WHERE organisation_id = $1 AND contact_id = $2";
    /// Leaves of somebody's messages in a request the words alone.
    BLANK_ENVELOPES = "UPDATE messages SET envelope = NULL, inbound_mail_id = NULL WHERE organisation_id = $1 AND ticket_id = $2 \
        AND author_id = $3";
    /// Of a request that somebody brought, no answer waits to go to them any more.
    CANCEL_ANSWERS = "UPDATE messages SET state = 'cancelled', state_at = $4 WHERE organisation_id = $1 AND ticket_id = $2 \
        AND state = 'queued' AND EXISTS (SELECT 1 FROM tickets t WHERE t.organisation_id = $1 AND t.id = $2 AND t.contact_id = $3)";
    /// Deletes where a contact is signed in.
    DELETE_PORTAL_SESSIONS = "DELETE FROM portal_sessions WHERE organisation_id = $1 AND contact_id = $2";
    /// Deletes what a contact signed in with.
    DELETE_PORTAL_DEVICES = "DELETE FROM portal_devices WHERE organisation_id = $1 AND contact_id = $2";
    /// Deletes in which browsers they were in.
    DELETE_PORTAL_BROWSERS = "DELETE FROM portal_browsers WHERE organisation_id = $1 AND contact_id = $2";
    /// Deletes a contact's passkeys.
    DELETE_PASSKEYS = "DELETE FROM passkeys WHERE organisation_id = $1 AND owner_id = $2";
    /// A contact stands for the patient no more.
    UNLINK = "UPDATE contacts SET patient_id = NULL, linked_at = NULL, version = version + 1 WHERE organisation_id = $1 \
        AND id = $2 AND patient_id = $3";
    /// Takes words and people from a request.
    SKELETON = "UPDATE tickets SET key_id = $3, contact_id = $4, subject = $5, patient_id = NULL, fields = NULL, \
        status = 'closed', sub_status_id = NULL, active = 0, snoozed_until = NULL, paused_at = NULL, waiting_since = NULL, \
        message_count = 0, labels = 0, updated_at = $6, emptied_at = COALESCE(emptied_at, $6), version = version + 1 \
        WHERE organisation_id = $1 AND id = $2";
    /// Takes the words from a request; whose it was stays.
    SKELETON_OF = "UPDATE tickets SET key_id = $3, contact_id = $4, subject = $5, patient_id = COALESCE(patient_id, \
        (SELECT c.patient_id FROM contacts c WHERE c.organisation_id = tickets.organisation_id AND c.id = tickets.contact_id)), \
        fields = NULL, status = 'closed', sub_status_id = NULL, active = 0, snoozed_until = NULL, paused_at = NULL, \
        waiting_since = NULL, message_count = 0, updated_at = $6, emptied_at = COALESCE(emptied_at, $6), version = version + 1 \
        WHERE organisation_id = $1 AND id = $2";
    /// The number by which the index knows a message.
    DOC = "SELECT doc FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Deletes a message.
    DELETE_MESSAGE = "DELETE FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND id = $3";
    /// Deletes a message's files.
    DELETE_FILES = "DELETE FROM attachments WHERE organisation_id = $1 AND ticket_id = $2 AND message_id = $3";
    /// Keeps which request a message's files belonged to: who opened them has to be told for six years.
    KEEP_PLACES = "INSERT INTO gone_files (organisation_id, id, ticket_id) SELECT organisation_id, id, ticket_id \
        FROM attachments WHERE organisation_id = $1 AND ticket_id = $2 AND message_id = $3 ON CONFLICT DO NOTHING";
    /// Deletes that too.
    DELETE_PLACES = "DELETE FROM gone_files WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes what was corrected of a message.
    DELETE_CORRECTION = "DELETE FROM corrections WHERE organisation_id = $1 AND message_id = $2";
    /// Deletes the pieces of a file.
    DELETE_PIECES = "DELETE FROM blob_pieces WHERE organisation_id = $1 AND blob_id = $2";
    /// Deletes a file.
    DELETE_BLOB = "DELETE FROM blobs WHERE organisation_id = $1 AND id = $2";
    /// The message that was read from a raw mail names it no more.
    FORGET_MAIL = "UPDATE messages SET inbound_mail_id = NULL WHERE organisation_id = $1 AND inbound_mail_id = $2 \
        AND id = (SELECT message_id FROM inbound_mails WHERE organisation_id = $1 AND id = $2)";
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
    /// Deletes what was handed to a nurse and what was decided.
    DELETE_NURSE_STEPS = "DELETE FROM nurse_steps WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes the words of a rating; the score stays.
    BLANK_RATING = "UPDATE ratings SET comment = NULL WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes one-time codes of a request.
    DELETE_CODES = "DELETE FROM identity_codes WHERE organisation_id = $1 AND ticket_id = $2";
    /// Deletes one-time codes for the patient, in whosever request.
    DELETE_CODES_OF = "DELETE FROM identity_codes WHERE organisation_id = $1 AND patient_id = $2";
    /// That somebody showed who they are stays on record (45 CFR 164.514(h)); by which addresses doesn't.
    BLANK_EVIDENCE = "UPDATE identity_evidence SET attested = $3, ended_at = COALESCE(ended_at, $4) WHERE organisation_id = $1 \
        AND ticket_id = $2";
    /// The same of a contact, in whosever request.
    BLANK_EVIDENCE_BY = "UPDATE identity_evidence SET attested = $3, ended_at = COALESCE(ended_at, $4) WHERE organisation_id = $1 \
        AND contact_id = $2";
    /// Whoever was verified as the patient is so no more, in whosever request.
    END_EVIDENCE_OF = "UPDATE identity_evidence SET ended_at = COALESCE(ended_at, $3) WHERE organisation_id = $1 AND patient_id = $2";
    /// That somebody was called, or looked a second time, stays on record; the number doesn't.
    BLANK_TASKS = "UPDATE identity_tasks SET point_blind = NULL, outcome = CASE outcome WHEN '' THEN 'over' ELSE outcome END \
        WHERE organisation_id = $1 AND ticket_id = $2";
    /// The same of the patient, in whosever request.
    BLANK_TASKS_OF = "UPDATE identity_tasks SET point_blind = NULL, outcome = CASE outcome WHEN '' THEN 'over' ELSE outcome END \
        WHERE organisation_id = $1 AND patient_id = $2";
    /// What was done past the rules in a request.
    REVIEWS = "SELECT id FROM identity_reviews WHERE organisation_id = $1 AND ticket_id = $2";
    /// That it was done, by whom, and who looked at it stays; the words don't.
    BLANK_REVIEW = "UPDATE identity_reviews SET key_id = $3, words = $4, note = NULL WHERE organisation_id = $1 AND id = $2";
    /// Who opened the record for a reason.
    OPENINGS = "SELECT id FROM openings WHERE organisation_id = $1 AND patient_id = $2";
    /// That it was opened, by whom, and who looked at it stays; the words don't.
    BLANK_OPENING = "UPDATE openings SET key_id = $3, words = $4, note = NULL WHERE organisation_id = $1 AND id = $2";
    /// What was given to somebody outside.
    DISCLOSURES = "SELECT id FROM disclosures WHERE organisation_id = $1 AND patient_id = $2";
    /// That something was given out, on what basis, when and by whom stays for as long as it has to be accounted for (45 CFR
    /// 164.528); to whom and what in words doesn't.
    BLANK_DISCLOSURE = "UPDATE disclosures SET key_id = $3, recipient = $4, address = $5, what = $6, purpose = $7, struck = $8 \
        WHERE organisation_id = $1 AND id = $2";
    /// Looks at the patient that were worth a question stay, and wait for whoever has to look at them; words don't.
    BLANK_FINDINGS = "UPDATE watch_findings SET key_id = NULL, note = NULL WHERE organisation_id = $1 AND patient_id = $2";
    /// Takes who it was from the lists of incidents, with the words about them; they count still.
    BLANK_BREACHES = "UPDATE breach_people SET patient_id = NULL, contact_id = NULL, ticket_id = NULL, message_id = NULL, reason = NULL, \
        removed = NULL, told = CASE WHEN told IN ('mailed', 'posted') THEN told ELSE 'gone' END \
        WHERE organisation_id = $1 AND (patient_id = $2 OR (contact_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM contacts c \
        WHERE c.organisation_id = breach_people.organisation_id AND c.id = breach_people.contact_id)))";
    /// Deletes who acts for the patient.
    DELETE_REPRESENTATIVES = "DELETE FROM representatives WHERE organisation_id = $1 AND patient_id = $2";
    /// Deletes the copies of the record.
    DELETE_COPIES = "DELETE FROM privacy_copies WHERE organisation_id = $1 AND patient_id = $2";
    /// What somebody else said no to for their own address while they stood for the patient.
    OTHERS_NO = "SELECT id FROM consents WHERE organisation_id = $1 AND patient_id = $2 AND contact_id IS NOT NULL \
        AND decision <> 'given'";
    /// It stays theirs; the words don't.
    KEEP_NO = "UPDATE consents SET key_id = $3, said = $4, patient_id = NULL, text_hash = '' WHERE organisation_id = $1 AND id = $2";
    /// Deletes what the patient said yes and no to.
    DELETE_CONSENTS = "DELETE FROM consents WHERE organisation_id = $1 AND patient_id = $2";
    /// Deletes what a contact said yes and no to.
    DELETE_OWN_CONSENTS = "DELETE FROM consents WHERE organisation_id = $1 AND contact_id = $2";
    /// Deletes which notices the patient was given.
    DELETE_ACKNOWLEDGEMENTS = "DELETE FROM notice_acknowledgements WHERE organisation_id = $1 AND patient_id = $2";
    /// Deletes the words of what the patient asked.
    BLANK_REQUESTS = "UPDATE privacy_requests SET words = NULL, note = NULL, extension = NULL, ended_words = NULL, \
        disagreement = NULL, rebuttal = NULL, way_why = NULL WHERE organisation_id = $1 AND patient_id = $2";
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
    /// Holds that counted at an instant or later.
    HELD = "SELECT COUNT(*) FROM legal_holds WHERE organisation_id = $1 AND patient_id = $2 AND (released_at > $3 \
        OR (released_at IS NULL AND (until IS NULL OR until > $3)))";
    /// Everybody else for whom the patient's people act or wrote, and whose people wrote for the patient.
    BESIDE = "SELECT r.patient_id FROM contacts c JOIN representatives r \
        ON r.organisation_id = c.organisation_id AND r.contact_id = c.id WHERE c.organisation_id = $1 AND c.patient_id = $2 \
        UNION SELECT t.patient_id FROM contacts c JOIN tickets t ON t.organisation_id = c.organisation_id AND t.contact_id = c.id \
        WHERE c.organisation_id = $1 AND c.patient_id = $2 \
        UNION SELECT c.patient_id FROM tickets t JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE t.organisation_id = $1 AND t.patient_id = $2";
    /// Whose record a hold counts on.
    EVERY_HELD = "SELECT DISTINCT patient_id FROM legal_holds WHERE organisation_id = $1 AND released_at IS NULL \
        AND (until IS NULL OR until > $2)";
    /// Whoever said yes to an erasure said it of a record that was held: nothing of it counts once the hold is gone.
    ASK_ANEW = "UPDATE privacy_requests SET state = 'open', approved_by = NULL, approved_at = NULL, decision = NULL, \
        reason = NULL, note = NULL, decided_by = NULL, decided_at = NULL, version = version + 1 WHERE organisation_id = $1 \
        AND patient_id = $2 AND kind = 'erasure' AND state <> 'closed'";
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

/// Whether a hold counted on the patient's record at `since` or later.
pub(super) async fn is_held(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    since: Timestamp,
) -> Result<bool, DeskError> {
    let args = args![organisation, patient, since];
    Ok(conn.query_one(HELD, args, |row| row.get::<i64>(0)).await? > 0)
}

/// Whether one counts on that of anybody else of whose record this one holds a part, or of whose requests some are sealed
/// with it. On none of them one is placed until the command ends.
pub(super) async fn is_held_beside(
    conn: &mut Conn,
    organisation: OrganisationId,
    (patient, resealed): (PatientId, &[TicketId]),
    now: Timestamp,
) -> Result<bool, DeskError> {
    let read = |row: &Row<'_>| row.get::<Option<PatientId>>(0);
    let mut others = conn
        .query(BESIDE, args![organisation, patient], read)
        .await?;
    for ticket in resealed {
        let whose = conn
            .query_opt(WHOSE, args![organisation, *ticket], read)
            .await?;
        others.extend(whose);
    }
    let mut others: Vec<PatientId> = others.into_iter().flatten().collect();
    others.retain(|other| *other != patient);
    others.sort_unstable();
    others.dedup();
    for other in others {
        conn.query_opt(PATIENT, args![organisation, other], |_| Ok(()))
            .await?;
        if is_held(conn, organisation, other, now).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whose record a hold counts on.
pub(super) async fn every_held(
    conn: &mut Conn,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<HashSet<PatientId>, DeskError> {
    let held: Vec<PatientId> = conn
        .query(EVERY_HELD, args![organisation, now], |row| row.get(0))
        .await?;
    Ok(held.into_iter().collect())
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
