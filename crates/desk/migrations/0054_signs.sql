-- What was tried to show who somebody is, for signs that only several conversations tell together. One row for each keyed mark
-- of a try: of the person that was claimed, of the third value, and of the patient once that is known. It counts for days.
CREATE TABLE identity_tries (
    organisation_id ID NOT NULL,
    subject BLOB NOT NULL,
    id ID NOT NULL,
    ticket_id ID NOT NULL,
    contact_id ID NOT NULL,
    at BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, subject, id)
) CLUSTERED;
CREATE INDEX identity_tries_ticket ON identity_tries (organisation_id, ticket_id);
CREATE INDEX identity_tries_contact ON identity_tries (organisation_id, contact_id, at);
CREATE INDEX identity_tries_at ON identity_tries (at);
-- Who asked where somebody noticed a sign; none for what was noticed before this step.
ALTER TABLE identity_flags ADD COLUMN contact_id ID;
CREATE INDEX identity_flags_contact ON identity_flags (organisation_id, contact_id, at);
