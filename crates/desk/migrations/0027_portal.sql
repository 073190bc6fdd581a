-- Patients who sign in. One-time codes are kept by nothing but their number: the organisation's key makes the digits of it.
-- `subject` is a keyed mark of the address that was typed; `contact_id` and `point_blind` are empty where nobody has it.
-- `ended` is empty while a code is open.
CREATE TABLE portal_codes (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    subject BLOB NOT NULL,
    browser_hash BLOB NOT NULL,
    contact_id ID,
    point_blind BLOB,
    locale TEXT NOT NULL,
    tries BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended TEXT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE UNIQUE INDEX portal_codes_browser ON portal_codes (browser_hash);
CREATE INDEX portal_codes_subject ON portal_codes (organisation_id, subject, made_at);
CREATE INDEX portal_codes_expiry ON portal_codes (expires_at);
-- Who is in: by which address, as whom, and for whom they write now.
CREATE TABLE portal_sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    contact_id ID NOT NULL,
    point_blind BLOB NOT NULL,
    patient_id ID,
    acting_for ID,
    locale TEXT NOT NULL,
    method TEXT NOT NULL,
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
) CLUSTERED;
CREATE INDEX portal_sessions_contact ON portal_sessions (organisation_id, contact_id);
CREATE INDEX portal_sessions_age ON portal_sessions (created_at);
-- Browsers and systems that somebody came in with, as codes.
CREATE TABLE portal_devices (
    organisation_id ID NOT NULL,
    contact_id ID NOT NULL,
    device TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, contact_id, device)
) CLUSTERED;
CREATE INDEX portal_devices_age ON portal_devices (seen_at);
-- Patients have passkeys as well: `owner` says whose a key is, and a patient's ends with the address under which it was made.
ALTER TABLE passkeys RENAME COLUMN staff_id TO owner_id;
ALTER TABLE passkeys ADD COLUMN owner TEXT NOT NULL DEFAULT 'staff';
ALTER TABLE passkeys ADD COLUMN point_blind BLOB;
-- What a patient shows by being signed in no one of the staff has seen.
CREATE TABLE identity_evidence_now (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    ticket_id ID NOT NULL,
    contact_id ID NOT NULL,
    patient_id ID,
    method TEXT NOT NULL,
    attested BLOB NOT NULL,
    staff_id ID,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
INSERT INTO identity_evidence_now (organisation_id, id, ticket_id, contact_id, patient_id, method, attested, staff_id, made_at,
    expires_at, ended_at) SELECT organisation_id, id, ticket_id, contact_id, patient_id, method, attested, staff_id, made_at,
    expires_at, ended_at FROM identity_evidence;
DROP TABLE identity_evidence;
ALTER TABLE identity_evidence_now RENAME TO identity_evidence;
CREATE INDEX identity_evidence_ticket ON identity_evidence (organisation_id, ticket_id);
CREATE INDEX identity_evidence_contact ON identity_evidence (organisation_id, contact_id, made_at);
CREATE INDEX identity_evidence_patient ON identity_evidence (organisation_id, patient_id);
