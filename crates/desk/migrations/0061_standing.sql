-- What stays of a decided privacy request. A restriction is kept to until its day, or until it is ended: `ended_how` is
-- asked or told, `owed` says that the law makes the clinic agree to it. `disagreement` is the patient's answer to a
-- refused correction, `rebuttal` the clinic's to that; these and `ended_words` are sealed with the patient's key.
ALTER TABLE privacy_requests ADD COLUMN restricted_until BIGINT;
ALTER TABLE privacy_requests ADD COLUMN owed BIGINT;
ALTER TABLE privacy_requests ADD COLUMN ended_how TEXT;
ALTER TABLE privacy_requests ADD COLUMN ended_at BIGINT;
ALTER TABLE privacy_requests ADD COLUMN ended_by ID;
ALTER TABLE privacy_requests ADD COLUMN told_on TEXT;
ALTER TABLE privacy_requests ADD COLUMN ended_words BLOB;
ALTER TABLE privacy_requests ADD COLUMN disagreement BLOB;
ALTER TABLE privacy_requests ADD COLUMN disagreed_on TEXT;
ALTER TABLE privacy_requests ADD COLUMN rebuttal BLOB;
-- Why something was given out though a restriction stands on the record.
ALTER TABLE disclosures ADD COLUMN despite TEXT;
