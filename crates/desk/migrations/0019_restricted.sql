-- Labels of patients that keep their records from colleagues without a need (bits, see records/labels.rs), and who opened
-- such a record all the same: why, for how long, and what a second person said of it.
ALTER TABLE patients ADD COLUMN labels BIGINT NOT NULL DEFAULT 0;
CREATE TABLE openings (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    staff_id ID NOT NULL,
    patient_id ID NOT NULL,
    key_id ID NOT NULL,
    reason TEXT NOT NULL,
    words BLOB NOT NULL,
    opened_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    reviewed_by ID,
    reviewed_at BIGINT,
    verdict TEXT,
    note BLOB,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX openings_open ON openings (organisation_id, staff_id, patient_id, until);
CREATE INDEX openings_waiting ON openings (organisation_id, id) WHERE reviewed_at IS NULL;
UPDATE roles SET permissions = permissions || ' patients:part2 patients:adolescent restricted:open'
    WHERE code IN ('nurse', 'counsellor') AND permissions LIKE '%tickets:write%';
UPDATE roles SET permissions = permissions || ' patients:vip patients:employee restricted:open'
    WHERE code = 'supervisor' AND permissions LIKE '%tickets:write%';
UPDATE roles SET permissions = permissions || ' restricted:open'
    WHERE code = 'agent' AND permissions LIKE '%tickets:write%';
UPDATE roles SET permissions = permissions || ' privacy:review'
    WHERE code = 'compliance' AND permissions LIKE '%audit:read%';
UPDATE roles SET permissions = permissions
    || ' patients:vip patients:employee patients:part2 patients:adolescent restricted:open privacy:review'
    WHERE code = 'administrator';
