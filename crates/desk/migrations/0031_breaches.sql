-- Incidents that may be breaches of patients' data. `title`, `story` and `words` (those of the assessment, JSON) are sealed with
-- a key of the incident; `query` is what the audit log was last asked (JSON: ids, instants and codes).
CREATE TABLE breaches (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    key_id ID NOT NULL,
    law TEXT NOT NULL,
    part TEXT NOT NULL,
    state TEXT NOT NULL,
    discovered_at BIGINT NOT NULL,
    title BLOB NOT NULL,
    story BLOB NOT NULL,
    kinds TEXT NOT NULL,
    opened_by ID NOT NULL,
    opened_at BIGINT NOT NULL,
    residents BIGINT,
    risks TEXT,
    words BLOB,
    conclusion TEXT,
    exception TEXT,
    high_risk BIGINT NOT NULL,
    assessed_by ID,
    assessed_at BIGINT,
    signed_by ID,
    signed_at BIGINT,
    query TEXT,
    taken_by ID,
    taken_at BIGINT,
    sent_by ID,
    sent_at BIGINT,
    closed_by ID,
    closed_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX breaches_closed ON breaches (organisation_id, closed_at) WHERE state = 'closed';
CREATE INDEX breaches_open ON breaches (organisation_id, discovered_at, id) WHERE state <> 'closed';
-- Whom an incident touched, as the list was taken: `seen` counts acts (JSON, codes alone). `reason` and `removed` are sealed with
-- the incident's key. Of somebody who was erased the row stays, without who it was: they count.
CREATE TABLE breach_people (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    breach_id ID NOT NULL,
    patient_id ID,
    by_hand BIGINT NOT NULL,
    seen TEXT NOT NULL,
    first_at BIGINT,
    last_at BIGINT,
    added_by ID NOT NULL,
    added_at BIGINT NOT NULL,
    reason BLOB,
    removed_by ID,
    removed_at BIGINT,
    removed BLOB,
    told TEXT NOT NULL,
    told_at BIGINT,
    ticket_id ID,
    message_id ID,
    PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX breach_people_one ON breach_people (organisation_id, breach_id, patient_id);
CREATE INDEX breach_people_list ON breach_people (organisation_id, breach_id, id);
CREATE INDEX breach_people_patient ON breach_people (organisation_id, patient_id);
-- The words of the letter, one row a language, sealed with the incident's key.
CREATE TABLE breach_letters (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    breach_id ID NOT NULL,
    locale TEXT NOT NULL,
    words BLOB NOT NULL,
    written_by ID NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX breach_letters_one ON breach_letters (organisation_id, breach_id, locale);
-- Who was told, on which day.
CREATE TABLE breach_duties (
    organisation_id ID NOT NULL,
    breach_id ID NOT NULL,
    duty TEXT NOT NULL,
    done_on TEXT NOT NULL,
    done_by ID NOT NULL,
    done_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, breach_id, duty)
) CLUSTERED;
