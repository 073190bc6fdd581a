-- How sure the desk is of who is asking. A contact's addresses count as a patient's from when the two were linked: none
-- for those that were made together. When others were linked before this step is known by the newest link of all, which
-- is the latest that it can have been.
ALTER TABLE contacts ADD COLUMN linked_at BIGINT;
UPDATE contacts SET linked_at = newest.at
    FROM (SELECT organisation_id, MAX(at) AS at FROM audit_entries WHERE action = 'contact.link' GROUP BY organisation_id)
        AS newest
    WHERE newest.organisation_id = contacts.organisation_id AND contacts.patient_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM patients p WHERE p.organisation_id = contacts.organisation_id
            AND p.id = contacts.patient_id AND p.key_id = contacts.key_id);
-- Until when no code goes to an address, because it is new to its patient.
ALTER TABLE contact_points ADD COLUMN held_until BIGINT;
-- What somebody has shown in one conversation. `attested` is a keyed mark of the addresses that the contact had then.
CREATE TABLE identity_evidence (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    ticket_id ID NOT NULL,
    contact_id ID NOT NULL,
    patient_id ID,
    method TEXT NOT NULL,
    attested BLOB NOT NULL,
    staff_id ID NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE INDEX identity_evidence_ticket ON identity_evidence (organisation_id, ticket_id);
CREATE INDEX identity_evidence_contact ON identity_evidence (organisation_id, contact_id, made_at);
CREATE INDEX identity_evidence_patient ON identity_evidence (organisation_id, patient_id);
-- `subject` is a keyed mark of a conversation, of a contact or of what somebody claimed to be; it says nothing of whether
-- there is such a patient.
CREATE TABLE identity_failures (
    organisation_id ID NOT NULL,
    subject BLOB NOT NULL,
    id ID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, subject, id)
) CLUSTERED;
CREATE INDEX identity_failures_at ON identity_failures (at);
-- One row a subject, which a command holds while it counts: the same subject is tried in several conversations at once.
CREATE TABLE identity_subjects (
    organisation_id ID NOT NULL,
    subject BLOB NOT NULL,
    held_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, subject)
) CLUSTERED;
CREATE INDEX identity_subjects_held ON identity_subjects (held_at);
CREATE TABLE identity_locks (
    organisation_id ID NOT NULL,
    subject BLOB NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, subject, since)
) CLUSTERED;
-- One-time codes by their keyed hashes. `ended` is empty while one is open.
CREATE TABLE identity_codes (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    ticket_id ID NOT NULL,
    patient_id ID NOT NULL,
    hash BLOB NOT NULL,
    tries BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended TEXT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE INDEX identity_codes_ticket ON identity_codes (organisation_id, ticket_id, made_at);
CREATE INDEX identity_codes_patient ON identity_codes (organisation_id, patient_id, made_at);
-- Call-backs and second looks that were asked for. `point_blind` is the number to call; `outcome` is empty while it waits.
CREATE TABLE identity_tasks (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    ticket_id ID NOT NULL,
    patient_id ID NOT NULL,
    kind TEXT NOT NULL,
    point_blind BLOB,
    asked_by ID NOT NULL,
    asked_at BIGINT NOT NULL,
    shown_by ID,
    done_by ID,
    done_at BIGINT,
    outcome TEXT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE INDEX identity_tasks_patient ON identity_tasks (organisation_id, patient_id);
CREATE INDEX identity_tasks_ticket ON identity_tasks (organisation_id, ticket_id, asked_at);
CREATE INDEX identity_tasks_waiting ON identity_tasks (organisation_id, asked_at) WHERE outcome = '';
-- What was done past the rules, and who looked at it afterwards. `words` and `note` are sealed with the ticket's key.
CREATE TABLE identity_reviews (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    ticket_id ID NOT NULL,
    reason TEXT NOT NULL,
    key_id ID NOT NULL,
    words BLOB NOT NULL,
    staff_id ID NOT NULL,
    at BIGINT NOT NULL,
    reviewed_by ID,
    reviewed_at BIGINT,
    note BLOB,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE INDEX identity_reviews_waiting ON identity_reviews (organisation_id, at) WHERE reviewed_at IS NULL;
-- Who looks at what others opened; of the roles that ship.
UPDATE roles SET permissions = permissions || ' identity:approve', version = version + 1
    WHERE code IN ('supervisor', 'compliance', 'administrator') AND permissions NOT LIKE '%identity:approve%';
