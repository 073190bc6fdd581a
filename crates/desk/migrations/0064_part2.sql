-- What 42 CFR Part 2 lets something be given out by (`disclosures.part2`); none where the record is not under it.
ALTER TABLE disclosures ADD COLUMN part2 TEXT;
-- Labels of a request itself, beside those of its patient: also a request of nobody on file can be about such care.
ALTER TABLE tickets ADD COLUMN labels BIGINT NOT NULL DEFAULT 0;
-- The exception of 45 CFR 171 by which a request for access or a copy is not answered, or later, and the day of the letter that
-- told the patient why.
ALTER TABLE privacy_requests ADD COLUMN exception TEXT;
ALTER TABLE privacy_requests ADD COLUMN exception_told_on TEXT;
