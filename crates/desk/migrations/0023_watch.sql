-- What was given to somebody outside, recorded by whoever gave it (45 CFR 164.528). To whom, where they are, what and why
-- in words are sealed with the patient's key. `held_until` is until when the patient is not told (164.528(a)(2)); `struck`
-- says that it was recorded by mistake, and why (sealed).
CREATE TABLE disclosures (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    patient_id ID NOT NULL,
    key_id ID NOT NULL,
    ticket_id ID,
    basis TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    recipient BLOB NOT NULL,
    address BLOB NOT NULL,
    what BLOB NOT NULL,
    purpose BLOB NOT NULL,
    held_until BIGINT,
    staff_id ID NOT NULL,
    recorded_at BIGINT NOT NULL,
    struck_at BIGINT,
    struck_by ID,
    struck BLOB,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX disclosures_patient ON disclosures (organisation_id, patient_id, made_at, id);
-- Who opened a patient's record, for whoever asks who has seen it.
CREATE INDEX openings_patient ON openings (organisation_id, patient_id, id);
-- Exceptions of either kind are one list: each is signed off with a verdict, and stays in its history.
ALTER TABLE identity_reviews ADD COLUMN verdict TEXT;
UPDATE identity_reviews SET verdict = 'justified' WHERE reviewed_at IS NOT NULL;
CREATE INDEX identity_reviews_signed ON identity_reviews (organisation_id, reviewed_at) WHERE reviewed_at IS NOT NULL;
UPDATE roles SET permissions = permissions || ' exceptions:review', version = version + 1
    WHERE (permissions LIKE '%privacy:review%' OR permissions LIKE '%identity:approve%')
    AND permissions NOT LIKE '%exceptions:review%';
-- Looks at patients' data that somebody should look at: which rule, whose looks on which day, at whom, with figures (JSON,
-- counts alone). `subject` is the patient's id or empty. `note` is sealed with a key of its own.
CREATE TABLE watch_findings (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    day TEXT NOT NULL,
    rule TEXT NOT NULL,
    staff_id ID NOT NULL,
    subject TEXT NOT NULL,
    patient_id ID,
    figures TEXT NOT NULL,
    found_at BIGINT NOT NULL,
    signed_by ID,
    signed_at BIGINT,
    verdict TEXT,
    key_id ID,
    note BLOB,
    PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX watch_findings_one ON watch_findings (organisation_id, day, rule, staff_id, subject);
CREATE INDEX watch_findings_patient ON watch_findings (organisation_id, patient_id);
CREATE INDEX watch_findings_waiting ON watch_findings (organisation_id, id) WHERE signed_at IS NULL;
CREATE INDEX watch_findings_signed ON watch_findings (organisation_id, signed_at) WHERE signed_at IS NOT NULL;
-- How many patients somebody looked at on a day, and as what: what is usual for them and their role.
CREATE TABLE watch_days (
    organisation_id ID NOT NULL,
    day TEXT NOT NULL,
    staff_id ID NOT NULL,
    role TEXT NOT NULL,
    patients BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, day, staff_id)
) CLUSTERED;
-- The days that were looked through as a whole.
CREATE TABLE watch_runs (
    organisation_id ID NOT NULL,
    day TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, day)
) CLUSTERED;
