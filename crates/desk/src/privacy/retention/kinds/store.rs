//! SQL of what is old enough of each kind, and how it goes.

use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::privacy::erasure::{contact_has_nothing, patient_has_nothing};
use crate::privacy::retention::model::{Old, Place, Record};
use bedside_db::{Conn, Row, Statement, Timestamp, args, statements};

statements! {
    /// Requests that are done, and in which nothing waits for a second look; one that went into another goes after it. Each list: its instant and key, whose it is, and from when its period counts; in order, after a
    /// place.
    REQUESTS = "SELECT t.updated_at, t.id, t.id, t.patient_id, c.patient_id, t.updated_at FROM tickets t \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE t.organisation_id = $1 AND t.active = 0 AND t.emptied_at IS NULL AND t.updated_at < $2 \
        AND (t.merged_into IS NULL OR EXISTS (SELECT 1 FROM tickets m WHERE m.organisation_id = t.organisation_id \
        AND m.id = t.merged_into AND m.emptied_at IS NOT NULL)) \
        AND NOT EXISTS (SELECT 1 FROM identity_reviews v WHERE v.organisation_id = t.organisation_id AND v.ticket_id = t.id \
        AND v.reviewed_at IS NULL) AND (t.updated_at, t.id, t.id) > ($3, $4, $5) ORDER BY t.updated_at, t.id LIMIT $6";
    /// Mails as they came, of which everything was read, by the request that has their words now; one that could not be read is its request's only words.
    RAW_MAILS = "SELECT i.received_at, i.id, i.id, t.patient_id, c.patient_id, i.received_at FROM inbound_mails i \
        LEFT JOIN messages m ON m.organisation_id = i.organisation_id AND m.id = i.message_id \
        LEFT JOIN tickets t ON t.organisation_id = i.organisation_id AND t.id = COALESCE(m.ticket_id, i.ticket_id) \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE i.organisation_id = $1 AND i.state IN ('done', 'ignored') AND i.received_at < $2 \
        AND (i.received_at, i.id, i.id) > ($3, $4, $5) ORDER BY i.received_at, i.id LIMIT $6";
    /// Survey answers with words.
    RATINGS = "SELECT r.updated_at, r.ticket_id, r.ticket_id, t.patient_id, c.patient_id, r.updated_at FROM ratings r \
        LEFT JOIN tickets t ON t.organisation_id = r.organisation_id AND t.id = r.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = r.organisation_id AND c.id = r.contact_id \
        WHERE r.organisation_id = $1 AND r.comment IS NOT NULL AND r.updated_at < $2 \
        AND (r.updated_at, r.ticket_id, r.ticket_id) > ($3, $4, $5) ORDER BY r.updated_at, r.ticket_id LIMIT $6";
    /// What was shown about who somebody is, and the calls and second looks that are over.
    IDENTITY = "SELECT x.at, x.id, x.id, x.patient_id, x.beside, x.at FROM (SELECT e.made_at AS at, e.id AS id, \
        COALESCE(e.patient_id, t.patient_id) AS patient_id, c.patient_id AS beside FROM identity_evidence e \
        LEFT JOIN tickets t ON t.organisation_id = e.organisation_id AND t.id = e.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = e.organisation_id AND c.id = e.contact_id \
        WHERE e.organisation_id = $1 AND e.made_at < $2 UNION ALL \
        SELECT k.asked_at, k.id, k.patient_id, k.patient_id FROM identity_tasks k \
        WHERE k.organisation_id = $1 AND k.asked_at < $2 AND k.outcome <> '') AS x \
        WHERE (x.at, x.id, x.id) > ($3, $4, $5) ORDER BY x.at, x.id LIMIT $6";
    /// What patients asked by law, once it is closed. The certificate of an erasure hangs on its request, and what binds
    /// the clinic for as long as the record is there stays with it (45 CFR 164.522, 164.526(d)(4)).
    PRIVACY_REQUESTS = "SELECT p.closed_at, p.id, p.id, p.patient_id, p.patient_id, p.closed_at FROM privacy_requests p \
        WHERE p.organisation_id = $1 AND p.state = 'closed' AND p.kind NOT IN ('erasure', 'restriction', 'objection', 'amendment', 'communications') \
        AND p.closed_at < $2 \
        AND (p.closed_at, p.id, p.id) > ($3, $4, $5) ORDER BY p.closed_at, p.id LIMIT $6";
    /// What was given to somebody outside.
    DISCLOSURES = "SELECT d.recorded_at, d.id, d.id, d.patient_id, d.patient_id, d.recorded_at FROM disclosures d \
        WHERE d.organisation_id = $1 AND d.recorded_at < $2 \
        AND (d.recorded_at, d.id, d.id) > ($3, $4, $5) ORDER BY d.recorded_at, d.id LIMIT $6";
    /// Corrections.
    CORRECTIONS = "SELECT k.at, k.ticket_id, k.message_id, t.patient_id, c.patient_id, k.at FROM corrections k \
        LEFT JOIN tickets t ON t.organisation_id = k.organisation_id AND t.id = k.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE k.organisation_id = $1 AND k.at < $2 \
        AND (k.at, k.ticket_id, k.message_id) > ($3, $4, $5) ORDER BY k.at, k.ticket_id, k.message_id LIMIT $6";
    /// Drafts.
    DRAFTS = "SELECT d.updated_at, d.ticket_id, d.staff_id, t.patient_id, c.patient_id, d.updated_at FROM drafts d \
        LEFT JOIN tickets t ON t.organisation_id = d.organisation_id AND t.id = d.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE d.organisation_id = $1 AND d.updated_at < $2 \
        AND (d.updated_at, d.ticket_id, d.staff_id) > ($3, $4, $5) ORDER BY d.updated_at, d.ticket_id, d.staff_id LIMIT $6";
    /// Exceptions that somebody signed off.
    EXCEPTIONS = "SELECT x.at, x.id, x.id, x.patient_id, x.beside, x.at FROM (SELECT o.reviewed_at AS at, o.id AS id, \
        o.patient_id AS patient_id, o.patient_id AS beside FROM openings o \
        WHERE o.organisation_id = $1 AND o.reviewed_at < $2 UNION ALL \
        SELECT v.reviewed_at, v.id, t.patient_id, c.patient_id FROM identity_reviews v \
        LEFT JOIN tickets t ON t.organisation_id = v.organisation_id AND t.id = v.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE v.organisation_id = $1 AND v.reviewed_at < $2) AS x \
        WHERE (x.at, x.id, x.id) > ($3, $4, $5) ORDER BY x.at, x.id LIMIT $6";
    /// Unusual looks that somebody signed off.
    FINDINGS = "SELECT f.signed_at, f.id, f.id, f.patient_id, f.patient_id, f.signed_at FROM watch_findings f \
        WHERE f.organisation_id = $1 AND f.signed_at < $2 \
        AND (f.signed_at, f.id, f.id) > ($3, $4, $5) ORDER BY f.signed_at, f.id LIMIT $6";
    /// Incidents that are closed, each with whoever on its list is held the longest.
    INCIDENTS = "SELECT b.closed_at, b.id, b.id, (SELECT h.patient_id FROM breach_people p \
        LEFT JOIN contacts c ON c.organisation_id = p.organisation_id AND c.id = p.contact_id \
        JOIN legal_holds h ON h.organisation_id = p.organisation_id AND h.patient_id = COALESCE(p.patient_id, c.patient_id) \
        WHERE p.organisation_id = b.organisation_id AND p.breach_id = b.id AND h.released_at IS NULL \
        ORDER BY CASE WHEN h.until IS NULL THEN 0 ELSE 1 END, h.until DESC LIMIT 1), NULLIF(b.opened_by, b.opened_by), b.closed_at FROM breaches b \
        WHERE b.organisation_id = $1 AND b.state = 'closed' AND b.closed_at < $2 \
        AND (b.closed_at, b.id, b.id) > ($3, $4, $5) ORDER BY b.closed_at, b.id LIMIT $6";
    /// What patients were told, and said yes and no to, once something newer took its place: then the period begins. The
    /// newest of each matter is on no list.
    CONSENTS = "SELECT x.at, x.id, x.id, x.patient_id, x.beside, x.since FROM (SELECT o.at AS at, o.id AS id, \
        o.patient_id AS patient_id, c.patient_id AS beside, (SELECT MIN(n.at) FROM consents n \
        WHERE n.organisation_id = o.organisation_id AND n.id > o.id AND n.purpose = o.purpose AND n.channel = o.channel \
        AND n.point_blind IS NOT DISTINCT FROM o.point_blind AND n.party_blind IS NOT DISTINCT FROM o.party_blind \
        AND ((n.patient_id = o.patient_id AND n.contact_id IS NOT DISTINCT FROM o.contact_id) \
        OR (n.contact_id = o.contact_id AND n.patient_id IS NULL AND o.patient_id IS NULL))) AS since \
        FROM consents o LEFT JOIN contacts c ON c.organisation_id = o.organisation_id AND c.id = o.contact_id \
        WHERE o.organisation_id = $1 AND o.at < $2 UNION ALL \
        SELECT a.at, a.id, a.patient_id, a.patient_id, (SELECT MIN(l.at) FROM notice_acknowledgements l \
        JOIN notices m ON m.organisation_id = l.organisation_id AND m.id = l.notice_id \
        JOIN notices o ON o.organisation_id = a.organisation_id AND o.id = a.notice_id \
        WHERE l.organisation_id = a.organisation_id AND l.patient_id = a.patient_id AND l.id > a.id AND m.code = o.code) \
        FROM notice_acknowledgements a WHERE a.organisation_id = $1 AND a.at < $2) AS x \
        WHERE x.since < $2 AND (x.at, x.id, x.id) > ($3, $4, $5) ORDER BY x.at, x.id LIMIT $6";
    /// Who acted for a patient and does so no more. Whoever stands for them still is known by it as somebody else.
    REPRESENTATIVES = "SELECT r.ended_at, r.id, r.id, r.patient_id, c.patient_id, r.ended_at FROM representatives r \
        LEFT JOIN contacts c ON c.organisation_id = r.organisation_id AND c.id = r.contact_id \
        WHERE r.organisation_id = $1 AND r.ended_at < $2 AND r.state NOT IN ('asked', 'confirmed') \
        AND (c.patient_id IS NULL OR c.patient_id <> r.patient_id OR c.acts_only = 1) \
        AND (r.ended_at, r.id, r.id) > ($3, $4, $5) ORDER BY r.ended_at, r.id LIMIT $6";
    /// Holds that somebody took away, or whose day is over.
    HOLDS = "SELECT x.at, x.id, x.id, x.patient_id, x.patient_id, x.at FROM (SELECT COALESCE(released_at, until) AS at, \
        id, patient_id FROM legal_holds WHERE organisation_id = $1) AS x \
        WHERE x.at < $2 AND (x.at, x.id, x.id) > ($3, $4, $5) ORDER BY x.at, x.id LIMIT $6";
    /// Whoever is no patient, and has nothing that erasure keeps a contact for; the one for whom skeletons stand stays.
    CONTACTS = concat!(
        "SELECT c.created_at, c.id, c.id, NULLIF(c.id, c.id), NULLIF(c.id, c.id), COALESCE((SELECT MAX(n.at) FROM \
        (SELECT s.created_at AS at FROM contacts s WHERE s.organisation_id = c.organisation_id AND s.id = c.id UNION ALL \
        SELECT s.linked_at FROM contacts s WHERE s.organisation_id = c.organisation_id AND s.id = c.id UNION ALL \
        SELECT p.created_at FROM contact_points p WHERE p.organisation_id = c.organisation_id AND p.contact_id = c.id UNION ALL \
        SELECT p.last_acknowledged_at FROM contact_points p WHERE p.organisation_id = c.organisation_id AND p.contact_id = c.id) \
        AS n), c.created_at) FROM contacts c \
        WHERE c.organisation_id = $1 AND c.patient_id IS NULL AND c.id <> c.organisation_id AND c.created_at < $2 AND (c.linked_at IS NULL OR c.linked_at < $2) \
        AND NOT EXISTS (SELECT 1 FROM contact_points p WHERE p.organisation_id = c.organisation_id AND p.contact_id = c.id \
        AND (p.created_at >= $2 OR p.last_acknowledged_at >= $2)) ",
        contact_has_nothing!(),
        " AND (c.created_at, c.id, c.id) > ($3, $4, $5) ORDER BY c.created_at, c.id LIMIT $6"
    );
    /// Patients of whom nothing else is here, nor of whoever stands for them.
    PATIENTS = concat!(
        "SELECT p.created_at, p.id, p.id, p.id, p.id, COALESCE((SELECT MAX(n.at) FROM \
        (SELECT s.created_at AS at FROM patients s WHERE s.organisation_id = p.organisation_id AND s.id = p.id UNION ALL \
        SELECT c.created_at FROM contacts c WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id UNION ALL \
        SELECT c.linked_at FROM contacts c WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id UNION ALL \
        SELECT w.created_at FROM contacts c JOIN contact_points w ON w.organisation_id = c.organisation_id \
        AND w.contact_id = c.id WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id UNION ALL \
        SELECT w.last_acknowledged_at FROM contacts c JOIN contact_points w ON w.organisation_id = c.organisation_id \
        AND w.contact_id = c.id WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id) AS n), p.created_at) \
        FROM patients p WHERE p.organisation_id = $1 AND p.created_at < $2 \
        AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id \
        AND (c.created_at >= $2 OR c.linked_at >= $2)) \
        AND NOT EXISTS (SELECT 1 FROM contacts c JOIN contact_points w ON w.organisation_id = c.organisation_id \
        AND w.contact_id = c.id WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id \
        AND (w.created_at >= $2 OR w.last_acknowledged_at >= $2)) ",
        patient_has_nothing!(),
        " AND (p.created_at, p.id, p.id) > ($3, $4, $5) ORDER BY p.created_at, p.id LIMIT $6"
    );

    /// Whether a contact, whom the caller's command holds, is as old still.
    OLD_CONTACT = "SELECT 1 FROM contacts c WHERE c.organisation_id = $1 AND c.id = $2 AND c.created_at < $3 \
        AND (c.linked_at IS NULL OR c.linked_at < $3) AND NOT EXISTS (SELECT 1 FROM contact_points p \
        WHERE p.organisation_id = c.organisation_id AND p.contact_id = c.id \
        AND (p.created_at >= $3 OR p.last_acknowledged_at >= $3))";
    /// Whether a patient, whom the caller's command holds with their people, is as old still.
    OLD_PATIENT = "SELECT 1 FROM patients p WHERE p.organisation_id = $1 AND p.id = $2 AND p.created_at < $3 \
        AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id \
        AND (c.created_at >= $3 OR c.linked_at >= $3)) \
        AND NOT EXISTS (SELECT 1 FROM contacts c JOIN contact_points w ON w.organisation_id = c.organisation_id \
        AND w.contact_id = c.id WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id \
        AND (w.created_at >= $3 OR w.last_acknowledged_at >= $3))";
    /// Deletes who acted for a patient.
    DELETE_REPRESENTATIVE = "DELETE FROM representatives WHERE organisation_id = $1 AND id = $2 AND ended_at < $3 \
        AND state NOT IN ('asked', 'confirmed') AND NOT EXISTS (SELECT 1 FROM contacts c \
        WHERE c.organisation_id = representatives.organisation_id AND c.id = representatives.contact_id \
        AND c.patient_id = representatives.patient_id AND c.acts_only <> 1)";
    /// Deletes a hold that is over.
    DELETE_HOLD = "DELETE FROM legal_holds WHERE organisation_id = $1 AND id = $2 AND COALESCE(released_at, until) < $3";

    /// A request that is old enough still. Nobody changes it until the command ends.
    TAKE_REQUEST = "SELECT contact_id FROM tickets WHERE organisation_id = $1 AND id = $2 AND active = 0 AND emptied_at IS NULL \
        AND updated_at < $3 FOR NO KEY UPDATE";
    /// A mail that is there still.
    TAKE_MAIL = "SELECT 1 FROM inbound_mails WHERE organisation_id = $1 AND id = $2 AND state IN ('done', 'ignored') \
        AND received_at < $3 FOR NO KEY UPDATE";
    /// Deletes the words of an answer; the score stays.
    BLANK_RATING = "UPDATE ratings SET comment = NULL WHERE organisation_id = $1 AND ticket_id = $2 AND comment IS NOT NULL \
        AND updated_at < $3";
    /// Deletes what was shown.
    DELETE_EVIDENCE = "DELETE FROM identity_evidence WHERE organisation_id = $1 AND id = $2 AND made_at < $3";
    /// Deletes a call or a second look.
    DELETE_TASK = "DELETE FROM identity_tasks WHERE organisation_id = $1 AND id = $2 AND asked_at < $3 AND outcome <> ''";
    /// Deletes what was asked by law.
    DELETE_PRIVACY_REQUEST = "DELETE FROM privacy_requests WHERE organisation_id = $1 AND id = $2 AND state = 'closed' \
        AND kind NOT IN ('erasure', 'restriction', 'objection', 'amendment', 'communications') AND closed_at < $3";
    /// Deletes what was given out.
    DELETE_DISCLOSURE = "DELETE FROM disclosures WHERE organisation_id = $1 AND id = $2 AND recorded_at < $3";
    /// Deletes a correction.
    DELETE_CORRECTION = "DELETE FROM corrections WHERE organisation_id = $1 AND ticket_id = $2 AND message_id = $3 AND at < $4";
    /// Deletes a draft.
    DELETE_DRAFT = "DELETE FROM drafts WHERE organisation_id = $1 AND ticket_id = $2 AND staff_id = $3 AND updated_at < $4";
    /// Deletes an opening of a restricted record.
    DELETE_OPENING = "DELETE FROM openings WHERE organisation_id = $1 AND id = $2 AND reviewed_at < $3";
    /// Deletes what was done past the steps that verify who is asking.
    DELETE_REVIEW = "DELETE FROM identity_reviews WHERE organisation_id = $1 AND id = $2 AND reviewed_at < $3";
    /// The key of an unusual look that is old enough still; nobody writes its note until the command ends.
    TAKE_FINDING = "SELECT key_id FROM watch_findings WHERE organisation_id = $1 AND id = $2 AND signed_at < $3 \
        FOR NO KEY UPDATE";
    /// Deletes an unusual look.
    DELETE_FINDING = "DELETE FROM watch_findings WHERE organisation_id = $1 AND id = $2";
    /// The key of an incident that is old enough still. Nobody changes it until the command ends.
    TAKE_INCIDENT = "SELECT key_id FROM breaches WHERE organisation_id = $1 AND id = $2 AND state = 'closed' AND closed_at < $3 \
        FOR NO KEY UPDATE";
    /// Every patient on an incident's list. No hold is placed on one until the command ends.
    HOLD_LIST = "SELECT 1 FROM patients WHERE organisation_id = $1 AND id IN (SELECT COALESCE(p.patient_id, c.patient_id) \
        FROM breach_people p LEFT JOIN contacts c ON c.organisation_id = p.organisation_id AND c.id = p.contact_id \
        WHERE p.organisation_id = $1 AND p.breach_id = $2) ORDER BY id FOR NO KEY UPDATE";
    /// Whether a hold counts on one of them.
    LIST_IS_HELD = "SELECT 1 FROM breach_people p LEFT JOIN contacts c \
        ON c.organisation_id = p.organisation_id AND c.id = p.contact_id JOIN legal_holds h \
        ON h.organisation_id = p.organisation_id AND h.patient_id = COALESCE(p.patient_id, c.patient_id) \
        WHERE p.organisation_id = $1 AND p.breach_id = $2 AND h.released_at IS NULL AND (h.until IS NULL OR h.until > $3) LIMIT 1";
    /// Deletes whom an incident touched.
    DELETE_LIST = "DELETE FROM breach_people WHERE organisation_id = $1 AND breach_id = $2";
    /// Deletes the words of its letter.
    DELETE_LETTERS = "DELETE FROM breach_letters WHERE organisation_id = $1 AND breach_id = $2";
    /// Deletes who was told of it.
    DELETE_DUTIES = "DELETE FROM breach_duties WHERE organisation_id = $1 AND breach_id = $2";
    /// Deletes an incident.
    DELETE_INCIDENT = "DELETE FROM breaches WHERE organisation_id = $1 AND id = $2";
    /// Deletes what somebody said yes or no to, where something newer took its place long enough ago.
    DELETE_CONSENT = "DELETE FROM consents WHERE organisation_id = $1 AND id = $2 AND EXISTS (SELECT 1 FROM consents n \
        WHERE n.organisation_id = consents.organisation_id AND n.id > consents.id AND n.at < $3 AND n.purpose = consents.purpose \
        AND n.channel = consents.channel AND n.point_blind IS NOT DISTINCT FROM consents.point_blind \
        AND n.party_blind IS NOT DISTINCT FROM consents.party_blind AND ((n.patient_id = consents.patient_id \
        AND n.contact_id IS NOT DISTINCT FROM consents.contact_id) OR (n.contact_id = consents.contact_id \
        AND n.patient_id IS NULL AND consents.patient_id IS NULL)))";
    /// Deletes that a patient was given a version of a notice, where they were given a newer one long enough ago.
    DELETE_ACKNOWLEDGEMENT = "DELETE FROM notice_acknowledgements WHERE organisation_id = $1 AND id = $2 AND EXISTS (SELECT 1 \
        FROM notice_acknowledgements l JOIN notices m ON m.organisation_id = l.organisation_id AND m.id = l.notice_id \
        JOIN notices o ON o.organisation_id = l.organisation_id AND o.code = m.code \
        WHERE l.organisation_id = notice_acknowledgements.organisation_id AND l.patient_id = notice_acknowledgements.patient_id \
        AND l.id > notice_acknowledgements.id AND l.at < $3 AND o.id = notice_acknowledgements.notice_id)";
}

const fn list_of(record: Record) -> Statement {
    match record {
        Record::Requests => REQUESTS,
        Record::RawMails => RAW_MAILS,
        Record::Ratings => RATINGS,
        Record::Identity => IDENTITY,
        Record::PrivacyRequests => PRIVACY_REQUESTS,
        Record::Disclosures => DISCLOSURES,
        Record::Corrections => CORRECTIONS,
        Record::Drafts => DRAFTS,
        Record::Exceptions => EXCEPTIONS,
        Record::Findings => FINDINGS,
        Record::Incidents => INCIDENTS,
        Record::Consents => CONSENTS,
        Record::Representatives => REPRESENTATIVES,
        Record::Holds => HOLDS,
        Record::Contacts => CONTACTS,
        Record::Patients => PATIENTS,
    }
}

/// What began before an instant, in order, after a place.
pub(in crate::privacy::retention) async fn old(
    conn: &mut Conn,
    organisation: OrganisationId,
    record: Record,
    before: Timestamp,
    after: Place,
    limit: i64,
) -> Result<Vec<Old>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(Old {
            place: Place {
                at: row.get(0)?,
                one: row.get(1)?,
                other: row.get(2)?,
            },
            patients: [row.get(3)?, row.get(4)?],
            since: row.get(5)?,
        })
    };
    let args = args![
        organisation,
        before,
        after.at,
        after.one,
        after.other,
        limit
    ];
    Ok(conn.query(list_of(record), args, read).await?)
}
