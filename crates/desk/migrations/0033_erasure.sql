-- Whose address a mail goes to, where the request need not be theirs: a code, and the news that an address was changed.
ALTER TABLE outbound_mails ADD COLUMN patient_id ID;
UPDATE outbound_mails SET patient_id = (SELECT c.patient_id FROM identity_codes c
    WHERE c.organisation_id = outbound_mails.organisation_id AND c.ticket_id = outbound_mails.ticket_id ORDER BY c.made_at DESC LIMIT 1)
    WHERE kind = 'code';
-- What goes with a request is found by it: mails about it, reports about these (a mail that became a message is found by
-- its message), and what was done past the rules.
CREATE INDEX outbound_mails_ticket ON outbound_mails (organisation_id, ticket_id);
CREATE INDEX outbound_mails_patient ON outbound_mails (organisation_id, patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX inbound_mails_reports ON inbound_mails (organisation_id, ticket_id)
    WHERE ticket_id IS NOT NULL AND message_id IS NULL;
CREATE INDEX identity_reviews_ticket ON identity_reviews (organisation_id, ticket_id);
CREATE INDEX privacy_copies_patient ON privacy_copies (organisation_id, patient_id);
CREATE INDEX identity_locks_until ON identity_locks (until);
