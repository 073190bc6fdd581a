-- Searches of the audit log that somebody keeps, for themselves or for everybody who may read the log. Name and fields are
-- sealed with a key of the search's own: somebody may have typed a patient's name, and a field may hold a patient's id.
CREATE TABLE audit_filters (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    staff_id ID NOT NULL,
    shared BIGINT NOT NULL,
    key_id ID NOT NULL,
    sealed BLOB NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX audit_filters_staff ON audit_filters (organisation_id, staff_id, id);
CREATE INDEX audit_filters_shared ON audit_filters (organisation_id, id) WHERE shared = 1;
-- Rounds in which the access of everybody is looked at: the quarter of the clinic's calendar, until when it goes, how often
-- those who decide were reminded, and who closed it (none: the desk itself). At most one is open.
CREATE TABLE access_rounds (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    quarter TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_by ID,
    due_at BIGINT NOT NULL,
    reminded BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by ID,
    PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX access_rounds_open ON access_rounds (organisation_id) WHERE closed_at IS NULL;
-- Whose access it is (a person or an API token), what was decided by whom, and what they could do then (JSON: names, codes
-- and counts of the staff, nothing of a patient).
CREATE TABLE access_rows (
    organisation_id ID NOT NULL,
    round_id ID NOT NULL,
    subject_id ID NOT NULL,
    kind TEXT NOT NULL,
    facts TEXT NOT NULL,
    decision TEXT,
    decided_by ID,
    decided_at BIGINT,
    PRIMARY KEY (organisation_id, round_id, subject_id)
) CLUSTERED;
