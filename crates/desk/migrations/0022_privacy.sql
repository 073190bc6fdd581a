-- What patients ask for their data by law, with the law's clock. `words`, `extension` and `note` are sealed with the
-- patient's key: of somebody who was erased, the codes, the days and who decided stay.
CREATE TABLE privacy_requests (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    patient_id ID NOT NULL,
    key_id ID NOT NULL,
    kind TEXT NOT NULL,
    law TEXT NOT NULL,
    level TEXT NOT NULL,
    ticket_number BIGINT,
    state TEXT NOT NULL,
    received_on TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    words BLOB,
    opened_by ID,
    opened_at BIGINT NOT NULL,
    extended_by ID,
    extended_at BIGINT,
    extension BLOB,
    letter_on TEXT,
    approved_by ID,
    approved_at BIGINT,
    decision TEXT,
    reason TEXT,
    note BLOB,
    decided_by ID,
    decided_at BIGINT,
    notes_included BIGINT NOT NULL,
    answered_on TEXT,
    closed_by ID,
    closed_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX privacy_requests_open ON privacy_requests (organisation_id, due_at, id) WHERE state <> 'closed';
CREATE INDEX privacy_requests_closed ON privacy_requests (organisation_id, closed_at, id) WHERE state = 'closed';
CREATE INDEX privacy_requests_patient ON privacy_requests (organisation_id, patient_id, id);
-- Who decides them; of the roles that ship.
UPDATE roles SET permissions = permissions || ' privacy:manage', version = version + 1
    WHERE code IN ('compliance', 'administrator') AND permissions NOT LIKE '%privacy:manage%';
-- Copies of a patient's record that were asked for: one sealed archive each, with a key of its own, until it expires.
-- `state` is making, ready or failed.
CREATE TABLE privacy_copies (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    request_id ID NOT NULL,
    patient_id ID NOT NULL,
    state TEXT NOT NULL,
    key_id ID,
    blob_id ID,
    size BIGINT NOT NULL,
    with_notes BIGINT NOT NULL,
    asked_by ID NOT NULL,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX privacy_copies_request ON privacy_copies (organisation_id, request_id, id);
CREATE INDEX privacy_copies_expiry ON privacy_copies (expires_at);
-- While a hold counts, nothing of the record is destroyed. `words` are sealed with the patient's key.
CREATE TABLE legal_holds (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    patient_id ID NOT NULL,
    key_id ID NOT NULL,
    reason TEXT NOT NULL,
    words BLOB,
    placed_by ID NOT NULL,
    placed_at BIGINT NOT NULL,
    until BIGINT,
    released_by ID,
    released_at BIGINT,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX legal_holds_patient ON legal_holds (organisation_id, patient_id, id);
-- What was destroyed, by ids and keyed marks, with the signed certificate of it.
CREATE TABLE erasures (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    request_id ID NOT NULL,
    entry TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX erasures_request ON erasures (organisation_id, request_id);
