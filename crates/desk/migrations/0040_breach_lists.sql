-- Whoever wrote and is no patient on file stands on a list too, as a contact: either `patient_id` or `contact_id` is set, until
-- somebody is erased.
ALTER TABLE breach_people ADD COLUMN contact_id ID;
CREATE UNIQUE INDEX breach_people_contact ON breach_people (organisation_id, breach_id, contact_id);
CREATE INDEX breach_people_contacts ON breach_people (organisation_id, contact_id) WHERE contact_id IS NOT NULL;
-- For how long a list it was said that somebody is told, and counted how many live in one state: what was said for fewer
-- people is asked again.
ALTER TABLE breach_duties ADD COLUMN people BIGINT NOT NULL DEFAULT 0;
UPDATE breach_duties SET people = (SELECT COUNT(*) FROM breach_people p WHERE p.organisation_id = breach_duties.organisation_id
    AND p.breach_id = breach_duties.breach_id AND p.removed_at IS NULL);
ALTER TABLE breaches ADD COLUMN residents_of BIGINT;
UPDATE breaches SET residents_of = (SELECT COUNT(*) FROM breach_people p WHERE p.organisation_id = breaches.organisation_id
    AND p.breach_id = breaches.id AND p.removed_at IS NULL) WHERE residents IS NOT NULL;
-- Every question that the audit log was asked, oldest first: the list is the answer to all of them.
UPDATE breaches SET query = '[' || query || ']' WHERE query IS NOT NULL;
-- Pages of the closed ones, and of one year's.
DROP INDEX breaches_closed;
CREATE INDEX breaches_closed ON breaches (organisation_id, closed_at, id) WHERE state = 'closed';
-- Whoever had shown at the third level, before this was kept, that they may have the record.
UPDATE privacy_requests SET shown_by = (SELECT t.contact_id FROM tickets t
    WHERE t.organisation_id = privacy_requests.organisation_id AND t.number = privacy_requests.ticket_number)
    WHERE shown_by IS NULL AND level = 'l3' AND ticket_number IS NOT NULL;
-- What became of a letter is known by its message, wherever merging and splitting put it.
CREATE INDEX messages_id ON messages (organisation_id, id);
