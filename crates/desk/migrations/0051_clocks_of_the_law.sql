-- Which end of a request by law, or of a duty after a breach (`duty`; '' for a request), people were reminded of last, and how
-- close it was then: 1 for the first word, 2 for the second, 3 when it was over.
CREATE TABLE privacy_clocks (
    organisation_id ID NOT NULL,
    subject_id ID NOT NULL,
    duty TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, subject_id, duty)
) CLUSTERED;
