-- Who asked for their data by law on their own pages, and whether for themselves or for whom they acted. Of what was asked
-- before this the desk knows nobody.
ALTER TABLE privacy_requests ADD COLUMN asked_by ID;
ALTER TABLE privacy_requests ADD COLUMN asked_as TEXT;
-- When they took it back there.
ALTER TABLE privacy_requests ADD COLUMN taken_back_at BIGINT;
-- Files that went by age, with their requests: the audit log names who opened them, and that has to be told for six years.
CREATE TABLE gone_files (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    ticket_id ID NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE INDEX gone_files_ticket ON gone_files (organisation_id, ticket_id, id);
-- That the words of a request went is told by this alone, also of what had gone into another one.
UPDATE tickets SET emptied_at = updated_at WHERE emptied_at IS NULL AND contact_id = organisation_id;
