-- Who acts for a patient: how they are related, on what authority, for what and until when. `scope` is bits (see
-- records/disclosure.rs); `document` and `ended_words` are sealed with the patient's key.
CREATE TABLE representatives (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    patient_id ID NOT NULL,
    contact_id ID NOT NULL,
    key_id ID NOT NULL,
    relationship TEXT NOT NULL,
    authority TEXT NOT NULL,
    scope BIGINT NOT NULL,
    young_agreed BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT,
    document BLOB,
    file_id ID,
    ticket_id ID NOT NULL,
    asked_by ID,
    asked_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_by ID,
    decided_at BIGINT,
    ended_by ID,
    ended_at BIGINT,
    ended_why TEXT,
    ended_words BLOB,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE INDEX representatives_patient ON representatives (organisation_id, patient_id, asked_at);
-- One word at a time about what a contact may do for a patient.
CREATE UNIQUE INDEX representatives_open ON representatives (organisation_id, contact_id, patient_id)
    WHERE state IN ('asked', 'confirmed');
CREATE INDEX representatives_contact ON representatives (organisation_id, contact_id, patient_id, asked_at);
-- In which conversation somebody failed, and who of the staff typed it: whoever lifts a lock is somebody else.
ALTER TABLE identity_failures ADD COLUMN ticket_id ID;
ALTER TABLE identity_failures ADD COLUMN staff_id ID;
CREATE INDEX identity_failures_ticket ON identity_failures (organisation_id, ticket_id);
ALTER TABLE identity_locks ADD COLUMN lifted_at BIGINT;
CREATE INDEX identity_reviews_done ON identity_reviews (organisation_id, reviewed_at) WHERE reviewed_at IS NOT NULL;
