-- Whoever can renew something hears before it runs out: of which end (0: it has none) was told last, and how close it was
-- then, in days (below 0: which quarter of a year, for what has no end).
CREATE TABLE renewals (
    organisation_id ID NOT NULL,
    subject_id ID NOT NULL,
    ends_at BIGINT NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, subject_id)
) CLUSTERED;
-- When whoever was given a link heard that it ends soon.
ALTER TABLE staff_links ADD COLUMN reminded_at BIGINT;
