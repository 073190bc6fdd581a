-- What the clinic tells patients of their data, by key and version: a draft until it is published, and never changed after.
CREATE TABLE notices (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    code TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    made_by ID,
    made_at BIGINT NOT NULL,
    published_by ID,
    published_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX notices_number ON notices (organisation_id, code, number);
CREATE UNIQUE INDEX notices_draft ON notices (organisation_id, code) WHERE state = 'draft';
-- Its words in each language; `changes` says what is new in it.
CREATE TABLE notice_texts (
    organisation_id ID NOT NULL,
    notice_id ID NOT NULL,
    locale TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (organisation_id, notice_id, locale)
) CLUSTERED;
-- That a patient was given a version, in which language; `text_hash` is the SHA-256 of the very words.
CREATE TABLE notice_acknowledgements (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    patient_id ID NOT NULL,
    notice_id ID NOT NULL,
    locale TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    source TEXT NOT NULL,
    recorded_by ID,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX notice_acknowledgements_patient ON notice_acknowledgements (organisation_id, patient_id, id);
-- Yes and no of patients to what the desk does with their data and how it reaches them: rows are added and never changed.
-- `purpose` and `channel` may be 'all' in a no. `point_blind` and `party_blind` are keyed; `said` (the very words, the
-- address and whom it is shared with) is sealed with the patient's key, or the contact's where they stand for nobody.
CREATE TABLE consents (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    patient_id ID,
    contact_id ID,
    key_id ID NOT NULL,
    purpose TEXT NOT NULL,
    channel TEXT NOT NULL,
    decision TEXT NOT NULL,
    point_blind BLOB,
    party_blind BLOB,
    said BLOB NOT NULL,
    text_hash TEXT NOT NULL,
    locale TEXT NOT NULL,
    source TEXT NOT NULL,
    recorded_by ID,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX consents_patient ON consents (organisation_id, patient_id, id) WHERE patient_id IS NOT NULL;
CREATE INDEX consents_contact ON consents (organisation_id, contact_id, id) WHERE contact_id IS NOT NULL;
